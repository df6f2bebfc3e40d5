#!/bin/bash
# Static checks: checkpatch and sparse on what runs in the kernel, cppcheck on the host
# program, shellcheck on the scripts. Silent where there is nothing to say.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
cd "$here/.."

"$here/setup.sh" build kernel lint
kdir=$("$here/kernel.sh" 6.12 kdb)
status=0

# Ignored: LINE_SPACING, as NOKPROBE_SYMBOL() follows its function at once; CONST_STRUCT,
# as the debug core writes to struct kgdb_io; version tests and British spelling.
"$kdir/source/scripts/checkpatch.pl" --no-tree --no-summary --terse --quiet --strict --file \
	--ignore LINE_SPACING,CONST_STRUCT,CONSTANT_COMPARISON,TYPO_SPELLING,MACRO_ARG_UNUSED \
	--ignore LINUX_VERSION_CODE,PREFER_KERNEL_TYPES \
	module/*.[ch] common/*.[ch] || status=1

out=build/lint
mkdir -p "$out"
cp -u --parents Kbuild module/*.[ch] common/*.[ch] "$out"
log=$(make -s -C "$kdir" "M=$PWD/$out" C=2 W=1 modules 2>&1) || status=1
if grep -E 'warning|error' <<<"$log"; then
	status=1
fi

cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	--suppress=missingIncludeSystem --error-exitcode=1 -D_GNU_SOURCE \
	-DKGDB_IO_VERSION='""' host/*.c common/*.c || status=1

shellcheck -x scripts/*.sh host/kgdb-io.bash .ci/run -e SC2148 || status=1
exit $status
