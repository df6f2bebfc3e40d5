#!/bin/bash
# Build kgdb_io.ko for a test kernel and pack it into an initramfs with busybox.
#
#   scripts/initramfs.sh KDIR       KDIR as printed by kernel.sh
#
# Prints a directory that holds kgdb_io.ko and initramfs.cpio.gz on standard output.
# The module is built in a copy of the sources there, so that several kernels' builds
# do not disturb each other, nor the one at the top of the tree.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"

[ $# -eq 1 ] || die "usage: initramfs.sh KDIR"
kdir=$1
out=$top/build/debuggee/$(basename "$kdir")
mkdir -p "$out/src" "$out/root"
exec 9>"$out/lock"
flock 9

# Newer files only, so that kbuild rebuilds what has changed and nothing else.
(cd "$top" && cp -ru --parents Kbuild module/*.[ch] common/*.[ch] "$out/src")
make -s -C "$kdir" "M=$out/src" W=1 modules >&2
cp "$out/src/kgdb_io.ko" "$out/"

root=$out/root
mkdir -p "$root"/{bin,modules,proc,sys,dev,tmp,etc}
cp /bin/busybox "$root/bin/"
cp "$out/kgdb_io.ko" "$root/modules/"
find "$kdir/drivers" -name virtio_console.ko -exec cp {} "$root/modules/" \;
cat >"$root/init" <<'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
export PS1='debuggee# ' TERM=dumb
exec setsid sh -c 'exec sh </dev/ttyS0 >/dev/ttyS0 2>&1'
EOF
chmod +x "$root/init"
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc --quiet --reproducible | gzip -1) \
	>"$out/initramfs.cpio.gz.new"
mv "$out/initramfs.cpio.gz.new" "$out/initramfs.cpio.gz"
echo "$out"
