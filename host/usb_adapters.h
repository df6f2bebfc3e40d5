/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The USB serial adapters of this machine, as sysfs knows them: nothing is opened and no
 * device is spoken to, so that anybody may look.
 */
#ifndef KGDB_IO_USB_ADAPTERS_H
#define KGDB_IO_USB_ADAPTERS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "../common/usb_serial.h"

/* What a person can do who may not use an adapter; used in messages. */
#define USB_ADAPTERS_PERMISSION \
	"install 60-kgdb-io.rules (make install does) and plug it in again, or become root"

/**
 * struct usb_adapter - a USB device
 * @port: its serial port; where @why_not is set, vid and pid only
 * @why_not: why it is no adapter, for the end of a message; NULL if it is one
 * @topology: bus-port[.port], the name that the kernel gives it: "1-1.4"
 * @serial: serial number string, printable; empty if it has none
 * @name: maker and product, printable; may be empty
 * @node: its file in /dev/bus/usb
 * @config: bConfigurationValue that is set, 0 for none
 * @allowed: whether this user may open @node
 */
struct usb_adapter {
	struct usb_serial port;
	const char *why_not;
	char topology[64];
	char serial[128];
	char name[256];
	char node[64];
	int config;
	bool allowed;
};

/**
 * usb_selector_valid() - whether SELECTOR is one of vid:pid, serial=STRING,
 *			  bus-port[.port], or empty
 * @selector: what follows "usb:"
 */
bool usb_selector_valid(const char *selector);

/**
 * usb_adapters_find() - look for adapters
 * @selector: valid; empty for all of them. Devices that are no adapters are found by
 *	      a selector only
 * @list: receives the array, the caller's to free(); ordered by topology
 *
 * Return: the number of devices in @list.
 */
size_t usb_adapters_find(const char *selector, struct usb_adapter **list);

/**
 * usb_adapter_describe() - "1-1.4 (0403:6001 FTDI, serial A12)"
 * @adapter: an adapter
 * @text: receives it
 * @size: size of @text in bytes
 */
void usb_adapter_describe(const struct usb_adapter *adapter, char *text, size_t size);

#endif
