# Shell functions shared by the scripts here; sourced, not run.
# shellcheck shell=sh

# say TEXT...: a line of progress on standard error.
say()
{
	echo "kgdb_io: $*" >&2
}

# die TEXT...: one line that says what is wrong and what to do; exit 1.
die()
{
	echo "kgdb_io: $*" >&2
	exit 1
}

# cache_dir: print the directory that holds kernels and other things paid for once;
# it is made if need be.
cache_dir()
{
	d=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/kgdb-io
	mkdir -p "$d" || die "cannot make the cache directory $d: set XDG_CACHE_HOME"
	echo "$d"
}

# as_root COMMAND...: run it as root, with sudo where this is not root.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root and there is no sudo: run as root: $*"
	fi
}
