"""The core sessions on a kernel that watches: KASAN, lockdep, sleep-in-atomic checks.

That it has nothing to say is checked after every test, by the `ground` fixture.
"""
import pytest

import sessions
from conftest import Line, kernel
from test_devices import SUSPEND, driver


@pytest.fixture
def vm(boot):
    # rodata=off: to write a breakpoint into read-only text the debug core takes the page
    # table lock of poking_mm (text_poke_kgdb()) in an exception, whatever the I/O driver.
    # lockdep reports that as inconsistent use, and then it is off for all that follows.
    # pci=noacpi: this kernel's AML interpreter takes half a minute to say where interrupts go.
    vm = boot(kernel("6.12", "debug"), smp=2, memory=1024, boot_timeout=300,
              append="rodata=off pci=noacpi")
    config = open(vm.kernel.kdir + "/.config", encoding="ascii").read()
    for option in ("KASAN", "PROVE_LOCKING", "DEBUG_ATOMIC_SLEEP"):
        assert f"CONFIG_{option}=y" in config
    yield vm
    assert vm.sh("grep debug_locks: /proc/lockdep_stats").split()[-1] == "1", "lockdep is off"


def test_sessions(ground, vm):
    vm.insmod()
    console = ground.tmp_path / "console"
    host = ground.host("unix:" + vm.dbg, "--console", str(console))
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    sessions.classic(vm, gdb)
    gdb.attach()
    gdb.do("break vring_interrupt")
    gdb.go()
    console.write_bytes(b"x")
    assert "vring_interrupt" in gdb.wait()
    gdb.do("delete")
    gdb.do("watch console_printk[0]")
    gdb.go()
    vm.send("dmesg -n 2")
    assert "SIGTRAP" in gdb.wait()
    assert "= 2" in gdb.do("print console_printk[0]")
    gdb.do("delete")
    for _ in range(20):
        sessions.ctrl_c(gdb)
        gdb.do("stepi")
    sessions.leave(vm, gdb)
    vm.sh("rmmod kgdb_io")


def test_life_cycle(vm, attached):
    vm.sh("insmod /modules/virtio_console.ko")
    vm.sh("for i in 1 2 3 4 5; do insmod /modules/kgdb_io.ko transport=virtio:virtio0 && "
          "rmmod kgdb_io || exit 1; done", timeout=120)
    assert driver(vm) == "virtio_console"
    vm.insmod("transport=virtio:virtio0")
    vm.sh("echo 0 >/sys/devices/system/cpu/cpu1/online; echo 1 >/sys/devices/system/cpu/cpu1/online")
    vm.sh(SUSPEND, timeout=120)
    line = Line(vm.dbg)
    line.send(b"\x03")
    line.expect(b"kdb> ")
    line.send(b"go\r")
    vm.sh("echo alive")
    line.close()
    gdb = attached(vm)
    gdb.go()
    # Hotplug by QEMU needs ACPI; the driver sees the same.
    vm.sh("echo 1 >/sys/bus/pci/devices/0000:00:10.0/remove")
    vm.sh("rmmod kgdb_io")


def test_a_complaint_is_noticed(ground, vm):
    """The search for complaints finds one."""
    ground.expected_reports += ["made up"]
    vm.sh("echo 'BUG: KASAN: ''made up' >/dev/kmsg")
    assert "BUG: KASAN: made up" in vm.reports()
