// SPDX-License-Identifier: GPL-2.0
/*
 * The chips, see sim.h. Sources: FTDI AN_120 and AN232B-05; PSTN 1.2 for CDC-ACM; Silicon
 * Labs AN571; for CH341 and PL2303 the requests of Linux's ch341.c and pl2303.c.
 */
#include <string.h>

#include "sim.h"

#define LE16(v)		((v) & 0xff), ((v) >> 8)
#define DEVICE(usb, class, packet, vid, pid, version) \
	{ 18, 1, LE16(usb), class, 0, 0, packet, LE16(vid), LE16(pid), LE16(version), 1, 2, 3, 1 }
#define CONFIG(total, interfaces) \
	9, 2, LE16(total), interfaces, 1, 0, 0x80, 50
#define INTERFACE(number, endpoints, class, sub, protocol) \
	9, 4, number, 0, endpoints, class, sub, protocol, 0
#define BULK(address, max)	7, 5, address, 2, LE16(max), 0
#define INTERRUPT(address, max)	7, 5, address, 3, LE16(max), 16
#define COMPANION(burst, bytes)	6, 0x30, burst, 0, LE16(bytes)

static void set(struct sim_port *port, unsigned int bits, unsigned int parity, const char *stop)
{
	port->bits = bits;
	port->parity = parity < 5 ? "NOEMS"[parity] : '?';
	port->stop = stop;
}

static unsigned int le32(const uint8_t *data)
{
	return data[0] | data[1] << 8 | data[2] << 16 | (unsigned int)data[3] << 24;
}

static int answer(uint8_t *data, uint16_t length, const void *what, size_t len)
{
	if (len > length)
		len = length;
	memcpy(data, what, len);
	return len;
}

/* FT232R and, at high speed, FT232H. */

static const uint8_t ftdi_device[] = DEVICE(0x0200, 0, 64, 0x0403, 0x6001, 0x0600);
static const uint8_t ftdi_config[] = {
	CONFIG(32, 1), INTERFACE(0, 2, 0xff, 0xff, 0xff), BULK(0x81, 64), BULK(0x02, 64),
};
static const uint8_t ft232h_device[] = DEVICE(0x0200, 0, 64, 0x0403, 0x6014, 0x0900);
static const uint8_t ft232h_config[] = {
	CONFIG(32, 1), INTERFACE(0, 2, 0xff, 0xff, 0xff), BULK(0x81, 512), BULK(0x02, 512),
};

static void ftdi_power_on(struct sim_port *port)
{
	port->latency = 16;
	port->enabled = true;
	port->baud = 9600;
	set(port, 8, 0, "1");
}

/* Eighths of a divisor, by code: AN232B-05, "sub-integer divisors". */
static int ftdi_set_baud(struct sim_port *port, unsigned int clock, unsigned int code)
{
	static const uint8_t eighths[] = { 0, 4, 2, 1, 3, 5, 6, 7 };
	unsigned int divisor = (code & 0x3fff) * 8 + eighths[code >> 14 & 7];

	if (divisor == 0)
		divisor = 8;
	else if (divisor == 8)
		divisor = 12;
	else if (divisor < 16)
		return SIM_STALL;
	port->baud = clock / 2 / divisor;
	return 0;
}

static int ftdi_control(struct sim_port *port, uint8_t type, uint8_t request, uint16_t value,
			uint16_t index, uint8_t *data, uint16_t length)
{
	static const char *const stops[] = { "1", "1.5", "2" };
	uint8_t one;

	if (type == 0xc0) {
		switch (request) {
		case 0x05:
			return answer(data, length, "\x01\x60", 2);
		case 0x0a:
			one = port->latency;
			return answer(data, length, &one, 1);
		case 0x90:
			return answer(data, length, "\xff\xff", 2);
		}
		return SIM_STALL;
	}
	if (type != 0x40)
		return SIM_STALL;
	switch (request) {
	case 0x00:
		return value <= 2 ? 0 : SIM_STALL;
	case 0x01:
		if (value & 0x100)
			port->dtr = value & 1;
		if (value & 0x200)
			port->rts = value & 2;
		return 0;
	case 0x03:
		return ftdi_set_baud(port, 48000000, value | (index & 1U) << 16);
	case 0x04:
		set(port, value & 0xff, value >> 8 & 7,
		    (value >> 11 & 7) < 3 ? stops[value >> 11 & 7] : "?");
		port->brk = value & 0x4000;
		return 0;
	case 0x09:
		if (!(value & 0xff))
			return SIM_STALL;
		port->latency = value & 0xff;
		return 0;
	case 0x02:
	case 0x06:
	case 0x07:
		return 0;
	}
	return SIM_STALL;
}

/* Its port is in the low byte of the index; AN120, 3.5: bit 17 of the divisor is the fast clock. */
static int ft232h_control(struct sim_port *port, uint8_t type, uint8_t request, uint16_t value,
			  uint16_t index, uint8_t *data, uint16_t length)
{
	if ((index & 0xff) > 1)
		return SIM_STALL;
	index >>= 8;
	if (type == 0x40 && request == 0x03)
		return ftdi_set_baud(port, index & 2 ? 192000000 : 48000000,
				     value | (index & 1U) << 16);
	return ftdi_control(port, type, request, value, index, data, length);
}

/* CDC-ACM: PSTN 1.2, 6.3; the line coding is that of PL2303 as well. */

static const uint8_t acm_device[] = DEVICE(0x0200, 2, 64, 0x2341, 0x0043, 0x0001);
/* Header; call management; ACM: line coding and state, BREAK; union. */
#define ACM_FUNCTION \
	5, 0x24, 0x00, LE16(0x0110), 5, 0x24, 0x01, 0, 1, 4, 0x24, 0x02, 0x06, 5, 0x24, 0x06, 0, 1
static const uint8_t acm_config[] = {
	CONFIG(67, 2), INTERFACE(0, 1, 2, 2, 1), ACM_FUNCTION, INTERRUPT(0x82, 16),
	INTERFACE(1, 2, 10, 0, 0), BULK(0x04, 64), BULK(0x83, 64),
};
/* What a Linux gadget is at SuperSpeed: bMaxPacketSize0 is an exponent (USB 3.2, 9.6.1). */
static const uint8_t gadget_device[] = DEVICE(0x0300, 2, 9, 0x0525, 0xa4a7, 0x0612);
static const uint8_t gadget_config[] = {
	CONFIG(85, 2), INTERFACE(0, 1, 2, 2, 1), ACM_FUNCTION, INTERRUPT(0x82, 16), COMPANION(0, 16),
	INTERFACE(1, 2, 10, 0, 0), BULK(0x04, 1024), COMPANION(0, 0),
	BULK(0x83, 1024), COMPANION(0, 0),
};

static void take_coding(struct sim_port *port, const uint8_t *data)
{
	static const char *const stops[] = { "1", "1.5", "2" };

	memcpy(port->coding, data, 7);
	port->baud = le32(data);
	set(port, data[6], data[5], data[4] < 3 ? stops[data[4]] : "?");
}

static void acm_power_on(struct sim_port *port)
{
	static const uint8_t coding[] = { 0x80, 0x25, 0, 0, 0, 0, 8 };

	take_coding(port, coding);
	port->enabled = true;
}

static int acm_control(struct sim_port *port, uint8_t type, uint8_t request, uint16_t value,
		       uint16_t index, uint8_t *data, uint16_t length)
{
	if (index != 0)
		return SIM_STALL;
	if (type == 0xa1 && request == 0x21)
		return answer(data, length, port->coding, 7);
	if (type != 0x21)
		return SIM_STALL;
	switch (request) {
	case 0x20:
		if (length != 7)
			return SIM_STALL;
		take_coding(port, data);
		return 0;
	case 0x22:
		port->dtr = value & 1;
		port->rts = value & 2;
		return 0;
	case 0x23:
		port->brk = value;
		return 0;
	}
	return SIM_STALL;
}

/* CP2102. */

static const uint8_t cp210x_device[] = DEVICE(0x0110, 0, 64, 0x10c4, 0xea60, 0x0100);
static const uint8_t cp210x_config[] = {
	CONFIG(32, 1), INTERFACE(0, 2, 0xff, 0, 0), BULK(0x81, 64), BULK(0x01, 64),
};

static void cp210x_power_on(struct sim_port *port)
{
	port->enabled = false;
	port->baud = 115200;
	set(port, 8, 0, "1");
}

static int cp210x_control(struct sim_port *port, uint8_t type, uint8_t request, uint16_t value,
			  uint16_t index, uint8_t *data, uint16_t length)
{
	static const char *const stops[] = { "1", "1.5", "2" };
	uint8_t some[19] = { 0 };

	if (type == 0xc0 && request == 0xff && value == 0x370b)
		return answer(data, length, "\x02", 1);
	if (index != 0)
		return SIM_STALL;
	if (type == 0xc1) {
		switch (request) {
		case 0x04:
			some[0] = strcmp(port->stop, "1") ? strcmp(port->stop, "2") ? 1 : 2 : 0;
			some[0] |= (strchr("NOEMS", port->parity) - "NOEMS") << 4;
			some[1] = port->bits;
			return answer(data, length, some, 2);
		case 0x08:
			return answer(data, length, some, 1);
		case 0x10:
			return answer(data, length, some, 19);
		case 0x14:
			return answer(data, length, some, 16);
		case 0x1d:
			some[0] = port->baud;
			some[1] = port->baud >> 8;
			some[2] = port->baud >> 16;
			some[3] = port->baud >> 24;
			return answer(data, length, some, 4);
		}
		return SIM_STALL;
	}
	if (type != 0x41)
		return SIM_STALL;
	switch (request) {
	case 0x00:
		port->enabled = value & 1;
		return 0;
	case 0x03:
		if ((value & 0xf) > 2 || (value >> 4 & 0xf) > 4)
			return SIM_STALL;
		set(port, value >> 8, value >> 4 & 0xf, stops[value & 0xf]);
		return 0;
	case 0x05:
		port->brk = value;
		return 0;
	case 0x07:
		if (value & 0x100)
			port->dtr = value & 1;
		if (value & 0x200)
			port->rts = value & 2;
		return 0;
	case 0x12:
	case 0x13:
	case 0x19:
		return 0;
	case 0x1e:
		if (length != 4 || le32(data) < 300 || le32(data) > 1000000)
			return SIM_STALL;
		port->baud = le32(data);
		return 0;
	}
	return SIM_STALL;
}

/* CH341: the registers are what ch341.c names. */

static const uint8_t ch341_device[] = DEVICE(0x0110, 0xff, 64, 0x1a86, 0x7523, 0x0264);
static const uint8_t ch341_config[] = {
	CONFIG(39, 1), INTERFACE(0, 3, 0xff, 1, 2), BULK(0x82, 64), BULK(0x02, 64), INTERRUPT(0x81, 8),
};

enum { CH341_BREAK = 0x05, CH341_PRESCALER = 0x12, CH341_DIVISOR = 0x13, CH341_LCR = 0x18 };

static void ch341_power_on(struct sim_port *port)
{
	port->enabled = false;
	port->regs[CH341_BREAK] = 1;
}

static void ch341_written(struct sim_port *port)
{
	unsigned int prescaler = port->regs[CH341_PRESCALER], lcr = port->regs[CH341_LCR];
	unsigned int divisor = 0x100 - port->regs[CH341_DIVISOR];
	unsigned int shift = 12 - 3 * (prescaler & 3) - (prescaler >> 2 & 1);

	port->baud = 48000000 / ((1U << shift) * divisor);
	set(port, 5 + (lcr & 3), lcr & 8 ? 1 + (lcr >> 4 & 3) : 0, lcr & 4 ? "2" : "1");
	if (lcr & 8)
		port->parity = "OEMS"[lcr >> 4 & 3];
	/* Both directions are switched on by bits of this register. */
	port->enabled = (lcr & 0x80) && (lcr & 0x40 || !(port->regs[CH341_BREAK] & 1));
	port->brk = !(port->regs[CH341_BREAK] & 1) && !(lcr & 0x40);
}

static int ch341_control(struct sim_port *port, uint8_t type, uint8_t request, uint16_t value,
			 uint16_t index, uint8_t *data, uint16_t length)
{
	uint8_t two[2];

	if (type == 0xc0) {
		switch (request) {
		case 0x5f:
			return answer(data, length, "\x31\x00", 2);
		case 0x95:
			two[0] = port->regs[value & 0xff];
			two[1] = port->regs[value >> 8];
			if (value == 0x0706)	/* modem status, inverted */
				two[0] = 0xff;
			return answer(data, length, two, 2);
		}
		return SIM_STALL;
	}
	if (type != 0x40)
		return SIM_STALL;
	switch (request) {
	case 0xa1:
		if (value & 0xff) {	/* with parameters it sets the line as well */
			port->regs[CH341_LCR] = value >> 8;
			port->regs[CH341_PRESCALER] = index & 0xff;
			port->regs[CH341_DIVISOR] = index >> 8;
			ch341_written(port);
		}
		return 0;
	case 0x9a:
		port->regs[value & 0xff] = index & 0xff;
		port->regs[value >> 8] = index >> 8;
		ch341_written(port);
		return 0;
	case 0xa4:
		port->dtr = !(value & 0x20);
		port->rts = !(value & 0x40);
		return 0;
	}
	return SIM_STALL;
}

/* PL2303HX. */

static const uint8_t pl2303_device[] = DEVICE(0x0110, 0, 64, 0x067b, 0x2303, 0x0300);
static const uint8_t pl2303_config[] = {
	CONFIG(39, 1), INTERFACE(0, 3, 0xff, 0, 0), INTERRUPT(0x81, 10), BULK(0x02, 64), BULK(0x83, 64),
};

static int pl2303_control(struct sim_port *port, uint8_t type, uint8_t request, uint16_t value,
			  uint16_t index, uint8_t *data, uint16_t length)
{
	unsigned int divisor;
	int n;

	if (type == 0xc0 && request == 0x01)
		return answer(data, length, &port->regs[value & 0xff], 1);
	if (type == 0x40 && request == 0x01) {
		port->regs[value & 0xff] = index;
		return 0;
	}
	n = acm_control(port, type, request, value, index, data, length);
	/* Other rates than the common ones: a divisor of 12 MHz * 32, 9 bits and 4^n. */
	if (n >= 0 && request == 0x20 && data[3] == 0x80) {
		divisor = (data[0] | (data[1] & 1) << 8) << 2 * (data[1] >> 1 & 7);
		port->baud = divisor ? 384000000 / divisor : 0;
	}
	return n;
}

static const struct sim_chip chips[] = {
	{ "ftdi", usb_redir_speed_full, ftdi_device, ftdi_config, sizeof(ftdi_config), 0x81, 0x02, 64, 2,
	  ftdi_power_on, ftdi_control },
	{ "ft232h", usb_redir_speed_high, ft232h_device, ft232h_config, sizeof(ft232h_config),
	  0x81, 0x02, 512, 2, ftdi_power_on, ft232h_control },
	{ "cdc-acm", usb_redir_speed_full, acm_device, acm_config, sizeof(acm_config), 0x83, 0x04, 64, 0,
	  acm_power_on, acm_control },
	{ "gadget", usb_redir_speed_super, gadget_device, gadget_config, sizeof(gadget_config),
	  0x83, 0x04, 1024, 0, acm_power_on, acm_control },
	{ "cp210x", usb_redir_speed_full, cp210x_device, cp210x_config, sizeof(cp210x_config), 0x81, 0x01, 64, 0,
	  cp210x_power_on, cp210x_control },
	{ "ch341", usb_redir_speed_full, ch341_device, ch341_config, sizeof(ch341_config), 0x82, 0x02, 64, 0,
	  ch341_power_on, ch341_control },
	{ "pl2303", usb_redir_speed_full, pl2303_device, pl2303_config, sizeof(pl2303_config), 0x83, 0x02, 64, 0,
	  acm_power_on, pl2303_control },
};

const struct sim_chip *sim_chip_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(chips) / sizeof(chips[0]); i++)
		if (!strcmp(chips[i].name, name))
			return &chips[i];
	return NULL;
}

const char *sim_chip_names(void)
{
	return "ftdi, ft232h, cdc-acm, gadget, cp210x, ch341, pl2303";
}
