"""A debugger that does anything at any time, to a kernel that is busy on several CPUs.

What it does is given by a seed; what the kernel does meanwhile is not. KGDB_IO_SEED=N tries
another one.
"""
import os
import random
import time

import pytest

import sessions
from conftest import any_transport, kernel
from rsp import Debugger, frame
from test_accel import symbol
from test_stale_traps import READERS

PLACES = ["ksys_read", "ksys_write", "start_thread", "do_exit"]
LOAD = READERS + "; (while :; do /bin/true; done) 2>/dev/null & true"
ACTIONS = 150
SEED = int(os.environ.get("KGDB_IO_SEED", "1"))


class Player:
    """What a debugger knows, and what it may do while the kernel is stopped."""

    def __init__(self, vm, line):
        self.vm, self.line = vm, line
        self.random = random.Random(SEED)
        self.places = [symbol(vm, name) for name in PLACES]
        self.text = symbol(vm, "_text")
        self.inserted = set()
        self.done = []

    def stopped(self):
        """Take a stop reply; a breakpoint that was hit leaves the program counter behind it."""
        reply = self.line.reply_somewhere()
        assert reply.startswith(b"T05thread:"), reply
        pc = self.line.pc()
        if pc - 1 in self.inserted:
            pc -= 1
            self.line.set_pc(pc)
        return pc

    def insert(self, place):
        """A breakpoint."""
        self.line.ok(b"Z0,%x,1" % place)
        self.inserted.add(place)

    def remove(self, place):
        """It is gone."""
        self.line.ok(b"z0,%x,1" % place)
        self.inserted.discard(place)

    def look(self):
        """At memory, and at another thread."""
        addr = self.text + self.random.randrange(1 << 20)
        size = self.random.choice((1, 64, 5000))
        data = self.line.ask(b"m%x,%x" % (addr, size))
        assert len(data) == 2 * size
        threads = self.line.ask(b"qfThreadInfo")[1:].split(b",")
        self.line.ok(b"Hg" + self.random.choice(threads))
        assert len(self.line.ask(b"g")) > 300
        self.line.ok(b"Hg0")

    def breakpoints(self):
        """One more or one less."""
        place = self.random.choice(self.places)
        if place in self.inserted:
            self.remove(place)
        else:
            self.insert(place)

    def step(self):
        """Some instructions, or a range of them."""
        for _ in range(self.random.randrange(1, 6)):
            pc = self.line.pc()
            here = pc in self.inserted
            if here:
                self.remove(pc)
            if self.random.randrange(4) or self.inserted:
                self.line.send(frame(b"s"))
            else:
                self.line.send(frame(b"vCont;r%x,%x" % (pc, pc + self.random.randrange(1, 64))))
            self.stopped()
            if here:
                self.insert(pc)

    def go(self):
        """Until a breakpoint, or until Ctrl-C."""
        pc = self.line.pc()
        if pc in self.inserted:
            self.remove(pc)
            self.line.send(frame(b"s"))
            self.stopped()
            self.insert(pc)
        self.line.send(frame(b"c"))
        time.sleep(self.random.choice((0, 0, 0.001, 0.01, 0.05)))
        self.line.send(b"\x03")
        self.stopped()
        self.quiet()

    def quiet(self):
        """The Ctrl-C is there by now, and the kernel ignores it where it has stopped before."""
        assert self.line.ask(b"qC").startswith(b"QC")

    def leave(self):
        """Detach; later come back."""
        self.line.detach()
        self.inserted.clear()
        if self.random.randrange(2):
            sessions.alive(self.vm)
        self.begin()

    def begin(self):
        """Somebody else takes over."""
        self.line.begin()
        self.inserted.clear()

    def play(self):
        """All of it."""
        self.begin()
        for _ in range(ACTIONS):
            action = self.random.choice((self.look, self.breakpoints, self.breakpoints,
                                         self.step, self.go, self.go, self.leave, self.begin))
            self.done.append(action.__name__)
            action()
        for place in list(self.inserted):
            self.remove(place)
        sessions.leave(self.vm, self.line)


@any_transport
@pytest.mark.parametrize("version,smp", [("6.12", 2), ("6.12", 4), ("6.1", 2)])
def test_anything(boot, version, smp):
    """150 things in a row, and the kernel is well."""
    vm = boot(kernel(version), smp=smp)
    vm.insmod()
    line = Debugger(vm.dbg)
    vm.sh(LOAD)
    player = Player(vm, line)
    try:
        player.play()
    except Exception as error:
        raise AssertionError(f"seed {SEED}, after {player.done[-20:]}: {error}") from error
    finally:
        line.close()
