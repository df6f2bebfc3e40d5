// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer on what the proxy makes of gdb's requests and the target's replies: each request
 * gets one answer at most, nothing is asked twice at a time, and no reply leads astray.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../host/proxy.h"

#define CHECK(x) do { if (!(x)) { fprintf(stderr, "failed: %s\n", #x); abort(); } } while (0)

static struct {
	bool asked, waiting;
	uint64_t now;
} t;

static void ask(void *arg, const void *payload, size_t len)
{
	(void)arg;
	CHECK(payload && len <= PROXY_PAYLOAD_MAX);
	t.asked = true;
}

static void answer(void *arg, const void *payload, size_t len)
{
	(void)arg;
	CHECK(payload && len <= 2 * PROXY_PAYLOAD_MAX);
	CHECK(t.waiting);
	t.waiting = false;
}

static void tell(void *arg, const char *text, bool warning)
{
	(void)arg;
	(void)warning;
	CHECK(*text);
}

static uint64_t now(void *arg)
{
	(void)arg;
	return t.now += 7;
}

static void drain(void *arg)
{
	(void)arg;
}

static void packets_stop(void *arg)
{
	(void)arg;
}

static const struct proxy_ops ops = {
	.ask = ask, .drain = drain, .answer = answer, .tell = tell,
	.packets_stop = packets_stop, .now = now,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vmlinux vmlinux = {
		.path = "vmlinux", .banner = "Linux version 1", .banner_len = 15,
		.text = 0xffffffff81000000, .end = 0xffffffff82000000,
		.banner_addr = 0xffffffff81000100, .connected_addr = 0xffffffff81000200,
	};
	static struct proxy *p;
	size_t n;

	/* One for all: it is large, and an attach begins anew. */
	if (!p)
		p = proxy_new(&ops, NULL, &vmlinux);
	CHECK(p);
	memset(&t, 0, sizeof(t));
	proxy_attach(p);
	while (size >= 2) {
		uint8_t op = data[0] & 3;

		n = data[1] < size - 2 ? data[1] : size - 2;
		data += 2;
		size -= 2;
		if (op == 0) {
			t.waiting = true;
			proxy_request(p, data, n);
		} else if (op == 3) {
			t.asked = t.waiting = false;
			proxy_attach(p);
			continue;
		} else if (t.asked) {
			t.asked = false;
			proxy_reply(p, data, n);
		}
		data += n;
		size -= n;
	}
	return 0;
}
