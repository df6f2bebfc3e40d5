"""usb: links: kgdb-io drives a USB serial adapter itself, on a machine with a USB bus.

The adapter is QEMU's, an FTDI, with its line joined to a debuggee's. It does not pass a
BREAK on; test_usb_chips.py has adapters that do, and kgdboc targets.
"""
import hashlib
import os
import pty
import re
import socket
import termios

import sessions
from conftest import Line
from debugger_vm import adapter, socket_chardev


def null_chardev(name):
    return ["-chardev", f"null,id={name}"]


def one_line(said, *words):
    """A failure in the one form that it may have."""
    status, output = said
    assert status == 1
    assert output.startswith("kgdb-io: ") and output.count("\n") == 1, output
    for word in words:
        assert word in output


def test_session(ground, boot, debugger):
    target = boot()
    target.insmod()
    vm = debugger(socket_chardev("ser", target.dbg) + adapter("ser0", "ser", "1"))
    host = vm.attach("usb")
    gdb = vm.gdb(target)
    ground.gdbs.append(gdb)
    gdb.attach("/run/pty")
    sessions.classic(target, gdb)
    gdb.attach("/run/pty")
    sessions.leave(target, gdb)
    assert host.close() == 0


def test_unplugged_and_plugged_in_again(ground, boot, debugger):
    target = boot()
    target.insmod()
    vm = debugger(socket_chardev("ser", target.dbg) +
                  adapter("ser0", "ser", "1", serial="A50285BI"))
    host = vm.attach("usb:serial=A50285BI")
    gdb = vm.gdb(target)
    ground.gdbs.append(gdb)
    gdb.attach("/run/pty")
    gdb.go()
    for port in ("2", "1"):
        vm.unplug("ser0")
        host.expect("link lost: usb:serial=A50285BI: No such device: .*plug it in again")
        vm.qmp("device_add", driver="usb-serial", id="ser0", bus="xhci.0", port=port,
               chardev="ser", serial="A50285BI", **{"always-plugged": True})
        host.expect("link back")
        assert "SIG" in gdb.interrupt()
        assert "kgdb_breakpoint" in gdb.do("bt 1")
        gdb.go()
    gdb.interrupt()
    sessions.leave(target, gdb)
    # Left without an adapter it still ends as it should.
    vm.unplug("ser0")
    host.expect("link lost")
    assert host.close() == 0


def test_bytes_arrive_whole(ground, debugger):
    """More than fits into packets and transfers, both ways; each packet has a header."""
    path = str(ground.tmp_path / "line")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    vm = debugger(socket_chardev("ser", path) + adapter("ser0", "ser", "1"))
    line = listener.accept()[0]
    vm.attach("usb", "--console", "/run/console")
    text = b"".join(b"%06d " % i for i in range(2500))
    head = vm.inside(f"head -c {len(text)} /run/console")
    vm.sh(f"({head} >/tmp/got; echo >/tmp/all) & sleep 1")
    line.sendall(text)
    vm.wait_for("test -e /tmp/all", 60)
    assert vm.sh("md5sum </tmp/got").split()[0] == hashlib.md5(text).hexdigest()

    vm.sh(vm.inside("dd of=/run/console conv=notrunc status=none") + " </tmp/got")
    line.settimeout(30)
    got = b""
    while len(got) < len(text):
        got += line.recv(65536)
    assert got == text
    line.close()
    listener.close()


def test_baud_and_break(debugger):
    """What the chip was told, as QEMU's adapter tells it to the tty that is its line."""
    master, slave = pty.openpty()
    vm = debugger(["-chardev", f"serial,id=ser,path={os.ttyname(slave)}",
                   *adapter("ser0", "ser", "1"), "-trace", "usb_serial_handle_control",
                   "-msg", "timestamp=on"])
    for baud, speed in ((57600, termios.B57600), (9600, termios.B9600)):
        host = vm.attach(f"usb,{baud}")
        settings = termios.tcgetattr(slave)
        assert settings[4:6] == [speed, speed]
        assert settings[2] & termios.CSIZE == termios.CS8
        assert not settings[2] & (termios.PARENB | termios.CSTOPB)
        assert host.close() == 0

    vm.attach("usb", "--break-in", "break-g")
    line = Line.__new__(Line)
    line.fd, line.got = master, b""
    # A gdb that attaches stops the target first: a BREAK and the letter g.
    vm.start("sh -c '(printf +\\$?#3f; sleep 5) >/run/pty'")
    line.expect(b"g")
    log = vm.qemu_log()
    line.expect(b"$?#3f")
    # SET_DATA, bit 14 of which is the BREAK.
    on, off = re.findall(r"@([\d.]+):usb_serial_handle_control .* 0x4004, value 0x(\w+)",
                         log)[-2:]
    assert (on[1], off[1]) == ("4008", "8")
    assert 0.2 < float(off[0]) - float(on[0]) < 0.5
    os.close(master)
    os.close(slave)


def test_which_adapter(debugger):
    """The list, the selectors, and what is said where none or several fit."""
    vm = debugger(null_chardev("one") + adapter("ser0", "one", "1", serial="A1") +
                  ["-device", "usb-hub,bus=xhci.0,port=2"] +
                  null_chardev("two") + adapter("ser1", "two", "2.3", serial="B2"))
    listed = vm.kgdb_io("list")[1]
    assert re.search(r"^usb:1-1 +0403:6001 FTDI, serial A1, QEMU", listed, re.M)
    assert re.search(r"^usb:1-2\.3 +0403:6001 FTDI, serial B2, QEMU", listed, re.M)
    assert "usb:1-2 " not in listed and "permission" not in listed

    both = ("more than one", "1-1 (0403:6001 FTDI, serial A1)", "1-2.3 (0403:6001 FTDI, serial B2)",
            "usb:1-1")
    one_line(vm.kgdb_io("attach", "usb"), *both)
    one_line(vm.kgdb_io("attach", "usb:0403:6001,9600"), *both)
    one_line(vm.kgdb_io("attach", "usb:serial=B"), "no USB device serial=B", "kgdb-io list")
    one_line(vm.kgdb_io("attach", "usb:1-3"), "no USB device 1-3", "plugged in")
    one_line(vm.kgdb_io("attach", "usb:1-2"), "1-2 (0409:55aa", "cannot be used: ")
    one_line(vm.kgdb_io("attach", "usb:1-1,12000000"), "FTDI", "12000000 baud")

    # Nobody may look, but not use.
    listed = vm.kgdb_io("list", user=65534)[1]
    assert re.search(r"^usb:1-2\.3 .*B2.*no permission: .*60-kgdb-io.rules", listed, re.M)
    one_line(vm.kgdb_io("attach", "usb:1-1", "--pty", "/run/none", user=65534), "Permission denied",
             "60-kgdb-io.rules", "root")

    host = vm.attach("usb:serial=B2")
    one_line(vm.kgdb_io("attach", "usb:1-2.3"), "busy", "another program", "1-2.3")
    other = vm.attach("usb:1-1,921600", pty="/run/pty2")
    assert host.close() == 0 and other.close() == 0
    vm.unplug("ser1")
    host = vm.attach("usb")
    assert host.close() == 0
    vm.unplug("ser0")
    one_line(vm.kgdb_io("attach", "usb"), "no USB serial adapter", "FTDI", "plugged in")
    assert "usb:" not in vm.kgdb_io("list")[1]


def test_the_kernels_driver_gets_it_back(debugger):
    vm = debugger(null_chardev("one") + adapter("ser0", "one", "1"))
    vm.modprobe_ftdi()
    vm.wait_for("test -c /dev/ttyUSB0")
    listed = vm.kgdb_io("list")[1]
    assert "tty:/dev/ttyUSB0" in listed and "usb:1-1 " in listed
    one_line(vm.kgdb_io("attach", "usb,12000000"), "12000000")
    vm.sh("test -c /dev/ttyUSB0")
    for _ in range(2):
        host = vm.attach("usb")
        vm.sh("test ! -e /dev/ttyUSB0")
        assert "usb:1-1 " in vm.kgdb_io("list")[1]
        assert host.close() == 0
        vm.wait_for("test -c /dev/ttyUSB0")
    # And the driver is well.
    host = vm.attach("tty:/dev/ttyUSB0")
    assert host.close() == 0
