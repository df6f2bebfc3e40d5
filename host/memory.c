// SPDX-License-Identifier: GPL-2.0
/* Remembered memory, see memory.h. */
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define PAGE	4096
#define PAGES	1024

/* A page of which the bytes from @from to before @to are known. */
struct page {
	uint64_t addr;
	uint64_t generation;
	unsigned int from;
	unsigned int to;
	bool error;		/* there is none, and nothing is known */
	uint8_t data[PAGE];
};

struct memory {
	/* Pages of another generation are forgotten. */
	uint64_t generation;
	struct page pages[PAGES];
};

struct memory *memory_new(void)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (m)
		m->generation = 1;
	return m;
}

void memory_forget(struct memory *m)
{
	m->generation++;
}

static struct page *place(struct memory *m, uint64_t addr)
{
	return &m->pages[addr / PAGE % PAGES];
}

static void put(struct page *p, uint64_t generation, uint64_t addr, const uint8_t *data,
		unsigned int len)
{
	unsigned int from = addr % PAGE, to = from + len;

	/* One range each: what does not touch the one that is known replaces it. */
	if (p->generation != generation || p->addr != addr - from || from > p->to ||
	    to < p->from) {
		p->generation = generation;
		p->addr = addr - from;
		p->from = from;
		p->to = to;
	}
	p->error = false;
	memcpy(p->data + from, data, len);
	if (from < p->from)
		p->from = from;
	if (to > p->to)
		p->to = to;
}

void memory_put(struct memory *m, uint64_t addr, const uint8_t *data, size_t len)
{
	while (len) {
		size_t n = PAGE - addr % PAGE;

		if (n > len)
			n = len;
		put(place(m, addr), m->generation, addr, data, n);
		addr += n;
		data += n;
		len -= n;
	}
}

void memory_put_error(struct memory *m, uint64_t addr)
{
	struct page *p = place(m, addr);

	p->generation = m->generation;
	p->addr = addr - addr % PAGE;
	p->from = p->to = 0;
	p->error = true;
}

bool memory_is_error(const struct memory *m, uint64_t addr)
{
	const struct page *p = &m->pages[addr / PAGE % PAGES];

	return p->generation == m->generation && p->addr == addr - addr % PAGE && p->error;
}

size_t memory_get(const struct memory *m, uint64_t addr, uint8_t *out, size_t len)
{
	size_t got = 0;

	while (got < len) {
		const struct page *p = &m->pages[addr / PAGE % PAGES];
		unsigned int from = addr % PAGE;
		size_t n = len - got;

		if (p->generation != m->generation || p->addr != addr - from ||
		    from < p->from || from >= p->to)
			break;
		if (n > p->to - from)
			n = p->to - from;
		if (out)
			memcpy(out + got, p->data + from, n);
		got += n;
		addr += n;
	}
	return got;
}
