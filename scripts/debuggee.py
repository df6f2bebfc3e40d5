"""A debuggee in QEMU and a gdb on it, for the demo and the tests.

What runs is real: a kernel built by kernel.sh, with the initramfs of initramfs.sh, under
QEMU's TCG; and gdb on a terminal of its own.
"""
import ctypes
import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pexpect
import pexpect.fdpexpect

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(SCRIPTS)
KGDB_IO = os.path.join(TOP, "host", "kgdb-io")

VIRTCONSOLE = ["-device", "virtconsole,chardev=dbg"]
VIRTIO_PCI = ["-device", "virtio-serial-pci,max_ports=1,id=vser,addr=10"] + VIRTCONSOLE


def xhci(controller="qemu-xhci", adapter=True):
    """An xHCI controller with an adapter whose line is the debug channel, and with a mouse."""
    devices = ["-device", f"{controller},id=xhci,addr=11",
               "-device", "usb-mouse,bus=xhci.0,id=mouse"]
    if adapter:
        # Else it is plugged in while somebody is connected to its line only.
        devices += ["-device", "usb-serial,bus=xhci.0,chardev=dbg,id=ser,always-plugged=on"]
    return devices


# What a debuggee has, by transport, and what its module is told.
TRANSPORTS = {
    "virtio": (VIRTIO_PCI, "transport=virtio"),
    "usb": (xhci(), "transport=usb:0000:00:11.0"),
}


def die_with_parent():
    """In a child: be killed when the parent ends, however it ends (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def script(name, *args):
    """Run a script of this directory; its one line of output."""
    return subprocess.run([os.path.join(SCRIPTS, name), *args], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


class Kernel:
    """A built test kernel and what boots with it."""

    def __init__(self, version, variant):
        self.version, self.variant = version, variant
        self.kdir = script("kernel.sh", version, variant)
        self.built = script("initramfs.sh", self.kdir)
        self.vmlinux = self.kdir + "/vmlinux"

    def __str__(self):
        return f"{self.version}-{self.variant}"


@functools.lru_cache(maxsize=None)
def kernel(version="6.12", variant="kdb"):
    """A test kernel with our module, built once."""
    return Kernel(version, variant)


class Console(pexpect.fdpexpect.fdspawn):
    """What a debuggee says, for pexpect, and a way to type.

    A thread reads it all the time: QEMU writes single bytes, a Unix socket takes less
    than 300 of these, and then the debuggee's UART stands still, and its kernel with it.
    """

    def __init__(self, sock):
        self.sock = sock
        read, self.pipe = os.pipe()
        threading.Thread(target=self._pump, daemon=True).start()
        super().__init__(read, encoding="utf-8", codec_errors="replace", timeout=30)

    def _pump(self):
        try:
            while data := self.sock.recv(4096):
                os.write(self.pipe, data)
        except OSError:
            pass
        os.close(self.pipe)

    def send(self, s):
        self.sock.sendall(s.encode())

    def close(self):
        if not self.closed:
            self.sock.shutdown(socket.SHUT_RDWR)
            self.sock.close()
        super().close()


class VM:
    """A running debuggee.

    `dbg` is the socket of the debug channel, `console` (a pexpect object) the serial
    console with a root shell, `transport` the parameter for the module.
    """

    PROMPT = "debuggee# "

    def __init__(self, kernel, smp=1, append="", devices=None, machine="pc", memory=256,
                 extra=(), boot_timeout=120, transport="virtio"):
        self.kernel = kernel
        self.dir = tempfile.mkdtemp(prefix="kgdb_io-")
        self.dbg = self.dir + "/dbg"
        self.log = open(self.dir + "/console.log", "w+", encoding="utf-8", errors="replace")
        usual, self.transport = TRANSPORTS[transport]
        devices = usual if devices is None else devices
        if machine.startswith("microvm"):
            # Its PIT does not tick for the kernel, which on a busy host fails to
            # measure the TSC against it and then waits for a tick for good.
            append += " tsc_early_khz=2500000"
        self.command = [
            "qemu-system-x86_64", "-accel", "tcg", "-machine", machine, "-m", str(memory),
            "-smp", str(smp), "-nodefaults", "-display", "none", "-no-reboot",
            "-kernel", kernel.kdir + "/arch/x86/boot/bzImage",
            "-initrd", kernel.built + "/initramfs.cpio.gz",
            "-append", f"{append} console=ttyS0 loglevel=1",
            "-chardev", f"socket,id=con,path={self.dir}/con,server=on,wait=on",
            "-serial", "chardev:con",
            "-chardev", f"socket,id=dbg,path={self.dbg},server=on,wait=off",
            "-qmp", f"unix:{self.dir}/qmp,server=on,wait=off", *devices, *extra]
        with open(self.dir + "/qemu.log", "w", encoding="utf-8") as err:
            self.process = subprocess.Popen(self.command, stderr=err,
                                            preexec_fn=die_with_parent)
        try:
            self.console = Console(self.connect(self.dir + "/con"))
            self.console.logfile_read = self.log
            self.console.expect_exact(self.PROMPT, timeout=boot_timeout)
        except BaseException:
            self.process.kill()
            raise
        self.qmp_file = None
        self.qmp_events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def connect(self, path):
        """A stream socket connected to a path that QEMU is about to make."""
        sock = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                sock.connect(path)
                return sock
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        with open(self.dir + "/qemu.log", encoding="utf-8") as f:
            raise RuntimeError("QEMU does not start: " + f.read())

    def send(self, line):
        """Type a line at the console and wait for nothing."""
        self.console.send(line + "\n")

    def sh(self, line, timeout=30):
        """Run a shell command in the debuggee: its output."""
        status, output = self.run(line, timeout)
        assert status == 0, f"{line}: status {status}: {output}"
        return output

    def run(self, line, timeout=30):
        """Run a shell command in the debuggee: exit status and output."""
        # The echo of what is typed, which may be wrapped, must not match.
        self.send(f'echo "[be""gin]"; {line}; echo "[st""atus $?]"')
        self.console.expect(r"\[begin\]\r\n(.*)\[status (\d+)\]\r\n", timeout=timeout)
        output, status = self.console.match.groups()
        self.console.expect_exact(self.PROMPT, timeout=timeout)
        return int(status), output.replace("\r", "")

    @functools.lru_cache(maxsize=None)
    def slide(self):
        """By how much KASLR has moved this kernel, which must run the first time."""
        return int(self.sh("grep ' _text$' /proc/kallsyms").split()[0], 16) - 0xffffffff81000000

    def logged(self, line, timeout=30):
        """Like run(), with what the kernel had to say behind the output."""
        return self.run(f"dmesg -c >>/tmp/log; ({line}); s=$?; dmesg -c >/tmp/new; "
                        "cat /tmp/new; cat /tmp/new >>/tmp/log; (exit $s)", timeout)

    def insmod(self, args=None, timeout=30):
        """Load our module; what it had to say."""
        args = self.transport if args is None else args
        status, said = self.logged("insmod /modules/kgdb_io.ko " + args, timeout)
        assert status == 0, said
        return said

    def wait_for_log(self, text, timeout=20):
        """Wait until the kernel has said something since the last logged()."""
        end = time.monotonic() + timeout
        while text not in (log := self.sh("dmesg")):
            assert time.monotonic() < end, f"no {text!r} in {log}"
            time.sleep(0.1)

    def qmp(self, command, **arguments):
        """A command to QEMU's monitor."""
        if not self.qmp_file:
            sock = self.connect(self.dir + "/qmp")
            self.qmp_file = sock.makefile("rw", encoding="utf-8")
            self.qmp_file.readline()
            self.qmp("qmp_capabilities")
        self.qmp_file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qmp_file.flush()
        answer = self.qmp_until(lambda a: "error" in a or "return" in a)
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def qmp_until(self, wanted):
        """The next message of the monitor that `wanted` says yes to."""
        while not wanted(answer := json.loads(self.qmp_file.readline())):
            self.qmp_events.append(answer)
        return answer

    def unplug(self, device):
        """device_del, until the guest has let it go and QEMU has removed it."""
        def gone(answer):
            return answer.get("event") == "DEVICE_DELETED" and \
                answer["data"].get("device") == device
        self.qmp("device_del", id=device)
        if not any(gone(e) for e in self.qmp_events):
            self.qmp_until(gone)
        self.qmp_events.clear()

    def output(self):
        """Everything that the console has shown."""
        try:
            self.console.expect_exact("\0never\0", timeout=0.2)
        except (pexpect.TIMEOUT, pexpect.EOF):
            pass
        self.log.flush()
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            return f.read()

    # What a kernel says when it is not well.
    REPORTS = re.compile(r"^.*(?:BUG:|BUG at|WARNING:|Oops|KASAN|UBSAN|INFO: possible|INFO: task|"
                         r"general protection|Kernel panic|possible .*deadlock|rcu: INFO|"
                         r"sleeping function|soft lockup).*$", re.M)

    def reports(self):
        """The lines in which the kernel complains, in its log and on the console.

        A kernel that is stopped or dead has no more to say than its console shows.
        """
        log = ""
        self.output()
        try:
            self.send("")
            self.console.expect_exact(self.PROMPT, timeout=3)
            log = self.sh("dmesg -c >>/tmp/log; cat /tmp/log", timeout=10)
        except (pexpect.TIMEOUT, pexpect.EOF, OSError):
            pass
        return self.REPORTS.findall(log + self.output())

    def close(self):
        """End it; nothing is left."""
        self.process.kill()
        self.process.wait()
        self.console.close()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class Gdb:
    """A gdb on a terminal of its own, as a person has it."""

    PROMPT = "(gdb) "

    def __init__(self, kernel, program="gdb", args=(), command=None, log=None, slide=0):
        env = dict(os.environ, TERM="dumb", DEBUGINFOD_URLS="")
        command = command or [
            program, "-nx", "-q", "-ex", "set pagination off", "-ex", "set confirm off",
            "-ex", "set width 0", *args,
            *(["-ex", "set architecture i386:x86-64",
               "-ex", f"symbol-file -o {slide:#x} {kernel.vmlinux}"] if slide else
              [kernel.vmlinux])]
        self.spawn = pexpect.spawn(command[0], command[1:], encoding="utf-8",
                                   codec_errors="replace", timeout=40, env=env,
                                   preexec_fn=die_with_parent, dimensions=(50, 500))
        self.spawn.logfile_read = log
        self.target = None
        self.expect(self.PROMPT)

    def expect(self, text, timeout=-1):
        """Wait for a text: what came before it."""
        self.spawn.expect_exact(text, timeout=timeout)
        return self.spawn.before.replace("\r", "")

    def send(self, line):
        """Type a line and wait for nothing."""
        self.spawn.send(line + "\n")

    def do(self, line, timeout=-1):
        """Type a command and wait for the prompt: its output."""
        self.send(line)
        return self.expect(self.PROMPT, timeout).split("\n", 1)[-1]

    def attach(self, target=None, timeout=-1):
        """`target remote` (again, without a target); fails unless that worked."""
        self.target = target or self.target
        output = self.do("target remote " + self.target, timeout)
        assert re.search(r"^(0x[0-9a-f]+ in )?\S+ \(.*\)", output, re.M), output
        return output

    def go(self, line="continue"):
        """Resume and return once the target runs."""
        self.send(line)
        self.expect("Continuing.")
        # gdb says so before it sends the packet, and loses a Ctrl-C that comes
        # while it does.
        time.sleep(0.05)

    def wait(self, timeout=-1):
        """Wait for a running target to stop: what gdb showed."""
        return self.expect(self.PROMPT, timeout)

    def interrupt(self, timeout=-1):
        """Ctrl-C to a running target: what gdb showed."""
        self.spawn.sendintr()
        return self.wait(timeout)

    def detach(self):
        """Detach, which lets the target run."""
        output = self.do("detach")
        assert "detached" in output, output

    def kill(self):
        """gdb dies, with no word to the target."""
        self.spawn.kill(signal.SIGKILL)
        self.spawn.wait()

    def close(self):
        """End it, if it has not ended."""
        if self.spawn.isalive():
            self.kill()
        self.spawn.close()
