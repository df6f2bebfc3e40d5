// SPDX-License-Identifier: GPL-2.0
/* Reading and writing memory for gdb, see proxy_impl.h. */
#include <stdio.h>

#include "../common/rsp_codec.h"
#include "memory.h"
#include "proxy_impl.h"

/* What a stub gives of memory in one reply if it does not say how much that is. */
#define STUB_DATA_MAX	500

/* gdb waits 2 s for a reply; a long read is answered in part after this many ms. */
#define PATIENCE_MS	400

/*
 * How much memory around what gdb asks for is read with it: whatever a link moves in a few
 * ms, found out by trying. A page is more than one of the kernel's larger structures: who follows
 * a list asks for a few places in each.
 */
#define BLOCK_MAX	4096
#define QUICK_MS	3
#define SLOW_MS		20

/* The same for one request of a long read. */
#define CHUNK_MIN	1024
#define CHUNK_QUICK_MS	60
#define CHUNK_SLOW_MS	250

/* Two reads of this size in a row are the beginning of a long one. */
#define STREAM_MIN	512

/* How often a read is asked for anew because the answer was none to it. */
#define ANEW_MAX	5

static size_t encode(uint8_t *out, const uint8_t *data, size_t len, bool binary)
{
	if (!binary)
		return rsp_put_hex(out, data, len);
	*out = 'b';
	return 1 + rsp_put_binary(out + 1, data, len);
}

static void ask_memory(struct proxy *p, enum job job, const char *query, uint64_t addr,
		       size_t len)
{
	char text[64];

	p->asked_addr = addr;
	p->asked_len = len;
	ask(p, job, text, snprintf(text, sizeof(text), "%s%llx,%zx", query,
				   (unsigned long long)addr, len));
}

/* Read what may be wanted next; nobody waits for it. */
void proxy_go_ahead(struct proxy *p)
{
	uint64_t addr;

	if (!p->accel || !p->stop_known || p->job != NONE)
		return;
	if (p->streaming) {
		if (memory_get(p->memory, p->next_addr, NULL, 1) == 0 &&
		    p->next_addr + p->chunk > p->next_addr)
			ask_memory(p, AHEAD, "qkgdbio.ram:", p->next_addr, p->chunk);
	} else if (p->stack_due) {
		p->stack_due = false;
		addr = p->stop.sp & ~(uint64_t)(BLOCK_MIN - 1);
		ask_memory(p, AHEAD, "qkgdbio.ram:", addr,
			   p->block - (addr & (p->block - 1)));
	} else if (p->threads_due) {
		p->threads_due = false;
		ask(p, THREADS_AHEAD, "qfThreadInfo", 12);
	} else if (!p->probed) {
		proxy_probe(p, PROBE_AHEAD);
	}
}

static void read_done(struct proxy *p)
{
	size_t len = encode(p->out, p->data, p->got, p->want_binary);

	/* Whoever reads two pieces in a row reads on, or one that is as large as can be. */
	p->streaming = p->got == p->want &&
		       (p->got == DATA_MAX ||
			(p->got >= STREAM_MIN && p->addr == p->next_addr));
	p->next_addr = p->addr + p->got;
	answer(p, p->out, len);
	proxy_go_ahead(p);
}

/* Ask for what is still missing of a read, or answer it. */
static void read_on(struct proxy *p, bool ram)
{
	uint64_t addr, end, mask = ~(uint64_t)(p->block - 1);
	size_t left;

	p->got += memory_get(p->memory, p->addr + p->got, p->data + p->got, p->want - p->got);
	left = p->want - p->got;
	if (!left ||
	    (p->got && p->ops->now(p->arg) - p->read_since >= PATIENCE_MS)) {
		read_done(p);
		return;
	}
	addr = p->addr + p->got;
	if (p->accel && ram) {
		end = addr + (left < p->chunk ? left : p->chunk);
		/* With what is around it; not across the end of the address space. */
		if (((end + p->block - 1) & mask) > addr)
			end = (end + p->block - 1) & mask;
		if (end - (addr & mask) > DATA_MAX)
			mask = ~(uint64_t)0;
		ask_memory(p, READ_RAM, "qkgdbio.ram:", addr & mask, end - (addr & mask));
		return;
	}
	if (!p->accel && left > STUB_DATA_MAX)
		left = STUB_DATA_MAX;
	if (left > p->chunk)
		left = p->chunk;
	ask_memory(p, READ, p->binary ? "x" : "m", addr, left);
}

/* Where and how much a read wants, and where that ends at the latest. */
static bool parse_read(const uint8_t *payload, size_t len, uint64_t *from, size_t *want)
{
	const uint8_t *at = payload + 1;
	unsigned long long addr, n;

	if (!rsp_get_range(&at, payload + len, &addr, &n) || at != payload + len || !n)
		return false;
	*from = addr;
	*want = n < DATA_MAX ? n : DATA_MAX;
	/* The last byte there is ends it. */
	if (addr + *want - 1 < addr)
		*want = -addr;
	return true;
}

/* Whether such a request can be answered without the target. */
bool proxy_read_known(const struct proxy *p, const uint8_t *payload, size_t len)
{
	uint64_t addr;
	size_t want;

	return parse_read(payload, len, &addr, &want) &&
	       (memory_is_error(p->memory, addr) ||
		memory_get(p->memory, addr, NULL, want) == want);
}

void proxy_read_request(struct proxy *p, const uint8_t *payload, size_t len)
{
	uint64_t addr;
	size_t want;

	if (!parse_read(payload, len, &addr, &want)) {
		ask(p, PASS, payload, len);
		return;
	}
	p->want_binary = *payload == 'x';
	p->addr = addr;
	p->want = want;
	p->got = 0;
	p->anew = 0;
	p->read_since = p->ops->now(p->arg);
	if (memory_is_error(p->memory, addr))
		answer_text(p, "E22");
	else
		read_on(p, true);
}

static void adapt(struct proxy *p, size_t len)
{
	uint64_t ms = p->ops->now(p->arg) - p->asked_at;

	if (len >= p->block && ms <= QUICK_MS && p->block < BLOCK_MAX)
		p->block *= 2;
	else if (len >= p->block && ms >= SLOW_MS && p->block > BLOCK_MIN)
		p->block /= 2;
	if (len >= p->chunk && ms * (DATA_MAX / p->chunk) <= CHUNK_QUICK_MS)
		p->chunk = DATA_MAX;
	else if (len >= p->chunk && ms <= CHUNK_QUICK_MS && p->chunk < DATA_MAX)
		p->chunk *= 2;
	else if (len >= CHUNK_MIN && ms >= CHUNK_SLOW_MS && p->chunk > CHUNK_MIN)
		p->chunk /= 2;
}

/* A reply with a CRC that is another's. */
#define NOT_OURS	-2

/*
 * The bytes of a reply to "m", "x" or qkgdbio.ram, in p->in; NOT_OURS, or -1 if it is no such
 * reply.
 */
static long memory_reply(struct proxy *p, const uint8_t *payload, size_t len, bool binary)
{
	long n = rsp_expand(p->in, sizeof(p->in), payload, len);
	bool checked;

	if (n < 0 || (n > 0 && *p->in == 'E' && n % 2))
		return -1;
	checked = binary && n && *p->in == 'c';
	if (!binary)
		n = n && rsp_get_hex(p->in, p->in, n) ? n / 2 : -1;
	else
		n = n && (checked || *p->in == 'b') ? rsp_get_binary(p->in, p->in + 1, n - 1) : -1;
	if (checked && n >= 0) {
		n = rsp_get_checked(rsp_crc_of_range(p->asked_addr, p->asked_len), p->in, n);
		if (n < 0)
			return NOT_OURS;
	}
	if (n > (long)p->asked_len)
		n = -1;
	if (n > 0)
		adapt(p, n);
	return n;
}

/*
 * It was damaged, and one would do, or came twice, and the one for what is asked is on its
 * way. Whether it is asked for anew.
 */
static bool ask_anew(struct proxy *p, const char *query)
{
	p->ops->drain(p->arg);
	if (p->job == AHEAD || p->anew++ == ANEW_MAX)
		return false;
	ask_memory(p, p->job, query, p->asked_addr, p->asked_len);
	return true;
}

void proxy_ram_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	bool error = len == 3 && *payload == 'E';
	uint64_t before = p->got;
	long n;

	/* The empty packet: it does not know the query after all. */
	if (!len)
		p->accel = false;
	n = memory_reply(p, payload, len, true);
	if (n == NOT_OURS && ask_anew(p, "qkgdbio.ram:"))
		return;
	if (n > 0)
		memory_put(p->memory, p->asked_addr, p->in, n);
	else if (error)
		memory_put_error(p->memory, p->asked_addr);
	if (p->job == AHEAD) {
		p->job = NONE;
		if (n <= 0)
			p->streaming = false;
		return;
	}
	if (error && !before) {
		answer(p, payload, len);
		return;
	}
	p->got += memory_get(p->memory, p->addr + p->got, p->data + p->got, p->want - p->got);
	read_on(p, p->got > before);
}

void proxy_read_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	long n = memory_reply(p, payload, len, p->binary);

	if (n == NOT_OURS) {
		if (!ask_anew(p, "x"))
			answer_text(p, "E22");
		return;
	}
	if (n > 0) {
		memcpy(p->data + p->got, p->in, n);
		p->got += n;
		read_on(p, false);
	} else if (p->got) {
		read_done(p);
	} else {
		answer(p, payload, len);
	}
}

/* The next piece of a long write, whose data is in p->in. */
static void write_on(struct proxy *p)
{
	size_t most = (p->packet_max - 40) / 2, len = p->write_len - p->write_done, n, i;

	if (len > most)
		len = most;
	n = snprintf((char *)p->out, 64, "X%llx,%zx:",
		     (unsigned long long)(p->write_addr + p->write_done), len);
	/* Without run lengths, which are for replies. */
	for (i = 0; i < len; i++) {
		uint8_t c = p->in[p->write_done + i];

		if (strchr("#$}*", c) && c) {
			p->out[n++] = '}';
			c ^= 0x20;
		}
		p->out[n++] = c;
	}
	p->write_done += len;
	ask(p, WRITE, p->out, n);
}

/* A stub that says how much it takes gets a write as gdb made it. */
void proxy_write_request(struct proxy *p, const uint8_t *payload, size_t len)
{
	const uint8_t *at = payload + 1, *end = payload + len;
	unsigned long long addr, want;
	long n;

	proxy_forget(p);
	if (len <= p->packet_max) {
		ask(p, PASS, payload, len);
		return;
	}
	if (!rsp_get_range(&at, end, &addr, &want) || at == end || *at++ != ':') {
		answer_text(p, "E22");
		return;
	}
	if (*payload == 'X')
		n = rsp_get_binary(p->in, at, end - at);
	else
		n = rsp_get_hex(p->in, at, end - at) ? (end - at) / 2 : -1;
	if (n <= 0 || (unsigned long long)n != want) {
		answer_text(p, "E22");
		return;
	}
	p->write_addr = addr;
	p->write_len = n;
	p->write_done = 0;
	write_on(p);
}

void proxy_write_reply(struct proxy *p, const uint8_t *payload, size_t len)
{
	if (is(payload, len, "OK") && p->write_done < p->write_len)
		write_on(p);
	else
		answer(p, payload, len);
}
