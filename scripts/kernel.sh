#!/bin/bash
# Build a test kernel from Debian's linux-source package, once, in a cache.
#
#   scripts/kernel.sh VERSION VARIANT     e.g. 6.12 kdb
#
# Prints the build directory (a KDIR for "make modules") on standard output and
# progress on standard error. VARIANT names a fragment, scripts/kernel/VARIANT.config,
# that is merged over tinyconfig and base.config. The cache is keyed by source
# version, configuration and compiler, so that whatever is there is right.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

# The answer is all that may go to standard output; kbuild has things to say, too.
exec 3>&1 >&2

[ $# -eq 2 ] || die "usage: kernel.sh VERSION VARIANT, e.g. kernel.sh 6.12 kdb"
version=$1
variant=$2
fragment=$here/kernel/$variant.config
[ -r "$fragment" ] || die "no such variant: $variant (there are:$(cd "$here/kernel" &&
	for f in *.config; do [ "$f" = base.config ] || printf ' %s' "${f%.config}"; done))"

cache=$(cache_dir)
package=linux-source-$version
# The version that apt would install; where apt knows none (no package lists),
# the newest one in the cache does.
pkgver=$(apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p')
if [ -z "$pkgver" ] || [ "$pkgver" = "(none)" ]; then
	pkgver=$(cd "$cache" && find . -maxdepth 1 -name "source-$version.*" ! -name '*.part' |
		sort -V | tail -n 1 | sed 's,^\./source-,,')
	[ -n "$pkgver" ] || die "apt knows no $package: add it to apt's sources" \
		"(Debian 12 has it in bookworm-security) and run apt-get update"
fi

key=$(cat "$here/kernel/base.config" "$fragment" | { cat; gcc -dumpfullversion; } |
	sha256sum | cut -c 1-10)
build=$cache/build-$pkgver-$variant-$key
have_it()
{
	if [ -e "$build/.complete" ] && [ -e "$build/scripts/gdb/linux/constants.py" ]; then
		echo "$build" >&3
		exit 0
	fi
}
# The kernel's own gdb scripts, as CONFIG_GDB_SCRIPTS makes them. Not where gdb would load
# them by itself: who wants them links to them.
gdb_scripts()
{
	make -s -C "$build" CONFIG_GDB_SCRIPTS=y scripts_gdb
	rm -f "$build/vmlinux-gdb.py"
}
have_it
# Held until this script exits: two builds would share a source tree.
exec 9>"$cache/lock"
flock -n 9 || { say "waiting for another build to finish"; flock 9; }
have_it
if [ -e "$build/.complete" ]; then
	gdb_scripts
	have_it
	die "the kernel's gdb scripts were not made in $build"
fi

source=$cache/source-$pkgver
if [ ! -d "$source" ]; then
	part=$source.part
	rm -rf "$part"
	mkdir -p "$part/deb"
	say "downloading $package $pkgver (about 150 MB)"
	(cd "$part/deb" && apt-get -q download "$package=$pkgver") || die \
		"cannot download $package $pkgver: run apt-get update and try again"
	say "unpacking $package"
	dpkg-deb --fsys-tarfile "$part"/deb/*.deb |
		tar -xO "./usr/src/$package.tar.xz" | tar -xJ --strip-components=1 -C "$part"
	rm -rf "$part/deb"
	mv "$part" "$source"
fi

# A variant that differs in a few options starts from a finished build of the same
# source: kbuild then compiles only what those options touch.
if [ ! -d "$build" ] && { [ "$variant" = nokdb ] || [ "$variant" = debugger ]; }; then
	for other in "$cache/build-$pkgver-kdb-"*; do
		[ -e "$other/.complete" ] || continue
		rm -rf "$build.part"
		cp -a "$other" "$build.part"
		rm "$build.part/.complete"
		mv "$build.part" "$build"
		break
	done
fi
mkdir -p "$build"

say "configuring linux $pkgver, variant $variant"
make -s -C "$source" "O=$build" tinyconfig
(cd "$build" && "$source/scripts/kconfig/merge_config.sh" -m -O . .config \
	"$here/kernel/base.config" "$fragment" >merge.log 2>&1)
make -s -C "$source" "O=$build" olddefconfig
# kconfig drops without a word what has an unmet dependency; a test kernel that
# lacks an option would fail much later and less clearly.
missing=$(grep -h '^CONFIG_' "$here/kernel/base.config" "$fragment" | while read -r line; do
	case $line in
	*=n)	! grep -q "^${line%=n}=[ym]" "$build/.config" || echo " $line" ;;
	*)	grep -qxF "$line" "$build/.config" || echo " $line" ;;
	esac
done)
[ -z "$missing" ] || die "linux $version, variant $variant, does not take:${missing//$'\n'/}: see what they depend on"

# Progress: kbuild prints one line an object; the count of a tree like this one is
# known well enough for a percentage that a person can follow.
say "building linux $pkgver, variant $variant, with $(nproc) jobs (some minutes, once)"
log=$build/build.log
started=$(date +%s)
if ! make -C "$source" "O=$build" "-j$(nproc)" vmlinux bzImage modules 2>&1 | tee "$log" |
	awk -v total=1900 -v started="$started" '
		/^ +(CC|AS|LD|AR|HOSTCC) / {
			n++
			if (n % 100 == 0) {
				p = int(100 * n / total)
				if (p > 99)
					p = 99
				printf("  %3d %%  %s\n", p, $NF) > "/dev/stderr"
			}
		}'; then
	grep -E '(error|Error|\*\*\*)' "$log" | head -n 20 >&2
	die "the kernel did not build; the whole log is $log"
fi
gdb_scripts
touch "$build/.complete"
say "built in $(($(date +%s) - started)) s: $build"

# What an older source or configuration left behind would fill the disk.
for old in "$cache/build-$version".*"-$variant-"*; do
	[ "$old" = "$build" ] || rm -rf "$old"
done
echo "$build" >&3
