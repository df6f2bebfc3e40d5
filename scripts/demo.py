#!/usr/bin/python3
"""The classic session, played: boot a kernel in QEMU, insmod kgdb_io.ko, attach gdb
through kgdb-io, break on the exec path, hit it, look around, Ctrl-C, detach.

With INTERACTIVE=1 in the environment it stops at gdb's prompt and leaves it to you.
"""
import os
import shutil
import subprocess
import sys
import time

import debuggee

KGDB_IO = os.path.join(debuggee.TOP, "host", "kgdb-io")


class Tee:
    """Shows what a program prints, with its prompts, as it comes."""

    def write(self, text):
        sys.stdout.write(text.replace("\r", ""))

    def flush(self):
        sys.stdout.flush()


def step(text):
    print(f"\n\033[1m== {text}\033[0m", flush=True)


def boot():
    version = os.environ.get("KERNEL", "6.12")
    kernel = debuggee.Kernel(version, "kdb")
    step(f"a debuggee: linux {version} in QEMU, with a virtio console for the debugger")
    print("qemu-system-x86_64 ... -device virtio-serial-pci,max_ports=1 "
          "-device virtconsole,chardev=dbg \\\n    "
          "-chardev socket,id=dbg,path=dbg.sock,server=on,wait=off")
    vm = debuggee.VM(kernel)
    step("in the debuggee: insmod kgdb_io.ko transport=virtio")
    print(vm.insmod().strip())
    return kernel, vm


def play(kernel, vm):
    step("on the host: kgdb-io attach unix:dbg.sock")
    pty = vm.dir + "/pty"
    host = subprocess.Popen([KGDB_IO, "attach", "unix:" + vm.dbg, "--pty", pty,
                             "--symbols", kernel.vmlinux],
                            preexec_fn=debuggee.die_with_parent)
    while not os.path.islink(pty):
        if host.poll() is not None:
            sys.exit(1)
        time.sleep(0.05)
    time.sleep(0.1)

    step("gdb vmlinux")
    gdb = debuggee.Gdb(kernel, args=["-ex", "set filename-display basename"], log=Tee())
    gdb.attach(pty)
    gdb.do("bt")
    gdb.do("break start_thread")
    gdb.go()
    print("\n[the debuggee runs /bin/true]")
    vm.send("/bin/true")
    gdb.wait()
    gdb.do("bt")
    gdb.do("print *regs")
    gdb.do("delete")
    gdb.go()
    time.sleep(0.5)
    print("\n[Ctrl-C]")
    gdb.interrupt()
    gdb.do("bt 4")
    gdb.detach()
    gdb.send("quit")
    gdb.spawn.expect(debuggee.pexpect.EOF)

    vm.console.expect_exact(vm.PROMPT)
    step("and the debuggee runs on:")
    print(vm.sh("uname -r; uptime").strip())
    host.terminate()
    host.wait()


def hand_over(kernel, vm):
    step("over to you")
    # The console goes from here to whoever opens that socket next.
    vm.console.close()
    if not sys.stdin.isatty():
        sys.exit("INTERACTIVE=1 wants a terminal")
    print(f"the debuggee's console (its shell), in another terminal:\n"
          f"    socat -,rawer,escape=0x1d UNIX-CONNECT:{vm.dir}/con      (Ctrl-] ends it)\n"
          f"try:   (gdb) break start_thread      (gdb) continue      and run something there\n",
          flush=True)
    # On a terminal of its own, so that Ctrl-C is gdb's alone and not make's as well.
    columns, rows = shutil.get_terminal_size()
    gdb = debuggee.pexpect.spawn(
        KGDB_IO, ["gdb", "unix:" + vm.dbg, "--pty", vm.dir + "/pty", "--symbols",
                  kernel.vmlinux], dimensions=(rows, columns))
    gdb.interact(escape_character=None)
    gdb.close()


def main():
    kernel, vm = boot()
    try:
        if os.environ.get("INTERACTIVE", "0") not in ("", "0"):
            hand_over(kernel, vm)
        else:
            play(kernel, vm)
    finally:
        vm.close()


main()
