// SPDX-License-Identifier: GPL-2.0
/* See attach.h. */
#include <errno.h>
#include <event2/bufferevent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "front.h"
#include "gdb.h"
#include "link.h"
#include "msg.h"
#include "proxy.h"
#include "pty.h"
#include "session.h"
#include "vmlinux.h"

/* After how many ms of opening the link for the first time a person wants a word. */
#define PATIENCE_MS	1000

/* How often a lost link is tried again, in ms. */
#define RETRY_MS	500

struct attach {
	const struct options *o;
	struct event_base *base;
	struct link *link;
	struct session *session;
	struct proxy *proxy;
	struct vmlinux vmlinux;		/* what --symbols names */
	struct front *front;
	struct event *timer;		/* the session's */
	struct event *retry;		/* to open the link again */
	struct event *patience;		/* to say that it is being opened */
	struct event *signals[4];

	/* The console, if asked for. A file descriptor keeps its pty from hanging up. */
	struct pty_link console_link;
	struct pty console;
	struct bufferevent *console_bev;
	int console_held;

	pid_t gdb;			/* 0: not started */
	bool was_up;			/* the link was up at least once */
	bool up;
	bool asked;			/* a gdb asked the target something */
	char last_why[PATH_MAX + 512];	/* why the link is down, as told */
	int status;
};

static void stop(struct attach *a, int status)
{
	a->status = status;
	event_base_loopbreak(a->base);
}

/* The session's callbacks. */

static void session_request(void *arg, const void *data, size_t len)
{
	struct attach *a = arg;

	proxy_request(a->proxy, data, len);
}

static void session_reply(void *arg, const void *data, size_t len)
{
	struct attach *a = arg;

	proxy_reply(a->proxy, data, len);
}

static void session_to_gdb(void *arg, const void *data, size_t len)
{
	struct attach *a = arg;

	front_send(a->front, data, len);
}

static void session_to_target(void *arg, const void *data, size_t len)
{
	struct attach *a = arg;

	link_send(a->link, data, len);
}

static void session_to_console(void *arg, const void *data, size_t len)
{
	struct attach *a = arg;

	if (a->console_bev)
		bufferevent_write(a->console_bev, data, len);
}

static void session_break_in(void *arg)
{
	struct attach *a = arg;

	link_break(a->link);
	link_send(a->link, "g", 1);
}

static void session_drop_gdb(void *arg)
{
	struct attach *a = arg;

	front_drop(a->front);
}

static void packets_stop(void *arg)
{
	struct attach *a = arg;

	session_packets_stop(a->session);
}

static uint64_t session_now(void *arg)
{
	struct timespec t;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

static void session_timer(void *arg, uint64_t when)
{
	struct attach *a = arg;
	uint64_t now, ms;
	struct timeval t;

	if (!when) {
		evtimer_del(a->timer);
		return;
	}
	now = session_now(arg);
	ms = when > now ? when - now : 0;
	t.tv_sec = ms / 1000;
	t.tv_usec = ms % 1000 * 1000;
	evtimer_add(a->timer, &t);
}

static void session_report(void *arg, enum session_report what)
{
	struct attach *a = arg;
	/* Under our own gdb, which says itself what the target does. */
	enum msg_level state = a->gdb ? MSG_DETAIL : MSG_CHANGE;

	switch (what) {
	case SESSION_STOPPED:
		msg(state, "target stopped");
		break;
	case SESSION_RUNNING:
		msg(state, "target running");
		break;
	case SESSION_NO_ANSWER:
		if (!a->up)
			msg(MSG_ERROR, "gdb asks, but the link is down");
		else if (session_answered(a->session))
			msg(MSG_ERROR, "the target does not answer any more: is it still up?");
		else if (a->o->break_g)
			msg(MSG_ERROR, "the target does not answer: is kgdboc on that line, SysRq allowed (/proc/sys/kernel/sysrq) and the baud rate right?");
		else
			msg(MSG_ERROR, "the target does not answer: is kgdb_io.ko loaded there with its transport set, and no other program on this link?%s",
			    link_can_break(a->link) ? " For kgdboc on a UART give --break-in break-g" : "");
		break;
	case SESSION_ANSWERS:
		msg(MSG_CHANGE, "the target answers");
		break;
	case SESSION_NOISY:
		msg(MSG_ERROR, "replies arrive damaged again and again: are the baud rate and the cable right?");
		break;
	case SESSION_CONSOLE_DROPPED:
		msg(MSG_CHANGE, "gdb has the target stopped: what is typed at the console goes nowhere");
		break;
	}
}

static const struct session_ops session_ops = {
	.request	= session_request,
	.reply		= session_reply,
	.to_gdb		= session_to_gdb,
	.to_target	= session_to_target,
	.to_console	= session_to_console,
	.break_in	= session_break_in,
	.drop_gdb	= session_drop_gdb,
	.now		= session_now,
	.timer		= session_timer,
	.report		= session_report,
};

/* The proxy's callbacks. */

static void proxy_ask(void *arg, const void *payload, size_t len)
{
	struct attach *a = arg;

	session_ask(a->session, payload, len);
}

static void proxy_drain(void *arg)
{
	struct attach *a = arg;

	session_drain(a->session);
}

static void proxy_answer(void *arg, const void *payload, size_t len)
{
	struct attach *a = arg;

	session_answer(a->session, payload, len);
}

static void proxy_tell(void *arg, const char *text, bool warning)
{
	(void)arg;
	msg(warning ? MSG_ERROR : MSG_CHANGE, "%s", text);
}

static const struct proxy_ops proxy_ops = {
	.tell	= proxy_tell,
	.ask	= proxy_ask,
	.drain	= proxy_drain,
	.answer	= proxy_answer,
	.packets_stop = packets_stop,
	.now	= session_now,
};

static void timer_ran_out(evutil_socket_t fd, short what, void *arg)
{
	struct attach *a = arg;

	(void)fd;
	(void)what;
	session_timeout(a->session);
}

/* The front's callbacks. */

static void front_attach(void *arg)
{
	struct attach *a = arg;

	msg(a->gdb ? MSG_DETAIL : MSG_CHANGE, "gdb attached");
	proxy_attach(a->proxy);
	session_attach(a->session);
}

static void front_detach(void *arg)
{
	struct attach *a = arg;

	session_detach(a->session);
	msg(a->gdb ? MSG_DETAIL : MSG_CHANGE, "gdb has gone%s",
	    session_stopped(a->session) ? "; the target is still stopped" : "");
}

static void front_data(void *arg, const void *data, size_t len)
{
	struct attach *a = arg;

	a->asked = true;
	session_from_gdb(a->session, data, len);
}

static const struct front_events front_events = {
	.attach	= front_attach,
	.detach	= front_detach,
	.data	= front_data,
};

/* The console. */

static void console_readable(struct bufferevent *bev, void *arg)
{
	struct attach *a = arg;
	unsigned char data[4096];
	size_t len;

	while ((len = bufferevent_read(bev, data, sizeof(data))) > 0)
		session_from_console(a->session, data, len);
}

static int console_start(struct attach *a)
{
	if (pty_link_claim(&a->console_link, a->o->console) < 0)
		return -1;
	if (pty_open(&a->console) < 0) {
		msg(MSG_ERROR, "cannot make a pty: %s: is /dev/pts mounted, with room for more?",
		    strerror(errno));
		return -1;
	}
	a->console_held = open(a->console.name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	a->console_bev = bufferevent_socket_new(a->base, a->console.master,
						BEV_OPT_DEFER_CALLBACKS);
	if (!a->console_bev)
		return -1;
	bufferevent_setcb(a->console_bev, console_readable, NULL, NULL, a);
	bufferevent_enable(a->console_bev, EV_READ | EV_WRITE);
	return pty_link_point(&a->console_link, &a->console);
}

/* Everything that is made once the link is up for the first time. */
static int serve(struct attach *a)
{
	const struct options *o = a->o;

	if (o->console && console_start(a) < 0)
		return -1;
	a->front = front_new(a->base, o->pty, o->listen, &front_events, a);
	if (!a->front)
		return -1;

	if (o->command == CMD_GDB) {
		a->gdb = gdb_start(o);
		return a->gdb < 0 ? -1 : 0;
	}
	printf("pty: %s\n", o->pty);
	if (o->console)
		printf("console: %s\n", o->console);
	printf("gdb: gdb -ex 'target remote %s' %s\n", o->pty,
	       o->symbols ? o->symbols : "vmlinux");
	if (o->listen)
		printf("gdb: gdb -ex 'target remote %s%s' %s\n",
		       strchr(o->listen, ':') ? "" : ":", o->listen,
		       o->symbols ? o->symbols : "vmlinux");
	fflush(stdout);
	return 0;
}

/* The link's callbacks. */

static void link_up(void *arg)
{
	struct attach *a = arg;

	a->up = true;
	a->last_why[0] = '\0';
	if (a->was_up) {
		msg(MSG_CHANGE, "link back");
	} else {
		a->was_up = true;
		if (serve(a) < 0) {
			stop(a, 1);
			return;
		}
	}
	session_link(a->session, true);
}

static void link_down(void *arg, const char *why, bool fatal)
{
	struct timeval t = { 0, RETRY_MS * 1000 };
	struct attach *a = arg;

	if (!a->was_up || fatal) {
		msg(MSG_ERROR, "%s", why);
		stop(a, 1);
		return;
	}
	if (a->up)
		msg(MSG_CHANGE, "link lost: %s; trying again", why);
	else if (strcmp(a->last_why, why) != 0)
		msg(MSG_DETAIL, "%s", why);
	snprintf(a->last_why, sizeof(a->last_why), "%s", why);
	if (a->up)
		session_link(a->session, false);
	a->up = false;
	evtimer_add(a->retry, &t);
}

static void link_data(void *arg, const void *data, size_t len)
{
	struct attach *a = arg;

	session_from_target(a->session, data, len);
}

static const struct link_events link_events = {
	.up	= link_up,
	.down	= link_down,
	.data	= link_data,
};

static void retry_link(evutil_socket_t fd, short what, void *arg)
{
	struct attach *a = arg;

	(void)fd;
	(void)what;
	link_open(a->link);
}

static void still_opening(evutil_socket_t fd, short what, void *arg)
{
	struct attach *a = arg;

	(void)fd;
	(void)what;
	if (!a->was_up)
		msg(MSG_CHANGE, "%s: connecting", a->o->link.text);
}

/* Signals. */

static void interrupted(evutil_socket_t sig, short what, void *arg)
{
	struct attach *a = arg;

	(void)what;
	/* gdb's Ctrl-C reaches us as well: we are in its terminal's foreground. */
	if (a->gdb && sig == SIGINT)
		return;
	if (a->gdb)
		kill(a->gdb, SIGTERM);
	if (!a->was_up) {
		msg(MSG_ERROR, "%s: interrupted before the link was up", a->o->link.text);
		stop(a, 1);
		return;
	}
	if (session_stopped(a->session))
		msg(MSG_CHANGE, "leaving; the target is still stopped: attach again to let it go");
	stop(a, a->asked && !session_answered(a->session));
}

static void child_ended(evutil_socket_t sig, short what, void *arg)
{
	struct attach *a = arg;
	int status;

	(void)sig;
	(void)what;
	if (!a->gdb || waitpid(a->gdb, &status, WNOHANG) != a->gdb)
		return;
	a->gdb = 0;
	stop(a, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int watch_signals(struct attach *a)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	int i;

	for (i = 0; i < 4; i++) {
		a->signals[i] = evsignal_new(a->base, numbers[i], numbers[i] == SIGCHLD ?
					     child_ended : interrupted, a);
		if (!a->signals[i] || evsignal_add(a->signals[i], NULL) < 0)
			return -1;
	}
	/* A peer that is gone is told by write()'s error. */
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

/* The file that --symbols names, before anything else is done. */
static int load_symbols(struct attach *a)
{
	char why[160];

	if (!a->o->symbols)
		return 0;
	if (!vmlinux_load(&a->vmlinux, a->o->symbols, why, sizeof(why))) {
		msg(MSG_ERROR, "--symbols %s: %s", a->o->symbols, why);
		return -1;
	}
	if (!a->vmlinux.debug_info)
		msg(MSG_CHANGE, "--symbols %s: no debug information in it: gdb will know functions, but no lines, types or variables. Build with CONFIG_DEBUG_INFO_DWARF5=y, or install the distribution's debug package",
		    a->o->symbols);
	return 0;
}

static int start(struct attach *a)
{
	struct timeval patience = { PATIENCE_MS / 1000, PATIENCE_MS % 1000 * 1000 };
	const struct options *o = a->o;

	if (load_symbols(a) < 0)
		return -1;
	a->base = event_base_new();
	if (!a->base)
		return -1;
	a->link = link_new(&o->link, a->base, &link_events, a);
	if (!a->link)
		return -1;
	if (o->break_g && !link_can_break(a->link)) {
		msg(MSG_ERROR, "--break-in break-g: there is no BREAK on %s: use tty:PATH, usb or telnet:HOST:PORT",
		    o->link.text);
		return -1;
	}
	a->session = session_new(&session_ops, a, o->break_g);
	a->proxy = proxy_new(&proxy_ops, a, o->symbols ? &a->vmlinux : NULL);
	a->timer = evtimer_new(a->base, timer_ran_out, a);
	a->retry = evtimer_new(a->base, retry_link, a);
	a->patience = evtimer_new(a->base, still_opening, a);
	if (!a->session || !a->proxy || !a->timer || !a->retry || !a->patience || watch_signals(a) < 0)
		return -1;
	evtimer_add(a->patience, &patience);
	link_open(a->link);
	return 0;
}

static void finish(struct attach *a)
{
	int i;

	front_free(a->front);
	pty_link_remove(&a->console_link);
	if (a->console_bev)
		bufferevent_free(a->console_bev);
	if (a->console_held >= 0)
		close(a->console_held);
	pty_close(&a->console);
	session_free(a->session);
	proxy_free(a->proxy);
	link_free(a->link);
	for (i = 0; i < 4; i++)
		if (a->signals[i])
			event_free(a->signals[i]);
	if (a->timer)
		event_free(a->timer);
	if (a->retry)
		event_free(a->retry);
	if (a->patience)
		event_free(a->patience);
	if (a->base)
		event_base_free(a->base);
}

int attach_run(const struct options *o)
{
	struct attach a = {
		.o = o,
		.console.master = -1,
		.console_held = -1,
		.console_link.lock = -1,
	};

	if (start(&a) < 0) {
		finish(&a);
		return 1;
	}
	event_base_dispatch(a.base);
	finish(&a);
	return a.status;
}
