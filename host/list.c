// SPDX-License-Identifier: GPL-2.0
/*
 * What can be a LINK, from sysfs: UARTs that exist (the kernel makes ttyS nodes for ones
 * that do not), USB serial adapters, by their tty and without, and ports of virtio serial
 * devices.
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "list.h"
#include "usb_adapters.h"

/* The first line of a sysfs file, or an empty string. */
static void read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");

	line[0] = '\0';
	if (!f)
		return;
	if (!fgets(line, size, f))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(f);
}

static void print_link(const char *name, const char *what)
{
	char dev[PATH_MAX];
	const char *note = "";

	snprintf(dev, sizeof(dev), "/dev/%s", name);
	if (access(dev, R_OK | W_OK) < 0)
		note = "  (no permission: join the group that owns it, or become root)";
	printf("tty:%-24s %s%s\n", dev, what, note);
}

/* "vid:pid manufacturer product" of the USB device above a tty, or an empty string. */
static void usb_name(const char *tty, char *name, size_t size)
{
	char path[PATH_MAX], dir[PATH_MAX], vid[16], pid[16], maker[128], product[128];
	char *slash;

	snprintf(path, sizeof(path), "/sys/class/tty/%s/device", tty);
	name[0] = '\0';
	if (!realpath(path, dir))
		return;
	while ((slash = strrchr(dir, '/')) && slash != dir) {
		snprintf(path, sizeof(path), "%.4000s/idVendor", dir);
		read_line(path, vid, sizeof(vid));
		if (vid[0]) {
			snprintf(path, sizeof(path), "%.4000s/idProduct", dir);
			read_line(path, pid, sizeof(pid));
			snprintf(path, sizeof(path), "%.4000s/manufacturer", dir);
			read_line(path, maker, sizeof(maker));
			snprintf(path, sizeof(path), "%.4000s/product", dir);
			read_line(path, product, sizeof(product));
			snprintf(name, size, "%s:%s %s%s%s", vid, pid, maker,
				 *maker && *product ? " " : "", product);
			return;
		}
		*slash = '\0';
	}
}

static int list_tty(const char *name)
{
	char path[PATH_MAX], type[16], what[512];

	if (!strncmp(name, "ttyUSB", 6) || !strncmp(name, "ttyACM", 6)) {
		usb_name(name, what, sizeof(what));
		print_link(name, *what ? what : "USB serial adapter");
		return 1;
	}
	snprintf(path, sizeof(path), "/sys/class/tty/%.200s/type", name);
	read_line(path, type, sizeof(type));
	/* PORT_UNKNOWN is 0: a node with no UART behind it. */
	if (!type[0] || !strcmp(type, "0"))
		return 0;
	print_link(name, "UART");
	return 1;
}

static int list_vport(const char *name)
{
	char path[PATH_MAX], label[128], what[256];

	if (strncmp(name, "vport", 5) != 0)
		return 0;
	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%.200s/name", name);
	read_line(path, label, sizeof(label));
	snprintf(what, sizeof(what), "virtio serial port%s%s", *label ? " " : "", label);
	print_link(name, what);
	return 1;
}

static int list_class(const char *dir, int (*list)(const char *name))
{
	struct dirent **names;
	int i, n, found = 0;

	n = scandir(dir, &names, NULL, versionsort);
	for (i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			found += list(names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return found;
}

static int list_usb(void)
{
	struct usb_adapter *list;
	const struct usb_adapter *a;
	size_t i, n = usb_adapters_find("", &list);

	for (i = 0; i < n; i++) {
		a = &list[i];
		printf("usb:%-24s %04x:%04x %s%s%s%s%s%s\n", a->topology, a->port.vid, a->port.pid,
		       usb_serial_chip_name(a->port.chip), *a->serial ? ", serial " : "", a->serial,
		       *a->name ? ", " : "", a->name,
		       a->allowed ? "" : "  (no permission: " USB_ADAPTERS_PERMISSION ")");
	}
	free(list);
	return n;
}

int list_run(void)
{
	int found = list_class("/sys/class/tty", list_tty) + list_usb() +
		    list_class("/sys/class/virtio-ports", list_vport);

	if (!found)
		puts("no serial devices here. A VM is reached by the socket that it was started with: unix:PATH or tcp:HOST:PORT");
	return 0;
}
