// SPDX-License-Identifier: GPL-2.0
/* Events and the two bulk endpoints: the part that moves bytes. See xhci.h. */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/string.h>

#include "xhci.h"
#include "xhci_io.h"
#include "xhci_regs.h"

/* How long to wait for room to send: in steps of TX_STEP_US, 1 s in all. */
#define TX_STEP_US	10
#define TX_STEPS	100000

#define RX_MASK		(XHCI_RX_BUFS - 1)
#define TX_MASK		(XHCI_TX_BUFS - 1)

void xhci_io_start(struct xhci *x, unsigned int rx_len, u16 first)
{
	unsigned int i;

	x->rx_len = rx_len;
	x->rx_posted = first;
	x->rx_kicked = 0;
	/* No buffer's number has this slot. */
	for (i = 0; i < XHCI_RX_BUFS; i++)
		x->rx_done[i] = (i ^ 1) << 16;
	x->tx_stalled = false;
}
NOKPROBE_SYMBOL(xhci_io_start);

static void ring_doorbell(struct xhci *x, unsigned int dci)
{
	wmb();	/* TRBs before the doorbell */
	writel(dci, x->db + 4 * x->slot);
}
NOKPROBE_SYMBOL(ring_doorbell);

static void put_rx(struct xhci *x, u16 n)
{
	xhci_ring_put(&x->rx, n, x->rx_buf_dma + (n & RX_MASK) * XHCI_BUF_SIZE, x->rx_len,
		      TRB_TYPE(TRB_NORMAL) | TRB_ISP | TRB_IOC);
}
NOKPROBE_SYMBOL(put_rx);

static void put_tx(struct xhci *x, u16 n)
{
	unsigned int i = n & TX_MASK;

	xhci_ring_put(&x->tx, n, x->tx_buf_dma + i * XHCI_BUF_SIZE, x->tx_len[i],
		      TRB_TYPE(TRB_NORMAL) | TRB_IOC);
}
NOKPROBE_SYMBOL(put_tx);

void xhci_bulk_start(struct xhci *x)
{
	unsigned int i;
	u16 n;

	for (i = 0; i < XHCI_RX_BUFS; i++)
		put_rx(x, x->rx_posted++);
	ring_doorbell(x, x->rx_dci);
	for (n = x->tx_done; n != x->tx_posted; n++)
		put_tx(x, n);
	if (x->tx_done != x->tx_posted)
		ring_doorbell(x, x->tx_dci);
}
NOKPROBE_SYMBOL(xhci_bulk_start);

static void received(struct xhci *x, u64 address, unsigned int left)
{
	int n = xhci_ring_number(&x->rx, READ_ONCE(x->rx_posted), address);
	u32 old, done;

	if (n < 0 || left > x->rx_len) {
		x->failed = true;
		return;
	}
	old = READ_ONCE(x->rx_done[n & RX_MASK]);
	done = (u32)n << 16 | (x->rx_len - left + 1);
	/* A context that was overtaken must not put back what was. */
	if (old >> 16 != n)
		cmpxchg(&x->rx_done[n & RX_MASK], old, done);
}
NOKPROBE_SYMBOL(received);

static void sent(struct xhci *x, u64 address)
{
	int n = xhci_ring_number(&x->tx, READ_ONCE(x->tx_posted), address);
	u16 old;

	if (n < 0) {
		x->failed = true;
		return;
	}
	do {
		old = READ_ONCE(x->tx_done);
		if ((s16)((u16)n + 1 - old) <= 0)
			return;
	} while (cmpxchg(&x->tx_done, old, (u16)(n + 1)) != old);
	x->tx_stalled = false;
}
NOKPROBE_SYMBOL(sent);

static void transfer_event(struct xhci *x, u64 address, u32 status, u32 control)
{
	unsigned int dci = TRB_ENDPOINT(control);
	unsigned int code = TRB_CODE(status);
	bool good = code == CODE_SUCCESS || code == CODE_SHORT;
	int n;

	if (!x->slot || TRB_SLOT(control) != x->slot)
		return;
	if (dci == 1) {
		n = xhci_ring_number(&x->control, x->next_control, address);
		if (!good || n == x->status_stage)
			x->control_code = code;
		else if (n == (u16)(x->status_stage - 1))
			x->control_left = TRB_LENGTH(status);
	} else if (!good) {
		/* Stall, babble, a device that does not answer: all begin anew. */
		x->failed = true;
	} else if (dci == x->rx_dci) {
		received(x, address, TRB_LENGTH(status));
	} else if (dci == x->tx_dci) {
		sent(x, address);
	}
}
NOKPROBE_SYMBOL(transfer_event);

static void port_event(struct xhci *x, unsigned int port)
{
	void __iomem *reg;
	u32 v;

	if (!port || port > x->ports)
		return;
	reg = x->op + OP_PORTSC(port);
	v = readl(reg);
	/* There is no other event from a port until these are cleared (4.19.2). */
	if (v != ~0U)
		writel((v & PORT_KEEP) | (v & PORT_CHANGES), reg);
	if (v & PORT_CSC && v & PORT_CCS && v != ~0U)
		x->plugged = true;
	if (port == x->port && (!(v & PORT_CCS) || v & PORT_CSC || v == ~0U))
		x->failed = true;
}
NOKPROBE_SYMBOL(port_event);

void xhci_events(struct xhci *x)
{
	struct xhci_trb event;
	unsigned int seen;
	u32 pos;

	/* A device that claims to have ever more gets a break. */
	for (seen = 0; seen < x->events.size; seen++) {
		u32 control;
		u64 param;

		if (!xhci_events_get(&x->events, &event, &pos))
			break;
		control = le32_to_cpu(event.control);
		param = le64_to_cpu(event.param);
		switch (TRB_TYPE_OF(control)) {
		case TRB_TRANSFER_EVENT:
			transfer_event(x, param, le32_to_cpu(event.status), control);
			break;
		case TRB_COMMAND_EVENT:
			if (xhci_ring_number(&x->commands, x->next_command, param) !=
			    (u16)(x->next_command - 1))
				break;	/* of one that was given up */
			x->command_slot = TRB_SLOT(control);
			x->command_code = TRB_CODE(le32_to_cpu(event.status));
			break;
		case TRB_PORT_EVENT:
			port_event(x, param >> 24 & 0xff);
			break;
		}
		xhci_events_done(&x->events, pos);
	}
	if (seen)
		lo_hi_writeq(xhci_events_dequeue(&x->events) | ERDP_EHB, x->rt + RT_ERDP);
}
NOKPROBE_SYMBOL(xhci_events);

int xhci_rx_span(struct xhci *x, u16 index, const u8 **data)
{
	u32 done = READ_ONCE(x->rx_done[index & RX_MASK]);

	if (done >> 16 != index || !(done & 0xffff)) {
		if (!x->rx_dci || x->failed)
			return 0;
		xhci_events(x);
		done = READ_ONCE(x->rx_done[index & RX_MASK]);
		if (done >> 16 != index || !(done & 0xffff)) {
			u16 posted = READ_ONCE(x->rx_posted);

			if ((u16)(posted - index) <= XHCI_RX_BUFS &&
			    xhci_ring_heal(&x->rx, index, posted))
				ring_doorbell(x, x->rx_dci);
			return 0;
		}
	}
	*data = x->rx_buf + (index & RX_MASK) * XHCI_BUF_SIZE;
	return (done & 0xffff) > 1 ? (int)(done & 0xffff) - 1 : -ENODATA;
}
NOKPROBE_SYMBOL(xhci_rx_span);

void xhci_rx_release(struct xhci *x, u16 index)
{
	for (;;) {
		u16 posted = READ_ONCE(x->rx_posted);

		/* Buffer number posted - XHCI_RX_BUFS is the one that is free next. */
		if ((s16)(index - (u16)(posted - XHCI_RX_BUFS)) < 0)
			return;
		if (!x->rx_dci || x->failed)
			return;
		put_rx(x, posted);
		cmpxchg(&x->rx_posted, posted, (u16)(posted + 1));
		/*
		 * The controller needs a doorbell only once it ran out, and then all of
		 * them pass through here.
		 */
		if (++x->rx_kicked >= XHCI_RX_BUFS / 2) {
			x->rx_kicked = 0;
			ring_doorbell(x, x->rx_dci);
		}
	}
}
NOKPROBE_SYMBOL(xhci_rx_release);

/* Whether there is room to send; waits for some, but not for long. */
static bool tx_room(struct xhci *x)
{
	unsigned int step;
	u16 used;

	for (step = 0; step < TX_STEPS; step++) {
		used = x->tx_posted - READ_ONCE(x->tx_done);
		if (used < XHCI_TX_BUFS)
			return true;
		if (x->failed)
			return false;
		xhci_events(x);
		used = x->tx_posted - READ_ONCE(x->tx_done);
		if (used < XHCI_TX_BUFS)
			return true;
		if (x->tx_stalled)
			return false;
		if (xhci_ring_heal(&x->tx, x->tx_done, x->tx_posted))
			ring_doorbell(x, x->tx_dci);
		udelay(TX_STEP_US);
	}
	x->tx_stalled = true;
	return false;
}
NOKPROBE_SYMBOL(tx_room);

size_t xhci_tx(struct xhci *x, const u8 *buf, size_t len)
{
	size_t sent = 0;

	while (sent < len && tx_room(x)) {
		unsigned int n = min_t(size_t, len - sent, XHCI_BUF_SIZE);
		u16 number = x->tx_posted;
		unsigned int i = number & TX_MASK;

		memcpy(x->tx_buf + i * XHCI_BUF_SIZE, buf + sent, n);
		x->tx_len[i] = n;
		/* To a device that has failed it goes when that is back. */
		if (!x->failed)
			put_tx(x, number);
		/* Stopped in here by a context that has sent more, it stays there. */
		cmpxchg(&x->tx_posted, number, (u16)(number + 1));
		sent += n;
	}
	if (sent && !x->failed)
		ring_doorbell(x, x->tx_dci);
	return sent;
}
NOKPROBE_SYMBOL(xhci_tx);
