"""Every way into the debugger."""
import re
import socket
import time

import pytest

import sessions
from conftest import Line, any_transport, kernel


@pytest.mark.parametrize("boot,version,variant", [
    ("virtio", "6.12", "kdb"), ("virtio", "6.12", "nokdb"), ("virtio", "6.1", "kdb"),
    ("usb", "6.12", "kdb")], indirect=["boot"])
def test_kgdbwait(ground, boot, version, variant):
    vm = boot(kernel(version, variant), smp=2, append="kgdbwait")
    host = ground.host("unix:" + vm.dbg)
    vm.send(f"insmod /modules/kgdb_io.ko {vm.transport}; echo ins\"\"erted")
    time.sleep(1.5)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    assert "kgdb_initial_breakpoint" in gdb.do("bt")
    gdb.do("break start_thread")
    gdb.go()
    vm.console.expect_exact("inserted")
    vm.send("/bin/true")
    assert "hit Breakpoint" in gdb.wait()
    gdb.do("delete")
    sessions.leave(vm, gdb)
    vm.sh("rmmod kgdb_io")


@pytest.mark.parametrize("boot,variant", [("virtio", "kdb"), ("virtio", "nokdb"), ("usb", "nokdb")],
                         indirect=["boot"])
def test_wait(ground, boot, variant):
    vm = boot(kernel("6.12", variant), smp=2)
    host = ground.host("unix:" + vm.dbg)
    vm.send(f"insmod /modules/kgdb_io.ko {vm.transport} wait=1; echo ins\"\"erted")
    time.sleep(1.5)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    assert "kgdb_breakpoint" in gdb.do("bt")
    gdb.detach()
    vm.console.expect_exact("inserted")
    gdb.attach()
    sessions.classic(vm, gdb)


@pytest.mark.parametrize("boot,variant", [("virtio", "kdb"), ("virtio", "nokdb"), ("usb", "kdb")],
                         indirect=["boot"])
def test_sysrq_g(ground, boot, variant):
    """From /proc and as a BREAK on the console, with gdb attached and without."""
    vm = boot(kernel("6.12", variant), smp=2, extra=["-monitor", "none"])
    vm.insmod()
    vm.sh("echo 1 >/proc/sys/kernel/sysrq")
    gdb = ground.attached(vm)
    gdb.go()
    vm.send("echo g >/proc/sysrq-trigger")
    gdb.wait()
    assert "sysrq" in gdb.do("bt")
    gdb.do("detach")
    vm.console.expect_exact(vm.PROMPT)

    vm.send("echo g >/proc/sysrq-trigger")
    time.sleep(1)
    gdb.attach()
    assert "sysrq" in gdb.do("bt")
    sessions.leave(vm, gdb)


def test_sysrq_g_from_the_console(ground, boot, tmp_path):
    path = str(tmp_path / "serial")
    vm = boot(smp=2, append="console=ttyS1",
              extra=["-chardev", f"socket,id=tn,path={path},server=on,wait=off,telnet=on",
                     "-serial", "chardev:tn"])
    vm.insmod()
    vm.sh("echo 1 >/proc/sys/kernel/sysrq")
    vm.sh("sleep 1000 </dev/ttyS1 & sleep 1")   # a UART that nobody has open is off
    gdb = ground.attached(vm)
    gdb.go()
    line = socket.socket(socket.AF_UNIX)
    line.connect(path)
    time.sleep(0.5)
    line.sendall(b"\xff\xf3g")      # telnet's BREAK, then g
    gdb.wait()
    assert "sysrq" in gdb.do("bt")
    sessions.leave(vm, gdb)
    line.close()


@any_transport
def test_ctrl_c_on_the_bare_channel_enters_kdb(boot):
    vm = boot(smp=2)
    vm.insmod()
    line = Line(vm.dbg)
    line.send(b"\x03")
    line.expect(b"kdb> ")           # visible without a newline
    line.send(b"summary\r")
    assert b"6.12" in line.expect(b"kdb> ")
    line.send(b"go\r")
    assert "alive" in vm.sh("echo alive")
    line.close()


@any_transport
def test_kdb_to_gdb_and_back(ground, boot):
    vm = boot(smp=2)
    vm.insmod()
    console = str(ground.tmp_path / "console")
    host = ground.host("unix:" + vm.dbg, "--console", console)
    gdb = ground.gdb(vm)
    kdb = Line(console)
    kdb.send(b"\x03")
    kdb.expect(b"kdb> ")
    kdb.send(b"md8c1 linux_banner\r")
    kdb.expect(b"kdb> ")
    gdb.attach(host.pty)        # gdb takes over from kdb's prompt
    assert "kgdb_breakpoint" in gdb.do("bt")
    gdb.do("set remotetimeout 1")
    gdb.do("maintenance packet 3")
    kdb.expect(b"kdb> ")        # and hands back
    kdb.send(b"summary\r")
    kdb.expect(b"kdb> ")
    gdb.do("disconnect")
    gdb.attach()
    sessions.classic(vm, gdb)
    kdb.close()


@any_transport
def test_packet_stops_a_running_kernel_with_no_word_before(boot):
    """Checked on the wire: acknowledged, answered, and no stop reply that nobody asked for."""
    for variant in ("kdb", "nokdb"):
        vm = boot(kernel("6.12", variant))
        vm.insmod()
        line = Line(vm.dbg)
        line.send(b"+$?#3f")
        if variant == "kdb":
            line.expect(b"+$T05thread:")
        else:
            assert line.expect(b"$T05thread:") == b"+"
        line.expect(b";kgdbio.status:;#")
        line.send(b"+$D#44")
        line.expect(b"$OK#9a")
        line.send(b"+")
        assert "alive" in vm.sh("echo alive")
        line.close()


@any_transport
def test_noise_does_not_stop_a_running_kernel(boot, attached):
    vm = boot(smp=2)
    vm.insmod()
    line = Line(vm.dbg)
    line.send(b"hello, costs $5 or #3 each\r\n" * 500)
    line.send(b"+-" * 5000)
    line.send(b"$qSupported:xmlRegisters=i386#00")      # wrong checksum
    line.send(b"$" + b"a" * 10000)
    line.close()
    assert "alive" in vm.sh("echo alive")
    line = Line(vm.dbg)
    line.send(b"$qSupp")                                # never finished
    line.close()
    assert "alive" in vm.sh("echo alive")
    sessions.classic(vm, attached(vm))


@any_transport
def test_many_connections(boot, attached):
    """What arrives at a running kernel never fills its queue up."""
    vm = boot()
    vm.insmod()
    for _ in range(300):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(vm.dbg)
            sock.sendall(b"+-x")
    assert "alive" in vm.sh("echo alive")
    sessions.classic(vm, attached(vm))


@any_transport
def test_console_output_through_gdb(ground, boot):
    """kgdbcon: the kernel's messages appear in gdb while the target runs."""
    vm = boot(smp=2, append="kgdbcon")
    vm.insmod()
    gdb = ground.attached(vm)
    gdb.go()
    # Its console gets them too, in the middle of what the shell prints.
    vm.send("dmesg -n 7; echo a message for gdb >/dev/kmsg; dmesg -n 1")
    gdb.expect("a message for gdb")
    assert re.search("SIG(TRAP|INT)", gdb.interrupt())
    sessions.leave(vm, gdb)
