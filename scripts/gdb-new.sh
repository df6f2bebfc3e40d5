#!/bin/bash
# Fetch a gdb newer than the system's (16 or later) from Debian's next release, once, into
# the cache; the system itself is left alone.
#
#   scripts/gdb-new.sh             prints the path of a program to be run like gdb
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

suite=trixie
root=$(cache_dir)/gdb-$suite
run=$root/gdb
if [ -x "$run" ]; then
	echo "$run"
	exit 0
fi

# The mirror that this system uses: the first one that is not for security updates.
# shellcheck disable=SC2016 # apt's own variables
site=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
	grep -v security | head -n 1)
[ -n "$site" ] || die "apt has no package archive configured: see /etc/apt/sources.list"

part=$root.part
rm -rf "$part"
mkdir -p "$part"/apt/{lists/partial,archives/partial} "$part/root"
touch "$part/apt/status"
chmod -R a+rX "$part"
printf 'deb %s %s main\n' "$site" "$suite" >"$part/apt/sources.list"
apt=(apt-get -qq -y -o "Dir::Etc::sourcelist=$part/apt/sources.list"
	-o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$part/apt/lists"
	-o "Dir::State::status=$part/apt/status" -o "Dir::Cache::archives=$part/apt/archives"
	-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
	-o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Debug::NoLocking=1
	-o Acquire::Languages=none)
say "fetching gdb of Debian $suite"
"${apt[@]}" update >&2 || die "cannot fetch the package lists of Debian $suite"
"${apt[@]}" --download-only install gdb >&2 || die "cannot fetch gdb of Debian $suite"
for deb in "$part"/apt/archives/*.deb; do
	dpkg-deb -x "$deb" "$part/root"
done
rm -rf "$part/apt"

# With its own C library and Python, whatever the system's are.
cat >"$part/gdb" <<EOF
#!/bin/sh
r=$root/root
lib=\$r/usr/lib/x86_64-linux-gnu
[ -e "\$lib/ld-linux-x86-64.so.2" ] || lib=\$r/lib/x86_64-linux-gnu
PYTHONHOME=\$r/usr exec "\$lib/ld-linux-x86-64.so.2" \\
	--library-path "\$lib:\$r/lib/x86_64-linux-gnu" "\$r/usr/bin/gdb" \\
	--data-directory "\$r/usr/share/gdb" "\$@"
EOF
chmod +x "$part/gdb"
rm -rf "$root"
mv "$part" "$root"
"$run" --version >/dev/null || die "the gdb in $root does not run"
echo "$run"
