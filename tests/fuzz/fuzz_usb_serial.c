// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer on usb_serial.c: the input is a device descriptor, a configuration and a baud
 * rate. Whatever it is, a port that is found has endpoints that can be used and are in the
 * input, and no list of requests is longer than there is room.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/usb_serial.h"

#define CHECK(x) do { if (!(x)) { fprintf(stderr, "failed: %s\n", #x); abort(); } } while (0)

/* On the heap, so that the sanitizer sees the first byte after the end. */
static struct usb_serial_request *room(void)
{
	struct usb_serial_request *requests;

	requests = malloc(USB_SERIAL_REQUESTS_MAX * sizeof(*requests));
	CHECK(requests);
	memset(requests, 0xa5, USB_SERIAL_REQUESTS_MAX * sizeof(*requests));
	return requests;
}

static void check_requests(struct usb_serial_request *requests, unsigned int count)
{
	unsigned int i, k;

	CHECK(count <= USB_SERIAL_REQUESTS_MAX);
	for (i = 0; i < count; i++) {
		CHECK(requests[i].length <= USB_SERIAL_DATA_MAX);
		/* Vendor or class, device or interface. */
		CHECK((requests[i].type & 0x60) == 0x20 || (requests[i].type & 0x60) == 0x40);
		CHECK((requests[i].type & 0x1f) <= 1);
		for (k = requests[i].length; k < USB_SERIAL_DATA_MAX; k++)
			CHECK(!requests[i].data[k]);
	}
	free(requests);
}

/* Whether the bytes have a bulk endpoint of this address and size, at any place. */
static bool has_endpoint(const uint8_t *p, size_t len, uint8_t address, uint16_t max)
{
	size_t i;

	for (i = 0; i + 7 <= len; i++) {
		if (p[i] >= 7 && p[i + 1] == 5 && p[i + 2] == address && (p[i + 3] & 3) == 2 &&
		    (p[i + 4] | p[i + 5] << 8) == max)
			return true;
	}
	return false;
}

static bool has_interface(const uint8_t *p, size_t len, uint8_t number)
{
	size_t i;

	for (i = 0; i + 9 <= len; i++) {
		if (p[i] >= 9 && p[i + 1] == 4 && p[i + 2] == number && p[i + 3] == 0)
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t device_len = size < USB_SERIAL_DEVICE_DESC ? size : USB_SERIAL_DEVICE_DESC;
	size_t len = size - device_len, i;
	static const unsigned int rates[] = { 0, 1, 9600, 115200, 921600, 3000000, 0xffffffff };
	struct usb_serial_request *requests;
	uint8_t *device, *config;
	unsigned int baud = 0;
	struct usb_serial port;
	const char *why;

	device = malloc(device_len);
	config = malloc(len);
	if (device_len)
		memcpy(device, data, device_len);
	if (len)
		memcpy(config, data + device_len, len);
	memset(&port, 0xa5, sizeof(port));
	why = usb_serial_identify(&port, device, device_len, config, len);
	CHECK(usb_serial_chip_name(port.chip));
	if (why) {
		CHECK(*why && port.chip == USB_SERIAL_NONE);
		goto out;
	}

	CHECK(port.chip > USB_SERIAL_NONE && port.chip <= USB_SERIAL_PL2303);
	CHECK(port.vid == (device[8] | device[9] << 8));
	CHECK(port.pid == (device[10] | device[11] << 8));
	CHECK(port.version == (device[12] | device[13] << 8));
	CHECK(port.config && port.config == config[5]);
	CHECK((port.in & 0xf0) == 0x80 && port.in & 0x0f);
	CHECK(port.out && port.out <= 0x0f);
	CHECK(port.in_max >= 8 && port.in_max <= 1024);
	CHECK(port.out_max >= 8 && port.out_max <= 1024);
	CHECK(port.in_burst <= 15 && port.out_burst <= 15);
	CHECK(has_endpoint(config, len, port.in, port.in_max));
	CHECK(has_endpoint(config, len, port.out, port.out_max));
	CHECK(has_interface(config, len, port.control));
	CHECK(has_interface(config, len, port.data));
	CHECK(port.chip == USB_SERIAL_CDC_ACM || port.control == port.data);
	CHECK(usb_serial_header(&port) < port.in_max);

	for (i = 0; i < 4 && i < len; i++)
		baud = baud << 8 | config[len - 1 - i];
	for (i = 0; i <= sizeof(rates) / sizeof(rates[0]); i++) {
		requests = room();
		check_requests(requests, usb_serial_open(&port, i ? rates[i - 1] : baud, requests));
	}
	for (i = 0; i < 2; i++) {
		requests = room();
		CHECK(usb_serial_break(&port, i, requests) >= 1);
		check_requests(requests, usb_serial_break(&port, i, requests));
	}
	requests = room();
	check_requests(requests, usb_serial_close(&port, requests));
out:
	free(device);
	free(config);
	return 0;
}
