// SPDX-License-Identifier: GPL-2.0
/* What is answered here and what is asked, see proxy.h. */
#include <stdio.h>
#include <stdlib.h>

#include "../common/rsp_codec.h"
#include "breakpoints.h"
#include "memory.h"
#include "proxy_impl.h"
#include "target.h"

/* Bytes that a long read begins with. */
#define CHUNK_START	8192	/* 0.7 s at 115200 baud */

/* Wait no longer for what was read ahead, if the target never answers; in ms. */
#define AHEAD_MS	2000

/* What is known of a stopped target is void. */
void proxy_forget(struct proxy *p)
{
	memory_forget(p->memory);
	p->stop_known = false;
	p->stack_due = false;
	p->threads_due = false;
	p->threads_known = false;
	p->threads_told = false;
	p->streaming = false;
}

/* qSupported. */

/* gdb's, and that we understand what our module can say to us. */
static void ask_features(struct proxy *p, const void *payload, size_t len)
{
	uint8_t *out = p->out;

	memcpy(out, payload, len);
	out[len] = memchr(out, ':', len) ? ';' : ':';
	memcpy(out + len + 1, "kgdbio.stops+", 13);
	ask(p, FEATURES, out, len + 14);
}

/* The target's features with ours in place of those that are between it and us. */
static void features(struct proxy *p, const char *theirs, size_t len)
{
	char *out = (char *)p->out, *list, *one, *state;
	size_t n;

	list = strndup(theirs, len);
	if (!list) {
		answer_text(p, "");
		return;
	}
	n = snprintf(out, sizeof(p->out), "PacketSize=%x;QStartNoAckMode+;binary-upload+",
		     PROXY_PAYLOAD_MAX);
	for (one = strtok_r(list, ";", &state); one; one = strtok_r(NULL, ";", &state)) {
		if (!strncmp(one, "PacketSize=", 11)) {
			p->packet_max = strtoul(one + 11, NULL, 16);
			if (p->packet_max < STUB_PACKET_MAX)
				p->packet_max = STUB_PACKET_MAX;
		} else if (!strcmp(one, "binary-upload+")) {
			p->binary = true;
			p->accel = true;
			p->ops->packets_stop(p->arg);
		} else if (!strcmp(one, "kgdbio.stops+")) {
			p->stops = true;
		} else if (strncmp(one, "QStartNoAckMode", 15)) {
			n += snprintf(out + n, sizeof(p->out) - n, ";%s", one);
		}
	}
	free(list);
	answer(p, out, n);
}

static void request(struct proxy *p, const uint8_t *payload, size_t len);

/* The request in p->held has what it needs. */
void proxy_go_on(struct proxy *p)
{
	request(p, p->held.data, p->held.len);
}

/* What runs there. Returns whether there is something to wait for. */
static bool probe_on(struct proxy *p, enum job job)
{
	char payload[64], text[1024];
	size_t len = target_next(p->target, payload);
	int level;

	if (len) {
		ask(p, job, payload, len);
		return true;
	}
	p->probed = true;
	level = target_message(p->target, text, sizeof(text));
	if (level)
		p->ops->tell(p->arg, text, level > 1);
	return false;
}

void proxy_probe(struct proxy *p, enum job job)
{
	target_begin(p->target);
	probe_on(p, job);
}

static bool probe_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	long n = rsp_expand(p->in, sizeof(p->in), payload, len);

	target_reply(p->target, p->in, n > 0 ? n : 0);
	return probe_on(p, p->job);
}

/* By how much the kernel was moved, all of it alike. */
static void offsets_request(struct proxy *p, const uint8_t *payload, size_t len)
{
	uint64_t offset, text;
	char reply[48];

	if (!target_offset(p->target, &offset, &text)) {
		ask(p, PASS, payload, len);
		return;
	}
	snprintf(reply, sizeof(reply), "TextSeg=%llx", (unsigned long long)(text + offset));
	answer_text(p, reply);
}

/* gdb's requests. */

/*
 * Whether a stub that stands behind our module does not know a request: the kernel's has
 * neither "v" packets nor these. gdb asks for all of them when it attaches.
 */
static bool unknown_there(const struct proxy *p, const uint8_t *payload, size_t len)
{
	return p->accel && (*payload == 'v' || begins(payload, len, "qTStatus") ||
			    begins(payload, len, "qAttached") ||
			    begins(payload, len, "qSymbol"));
}

/*
 * Breakpoints. gdb takes all of them out at every stop and puts them back before it
 * resumes. While the target is stopped it makes no difference whether they are there: the
 * debug core shows memory as it is without them.
 */
static void breakpoint_request(struct proxy *p, const uint8_t *payload, size_t len)
{
	if (*payload == 'z') {
		if (breakpoints_remove(p->breakpoints, payload, len))
			answer_text(p, "OK");
		else
			ask(p, PASS, payload, len);
	} else if (breakpoints_insert(p->breakpoints, payload, len)) {
		answer_text(p, "OK");
	} else {
		proxy_hold(p, payload, len);
		ask(p, INSERT, payload, len);
	}
}

/*
 * Before the target runs, and before it is given another one, for which there may be no
 * room else: tell it of those that gdb took out and has not put back.
 * Returns whether there is one; then the request waits.
 */
static bool remove_breakpoint(struct proxy *p, const uint8_t *payload, size_t len)
{
	char packet[BREAKPOINT_MAX];
	size_t n = breakpoints_next_removed(p->breakpoints, packet);

	if (!n)
		return false;
	proxy_hold(p, payload, len);
	ask(p, REMOVE, packet, n);
	return true;
}

/*
 * Which thread "g" is about. The debug core's stub takes the one that stopped when it stops,
 * and nothing but registers depends on it.
 */
static bool chooses_stopped(const struct proxy *p, const uint8_t *payload, size_t len)
{
	char stopped[sizeof(p->stop.thread) + 2];

	snprintf(stopped, sizeof(stopped), "Hg%s", p->stop.thread);
	return is(payload, len, "Hg0") ||
	       (p->stop_known && *p->stop.thread && is(payload, len, stopped));
}

/* Answer a request that needs nothing of the target, whatever that is asked meanwhile. */
static bool answered_here(struct proxy *p, const uint8_t *payload, size_t len)
{
	uint8_t type = len ? *payload : 0;

	if (is(payload, len, "vCont?")) {
		answer_text(p, "vCont;c;C;s;S;r");
	} else if (type == 'v' && begins(payload, len, "vCont;")) {
		return false;
	} else if (type && unknown_there(p, payload, len)) {
		answer_text(p, "");
	} else if (p->threads_known && is(payload, len, "qfThreadInfo")) {
		p->threads_wanted = true;
		p->threads_told = true;
		answer(p, p->threads.data, p->threads.len);
	} else if (p->threads_told && is(payload, len, "qsThreadInfo")) {
		answer_text(p, "l");
	} else if (p->accel && chooses_stopped(p, payload, len)) {
		p->general_owed = !p->general_known;
		answer_text(p, "OK");
	} else if (p->accel && (is(payload, len, "Hc-1") || is(payload, len, "Hc0"))) {
		/* Said with the request that resumes, see proxy_vcont(). */
		p->thread[0] = '\0';
		p->any_owed = true;
		answer_text(p, "OK");
	} else if ((type == 'm' || type == 'x') && proxy_read_known(p, payload, len)) {
		proxy_read_request(p, payload, len);
	} else {
		return false;
	}
	return true;
}

/* The target is to know which thread is meant: of "g" and the like, of one that resumes. */
static bool choose_thread(struct proxy *p, const uint8_t *payload, size_t len, bool resumes)
{
	bool general = p->general_owed && strchr("gGpP", *payload);

	if (general) {
		p->general_owed = false;
		p->general_known = true;
	} else if (resumes && p->any_owed) {
		p->any_owed = false;
	} else {
		return false;
	}
	proxy_hold(p, payload, len);
	ask(p, general ? SET_GENERAL : SET_THREAD, general ? "Hg0" : "Hc0", 3);
	return true;
}

static void request(struct proxy *p, const uint8_t *payload, size_t len)
{
	uint8_t type = len ? *payload : 0;
	bool inserts = type == 'Z' && !breakpoints_known(p->breakpoints, payload, len);
	bool resumes = type && strchr("cCsS", type);

	if ((inserts || resumes || begins(payload, len, "vCont;")) &&
	    remove_breakpoint(p, payload, len))
		return;

	/* It is stopped by now, and gdb has not yet looked up an address. */
	if (!p->probed && (is(payload, len, "qOffsets") || is(payload, len, "g"))) {
		proxy_hold(p, payload, len);
		proxy_probe(p, PROBE);
		return;
	}

	if (answered_here(p, payload, len)) {
		proxy_go_ahead(p);
		return;
	}
	if (type && choose_thread(p, payload, len, resumes))
		return;

	switch (type) {
	case 'm':
	case 'x':
		proxy_read_request(p, payload, len);
		return;
	case 'M':
	case 'X':
		proxy_write_request(p, payload, len);
		return;
	case 'Z':
	case 'z':
		breakpoint_request(p, payload, len);
		return;
	case 'c':
	case 'C':
	case 's':
	case 'S':
		proxy_forget(p);
		p->range_from = p->range_to = 0;
		ask(p, type == 's' || type == 'S' ? STEP : RESUME, payload, len);
		return;
	case 'v':
		if (begins(payload, len, "vCont;"))
			proxy_vcont(p, payload, len);
		else
			ask(p, PASS, payload, len);
		return;
	case 'H':
		/* What was named before is void, whatever the stub says to this one. */
		if (len > 1 && payload[1] == 'c') {
			p->thread[0] = '\0';
			p->any_owed = false;
		} else {
			p->general_known = false;
			p->general_owed = false;
		}
		ask(p, PASS, payload, len);
		return;
	case 'q':
		if (begins(payload, len, "qSupported")) {
			ask_features(p, payload, len);
		} else if (is(payload, len, "qOffsets")) {
			offsets_request(p, payload, len);
		} else if (is(payload, len, "qfThreadInfo")) {
			p->threads_wanted = true;
			p->threads_told = false;
			ask(p, THREADS, payload, len);
		} else {
			p->threads_told = false;
			if (begins(payload, len, "qRcmd,"))
				proxy_forget(p);
			ask(p, PASS, payload, len);
		}
		return;
	case 'g':
	case 'p':
	case 'P':
	case 'G':
	case 'T':
		ask(p, PASS, payload, len);
		return;
	default:
		/* A new beginning, or what we know nothing of. */
		proxy_forget(p);
		p->thread[0] = '\0';
		if (type && strchr("?Dk3", type))
			breakpoints_forget(p->breakpoints);
		ask(p, type == '?' ? STATUS : PASS, payload, len);
	}
}

void proxy_request(struct proxy *p, const void *payload, size_t len)
{
	if (len > PROXY_PAYLOAD_MAX) {
		answer_text(p, "E22");
		return;
	}
	if (is_ahead(p) && !p->held_request && p->ops->now(p->arg) - p->asked_at < AHEAD_MS) {
		if (answered_here(p, payload, len))
			return;
		/* The link is busy for a moment. */
		proxy_hold(p, payload, len);
		p->held_request = true;
		return;
	}
	p->job = NONE;
	p->held_request = false;
	request(p, payload, len);
}

void proxy_reply(struct proxy *p, const void *payload, size_t len)
{
	switch (p->job) {
	case NONE:
		return;
	case PASS:
		answer(p, payload, len);
		return;
	case STATUS:
	case RESUME:
		proxy_stopped(p, payload, len);
		return;
	case PROBE:
		if (!probe_reply(p, payload, len))
			proxy_go_on(p);
		return;
	case PROBE_AHEAD:
		if (probe_reply(p, payload, len))
			return;
		p->job = NONE;
		break;
	case FEATURES:
		/* kdb makes way for a debugger, but the module saw only half of its request. */
		if (!len && !p->asked_again) {
			p->asked_again = true;
			ask_features(p, "qSupported", 10);
			return;
		}
		features(p, payload, len);
		return;
	case INSERT:
		/* EEXIST: the link was lost meanwhile, and the request sent again. */
		if (is(payload, len, "OK") || is(payload, len, "E17")) {
			breakpoints_add(p->breakpoints, p->held.data, p->held.len);
			answer_text(p, "OK");
		} else {
			answer(p, payload, len);
		}
		return;
	case REMOVE:
		proxy_go_on(p);
		return;
	case READ_RAM:
		proxy_ram_reply(p, payload, len);
		return;
	case READ:
		proxy_read_reply(p, payload, len);
		return;
	case WRITE:
		proxy_write_reply(p, payload, len);
		return;
	case AHEAD:
		proxy_ram_reply(p, payload, len);
		break;
	case THREADS:
		proxy_threads_reply(p, payload, len);
		p->threads_told = p->threads_known;
		answer(p, payload, len);
		return;
	case THREADS_AHEAD:
		p->job = NONE;
		proxy_threads_reply(p, payload, len);
		break;
	case SET_THREAD:
		proxy_set_thread_reply(p, payload, len);
		return;
	case SET_GENERAL:
		proxy_go_on(p);
		return;
	case STEP:
		proxy_step_reply(p, payload, len);
		return;
	case STEP_PC:
		proxy_step_pc_reply(p, payload, len);
		return;
	}

	/* What was read ahead is here; gdb may have asked meanwhile. */
	if (p->held_request) {
		p->held_request = false;
		proxy_go_on(p);
	} else {
		proxy_go_ahead(p);
	}
}

void proxy_attach(struct proxy *p)
{
	p->job = NONE;
	p->asked_again = false;
	p->accel = false;
	p->binary = false;
	p->stops = false;
	p->threads.len = 0;
	p->probed = false;
	p->packet_max = STUB_PACKET_MAX;
	p->held_request = false;
	p->block = BLOCK_MIN * 4;
	p->chunk = CHUNK_START;
	p->thread[0] = '\0';
	p->any_owed = false;
	p->general_known = false;
	p->general_owed = false;
	breakpoints_forget(p->breakpoints);
	proxy_forget(p);
}

struct proxy *proxy_new(const struct proxy_ops *ops, void *arg, const struct vmlinux *vmlinux)
{
	struct proxy *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->ops = ops;
	p->arg = arg;
	p->memory = memory_new();
	p->breakpoints = breakpoints_new();
	p->target = target_new(vmlinux);
	if (!p->memory || !p->breakpoints || !p->target) {
		proxy_free(p);
		return NULL;
	}
	proxy_attach(p);
	return p;
}

void proxy_free(struct proxy *p)
{
	if (!p)
		return;
	free(p->memory);
	free(p->breakpoints);
	free(p->target);
	free(p);
}
