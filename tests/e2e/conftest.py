"""Fixtures of the end-to-end tests: real kernels in QEMU, real gdb, real kgdb-io.

A test boots what it needs with `boot`, and everything that it started ends with it. After
each test the debuggee's console is searched for complaints of the kernel.
"""
import functools
import os
import select
import signal
import socket
import stat
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "scripts"))

import debuggee  # noqa: E402
from debuggee import KGDB_IO, kernel  # noqa: E402
from debugger_vm import DebuggerVM  # noqa: E402
from talker import Talker  # noqa: E402
from usb_sim import Sim  # noqa: E402


@functools.lru_cache(maxsize=None)
def new_gdb():
    """gdb 16 or later."""
    return debuggee.script("gdb-new.sh")


class Host(Talker):
    """A running kgdb-io."""

    def __init__(self, pty, *args, env=None):
        self.pty = pty
        super().__init__([KGDB_IO, *args, "--pty", pty], env=env)

    def close(self, sig=signal.SIGTERM):
        """Interrupt it: its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.process.wait(10)


class Line:
    """The bare debug channel of a VM, or a terminal, as a person on it sees it."""

    def __init__(self, path):
        if stat.S_ISSOCK(os.stat(path).st_mode):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(path)
            self.fd = sock.detach()
        else:
            self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.got = b""

    def send(self, data):
        while data:
            data = data[os.write(self.fd, data):]

    def more(self, timeout):
        """Wait for bytes."""
        ready, _, _ = select.select([self.fd], [], [], max(timeout, 0))
        assert ready, f"nothing after {self.got!r}"
        more = os.read(self.fd, 65536)
        assert more, f"closed after {self.got!r}"
        self.got += more

    def expect(self, what, timeout=20):
        """Wait for certain bytes: what came before them."""
        end = time.monotonic() + timeout
        while what not in self.got:
            self.more(end - time.monotonic())
        before, _, self.got = self.got.partition(what)
        return before

    def close(self):
        os.close(self.fd)
        time.sleep(0.2)     # QEMU takes the next one once it has seen this


class Ground:
    """What a test has started."""

    def __init__(self, tmp_path):
        self.tmp_path = tmp_path
        self.vms, self.gdbs, self.hosts = [], [], []
        self.expected_reports = []

    def boot(self, k=None, **options):
        vm = debuggee.VM(k or kernel(), **options)
        self.vms.append(vm)
        return vm

    def gdb(self, vm, **options):
        gdb = debuggee.Gdb(vm.kernel, **options)
        self.gdbs.append(gdb)
        return gdb

    def host(self, link, *args, command="attach", symbols=True, **options):
        """kgdb-io, with the symbols of the debuggee that was booted first, unless told."""
        if symbols and self.vms and "--symbols" not in args:
            args += ("--symbols", self.vms[0].kernel.vmlinux)
        host = Host(str(self.tmp_path / f"pty{len(self.hosts)}"), command, link, *args, **options)
        self.hosts.append(host)
        host.before = host.expect("(?s)(.*?)gdb: .*?\n")[1]
        return host

    def attached(self, vm, via="pty", **options):
        """A gdb, attached; `via` a kgdb-io and its pty, or the bare socket."""
        if via == "pty":
            target = self.host("unix:" + vm.dbg).pty
        else:
            target = vm.dbg
            options["slide"] = vm.slide()
        gdb = self.gdb(vm, **options)
        gdb.attach(target)
        return gdb

    def close(self):
        for gdb in self.gdbs:
            gdb.close()
        for host in self.hosts:
            host.close(signal.SIGKILL)
        reports = []
        for vm in self.vms:
            reports += vm.reports() if vm.process.poll() is None else []
            vm.close()
        return reports


@pytest.fixture
def ground(tmp_path):
    """A place to start things in; a kernel's complaint fails the test that caused it."""
    g = Ground(tmp_path)
    yield g
    reports = [r for r in g.close() if not any(e in r for e in g.expected_reports)]
    assert not reports


@pytest.fixture
def boot(ground, request):
    """boot(kernel(), smp=2, ...): a debuggee at its shell prompt."""
    return functools.partial(ground.boot, transport=getattr(request, "param", "virtio"))


@pytest.fixture
def debugger(ground):
    """debugger([QEMU arguments]): a debugger's machine with these devices."""
    def start(devices):
        vm = DebuggerVM(devices)
        ground.vms.append(vm)
        return vm
    return start


@pytest.fixture
def sim(ground, tmp_path):
    """sim(chip, options...): a simulator, for redir(sim.path)."""
    sims = []

    def start(chip, *options):
        sims.append(Sim(chip, str(tmp_path / f"redir{len(sims)}"), *options))
        return sims[-1]
    yield start
    # Before the VMs: QEMU's ends with them.
    for s in sims:
        s.close()


# For a test that is to pass whatever the debug channel is.
any_transport = pytest.mark.parametrize("boot", debuggee.TRANSPORTS, indirect=True)


@pytest.fixture
def attached(ground):
    """attached(vm): a gdb that has just stopped vm, through kgdb-io."""
    return ground.attached
