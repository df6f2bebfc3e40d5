// SPDX-License-Identifier: GPL-2.0
/* What is answered here and what is asked, see proxy.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/rsp.h"
#include "../common/rsp_codec.h"
#include "breakpoints.h"
#include "memory.h"
#include "proxy.h"
#include "stop_reply.h"
#include "target.h"

/* Most bytes of memory that gdb gets in one answer, and that the target is asked for. */
#define DATA_MAX	0x10000

/* What a stub takes, and of memory gives, if it does not say: the kernel's BUFMAX is 1024. */
#define STUB_PACKET_MAX	1023
#define STUB_DATA_MAX	500

/* gdb waits 2 s for a reply; a long read is answered in part after this many ms. */
#define PATIENCE_MS	400

/*
 * How much memory around what gdb asks for is read with it: whatever a link moves in a few
 * ms, found out by trying.
 */
#define BLOCK_MIN	64
#define BLOCK_MAX	1024
#define QUICK_MS	3
#define SLOW_MS		20

/* The same for one request of a long read. */
#define CHUNK_MIN	1024
#define CHUNK_START	8192	/* 0.7 s at 115200 baud */
#define CHUNK_QUICK_MS	60
#define CHUNK_SLOW_MS	250

/* A list of threads that is longer may come in several pieces, see module/accel.h. */
#define THREADS_WHOLE	0x4000

/* What the request in flight is for. */
enum job {
	NONE,
	PASS,			/* gdb's own, as it was */
	STATUS,			/* "?" */
	PROBE,			/* what runs there, and where */
	FEATURES,		/* qSupported */
	INSERT,			/* a breakpoint */
	REMOVE,			/* breakpoints that gdb removed, before what is in p->held */
	READ_RAM,		/* memory, as far as it is no device */
	READ,			/* memory, whatever it is */
	WRITE,			/* a piece of a long write */
	AHEAD,			/* memory that gdb has not asked for */
	THREADS,		/* the list of threads */
	THREADS_AHEAD,		/* the same, not asked for yet */
	SET_THREAD,		/* Hc before p->held */
	RESUME,			/* the target runs */
	STEP,			/* it steps, perhaps through a range */
	STEP_PC,		/* its registers after a step */
};

struct buffer {
	size_t len;
	uint8_t data[PROXY_PAYLOAD_MAX];
};

struct proxy {
	const struct proxy_ops *ops;
	void *arg;
	enum job job;
	uint64_t asked_at;	/* ms */

	/* What the target can do. */
	bool asked_again;	/* for its features */
	bool accel;		/* it has our module's queries */
	bool binary;		/* it has "x" */
	bool stops;		/* it says more in stop replies, and steps through ranges */
	size_t packet_max;	/* payload that it takes */

	/* What runs there. */
	struct target *target;
	bool probed;		/* since gdb attached */

	/* gdb's request, while the target is asked for something else first. */
	struct buffer held;
	bool held_request;

	/* A read of gdb's. */
	bool want_binary;
	uint64_t addr;
	size_t want;
	size_t got;
	uint64_t read_since;	/* ms */
	uint8_t data[DATA_MAX];

	/* Reading memory in general. */
	struct memory *memory;
	uint64_t asked_addr;	/* of READ_RAM and AHEAD */
	size_t asked_len;
	size_t block;
	size_t chunk;
	uint64_t next_addr;	/* where gdb goes on if it reads on and on */
	bool streaming;

	/* A long write: what is left of it. */
	uint64_t write_addr;
	size_t write_len;
	size_t write_done;

	/* Since the stop. */
	bool stop_known;
	struct stop_reply stop;	/* while stepping through a range, the one at its start */
	bool stack_due;		/* its memory is still to be read ahead */
	bool threads_due;
	bool threads_wanted;	/* gdb asked for them at this stop or the one before */
	bool threads_known;
	struct buffer threads;	/* "m...", the whole list as it was told last; len 0: none */
	bool threads_told;

	/* Running and stepping. */
	struct breakpoints *breakpoints;
	char thread[32];	/* the one that would be stepped, as "Hc" names it; "" if unknown */
	uint64_t range_from;
	uint64_t range_to;

	uint8_t out[2 * DATA_MAX + 64];
	uint8_t in[2 * DATA_MAX + 8];
};

static void request(struct proxy *p, const uint8_t *payload, size_t len);

static void answer(struct proxy *p, const void *payload, size_t len)
{
	p->job = NONE;
	p->ops->answer(p->arg, payload, len);
}

static void answer_text(struct proxy *p, const char *text)
{
	answer(p, text, strlen(text));
}

static void ask(struct proxy *p, enum job job, const void *payload, size_t len)
{
	p->job = job;
	p->asked_at = p->ops->now(p->arg);
	p->ops->ask(p->arg, payload, len);
}

static bool is(const uint8_t *payload, size_t len, const char *text)
{
	return len == strlen(text) && !memcmp(payload, text, len);
}

static bool begins(const uint8_t *payload, size_t len, const char *text)
{
	return len >= strlen(text) && !memcmp(payload, text, strlen(text));
}

/* What is known of a stopped target is void. */
static void forget(struct proxy *p)
{
	memory_forget(p->memory);
	p->stop_known = false;
	p->stack_due = false;
	p->threads_due = false;
	p->threads_known = false;
	p->threads_told = false;
	p->streaming = false;
}

/* Wait no longer for what was read ahead, if the target never answers; in ms. */
#define AHEAD_MS	2000

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
		} else if (!strcmp(one, "QStartNoAckMode+")) {
			/* A link that loses nothing is a fast one. */
			p->chunk = DATA_MAX;
		} else if (strncmp(one, "QStartNoAckMode", 15)) {
			n += snprintf(out + n, sizeof(p->out) - n, ";%s", one);
		}
	}
	free(list);
	answer(p, out, n);
}

/* Memory. */

static size_t encode(uint8_t *out, const uint8_t *data, size_t len, bool binary)
{
	if (!binary)
		return rsp_put_hex(out, data, len);
	*out = 'b';
	return 1 + rsp_put_binary(out + 1, data, len);
}

static void ask_memory(struct proxy *p, enum job job, const char *query, uint64_t addr,
		       size_t len)
{
	char text[64];

	p->asked_addr = addr;
	p->asked_len = len;
	ask(p, job, text, snprintf(text, sizeof(text), "%s%llx,%zx", query,
				   (unsigned long long)addr, len));
}

/* Read what may be wanted next; nobody waits for it. */
static void go_ahead(struct proxy *p)
{
	uint64_t addr;
	uint8_t byte;

	if (!p->accel || !p->stop_known)
		return;
	if (p->streaming) {
		if (memory_get(p->memory, p->next_addr, &byte, 1) == 0 &&
		    p->next_addr + p->chunk > p->next_addr)
			ask_memory(p, AHEAD, "qkgdbio.ram:", p->next_addr, p->chunk);
	} else if (p->stack_due) {
		p->stack_due = false;
		addr = p->stop.sp & ~(uint64_t)(BLOCK_MIN - 1);
		ask_memory(p, AHEAD, "qkgdbio.ram:", addr,
			   p->block - (addr & (p->block - 1)));
	} else if (p->threads_due) {
		p->threads_due = false;
		ask(p, THREADS_AHEAD, "qfThreadInfo", 12);
	}
}

static void read_done(struct proxy *p)
{
	size_t len = encode(p->out, p->data, p->got, p->want_binary);

	/* Whoever reads two pieces in a row reads on, or one that is as large as can be. */
	p->streaming = p->got == p->want &&
		       (p->got == DATA_MAX ||
			(p->got >= BLOCK_MAX / 2 && p->addr == p->next_addr));
	p->next_addr = p->addr + p->got;
	answer(p, p->out, len);
	go_ahead(p);
}

/* Ask for what is still missing of a read, or answer it. */
static void read_on(struct proxy *p, bool ram)
{
	uint64_t addr, end, mask = ~(uint64_t)(p->block - 1);
	size_t left;

	p->got += memory_get(p->memory, p->addr + p->got, p->data + p->got, p->want - p->got);
	left = p->want - p->got;
	if (!left ||
	    (p->got && p->ops->now(p->arg) - p->read_since >= PATIENCE_MS)) {
		read_done(p);
		return;
	}
	addr = p->addr + p->got;
	if (p->accel && ram) {
		end = addr + (left < p->chunk ? left : p->chunk);
		/* With what is around it; not across the end of the address space. */
		if (((end + p->block - 1) & mask) > addr)
			end = (end + p->block - 1) & mask;
		if (end - (addr & mask) > DATA_MAX)
			mask = ~(uint64_t)0;
		ask_memory(p, READ_RAM, "qkgdbio.ram:", addr & mask, end - (addr & mask));
		return;
	}
	if (!p->accel && left > STUB_DATA_MAX)
		left = STUB_DATA_MAX;
	if (left > p->chunk)
		left = p->chunk;
	ask_memory(p, READ, p->binary ? "x" : "m", addr, left);
}

static void read_request(struct proxy *p, const uint8_t *payload, size_t len)
{
	const uint8_t *at = payload + 1;
	unsigned long long addr, want;

	if (!rsp_get_range(&at, payload + len, &addr, &want) || at != payload + len || !want) {
		ask(p, PASS, payload, len);
		return;
	}
	p->want_binary = *payload == 'x';
	p->addr = addr;
	p->want = want < DATA_MAX ? want : DATA_MAX;
	/* The last byte there is ends it. */
	if (p->addr + p->want - 1 < p->addr)
		p->want = -p->addr;
	p->got = 0;
	p->read_since = p->ops->now(p->arg);
	if (memory_is_error(p->memory, addr))
		answer_text(p, "E22");
	else
		read_on(p, true);
}

static void adapt(struct proxy *p, size_t len)
{
	uint64_t ms = p->ops->now(p->arg) - p->asked_at;

	if (len >= p->block && ms <= QUICK_MS && p->block < BLOCK_MAX)
		p->block *= 2;
	else if (len >= p->block && ms >= SLOW_MS && p->block > BLOCK_MIN)
		p->block /= 2;
	if (len >= p->chunk && ms <= CHUNK_QUICK_MS && p->chunk < DATA_MAX)
		p->chunk *= 2;
	else if (len >= CHUNK_MIN && ms >= CHUNK_SLOW_MS && p->chunk > CHUNK_MIN)
		p->chunk /= 2;
}

/* The bytes of a reply to "m", "x" or qkgdbio.ram, in p->in; -1 if it is none. */
static long memory_reply(struct proxy *p, const uint8_t *payload, size_t len, bool binary)
{
	long n = rsp_expand(p->in, sizeof(p->in), payload, len);

	if (n < 0 || (n > 0 && *p->in == 'E' && n % 2))
		return -1;
	if (!binary)
		n = n && rsp_get_hex(p->in, p->in, n) ? n / 2 : -1;
	else
		n = n && *p->in == 'b' ? rsp_get_binary(p->in, p->in + 1, n - 1) : -1;
	if (n > (long)p->asked_len)
		n = -1;
	if (n > 0)
		adapt(p, n);
	return n;
}

static void ram_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	bool error = len == 3 && *payload == 'E';
	uint64_t before = p->got;
	long n;

	/* The empty packet: it does not know the query after all. */
	if (!len)
		p->accel = false;
	n = memory_reply(p, payload, len, true);
	if (n > 0)
		memory_put(p->memory, p->asked_addr, p->in, n);
	else if (error)
		memory_put_error(p->memory, p->asked_addr);
	if (p->job == AHEAD) {
		p->job = NONE;
		if (n <= 0)
			p->streaming = false;
		return;
	}
	if (error && !before) {
		answer(p, payload, len);
		return;
	}
	p->got += memory_get(p->memory, p->addr + p->got, p->data + p->got, p->want - p->got);
	read_on(p, p->got > before);
}

static void read_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	long n = memory_reply(p, payload, len, p->binary);

	if (n > 0) {
		memcpy(p->data + p->got, p->in, n);
		p->got += n;
		read_on(p, false);
	} else if (p->got) {
		read_done(p);
	} else {
		answer(p, payload, len);
	}
}

/* The next piece of a long write, whose data is in p->in. */
static void write_on(struct proxy *p)
{
	size_t most = (p->packet_max - 40) / 2, len = p->write_len - p->write_done, n, i;

	if (len > most)
		len = most;
	n = snprintf((char *)p->out, 64, "X%llx,%zx:",
		     (unsigned long long)(p->write_addr + p->write_done), len);
	/* Without run lengths, which are for replies. */
	for (i = 0; i < len; i++) {
		uint8_t c = p->in[p->write_done + i];

		if (strchr("#$}*", c) && c) {
			p->out[n++] = '}';
			c ^= 0x20;
		}
		p->out[n++] = c;
	}
	p->write_done += len;
	ask(p, WRITE, p->out, n);
}

/* A stub that says how much it takes gets a write as gdb made it. */
static void write_request(struct proxy *p, const uint8_t *payload, size_t len)
{
	const uint8_t *at = payload + 1, *end = payload + len;
	unsigned long long addr, want;
	long n;

	forget(p);
	if (len <= p->packet_max) {
		ask(p, PASS, payload, len);
		return;
	}
	if (!rsp_get_range(&at, end, &addr, &want) || at == end || *at++ != ':') {
		answer_text(p, "E22");
		return;
	}
	if (*payload == 'X')
		n = rsp_get_binary(p->in, at, end - at);
	else
		n = rsp_get_hex(p->in, at, end - at) ? (end - at) / 2 : -1;
	if (n <= 0 || (unsigned long long)n != want) {
		answer_text(p, "E22");
		return;
	}
	p->write_addr = addr;
	p->write_len = n;
	p->write_done = 0;
	write_on(p);
}

static void write_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	if (is(payload, len, "OK") && p->write_done < p->write_len)
		write_on(p);
	else
		answer(p, payload, len);
}

/* Running, stepping, stopping. */

/* Read a stop reply. Run lengths are in what our module says, if they are anywhere. */
static bool parse_stop(struct proxy *p, struct stop_reply *stop, const uint8_t *payload,
		       size_t len)
{
	long n = rsp_expand(p->in, sizeof(p->in), payload, len);

	return stop_reply_parse(stop, p->in, n > 0 ? n : 0);
}

static void stopped(struct proxy *p, const uint8_t *payload, size_t len)
{
	struct stop_reply *stop = &p->stop;
	uint64_t stack;

	if (!parse_stop(p, stop, payload, len)) {
		p->thread[0] = '\0';
		answer(p, payload, len);
		return;
	}
	p->stop_known = true;
	/* The thread that is named is the one that the stub can step. */
	snprintf(p->thread, sizeof(p->thread), *stop->thread ? "Hc%s" : "", stop->thread);
	stack = stop->sp & ~(uint64_t)(BLOCK_MIN - 1);
	if (stop->has_sp && stop->stack_len && stack + stop->stack_len > stack)
		memory_put(p->memory, stack, stop->stack, stop->stack_len);
	else
		p->stack_due = stop->has_sp;
	p->threads_known = stop->same_threads && p->threads.len;
	/* After each step of many it does not. */
	p->threads_due = p->threads_wanted && !p->threads_known;
	p->threads_wanted = false;
	answer(p, stop->text, stop->len);
	go_ahead(p);
}

/* A reply to "qfThreadInfo". */
static void threads_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	p->threads.len = 0;
	if (p->accel && len > 1 && len < THREADS_WHOLE && *payload == 'm') {
		memcpy(p->threads.data, payload, len);
		p->threads.len = len;
	}
	p->threads_known = p->threads.len;
}

static void hold(struct proxy *p, const uint8_t *payload, size_t len)
{
	if (payload != p->held.data)
		memmove(p->held.data, payload, len);
	p->held.len = len;
}

/* Step, as far as that is of no interest if the target can do it by itself. */
static void step(struct proxy *p)
{
	uint64_t from = p->range_from, to = p->range_to;
	char text[64];

	forget(p);
	if (p->stops && from < to && p->stop.has_pc)
		breakpoints_narrow(p->breakpoints, p->stop.pc, &from, &to);
	else
		from = to;
	if (from < to)
		ask(p, STEP, text, snprintf(text, sizeof(text), "vCont;r%llx,%llx",
					    (unsigned long long)from, (unsigned long long)to));
	else
		ask(p, STEP, "s", 1);
}

/* After a step: on, if that is still in the range and nothing else happened. */
static bool in_range(struct proxy *p, uint64_t pc)
{
	/* One that was hit leaves the program counter behind its first byte. */
	return pc >= p->range_from && pc < p->range_to &&
	       !breakpoints_at(p->breakpoints, pc) &&
	       !breakpoints_at(p->breakpoints, pc - 1);
}

static void step_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	struct stop_reply stop;

	if (p->range_from == p->range_to || !begins(payload, len, "T05") ||
	    !parse_stop(p, &stop, payload, len) || strcmp(stop.thread, p->stop.thread)) {
		stopped(p, payload, len);
	} else if (stop.has_pc) {
		if (in_range(p, stop.pc)) {
			p->stop.has_pc = true;
			p->stop.pc = stop.pc;
			step(p);
		} else {
			stopped(p, payload, len);
		}
	} else {
		/* Keep what it said until it is known where it is. */
		hold(p, payload, len);
		ask(p, STEP_PC, "g", 1);
	}
}

/* "g" on x86-64: 16 registers of 8 bytes, then rip. */
static void step_pc_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	const size_t at = 16 * 16;
	uint8_t bytes[8];
	uint64_t pc = 0;
	int i;

	if (len >= at + 16 && rsp_get_hex(bytes, payload + at, 16)) {
		for (i = 7; i >= 0; i--)
			pc = pc << 8 | bytes[i];
		if (in_range(p, pc)) {
			step(p);
			return;
		}
	}
	stopped(p, p->held.data, p->held.len);
}

/* The request in p->held has what it needs. */
static void go_on(struct proxy *p)
{
	request(p, p->held.data, p->held.len);
}

/*
 * vCont in terms of the stub's own packets: it can step the thread that it stopped in, and
 * says so if another one is asked for. gdb names an action for one thread and, after it,
 * another for all others, which here run or stand as the kernel has it.
 */
static void vcont(struct proxy *p, const uint8_t *payload, size_t len)
{
	const uint8_t *at = payload + 6, *end = memchr(at, ';', payload + len - at), *thread;
	unsigned long long from = 0, to = 0;
	char resume[8], select[sizeof(p->thread)];
	size_t n = 0;

	if (!end)
		end = payload + len;
	thread = memchr(at, ':', end - at);
	if (!thread)
		thread = end;
	switch (at < end ? *at : 0) {
	case 'c':
	case 's':
		resume[n++] = *at++;
		break;
	case 'C':
	case 'S':
		if (thread - at == 3) {
			memcpy(resume, at, 3);
			n = 3;
			at += 3;
		}
		break;
	case 'r':
		at++;
		if (rsp_get_number(&at, thread, &from) && at < thread && *at++ == ',' &&
		    rsp_get_number(&at, thread, &to))
			resume[n++] = 's';
		break;
	}
	if (!n || at != thread || end - thread > 20) {
		answer_text(p, "E22");
		return;
	}
	/* Any thread is the one that it stopped in. */
	if (thread < end && !is(thread, end - thread, ":-1"))
		snprintf(select, sizeof(select), "Hc%.*s", (int)(end - thread - 1), thread + 1);
	else
		snprintf(select, sizeof(select), "%s", *p->thread ? p->thread : "Hc0");
	if (strcmp(select, p->thread)) {
		snprintf(p->thread, sizeof(p->thread), "%s", select);
		hold(p, payload, len);
		ask(p, SET_THREAD, select, strlen(select));
		return;
	}
	p->range_from = from;
	p->range_to = from < to ? to : from;
	if (from < to) {
		step(p);
		return;
	}
	forget(p);
	ask(p, *resume == 's' ? STEP : RESUME, resume, n);
}

static void set_thread_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	if (is(payload, len, "OK")) {
		go_on(p);
	} else {
		p->thread[0] = '\0';
		answer(p, payload, len);
	}
}

/* What runs there. */

static void probe_on(struct proxy *p)
{
	char payload[64], text[1024];
	size_t len = target_next(p->target, payload);
	int level;

	if (len) {
		ask(p, PROBE, payload, len);
		return;
	}
	p->probed = true;
	level = target_message(p->target, text, sizeof(text));
	if (level)
		p->ops->tell(p->arg, text, level > 1);
	go_on(p);
}

static void probe_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	long n = rsp_expand(p->in, sizeof(p->in), payload, len);

	target_reply(p->target, p->in, n > 0 ? n : 0);
	probe_on(p);
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
		hold(p, payload, len);
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
	hold(p, payload, len);
	ask(p, REMOVE, packet, n);
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
		target_begin(p->target);
		hold(p, payload, len);
		probe_on(p);
		return;
	}

	switch (type) {
	case 'm':
	case 'x':
		read_request(p, payload, len);
		return;
	case 'M':
	case 'X':
		write_request(p, payload, len);
		return;
	case 'Z':
	case 'z':
		breakpoint_request(p, payload, len);
		return;
	case 'c':
	case 'C':
	case 's':
	case 'S':
		forget(p);
		p->range_from = p->range_to = 0;
		ask(p, type == 's' || type == 'S' ? STEP : RESUME, payload, len);
		return;
	case 'v':
		if (is(payload, len, "vCont?"))
			answer_text(p, "vCont;c;C;s;S;r");
		else if (begins(payload, len, "vCont;"))
			vcont(p, payload, len);
		else if (unknown_there(p, payload, len))
			answer_text(p, "");
		else
			ask(p, PASS, payload, len);
		return;
	case 'H':
		/* What Hc named before is void, whatever the stub says to this one. */
		if (len > 1 && payload[1] == 'c')
			p->thread[0] = '\0';
		ask(p, PASS, payload, len);
		return;
	case 'q':
		if (begins(payload, len, "qSupported")) {
			ask_features(p, payload, len);
		} else if (is(payload, len, "qOffsets")) {
			offsets_request(p, payload, len);
		} else if (is(payload, len, "qfThreadInfo")) {
			p->threads_wanted = true;
			p->threads_told = p->threads_known;
			if (!p->threads_known) {
				ask(p, THREADS, payload, len);
				return;
			}
			answer(p, p->threads.data, p->threads.len);
			go_ahead(p);
		} else if (is(payload, len, "qsThreadInfo") && p->threads_told) {
			answer_text(p, "l");
			go_ahead(p);
		} else if (unknown_there(p, payload, len)) {
			answer_text(p, "");
		} else {
			p->threads_told = false;
			if (begins(payload, len, "qRcmd,"))
				forget(p);
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
		forget(p);
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
	if ((p->job == AHEAD || p->job == THREADS_AHEAD) && !p->held_request &&
	    p->ops->now(p->arg) - p->asked_at < AHEAD_MS) {
		/* The link is busy for a moment. */
		hold(p, payload, len);
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
		/* Its stub says "T": this answers a "?", with which it drops breakpoints. */
		if (p->job == RESUME && len && *(const uint8_t *)payload == 'S')
			breakpoints_lost(p->breakpoints);
		stopped(p, payload, len);
		return;
	case PROBE:
		probe_reply(p, payload, len);
		return;
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
		if (is(payload, len, "OK"))
			breakpoints_add(p->breakpoints, p->held.data, p->held.len);
		answer(p, payload, len);
		return;
	case REMOVE:
		go_on(p);
		return;
	case READ_RAM:
		ram_reply(p, payload, len);
		return;
	case READ:
		read_reply(p, payload, len);
		return;
	case WRITE:
		write_reply(p, payload, len);
		return;
	case AHEAD:
		ram_reply(p, payload, len);
		break;
	case THREADS:
		threads_reply(p, payload, len);
		p->threads_told = p->threads_known;
		answer(p, payload, len);
		return;
	case THREADS_AHEAD:
		p->job = NONE;
		threads_reply(p, payload, len);
		break;
	case SET_THREAD:
		set_thread_reply(p, payload, len);
		return;
	case STEP:
		step_reply(p, payload, len);
		return;
	case STEP_PC:
		step_pc_reply(p, payload, len);
		return;
	}

	/* What was read ahead is here; gdb may have asked meanwhile. */
	if (p->held_request) {
		p->held_request = false;
		go_on(p);
	} else {
		go_ahead(p);
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
	breakpoints_forget(p->breakpoints);
	forget(p);
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
