/* SPDX-License-Identifier: GPL-2.0 */
/*
 * USB serial adapters: which chip a device is, by its descriptors, and what the chip
 * wants to be told. The module and the host program both drive adapters with this; how
 * a request gets to the device is theirs.
 *
 * No storage, no I/O, no dependency. Descriptors come from a device and are not trusted.
 *
 * Sources: USB 2.0, chapter 9; USB Communications Class 1.2 and PSTN subclass 1.2;
 * FTDI AN232B-05 "Configuring FT232R, FT2232 and FT232B Baud Rates" and AN_120; Silicon
 * Labs AN571 "CP210x Virtual COM Port Interface"; for CH340/CH341 and PL2303, whose makers
 * publish nothing, what Linux's ch341.c and pl2303.c say to them.
 */
#ifndef KGDB_IO_USB_SERIAL_H
#define KGDB_IO_USB_SERIAL_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

enum usb_serial_chip {
	USB_SERIAL_NONE,	/* no chip that is known here */
	USB_SERIAL_FTDI,
	USB_SERIAL_CDC_ACM,
	USB_SERIAL_CP210X,
	USB_SERIAL_CH341,	/* and CH340 */
	USB_SERIAL_PL2303,
};

/* Bytes that the longest data stage of a request has. */
#define USB_SERIAL_DATA_MAX	16
/* Requests that the longest list of them has. */
#define USB_SERIAL_REQUESTS_MAX	16
/* Bytes in a device descriptor (USB 2.0, 9.6.1). */
#define USB_SERIAL_DEVICE_DESC	18

/**
 * struct usb_serial_request - a control transfer to the device
 * @type: bmRequestType
 * @request: bRequest
 * @value: wValue
 * @index: wIndex
 * @length: wLength, at most USB_SERIAL_DATA_MAX; for a device-to-host request (bit 7 of
 *	    @type) the bytes to read, and what is read does not matter
 * @data: what is sent
 * @may_fail: a stall does not matter: a feature that not each version of the chip has
 */
struct usb_serial_request {
	uint8_t type;
	uint8_t request;
	uint16_t value;
	uint16_t index;
	uint16_t length;
	uint8_t data[USB_SERIAL_DATA_MAX];
	bool may_fail;
};

/**
 * struct usb_serial - a serial port of a USB device
 * @chip: never USB_SERIAL_NONE after usb_serial_identify() has succeeded
 * @vid: idVendor
 * @pid: idProduct
 * @version: bcdDevice; tells an FT232R from an FT232H
 * @config: bConfigurationValue to be set
 * @control: bInterfaceNumber that the chip's requests go to; CDC-ACM's control interface
 * @data: bInterfaceNumber with the bulk endpoints; the same as @control but for CDC-ACM
 * @in: bEndpointAddress of the bulk IN endpoint, bit 7 set
 * @out: bEndpointAddress of the bulk OUT endpoint
 * @in_max: its wMaxPacketSize in bytes, 8 to 1024
 * @out_max: the same of the OUT endpoint
 * @in_burst: bMaxBurst of a SuperSpeed endpoint, 0 to 15; otherwise 0
 * @out_burst: the same of the OUT endpoint
 */
struct usb_serial {
	enum usb_serial_chip chip;
	uint16_t vid;
	uint16_t pid;
	uint16_t version;
	uint8_t config;
	uint8_t control;
	uint8_t data;
	uint8_t in;
	uint8_t out;
	uint16_t in_max;
	uint16_t out_max;
	uint8_t in_burst;
	uint8_t out_burst;
};

/**
 * usb_serial_identify() - find the serial port of a device
 * @port: filled in; its vid, pid and version even after an error, for messages, if
 *	  @device is a device descriptor
 * @device: device descriptor
 * @device_len: bytes at @device
 * @config: configuration descriptor with all that follows it (interfaces, endpoints, ...)
 * @config_len: bytes at @config; a wTotalLength beyond it is cut
 *
 * Of a chip with several ports the first one is taken.
 *
 * Return: NULL, or why not, as words for the end of a message, constant: "it is a hub",
 * "no USB serial chip that is known", "its descriptors are damaged", ...
 */
const char *usb_serial_identify(struct usb_serial *port, const uint8_t *device,
				size_t device_len, const uint8_t *config,
				size_t config_len);

/**
 * usb_serial_chip_name() - a name for people: "FTDI", "CDC-ACM", "CP210x", ...
 * @chip: chip
 */
const char *usb_serial_chip_name(enum usb_serial_chip chip);

/**
 * usb_serial_open() - requests that set a port up: 8N1, no flow control, DTR and RTS on
 * @port: from usb_serial_identify()
 * @baud: bits per second
 * @requests: room for USB_SERIAL_REQUESTS_MAX
 *
 * To be sent in order after SET_CONFIGURATION. The chip's speed is within 3 % of @baud.
 *
 * Return: the number of requests; 0 where the chip cannot do @baud.
 */
unsigned int usb_serial_open(const struct usb_serial *port, unsigned int baud,
			     struct usb_serial_request *requests);

/**
 * usb_serial_break() - requests that begin or end a BREAK
 * @port: from usb_serial_identify()
 * @on: begin
 * @requests: room for USB_SERIAL_REQUESTS_MAX
 *
 * Return: the number of requests, at least 1.
 */
unsigned int usb_serial_break(const struct usb_serial *port, bool on,
			      struct usb_serial_request *requests);

/**
 * usb_serial_close() - requests for a port that is not used any more: DTR and RTS off
 * @port: from usb_serial_identify()
 * @requests: room for USB_SERIAL_REQUESTS_MAX
 *
 * Return: the number of requests.
 */
unsigned int usb_serial_close(const struct usb_serial *port,
			      struct usb_serial_request *requests);

/**
 * usb_serial_header() - bytes at the start of each packet that are no data
 * @port: from usb_serial_identify()
 *
 * Each packet (of at most @port->in_max bytes) of the IN endpoint begins with as many;
 * FTDI's two status bytes. A packet may have nothing else.
 */
unsigned int usb_serial_header(const struct usb_serial *port);

#endif
