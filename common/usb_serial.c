// SPDX-License-Identifier: GPL-2.0
/*
 * USB serial adapters, see usb_serial.h. "ftdi_sio.c" and the like below are Linux's
 * drivers in drivers/usb, for what no document of the maker says.
 */
#ifdef __KERNEL__
#include <linux/kprobes.h>
#else
#define NOKPROBE_SYMBOL(fn)
#endif

#include "usb_serial.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const char damaged[] = "its descriptors are damaged";
static const char hub[] = "it is a hub";
static const char unknown[] = "no USB serial chip that is known";
static const char no_bulk[] = "it has no pair of bulk endpoints";
static const char no_data[] = "it has no CDC-ACM data interface";

/* Descriptors: USB 2.0, tables 9-5, 9-8, 9-10, 9-12, 9-13; USB 3.2, 9.6.7; CDC 1.2, 5.2.3. */
enum {
	DESC_DEVICE = 0x01,
	DESC_CONFIG = 0x02,
	DESC_INTERFACE = 0x04,
	DESC_ENDPOINT = 0x05,
	DESC_CS_INTERFACE = 0x24,
	DESC_COMPANION = 0x30,

	CONFIG_LEN = 9,
	INTERFACE_LEN = 9,
	ENDPOINT_LEN = 7,
	COMPANION_LEN = 6,
	CALL_MANAGEMENT_LEN = 5,
	UNION_LEN = 5,

	CLASS_CDC = 0x02,
	CLASS_HUB = 0x09,
	CLASS_CDC_DATA = 0x0a,
	SUBCLASS_ACM = 0x02,	/* PSTN 1.2, 4.1 */
	PROTOCOL_VENDOR = 0xff,

	CS_CALL_MANAGEMENT = 0x01,
	CS_UNION = 0x06,
};

/* bmRequestType: USB 2.0, table 9-2. */
enum {
	OUT_CLASS_INTERFACE = 0x21,
	OUT_VENDOR_DEVICE = 0x40,
	OUT_VENDOR_INTERFACE = 0x41,
	IN_VENDOR_DEVICE = 0xc0,
};

/* PSTN 1.2, table 13; the PL2303 has the same, see pl2303.c. */
enum {
	ACM_SET_LINE_CODING = 0x20,
	ACM_SET_CONTROL_LINE_STATE = 0x22,
	ACM_SEND_BREAK = 0x23,

	ACM_DTR_RTS = 0x03,	/* table 18 */
	ACM_BREAK_ON = 0xffff,	/* until it is ended: 6.3.13 */
	ACM_BREAK_OFF = 0,
};

/* ftdi_sio.h; what the bits of wValue and wIndex mean is there, too. */
enum {
	FTDI_RESET = 0,
	FTDI_MODEM_CTRL = 1,
	FTDI_SET_FLOW_CTRL = 2,
	FTDI_SET_BAUD_RATE = 3,
	FTDI_SET_DATA = 4,
	FTDI_SET_LATENCY_TIMER = 9,

	FTDI_DTR_RTS_ON = 0x0303,
	FTDI_DTR_RTS_OFF = 0x0300,
	FTDI_8N1 = 0x0008,
	FTDI_BREAK = 0x4000,
};

/* AN571, table 1 "CP210x commands" and the sections on each of them. */
enum {
	CP210X_IFC_ENABLE = 0x00,
	CP210X_SET_LINE_CTL = 0x03,
	CP210X_SET_BREAK = 0x05,
	CP210X_SET_MHS = 0x07,
	CP210X_PURGE = 0x12,
	CP210X_SET_FLOW = 0x13,
	CP210X_SET_BAUDRATE = 0x1e,

	CP210X_8N1 = 0x0800,
	CP210X_DTR_RTS_ON = 0x0303,
	CP210X_DTR_RTS_OFF = 0x0300,
	CP210X_PURGE_ALL = 0x000f,
	CP210X_DTR_ACTIVE = 0x01,	/* ulControlHandshake */
	CP210X_RTS_ACTIVE = 0x40,	/* ulFlowReplace */
};

/* ch341.c */
enum {
	CH341_READ_VERSION = 0x5f,
	CH341_WRITE_REG = 0x9a,
	CH341_SERIAL_INIT = 0xa1,
	CH341_MODEM_CTRL = 0xa4,

	/* Two registers are written at a time: a byte of wValue each, of wIndex their contents. */
	CH341_DIVISOR_PRESCALER = 0x1312,
	CH341_LCR2_LCR = 0x2518,
	CH341_LCR_BREAK = 0x1805,

	CH341_FACTOR = 0x04,
	CH341_UNBUFFERED = 0x80,
	CH341_LCR_8N1 = 0xc3,
	CH341_LCR_TX = 0x40,
	CH341_NO_BREAK = 0x01,
	CH341_DTR_RTS = 0x60,
};

/* pl2303.c */
enum {
	PL2303_REQUEST = 0x01,
	PL2303_G_WRITE = 0x80,

	PL2303_G_RESET = 0x07,
	PL2303_G_RESET_PIPES = 0x03,
	PL2303_G_FLOW = 0x0a,
	PL2303_G_FLOW_NONE = 0xff,
};

/* Who is who, where descriptors do not say. From the id tables of Linux's drivers. */
static const struct usb_serial_id {
	uint16_t vid;
	uint16_t pid;
	uint8_t chip;
} ids[] = {
	{ 0x0403, 0x6001, USB_SERIAL_FTDI },	/* FT232A, FT232B, FT232R */
	{ 0x0403, 0x6010, USB_SERIAL_FTDI },	/* FT2232C, FT2232D, FT2232H */
	{ 0x0403, 0x6011, USB_SERIAL_FTDI },	/* FT4232H */
	{ 0x0403, 0x6014, USB_SERIAL_FTDI },	/* FT232H */
	{ 0x0403, 0x6015, USB_SERIAL_FTDI },	/* FT230X, FT231X, ... */
	{ 0x0403, 0x6040, USB_SERIAL_FTDI },	/* FT2233HP */
	{ 0x0403, 0x6041, USB_SERIAL_FTDI },	/* FT4233HP */
	{ 0x0403, 0x6042, USB_SERIAL_FTDI },	/* FT2232HP */
	{ 0x0403, 0x6043, USB_SERIAL_FTDI },	/* FT4232HP */
	{ 0x0403, 0x6044, USB_SERIAL_FTDI },	/* FT233HP */
	{ 0x0403, 0x6045, USB_SERIAL_FTDI },	/* FT232HP */
	{ 0x0403, 0x6048, USB_SERIAL_FTDI },	/* FT4232HA */

	{ 0x10c4, 0xea60, USB_SERIAL_CP210X },	/* CP2101 to CP2104, CP2102N */
	{ 0x10c4, 0xea61, USB_SERIAL_CP210X },
	{ 0x10c4, 0xea63, USB_SERIAL_CP210X },	/* CP2101 to CP2104, CP2102N */
	{ 0x10c4, 0xea70, USB_SERIAL_CP210X },	/* CP2105 */
	{ 0x10c4, 0xea71, USB_SERIAL_CP210X },	/* CP2108 */
	{ 0x10c4, 0xea7a, USB_SERIAL_CP210X },	/* CP2105 */
	{ 0x10c4, 0xea7b, USB_SERIAL_CP210X },	/* CP2108 */

	{ 0x1a86, 0x5523, USB_SERIAL_CH341 },	/* CH341 */
	{ 0x1a86, 0x7522, USB_SERIAL_CH341 },	/* CH340K */
	{ 0x1a86, 0x7523, USB_SERIAL_CH341 },	/* CH340 */
	{ 0x1a86, 0xe523, USB_SERIAL_CH341 },	/* CH330; in its maker's driver only */
	{ 0x2184, 0x0057, USB_SERIAL_CH341 },	/* GW Instek */
	{ 0x4348, 0x5523, USB_SERIAL_CH341 },	/* CH341, WinChipHead's old id */
	{ 0x9986, 0x7523, USB_SERIAL_CH341 },

	{ 0x067b, 0x2303, USB_SERIAL_PL2303 },	/* H, HX, HXD, TA */
	{ 0x067b, 0x2304, USB_SERIAL_PL2303 },	/* TB */
	{ 0x067b, 0x23a3, USB_SERIAL_PL2303 },	/* GC */
	{ 0x067b, 0x23b3, USB_SERIAL_PL2303 },	/* GB */
	{ 0x067b, 0x23c3, USB_SERIAL_PL2303 },	/* GT */
	{ 0x067b, 0x23d3, USB_SERIAL_PL2303 },	/* GL */
	{ 0x067b, 0x23e3, USB_SERIAL_PL2303 },	/* GE */
	{ 0x067b, 0x23f3, USB_SERIAL_PL2303 },	/* GS */
	{ 0x0557, 0x2008, USB_SERIAL_PL2303 },	/* ATEN UC-232A */
};

#define FTDI_AM		0x01	/* fractions of a divisor: only 0, 1/8, 1/4 and 1/2 */
#define FTDI_FAST	0x02	/* has a clock of 120 MHz besides that of 48 MHz */
#define FTDI_PORTS	0x04	/* wants to know which port a request is for */

/* bcdDevice: ftdi_determine_type() in ftdi_sio.c. */
static const struct ftdi_chip {
	uint16_t version;
	uint8_t flags;
} ftdi_chips[] = {
	{ 0x0200, FTDI_AM },			/* FT232A */
	{ 0x0400, 0 },				/* FT232B */
	{ 0x0500, FTDI_PORTS },			/* FT2232C, FT2232D */
	{ 0x0600, 0 },				/* FT232R */
	{ 0x0700, FTDI_FAST | FTDI_PORTS },	/* FT2232H */
	{ 0x0800, FTDI_FAST | FTDI_PORTS },	/* FT4232H */
	{ 0x0900, FTDI_FAST | FTDI_PORTS },	/* FT232H */
	{ 0x1000, FTDI_PORTS },			/* FT230X, FT231X, ... */
	{ 0x2800, FTDI_FAST | FTDI_PORTS },	/* FT2233HP */
	{ 0x2900, FTDI_FAST | FTDI_PORTS },	/* FT4233HP */
	{ 0x3000, FTDI_FAST | FTDI_PORTS },	/* FT2232HP */
	{ 0x3100, FTDI_FAST | FTDI_PORTS },	/* FT4232HP */
	{ 0x3200, FTDI_FAST | FTDI_PORTS },	/* FT233HP */
	{ 0x3300, FTDI_FAST | FTDI_PORTS },	/* FT232HP */
	{ 0x3600, FTDI_FAST | FTDI_PORTS },	/* FT4232HA */
};

/* A chip with four ports has the most. */
#define FTDI_PORT_MAX	3

static uint16_t le16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static void put_le32(uint8_t *p, uint32_t value)
{
	p[0] = value;
	p[1] = value >> 8;
	p[2] = value >> 16;
	p[3] = value >> 24;
}

/* Descriptors one after the other. Copied, it is a bookmark. */
struct walk {
	const uint8_t *at;
	size_t left;
	bool cut;	/* the device has more than there is here */
	bool damaged;
};

static const uint8_t *next_desc(struct walk *w)
{
	const uint8_t *d = w->at;

	if (!w->left)
		return NULL;
	/* It would be met forever. */
	if (d[0] < 2) {
		w->damaged = true;
		return NULL;
	}
	if (d[0] > w->left) {
		w->damaged = !w->cut;
		return NULL;
	}
	w->at += d[0];
	w->left -= d[0];
	return d;
}

/* Look at every descriptor once, so that what comes after this can rely on their lengths. */
static const char *check_config(struct walk w)
{
	const uint8_t *d;
	bool is_hub = false;

	while ((d = next_desc(&w))) {
		if ((d[1] == DESC_INTERFACE && d[0] < INTERFACE_LEN) ||
		    (d[1] == DESC_ENDPOINT && d[0] < ENDPOINT_LEN) ||
		    (d[1] == DESC_COMPANION && d[0] < COMPANION_LEN))
			return damaged;
		if (d[1] == DESC_INTERFACE && d[5] == CLASS_HUB)
			is_hub = true;
	}
	if (w.damaged)
		return damaged;
	return is_hub ? hub : NULL;
}

/*
 * The next interface, as it is by default: alternate setting 0 (USB 2.0, 9.6.5). @seen has
 * a bit for each number, as a second one of the same number is the device's mistake.
 */
static const uint8_t *next_interface(struct walk *w, uint8_t seen[32])
{
	const uint8_t *d;

	while ((d = next_desc(w))) {
		if (d[1] != DESC_INTERFACE || d[3] != 0 || seen[d[2] / 8] & 1 << d[2] % 8)
			continue;
		seen[d[2] / 8] |= 1 << d[2] % 8;
		return d;
	}
	return NULL;
}

static const uint8_t *find_interface(struct walk *w, int number)
{
	const uint8_t *d;

	while ((d = next_desc(w))) {
		if (d[1] == DESC_INTERFACE && d[2] == number && d[3] == 0)
			return d;
	}
	return NULL;
}

/* The first bulk endpoint of each direction of the interface that @w has just passed. */
static const char *take_endpoints(struct usb_serial *port, struct walk w)
{
	uint8_t *burst = NULL;
	const uint8_t *d;
	uint16_t max;
	bool in;

	port->in = 0;
	port->out = 0;
	port->in_burst = 0;
	port->out_burst = 0;
	while ((d = next_desc(&w)) && d[1] != DESC_INTERFACE) {
		/* Follows the endpoint that it is about. */
		if (d[1] == DESC_COMPANION && burst) {
			if (d[2] > 15)
				return damaged;
			*burst = d[2];
			burst = NULL;
		}
		if (d[1] != DESC_ENDPOINT)
			continue;

		burst = NULL;
		in = d[2] & 0x80;
		if ((d[3] & 3) != 2 || (in ? port->in : port->out))
			continue;
		max = le16(d + 4);
		/* Bits that must be 0 for bulk make it larger than any size that is allowed. */
		if (!(d[2] & 0x0f) || d[2] & 0x70 || max < 8 || max > 1024)
			return damaged;
		if (in) {
			port->in = d[2];
			port->in_max = max;
			burst = &port->in_burst;
		} else {
			port->out = d[2];
			port->out_max = max;
			burst = &port->out_burst;
		}
	}
	return port->in && port->out ? NULL : no_bulk;
}

/* The first interface with a pair of bulk endpoints: the chip's first port. */
static const char *take_vendor(struct usb_serial *port, struct walk w)
{
	uint8_t seen[32] = { 0 };
	const uint8_t *d;
	const char *why;

	while ((d = next_interface(&w, seen))) {
		port->control = d[2];
		port->data = d[2];
		why = take_endpoints(port, w);
		if (why != no_bulk)
			return why;
	}
	return no_bulk;
}

/*
 * CDC-ACM: the data interface is named by the union descriptor (CDC 1.2, 5.2.3.2); where
 * that is missing or wrong by the call management descriptor (PSTN 1.2, 5.3.1). Some
 * devices have one interface for both purposes (acm_probe() in cdc-acm.c).
 */
static const char *take_acm(struct usb_serial *port, const struct walk all)
{
	struct walk w = all, inside, other;
	uint8_t seen[32] = { 0 };
	const char *why, *result = unknown;
	const uint8_t *d, *f, *data;
	int candidates[3];
	unsigned int i;

	while ((d = next_interface(&w, seen))) {
		/* With the vendor's protocol it is Microsoft's RNDIS: acm_ids[] in cdc-acm.c. */
		if (d[5] != CLASS_CDC || d[6] != SUBCLASS_ACM || d[7] == PROTOCOL_VENDOR)
			continue;

		candidates[0] = -1;
		candidates[1] = -1;
		candidates[2] = d[2];
		inside = w;
		while ((f = next_desc(&inside)) && f[1] != DESC_INTERFACE) {
			if (f[1] != DESC_CS_INTERFACE || f[0] < 3)
				continue;
			if (f[2] == CS_UNION && f[0] >= UNION_LEN && f[3] == d[2])
				candidates[0] = f[4];
			if (f[2] == CS_CALL_MANAGEMENT && f[0] >= CALL_MANAGEMENT_LEN)
				candidates[1] = f[4];
		}

		for (i = 0; i < COUNT(candidates); i++) {
			other = all;
			data = find_interface(&other, candidates[i]);
			if (!data || (data != d && data[5] != CLASS_CDC_DATA))
				continue;
			port->control = d[2];
			port->data = data[2];
			why = take_endpoints(port, other);
			if (why != no_bulk)
				return why;
		}
		result = no_data;
	}
	return result;
}

static const struct ftdi_chip *find_ftdi(uint16_t version)
{
	unsigned int i;

	for (i = 0; i < COUNT(ftdi_chips); i++) {
		if (ftdi_chips[i].version == version)
			return &ftdi_chips[i];
	}
	return NULL;
}

const char *usb_serial_identify(struct usb_serial *port, const uint8_t *device,
				size_t device_len, const uint8_t *config,
				size_t config_len)
{
	enum usb_serial_chip chip = USB_SERIAL_NONE;
	struct walk w = { 0 };
	unsigned int i;
	const char *why;
	size_t total;

	*port = (struct usb_serial){ 0 };
	if (device_len < USB_SERIAL_DEVICE_DESC || device[0] < USB_SERIAL_DEVICE_DESC ||
	    device[1] != DESC_DEVICE)
		return damaged;
	port->vid = le16(device + 8);
	port->pid = le16(device + 10);
	port->version = le16(device + 12);
	if (device[4] == CLASS_HUB)
		return hub;

	/* bConfigurationValue 0 would set no configuration (USB 2.0, 9.4.7). */
	if (config_len < CONFIG_LEN || config[0] < CONFIG_LEN || config[1] != DESC_CONFIG ||
	    config[5] == 0)
		return damaged;
	total = le16(config + 2);
	if (config[0] > total || config[0] > config_len)
		return damaged;
	w.cut = total > config_len;
	w.at = config + config[0];
	w.left = (w.cut ? config_len : total) - config[0];
	port->config = config[5];

	why = check_config(w);
	if (why)
		return why;

	for (i = 0; i < COUNT(ids); i++) {
		if (ids[i].vid == port->vid && ids[i].pid == port->pid)
			chip = ids[i].chip;
	}
	if (chip == USB_SERIAL_NONE) {
		chip = USB_SERIAL_CDC_ACM;
		why = take_acm(port, w);
	} else {
		why = take_vendor(port, w);
	}
	if (why)
		return why;

	if (chip == USB_SERIAL_FTDI) {
		/* Nobody knows the clock of such a chip. */
		if (!find_ftdi(port->version))
			return unknown;
		if (port->control > FTDI_PORT_MAX)
			return damaged;
	}
	port->chip = chip;
	return NULL;
}

const char *usb_serial_chip_name(enum usb_serial_chip chip)
{
	switch (chip) {
	case USB_SERIAL_FTDI:
		return "FTDI";
	case USB_SERIAL_CDC_ACM:
		return "CDC-ACM";
	case USB_SERIAL_CP210X:
		return "CP210x";
	case USB_SERIAL_CH341:
		return "CH341";
	case USB_SERIAL_PL2303:
		return "PL2303";
	default:
		return "unknown";
	}
}

struct list {
	struct usb_serial_request *requests;
	unsigned int count;
};

static struct usb_serial_request *add(struct list *list, uint8_t type, uint8_t request,
				      uint16_t value, uint16_t index)
{
	struct usb_serial_request *r = &list->requests[list->count++];

	*r = (struct usb_serial_request){
		.type = type, .request = request, .value = value, .index = index,
	};
	return r;
}

static uint32_t nearest(uint32_t clock, uint32_t baud)
{
	return (clock + baud / 2) / baud;
}

/*
 * Whether clock/divisor is within 3 % of @baud. Each end of a line of 10 bits samples the
 * last of them in its middle, so 5 % between the two ends is the limit.
 */
static bool near_enough(uint32_t clock, uint32_t divisor, uint32_t baud)
{
	uint64_t wanted = (uint64_t)divisor * baud;
	uint64_t off = clock > wanted ? clock - wanted : wanted - clock;

	return 100 * off <= 3 * wanted;
}

static unsigned int ftdi_flags(const struct usb_serial *port)
{
	const struct ftdi_chip *chip = find_ftdi(port->version);

	return chip ? chip->flags : 0;
}

/* wIndex of a request: ports are counted from 1; 0 for a chip with one port only. */
static uint16_t ftdi_port(const struct usb_serial *port)
{
	return ftdi_flags(port) & FTDI_PORTS ? port->control + 1 : 0;
}

/*
 * AN232B-05, 2 and 4: 3 MHz is divided by a number of eighths. 14 bits are its integer part,
 * the three above a code of the fraction. 1 and 1.5 have codes of their own, other numbers
 * below 2 do not exist. AN_120, 4: with bit 17 it is 12 MHz, for 1200 baud and more.
 */
static bool ftdi_divisor(unsigned int flags, uint32_t baud, uint32_t *code)
{
	static const uint8_t fractions[8] = { 0, 3, 2, 4, 1, 5, 6, 7 };
	/* FT232A: from each eighth to one that it has. */
	static const int8_t am_round[8] = { 0, 0, 0, -1, 0, -1, -2, 1 };
	bool fast = flags & FTDI_FAST && baud >= 1200;
	uint32_t clock = fast ? 8 * 12000000 : 8 * 3000000;
	uint32_t eighths;

	if (!baud || baud > clock / 8)
		return false;

	eighths = nearest(clock, baud);
	if (flags & FTDI_AM)
		eighths += am_round[eighths % 8];
	if (eighths < 16) {
		if (flags & FTDI_AM)
			eighths = eighths < 12 ? 8 : 16;
		else
			eighths = eighths < 10 ? 8 : eighths < 14 ? 12 : 16;
	}
	if (eighths / 8 > 0x3fff || !near_enough(clock, eighths, baud))
		return false;

	if (eighths == 8)
		*code = 0;
	else if (eighths == 12)
		*code = 1;
	else
		*code = eighths / 8 | (uint32_t)fractions[eighths % 8] << 14;
	if (fast)
		*code |= 1 << 17;
	return true;
}

static void ftdi_open(struct list *list, const struct usb_serial *port, uint32_t baud)
{
	unsigned int flags = ftdi_flags(port);
	uint16_t index = ftdi_port(port);
	uint32_t code;

	if (!ftdi_divisor(flags, baud, &code))
		return;
	add(list, OUT_VENDOR_DEVICE, FTDI_RESET, 0, index);
	add(list, OUT_VENDOR_DEVICE, FTDI_SET_DATA, FTDI_8N1, index);
	/* The byte above the port is the kind of flow control. */
	add(list, OUT_VENDOR_DEVICE, FTDI_SET_FLOW_CTRL, 0, index);
	/* By default what has been received waits 16 ms for more. The FT232A has no timer. */
	add(list, OUT_VENDOR_DEVICE, FTDI_SET_LATENCY_TIMER, 1, index)->may_fail = true;
	/* The high bits of the divisor give way to the port, where there is one. */
	add(list, OUT_VENDOR_DEVICE, FTDI_SET_BAUD_RATE, code,
	    flags & FTDI_PORTS ? (code >> 16) << 8 | index : code >> 16);
	add(list, OUT_VENDOR_DEVICE, FTDI_MODEM_CTRL, FTDI_DTR_RTS_ON, index);
}

/* PSTN 1.2, table 17: rate, one stop bit, no parity, eight bits. pl2303.c: the same. */
static struct usb_serial_request *add_line_coding(struct list *list, uint16_t index,
						  uint32_t rate)
{
	struct usb_serial_request *r;

	r = add(list, OUT_CLASS_INTERFACE, ACM_SET_LINE_CODING, 0, index);
	put_le32(r->data, rate);
	r->data[4] = 0;
	r->data[5] = 0;
	r->data[6] = 8;
	r->length = 7;
	return r;
}

static void acm_open(struct list *list, const struct usb_serial *port, uint32_t baud)
{
	/*
	 * What the rate can be is the device's business. A device that has no UART needs
	 * neither of the two (PSTN 1.2, table 4, D1).
	 */
	if (!baud)
		return;
	add_line_coding(list, port->control, baud)->may_fail = true;
	add(list, OUT_CLASS_INTERFACE, ACM_SET_CONTROL_LINE_STATE, ACM_DTR_RTS,
	    port->control)->may_fail = true;
}

/*
 * The parts have the same ids but not the same rates, from the CP2101's to the CP2102N's up
 * to 3 Mbaud. What all that are not limited to a list of rates have in common is that they
 * divide 24 MHz (cp210x_get_actual_rate() in cp210x.c); it is refused below 300 baud.
 */
static void cp210x_open(struct list *list, const struct usb_serial *port, uint32_t baud)
{
	struct usb_serial_request *r;

	if (baud < 300 || baud > 3000000 ||
	    !near_enough(24000000, nearest(24000000, baud), baud))
		return;
	add(list, OUT_VENDOR_INTERFACE, CP210X_IFC_ENABLE, 1, port->control);

	r = add(list, OUT_VENDOR_INTERFACE, CP210X_SET_BAUDRATE, 0, port->control);
	put_le32(r->data, baud);
	r->length = 4;

	add(list, OUT_VENDOR_INTERFACE, CP210X_SET_LINE_CTL, CP210X_8N1, port->control);

	/*
	 * ulControlHandshake, ulFlowReplace, ulXonLimit, ulXoffLimit. Some CP2102N take the
	 * third for the second (erratum CP2102N_E104). It has no other use without flow
	 * control.
	 */
	r = add(list, OUT_VENDOR_INTERFACE, CP210X_SET_FLOW, 0, port->control);
	put_le32(r->data, CP210X_DTR_ACTIVE);
	put_le32(r->data + 4, CP210X_RTS_ACTIVE);
	put_le32(r->data + 8, CP210X_RTS_ACTIVE);
	put_le32(r->data + 12, 0);
	r->length = 16;

	add(list, OUT_VENDOR_INTERFACE, CP210X_SET_MHS, CP210X_DTR_RTS_ON, port->control);
}

/*
 * ch341.c, ch341_get_divisor(): 48 MHz is divided by 2^(12 - 3 * ps - fact) and by a number
 * of 2 to 256, with fact 1 of 9 to 256. Fact 1 is used for rates only that would be off
 * with 0, and with ps 3 alone, as some chips have no other (CH341_QUIRK_LIMITED_PRESCALER);
 * below it the number is at least 32, so that nothing is lost.
 */
static bool ch341_divisor(uint32_t baud, uint16_t *code)
{
	uint32_t clock = 48000000;
	uint32_t prescaler, div;
	int ps;

	if (!baud || baud > 3000000)
		return false;

	for (ps = 3; ps > 0; ps--) {
		if (nearest(clock, baud << (12 - 3 * ps)) <= 256)
			break;
	}
	prescaler = 1 << (12 - 3 * ps);
	div = nearest(clock, baud * (prescaler / 2));
	if (ps == 3 && div % 2 && div >= 9 && div <= 256) {
		prescaler /= 2;
		ps |= CH341_FACTOR;
	} else {
		div = nearest(clock, baud * prescaler);
	}
	if (div < 2 || div > 256 || !near_enough(clock, prescaler * div, baud))
		return false;
	*code = (0x100 - div) << 8 | ps;
	return true;
}

static void ch341_open(struct list *list, uint32_t baud)
{
	uint16_t code;

	if (!ch341_divisor(baud, &code))
		return;
	add(list, IN_VENDOR_DEVICE, CH341_READ_VERSION, 0, 0)->length = 2;
	add(list, OUT_VENDOR_DEVICE, CH341_SERIAL_INIT, 0, 0);
	/* Without the bit what has been received waits until it is 32 bytes. */
	add(list, OUT_VENDOR_DEVICE, CH341_WRITE_REG, CH341_DIVISOR_PRESCALER,
	    code | CH341_UNBUFFERED);
	/* Chips older than version 0x30 may not have the register, but begin with 8N1. */
	add(list, OUT_VENDOR_DEVICE, CH341_WRITE_REG, CH341_LCR2_LCR,
	    CH341_LCR_8N1)->may_fail = true;
	add(list, OUT_VENDOR_DEVICE, CH341_MODEM_CTRL, (uint16_t)~CH341_DTR_RTS, 0);
}

enum pl2303_type { PL2303_H, PL2303_HX, PL2303_G };

/*
 * pl2303_detect_type() in pl2303.c. HX stands for HXD, TA and TB, too. An H there is a
 * device with a small bMaxPacketSize0, which has a bcdDevice below 0x0300 as well.
 */
static enum pl2303_type pl2303_type(const struct usb_serial *port)
{
	/* The G's own versions; the others it shares with chips before it. */
	static const uint16_t g_versions[] = {
		0x0105, 0x0305, 0x0405, 0x0505, 0x0600, 0x0605, 0x0700, 0x0705, 0x0905, 0x1005,
	};
	unsigned int i;

	/* 23a3 to 23f3: the ids that Prolific gave to the G series. */
	if (port->vid == 0x067b && port->pid >= 0x23a3 && port->pid <= 0x23f3)
		return PL2303_G;
	for (i = 0; i < COUNT(g_versions); i++) {
		if (port->version == g_versions[i])
			return PL2303_G;
	}
	return port->version < 0x0300 ? PL2303_H : PL2303_HX;
}

/*
 * pl2303.c: rates that a chip takes as they are (pl2303_get_supported_baud_rate()), otherwise
 * with bit 31 a divisor of 384 MHz. TA and TB have another format of it than the rest, the
 * same only up to 511: from 752 kbaud. A G takes any rate.
 */
static bool pl2303_rate(enum pl2303_type type, uint32_t baud, uint32_t *code)
{
	static const uint32_t rates[] = {
		75, 150, 300, 600, 1200, 1800, 2400, 3600, 4800, 7200, 9600, 14400, 19200,
		28800, 38400, 57600, 115200, 230400, 460800, 614400, 921600, 1228800, 2457600,
		3000000, 6000000,
	};
	static const uint32_t max[] = {
		[PL2303_H] = 1228800, [PL2303_HX] = 6000000, [PL2303_G] = 12000000,
	};
	const uint32_t clock = 12000000 * 32;
	uint32_t divisor;
	unsigned int i;

	if (baud < rates[0] || baud > max[type])
		return false;
	*code = baud;
	if (type == PL2303_G)
		return true;
	for (i = 0; i < COUNT(rates); i++) {
		if (rates[i] == baud)
			return true;
	}
	divisor = nearest(clock, baud);
	if (divisor <= 511) {
		*code = 0x80000000 | divisor;
		return true;
	}
	for (i = 0; i < COUNT(rates); i++) {
		if (near_enough(rates[i], 1, baud)) {
			*code = rates[i];
			return true;
		}
	}
	return false;
}

/* pl2303_startup() in pl2303.c; what it is good for is not known. */
static const struct pl2303_step {
	uint8_t type;
	uint16_t value;
	uint16_t index;
} pl2303_steps[] = {
	{ IN_VENDOR_DEVICE, 0x8484, 0 },
	{ OUT_VENDOR_DEVICE, 0x0404, 0 },
	{ IN_VENDOR_DEVICE, 0x8484, 0 },
	{ IN_VENDOR_DEVICE, 0x8383, 0 },
	{ IN_VENDOR_DEVICE, 0x8484, 0 },
	{ OUT_VENDOR_DEVICE, 0x0404, 1 },
	{ IN_VENDOR_DEVICE, 0x8484, 0 },
	{ IN_VENDOR_DEVICE, 0x8383, 0 },
	/* The upper half of register 0 is flow control: none. */
	{ OUT_VENDOR_DEVICE, 0x0000, 1 },
	{ OUT_VENDOR_DEVICE, 0x0001, 0 },
};

static void pl2303_open(struct list *list, const struct usb_serial *port, uint32_t baud)
{
	enum pl2303_type type = pl2303_type(port);
	const struct pl2303_step *step;
	unsigned int i;
	uint32_t rate;

	if (!pl2303_rate(type, baud, &rate))
		return;
	if (type == PL2303_G) {
		add(list, OUT_VENDOR_DEVICE, PL2303_G_WRITE, PL2303_G_RESET,
		    PL2303_G_RESET_PIPES)->may_fail = true;
		/*
		 * Bits 2 to 4 are what pl2303.c sets for no flow control. It reads the
		 * others; 0xff is what the BSDs' uplcom.c writes without having read.
		 */
		add(list, OUT_VENDOR_DEVICE, PL2303_G_WRITE, PL2303_G_FLOW,
		    PL2303_G_FLOW_NONE)->may_fail = true;
	} else {
		for (i = 0; i < COUNT(pl2303_steps); i++) {
			step = &pl2303_steps[i];
			/* Fails if it is a G in disguise, which does not need it. */
			add(list, step->type, PL2303_REQUEST, step->value, step->index);
			list->requests[list->count - 1].length =
				step->type == IN_VENDOR_DEVICE ? 1 : 0;
			list->requests[list->count - 1].may_fail = true;
		}
		add(list, OUT_VENDOR_DEVICE, PL2303_REQUEST, 2,
		    type == PL2303_H ? 0x24 : 0x44)->may_fail = true;
		if (type == PL2303_HX) {
			/* Empty both directions. */
			add(list, OUT_VENDOR_DEVICE, PL2303_REQUEST, 8, 0)->may_fail = true;
			add(list, OUT_VENDOR_DEVICE, PL2303_REQUEST, 9, 0)->may_fail = true;
		}
	}
	add_line_coding(list, 0, rate);
	add(list, OUT_CLASS_INTERFACE, ACM_SET_CONTROL_LINE_STATE, ACM_DTR_RTS, 0);
}

unsigned int usb_serial_open(const struct usb_serial *port, unsigned int baud,
			     struct usb_serial_request *requests)
{
	struct list list = { .requests = requests };

	switch (port->chip) {
	case USB_SERIAL_FTDI:
		ftdi_open(&list, port, baud);
		break;
	case USB_SERIAL_CDC_ACM:
		acm_open(&list, port, baud);
		break;
	case USB_SERIAL_CP210X:
		cp210x_open(&list, port, baud);
		break;
	case USB_SERIAL_CH341:
		ch341_open(&list, baud);
		break;
	case USB_SERIAL_PL2303:
		pl2303_open(&list, port, baud);
		break;
	default:
		break;
	}
	return list.count;
}

unsigned int usb_serial_break(const struct usb_serial *port, bool on,
			      struct usb_serial_request *requests)
{
	struct list list = { .requests = requests };

	switch (port->chip) {
	case USB_SERIAL_FTDI:
		/* Comes with the format of the characters. */
		add(&list, OUT_VENDOR_DEVICE, FTDI_SET_DATA,
		    FTDI_8N1 | (on ? FTDI_BREAK : 0), ftdi_port(port));
		break;
	case USB_SERIAL_CDC_ACM:
		add(&list, OUT_CLASS_INTERFACE, ACM_SEND_BREAK,
		    on ? ACM_BREAK_ON : ACM_BREAK_OFF, port->control);
		break;
	case USB_SERIAL_CP210X:
		add(&list, OUT_VENDOR_INTERFACE, CP210X_SET_BREAK, on, port->control);
		break;
	case USB_SERIAL_CH341:
		/*
		 * ch341_break_ctl() reads both registers and changes a bit in each. Of the
		 * LCR, in the upper byte, we know what ch341_open() wrote. Of the other no
		 * bit but this one is used by any driver that is known, and it means no
		 * break when it is 1.
		 */
		add(&list, OUT_VENDOR_DEVICE, CH341_WRITE_REG, CH341_LCR_BREAK,
		    on ? (CH341_LCR_8N1 & ~CH341_LCR_TX) << 8 :
			 CH341_LCR_8N1 << 8 | CH341_NO_BREAK);
		break;
	case USB_SERIAL_PL2303:
		add(&list, OUT_CLASS_INTERFACE, ACM_SEND_BREAK,
		    on ? ACM_BREAK_ON : ACM_BREAK_OFF, 0);
		break;
	default:
		break;
	}
	return list.count;
}

unsigned int usb_serial_close(const struct usb_serial *port,
			      struct usb_serial_request *requests)
{
	struct list list = { .requests = requests };

	switch (port->chip) {
	case USB_SERIAL_FTDI:
		add(&list, OUT_VENDOR_DEVICE, FTDI_MODEM_CTRL, FTDI_DTR_RTS_OFF,
		    ftdi_port(port));
		break;
	case USB_SERIAL_CDC_ACM:
		add(&list, OUT_CLASS_INTERFACE, ACM_SET_CONTROL_LINE_STATE, 0,
		    port->control)->may_fail = true;
		break;
	case USB_SERIAL_CP210X:
		add(&list, OUT_VENDOR_INTERFACE, CP210X_SET_MHS, CP210X_DTR_RTS_OFF,
		    port->control);
		/* Else a CP2108 may hang: cp210x_close() in cp210x.c. */
		add(&list, OUT_VENDOR_INTERFACE, CP210X_PURGE, CP210X_PURGE_ALL,
		    port->control)->may_fail = true;
		add(&list, OUT_VENDOR_INTERFACE, CP210X_IFC_ENABLE, 0, port->control);
		break;
	case USB_SERIAL_CH341:
		/* The lines are active where a bit is 0. */
		add(&list, OUT_VENDOR_DEVICE, CH341_MODEM_CTRL, 0xffff, 0);
		break;
	case USB_SERIAL_PL2303:
		add(&list, OUT_CLASS_INTERFACE, ACM_SET_CONTROL_LINE_STATE, 0, 0);
		break;
	default:
		break;
	}
	return list.count;
}

unsigned int usb_serial_header(const struct usb_serial *port)
{
	/* Modem and line status: AN232B-04; ftdi_sio.h, "DATA FORMAT". */
	return port->chip == USB_SERIAL_FTDI ? 2 : 0;
}
NOKPROBE_SYMBOL(usb_serial_header);
