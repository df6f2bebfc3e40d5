// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer on the RSP codec of common/, against an independent reading of the same
 * bytes: whatever the parser calls a packet has a '$', a payload without '$' and '#', and
 * two hex digits that are its sum; and every such run of bytes is called a packet.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/rsp.h"

#define CHECK(x) do { if (!(x)) { fprintf(stderr, "failed: %s\n", #x); abort(); } } while (0)

static const char hex[] = "0123456789abcdef";

static int digit(int c)
{
	const char *p = c ? strchr(hex, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	return p ? (int)(p - hex) : -1;
}

/* Whether a packet with a right checksum ends at data[end], which began at its last '$'. */
static bool ends_packet(const uint8_t *data, size_t end)
{
	size_t start = end, i;
	unsigned int sum = 0;

	if (end < 3 || data[end - 2] != '#' || digit(data[end]) < 0 || digit(data[end - 1]) < 0)
		return false;
	for (start = end - 2; start-- > 0;) {
		if (data[start] == '#')
			return false;
		if (data[start] == '$')
			break;
	}
	if (start == SIZE_MAX)
		return false;
	for (i = start + 1; i < end - 2; i++)
		sum += data[i];
	return (sum & 255) == (unsigned int)(digit(data[end - 1]) << 4 | digit(data[end]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rsp_parser p = { 0 }, q = { 0 };
	enum rsp_event ev;
	char *frame;
	size_t i, n;
	bool was;

	for (i = 0; i < size; i++) {
		was = rsp_in_packet(&p);
		ev = rsp_feed(&p, data[i]);
		CHECK((ev == RSP_PACKET) == ends_packet(data, i));
		CHECK((ev == RSP_START) == (data[i] == '$'));
		CHECK(rsp_in_packet(&p) == (ev == RSP_START || ev == RSP_DATA || ev == RSP_TRAILER));
		CHECK(!was || (ev != RSP_TEXT && ev != RSP_ACK && ev != RSP_NAK && ev != RSP_BREAK));
		CHECK(rsp_hex_digit(data[i]) == digit(data[i]));
	}

	/* What rsp_frame() makes, the parser takes, from whatever state it is in. */
	if (memchr(data, '$', size) || memchr(data, '#', size))
		return 0;
	frame = malloc(size + RSP_OVERHEAD);
	CHECK(frame);
	n = rsp_frame(frame, (const char *)data, size);
	CHECK(n == size + RSP_OVERHEAD);
	for (i = 0; i < n; i++)
		CHECK((rsp_feed(&q, frame[i]) == RSP_PACKET) == (i == n - 1));
	free(frame);
	return 0;
}
