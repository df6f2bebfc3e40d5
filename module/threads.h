/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of threads, as the debug core's stub has it, all at once. The stub walks the
 * kernel's list anew for each 17 of them, and gdb asks for the whole after every step.
 */
#ifndef KGDB_IO_THREADS_H
#define KGDB_IO_THREADS_H

#include <linux/types.h>

/**
 * kgdb_io_threads() - what threads there are
 * @ids: receives their numbers, as "qfThreadInfo" has them: first come the CPUs, as the
 *	 stub's "shadow" threads, then the tasks
 * @max: room there, in numbers
 * @first: leave out as many
 *
 * Context: polled, kernel stopped. Return: how many numbers were written.
 */
unsigned int kgdb_io_threads(u32 *ids, unsigned int max, unsigned int first);

/**
 * kgdb_io_threads_are() - whether there are these threads and no others
 * @ids: from kgdb_io_threads(), all of them
 * @count: how many
 *
 * Context: polled, kernel stopped.
 */
bool kgdb_io_threads_are(const u32 *ids, unsigned int count);

#endif
