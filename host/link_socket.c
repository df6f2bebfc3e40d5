// SPDX-License-Identifier: GPL-2.0
/*
 * Links over a socket: unix, tcp, and telnet, which is tcp with the framing that terminal
 * servers and QEMU's "-serial telnet:" speak and so has a BREAK (RFC 854, "NVT").
 */
#include <errno.h>
#include <event2/bufferevent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "link.h"
#include "now.h"

#define CONNECT_SECONDS	10

/* Telnet's commands (RFC 854, page 14) and the options wanted (RFC 856, 857, 858). */
enum {
	TN_SE = 240, TN_BRK = 243, TN_SB = 250, TN_WILL = 251, TN_WONT = 252, TN_DO = 253,
	TN_DONT = 254, TN_IAC = 255,
	TN_BINARY = 0, TN_ECHO = 1, TN_SGA = 3,
};

struct link_socket {
	struct link link;
	struct bufferevent *bev;
	struct event *idle;	/* an error in open(), told from the event loop */
	int err;
	const char *why;	/* of that error, if it is not to be had from errno */
	enum { DATA, IAC, OPTION, SUB, SUB_IAC } telnet;
	unsigned char verb;	/* WILL, WONT, DO or DONT, whose OPTION is to come */
	unsigned char agreed;	/* options that were answered already, a bit each */
};

static struct link_socket *of(struct link *link)
{
	return (struct link_socket *)link;
}

static const char *hint(const struct link_socket *ls, int err)
{
	bool is_unix = ls->link.spec->type == LINK_UNIX;

	switch (err) {
	case ENOENT:
		return "there is no such socket: is the VM running, with -chardev socket,path=...,server=on,wait=off?";
	case ECONNREFUSED:
		return is_unix ? "nobody listens on this socket any more: start the VM again" :
			"nobody listens on that port: is the VM or terminal server up, and the port right?";
	case EACCES:
	case EPERM:
		return "become the user who runs the VM, or root";
	case ENOTSOCK:
	case EPROTOTYPE:
		return "this is no stream socket; for a serial device use tty:PATH";
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "is the host up, and does a firewall let the port through?";
	default:
		return NULL;
	}
}

static void fail(struct link_socket *ls, int err)
{
	link_failed(&ls->link, err, ls->why ? ls->why : hint(ls, err), false);
}

static void failed_in_open(evutil_socket_t fd, short what, void *arg)
{
	struct link_socket *ls = arg;

	(void)fd;
	(void)what;
	fail(ls, ls->err);
}

static void fail_later(struct link_socket *ls, int err)
{
	struct timeval now = { 0, 0 };

	ls->err = err;
	event_add(ls->idle, &now);
}

/* Refuse every option of the other side but those that make the line transparent. */
static void answer_option(struct link_socket *ls, unsigned char option)
{
	bool good = option == TN_BINARY || option == TN_SGA ||
		    (option == TN_ECHO && ls->verb == TN_WILL);
	unsigned char answer[3] = { TN_IAC, 0, option };
	unsigned char bit;

	if (ls->verb == TN_WILL)
		answer[1] = good ? TN_DO : TN_DONT;
	else if (ls->verb == TN_DO)
		answer[1] = good ? TN_WILL : TN_WONT;
	else
		return;
	if (good) {
		/* Once for each side: an answer to an answer would never end. */
		bit = 1 << (option == TN_BINARY ? 0 : option == TN_SGA ? 1 : 2);
		bit <<= ls->verb == TN_DO ? 4 : 0;
		if (ls->agreed & bit)
			return;
		ls->agreed |= bit;
	}
	bufferevent_write(ls->bev, answer, sizeof(answer));
}

/* Take telnet's commands out of received bytes, in place; returns what is left. */
static size_t telnet_decode(struct link_socket *ls, unsigned char *data, size_t len)
{
	size_t i, out = 0;

	for (i = 0; i < len; i++) {
		unsigned char c = data[i];

		switch (ls->telnet) {
		case DATA:
			if (c == TN_IAC)
				ls->telnet = IAC;
			else
				data[out++] = c;
			break;
		case IAC:
			ls->telnet = DATA;
			if (c == TN_IAC) {
				data[out++] = c;
			} else if (c >= TN_WILL) {
				ls->verb = c;
				ls->telnet = OPTION;
			} else if (c == TN_SB) {
				ls->telnet = SUB;
			}
			break;
		case OPTION:
			ls->telnet = DATA;
			answer_option(ls, c);
			break;
		case SUB:
			if (c == TN_IAC)
				ls->telnet = SUB_IAC;
			break;
		case SUB_IAC:
			ls->telnet = c == TN_SE ? DATA : SUB;
			break;
		}
	}
	return out;
}

static void readable(struct bufferevent *bev, void *arg)
{
	struct link_socket *ls = arg;
	unsigned char data[65536];
	size_t len = receive_now(bev, data, sizeof(data));

	if (ls->link.spec->type == LINK_TELNET)
		len = telnet_decode(ls, data, len);
	if (len)
		ls->link.events->data(ls->link.arg, data, len);
}

static void changed(struct bufferevent *bev, short what, void *arg)
{
	struct link_socket *ls = arg;
	int err = EVUTIL_SOCKET_ERROR();
	int one = 1;

	if (what & BEV_EVENT_CONNECTED) {
		bufferevent_set_timeouts(bev, NULL, NULL);
		/* RSP is small packets, each waited for; an error means a Unix socket. */
		setsockopt(bufferevent_getfd(bev), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		link_is_up(&ls->link);
	} else if (what & BEV_EVENT_TIMEOUT) {
		fail(ls, ETIMEDOUT);
	} else if (what & BEV_EVENT_EOF) {
		fail(ls, 0);
	} else if (what & BEV_EVENT_ERROR) {
		fail(ls, err ? err : EIO);
	}
}

static int look_up(const struct link_spec *spec, struct sockaddr_storage *addr)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	struct sockaddr_un *sun = (struct sockaddr_un *)addr;
	int len, err;

	memset(addr, 0, sizeof(*addr));
	if (spec->type == LINK_UNIX) {
		sun->sun_family = AF_UNIX;
		strcpy(sun->sun_path, spec->path);
		return sizeof(*sun);
	}
	err = getaddrinfo(spec->host, spec->port, &hints, &found);
	if (err)
		return -err;
	memcpy(addr, found->ai_addr, found->ai_addrlen);
	len = found->ai_addrlen;
	freeaddrinfo(found);
	return len;
}

static void socket_open(struct link *link)
{
	struct link_socket *ls = of(link);
	struct timeval patience = { CONNECT_SECONDS, 0 };
	struct sockaddr_storage addr;
	int len, fd;

	ls->telnet = DATA;
	ls->agreed = 0;
	ls->idle = evtimer_new(link->base, failed_in_open, ls);
	ls->bev = bufferevent_socket_new(link->base, -1,
					 BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!ls->idle || !ls->bev)
		abort();	/* out of memory, at a time when there is nothing to save */

	len = look_up(link->spec, &addr);
	ls->why = NULL;
	if (len <= 0) {
		/* No errno fits, and what getaddrinfo() says is worth more. */
		ls->why = gai_strerror(-len);
		fail_later(ls, EADDRNOTAVAIL);
		return;
	}
	/* libevent's own connect keeps no errno of a socket that fails at once. */
	fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		fail_later(ls, errno);
		return;
	}
	if (connect(fd, (struct sockaddr *)&addr, len) < 0 && errno != EINPROGRESS) {
		/* EAGAIN: the queue of a Unix socket is full. */
		fail_later(ls, errno == EAGAIN ? EBUSY : errno);
		close(fd);
		return;
	}
	bufferevent_setfd(ls->bev, fd);
	bufferevent_setcb(ls->bev, readable, NULL, changed, ls);
	bufferevent_set_timeouts(ls->bev, NULL, &patience);
	/* With no address it takes the socket as connecting, and tells the end of that. */
	bufferevent_socket_connect(ls->bev, NULL, 0);
	bufferevent_enable(ls->bev, EV_READ | EV_WRITE);
}

static void socket_send(struct link *link, const void *data, size_t len)
{
	static const unsigned char iac = TN_IAC;
	const unsigned char *p = data, *end = p + len, *next;
	struct link_socket *ls = of(link);

	if (link->spec->type == LINK_TELNET) {
		while ((next = memchr(p, TN_IAC, end - p))) {
			bufferevent_write(ls->bev, p, next + 1 - p);
			bufferevent_write(ls->bev, &iac, 1);
			p = next + 1;
		}
	}
	send_now(ls->bev, p, end - p);
}

static void socket_break(struct link *link)
{
	static const unsigned char brk[] = { TN_IAC, TN_BRK };

	bufferevent_write(of(link)->bev, brk, sizeof(brk));
}

static void socket_close(struct link *link)
{
	struct link_socket *ls = of(link);

	if (ls->bev)
		bufferevent_free(ls->bev);
	if (ls->idle)
		event_free(ls->idle);
	ls->bev = NULL;
	ls->idle = NULL;
}

const struct link_ops link_socket_ops = {
	.size		= sizeof(struct link_socket),
	.can_break	= true,
	.open		= socket_open,
	.send		= socket_send,
	.send_break	= socket_break,
	.close		= socket_close,
};
