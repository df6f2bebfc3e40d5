"""Often, and under load."""
import time

import pytest

import sessions
from conftest import kernel

LOAD = ("(while :; do /bin/true; cat /proc/interrupts >/dev/null; done) & "
        "(while :; do dd if=/dev/zero of=/dev/null bs=64k count=500 2>/dev/null; done) & true")


def resume(gdb):
    gdb.send("continue")
    said = gdb.spawn.expect_exact(["Continuing.", "without a live selected thread"])
    if said == 1:
        # The program that was interrupted ended while gdb read the list of threads.
        gdb.wait()
        gdb.do("thread 1")
        gdb.send("continue")
        gdb.expect("Continuing.")


@pytest.mark.parametrize("version,variant,smp", [
    ("6.12", "kdb", 1), ("6.12", "nokdb", 2), ("6.1", "kdb", 4)])
def test_300_break_ins(boot, attached, version, variant, smp):
    """None is lost, at moments that differ each time."""
    vm = boot(kernel(version, variant), smp=smp)
    vm.insmod()
    vm.sh(LOAD)
    gdb = attached(vm)
    for i in range(300):
        resume(gdb)
        time.sleep(0.003 * (i % 7))
        output = gdb.interrupt(timeout=10)
        assert "SIGTRAP" in output or "SIGINT" in output, f"{i}: {output}"
    gdb.detach()
    assert "alive" in vm.sh("echo alive")


@pytest.mark.parametrize("version,smp", [("6.12", 1), ("6.1", 2)])
def test_1000_single_steps(boot, attached, version, smp):
    vm = boot(kernel(version), smp=smp)
    vm.insmod()
    vm.sh(LOAD)
    gdb = attached(vm)
    gdb.do("break start_thread")
    gdb.go()
    gdb.wait()
    gdb.do("delete")
    before = gdb.do("print $pc")
    for _ in range(100):
        gdb.do("stepi 10")
    assert gdb.do("print $pc").split("=")[1] != before.split("=")[1]
    sessions.ctrl_c(gdb)
    gdb.detach()
    assert "alive" in vm.sh("echo alive")
