// SPDX-License-Identifier: GPL-2.0
/* kgdb-io: the debugger's end of a kernel debugging link. */
#include <stdio.h>

#include "attach.h"
#include "list.h"
#include "options.h"

int main(int argc, char **argv)
{
	struct options o;

	if (options_parse(&o, argc, argv) < 0)
		return 2;
	switch (o.command) {
	case CMD_HELP:
		options_usage();
		return 0;
	case CMD_VERSION:
		puts("kgdb-io " KGDB_IO_VERSION);
		return 0;
	case CMD_LIST:
		return list_run();
	default:
		return attach_run(&o);
	}
}
