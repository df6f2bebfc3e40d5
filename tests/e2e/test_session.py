"""The main job: gdb attaches to a running kernel, breaks, looks, steps, goes."""
import time

import pytest

import sessions
from conftest import any_transport, kernel, new_gdb


@pytest.mark.parametrize("smp", [1, 2, 4])
@pytest.mark.parametrize("version,variant", [("6.12", "kdb"), ("6.12", "nokdb"), ("6.1", "kdb")])
def test_classic_session(boot, attached, version, variant, smp):
    vm = boot(kernel(version, variant), smp=smp)
    said = vm.insmod()
    assert "kgdb_io: virtio0" in said or "kgdb-io attach" in said
    gdb = attached(vm)
    sessions.classic(vm, gdb)
    gdb.attach()
    sessions.classic(vm, gdb)
    vm.sh("rmmod kgdb_io")
    vm.insmod()


@pytest.mark.parametrize("boot,variant", [("virtio", "kdb"), ("virtio", "nokdb"), ("usb", "kdb")],
                         indirect=["boot"])
def test_without_kgdb_io(boot, attached, variant):
    """The wire is plain RSP: gdb attaches to the VM's socket itself."""
    vm = boot(kernel("6.12", variant), smp=2)
    vm.insmod()
    sessions.classic(vm, attached(vm, via="socket"))
    sessions.classic(vm, attached(vm, via="socket"))


@pytest.mark.parametrize("boot,variant,via", [
    ("virtio", "kdb", "pty"), ("virtio", "kdb", "socket"), ("virtio", "nokdb", "pty"),
    ("usb", "kdb", "pty")], indirect=["boot"])
def test_new_gdb(boot, attached, variant, via):
    """gdb 16 has a qSupported longer than kdb's line buffer."""
    vm = boot(kernel("6.12", variant), smp=2)
    vm.insmod()
    gdb = attached(vm, via=via, program=new_gdb())
    version = gdb.do("show version")
    assert int(version.split("GNU gdb (Debian ")[1].split(".")[0]) >= 16
    sessions.classic(vm, gdb)
    if variant == "kdb":
        # And from kdb's prompt, where kdb must recognise it.
        vm.sh("echo 1 >/proc/sys/kernel/sysrq")
        vm.send("echo g >/proc/sysrq-trigger")
        time.sleep(1)
        again = attached(vm, via="socket", program=new_gdb()) if via == "socket" else gdb
        if via == "pty":
            again.attach()
        assert "sysrq" in again.do("bt")
        again.detach()
        vm.console.expect_exact(vm.PROMPT)


@any_transport
def test_registers_and_memory_can_be_changed(boot, attached):
    vm = boot()
    vm.insmod()
    gdb = attached(vm)
    gdb.do("set var console_printk[0] = 5")
    assert "= 5" in gdb.do("print console_printk[0]")
    gdb.do("break start_thread")
    gdb.go()
    vm.send("/bin/true")
    gdb.wait()
    old = gdb.do("print/x $rbx").split("=")[1].strip()
    gdb.do("set $rbx = 0x1234")
    assert "0x1234" in gdb.do("print/x $rbx")
    gdb.do(f"set $rbx = {old}")
    gdb.do("delete")
    sessions.leave(vm, gdb)
    assert vm.sh("cat /proc/sys/kernel/printk").split()[0] == "5"


@any_transport
def test_bad_addresses_are_errors(boot, attached):
    vm = boot()
    vm.insmod()
    gdb = attached(vm)
    assert "Cannot access memory" in gdb.do("x/4x 0xdead000000000000")
    assert "Cannot access memory" in gdb.do("set var *(int *)0xdead000000000000 = 1")
    assert "Cannot access memory" in gdb.do("x/4x 0")
    sessions.classic(vm, gdb)


@pytest.mark.parametrize("boot,version,smp", [
    ("virtio", "6.12", 1), ("virtio", "6.12", 4), ("virtio", "6.1", 2), ("usb", "6.12", 2)],
                         indirect=["boot"])
def test_hardware_watchpoint(boot, attached, version, smp):
    vm = boot(kernel(version), smp=smp)
    vm.insmod()
    vm.sh("echo 1 >/proc/sys/kernel/sysrq")
    gdb = attached(vm)
    assert "Hardware watchpoint" in gdb.do("watch sysrq_enabled")
    gdb.go()
    vm.send("echo 2 >/proc/sys/kernel/sysrq")
    # The debug core's stop reply does not say what was hit, so gdb shows the signal.
    output = gdb.wait()
    assert "SIGTRAP" in output and "sysrq_toggle_support" in output
    assert "= 2" in gdb.do("print sysrq_enabled")
    gdb.do("delete")
    sessions.ctrl_c(gdb)
    sessions.leave(vm, gdb)
    vm.sh("rmmod kgdb_io")
    vm.insmod()


@pytest.mark.parametrize("version,smp", [("6.12", 4), ("6.1", 1)])
def test_hardware_breakpoint_and_watchpoint_in_turn(boot, attached, version, smp):
    """In one debug register, on whichever CPU."""
    vm = boot(kernel(version), smp=smp)
    vm.insmod()
    gdb = attached(vm)
    for i in range(10):
        assert "Hardware assisted" in gdb.do("hbreak start_thread")
        gdb.go()
        vm.send("/bin/true")
        assert "start_thread" in gdb.wait()
        gdb.do("delete")
        gdb.do("watch sysrq_enabled")
        gdb.go()
        vm.console.expect_exact(vm.PROMPT)
        vm.send(f"echo {2 + i} >/proc/sys/kernel/sysrq")
        assert "sysrq_toggle_support" in gdb.wait()
        gdb.do("delete")
    sessions.ctrl_c(gdb)
    sessions.leave(vm, gdb)
