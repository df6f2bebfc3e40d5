// SPDX-License-Identifier: GPL-2.0
/* Where the kernel is: told by the module, or found in a target's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../host/target.h"

#define BANNER "Linux version 6.12.0-test (a@b) #1 SMP a banner that takes more than one bite"

static struct vmlinux v = {
	.path = "vmlinux", .build_id = "0123456789abcdef", .banner = BANNER,
	.banner_len = sizeof(BANNER) - 1, .release = "6.12.0-test",
	.load = 0xffffffff81000000, .text = 0xffffffff81000000, .end = 0xffffffff81d00000,
	.banner_addr = 0xffffffff81600cc0, .connected_addr = 0xffffffff81b07c4c,
};

static unsigned int asked;

static void hex(char *out, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (; len--; out += 2)
		sprintf(out, "%02x", *p++);
}

/* Play a target with this answer to qkgdbio.info, and the kernel at @offset; its text. */
static void play(struct target *t, const char *info, uint64_t pc, uint64_t offset)
{
	unsigned long long addr, len;
	char payload[65], reply[512];
	size_t n;

	target_begin(t);
	for (asked = 0; (n = target_next(t, payload)); asked++) {
		assert_true(n <= 64 && asked < 600);
		payload[n] = '\0';
		reply[0] = '\0';
		if (!strcmp(payload, "qkgdbio.info")) {
			strcpy(reply, info);
		} else if (!strcmp(payload, "g")) {
			memset(reply, '0', 256);
			hex(reply + 256, &pc, 8);
		} else if (sscanf(payload, "m%llx,%llx", &addr, &len) == 2) {
			addr -= v.banner_addr + offset;
			if (addr < v.banner_len && len <= v.banner_len - addr)
				hex(reply, v.banner + addr, len);
			else
				strcpy(reply, "E22");
		}
		target_reply(t, reply, strlen(reply));
	}
}

static void found(struct target *t, uint64_t offset)
{
	uint64_t o, text;

	assert_true(target_offset(t, &o, &text));
	assert_true(o == offset && text == v.load);
}

static void told_by_the_module(void **state)
{
	struct target *t = target_new(&v);
	char text[1024];

	(void)state;
	play(t, "release:362e3132;build-id:0123456789abcdef;kgdb_connected:ffffffff8bb07c4c;cpus:2",
	     0, 0);
	found(t, 0xa000000);
	assert_int_equal(asked, 1);
	assert_int_equal(target_message(t, text, sizeof(text)), 0);
	/* Another build is no place. */
	play(t, "release:362e3132;build-id:ff;kgdb_connected:ffffffff8bb07c4c", 0, 0);
	assert_false(target_offset(t, &(uint64_t){ 0 }, &(uint64_t){ 0 }));
	assert_int_equal(target_message(t, text, sizeof(text)), 2);
	assert_non_null(strstr(text, "build id 0123456789abcdef"));
	assert_non_null(strstr(text, "6.12, build id ff"));
	/* Without build ids its banner has to be there. */
	play(t, "kgdb_connected:ffffffff8bb07c4c", 0, 0xa000000);
	found(t, 0xa000000);
	play(t, "kgdb_connected:ffffffff8bb07c4c", 0, 0xc000000);
	assert_false(target_offset(t, &(uint64_t){ 0 }, &(uint64_t){ 0 }));
	free(t);
}

static void found_by_the_program_counter(void **state)
{
	static const uint64_t offsets[] = { 0, 0x200000, 0xa000000, 0x3e000000 };
	struct target *t = target_new(&v);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		play(t, "", v.text + 0x1234 + offsets[i], offsets[i]);
		found(t, offsets[i]);
		assert_true(asked < 12);
		play(t, "", v.end - 1 + offsets[i], offsets[i]);
		found(t, offsets[i]);
		assert_true(asked < 14);
		/* In a module, or in user space. */
		play(t, "", 0xffffffffc0001234, offsets[i]);
		found(t, offsets[i]);
		play(t, "", 0x401234, offsets[i]);
		found(t, offsets[i]);
	}
	free(t);
}

static void found_nowhere(void **state)
{
	struct target *t = target_new(&v);
	char text[1024];

	(void)state;
	play(t, "", v.text, 0x100000);
	assert_false(target_offset(t, &(uint64_t){ 0 }, &(uint64_t){ 0 }));
	assert_int_equal(target_message(t, text, sizeof(text)), 2);
	assert_non_null(strstr(text, "not the kernel that runs"));
	assert_true(asked <= 530);
	free(t);
}

static void which_is_wanted(void **state)
{
	struct target *t = target_new(NULL);
	char text[1024];

	(void)state;
	play(t, "release:6e6f7768657265;build-id:abcd", 0, 0);
	assert_int_equal(asked, 1);
	assert_int_equal(target_message(t, text, sizeof(text)), 1);
	assert_non_null(strstr(text, "nowhere, build id abcd"));
	play(t, "", 0, 0);
	assert_int_equal(target_message(t, text, sizeof(text)), 0);
	/* Nonsense is no answer. */
	play(t, ";;:;release:zz;build-id:;kgdb_connected:", 0, 0);
	assert_false(target_offset(t, &(uint64_t){ 0 }, &(uint64_t){ 0 }));
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_by_the_module),
		cmocka_unit_test(found_by_the_program_counter),
		cmocka_unit_test(found_nowhere),
		cmocka_unit_test(which_is_wanted),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
