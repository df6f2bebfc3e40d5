"""Inside gdb: run pieces of work and print how long they took, one RESULT line each."""
import os
import time

import gdb

DUMP = os.path.join(os.environ["BENCH_DIR"], "dump")


def timed(name, work):
    """Run work once, gdb's own caches empty."""
    gdb.execute("maintenance flush dcache", to_string=True)
    gdb.execute("maintenance flush register-cache", to_string=True)
    start = time.monotonic()
    work()
    gdb.write(f"RESULT {name} {time.monotonic() - start:.6f}\n")


def run(command, times=1):
    """A command, as often as told, its output thrown away."""
    def work():
        for _ in range(times):
            gdb.execute(command, to_string=True)
    return work


def dump(mebibytes):
    """Memory from the kernel's first byte on."""
    def work():
        start = int(gdb.parse_and_eval("&_text").cast(gdb.lookup_type("unsigned long")))
        # Through the direct map: it goes on behind the image.
        base = int(gdb.parse_and_eval("page_offset_base"))
        physical = int(gdb.parse_and_eval("phys_base"))
        first = base + start - 0xffffffff80000000 + physical
        gdb.execute(f"dump binary memory {DUMP} {first} {first + (mebibytes << 20)}")
        assert os.path.getsize(DUMP) == mebibytes << 20
    return work


def tasks():
    """Each task's name and number, as a script of the kernel's would look at them."""
    task = gdb.lookup_type("struct task_struct")
    offset = [f.bitpos // 8 for f in task.fields() if f.name == "tasks"][0]
    head = gdb.parse_and_eval("init_task.tasks")
    at, end, seen = int(head["next"]), int(head.address), 0
    while at != end:
        one = gdb.Value(at - offset).cast(task.pointer()).dereference()
        one["comm"].string(errors="replace")
        int(one["pid"])
        at = int(one["tasks"]["next"])
        seen += 1
    assert 20 < seen < 1000, seen


WORK = {
    "dump 1 MiB": dump(1), "dump 16 MiB": dump(16), "bt": run("bt"), "task list": tasks,
    "info threads": run("info threads"), "200 stepi": run("stepi", 200),
    "50 next": run("next", 50),
}


class Measure(gdb.Command):
    """measure NAME: run that piece of work."""

    def __init__(self):
        super().__init__("measure", gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        """Called by gdb."""
        if argument.startswith("attach "):
            timed("attach", run("target remote " + argument.split()[1]))
        else:
            timed(argument, WORK[argument])


Measure()
