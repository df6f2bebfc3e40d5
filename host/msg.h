/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the program says: one line each, on standard error, after its name. The lines
 * that other programs read (the pty, "list") are printed to standard output where they
 * arise.
 */
#ifndef KGDB_IO_MSG_H
#define KGDB_IO_MSG_H

enum msg_level {
	MSG_ERROR,	/* always said */
	MSG_CHANGE,	/* link lost, link back, target stopped, ...: not with --quiet */
	MSG_DETAIL,	/* with --verbose only */
};

/**
 * msg_set_level() - say nothing above @level; MSG_CHANGE at the start
 */
void msg_set_level(enum msg_level level);

/**
 * msg() - say one line
 * @level: how much it matters
 * @format: as printf's, without a newline at the end
 */
void msg(enum msg_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
