// SPDX-License-Identifier: GPL-2.0
/* Data in RSP payloads: what one end writes, the other reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../common/rsp_codec.h"

/* Plain C strings in and out, for tables. */
static void binary(const char *in, size_t len, const char *expected)
{
	unsigned char *out = malloc(2 * len + 1);

	out[rsp_put_binary(out, (const unsigned char *)in, len)] = '\0';
	assert_string_equal((char *)out, expected);
	free(out);
}

static void binary_escapes_and_runs(void **state)
{
	(void)state;
	binary("", 0, "");
	binary("abc", 3, "abc");
	binary("a#b$c}d*", 8, "a}\003b}\004c}]d}\n");
	binary("12345678", 8, "12345678");
	/* Eight of one: that and seven repeats, which '$' would stand for. */
	binary("aaaaaaaa", 8, "a*\"aa");
	binary("aaaaaaaaaaaaaaaa", 16, "a*,");
	binary("}}}}}}}}", 8, "}]}]}]}]}]}]}]}]");
}

static void hex(const char *in, size_t len, const char *expected)
{
	unsigned char *out = malloc(2 * len + 1);

	out[rsp_put_hex(out, (const unsigned char *)in, len)] = '\0';
	assert_string_equal((char *)out, expected);
	free(out);
}

static void hex_digits_and_runs(void **state)
{
	(void)state;
	hex("", 0, "");
	hex("\x01\xab\xff", 3, "01abff");
	hex("\0\0\0\0\0\0\0\0", 8, "0*,");
	hex("\xff\xff\xff\xff\xff\xff\xff\xff\x10", 9, "f*,10");
	hex("\x11\x11\x11\x12", 4, "1*\"12");
	hex("\x12\x12\x12\x12\x12\x12\x12\x12", 8, "1212121212121212");
	/* Eight bytes at once, and a run that begins with the last of them. */
	hex("\x01\x23\x45\x67\x89\xab\xcd\xef\x9a\xa9", 10, "0123456789abcdef9aa9");
	hex("\x01\x23\x45\x67\x89\xab\xcd\0\0\0", 10, "0123456789abcd0*\"");
	hex("\xfe\xdc\0\0\0\x32\x32\x10\x10\x10", 10, "fedc0*\"3232101010");
}

/* Bytes of some kind: kernel memory is mostly zeros, pointers and text. */
static void fill(unsigned char *p, size_t len)
{
	static const unsigned char often[] = "#$}*\0\0\0\0\xff\xff}}";
	size_t i;
	int kind = rand() % 4;

	for (i = 0; i < len; i++) {
		switch (kind) {
		case 0:
			p[i] = rand();
			break;
		case 1:
			p[i] = often[rand() % (sizeof(often) - 1)];
			break;
		case 2:
			p[i] = i / (1 + rand() % 64) % 3 ? 0 : rand();
			break;
		default:
			p[i] = often[i / 97 % (sizeof(often) - 1)];
		}
	}
}

static void crc(void **state)
{
	unsigned char data[] = "123456789....";
	size_t i;

	(void)state;
	/* CRC-32/MPEG-2 in the catalogues. */
	assert_int_equal(rsp_crc(~0U, data, 9), 0x0376e6e7);
	assert_int_equal(rsp_crc(rsp_crc(~0U, data, 4), data + 4, 5), 0x0376e6e7);
	memcpy(data + 9, "\x03\x76\xe6\xe7", 4);
	assert_int_equal(rsp_get_checked(~0U, data, 13), 9);
	for (i = 0; i < 13; i++) {
		data[i] ^= 1;
		assert_int_equal(rsp_get_checked(~0U, data, 13), -1);
		data[i] ^= 1;
	}
	for (i = 0; i < 13; i++)
		assert_int_equal(rsp_get_checked(~0U, data, i), -1);
	assert_int_equal(rsp_crc_of_range(0x0102030405060708, 0x1112131415161718),
			 rsp_crc(~0U, (const unsigned char *)"\1\2\3\4\5\6\7\10\21\22\23\24\25\26\27\30", 16));
}

static void what_is_written_is_read(void **state)
{
	unsigned int round;

	(void)state;
	srand(1);
	for (round = 0; round < 3000; round++) {
		size_t len = rand() % 1200, n, i;
		unsigned char *in = malloc(len + 1);
		unsigned char *wire = malloc(2 * len + 1);
		unsigned char *out = malloc(2 * len + 1);
		unsigned char sum = 0;
		long got;

		fill(in, len);
		n = rsp_put_binary(wire, in, len);
		assert_true(n <= 2 * len);
		for (i = 0; i < n; i++) {
			assert_true(wire[i] != '#' && wire[i] != '$');
			sum += wire[i];
		}
		assert_int_equal(rsp_sum(wire, n), sum);
		got = rsp_expand(out, 2 * len, wire, n);
		assert_true(got >= 0);
		assert_int_equal(rsp_get_binary(out, out, got), len);
		assert_memory_equal(out, in, len);

		n = rsp_put_hex(wire, in, len);
		assert_true(n <= 2 * len);
		got = rsp_expand(out, 2 * len, wire, n);
		assert_int_equal(got, 2 * len);
		assert_true(rsp_get_hex(out, out, got));
		assert_memory_equal(out, in, len);
		free(in);
		free(wire);
		free(out);
	}
}

static void no_nonsense_is_read(void **state)
{
	unsigned char out[16];
	static const struct {
		const char *in;
		long expanded;
	} runs[] = {
		{ "*~", -1 }, { "a*", -1 }, { "a*\x1f", -1 }, { "a*\x7f", -1 },
		{ "0* ", 4 }, { "0*,", 16 }, { "0*-", -1 }, { "0* *!", 8 }, { "abc", 3 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(runs) / sizeof(*runs); i++)
		assert_int_equal(rsp_expand(out, sizeof(out), (const unsigned char *)runs[i].in,
					    strlen(runs[i].in)), runs[i].expanded);
	assert_false(rsp_get_hex(out, (const unsigned char *)"abc", 3));
	assert_false(rsp_get_hex(out, (const unsigned char *)"0g", 2));
	assert_int_equal(rsp_get_binary(out, (const unsigned char *)"a}", 2), -1);
}

/* "ADDR,LENGTH" and what follows it. */
static void range(const char *text, bool good, unsigned long long addr, unsigned long long len,
		  char next)
{
	const unsigned char *p = (const unsigned char *)text;
	const unsigned char *end = p + strlen(text);
	unsigned long long a, l;

	assert_int_equal(rsp_get_range(&p, end, &a, &l), good);
	if (!good)
		return;
	assert_true(a == addr && l == len);
	assert_int_equal(p == end ? 0 : *p, next);
}

static void ranges(void **state)
{
	(void)state;
	range("ffffffff81000000,10", true, 0xffffffff81000000, 16, 0);
	range("0,0:", true, 0, 0, ':');
	range("Aa,fF;", true, 0xaa, 0xff, ';');
	range("", false, 0, 0, 0);
	range(",1", false, 0, 0, 0);
	range("1", false, 0, 0, 0);
	range("1,", false, 0, 0, 0);
	range("1:2", false, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binary_escapes_and_runs),
		cmocka_unit_test(hex_digits_and_runs),
		cmocka_unit_test(crc), cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(no_nonsense_is_read),
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
