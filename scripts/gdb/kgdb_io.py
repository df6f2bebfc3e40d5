"""gdb's half of kgdb_io: the symbols of loaded kernel modules, and what gdb cannot work out.

kgdb-io gdb sources it; "source kgdb_io.py" does for a gdb that was started by hand. After
each stop that is no step it looks whether the kernel's list of modules has changed, and adds
and removes symbols. It needs nothing in the kernel but its debug information.

    info kgdb-io                        what is debugged, and what is missing
    kgdb-io sync                        look at the modules now
    set kgdb-io module-path DIR:DIR     where else to look for .ko files
    set kgdb-io follow-modules on       be there before a module's init function runs
"""
import atexit
import os
import re
import shutil
import struct
import tempfile
import time

import gdb

MODULES_MAX = 4096      # a list that is longer is not one
# What stops sooner after it was resumed, and not at a breakpoint, has made a step. It is not
# slowed down by a look at the modules.
STEP_SECONDS = 0.01


def text(value):
    """The string in a char array or behind a pointer of the target."""
    return value.string("ascii", "replace")


def number(expression):
    """An expression's value as an address."""
    return int(gdb.parse_and_eval(expression).cast(gdb.lookup_type("unsigned long")))


def section_table(f):
    """Of an open ELF file: the table's offset, its rows' size and number, and the row of names."""
    head = f.read(64)
    if head[:6] != b"\x7fELF\x02\x01":
        raise struct.error("not an ELF file")
    return struct.unpack_from("<Q", head, 40) + struct.unpack_from("<HHH", head, 58)


def sections(path):
    """The sections of an ELF file: {name: (address, offset, size)}; {} if it is none."""
    try:
        with open(path, "rb") as f:
            table, size, count, names = section_table(f)
            f.seek(table)
            data = f.read(size * count)
            rows = [struct.unpack_from("<IIQQQQ", data, i * size) for i in range(count)]
            f.seek(rows[names][4])
            strings = f.read(rows[names][5])
    except (OSError, struct.error, IndexError):
        return {}
    return {strings[r[0]:strings.find(b"\0", r[0])].decode("ascii", "replace"):
            (r[3], r[4], r[5]) for r in rows}


def build_id(note):
    """The build id in the bytes of a .note.gnu.build-id section, in hex digits."""
    if len(note) < 16:
        return ""
    name, size, _ = struct.unpack_from("<III", note)
    start = 12 + (name + 3 & ~3)
    return bytes(note[start:start + size]).hex()


def file_build_id(path):
    """The build id of an ELF file; "" without one."""
    found = sections(path).get(".note.gnu.build-id")
    if not found:
        return ""
    with open(path, "rb") as f:
        f.seek(found[1])
        return build_id(f.read(min(found[2], 256)))


class Copies:
    """Copies of .ko files with no address in them, until gdb ends.

    Where a section of a relocatable file has an address, gdb takes the file for one that is not
    to be relocated (default_symfile_offsets(), gdb 13 to 16), and its variables are anywhere. The
    linker gives the kernel's modules such sections, .data at 0x20 for one.
    """

    # With debug information they are large: on a disk rather than in memory.
    PLACE = os.environ.get("TMPDIR") or "/var/tmp"
    PREFIX = "kgdb-io-"

    def __init__(self):
        self.directory = None

    def clean_up(self):
        """Remove what a gdb that was killed has left behind."""
        for name in os.listdir(self.PLACE):
            match = re.fullmatch(self.PREFIX + r"(\d+)-\w+", name)
            path = os.path.join(self.PLACE, name)
            if match and not os.path.exists("/proc/" + match[1]) and \
                    os.lstat(path).st_uid == os.getuid():
                shutil.rmtree(path, True)

    def make(self, path):
        """The name of a copy, to be removed by drop()."""
        if not self.directory:
            self.clean_up()
            self.directory = tempfile.mkdtemp("", f"{self.PREFIX}{os.getpid()}-", self.PLACE)
            atexit.register(shutil.rmtree, self.directory, True)
        # One of the same name that gdb has seen before would not be read again.
        copy = os.path.join(tempfile.mkdtemp(dir=self.directory), os.path.basename(path))
        shutil.copyfile(path, copy)
        with open(copy, "r+b") as f:
            table, size, count, _ = section_table(f)
            for i in range(count):
                f.seek(table + i * size + 16)
                f.write(bytes(8))
        return copy

    def drop(self, copy):
        """Remove what make() made."""
        shutil.rmtree(os.path.dirname(copy), True)


copies = Copies()


def quoted(path):
    """A file name as gdb's commands want it."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quietly(command):
    """Run a command of gdb's, without questions: its output."""
    confirm = gdb.parameter("confirm")
    gdb.execute("set confirm off")
    try:
        return gdb.execute(command, to_string=True)
    finally:
        gdb.execute("set confirm " + ("on" if confirm else "off"))


def packet(payload):
    """The target's reply to a packet; "" if it knows it not."""
    try:
        output = gdb.execute("maintenance packet " + payload, to_string=True)
    except gdb.error:
        return ""
    match = re.search(r'^received: "(.*)"$', output, re.M | re.S)
    return match[1] if match else ""


class ModulePath(gdb.Parameter):
    """Directories with .ko files, separated by colons, in which modules are looked for first."""

    set_doc = "Set where to look for kernel modules' files."
    show_doc = "Show where to look for kernel modules' files."

    def __init__(self):
        super().__init__("kgdb-io module-path", gdb.COMMAND_FILES, gdb.PARAM_STRING)
        self.value = ""

    def get_set_string(self):
        """Called by gdb; what it prints."""
        state.files = None
        state.seen = None
        return ""

    def get_show_string(self, value):
        """Called by gdb; what it prints."""
        return f"Modules are looked for in {value or 'the usual places only'}."


class FollowModules(gdb.Parameter):
    """With "on", gdb reads a module's symbols before its init function runs, by a breakpoint
of its own in the kernel, so that breakpoints in that function are hit."""

    set_doc = "Set whether each module load is followed."
    show_doc = "Show whether each module load is followed."

    def __init__(self):
        super().__init__("kgdb-io follow-modules", gdb.COMMAND_BREAKPOINTS, gdb.PARAM_BOOLEAN)
        self.value = False
        self.breakpoint = None

    def get_set_string(self):
        """Called by gdb; what it prints."""
        if self.value and not self.breakpoint:
            self.breakpoint = InitBreakpoint()
        elif not self.value and self.breakpoint:
            self.breakpoint.delete()
            self.breakpoint = None
        return ""

    def get_show_string(self, value):
        """Called by gdb; what it prints."""
        return f"Following module loads is {value}."


class InitBreakpoint(gdb.Breakpoint):
    """Where a module is complete and its init function about to be called."""

    def __init__(self):
        super().__init__("do_init_module", internal=True)
        self.silent = True

    def stop(self):
        """Called by gdb; the target goes on."""
        state.sync()
        return False


class Module:
    """A loaded module of the target."""

    def __init__(self, value):
        self.value = value
        self.name = text(value["name"])
        self.key = int(value.address)
        fields = {f.name for f in value.type.fields()}
        if "mem" in fields:     # since Linux 6.4
            self.base = int(value["mem"][0]["base"])
        else:
            self.base = int(value["core_layout"]["base"])
        self.file = None
        self.copy = None        # that gdb reads in place of it
        self.why = ""

    def places(self):
        """Where its sections are: {name: address}."""
        attributes = self.value["sect_attrs"]
        if not int(attributes):
            return {}
        table = attributes["attrs"]
        found = {}
        fields = {f.name for f in table.type.target().fields()}
        if "address" in fields:
            count = int(attributes["nsections"])
        else:                   # since Linux 6.14
            count = 0
            while int(attributes["grp"]["bin_attrs"][count]) and count < 256:
                count += 1
        for i in range(min(count, 256)):
            if "address" in fields:
                name, address = table[i]["battr"]["attr"]["name"], table[i]["address"]
            else:
                name, address = table[i]["attr"]["name"], table[i]["private"]
            found[text(name)] = int(address.cast(gdb.lookup_type("unsigned long")))
        # Not in that table: what stands there is an offset, as that of each per-CPU symbol.
        try:
            if int(self.value["percpu_size"]):
                found[".data..percpu"] = int(self.value["percpu"])
        except gdb.error:       # a kernel without SMP
            pass
        return found

    def load(self, candidates):
        """Read the symbols of the one file that is this module's."""
        places = self.places()
        note = places.get(".note.gnu.build-id")
        mine = build_id(gdb.selected_inferior().read_memory(note, 36).tobytes()) if note else ""
        self.why = "no .ko file found"
        for path in candidates:
            theirs = file_build_id(path)
            if mine and theirs and mine != theirs:
                self.why = f"{path} is another build of it"
                continue
            wanted = sections(path)
            if any(address for address, _, _ in wanted.values()):
                self.copy = copies.make(path)
            command = f"add-symbol-file {quoted(self.copy or path)}"
            places.setdefault(".text", self.base)
            for name, address in places.items():
                # Those for start-up are gone by the time that anybody looks.
                if name in wanted and wanted[name][2] and not name.startswith(".note"):
                    command += f" -s {name} {address:#x}"
            quietly(command)
            self.file, self.why = path, ""
            self.base = places[".text"]
            return

    def unload(self):
        """Forget its symbols."""
        if self.file:
            try:
                # By address gdb finds others, too: sections that were not named are anywhere.
                quietly("remove-symbol-file " + quoted(self.copy or self.file))
            except gdb.error:
                pass
        if self.copy:
            copies.drop(self.copy)
            self.copy = None


class State:
    """What has been done for the target so far."""

    def __init__(self):
        self.modules = {}       # by name
        self.seen = None        # of the list, by which a change is noticed
        self.files = None       # {module name: [.ko file]}
        self.said = set()
        self.resumed = 0.0
        self.kernel = None      # vmlinux, once it was read anew, and its slide

    def say(self, message):
        """Tell the person, once."""
        if message not in self.said:
            self.said.add(message)
            gdb.write(f"kgdb_io: {message}\n")

    def vmlinux(self):
        """The name of vmlinux."""
        if self.kernel:
            return self.kernel[0]
        for objfile in gdb.objfiles():
            if objfile.lookup_global_symbol("linux_banner") or \
                    objfile.lookup_global_symbol("start_kernel"):
                return objfile.filename
        return None

    def release(self):
        """The target's release, from its memory."""
        try:
            return text(gdb.parse_and_eval("init_uts_ns.name.release"))
        except gdb.error:
            return ""

    def per_cpu(self):
        """Where per-CPU symbols are offsets, they must not move with the kernel.

        gdb moves all of a vmlinux when it hears of KASLR. The file is read once more, which
        is cheap the second time, with that section where it was linked.
        """
        if self.kernel:
            path, before = self.kernel
            match = re.match(r"TextSeg=([0-9a-f]+)", packet("qOffsets"))
            linked = sections(path).get(".text", (0,))[0]
            slide = int(match[1], 16) - linked if match else before
            if slide == before:
                return
            quietly("remove-symbol-file " + quoted(path))
        else:
            path = self.vmlinux()
            found = sections(path) if path else {}
            if not found.get(".data..percpu", (0, 0, 0))[2] or found[".data..percpu"][0]:
                return
            linked = found[".text"][0]
            slide = number("&_text") - linked
            if not slide:
                return
            # Forgets all symbols there are.
            quietly("symbol-file")
        quietly(f"add-symbol-file {quoted(path)} -o {slide:#x} -s .data..percpu 0")
        self.kernel = (path, slide)

    def find_files(self):
        """All .ko files in the places where there may be some."""
        self.files = {}
        roots = [d for d in (gdb.parameter("kgdb-io module-path") or "").split(":") if d]
        vmlinux = self.vmlinux()
        if vmlinux:
            roots.append(os.path.dirname(os.path.realpath(vmlinux)))
        release = self.release()
        if release and "/" not in release:
            roots += [d + "/lib/modules/" + release for d in ("/usr/lib/debug", "")]
        for root in roots:
            for directory, _, names in os.walk(root):
                for name in names:
                    if name.endswith((".ko", ".ko.debug")):
                        key = name.split(".ko")[0].replace("-", "_")
                        self.files.setdefault(key, []).append(os.path.join(directory, name))

    def mark(self):
        """A few words of the target by which a change of its modules shows."""
        head = gdb.parse_and_eval("modules")
        mark = [int(head["next"]), int(head["prev"])]
        try:
            mark.append(text(gdb.parse_and_eval("last_unloaded_module.name")))
        except gdb.error:
            pass
        return mark

    def list(self):
        """The target's modules."""
        module = gdb.lookup_type("struct module")
        offset = [f.bitpos // 8 for f in module.fields() if f.name == "list"][0]
        head = gdb.parse_and_eval("modules")
        at, end = int(head["next"]), int(head.address)
        found = []
        while at != end:
            if len(found) == MODULES_MAX:
                raise gdb.error("the list of modules does not end")
            value = gdb.Value(at - offset).cast(module.pointer()).dereference()
            found.append(Module(value))
            at = int(value["list"]["next"])
        return found

    def sync(self):
        """Make gdb's symbols those of the modules that are loaded now."""
        # One that is being loaded is in the list early, and moved by nobody.
        now = {m.name: m for m in self.list()}
        for name, module in list(self.modules.items()):
            if name not in now or now[name].key != module.key:
                module.unload()
                del self.modules[name]
        for name, module in now.items():
            if name in self.modules:
                continue
            if self.files is None:
                self.find_files()
            try:
                module.load(self.files.get(name, []))
            except (gdb.error, OSError) as error:
                module.why = str(error)
            self.modules[name] = module
            if "another build" in module.why:
                self.say(f"{name}: {module.why}, so its symbols are not read")
        self.seen = self.mark()

    def running(self, event):
        """The target runs."""
        self.resumed = time.monotonic()

    def stopped(self, event=None):
        """The target has stopped: read what is new."""
        if self.seen is not None and type(event) is gdb.StopEvent and \
                time.monotonic() - self.resumed < STEP_SECONDS:
            return
        try:
            if self.seen is None:
                self.per_cpu()
            if self.mark() != self.seen:
                self.sync()
        except gdb.error as error:
            self.seen = []
            self.say(f"the modules' symbols cannot be read: {error}")

    def left(self):
        """The target is gone."""
        for module in self.modules.values():
            module.unload()
        self.modules.clear()
        self.seen = None
        self.said.clear()


class KgdbIo(gdb.Command):
    """Commands of kgdb_io."""

    def __init__(self):
        super().__init__("kgdb-io", gdb.COMMAND_SUPPORT, prefix=True)


class Sync(gdb.Command):
    """Read the symbols of the modules that the target has loaded, those that are new."""

    def __init__(self):
        super().__init__("kgdb-io sync", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        """Called by gdb."""
        need_target()
        state.files = None
        state.left()
        state.per_cpu()
        state.sync()
        missing = [m.name for m in state.modules.values() if not m.file]
        print(f"{len(state.modules) - len(missing)} modules' symbols read" +
              (f"; none for {', '.join(missing)}: see info kgdb-io" if missing else ""))


class InfoKgdbIo(gdb.Command):
    """Show what is debugged: target, link, KASLR offset, modules, and what is missing."""

    def __init__(self):
        super().__init__("info kgdb-io", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        """Called by gdb."""
        need_target()
        known = dict(f.split(":", 1) for f in packet("qkgdbio.info").split(";") if ":" in f)
        said = {k: bytes.fromhex(known[k]).decode("utf-8", "replace")
                for k in ("release", "version", "machine") if k in known}
        print("target:   " + (" ".join(said.values()) or state.release() or "unknown") +
              (f", {int(known['cpus'], 16)} CPUs" if "cpus" in known else ""))
        if "build-id" in known:
            print("build id: " + known["build-id"])
        if not known:
            print("          (no kgdb_io module there: another stub answers)")
        connection = gdb.selected_inferior().connection
        print(f"link:     {connection.details or connection.description}")
        path = state.vmlinux()
        if not path:
            print("vmlinux:  none: give its name to gdb, or --symbols to kgdb-io")
            return
        mine = file_build_id(path)
        print(f"vmlinux:  {path}" + (", which is another build: " + mine
              if mine and known.get("build-id", mine) != mine else ""))
        names = sections(path)
        if ".debug_info" not in names:
            print("          without debug information: no types, lines and variables")
        elif names.get(".text"):
            print(f"KASLR:    moved by {number('&_text') - names['.text'][0]:#x}")
        if not state.modules:
            print("modules:  none loaded, or none known: kgdb-io sync looks again")
        for name, module in sorted(state.modules.items()):
            print(f"module:   {name} at {module.base:#x}, " + (module.file or module.why))


def need_target():
    """Fail with a clear message where there is nothing to look at."""
    inferior = gdb.selected_inferior()
    if not getattr(inferior, "connection", None) or not inferior.threads():
        raise gdb.GdbError("There is no target: attach with \"target remote\" first.")
    if gdb.selected_thread() is None or gdb.selected_thread().is_running():
        raise gdb.GdbError("The target runs: stop it with Ctrl-C first.")


state = State()
KgdbIo()
for prefix in ("set", "show"):
    gdb.execute(f"define-prefix {prefix} kgdb-io", to_string=True)
ModulePath()
FollowModules()
Sync()
InfoKgdbIo()
gdb.events.stop.connect(state.stopped)
gdb.events.cont.connect(state.running)
gdb.events.exited.connect(lambda event: state.left())
if hasattr(gdb.events, "connection_removed"):
    gdb.events.connection_removed.connect(lambda event: state.left())
if gdb.selected_thread() and gdb.selected_thread().is_stopped():
    state.stopped()
