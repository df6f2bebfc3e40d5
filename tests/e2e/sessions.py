"""Pieces of debugging sessions that several tests play."""


def break_on_exec(vm, gdb):
    """A breakpoint on the exec path, hit by a program run in the debuggee."""
    gdb.do("break start_thread")
    gdb.go()
    vm.send("/bin/true")
    assert "hit Breakpoint" in (hit := gdb.wait()) and "start_thread" in hit
    assert "load_elf_binary" in gdb.do("bt")
    gdb.do("delete")


def ctrl_c(gdb):
    """Resume, then Ctrl-C."""
    gdb.go()
    output = gdb.interrupt()
    assert "SIGTRAP" in output or "SIGINT" in output, output


def classic(vm, gdb):
    """The whole of it, from just attached to detached."""
    assert "kgdb_breakpoint" in gdb.do("bt")
    break_on_exec(vm, gdb)
    assert "orig_ax = 59" in gdb.do("print *regs")
    before = gdb.do("print $pc")
    gdb.do("stepi")
    assert gdb.do("print $pc") != before
    gdb.do("next")
    ctrl_c(gdb)
    leave(vm, gdb)


def leave(vm, gdb):
    """Detach, and the debuggee runs on."""
    gdb.detach()
    alive(vm)


def alive(vm):
    """The debuggee runs and answers."""
    vm.send("")
    vm.console.expect_exact(vm.PROMPT)
    assert "alive" in vm.sh("echo alive")
