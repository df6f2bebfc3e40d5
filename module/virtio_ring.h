/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A split virtqueue worked without the virtio core: the core sets it up on whatever
 * bus, this reads and writes the ring itself, with buffers mapped once, so that
 * nothing of the kernel but the doorbell is called in the polled path.
 *
 * Source: Virtual I/O Device (VIRTIO) Version 1.2, 2.7 "Split Virtqueues".
 */
#ifndef KGDB_IO_VIRTIO_RING_H
#define KGDB_IO_VIRTIO_RING_H

#include <linux/types.h>
#include <linux/virtio.h>
#include <linux/virtio_ring.h>

/*
 * Most buffers of a ring, a power of two; and the size of one in bytes. What is sent is mostly
 * replies with memory: a device passes each buffer on by itself, so that large ones save system
 * calls at the host's two ends.
 */
#define RING_RX_BUFS	32
#define RING_RX_SIZE	PAGE_SIZE
#define RING_TX_BUFS	8
#define RING_TX_SIZE	(4 * PAGE_SIZE)

/**
 * struct polled_ring - one virtqueue and its buffers
 * @vq: the queue, owned by the virtio core; used for the doorbell only
 * @vring: its memory, shared with the device, which is not trusted
 * @le: ring fields are little-endian (VIRTIO 1.x) rather than native (legacy)
 * @dma: buffers are mapped by the DMA API for this device; NULL where the device takes
 *	 guest-physical addresses
 * @nbufs: buffers in use, a power of two, at most @vring.num
 * @size: of each, in bytes
 * @buf: their memory, indexed by descriptor
 * @addr: their address as the device sees it
 * @device_writes: this is the receive queue
 * @kicked: receive only: buffers released since the last doorbell
 * @head: transmit only: next available index
 * @reaped: transmit only: used index up to which buffers are free again
 * @busy: transmit only: bit i is set while the device owns buffer i
 * @stalled: transmit only: the device let us wait in vain; do not wait again until it
 *	     moves
 */
struct polled_ring {
	struct virtqueue *vq;
	struct vring vring;
	bool le;
	struct device *dma;
	unsigned int nbufs;
	unsigned int size;
	void *buf[RING_RX_BUFS];
	dma_addr_t addr[RING_RX_BUFS];
	bool device_writes;

	unsigned int kicked;

	u16 head;
	u16 reaped;
	unsigned long busy;
	bool stalled;
};

/**
 * polled_ring_init() - allocate and map buffers, fill in the descriptors
 * @ring: zeroed
 * @vq: from virtio_find_vqs(), split layout, without VIRTIO_F_EVENT_IDX
 * @device_writes: true for the receive queue, whose buffers are all made available
 *
 * Rings no doorbell: call polled_ring_kick() after virtio_device_ready().
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM. Undo with polled_ring_free() in both cases.
 */
int polled_ring_init(struct polled_ring *ring, struct virtqueue *vq, bool device_writes);

/**
 * polled_ring_free() - unmap and free the buffers
 * @ring: from polled_ring_init(), or zeroed; the device must have been reset
 *
 * Context: process, may sleep.
 */
void polled_ring_free(struct polled_ring *ring);

/**
 * polled_ring_kick() - ring the doorbell, unless the device does not want it
 * @ring: the ring
 *
 * Calls virtqueue_notify(), which can carry a breakpoint, and the bus's notify
 * function below it. While the kernel is stopped all breakpoints are out. Context: any.
 */
void polled_ring_kick(struct polled_ring *ring);

/* Members of struct kgdb_io_transport_ops, for a ring; see there. */
int polled_ring_rx_span(struct polled_ring *ring, u16 index, const u8 **data);
void polled_ring_rx_release(struct polled_ring *ring, u16 index);
void polled_ring_rx_quiet(struct polled_ring *ring, bool quiet);
size_t polled_ring_tx_later(struct polled_ring *ring, const u8 *buf, size_t len);
size_t polled_ring_tx(struct polled_ring *ring, const u8 *buf, size_t len);

#endif
