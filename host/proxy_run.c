// SPDX-License-Identifier: GPL-2.0
/* Running, stepping and stopping for gdb, see proxy_impl.h. */
#include <stdio.h>

#include "../common/rsp_codec.h"
#include "breakpoints.h"
#include "memory.h"
#include "proxy_impl.h"

/* A list of threads that is longer may come in several pieces, see module/accel.h. */
#define THREADS_WHOLE	0x4000

/* Read a stop reply. Run lengths are in what our module says, if they are anywhere. */
static bool parse_stop(struct proxy *p, struct stop_reply *stop, const uint8_t *payload,
		       size_t len)
{
	long n = rsp_expand(p->in, sizeof(p->in), payload, len);

	return stop_reply_parse(stop, p->in, n > 0 ? n : 0);
}

void proxy_stopped(struct proxy *p, const uint8_t *payload, size_t len)
{
	struct stop_reply *stop = &p->stop;
	bool status = p->job == STATUS;
	uint64_t stack;

	p->thread[0] = '\0';
	if (!parse_stop(p, stop, payload, len)) {
		answer(p, payload, len);
		return;
	}
	p->stop_known = true;
	if (status) {
		/* gdb, which is new here, wants them next; whom another chose is not known. */
		p->threads_wanted = true;
	} else {
		/* The thread that is named is the one that the stub has chosen. */
		if (*stop->thread)
			snprintf(p->thread, sizeof(p->thread), "Hc%s", stop->thread);
		p->any_owed = false;
		p->general_known = true;
		p->general_owed = false;
		/* It answers a "?" of kgdb-io's own; the stub says "T" else. */
		if (stop->status || *payload == 'S')
			breakpoints_lost(p->breakpoints);
	}
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
	proxy_go_ahead(p);
}

/* A reply to "qfThreadInfo". */
void proxy_threads_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	p->threads.len = 0;
	if (p->accel && len > 1 && len < THREADS_WHOLE && *payload == 'm') {
		memcpy(p->threads.data, payload, len);
		p->threads.len = len;
	}
	p->threads_known = p->threads.len;
}

void proxy_hold(struct proxy *p, const uint8_t *payload, size_t len)
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

	proxy_forget(p);
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

void proxy_step_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	struct stop_reply stop;

	if (p->range_from == p->range_to || !begins(payload, len, "T05") ||
	    !parse_stop(p, &stop, payload, len) || stop.status ||
	    strcmp(stop.thread, p->stop.thread)) {
		proxy_stopped(p, payload, len);
	} else if (stop.has_pc) {
		if (in_range(p, stop.pc)) {
			p->stop.has_pc = true;
			p->stop.pc = stop.pc;
			step(p);
		} else {
			proxy_stopped(p, payload, len);
		}
	} else {
		/* Keep what it said until it is known where it is. */
		proxy_hold(p, payload, len);
		ask(p, STEP_PC, "g", 1);
	}
}

/* "g" on x86-64: 16 registers of 8 bytes, then rip. */
void proxy_step_pc_reply(struct proxy *p, const uint8_t *payload, size_t len)
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
	proxy_stopped(p, p->held.data, p->held.len);
}

/*
 * vCont in terms of the stub's own packets: it can step the thread that it stopped in, and
 * says so if another one is asked for. gdb names an action for one thread and, after it,
 * another for all others, which here run or stand as the kernel has it.
 */
void proxy_vcont(struct proxy *p, const uint8_t *payload, size_t len)
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
		p->any_owed = false;
		proxy_hold(p, payload, len);
		ask(p, SET_THREAD, select, strlen(select));
		return;
	}
	p->range_from = from;
	p->range_to = from < to ? to : from;
	if (from < to) {
		step(p);
		return;
	}
	proxy_forget(p);
	ask(p, *resume == 's' ? STEP : RESUME, resume, n);
}

void proxy_set_thread_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	if (is(payload, len, "OK")) {
		proxy_go_on(p);
	} else {
		p->thread[0] = '\0';
		answer(p, payload, len);
	}
}
