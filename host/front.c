// SPDX-License-Identifier: GPL-2.0
/*
 * See front.h.
 *
 * A pty has no notion of a second caller: two programs that open it read each other's
 * bytes. So the link leads to a pty that nobody has opened yet, the spare. inotify tells
 * when someone opens it; then that one becomes gdb's, or gets the refusal, and the link
 * is pointed at a new spare.
 */
#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/rsp.h"
#include "front.h"
#include "link_spec.h"
#include "msg.h"
#include "now.h"
#include "pty.h"

/* How long one that is hung up on may take to read what was said. */
#define LINGER_SECONDS	5
#define DROP_SECONDS	1

/* Someone who opened the pty or connected: the gdb, or one that is being refused. */
struct caller {
	struct front *front;
	struct caller *next;		/* in front->refused */
	struct bufferevent *bev;	/* owns pty.master or the socket */
	struct pty pty;			/* master is -1 for a socket */
	struct event *linger;
	struct rsp_parser parser;
	bool second;			/* refused, as there is a gdb already */
};

struct front {
	struct event_base *base;
	const struct front_events *events;
	void *arg;
	struct pty_link link;
	struct pty spare;
	int inotify;
	int watch;
	struct event *opened;
	struct evconnlistener *listener;
	struct caller *gdb;
	struct caller *refused;
};

static void caller_free(struct caller *c)
{
	if (c->linger)
		event_free(c->linger);
	bufferevent_free(c->bev);
	free(c);
}

static void refused_gone(struct caller *c)
{
	struct caller **p;

	for (p = &c->front->refused; *p; p = &(*p)->next) {
		if (*p == c) {
			*p = c->next;
			break;
		}
	}
	caller_free(c);
}

static void lingered(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	refused_gone(arg);
}

static void linger(struct caller *c, int seconds)
{
	struct timeval t = { seconds, 0 };

	c->next = c->front->refused;
	c->front->refused = c;
	c->linger = evtimer_new(c->front->base, lingered, c);
	if (c->linger)
		event_add(c->linger, &t);
}

static void gdb_gone(struct front *f)
{
	struct caller *c = f->gdb;

	f->gdb = NULL;
	caller_free(c);
	f->events->detach(f->arg);
}

/* To whatever a refused gdb asks, the answer is the same. */
static void refuse(struct caller *c, const unsigned char *data, size_t len)
{
	static const char why[] = "E.another gdb is attached, detach that one first";
	char frame[sizeof(why) + RSP_OVERHEAD];

	while (len--) {
		if (rsp_feed(&c->parser, *data++) != RSP_PACKET)
			continue;
		bufferevent_write(c->bev, "+", 1);
		bufferevent_write(c->bev, frame, rsp_frame(frame, why, sizeof(why) - 1));
	}
}

static void readable(struct bufferevent *bev, void *arg)
{
	struct caller *c = arg;
	struct front *f = c->front;
	unsigned char data[16384];
	size_t len;

	while ((len = bufferevent_read(bev, data, sizeof(data))) > 0) {
		if (f->gdb == c)
			f->events->data(f->arg, data, len);
		else if (c->second)
			refuse(c, data, len);
		/* A lingering caller is not freed in here. */
	}
}

static void changed(struct bufferevent *bev, short what, void *arg)
{
	struct caller *c = arg;

	(void)bev;
	(void)what;
	if (c->front->gdb == c)
		gdb_gone(c->front);
	else
		refused_gone(c);
}

/* Take over the file descriptor; the caller becomes the gdb if there is none. */
static void arrived(struct front *f, int fd, const struct pty *pty)
{
	struct caller *c = calloc(1, sizeof(*c));

	if (c)
		c->bev = bufferevent_socket_new(f->base, fd, BEV_OPT_CLOSE_ON_FREE |
						BEV_OPT_DEFER_CALLBACKS);
	if (!c || !c->bev) {
		free(c);
		close(fd);
		return;
	}
	c->front = f;
	c->pty = *pty;
	bufferevent_setcb(c->bev, readable, NULL, changed, c);
	if (f->gdb) {
		msg(MSG_CHANGE, "another gdb tried to attach and was refused");
		c->second = true;
		linger(c, LINGER_SECONDS);
	} else {
		f->gdb = c;
		f->events->attach(f->arg);
	}
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static int new_spare(struct front *f)
{
	if (pty_open(&f->spare) < 0) {
		msg(MSG_ERROR, "cannot make a pty: %s: is /dev/pts mounted, with room for more?",
		    strerror(errno));
		return -1;
	}
	f->watch = inotify_add_watch(f->inotify, f->spare.name, IN_OPEN);
	if (f->watch < 0) {
		msg(MSG_ERROR, "cannot watch %s: %s: see the limits in /proc/sys/fs/inotify",
		    f->spare.name, strerror(errno));
		pty_close(&f->spare);
		return -1;
	}
	return pty_link_point(&f->link, &f->spare);
}

static void spare_opened(evutil_socket_t fd, short what, void *arg)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *ev;
	struct front *f = arg;
	struct pty pty = f->spare;
	bool opened = false;
	ssize_t len;
	char *p;

	(void)what;
	len = read(fd, buf, sizeof(buf));
	for (p = buf; len > 0 && p < buf + len; p += sizeof(*ev) + ev->len) {
		ev = (const struct inotify_event *)p;
		if (ev->wd == f->watch && ev->mask & IN_OPEN)
			opened = true;
	}
	if (!opened)
		return;

	inotify_rm_watch(f->inotify, f->watch);
	/* A gdb that has just closed its end has gone, even if we were not told yet. */
	if (f->gdb && f->gdb->pty.master >= 0 && pty_hung_up(&f->gdb->pty))
		gdb_gone(f);
	arrived(f, pty.master, &pty);
	if (new_spare(f) < 0)
		event_base_loopbreak(f->base);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd,
		     struct sockaddr *addr, int len, void *arg)
{
	static const struct pty none = { .master = -1 };
	int one = 1;

	(void)listener;
	(void)addr;
	(void)len;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	arrived(arg, fd, &none);
}

static int listen_at(struct front *f, const char *where)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found;
	const char *colon = strrchr(where, ':');
	const char *port = colon ? colon + 1 : where;
	char host[256] = "localhost";
	int err;

	if (colon && colon > where && where[0] == '[' && colon[-1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)(colon - where - 2), where + 1);
	else if (colon)
		snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
	if (!link_port_valid(port) || !host[0]) {
		msg(MSG_ERROR, "--listen %s: give [HOST:]PORT, e.g. 2345", where);
		return -1;
	}
	/* "localhost" may mean ::1 first; gdb's "target remote :PORT" wants either. */
	if (!strcmp(host, "localhost"))
		hints.ai_family = AF_INET;
	err = getaddrinfo(host, port, &hints, &found);
	if (err) {
		msg(MSG_ERROR, "--listen %s: %s: give an address of this machine",
		    where, gai_strerror(err));
		return -1;
	}
	f->listener = evconnlistener_new_bind(f->base, accepted, f, LEV_OPT_CLOSE_ON_FREE |
					      LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 4,
					      found->ai_addr, found->ai_addrlen);
	err = errno;
	freeaddrinfo(found);
	if (!f->listener) {
		msg(MSG_ERROR, "--listen %s: %s: give a port that is free, and an address of this machine",
		    where, strerror(err));
		return -1;
	}
	return 0;
}

struct front *front_new(struct event_base *base, const char *pty, const char *listen,
			const struct front_events *events, void *arg)
{
	struct front *f = calloc(1, sizeof(*f));

	if (!f) {
		msg(MSG_ERROR, "out of memory");
		return NULL;
	}
	f->base = base;
	f->events = events;
	f->arg = arg;
	f->spare.master = -1;
	f->link.lock = -1;
	f->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (f->inotify < 0) {
		msg(MSG_ERROR, "inotify: %s: see the limits in /proc/sys/fs/inotify",
		    strerror(errno));
		goto fail;
	}
	f->opened = event_new(base, f->inotify, EV_READ | EV_PERSIST, spare_opened, f);
	if (!f->opened || event_add(f->opened, NULL) < 0)
		goto fail;
	if (listen && listen_at(f, listen) < 0)
		goto fail;
	if (pty_link_claim(&f->link, pty) < 0 || new_spare(f) < 0)
		goto fail;
	return f;
fail:
	front_free(f);
	return NULL;
}

void front_free(struct front *f)
{
	struct caller *c;

	if (!f)
		return;
	pty_link_remove(&f->link);
	if (f->listener)
		evconnlistener_free(f->listener);
	if (f->gdb)
		caller_free(f->gdb);
	while ((c = f->refused)) {
		f->refused = c->next;
		caller_free(c);
	}
	if (f->opened)
		event_free(f->opened);
	if (f->inotify >= 0)
		close(f->inotify);
	pty_close(&f->spare);
	free(f);
}

void front_send(struct front *f, const void *data, size_t len)
{
	if (f->gdb)
		send_now(f->gdb->bev, data, len);
}

void front_drop(struct front *f)
{
	struct caller *c = f->gdb;

	if (!c)
		return;
	f->gdb = NULL;
	linger(c, DROP_SECONDS);
}
