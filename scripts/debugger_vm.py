"""A debugger's machine in QEMU: one with a real USB bus, for what kgdb-io does on it.

It boots the test kernel with the initramfs of a debuggee and has this machine's root file
system, read-only over 9p, so that kgdb-io, gdb and their libraries run there as they are.
"""
import os
import re
import shlex
import time

import pexpect

import debuggee

XHCI = ["-device", "qemu-xhci,id=xhci"]


def debugger_kernel():
    """What a DebuggerVM boots."""
    return debuggee.kernel("6.12", "debugger")


def adapter(name, chardev, port, **options):
    """QEMU's FTDI adapter, plugged into a port of the xHCI ("1", or "2.1" behind a hub)."""
    more = "".join(f",{key}={value}" for key, value in options.items())
    return ["-device", f"usb-serial,id={name},bus=xhci.0,port={port},chardev={chardev},"
            f"always-plugged=on{more}"]


def socket_chardev(name, path):
    """A chardev that is connected to a socket somebody else listens on."""
    return ["-chardev", f"socket,id={name},path={path},reconnect=1"]


class Program:
    """A program that runs in a DebuggerVM."""

    def __init__(self, vm, number, command):
        self.vm, self.files = vm, f"/tmp/program{number}"
        vm.sh(f"({vm.inside(command)} >{self.files}.out 2>&1 & echo $! >{self.files}.pid; "
              f"wait $!; echo $? >{self.files}.status) & "
              f"while [ ! -s {self.files}.pid ]; do sleep 0.1; done")
        self.used = 0

    def said(self):
        """All of its output."""
        return self.vm.sh(f"cat {self.files}.out")

    def expect(self, pattern, timeout=30):
        """Wait until it has said something; that is used up."""
        end = time.monotonic() + timeout
        while not (match := re.search(pattern, (said := self.said())[self.used:])):
            assert time.monotonic() < end, f"it did not say {pattern!r} but: {said}"
            time.sleep(0.3)
        self.used += match.end()
        return match

    def close(self, sig="TERM", timeout=20):
        """End it: its exit status."""
        self.vm.run(f"kill -{sig} $(cat {self.files}.pid)")
        end = time.monotonic() + timeout
        while not (status := self.vm.run(f"cat {self.files}.status")[1]).strip().isdigit():
            assert time.monotonic() < end, "it does not end"
            time.sleep(0.2)
        return int(status)


class RemoteGdb(debuggee.Gdb):
    """A gdb that runs in a DebuggerVM, on its second UART as the terminal."""

    def __init__(self, vm, vmlinux, log=None):
        # pylint: disable=super-init-not-called
        self.spawn = pexpect.spawn("socat", ["-,raw,echo=0", "UNIX-CONNECT:" + vm.dbg],
                                   encoding="utf-8", codec_errors="replace", timeout=90,
                                   preexec_fn=debuggee.die_with_parent, dimensions=(50, 500))
        self.spawn.logfile_read = log
        self.target = None
        gdb = vm.inside(f"gdb -nx -q -ex 'set pagination off' -ex 'set confirm off' "
                        f"-ex 'set width 0' {shlex.quote(vmlinux)}")
        vm.sh(f"(setsid -c {gdb} </dev/ttyS1 >/dev/ttyS1 2>&1 &)")
        self.expect(self.PROMPT)


class DebuggerVM(debuggee.VM):
    """A running debugger's machine, with `devices` (QEMU's arguments) plugged in."""

    def __init__(self, devices=(), k=None, memory=512, **options):
        super().__init__(
            k or debugger_kernel(), memory=memory, devices=[
                "-serial", "chardev:dbg", "-virtfs", "local,path=/,mount_tag=host,"
                "security_model=none,readonly=on,multidevs=remap", *XHCI, *devices],
            **options)
        self.programs = 0
        self.sh("mkdir -p /host && mount -t 9p -o trans=virtio,version=9p2000.L,ro,"
                "msize=262144,cache=loose host /host")
        self.sh("mount -t proc proc /host/proc && mount -t sysfs sys /host/sys && "
                "mount -t devtmpfs dev /host/dev && mkdir -p /host/dev/pts && "
                "mount -t devpts pts /host/dev/pts && mount -t tmpfs run /host/run")
        plugged = sum(arg.startswith("usb-") for arg in devices)
        self.wait_for("test $(cat /sys/bus/usb/devices/[0-9]*/bConfigurationValue | "
                      f"grep -c .) -ge {plugged}")

    @staticmethod
    def inside(command, user=0):
        """The command line that runs a command in this machine's file system."""
        # Full names: busybox would run its own programs of these names.
        who = f"/usr/bin/setpriv --reuid {user} --clear-groups " if user else ""
        return ("chroot /host /usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin TERM=dumb "
                f"DEBUGINFOD_URLS= XDG_RUNTIME_DIR=/run {who}{command}")

    def host_sh(self, command, user=0, timeout=60):
        """Run a command of this machine there: exit status and output, errors included."""
        return self.run(self.inside(command, user) + " 2>&1", timeout)

    def kgdb_io(self, *args, user=0):
        """Run kgdb-io to its end: exit status and output."""
        return self.host_sh(shlex.join([debuggee.KGDB_IO, *args]), user)

    def start(self, command):
        """Start a program and leave it running."""
        self.programs += 1
        return Program(self, self.programs, command)

    def attach(self, link, *args, pty="/run/pty"):
        """kgdb-io attach LINK, once it is up, with the symbols of the usual debuggee."""
        if "--symbols" not in args:
            args += ("--symbols", os.path.realpath(debuggee.kernel().vmlinux))
        program = self.start(shlex.join([debuggee.KGDB_IO, "attach", link, "--pty", pty, *args]))
        program.expect("gdb: .*\n")
        return program

    def join(self, pty):
        """Connect a pty there with the second UART, for a gdb here: the one there takes
        a while to read its symbols. `dbg` is the other end."""
        return self.start(f"socat {shlex.quote(pty)},rawer /dev/ttyS1,rawer,b115200")

    def modprobe_ftdi(self):
        """Load the kernel's driver."""
        for name in ("usbserial", "ftdi_sio"):
            self.sh(f"insmod /host{self.kernel.kdir}/drivers/usb/serial/{name}.ko")

    def qemu_log(self):
        """What QEMU had to say, its traces included."""
        with open(self.dir + "/qemu.log", encoding="utf-8", errors="replace") as f:
            return f.read()

    def wait_for(self, command, timeout=20):
        """Until a command succeeds."""
        end = time.monotonic() + timeout
        while self.run(command)[0] != 0:
            assert time.monotonic() < end, f"in vain: {command}"
            time.sleep(0.2)

    def gdb(self, target, log=None):
        """A gdb there, with the symbols of another VM's kernel."""
        return RemoteGdb(self, os.path.realpath(target.kernel.vmlinux), log)
