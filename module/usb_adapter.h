/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The USB serial adapter on an xHCI controller: found, identified and made ready. Between
 * xhci.h, which knows no descriptors, and usb.c, which knows when all this is to happen.
 */
#ifndef KGDB_IO_USB_ADAPTER_H
#define KGDB_IO_USB_ADAPTER_H

#include "../common/usb_serial.h"
#include "xhci.h"

/* Devices that are remembered for a message. */
#define USB_ADAPTER_SEEN	8

/**
 * struct usb_adapter - an adapter, present or not
 * @x: its controller; owned by the caller
 * @baud: bits per second that are wanted
 * @serial: what it is; valid after usb_adapter_bring_up() has succeeded
 * @header: bytes at the start of each packet received that are no data
 * @tried: an attempt has failed since it last worked; the next one is worth it when
 *	   something is plugged in, or a while later if one was @silent
 * @silent: something is plugged in that failed, and may be an adapter
 * @seen: what else the root ports have, as of the last attempt
 * @num_seen: how many of these there are
 *
 * The rest is private.
 */
struct usb_adapter {
	struct xhci *x;
	unsigned int baud;
	struct usb_serial serial;
	unsigned int header;
	bool tried;
	bool silent;
	struct {
		unsigned int port;
		u16 vid;
		u16 pid;
		/* Why it will not do, constant; NULL if it failed with @err. */
		const char *why;
		int err;
	} seen[USB_ADAPTER_SEEN];
	unsigned int num_seen;

	unsigned int waited;	/* since the last attempt, in ms */
	u8 config[XHCI_CONTROL_MAX];
	struct usb_serial_request requests[USB_SERIAL_REQUESTS_MAX];
};

/**
 * usb_adapter_bring_up() - reset the controller and get the adapter going
 * @a: @x, with its memory allocated, and @baud are set
 * @first: number that the first buffer received is to have
 *
 * The first adapter that will do is taken, by number of the root port. It takes a second
 * where nothing is plugged in. Context: process, or a stopped kernel.
 * Return: 0, then it receives; -ENODEV if there is no adapter, @seen says why; other
 * -errno of the controller.
 */
int usb_adapter_bring_up(struct usb_adapter *a, u16 first);

/**
 * usb_adapter_recover() - after a failure: bring up again if that may work
 * @a: adapter whose controller has failed, or had no adapter
 * @first: see usb_adapter_bring_up()
 * @ms: time since the last call
 *
 * Cheap while nothing changes. Context: process, or a stopped kernel.
 * Return: 0 if it works again; -EAGAIN if nothing was tried; other -errno.
 */
int usb_adapter_recover(struct usb_adapter *a, u16 first, unsigned int ms);

/** usb_adapter_close() - tell the adapter that nobody is there any more. Context: process */
void usb_adapter_close(struct usb_adapter *a);

/**
 * usb_adapter_explain() - what @seen says, for people
 * @a: adapter that could not be brought up
 * @buf: receives the text
 * @size: of @buf, in bytes
 */
void usb_adapter_explain(const struct usb_adapter *a, char *buf, size_t size);

#endif
