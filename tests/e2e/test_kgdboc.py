"""kgdb-io with plain kgdboc on a 16550: what kdmx and agent-proxy do."""
import re
import socket
import subprocess
import time

import pytest

import debuggee
import sessions
from conftest import KGDB_IO, kernel
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
        vm.send("setsid sh -c 'PS1=second exec sh -i </dev/ttyS1 >/dev/ttyS1 2>&1' &")
        vm.run("sleep 1")
        return vm, f"telnet:localhost:{port}"
    return start


@pytest.mark.parametrize("version,variant,smp", [
    ("6.12", "kdb", 1), ("6.12", "nokdb", 2), ("6.1", "kdb", 2)])
def test_classic_session_with_console(ground, uart, version, variant, smp):
    vm, link = uart(variant, smp, version)
    console = str(ground.tmp_path / "console")
    host = ground.host(link, "--break-in", "break-g", "--console", console)
    with open(console, "r+b", buffering=0) as tty:
        def expect(what):
            got = b""
            while what not in got:
                got += tty.read(1)
            return got

        # Before gdb comes: the shell, both ways.
        tty.write(b"echo wo''rks $((6 * 7))\r")
        expect(b"works 42")

        gdb = ground.gdb(vm)
        gdb.attach(host.pty)
        assert "sysrq" in gdb.do("bt") or "kgdb_breakpoint" in gdb.do("bt")
        gdb.do("break start_thread")
        gdb.go()
        # While it runs under gdb, console and packets share the line.
        tty.write(b"echo '$five' is no packet, '$3#33' neither\r/bin/true\r")
        assert "hit Breakpoint" in gdb.wait()
        assert "start_thread" in gdb.do("bt 1")
        gdb.do("delete")
        gdb.go()
        time.sleep(0.5)
        tty.write(b"echo st''ill $((6 * 7))\r")
        text = expect(b"still 42")
        assert b"$five is no packet, $3#33 neither" in text
        assert "SIG" in gdb.interrupt()
        for _ in range(20):
            gdb.do("stepi")
        gdb.go()
        assert "SIG" in gdb.interrupt()
        gdb.do("detach")
        time.sleep(0.3)
        tty.write(b"echo fin''ally $((6 * 7))\r")
        expect(b"finally 42")


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
    import os
    import pty
    master, slave = pty.openpty()
    trace = tmp_path / "trace"
    host = subprocess.Popen(
        ["strace", "-f", "-e", "trace=ioctl,write", "-o", trace, KGDB_IO, "attach",
         "tty:" + os.ttyname(slave), "-b", "break-g", "-p", tmp_path / "pty"],
        stdout=subprocess.PIPE, preexec_fn=debuggee.die_with_parent)
    host.stdout.readline()
    host.stdout.readline()
    gdb_end = os.open(tmp_path / "pty", os.O_RDWR | os.O_NOCTTY)
    os.write(gdb_end, b"+$?#3f")
    got = b""
    while b"$?#3f" not in got:
        got += os.read(master, 100)
    assert got == b"g\b+$?#3f"
    os.write(master, b"+$S05#b8")
    reply = b""
    while b"S05#b8" not in reply:
        reply += os.read(gdb_end, 100)
    assert reply == b"+$S05#b8"
    host.terminate()
    host.wait(10)
    text = trace.read_text()
    assert re.search(r'TCSBRKP?, 0\) += 0\n(.*\n)*?.*write\S*\(.*"g"', text) or \
        re.search(r"TCSBRKP?, 0\) += 0", text), text
    os.close(gdb_end)
    os.close(master)
    os.close(slave)
