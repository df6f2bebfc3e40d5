/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of threads, as the debug core's stub has it, all at once. The stub walks the
 * kernel's list anew for each 17 of them, and gdb asks for the whole after every step.
 */
#ifndef KGDB_IO_THREADS_H
#define KGDB_IO_THREADS_H

#include <linux/types.h>

/**
 * kgdb_io_threads() - what to answer "qfThreadInfo" or "qsThreadInfo" with
 * @out: receives "m" and numbers in hexadecimal with commas between them, or "l" if there is
 *	 none left; zero-terminated
 * @size: room there, in bytes; at least 32
 * @first: how many threads were told already
 *
 * First come the CPUs, as the stub's "shadow" threads, then the tasks.
 * Context: polled, kernel stopped.
 * Return: how many were told by now if some are left, for @first of the next call; else 0.
 */
unsigned int kgdb_io_threads(char *out, unsigned int size, unsigned int first);

#endif
