/* SPDX-License-Identifier: GPL-2.0 */
/* The command list. */
#ifndef KGDB_IO_LIST_H
#define KGDB_IO_LIST_H

/**
 * list_run() - print what can be a LINK on this machine, a line each, to standard output
 *
 * Return: exit status of the program; 0 also when there is nothing.
 */
int list_run(void);

#endif
