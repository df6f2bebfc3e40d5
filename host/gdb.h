/* SPDX-License-Identifier: GPL-2.0 */
/* gdb as a child of ours, attached to our pty. */
#ifndef KGDB_IO_GDB_H
#define KGDB_IO_GDB_H

#include <sys/types.h>

#include "options.h"

/**
 * gdb_start() - start gdb on the terminal that we have
 * @o: the command line; its pty exists
 *
 * The program is $KGDB_IO_GDB, or gdb.
 * Return: its process id, which the caller waits for; -1 after the error was told.
 */
pid_t gdb_start(const struct options *o);

#endif
