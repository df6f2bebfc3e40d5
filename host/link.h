/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A link: the way to the target, as bytes in both directions. This is the border between
 * the program and everything that differs from one kind of link to the next.
 */
#ifndef KGDB_IO_LINK_H
#define KGDB_IO_LINK_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "link_spec.h"

struct link;

/**
 * struct link_events - what a link tells its owner, from the event loop; never from
 * inside a call of the owner's
 *
 * @up: bytes can flow
 * @down: the link is lost or could not be opened; it is closed already. @why is one line
 *	  that names the link, what failed and what to do. @fatal: this link cannot
 *	  come back, whatever a person does
 * @data: bytes arrived, valid during the call
 *
 * @up and @data may call link_send() and link_break(), @down may call nothing of the
 * link's.
 */
struct link_events {
	void (*up)(void *arg);
	void (*down)(void *arg, const char *why, bool fatal);
	void (*data)(void *arg, const void *data, size_t len);
};

/**
 * struct link_ops - one kind of link
 *
 * @size: size of the structure that begins with a struct link, in bytes
 * @can_break: whether @send_break has a meaning on this kind of link
 * @open: begin to open; must not wait for the other side, except for a name lookup.
 *	  Ends in link_is_up() or link_failed(), later
 * @send: take bytes to be sent in order; never refuses, never blocks
 * @send_break: send what is queued, then a BREAK. May block for half a second
 * @close: give the device back; called once after each open, from link_close() and
 *	   link_failed(). What is queued may be lost
 */
struct link_ops {
	size_t size;
	bool can_break;
	void (*open)(struct link *link);
	void (*send)(struct link *link, const void *data, size_t len);
	void (*send_break)(struct link *link);
	void (*close)(struct link *link);
};

/* What every kind of link begins with. @open: open was called and close was not. */
struct link {
	const struct link_ops *ops;
	const struct link_spec *spec;
	struct event_base *base;
	const struct link_events *events;
	void *arg;
	bool open;
};

extern const struct link_ops link_socket_ops;	/* unix, tcp, telnet */
extern const struct link_ops link_tty_ops;
extern const struct link_ops link_usb_ops;

/**
 * link_new() - make a link, closed
 * @spec: where it leads; must outlive the link
 * @base: event loop
 * @events: callbacks; must outlive the link
 * @arg: for them
 *
 * Return: the link, the caller's to free with link_free(); NULL after an error that has
 * been told (a kind of link that this build lacks, no memory).
 */
struct link *link_new(const struct link_spec *spec, struct event_base *base,
		      const struct link_events *events, void *arg);

/** link_open() - begin to open a closed link; see struct link_events for what follows */
void link_open(struct link *link);

/** link_send() - send bytes; dropped if the link is closed */
void link_send(struct link *link, const void *data, size_t len);

/** link_can_break() - whether this kind of link knows the BREAK of a serial line */
bool link_can_break(const struct link *link);

/** link_break() - send a BREAK, after what was sent before; may block half a second */
void link_break(struct link *link);

/** link_close() - close; calls nothing back. Does nothing to a closed link. */
void link_close(struct link *link);

/** link_free() - close and free, NULL included */
void link_free(struct link *link);

/* For the kinds of link: */

/** link_is_up() - opening has succeeded */
void link_is_up(struct link *link);

/**
 * link_failed() - opening has failed or the link is lost: closes it and tells the owner
 * @link: the link; the caller must not touch it after this
 * @err: errno value, 0 for "closed by the other side", -1 where @hint says it all
 * @hint: what a person can do, or NULL
 * @fatal: see struct link_events
 */
void link_failed(struct link *link, int err, const char *hint, bool fatal);

#endif
