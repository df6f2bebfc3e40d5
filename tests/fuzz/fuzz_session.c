// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer on the host program's sessions: bytes from all sides, in any order, with links
 * and gdbs that come and go and time that passes. Nothing may be sent to a gdb that is not
 * there or over a link that is down, and a quiet proxy must not spin.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../host/session.h"

#define CHECK(x) do { if (!(x)) { fprintf(stderr, "failed: %s\n", #x); abort(); } } while (0)

static struct {
	bool gdb, link;
	uint64_t now, timer;
	struct session *s;
} t;

/* Some requests are answered at once, some replies lead to more requests. */
static void request(void *arg, const void *data, size_t len)
{
	(void)arg;
	CHECK(t.gdb);
	if (len % 4 == 3)
		session_answer(t.s, data, len);
	else
		session_ask(t.s, data, len);
}

static void reply(void *arg, const void *data, size_t len)
{
	(void)arg;
	CHECK(t.gdb);
	if (len % 4 == 1)
		session_ask(t.s, data, len);
	else
		session_answer(t.s, data, len);
}

static void to_gdb(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	CHECK(t.gdb && len);
}

static void to_target(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	CHECK(t.link && len);
}

static void to_console(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	CHECK(len);
}

static void break_in(void *arg)
{
	(void)arg;
}

static void drop_gdb(void *arg)
{
	(void)arg;
	CHECK(t.gdb);
	t.gdb = false;
}

static uint64_t now(void *arg)
{
	(void)arg;
	return t.now;
}

static void timer(void *arg, uint64_t when)
{
	(void)arg;
	t.timer = when;
}

static void report(void *arg, enum session_report what)
{
	(void)arg;
	(void)what;
}

static const struct session_ops ops = {
	.request = request, .reply = reply,
	.to_gdb = to_gdb, .to_target = to_target, .to_console = to_console,
	.break_in = break_in, .drop_gdb = drop_gdb, .now = now, .timer = timer,
	.report = report,
};

static void pass(struct session *s, unsigned int ms)
{
	uint64_t end = t.now + ms;
	unsigned int rounds = 0;

	while (t.timer && t.timer <= end) {
		CHECK(rounds++ < 100000);
		if (t.timer > t.now)
			t.now = t.timer;
		t.timer = 0;
		session_timeout(s);
	}
	t.now = end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session *s;
	size_t n;

	if (size < 1)
		return 0;
	memset(&t, 0, sizeof(t));
	t.now = 1;
	s = session_new(&ops, NULL, data[0] & 1);
	CHECK(s);
	t.s = s;
	if (data[0] & 2)
		session_packets_stop(s);
	data++;
	size--;
	while (size >= 2) {
		uint8_t op = data[0] & 7, arg = data[1];

		data += 2;
		size -= 2;
		n = arg < size ? arg : size;
		switch (op) {
		case 0:
			if (t.gdb)
				session_from_gdb(s, data, n);
			break;
		case 1:
			session_from_target(s, data, n);
			break;
		case 2:
			session_from_console(s, data, n);
			break;
		case 3:
			pass(s, arg * 50);
			continue;
		case 4:
			t.link = !t.link;
			session_link(s, t.link);
			continue;
		case 5:
			if (t.gdb) {
				t.gdb = false;
				session_detach(s);
			} else {
				t.gdb = true;
				session_attach(s);
			}
			continue;
		default:
			continue;
		}
		data += n;
		size -= n;
	}
	pass(s, 60000);
	session_free(s);
	return 0;
}
