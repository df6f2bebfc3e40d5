/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The front: where gdb attaches, a pty and perhaps a TCP port. One gdb at a time; a
 * second one is told so and hung up on, and the first notices nothing.
 */
#ifndef KGDB_IO_FRONT_H
#define KGDB_IO_FRONT_H

#include <event2/event.h>
#include <stddef.h>

/**
 * struct front_events - what the front tells its owner, from the event loop
 *
 * @attach: a gdb is there
 * @detach: it has gone
 * @data: it sent bytes, valid during the call
 *
 * Any of these may call front_send() and front_drop().
 */
struct front_events {
	void (*attach)(void *arg);
	void (*detach)(void *arg);
	void (*data)(void *arg, const void *data, size_t len);
};

struct front;

/**
 * front_new() - make a front
 * @base: event loop
 * @pty: path of the link to the pty
 * @listen: [HOST:]PORT to listen at, loopback without HOST; NULL: no TCP
 * @events: callbacks; must outlive the front
 * @arg: for them
 *
 * Return: the front, the caller's to free with front_free(); NULL after the error was
 * told, and nothing is left behind.
 */
struct front *front_new(struct event_base *base, const char *pty, const char *listen,
			const struct front_events *events, void *arg);

/** front_free() - hang up, remove the link and free, NULL included */
void front_free(struct front *front);

/** front_send() - bytes to the gdb that is attached; dropped if none is */
void front_send(struct front *front, const void *data, size_t len);

/** front_drop() - hang up on gdb once it has had what was sent. @detach is not called. */
void front_drop(struct front *front);

#endif
