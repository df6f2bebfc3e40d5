/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets to and from gdb and the target's stub, with the console text that shares the
 * target's line split off.
 *
 * The two sides are kept apart: each has its own acknowledgements and
 * retransmissions, so that noise, a reset or a gap on one side does not confuse the
 * other. Towards the target there is one exchange at a time: a request, its
 * acknowledgement, its reply. What packets say is proxy.h's business.
 *
 * It does no I/O and reads no clock: the caller feeds it and it calls back, so the unit
 * tests drive it with time of their own. Nothing here blocks or fails.
 *
 * Sources: the gdb manual, appendix E "Remote Protocol"; the stub's side of it is
 * get_packet() and put_packet() in the kernel's kernel/debug/gdbstub.c.
 */
#ifndef KGDB_IO_SESSION_H
#define KGDB_IO_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest packet either way, with framing, in bytes. */
#define SESSION_PACKET_MAX	(256 * 1024)

/* What a person may want to know; each is reported when it changes. */
enum session_report {
	SESSION_STOPPED,	/* the target stopped, in gdb or for a gdb to come */
	SESSION_RUNNING,	/* it runs, and has for a moment: a step is not told */
	SESSION_NO_ANSWER,	/* a request was not acknowledged for 3 s */
	SESSION_ANSWERS,	/* after NO_ANSWER: it was */
	SESSION_NOISY,		/* a reply came damaged again and again; given up */
	SESSION_CONSOLE_DROPPED,/* console input came while gdb has the target stopped */
};

/**
 * struct session_ops - what a session needs from its surroundings
 *
 * All are called from inside the session's functions, and must not call back into the
 * session, unless said. @arg is session_new()'s. Data belongs to the session and is valid
 * during the call only.
 *
 * @request: gdb asks; @data is the payload, escapes as on the wire. To be followed by
 *	     session_ask() or session_answer(), from within or later
 * @reply: the target answers what session_ask() was called with last, while a gdb is there.
 *	   May call session_ask() and session_answer()
 * @to_gdb: bytes for the gdb that is attached
 * @to_target: bytes for the link; called only while the link is up
 * @to_console: text of the target that is not RSP; called whether anyone listens or not
 * @break_in: stop a target that runs, out of band (BREAK and SysRq g); only for sessions
 *	      with break_in_first, others send 0x03. May block for half a second
 * @drop_gdb: hang up on gdb; the session has forgotten it already
 * @now: time in ms from any start, never going back
 * @timer: call session_timeout() at time @when (on @now's clock), in place of the call
 *	   asked for before; 0: not at all
 * @report: something changed
 */
struct session_ops {
	void (*request)(void *arg, const void *data, size_t len);
	void (*reply)(void *arg, const void *data, size_t len);
	void (*to_gdb)(void *arg, const void *data, size_t len);
	void (*to_target)(void *arg, const void *data, size_t len);
	void (*to_console)(void *arg, const void *data, size_t len);
	void (*break_in)(void *arg);
	void (*drop_gdb)(void *arg);
	uint64_t (*now)(void *arg);
	void (*timer)(void *arg, uint64_t when);
	void (*report)(void *arg, enum session_report what);
};

struct session;

/**
 * session_new() - make a session; the link is down and no gdb attached
 * @ops: callbacks; must outlive the session
 * @arg: for them
 * @break_in_first: the target does not stop at a packet or 0x03 (plain kgdboc): use
 *		    @ops->break_in for Ctrl-C, and before the first packet to a target
 *		    that is not known to be stopped
 *
 * Return: the session, the caller's to free with session_free(); NULL without memory.
 */
struct session *session_new(const struct session_ops *ops, void *arg, bool break_in_first);

/** session_free() - free a session, NULL included. Calls nothing back. */
void session_free(struct session *s);

/** session_link() - the link came up or went down; what was in flight is sent again */
void session_link(struct session *s, bool up);

/** session_attach() - a gdb is there. Before it only session_detach(), never two. */
void session_attach(struct session *s);

/** session_detach() - gdb has gone; what it left in flight ends without it */
void session_detach(struct session *s);

/** session_from_gdb() - bytes that gdb sent */
void session_from_gdb(struct session *s, const void *data, size_t len);

/**
 * session_ask() - send a request to the target
 * @s: session
 * @payload: the request, escaped as RSP wants
 * @len: its length in bytes, at most SESSION_PACKET_MAX less RSP_OVERHEAD
 *
 * One that is in flight is given up, and its reply is not told.
 */
void session_ask(struct session *s, const void *payload, size_t len);

/**
 * session_drain() - drop what the target still sends before it is asked next
 * @s: session, of which a reply has just been given to its owner
 */
void session_drain(struct session *s);

/**
 * session_answer() - send gdb a packet; nothing happens if none is there
 * @s: session
 * @payload: the reply, escaped as RSP wants
 * @len: its length in bytes, at most SESSION_PACKET_MAX less RSP_OVERHEAD
 */
void session_answer(struct session *s, const void *payload, size_t len);

/** session_from_target() - bytes that arrived over the link */
void session_from_target(struct session *s, const void *data, size_t len);

/**
 * session_from_console() - bytes typed at the console
 *
 * They go to the target if they can mean something there: not while gdb has it
 * stopped, where the stub would throw them away or take a '$' for a packet.
 */
void session_from_console(struct session *s, const void *data, size_t len);

/** session_timeout() - the time given to @timer has come; early calls do no harm */
void session_timeout(struct session *s);

/**
 * session_packets_stop() - any packet stops the target, as one with our module
 *
 * For the gdb that is there; for others until then only 0x03 or @break_in is tried.
 */
void session_packets_stop(struct session *s);

/** session_stopped() - whether the target is known to be stopped, in gdb's stub */
bool session_stopped(const struct session *s);

/** session_answered() - whether the target ever acknowledged or answered anything */
bool session_answered(const struct session *s);

#endif
