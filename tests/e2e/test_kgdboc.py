"""kgdb-io with plain kgdboc on a 16550: what kdmx and agent-proxy do."""
import os
import pty
import re
import subprocess
import time

import pytest

import debuggee
import sessions
from conftest import KGDB_IO, Line, kernel
from test_host import free_port


@pytest.fixture
def uart(boot):
    """A debuggee with kgdboc on its second UART, which is a console with a shell too."""
    def start(variant="kdb", smp=1, version="6.12"):
        port = free_port()
        vm = boot(kernel(version, variant), smp=smp, append="console=ttyS1",
                  devices=["-chardev", f"socket,id=tn,host=localhost,port={port},server=on,"
                           "wait=off,telnet=on", "-serial", "chardev:tn"])
        vm.sh("echo 1 >/proc/sys/kernel/sysrq")
        vm.sh("echo ttyS1 >/sys/module/kgdboc/parameters/kgdboc")
        vm.sh("(while :; do getty -L -n -l /bin/sh 115200 ttyS1 dumb; sleep 1; done) & sleep 1")
        return vm, f"telnet:localhost:{port}"
    return start


@pytest.mark.parametrize("version,variant,smp", [
    ("6.12", "kdb", 1), ("6.12", "nokdb", 2), ("6.1", "kdb", 2)])
def test_classic_session_with_console(ground, uart, version, variant, smp):
    vm, link = uart(variant, smp, version)
    console = str(ground.tmp_path / "console")
    host = ground.host(link, "--break-in", "break-g", "--console", console)
    tty = Line(console)
    # Before gdb comes: the shell, both ways.
    tty.send(b"echo wo''rks $((6 * 7))\r")
    tty.expect(b"works 42")

    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    assert "sysrq" in gdb.do("bt") or "kgdb_breakpoint" in gdb.do("bt")
    gdb.do("break start_thread")
    gdb.go()
    host.expect("target running")
    # While it runs under gdb, console and packets share the line.
    tty.send(b"echo '$five' is no packet, '$3#33' neither\r")
    tty.expect(b"$five is no packet, $3#33 neither")
    tty.send(b"/bin/true\r")
    assert "hit Breakpoint" in gdb.wait()
    assert "start_thread" in gdb.do("bt 1")
    gdb.do("delete")
    gdb.go()
    host.expect("target running")
    tty.send(b"echo st''ill $((6 * 7))\r")
    tty.expect(b"still 42")
    assert "SIG" in gdb.interrupt()
    for _ in range(20):
        gdb.do("stepi")
    gdb.go()
    assert "SIG" in gdb.interrupt()
    gdb.do("detach")
    time.sleep(0.3)
    tty.send(b"echo fin''ally $((6 * 7))\r")
    tty.expect(b"finally 42")
    tty.close()


def test_gdb_leaves_without_a_word(ground, uart):
    vm, link = uart()
    host = ground.host(link, "--break-in", "break-g")
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    gdb.kill()
    host.expect("still stopped")
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    gdb.go()
    gdb.kill()
    host.expect("gdb has gone")
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    sessions.break_on_exec(vm, gdb)
    sessions.leave(vm, gdb)


def test_without_sysrq_the_message_says_so(ground, uart):
    vm, link = uart()
    vm.sh("echo 0 >/proc/sys/kernel/sysrq")
    host = ground.host(link, "--break-in", "break-g")
    gdb = ground.gdb(vm)
    gdb.send("target remote " + host.pty)
    host.expect("SysRq")
    assert "does not answer" in gdb.wait()
    vm.sh("echo 1 >/proc/sys/kernel/sysrq")
    gdb.attach(host.pty)
    sessions.leave(vm, gdb)


def test_break_on_a_tty_is_a_break(tmp_path):
    """QEMU's 16550 has no tty at its other end, so this looks at the system call."""
    master, slave = pty.openpty()
    trace = tmp_path / "trace"
    host = subprocess.Popen(
        ["strace", "-D", "-f", "-e", "trace=ioctl,write,writev", "-o", trace, KGDB_IO, "attach",
         "tty:" + os.ttyname(slave), "-b", "break-g", "-p", tmp_path / "pty"],
        stdout=subprocess.PIPE, preexec_fn=debuggee.die_with_parent)
    host.stdout.readline()
    host.stdout.readline()
    gdb_end = Line(tmp_path / "pty")
    target = Line.__new__(Line)
    target.fd, target.got = master, b""
    gdb_end.send(b"+$?#3f")
    assert target.expect(b"$?#3f") == b"g\b+"
    target.send(b"+$S05#b8")
    assert gdb_end.expect(b"$S05#b8") == b"+"
    host.terminate()
    host.wait(10)
    text = trace.read_text()
    brk, g = re.search(r"TCSBRKP?, 0\) += 0", text), re.search(r'write\w*\(.*"g"', text)
    assert brk and g and brk.start() < g.start(), text
    gdb_end.close()
    os.close(master)
    os.close(slave)
