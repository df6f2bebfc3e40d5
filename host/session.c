// SPDX-License-Identifier: GPL-2.0
/* Packets, see session.h. */
#include <stdlib.h>
#include <string.h>

#include "../common/rsp.h"
#include "session.h"

/* All in ms. gdb itself waits 2000 for a reply, three times over. */
#define ACK_MS		2000	/* then a request is sent again ... */
#define ACK_RESUME_MS	4000	/* ... one that resumes later: again may mean twice */
#define REPLY_MS	3000	/* then the stub is asked for its reply again */
#define ACK_LATE_MS	5	/* an acknowledgement goes with the next request until then */
#define DRAIN_MS	100	/* silence that ends what is left of an old exchange */
#define PARTIAL_MS	300	/* then text that began like a packet is text */
#define BREAK_MS	150	/* from a break-in to a stub that listens */
#define BREAK_AGAIN_MS	1000	/* from a break-in without a stop to a packet that stops */
#define SAY_RUNNING_MS	300	/* what runs for less was a step */
#define NO_ANSWER_MS	3000
#define GIVE_UP_MS	8000	/* before gdb, with its three times 2000, is confused */

/* How often a damaged reply is asked for again before gdb is left to its time-out. */
#define NAK_MAX		10

/* Stop replies and console output of the stub are far shorter. */
#define UNASKED_MAX	2048

enum state {
	IDLE,		/* no exchange in flight; the target may run or be stopped */
	BREAKING,	/* a break-in was sent ahead of the request */
	UNACKED,	/* the request was sent */
	AWAITING,	/* it was acknowledged; its reply is to come */
	DRAIN,		/* what still arrives belongs to an exchange given up */
};

enum deadline {
	D_STATE,	/* BREAKING, UNACKED, AWAITING, DRAIN have waited enough */
	D_ACK,		/* the last reply is still to be acknowledged */
	D_PARTIAL,	/* a packet began outside an exchange and does not end */
	D_BREAK,	/* a break-in had no effect */
	D_RUNNING,	/* a resumed target has run long enough to be reported */
	D_SILENCE,	/* the target has not answered this exchange for long */
	D_GIVE_UP,	/* the target has not answered this gdb at all */
	D_COUNT,
};

/* A packet as it is on the wire, '$' to checksum. */
struct frame {
	size_t len;
	unsigned char data[SESSION_PACKET_MAX];
};

struct session {
	const struct session_ops *ops;
	void *arg;
	bool break_in_first;
	bool packets_stop;
	bool link;
	bool gdb;
	uint64_t deadlines[D_COUNT];	/* 0: none */

	/* Towards gdb. */
	struct rsp_parser gdb_parser;
	struct frame gdb_in;		/* being received */
	struct frame reply;		/* sent, not yet acknowledged; len 0: none */
	bool no_ack;			/* gdb neither sends acknowledgements nor wants any */

	/* Towards the target. */
	enum state state;
	struct rsp_parser target_parser;
	struct frame target_in;		/* being received; len 0: outside a packet */
	struct frame request;		/* in flight */
	struct frame next;		/* waits for the line; len 0: none */
	unsigned int tries;		/* how often request was sent */
	unsigned int naks;		/* how often its reply was damaged */
	bool doubtful;			/* whether the request, one that resumes, arrived */
	bool asked;			/* gdb has sent a request since it got a stop reply */
	unsigned char out[1 + SESSION_PACKET_MAX];
	bool break_owed;		/* Ctrl-C came when the target could not take it */

	bool stopped;			/* known to be stopped, in the stub */
	bool said_stopped;		/* as reported last */
	bool said_silent;
	bool said_dropped;
	bool answered;			/* ever */
	bool answered_gdb;		/* since this gdb attached */
};

static void arm(struct session *s)
{
	uint64_t first = 0;
	int i;

	for (i = 0; i < D_COUNT; i++)
		if (s->deadlines[i] && (!first || s->deadlines[i] < first))
			first = s->deadlines[i];
	s->ops->timer(s->arg, first);
}

static void deadline(struct session *s, enum deadline which, unsigned int ms)
{
	s->deadlines[which] = ms ? s->ops->now(s->arg) + ms : 0;
}

/* In one piece with the acknowledgement that is due: each piece wakes a few processes. */
static void to_target(struct session *s, const void *data, size_t len)
{
	bool ack = s->deadlines[D_ACK];

	if (!s->link || !(len + ack))
		return;
	deadline(s, D_ACK, 0);
	s->out[0] = '+';
	if (len)
		memcpy(s->out + ack, data, len);
	s->ops->to_target(s->arg, s->out, ack + len);
}

static void enter(struct session *s, enum state state, unsigned int ms)
{
	s->state = state;
	deadline(s, D_STATE, ms);
}

static unsigned char type_of(const struct frame *f)
{
	return f->len > RSP_OVERHEAD ? f->data[1] : 0;
}

static bool begins(const struct frame *f, const char *text)
{
	return f->len > strlen(text) && !memcmp(f->data + 1, text, strlen(text));
}

static bool steps(const struct frame *f)
{
	return type_of(f) == 's' || type_of(f) == 'S' || begins(f, "vCont;r");
}

/* Requests after which the target runs; the reply comes when it stops. */
static bool resumes(const struct frame *f)
{
	return type_of(f) == 'c' || type_of(f) == 'C' || steps(f);
}

/* Requests that have no reply: kill, and the stub's own "to kdb". */
static bool has_no_reply(const struct frame *f)
{
	return f->len == 1 + RSP_OVERHEAD && (type_of(f) == 'k' || type_of(f) == '3');
}

/* gdb's "monitor" command. */
static bool is_monitor(const struct frame *f)
{
	return begins(f, "qRcmd,");
}

/* The target runs on gdb's order. */
static bool running_for_gdb(const struct session *s)
{
	return s->state == AWAITING && resumes(&s->request);
}

/* A reply that is neither a stop nor unasked may come. */
static bool reply_due(const struct session *s)
{
	return s->state == AWAITING && !resumes(&s->request);
}

static void set_stopped(struct session *s, bool stopped)
{
	s->stopped = stopped;
	if (stopped) {
		deadline(s, D_RUNNING, 0);
		deadline(s, D_BREAK, 0);
		if (!s->said_stopped)
			s->ops->report(s->arg, SESSION_STOPPED);
		s->said_stopped = true;
	} else {
		s->said_dropped = false;
		deadline(s, D_RUNNING, s->said_stopped ? SAY_RUNNING_MS : 0);
	}
}

static void heard(struct session *s)
{
	s->answered = true;
	s->answered_gdb = true;
	deadline(s, D_SILENCE, 0);
	deadline(s, D_GIVE_UP, 0);
	if (s->said_silent)
		s->ops->report(s->arg, SESSION_ANSWERS);
	s->said_silent = false;
}

static void send_request(struct session *s)
{
	/*
	 * To a stub of which nothing is known yet: should it still wait for the
	 * acknowledgement of something that it once sent, here it is.
	 */
	if (s->tries == 0 && !s->stopped)
		to_target(s, "+", 1);
	s->tries++;
	s->naks = 0;
	to_target(s, s->request.data, s->request.len);
	enter(s, UNACKED, resumes(&s->request) ? ACK_RESUME_MS : ACK_MS);
}

/*
 * The link was lost with a request that resumes: sent again it might mean twice. If the target
 * has it and has stopped since, "-" brings its stop reply. Otherwise it answers a question,
 * for which one with our module stops, and may be sent the request (again).
 */
static void find_out(struct session *s)
{
	s->doubtful = true;
	s->tries++;
	to_target(s, "-$qC#b4", 7);
	deadline(s, D_STATE, ACK_RESUME_MS);
}

/* The answer to that question. */
static bool is_found_out(const struct session *s, const unsigned char *p, size_t len)
{
	return resumes(&s->request) && len >= 2 && !memcmp(p, "QC", 2);
}

/* Put the next request on the line if there is one and the line is free. */
static void next_request(struct session *s)
{
	if (!s->next.len || s->state != IDLE)
		return;
	if (!s->deadlines[D_SILENCE] && !s->said_silent)
		deadline(s, D_SILENCE, NO_ANSWER_MS);
	if (!s->answered_gdb && !s->deadlines[D_GIVE_UP])
		deadline(s, D_GIVE_UP, GIVE_UP_MS);
	if (!s->link)
		return;

	memcpy(&s->request, &s->next, offsetof(struct frame, data) + s->next.len);
	s->next.len = 0;
	s->tries = 0;
	if (s->break_in_first && !s->stopped) {
		s->ops->break_in(s->arg);
		enter(s, BREAKING, BREAK_MS);
	} else {
		send_request(s);
	}
}

/* The exchange in flight is over, one way or another. */
static void end_exchange(struct session *s)
{
	bool clean = s->tries <= 1;

	s->request.len = 0;
	s->tries = 0;
	s->doubtful = false;
	/* A request that was sent twice may be answered twice. */
	if (clean)
		enter(s, IDLE, 0);
	else
		enter(s, DRAIN, DRAIN_MS);
	next_request(s);
}

static void break_in(struct session *s)
{
	if (s->break_in_first) {
		s->ops->break_in(s->arg);
		return;
	}
	to_target(s, "\003", 1);
	if (s->packets_stop)
		deadline(s, D_BREAK, BREAK_AGAIN_MS);
}

/*
 * A target that had to let go of gdb, as its device was away when it stopped, stops at 0x03
 * and waits for a debugger to speak first.
 */
static void break_in_again(struct session *s)
{
	if (!running_for_gdb(s))
		return;
	to_target(s, "$?#3f", 5);
	s->tries = 2;	/* should it just have been slow: to drain */
}

static void acknowledged(struct session *s)
{
	if (has_no_reply(&s->request)) {
		heard(s);
		set_stopped(s, false);
		end_exchange(s);
		return;
	}
	/* Of itself it proves little: a shell on the line echoes our own. */
	if (!resumes(&s->request)) {
		enter(s, AWAITING, REPLY_MS);
		return;
	}
	heard(s);
	set_stopped(s, false);
	enter(s, AWAITING, 0);
	if (!s->break_owed)
		return;
	if (!steps(&s->request)) {
		s->break_owed = false;
		break_in(s);
	} else if (!s->break_in_first) {
		/* Most likely it has stepped by now, see interrupted_step(). */
		break_in(s);
	}
}

/* Text of the target: not RSP. */
static void text(struct session *s, const void *data, size_t len)
{
	if (len)
		s->ops->to_console(s->arg, data, len);
}

/* What was received of a packet was not one. */
static void partial_is_text(struct session *s)
{
	size_t len = s->target_in.len;

	memset(&s->target_parser, 0, sizeof(s->target_parser));
	s->target_in.len = 0;
	deadline(s, D_PARTIAL, 0);
	text(s, s->target_in.data, len);
}

/*
 * gdb sent its Ctrl-C between two of the many steps that it makes for one command of its
 * user, and the target never saw it. SIGINT as the stop's reason ends that command, as it
 * does with a native target; SIGTRAP would mean that the step is done, now the next.
 */
static void interrupted_step(struct session *s)
{
	char payload[SESSION_PACKET_MAX];
	size_t len = s->target_in.len - RSP_OVERHEAD;

	memcpy(payload, s->target_in.data + 1, len);
	if (memcmp(payload + 1, "05", 2))
		return;
	payload[2] = '2';
	s->target_in.len = rsp_frame((char *)s->target_in.data, payload, len);
}

static bool is_hex(const unsigned char *p, size_t len)
{
	while (len--)
		if (rsp_hex_digit(*p++) < 0)
			return false;
	return true;
}

/* S05, T05thread:01; and the like, but no other reply that the stub has. */
static bool is_stop(const unsigned char *p, size_t len)
{
	return len >= 3 && (p[0] == 'S' || p[0] == 'T') && is_hex(p + 1, 2) &&
	       (len == 3 || p[0] == 'T');
}

static bool is_exit(const unsigned char *p, size_t len)
{
	return len >= 3 && (p[0] == 'W' || p[0] == 'X') && is_hex(p + 1, 2);
}

/* Console output inside RSP ("kgdbcon"): O and hex digits. "OK" is none. */
static bool is_output(const unsigned char *p, size_t len)
{
	return len >= 3 && len % 2 == 1 && p[0] == 'O' && is_hex(p + 1, len - 1);
}

static void output_as_text(struct session *s, const unsigned char *p, size_t len)
{
	unsigned char c;
	size_t i;

	for (i = 1; i + 1 < len; i += 2) {
		c = rsp_hex_digit(p[i]) << 4 | rsp_hex_digit(p[i + 1]);
		text(s, &c, 1);
	}
}

/* A packet with the right checksum arrived in s->target_in. */
static void target_packet(struct session *s)
{
	const unsigned char *p = s->target_in.data + 1;
	size_t len = s->target_in.len - RSP_OVERHEAD;
	bool wanted = s->state == AWAITING || s->state == UNACKED;
	bool stop = is_stop(p, len) || is_exit(p, len);

	/*
	 * "use $D#44+ or $3#33" says the kernel to people; a tty in front of a shell
	 * echoes the request. No reply of the stub looks like either.
	 */
	if ((len == 1 && (p[0] == 'D' || p[0] == '3')) ||
	    (wanted && s->target_in.len == s->request.len &&
	     !memcmp(s->target_in.data, s->request.data, s->request.len))) {
		partial_is_text(s);
		return;
	}

	if (is_output(p, len)) {
		heard(s);
		to_target(s, "+", 1);
		if (is_monitor(&s->request) && s->gdb) {
			/* The words of its reply, which is still to come. */
			deadline(s, D_STATE, REPLY_MS);
			session_answer(s, p, len);
			return;
		}
		output_as_text(s, p, len);
		if (running_for_gdb(s))
			session_answer(s, p, len);
		return;
	}

	if (wanted && stop && !resumes(&s->request) && type_of(&s->request) != '?') {
		/* A stop that was reported too late, or to a gdb before this one. */
		to_target(s, "+", 1);
		return;
	}
	if (wanted && is_found_out(s, p, len)) {
		to_target(s, "+", 1);
		if (s->doubtful)
			send_request(s);
		s->doubtful = false;
		return;
	}
	if (wanted && resumes(&s->request) && s->state == UNACKED && !stop)
		wanted = false;

	if (!wanted) {
		if (s->state == DRAIN || stop) {
			to_target(s, "+", 1);
			if (s->state == IDLE && is_stop(p, len))
				set_stopped(s, true);
			if (s->state == DRAIN)
				deadline(s, D_STATE, DRAIN_MS);
		} else {
			partial_is_text(s);
		}
		return;
	}

	/*
	 * The reply. If its request's acknowledgement was lost, this is one. The stub waits
	 * for ours before it takes another request, or goes on after a detach.
	 */
	heard(s);
	if (type_of(&s->request) == 'D')
		to_target(s, "+", 1);
	else
		deadline(s, D_ACK, ACK_LATE_MS);
	if (resumes(&s->request)) {
		if (s->break_owed && steps(&s->request))
			interrupted_step(s);
		s->break_owed = false;
	}
	if (type_of(&s->request) == 'D' && len == 2 && !memcmp(p, "OK", 2))
		set_stopped(s, false);
	else
		set_stopped(s, !is_exit(p, len));
	end_exchange(s);
	if (s->gdb)
		s->ops->reply(s->arg, p, len);
}

/* A packet with a wrong checksum arrived in s->target_in. */
static void target_damaged(struct session *s)
{
	if (s->state == UNACKED || s->state == DRAIN)
		return;		/* comes again, or is not wanted */
	if (s->state != AWAITING ||
	    (running_for_gdb(s) && !strchr("STOWXE", type_of(&s->target_in)))) {
		partial_is_text(s);
		return;
	}
	if (++s->naks <= NAK_MAX) {
		to_target(s, "-", 1);
		deadline(s, D_STATE, running_for_gdb(s) ? 0 : REPLY_MS);
		return;
	}
	s->ops->report(s->arg, SESSION_NOISY);
	to_target(s, "+", 1);
	s->tries = 2;		/* to drain */
	end_exchange(s);
}

/* Whether what has been received of a packet can still become one. */
static bool plausible(const struct session *s, unsigned char c)
{
	if (s->target_in.len >= SESSION_PACKET_MAX)
		return false;
	if (reply_due(s))
		return true;
	if (s->target_in.len > UNASKED_MAX || c < 0x20 || c > 0x7e)
		return false;
	/* The first byte of a payload, of a target that runs: a stop or output. */
	if (s->target_in.len == 2 && (s->state == IDLE || running_for_gdb(s)))
		return strchr("STOWXE", c) || (c == 'Q' && s->tries > 1);
	return true;
}

static void target_byte(struct session *s, unsigned char c)
{
	enum rsp_event ev = rsp_feed(&s->target_parser, c);
	struct frame *in = &s->target_in;

	switch (ev) {
	case RSP_START:
		if (in->len)
			text(s, in->data, in->len);
		in->data[0] = c;
		in->len = 1;
		return;
	case RSP_DATA:
	case RSP_TRAILER:
		in->data[in->len++] = c;
		if (!plausible(s, c))
			partial_is_text(s);
		return;
	case RSP_PACKET:
	case RSP_BAD:
		in->data[in->len++] = c;
		if (ev == RSP_PACKET)
			target_packet(s);
		else
			target_damaged(s);
		in->len = 0;
		return;
	case RSP_ACK:
		if (s->state == UNACKED) {
			if (!s->doubtful)
				acknowledged(s);
			return;
		}
		break;
	case RSP_NAK:
		if (s->state == UNACKED) {
			if (s->tries < NAK_MAX && !s->doubtful)
				send_request(s);
			return;
		}
		break;
	default:
		break;
	}
	if ((ev == RSP_ACK || ev == RSP_NAK) && (reply_due(s) || s->state == DRAIN))
		return;
	text(s, &c, 1);
}

void session_from_target(struct session *s, const void *data, size_t len)
{
	const unsigned char *p = data;
	struct frame *in = &s->target_in;
	size_t n, room;

	if (s->state == DRAIN)
		deadline(s, D_STATE, DRAIN_MS);
	while (len) {
		/* What a reply consists of mostly, as fast as it can be. */
		room = SESSION_PACKET_MAX - in->len;
		if (in->len && reply_due(s) && room > len) {
			n = rsp_feed_data(&s->target_parser, p, len);
			memcpy(in->data + in->len, p, n);
			in->len += n;
			p += n;
			len -= n;
			if (!len)
				break;
		}
		target_byte(s, *p++);
		len--;
	}
	deadline(s, D_PARTIAL, s->target_in.len && !reply_due(s) ? PARTIAL_MS : 0);
	arm(s);
}

static void put_frame(struct frame *f, const void *payload, size_t len)
{
	f->len = 0;
	if (len <= sizeof(f->data) - RSP_OVERHEAD)
		f->len = rsp_frame((char *)f->data, payload, len);
}

void session_answer(struct session *s, const void *payload, size_t len)
{
	if (!s->gdb)
		return;
	if (is_stop(payload, len))
		s->asked = false;
	put_frame(&s->reply, payload, len);
	s->ops->to_gdb(s->arg, s->reply.data, s->reply.len);
}

void session_ask(struct session *s, const void *payload, size_t len)
{
	put_frame(&s->next, payload, len);

	if (s->state == UNACKED || s->state == AWAITING) {
		s->tries = 2;	/* to drain */
		if (running_for_gdb(s))
			s->tries = 1;	/* runs, so nothing comes */
		end_exchange(s);
	} else if (s->state == BREAKING) {
		memcpy(&s->request, &s->next, offsetof(struct frame, data) + s->next.len);
		s->next.len = 0;
	} else {
		next_request(s);
	}
}

void session_drain(struct session *s)
{
	if (s->state == IDLE || s->state == DRAIN)
		enter(s, DRAIN, DRAIN_MS);
}

static void gdb_request(struct session *s)
{
	static const char no_ack[] = "QStartNoAckMode";
	const unsigned char *payload = s->gdb_in.data + 1;
	size_t len = s->gdb_in.len - RSP_OVERHEAD;

	if (!s->no_ack)
		s->ops->to_gdb(s->arg, "+", 1);
	s->reply.len = 0;
	s->asked = true;
	if (len == sizeof(no_ack) - 1 && !memcmp(payload, no_ack, len)) {
		/* What connects us loses nothing. gdb acknowledges this one still. */
		session_answer(s, "OK", 2);
		s->no_ack = true;
		return;
	}
	s->ops->request(s->arg, payload, len);
}

static void gdb_byte(struct session *s, unsigned char c)
{
	struct frame *in = &s->gdb_in;

	switch (rsp_feed(&s->gdb_parser, c)) {
	case RSP_START:
		in->len = 0;
		/* fallthrough */
	case RSP_DATA:
	case RSP_TRAILER:
		if (in->len < SESSION_PACKET_MAX - 1)
			in->data[in->len++] = c;
		else
			memset(&s->gdb_parser, 0, sizeof(s->gdb_parser));
		return;
	case RSP_PACKET:
		in->data[in->len++] = c;
		gdb_request(s);
		return;
	case RSP_BAD:
		if (!s->no_ack)
			s->ops->to_gdb(s->arg, "-", 1);
		return;
	case RSP_ACK:
		s->reply.len = 0;
		return;
	case RSP_NAK:
		/* With no reply sent this is gdb's time-out: it comes when it comes. */
		if (s->reply.len)
			s->ops->to_gdb(s->arg, s->reply.data, s->reply.len);
		return;
	case RSP_BREAK:
		/*
		 * gdb sends it once it means to resume, which takes it several requests.
		 * With none of them here yet it has crossed a stop reply on its way.
		 */
		if (s->stopped || (s->state == UNACKED && resumes(&s->request))) {
			s->break_owed = s->asked;
		} else if (s->state != BREAKING) {
			/* Where it steps it may have done so by now. */
			s->break_owed = s->asked && steps(&s->request);
			break_in(s);
		}
		return;
	case RSP_TEXT:
		return;
	}
}

void session_from_gdb(struct session *s, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len-- && s->gdb)
		gdb_byte(s, *p++);
	arm(s);
}

void session_from_console(struct session *s, const void *data, size_t len)
{
	if (s->link && ((s->state == IDLE && !s->stopped) || running_for_gdb(s))) {
		to_target(s, data, len);
	} else if (s->stopped && !s->said_dropped) {
		s->said_dropped = true;
		s->ops->report(s->arg, SESSION_CONSOLE_DROPPED);
	}
}

static void forget_gdb(struct session *s)
{
	s->gdb = false;
	s->break_owed = false;
	s->next.len = 0;
	s->reply.len = 0;
	deadline(s, D_SILENCE, 0);
	deadline(s, D_GIVE_UP, 0);
}

/* Nothing was ever heard: tell gdb, which would wait and ask for minutes. */
static void give_up(struct session *s)
{
	static const char why[] = "E.the target does not answer, see kgdb-io's message";
	char frame[sizeof(why) - 1 + RSP_OVERHEAD];

	s->ops->to_gdb(s->arg, frame, rsp_frame(frame, why, sizeof(why) - 1));
	forget_gdb(s);
	s->request.len = 0;
	enter(s, IDLE, 0);
	s->ops->drop_gdb(s->arg);
}

static void state_timeout(struct session *s)
{
	switch (s->state) {
	case BREAKING:
		/* Had the target been in kdb's prompt, a 'g' stands there now. */
		to_target(s, "\b", 1);
		send_request(s);
		break;
	case UNACKED:
		if (s->gdb && s->doubtful)
			find_out(s);
		else if (s->gdb)
			send_request(s);
		else
			end_exchange(s);
		break;
	case AWAITING:
		/* A stub that waits for an acknowledgement sends its reply again. */
		if (!s->gdb) {
			s->tries = 2;
			end_exchange(s);
			break;
		}
		to_target(s, "-", 1);
		s->tries = 2;	/* it may be on its way already */
		enter(s, AWAITING, REPLY_MS);
		break;
	case DRAIN:
	case IDLE:
		enter(s, IDLE, 0);
		next_request(s);
		break;
	}
}

void session_timeout(struct session *s)
{
	uint64_t now = s->ops->now(s->arg);
	int i;

	for (i = 0; i < D_COUNT; i++) {
		if (!s->deadlines[i] || s->deadlines[i] > now)
			continue;
		s->deadlines[i] = 0;
		switch (i) {
		case D_STATE:
			state_timeout(s);
			break;
		case D_ACK:
			to_target(s, "+", 1);
			break;
		case D_PARTIAL:
			partial_is_text(s);
			break;
		case D_BREAK:
			break_in_again(s);
			break;
		case D_RUNNING:
			s->said_stopped = false;
			s->ops->report(s->arg, SESSION_RUNNING);
			break;
		case D_SILENCE:
			s->said_silent = true;
			s->ops->report(s->arg, SESSION_NO_ANSWER);
			break;
		case D_GIVE_UP:
			if (s->gdb)
				give_up(s);
			break;
		}
	}
	arm(s);
}

void session_link(struct session *s, bool up)
{
	s->link = up;
	partial_is_text(s);
	if (!up) {
		deadline(s, D_STATE, 0);
		arm(s);
		return;
	}

	switch (s->state) {
	case UNACKED:
		if (!resumes(&s->request)) {
			send_request(s);
			break;
		}
		find_out(s);
		break;
	case AWAITING:
		/*
		 * Should it have stopped or answered meanwhile, into the void, it waits
		 * for an acknowledgement and this gets us its reply. If it runs, the
		 * module drops the byte.
		 */
		to_target(s, "-", 1);
		s->tries = 2;	/* it may be on its way already */
		deadline(s, D_STATE, running_for_gdb(s) ? 0 : REPLY_MS);
		break;
	case BREAKING:
		s->ops->break_in(s->arg);
		deadline(s, D_STATE, BREAK_MS);
		break;
	case DRAIN:
	case IDLE:
		enter(s, IDLE, 0);
		next_request(s);
		break;
	}
	arm(s);
}

void session_attach(struct session *s)
{
	s->gdb = true;
	s->no_ack = false;
	s->answered_gdb = false;
	s->said_silent = false;
	memset(&s->gdb_parser, 0, sizeof(s->gdb_parser));
	s->gdb_in.len = 0;
	s->reply.len = 0;
}

void session_detach(struct session *s)
{
	if (!s->gdb)
		return;
	to_target(s, NULL, 0);
	forget_gdb(s);
	s->packets_stop = false;
	/* A target that runs reports its stop to whoever comes next. */
	if (running_for_gdb(s) || s->state == BREAKING) {
		s->request.len = 0;
		enter(s, IDLE, 0);
	}
	/* That it runs goes without saying then. */
	if (!s->stopped) {
		s->said_stopped = false;
		deadline(s, D_RUNNING, 0);
	}
	arm(s);
}

void session_packets_stop(struct session *s)
{
	s->packets_stop = true;
}

bool session_stopped(const struct session *s)
{
	return s->stopped;
}

bool session_answered(const struct session *s)
{
	return s->answered;
}

struct session *session_new(const struct session_ops *ops, void *arg, bool break_in_first)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s) {
		s->ops = ops;
		s->arg = arg;
		s->break_in_first = break_in_first;
	}
	return s;
}

void session_free(struct session *s)
{
	free(s);
}
