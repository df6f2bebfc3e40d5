"""Several CPUs meet a breakpoint at once: all but one of them say so when it may be gone.

See module/stale_trap.h. With the debug core alone each of these hangs or crashes the kernel.
"""
import select

import pytest

import sessions
from conftest import any_transport, kernel
from rsp import Debugger, frame
from test_accel import symbol

# They enter ksys_read() all the time, on two CPUs.
READERS = "for i in 1 2 3; do dd if=/dev/zero of=/dev/null bs=1 2>/dev/null & done; true"


def hit(line, place):
    """Go on until a breakpoint is hit, and make good for it."""
    line.ok(b"Z0,%x,1" % place)
    line.send(frame(b"c"))
    assert line.reply_somewhere().startswith(b"T05")
    assert line.pc() == place + 1
    line.set_pc(place)


@pytest.fixture
def debug(boot):
    """debug(kernel): a debuggee full of readers, a debugger, and where they read."""
    lines = []

    def start(k):
        vm = boot(k, smp=2)
        vm.insmod()
        place = symbol(vm, "ksys_read")
        vm.sh(READERS)
        lines.append(Debugger(vm.dbg))
        return vm, lines[0], place
    yield start
    for line in lines:
        line.close()


KERNELS = pytest.mark.parametrize("version", ["6.12", "6.1"])


@any_transport
@KERNELS
def test_detach(debug, version):
    """Nobody is there for the second CPU."""
    vm, line, place = debug(kernel(version))
    for _ in range(20):
        line.begin()
        hit(line, place)
        sessions.leave(vm, line)


@any_transport
@KERNELS
def test_a_new_debugger(debug, version):
    """It knows nothing of the breakpoint of the one before."""
    vm, line, place = debug(kernel(version))
    line.begin()
    for _ in range(20):
        hit(line, place)
        line.begin()
        line.send(frame(b"c") + b"\x03")
        assert line.reply_somewhere().startswith(b"T05")
        assert line.pc() != place + 1
    sessions.leave(vm, line)


@any_transport
@KERNELS
def test_break_in(debug, version):
    """One that the breakpoint came before; and the debugger goes."""
    vm, line, place = debug(kernel(version))
    for _ in range(20):
        line.begin()
        line.ok(b"Z0,%x,1" % place)
        line.send(frame(b"c") + b"\x03")
        assert line.reply_somewhere().startswith(b"T05")
        while select.select([line.fd], [], [], 0.02)[0]:
            line.more(0)
        line.got = b""
        if line.pc() == place + 1:
            line.set_pc(place)
        sessions.leave(vm, line)


@KERNELS
def test_steps(debug, version):
    """A step that the other CPU's breakpoint overtakes ends unseen."""
    vm, line, place = debug(kernel(version))
    line.begin()
    hit(line, place)
    thread = line.ask(b"qC")
    for _ in range(60):
        line.ok(b"z0,%x,1" % place)
        line.send(frame(b"s"))
        assert line.reply_somewhere().startswith(b"T05")
        pc, now = line.pc(), line.ask(b"qC")
        # The instruction has one byte, or more.
        assert pc > place and (now == thread or pc == place + 1)
        if now != thread:
            line.set_pc(place)
        hit(line, place)
        thread = line.ask(b"qC")
    sessions.leave(vm, line)
