/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The inside of a proxy, for the files that it is made of: proxy.c (requests and replies find
 * their way), proxy_memory.c (reading and writing) and proxy_run.c (running, stepping, stops).
 */
#ifndef KGDB_IO_PROXY_IMPL_H
#define KGDB_IO_PROXY_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proxy.h"
#include "stop_reply.h"

/* Most bytes of memory that gdb gets in one answer, and that the target is asked for. */
#define DATA_MAX	0x10000

/* What a stub takes if it does not say: the kernel's BUFMAX is 1024. */
#define STUB_PACKET_MAX	1023

/* Least memory that is read around what gdb asks for, in bytes. */
#define BLOCK_MIN	64

/* What the request in flight is for. */
enum job {
	NONE,
	PASS,			/* gdb's own, as it was */
	STATUS,			/* "?" */
	PROBE,			/* what runs there, and where */
	PROBE_AHEAD,		/* the same, before gdb needs it */
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
	SET_GENERAL,		/* Hg before p->held */
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
	unsigned int anew;	/* how often a part of it was asked for again */
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
	bool any_owed;		/* gdb has said "any" to that, and the target was not told */
	bool general_known;	/* "g" is about the thread that stopped */
	bool general_owed;	/* gdb has chosen that one, and the target was not told */
	uint64_t range_from;
	uint64_t range_to;

	uint8_t out[2 * DATA_MAX + 64];
	uint8_t in[2 * DATA_MAX + 64];
};

/** proxy_request() in the middle of one: p->held, or something in its place */
void proxy_go_on(struct proxy *p);

/** Keep a payload in p->held, of which it may be a part already. */
void proxy_hold(struct proxy *p, const uint8_t *payload, size_t len);

/** Find out what runs there, for @job: PROBE or PROBE_AHEAD. */
void proxy_probe(struct proxy *p, enum job job);

/** What is known of a stopped target is void. */
void proxy_forget(struct proxy *p);

/** Read what may be wanted next; nobody waits for it. */
void proxy_go_ahead(struct proxy *p);

/* proxy_memory.c: gdb's "m" and "x", "M" and "X"; replies by the job they are for. */
bool proxy_read_known(const struct proxy *p, const uint8_t *payload, size_t len);
void proxy_read_request(struct proxy *p, const uint8_t *payload, size_t len);
void proxy_write_request(struct proxy *p, const uint8_t *payload, size_t len);
void proxy_ram_reply(struct proxy *p, const uint8_t *payload, size_t len);
void proxy_read_reply(struct proxy *p, const uint8_t *payload, size_t len);
void proxy_write_reply(struct proxy *p, const uint8_t *payload, size_t len);

/* proxy_run.c: gdb's "vCont;..."; replies likewise, a stop and a list of threads. */
void proxy_vcont(struct proxy *p, const uint8_t *payload, size_t len);
void proxy_stopped(struct proxy *p, const uint8_t *payload, size_t len);
void proxy_threads_reply(struct proxy *p, const uint8_t *payload, size_t len);
void proxy_step_reply(struct proxy *p, const uint8_t *payload, size_t len);
void proxy_step_pc_reply(struct proxy *p, const uint8_t *payload, size_t len);
void proxy_set_thread_reply(struct proxy *p, const uint8_t *payload, size_t len);

/* Nobody waits for it. */
static inline bool is_ahead(const struct proxy *p)
{
	return p->job == AHEAD || p->job == THREADS_AHEAD || p->job == PROBE_AHEAD;
}

static inline void answer(struct proxy *p, const void *payload, size_t len)
{
	if (!is_ahead(p))
		p->job = NONE;
	p->ops->answer(p->arg, payload, len);
}

static inline void answer_text(struct proxy *p, const char *text)
{
	answer(p, text, strlen(text));
}

static inline void ask(struct proxy *p, enum job job, const void *payload, size_t len)
{
	p->job = job;
	p->asked_at = p->ops->now(p->arg);
	p->ops->ask(p->arg, payload, len);
}

static inline bool is(const uint8_t *payload, size_t len, const char *text)
{
	return len == strlen(text) && !memcmp(payload, text, len);
}

static inline bool begins(const uint8_t *payload, size_t len, const char *text)
{
	return len >= strlen(text) && !memcmp(payload, text, strlen(text));
}

#endif
