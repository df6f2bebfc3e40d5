// SPDX-License-Identifier: GPL-2.0
/*
 * Data in RSP payloads, see rsp_codec.h. It must call nothing outside common/ but string
 * functions: see "The polled path" in module/core.h.
 *
 * Memory is what is moved in bulk, and the machine that encodes it may be an emulated
 * one, so that it is looked at in words: most of them need no escape, and many are zero.
 */
#ifdef __KERNEL__
#include <linux/kprobes.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stdint.h>
#include <string.h>
#define NOKPROBE_SYMBOL(fn)
#endif

#include "rsp.h"
#include "rsp_codec.h"

#define EVERY(byte)	((uint64_t)(byte) * 0x0101010101010101ULL)

/* A run is written as its character, '*', and a character that is its repeats and this. */
#define RUN_BIAS	29
#define RUN_MAX		97	/* repeats; '~' */

static const char digits[] = "0123456789abcdef";

static inline uint64_t load(const unsigned char *p)
{
	uint64_t w;

	__builtin_memcpy(&w, p, sizeof(w));
	return w;
}

static inline void store(unsigned char *p, uint64_t w)
{
	__builtin_memcpy(p, &w, sizeof(w));
}

/* Not zero if a byte of @w is @byte, which is below 0x80. */
static inline uint64_t has(uint64_t w, unsigned char byte)
{
	w ^= EVERY(byte);
	return (w - EVERY(1)) & ~w & EVERY(0x80);
}

static inline bool is_special(unsigned char c)
{
	return c == '#' || c == '$' || c == '}' || c == '*';
}

unsigned char rsp_sum(const unsigned char *p, size_t len)
{
	const uint64_t lanes = EVERY(1) / 0x101 * 0xff;	/* every other byte */
	unsigned char sum = 0;
	uint64_t acc = 0;
	unsigned int i;

	while (len >= 8) {
		/* A lane of 16 bits takes two bytes at a time, 128 times. */
		for (i = 0; i < 128 && len >= 8; i++, p += 8, len -= 8)
			acc += (load(p) & lanes) + (load(p) >> 8 & lanes);
		for (; acc; acc >>= 16)
			sum += acc & 0xff;
	}
	while (len--)
		sum += *p++;
	return sum;
}
NOKPROBE_SYMBOL(rsp_sum);

unsigned int rsp_crc(unsigned int crc, const unsigned char *p, size_t len)
{
	/* By half a byte: the polynomial for each value that is shifted out. */
	static const unsigned int table[16] = {
		0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9,
		0x130476dc, 0x17c56b6b, 0x1a864db2, 0x1e475005,
		0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61,
		0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd,
	};

	while (len--) {
		crc = crc << 4 ^ table[crc >> 28 ^ *p >> 4];
		crc = crc << 4 ^ table[crc >> 28 ^ (*p++ & 0xf)];
	}
	return crc;
}
NOKPROBE_SYMBOL(rsp_crc);

long rsp_get_checked(unsigned int crc, const unsigned char *p, size_t len)
{
	/* A CRC of this kind over data with its CRC is 0. */
	return len >= 4 && !rsp_crc(crc, p, len) ? (long)len - 4 : -1;
}
NOKPROBE_SYMBOL(rsp_get_checked);

unsigned int rsp_crc_of_range(unsigned long long addr, unsigned long long len)
{
	unsigned char bytes[16];
	int i;

	for (i = 7; i >= 0; i--, addr >>= 8, len >>= 8) {
		bytes[i] = addr & 0xff;
		bytes[8 + i] = len & 0xff;
	}
	return rsp_crc(~0U, bytes, sizeof(bytes));
}
NOKPROBE_SYMBOL(rsp_crc_of_range);

/*
 * Write @c @count times. Not with 6 or 7 repeats, which '#' and '$' would stand for.
 */
static unsigned char *put_run(unsigned char *out, unsigned char c, size_t count)
{
	size_t repeats;

	while (count > 3) {
		repeats = count - 1 < RUN_MAX ? count - 1 : RUN_MAX;
		if (repeats == 6 || repeats == 7)
			repeats = 5;
		*out++ = c;
		*out++ = '*';
		*out++ = repeats + RUN_BIAS;
		count -= repeats + 1;
	}
	while (count--)
		*out++ = c;
	return out;
}
NOKPROBE_SYMBOL(put_run);

/* How many bytes from @p on are @c; @len are there. */
static size_t same(const unsigned char *p, size_t len, unsigned char c)
{
	size_t n = 0;

	while (len - n >= 8 && load(p + n) == EVERY(c))
		n += 8;
	while (n < len && p[n] == c)
		n++;
	return n;
}
NOKPROBE_SYMBOL(same);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/* The digits of four bytes. */
static uint64_t hex(uint32_t w)
{
	uint64_t x = w, letters;

	/* The bytes apart, then their digits, the upper one first. */
	x = (x | x << 16) & 0x0000ffff0000ffffULL;
	x = (x | x << 8) & 0x00ff00ff00ff00ffULL;
	x = (x >> 4 | x << 8) & EVERY(0x0f);
	letters = (x + EVERY(6)) >> 4 & EVERY(1);
	return x + EVERY('0') + letters * ('a' - '0' - 10);
}
NOKPROBE_SYMBOL(hex);

/*
 * Of 9 bytes or more, those before the first that equals the next one, 8 at most: how many.
 * There must be room for the digits of 8 in any case.
 */
static inline size_t put_hex_plain(unsigned char *out, const unsigned char *in)
{
	uint64_t w = load(in), alike = has(w ^ load(in + 1), 0);

	store(out, hex(w));
	store(out + 8, hex(w >> 32));
	return alike ? __builtin_ctzll(alike) / 8 : 8;
}

#else

static inline size_t put_hex_plain(unsigned char *out, const unsigned char *in)
{
	return 0;
}

#endif

size_t rsp_put_hex(unsigned char *out, const unsigned char *in, size_t len)
{
	unsigned char *start = out;
	size_t n;

	while (len) {
		if (len >= 2 && in[0] == in[1] && *in >> 4 == (*in & 15)) {
			n = same(in, len, *in);
			out = put_run(out, digits[*in & 15], n * 2);
		} else {
			n = len > 8 ? put_hex_plain(out, in) : 0;
			if (!n) {
				out[0] = digits[*in >> 4];
				out[1] = digits[*in & 15];
				n = 1;
			}
			out += 2 * n;
		}
		in += n;
		len -= n;
	}
	return out - start;
}
NOKPROBE_SYMBOL(rsp_put_hex);

size_t rsp_put_binary(unsigned char *out, const unsigned char *in, size_t len)
{
	unsigned char *start = out;
	size_t n;
	uint64_t w;

	while (len) {
		n = len < 8 ? len : 8;
		if (n == 8) {
			w = load(in);
			if (w == EVERY(*in) && !is_special(*in)) {
				n = same(in, len, *in);
				out = put_run(out, *in, n);
				in += n;
				len -= n;
				continue;
			}
			if (!(has(w, '#') | has(w, '$') | has(w, '}') | has(w, '*'))) {
				store(out, w);
				out += 8;
				in += 8;
				len -= 8;
				continue;
			}
		}
		for (len -= n; n--; in++) {
			if (is_special(*in)) {
				*out++ = '}';
				*out++ = *in ^ 0x20;
			} else {
				*out++ = *in;
			}
		}
	}
	return out - start;
}
NOKPROBE_SYMBOL(rsp_put_binary);

bool rsp_get_hex(unsigned char *out, const unsigned char *in, size_t len)
{
	int high, low;

	if (len % 2)
		return false;
	for (; len; len -= 2, in += 2) {
		high = rsp_hex_digit(in[0]);
		low = rsp_hex_digit(in[1]);
		if (high < 0 || low < 0)
			return false;
		*out++ = high << 4 | low;
	}
	return true;
}
NOKPROBE_SYMBOL(rsp_get_hex);

long rsp_get_binary(unsigned char *out, const unsigned char *in, size_t len)
{
	unsigned char *start = out;
	const unsigned char *escape;
	size_t n;

	while (len) {
		escape = memchr(in, '}', len);
		n = escape ? (size_t)(escape - in) : len;
		memmove(out, in, n);
		out += n;
		in += n;
		len -= n;
		if (!len)
			break;
		if (len == 1)
			return -1;
		*out++ = in[1] ^ 0x20;
		in += 2;
		len -= 2;
	}
	return out - start;
}
NOKPROBE_SYMBOL(rsp_get_binary);

long rsp_expand(unsigned char *out, size_t size, const unsigned char *in, size_t len)
{
	const unsigned char *run;
	size_t at = 0, n;

	while (len) {
		run = memchr(in, '*', len);
		n = run ? (size_t)(run - in) : len;
		if (n > size - at)
			return -1;
		memcpy(out + at, in, n);
		at += n;
		in += n;
		len -= n;
		if (!len)
			break;
		/* What it repeats stands before it, how often behind. */
		if (!at || len < 2 || in[1] < ' ' || in[1] > '~' ||
		    size - at < (size_t)(in[1] - RUN_BIAS))
			return -1;
		memset(out + at, out[at - 1], in[1] - RUN_BIAS);
		at += in[1] - RUN_BIAS;
		in += 2;
		len -= 2;
	}
	return at;
}
NOKPROBE_SYMBOL(rsp_expand);

bool rsp_get_number(const unsigned char **p, const unsigned char *end,
		    unsigned long long *value)
{
	const unsigned char *start = *p;
	int digit;

	*value = 0;
	while (*p < end && (digit = rsp_hex_digit(**p)) >= 0) {
		*value = *value << 4 | digit;
		++*p;
	}
	return *p != start;
}
NOKPROBE_SYMBOL(rsp_get_number);

bool rsp_get_range(const unsigned char **p, const unsigned char *end,
		   unsigned long long *addr, unsigned long long *len)
{
	if (!rsp_get_number(p, end, addr) || *p == end || *(*p)++ != ',')
		return false;
	return rsp_get_number(p, end, len);
}
NOKPROBE_SYMBOL(rsp_get_range);
