"""Breakpoints where it hurts; a kernel that panics."""
import time

import pexpect
import pytest

import sessions
from conftest import any_transport, kernel


def interrupted(gdb, console):
    """gdb's output, once input on the link has interrupted the kernel."""
    for _ in range(20):
        # Any byte does. Not a Ctrl-C: gdb 13 says "Quit" and loses track when a breakpoint is
        # hit while it sends one. Again, as the kernel may not have gone on yet: it polls then.
        console.write_bytes(b"x")
        try:
            return gdb.wait(2)
        except pexpect.TIMEOUT:
            pass
    return gdb.wait()


@pytest.mark.parametrize("version", ["6.12", "6.1"])
@pytest.mark.parametrize("function,provoke", [
    ("vring_interrupt", "input"),
    ("virtqueue_add_outbuf", None),
    ("virtqueue_notify", None),
    ("handle_edge_irq", "input"),
    ("vprintk_emit", "echo hello >/dev/kmsg"),
    ("sysrq_handle_loglevel", "echo 7 >/proc/sysrq-trigger"),
])
def test_breakpoint(ground, boot, version, function, provoke):
    """In an interrupt handler, in the virtio core, in printk: stops and goes on."""
    vm = boot(kernel(version), smp=2)
    vm.insmod()
    console = ground.tmp_path / "console"
    host = ground.host("unix:" + vm.dbg, "--console", str(console))
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    assert "Breakpoint 1" in gdb.do("break " + function)
    gdb.go()
    if provoke == "input":
        output = interrupted(gdb, console)
    else:
        if provoke:
            vm.send(provoke)
        else:
            time.sleep(0.5)
            gdb.spawn.sendintr()
        output = gdb.wait()
    if provoke:
        assert function in output, output
        for _ in range(3):
            before = gdb.do("print $pc")
            gdb.do("stepi")
            assert gdb.do("print $pc").split("=")[1] != before.split("=")[1]
        if function == "vring_interrupt":
            assert "handle_irq_event" in gdb.do("bt")
    gdb.do("delete")
    gdb.go()
    if provoke or function not in output:
        gdb.interrupt()
    else:
        # The Ctrl-C met the breakpoint on its way, and has yet to stop the kernel.
        gdb.wait()
    sessions.leave(vm, gdb)


@any_transport
def test_no_breakpoint_in_the_polled_path(boot, attached):
    """An error, not a dead machine."""
    vm = boot(smp=2)
    vm.insmod()
    symbols = dict(reversed(line.split()[0:3:2]) for line in vm.sh(
        "grep kgdb_io /proc/kallsyms").splitlines() if " t " in line or " T " in line)
    gdb = attached(vm)
    functions = ["core_read_char", "core_write_char", "core_flush", "core_pre_exception",
                 "core_post_exception", "rsp_feed"]
    if "usb" in vm.transport:
        functions += ["usb_rx_span", "usb_tx", "xhci_tx", "xhci_events", "usb_adapter_recover"]
    for function in functions:
        gdb.do("delete")
        gdb.do(f"break *0x{symbols[function]}")
        gdb.send("continue")
        output = gdb.wait()
        assert "Cannot insert breakpoint" in output, function + ": " + output
    gdb.do("delete")
    sessions.classic(vm, gdb)


@pytest.mark.parametrize("boot,smp", [("virtio", 1), ("virtio", 4), ("usb", 2)], indirect=["boot"])
def test_panic(ground, boot, attached, smp):
    ground.expected_reports += ["Kernel panic", "sysrq", "BUG: kernel NULL", "Oops"]
    vm = boot(smp=smp)
    vm.insmod()
    gdb = attached(vm)
    gdb.go()
    vm.send("echo c >/proc/sysrq-trigger")
    gdb.wait()
    assert "sysrq" in gdb.do("bt")
    assert "panic" in gdb.do("bt")
    gdb.go()
    vm.console.expect_exact("end Kernel panic")


@any_transport
def test_oops(ground, boot, attached):
    """A fault in the kernel stops in gdb at the instruction that faulted."""
    ground.expected_reports += ["BUG: kernel NULL", "Oops"]
    vm = boot(smp=2)
    vm.insmod()
    gdb = attached(vm)
    gdb.do("break start_thread")
    gdb.go()
    vm.send("/bin/true")
    gdb.wait()
    gdb.do("delete")
    gdb.do("set var $pc = 0x10")
    gdb.go()
    output = gdb.wait()
    assert "SIG" in output, output
    assert "0x10" in gdb.do("print $pc")
    assert "do_execve" in gdb.do("x/200a $sp")
