"""Adapters that fail, are pulled out at the worst moment, or lie: the debugger gets its answer.

The adapter is usb-sim, told to misbehave; at the debuggee's end it is the module's, at the
debugger's end kgdb-io's.
"""
import time

import pytest

import sessions
from conftest import kernel
from debuggee import KGDB_IO
from test_usb import CONTROLLER, INSMOD
from usb_sim import CHIPS, redir

XHCI = ["-device", "qemu-xhci,id=xhci,addr=11"]
IS_BACK = f"the adapter on {CONTROLLER} is back"
# Memory would be remembered by kgdb-io and not be read again.
READ = "maintenance packet qkgdbio.info"

# What happens once, to the next transfer, and what lasts until it is healed.
IN_ONCE = ["stall in", "babble in", "oversize in", "runt in"]
LASTING = ["short", "silence in", "silence out"]


def simulated(ground, sim, chip, **options):
    """A debuggee with a simulated adapter, and the path of its line."""
    path = str(ground.tmp_path / "line")
    s = sim(chip, "--listen", path, "--baud", "115200")
    vm = ground.boot(devices=XHCI + redir(s.path), smp=2, **options)
    s.expect("plugged")
    # Nobody else is to meet the faults.
    vm.sh(f"echo {CONTROLLER} >/sys/bus/pci/drivers/xhci_hcd/unbind")
    return s, vm, path


def begin_read(gdb):
    """Ask the target."""
    gdb.send(READ)


def read_on(gdb):
    """What gdb shows of the read."""
    return gdb.wait().split("\n", 1)[1]


def fail_reads(s, gdb):
    """Each fault meets a read that is under way; the answer is right nevertheless."""
    want = gdb.do(READ)
    assert "release:" in want
    for fault in IN_ONCE + ["stall out"]:
        s.do(fault)
        begin_read(gdb)
        s.expect("^fault$")
        assert (got := read_on(gdb)) == want, fault + ": " + got
    for fault in LASTING:
        s.do(fault)
        begin_read(gdb)
        time.sleep(1)
        s.do("heal")
        assert (got := read_on(gdb)) == want, fault + ": " + got
    return want


@pytest.mark.parametrize("chip", ["ftdi", "gadget"])
def test_session(ground, sim, chip):
    s, vm, path = simulated(ground, sim, chip)
    vm.insmod(INSMOD)
    host = ground.host("unix:" + path)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    want = fail_reads(s, gdb)
    gdb.go()
    vm.wait_for_log("while the kernel was stopped, and is back")
    # The kernel runs.
    for fault in IN_ONCE[:3]:
        vm.logged("true")
        s.do(fault)
        s.expect("^fault$")
        vm.wait_for_log("was unplugged or does not answer")
        vm.wait_for_log(IS_BACK)
    # It stops, and gdb has yet to be told.
    gdb.interrupt()
    gdb.do("break start_thread")
    for fault in ("stall out", "silence out"):
        gdb.go()
        s.do(fault)
        vm.send("/bin/true")
        if fault == "stall out":
            s.expect("^fault$")
        else:
            time.sleep(1)
            s.do("heal")
        assert "hit Breakpoint" in gdb.wait(), fault
        begin_read(gdb)
        assert read_on(gdb) == want, fault
    gdb.do("delete")
    sessions.leave(vm, gdb)


def test_in_the_middle_of_a_transfer(ground, sim, tmp_path):
    """Pulled out while megabytes are read; and while breakpoints are hit."""
    s, vm, path = simulated(ground, sim, "gadget")
    vm.insmod(INSMOD)
    host = ground.host("unix:" + path)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    start, size = int(gdb.do("print/x (long)&_stext").split("=")[1], 16), 6 << 20
    vm.qmp("memsave", val=start - (1 << 64), size=size, filename=f"{tmp_path}/qemu")
    for _ in range(2):
        gdb.send(f"dump binary memory {tmp_path}/gdb {start:#x} {start + size:#x}")
        time.sleep(0.15)
        s.do("unplug")
        assert not (tmp_path / "gdb").exists(), "it was to be under way"
        s.do("plug")
        gdb.wait()
        assert (tmp_path / "gdb").read_bytes() == (tmp_path / "qemu").read_bytes()
        (tmp_path / "gdb").unlink()
    # In a kernel that runs, where gdb looks at each hit: one while the adapter is away
    # detaches gdb.
    gdb.do("break start_thread if 0")
    gdb.go()
    vm.send("for i in $(seq 50); do /bin/true; done; echo all of ''them")
    for _ in range(3):
        time.sleep(0.3)
        s.do("unplug")
        time.sleep(0.2)
        s.do("plug")
    vm.console.expect_exact("all of them\r\n", timeout=60)
    gdb.kill()
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    sessions.classic(vm, gdb)


def test_requests(ground, sim):
    """Control transfers that fail: insmod says so, and works once the device does."""
    s, vm, path = simulated(ground, sim, "ftdi")
    for fault, said in (("stall control", "refuses what it is asked"),
                        ("oversize control", "refuses what it is asked"),
                        ("silence control", "does not answer")):
        s.do(fault)
        begun = time.monotonic()
        status, output = vm.logged("insmod /modules/kgdb_io.ko " + INSMOD)
        # busybox tries twice.
        assert time.monotonic() - begun < 10
        assert status != 0 and "Input/output error" in output and said in output, output
    s.do("heal")
    vm.insmod(INSMOD)
    # It is to be set up again in a kernel that runs, ...
    s.do("silence control")
    s.do("stall in")
    vm.wait_for_log("does not answer (error")
    s.do("heal")
    vm.wait_for_log(IS_BACK)
    # ... and in one that is stopped.
    gdb = ground.gdb(vm)
    gdb.attach(ground.host("unix:" + path).pty)
    want = gdb.do(READ)
    s.said = ""
    s.do("silence control")
    s.do("stall in")
    s.expect("(?s)reset.*reset.*reset")
    s.do("heal")
    s.expect("dtr 1")
    begin_read(gdb)
    assert read_on(gdb) == want
    sessions.leave(vm, gdb)


def test_debug_kernel(ground, sim):
    """KASAN and lockdep have nothing to say, to an adapter that lies about itself either."""
    # Without pci=noacpi this kernel's AML interpreter takes half a minute to say where
    # the interrupt goes.
    s, vm, path = simulated(ground, sim, "ftdi", k=kernel("6.12", "debug"), memory=1024,
                            boot_timeout=300, append="rodata=off pci=noacpi")
    vm.insmod(INSMOD)
    host = ground.host("unix:" + path)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    sessions.classic(vm, gdb)
    gdb.attach()
    want = gdb.do(READ)
    for fault in ("unplug", "stall in", "stall out"):
        s.do(fault)
        s.do("plug")
        begin_read(gdb)
        assert read_on(gdb) == want
    sessions.leave(vm, gdb)
    said = set()
    for seed in range(1, 21):
        s.do("unplug")
        s.do("chip " + CHIPS[seed % len(CHIPS)])
        s.do(f"mutate {seed}")
        vm.logged("true")
        s.do("plug")
        vm.wait_for_log("kgdb_io: ")
        said.add(vm.sh("dmesg").split(": ")[-1].strip())
    assert "its descriptors are damaged" in said and len(said) > 3, said
    s.do("unplug")
    s.do("mutate 0")
    s.do("plug")
    vm.wait_for_log(IS_BACK)
    gdb.attach()
    sessions.leave(vm, gdb)
    vm.sh("rmmod kgdb_io")
    assert vm.sh("grep debug_locks: /proc/lockdep_stats").split()[-1] == "1"


def test_host(ground, sim, debugger):
    """kgdb-io's adapter: what happens to its requests, to its transfers, and damaged ones."""
    target = ground.boot()
    target.insmod()
    s = sim("ftdi", "--line", target.dbg, "--baud", "115200")
    vm = debugger(redir(s.path, 1))
    for fault, said in (("stall control", "Broken pipe"), ("silence control", "timed out")):
        s.do(fault)
        status, output = vm.kgdb_io("attach", "usb", "--pty", "/run/pty")
        assert status == 1 and said in output and "does not take its settings" in output, output
    s.do("heal")
    host = vm.attach("usb")
    vm.join("/run/pty")
    gdb = ground.gdb(target)
    gdb.attach(vm.dbg)
    fail_reads(s, gdb)
    host.expect("link lost: usb: Input/output error.*is its cable good")
    host.expect("link back")
    # The requests fail when the adapter is back: it is tried until they do not.
    s.do("stall control")
    s.do("unplug")
    host.expect("link lost: usb: No such device")
    s.do("plug")
    s.do("silence control")
    begin_read(gdb)
    s.do("heal")
    assert "release:" in read_on(gdb)
    host.expect("link back")
    sessions.leave(target, gdb)
    assert host.close() == 0
    said = set()
    for seed in range(1, 9):
        s.do("unplug")
        s.do("chip " + CHIPS[seed % len(CHIPS)])
        s.do(f"mutate {seed}")
        vm.logged("true")
        s.do("plug")
        # The kernel there has made of it what it can.
        vm.wait_for("cat /sys/bus/usb/devices/[12]-1/descriptors >/dev/null || "
                    "dmesg | grep -q error")
        assert vm.kgdb_io("list")[0] == 0
        # At SuperSpeed it is on the second bus.
        bus = vm.sh("test -e /sys/bus/usb/devices/2-1 && echo 2 || echo 1").strip()
        status, output = vm.host_sh(f"timeout --preserve-status 1 {KGDB_IO} attach usb:{bus}-1 "
                                    "--pty /run/pty")
        assert status == (0 if "gdb: " in output else 1), output
        said.add(output.split(": ")[-2] if status else "attached")
    assert len(said) > 3, said
