/* SPDX-License-Identifier: GPL-2.0 */
/* The command line. */
#ifndef KGDB_IO_OPTIONS_H
#define KGDB_IO_OPTIONS_H

#include <stdbool.h>

#include "link_spec.h"

/**
 * struct options - what the person asked for
 * @command: attach, gdb, list; or help and version, which ask for no LINK
 * @link: the LINK of attach and gdb
 * @pty: --pty or its default, a path; directories of the default exist
 * @symbols: --symbols, or NULL
 * @console: --console, or NULL
 * @listen: --listen, as given, or NULL
 * @break_g: --break-in break-g
 * @gdb_args: what follows "--", NULL at the end
 */
struct options {
	enum { CMD_ATTACH, CMD_GDB, CMD_LIST, CMD_HELP, CMD_VERSION } command;
	struct link_spec link;
	char pty[PATH_MAX];
	const char *symbols;
	const char *console;
	const char *listen;
	bool break_g;
	char **gdb_args;
};

/**
 * options_parse() - read the command line
 * @o: filled in
 * @argc: as main()'s
 * @argv: as main()'s; may be reordered, is kept
 *
 * Sets the level of msg() as --quiet and --verbose say.
 * Return: 0, or -1 after the error was told.
 */
int options_parse(struct options *o, int argc, char **argv);

/** options_usage() - print what --help prints, to standard output */
void options_usage(void);

#endif
