"""Inside gdb: run pieces of work and print how long they took, one RESULT line each."""
import os
import time

import gdb

DUMP = os.path.join(os.environ["BENCH_DIR"], "dump")


def timed(name, work):
    """Run work once."""
    start = time.monotonic()
    work()
    gdb.write(f"RESULT {name} {time.monotonic() - start:.6f}\n")


def run(command, times=1):
    """A command, as often as told, its output thrown away."""
    def work():
        for _ in range(times):
            gdb.execute(command, to_string=True)
    return work


def number(expression):
    """The value of an expression, as an address."""
    return int(gdb.parse_and_eval(f"(unsigned long)({expression})"))


def dump(first, mebibytes):
    """Memory from an address on."""
    def work():
        gdb.execute(f"dump binary memory {DUMP} {first()} {first() + (mebibytes << 20)}")
        assert os.path.getsize(DUMP) == mebibytes << 20
    return work


def image():
    """The kernel's image in the direct map, which goes on behind it."""
    return number("page_offset_base") + number("&_text") - 0xffffffff80000000 + \
        number("phys_base")


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


# What only looks is done once before, so that gdb has read the symbols for it, with a step in
# between, so that nobody has the answers.
LOOK = {
    "dump 1 MiB, data": dump(lambda: number("&_sdata"), 1),
    "dump 1 MiB, code": dump(lambda: number("&_text"), 1),
    "dump 16 MiB": dump(image, 16),
    "bt": run("bt"), "task list": tasks, "info threads": run("info threads"),
}
MOVE = {"200 stepi": run("stepi", 200), "200 stepi, threads": run("stepi", 200),
        "stepi 200": run("stepi 200"), "50 next": run("next", 50)}


class Measure(gdb.Command):
    """measure NAME: run that piece of work."""

    def __init__(self):
        super().__init__("measure", gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        """Called by gdb."""
        if argument.startswith("attach "):
            timed("attach", run("target remote " + argument.split()[1]))
        elif argument in MOVE:
            timed(argument, MOVE[argument])
        else:
            if not argument.startswith("dump"):
                LOOK[argument]()
            gdb.execute("stepi", to_string=True)
            timed(argument, LOOK[argument])


Measure()
