// SPDX-License-Identifier: GPL-2.0
/*
 * USB serial adapters: which chip a device is and what it is told. The descriptors are laid
 * out as those of real devices; what is expected of the requests is what Linux's drivers send.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../common/usb_serial.h"

#define LO(x)	((x) & 255)
#define HI(x)	((x) >> 8)

#define DEVICE(class, vid, pid, version) \
	{ 18, 1, 0x00, 0x02, class, 0, 0, 64, LO(vid), HI(vid), LO(pid), HI(pid), \
	  LO(version), HI(version), 1, 2, 3, 1 }
#define CONFIG(total, interfaces)	9, 2, LO(total), HI(total), interfaces, 1, 0, 0x80, 50
#define INTERFACE(number, alternate, endpoints, class, subclass, protocol) \
	9, 4, number, alternate, endpoints, class, subclass, protocol, 0
#define ENDPOINT(address, type, max)	7, 5, address, type, LO(max), HI(max), 0
#define COMPANION(burst)		6, 0x30, burst, 0, 0, 0

static const char damaged[] = "its descriptors are damaged";
static const char hub[] = "it is a hub";
static const char unknown[] = "no USB serial chip that is known";
static const char no_bulk[] = "it has no pair of bulk endpoints";
static const char no_data[] = "it has no CDC-ACM data interface";

/* QEMU's usb-serial. */
static const uint8_t qemu_device[] = DEVICE(0, 0x0403, 0x6001, 0x0400);
static const uint8_t qemu[] = {
	CONFIG(32, 1),
	INTERFACE(0, 0, 2, 0xff, 0xff, 0xff),
	ENDPOINT(0x81, 2, 64),
	ENDPOINT(0x02, 2, 64),
};

static const uint8_t ft2232h_device[] = DEVICE(0, 0x0403, 0x6010, 0x0700);
static const uint8_t ft2232h[] = {
	CONFIG(55, 2),
	INTERFACE(0, 0, 2, 0xff, 0xff, 0xff),
	ENDPOINT(0x81, 2, 512),
	ENDPOINT(0x02, 2, 512),
	INTERFACE(1, 0, 2, 0xff, 0xff, 0xff),
	ENDPOINT(0x83, 2, 512),
	ENDPOINT(0x04, 2, 512),
};

/* An Arduino Uno's ATmega16U2. */
static const uint8_t acm_device[] = DEVICE(2, 0x2341, 0x0043, 0x0001);
static const uint8_t acm[] = {
	CONFIG(62, 2),
	INTERFACE(0, 0, 1, 2, 2, 1),
	5, 0x24, 0x00, 0x10, 0x01,
	4, 0x24, 0x02, 0x06,
	5, 0x24, 0x06, 0, 1,
	ENDPOINT(0x82, 3, 8),
	INTERFACE(1, 0, 2, 10, 0, 0),
	ENDPOINT(0x04, 2, 64),
	ENDPOINT(0x83, 2, 64),
};

static const uint8_t cp210x_device[] = DEVICE(0, 0x10c4, 0xea60, 0x0100);
static const uint8_t cp210x[] = {
	CONFIG(32, 1),
	INTERFACE(0, 0, 2, 0xff, 0, 0),
	ENDPOINT(0x82, 2, 64),
	ENDPOINT(0x01, 2, 64),
};

static const uint8_t ch340_device[] = DEVICE(0xff, 0x1a86, 0x7523, 0x0264);
static const uint8_t ch340[] = {
	CONFIG(39, 1),
	INTERFACE(0, 0, 3, 0xff, 1, 2),
	ENDPOINT(0x82, 2, 32),
	ENDPOINT(0x02, 2, 32),
	ENDPOINT(0x81, 3, 8),
};

static const uint8_t pl2303_device[] = DEVICE(0, 0x067b, 0x2303, 0x0300);
static const uint8_t pl2303[] = {
	CONFIG(39, 1),
	INTERFACE(0, 0, 3, 0xff, 0, 0),
	ENDPOINT(0x81, 3, 10),
	ENDPOINT(0x02, 2, 64),
	ENDPOINT(0x83, 2, 64),
};

/* As long as they are, on the heap, so that the sanitizer sees the first byte beyond. */
static const char *identify_len(struct usb_serial *port, const uint8_t *device,
				size_t device_len, const uint8_t *config, size_t len)
{
	uint8_t *d = malloc(device_len), *c = malloc(len);
	const char *why;

	if (device_len)
		memcpy(d, device, device_len);
	if (len)
		memcpy(c, config, len);
	memset(port, 0xa5, sizeof(*port));
	why = usb_serial_identify(port, d, device_len, c, len);
	free(d);
	free(c);
	return why;
}

#define identify(port, device, config) \
	identify_len(port, device, sizeof(device), config, sizeof(config))

static void expect_port(const struct usb_serial *port, const struct usb_serial *expected)
{
	assert_int_equal(port->chip, expected->chip);
	assert_int_equal(port->vid, expected->vid);
	assert_int_equal(port->pid, expected->pid);
	assert_int_equal(port->version, expected->version);
	assert_int_equal(port->config, expected->config);
	assert_int_equal(port->control, expected->control);
	assert_int_equal(port->data, expected->data);
	assert_int_equal(port->in, expected->in);
	assert_int_equal(port->out, expected->out);
	assert_int_equal(port->in_max, expected->in_max);
	assert_int_equal(port->out_max, expected->out_max);
	assert_int_equal(port->in_burst, expected->in_burst);
	assert_int_equal(port->out_burst, expected->out_burst);
}

static void chips(void **state)
{
	struct usb_serial port;

	(void)state;
	assert_null(identify(&port, qemu_device, qemu));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_FTDI, 0x0403, 0x6001, 0x0400, 1, 0, 0, 0x81, 0x02, 64, 64, 0, 0 });
	assert_int_equal(usb_serial_header(&port), 2);

	/* The first of two ports. */
	assert_null(identify(&port, ft2232h_device, ft2232h));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_FTDI, 0x0403, 0x6010, 0x0700, 1, 0, 0, 0x81, 0x02, 512, 512, 0, 0 });

	assert_null(identify(&port, acm_device, acm));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_CDC_ACM, 0x2341, 0x0043, 0x0001, 1, 0, 1, 0x83, 0x04, 64, 64, 0, 0 });
	assert_int_equal(usb_serial_header(&port), 0);

	assert_null(identify(&port, cp210x_device, cp210x));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_CP210X, 0x10c4, 0xea60, 0x0100, 1, 0, 0, 0x82, 0x01, 64, 64, 0, 0 });
	assert_int_equal(usb_serial_header(&port), 0);

	assert_null(identify(&port, ch340_device, ch340));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_CH341, 0x1a86, 0x7523, 0x0264, 1, 0, 0, 0x82, 0x02, 32, 32, 0, 0 });

	assert_null(identify(&port, pl2303_device, pl2303));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_PL2303, 0x067b, 0x2303, 0x0300, 1, 0, 0, 0x83, 0x02, 64, 64, 0, 0 });
}

static void ids(void **state)
{
	static const struct {
		uint16_t vid, pid, version;
		enum usb_serial_chip chip;
	} known[] = {
		{ 0x0403, 0x6001, 0x0200, USB_SERIAL_FTDI },
		{ 0x0403, 0x6001, 0x0600, USB_SERIAL_FTDI },
		{ 0x0403, 0x6010, 0x0500, USB_SERIAL_FTDI },
		{ 0x0403, 0x6011, 0x0800, USB_SERIAL_FTDI },
		{ 0x0403, 0x6014, 0x0900, USB_SERIAL_FTDI },
		{ 0x0403, 0x6015, 0x1000, USB_SERIAL_FTDI },
		{ 0x0403, 0x6048, 0x3600, USB_SERIAL_FTDI },
		{ 0x10c4, 0xea61, 0x0100, USB_SERIAL_CP210X },
		{ 0x10c4, 0xea63, 0x0100, USB_SERIAL_CP210X },
		{ 0x10c4, 0xea70, 0x0100, USB_SERIAL_CP210X },
		{ 0x10c4, 0xea71, 0x0100, USB_SERIAL_CP210X },
		{ 0x1a86, 0x7522, 0x0264, USB_SERIAL_CH341 },
		{ 0x1a86, 0x5523, 0x0304, USB_SERIAL_CH341 },
		{ 0x1a86, 0xe523, 0x0264, USB_SERIAL_CH341 },
		{ 0x4348, 0x5523, 0x0250, USB_SERIAL_CH341 },
		{ 0x067b, 0x2304, 0x0500, USB_SERIAL_PL2303 },
		{ 0x067b, 0x23a3, 0x0105, USB_SERIAL_PL2303 },
		{ 0x067b, 0x23f3, 0x0605, USB_SERIAL_PL2303 },
		{ 0x0557, 0x2008, 0x0300, USB_SERIAL_PL2303 },
	};
	struct usb_serial port;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t device[] = DEVICE(0, known[i].vid, known[i].pid, known[i].version);

		assert_null(identify(&port, device, qemu));
		assert_int_equal(port.chip, known[i].chip);
	}
	assert_string_equal(usb_serial_chip_name(USB_SERIAL_FTDI), "FTDI");
	assert_string_equal(usb_serial_chip_name(USB_SERIAL_CDC_ACM), "CDC-ACM");
	assert_string_equal(usb_serial_chip_name(USB_SERIAL_CP210X), "CP210x");
	assert_string_equal(usb_serial_chip_name(USB_SERIAL_CH341), "CH341");
	assert_string_equal(usb_serial_chip_name(USB_SERIAL_PL2303), "PL2303");
	assert_string_equal(usb_serial_chip_name(USB_SERIAL_NONE), "unknown");
}

/* qemu[] with one byte changed, at an offset that the caller knows. */
static const char *with(size_t at, uint8_t value)
{
	uint8_t config[sizeof(qemu)];
	struct usb_serial port;
	const char *why;

	memcpy(config, qemu, sizeof(qemu));
	config[at] = value;
	why = identify(&port, qemu_device, config);
	assert_int_equal(port.chip, why ? USB_SERIAL_NONE : USB_SERIAL_FTDI);
	assert_int_equal(port.vid, 0x0403);
	assert_int_equal(port.pid, 0x6001);
	assert_int_equal(port.version, 0x0400);
	return why;
}

static void broken(void **state)
{
	static const uint8_t no_alternate_0[] = {
		CONFIG(32, 1), INTERFACE(0, 1, 2, 0xff, 0xff, 0xff),
		ENDPOINT(0x81, 2, 64), ENDPOINT(0x02, 2, 64),
	};
	/* Followed by what belongs there, and yet too short. */
	static const uint8_t short_interface[] = {
		CONFIG(40, 1), INTERFACE(0, 0, 2, 0xff, 0xff, 0xff),
		ENDPOINT(0x81, 2, 64), ENDPOINT(0x02, 2, 64), 8, 4, 1, 0, 0, 0xff, 0, 0,
	};
	static const uint8_t short_endpoint[] = {
		CONFIG(38, 1), INTERFACE(0, 0, 2, 0xff, 0xff, 0xff),
		ENDPOINT(0x81, 2, 64), ENDPOINT(0x02, 2, 64), 6, 5, 0x83, 2, 64, 0,
	};
	static const uint8_t short_companion[] = {
		CONFIG(37, 1), INTERFACE(0, 0, 2, 0xff, 0xff, 0xff),
		ENDPOINT(0x81, 2, 64), ENDPOINT(0x02, 2, 64), 5, 0x30, 0, 0, 0,
	};
	static const uint8_t length_1[] = {
		CONFIG(35, 1), INTERFACE(0, 0, 2, 0xff, 0xff, 0xff),
		ENDPOINT(0x81, 2, 64), ENDPOINT(0x02, 2, 64), 1, 2, 0xff,
	};
	uint8_t device[sizeof(qemu_device)], config[sizeof(qemu) + 3];
	struct usb_serial port;
	size_t i;

	(void)state;
	/* The device descriptor: too short, shorter than it says, of another type. */
	for (i = 0; i < sizeof(qemu_device); i++) {
		assert_string_equal(identify_len(&port, qemu_device, i, qemu, sizeof(qemu)),
				    damaged);
		assert_int_equal(port.vid, 0);
		assert_int_equal(port.chip, USB_SERIAL_NONE);
	}
	memcpy(device, qemu_device, sizeof(device));
	device[0] = 17;
	assert_string_equal(identify(&port, device, qemu), damaged);
	device[0] = 18;
	device[1] = 2;
	assert_string_equal(identify(&port, device, qemu), damaged);

	/* The configuration: cut at each byte. No port without both endpoints. */
	for (i = 0; i < 9; i++)
		assert_string_equal(identify_len(&port, qemu_device, 18, qemu, i), damaged);
	for (i = 9; i < sizeof(qemu); i++)
		assert_string_equal(identify_len(&port, qemu_device, 18, qemu, i), no_bulk);

	/* The configuration's own length, type, total length and value. */
	assert_string_equal(with(0, 0), damaged);
	assert_string_equal(with(0, 8), damaged);
	assert_string_equal(with(0, 33), damaged);
	assert_string_equal(with(1, 4), damaged);
	assert_string_equal(with(2, 8), damaged);
	assert_string_equal(with(2, 31), damaged);
	assert_string_equal(with(2, 25), no_bulk);
	assert_null(with(2, 33));
	assert_null(with(3, 0xff));
	assert_string_equal(with(5, 0), damaged);

	/* Lengths of the interface and of endpoints. */
	assert_string_equal(with(9, 0), damaged);
	assert_string_equal(with(9, 1), damaged);
	assert_string_equal(with(9, 8), damaged);
	assert_string_equal(with(18, 0), damaged);
	assert_string_equal(with(18, 6), damaged);
	assert_string_equal(with(25, 8), damaged);
	assert_string_equal(with(25, 255), damaged);

	assert_string_equal(identify(&port, qemu_device, short_interface), damaged);
	assert_string_equal(identify(&port, qemu_device, short_endpoint), damaged);
	assert_string_equal(identify(&port, qemu_device, short_companion), damaged);
	assert_string_equal(identify(&port, qemu_device, length_1), damaged);

	/* What follows the total length is not looked at. */
	memset(config, 0, sizeof(config));
	memcpy(config, qemu, sizeof(qemu));
	assert_null(identify(&port, qemu_device, config));
	config[2] += 3;
	assert_string_equal(identify(&port, qemu_device, config), damaged);

	/* Endpoint addresses, types and sizes. */
	assert_string_equal(with(20, 0x80), damaged);
	assert_string_equal(with(20, 0x91), damaged);
	assert_string_equal(with(20, 0x01), no_bulk);
	assert_string_equal(with(27, 0x82), no_bulk);
	assert_string_equal(with(27, 0x00), damaged);
	assert_string_equal(with(21, 3), no_bulk);
	assert_string_equal(with(28, 1), no_bulk);
	assert_string_equal(with(28, 0), no_bulk);
	assert_string_equal(with(22, 0), damaged);
	assert_string_equal(with(22, 7), damaged);
	assert_null(with(22, 8));
	assert_string_equal(with(23, 0x08), damaged);
	assert_string_equal(with(30, 0x10), damaged);
	assert_string_equal(with(30, 0x04), damaged);	/* 1088 */
	assert_null(with(30, 0x02));

	assert_string_equal(identify(&port, qemu_device, no_alternate_0), no_bulk);
}

static void several_interfaces(void **state)
{
	static const uint8_t alternates[] = {
		CONFIG(71, 2),
		/* PL2303 of old: the bulk endpoints are not in the first interface. */
		INTERFACE(0, 0, 1, 0xff, 0, 0), ENDPOINT(0x81, 3, 10),
		INTERFACE(1, 1, 2, 0xff, 0, 0), ENDPOINT(0x85, 2, 64), ENDPOINT(0x05, 2, 64),
		INTERFACE(1, 0, 2, 0xff, 0, 0), ENDPOINT(0x83, 2, 64), ENDPOINT(0x02, 2, 64),
	};
	static const uint8_t twice[] = {
		CONFIG(64, 2),
		INTERFACE(0, 0, 2, 0xff, 0, 0), ENDPOINT(0x81, 3, 10),
		INTERFACE(0, 0, 2, 0xff, 0, 0), ENDPOINT(0x83, 2, 64), ENDPOINT(0x02, 2, 64),
		INTERFACE(2, 0, 2, 0xff, 0, 0), ENDPOINT(0x84, 2, 32),
	};
	static const uint8_t more_endpoints[] = {
		CONFIG(53, 1), INTERFACE(0, 0, 5, 0xff, 0, 0),
		ENDPOINT(0x81, 1, 64), ENDPOINT(0x82, 2, 64), ENDPOINT(0x83, 2, 32),
		ENDPOINT(0x01, 2, 16), ENDPOINT(0x02, 2, 8),
	};
	static const uint8_t port_b[] = {
		CONFIG(32, 1), INTERFACE(1, 0, 2, 0xff, 0xff, 0xff),
		ENDPOINT(0x83, 2, 512), ENDPOINT(0x04, 2, 512),
	};
	static const uint8_t port_e[] = {
		CONFIG(32, 1), INTERFACE(4, 0, 2, 0xff, 0xff, 0xff),
		ENDPOINT(0x83, 2, 512), ENDPOINT(0x04, 2, 512),
	};
	struct usb_serial_request requests[USB_SERIAL_REQUESTS_MAX];
	struct usb_serial port;

	(void)state;
	assert_null(identify(&port, pl2303_device, alternates));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_PL2303, 0x067b, 0x2303, 0x0300, 1, 1, 1, 0x83, 0x02, 64, 64, 0, 0 });
	assert_string_equal(identify(&port, pl2303_device, twice), no_bulk);
	assert_null(identify(&port, cp210x_device, more_endpoints));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_CP210X, 0x10c4, 0xea60, 0x0100, 1, 0, 0, 0x82, 0x01, 64, 16, 0, 0 });

	/* The port of an FTDI chip is the number of its interface. */
	assert_null(identify(&port, ft2232h_device, port_b));
	assert_int_equal(usb_serial_close(&port, requests), 1);
	assert_int_equal(requests[0].index, 2);
	assert_string_equal(identify(&port, ft2232h_device, port_e), damaged);
}

static void super_speed(void **state)
{
	uint8_t config[] = {
		CONFIG(44, 1), INTERFACE(0, 0, 2, 0xff, 0, 0),
		ENDPOINT(0x81, 2, 1024), COMPANION(3),
		ENDPOINT(0x01, 2, 1024), COMPANION(15),
	};
	/* A companion of an endpoint that is not ours, after one of ours without any. */
	static const uint8_t stray[] = {
		CONFIG(45, 1), INTERFACE(0, 0, 3, 0xff, 0, 0),
		ENDPOINT(0x01, 2, 1024), ENDPOINT(0x81, 2, 1024),
		ENDPOINT(0x82, 3, 64), COMPANION(77),
	};
	/* The first interface is not taken, nor is its companion. */
	static const uint8_t half[] = {
		CONFIG(54, 2), INTERFACE(0, 0, 1, 0xff, 0, 0),
		ENDPOINT(0x81, 2, 1024), COMPANION(3),
		INTERFACE(1, 0, 2, 0xff, 0, 0),
		ENDPOINT(0x82, 2, 512), ENDPOINT(0x02, 2, 512),
	};
	static const uint8_t other_half[] = {
		CONFIG(54, 2), INTERFACE(0, 0, 1, 0xff, 0, 0),
		ENDPOINT(0x01, 2, 1024), COMPANION(3),
		INTERFACE(1, 0, 2, 0xff, 0, 0),
		ENDPOINT(0x82, 2, 512), ENDPOINT(0x02, 2, 512),
	};
	struct usb_serial port;

	(void)state;
	assert_null(identify(&port, cp210x_device, other_half));
	assert_int_equal(port.out_burst, 0);
	assert_null(identify(&port, cp210x_device, stray));
	assert_int_equal(port.in_burst, 0);
	assert_int_equal(port.out_burst, 0);
	assert_null(identify(&port, cp210x_device, half));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_CP210X, 0x10c4, 0xea60, 0x0100, 1, 1, 1, 0x82, 0x02, 512, 512, 0, 0 });
	assert_null(identify(&port, cp210x_device, config));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_CP210X, 0x10c4, 0xea60, 0x0100, 1, 0, 0, 0x81, 0x01, 1024, 1024, 3,
		15 });
	config[40] = 16;
	assert_string_equal(identify(&port, cp210x_device, config), damaged);
	config[40] = 0;
}

static void hubs_and_strangers(void **state)
{
	static const uint8_t hub_device[] = DEVICE(9, 0x1d6b, 0x0002, 0x0612);
	static const uint8_t plain_device[] = DEVICE(0, 0x1d6b, 0x0002, 0x0612);
	static const uint8_t hub_config[] = {
		CONFIG(25, 1), INTERFACE(0, 0, 1, 9, 0, 0), ENDPOINT(0x81, 3, 4),
	};
	/* A keyboard. */
	static const uint8_t keyboard[] = {
		CONFIG(34, 1), INTERFACE(0, 0, 1, 3, 1, 1),
		9, 0x21, 0x11, 0x01, 0, 1, 0x22, 65, 0, ENDPOINT(0x81, 3, 8),
	};
	static const uint8_t nothing[] = { CONFIG(9, 0) };
	static const uint8_t new_ftdi[] = DEVICE(0, 0x0403, 0x6001, 0x0a00);
	static const uint8_t old_ftdi[] = DEVICE(0, 0x0403, 0x6001, 0x0100);
	struct usb_serial port;

	(void)state;
	assert_string_equal(identify(&port, hub_device, qemu), hub);
	assert_string_equal(identify_len(&port, hub_device, 18, NULL, 0), hub);
	assert_int_equal(port.vid, 0x1d6b);
	assert_string_equal(identify(&port, plain_device, hub_config), hub);
	assert_string_equal(identify(&port, plain_device, keyboard), unknown);
	assert_string_equal(identify(&port, plain_device, nothing), unknown);
	assert_string_equal(identify(&port, qemu_device, nothing), no_bulk);
	assert_string_equal(identify(&port, new_ftdi, qemu), unknown);
	assert_string_equal(identify(&port, old_ftdi, qemu), unknown);
	assert_int_equal(port.version, 0x0100);
}

static void cdc(void **state)
{
	/* A composite device: a disk before the port, the numbers are not in order. */
	static const uint8_t composite[] = {
		CONFIG(102, 3),
		INTERFACE(0, 0, 2, 8, 6, 0x50), ENDPOINT(0x81, 2, 512), ENDPOINT(0x01, 2, 512),
		8, 11, 3, 2, 2, 2, 1, 0,
		INTERFACE(3, 0, 1, 2, 2, 0),
		5, 0x24, 0x00, 0x10, 0x01,
		5, 0x24, 0x06, 3, 2,
		ENDPOINT(0x82, 3, 8), 2, 0x24,
		INTERFACE(2, 1, 2, 10, 0, 0), ENDPOINT(0x8f, 2, 8),
		INTERFACE(2, 0, 2, 10, 0, 0), ENDPOINT(0x83, 2, 512), 2, 0xff,
	};
	static const uint8_t collapsed[] = {
		CONFIG(39, 1), INTERFACE(0, 0, 3, 2, 2, 1),
		ENDPOINT(0x81, 3, 8), ENDPOINT(0x82, 2, 64), ENDPOINT(0x03, 2, 64),
	};
	uint8_t config[sizeof(acm)], whole[sizeof(composite) + 7];
	struct usb_serial port;

	(void)state;
	/* The OUT endpoint is missing, then it is there. */
	assert_string_equal(identify(&port, acm_device, composite), no_data);
	memcpy(whole, composite, sizeof(composite));
	memcpy(whole + sizeof(composite), (uint8_t[]){ ENDPOINT(0x04, 2, 512) }, 7);
	whole[2] = sizeof(whole);
	assert_null(identify(&port, acm_device, whole));
	expect_port(&port, &(struct usb_serial){
		USB_SERIAL_CDC_ACM, 0x2341, 0x0043, 0x0001, 1, 3, 2, 0x83, 0x04, 512, 512, 0, 0 });

	assert_null(identify(&port, acm_device, collapsed));
	assert_int_equal(port.control, 0);
	assert_int_equal(port.data, 0);
	assert_int_equal(port.in, 0x82);

	/* The call management descriptor in place of the union, or besides a wrong one. */
	memcpy(config, acm, sizeof(acm));
	config[29] = 1;
	config[30] = 0;
	config[31] = 1;
	assert_null(identify(&port, acm_device, config));
	assert_int_equal(port.data, 1);
	config[31] = 7;
	assert_string_equal(identify(&port, acm_device, config), no_data);
	memcpy(config, acm, sizeof(acm));
	config[31] = 7;
	assert_string_equal(identify(&port, acm_device, config), no_data);
	config[20] = 1;		/* what was the header is call management: interface 1 */
	config[22] = 1;
	assert_null(identify(&port, acm_device, config));
	assert_int_equal(port.data, 1);

	/* A union of other interfaces, a data interface that is none, RNDIS, another subclass. */
	memcpy(config, acm, sizeof(acm));
	config[30] = 1;
	assert_string_equal(identify(&port, acm_device, config), no_data);
	memcpy(config, acm, sizeof(acm));
	config[44] = 0xff;
	assert_string_equal(identify(&port, acm_device, config), no_data);
	memcpy(config, acm, sizeof(acm));
	config[16] = 0xff;
	assert_string_equal(identify(&port, acm_device, config), unknown);
	config[16] = 1;
	config[15] = 6;
	assert_string_equal(identify(&port, acm_device, config), unknown);
	memcpy(config, acm, sizeof(acm));
	config[52] = 0;		/* wMaxPacketSize of the OUT endpoint */
	assert_string_equal(identify(&port, acm_device, config), damaged);
}

/* A request as text: "type request value index [data]", '?' if it may fail, < for length. */
static const char *text(const struct usb_serial_request *r)
{
	static char line[128];
	unsigned int i;
	int n;

	n = sprintf(line, "%02x %02x %04x %04x", r->type, r->request, r->value, r->index);
	if (r->type & 0x80)
		n += sprintf(line + n, " <%u", r->length);
	for (i = 0; !(r->type & 0x80) && i < r->length; i++)
		n += sprintf(line + n, "%s%02x", i ? "" : " ", r->data[i]);
	if (r->may_fail)
		strcpy(line + n, " ?");
	return line;
}

static void expect_requests(const struct usb_serial_request *requests, unsigned int count,
			    const char *const *lines)
{
	unsigned int i;

	for (i = 0; i < count && lines[i]; i++)
		assert_string_equal(text(&requests[i]), lines[i]);
	assert_int_equal(i, count);
	assert_null(lines[i]);
}

#define LINES(...)	((const char *const []){ __VA_ARGS__, NULL })

static void expect_all(const struct usb_serial *port, unsigned int baud,
		       const char *const *open, const char *on, const char *off,
		       const char *const *close)
{
	struct usb_serial_request requests[USB_SERIAL_REQUESTS_MAX];

	memset(requests, 0xa5, sizeof(requests));
	expect_requests(requests, usb_serial_open(port, baud, requests), open);
	memset(requests, 0xa5, sizeof(requests));
	expect_requests(requests, usb_serial_break(port, true, requests), LINES(on));
	memset(requests, 0xa5, sizeof(requests));
	expect_requests(requests, usb_serial_break(port, false, requests), LINES(off));
	memset(requests, 0xa5, sizeof(requests));
	expect_requests(requests, usb_serial_close(port, requests), close);
}

static void requests(void **state)
{
	struct usb_serial port = { .chip = USB_SERIAL_FTDI, .version = 0x0400 };

	(void)state;
	expect_all(&port, 115200,
		   LINES("40 00 0000 0000", "40 04 0008 0000", "40 02 0000 0000",
			 "40 09 0001 0000 ?", "40 03 001a 0000", "40 01 0303 0000"),
		   "40 04 4008 0000", "40 04 0008 0000", LINES("40 01 0300 0000"));
	port.version = 0x0700;
	expect_all(&port, 115200,
		   LINES("40 00 0000 0001", "40 04 0008 0001", "40 02 0000 0001",
			 "40 09 0001 0001 ?", "40 03 c068 0201", "40 01 0303 0001"),
		   "40 04 4008 0001", "40 04 0008 0001", LINES("40 01 0300 0001"));

	port = (struct usb_serial){ .chip = USB_SERIAL_CDC_ACM, .control = 3, .data = 2 };
	expect_all(&port, 115200,
		   LINES("21 20 0000 0003 00c20100000008 ?", "21 22 0003 0003 ?"),
		   "21 23 ffff 0003", "21 23 0000 0003", LINES("21 22 0000 0003 ?"));

	port = (struct usb_serial){ .chip = USB_SERIAL_CP210X, .control = 1, .data = 1 };
	expect_all(&port, 115200,
		   LINES("41 00 0001 0001", "41 1e 0000 0001 00c20100", "41 03 0800 0001",
			 "41 13 0000 0001 01000000400000004000000000000000", "41 07 0303 0001"),
		   "41 05 0001 0001", "41 05 0000 0001",
		   LINES("41 07 0300 0001", "41 12 000f 0001 ?", "41 00 0000 0001"));

	port = (struct usb_serial){ .chip = USB_SERIAL_CH341 };
	expect_all(&port, 115200,
		   LINES("c0 5f 0000 0000 <2", "40 a1 0000 0000", "40 9a 1312 cc83",
			 "40 9a 2518 00c3 ?", "40 a4 ff9f 0000"),
		   "40 9a 1805 8300", "40 9a 1805 c301", LINES("40 a4 ffff 0000"));

	port = (struct usb_serial){ .chip = USB_SERIAL_PL2303, .vid = 0x067b, .pid = 0x2303,
				    .version = 0x0300, .control = 1, .data = 1 };
	expect_all(&port, 115200,
		   LINES("c0 01 8484 0000 <1 ?", "40 01 0404 0000 ?", "c0 01 8484 0000 <1 ?",
			 "c0 01 8383 0000 <1 ?", "c0 01 8484 0000 <1 ?", "40 01 0404 0001 ?",
			 "c0 01 8484 0000 <1 ?", "c0 01 8383 0000 <1 ?", "40 01 0000 0001 ?",
			 "40 01 0001 0000 ?", "40 01 0002 0044 ?", "40 01 0008 0000 ?",
			 "40 01 0009 0000 ?", "21 20 0000 0000 00c20100000008",
			 "21 22 0003 0000"),
		   "21 23 ffff 0000", "21 23 0000 0000", LINES("21 22 0000 0000"));
	port.version = 0x0202;
	expect_all(&port, 9600,
		   LINES("c0 01 8484 0000 <1 ?", "40 01 0404 0000 ?", "c0 01 8484 0000 <1 ?",
			 "c0 01 8383 0000 <1 ?", "c0 01 8484 0000 <1 ?", "40 01 0404 0001 ?",
			 "c0 01 8484 0000 <1 ?", "c0 01 8383 0000 <1 ?", "40 01 0000 0001 ?",
			 "40 01 0001 0000 ?", "40 01 0002 0024 ?",
			 "21 20 0000 0000 80250000000008", "21 22 0003 0000"),
		   "21 23 ffff 0000", "21 23 0000 0000", LINES("21 22 0000 0000"));
	port.version = 0x0305;
	expect_all(&port, 9600,
		   LINES("40 80 0007 0003 ?", "40 80 000a 00ff ?",
			 "21 20 0000 0000 80250000000008", "21 22 0003 0000"),
		   "21 23 ffff 0000", "21 23 0000 0000", LINES("21 22 0000 0000"));
	port.version = 0x0300;
	port.pid = 0x23c3;
	expect_all(&port, 12000000,
		   LINES("40 80 0007 0003 ?", "40 80 000a 00ff ?",
			 "21 20 0000 0000 001bb700000008", "21 22 0003 0000"),
		   "21 23 ffff 0000", "21 23 0000 0000", LINES("21 22 0000 0000"));
}

/* The divisor, or rate, that a chip is told: index:value, or the data. -1: none. */
static long long rate(enum usb_serial_chip chip, uint16_t version, unsigned int baud)
{
	struct usb_serial port = { .chip = chip, .version = version };
	struct usb_serial_request r[USB_SERIAL_REQUESTS_MAX];
	unsigned int n = usb_serial_open(&port, baud, r), i;

	for (i = 0; i < n; i++) {
		if (chip == USB_SERIAL_FTDI && r[i].request == 3)
			return r[i].index << 16 | r[i].value;
		if (chip == USB_SERIAL_CH341 && r[i].value == 0x1312)
			return r[i].index;
		if ((chip == USB_SERIAL_CP210X && r[i].request == 0x1e) || r[i].request == 0x20)
			return r[i].data[0] | r[i].data[1] << 8 | r[i].data[2] << 16 |
			       (long long)r[i].data[3] << 24;
	}
	assert_int_equal(n, 0);
	return -1;
}

struct rate {
	unsigned int baud;
	long long code;
};

static void expect_rates(enum usb_serial_chip chip, uint16_t version, const struct rate *rates)
{
	for (; rates->baud || rates->code; rates++)
		assert_int_equal(rate(chip, version, rates->baud), rates->code);
}

#define RATES(...)	((const struct rate []){ __VA_ARGS__, { 0, 0 } })

static void ftdi_rates(void **state)
{
	(void)state;
	/* AN232B-05; wIndex has bit 16. */
	expect_rates(USB_SERIAL_FTDI, 0x0400, RATES(
		{ 0, -1 }, { 150, -1 }, { 182, -1 }, { 184, 0x13fb0 }, { 300, 0x2710 },
		{ 9600, 0x4138 }, { 19200, 0x809c }, { 38400, 0xc04e }, { 57600, 0xc034 },
		{ 115200, 0x001a }, { 230400, 0x000d }, { 460800, 0x4006 }, { 921600, 0x8003 },
		{ 1000000, 3 }, { 1500000, 2 }, { 2000000, 1 }, { 3000000, 0 },
		{ 490000, 0xc006 },	/* 6.125: code 3 */
		{ 2500000, -1 }, { 1750000, -1 }, { 3000001, -1 }, { 0xffffffff, -1 }));
	/* 6.375, 6.625 and 6.875 have a bit more than wValue has. */
	expect_rates(USB_SERIAL_FTDI, 0x0600, RATES(
		{ 470588, 0x10006 }, { 452830, 0x14006 }, { 436363, 0x1c006 },
		{ 3000000, 0 }));
	/* The FT232A: 6.375 becomes 6.25, 6.625 6.5, 6.875 7; no 1.5. */
	expect_rates(USB_SERIAL_FTDI, 0x0200, RATES(
		{ 115200, 0x001a }, { 470588, 0x8006 }, { 452830, 0x4006 }, { 436363, 0x0007 },
		{ 3000000, 0 }, { 2000000, -1 }));
	/* An FT230X: bit 16 above the port. */
	expect_rates(USB_SERIAL_FTDI, 0x1000, RATES(
		{ 115200, 0x1001a }, { 470588, 0x1010006 }, { 3000000, 0x10000 },
		{ 4000000, -1 }));
	/* With 12 MHz bit 17, from 1200 baud. */
	expect_rates(USB_SERIAL_FTDI, 0x0900, RATES(
		{ 300, 0x12710 }, { 1199, 0x1c9c6 }, { 1200, 0x2012710 }, { 9600, 0x20104e2 },
		{ 115200, 0x201c068 }, { 921600, 0x201000d }, { 3000000, 0x2010004 },
		{ 6000000, 0x2010002 }, { 8000000, 0x2010001 }, { 12000000, 0x2010000 },
		{ 10000000, -1 }, { 12000001, -1 }));
}

static void ch341_rates(void **state)
{
	(void)state;
	/* Linux's constants, with bit 7. */
	expect_rates(USB_SERIAL_CH341, 0, RATES(
		{ 0, -1 }, { 45, -1 }, { 50, 0x1680 }, { 300, 0xd980 }, { 1200, 0xb281 },
		{ 2400, 0xd981 }, { 4800, 0x6482 }, { 9600, 0xb282 }, { 19200, 0xd982 },
		{ 38400, 0x6483 }, { 57600, 0x9883 }, { 115200, 0xcc83 }, { 230400, 0xe683 },
		{ 460800, 0xf383 }, { 921600, 0xf387 }, { 1000000, 0xfa83 },
		{ 1500000, 0xfc83 }, { 2000000, 0xfd83 }, { 3000000, 0xfe83 },
		/* No factor 1 with a number below 9, nor with another prescaler than 3. */
		{ 1333333, 0xf787 }, { 1714285, -1 }, { 2400000, -1 }, { 110, 0x9580 },
		{ 2500000, -1 }, { 3000001, -1 }, { 0xffffffff, -1 }));
}

static void other_rates(void **state)
{
	(void)state;
	expect_rates(USB_SERIAL_CP210X, 0, RATES(
		{ 0, -1 }, { 299, -1 }, { 300, 300 }, { 115200, 115200 }, { 921600, 921600 },
		{ 2000000, 2000000 }, { 3000000, 3000000 }, { 2800000, -1 }, { 3000001, -1 }));
	expect_rates(USB_SERIAL_CDC_ACM, 0, RATES(
		{ 0, -1 }, { 1, 1 }, { 115200, 115200 }, { 0xffffffff, 0xffffffffLL }));
	/* As it is; from 752 kbaud by a divisor; below that a listed rate that is near. */
	expect_rates(USB_SERIAL_PL2303, 0x0300, RATES(
		{ 0, -1 }, { 74, -1 }, { 75, 75 }, { 115200, 115200 }, { 921600, 921600 },
		{ 6000000, 6000000 }, { 6000001, -1 }, { 1000000, 0x80000180LL },
		{ 1500000, 0x80000100LL }, { 2000000, 0x800000c0LL }, { 500000, -1 },
		{ 116000, 115200 }, { 120000, -1 }));
	expect_rates(USB_SERIAL_PL2303, 0x0202, RATES(
		{ 1228800, 1228800 }, { 1228801, -1 }, { 1000000, 0x80000180LL }));
	expect_rates(USB_SERIAL_PL2303, 0x0405, RATES(
		{ 74, -1 }, { 500000, 500000 }, { 12000000, 12000000 }, { 12000001, -1 }));
}

/* Read back what FTDI and CH341 chips make of a divisor: within 3 %, whatever is asked. */
static void accuracy(void **state)
{
	static const unsigned int eighths[8] = { 0, 4, 2, 1, 3, 5, 6, 7 };
	unsigned int baud, fast, n = 0;
	double real, clock;
	long long code;
	unsigned int d;

	(void)state;
	for (baud = 1; baud < 13000000; baud += 1 + baud / 100) {
		for (fast = 0; fast < 2; fast++) {
			code = rate(USB_SERIAL_FTDI, fast ? 0x0900 : 0x0600, baud);
			if (code < 0)
				continue;
			if (fast)
				code = (code >> 24) << 16 | (code & 0xffff);
			clock = code & 0x20000 ? 12e6 : 3e6;
			d = (code & 0x3fff) * 8 + eighths[code >> 14 & 7];
			real = clock * 8 / ((code & 0x1ffff) == 0 ? 8 :
					    (code & 0x1ffff) == 1 ? 12 : d);
			assert_true(real > baud / 1.031 && real < baud * 1.031);
			n++;
		}
		code = rate(USB_SERIAL_CH341, 0, baud);
		if (code < 0)
			continue;
		real = 48e6 / (1 << (12 - 3 * (code & 3) - (code >> 2 & 1))) /
		       (256 - (code >> 8));
		assert_true(real > baud / 1.031 && real < baud * 1.031);
		n++;
	}
	/* Not by refusing. */
	assert_true(n > 2000);
}

static void nothing(void **state)
{
	struct usb_serial_request requests[USB_SERIAL_REQUESTS_MAX];
	struct usb_serial port = { .chip = USB_SERIAL_NONE };

	(void)state;
	assert_int_equal(usb_serial_open(&port, 115200, requests), 0);
	assert_int_equal(usb_serial_close(&port, requests), 0);
	assert_int_equal(usb_serial_header(&port), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chips),
		cmocka_unit_test(ids),
		cmocka_unit_test(broken),
		cmocka_unit_test(several_interfaces),
		cmocka_unit_test(super_speed),
		cmocka_unit_test(hubs_and_strangers),
		cmocka_unit_test(cdc),
		cmocka_unit_test(requests),
		cmocka_unit_test(ftdi_rates),
		cmocka_unit_test(ch341_rates),
		cmocka_unit_test(other_rates),
		cmocka_unit_test(accuracy),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests_name("USB serial adapters", tests, NULL, NULL);
}
