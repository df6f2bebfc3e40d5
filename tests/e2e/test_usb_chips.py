"""Every chip: the simulator is what Linux's driver takes it for, then our own drivers use it."""
import hashlib
import os
import socket

import pytest

import sessions
from usb_sim import CHIPS, redir

# Linux's, and what our module calls it.
CDC_ACM, FTDI = ("class/cdc-acm", "CDC-ACM"), ("serial/ftdi_sio", "FTDI")
NAMES = {"ftdi": FTDI, "ft232h": FTDI, "cdc-acm": CDC_ACM, "gadget": CDC_ACM,
         "cp210x": ("serial/cp210x", "CP210x"), "ch341": ("serial/ch341", "CH341"),
         "pl2303": ("serial/pl2303", "PL2303")}

XHCI = ["-device", "qemu-xhci,id=xhci,addr=11"]
INSMOD = "transport=usb:0000:00:11.0"


def swap(s, chip):
    """Take the adapter out and plug another one in."""
    s.do("unplug")
    s.do("chip " + chip)
    s.said = ""
    s.do("plug")


def test_faithful(debugger, sim, tmp_path):
    """Linux's driver: two rates, each byte both ways, DTR, BREAK, and garbage at a wrong rate."""
    path = str(tmp_path / "line")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    s = sim(CHIPS[0], "--line", path)
    vm = debugger(redir(s.path, 1))
    line = listener.accept()[0]
    line.settimeout(20)
    vm.sh(f"insmod /host{vm.kernel.kdir}/drivers/usb/serial/usbserial.ko")
    for chip in CHIPS:
        swap(s, chip)
        driver = NAMES[chip][0]
        vm.sh(f"lsmod | grep -q ^{os.path.basename(driver).replace('-', '_')} || "
              f"insmod /host{vm.kernel.kdir}/drivers/usb/{driver}.ko")
        drive(vm, s, chip, line, "/dev/ttyACM0" if NAMES[chip] == CDC_ACM else "/dev/ttyUSB0")
    line.close()
    listener.close()


def drive(vm, s, chip, line, tty):
    """Have the kernel's driver use the adapter."""
    vm.wait_for("test -c " + tty)
    speed = vm.sh("cat /sys/bus/usb/devices/[12]-1/speed").split()
    assert speed == [{"ft232h": "480", "gadget": "5000"}.get(chip, "12")]
    vm.sh(f"exec 3<>{tty}")
    s.expect("^dtr 1 rts 1$")
    data = bytes(range(256)) * 8
    for baud in (19200, 115200):
        s.do(f"baud {baud}")
        vm.sh(f"stty {baud} raw -echo <&3")
        told = int(s.expect(r"^line (\d+) 8N1$")[1])
        assert abs(told - baud) <= baud * 0.02
        vm.sh(f"(head -c {len(data)} <&3 >/tmp/got; echo >/tmp/all) & true")
        line.sendall(data)
        vm.wait_for("test -e /tmp/all")
        assert vm.sh("md5sum </tmp/got; rm /tmp/all").split()[0] == hashlib.md5(data).hexdigest()
        vm.sh("cat /tmp/got >&3")
        got = b""
        while len(got) < len(data):
            got += line.recv(65536)
        assert got == data
    s.do("baud 9600")
    vm.sh("echo hello >&3")
    assert b"hello" not in line.recv(100)
    python = (f"import os,termios; f=os.open('{tty}',os.O_RDWR|os.O_NOCTTY); "
              "termios.tcsendbreak(f,0)")
    vm.sh(vm.inside(f'python3 -c "{python}"'))
    s.expect("^break on$")
    s.expect("^break off$")
    vm.sh("exec 3>&-")
    s.expect("^dtr 0 rts 0$")


@pytest.mark.parametrize("chip", CHIPS)
def test_module(ground, boot, sim, tmp_path, chip):
    path = str(tmp_path / "line")
    s = sim(chip, "--listen", path, "--baud", "115200")
    vm = boot(smp=2, devices=XHCI + redir(s.path))
    s.expect("plugged")
    said = vm.insmod(INSMOD)
    assert NAMES[chip][1] in said
    s.expect("^dtr 1 rts 1$")
    host = ground.host("unix:" + path)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    sessions.classic(vm, gdb)
    gdb.attach()
    # Unplugged while the kernel is stopped, and while it runs.
    before = gdb.do("print $pc").split("=")[1]
    s.do("unplug")
    s.do("plug")
    gdb.do("maintenance flush register-cache")
    assert gdb.do("print $pc", timeout=60).split("=")[1] == before
    gdb.go()
    vm.logged("true")
    s.do("unplug")
    vm.wait_for_log("unplugged")
    s.do("plug")
    vm.wait_for_log(":11.0 is back")
    gdb.interrupt()
    sessions.leave(vm, gdb)
    vm.sh("rmmod kgdb_io")


def test_host(ground, boot, debugger, sim):
    """A BREAK stops a kgdboc target, and the session is as it should be."""
    path = str(ground.tmp_path / "uart")
    # A BREAK on a UART means SysRq where it is a console only.
    target = boot(append="console=ttyS1", devices=[
        "-chardev", f"socket,id=line,path={path},server=on,wait=off,mux=on",
        "-serial", "chardev:line"])
    target.sh("echo 1 >/proc/sys/kernel/sysrq; echo ttyS1 >/sys/module/kgdboc/parameters/kgdboc")
    target.sh("stty -F /dev/ttyS1 115200 raw -echo; sleep 1000 </dev/ttyS1 & sleep 0.5")
    s = sim(CHIPS[0], "--line", path, "--baud", "115200", "--line-break", "0162")
    vm = debugger(redir(s.path, 1))
    gdb = ground.gdb(target)
    for chip in CHIPS:
        swap(s, chip)
        # The kernel there has seen it.
        s.expect("^config 1$")
        host = vm.attach("usb,115200", "--break-in", "break-g")
        s.expect("^dtr 1 rts 1$")
        cable = vm.join("/run/pty")
        gdb.attach(vm.dbg)
        s.expect("^break on$")
        s.expect("^break off$")
        assert "sysrq" in gdb.do("bt")
        sessions.break_on_exec(target, gdb)
        sessions.ctrl_c(gdb)
        gdb.detach()
        target.console.expect_exact(target.PROMPT)
        assert "alive" in target.sh("echo alive")
        cable.close()
        assert host.close() == 0
