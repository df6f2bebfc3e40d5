#!/bin/bash
# Set up what is missing and run every test. The last line is "N passed, N failed".
#
#   scripts/check.sh [PYTEST-ARGS...]      e.g. -k kgdboc; then only e2e tests run
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
cd "$top"

"$here/setup.sh" build kernel vm test lint fuzz
for kernel in '6.12 kdb' '6.12 nokdb' '6.12 debugger' '6.1 kdb' '6.12 debug'; do
	# shellcheck disable=SC2086 # two words
	kdir=$("$here/kernel.sh" $kernel)
	"$here/initramfs.sh" "$kdir" >/dev/null
done
make -s host
make -s -C tests/sim

passed=0
failed=0
# count TEXT: add up TAP's "ok" and "not ok" lines.
count()
{
	passed=$((passed + $(grep -c '^ok ' <<<"$1" || true)))
	failed=$((failed + $(grep -c '^not ok ' <<<"$1" || true)))
}

if [ $# -eq 0 ]; then
	say "unit tests"
	make -s -C tests/unit all
	for t in build/unit/test_*; do
		case $t in *.[od]) continue ;; esac
		# With a status of its own for a test that dies before it has said all.
		status=0
		out=$(CMOCKA_MESSAGE_OUTPUT=TAP "$t" 2>&1) || status=$?
		echo "$out"
		count "$out"
		if [ $status -ne 0 ] && ! grep -q '^not ok ' <<<"$out"; then
			echo "not ok - $t ended with status $status"
			failed=$((failed + 1))
		fi
	done

	# Briefly: that they still run, and what they find at once.
	say "fuzzers"
	if out=$(make -s fuzz FUZZ_SECONDS=5 2>&1); then
		passed=$((passed + 1))
	else
		printf '%s\n' "$out" "not ok - make fuzz"
		failed=$((failed + 1))
	fi

	say "lint"
	if make -s lint; then
		passed=$((passed + 1))
	else
		echo "not ok - make lint"
		failed=$((failed + 1))
	fi
fi

say "end-to-end tests"
mkdir -p build
rm -f build/e2e.xml
# Debuggees are idle half of the time, so as many at once as there are cores.
/usr/bin/python3 -m pytest -p no:cacheprovider -n "$(nproc)" tests/e2e --junitxml=build/e2e.xml \
	-o junit_family=xunit2 --durations=10 "$@" || true
read -r p f < <(/usr/bin/python3 - <<'EOF'
import xml.etree.ElementTree as tree
try:
    s = tree.parse("build/e2e.xml").getroot().find("testsuite").attrib
    bad = int(s["failures"]) + int(s["errors"])
    print(max(int(s["tests"]) - bad - int(s["skipped"]), 0), bad)
except (OSError, tree.ParseError):
    print(0, 1)
EOF
)
passed=$((passed + p))
failed=$((failed + f))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
