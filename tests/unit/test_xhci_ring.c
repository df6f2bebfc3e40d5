// SPDX-License-Identifier: GPL-2.0
/* The TRB rings of the module against a model of a controller's side of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../module/xhci_ring.h"

#define BIT(n)	(1U << (n))
#include "../../module/xhci_regs.h"

#define SIZE	8
#define DMA	0x12345000ULL

/* A controller: where it reads, and with which cycle state (xHCI 1.2, 4.9.2). */
struct reader {
	const struct xhci_ring *ring;
	uint64_t at;
	uint32_t cycle;
};

static struct reader reader(const struct xhci_ring *ring, uint64_t dequeue)
{
	return (struct reader){ ring, dequeue & ~0xfULL, dequeue & 1 };
}

/* The next TRB that is the controller's, Link TRBs followed; NULL where there is none. */
static const struct xhci_trb *next(struct reader *r)
{
	const struct xhci_trb *trb;
	int links = 0;

	for (;;) {
		assert_true(r->at >= r->ring->dma);
		assert_true(r->at <= r->ring->dma + SIZE * sizeof(*trb));
		trb = &r->ring->trbs[(r->at - r->ring->dma) / sizeof(*trb)];
		if ((trb->control & TRB_CYCLE) != r->cycle)
			return NULL;
		if (TRB_TYPE_OF(trb->control) != TRB_LINK)
			break;
		assert_int_equal(links++, 0);
		r->at = trb->param;
		if (trb->control & TRB_TOGGLE)
			r->cycle ^= 1;
	}
	r->at += sizeof(*trb);
	return trb;
}

static struct xhci_trb memory[SIZE + 1];
static struct xhci_ring ring = { .trbs = memory, .dma = DMA, .size = SIZE };

/* Whatever number the ring begins with, in whatever rhythm it is filled. */
static void what_is_put_is_read_once(void **state)
{
	unsigned int first, chunk, i;

	(void)state;
	for (first = 0; first < 70000; first += first < 40 ? 1 : 4093) {
		for (chunk = 1; chunk <= SIZE; chunk++) {
			struct reader r = reader(&ring, xhci_ring_start(&ring, first));
			uint16_t put = first, got = first;

			assert_null(next(&r));
			while (put != (uint16_t)(first + 5 * SIZE * chunk)) {
				for (i = 0; i < chunk; i++, put++)
					xhci_ring_put(&ring, put, put, i, TRB_TYPE(TRB_NORMAL));
				for (i = 0; i < chunk; i++, got++) {
					const struct xhci_trb *trb = next(&r);

					assert_non_null(trb);
					assert_int_equal(trb->param, got);
					assert_int_equal(trb->status, i);
					assert_int_equal(TRB_TYPE_OF(trb->control), TRB_NORMAL);
				}
				assert_null(next(&r));
			}
		}
	}
}

static void number_of_an_address(void **state)
{
	unsigned int slot;

	(void)state;
	for (slot = 0; slot < SIZE; slot++) {
		uint64_t address = DMA + slot * sizeof(memory[0]);

		/* 19 is put next: 11 to 18 are the last ones. */
		assert_int_equal(xhci_ring_number(&ring, 19, address),
				 slot < 19 % SIZE ? 16 + slot : 8 + slot);
		assert_int_equal(xhci_ring_number(&ring, 19, address + 1), -1);
	}
	assert_int_equal(xhci_ring_number(&ring, 2, DMA + 7 * sizeof(memory[0])), 0xffff);
	assert_int_equal(xhci_ring_number(&ring, 19, DMA + SIZE * sizeof(memory[0])), -1);
	assert_int_equal(xhci_ring_number(&ring, 19, DMA - 16), -1);
	assert_int_equal(xhci_ring_number(&ring, 19, DMA + (1ULL << 32)), -1);
	assert_int_equal(xhci_ring_number(&ring, 19, 0), -1);
}

/* A context that was stopped before it wrote TRB n does so a round or two later. */
static void late_writes_are_healed(void **state)
{
	unsigned int n, rounds;

	(void)state;
	for (n = 0; n < 2 * SIZE; n++) {
		for (rounds = 1; rounds <= 2; rounds++) {
			struct reader r = reader(&ring, xhci_ring_start(&ring, 0));
			uint16_t put = 0, i;

			/* All but SIZE of them are read by now. */
			while (put < n + rounds * SIZE + SIZE / 2) {
				if (put >= SIZE)
					assert_non_null(next(&r));
				xhci_ring_put(&ring, put++, 0, 0, TRB_TYPE(TRB_NORMAL));
			}
			assert_false(xhci_ring_heal(&ring, put - SIZE, put));
			xhci_ring_put(&ring, n, 0, 0, TRB_TYPE(TRB_NORMAL));
			assert_int_equal(xhci_ring_heal(&ring, put - SIZE, put), rounds % 2);
			for (i = 0; i < SIZE; i++)
				assert_non_null(next(&r));
			assert_null(next(&r));
		}
	}
}

static struct xhci_trb event_memory[SIZE];
static struct xhci_events events = { .trbs = event_memory, .dma = DMA, .size = SIZE };

/* The controller's side of the event ring. */
static void post(uint32_t n)
{
	event_memory[n % SIZE].param = n;
	event_memory[n % SIZE].control = TRB_TYPE(TRB_PORT_EVENT) | !(n / SIZE % 2);
}

static void events_come_once_and_in_order(void **state)
{
	struct xhci_trb event;
	uint32_t posted = 0, n, pos;

	(void)state;
	xhci_events_start(&events);
	assert_int_equal(xhci_events_dequeue(&events), DMA);
	for (n = 0; n < 20 * SIZE; n++) {
		if (n == posted) {
			uint32_t more = 1 + n % SIZE;

			assert_false(xhci_events_get(&events, &event, &pos));
			while (more--)
				post(posted++);
		}
		assert_true(xhci_events_get(&events, &event, &pos));
		assert_int_equal(event.param, n);
		assert_int_equal(pos, n);
		/* Looking takes nothing; taking it twice is taking it once. */
		assert_true(xhci_events_get(&events, &event, &pos));
		assert_int_equal(event.param, n);
		xhci_events_done(&events, pos);
		xhci_events_done(&events, pos);
		assert_int_equal(xhci_events_dequeue(&events), DMA + (n + 1) % SIZE * 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_is_read_once),
		cmocka_unit_test(number_of_an_address),
		cmocka_unit_test(late_writes_are_healed),
		cmocka_unit_test(events_come_once_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
