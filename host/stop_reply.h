/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a stop reply says: "T05thread:01;07:...;". Sources: the gdb manual, "Stop Reply
 * Packets"; module/accel.h for what our module adds for us.
 */
#ifndef KGDB_IO_STOP_REPLY_H
#define KGDB_IO_STOP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct stop_reply - a stop reply of a target that is x86-64; of any other it is read too,
 *		       but then the registers mean nothing
 * @text: the reply without what is for us alone; not terminated
 * @len: its length
 * @thread: what stopped, in hexadecimal without leading zeros; "" if that is not said
 * @has_pc: @pc is known
 * @pc: program counter
 * @has_sp: @sp is known
 * @sp: stack pointer
 * @stack: memory from @sp on, rounded down to a multiple of 64
 * @stack_len: how many bytes are known of it
 * @same_threads: the list of threads is the one that was told last
 * @status: it answers a "?", with which the target has removed its breakpoints
 */
struct stop_reply {
	uint8_t text[2048];
	size_t len;
	char thread[20];
	bool has_pc;
	uint64_t pc;
	bool has_sp;
	uint64_t sp;
	uint8_t stack[512];
	size_t stack_len;
	bool same_threads;
	bool status;
};

/**
 * stop_reply_parse() - read a stop reply
 * @r: receives what it says
 * @payload: a reply, run lengths expanded
 * @len: its length
 *
 * Return: whether it is one ("S" or "T") that fits into @r; else @r is void.
 */
bool stop_reply_parse(struct stop_reply *r, const uint8_t *payload, size_t len);

#endif
