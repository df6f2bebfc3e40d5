"""The packets that the module answers in place of the kernel's stub."""
import re
import subprocess

import pytest

import sessions
from conftest import any_transport, kernel
from rsp import Debugger, escape, frame, unescape


@pytest.fixture
def talk(boot):
    """talk(kernel, parameters): a stopped debuggee, and a conversation with its module."""
    lines = []

    def start(k=None, parameters="", **options):
        vm = boot(k or kernel(), **options)
        vm.insmod(vm.transport + " " + parameters)
        lines.append(Debugger(vm.dbg))
        return vm, lines[0]
    yield start
    for line in lines:
        line.close()


def memory(vm, tmp_path, addr, size):
    """What QEMU has at an address of the kernel's."""
    signed = addr - (1 << 64) if addr >> 63 else addr
    vm.qmp("memsave", val=signed, size=size, filename=str(tmp_path / "memory"))
    return (tmp_path / "memory").read_bytes()


def mapped(vm, tmp_path, addr):
    """Whether there is anything at an address."""
    try:
        return bool(memory(vm, tmp_path, addr, 1))
    except RuntimeError:
        return False


def begin(line):
    """The first request stops the kernel, and kdb may have a few words to say."""
    line.send(frame(b"qSupported:multiprocess+"))
    line.expect(b"+$", timeout=20)
    line.got = b"$" + line.got
    return line.reply()


def symbol(vm, name):
    """An address, from the kernel itself."""
    return int(vm.sh(f"grep ' {name}$' /proc/kallsyms").split()[0], 16)


def with_crc(data, before=b""):
    """Data with its CRC, see module/accel.h."""
    crc = 0xffffffff
    for byte in before + data:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 ^ (0x104c11db7 if crc >> 31 else 0)
    return data + crc.to_bytes(4, "big")


def checked(vm, data, addr, size):
    """The answer to qkgdbio.ram."""
    if vm.transport == "transport=virtio":
        return b"b" + data
    return b"c" + with_crc(data, addr.to_bytes(8, "big") + size.to_bytes(8, "big"))


@any_transport
@pytest.mark.parametrize("version,variant", [("6.12", "kdb"), ("6.1", "kdb"), ("6.12", "nokdb")])
def test_packets(talk, tmp_path, version, variant):
    vm, line = talk(kernel(version, variant), smp=2)
    text = symbol(vm, "_text")
    linux_banner = symbol(vm, "linux_banner")
    connected = symbol(vm, "kgdb_connected")
    base = symbol(vm, "page_offset_base")
    banner = vm.sh("cat /proc/version").strip().encode()
    reliable = b";QStartNoAckMode+" if vm.transport == "transport=virtio" else b""
    assert begin(line) == b"PacketSize=20000;binary-upload+" + reliable

    base = int.from_bytes(memory(vm, tmp_path, base, 8), "little")
    # Reads of any size and place are what QEMU has there.
    for addr, size in ((text, 0x10000), (text + 1, 0xfff), (text + 4095, 2), (text + 7, 1),
                       (text + 0x123, 0x4567), (base + 0x100000, 0x10000)):
        data = memory(vm, tmp_path, addr, size)
        assert bytes.fromhex(line.ask(b"m%x,%x" % (addr, size)).decode()) == data
        assert unescape(line.ask(b"x%x,%x" % (addr, size))) == b"b" + data
        got = unescape(line.ask(b"qkgdbio.ram:%x,%x" % (addr, size)))
        assert got == checked(vm, data, addr, size)
    assert line.ask(b"m%x,0" % text) == b""
    assert line.ask(b"x%x,0" % text) == b"b"

    # Where the stack ends is a page that nobody can read.
    registers = bytes.fromhex(line.ask(b"g").decode())
    top = (int.from_bytes(registers[56:64], "little") | 0xfff) + 1
    while mapped(vm, tmp_path, top):
        top += 4096
    last = memory(vm, tmp_path, top - 16, 16)
    assert bytes.fromhex(line.ask(b"m%x,20" % (top - 16)).decode()) == last
    assert unescape(line.ask(b"x%x,20" % (top - 16))) == b"b" + last
    for addr in (top, 0, 0xdead000000000000, (1 << 64) - 1):
        assert line.ask(b"m%x,8" % addr) == line.ask(b"x%x,8" % addr) == b"E22"
        assert line.ask(b"qkgdbio.ram:%x,8" % addr) == b"E22"
    # The display adapter's memory can be read, but is none.
    assert line.ask(b"x%x,8" % (base + 0xb8000)) != b"E22"
    got = unescape(line.ask(b"qkgdbio.ram:%x,8" % (base + 0xb8000)))
    assert got == checked(vm, b"", base + 0xb8000, 8)
    assert line.ask(b"qkgdbio.ram:%x,8" % (base + 0x9f000))[:1] == got[:1]

    # A long write, and one of which a part is refused.
    place = linux_banner & ~0xfff
    page = base + 0x200000
    data = bytes((i * 7 + i // 256) % 256 for i in range(5000))
    before = memory(vm, tmp_path, page, 5000)
    assert line.ask(b"X%x,%x:" % (page, 5000) + escape(data)) == b"OK"
    assert memory(vm, tmp_path, page, 5000) == data
    assert line.ask(b"M%x,%x:" % (page, 5000) + before.hex().encode()) == b"OK"
    assert memory(vm, tmp_path, page, 5000) == before
    refused = line.ask(b"X%x,4:AAAA" % top)
    assert re.fullmatch(b"E[0-9]+", refused)
    assert line.ask(b"X%x,1388:" % top + b"A" * 5000) == refused
    assert line.ask(b"X%x,1388:" % place + b"A" * 4999) == b"E22"
    assert line.ask(b"Z" + b"0" * 2000) == b"E22"

    threads = line.ask(b"qfThreadInfo")
    assert threads.startswith(b"m") and line.ask(b"qsThreadInfo") == b"l"
    names = threads[1:].split(b",")
    assert {b"fffffffe", b"fffffffd", b"01"} <= set(names) and len(set(names)) == len(names) > 25

    info = dict(field.split(b":") for field in line.ask(b"qkgdbio.info").split(b";"))
    assert bytes.fromhex(info[b"release"].decode()) == banner.split()[2]
    assert bytes.fromhex(info[b"machine"].decode()) == b"x86_64"
    assert bytes.fromhex(info[b"version"].decode()) in banner
    assert int(info[b"kgdb_connected"], 16) == connected and int(info[b"cpus"], 16) == 2
    notes = subprocess.run(["readelf", "-n", vm.kernel.vmlinux], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    assert f"Build ID: {info[b'build-id'].decode()}\n" in notes

    # A reply that arrived damaged is sent again; a request that did is asked for again.
    line.send(frame(b"m%x,4" % text))
    first = line.expect(b"#")
    line.got = line.got[2:]
    line.send(b"-")
    assert line.expect(b"#") == first[1:]
    line.got = line.got[2:]
    line.send(b"+$m0,0#00")
    assert line.expect(b"-") == b""

    # A stop says where.
    stop = line.ask(b"s")
    assert stop.startswith(b"T05thread:")
    registers = line.ask(b"g")
    assert b"".join(fields(stop)[b"%02x" % i] for i in range(22)) == registers
    assert line.ask(b"D") == b"OK"
    sessions.alive(vm)


@any_transport
def test_without(talk):
    """accel=0 is the stub and nothing else, from the next debugger on."""
    vm, line = talk(parameters="accel=0")
    text = symbol(vm, "_text")
    line.send(b"+" + frame(b"?"))
    line.expect(b"+$S05#b8")
    line.send(b"+")
    assert line.ask(b"qSupported:") == b""
    for packet in (b"x%x,4" % text, b"qkgdbio.info", b"QStartNoAckMode"):
        assert line.ask(packet) == b""
    assert line.ask(b"m%x,4" % text) != b""
    assert re.fullmatch(b"T05thread:[0-9a-f]*;", line.ask(b"s"))
    assert line.ask(b"D") == b"OK"
    sessions.alive(vm)
    vm.sh("echo 1 >/sys/module/kgdb_io/parameters/accel")
    assert begin(line).startswith(b"PacketSize=20000")
    assert line.ask(b"D") == b"OK"


def fields(stop):
    """The pairs of a stop reply."""
    assert stop.startswith(b"T05")
    return dict(pair.split(b":") for pair in stop[3:-1].split(b";"))


def register(stop, number):
    """The value of a register in one."""
    return int.from_bytes(bytes.fromhex(fields(stop)[b"%02x" % number].decode()), "little")


RCX, RSP, RIP = 2, 7, 16


@any_transport
@pytest.mark.parametrize("version", ["6.12", "6.1"])
def test_stops(talk, tmp_path, version):
    """What a host that knows the module is told, and what it may leave to the module."""
    vm, line = talk(kernel(version))
    # The instruction with which a page is cleared, 512 or 4096 steps for one address.
    places = [symbol(vm, name) for name in ("clear_page_rep", "clear_page_erms")]
    assert b"kgdbio" not in begin(line)
    assert b"kgdbio" not in line.ask(b"s")
    assert line.ask(b"?").endswith(b";kgdbio.status:;")
    assert line.ask(b"qSupported:kgdbio.stops+").endswith(b";kgdbio.stops+")

    # "?" is answered as a stop is told, but for a debugger that has chosen another thread.
    status = line.ask(b"?")
    said = fields(status)
    assert line.ask(b"qC") == b"QC" + said[b"thread"]
    assert said[b"kgdbio.status"] == b""
    assert b"".join(said[b"%02x" % i] for i in range(22)) == line.ask(b"g")
    assert line.ask(b"Hg1") == b"OK"
    assert line.ask(b"?") == b"T05thread:" + said[b"thread"] + b";"
    assert line.ask(b"Hg0") == b"OK"
    assert fields(line.ask(b"?"))[b"10"] == said[b"10"]

    stop = line.ask(b"s")
    said = fields(stop)
    assert b"kgdbio.status" not in said
    if vm.transport == "transport=virtio":
        stack = bytes.fromhex(said[b"kgdbio.stack"].decode())
    else:
        stack = bytes.fromhex(said[b"kgdbio.checked-stack"].decode())
        assert stack == with_crc(stack[:-4])
        stack = stack[:-4]
    assert len(stack) >= 64
    assert memory(vm, tmp_path, register(stop, RSP) & ~63, len(stack)) == stack
    assert b"kgdbio.threads" not in fields(stop)
    threads = line.ask(b"qfThreadInfo")
    stop = line.ask(b"s")
    same = fields(stop).get(b"kgdbio.threads") == b"same"
    assert same == (line.ask(b"qfThreadInfo") == threads)

    for i, place in enumerate(places):
        code = bytes.fromhex(line.ask(b"m%x,20" % place).decode())
        places[i] = place + re.search(b"\xf3(\x48\xab|\xaa)", code).start()
    for interrupt in (False, True):
        for place in places:
            assert line.ask(b"Z0,%x,1" % place) == b"OK"
        line.send(frame(b"c"))
        line.expect(b"+")
        vm.send("true | true")
        stop = line.reply()
        # A breakpoint leaves the program counter behind its byte.
        pc, count = register(stop, RIP) - 1, register(stop, RCX)
        line.set_pc(pc)
        assert pc in places and count in (512, 4096)
        for place in places:
            assert line.ask(b"z0,%x,1" % place) == b"OK"
        line.send(frame(b"vCont;r%x,%x" % (pc, pc + 1)))
        line.expect(b"+")
        if interrupt:
            line.send(b"\x03")
        stop = line.reply()
        if interrupt:
            assert register(stop, RIP) == pc and 0 < register(stop, RCX) < count
        else:
            assert pc < register(stop, RIP) <= pc + 3 and register(stop, RCX) == 0
    assert line.ask(b"vCont;r%x" % pc) == line.ask(b"vCont;c") == b""
    assert line.ask(b"D") == b"OK"
    sessions.alive(vm)

    # More threads than fit into one reply, and the stub's own list of them.
    lists = []
    vm.sh("i=0; while [ $i -lt 60 ]; do sleep 1000 & i=$((i+1)); done 2>/dev/null")
    for accel in (1, 0):
        vm.sh(f"echo {accel} >/sys/module/kgdb_io/parameters/accel")
        line.send(b"+" + frame(b"?"))
        assert line.reply_somewhere().startswith(b"T05thread:" if accel else b"S05")
        lists.append(line.ask(b"qfThreadInfo")[1:].split(b","))
        while (more := line.ask(b"qsThreadInfo")).startswith(b"m"):
            lists[-1] += more[1:].split(b",")
        assert more == (b"l" if accel else b"")
        assert line.ask(b"D") == b"OK"
        sessions.alive(vm)
    # Of kernel threads, one may have come or gone.
    assert len(lists[0]) > 80 and len(set(lists[0]) ^ set(lists[1])) <= 2
    assert [i for i in lists[0] if i in lists[1]] == [i for i in lists[1] if i in lists[0]]


@pytest.mark.parametrize("variant", ["kdb", "nokdb"])
def test_without_acknowledgements(talk, variant):
    """QStartNoAckMode, and a debugger after that which knows nothing of it."""
    vm, line = talk(kernel("6.12", variant), smp=2)
    assert b"QStartNoAckMode+" in begin(line)
    assert line.ask(b"QStartNoAckMode") == b"OK"
    line.no_ack = True
    assert line.ask(b"g") == line.ask(b"g")
    for _ in range(5):
        line.send(frame(b"c"))
        sessions.alive(vm)
        line.send(b"\x03")
        assert line.reply().startswith(b"T05thread:")
    # It dies, and another one begins.
    line.no_ack = False
    assert line.ask(b"qSupported") != b""
    assert line.ask(b"?").startswith(b"T05thread:")
    assert line.ask(b"D") == b"OK"
    sessions.alive(vm)


@any_transport
@pytest.mark.parametrize("version", ["6.12", "6.1"])
def test_break_in_during_a_step(talk, version):
    """Ctrl-C or a new conversation; after a detach the kernel runs on."""
    vm, line = talk(kernel(version))
    place = symbol(vm, "start_thread")
    for i in range(40):
        begin(line)
        # Where interrupts are on.
        line.ok(b"Z0,%x,1" % place)
        line.send(frame(b"c"))
        line.expect(b"+")
        vm.send("true | /bin/true")
        assert register(line.reply(), RIP) == place + 1
        line.set_pc(place)
        line.ok(b"z0,%x,1" % place)
        line.send(frame(b"s") + (b"\x03" if i % 2 else frame(b"?")))
        assert line.expect(b"+") == b""
        said = b""
        while not said or not (i % 2 or b"kgdbio.status" in said):
            said = line.reply_somewhere()
            assert said.startswith(b"T05"), said
        sessions.leave(vm, line)


@any_transport
def test_session_without(boot, attached):
    """gdb finds the same with the stub alone."""
    vm = boot(smp=2)
    vm.insmod(vm.transport + " accel=0")
    sessions.classic(vm, attached(vm, via="socket"))
    sessions.classic(vm, attached(vm))
