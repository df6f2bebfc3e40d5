// SPDX-License-Identifier: GPL-2.0
/* The LINK grammar of the host program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../host/link_spec.h"

static struct link_spec spec;

static void good(const char *text, enum link_type type, const char *path, const char *host,
		 const char *port, unsigned int baud, const char *name)
{
	char got[64];

	assert_null(link_spec_parse(&spec, text));
	assert_int_equal(spec.type, type);
	assert_string_equal(spec.text, text);
	assert_string_equal(spec.path, path);
	assert_string_equal(spec.host, host);
	assert_string_equal(spec.port, port);
	assert_int_equal(spec.baud, baud);
	link_spec_name(&spec, got, sizeof(got));
	assert_string_equal(got, name);
}

static void bad(const char *text, const char *word)
{
	const char *why = link_spec_parse(&spec, text);

	assert_non_null(why);
	assert_non_null(strstr(why, word));
	assert_null(strchr(why, '\n'));
}

static void accepted(void **state)
{
	(void)state;
	good("unix:/run/vm.sock", LINK_UNIX, "/run/vm.sock", "", "", 0, "vm");
	good("unix:vm", LINK_UNIX, "vm", "", "", 0, "vm");
	good("unix:a,b:c", LINK_UNIX, "a,b:c", "", "", 0, "a-b-c");
	good("tcp:localhost:2345", LINK_TCP, "", "localhost", "2345", 0, "localhost-2345");
	good("tcp:[::1]:1", LINK_TCP, "", "::1", "1", 0, "--1-1");
	good("telnet:10.0.0.1:65535", LINK_TELNET, "", "10.0.0.1", "65535", 0, "10.0.0.1-65535");
	good("tty:/dev/ttyUSB0", LINK_TTY, "/dev/ttyUSB0", "", "", 115200, "ttyUSB0");
	good("tty:/dev/ttyS1,9600", LINK_TTY, "/dev/ttyS1", "", "", 9600, "ttyS1");
	good("tty:/dev/vport1p1", LINK_TTY, "/dev/vport1p1", "", "", 115200, "vport1p1");
	good("tty:/a,b,3000000", LINK_TTY, "/a,b", "", "", 3000000, "a-b");
	good("usb", LINK_USB, "", "", "", 115200, "usb");
	good("usb,921600", LINK_USB, "", "", "", 921600, "usb");
	good("usb:0403:6001", LINK_USB, "0403:6001", "", "", 115200, "usb-0403-6001");
	good("usb:serial=A1,57600", LINK_USB, "serial=A1", "", "", 57600, "usb-serial-A1");
	good("usb:1-2.3", LINK_USB, "1-2.3", "", "", 115200, "usb-1-2.3");
	good("dbc", LINK_DBC, "", "", "", 0, "dbc");
	good("dbc:1-2", LINK_DBC, "1-2", "", "", 0, "dbc-1-2");
}

static void refused(void **state)
{
	char text[PATH_MAX + 100];

	(void)state;
	bad("", "unix:PATH");
	bad("vm.sock", "unix:PATH");
	bad("unix", "unix:PATH");
	bad("unix:", "unix:PATH");
	bad("UNIX:/x", "unix:PATH");
	bad("usbx", "usb[:SELECTOR]");
	bad("tcp:", "tcp:HOST:PORT");
	bad("tcp:host", "tcp:HOST:PORT");
	bad("tcp::1", "tcp:HOST:PORT");
	bad("tcp:[]:1", "empty");
	bad("tcp:::1:22", "brackets");
	bad("tcp:h:", "65535");
	bad("tcp:h:0", "65535");
	bad("tcp:h:65536", "65535");
	bad("tcp:h:12a", "65535");
	bad("tcp:h:+1", "65535");
	bad("tcp:h:000001", "65535");
	bad("tty:", "tty:PATH");
	bad("tty:,9600", "tty:PATH");
	bad("tty:/dev/ttyS0,", "baud");
	bad("tty:/dev/ttyS0,0", "baud");
	bad("tty:/dev/ttyS0,-9600", "baud");
	bad("tty:/dev/ttyS0,99999999999999999999", "baud");
	bad("usb:x,fast", "baud");

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	bad(text, "longer");
	memcpy(text, "unix:", 5);
	text[200] = '\0';
	bad(text, "bytes");
	memcpy(text, "tcp:", 4);
	memset(text + 4, 'h', 400);
	strcpy(text + 404, ":1");
	bad(text, "too long");
}

static void short_name(void **state)
{
	char name[4];

	(void)state;
	assert_null(link_spec_parse(&spec, "unix:/run/longer.sock"));
	link_spec_name(&spec, name, sizeof(name));
	assert_string_equal(name, "lon");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(short_name),
	};

	return cmocka_run_group_tests_name("link_spec", tests, NULL, NULL);
}
