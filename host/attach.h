/* SPDX-License-Identifier: GPL-2.0 */
/* The commands attach and gdb: link, session, front and console in one event loop. */
#ifndef KGDB_IO_ATTACH_H
#define KGDB_IO_ATTACH_H

#include "options.h"

/**
 * attach_run() - serve the target until interrupted; with CMD_GDB, until gdb ends
 * @o: the command line
 *
 * Return: exit status of the program. 0; 1 after an error that was told, also when
 * the target never answered although it was asked; with CMD_GDB gdb's own.
 */
int attach_run(const struct options *o);

#endif
