# SPDX-License-Identifier: GPL-2.0
# bash completion for kgdb-io
_kgdb_io()
{
	local cur prev words cword
	_init_completion -n : || return

	local i
	for ((i = 1; i < cword; i++)); do
		if [[ ${words[i]} == -- ]]; then
			_filedir
			return
		fi
	done
	case $prev in
	-p | --pty | -s | --symbols | -c | --console)
		_filedir
		return
		;;
	-b | --break-in)
		mapfile -t COMPREPLY < <(compgen -W 'ctrl-c break-g' -- "$cur")
		return
		;;
	-l | --listen)
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--pty --symbols --console --listen
			--break-in --verbose --quiet --version --help' -- "$cur")
	elif ((cword == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'attach gdb list' -- "$cur")
	elif [[ $cur == unix:* || $cur == tty:* ]]; then
		local type=${cur%%:*}
		mapfile -t COMPREPLY < <(compgen -P "$type:" -f -- "${cur#*:}")
		compopt -o filenames
		__ltrim_colon_completions "$cur"
	else
		local devices
		devices=$(kgdb-io list 2>/dev/null | sed -n 's/^\(\(tty\|usb\):[^ ]*\).*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "unix: tcp: telnet: tty: usb $devices" -- "$cur")
		compopt -o nospace
		__ltrim_colon_completions "$cur"
	fi
} && complete -F _kgdb_io kgdb-io
