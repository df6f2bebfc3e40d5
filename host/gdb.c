// SPDX-License-Identifier: GPL-2.0
/* gdb as a child, see gdb.h. */
#include <errno.h>
#include <spawn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gdb.h"
#include "msg.h"

extern char **environ;

pid_t gdb_start(const struct options *o)
{
	char target[sizeof(o->pty) + sizeof("target remote ")];
	const char *program = getenv("KGDB_IO_GDB");
	posix_spawnattr_t attr;
	size_t n = 0, more = 0;
	char **args = o->gdb_args;
	sigset_t defaults;
	const char **argv;
	pid_t pid;
	int err;

	if (!program || !*program)
		program = "gdb";
	while (args[more])
		more++;
	argv = calloc(more + 8, sizeof(*argv));
	if (!argv) {
		msg(MSG_ERROR, "out of memory");
		return -1;
	}
	snprintf(target, sizeof(target), "target remote %s", o->pty);
	argv[n++] = program;
	argv[n++] = "-q";
	if (o->symbols)
		argv[n++] = o->symbols;
	/* Before the person's own commands, which may want a target. */
	argv[n++] = "-ex";
	argv[n++] = target;
	while (*args)
		argv[n++] = *args++;

	/* What the event loop catches and we ignore must not be inherited. */
	posix_spawnattr_init(&attr);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGINT);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	err = posix_spawnp(&pid, program, NULL, &attr, (char **)argv, environ);
	posix_spawnattr_destroy(&attr);
	free(argv);
	if (err) {
		msg(MSG_ERROR, "cannot start %s: %s: install gdb, or name one in KGDB_IO_GDB",
		    program, strerror(err));
		return -1;
	}
	return pid;
}
