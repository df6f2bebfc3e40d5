"""RSP as a debugger speaks it, to see the packets themselves."""
import re
import time

from conftest import Line


def frame(payload):
    """A payload with its '$' and checksum."""
    return b"$" + payload + b"#%02x" % (sum(payload) % 256)


def expand(payload):
    """Undo run lengths: a character, '*', and how often more, plus 29."""
    return re.sub(rb"(.)\*(.)", lambda m: m[1] * (m[2][0] - 28), payload, flags=re.S)


def unescape(data):
    """Undo the escapes of binary data."""
    return re.sub(rb"}(.)", lambda m: bytes([m[1][0] ^ 0x20]), data, flags=re.S)


def escape(data):
    """Binary data for a request."""
    return re.sub(rb"[#$}*]", lambda m: b"}" + bytes([m[0][0] ^ 0x20]), data)


class Rsp(Line):
    """A debugger with no mind of its own."""

    no_ack = False

    def send(self, data):
        """QEMU's usb-serial takes 384 bytes, and forgets its socket if there are more."""
        for i in range(0, len(data), 256):
            if i:
                time.sleep(0.005)
            super().send(data[i:i + 256])

    def ask(self, payload, timeout=20):
        """Send a request: the payload of its reply, run lengths undone."""
        self.send(frame(payload))
        if not self.no_ack:
            assert self.expect(b"+", timeout) == b""
        return self.reply(timeout)

    def reply(self, timeout=20):
        """The payload of the next packet, acknowledged."""
        before = self.expect(b"$", timeout)
        assert before == b"", before
        payload = self.expect(b"#", timeout)
        while len(self.got) < 2:
            self.more(timeout)
        assert b"%02x" % (sum(payload) % 256) == self.got[:2]
        self.got = self.got[2:]
        if not self.no_ack:
            self.send(b"+")
        return expand(payload)


class Debugger(Rsp):
    """One that debugs an x86-64 kernel."""

    RIP = 16

    def begin(self):
        """Stop a kernel that runs, or take over one that is stopped, and all breakpoints go."""
        self.send(frame(b"qSupported"))
        while not self.reply_somewhere().startswith(b"PacketSize"):
            pass
        assert self.ask(b"?").startswith(b"T05thread:")

    def reply_somewhere(self):
        """The next packet, behind whatever."""
        self.expect(b"$")
        self.got = b"$" + self.got
        return self.reply()

    def ok(self, payload):
        """A request that succeeds."""
        assert self.ask(payload) == b"OK", payload

    def detach(self):
        """The kernel goes on."""
        self.ok(b"D")

    def pc(self):
        """The program counter."""
        registers = bytes.fromhex(self.ask(b"g").decode())
        return int.from_bytes(registers[8 * self.RIP:8 * self.RIP + 8], "little")

    def set_pc(self, pc):
        """Change it."""
        self.ok(b"P%x=" % self.RIP + pc.to_bytes(8, "little").hex().encode())
