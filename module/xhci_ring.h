/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TRB rings: memory shared with an xHCI controller, and nothing else of it. No registers
 * and no waiting, so that the unit tests run the very code against a model of a
 * controller.
 *
 * TRBs are numbered, modulo 65536, and number n goes to slot n modulo the ring's size
 * with the cycle bit of round n / size. Everything follows from the number: writing
 * TRB n again, or finding event n again, changes nothing. That is what makes the rings
 * safe for the polled path, which may stop a CPU in the middle of using them and use
 * them itself.
 *
 * Source: xHCI 1.2, 4.9 "TRB Ring".
 */
#ifndef KGDB_IO_XHCI_RING_H
#define KGDB_IO_XHCI_RING_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef u32 __le32;
typedef u64 __le64;
#endif

/* A TRB (4.11). */
struct xhci_trb {
	__le64 param;
	__le32 status;
	__le32 control;
};

/**
 * struct xhci_ring - a ring that we fill: commands, or transfers of one endpoint
 * @trbs: @size TRBs and the Link TRB; at most 4096 bytes, within one page
 * @dma: their address as the controller sees it
 * @size: a power of two
 */
struct xhci_ring {
	struct xhci_trb *trbs;
	u64 dma;
	u16 size;
};

/**
 * xhci_ring_start() - empty a ring
 * @ring: all members set
 * @first: number of the TRB that is put first
 *
 * Return: what the controller is to start from: address and cycle state, as in a TR
 * Dequeue Pointer (6.2.3) or the CRCR (5.4.5).
 */
u64 xhci_ring_start(struct xhci_ring *ring, u16 first);

/**
 * xhci_ring_put() - write a TRB and give it to the controller
 * @ring: ring
 * @n: its number; at most @size after the oldest that the controller still has
 * @param: dwords 0 and 1
 * @status: dword 2
 * @control: dword 3 without the cycle bit
 *
 * The doorbell is the caller's. Context: any, polled included.
 */
void xhci_ring_put(struct xhci_ring *ring, u16 n, u64 param, u32 status, u32 control);

/**
 * xhci_ring_heal() - have the cycle bits right of TRBs that the controller has
 * @ring: ring
 * @from: number of the first
 * @to: number after the last, at most @size further
 *
 * A context that was stopped right before it wrote a TRB, and writes it when the ring is
 * a round further, leaves a wrong one.
 * Return: whether one was wrong; then the doorbell is to be rung.
 */
bool xhci_ring_heal(struct xhci_ring *ring, u16 from, u16 to);

/**
 * xhci_ring_number() - the TRB that an event is about
 * @ring: ring
 * @next: number of the TRB to be put next
 * @address: address of the TRB, as the controller says; not trusted
 *
 * Return: the number of the last TRB that was put there; -1 where @address is no TRB of
 * this ring's.
 */
int xhci_ring_number(const struct xhci_ring *ring, u16 next, u64 address);

/**
 * struct xhci_events - the ring that the controller fills
 * @trbs: @size TRBs, one segment
 * @dma: their address as the controller sees it
 * @size: a power of two
 * @pos: number of the event that is next
 */
struct xhci_events {
	struct xhci_trb *trbs;
	u64 dma;
	u16 size;
	u32 pos;
};

/**
 * xhci_events_start() - empty the ring
 * @events: all members set but @pos
 */
void xhci_events_start(struct xhci_events *events);

/**
 * xhci_events_get() - look at the next event without taking it
 * @events: ring
 * @event: receives a copy
 * @pos: receives its number, for xhci_events_done()
 *
 * Return: whether there is one. Context: any, polled included.
 */
bool xhci_events_get(const struct xhci_events *events, struct xhci_trb *event, u32 *pos);

/**
 * xhci_events_done() - an event has been dealt with
 * @events: ring
 * @pos: from xhci_events_get(); nothing happens if another context was faster
 */
void xhci_events_done(struct xhci_events *events, u32 pos);

/**
 * xhci_events_dequeue() - the address of the next event, for the ERDP (5.5.2.3.3)
 * @events: ring
 */
u64 xhci_events_dequeue(const struct xhci_events *events);

#endif
