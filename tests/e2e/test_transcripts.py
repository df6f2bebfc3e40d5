"""What gdb shows is the same with the kernel's stub alone, the module's answers, and kgdb-io."""
import re

import pytest

from conftest import kernel

# Where a session stands still, so that all of it can be compared; several commands a line.
SESSION = """
break start_thread
continue
bt
info registers rip rsp cs
x/20i $pc
x/64xb $sp
stepi
stepi
next
next
step
info line *$pc
finish
print *regs
print init_task.comm
print console_printk
print linux_banner
x/s linux_banner
x/4x 0
x/8xb 0xdead000000000000
print *(int *)-4
p/x *(char(*)[300])linux_banner
set var console_printk[3] = 5
print console_printk[3]
set var console_printk[3] = 7
print console_printk[3]
tbreak do_exit
break do_exit
delete 3
watch console_printk[0]
info watchpoints
delete
info breakpoints
break kgdb_breakpoint
delete
thread 1
bt 2
info threads 1 2 3
print $_siginfo
maintenance packet qC
maintenance packet Tffff
monitor summary
tbreak do_exit
continue
bt
""".strip().splitlines()

# What no two runs of a kernel agree in.
VARIES = re.compile(r"0x[0-9a-f]{5,}|\bThread \d+|\bThread 0x\w+|\[New Thread.*|\[Switching.*|"
                    r"\b[0-9]{7,}\b|/tmp/\S+")


def play(vm, gdb):
    """The session: what gdb showed for each command."""
    shown = []
    for command in SESSION:
        if command == "continue":
            gdb.go()
            vm.send("/bin/true")
            output = gdb.wait()
        else:
            output = gdb.do(command)
        shown.append((command, output))
    return shown


def comparable(shown):
    """Without what no two runs agree in."""
    left = []
    for command, output in shown:
        if command.startswith(("info threads", "monitor", "x/64xb", "info registers",
                               "maintenance packet qC", "print *regs")):
            # Numbers, times, the stack: as many lines, of the same form.
            output = re.sub(r"[0-9a-fx]+", "#", output)
        lines = [VARIES.sub("#", line).rstrip() for line in output.splitlines()]
        left.append((command, [line for line in lines if line and line != "#"]))
    return left


@pytest.mark.parametrize("version", ["6.12", "6.1"])
def test_transcripts_agree(boot, ground, version):
    """One session, four ways. Without KASLR, so that addresses can be told apart."""
    transcripts = {}
    for way, parameters in (("stub", "accel=0"), ("module", ""), ("kgdb-io", ""),
                            ("kgdb-io, stub", "accel=0")):
        vm = boot(kernel(version), smp=1, append="nokaslr")
        vm.insmod(vm.transport + " " + parameters)
        gdb = ground.gdb(vm)
        gdb.attach(ground.host("unix:" + vm.dbg).pty if "kgdb-io" in way else vm.dbg)
        transcripts[way] = comparable(play(vm, gdb))
        gdb.detach()
        vm.close()
    expected = transcripts.pop("stub")
    assert len(expected) == len(SESSION)
    assert "start_thread" in str(expected) and "do_exit" in str(expected[-1])
    for way, shown in transcripts.items():
        for before, now in zip(expected, shown):
            assert now == before, way
