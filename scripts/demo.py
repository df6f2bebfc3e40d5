#!/usr/bin/python3
"""The classic session, played: boot a kernel in QEMU, insmod kgdb_io.ko, attach gdb
through kgdb-io, break on the exec path, hit it, look around, Ctrl-C, detach.

With TRANSPORT=usb in the environment there are two machines, each with a USB serial adapter,
their lines joined; kgdb-io and gdb run on the second. With INTERACTIVE=1 it stops at gdb's
prompt and leaves it to you.
"""
import os
import shlex
import shutil
import subprocess
import sys
import time

import debuggee
import debugger_vm
from debuggee import KGDB_IO


class Tee:
    """Shows what a program prints, with its prompts, as it comes."""

    def write(self, text):
        sys.stdout.write(text.replace("\r", ""))

    def flush(self):
        sys.stdout.flush()


def step(text):
    print(f"\n\033[1m== {text}\033[0m", flush=True)


def insmod(vm):
    step(f"in the debuggee: insmod kgdb_io.ko {vm.transport}")
    print(vm.insmod().strip())


def play(gdb, vm):
    """The session, from a gdb that has just stopped the debuggee to one that has ended."""
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

    vm.console.expect_exact(vm.PROMPT)
    step("and the debuggee runs on:")
    print(vm.sh("uname -r; uptime").strip())


def hand_over(vm, program):
    """Gives the terminal to gdb, which `program` (command and arguments) has started."""
    step("over to you")
    # The console goes from here to whoever opens that socket next.
    vm.console.close()
    print(f"the debuggee's console (its shell), in another terminal:\n"
          f"    socat -,rawer,escape=0x1d UNIX-CONNECT:{vm.dir}/con      (Ctrl-] ends it)\n"
          f"try:   (gdb) break start_thread      (gdb) continue      and run something there\n",
          flush=True)
    # On a terminal of its own, so that Ctrl-C is gdb's alone and not make's as well.
    columns, rows = shutil.get_terminal_size()
    gdb = debuggee.pexpect.spawn(program[0], program[1:], dimensions=(rows, columns))
    gdb.interact(escape_character=None)
    gdb.close()


def virtio(version, interactive):
    kernel = debuggee.kernel(version)
    step(f"a debuggee: linux {version} in QEMU, with a virtio console for the debugger")
    print("qemu-system-x86_64 ... -device virtio-serial-pci,max_ports=1 "
          "-device virtconsole,chardev=dbg \\\n    "
          "-chardev socket,id=dbg,path=dbg.sock,server=on,wait=off")
    with debuggee.VM(kernel) as vm:
        insmod(vm)
        pty = vm.dir + "/pty"
        attach = ["unix:" + vm.dbg, "--pty", pty, "--symbols", kernel.vmlinux]
        if interactive:
            hand_over(vm, [KGDB_IO, "gdb", *attach])
            return
        step("on the host: kgdb-io attach unix:dbg.sock")
        host = subprocess.Popen([KGDB_IO, "attach", *attach],
                                preexec_fn=debuggee.die_with_parent)
        while not os.path.islink(pty):
            if host.poll() is not None:
                sys.exit(1)
            time.sleep(0.05)
        time.sleep(0.1)
        step("gdb vmlinux")
        gdb = debuggee.Gdb(kernel, args=["-ex", "set filename-display basename"], log=Tee())
        gdb.attach(pty)
        play(gdb, vm)
        gdb.close()
        host.terminate()
        host.wait()


def usb(version, interactive):
    kernel = debuggee.kernel(version, "debugger")
    step(f"a debuggee: linux {version} in QEMU, with an adapter on its xHCI controller")
    print("qemu-system-x86_64 ... -device qemu-xhci -device usb-serial,chardev=line \\\n    "
          "-chardev socket,id=line,path=line.sock,server=on,wait=off")
    with debuggee.VM(kernel, transport="usb") as vm:
        insmod(vm)
        step("a debugger's machine: another QEMU, with another adapter at the other end of the line")
        print("qemu-system-x86_64 ... -device qemu-xhci -device usb-serial,chardev=line \\\n    "
              "-chardev socket,id=line,path=line.sock")
        with debugger_vm.DebuggerVM(debugger_vm.socket_chardev("line", vm.dbg) +
                                    debugger_vm.adapter("ser", "line", "1"), kernel) as second:
            print(second.kgdb_io("list")[1].strip())
            if interactive:
                program = shlex.join([KGDB_IO, "gdb", "usb", "--symbols",
                                      os.path.realpath(kernel.vmlinux)])
                # A serial line does not end with gdb; with the machine it does.
                second.sh(f"((setsid -c {second.inside(program)} </dev/ttyS1 >/dev/ttyS1 2>&1; "
                          "reboot -f) &)")
                hand_over(vm, ["socat", "-,raw,echo=0", "UNIX-CONNECT:" + second.dbg])
                return
            step("there: kgdb-io attach usb")
            host = second.attach("usb", "--symbols", os.path.realpath(kernel.vmlinux))
            print(host.said().strip())
            step("there: gdb vmlinux")
            gdb = second.gdb(vm, log=Tee())
            gdb.do("set filename-display basename")
            gdb.attach("/run/pty")
            play(gdb, vm)
            gdb.close()


def main():
    transport = os.environ.get("TRANSPORT", "virtio")
    demos = {"virtio": virtio, "usb": usb}
    if transport not in demos:
        sys.exit(f"TRANSPORT={transport}: there are {' and '.join(demos)}")
    interactive = os.environ.get("INTERACTIVE", "0") not in ("", "0")
    if interactive and not sys.stdin.isatty():
        sys.exit("INTERACTIVE=1 wants a terminal")
    demos[transport](os.environ.get("KERNEL", "6.12"), interactive)


main()
