"""The classic pair: debuggee and debugger, an adapter in each, and a null-modem cable."""
import pytest

import sessions
from debugger_vm import adapter, socket_chardev
from test_usb import plug


@pytest.fixture
def pair(boot, debugger):
    """The debuggee, and the debugger's machine."""
    target = boot(smp=2, transport="usb")
    target.insmod()
    return target, debugger(socket_chardev("line", target.dbg) + adapter("ser", "line", "1"))


def test_session(ground, pair):
    target, debugger = pair
    host = debugger.attach("usb,115200")
    gdb = debugger.gdb(target)
    ground.gdbs.append(gdb)
    gdb.attach("/run/pty")
    sessions.classic(target, gdb)
    gdb.attach()
    for _ in range(20):
        sessions.ctrl_c(gdb)
    sessions.leave(target, gdb)
    # The host program ends in the middle, another one takes over.
    gdb.attach()
    assert host.close() == 0
    gdb.do("disconnect")
    debugger.attach("usb", pty="/run/pty2")
    gdb.attach("/run/pty2")
    sessions.classic(target, gdb)
    target.sh("rmmod kgdb_io")


def test_both_adapters_come_and_go(ground, pair):
    """gdb stays, the kernel stays stopped where it was."""
    target, debugger = pair
    host = debugger.attach("usb")
    gdb = debugger.gdb(target)
    ground.gdbs.append(gdb)
    gdb.attach("/run/pty")
    before = gdb.do("print $pc").split("=")[1]
    debugger.unplug("ser")
    host.expect("link lost")
    target.unplug("ser")
    plug(target)
    debugger.qmp("device_add", driver="usb-serial", id="ser", bus="xhci.0", port="1",
                 chardev="line", **{"always-plugged": True})
    host.expect("link back")
    gdb.do("maintenance flush register-cache")
    assert gdb.do("print $pc", timeout=60).split("=")[1] == before
    sessions.classic(target, gdb)
