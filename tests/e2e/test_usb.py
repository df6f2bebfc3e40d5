"""transport=usb: a USB serial adapter on an xHCI controller, at the debuggee's end.

QEMU's adapter is an FTDI FT232; what is at the other end of its line is the debug channel.
The sessions that do not depend on the transport are in the other files: any_transport.
"""
import re

import pytest

import sessions
from conftest import kernel
from debuggee import xhci
from relay import Relay
from test_devices import driver_of
from test_stress import LOAD, resume

CONTROLLER = "0000:00:11.0"
INSMOD = f"transport=usb:{CONTROLLER}"


@pytest.fixture
def vm(boot):
    return boot(smp=2, transport="usb")


def products(vm):
    """What the kernel's own USB stack has found."""
    return vm.sh("cat /sys/bus/usb/devices/*/product; true")


def wait_for_xhci_hcd(vm):
    """Until it has found both of the devices."""
    vm.sh("for i in $(seq 200); do p=$(cat /sys/bus/usb/devices/*/product); case $p in "
          "*Mouse*SERIAL*|*SERIAL*Mouse*) break;; esac; usleep 100000; done", timeout=60)
    assert "USB Mouse" in products(vm) and "USB SERIAL" in products(vm)


@pytest.mark.parametrize("version,variant,smp,controller", [
    ("6.12", "kdb", 1, "qemu-xhci"), ("6.12", "nokdb", 2, "qemu-xhci"),
    ("6.12", "kdb", 4, "nec-usb-xhci"), ("6.1", "kdb", 2, "qemu-xhci"),
    ("6.12", "kdb", 2, "nec-usb-xhci,msi=off,msix=off"),
    ("6.12", "kdb", 2, "nec-usb-xhci,msi=on,msix=off")])
def test_classic_session(boot, attached, version, variant, smp, controller):
    vm = boot(kernel(version, variant), smp=smp, devices=xhci(controller))
    vm.insmod(INSMOD)
    interrupts = vm.sh("grep kgdb_io /proc/interrupts")
    assert ("MSI" in interrupts) == ("msi=off" not in controller), interrupts
    gdb = attached(vm)
    sessions.classic(vm, gdb)
    vm.sh("rmmod kgdb_io")


def test_the_controller_goes_back(vm, attached):
    wait_for_xhci_hcd(vm)
    vm.insmod(INSMOD)
    assert driver_of(vm, "pci", CONTROLLER) == "kgdb_io"
    assert "USB Mouse" not in products(vm)
    gdb = attached(vm)
    sessions.classic(vm, gdb)
    vm.sh("rmmod kgdb_io")
    assert driver_of(vm, "pci", CONTROLLER) == "xhci_hcd"
    wait_for_xhci_hcd(vm)
    for _ in range(3):
        vm.insmod(INSMOD)
        vm.sh("rmmod kgdb_io")
    vm.insmod(INSMOD)
    gdb.attach()
    sessions.classic(vm, gdb)


@pytest.mark.parametrize("transport,said", [
    ("usb:", "PCI address"), ("usb:nonsense", "PCI address"),
    ("usb:00:11.0,fast", "PCI address"), ("usb:00:11.0,0", "PCI address"),
    ("usb:00:1f.7", "no such device"), ("usb:00:00.0", "no xHCI controller"),
    ("usb:00:11.0,77000000", "cannot do that baud rate")])
def test_bad_parameters(vm, transport, said):
    status, output = vm.logged("insmod /modules/kgdb_io.ko transport=" + transport)
    assert status != 0 and said in output, output
    assert driver_of(vm, "pci", CONTROLLER) == "xhci_hcd"


@pytest.mark.parametrize("others,said", [
    ((), "no USB serial chip"),
    (("-device", "usb-hub,bus=xhci.0,port=2,ports=2",
      "-device", "usb-serial,bus=xhci.0,port=2.1,chardev=dbg,always-plugged=on"), "it is a hub")])
def test_no_adapter(boot, others, said):
    vm = boot(devices=xhci(adapter=False) + list(others))
    status, output = vm.logged(f"insmod /modules/kgdb_io.ko {INSMOD}")
    assert status != 0 and said in output, output
    assert driver_of(vm, "pci", CONTROLLER) == "xhci_hcd"


def plug(vm):
    vm.qmp("device_add", driver="usb-serial", bus="xhci.0", chardev="dbg", id="ser",
           **{"always-plugged": True})


def test_unplug_while_running(ground, vm):
    """A breakpoint that is hit while the adapter is away does not stop the kernel for good."""
    vm.insmod(INSMOD)
    host = ground.host("unix:" + vm.dbg)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    gdb.do("break start_thread")
    gdb.go()
    # A stopped kernel would wait for the adapter.
    sessions.alive(vm)
    vm.unplug("ser")
    assert "ran" in vm.sh("/bin/true && echo ran")
    vm.wait_for_log("unplugged")
    vm.logged("true")
    plug(vm)
    vm.wait_for_log(":11.0 is back")
    # The gdb that was let go of does not know. It stops the kernel, and has its breakpoint.
    assert "SIGTRAP" in gdb.interrupt()
    assert "rror" not in (said := gdb.do("info breakpoints")), said
    gdb.go()
    vm.send("/bin/true")
    assert "hit Breakpoint" in gdb.wait()
    gdb.go()
    sessions.alive(vm)
    vm.unplug("ser")
    assert "ran" in vm.sh("/bin/true && echo ran")
    gdb.kill()
    vm.logged("true")
    plug(vm)
    vm.wait_for_log(":11.0 is back")
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    sessions.classic(vm, gdb)


def test_unplug_while_stopped(vm, attached):
    """The stopped kernel takes the adapter back without help."""
    vm.insmod(INSMOD)
    gdb = attached(vm)
    before = gdb.do("print $pc")
    for _ in range(3):
        vm.unplug("ser")
        plug(vm)
        gdb.do("maintenance flush register-cache")
        assert gdb.do("print $pc", timeout=60).split("=")[1] == before.split("=")[1]
    sessions.classic(vm, gdb)


def test_something_else_is_plugged_in(ground, vm):
    vm.insmod(INSMOD)
    vm.logged("true")
    vm.unplug("ser")
    vm.wait_for_log("unplugged")
    vm.qmp("device_add", driver="usb-kbd", bus="xhci.0", id="kbd")
    vm.wait_for_log("(0627:0001): no USB serial chip")
    plug(vm)
    vm.wait_for_log(":11.0 is back")
    sessions.classic(vm, ground.attached(vm))


def test_controller_unplugged(vm, attached):
    vm.insmod(INSMOD)
    gdb = attached(vm)
    gdb.do("break start_thread")
    gdb.go()
    # QEMU 7.2 tells of the devices on its bus and not of the controller itself.
    vm.qmp("device_del", id="xhci")
    vm.qmp_until(lambda answer: answer.get("event") == "DEVICE_DELETED")
    assert "gone" in vm.sh(f"while [ -e /sys/bus/pci/devices/{CONTROLLER} ]; do usleep 100000; "
                           "done; echo gone")
    vm.sh("rmmod kgdb_io")


def test_break_ins_under_load(vm, attached):
    vm.insmod(INSMOD)
    vm.sh(LOAD)
    gdb = attached(vm)
    for i in range(100):
        resume(gdb)
        output = gdb.interrupt(timeout=20)
        assert "SIGTRAP" in output or "SIGINT" in output, f"{i}: {output}"
    gdb.detach()


def test_reads_are_right(vm, attached, tmp_path):
    """Half a megabyte, many times round the rings, is what QEMU has in its memory."""
    vm.insmod(INSMOD)
    gdb = attached(vm)
    start = int(gdb.do("print/x (unsigned long)&_stext").split("=")[1], 16)
    gdb.do(f"dump binary memory {tmp_path}/gdb {start:#x} {start + (1 << 19):#x}", timeout=120)
    vm.qmp("memsave", val=start - (1 << 64), size=1 << 19, filename=f"{tmp_path}/qemu")
    assert (tmp_path / "gdb").read_bytes() == (tmp_path / "qemu").read_bytes()


class Lossy(Relay):
    """Loses bytes of each read, of which the sum of a packet knows nothing."""

    losses = 0
    packet = b""

    def from_target(self, data):
        out = b""
        for part in re.split(b"([$#])", data):
            if part == b"$":
                self.packet = part
            elif self.packet and part == b"#":
                out += self.damaged(self.packet) + part
                self.packet = b""
            elif self.packet:
                self.packet += part
            else:
                out += part
        return out

    def damaged(self, packet):
        """Without the first bytes from the 17th on, 16 or more, whose sum is 0."""
        if not packet.startswith(b"$c") or len(packet) < 500:
            return packet
        at, total = {}, 0
        for i in range(16, len(packet)):
            if at.setdefault(total % 256, i) <= i - 16:
                self.losses += 1
                return packet[:at[total % 256]] + packet[i:]
            total += packet[i]
        return packet


def test_a_line_that_loses_bytes(vm, ground):
    vm.insmod()
    relay = Lossy(str(ground.tmp_path / "relay"), vm.dbg)
    gdb = ground.gdb(vm)
    gdb.attach(ground.host("unix:" + relay.path).pty)
    start, size = int(gdb.do("print/x (long)&_stext").split("=")[1], 16), 1 << 18
    vm.qmp("memsave", val=start - (1 << 64), size=size, filename=f"{ground.tmp_path}/qemu")
    gdb.do(f"dump binary memory {ground.tmp_path}/gdb {start:#x} {start + size:#x}")
    assert relay.losses > 3
    assert (ground.tmp_path / "gdb").read_bytes() == (ground.tmp_path / "qemu").read_bytes()
    sessions.leave(vm, gdb)
