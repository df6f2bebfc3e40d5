// SPDX-License-Identifier: GPL-2.0
/* gdb as a child, see gdb.h. */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gdb.h"
#include "msg.h"

extern char **environ;

/*
 * "source" of our extension: in the tree that this program was built in, or where make
 * install puts it. Returns whether it is there.
 */
static bool extension(char *command, size_t size)
{
	static const char *const places[] = {
		"../scripts/gdb/kgdb_io.py", "../share/kgdb-io/kgdb_io.py",
	};
	char dir[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	const size_t prefix = sizeof("source ") - 1;
	unsigned int i;

	if (len <= 0)
		return false;
	dir[len] = '\0';
	*(strrchr(dir, '/') + 1) = '\0';
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (snprintf(command, size, "source %s%s", dir, places[i]) < (int)size &&
		    !access(command + prefix, R_OK))
			return true;
	}
	msg(MSG_CHANGE, "kgdb_io.py is neither in %s../share/kgdb-io nor in the source tree: no symbols of modules (make install puts it there)",
	    dir);
	return false;
}

pid_t gdb_start(const struct options *o)
{
	char source[2 * PATH_MAX];
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
	argv = calloc(more + 10, sizeof(*argv));
	if (!argv) {
		msg(MSG_ERROR, "out of memory");
		return -1;
	}
	snprintf(target, sizeof(target), "target remote %s", o->pty);
	argv[n++] = program;
	argv[n++] = "-q";
	if (o->symbols)
		argv[n++] = o->symbols;
	if (extension(source, sizeof(source))) {
		argv[n++] = "-ex";
		argv[n++] = source;
	}
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
