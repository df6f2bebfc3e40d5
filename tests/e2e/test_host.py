"""kgdb-io as a program: what it says, what it refuses, what it leaves behind."""
import os
import pty
import re
import signal
import socket
import subprocess
import time

import pytest

import debuggee
import sessions
from conftest import KGDB_IO, Host


def run(*args, timeout=20, **options):
    return subprocess.run([KGDB_IO, *args], capture_output=True, text=True, timeout=timeout,
                          check=False, **options)


def one_line_error(result, *words):
    """A failure in the one form that it may have."""
    assert result.returncode != 0
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("kgdb-io: "), result.stderr
    for word in words:
        assert word in lines[0], lines[0]


@pytest.mark.parametrize("args,words", [
    ([], ["attach", "--help"]),
    (["frobnicate"], ["frobnicate", "attach", "list"]),
    (["attach"], ["LINK", "unix:"]),
    (["attach", "serial"], ["serial", "unix:PATH", "tty:PATH"]),
    (["attach", "unix:"], ["unix:PATH"]),
    (["attach", "tcp:host"], ["tcp:HOST:PORT"]),
    (["attach", "tcp:localhost:99999"], ["99999", "65535"]),
    (["attach", "tcp:::1:22"], ["brackets"]),
    (["attach", "tty:/dev/ttyS0,fast"], ["fast", "115200"]),
    (["attach", "tty:,9600"], ["tty:PATH"]),
    (["attach", "usb:4-4.4"], ["4-4.4", "plugged in", "kgdb-io list"]),
    (["attach", "usb:cheap"], ["cheap", "VID:PID", "serial=", "BUS-PORT"]),
    (["attach", "dbc"], ["dbc"]),
    (["attach", "unix:/x", "more"], ["more"]),
    (["attach", "unix:/x", "--", "-batch"], ["kgdb-io gdb"]),
    (["attach", "unix:/x", "--frob"], ["--frob", "--help"]),
    (["attach", "unix:/x", "--pty"], ["--pty"]),
    (["attach", "unix:/x", "-b", "nmi"], ["nmi", "ctrl-c", "break-g"]),
    (["attach", "unix:/x", "-b", "break-g"], ["BREAK", "tty:PATH"]),
    (["attach", "unix:/x", "-s", "/none/vmlinux"], ["/none/vmlinux", "vmlinux of the target"]),
    (["list", "all"], ["all"]),
    (["attach", "unix:/nonexistent/vm.sock"], ["No such file", "is the VM running"]),
    (["attach", "tcp:localhost:1"], ["refused", "listens"]),
    (["attach", "tcp:no.such.host.invalid:22"], ["no.such.host.invalid"]),
    (["attach", "tty:/dev/nonexistent"], ["No such", "kgdb-io list"]),
    (["attach", "tty:/dev/null"], ["not a serial device"]),
    (["attach", "unix:/dev/null"], ["refused"]),
])
def test_bad_input(args, words, tmp_path):
    result = run(*args, env=dict(os.environ, XDG_RUNTIME_DIR=str(tmp_path)))
    one_line_error(result, *words)
    assert [f for f in os.listdir(tmp_path) if f != "kgdb-io"] == []
    if os.path.isdir(tmp_path / "kgdb-io"):
        assert os.listdir(tmp_path / "kgdb-io") == []


def listener(path, kind=socket.SOCK_STREAM):
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(str(path))
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


def test_bad_sockets(tmp_path):
    kept = listener(tmp_path / "dgram", socket.SOCK_DGRAM), listener(tmp_path / "tty")
    one_line_error(run("attach", f"unix:{tmp_path}/dgram"), "stream socket")
    listener(tmp_path / "dead").close()
    one_line_error(run("attach", f"unix:{tmp_path}/dead"), "refused", "VM")
    assert kept
    one_line_error(run("attach", f"tty:{tmp_path}/tty"), "No such device")


def test_waiting_for_a_connection_is_said(tmp_path):
    """A host that drops what it is sent: said within seconds, ended by Ctrl-C."""
    # A full backlog on loopback is as silent as a firewall.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        host = Host(str(tmp_path / "pty"), "attach", f"tcp:127.0.0.1:{port}")
        host.expect("connecting", timeout=5)
        assert host.close(signal.SIGINT) == 1
        assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become someone else")
def test_not_permitted(tmp_path):
    kept = listener(tmp_path / "sock")
    os.chmod(tmp_path / "sock", 0o600)
    for d in (tmp_path, *tmp_path.parents):
        if d.stat().st_mode & 0o5 != 0o5:
            d.chmod(0o755)
    master, slave = pty.openpty()
    os.fchmod(slave, 0o600)
    copy = tmp_path / "kgdb-io"
    copy.write_bytes(open(KGDB_IO, "rb").read())
    copy.chmod(0o755)
    for link, words in ((f"unix:{tmp_path}/sock", ["denied", "root"]),
                        (f"tty:{os.ttyname(slave)}", ["denied", "group"])):
        result = subprocess.run([copy, "attach", link, "-p", "/tmp/none"], user=65534, text=True,
                                capture_output=True, check=False, timeout=20, cwd="/")
        one_line_error(result, *words)
    os.close(master)
    os.close(slave)
    kept.close()


def test_bad_pty_paths(tmp_path):
    kept = listener(tmp_path / "sock")
    link = f"unix:{tmp_path}/sock"
    (tmp_path / "file").write_text("precious")
    one_line_error(run("attach", link, "-p", str(tmp_path / "file")), "not a link to a pty")
    assert (tmp_path / "file").read_text() == "precious"
    os.symlink("file", tmp_path / "symlink")
    one_line_error(run("attach", link, "-p", str(tmp_path / "symlink")), "not to a pty")
    one_line_error(run("attach", link, "-p", str(tmp_path / "no/where")), "directory")
    one_line_error(run("attach", link, "-p", str(tmp_path / "pty"), "-c",
                       str(tmp_path / "file")), "not a link to a pty")
    one_line_error(run("attach", link, "-p", str(tmp_path / "pty"), "-l", "nowhere:1x"),
                   "[HOST:]PORT")
    one_line_error(run("attach", link, "-p", str(tmp_path / "pty"), "-l", "192.0.2.1:4711"),
                   "address of this machine")
    assert not os.path.lexists(tmp_path / "pty")
    kept.close()


def test_leaves_nothing_behind(tmp_path):
    kept = listener(tmp_path / "vm.sock")
    env = dict(os.environ, XDG_RUNTIME_DIR=str(tmp_path / "run"))
    os.mkdir(tmp_path / "run", 0o700)
    process = subprocess.Popen([KGDB_IO, "attach", f"unix:{tmp_path}/vm.sock", "-c",
                                str(tmp_path / "con")], env=env, text=True,
                               stdout=subprocess.PIPE)
    assert process.stdout.readline() == f"pty: {tmp_path}/run/kgdb-io/vm\n"
    assert process.stdout.readline() == f"console: {tmp_path}/con\n"
    assert process.stdout.readline() == \
        f"gdb: gdb -ex 'target remote {tmp_path}/run/kgdb-io/vm' vmlinux\n"
    assert os.path.exists(tmp_path / "con")
    # A second one on the same pty is told so, and harms nothing.
    one_line_error(run("attach", f"unix:{tmp_path}/vm.sock", env=env), "another kgdb-io")
    assert os.path.exists(tmp_path / "run/kgdb-io/vm")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert os.listdir(tmp_path / "run/kgdb-io") == []
    assert not os.path.lexists(tmp_path / "con")
    kept.close()


def test_stale_link_is_replaced(tmp_path):
    kept = listener(tmp_path / "vm.sock")
    os.symlink("/dev/pts/99999", tmp_path / "pty0")
    host = Host(str(tmp_path / "pty0"), "attach", f"unix:{tmp_path}/vm.sock")
    host.expect("gdb: .*\n")
    assert os.readlink(tmp_path / "pty0") != "/dev/pts/99999"
    assert host.close() == 0
    kept.close()


def test_help_version_list_and_man():
    result = run("--help")
    assert result.returncode == 0
    for word in ("attach", "gdb", "list", "unix:", "tcp:", "tty:", "--pty", "--symbols",
                 "--console", "--listen", "--break-in", "--verbose", "--quiet"):
        assert word in result.stdout
    assert re.match(r"kgdb-io \d", run("--version").stdout)
    assert run("list").returncode == 0
    man = subprocess.run(["man", "-l", os.path.dirname(KGDB_IO) + "/kgdb-io.1"], text=True,
                         capture_output=True, check=True, env=dict(os.environ, LC_ALL="C"))
    assert man.stderr == "" and "--break-in" in man.stdout


def test_install(tmp_path):
    subprocess.run(["make", "-s", "-C", debuggee.TOP, "install", "PREFIX=/opt/k",
                    f"DESTDIR={tmp_path}"], check=True)
    for f in ("bin/kgdb-io", "share/man/man1/kgdb-io.1",
              "share/bash-completion/completions/kgdb-io",
              "lib/udev/rules.d/60-kgdb-io.rules"):
        assert (tmp_path / "opt/k" / f).is_file()
    completion = tmp_path / "opt/k/share/bash-completion/completions/kgdb-io"
    subprocess.run(["bash", "-n", completion], check=True)


def test_silent_target(ground, tmp_path):
    """Nobody at the other end: said within seconds, gdb is not left hanging, status 1."""
    kept = listener(tmp_path / "vm.sock")
    host = ground.host(f"unix:{tmp_path}/vm.sock")
    from conftest import kernel
    gdb = debuggee.Gdb(kernel())
    ground.gdbs.append(gdb)
    started = time.monotonic()
    gdb.send("target remote " + host.pty)
    host.expect("the target does not answer: is kgdb_io.ko loaded there")
    assert time.monotonic() - started < 5
    output = gdb.wait()
    assert time.monotonic() - started < 15
    assert "does not answer" in output
    assert host.close(signal.SIGINT) == 1
    kept.close()


def test_second_gdb_is_refused(ground, boot):
    vm = boot()
    vm.insmod()
    port = free_port()
    host = ground.host("unix:" + vm.dbg, "--listen", str(port))
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    for way in (host.pty, f":{port}"):
        second = ground.gdb(vm)
        started = time.monotonic()
        assert "another gdb is attached" in second.do("target remote " + way)
        host.expect("refused")
        second.close()
        assert time.monotonic() - started < 5
        assert "kgdb_breakpoint" in gdb.do("bt 1")
    sessions.classic(vm, gdb)
    # And the other way round: the first is on TCP.
    gdb.attach(f":{port}")
    second = ground.gdb(vm)
    assert "another gdb is attached" in second.do("target remote " + host.pty)
    sessions.classic(vm, gdb)


def free_port():
    with socket.socket() as s:
        s.bind(("localhost", 0))
        return s.getsockname()[1]


def test_listen_is_on_loopback_only(tmp_path):
    kept = listener(tmp_path / "vm.sock")
    port = free_port()
    host = Host(str(tmp_path / "pty"), "attach", f"unix:{tmp_path}/vm.sock", "-l", str(port))
    host.expect("gdb: .*\ngdb: .*\n")
    with open("/proc/net/tcp", encoding="ascii") as f:
        ports = [line.split()[1] for line in f if f":{port:04X} " in line]
    assert "0100007F:%04X" % port in ports and "00000000:%04X" % port not in ports
    one_line_error(run("attach", f"unix:{tmp_path}/vm.sock", "-p", str(tmp_path / "pty2"), "-l",
                       str(port)), "port that is free")
    assert host.close() == 0
    kept.close()


def test_gdb_command(boot):
    """kgdb-io gdb: gdb's terminal, Ctrl-C and exit status are gdb's."""
    vm = boot()
    vm.insmod()
    gdb = debuggee.Gdb(vm.kernel, command=[
        KGDB_IO, "gdb", "unix:" + vm.dbg, "-p", vm.dir + "/pty", "-s", vm.kernel.vmlinux, "--",
        "-nx", "-ex", "set pagination off", "-ex", "set confirm off"])
    try:
        assert "kgdb_breakpoint" in gdb.do("bt")
        gdb.go()
        assert "SIG" in gdb.interrupt()
        gdb.detach()
        gdb.send("quit 7")
        gdb.spawn.expect(debuggee.pexpect.EOF)
        gdb.spawn.close()
        assert gdb.spawn.exitstatus == 7
        assert not os.path.lexists(vm.dir + "/pty")
        assert "alive" in vm.sh("echo alive")
    finally:
        gdb.close()


def test_gdb_command_without_gdb(boot):
    vm = boot()
    result = run("gdb", "unix:" + vm.dbg, "-p", vm.dir + "/pty",
                 env=dict(os.environ, KGDB_IO_GDB="/none/gdb"))
    one_line_error(result, "/none/gdb", "install gdb")


def test_over_tcp(ground, boot):
    port = free_port()
    vm = boot(devices=["-device", "virtio-serial-pci,max_ports=1",
                       "-device", "virtconsole,chardev=net",
                       "-chardev", f"socket,id=net,host=localhost,port={port},server=on,wait=off"])
    vm.insmod()
    gdb = ground.gdb(vm)
    gdb.attach(ground.host(f"tcp:localhost:{port}").pty)
    sessions.classic(vm, gdb)


def test_over_a_pty(ground, boot):
    """tty:, with what QEMU calls a pty at the other end."""
    vm = boot(devices=["-device", "virtio-serial-pci,max_ports=1",
                       "-device", "virtconsole,chardev=far", "-chardev", "pty,id=far"])
    vm.insmod()
    far = next(c["filename"][4:] for c in vm.qmp("query-chardev") if c["label"] == "far")
    host = ground.host(f"tty:{far}")
    gdb = ground.gdb(vm)
    gdb.attach(host.pty)
    sessions.classic(vm, gdb)
    one_line_error(run("attach", f"tty:{far}", "-p", str(ground.tmp_path / "other")),
                   "another program has it open")


def test_through_a_vport(ground, boot, tmp_path):
    """tty:/dev/vportNpM needs a guest that debugs; here its name is at least understood."""
    one_line_error(run("attach", "tty:/dev/vport9p9"), "No such", "kgdb-io list")
