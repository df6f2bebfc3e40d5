/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The LINK argument: which way leads to the target. Grammar only; nothing is opened.
 *
 *   unix:PATH | tcp:HOST:PORT | telnet:HOST:PORT | tty:PATH[,BAUD]
 *   usb[:SELECTOR][,BAUD] | dbc[:SELECTOR]
 */
#ifndef KGDB_IO_LINK_SPEC_H
#define KGDB_IO_LINK_SPEC_H

#include <limits.h>
#include <stddef.h>

/* Baud of a serial line where LINK gives none; kgdboc's users expect it. */
#define LINK_DEFAULT_BAUD	115200

enum link_type {
	LINK_UNIX,
	LINK_TCP,
	LINK_TELNET,	/* tcp, with NVT framing so that a BREAK can be sent */
	LINK_TTY,
	LINK_USB,
	LINK_DBC,
};

/**
 * struct link_spec - a LINK, taken apart
 * @type: what comes before the first colon
 * @text: the whole argument, for messages
 * @path: unix, tty: file name; usb, dbc: SELECTOR, empty if there is none
 * @host: tcp, telnet: name or address, without the brackets of an IPv6 one
 * @port: tcp, telnet: port number, decimal, 1 to 65535
 * @baud: tty, usb: bits per second, > 0; 0 for the other types
 */
struct link_spec {
	enum link_type type;
	char text[PATH_MAX];
	char path[PATH_MAX];
	char host[256];
	char port[6];
	unsigned int baud;
};

/**
 * link_spec_parse() - take a LINK apart
 * @spec: filled in; undefined after an error
 * @text: the argument
 *
 * Return: NULL, or what is wrong and what is expected, as one line without a newline,
 * in memory that stays valid until the next call.
 */
const char *link_spec_parse(struct link_spec *spec, const char *text);

/**
 * link_spec_name() - a short name for a link, for use as a file name
 * @spec: a link
 * @name: receives letters, digits, '.', '-' and '_' and a terminator
 * @size: size of @name in bytes, at least 2
 */
void link_spec_name(const struct link_spec *spec, char *name, size_t size);

/**
 * link_port_valid() - whether a port number is decimal and 1 to 65535
 * @text: the number
 */
int link_port_valid(const char *text);

#endif
