// SPDX-License-Identifier: GPL-2.0
/* The target's breakpoints, see breakpoints.h. */
#include <stdlib.h>
#include <string.h>

#include "../common/rsp_codec.h"
#include "breakpoints.h"

/* The kernel's KGDB_MAX_BREAKPOINTS is 1000. */
#define BREAKPOINTS	1024

struct breakpoint {
	uint64_t addr;
	size_t len;			/* 0: no entry */
	bool removed;			/* as far as gdb knows */
	bool lost;			/* the target does not have it */
	char packet[BREAKPOINT_MAX];	/* behind its first letter */
};

struct breakpoints {
	unsigned int used;		/* no entry from here on */
	struct breakpoint all[BREAKPOINTS];
};

struct breakpoints *breakpoints_new(void)
{
	return calloc(1, sizeof(struct breakpoints));
}

void breakpoints_forget(struct breakpoints *b)
{
	unsigned int i;

	for (i = 0; i < b->used; i++)
		b->all[i].len = 0;
	b->used = 0;
}

static struct breakpoint *find(const struct breakpoints *b, const uint8_t *packet, size_t len)
{
	unsigned int i;

	for (i = 0; len > 1 && i < b->used; i++)
		if (b->all[i].len == len - 1 && !memcmp(b->all[i].packet, packet + 1, len - 1))
			return (struct breakpoint *)&b->all[i];
	return NULL;
}

bool breakpoints_known(const struct breakpoints *b, const uint8_t *packet, size_t len)
{
	return find(b, packet, len) != NULL;
}

void breakpoints_add(struct breakpoints *b, const uint8_t *packet, size_t len)
{
	const uint8_t *at = packet + 3;
	unsigned long long addr, kind;
	struct breakpoint *bp;
	unsigned int i;

	if (find(b, packet, len) || len < 4 || len > BREAKPOINT_MAX ||
	    !rsp_get_range(&at, packet + len, &addr, &kind))
		return;
	for (i = 0; i < b->used && b->all[i].len; i++)
		;
	if (i == BREAKPOINTS)
		return;
	if (i == b->used)
		b->used++;
	bp = &b->all[i];
	bp->addr = addr;
	bp->len = len - 1;
	bp->removed = false;
	bp->lost = false;
	memcpy(bp->packet, packet + 1, len - 1);
}

bool breakpoints_insert(struct breakpoints *b, const uint8_t *packet, size_t len)
{
	struct breakpoint *bp = find(b, packet, len);

	/* One that gdb believes to be in is put in anew: it knows why. */
	if (!bp || !bp->removed) {
		if (bp && bp->lost)
			bp->len = 0;
		return false;
	}
	bp->removed = false;
	return true;
}

bool breakpoints_remove(struct breakpoints *b, const uint8_t *packet, size_t len)
{
	struct breakpoint *bp = find(b, packet, len);

	if (!bp || bp->removed)
		return false;
	bp->removed = true;
	if (bp->lost)
		bp->len = 0;
	return true;
}

size_t breakpoints_next_removed(struct breakpoints *b, char *packet)
{
	unsigned int i;
	size_t len;

	for (i = 0; i < b->used; i++) {
		if (!b->all[i].len || !b->all[i].removed)
			continue;
		len = b->all[i].len;
		packet[0] = 'z';
		memcpy(packet + 1, b->all[i].packet, len);
		b->all[i].len = 0;
		return len + 1;
	}
	return 0;
}

void breakpoints_lost(struct breakpoints *b)
{
	struct breakpoint *bp;

	for (bp = b->all; bp < b->all + b->used; bp++) {
		bp->lost = true;
		if (bp->removed)
			bp->len = 0;
	}
}

bool breakpoints_at(const struct breakpoints *b, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < b->used; i++)
		if (b->all[i].len && !b->all[i].removed && b->all[i].addr == addr)
			return true;
	return false;
}

void breakpoints_narrow(const struct breakpoints *b, uint64_t pc, uint64_t *from, uint64_t *to)
{
	const struct breakpoint *bp;

	for (bp = b->all; bp < b->all + b->used; bp++) {
		if (!bp->len || bp->removed)
			continue;
		if (bp->addr > pc && bp->addr < *to)
			*to = bp->addr;
		else if (bp->addr <= pc && bp->addr + 2 > *from)
			*from = bp->addr + 2;
	}
}
