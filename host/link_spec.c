// SPDX-License-Identifier: GPL-2.0
/* The LINK grammar, see link_spec.h. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "link_spec.h"

/* Above any UART and any USB serial chip; 8N1 at this rate outruns USB 2. */
#define BAUD_MAX	12000000

static const struct {
	const char *name;
	enum link_type type;
	bool bare;		/* may stand without a colon */
} types[] = {
	{ "unix",	LINK_UNIX,	false },
	{ "tcp",	LINK_TCP,	false },
	{ "telnet",	LINK_TELNET,	false },
	{ "tty",	LINK_TTY,	false },
	{ "usb",	LINK_USB,	true },
	{ "dbc",	LINK_DBC,	true },
};

static char error[PATH_MAX + 256];

#define fail(...) (snprintf(error, sizeof(error), __VA_ARGS__), error)

/* A whole decimal number from min to max, or -1. */
static long number(const char *s, long min, long max)
{
	char *end;
	long n;

	if (!isdigit((unsigned char)*s))
		return -1;
	errno = 0;
	n = strtol(s, &end, 10);
	return errno || *end || n < min || n > max ? -1 : n;
}

int link_port_valid(const char *text)
{
	return strlen(text) <= 5 && number(text, 1, 65535) > 0;
}

/* Cut ",BAUD" off the end of spec->path. */
static const char *take_baud(struct link_spec *spec)
{
	char *comma = strrchr(spec->path, ',');
	long baud = LINK_DEFAULT_BAUD;

	if (comma) {
		*comma = '\0';
		baud = number(comma + 1, 1, BAUD_MAX);
		if (baud < 0)
			return fail("'%s' is no baud rate: give 1 to %d bits per second, e.g. %d",
				    comma + 1, BAUD_MAX, LINK_DEFAULT_BAUD);
	}
	spec->baud = baud;
	return NULL;
}

static const char *take_host_port(struct link_spec *spec, const char *arg)
{
	const char *colon = strrchr(arg, ':');
	const char *host = arg;
	size_t len;

	if (!colon || colon == arg)
		return fail("'%s' lacks a host or a port: write tcp:HOST:PORT, e.g. tcp:localhost:2345",
			    spec->text);
	len = colon - arg;
	if (host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	} else if (memchr(host, ':', len)) {
		return fail("'%.*s' looks like an IPv6 address: put it in brackets, e.g. tcp:[::1]:2345",
			    (int)len, host);
	}
	if (!link_port_valid(colon + 1))
		return fail("'%s' is no port number: give 1 to 65535", colon + 1);
	if (len == 0 || len >= sizeof(spec->host))
		return fail("the host name in '%s' is %s", spec->text, len ? "too long" : "empty");
	snprintf(spec->host, sizeof(spec->host), "%.*s", (int)len, host);
	snprintf(spec->port, sizeof(spec->port), "%s", colon + 1);
	return NULL;
}

const char *link_spec_parse(struct link_spec *spec, const char *text)
{
	const char *arg = NULL;
	size_t i, len;

	memset(spec, 0, sizeof(*spec));
	if (strlen(text) >= sizeof(spec->text))
		return fail("the LINK is longer than a path can be (%zu)", sizeof(spec->text) - 1);
	strcpy(spec->text, text);

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		len = strlen(types[i].name);
		if (strncmp(text, types[i].name, len) != 0)
			continue;
		if (text[len] == ':')
			arg = text + len + 1;
		else if (types[i].bare && (text[len] == '\0' || text[len] == ','))
			arg = text + len;
		if (arg)
			break;
	}
	if (!arg)
		return fail("'%s' is no LINK: write unix:PATH, tcp:HOST:PORT, telnet:HOST:PORT, tty:PATH[,BAUD], usb[:SELECTOR][,BAUD] or dbc[:SELECTOR]",
			    text);
	spec->type = types[i].type;

	switch (spec->type) {
	case LINK_TCP:
	case LINK_TELNET:
		return take_host_port(spec, arg);
	case LINK_UNIX:
		if (!*arg)
			return fail("'%s' lacks the socket's path: write unix:PATH", text);
		if (strlen(arg) >= sizeof(((struct sockaddr_un *)0)->sun_path))
			return fail("the path of a Unix socket has at most %zu bytes: '%s' is longer; use a relative path",
				    sizeof(((struct sockaddr_un *)0)->sun_path) - 1, arg);
		strcpy(spec->path, arg);
		return NULL;
	case LINK_TTY:
		strcpy(spec->path, arg);
		if (take_baud(spec))
			return error;
		if (!*spec->path)
			return fail("'%s' lacks the device: write tty:PATH[,BAUD], e.g. tty:/dev/ttyUSB0,115200",
				    text);
		return NULL;
	case LINK_USB:
		strcpy(spec->path, arg);
		return take_baud(spec);
	case LINK_DBC:
		strcpy(spec->path, arg);
		return NULL;
	}
	return NULL;
}

void link_spec_name(const struct link_spec *spec, char *name, size_t size)
{
	const char *base = strrchr(spec->path, '/');
	size_t len;

	base = base ? base + 1 : spec->path;
	switch (spec->type) {
	case LINK_TCP:
	case LINK_TELNET:
		snprintf(name, size, "%s-%s", spec->host, spec->port);
		break;
	case LINK_USB:
	case LINK_DBC:
		snprintf(name, size, "%s%s%s", spec->type == LINK_USB ? "usb" : "dbc",
			 *base ? "-" : "", base);
		break;
	default:
		snprintf(name, size, "%s", base);
		len = strlen(name);
		if (len > 5 && !strcmp(name + len - 5, ".sock"))
			name[len - 5] = '\0';
	}
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr(".-_", *name))
			*name = '-';
}
