"""USB serial adapters of other makes than QEMU's: tests/sim, behind a usb-redir device."""
import os
import re
import subprocess

import debuggee
from talker import Talker

USB_SIM = os.path.join(debuggee.TOP, "build", "sim", "usb-sim")

# At full speed, but for the FT232H (high speed) and the gadget (CDC-ACM at SuperSpeed).
CHIPS = ["ftdi", "cdc-acm", "cp210x", "ch341", "pl2303", "ft232h", "gadget"]


def redir(path, port=None):
    """QEMU's arguments for a device that usb-sim plays through the socket `path`."""
    where = f",port={port}" if port else ""
    return ["-chardev", f"socket,id=redir,path={path},server=on,wait=off",
            "-device", f"usb-redir,id=redir0,chardev=redir,bus=xhci.0{where}"]


class Sim(Talker):
    """A running usb-sim; `path` is for redir()."""

    FLAGS = re.M

    def __init__(self, chip, usb, *options):
        self.path = usb
        super().__init__([USB_SIM, "--chip", chip, "--usb", usb, *options],
                         stdin=subprocess.PIPE, bufsize=1)

    def do(self, command):
        """Give it a command."""
        self.process.stdin.write(command + "\n")
        self.expect(f"^done: {command}$")

    def close(self):
        """End it, which must not have ended by itself."""
        status = self.process.poll()
        self.process.kill()
        self.process.wait()
        assert status is None, self.said
