// SPDX-License-Identifier: GPL-2.0
/*
 * Split virtqueues without the virtio core, see virtio_ring.h.
 *
 * Devices return console buffers in the order in which they got them, though only
 * VIRTIO_F_IN_ORDER would promise it. So slot s of the available ring is filled with
 * descriptor s modulo nbufs once, and making a buffer available again is nothing but a
 * compare and exchange of the available index: there is no state in between, in which
 * a CPU could be frozen while another one goes on. A device that returns buffers in
 * another order works, too: the slot is then rewritten first.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/log2.h>
#include <linux/virtio_config.h>
#include <xen/xen.h>

#include "compat.h"
#include "virtio_ring.h"

/* How long to wait for room in the transmit queue: in steps of TX_STEP_US, 1 s in all. */
#define TX_STEP_US	10
#define TX_STEPS	100000

static inline u16 get16(const struct polled_ring *ring, const __virtio16 *p)
{
	return __virtio16_to_cpu(ring->le, READ_ONCE(*p));
}

static inline __virtio16 put16(const struct polled_ring *ring, u16 v)
{
	return __cpu_to_virtio16(ring->le, v);
}

int polled_ring_init(struct polled_ring *ring, struct virtqueue *vq, bool device_writes)
{
	struct virtio_device *vdev = vq->vdev;
	unsigned int i;

	ring->vq = vq;
	ring->vring = *virtqueue_get_vring(vq);
	ring->le = virtio_is_little_endian(vdev);
	ring->device_writes = device_writes;
	ring->nbufs = rounddown_pow_of_two(min_t(unsigned int, ring->vring.num,
						 device_writes ? RING_RX_BUFS : RING_TX_BUFS));
	ring->size = device_writes ? RING_RX_SIZE : RING_TX_SIZE;
	/* As vring_use_dma_api() in the virtio core, which is private to it. */
	if (!virtio_has_dma_quirk(vdev) || xen_domain())
		ring->dma = vdev->dev.parent;

	for (i = 0; i < ring->nbufs; i++) {
		struct vring_desc *desc = &ring->vring.desc[i];

		if (ring->dma) {
			ring->buf[i] = dma_alloc_coherent(ring->dma, ring->size,
							  &ring->addr[i], GFP_KERNEL);
		} else {
			ring->buf[i] = alloc_pages_exact(ring->size, GFP_KERNEL | __GFP_ZERO);
			ring->addr[i] = ring->buf[i] ? virt_to_phys(ring->buf[i]) : 0;
		}
		if (!ring->buf[i])
			return -ENOMEM;
		desc->addr = __cpu_to_virtio64(ring->le, ring->addr[i]);
		desc->len = __cpu_to_virtio32(ring->le, ring->size);
		desc->flags = put16(ring, device_writes ? VRING_DESC_F_WRITE : 0);
		desc->next = 0;
	}
	for (i = 0; i < ring->vring.num; i++)
		ring->vring.avail->ring[i] = put16(ring, i & (ring->nbufs - 1));

	ring->vring.avail->flags =
		put16(ring, device_writes ? 0 : VRING_AVAIL_F_NO_INTERRUPT);
	if (device_writes) {
		wmb();	/* descriptors before the index, 2.7.13.2 */
		ring->vring.avail->idx = put16(ring, ring->nbufs);
	}
	return 0;
}

void polled_ring_free(struct polled_ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring->nbufs && ring->buf[i]; i++) {
		if (ring->dma)
			dma_free_coherent(ring->dma, ring->size, ring->buf[i],
					  ring->addr[i]);
		else
			free_pages_exact(ring->buf[i], ring->size);
	}
	memset(ring, 0, sizeof(*ring));
}

void polled_ring_kick(struct polled_ring *ring)
{
	/* The index we wrote before the flag that the device wrote, 2.7.13.4.1. */
	mb();
	if (!(get16(ring, &ring->vring.used->flags) & VRING_USED_F_NO_NOTIFY))
		virtqueue_notify(ring->vq);
}
NOKPROBE_SYMBOL(polled_ring_kick);

int polled_ring_rx_span(struct polled_ring *ring, u16 index, const u8 **data)
{
	const struct vring_used_elem *elem;
	u16 arrived = get16(ring, &ring->vring.used->idx) - index;
	u32 id, len;

	if (!arrived)
		return 0;
	/* An element is there before the index says so. */
	rmb();
	elem = &ring->vring.used->ring[index & (ring->vring.num - 1)];
	id = __virtio32_to_cpu(ring->le, READ_ONCE(elem->id));
	len = __virtio32_to_cpu(ring->le, READ_ONCE(elem->len));
	if (arrived > ring->nbufs || id >= ring->nbufs || len > ring->size)
		return -EIO;
	*data = ring->buf[id];
	return len ? len : -ENODATA;
}
NOKPROBE_SYMBOL(polled_ring_rx_span);

void polled_ring_rx_release(struct polled_ring *ring, u16 index)
{
	unsigned int mask = ring->vring.num - 1;
	__virtio16 *idx = &ring->vring.avail->idx;

	for (;;) {
		__virtio16 old = READ_ONCE(*idx);
		u16 avail = __virtio16_to_cpu(ring->le, old);
		/* The used element that is to become available slot number "avail". */
		u16 used = avail - ring->nbufs;
		__virtio16 *slot = &ring->vring.avail->ring[avail & mask];
		__virtio16 id;
		u32 id32;

		if ((s16)(index - used) < 0)
			return;
		id32 = __virtio32_to_cpu(ring->le, ring->vring.used->ring[used & mask].id);
		id = put16(ring, id32 & (ring->nbufs - 1));
		if (READ_ONCE(*slot) != id)
			WRITE_ONCE(*slot, id);
		mb();	/* we are done with the buffer, and the slot is written */
		cmpxchg((__force u16 *)idx, (__force u16)old,
			(__force u16)put16(ring, avail + 1));

		/*
		 * A doorbell for every buffer would cost a VM exit each. The device needs
		 * one only when it ran out, and then all of them pass through here.
		 */
		if (++ring->kicked >= max(ring->nbufs / 2, 1U)) {
			ring->kicked = 0;
			polled_ring_kick(ring);
		}
	}
}
NOKPROBE_SYMBOL(polled_ring_rx_release);

void polled_ring_rx_quiet(struct polled_ring *ring, bool quiet)
{
	WRITE_ONCE(ring->vring.avail->flags,
		   put16(ring, quiet ? VRING_AVAIL_F_NO_INTERRUPT : 0));
	/* The flag we wrote before the used index that the device wrote, 2.7.7.1. */
	mb();
}
NOKPROBE_SYMBOL(polled_ring_rx_quiet);

/* Take back what the device has sent. */
static void tx_reap(struct polled_ring *ring)
{
	u16 used = get16(ring, &ring->vring.used->idx);

	rmb();	/* elements after the index */
	/* A device that claims too much gets at most its whole ring believed. */
	if ((u16)(used - ring->reaped) > ring->nbufs)
		ring->reaped = used - ring->nbufs;
	while (ring->reaped != used) {
		unsigned int slot = ring->reaped++ & (ring->vring.num - 1);
		u32 id = __virtio32_to_cpu(ring->le,
					   READ_ONCE(ring->vring.used->ring[slot].id));

		ring->busy &= ~BIT(id & (ring->nbufs - 1));
		ring->stalled = false;
	}
}
NOKPROBE_SYMBOL(tx_reap);

/* A free buffer; waits for one, but not for long. Returns -EAGAIN where there is none. */
static int tx_buffer(struct polled_ring *ring)
{
	unsigned int step, i;

	for (step = 0; step < TX_STEPS; step++) {
		tx_reap(ring);
		/* The one that is in the slot already, unless the device mixes them up. */
		for (i = 0; i < ring->nbufs; i++) {
			unsigned int id = (ring->head + i) & (ring->nbufs - 1);

			if (!(ring->busy & BIT(id)))
				return id;
		}
		if (ring->stalled)
			return -EAGAIN;
		if (!step)
			polled_ring_kick(ring);
		/* The debug core itself calls it with breakpoints in place. */
		udelay(TX_STEP_US);
	}
	ring->stalled = true;
	return -EAGAIN;
}
NOKPROBE_SYMBOL(tx_buffer);

size_t polled_ring_tx_later(struct polled_ring *ring, const u8 *buf, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		unsigned int n = min_t(size_t, len - sent, ring->size);
		unsigned int slot = ring->head & (ring->vring.num - 1);
		int id = tx_buffer(ring);

		if (id < 0)
			break;
		memcpy(ring->buf[id], buf + sent, n);
		ring->vring.desc[id].len = __cpu_to_virtio32(ring->le, n);
		ring->vring.avail->ring[slot] = put16(ring, id);
		ring->busy |= BIT(id);
		wmb();	/* descriptor and slot before the index, 2.7.13.2 */
		WRITE_ONCE(ring->vring.avail->idx, put16(ring, ++ring->head));
		sent += n;
	}
	return sent;
}
NOKPROBE_SYMBOL(polled_ring_tx_later);

size_t polled_ring_tx(struct polled_ring *ring, const u8 *buf, size_t len)
{
	size_t sent = polled_ring_tx_later(ring, buf, len);

	if (sent)
		polled_ring_kick(ring);
	return sent;
}
NOKPROBE_SYMBOL(polled_ring_tx);
