"""What make does with kernels of all sorts."""
import os
import shutil
import subprocess

import pytest

import debuggee
from conftest import kernel


@pytest.fixture
def tree(tmp_path):
    """A clean copy of the sources."""
    for name in ("Makefile", "Kbuild", "module", "common"):
        source = os.path.join(debuggee.TOP, name)
        if os.path.isdir(source):
            shutil.copytree(source, tmp_path / name,
                            ignore=shutil.ignore_patterns("*.o", ".*.cmd"))
        else:
            shutil.copy(source, tmp_path)
    return tmp_path


def make(tree, *args):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}
    return subprocess.run(["make", "-C", tree, *args], capture_output=True, text=True,
                          check=False, env=env)


@pytest.mark.parametrize("version,variant", [
    ("6.12", "kdb"), ("6.12", "nokdb"), ("6.12", "debug"), ("6.1", "kdb")])
def test_no_warnings(tree, version, variant):
    result = make(tree, "modules", "KDIR=" + kernel(version, variant).kdir, "W=1", "C=1")
    assert result.returncode == 0, result.stderr
    noise = [line for line in result.stderr.splitlines() if "BTF" not in line]
    assert not noise, result.stderr
    assert "warning:" not in result.stdout
    assert (tree / "kgdb_io.ko").is_file()
    info = subprocess.run(["modinfo", tree / "kgdb_io.ko"], capture_output=True, text=True,
                          check=True).stdout
    for word in ("license:        GPL", "parm:           transport:", "parm:           wait:"):
        assert word in info


def test_kernel_without_kgdb(tree, tmp_path):
    kdir = tmp_path / "kdir"
    (kdir / "include/config").mkdir(parents=True)
    (kdir / "include/config/auto.conf").write_text("CONFIG_MODULES=y\n")
    result = make(tree, "modules", f"KDIR={kdir}")
    assert result.returncode != 0 and "CONFIG_KGDB" in result.stderr
    assert not (tree / "kgdb_io.ko").exists()


def test_no_kernel(tree, tmp_path):
    result = make(tree, "modules", f"KDIR={tmp_path}/none")
    assert result.returncode != 0 and "linux-headers" in result.stderr


def test_unknown_kernel_variant():
    result = subprocess.run([debuggee.SCRIPTS + "/kernel.sh", "6.12", "nonsense"],
                            capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "nonsense" in result.stderr and "nokdb" in result.stderr
