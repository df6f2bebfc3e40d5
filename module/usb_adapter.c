// SPDX-License-Identifier: GPL-2.0
/*
 * Finding and setting up the adapter, see usb_adapter.h. It runs in a stopped kernel, too,
 * so it calls xhci.c, common/ and nothing else.
 *
 * Source: Universal Serial Bus Specification, revision 2.0, chapter 9.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/string.h>

#include "usb_adapter.h"
#include "xhci_regs.h"

/* Standard requests (9.4). */
#define GET_DESCRIPTOR		6
#define SET_CONFIGURATION	9
#define DESC_DEVICE		1
#define DESC_CONFIG		2

/* For a device that is there to show up after a reset, and for its plug to settle (7.1.7.3). */
#define CONNECT_MS	1000
#define DEBOUNCE_MS	100

/* How often to try a device again that was there and did not do what it was asked. */
#define RETRY_MS	1000

static int get_descriptor(struct usb_adapter *a, unsigned int type, void *buf, u16 len)
{
	int got = xhci_control(a->x, 0x80, GET_DESCRIPTOR, type << 8, 0, len, buf);

	return got < 0 ? got : got < len ? -EIO : 0;
}
NOKPROBE_SYMBOL(get_descriptor);

static int send_requests(struct usb_adapter *a, unsigned int n)
{
	unsigned int i;
	int err;

	for (i = 0; i < n; i++) {
		struct usb_serial_request *r = &a->requests[i];

		err = xhci_control(a->x, r->type, r->request, r->value, r->index,
				   r->length, r->data);
		if (err < 0 && !(err == -EPIPE && r->may_fail))
			return err;
	}
	return 0;
}
NOKPROBE_SYMBOL(send_requests);

/* Read the descriptors of the device that is open: NULL, or why it is no adapter. */
static const char *identify(struct usb_adapter *a, int *err)
{
	u8 device[USB_SERIAL_DEVICE_DESC];
	unsigned int total;

	/* The packet size of endpoint 0 is in the first 8 bytes, which fit any. */
	*err = get_descriptor(a, DESC_DEVICE, device, 8);
	if (!*err && device[7] != 8 && device[7] >= 16 && device[7] <= 64)
		*err = xhci_set_max_packet(a->x, device[7]);
	if (!*err)
		*err = get_descriptor(a, DESC_DEVICE, device, sizeof(device));
	if (!*err)
		*err = get_descriptor(a, DESC_CONFIG, a->config, 9);
	if (*err)
		return NULL;
	total = min_t(unsigned int, a->config[2] | a->config[3] << 8, sizeof(a->config));
	if (total >= 9)
		*err = get_descriptor(a, DESC_CONFIG, a->config, total);
	if (*err)
		return NULL;
	return usb_serial_identify(&a->serial, device, sizeof(device), a->config, total);
}
NOKPROBE_SYMBOL(identify);

static int set_up(struct usb_adapter *a, unsigned int num_requests, u16 first)
{
	struct xhci_bulk in = {
		.address = a->serial.in,
		.max_packet = a->serial.in_max,
		.burst = a->serial.in_burst,
	};
	struct xhci_bulk out = {
		.address = a->serial.out,
		.max_packet = a->serial.out_max,
		.burst = a->serial.out_burst,
	};
	int err;

	/* In this order, xHCI 4.3.5. */
	err = xhci_bulk_open(a->x, &in, &out, first);
	if (err)
		return err;
	err = xhci_control(a->x, 0x00, SET_CONFIGURATION, a->serial.config, 0, 0, NULL);
	if (err < 0)
		return err;
	err = send_requests(a, num_requests);
	if (err)
		return err;
	a->header = usb_serial_header(&a->serial);
	xhci_bulk_start(a->x);
	return 0;
}
NOKPROBE_SYMBOL(set_up);

/* Try what is plugged into a port; 0 if it is the adapter. */
static int try_port(struct usb_adapter *a, unsigned int port, u16 first)
{
	unsigned int num_requests, i = a->num_seen;
	const char *why = NULL;
	int err;

	memset(&a->serial, 0, sizeof(a->serial));
	err = xhci_port_reset(a->x, port);
	if (err > 0)
		err = xhci_device_open(a->x, port, err);
	if (!err) {
		why = identify(a, &err);
		if (!err && !why) {
			num_requests = usb_serial_open(&a->serial, a->baud, a->requests);
			if (!num_requests)
				why = "it cannot do that baud rate";
			else
				err = set_up(a, num_requests, first);
		}
		if (!err && !why)
			return 0;
		xhci_device_close(a->x);
	}
	a->silent |= !why;
	if (i < USB_ADAPTER_SEEN) {
		a->seen[i].port = port;
		a->seen[i].vid = a->serial.vid;
		a->seen[i].pid = a->serial.pid;
		a->seen[i].why = why;
		a->seen[i].err = err;
		a->num_seen = i + 1;
	}
	return err ?: -ENODEV;
}
NOKPROBE_SYMBOL(try_port);

static bool anything_connected(struct xhci *x)
{
	unsigned int port;

	for (port = 1; port <= x->ports; port++)
		if (xhci_port_connected(x, port))
			return true;
	return false;
}
NOKPROBE_SYMBOL(anything_connected);

int usb_adapter_bring_up(struct usb_adapter *a, u16 first)
{
	struct xhci *x = a->x;
	unsigned int port, ms;
	int err;

	a->num_seen = 0;
	a->silent = false;
	a->tried = true;
	err = xhci_start(x);
	if (err) {
		x->failed = true;
		return err;
	}
	for (ms = 0; ms < CONNECT_MS && !anything_connected(x); ms += 10)
		xhci_delay(x, 10);
	xhci_delay(x, DEBOUNCE_MS);
	/* What the reset has made the ports say is no news; what they say from here on is. */
	xhci_events(x);
	x->plugged = false;

	for (port = 1; port <= x->ports && !x->failed; port++) {
		if (xhci_port_connected(x, port) && !try_port(a, port, first)) {
			a->tried = false;
			return 0;
		}
	}
	x->failed = true;
	return -ENODEV;
}
NOKPROBE_SYMBOL(usb_adapter_bring_up);

int usb_adapter_recover(struct usb_adapter *a, u16 first, unsigned int ms)
{
	xhci_events(a->x);
	a->waited += ms;
	if (a->tried && !a->x->plugged && !(a->silent && a->waited >= RETRY_MS))
		return -EAGAIN;
	a->waited = 0;
	return usb_adapter_bring_up(a, first);
}
NOKPROBE_SYMBOL(usb_adapter_recover);

void usb_adapter_close(struct usb_adapter *a)
{
	if (a->x->slot && !a->x->failed)
		send_requests(a, usb_serial_close(&a->serial, a->requests));
}

static const char *fault(int err)
{
	switch (err) {
	case -ENODEV:
		return "went away";
	case -EPIPE:
		return "refuses what it is asked";
	case -ETIMEDOUT:
		return "does not answer";
	default:
		return "does not answer as it should";
	}
}

void usb_adapter_explain(const struct usb_adapter *a, char *buf, size_t size)
{
	size_t len = 0;
	unsigned int i;

	if (!a->num_seen) {
		strscpy(buf, "nothing is plugged into its ports", size);
		return;
	}
	for (i = 0; i < a->num_seen; i++) {
		len += scnprintf(buf + len, size - len, "%sport %u", i ? "; " : "",
				 a->seen[i].port);
		if (a->seen[i].vid)
			len += scnprintf(buf + len, size - len, " (%04x:%04x)",
					 a->seen[i].vid, a->seen[i].pid);
		if (a->seen[i].why)
			len += scnprintf(buf + len, size - len, ": %s", a->seen[i].why);
		else
			len += scnprintf(buf + len, size - len, ": it %s (error %d)",
					 fault(a->seen[i].err), a->seen[i].err);
	}
}
