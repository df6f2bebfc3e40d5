/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kgdb-io knows better than the target's stub: it answers gdb's requests itself where
 * it can, asks the target in its own way where that is faster, and passes the rest on
 * unchanged.
 *
 * It sees payloads; framing, acknowledgements and time-outs are session.h's. It does no I/O:
 * the unit tests and the fuzzer play both sides.
 *
 * Sources: the gdb manual, appendix E "Remote Protocol"; module/accel.h for what our module
 * answers; the kernel's kernel/debug/gdbstub.c for the stub.
 */
#ifndef KGDB_IO_PROXY_H
#define KGDB_IO_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target.h"

/* Longest payload that gdb is told to send, and that answers have, in bytes. */
#define PROXY_PAYLOAD_MAX	0x20000

/**
 * struct proxy_ops - what a proxy needs from its surroundings
 *
 * They may be called from inside each of its functions, and must not call back into it.
 * Payloads are valid during the call.
 *
 * @tell: a person should know this about the target and the vmlinux
 * @ask: send a request to the target. Its reply is given to proxy_reply(). A request that
 *	 is in flight already is given up: its reply must not come any more
 * @drain: drop what the target still sends, until it is silent, before it is asked next
 * @answer: send gdb the reply that it waits for
 * @packets_stop: the target has our module: any packet stops it while it runs
 * @now: time in ms from any start, never going back
 */
struct proxy_ops {
	void (*tell)(void *arg, const char *text, bool warning);
	void (*ask)(void *arg, const void *payload, size_t len);
	void (*drain)(void *arg);
	void (*answer)(void *arg, const void *payload, size_t len);
	void (*packets_stop)(void *arg);
	uint64_t (*now)(void *arg);
};

struct proxy;

/**
 * proxy_new() - make a proxy
 * @ops: callbacks; must outlive the proxy
 * @arg: for them
 * @vmlinux: the target's, as the person says, or NULL; must outlive the proxy
 *
 * Return: the proxy, the caller's to free with proxy_free(); NULL without memory.
 */
struct proxy *proxy_new(const struct proxy_ops *ops, void *arg, const struct vmlinux *vmlinux);

/** proxy_free() - free a proxy, NULL included */
void proxy_free(struct proxy *p);

/** proxy_attach() - another gdb is there, and nothing is known of the target */
void proxy_attach(struct proxy *p);

/**
 * proxy_request() - gdb asks
 * @p: proxy
 * @payload: request, escapes as on the wire
 * @len: its length, at most PROXY_PAYLOAD_MAX; longer ones are answered with an error
 *
 * With a request of gdb's in flight already, that one is given up, as gdb has done.
 */
void proxy_request(struct proxy *p, const void *payload, size_t len);

/**
 * proxy_reply() - the target answers what @ask was called with last
 * @p: proxy
 * @payload: reply, escapes and run lengths as on the wire
 * @len: its length
 */
void proxy_reply(struct proxy *p, const void *payload, size_t len);

#endif
