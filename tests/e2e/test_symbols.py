"""The right symbols at the right place: KASLR, modules, another vmlinux."""
import re
import subprocess

import pexpect
import pytest

import debuggee
import sessions
from conftest import KGDB_IO, kernel, new_gdb


def run(*args):
    """Run kgdb-io to its end: exit status, and what it had to say."""
    result = subprocess.run([KGDB_IO, *args], check=False, text=True, timeout=20,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return result.returncode, result.stdout


def address(vm, name):
    """Where the kernel itself says that a symbol is."""
    return int(vm.sh(f"grep ' {name}$' /proc/kallsyms").split()[0], 16)


@pytest.mark.parametrize("version,new", [("6.12", False), ("6.1", True)])
def test_randomised(boot, ground, version, new):
    """No nokaslr, no command: functions, variables, .init.text; twice at another place."""
    slides = set()
    for _ in range(2):
        vm = boot(kernel(version), smp=2)
        vm.insmod()
        slides.add(vm.slide())
        banner = vm.sh("cat /proc/version").strip()
        where = {name: address(vm, name)
                 for name in ("linux_banner", "sysrq_enabled", "start_thread", "_sinittext")}
        host = ground.host("unix:" + vm.dbg, "--symbols", vm.kernel.vmlinux)
        gdb = ground.gdb(vm, program=new_gdb() if new else "gdb")
        gdb.attach(host.pty)
        assert banner in gdb.do("print linux_banner")
        for name, at in where.items():
            assert f"{at:#x} <" in gdb.do(f"print &{name}"), name
        # A static variable, and a function of .init.text.
        assert "= 1" in gdb.do("print sysrq_enabled")
        assert ".init.text" in gdb.do("info symbol start_kernel")
        offsets = gdb.do("print/x __per_cpu_offset[1]")
        sessions.classic(vm, gdb)
        assert int(offsets.split("=")[1], 16) != 0
        assert "not the kernel" not in host.said
        host.close()
        vm.close()
    assert len(slides) == 2 or slides == {0}, slides
    assert slides != {0}


def module_variables(gdb):
    """Those of our own module are where they are: in .data, in .bss, one for each CPU."""
    assert '"kgdb_io"' in gdb.do("print core_io_ops.name")
    assert gdb.do("print core.registered").endswith("= true\n")
    assert "<write_registers>" in gdb.do(
        "print ((call_single_data_t *)((char *)&call + __per_cpu_offset[0]))->func")


def test_extension(boot, ground, tmp_path, monkeypatch):
    """kgdb-io gdb: modules come and go, per-CPU symbols stay where they were linked."""
    vm = boot(smp=2)
    vm.insmod()
    slide = vm.slide()
    # What a gdb that was killed has left there is removed, and nothing is left this time.
    copies = tmp_path / "copies"
    ended = subprocess.Popen(["true"])
    ended.wait()
    (copies / f"kgdb-io-{ended.pid}-abc").mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(copies))
    gdb = ground.gdb(vm, command=[
        KGDB_IO, "gdb", "unix:" + vm.dbg, "-p", vm.dir + "/pty", "-s", vm.kernel.vmlinux, "--",
        "-nx", "-ex", "set pagination off", "-ex", "set confirm off", "-ex", "set width 0",
        "-ex", "set kgdb-io module-path /nowhere:" + vm.kernel.built, "-ex", "kgdb-io sync"])
    # What stopped the kernel is in the module.
    assert re.search(r"#1 .* in (break_in|scan_input|kgdb_io_poll) \(", gdb.do("bt"))
    info = gdb.do("info kgdb-io")
    assert f"moved by {slide:#x}" in info
    assert re.search(r"module: +kgdb_io at 0x[0-9a-f]+, .*/kgdb_io.ko", info)
    assert "6.12" in info and "2 CPUs" in info and "build id: " in info
    module_variables(gdb)
    gdb.do("kgdb-io sync")
    module_variables(gdb)
    # CPU 1's current task, by a symbol that is an offset.
    task = gdb.do("print ((struct pcpu_hot *)((char *)&pcpu_hot + __per_cpu_offset[1]))"
                  "->cpu_number")
    assert task.endswith("= 1\n"), task
    # By the kernel's own scripts, from a build that has them.
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "gdb").symlink_to(vm.kernel.kdir + "/scripts/gdb")
    (tmp_path / "vmlinux-gdb.py").symlink_to(vm.kernel.kdir + "/source/scripts/gdb/vmlinux-gdb.py")
    gdb.do(f"source {tmp_path}/vmlinux-gdb.py")
    for cpu in (0, 1):
        assert gdb.do(f"print $lx_per_cpu(pcpu_hot, {cpu}).cpu_number").endswith(f"= {cpu}\n")
    assert '"sh"' in gdb.do("print $lx_task_by_pid(1).comm")
    gdb.go()
    vm.sh("insmod /modules/virtio_console.ko")
    gdb.interrupt()
    assert "virtio_console.c" in gdb.do("info line virtcons_probe")
    assert re.search("module: +virtio_console at .*/virtio_console.ko", gdb.do("info kgdb-io"))
    gdb.go()
    vm.sh("rmmod virtio_console")
    gdb.interrupt()
    assert "No symbol" in gdb.do("info line virtcons_probe") + gdb.do("print virtcons_probe")
    # A breakpoint in a function that runs once, when its module is loaded.
    gdb.do("set kgdb-io follow-modules on")
    gdb.do("set breakpoint pending on")
    gdb.do("break virtio_console_init")
    gdb.go()
    vm.send("insmod /modules/virtio_console.ko")
    assert "virtio_console_init" in gdb.wait()
    gdb.do("delete")
    gdb.do("set kgdb-io follow-modules off")
    assert len(list(copies.iterdir())) == 1
    sessions.leave(vm, gdb)
    assert "no target" in gdb.do("info kgdb-io")
    gdb.send("quit")
    gdb.spawn.expect(pexpect.EOF)
    assert not list(copies.iterdir())


@pytest.mark.parametrize("version", ["6.12", "6.1"])
def test_module_of_another_build(boot, ground, tmp_path, monkeypatch, version):
    """A file of the right name is not read if it is another build; by hand, with gdb 16."""
    vm = boot(kernel(version))
    vm.insmod()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    host = ground.host("unix:" + vm.dbg)
    gdb = ground.gdb(vm, program=new_gdb())
    gdb.do(f"source {debuggee.SCRIPTS}/gdb/kgdb_io.py")
    other = tmp_path / "other build"
    other.mkdir()
    data = bytearray((open(vm.kernel.built + "/kgdb_io.ko", "rb")).read())
    note = data.index(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0") + 16
    data[note] ^= 1
    (other / "kgdb_io.ko").write_bytes(data)
    gdb.do(f"set kgdb-io module-path {other}")
    assert "another build" in gdb.do("target remote " + host.pty)
    assert "another build" in gdb.do("info kgdb-io")
    gdb.do("set kgdb-io module-path " + vm.kernel.built)
    assert "1 modules' symbols read" in gdb.do("kgdb-io sync")
    module_variables(gdb)
    gdb.detach()


def test_another_kernel(boot, ground):
    """A vmlinux of another build is said at once, and which would be right without one."""
    vm = boot()
    vm.insmod()
    host = ground.host("unix:" + vm.dbg, "--symbols", kernel("6.1").vmlinux)
    gdb = ground.gdb(vm)
    gdb.do("target remote " + host.pty)
    said = host.expect("is not the kernel that runs: it is 6.1.*build id ([0-9a-f]{40}); "
                       "the target is 6.12.*build id ([0-9a-f]{40})")
    assert said[1] != said[2]
    gdb.do("detach")
    host.close()
    link = "unix:" + vm.dbg
    host = ground.host(link, symbols=False)
    gdb.do("target remote " + host.pty)
    release = vm.kernel.version
    host.expect(f"the target runs {release}.*, build id {said[2]}.*--symbols")
    gdb.do("detach")


def test_no_vmlinux(tmp_path):
    """Files that are none are refused before anything is attached."""
    image = kernel().kdir + "/arch/x86/boot/bzImage"
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    cut = tmp_path / "cut"
    cut.write_bytes(open(kernel().vmlinux, "rb").read(1 << 20))
    for path, why in (("/nowhere/vmlinux", "No such file"), (image, "not an ELF file"),
                      (str(empty), "not an ELF file"), (str(cut), "cut short"),
                      (KGDB_IO, "not a kernel"), ("/bin/true", "stripped|not a kernel")):
        status, said = run("attach", "unix:/nowhere", "--symbols", path)
        assert status in (1, 2) and re.search(f"--symbols {path}: .*({why})", said), said


def test_without_debug_information(boot, ground, tmp_path):
    """Said at once; the place is found all the same."""
    stripped = tmp_path / "vmlinux"
    subprocess.run(["objcopy", "--strip-debug", kernel().vmlinux, stripped], check=True)
    vm = boot()
    vm.insmod()
    host = ground.host("unix:" + vm.dbg, "--symbols", str(stripped))
    assert "no debug information" in host.before
    gdb = ground.gdb(vm, command=["gdb", "-nx", "-q", str(stripped)])
    gdb.do("target remote " + host.pty)
    assert "start_kernel in section .init.text" in gdb.do("info symbol start_kernel")
    assert "kgdb_breakpoint" in gdb.do("bt")
    gdb.do("detach")
