// SPDX-License-Identifier: GPL-2.0
/* Stop replies, see stop_reply.h. */
#include <stdio.h>
#include <string.h>

#include "../common/rsp_codec.h"
#include "stop_reply.h"

/* Registers by gdb's numbers on x86-64. */
#define REG_SP	0x07
#define REG_PC	0x10

static bool is(const uint8_t *text, size_t len, const char *literal)
{
	return len == strlen(literal) && !memcmp(text, literal, len);
}

/* Hex digits in the target's byte order. */
static bool get_register(const uint8_t *value, size_t len, uint64_t *out)
{
	uint8_t bytes[8];
	int i;

	if (len != 16 || !rsp_get_hex(bytes, value, len))
		return false;
	for (*out = 0, i = 7; i >= 0; i--)
		*out = *out << 8 | bytes[i];
	return true;
}

static void pair(struct stop_reply *r, const uint8_t *name, size_t name_len,
		 const uint8_t *value, size_t len)
{
	const uint8_t *at = is(name, name_len, "thread") ? value : name;
	unsigned long long number;
	long good = 0;

	if (is(name, name_len, "kgdbio.stack")) {
		if (len / 2 <= sizeof(r->stack) && rsp_get_hex(r->stack, value, len))
			r->stack_len = len / 2;
	} else if (is(name, name_len, "kgdbio.checked-stack")) {
		if (len / 2 <= sizeof(r->stack) && rsp_get_hex(r->stack, value, len))
			good = rsp_get_checked(~0U, r->stack, len / 2);
		r->stack_len = good > 0 ? good : 0;
	} else if (is(name, name_len, "kgdbio.status")) {
		r->status = true;
	} else if (is(name, name_len, "kgdbio.threads")) {
		r->same_threads = is(value, len, "same");
	} else if (at == value) {
		if (rsp_get_number(&at, value + len, &number) && at == value + len)
			snprintf(r->thread, sizeof(r->thread), "%llx", number);
	} else if (rsp_get_number(&at, name + name_len, &number) && at == name + name_len) {
		if (number == REG_SP)
			r->has_sp = get_register(value, len, &r->sp);
		else if (number == REG_PC)
			r->has_pc = get_register(value, len, &r->pc);
	}
}

bool stop_reply_parse(struct stop_reply *r, const uint8_t *payload, size_t len)
{
	static const char ours[] = "kgdbio.";
	const uint8_t *at = payload + 3, *end = payload + len, *colon, *next;
	size_t n;

	memset(r, 0, sizeof(*r));
	if (len < 3 || (*payload != 'T' && *payload != 'S'))
		return false;
	memcpy(r->text, payload, 3);
	r->len = 3;
	for (; at < end; at = next) {
		next = memchr(at, ';', end - at);
		next = next ? next + 1 : end;
		colon = memchr(at, ':', next - at);
		if (colon)
			pair(r, at, colon - at, colon + 1,
			     next - colon - 1 - (next[-1] == ';'));
		n = next - at;
		if (n >= strlen(ours) && !memcmp(at, ours, strlen(ours)))
			continue;
		if (n > sizeof(r->text) - r->len)
			return false;
		memcpy(r->text + r->len, at, n);
		r->len += n;
	}
	return true;
}
