// SPDX-License-Identifier: GPL-2.0
/* What all kinds of link have in common, see link.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "msg.h"

struct link *link_new(const struct link_spec *spec, struct event_base *base,
		      const struct link_events *events, void *arg)
{
	const struct link_ops *ops = NULL;
	struct link *link;

	switch (spec->type) {
	case LINK_UNIX:
	case LINK_TCP:
	case LINK_TELNET:
		ops = &link_socket_ops;
		break;
	case LINK_TTY:
		ops = &link_tty_ops;
		break;
	case LINK_USB:
		ops = &link_usb_ops;
		break;
	case LINK_DBC:
		break;
	}
	if (!ops) {
		msg(MSG_ERROR, "%s: this build has no dbc links: use the tty of the device, e.g. tty:/dev/ttyUSB0 (\"kgdb-io list\" shows them)",
		    spec->text);
		return NULL;
	}
	link = calloc(1, ops->size);
	if (!link) {
		msg(MSG_ERROR, "out of memory");
		return NULL;
	}
	link->ops = ops;
	link->spec = spec;
	link->base = base;
	link->events = events;
	link->arg = arg;
	return link;
}

void link_open(struct link *link)
{
	link->open = true;
	link->ops->open(link);
}

void link_send(struct link *link, const void *data, size_t len)
{
	if (link->open)
		link->ops->send(link, data, len);
}

bool link_can_break(const struct link *link)
{
	return link->ops->can_break &&
	       (link->spec->type == LINK_TTY || link->spec->type == LINK_TELNET ||
		link->spec->type == LINK_USB);
}

void link_break(struct link *link)
{
	if (link->open && link_can_break(link))
		link->ops->send_break(link);
}

void link_close(struct link *link)
{
	if (!link->open)
		return;
	link->open = false;
	link->ops->close(link);
}

void link_free(struct link *link)
{
	if (!link)
		return;
	link_close(link);
	free(link);
}

void link_is_up(struct link *link)
{
	link->events->up(link->arg);
}

void link_failed(struct link *link, int err, const char *hint, bool fatal)
{
	char why[sizeof(link->spec->text) + 512];

	snprintf(why, sizeof(why), "%s: %s%s%s", link->spec->text,
		 err < 0 ? "" : err ? strerror(err) : "closed by the other side",
		 hint && err >= 0 ? ": " : "", hint ? hint : "");
	link_close(link);
	link->events->down(link->arg, why, fatal);
}
