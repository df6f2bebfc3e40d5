// SPDX-License-Identifier: GPL-2.0
/* See usb_adapters.h. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "usb_adapters.h"

#define DEVICES		"/sys/bus/usb/devices"

/* More than any device has; sysfs tells no size. */
#define DESCRIPTORS_MAX	65536

/* A file of a device's directory; the number of bytes, 0 if there is none. */
static size_t read_file(const char *device, const char *file, void *data, size_t size)
{
	char path[PATH_MAX];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", device, file);
	f = fopen(path, "re");
	if (!f)
		return 0;
	len = fread(data, 1, size, f);
	fclose(f);
	return len;
}

/* The first line of one. The strings come from the device: keep what can be printed. */
static void read_line(const char *device, const char *file, char *line, size_t size)
{
	size_t len = read_file(device, file, line, size - 1);

	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	for (; *line; line++)
		if (iscntrl((unsigned char)*line))
			*line = '?';
}

static int read_number(const char *device, const char *file)
{
	char line[16];

	read_line(device, file, line, sizeof(line));
	return atoi(line);
}

/*
 * The configuration that is set, or the first one of a device that has none: another one
 * than the kernel's choice would take the device's other functions away.
 */
static const uint8_t *find_config(const uint8_t *data, size_t len, int value, size_t *config_len)
{
	size_t at, total;

	for (at = USB_SERIAL_DEVICE_DESC; len >= at + 9; at += total) {
		total = data[at + 2] | data[at + 3] << 8;
		if (total < 9 || total > len - at)
			total = len - at;
		if (!value || data[at + 5] == value) {
			*config_len = total;
			return data + at;
		}
	}
	*config_len = 0;
	return data;
}

/* Has the descriptors of sysfs: libusb has raw ones from an open device only. */
static void identify(struct usb_adapter *a)
{
	uint8_t *data = malloc(DESCRIPTORS_MAX);
	const uint8_t *config;
	size_t len, config_len;

	if (!data)
		abort();	/* out of memory, at a time when there is nothing to save */
	len = read_file(a->topology, "descriptors", data, DESCRIPTORS_MAX);
	config = find_config(data, len, a->config, &config_len);
	a->why_not = usb_serial_identify(&a->port, data,
					 len < USB_SERIAL_DEVICE_DESC ? len : USB_SERIAL_DEVICE_DESC,
					 config, config_len);
	free(data);
}

static bool is_topology(const char *s)
{
	size_t bus = strspn(s, "0123456789");

	return bus && s[bus] == '-' && isdigit((unsigned char)s[bus + 1]) &&
	       s[bus + 1 + strspn(s + bus + 1, "0123456789.")] == '\0';
}

static bool is_ids(const char *s, unsigned int *vid, unsigned int *pid)
{
	size_t v = strspn(s, "0123456789abcdefABCDEF"), p;

	if (!v || v > 4 || s[v] != ':')
		return false;
	p = strspn(s + v + 1, "0123456789abcdefABCDEF");
	return p && p <= 4 && !s[v + 1 + p] && sscanf(s, "%x:%x", vid, pid) == 2;
}

static bool is_serial(const char *s)
{
	return !strncmp(s, "serial=", 7) && s[7];
}

bool usb_selector_valid(const char *selector)
{
	unsigned int vid, pid;

	return !*selector || is_ids(selector, &vid, &pid) || is_serial(selector) ||
	       is_topology(selector);
}

static bool matches(const struct usb_adapter *a, const char *selector)
{
	unsigned int vid, pid;

	if (!*selector)
		return !a->why_not;
	if (is_serial(selector))
		return !strcmp(a->serial, selector + 7);
	if (is_ids(selector, &vid, &pid))
		return a->port.vid == vid && a->port.pid == pid;
	return !strcmp(a->topology, selector);
}

static void look_at(struct usb_adapter *a, const char *device)
{
	char maker[128], product[128];

	memset(a, 0, sizeof(*a));
	snprintf(a->topology, sizeof(a->topology), "%s", device);
	a->config = read_number(device, "bConfigurationValue");
	identify(a);
	read_line(device, "serial", a->serial, sizeof(a->serial));
	read_line(device, "manufacturer", maker, sizeof(maker));
	read_line(device, "product", product, sizeof(product));
	snprintf(a->name, sizeof(a->name), "%s%s%s", maker, *maker && *product ? " " : "",
		 product);
	snprintf(a->node, sizeof(a->node), "/dev/bus/usb/%03d/%03d",
		 read_number(device, "busnum"), read_number(device, "devnum"));
	a->allowed = access(a->node, R_OK | W_OK) == 0;
}

/* Devices, neither their interfaces ("1-1:1.0") nor root hubs ("usb1"). */
static int device_only(const struct dirent *d)
{
	return is_topology(d->d_name);
}

size_t usb_adapters_find(const char *selector, struct usb_adapter **list)
{
	struct usb_adapter *a;
	struct dirent **names;
	size_t found = 0;
	int i, n;

	*list = NULL;
	n = scandir(DEVICES, &names, device_only, versionsort);
	if (n < 0)
		return 0;
	a = calloc(n + 1, sizeof(*a));
	if (!a)
		abort();
	for (i = 0; i < n; i++) {
		look_at(&a[found], names[i]->d_name);
		if (matches(&a[found], selector))
			found++;
		free(names[i]);
	}
	free(names);
	*list = a;
	return found;
}

void usb_adapter_describe(const struct usb_adapter *adapter, char *text, size_t size)
{
	snprintf(text, size, "%s (%04x:%04x%s%s%s%s)", adapter->topology, adapter->port.vid,
		 adapter->port.pid, adapter->why_not ? "" : " ",
		 adapter->why_not ? "" : usb_serial_chip_name(adapter->port.chip),
		 *adapter->serial ? ", serial " : "", adapter->serial);
}
