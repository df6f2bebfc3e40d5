/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pseudo-terminals, raw and without echo, that are found under a name of the person's
 * choice.
 */
#ifndef KGDB_IO_PTY_H
#define KGDB_IO_PTY_H

#include <limits.h>

/**
 * struct pty - a pseudo-terminal
 * @master: our end, non-blocking; -1: closed
 * @name: file name of the other end, /dev/pts/N
 */
struct pty {
	int master;
	char name[64];
};

/**
 * pty_open() - make one
 * @pty: filled in
 *
 * Return: 0, or -1 with errno.
 */
int pty_open(struct pty *pty);

/** pty_close() - close one; whoever has it open gets a hang-up. Closed is fine. */
void pty_close(struct pty *pty);

/** pty_hung_up() - whether everyone who had the other end open has closed it */
int pty_hung_up(const struct pty *pty);

/**
 * struct pty_link - a symbolic link that leads to a pty
 * @path: where it is; empty: nowhere
 * @target: what it holds now
 * @lock: keeps two programs from serving one path; an abstract socket, so that nothing
 *	  is left behind by one that was killed
 */
struct pty_link {
	char path[PATH_MAX];
	char target[64];
	int lock;
};

/**
 * pty_link_claim() - reserve a path
 * @link: filled in
 * @path: where the link is to be; directories are not made
 *
 * An older link to a pty is ours to replace; anything else there is not.
 * Return: 0, or -1 after the error was told.
 */
int pty_link_claim(struct pty_link *link, const char *path);

/**
 * pty_link_point() - make or change the link, in one step for those who look
 * @link: a claimed link
 * @pty: where it shall lead
 *
 * Return: 0, or -1 after the error was told.
 */
int pty_link_point(struct pty_link *link, const struct pty *pty);

/** pty_link_remove() - remove the link if it is still ours, and give up the claim */
void pty_link_remove(struct pty_link *link);

#endif
