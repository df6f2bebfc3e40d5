// SPDX-License-Identifier: GPL-2.0
/*
 * What the proxy answers and asks, against a target that the test plays: a few pages of
 * memory of which some are a device's, with or without our module's queries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <endian.h>

#include "../../common/rsp_codec.h"
#include "../../host/proxy.h"

/* RAM from here, then a device, then nothing. */
#define RAM		0x10000ULL
#define DEVICE		0x14000ULL
#define END		0x15000ULL

static struct {
	struct proxy *p;
	bool module;
	bool stops;		/* it says more when it stops, and steps through ranges */
	bool lossy;		/* on a line that loses bytes, */
	bool lose;		/* of the next read, too */
	bool packets_stop;
	uint64_t now;
	/* What is asked waits here for reply(). */
	char asked[1024];
	unsigned int asks;
	unsigned int drains;
	unsigned int device_reads;
	unsigned char memory[END - RAM];
	/* What gdb was answered last. */
	unsigned char answer[0x20010];
	size_t answer_len;
	unsigned int answers;
} t;

static void ask(void *arg, const void *payload, size_t len)
{
	(void)arg;
	assert_true(len < sizeof(t.asked));
	memcpy(t.asked, payload, len);
	t.asked[len] = '\0';
	t.asks++;
}

static void answer(void *arg, const void *payload, size_t len)
{
	(void)arg;
	assert_true(len < sizeof(t.answer));
	memcpy(t.answer, payload, len);
	t.answer[len] = '\0';
	t.answer_len = len;
	t.answers++;
}

static void tell(void *arg, const char *text, bool warning)
{
	(void)arg;
	(void)text;
	(void)warning;
}

static uint64_t now(void *arg)
{
	(void)arg;
	return t.now;
}

static void drain(void *arg)
{
	(void)arg;
	t.drains++;
}

static void packets_stop(void *arg)
{
	(void)arg;
	t.packets_stop = true;
}

static const struct proxy_ops ops = {
	.ask = ask, .drain = drain, .answer = answer, .tell = tell, .packets_stop = packets_stop, .now = now,
};

static void say(const char *reply)
{
	t.asked[0] = '\0';
	proxy_reply(t.p, reply, strlen(reply));
}

/* The target reads memory, as far as it can. */
static void say_memory(uint64_t addr, uint64_t len, bool binary, bool ram_only)
{
	static unsigned char data[END - RAM + 4], out[2 * sizeof(data) + 2];
	uint64_t end = ram_only ? DEVICE : END;
	bool checked = ram_only && t.lossy;
	uint64_t asked = len;
	unsigned int crc;
	size_t n;

	if (addr < RAM || addr >= END) {
		say("E22");
		return;
	}
	if (addr >= end)
		len = 0;
	else if (len > end - addr)
		len = end - addr;
	if (addr + len > DEVICE)
		t.device_reads++;
	memcpy(data, t.memory + (addr - RAM), len);
	crc = htobe32(rsp_crc(rsp_crc_of_range(addr, asked), data, len));
	if (t.lose) {
		t.lose = false;
		len -= 64;
		memmove(data + 16, data + 80, len - 16);
	}
	memcpy(data + len, &crc, 4);
	if (binary) {
		out[0] = checked ? 'c' : 'b';
		n = 1 + rsp_put_binary(out + 1, data, len + 4 * checked);
	} else {
		n = rsp_put_hex(out, data, len);
	}
	t.asked[0] = '\0';
	proxy_reply(t.p, out, n);
}

/* The target's turn, once. */
static void reply(void)
{
	unsigned long long addr, len;

	if (sscanf(t.asked, "qkgdbio.ram:%llx,%llx", &addr, &len) == 2 && t.module)
		say_memory(addr, len, true, true);
	else if (sscanf(t.asked, "x%llx,%llx", &addr, &len) == 2 && t.module)
		say_memory(addr, len, true, false);
	else if (sscanf(t.asked, "m%llx,%llx", &addr, &len) == 2)
		say_memory(addr, len, false, false);
	else if (!strncmp(t.asked, "qSupported", 10))
		say(t.stops ? "PacketSize=20000;binary-upload+;kgdbio.stops+" :
		    t.module ? "PacketSize=20000;binary-upload+" : "");
	else if (!strcmp(t.asked, "?"))
		say("S05");
	else if (strchr("Zz", t.asked[0]) || !strncmp(t.asked, "Hc", 2))
		say("OK");
	else
		say("");
}

/* Until it has nothing to do. */
static void replies(void)
{
	unsigned int rounds = 0;

	while (t.asked[0]) {
		assert_true(rounds++ < 1000);
		reply();
	}
}

static const char *request(const char *payload)
{
	unsigned int before = t.answers;

	t.answer_len = 0;
	proxy_request(t.p, payload, strlen(payload));
	while (t.asked[0] && t.answers == before)
		reply();
	assert_int_equal(t.answers, before + 1);
	return (char *)t.answer;
}

static void setup_as(bool module, bool stops)
{
	size_t i;

	memset(&t, 0, sizeof(t));
	t.now = 1;
	t.module = module;
	t.stops = stops;
	for (i = 0; i < sizeof(t.memory); i++)
		t.memory[i] = i % 7 ? i * 31 + i / 256 : 0;
	t.p = proxy_new(&ops, NULL, NULL);
	assert_non_null(t.p);
	proxy_attach(t.p);
	request("qSupported:multiprocess+");
	assert_non_null(strstr((char *)t.answer, "PacketSize=20000;QStartNoAckMode+"));
	/* That is between the target and us. */
	assert_null(strstr((char *)t.answer, "kgdbio"));
	assert_int_equal(t.packets_stop, module);
	assert_string_equal(request("?"), "S05");
	replies();
	t.asks = 0;
}

static void setup(bool module)
{
	setup_as(module, false);
}

static int teardown(void **state)
{
	(void)state;
	proxy_free(t.p);
	t.p = NULL;
	return 0;
}

/* Read as gdb does, and compare with what is there. */
static void check_read(uint64_t addr, size_t len, bool binary)
{
	static unsigned char out[0x20010];
	char payload[64];
	uint64_t had;
	long n;

	snprintf(payload, sizeof(payload), "%c%llx,%zx", binary ? 'x' : 'm',
		 (unsigned long long)addr, len);
	request(payload);
	if (addr < RAM || addr >= END) {
		assert_string_equal((char *)t.answer, "E22");
		return;
	}
	n = rsp_expand(out, sizeof(out), t.answer, t.answer_len);
	assert_true(n > 0);
	if (binary) {
		assert_int_equal(out[0], 'b');
		n = rsp_get_binary(out, out + 1, n - 1);
	} else {
		assert_true(rsp_get_hex(out, out, n));
		n /= 2;
	}
	had = END - addr < len ? END - addr : len;
	assert_int_equal(n, had);
	assert_memory_equal(out, t.memory + (addr - RAM), n);
}

static void reads(bool module)
{
	unsigned int i;

	setup(module);
	srand(1);
	for (i = 0; i < 400; i++) {
		check_read(RAM - 64 + rand() % (END - RAM + 128), 1 + rand() % 700, rand() % 2);
		if (i % 50 == 0)
			replies();
	}
	check_read(RAM, END - RAM, false);
	check_read(RAM, 0x10000, true);
	check_read((uint64_t)-8, 8, false);
}

static void reads_with_the_module(void **state)
{
	(void)state;
	reads(true);
}

static void reads_with_a_stub(void **state)
{
	(void)state;
	reads(false);
}

/* What the sum of a packet does not notice. */
static void bytes_are_lost(void **state)
{
	(void)state;
	setup(true);
	t.lossy = true;
	check_read(RAM + 4096, 1024, false);
	check_read(DEVICE - 8, 64, false);
	t.lose = true;
	check_read(RAM + 8192, 1024, false);
	assert_false(t.lose);
	assert_int_equal(t.drains, 1);
	/* What nobody waits for yet. */
	check_read(RAM, 4096, true);
	proxy_request(t.p, "x11000,1000", 11);
	t.lose = true;
	replies();
	assert_false(t.lose);
	check_read(RAM + 4096, 8192, true);
	/* The answer to another request. */
	proxy_request(t.p, "c", 1);
	say("T05thread:01;");
	replies();
	proxy_request(t.p, "x10000,80", 9);
	assert_memory_equal(t.asked, "qkgdbio.ram:10000,", 18);
	t.drains = 0;
	say_memory(RAM + 4096, 128, true, true);
	assert_int_equal(t.drains, 1);
	replies();
	assert_int_equal(t.drains, 1);
	assert_int_equal(t.answer[0], 'b');
	check_read(RAM, 128, true);
}

/* A register of a device's is read each time, and no more than gdb wants of it. */
static void devices(void **state)
{
	unsigned int i;

	(void)state;
	setup(true);
	for (i = 1; i <= 5; i++) {
		check_read(DEVICE + 16, 4, false);
		replies();
		assert_int_equal(t.device_reads, i);
	}
	check_read(DEVICE - 16, 8, false);
	replies();
	assert_int_equal(t.device_reads, 5);
}

static void memory_is_read_once(void **state)
{
	unsigned int asks;

	(void)state;
	setup(true);
	check_read(RAM + 0x40, 64, false);
	replies();
	asks = t.asks;
	check_read(RAM + 0x40, 8, false);
	check_read(RAM + 0x50, 8, true);
	assert_int_equal(t.asks, asks);
	/* Written, it is another; and so it is when it ran. */
	t.memory[0x40] ^= 0xff;
	request("X10040,1:z");
	check_read(RAM + 0x40, 64, false);
	assert_true(t.asks > asks + 1);
	replies();
	proxy_request(t.p, "c", 1);
	t.memory[0x41] ^= 0xff;
	say("T05thread:01;");
	replies();
	check_read(RAM + 0x40, 64, false);
}

static void nothing_is_asked_for_once(void **state)
{
	(void)state;
	setup(true);
	assert_string_equal(request("m15008,8"), "E22");
	replies();
	assert_int_equal(t.asks, 1);
	assert_string_equal(request("m15ff0,40"), "E22");
	assert_int_equal(t.asks, 1);
	/* The next page is another matter, and so is this one once the target ran. */
	assert_string_equal(request("m16000,8"), "E22");
	assert_int_equal(t.asks, 2);
	proxy_request(t.p, "c", 1);
	say("T05thread:01;");
	replies();
	t.asks = 0;
	assert_string_equal(request("m15008,8"), "E22");
	assert_int_equal(t.asks, 1);
}

static void a_long_write_is_cut_up(void **state)
{
	char payload[4200] = "X10000,1000:";
	unsigned int pieces = 0;

	(void)state;
	setup(false);
	memset(payload + strlen(payload), 'A', 4096);
	proxy_request(t.p, payload, 12 + 4096);
	while (t.asked[0]) {
		assert_true(strlen(t.asked) <= 1023 && t.asked[0] == 'X');
		pieces++;
		say("OK");
	}
	assert_true(pieces >= 5);
	assert_string_equal((char *)t.answer, "OK");
	/* The first refusal is the answer. */
	proxy_request(t.p, payload, 12 + 4096);
	say("OK");
	say("E14");
	assert_string_equal((char *)t.answer, "E14");
	assert_string_equal(t.asked, "");
}

/* Taken out and put back between two stops, a breakpoint does not travel. */
static void breakpoints(void **state)
{
	(void)state;
	setup(true);
	assert_string_equal(request("Z0,1000,1"), "OK");
	assert_int_equal(t.asks, 1);
	proxy_request(t.p, "c", 1);
	say("T05thread:01;");
	replies();
	t.asks = 0;
	assert_string_equal(request("z0,1000,1"), "OK");
	assert_string_equal(request("Z0,1000,1"), "OK");
	assert_int_equal(t.asks, 0);
	/* Taken out for good, it is gone before the target runs. */
	assert_string_equal(request("z0,1000,1"), "OK");
	assert_int_equal(t.asks, 0);
	proxy_request(t.p, "s", 1);
	assert_string_equal(t.asked, "z0,1000,1");
	say("OK");
	assert_string_equal(t.asked, "s");
	say("T05thread:01;");
	replies();
	/* And before another one comes. */
	request("Z1,2000,1");
	request("z1,2000,1");
	proxy_request(t.p, "Z1,3000,1", 9);
	assert_string_equal(t.asked, "z1,2000,1");
	say("OK");
	assert_string_equal(t.asked, "Z1,3000,1");
	say("E28");
	assert_string_equal((char *)t.answer, "E28");
	/* It is there already: EEXIST. */
	proxy_request(t.p, "Z0,4000,1", 9);
	say("E17");
	assert_string_equal((char *)t.answer, "OK");
}

/* The target let go of us while its device was away, and of its breakpoints. */
static void breakpoints_are_lost(void **state)
{
	(void)state;
	setup(true);
	assert_string_equal(request("Z0,1000,1"), "OK");
	proxy_request(t.p, "c", 1);
	say("S05");
	assert_string_equal((char *)t.answer, "S05");
	replies();
	t.asks = 0;
	assert_string_equal(request("z0,1000,1"), "OK");
	assert_int_equal(t.asks, 0);
	proxy_request(t.p, "Z0,1000,1", 9);
	assert_string_equal(t.asked, "Z0,1000,1");
	say("OK");
	assert_string_equal((char *)t.answer, "OK");
	/* Or put in anew without having been taken out. */
	proxy_request(t.p, "c", 1);
	say("S05");
	replies();
	proxy_request(t.p, "Z0,1000,1", 9);
	assert_string_equal(t.asked, "Z0,1000,1");
	say("OK");
}

static const char *stop_at(unsigned int pc)
{
	static char out[80];

	snprintf(out, sizeof(out), "T05thread:07;10:%02x%02x000000000000;", pc & 0xff, pc >> 8);
	return out;
}

static void ranges(void **state)
{
	unsigned int answers;

	(void)state;
	setup(true);
	assert_string_equal(request("vCont?"), "vCont;c;C;s;S;r");
	proxy_request(t.p, "vCont;s:7;c", 11);
	assert_string_equal(t.asked, "Hc7");
	say("OK");
	assert_string_equal(t.asked, "s");
	say(stop_at(0x1000));
	assert_string_equal((char *)t.answer, stop_at(0x1000));
	replies();

	answers = t.answers;
	proxy_request(t.p, "vCont;r1000,1010:7;c", 20);
	assert_string_equal(t.asked, "s");
	say(stop_at(0x1004));
	assert_string_equal(t.asked, "s");
	say(stop_at(0x100f));
	assert_int_equal(t.answers, answers);
	say(stop_at(0x1010));
	assert_string_equal((char *)t.answer, stop_at(0x1010));
	replies();

	/* It ends early at a breakpoint, with another signal, in another thread. */
	request("Z0,1008,1");
	proxy_request(t.p, "vCont;r1000,1010:7;c", 20);
	say(stop_at(0x1008));
	assert_string_equal((char *)t.answer, stop_at(0x1008));
	replies();
	proxy_request(t.p, "vCont;r1000,1010:7;c", 20);
	say("T02thread:07;10:0410000000000000;");
	assert_string_equal((char *)t.answer, "T02thread:07;10:0410000000000000;");
	replies();
	proxy_request(t.p, "vCont;r1000,1010:7;c", 20);
	say("T05thread:08;10:0410000000000000;");
	assert_string_equal((char *)t.answer, "T05thread:08;10:0410000000000000;");
	replies();

	/* What the stub will not do. */
	proxy_request(t.p, "vCont;s:9", 9);
	assert_string_equal(t.asked, "Hc9");
	say("OK");
	say("E22");
	assert_string_equal((char *)t.answer, "E22");
	assert_string_equal(request("vCont;t"), "E22");
	assert_string_equal(request("vCont;r10"), "E22");
}

/* The target steps by itself, but not over breakpoints. */
static void ranges_of_the_target(void **state)
{
	(void)state;
	setup_as(true, true);
	proxy_request(t.p, "vCont;s:7;c", 11);
	say("OK");
	assert_string_equal(t.asked, "s");
	say(stop_at(0x1000));
	replies();

	proxy_request(t.p, "vCont;r1000,1010:7;c", 20);
	assert_string_equal(t.asked, "vCont;r1000,1010");
	say(stop_at(0x1012));
	assert_string_equal((char *)t.answer, stop_at(0x1012));
	replies();

	request("Z0,1008,1");
	proxy_request(t.p, "vCont;s:7;c", 11);
	say(stop_at(0x1004));
	replies();
	proxy_request(t.p, "vCont;r1000,1010:7;c", 20);
	assert_string_equal(t.asked, "vCont;r1000,1008");
	say(stop_at(0x1008));
	assert_string_equal((char *)t.answer, stop_at(0x1008));
	replies();
	/* From the breakpoint on, and past it; back at it, it is hit. */
	proxy_request(t.p, "vCont;r1000,1010:7;c", 20);
	assert_string_equal(t.asked, "vCont;r100a,1010");
	say(stop_at(0x1000));
	assert_string_equal(t.asked, "vCont;r1000,1008");
	say(stop_at(0x1008));
	assert_string_equal((char *)t.answer, stop_at(0x1008));
	replies();
	proxy_request(t.p, "vCont;r1000,1010:7;c", 20);
	say(stop_at(0x1009));
	assert_string_equal((char *)t.answer, stop_at(0x1009));
}

/* What the target says with a stop reply is not asked for. */
static void stops(void **state)
{
	char stop[600], *at;
	unsigned int i;

	(void)state;
	setup_as(true, true);
	proxy_request(t.p, "qfThreadInfo", 12);
	say("m01,02");
	assert_string_equal((char *)t.answer, "m01,02");
	assert_string_equal(request("qsThreadInfo"), "l");
	assert_int_equal(t.asks, 1);

	proxy_request(t.p, "s", 1);
	at = stop + sprintf(stop, "T05thread:01;07:5823010000000000;kgdbio.stack:");
	for (i = 0; i < 64; i++)
		at += sprintf(at, "%02x", i);
	/* A run: six digits. */
	sprintf(at, "0*\";kgdbio.threads:same;");
	say(stop);
	assert_string_equal((char *)t.answer, "T05thread:01;07:5823010000000000;");
	replies();
	t.asks = 0;
	assert_string_equal(request("m12340,4"), "00010203");
	assert_string_equal(request("m1237f,4"), "3f0*\"");
	assert_string_equal(request("qfThreadInfo"), "m01,02");
	assert_string_equal(request("qsThreadInfo"), "l");
	assert_int_equal(t.asks, 0);

	/* With its CRC, and with one digit changed. */
	proxy_request(t.p, "s", 1);
	say("T05thread:01;07:5823010000000000;kgdbio.checked-stack:3132333435363738390376e6e7;");
	replies();
	t.asks = 0;
	assert_string_equal(request("m12340,4"), "31323334");
	assert_int_equal(t.asks, 0);
	proxy_request(t.p, "s", 1);
	say("T05thread:01;07:5823010000000000;kgdbio.checked-stack:3132333435363738380376e6e7;");
	assert_string_equal((char *)t.answer, "T05thread:01;07:5823010000000000;");
	assert_memory_equal(t.asked, "qkgdbio.ram:12340,", 18);
	replies();

	/* Another list. */
	proxy_request(t.p, "s", 1);
	say("T05thread:01;07:5823010000000000;");
	replies();
	proxy_request(t.p, "qfThreadInfo", 12);
	if (!strcmp(t.asked, "qfThreadInfo"))
		say("m01");
	assert_string_equal((char *)t.answer, "m01");
}

/* Two threads, one of which stopped; the target is new to this gdb. */
static void attach_to_stopped(void)
{
	setup_as(true, true);
	proxy_request(t.p, "?", 1);
	assert_string_equal(t.asked, "?");
	say("T05thread:07;10:0010000000000000;kgdbio.status:;");
	assert_string_equal((char *)t.answer, "T05thread:07;10:0010000000000000;");
}

/* gdb always asks for the threads next, and then for what is known here. */
static void an_attach_asks_ahead(void **state)
{
	(void)state;
	attach_to_stopped();
	assert_string_equal(t.asked, "qfThreadInfo");
	proxy_request(t.p, "qfThreadInfo", 12);
	say("m07,08");
	assert_string_equal((char *)t.answer, "m07,08");
	/* What runs there was asked in setup_as(). */
	assert_string_equal(t.asked, "");
	t.asks = 0;
	assert_string_equal(request("qsThreadInfo"), "l");
	assert_string_equal(request("qAttached"), "");
	assert_string_equal(request("Hc-1"), "OK");
	assert_int_equal(t.asks, 0);
}

/* What needs nothing of the target does not wait for it. */
static void answers_in_between(void **state)
{
	unsigned int asks;

	(void)state;
	attach_to_stopped();
	assert_string_equal(t.asked, "qfThreadInfo");
	asks = t.asks;
	proxy_request(t.p, "qAttached", 9);
	assert_string_equal((char *)t.answer, "");
	proxy_request(t.p, "Hg7", 3);
	assert_string_equal((char *)t.answer, "OK");
	proxy_request(t.p, "qC", 2);
	assert_int_equal(t.asks, asks);
	say("m07,08");
	assert_string_equal(t.asked, "qC");
	say("QC07");
	assert_string_equal((char *)t.answer, "QC07");
	/* The list is known from what was asked ahead. */
	assert_string_equal(request("qfThreadInfo"), "m07,08");
}

static void threads_are_chosen_when_it_matters(void **state)
{
	unsigned int answers;

	(void)state;
	attach_to_stopped();
	replies();
	/* Another gdb may have chosen another one. */
	assert_string_equal(request("Hg0"), "OK");
	assert_string_equal(request("Hc-1"), "OK");
	assert_string_equal(t.asked, "");
	answers = t.answers;
	proxy_request(t.p, "g", 1);
	assert_string_equal(t.asked, "Hg0");
	say("OK");
	assert_string_equal(t.asked, "g");
	assert_int_equal(t.answers, answers);
	say("00");
	proxy_request(t.p, "p10", 3);
	assert_string_equal(t.asked, "p10");
	say("00");
	/* One that did not stop, and back. */
	proxy_request(t.p, "Hg8", 3);
	assert_string_equal(t.asked, "Hg8");
	say("OK");
	assert_string_equal(request("Hg7"), "OK");
	assert_string_equal(t.asked, "");
	proxy_request(t.p, "g", 1);
	assert_string_equal(t.asked, "Hg0");
	say("OK");
	say("00");

	proxy_request(t.p, "c", 1);
	assert_string_equal(t.asked, "Hc0");
	say("OK");
	assert_string_equal(t.asked, "c");
	say("T05thread:08;");
	replies();
	/* At a stop the stub has chosen the one that stopped. */
	assert_string_equal(request("Hg8"), "OK");
	proxy_request(t.p, "g", 1);
	assert_string_equal(t.asked, "g");
	say("00");
	proxy_request(t.p, "Hg7", 3);
	assert_string_equal(t.asked, "Hg7");
	say("E22");
	assert_string_equal((char *)t.answer, "E22");
	/* The thread that vCont names is chosen once. */
	proxy_request(t.p, "vCont;s:8;c", 11);
	assert_string_equal(t.asked, "s");
	say("T05thread:08;");
	replies();
	assert_string_equal(request("Hc-1"), "OK");
	proxy_request(t.p, "vCont;c", 7);
	assert_string_equal(t.asked, "Hc0");
	say("OK");
	assert_string_equal(t.asked, "c");
}

/* kgdb-io asked "?" by itself, as the target did not stop at a Ctrl-C. */
static void a_status_in_place_of_a_stop(void **state)
{
	(void)state;
	attach_to_stopped();
	replies();
	assert_string_equal(request("Z0,1000,1"), "OK");
	proxy_request(t.p, "vCont;r1000,1010:7;c", 20);
	assert_string_equal(t.asked, "Hc7");
	say("OK");
	assert_string_equal(t.asked, "vCont;r1002,1010");
	say("T05thread:07;10:0410000000000000;kgdbio.status:;");
	/* Inside the range, and nevertheless no step. */
	assert_string_equal((char *)t.answer, "T05thread:07;10:0410000000000000;");
	replies();
	proxy_request(t.p, "Z0,1000,1", 9);
	assert_string_equal(t.asked, "Z0,1000,1");
	say("OK");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
		TEST(reads_with_the_module), TEST(reads_with_a_stub), TEST(bytes_are_lost),
		TEST(devices),
		TEST(memory_is_read_once), TEST(nothing_is_asked_for_once),
		TEST(a_long_write_is_cut_up), TEST(breakpoints),
		TEST(breakpoints_are_lost), TEST(ranges), TEST(ranges_of_the_target), TEST(stops),
		TEST(an_attach_asks_ahead), TEST(answers_in_between),
		TEST(threads_are_chosen_when_it_matters), TEST(a_status_in_place_of_a_stop),
	};

	return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
