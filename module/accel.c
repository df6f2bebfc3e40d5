// SPDX-License-Identifier: GPL-2.0
/* Packets answered in place of the debug core's gdb stub, see accel.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../common/rsp_codec.h"
#include "accel.h"
#include "core.h"
#include "info.h"
#include "threads.h"

static bool accel = true;
module_param(accel, bool, 0644);
MODULE_PARM_DESC(accel, "answer memory reads and writes and what the kernel's stub lacks in the module (default: yes); takes effect when the next debugger attaches");

/* Most bytes of memory in one packet, and the longest payload: those bytes in hex. */
#define DATA_MAX	0x10000
#define PAYLOAD_MAX	0x20000

/* Memory is read and encoded in pieces of this many bytes, a divisor of the page size. */
#define PIECE		2048

/*
 * The list of threads is told in pieces of this many. Such a piece is longer than what a host
 * takes for the whole list (THREADS_WHOLE in host/proxy_run.c).
 */
#define THREADS_MAX	8192

/* Of a payload, what the stub takes: its buffer less a terminator. */
#define STUB_MAX	(BUFMAX - 1)

/* Registers by gdb's numbers on x86-64. */
#define REG_SP		7
#define REG_PC		16

/* How much of the stack goes with a stop reply, from a multiple of what on, in bytes. */
#define STACK_SIZE	256
#define STACK_ALIGN	64

/* An exchange of our own with the stub. */
enum own {
	OWN_NONE,
	OWN_HAND_OVER,		/* "?" to kdb, to make it leave the line to the stub */
	OWN_WRITE,		/* a piece of a write that is too long for the stub */
	OWN_STOP,		/* it says that and why it has stopped */
	OWN_STATUS,		/* "?" of the host's */
	OWN_THREAD,		/* "qC" after that */
	OWN_REGISTERS,		/* "g" after one of these */
};

/* The reply that the host has not acknowledged yet and may ask for again. */
enum reply {
	REPLY_NONE,
	REPLY_TEXT,
	REPLY_THREADS,
	REPLY_HEX,
	REPLY_BINARY,
	REPLY_CHECKED,
};

static struct {
	bool on;		/* for the debugger that is connected or will be next */
	bool reliable;
	bool no_ack;
	bool stops;		/* the host wants to know more at each stop */
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
	char stop[2 * BUFMAX];	/* the stop reply, */
	bool status;		/* to "?" */
	bool other_thread;	/* "g" may be about one that did not stop */
	/* The threads as told last, and how many were told before these. */
	u32 threads[THREADS_MAX];
	unsigned int threads_count;
	unsigned int threads_first;
	/* Step on while the kernel is there, in this task; none if both are equal. */
	u64 range_from;
	u64 range_to;
	pid_t range_pid;
	/* What is left of a write: memory and the data for it, inside packet[]. */
	u64 write_addr;
	const u8 *data;
	unsigned int data_len;

	/* To the host. */
	enum reply reply;
	u64 addr;
	unsigned int size;	/* bytes asked for */
	bool ram_only;
	bool device;		/* where the read ended as it was to read RAM only */
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

	if (!len)
		return 0;
	a.device = a.ram_only && kgdb_io_info_page(addr) == KGDB_IO_PAGE_OTHER;
	if (a.device)
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
static void put_memory(enum reply kind)
{
	u8 head = kind == REPLY_HEX ? 0 : kind == REPLY_CHECKED ? 'c' : 'b';
	unsigned int done = 0, len = read_piece(0), n;
	u32 crc = rsp_crc_of_range(a.addr, a.size);
	__be32 tail;
	u8 sum = 0;
	u8 *out;

	if (!len && a.size && !a.device) {
		put_text("E22");
		return;
	}
	put("$", 1);
	if (head) {
		put(&head, 1);
		sum = head;
	}
	for (; len; len = read_piece(done)) {
		done += len;
		out = kgdb_io_tx_room(2 * PIECE);
		n = head ? rsp_put_binary(out, a.piece, len) : rsp_put_hex(out, a.piece, len);
		sum += rsp_sum(out, n);
		kgdb_io_tx_add(n);
		if (kind == REPLY_CHECKED)
			crc = rsp_crc(crc, a.piece, len);
	}
	if (kind == REPLY_CHECKED) {
		tail = cpu_to_be32(crc);
		out = kgdb_io_tx_room(2 * sizeof(tail));
		n = rsp_put_binary(out, (const u8 *)&tail, sizeof(tail));
		sum += rsp_sum(out, n);
		kgdb_io_tx_add(n);
	}
	put_trailer(sum);
}
NOKPROBE_SYMBOL(put_memory);

/* "m", the numbers of threads in hexadecimal with commas between them; or "l" for none. */
static void put_threads(void)
{
	u8 item[1 + 8], sum = 0;
	unsigned int i, n;
	int shift;

	if (!a.threads_count) {
		put_text("l");
		return;
	}
	put("$", 1);
	for (i = 0; i < a.threads_count; i++) {
		u32 id = a.threads[i];

		n = 0;
		item[n++] = i ? ',' : 'm';
		/* Whole bytes, as the stub has it. */
		shift = 28;
		while (shift > 4 && !(id >> (shift - 4)))
			shift -= 8;
		for (; shift >= 0; shift -= 4)
			item[n++] = hex_asc_lo(id >> shift);
		put(item, n);
		sum += rsp_sum(item, n);
	}
	put_trailer(sum);
}
NOKPROBE_SYMBOL(put_threads);

static void send_reply(void)
{
	switch (a.reply) {
	case REPLY_TEXT:
		put_text(a.text);
		break;
	case REPLY_THREADS:
		put_threads();
		break;
	case REPLY_HEX:
	case REPLY_BINARY:
	case REPLY_CHECKED:
		put_memory(a.reply);
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

/* The threads that come after the first @told. */
static void tell_threads(unsigned int told)
{
	a.threads_first = told;
	a.threads_count = kgdb_io_threads(a.threads, THREADS_MAX, told);
	a.reply = REPLY_THREADS;
	send_reply();
}
NOKPROBE_SYMBOL(tell_threads);

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

static void ask_stub_text(enum own own, const char *payload)
{
	unsigned int len = strlen(payload);

	memcpy(a.stub_packet + 1, payload, len);
	ask_stub(own, len);
}
NOKPROBE_SYMBOL(ask_stub_text);

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

static char *put_literal(char *out, const char *text)
{
	unsigned int len = strlen(text);

	memcpy(out, text, len + 1);
	return out + len;
}
NOKPROBE_SYMBOL(put_literal);

/* A register of 8 bytes from the stub's reply to "g". */
static u64 own_register(unsigned int number)
{
	u64 value = 0;
	u8 bytes[8];
	int i;

	rsp_get_hex(bytes, a.own_reply + number * 16, 16);
	for (i = 7; i >= 0; i--)
		value = value << 8 | bytes[i];
	return value;
}
NOKPROBE_SYMBOL(own_register);

/* The registers ("nn:value;") in the order of the stub's "g", which is gdb's as well. */
static char *put_registers(char *out)
{
	/* rax to rip, then flags and segments in 4 bytes each. */
	const unsigned int wide = 17, all = wide + (NUMREGBYTES - wide * 8) / 4;
	const u8 *in = a.own_reply;
	unsigned int i, n;

	for (i = 0; i < all; i++, in += n) {
		n = i < wide ? 16 : 8;
		*out++ = hex_asc_hi(i);
		*out++ = hex_asc_lo(i);
		*out++ = ':';
		memcpy(out, in, n);
		out += n;
		*out++ = ';';
	}
	return out;
}
NOKPROBE_SYMBOL(put_registers);

/* What a host that knows us saves requests with, see accel.h. */
static char *put_stop_extras(char *out)
{
	unsigned int len;
	__be32 crc;

	a.addr = own_register(REG_SP) & ~(u64)(STACK_ALIGN - 1);
	a.size = STACK_SIZE;
	a.ram_only = true;
	len = read_piece(0);
	if (len) {
		out = put_literal(out, a.reliable ? "kgdbio.stack:" : "kgdbio.checked-stack:");
		out += rsp_put_hex((u8 *)out, a.piece, len);
		if (!a.reliable) {
			crc = cpu_to_be32(rsp_crc(~0, a.piece, len));
			out += rsp_put_hex((u8 *)out, (const u8 *)&crc, sizeof(crc));
		}
		*out++ = ';';
	}
	if (!a.threads_first && a.threads_count && a.threads_count < THREADS_MAX &&
	    kgdb_io_threads_are(a.threads, a.threads_count))
		out = put_literal(out, "kgdbio.threads:same;");
	return out;
}
NOKPROBE_SYMBOL(put_stop_extras);

/*
 * The stop reply with all registers, which gdb asks for next in any case; or one step more,
 * if the kernel has stepped to where nobody wants to see it and nothing else came up.
 */
static void stop_with_registers(void)
{
	char *out = a.stop + strlen(a.stop);
	u64 pc;

	if (a.own_len != NUMREGBYTES * 2) {
		reply_text(a.stop);
		return;
	}
	pc = own_register(REG_PC);
	if (pc >= a.range_from && pc < a.range_to && !memcmp(a.stop, "T05", 3) &&
	    current->pid == a.range_pid && !kgdb_io_input_due()) {
		ask_stub_text(OWN_NONE, "s");
		return;
	}
	out = put_registers(out);
	if (a.status)
		out = put_literal(out, "kgdbio.status:;");
	if (a.stops)
		out = put_stop_extras(out);
	*out = '\0';
	reply_text(a.stop);
}
NOKPROBE_SYMBOL(stop_with_registers);

/* "FROM,TO" of a range to step through; the kernel steps for the first time now. */
static bool step_range(const u8 *p, const u8 *end)
{
	u64 from, to;

	if (!IS_ENABLED(CONFIG_X86_64) || !rsp_get_range(&p, end, &from, &to) || p != end)
		return false;
	a.range_from = from;
	a.range_to = to;
	a.range_pid = current->pid;
	/* The acknowledgement, as the stop may be far away. */
	kgdb_io_tx_send();
	ask_stub_text(OWN_NONE, "s");
	return true;
}
NOKPROBE_SYMBOL(step_range);

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

static void put_features(const u8 *p, const u8 *end)
{
	char *out = a.text_buf;

	a.stops = false;
	a.threads_count = 0;
	for (; IS_ENABLED(CONFIG_X86_64) && p < end && !a.stops; p++)
		a.stops = skip(&p, end, "kgdbio.stops+");
	BUILD_BUG_ON(PAYLOAD_MAX != 0x20000);
	out = put_literal(out, "PacketSize=20000;binary-upload+");
	if (a.reliable)
		out = put_literal(out, ";QStartNoAckMode+");
	if (a.stops)
		out = put_literal(out, ";kgdbio.stops+");
	reply_text(a.text_buf);
}
NOKPROBE_SYMBOL(put_features);

static bool query(const u8 *p, const u8 *end)
{
	u8 *out;

	if (skip(&p, end, "qSupported")) {
		/* The stub of this architecture has features of its own to tell. */
		if (IS_ENABLED(CONFIG_HAVE_ARCH_KGDB_QXFER_PKT))
			return false;
		put_features(p, end);
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
		return read_memory(p, end, a.reliable ? REPLY_BINARY : REPLY_CHECKED, true);
	if (skip(&p, end, "qfThreadInfo") && p == end) {
		tell_threads(0);
		return true;
	}
	if (skip(&p, end, "qsThreadInfo") && p == end) {
		if (a.threads_count == THREADS_MAX)
			tell_threads(a.threads_first + THREADS_MAX);
		else
			reply_text("l");
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

	a.range_from = a.range_to;
	/* A debugger that begins anew has forgotten what was agreed. */
	if (skip(&q, end, "qSupported"))
		a.no_ack = false;
	if (!a.no_ack)
		put("+", 1);

	if (skip(&q, end, "Hg"))
		a.other_thread = end - q != 1 || *q != '0';

	if (a.too_long || end == p) {
		/* The stub has nothing to say to an empty payload, and it is not long. */
		stubs = !a.too_long;
	} else if (*p == 'm' || *p == 'x') {
		stubs = !read_memory(p + 1, end, *p == 'm' ? REPLY_HEX : REPLY_BINARY, false);
	} else if (*p == 'q' || *p == 'Q') {
		stubs = !query(p, end);
	} else if (IS_ENABLED(CONFIG_X86_64) && *p == '?' && end == p + 1) {
		ask_stub_text(OWN_STATUS, "?");
	} else if (skip(&q, end, "vCont;r")) {
		stubs = !step_range(q, end);
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
	char *out;

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
		a.status = false;
		strscpy(a.stop, a.own_reply, 64);
		if (IS_ENABLED(CONFIG_X86_64) && a.stop[0] == 'T')
			ask_stub_text(OWN_REGISTERS, "g");
		else
			reply_text(a.stop);
		break;
	case OWN_STATUS:
		a.status = true;
		strscpy(a.stop, a.own_reply, 64);
		if (a.own_len == 3 && a.stop[0] == 'S')
			ask_stub_text(OWN_THREAD, "qC");
		else
			reply_text(a.stop);
		break;
	case OWN_THREAD:
		/* "S05" and "QC1f" make what another stop is told with: "T05thread:1f;". */
		if (a.own_len < 3 || a.own_len > 32 || memcmp(a.own_reply, "QC", 2)) {
			reply_text(a.stop);
			break;
		}
		a.stop[0] = 'T';
		out = put_literal(a.stop + 3, "thread:");
		out = put_literal(out, a.own_reply + 2);
		put_literal(out, ";");
		if (a.other_thread)
			reply_text(a.stop);
		else
			ask_stub_text(OWN_REGISTERS, "g");
		break;
	case OWN_REGISTERS:
		stop_with_registers();
		break;
	default:
		break;
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
		if (a.kdb)
			ask_stub_text(OWN_HAND_OVER, "?");
		else
			dispatch();
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
	a.other_thread = false;
	if (!fresh) {
		/* The stub begins with it, if it is the stub and not kdb. */
		a.own = a.on ? OWN_STOP : OWN_NONE;
		a.own_len = 0;
		return;
	}
	a.on = READ_ONCE(accel);
	a.stops = false;
	a.range_from = a.range_to;
	a.reliable = reliable;
	a.no_ack = false;
}
NOKPROBE_SYMBOL(kgdb_io_accel_stopped);
