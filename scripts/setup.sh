#!/bin/sh
# Install the Debian packages that something needs, those that are missing only.
#
#   scripts/setup.sh GROUP...      build kernel vm test lint fuzz bench
#
# With sudo where this is not root; says nothing when there is nothing to do.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

packages=
for group in "$@"; do
	case $group in
	build)	more="gcc make pkg-config libc6-dev libevent-dev libusb-1.0-0-dev libelf-dev" ;;
	kernel)	more="gcc make flex bison bc libelf-dev libssl-dev python3 perl cpio kmod xz-utils" ;;
	vm)	more="qemu-system-x86 busybox-static cpio gdb python3 python3-pexpect socat" ;;
	test)	more="libcmocka-dev libusbredirparser-dev python3-pytest python3-pytest-timeout python3-pytest-xdist strace sparse man-db" ;;
	lint)	more="sparse cppcheck shellcheck perl" ;;
	fuzz)	more="clang libclang-rt-14-dev" ;;
	bench)	more="gnuplot-nox" ;;
	*)	die "setup.sh: no such group: $group (there are build kernel vm test lint fuzz bench)" ;;
	esac
	packages="$packages $more"
done

missing=
for p in $packages; do
	case " $missing " in *" $p "*) continue ;; esac
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
		missing="$missing $p"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null ||
	die "this needs Debian's packages$missing, and there is no apt-get: install their like by hand"
say "installing$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # words of a list
install()
{
	as_root apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends install $missing >&2
}
# Package lists that are missing or old are brought up to date once.
install 2>/dev/null || { as_root apt-get -qq update >&2 && install; } ||
	die "cannot install$missing: see apt's message above"
