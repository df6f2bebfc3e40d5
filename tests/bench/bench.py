#!/usr/bin/python3
"""How fast gdb is, by every way to the same kernel, in one sitting.

BENCH_ROUNDS rounds (5), interleaved; medians. The table goes to standard output, it and a
drawing to build/bench. With PROFILE=1: where the time of a dump goes instead. BENCH_GDB is the
gdb that is used, else one that takes memory as bytes (16 or later), which is fetched.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))

import debuggee  # noqa: E402
from relay import Relay  # noqa: E402

GDB = os.environ.get("BENCH_GDB")
OUT = os.path.join(TOP, "build", "bench")
INSIDE = os.path.join(TOP, "tests", "bench", "inside.py")

UART, DIRECT, MODULE, HOST, USB, QEMU = WAYS = (
    "kgdboc, 16550", "virtio, accel=0", "virtio, accel=1", "virtio, kgdb-io", "usb, kgdb-io",
    "QEMU's gdbstub")
# The first two in a kernel that has just booted, the rest with 200 threads more: gdb reads the
# list of all of them after each command that moves; QEMU's stub has one.
WORK = ["first attach", "200 stepi", "attach", "Ctrl-C", "50 next", "bt", "task list",
        "info threads", "200 stepi, threads", "stepi 200", "dump 1 MiB, data",
        "dump 1 MiB, code", "dump 16 MiB"]
# How often a round measures each, but with the UART: who is woken waits for a core now and then.
# (A core for the vCPU alone doubles everything: three programs take turns on the other then.)
OFTEN = 3
# What takes minutes there, and has no meaning there.
LEFT_OUT = {(UART, "dump 16 MiB"), (QEMU, "info threads")}

GOALS = [
    (f"{work}: {HOST} at least {ratio} times as fast as {way}", work, way, ratio)
    for work, way, ratio in (
        ("dump 1 MiB, data", QEMU, 1.5), ("dump 1 MiB, code", QEMU, 1.5),
        ("dump 16 MiB", QEMU, 1.5), ("dump 1 MiB, data", UART, 150),
        ("dump 1 MiB, code", UART, 150), ("200 stepi", QEMU, 1), ("stepi 200", QEMU, 1),
        ("attach", UART, 5), ("bt", UART, 5), ("task list", UART, 5))]


# What QEMU notes when the debuggee addresses the device: a VM exit, where there are any.
DOORBELLS = {UART: "serial_*", USB: "usb_xhci_doorbell_write"}
TRAFFIC = ["bt", "task list", "200 stepi", "dump 1 MiB, data"]


class Run:
    """One debuggee and the gdb on it, one vCPU; `counted`: and what goes between them."""

    def __init__(self, way, counted=False):
        self.way, self.host, self.relay = way, None, None
        self.trace = OUT + "/trace"
        self.vm = vm = debuggee.VM(
            debuggee.kernel(), transport="usb" if way == USB else "virtio", append="nokaslr",
            devices=["-serial", "chardev:dbg"] if way == UART else None,
            extra=["-chardev", f"socket,id=stub,path={OUT}/stub,server=on,wait=off",
                   "-gdb", "chardev:stub"] if way == QEMU else
            ["-trace", DOORBELLS.get(way, "virtio_queue_notify"), "-D", self.trace]
            if counted else [])
        vm.sh("echo 1 >/proc/sys/kernel/sysrq")
        self.target = vm.dbg
        if way == UART:
            vm.sh("echo ttyS1 >/sys/module/kgdboc/parameters/kgdboc")
        elif way == QEMU:
            self.target = OUT + "/stub"
        else:
            vm.insmod(vm.transport + (" accel=0" if way == DIRECT else ""))
        if counted:
            self.relay = Relay(OUT + "/relay", vm.dbg)
            self.target = self.relay.path
        if way in (HOST, USB):
            link, self.target = self.target, vm.dir + "/pty"
            self.host = subprocess.Popen(
                [debuggee.KGDB_IO, "attach", "-q", "unix:" + link, "-p", self.target,
                 "-s", vm.kernel.vmlinux], preexec_fn=debuggee.die_with_parent,
                stdout=subprocess.DEVNULL)
            while not os.path.islink(self.target):
                time.sleep(0.05)
        self.gdb = debuggee.Gdb(vm.kernel, program=GDB)
        self.gdb.do("source " + INSIDE)

    def measure(self, work, timeout=900):
        """Seconds that a piece of work takes."""
        output = self.gdb.do("measure " + work, timeout)
        match = re.search(r"^RESULT .* ([0-9.]+)$", output, re.M)
        if not match:
            raise RuntimeError(f"{self.way}: {work}: {output}")
        return float(match[1])

    def interrupt(self):
        """Seconds from Ctrl-C to gdb's prompt."""
        self.gdb.go()
        time.sleep(0.3)
        start = time.monotonic()
        if self.way == UART:
            # gdb's Ctrl-C does nothing there: the shell's SysRq does.
            self.vm.send("echo g >/proc/sysrq-trigger")
        else:
            self.gdb.spawn.sendintr()
        self.gdb.wait()
        return time.monotonic() - start

    def attach(self):
        """Seconds that it takes to attach."""
        if self.way == UART:
            self.vm.send("echo g >/proc/sysrq-trigger")
            time.sleep(0.5)
        return self.measure("attach " + self.target)

    def go_somewhere(self):
        """Where there is something to see and to step through."""
        self.gdb.do("break load_elf_binary")
        self.gdb.go()
        self.vm.send("/bin/true")
        self.gdb.wait(60)
        self.gdb.do("delete")

    def doorbells(self):
        """How often the debuggee has addressed the device so far."""
        with open(self.trace, "rb") as f:
            return sum(1 for _ in f)

    def traffic(self, work):
        """Requests, bytes out and in, and doorbells that a piece of work costs."""
        before = (*self.relay.counts(), self.doorbells())
        self.measure(work)
        after = (*self.relay.counts(), self.doorbells())
        return [b - a for a, b in zip(before, after)]

    def more_threads(self):
        """200, in a kernel that runs."""
        self.vm.sh("i=0; while [ $i -lt 200 ]; do sleep 100000 & i=$((i+1)); done 2>/dev/null")

    def all(self):
        """Every piece of work: {work: [seconds]}."""
        often = 1 if self.way == UART else OFTEN
        # gdb reads the symbols of where the kernel stopped.
        result = {"first attach": [self.attach()], "attach": [], "Ctrl-C": []}
        self.go_somewhere()
        result["200 stepi"] = [self.measure("200 stepi") for _ in range(often)]
        self.gdb.detach()
        self.more_threads()
        for _ in range(often):
            result["attach"].append(self.attach())
            self.gdb.detach()
            self.vm.sh("true")
        self.attach()
        for _ in range(often):
            result["Ctrl-C"].append(self.interrupt())
        self.go_somewhere()
        for work in WORK:
            if work not in result and (self.way, work) not in LEFT_OUT:
                result[work] = [self.measure(work) for _ in range(often)]
        return result

    def close(self):
        """End it."""
        self.gdb.close()
        if self.host:
            self.host.kill()
            self.host.wait()
        self.vm.close()


def sit(rounds):
    """All measurements: {way: {work: [seconds]}}."""
    seconds = {way: {work: [] for work in WORK} for way in WAYS}
    for i in range(rounds):
        for way in WAYS:
            print(f"round {i + 1} of {rounds}: {way}", file=sys.stderr)
            run = Run(way)
            try:
                for work, took in run.all().items():
                    seconds[way][work] += took
            finally:
                run.close()
    return seconds


def traffic():
    """What goes over the link, as a table."""
    lines = ["", "over the link: requests; bytes out, bytes in, doorbells (or accesses to the "
             "UART) for each", ""]
    width = max(map(len, WAYS))
    for work in TRAFFIC:
        lines.append(work)
        for way in WAYS:
            if way == QEMU or (way == UART and work.startswith("dump")):
                continue
            run = Run(way, counted=True)
            try:
                run.more_threads()
                run.attach()
                run.go_somewhere()
                requests, *rest = run.traffic(work)
            finally:
                run.close()
            lines.append(f"  {way:{width}} {requests:7}  " +
                         " ".join(f"{n / requests:10.1f}" for n in rest))
    return "\n".join(lines)


def table(median, seconds):
    """The figures for a person to read."""
    version = subprocess.run([GDB, "--version"], check=True, capture_output=True,
                             text=True).stdout.split("\n", maxsplit=1)[0]
    lines = [f"{version}: medians in ms; times as fast as kgdboc, as QEMU's gdbstub", ""]
    width = max(map(len, WAYS))
    for work in WORK:
        lines.append(work)
        for way in WAYS:
            if way not in median[work]:
                continue
            took, all_of = median[work][way], seconds[way][work]
            ratios = [f"{median[work][to] / took:8.1f}x" if to in median[work] else " " * 9
                      for to in (UART, QEMU)]
            lines.append(f"  {way:{width}} {took * 1000:10.2f} {' '.join(ratios)}"
                         f"   {min(all_of) * 1000:.2f} to {max(all_of) * 1000:.2f}, "
                         f"{len(all_of)} runs")
    lines.append("")
    for text, work, way, ratio in GOALS:
        reached = median[work][way] / median[work][HOST]
        lines.append(f"{'met   ' if reached >= ratio else 'MISSED'} {text}: {reached:.2f}")
    growth = median["dump 16 MiB"][HOST] / median["dump 1 MiB, code"][HOST]
    lines.append(f"{'met   ' if growth <= 16 else 'MISSED'} 16 MiB cost at most 16 times "
                 f"what 1 MiB costs: {growth:.1f}")
    return "\n".join(lines)


def draw(median):
    """An SVG through gnuplot: bars by work, time on a logarithmic scale."""
    with open(OUT + "/bench.dat", "w", encoding="utf-8") as f:
        f.write("work " + " ".join(f'"{way}"' for way in WAYS) + "\n")
        for work in WORK:
            f.write(f'"{work}" ' + " ".join(
                f"{median[work][way] * 1000:.3f}" if way in median[work] else "-"
                for way in WAYS) + "\n")
    script = f"""
set terminal svg size 1100,520 font "sans,12" background "white"
set output "{OUT}/bench.svg"
set datafile missing "-"
set title "gdb on a Linux kernel in QEMU (TCG, one vCPU): lower is faster"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set logscale y
set ylabel "ms"
set yrange [0.1:*]
set grid y
set key outside top center horizontal
plot for [i=2:{len(WAYS) + 1}] "{OUT}/bench.dat" using i:xtic(1) title columnheader(i)
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def cpu_seconds(pid):
    """{thread: seconds} of a process."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as f:
            stat = f.read()
        fields = stat[stat.rindex(")") + 2:].split()
        found[task] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def profile():
    """Who is busy while 64 MiB are dumped."""
    for way in (MODULE, HOST, QEMU):
        run = Run(way)
        run.measure("attach " + run.target)
        processes = {"gdb": run.gdb.spawn.pid, "qemu": run.vm.process.pid}
        if run.host:
            processes["kgdb-io"] = run.host.pid
        before = {name: cpu_seconds(pid) for name, pid in processes.items()}
        took = sum(run.measure("dump 16 MiB") for _ in range(4))
        print(f"{way}: 64 MiB in {took:.2f} s")
        for name, pid in processes.items():
            for task, seconds in cpu_seconds(pid).items():
                busy = seconds - before[name].get(task, 0)
                if busy >= 0.02:
                    kind = "" if name != "qemu" else \
                        " (main loop)" if int(task) == pid else " (vCPU, polling included)"
                    print(f"    {name}{kind}: {busy:.2f} s")
        run.close()


def main():
    global GDB
    try:
        GDB = GDB or debuggee.script("gdb-new.sh")
    except subprocess.CalledProcessError:
        sys.exit("bench: no newer gdb could be fetched: BENCH_GDB=gdb takes the one that is here")
    os.makedirs(OUT, exist_ok=True)
    os.environ["BENCH_DIR"] = OUT
    if os.environ.get("PROFILE", "0") not in ("", "0"):
        profile()
        return
    seconds = sit(int(os.environ.get("BENCH_ROUNDS", "5")))
    median = {work: {way: statistics.median(seconds[way][work])
                     for way in WAYS if seconds[way][work]} for work in WORK}
    text = table(median, seconds) + "\n" + traffic()
    print(text)
    with open(OUT + "/bench.txt", "w", encoding="utf-8") as f:
        f.write(text + "\n")
    with open(OUT + "/bench.json", "w", encoding="utf-8") as f:
        json.dump(seconds, f, indent=1)
    draw(median)
    print(f"drawn in {OUT}/bench.svg")


main()
