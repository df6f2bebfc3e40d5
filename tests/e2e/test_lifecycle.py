"""The module, gdb and the host program come and go in any order."""
import signal
import socket
import time

import pytest

import sessions
from conftest import Line, any_transport, kernel


@any_transport
def test_rmmod_is_refused_while_connected(boot, attached):
    vm = boot(smp=2)
    vm.insmod()
    gdb = attached(vm)
    gdb.go()
    status, said = vm.run("rmmod kgdb_io")
    assert status != 0 and ("busy" in said or "temporarily unavailable" in said
                            or "in use" in said), said
    status, said = vm.logged("echo >/sys/module/kgdb_io/parameters/transport")
    gdb.interrupt()
    gdb.detach()
    vm.send("")
    vm.console.expect_exact(vm.PROMPT)
    vm.sh("rmmod kgdb_io")
    assert "kgdb_io" not in vm.sh("cat /proc/modules")


def test_kgdboc_registered_first(boot):
    vm = boot()
    vm.sh("echo ttyS0 >/sys/module/kgdboc/parameters/kgdboc")
    status, said = vm.logged("insmod /modules/kgdb_io.ko transport=virtio")
    assert status != 0
    assert "kgdboc" in said and "/sys/module/kgdboc/parameters/kgdboc" in said
    vm.sh("echo >/sys/module/kgdboc/parameters/kgdboc")
    vm.insmod()


@any_transport
@pytest.mark.parametrize("stopped", [True, False])
def test_gdb_killed(ground, boot, stopped):
    vm = boot(smp=2)
    vm.insmod()
    host = ground.host("unix:" + vm.dbg)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    gdb.do("break start_thread")
    if not stopped:
        gdb.go()
    gdb.kill()
    host.expect("gdb has gone; the target is still stopped" if stopped else "gdb has gone")
    if not stopped:
        # Its breakpoint is still there, and is told to who comes next.
        vm.send("/bin/true")
        host.expect("target stopped")
    gdb = ground.gdb(vm)
    output = gdb.attach(host.pty)
    assert ("kgdb_breakpoint" if stopped else "start_thread") in output
    sessions.break_on_exec(vm, gdb) if stopped else gdb.do("delete")
    sessions.leave(vm, gdb)


@any_transport
@pytest.mark.parametrize("stopped", [True, False])
def test_kgdb_io_killed(ground, boot, stopped):
    """The host program dies; gdb attaches through another one."""
    vm = boot(smp=2)
    vm.insmod()
    host = ground.host("unix:" + vm.dbg)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    if not stopped:
        gdb.go()
    host.close(signal.SIGKILL)
    if not stopped:
        gdb.spawn.expect("Remote connection closed|Target disconnected")
    gdb.close()
    gdb = ground.attached(vm)
    sessions.classic(vm, gdb)


@any_transport
@pytest.mark.parametrize("stopped", [True, False])
def test_host_gone_in_the_middle(ground, boot, stopped):
    vm = boot()
    vm.insmod()
    for sent in (b"$qSupp",             # in the middle of a packet
                 b"+$qSupported:#",     # in the middle of its checksum
                 b"+$g#67",             # a reply not acknowledged
                 b"+$g#00"):            # a wrong checksum
        if stopped:
            line = Line(vm.dbg)
            line.send(b"+$?#3f")
            line.expect(b";kgdbio.status:;#")
            line.send(b"+")
            line.close()
        line = Line(vm.dbg)
        line.send(sent)
        time.sleep(0.3)
        line.close()
        host = ground.host("unix:" + vm.dbg)
        gdb = ground.gdb(vm)
        gdb.attach(host.pty)
        sessions.classic(vm, gdb)
        gdb.close()
        host.close()


@any_transport
def test_link_lost_and_back(ground, boot, tmp_path):
    """The link drops while the target runs and while it is stopped; gdb stays attached."""
    vm = boot(smp=2)
    vm.insmod()
    relay = Relay(str(tmp_path / "relay"), vm.dbg)
    host = ground.host("unix:" + relay.path)
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    for _ in range(3):
        relay.drop()
        host.expect("link lost")
        host.expect("link back")
        assert "kgdb_breakpoint" in gdb.do("bt 1")
    gdb.do("break start_thread")
    gdb.go()
    relay.drop()
    host.expect("link back")
    vm.send("/bin/true")
    assert "hit Breakpoint" in gdb.wait()
    # The stop reply itself goes into the void.
    gdb.go()
    relay.down()
    host.expect("link lost")
    vm.send("/bin/true")
    time.sleep(1)
    relay.up()
    assert "hit Breakpoint" in gdb.wait()
    gdb.do("delete")
    sessions.leave(vm, gdb)
    relay.close()


class Relay:
    """A Unix socket in front of another one, that can be cut."""

    def __init__(self, path, to):
        import threading
        self.path, self.to = path, to
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen()
        self.pair = ()
        self.allowed = threading.Event()
        self.allowed.set()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        import threading
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            self.allowed.wait()
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.to)
            self.pair = (near, far)
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(a, b), daemon=True).start()

    @staticmethod
    def _copy(a, b):
        try:
            while data := a.recv(4096):
                b.sendall(data)
        except OSError:
            pass

    def drop(self):
        for s in self.pair:
            s.shutdown(socket.SHUT_RDWR)
            s.close()
        time.sleep(0.1)

    def down(self):
        self.allowed.clear()
        self.drop()

    def up(self):
        self.allowed.set()

    def close(self):
        self.server.close()
        self.drop()


@any_transport
def test_reboot_with_gdb_attached(ground, boot):
    """The way down is not stopped by a breakpoint that nobody can be told of."""
    vm = boot(smp=2)
    vm.insmod()
    gdb = ground.attached(vm)
    gdb.do("break device_shutdown")
    gdb.do("break native_machine_emergency_restart")
    gdb.do("delete 1")
    gdb.go()
    vm.send("reboot -f")
    vm.process.wait(30)


def test_both_kernels_survive_an_early_end(boot):
    vm = boot(kernel("6.1"), smp=2)
    vm.insmod()
    line = Line(vm.dbg)
    line.send(b"+$?#3f")
    line.expect(b";kgdbio.status:;#")
    line.close()
    line = Line(vm.dbg)
    line.send(b"+$D#44")
    line.expect(b"$OK#9a")
    line.send(b"+")
    assert "alive" in vm.sh("echo alive")
    vm.sh("rmmod kgdb_io")
