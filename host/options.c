// SPDX-License-Identifier: GPL-2.0
/* The command line, see options.h. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"
#include "options.h"

static const struct option longs[] = {
	{ "pty",	required_argument, NULL, 'p' },
	{ "symbols",	required_argument, NULL, 's' },
	{ "console",	required_argument, NULL, 'c' },
	{ "listen",	required_argument, NULL, 'l' },
	{ "break-in",	required_argument, NULL, 'b' },
	{ "verbose",	no_argument, NULL, 'v' },
	{ "quiet",	no_argument, NULL, 'q' },
	{ "version",	no_argument, NULL, 'V' },
	{ "help",	no_argument, NULL, 'h' },
	{ }
};

void options_usage(void)
{
	puts("Usage:\n"
	     "  kgdb-io attach LINK [options]             expose the target as a pty, until interrupted\n"
	     "  kgdb-io gdb LINK [options] [-- GDB-ARGS]  the same, with gdb started on it\n"
	     "  kgdb-io list                              what can be a LINK on this machine\n"
	     "\n"
	     "LINK:\n"
	     "  unix:PATH             socket of a VM's virtio console (QEMU -chardev socket,path=PATH,...)\n"
	     "  tcp:HOST:PORT         the same over TCP\n"
	     "  telnet:HOST:PORT      a serial line behind a terminal server or QEMU's -serial telnet:\n"
	     "  tty:PATH[,BAUD]       UART, USB serial adapter, pty or /dev/vportNpM; 115200 baud\n"
	     "  usb[:SELECTOR][,BAUD] USB serial adapter without its tty; SELECTOR, where there are\n"
	     "                        several: VID:PID, serial=STRING or BUS-PORT\n"
	     "  dbc[:SELECTOR]        is not in this build\n"
	     "\n"
	     "Options:\n"
	     "  -p, --pty PATH        where to put the link to the pty\n"
	     "                        (default: $XDG_RUNTIME_DIR/kgdb-io/NAME, NAME from LINK)\n"
	     "  -s, --symbols FILE    the vmlinux of the target\n"
	     "  -c, --console PATH    a second pty with what is not RSP: kernel console, kdb\n"
	     "  -l, --listen [HOST:]PORT  also serve gdb over TCP, on loopback unless HOST is given\n"
	     "  -b, --break-in HOW    how Ctrl-C reaches the target: ctrl-c (kgdb_io.ko; the default)\n"
	     "                        or break-g (SysRq over a BREAK, for kgdboc on a UART)\n"
	     "  -v, --verbose         say more        -q, --quiet  say errors only\n"
	     "      --version  -h, --help\n"
	     "\n"
	     "Examples:\n"
	     "  kgdb-io gdb unix:/run/vm.sock --symbols ~/linux/vmlinux\n"
	     "  kgdb-io attach tty:/dev/ttyUSB0,115200 --break-in break-g --console /tmp/console");
}

/* Make a directory that is ours alone, if it is not there. */
static int private_dir(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	if (lstat(path, &st) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode) || st.st_uid != getuid()) {
		errno = EEXIST;
		return -1;
	}
	return 0;
}

static int default_pty(struct options *o)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	char name[256], dir[PATH_MAX / 2];

	if (run && *run && access(run, W_OK) == 0)
		snprintf(dir, sizeof(dir), "%s/kgdb-io", run);
	else
		snprintf(dir, sizeof(dir), "/tmp/kgdb-io-%u", getuid());
	if (private_dir(dir) < 0) {
		msg(MSG_ERROR, "%s: %s: give a path with --pty, or a directory of yours in XDG_RUNTIME_DIR",
		    dir, strerror(errno));
		return -1;
	}
	link_spec_name(&o->link, name, sizeof(name));
	snprintf(o->pty, sizeof(o->pty), "%s/%s", dir, name);
	return 0;
}

static int parse_option(struct options *o, int c, const char *program)
{
	switch (c) {
	case 'p':
		if (!*optarg || strlen(optarg) >= sizeof(o->pty)) {
			msg(MSG_ERROR, "--pty wants a path");
			return -1;
		}
		strcpy(o->pty, optarg);
		return 0;
	case 's':
		o->symbols = optarg;
		return 0;
	case 'c':
		o->console = optarg;
		return 0;
	case 'l':
		o->listen = optarg;
		return 0;
	case 'b':
		if (strcmp(optarg, "ctrl-c") != 0 && strcmp(optarg, "break-g") != 0) {
			msg(MSG_ERROR, "--break-in %s: give ctrl-c (kgdb_io.ko) or break-g (SysRq over a BREAK, for kgdboc on a UART)",
			    optarg);
			return -1;
		}
		o->break_g = !strcmp(optarg, "break-g");
		return 0;
	case 'v':
		msg_set_level(MSG_DETAIL);
		return 0;
	case 'q':
		msg_set_level(MSG_ERROR);
		return 0;
	case 'V':
		o->command = CMD_VERSION;
		return 0;
	case 'h':
		o->command = CMD_HELP;
		return 0;
	case ':':
		msg(MSG_ERROR, "%s lacks its argument: see %s --help", program, "kgdb-io");
		return -1;
	default:
		msg(MSG_ERROR, "%s is no option: see kgdb-io --help", program);
		return -1;
	}
}

int options_parse(struct options *o, int argc, char **argv)
{
	static const struct {
		const char *name;
		int command;
	} commands[] = {
		{ "attach", CMD_ATTACH }, { "gdb", CMD_GDB }, { "list", CMD_LIST },
		{ "help", CMD_HELP }, { "version", CMD_VERSION },
	};
	const char *word[3] = { NULL, NULL, NULL };
	static char *none[] = { NULL };
	int words = 0, first, c, i;
	const char *wrong;
	bool known = false;

	memset(o, 0, sizeof(*o));
	o->command = -1;
	o->gdb_args = none;
	opterr = 0;
	/* What follows "--" is gdb's, options included. */
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			o->gdb_args = argv + i + 1;
			argc = i;
			break;
		}
	}

	/* '-' in front: words are told in order, as option 1. */
	while ((first = optind, c = getopt_long(argc, argv, "-:p:s:c:l:b:vqh", longs, NULL)) != -1) {
		if (c == 1) {
			if (words < 3)
				word[words++] = optarg;
		} else if (parse_option(o, c, argv[first]) < 0) {
			return -1;
		}
	}
	if (o->command == CMD_HELP || o->command == CMD_VERSION)
		return 0;
	if (words == 0) {
		msg(MSG_ERROR, "what to do? kgdb-io attach LINK, kgdb-io gdb LINK, kgdb-io list; see kgdb-io --help");
		return -1;
	}
	for (i = 0; i < (int)(sizeof(commands) / sizeof(commands[0])); i++) {
		if (!strcmp(word[0], commands[i].name)) {
			o->command = commands[i].command;
			known = true;
		}
	}
	if (!known) {
		msg(MSG_ERROR, "'%s' is no command: there are attach, gdb and list; see kgdb-io --help",
		    word[0]);
		return -1;
	}
	if (o->command == CMD_HELP || o->command == CMD_VERSION)
		return 0;
	if (o->command == CMD_LIST) {
		if (words == 1)
			return 0;
		msg(MSG_ERROR, "'%s' is one word too many for list", word[1]);
		return -1;
	}
	if (o->command == CMD_ATTACH && *o->gdb_args) {
		msg(MSG_ERROR, "arguments for gdb after \"--\" go with \"kgdb-io gdb\", not with attach");
		return -1;
	}
	if (words < 2) {
		msg(MSG_ERROR, "%s wants a LINK, e.g. kgdb-io %s unix:/run/vm.sock; \"kgdb-io list\" shows what there is",
		    word[0], word[0]);
		return -1;
	}
	if (words > 2) {
		msg(MSG_ERROR, "'%s' is one word too many: there is one LINK, and arguments for gdb go after \"--\"",
		    word[2]);
		return -1;
	}
	wrong = link_spec_parse(&o->link, word[1]);
	if (wrong) {
		msg(MSG_ERROR, "%s", wrong);
		return -1;
	}
	if (o->symbols && access(o->symbols, R_OK) < 0) {
		msg(MSG_ERROR, "--symbols %s: %s: give the vmlinux of the target's kernel",
		    o->symbols, strerror(errno));
		return -1;
	}
	return *o->pty ? 0 : default_pty(o);
}
