// SPDX-License-Identifier: GPL-2.0
/* The RSP codec of common/: what the module and the host program both run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../common/rsp.h"

/* Feed a string; the events as letters, one a byte. */
static const char *events(struct rsp_parser *p, const char *bytes)
{
	static const char letters[] = {
		[RSP_TEXT] = 't', [RSP_ACK] = '+', [RSP_NAK] = '-', [RSP_BREAK] = 'B',
		[RSP_START] = '$', [RSP_DATA] = 'd', [RSP_TRAILER] = '#',
		[RSP_PACKET] = 'P', [RSP_BAD] = 'X',
	};
	static char out[256];
	size_t i;

	for (i = 0; bytes[i]; i++)
		out[i] = letters[rsp_feed(p, bytes[i])];
	out[i] = '\0';
	return out;
}

static void check(const char *bytes, const char *expected)
{
	struct rsp_parser p = { 0 };

	assert_string_equal(events(&p, bytes), expected);
}

static void frames(void **state)
{
	(void)state;
	check("$#00", "$##P");
	check("$OK#9a", "$dd##P");
	check("$OK#9A", "$dd##P");
	check("+$OK#9a-", "+$dd##P-");
	check("$qSupported:xmlRegisters=i386#81", "$dddddddddddddddddddddddddddd##X");
	check("$OK#9b", "$dd##X");
	check("$OK#x9", "$dd##X");
	check("$OK#9x", "$dd##X");
	check("$OK#99$OK#9a", "$dd##X$dd##P");
}

static void outside(void **state)
{
	(void)state;
	check("hi\r\n\003+-", "ttttB+-");
	check("#9a", "ttt");
	check("kdb> ", "ttttt");
}

static void inside(void **state)
{
	(void)state;
	/* A break-in byte, an ack or a newline in a payload is payload. */
	check("$\003+-\n#65", "$dddd##P");
	/* '$' begins anew wherever it stands. */
	check("$abc$OK#9a", "$ddd$dd##P");
	check("$abc#$OK#9a", "$ddd#$dd##P");
	check("$abc#1$OK#9a", "$ddd##$dd##P");
	/* '*' and '}' are left as they are. */
	check("$0* #7a", "$ddd##P");
}

static void in_packet(void **state)
{
	struct rsp_parser p = { 0 };

	(void)state;
	assert_false(rsp_in_packet(&p));
	rsp_feed(&p, '$');
	assert_true(rsp_in_packet(&p));
	events(&p, "OK#9");
	assert_true(rsp_in_packet(&p));
	rsp_feed(&p, 'a');
	assert_false(rsp_in_packet(&p));
}

static void every_checksum(void **state)
{
	unsigned char payload, wrong;
	char frame[1 + RSP_OVERHEAD];
	struct rsp_parser p = { 0 };
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		payload = c;
		if (c == '$' || c == '#')
			continue;
		assert_int_equal(rsp_frame(frame, (char *)&payload, 1), sizeof(frame));
		assert_int_equal(rsp_feed(&p, frame[0]), RSP_START);
		assert_int_equal(rsp_feed(&p, frame[1]), RSP_DATA);
		assert_int_equal(rsp_feed(&p, frame[2]), RSP_TRAILER);
		assert_int_equal(rsp_feed(&p, frame[3]), RSP_TRAILER);
		assert_int_equal(rsp_feed(&p, frame[4]), RSP_PACKET);

		wrong = frame[3] == '0' ? '1' : '0';
		rsp_feed(&p, frame[0]);
		rsp_feed(&p, frame[1]);
		rsp_feed(&p, frame[2]);
		rsp_feed(&p, wrong);
		assert_int_equal(rsp_feed(&p, frame[4]), RSP_BAD);
	}
}

static void hex(void **state)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	int c, value;

	(void)state;
	for (c = 0; c < 256; c++) {
		value = c && strchr(digits, c) ? (int)(strchr(digits, c) - digits) : -1;
		assert_int_equal(rsp_hex_digit(c), value > 15 ? value - 6 : value);
	}
}

static void frame_round_trip(void **state)
{
	char payload[1000], frame[1000 + RSP_OVERHEAD];
	struct rsp_parser p = { 0 };
	enum rsp_event ev = RSP_TEXT;
	size_t len, n, i;

	(void)state;
	for (i = 0; i < sizeof(payload); i++)
		payload[i] = "0123456789abcdef"[i * 7 % 16];
	for (len = 0; len <= sizeof(payload); len++) {
		n = rsp_frame(frame, payload, len);
		assert_int_equal(n, len + RSP_OVERHEAD);
		for (i = 0; i < n; i++)
			ev = rsp_feed(&p, frame[i]);
		assert_int_equal(ev, RSP_PACKET);
		assert_memory_equal(frame + 1, payload, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(outside),
		cmocka_unit_test(inside),
		cmocka_unit_test(in_packet),
		cmocka_unit_test(every_checksum),
		cmocka_unit_test(hex),
		cmocka_unit_test(frame_round_trip),
	};

	return cmocka_run_group_tests_name("rsp", tests, NULL, NULL);
}
