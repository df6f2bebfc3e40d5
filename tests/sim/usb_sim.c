// SPDX-License-Identifier: GPL-2.0
/*
 * usb-sim: a USB serial adapter behind QEMU's usb-redir device, see sim.h.
 *
 * It connects to QEMU's chardev and speaks the usbredir protocol, as the machine with the
 * device does. What the driver tells the chip is printed, a line each. Commands on
 * standard input make it misbehave.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <usbredirparser.h>

#include "sim.h"

#define FIFO_SIZE	65536
#define PENDING_MAX	64
#define CONTROL_MAX	4096	/* that QEMU takes; it calls more a stall */

/* A transfer that QEMU waits for. */
struct pending {
	uint64_t id;
	unsigned int length;
};

/* How the next transfers of a kind go wrong. */
enum fault { FAULT_NONE, FAULT_STALL, FAULT_BABBLE, FAULT_RUNT, FAULT_OVERSIZE, FAULT_SILENCE };

static const struct sim_chip *chip;
static struct sim_port port;
static struct usbredirparser *parser;
static int usb = -1, line = -1, listener = -1;
static bool broken, plugged, want_plugged = true;
static uint8_t descriptors[2][256];
static uint8_t configuration;
static const char *serial;
static unsigned int far_baud;
static uint8_t line_break[8];
static unsigned int line_break_len;
static bool short_packets;
static enum fault in_fault, out_fault, control_fault;

static uint8_t from_line[FIFO_SIZE], to_line[FIFO_SIZE];
static unsigned int from_len, to_len;
static struct pending in[PENDING_MAX], out[PENDING_MAX];
static unsigned int in_count, out_count;
/* Requests that were met with silence; QEMU uses an id again once it was told of its end. */
static struct {
	uint64_t id;
	struct usb_redir_control_packet_header h;
} ignored[PENDING_MAX];
static unsigned int ignored_count;
static long long status_due;	/* FTDI's next packet without data, in ms */

static void __attribute__((format(printf, 1, 2), noreturn)) die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "usb-sim: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(1);
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(a.sun_path))
		die("%s: the name of this socket is too long", path);
	strcpy(a.sun_path, path);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		close(fd);
		return -1;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(a.sun_path))
		die("%s: the name of this socket is too long", path);
	strcpy(a.sun_path, path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 8) < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* What the chip was told, where it has changed. */
static void tell(const struct sim_port *old)
{
	if (old->baud != port.baud || old->bits != port.bits || old->parity != port.parity ||
	    old->stop != port.stop)
		printf("line %u %u%c%s\n", port.baud, port.bits, port.parity, port.stop);
	if (old->dtr != port.dtr || old->rts != port.rts)
		printf("dtr %d rts %d\n", port.dtr, port.rts);
	if (old->brk != port.brk)
		printf("break %s\n", port.brk ? "on" : "off");
	if (old->enabled != port.enabled)
		printf("%s\n", port.enabled ? "enabled" : "disabled");
}

/* The serial line. */

/* On a line whose ends differ by more than 3 % nothing arrives as it was sent. */
static uint8_t on_the_line(uint8_t c)
{
	long long off = far_baud ? (long long)port.baud - far_baud : 0;

	return llabs(off) * 100 > 3LL * far_baud ? c ^ 0x5a : c;
}

static void send_line(uint8_t c)
{
	if (to_len < FIFO_SIZE)
		to_line[to_len++] = c;
}

static void transmit(const uint8_t *data, int len)
{
	int i;

	for (i = 0; i < len && port.enabled; i++) {
		uint8_t c = on_the_line(data[i]);

		send_line(c);
		if (line_break_len && c == line_break[0])
			send_line(c);
	}
}

static void transmit_break(void)
{
	unsigned int i;

	for (i = 0; i < line_break_len; i++)
		send_line(line_break[i]);
}

static void read_line(void)
{
	uint8_t data[4096];
	unsigned int room = FIFO_SIZE - from_len, i;
	int n = read(line, data, room < sizeof(data) ? room : sizeof(data));

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		close(line);
		line = -1;
	}
	/* Nobody listens to a chip that is off. */
	for (i = 0; n > 0 && i < (unsigned int)n && port.enabled && configuration; i++)
		from_line[from_len++] = on_the_line(data[i]);
}

static void write_line(void)
{
	int n = write(line, to_line, to_len);

	if (n > 0) {
		to_len -= n;
		memmove(to_line, to_line + n, to_len);
	} else if (n == 0 || errno != EAGAIN) {
		close(line);
		line = -1;
	}
}

/* A fault that was ordered has happened, once. */
static void happened(enum fault *fault)
{
	printf("fault\n");
	*fault = FAULT_NONE;
}

/* Bulk transfers. */

static void answer_bulk(uint64_t id, uint8_t endpoint, int status, uint8_t *data, unsigned int len)
{
	struct usb_redir_bulk_packet_header h = {
		.endpoint = endpoint, .status = status, .length = len, .length_high = len >> 16,
	};

	usbredirparser_send_bulk_packet(parser, id, &h, endpoint & 0x80 ? data : NULL,
					endpoint & 0x80 ? len : 0);
}

static void forget(struct pending *list, unsigned int *count, unsigned int i)
{
	memmove(list + i, list + i + 1, (--*count - i) * sizeof(*list));
}

/* One transfer's worth of packets, each with its header. */
static unsigned int fill(uint8_t *data, unsigned int length)
{
	unsigned int len = 0, n, payload = chip->in_max - chip->header;

	if (short_packets)
		payload = 1;
	do {
		if (length - len < chip->header)
			break;
		memcpy(data + len, "\x01\x60", chip->header);
		n = from_len < payload ? from_len : payload;
		if (n > length - len - chip->header)
			n = length - len - chip->header;
		memcpy(data + len + chip->header, from_line, n);
		from_len -= n;
		memmove(from_line, from_line + n, from_len);
		len += chip->header + n;
	} while (from_len && n == chip->in_max - chip->header && len < length);
	return len;
}

static void answer_in(void)
{
	static uint8_t data[FIFO_SIZE];
	unsigned int len;

	while (in_count && in_fault != FAULT_SILENCE) {
		struct pending p = in[0];

		if (in_fault != FAULT_NONE) {
			forget(in, &in_count, 0);
			memset(data, 0x24, sizeof(data));
			if (in_fault == FAULT_RUNT)
				answer_bulk(p.id, chip->in, usb_redir_success, data, 1);
			else if (in_fault == FAULT_OVERSIZE)
				answer_bulk(p.id, chip->in, usb_redir_success, data, p.length + 64);
			else
				answer_bulk(p.id, chip->in, in_fault == FAULT_STALL ? usb_redir_stall :
					    usb_redir_babble, data, 0);
			happened(&in_fault);
			continue;
		}
		if (!from_len && (!chip->header || now_ms() < status_due))
			return;
		forget(in, &in_count, 0);
		len = fill(data, p.length < sizeof(data) ? p.length : sizeof(data));
		status_due = now_ms() + port.latency;
		answer_bulk(p.id, chip->in, usb_redir_success, data, len);
	}
}

/* A transfer is over when what it brought has gone, so that nothing piles up here. */
static void answer_out(void)
{
	while (out_count && !to_len && out_fault != FAULT_SILENCE) {
		answer_bulk(out[0].id, chip->out, usb_redir_success, NULL, out[0].length);
		forget(out, &out_count, 0);
	}
}

static void on_bulk(void *priv, uint64_t id, struct usb_redir_bulk_packet_header *h,
		    uint8_t *data, int len)
{
	struct pending p = { id, h->length | (unsigned int)h->length_high << 16 };

	(void)priv;
	if (h->endpoint == chip->in && in_count < PENDING_MAX) {
		in[in_count++] = p;
	} else if (h->endpoint == chip->out && out_fault == FAULT_STALL) {
		happened(&out_fault);
		answer_bulk(id, chip->out, usb_redir_stall, NULL, 0);
	} else if (h->endpoint == chip->out && out_count < PENDING_MAX) {
		transmit(data, len);
		out[out_count++] = p;
	} else {
		answer_bulk(id, h->endpoint, usb_redir_inval, NULL, 0);
	}
	usbredirparser_free_packet_data(parser, data);
}

static void on_cancel(void *priv, uint64_t id)
{
	unsigned int i;

	(void)priv;
	for (i = 0; i < in_count; i++) {
		if (in[i].id != id)
			continue;
		forget(in, &in_count, i);
		answer_bulk(id, chip->in, usb_redir_cancelled, NULL, 0);
		return;
	}
	for (i = 0; i < out_count; i++) {
		if (out[i].id != id)
			continue;
		forget(out, &out_count, i);
		answer_bulk(id, chip->out, usb_redir_cancelled, NULL, 0);
		return;
	}
	for (i = 0; i < ignored_count; i++) {
		if (ignored[i].id != id)
			continue;
		ignored[i].h.status = usb_redir_cancelled;
		ignored[i].h.length = 0;
		usbredirparser_send_control_packet(parser, id, &ignored[i].h, NULL, 0);
		ignored[i] = ignored[--ignored_count];
		return;
	}
}

/* Control transfers. */

static int string_descriptor(uint8_t *data, unsigned int index)
{
	const char *const strings[] = { "\x09\x04", "usb-sim", chip->name, serial };
	unsigned int i;

	if (index >= 4)
		return SIM_STALL;
	data[1] = 3;
	data[0] = 4;
	memcpy(data + 2, strings[0], 2);
	if (!index)
		return 4;
	for (i = 0; strings[index][i] && i < 120; i++) {
		data[2 + 2 * i] = strings[index][i];
		data[3 + 2 * i] = 0;
	}
	return data[0] = 2 + 2 * i;
}

/* What a device can do besides, from USB 3 on: SuperSpeed (USB 3.2, 9.6.2). */
static int bos_descriptor(uint8_t *data)
{
	static const uint8_t bos[] = {
		5, 0x0f, 22, 0, 2,
		7, 0x10, 0x02, 2, 0, 0, 0,		/* link power management */
		10, 0x10, 0x03, 0, 0x0e, 0, 1, 10, 0xff, 0x07,
	};

	if (chip->speed != usb_redir_speed_super)
		return SIM_STALL;
	memcpy(data, bos, sizeof(bos));
	return sizeof(bos);
}

static int standard(const struct usb_redir_control_packet_header *h, uint8_t *data)
{
	switch (h->requesttype << 8 | h->request) {
	case 0x8006:
		switch (h->value >> 8) {
		case 1:
			memcpy(data, descriptors[0], 18);
			return 18;
		case 2:
			memcpy(data, descriptors[1], chip->config_len);
			return chip->config_len;
		case 3:
			return string_descriptor(data, h->value & 0xff);
		case 15:
			return bos_descriptor(data);
		}
		return SIM_STALL;
	case 0x8000:
	case 0x8200:
		memset(data, 0, 2);
		return 2;
	case 0x0030:		/* SET_SEL */
	case 0x0031:		/* SET_ISOCH_DELAY */
		return chip->speed == usb_redir_speed_super ? 0 : SIM_STALL;
	case 0x0201:		/* CLEAR_FEATURE(ENDPOINT_HALT) */
		printf("halt cleared %02x\n", h->index);
		return 0;
	}
	return SIM_STALL;
}

static void on_control(void *priv, uint64_t id, struct usb_redir_control_packet_header *h,
		       uint8_t *sent, int sent_len)
{
	static uint8_t data[65536];
	struct sim_port old = port;
	int n;

	(void)priv;
	memset(data, 0, sizeof(data));
	if (sent_len)
		memcpy(data, sent, sent_len);
	usbredirparser_free_packet_data(parser, sent);
	if (control_fault == FAULT_SILENCE && ignored_count < PENDING_MAX) {
		ignored[ignored_count].id = id;
		ignored[ignored_count++].h = *h;
		return;
	}
	if ((h->requesttype & 0x60) == 0)
		n = standard(h, data);
	else if (control_fault == FAULT_STALL)
		n = SIM_STALL;
	else
		n = chip->control(&port, h->requesttype, h->request, h->value, h->index, data,
				  h->length);
	tell(&old);
	if (port.brk && !old.brk)
		transmit_break();
	h->status = n < 0 ? usb_redir_stall : usb_redir_success;
	if (n > h->length)
		n = h->length;
	if (control_fault == FAULT_OVERSIZE && h->requesttype & 0x80 && n >= 0)
		n = CONTROL_MAX + 64;
	if (h->requesttype & 0x80)
		h->length = n < 0 ? 0 : n;
	else if (n < 0)
		h->length = 0;
	usbredirparser_send_control_packet(parser, id, h, h->requesttype & 0x80 ? data : NULL,
					   h->requesttype & 0x80 ? h->length : 0);
}

static void power_on(void)
{
	memset(&port, 0, sizeof(port));
	chip->power_on(&port);
	configuration = 0;
	from_len = 0;
	in_count = 0;
	out_count = 0;
}

static void on_reset(void *priv)
{
	(void)priv;
	printf("reset\n");
	power_on();
}

static void send_configuration(uint64_t id, int status)
{
	struct usb_redir_configuration_status_header h = { status, configuration };

	usbredirparser_send_configuration_status(parser, id, &h);
}

static void on_set_configuration(void *priv, uint64_t id,
				 struct usb_redir_set_configuration_header *h)
{
	bool good = h->configuration <= 1;

	(void)priv;
	if (good)
		configuration = h->configuration;
	printf("config %d\n", h->configuration);
	send_configuration(id, good ? usb_redir_success : usb_redir_stall);
}

static void on_get_configuration(void *priv, uint64_t id)
{
	(void)priv;
	send_configuration(id, usb_redir_success);
}

static void on_set_alt(void *priv, uint64_t id, struct usb_redir_set_alt_setting_header *h)
{
	struct usb_redir_alt_setting_status_header answer = {
		h->alt ? usb_redir_stall : usb_redir_success, h->interface, 0,
	};

	(void)priv;
	usbredirparser_send_alt_setting_status(parser, id, &answer);
}

static void on_get_alt(void *priv, uint64_t id, struct usb_redir_get_alt_setting_header *h)
{
	struct usb_redir_alt_setting_status_header answer = { usb_redir_success, h->interface, 0 };

	(void)priv;
	usbredirparser_send_alt_setting_status(parser, id, &answer);
}

static void on_start_interrupt(void *priv, uint64_t id,
			       struct usb_redir_start_interrupt_receiving_header *h)
{
	struct usb_redir_interrupt_receiving_status_header answer = { usb_redir_success, h->endpoint };

	(void)priv;
	usbredirparser_send_interrupt_receiving_status(parser, id, &answer);
}

static void on_stop_interrupt(void *priv, uint64_t id,
			      struct usb_redir_stop_interrupt_receiving_header *h)
{
	struct usb_redir_interrupt_receiving_status_header answer = { usb_redir_success, h->endpoint };

	(void)priv;
	usbredirparser_send_interrupt_receiving_status(parser, id, &answer);
}

/* Towards QEMU. */

/* QEMU is told of the true interfaces and endpoints whatever the descriptors say. */
static void plug(void)
{
	struct usb_redir_device_connect_header device = {
		.speed = chip->speed, .device_class = chip->device[4],
		.vendor_id = chip->device[8] | chip->device[9] << 8,
		.product_id = chip->device[10] | chip->device[11] << 8,
		.device_version_bcd = chip->device[12] | chip->device[13] << 8,
	};
	struct usb_redir_interface_info_header interfaces = { 0 };
	struct usb_redir_ep_info_header ep = { 0 };
	const uint8_t *d;
	unsigned int i;

	memset(ep.type, usb_redir_type_invalid, sizeof(ep.type));
	ep.type[0] = ep.type[16] = usb_redir_type_control;
	ep.max_packet_size[0] = chip->speed == usb_redir_speed_super ? 512 : 64;
	ep.max_packet_size[16] = ep.max_packet_size[0];
	for (d = chip->config; d < chip->config + chip->config_len; d += d[0]) {
		if (d[1] == 4) {
			i = interfaces.interface_count++;
			interfaces.interface[i] = d[2];
			interfaces.interface_class[i] = d[5];
			interfaces.interface_subclass[i] = d[6];
			interfaces.interface_protocol[i] = d[7];
		} else if (d[1] == 5) {
			i = (d[2] & 0x80) >> 3 | (d[2] & 0x0f);
			ep.type[i] = d[3];
			ep.interval[i] = d[6];
			ep.interface[i] = interfaces.interface_count - 1;
			ep.max_packet_size[i] = d[4] | d[5] << 8;
		}
	}
	power_on();
	usbredirparser_send_interface_info(parser, &interfaces);
	usbredirparser_send_ep_info(parser, &ep);
	usbredirparser_send_device_connect(parser, &device);
	plugged = true;
	printf("plugged\n");
}

static void on_hello(void *priv, struct usb_redir_hello_header *h)
{
	(void)priv;
	(void)h;
	if (want_plugged)
		plug();
}

static void on_log(void *priv, int level, const char *text)
{
	(void)priv;
	if (level <= usbredirparser_warning)
		fprintf(stderr, "usb-sim: %s\n", text);
}

static int on_read(void *priv, uint8_t *data, int count)
{
	int n = read(usb, data, count);

	(void)priv;
	if (n > 0)
		return n;
	if (n < 0 && errno == EAGAIN)
		return 0;
	broken = true;
	return -1;
}

static int on_write(void *priv, uint8_t *data, int count)
{
	int n = write(usb, data, count);

	(void)priv;
	if (n >= 0)
		return n;
	if (errno == EAGAIN)
		return 0;
	broken = true;
	return -1;
}

static void open_usb(const char *path)
{
	uint32_t caps[USB_REDIR_CAPS_SIZE] = { 0 };

	usb = connect_to(path);
	if (usb < 0)
		return;
	broken = false;
	plugged = false;
	parser = usbredirparser_create();
	if (!parser)
		die("out of memory");
	parser->log_func = on_log;
	parser->read_func = on_read;
	parser->write_func = on_write;
	parser->hello_func = on_hello;
	parser->reset_func = on_reset;
	parser->set_configuration_func = on_set_configuration;
	parser->get_configuration_func = on_get_configuration;
	parser->set_alt_setting_func = on_set_alt;
	parser->get_alt_setting_func = on_get_alt;
	parser->start_interrupt_receiving_func = on_start_interrupt;
	parser->stop_interrupt_receiving_func = on_stop_interrupt;
	parser->cancel_data_packet_func = on_cancel;
	parser->control_packet_func = on_control;
	parser->bulk_packet_func = on_bulk;
	/* Without bulk_receiving each transfer of the guest's comes here as it is. */
	usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
	usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
	usbredirparser_init(parser, "usb-sim", caps, USB_REDIR_CAPS_SIZE,
			    usbredirparser_fl_usb_host);
}

static void close_usb(void)
{
	usbredirparser_destroy(parser);
	parser = NULL;
	close(usb);
	usb = -1;
}

/* The chip's own descriptors, or ones that lie: a few bytes changed, the same for a seed. */
static void describe(unsigned int seed)
{
	unsigned int i, n;

	memcpy(descriptors[0], chip->device, 18);
	memcpy(descriptors[1], chip->config, chip->config_len);
	if (!seed)
		return;
	srand(seed);
	n = 1 + rand() % 6;
	for (i = 0; i < n; i++) {
		bool device = rand() % 4 == 0;
		size_t at = rand() % (device ? 18 : chip->config_len);

		descriptors[device ? 0 : 1][at] = rand() % 3 ? rand() : rand() % 2 ? 0 : 0xff;
	}
}

/* Commands. */

static const struct {
	const char *name;
	enum fault *of;
	enum fault fault;
} faults[] = {
	{ "stall in", &in_fault, FAULT_STALL },
	{ "babble in", &in_fault, FAULT_BABBLE },
	{ "runt in", &in_fault, FAULT_RUNT },
	{ "oversize in", &in_fault, FAULT_OVERSIZE },
	{ "silence in", &in_fault, FAULT_SILENCE },
	{ "stall out", &out_fault, FAULT_STALL },
	{ "silence out", &out_fault, FAULT_SILENCE },
	{ "stall control", &control_fault, FAULT_STALL },
	{ "oversize control", &control_fault, FAULT_OVERSIZE },
	{ "silence control", &control_fault, FAULT_SILENCE },
};

static void command(const char *text)
{
	size_t i;

	if (!strcmp(text, "unplug")) {
		want_plugged = false;
		if (plugged)
			usbredirparser_send_device_disconnect(parser);
		plugged = false;
	} else if (!strcmp(text, "plug")) {
		want_plugged = true;
		if (parser && !plugged)
			plug();
	} else if (!strncmp(text, "baud ", 5)) {
		far_baud = strtoul(text + 5, NULL, 10);
	} else if (!strncmp(text, "chip ", 5) && !plugged && sim_chip_find(text + 5)) {
		chip = sim_chip_find(text + 5);
		describe(0);
	} else if (!strncmp(text, "mutate ", 7) && !plugged) {
		describe(strtoul(text + 7, NULL, 10));
	} else if (!strcmp(text, "short")) {
		short_packets = true;
	} else if (!strcmp(text, "heal")) {
		short_packets = false;
		in_fault = out_fault = control_fault = FAULT_NONE;
	} else {
		for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
			if (!strcmp(text, faults[i].name))
				break;
		if (i == sizeof(faults) / sizeof(faults[0])) {
			printf("unknown command: %s\n", text);
			return;
		}
		*faults[i].of = faults[i].fault;
	}
	printf("done: %s\n", text);
}

static void read_commands(void)
{
	static char text[256];
	static size_t len;
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1) {
		if (c != '\n' && len < sizeof(text) - 1) {
			text[len++] = c;
			continue;
		}
		text[len] = '\0';
		len = 0;
		command(text);
	}
}

static void run(const char *usb_path, const char *line_path)
{
	struct pollfd fds[4];
	int commands = STDIN_FILENO;

	for (;;) {
		if (usb < 0)
			open_usb(usb_path);
		if (line < 0 && line_path)
			line = connect_to(line_path);
		if (line < 0 && listener >= 0)
			line = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (line < 0)
			to_len = 0;	/* nobody is at the other end */
		if (usb >= 0) {
			answer_out();
			answer_in();
			if (usbredirparser_has_data_to_write(parser))
				usbredirparser_do_write(parser);
		}
		fds[0] = (struct pollfd){ commands, POLLIN, 0 };
		fds[1] = (struct pollfd){ usb, POLLIN, 0 };
		fds[2] = (struct pollfd){ line, (from_len < FIFO_SIZE / 2 ? POLLIN : 0) |
					  (to_len ? POLLOUT : 0), 0 };
		fds[3] = (struct pollfd){ line < 0 ? listener : -1, POLLIN, 0 };
		if (usb >= 0 && usbredirparser_has_data_to_write(parser))
			fds[1].events |= POLLOUT;
		poll(fds, 4, in_count && chip->header ? 1 : 100);
		if (fds[0].revents & POLLHUP && !(fds[0].revents & POLLIN))
			commands = -1;
		if (fds[0].revents & POLLIN)
			read_commands();
		if (usb >= 0 && fds[1].revents)
			usbredirparser_do_read(parser);
		if (line >= 0 && fds[2].revents & (POLLIN | POLLHUP))
			read_line();
		if (line >= 0 && fds[2].revents & POLLOUT)
			write_line();
		if (usb >= 0 && broken)
			close_usb();
	}
}

static const char usage[] =
	"usage: usb-sim --chip CHIP --usb PATH [options]\n"
	"Plays a USB serial adapter for QEMU's usb-redir device.\n"
	"  --chip CHIP        %s\n"
	"  --usb PATH         the socket of the usb-redir device's chardev\n"
	"  --line PATH        the socket that is the other end of the serial line\n"
	"  --listen PATH      the same, made here; one client at a time\n"
	"  --baud N           what is there runs at N baud: another rate garbles\n"
	"  --line-break HEX   bytes that a BREAK is on the line; the first of them is doubled\n"
	"                     where it is data (0162 for a chardev of QEMU with mux=on)\n"
	"  --serial TEXT      the serial number (default: SIM1)\n"
	"  --mutate SEED      with damaged descriptors; 0: with the true ones\n"
	"  --unplugged        not plugged in yet\n"
	"Commands on standard input: plug, unplug, baud N, short, heal, stall|babble|runt|oversize|\n"
	"silence in, stall|silence out, stall|oversize|silence control; while unplugged chip CHIP,\n"
	"mutate SEED.\n";

static unsigned long number(const char *text, const char *option)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end)
		die("--%s %s: expected a number", option, text);
	return n;
}

static void parse_break(const char *hex)
{
	unsigned int value;

	for (; *hex; hex += 2) {
		if (line_break_len == sizeof(line_break) || sscanf(hex, "%2x", &value) != 1 || !hex[1])
			die("--line-break: expected up to 8 bytes in hexadecimal");
		line_break[line_break_len++] = value;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "chip", required_argument, NULL, 'c' }, { "usb", required_argument, NULL, 'u' },
		{ "line", required_argument, NULL, 'l' }, { "baud", required_argument, NULL, 'b' },
		{ "listen", required_argument, NULL, 'i' },
		{ "line-break", required_argument, NULL, 'k' },
		{ "serial", required_argument, NULL, 's' },
		{ "mutate", required_argument, NULL, 'm' },
		{ "unplugged", no_argument, NULL, 'n' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	const char *usb_path = NULL, *line_path = NULL, *seed = NULL;
	int c;

	serial = "SIM1";
	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'c':
			chip = sim_chip_find(optarg);
			if (!chip)
				die("--chip %s: there are %s", optarg, sim_chip_names());
			break;
		case 'u':
			usb_path = optarg;
			break;
		case 'l':
			line_path = optarg;
			break;
		case 'b':
			far_baud = number(optarg, "baud");
			break;
		case 'i':
			listener = listen_at(optarg);
			break;
		case 'k':
			parse_break(optarg);
			break;
		case 's':
			serial = optarg;
			break;
		case 'm':
			seed = optarg;
			break;
		case 'n':
			want_plugged = false;
			break;
		case 'h':
			printf(usage, sim_chip_names());
			return 0;
		default:
			return 1;
		}
	}
	if (!chip || !usb_path || optind != argc)
		die("--chip and --usb are needed; see --help");
	describe(seed ? number(seed, "mutate") : 0);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	run(usb_path, line_path);
}
