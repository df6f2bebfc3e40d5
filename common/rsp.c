// SPDX-License-Identifier: GPL-2.0
/*
 * RSP framing, see rsp.h. It must call nothing outside common/ but string functions: see
 * "The polled path" in module/core.h.
 */
#ifdef __KERNEL__
#include <linux/kprobes.h>
#include <linux/string.h>
#else
#include <string.h>
#define NOKPROBE_SYMBOL(fn)
#endif

#include "rsp.h"
#include "rsp_codec.h"

enum {
	OUTSIDE,	/* must be 0, see struct rsp_parser */
	PAYLOAD,
	DIGIT1,
	DIGIT2,
};

int rsp_hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
NOKPROBE_SYMBOL(rsp_hex_digit);

enum rsp_event rsp_feed(struct rsp_parser *p, unsigned char c)
{
	int digit;

	if (c == '$') {
		p->state = PAYLOAD;
		p->sum = 0;
		return RSP_START;
	}

	switch (p->state) {
	case PAYLOAD:
		if (c == '#') {
			p->state = DIGIT1;
			return RSP_TRAILER;
		}
		p->sum += c;
		return RSP_DATA;

	case DIGIT1:
		digit = rsp_hex_digit(c);
		p->want = digit < 0 ? -1 : digit << 4;
		p->state = DIGIT2;
		return RSP_TRAILER;

	case DIGIT2:
		p->state = OUTSIDE;
		digit = rsp_hex_digit(c);
		if (digit < 0 || p->want < 0 || (p->want | digit) != p->sum)
			return RSP_BAD;
		return RSP_PACKET;
	}

	switch (c) {
	case '+':
		return RSP_ACK;
	case '-':
		return RSP_NAK;
	case RSP_BREAK_IN:
		return RSP_BREAK;
	default:
		return RSP_TEXT;
	}
}
NOKPROBE_SYMBOL(rsp_feed);

size_t rsp_feed_data(struct rsp_parser *p, const unsigned char *data, size_t len)
{
	const unsigned char *end;

	if (p->state != PAYLOAD)
		return 0;
	end = memchr(data, '#', len);
	if (end)
		len = end - data;
	end = memchr(data, '$', len);
	if (end)
		len = end - data;
	p->sum += rsp_sum(data, len);
	return len;
}
NOKPROBE_SYMBOL(rsp_feed_data);

size_t rsp_frame(char *out, const char *payload, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum = rsp_sum((const unsigned char *)payload, len);

	out[0] = '$';
	memcpy(out + 1, payload, len);
	out[1 + len] = '#';
	out[2 + len] = hex[sum >> 4];
	out[3 + len] = hex[sum & 15];
	return len + RSP_OVERHEAD;
}
NOKPROBE_SYMBOL(rsp_frame);
