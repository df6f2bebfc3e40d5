// SPDX-License-Identifier: GPL-2.0
/* TRB rings, see xhci_ring.h. */
#ifdef __KERNEL__
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/kprobes.h>
#include <linux/string.h>
#include <asm/barrier.h>
#else
#include <string.h>
/* Little-endian userspace, of which one thread is the controller. */
#define BIT(n)			(1U << (n))
#define NOKPROBE_SYMBOL(fn)
#define READ_ONCE(v)		__atomic_load_n(&(v), __ATOMIC_RELAXED)
#define WRITE_ONCE(v, x)	__atomic_store_n(&(v), x, __ATOMIC_RELAXED)
#define cmpxchg(p, old, new)	__sync_val_compare_and_swap(p, old, new)
#define dma_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define dma_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define cpu_to_le32(v)		(v)
#define cpu_to_le64(v)		(v)
#define le32_to_cpu(v)		(v)
#define le64_to_cpu(v)		(v)
#endif

#include "xhci_regs.h"
#include "xhci_ring.h"

/* The cycle bit of TRB number n: 1 in the first round (4.9.2). */
static u32 cycle_of(unsigned int size, u32 n)
{
	return n / size & 1 ? 0 : TRB_CYCLE;
}
NOKPROBE_SYMBOL(cycle_of);

u64 xhci_ring_start(struct xhci_ring *ring, u16 first)
{
	unsigned int start = first & (ring->size - 1);
	unsigned int i;

	memset(ring->trbs, 0, (ring->size + 1) * sizeof(*ring->trbs));
	/* A slot before the first is put to in the next round. */
	for (i = 0; i < ring->size; i++) {
		u32 next = cycle_of(ring->size, first);

		if (i >= start)
			next ^= TRB_CYCLE;
		ring->trbs[i].control = cpu_to_le32(next);
	}
	ring->trbs[ring->size].param = cpu_to_le64(ring->dma);
	ring->trbs[ring->size].control =
		cpu_to_le32(TRB_TYPE(TRB_LINK) | TRB_TOGGLE |
			    (cycle_of(ring->size, first) ^ TRB_CYCLE));
	return (ring->dma + start * sizeof(*ring->trbs)) | cycle_of(ring->size, first);
}
NOKPROBE_SYMBOL(xhci_ring_start);

void xhci_ring_put(struct xhci_ring *ring, u16 n, u64 param, u32 status, u32 control)
{
	unsigned int slot = n & (ring->size - 1);
	u32 cycle = cycle_of(ring->size, n);

	ring->trbs[slot].param = cpu_to_le64(param);
	ring->trbs[slot].status = cpu_to_le32(status);
	dma_wmb();	/* with the cycle bit it is the controller's (4.9.2.2) */
	WRITE_ONCE(ring->trbs[slot].control, cpu_to_le32(control | cycle));

	/*
	 * The Link TRB that leads here is of the round before. Given with the last TRB of
	 * that round it would be overwritten with the next one's while the controller,
	 * done with the last TRB, has yet to follow it.
	 */
	if (!slot) {
		dma_wmb();
		WRITE_ONCE(ring->trbs[ring->size].control,
			   cpu_to_le32(TRB_TYPE(TRB_LINK) | TRB_TOGGLE |
				       (cycle ^ TRB_CYCLE)));
	}
}
NOKPROBE_SYMBOL(xhci_ring_put);

static bool heal(struct xhci_trb *trb, u32 cycle)
{
	u32 control = le32_to_cpu(READ_ONCE(trb->control));

	if ((control & TRB_CYCLE) == cycle)
		return false;
	WRITE_ONCE(trb->control, cpu_to_le32(control ^ TRB_CYCLE));
	return true;
}
NOKPROBE_SYMBOL(heal);

bool xhci_ring_heal(struct xhci_ring *ring, u16 from, u16 to)
{
	bool wrong = false;
	u16 n;

	for (n = from; n != to; n++) {
		unsigned int slot = n & (ring->size - 1);
		u32 cycle = cycle_of(ring->size, n);

		wrong |= heal(&ring->trbs[slot], cycle);
		if (!slot)
			wrong |= heal(&ring->trbs[ring->size], cycle ^ TRB_CYCLE);
	}
	return wrong;
}
NOKPROBE_SYMBOL(xhci_ring_heal);

int xhci_ring_number(const struct xhci_ring *ring, u16 next, u64 address)
{
	u64 offset = address - ring->dma;
	unsigned int slot = (u32)offset / sizeof(*ring->trbs);
	u16 last = next - 1;

	if (offset >= ring->size * sizeof(*ring->trbs) || offset % sizeof(*ring->trbs))
		return -1;
	return (u16)(last - ((last - slot) & (ring->size - 1)));
}
NOKPROBE_SYMBOL(xhci_ring_number);

void xhci_events_start(struct xhci_events *events)
{
	memset(events->trbs, 0, events->size * sizeof(*events->trbs));
	events->pos = 0;
}
NOKPROBE_SYMBOL(xhci_events_start);

bool xhci_events_get(const struct xhci_events *events, struct xhci_trb *event, u32 *pos)
{
	const struct xhci_trb *trb;

	for (;;) {
		*pos = READ_ONCE(events->pos);
		trb = &events->trbs[*pos & (events->size - 1)];
		event->control = READ_ONCE(trb->control);
		if ((le32_to_cpu(event->control) & TRB_CYCLE) != cycle_of(events->size, *pos))
			return false;
		dma_rmb();	/* the rest is there before the cycle bit */
		event->param = READ_ONCE(trb->param);
		event->status = READ_ONCE(trb->status);
		/* Overtaken by a context that stopped this one, it may be another round's. */
		if (READ_ONCE(events->pos) == *pos)
			return true;
	}
}
NOKPROBE_SYMBOL(xhci_events_get);

void xhci_events_done(struct xhci_events *events, u32 pos)
{
	cmpxchg(&events->pos, pos, pos + 1);
}
NOKPROBE_SYMBOL(xhci_events_done);

u64 xhci_events_dequeue(const struct xhci_events *events)
{
	return events->dma + (READ_ONCE(events->pos) & (events->size - 1)) *
			     sizeof(*events->trbs);
}
NOKPROBE_SYMBOL(xhci_events_dequeue);
