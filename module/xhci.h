/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An xHCI controller for one device on one root port, worked by polling. Everything here
 * runs with or without a kernel around it: waits are bounded, nothing is allocated after
 * xhci_alloc(), and unless @may_sleep is set, they spin. So a stopped kernel gets its
 * adapter back when somebody pulls it out and plugs it in again.
 *
 * One context at a time sets up; moving bytes (xhci_rx_span(), xhci_rx_release(),
 * xhci_tx(), xhci_events()) follows the rules of transport.h.
 *
 * Source: eXtensible Host Controller Interface for Universal Serial Bus, revision 1.2.
 */
#ifndef KGDB_IO_XHCI_H
#define KGDB_IO_XHCI_H

#include <linux/device.h>
#include <linux/types.h>

#include "xhci_ring.h"

/* Buffers of the bulk endpoints, powers of two; and the size of one in bytes. */
#define XHCI_RX_BUFS	32
#define XHCI_TX_BUFS	16
#define XHCI_BUF_SIZE	1024
/* Longest data stage of a control transfer, in bytes. */
#define XHCI_CONTROL_MAX	1024

/**
 * struct xhci - a controller
 * @dev: its device, for DMA
 * @may_sleep: waits may sleep
 * @op: operational registers
 * @rt: runtime registers
 * @db: doorbells
 * @regs: capability registers, the start of the BAR
 * @regs_len: length of the BAR in bytes
 * @ports: number of root ports
 * @ctx_size: bytes of a context, 32 or 64
 * @port: root port of the device
 * @slot: device slot, 0 while there is none
 * @plugged: something was plugged into a root port; the caller resets it
 * @failed: the device or the controller does not work any more; only xhci_start() helps
 *
 * The rest is private to xhci.c.
 */
struct xhci {
	struct device *dev;
	bool may_sleep;
	void __iomem *regs;
	size_t regs_len;
	void __iomem *op;
	void __iomem *rt;
	void __iomem *db;
	unsigned int ports;
	unsigned int ctx_size;

	unsigned int port;
	unsigned int slot;
	bool plugged;
	bool failed;

	bool irq_on;

	/* Memory that the controller has. */
	__le64 *dcbaa;
	dma_addr_t dcbaa_dma;
	__le64 *erst;
	dma_addr_t erst_dma;
	__le32 *device_ctx;
	dma_addr_t device_ctx_dma;
	__le32 *input_ctx;
	dma_addr_t input_ctx_dma;
	u8 *data;			/* of control transfers */
	dma_addr_t data_dma;
	dma_addr_t scratchpads_dma;
	struct xhci_events events;
	struct xhci_ring commands;
	struct xhci_ring control;
	struct xhci_ring rx;
	struct xhci_ring tx;
	u8 *rx_buf;
	dma_addr_t rx_buf_dma;
	u8 *tx_buf;
	dma_addr_t tx_buf_dma;

	/* Set-up: the next TRB, and what the last event about one said. */
	u16 next_command;
	unsigned int command_code;	/* 0: none yet */
	unsigned int command_slot;
	u16 next_control;
	unsigned int control_code;	/* 0: none yet */
	unsigned int control_left;
	u16 status_stage;

	/* Bulk endpoints: device context index, 0 while closed. */
	unsigned int rx_dci;
	unsigned int tx_dci;
	unsigned int rx_len;		/* bytes asked for in each transfer */
	u16 rx_posted;			/* number of the next buffer to be given */
	u32 rx_done[XHCI_RX_BUFS];	/* number of the buffer << 16 | length + 1 */
	unsigned int rx_kicked;
	/*
	 * What is between them is sent again after a failure: the debug core says once only
	 * that the kernel stopped, and a host that is not told waits for good.
	 */
	u16 tx_posted;			/* number of the next buffer */
	u16 tx_done;			/* number after the last that was sent */
	u16 tx_len[XHCI_TX_BUFS];	/* bytes in each */
	bool tx_stalled;
};

/**
 * xhci_alloc() - take stock of a controller and allocate for it
 * @x: zeroed but for @dev, @regs and @regs_len
 *
 * The memory is managed: it goes with @dev's driver. Touches nothing of the controller
 * but its capabilities. Context: process.
 * Return: 0; -ENODEV where this is no xHCI controller that can be used; -ENOMEM.
 */
int xhci_alloc(struct xhci *x);

/**
 * xhci_start() - take the controller from the firmware, reset it and let it run
 * @x: controller, in any state; what was open is closed
 *
 * Return: 0; -ENODEV if it is gone; -ETIMEDOUT.
 */
int xhci_start(struct xhci *x);

/** xhci_delay() - wait for @ms milliseconds. Context: any, polled included */
void xhci_delay(struct xhci *x, unsigned int ms);

/** xhci_halt() - stop the controller; it leaves memory alone then */
void xhci_halt(struct xhci *x);

/**
 * xhci_irq_enable() - switch the interrupt of the controller on or off
 *
 * Off takes effect once a handler that runs has ended, and it was called again.
 */
void xhci_irq_enable(struct xhci *x, bool on);

/**
 * xhci_irq_ack() - acknowledge an interrupt
 *
 * Context: interrupt.
 * Return: whether it was the controller's.
 */
bool xhci_irq_ack(struct xhci *x);

/** xhci_port_connected() - whether something is plugged into a root port, from 1 on */
bool xhci_port_connected(struct xhci *x, unsigned int port);

/**
 * xhci_port_reset() - reset what is plugged into a root port
 *
 * Return: its speed ID (SPEED_FULL, ...); -ENODEV, -ETIMEDOUT.
 */
int xhci_port_reset(struct xhci *x, unsigned int port);

/**
 * xhci_device_open() - address the device on a root port that was just reset
 * @x: controller with no device open
 * @port: root port
 * @speed: from xhci_port_reset()
 *
 * Return: 0; -errno, then nothing is open.
 */
int xhci_device_open(struct xhci *x, unsigned int port, unsigned int speed);

/** xhci_device_close() - the opposite; the port may be reset for another one */
void xhci_device_close(struct xhci *x);

/**
 * xhci_set_max_packet() - tell the controller bMaxPacketSize0 of the device
 * @x: controller with a device open
 * @max: bytes, 8 to 512
 *
 * Return: 0 or -errno.
 */
int xhci_set_max_packet(struct xhci *x, unsigned int max);

/**
 * xhci_control() - a control transfer
 * @x: controller with a device open
 * @type: bmRequestType
 * @request: bRequest
 * @value: wValue
 * @index: wIndex
 * @len: wLength, at most XHCI_CONTROL_MAX
 * @data: sent, or received into, @len bytes
 *
 * Return: bytes moved; -EPIPE where the device stalls, it can be used further;
 * -ETIMEDOUT after a second; -EIO, -ENODEV.
 */
int xhci_control(struct xhci *x, u8 type, u8 request, u16 value, u16 index, u16 len,
		 void *data);

/**
 * struct xhci_bulk - a bulk endpoint
 * @address: bEndpointAddress
 * @max_packet: bytes
 * @burst: bMaxBurst
 */
struct xhci_bulk {
	u8 address;
	u16 max_packet;
	u8 burst;
};

/**
 * xhci_bulk_open() - open the two endpoints
 * @x: controller with a device open, SET_CONFIGURATION yet to be sent
 * @in: endpoint that is received from; each buffer takes one packet
 * @out: endpoint that is sent to
 * @first: number that the first buffer received is to have
 *
 * Return: 0 or -errno.
 */
int xhci_bulk_open(struct xhci *x, const struct xhci_bulk *in, const struct xhci_bulk *out,
		   u16 first);

/**
 * xhci_bulk_start() - once the device is configured, begin to receive, and send what an
 *		       earlier device was not sent
 * @x: controller with bulk endpoints open
 */
void xhci_bulk_start(struct xhci *x);

/** xhci_events() - see to what the controller has to say. Context: any, polled included */
void xhci_events(struct xhci *x);

/**
 * xhci_rx_span() - as in struct kgdb_io_transport_ops
 *
 * Return: length of buffer @index, its bytes at *@data; 0 while it has not arrived;
 * -ENODATA if it is empty.
 */
int xhci_rx_span(struct xhci *x, u16 index, const u8 **data);

/** xhci_rx_release() - as in struct kgdb_io_transport_ops */
void xhci_rx_release(struct xhci *x, u16 index);

/**
 * xhci_tx() - as in struct kgdb_io_transport_ops
 *
 * While the device has failed as much is taken as there are buffers for.
 */
size_t xhci_tx(struct xhci *x, const u8 *buf, size_t len);

#endif
