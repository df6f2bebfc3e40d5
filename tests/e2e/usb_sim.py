"""USB serial adapters of other makes than QEMU's: tests/sim, behind a usb-redir device."""
import os
import re
import subprocess
import threading
import time

import debuggee

USB_SIM = os.path.join(debuggee.TOP, "build", "sim", "usb-sim")

CHIPS = ["ftdi", "cdc-acm", "cp210x", "ch341", "pl2303"]


def redir(path, port=None):
    """QEMU's arguments for a device that usb-sim plays through the socket `path`."""
    where = f",port={port}" if port else ""
    return ["-chardev", f"socket,id=redir,path={path},server=on,wait=off",
            "-device", f"usb-redir,id=redir0,chardev=redir,bus=xhci.0{where}"]


class Sim:
    """A running usb-sim."""

    def __init__(self, chip, usb, *options):
        self.process = subprocess.Popen(
            [USB_SIM, "--chip", chip, "--usb", usb, *options], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
            preexec_fn=debuggee.die_with_parent)
        self.said = ""
        self.used = 0
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for text in self.process.stdout:
            with self.changed:
                self.said += text
                self.changed.notify_all()

    def expect(self, pattern, timeout=20):
        """Wait until it has said something; that is used up."""
        end = time.monotonic() + timeout
        with self.changed:
            while not (match := re.search(pattern, self.said[self.used:], re.M)):
                left = end - time.monotonic()
                assert left > 0, f"usb-sim did not say {pattern!r} but: {self.said}"
                self.changed.wait(left)
            self.used += match.end()
            return match

    def do(self, command):
        """Give it a command."""
        self.process.stdin.write(command + "\n")
        self.expect(f"^done: {command}$")

    def close(self):
        """End it."""
        self.process.kill()
        self.process.wait()
