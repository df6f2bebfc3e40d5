// SPDX-License-Identifier: GPL-2.0
/* Packets answered in place of the debug core's gdb stub, see accel.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../common/rsp_codec.h"
#include "accel.h"
#include "core.h"
#include "info.h"

static bool accel = true;
module_param(accel, bool, 0644);
MODULE_PARM_DESC(accel, "answer memory reads and writes and what the kernel's stub lacks in the module (default: yes); takes effect when the next debugger attaches");

/* Most bytes of memory in one packet, and the longest payload: those bytes in hex. */
#define DATA_MAX	0x10000
#define PAYLOAD_MAX	0x20000

/* Memory is read and encoded in pieces of this many bytes, a divisor of the page size. */
#define PIECE		2048

/* Of a payload, what the stub takes: its buffer less a terminator. */
#define STUB_MAX	(BUFMAX - 1)

/* An exchange of our own with the stub. */
enum own {
	OWN_NONE,
	OWN_HAND_OVER,		/* "?" to kdb, to make it leave the line to the stub */
	OWN_WRITE,		/* a piece of a write that is too long for the stub */
	OWN_STOP,		/* it says that and why it has stopped */
	OWN_REGISTERS,		/* "g" after that */
	OWN_THREADS,		/* a part of the list of threads */
};

/* The reply that the host has not acknowledged yet and may ask for again. */
enum reply {
	REPLY_NONE,
	REPLY_TEXT,
	REPLY_HEX,
	REPLY_BINARY,
};

static struct {
	bool on;		/* for the debugger that is connected or will be next */
	bool reliable;
	bool no_ack;
	/* kdb is who reads. Known by the text it prints: packets are all that the stub does. */
	bool kdb;

	/* From the host: a packet, '$' to checksum, while it is being received. */
	struct rsp_parser parser;
	bool taking;
	bool too_long;
	unsigned int len;
	u8 packet[PAYLOAD_MAX + RSP_OVERHEAD];

	/* The stub has sent a packet and waits for its acknowledgement. */
	bool unacked;
	/* To the stub: that, then a packet. */
	bool ack_due;
	const u8 *feed;
	unsigned int feed_len;

	/* To the stub on our own behalf, and what it says to that. */
	enum own own;
	u8 own_reply[BUFMAX];
	unsigned int own_len;
	u8 stub_packet[STUB_MAX + RSP_OVERHEAD];
	/* The stop reply; the list of threads, inside packet[], and whether it is whole. */
	char stop[BUFMAX];
	unsigned int threads_len;
	bool threads_whole;
	/* What is left of a write: memory and the data for it, inside packet[]. */
	u64 write_addr;
	const u8 *data;
	unsigned int data_len;

	/* To the host. */
	enum reply reply;
	u64 addr;
	unsigned int size;	/* bytes asked for */
	bool ram_only;
	const char *text;
	u8 piece[PIECE];

	char text_buf[800];
} a;

static void put(const void *data, unsigned int len)
{
	memcpy(kgdb_io_tx_room(len), data, len);
	kgdb_io_tx_add(len);
}
NOKPROBE_SYMBOL(put);

static void put_trailer(u8 sum)
{
	u8 trailer[3] = { '#', hex_asc_hi(sum), hex_asc_lo(sum) };

	put(trailer, sizeof(trailer));
	kgdb_io_tx_send();
}
NOKPROBE_SYMBOL(put_trailer);

static void put_text(const char *text)
{
	unsigned int len = strlen(text);

	put("$", 1);
	put(text, len);
	put_trailer(rsp_sum(text, len));
}
NOKPROBE_SYMBOL(put_text);

/*
 * The next piece of a read, to a.piece. The stub calls copy_from_kernel_nofault() too: it
 * can carry a breakpoint, and while the kernel is stopped none is in place.
 * Returns its length; 0 at the end of what was asked for or can be read.
 */
static unsigned int read_piece(unsigned int done)
{
	unsigned long addr = a.addr + done;
	unsigned int len = min_t(unsigned int, a.size - done, PIECE - (addr & (PIECE - 1)));

	if (!len || (a.ram_only && !kgdb_io_info_is_ram(addr)))
		return 0;
	if (copy_from_kernel_nofault(a.piece, (void *)addr, len))
		return 0;
	return len;
}
NOKPROBE_SYMBOL(read_piece);

/*
 * Memory as far as it can be read: RSP lets a reply be shorter than what was asked for. An
 * error, and the stub's, if that is not at all.
 */
static void put_memory(bool binary)
{
	unsigned int done = 0, len = read_piece(0), n;
	u8 sum = 0;
	u8 *out;

	if (!len && a.size && !a.ram_only) {
		put_text("E22");
		return;
	}
	put("$", 1);
	if (binary) {
		put("b", 1);
		sum = 'b';
	}
	for (; len; len = read_piece(done)) {
		done += len;
		out = kgdb_io_tx_room(2 * PIECE);
		n = binary ? rsp_put_binary(out, a.piece, len) : rsp_put_hex(out, a.piece, len);
		sum += rsp_sum(out, n);
		kgdb_io_tx_add(n);
	}
	put_trailer(sum);
}
NOKPROBE_SYMBOL(put_memory);

static void send_reply(void)
{
	switch (a.reply) {
	case REPLY_TEXT:
		put_text(a.text);
		break;
	case REPLY_HEX:
	case REPLY_BINARY:
		put_memory(a.reply == REPLY_BINARY);
		break;
	default:
		break;
	}
}
NOKPROBE_SYMBOL(send_reply);

static void reply_text(const char *text)
{
	a.reply = REPLY_TEXT;
	a.text = text;
	send_reply();
}
NOKPROBE_SYMBOL(reply_text);

static void feed(const u8 *packet, unsigned int len)
{
	/* The host's acknowledgement was lost, or else there would be no packet. */
	if (a.unacked)
		a.ack_due = true;
	a.unacked = false;
	a.feed = packet;
	a.feed_len = len;
}
NOKPROBE_SYMBOL(feed);

/* Make a packet of the payload in a.stub_packet + 1, and give it to the stub as ours. */
static void ask_stub(enum own own, unsigned int len)
{
	u8 *p = a.stub_packet;
	u8 sum = rsp_sum(p + 1, len);

	p[0] = '$';
	p[1 + len] = '#';
	p[2 + len] = hex_asc_hi(sum);
	p[3 + len] = hex_asc_lo(sum);
	a.own = own;
	a.own_len = 0;
	feed(p, len + RSP_OVERHEAD);
}
NOKPROBE_SYMBOL(ask_stub);

static u8 *put_number(u8 *out, u64 value)
{
	int shift = 60;

	while (shift && !(value >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*out++ = hex_asc_lo(value >> shift);
	return out;
}
NOKPROBE_SYMBOL(put_number);

/*
 * The stub writes memory: the function that it calls for that is not there for modules.
 * Hand it the next piece of a long write.
 */
static void write_piece(void)
{
	/* "X", two numbers, ',' and ':'; and any byte may have to be escaped. */
	unsigned int len = min_t(unsigned int, a.data_len, (STUB_MAX - 40) / 2);
	u8 *out = a.stub_packet + 1;
	unsigned int i;

	*out++ = 'X';
	out = put_number(out, a.write_addr);
	*out++ = ',';
	out = put_number(out, len);
	*out++ = ':';
	/* No run lengths: the stub does not know them. */
	for (i = 0; i < len; i++) {
		u8 c = a.data[i];

		if (c == '#' || c == '$' || c == '}' || c == '*') {
			*out++ = '}';
			c ^= 0x20;
		}
		*out++ = c;
	}
	a.write_addr += len;
	a.data += len;
	a.data_len -= len;
	ask_stub(OWN_WRITE, out - (a.stub_packet + 1));
}
NOKPROBE_SYMBOL(write_piece);

/* "ADDR,LENGTH:DATA", too long for the stub. */
static void write_long(u8 *p, const u8 *end, bool binary)
{
	const u8 *at = p;
	u64 addr, len;
	long n;

	if (!rsp_get_range(&at, end, &addr, &len) || at == end || *at++ != ':') {
		reply_text("E22");
		return;
	}
	if (binary)
		n = rsp_get_binary(p, at, end - at);
	else
		n = rsp_get_hex(p, at, end - at) ? (end - at) / 2 : -1;
	if (n < 0 || n != len || !len) {
		reply_text("E22");
		return;
	}
	a.write_addr = addr;
	a.data = p;
	a.data_len = len;
	write_piece();
}
NOKPROBE_SYMBOL(write_long);

static bool read_memory(const u8 *p, const u8 *end, enum reply kind, bool ram_only)
{
	u64 addr, len;

	if (!rsp_get_range(&p, end, &addr, &len) || p != end)
		return false;
	a.reply = kind;
	a.addr = addr;
	a.size = min_t(u64, len, DATA_MAX);
	a.ram_only = ram_only;
	send_reply();
	return true;
}
NOKPROBE_SYMBOL(read_memory);

static void ask_threads(const char *query)
{
	unsigned int len = strlen(query);

	memcpy(a.stub_packet + 1, query, len);
	ask_stub(OWN_THREADS, len);
}
NOKPROBE_SYMBOL(ask_threads);

/*
 * The stub names 17 threads at a time, and gdb asks for all of them after every step. "m",
 * and the empty reply for "no more", as the stub has them.
 */
static void threads_answered(void)
{
	u8 *list = a.packet;

	if (a.own_len && a.own_reply[0] == 'm') {
		list[a.threads_len] = a.threads_len ? ',' : 'm';
		memcpy(list + a.threads_len + 1, a.own_reply + 1, a.own_len - 1);
		a.threads_len += a.own_len;
		if (a.threads_len < DATA_MAX) {
			ask_threads("qsThreadInfo");
			return;
		}
	} else {
		a.threads_whole = true;
	}
	list[a.threads_len] = '\0';
	reply_text(list);
}
NOKPROBE_SYMBOL(threads_answered);

/*
 * The stop reply with all registers ("nn:value;"), which gdb asks for next in any case. In
 * the order of the stub's "g", which is gdb's as well.
 */
static void stop_with_registers(void)
{
#ifdef CONFIG_X86_64
	/* rax to rip, then flags and segments in 4 bytes each. */
	const unsigned int wide = 17, all = wide + (NUMREGBYTES - wide * 8) / 4;
	char *out = a.stop + strlen(a.stop);
	const u8 *in = a.own_reply;
	unsigned int i, n;

	if (a.own_len == NUMREGBYTES * 2) {
		for (i = 0; i < all; i++, in += n) {
			n = i < wide ? 16 : 8;
			*out++ = hex_asc_hi(i);
			*out++ = hex_asc_lo(i);
			*out++ = ':';
			memcpy(out, in, n);
			out += n;
			*out++ = ';';
		}
		*out = '\0';
	}
#endif
	reply_text(a.stop);
}
NOKPROBE_SYMBOL(stop_with_registers);

/* Whether a payload begins with a literal; advances @p behind it. */
static bool skip(const u8 **p, const u8 *end, const char *literal)
{
	unsigned int i;

	for (i = 0; literal[i]; i++)
		if (*p + i >= end || (*p)[i] != literal[i])
			return false;
	*p += i;
	return true;
}
NOKPROBE_SYMBOL(skip);

static bool query(const u8 *p, const u8 *end)
{
	const char *features;
	u8 *out;

	if (skip(&p, end, "qSupported")) {
		/* The stub of this architecture has features of its own to tell. */
		if (IS_ENABLED(CONFIG_HAVE_ARCH_KGDB_QXFER_PKT))
			return false;
		BUILD_BUG_ON(PAYLOAD_MAX != 0x20000);
		features = a.reliable ? "PacketSize=20000;binary-upload+;QStartNoAckMode+"
				      : "PacketSize=20000;binary-upload+";
		reply_text(features);
		return true;
	}
	if (skip(&p, end, "QStartNoAckMode")) {
		if (p != end || !a.reliable)
			return false;
		reply_text("OK");
		/* The host acknowledges this one still. */
		a.no_ack = true;
		return true;
	}
	if (skip(&p, end, "qkgdbio.ram:"))
		return read_memory(p, end, REPLY_BINARY, true);
	if (skip(&p, end, "qfThreadInfo") && p == end) {
		a.threads_len = 0;
		a.threads_whole = false;
		ask_threads("qfThreadInfo");
		return true;
	}
	if (skip(&p, end, "qsThreadInfo") && p == end) {
		a.threads_len = 0;
		if (a.threads_whole)
			reply_text("l");
		else
			ask_threads("qsThreadInfo");
		return true;
	}
	if (skip(&p, end, "qkgdbio.info") && p == end) {
		strscpy(a.text_buf, kgdb_io_info_text(), sizeof(a.text_buf) - 16);
		out = a.text_buf + strlen(a.text_buf);
		out = put_number(out, num_online_cpus());
		*out = '\0';
		reply_text(a.text_buf);
		return true;
	}
	return false;
}
NOKPROBE_SYMBOL(query);

/* Answer the packet that has been received, or let the stub do it. */
static void dispatch(void)
{
	u8 *p = a.packet + 1;
	const u8 *end = a.packet + a.len - 3;
	const u8 *q = p;
	bool stubs = false;

	/* A debugger that begins anew has forgotten what was agreed. */
	if (skip(&q, end, "qSupported"))
		a.no_ack = false;
	if (!a.no_ack)
		put("+", 1);

	if (a.too_long || end == p) {
		/* The stub has nothing to say to an empty payload, and it is not long. */
		stubs = !a.too_long;
	} else if (*p == 'm' || *p == 'x') {
		stubs = !read_memory(p + 1, end, *p == 'm' ? REPLY_HEX : REPLY_BINARY, false);
	} else if (*p == 'q' || *p == 'Q') {
		stubs = !query(p, end);
	} else if ((*p == 'M' || *p == 'X') && end - p > STUB_MAX) {
		write_long(p + 1, end, *p == 'X');
	} else {
		stubs = true;
	}
	if (a.too_long || (stubs && end - p > STUB_MAX))
		reply_text("E22");
	else if (stubs)
		feed(a.packet, a.len);
}
NOKPROBE_SYMBOL(dispatch);

/* The stub has answered a packet of ours. */
static void own_answered(void)
{
	enum own own = a.own;

	a.own = OWN_NONE;
	a.ack_due = true;
	a.own_reply[a.own_len] = '\0';
	switch (own) {
	case OWN_HAND_OVER:
		dispatch();
		break;
	case OWN_WRITE:
		if (a.data_len && !strcmp(a.own_reply, "OK"))
			write_piece();
		else
			reply_text(a.own_reply);
		break;
	case OWN_STOP:
		strscpy(a.stop, a.own_reply, 64);
		if (IS_ENABLED(CONFIG_X86_64) && a.stop[0] == 'T') {
			a.stub_packet[1] = 'g';
			ask_stub(OWN_REGISTERS, 1);
		} else {
			reply_text(a.stop);
		}
		break;
	case OWN_REGISTERS:
		stop_with_registers();
		break;
	default:
		threads_answered();
	}
}
NOKPROBE_SYMBOL(own_answered);

int kgdb_io_accel_next(void)
{
	if (a.ack_due) {
		a.ack_due = false;
		return '+';
	}
	if (!a.feed_len)
		return -EAGAIN;
	a.feed_len--;
	return *a.feed++;
}
NOKPROBE_SYMBOL(kgdb_io_accel_next);

/* The host acknowledges or asks again for what we have sent. */
static bool acknowledges(u8 c)
{
	if (!a.reply || (c != '+' && c != '-'))
		return false;
	if (c == '-')
		send_reply();
	else
		a.reply = REPLY_NONE;
	return true;
}
NOKPROBE_SYMBOL(acknowledges);

bool kgdb_io_accel_take(u8 c, bool held)
{
	enum rsp_event ev;

	if (!a.on)
		return false;
	if (a.kdb && !held) {
		/* A person types, or a debugger that kdb makes way for. */
		memset(&a.parser, 0, sizeof(a.parser));
		a.taking = false;
		a.own = OWN_NONE;
		return false;
	}

	ev = rsp_feed(&a.parser, c);
	switch (ev) {
	case RSP_START:
		a.taking = true;
		a.too_long = false;
		a.reply = REPLY_NONE;
		a.len = 0;
		break;
	case RSP_DATA:
	case RSP_TRAILER:
	case RSP_PACKET:
	case RSP_BAD:
		if (!a.taking)
			return false;
		break;
	default:
		if (acknowledges(c))
			return true;
		if (c == '+')
			a.unacked = false;
		return false;
	}

	/* Room for the trailer stays. */
	if (ev == RSP_DATA && a.len > PAYLOAD_MAX)
		a.too_long = true;
	else
		a.packet[a.len++] = c;
	if (ev == RSP_BAD) {
		a.taking = false;
		if (!a.no_ack) {
			put("-", 1);
			kgdb_io_tx_send();
		}
	} else if (ev == RSP_PACKET) {
		a.taking = false;
		if (a.kdb) {
			a.stub_packet[1] = '?';
			ask_stub(OWN_HAND_OVER, 1);
		} else {
			dispatch();
		}
	}
	return true;
}
NOKPROBE_SYMBOL(kgdb_io_accel_take);

bool kgdb_io_accel_drop(u8 c, enum rsp_event ev)
{
	if (!a.on)
		return false;
	switch (ev) {
	case RSP_TEXT:
		a.kdb = true;
		a.no_ack = false;
		if (a.own == OWN_STOP)
			a.own = OWN_NONE;
		return false;
	case RSP_ACK:
	case RSP_NAK:
		/* Of kdb's it is text, an echo of what a debugger sent perhaps. */
		if (a.kdb && !a.own)
			return false;
		a.kdb = false;
		/* We have acknowledged the packet when it was taken. */
		return true;
	case RSP_DATA:
		if (a.own && a.own_len < sizeof(a.own_reply) - 1)
			a.own_reply[a.own_len++] = c;
		break;
	case RSP_PACKET:
		/* Nobody but the stub sends one: it has taken over from kdb. */
		a.kdb = false;
		fallthrough;
	case RSP_BAD:
		if (a.own) {
			own_answered();
			return true;
		}
		a.ack_due = a.no_ack;
		a.unacked = !a.no_ack;
		break;
	default:
		break;
	}
	return a.own;
}
NOKPROBE_SYMBOL(kgdb_io_accel_drop);

bool kgdb_io_accel_no_ack(void)
{
	return a.no_ack;
}
NOKPROBE_SYMBOL(kgdb_io_accel_no_ack);

void kgdb_io_accel_reset(void)
{
	memset(&a.parser, 0, sizeof(a.parser));
	a.taking = false;
	a.unacked = false;
	a.ack_due = false;
	a.feed_len = 0;
	a.own = OWN_NONE;
	a.reply = REPLY_NONE;
}
NOKPROBE_SYMBOL(kgdb_io_accel_reset);

void kgdb_io_accel_stopped(bool fresh, bool reliable)
{
	kgdb_io_accel_reset();
	a.kdb = false;
	a.threads_whole = false;
	if (!fresh) {
		/* The stub begins with it, if it is the stub and not kdb. */
		a.own = a.on ? OWN_STOP : OWN_NONE;
		a.own_len = 0;
		return;
	}
	a.on = READ_ONCE(accel);
	a.reliable = reliable;
	a.no_ack = false;
}
NOKPROBE_SYMBOL(kgdb_io_accel_stopped);
