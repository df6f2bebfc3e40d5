"""Every kind of virtio console device; taking one over; devices that come and go."""
import pytest

import sessions
from conftest import any_transport, kernel
from debuggee import VIRTCONSOLE

MICROVM = "microvm,x-option-roms=off,pit=on,pic=on,rtc=on,isa-serial=on"

DEVICES = {
    "msi-x": ("virtio-serial-pci,max_ports=1", "pc"),
    "intx": ("virtio-serial-pci,max_ports=1,vectors=0", "pc"),
    "modern": ("virtio-serial-pci,max_ports=1,disable-legacy=on", "pc"),
    "transitional": ("virtio-serial-pci-transitional,max_ports=1", "pc"),
    "legacy": ("virtio-serial-pci,max_ports=1,disable-modern=on,disable-legacy=off", "pc"),
    "packed-offered": ("virtio-serial-pci,max_ports=1,packed=on,disable-legacy=on", "pc"),
    "multiport": ("virtio-serial-pci,max_ports=4", "pc"),
    "mmio": ("virtio-serial-device,max_ports=1", MICROVM),
}


@pytest.mark.parametrize("flavour", DEVICES)
def test_flavour(boot, attached, flavour):
    device, machine = DEVICES[flavour]
    vm = boot(devices=["-device", device, *VIRTCONSOLE], machine=machine)
    vm.insmod()
    interrupts = vm.sh("grep virtio /proc/interrupts")
    if flavour == "intx":
        assert "MSI" not in interrupts and "IO-APIC" in interrupts
    if flavour in ("msi-x", "modern"):
        assert "MSI" in interrupts
    sessions.classic(vm, attached(vm))
    vm.sh("rmmod kgdb_io")


@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_mmio_on_both_kernels(boot, attached, version):
    vm = boot(kernel(version), smp=2, devices=["-device", "virtio-serial-device,max_ports=1",
                                               *VIRTCONSOLE], machine=MICROVM)
    vm.insmod()
    sessions.classic(vm, attached(vm))


def driver_of(vm, bus, device):
    """Name of the driver that has a device, or an empty string."""
    status, output = vm.run(f"readlink /sys/bus/{bus}/devices/{device}/driver")
    return output.strip().rsplit("/", 1)[-1] if status == 0 else ""


def driver(vm):
    return driver_of(vm, "virtio", "virtio0")


def test_take_over_from_virtio_console_and_give_back(boot, attached):
    vm = boot(smp=2)
    vm.sh("insmod /modules/virtio_console.ko")
    assert driver(vm) == "virtio_console"

    status, said = vm.logged("insmod /modules/kgdb_io.ko transport=virtio")
    assert status != 0 and "virtio_console" in said, "not named, so not taken"
    assert driver(vm) == "virtio_console"

    vm.insmod("transport=virtio:virtio0")
    assert driver(vm) == "kgdb_io"
    sessions.classic(vm, attached(vm))
    vm.sh("rmmod kgdb_io")
    assert driver(vm) == "virtio_console"
    vm.sh("ls /dev/hvc0")


def test_parameter_changes_at_run_time(boot, attached):
    vm = boot(smp=2)
    vm.sh("insmod /modules/virtio_console.ko")
    vm.insmod("")
    parameter = "/sys/module/kgdb_io/parameters/transport"
    assert vm.sh("cat " + parameter).strip() == ""
    for _ in range(3):
        vm.sh(f"echo virtio:0000:00:10.0 >{parameter}")
        assert driver(vm) == "kgdb_io"
        vm.sh(f"echo >{parameter}")
        assert driver(vm) == "virtio_console"
    vm.sh(f"echo virtio:00:10.0 >{parameter}")
    for wrong in ("virtio:virtio7", "nonsense", "virtio:0000:00:1f.7", "x" * 200):
        status, said = vm.logged(f"echo {wrong} >{parameter}")
        assert status != 0, said
        assert "virtio:00:10.0" in vm.sh("cat " + parameter), "the old one stays"
        assert driver(vm) == "kgdb_io"
    sessions.classic(vm, attached(vm))


def test_insmod_and_rmmod_many_times(boot, attached):
    vm = boot(kernel("6.1"), smp=2)
    vm.sh("for i in $(seq 50); do insmod /modules/kgdb_io.ko transport=virtio && "
          "rmmod kgdb_io || exit 1; done >/dev/null 2>&1", timeout=120)
    vm.insmod()
    sessions.classic(vm, attached(vm))


def test_no_device(boot):
    vm = boot(devices=[])
    status, said = vm.logged("insmod /modules/kgdb_io.ko transport=virtio")
    assert status != 0
    assert "virtio-serial" in said or "virtconsole" in said, "what to add is said"
    status, said = vm.logged("insmod /modules/kgdb_io.ko transport=usb:00:14.0")
    assert status != 0 and "kgdb_io:" in said


def test_two_devices_want_a_name(boot, attached):
    # "dbg" is the channel of the one at 11.
    vm = boot(devices=["-device", "virtio-serial-pci,max_ports=1,id=a,addr=10",
                       "-device", "virtio-serial-pci,max_ports=1,id=b,addr=11",
                       "-device", "virtconsole,bus=b.0,chardev=dbg"])
    status, said = vm.logged("insmod /modules/kgdb_io.ko transport=virtio")
    assert status != 0 and "00:10.0" in said and "00:11.0" in said, said
    vm.insmod("transport=virtio:00:11.0")
    sessions.classic(vm, attached(vm))


def plug(vm):
    vm.logged("true")
    vm.qmp("device_add", driver="virtio-serial-pci", id="vser", max_ports=1, addr="10")
    vm.qmp("device_add", driver="virtconsole", chardev="dbg", id="vc")
    vm.wait_for_log("KGDB: Registered I/O driver kgdb_io")


def test_unplug_and_plug(ground, boot):
    """With nobody attached, with gdb on a running target, and back each time."""
    vm = boot(smp=2)
    vm.insmod()
    vm.unplug("vser")
    vm.wait_for_log("was unplugged")
    plug(vm)
    host = ground.host("unix:" + vm.dbg)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    sessions.classic(vm, gdb)

    gdb.attach()
    gdb.do("break start_thread")
    gdb.go()
    vm.unplug("vser")
    # gdb was detached and its breakpoint is out: this would stop for good.
    assert "ran" in vm.sh("/bin/true && echo ran")
    gdb.kill()
    plug(vm)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    sessions.classic(vm, gdb)
    vm.unplug("vser")
    vm.sh("rmmod kgdb_io")


# All devices, for a second, and back.
SUSPEND = ("echo 1 >/sys/module/suspend/parameters/pm_test_delay; "
           "echo devices >/sys/power/pm_test; echo freeze >/sys/power/state")


@any_transport
def test_suspend(boot, attached):
    vm = boot(smp=2, append="no_console_suspend")
    vm.insmod()
    vm.sh(SUSPEND, timeout=60)
    gdb = attached(vm)
    sessions.break_on_exec(vm, gdb)
    # And with gdb attached to the running target: breakpoints survive.
    gdb.do("break start_thread")
    gdb.go()
    vm.sh(SUSPEND, timeout=60)
    vm.send("/bin/true")
    assert "hit Breakpoint" in gdb.wait()
    gdb.do("delete")
    sessions.leave(vm, gdb)
