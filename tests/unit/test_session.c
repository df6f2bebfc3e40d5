// SPDX-License-Identifier: GPL-2.0
/*
 * The RSP proxy of the host program, byte by byte, with time that the test moves: what a
 * real link does too seldom, or too unreliably, for the end-to-end tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../common/rsp.h"
#include "../../host/session.h"

static struct {
	struct session *s;
	uint64_t now, timer;
	char gdb[4096], target[4096], console[4096];
	size_t console_total;
	unsigned int reports, breaks, drops;
} t;

static void append(char *to, const void *data, size_t len)
{
	size_t have = strlen(to);

	assert_true(have + len < sizeof(t.gdb));
	memcpy(to + have, data, len);
	to[have + len] = '\0';
}

static void to_gdb(void *arg, const void *data, size_t len)
{
	(void)arg;
	append(t.gdb, data, len);
}

static void to_target(void *arg, const void *data, size_t len)
{
	(void)arg;
	append(t.target, data, len);
}

static void to_console(void *arg, const void *data, size_t len)
{
	(void)arg;
	t.console_total += len;
	if (strlen(t.console) + len < sizeof(t.console))
		append(t.console, data, len);
}

static void break_in(void *arg)
{
	(void)arg;
	t.breaks++;
}

static void drop_gdb(void *arg)
{
	(void)arg;
	t.drops++;
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
	t.reports |= 1 << what;
}

/* Unchanged, both ways. */
static void request(void *arg, const void *data, size_t len)
{
	(void)arg;
	session_ask(t.s, data, len);
}

static void reply(void *arg, const void *data, size_t len)
{
	(void)arg;
	session_answer(t.s, data, len);
}

static const struct session_ops ops = {
	.request = request, .reply = reply,
	.to_gdb = to_gdb, .to_target = to_target, .to_console = to_console,
	.break_in = break_in, .drop_gdb = drop_gdb, .now = now, .timer = timer,
	.report = report,
};

/* Let time pass; the timer goes off when it should, and only then. */
static void pass(unsigned int ms)
{
	uint64_t end = t.now + ms;
	int rounds = 0;

	while (t.timer && t.timer <= end) {
		assert_true(rounds++ < 1000);
		t.now = t.timer > t.now ? t.timer : t.now;
		t.timer = 0;
		session_timeout(t.s);
	}
	t.now = end;
}

/* Forget what was sent. */
static void clear(void)
{
	t.gdb[0] = t.target[0] = t.console[0] = '\0';
}

/* What was sent since the last call; then forgotten. */
static void sent(const char *gdb, const char *target, const char *console)
{
	assert_string_equal(t.gdb, gdb);
	assert_string_equal(t.target, target);
	assert_string_equal(t.console, console);
	clear();
}

static bool reported(enum session_report what)
{
	bool yes = t.reports & 1 << what;

	t.reports &= ~(1 << what);
	return yes;
}

static const char *frame(const char *payload)
{
	static char out[8][600];
	static int n;
	char *f = out[n++ % 8];

	f[rsp_frame(f, payload, strlen(payload))] = '\0';
	return f;
}

static void gdb(const char *bytes)
{
	session_from_gdb(t.s, bytes, strlen(bytes));
}

static void target_now(const char *bytes)
{
	session_from_target(t.s, bytes, strlen(bytes));
}

/* With time for an acknowledgement. */
static void target(const char *bytes)
{
	target_now(bytes);
	pass(5);
}

static void setup(bool break_in_first)
{
	memset(&t, 0, sizeof(t));
	t.now = 1;
	t.s = session_new(&ops, NULL, break_in_first);
	session_link(t.s, true);
	session_attach(t.s);
}

/* As above, with one exchange done: the target is stopped. */
static void setup_stopped(void)
{
	setup(false);
	gdb("+");
	gdb(frame("?"));
	sent("+", "+$?#3f", "");
	target("+$S05#b8");
	sent("$S05#b8", "+", "");
	gdb("+");
	assert_true(session_stopped(t.s));
	assert_true(reported(SESSION_STOPPED));
}

static void resume(void)
{
	gdb(frame("c"));
	sent("+", "$c#63", "");
	target("+");
	pass(1000);
	assert_true(reported(SESSION_RUNNING));
	assert_false(session_stopped(t.s));
}

static int teardown(void **state)
{
	(void)state;
	session_free(t.s);
	t.s = NULL;
	return 0;
}

static void exchange(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	sent("+", "$g#67", "");
	target("+");
	sent("", "", "");
	target(frame("0011"));
	sent("$0011#c2", "+", "");
	gdb("+");
	pass(60000);
	sent("", "", "");
}

static void byte_by_byte(void **state)
{
	const char *p;

	(void)state;
	setup(false);
	for (p = "+$?#3f"; *p; p++)
		session_from_gdb(t.s, p, 1);
	sent("+", "+$?#3f", "");
	for (p = "+$S05#b8"; *p; p++)
		session_from_target(t.s, p, 1);
	pass(5);
	sent("$S05#b8", "+", "");
}

/* An acknowledgement and the next request are one piece, if that follows soon. */
static void late_ack(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	sent("+", "$g#67", "");
	target_now("+$00#60");
	sent("$00#60", "", "");
	gdb(frame("g"));
	sent("+", "+$g#67", "");
	pass(50);
	sent("", "", "");
	/* The kernel goes on when it has it, and gdb may be gone by then. */
	target_now("+$00#60");
	gdb(frame("D"));
	sent("$00#60+", "+$D#44", "");
	target_now("+$OK#9a");
	sent("$OK#9a", "+", "");
}

/* A reply that was asked for again while it was on its way comes twice. */
static void reply_twice(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	target("+");
	sent("+", "$g#67", "");
	pass(3000);
	sent("", "-", "");
	target(frame("01"));
	gdb(frame("p0"));
	sent("$01#61+", "+", "");
	target(frame("01"));
	sent("", "+", "");
	pass(100);
	sent("", "$p0#a0", "");
	target("+");
	target(frame("02"));
	sent("$02#62", "+", "");
}

static void run_and_stop(void **state)
{
	(void)state;
	setup_stopped();
	resume();
	gdb("\003");
	sent("", "\003", "");
	target("$T05thread:01;#07");
	sent("$T05thread:01;#07", "+", "");
	assert_true(reported(SESSION_STOPPED));
}

static void step_is_not_reported(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("s"));
	target("+");
	pass(50);
	target("$S05#b8");
	pass(1000);
	assert_false(reported(SESSION_RUNNING));
	assert_false(reported(SESSION_STOPPED));
}

static void ctrl_c_before_the_ack(void **state)
{
	(void)state;
	setup_stopped();
	gdb("$c#63\003");
	sent("+", "$c#63", "");
	target("+");
	sent("", "\003", "");
}

/* gdb says "Continuing." and has still to ask for this and that. */
static void ctrl_c_before_the_resume(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	target("+$00#60");
	gdb("+\003");
	gdb(frame("m0,1"));
	target("+$00#60");
	assert_null(strchr(t.target, 3));
	clear();
	gdb(frame("c"));
	sent("+", "$c#63", "");
	target("+");
	sent("", "\003", "");
	target("$T05thread:01;#07");
	sent("$T05thread:01;#07", "+", "");
	resume();
	sent("", "", "");
}

static void ctrl_c_that_crosses_a_stop(void **state)
{
	(void)state;
	setup_stopped();
	resume();
	target("$S05#b8");
	gdb("+\003");
	clear();
	resume();
	sent("", "", "");
}

/* A range is stepped, and the Ctrl-C comes while the target is stopped. */
static void ctrl_c_between_steps(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("s"));
	target("+$T05thread:01;#07");
	gdb(frame("g"));
	target("+$00#60");
	gdb("+\003");
	clear();
	gdb(frame("s"));
	sent("+", "$s#73", "");
	target("+");
	sent("", "\003", "");
	target("$T05thread:01;#07");
	sent("$T02thread:01;#04", "+", "");
	gdb(frame("s"));
	target("+");
	clear();
	target("$T05thread:01;#07");
	sent("$T05thread:01;#07", "+", "");
}

/* Noise on gdb's side stays there. */
static void gdb_side_noise(void **state)
{
	(void)state;
	setup_stopped();
	gdb("$g#00");
	sent("-", "", "");
	gdb("$g#67");
	sent("+", "$g#67", "");
	target("+$00#60");
	sent("$00#60", "+", "");
	gdb("-");
	sent("$00#60", "", "");
	gdb("-+");
	sent("$00#60", "", "");
	gdb("-");
	sent("", "", "");
}

/* Noise on the target's side stays there. */
static void target_side_noise(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	sent("+", "$g#67", "");
	target("-");
	sent("", "$g#67", "");
	target("+$0x#60");
	sent("", "-", "");
	target("$00#60");
	sent("$00#60", "+", "");
	assert_true(session_stopped(t.s));
}

static void lost_request(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	sent("+", "$g#67", "");
	pass(2500);
	sent("", "$g#67", "");
	target("+$00#60");
	sent("$00#60", "+", "");
	/* Both copies had arrived after all: the second answer is not the next reply. */
	gdb(frame("m0,1"));
	sent("+", "", "");
	target("+$00#60");
	sent("", "+", "");
	pass(200);
	sent("", "$m0,1#fa", "");
	target("+$ff#cc");
	sent("$ff#cc", "+", "");
}

static void lost_reply(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	target("+");
	sent("+", "$g#67", "");
	pass(3500);
	sent("", "-", "");
	target("$00#60");
	sent("$00#60", "+", "");
}

static void lost_ack(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	target("$00#60");
	sent("+$00#60", "$g#67+", "");
}

static void resume_is_never_repeated_once_acknowledged(void **state)
{
	(void)state;
	setup_stopped();
	resume();
	pass(3600000);
	sent("", "", "");
}

static void gdb_gives_up(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	target("+");
	sent("+", "$g#67", "");
	gdb("---");
	sent("", "", "");
	gdb(frame("m0,1"));
	sent("+", "", "");
	target(frame("late"));
	sent("", "+", "");
	pass(200);
	sent("", "$m0,1#fa", "");
	target("+$ff#cc");
	sent("$ff#cc", "+", "");
}

static void stale_stop(void **state)
{
	(void)state;
	setup(false);
	gdb("+$qSupported#37");
	target("$T05thread:01;#07");
	sent("+", "+$qSupported#37+", "");
	target("+$#00");
	sent("$#00", "+", "");
}

static void text_and_packets(void **state)
{
	(void)state;
	setup_stopped();
	resume();
	target("costs $5 + $3#33, use $D#44+\r\n");
	sent("", "", "costs $5 + $3#33, use $D#44+\r\n");
	target("$ ");
	sent("", "", "$ ");
	target("[   1.0] S$T05");
	sent("", "", "[   1.0] S");
	target("thread:01;#07more");
	sent("$T05thread:01;#07", "+", "more");
}

static void text_that_begins_like_a_packet(void **state)
{
	(void)state;
	setup_stopped();
	resume();
	target("$S");
	sent("", "", "");
	pass(400);
	sent("", "", "$S");
	target("$Short\r\n");
	sent("", "", "$Short\r\n");
	target("$S05#00");
	/* Could be the stop reply, damaged: ask for it. */
	sent("", "-", "");
	target("$S05#b8");
	sent("$S05#b8", "+", "");
}

static void console_output_packets(void **state)
{
	(void)state;
	setup_stopped();
	resume();
	target(frame("O6869"));
	sent(frame("O6869"), "+", "hi");
	session_detach(t.s);
	target(frame("O6869"));
	sent("", "+", "hi");
}

static void monitor_output(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("qRcmd,6c73"));
	target("+");
	clear();
	target(frame("O6869"));
	sent(frame("O6869"), "+", "");
	gdb("+");
	target("$OK#9a");
	sent("$OK#9a", "+", "");
}

static void console_input(void **state)
{
	(void)state;
	setup_stopped();
	session_from_console(t.s, "ls\r", 3);
	sent("", "", "");
	assert_true(reported(SESSION_CONSOLE_DROPPED));
	session_from_console(t.s, "ls\r", 3);
	assert_false(reported(SESSION_CONSOLE_DROPPED));
	resume();
	session_from_console(t.s, "ls\r", 3);
	sent("", "ls\r", "");
	session_detach(t.s);
	session_from_console(t.s, "ls\r", 3);
	sent("", "ls\r", "");
}

static void to_kdb(void **state)
{
	(void)state;
	setup_stopped();
	gdb("$3#33");
	sent("+", "$3#33", "");
	target("+\r\n[0]kdb> ");
	sent("", "", "\r\n[0]kdb> ");
	session_from_console(t.s, "ps\r", 3);
	sent("", "ps\r", "");
	gdb(frame("?"));
	sent("+", "+$?#3f", "");
	target("+$S05#b8");
	sent("$S05#b8", "+", "");
}

static void detach(void **state)
{
	(void)state;
	setup_stopped();
	gdb("$D#44");
	target("+$OK#9a");
	sent("+$OK#9a", "$D#44+", "");
	assert_false(session_stopped(t.s));
	session_detach(t.s);
	pass(60000);
	sent("", "", "");
	assert_false(reported(SESSION_RUNNING));
}

static void stop_with_nobody_there(void **state)
{
	(void)state;
	setup_stopped();
	resume();
	session_detach(t.s);
	target("$T05thread:01;#07");
	sent("", "+", "");
	assert_true(reported(SESSION_STOPPED));
	assert_true(session_stopped(t.s));
	session_attach(t.s);
	gdb("+$?#3f");
	sent("+", "$?#3f", "");
}

static void gdb_gone_in_an_exchange(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	session_detach(t.s);
	target("+$00#60");
	sent("+", "$g#67+", "");
	session_attach(t.s);
	gdb(frame("?"));
	sent("+", "$?#3f", "");
}

static void link_lost_while_running(void **state)
{
	(void)state;
	setup_stopped();
	resume();
	session_link(t.s, false);
	pass(5000);
	sent("", "", "");
	session_link(t.s, true);
	sent("", "-", "");
	target("$S05#b8");
	sent("$S05#b8", "+", "");
}

static void link_lost_in_an_exchange(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("g"));
	sent("+", "$g#67", "");
	session_link(t.s, false);
	pass(1000);
	session_link(t.s, true);
	sent("", "$g#67", "");
	target("+");
	session_link(t.s, false);
	session_link(t.s, true);
	sent("", "-", "");
	target("$00#60");
	sent("$00#60", "+", "");
	/* Once more, as it crossed our wish to have it again. */
	gdb(frame("p0"));
	sent("+", "", "");
	target("$00#60");
	sent("", "+", "");
	pass(100);
	sent("", "$p0#a0", "");
}

/* Whether the target resumed is not known: its stop is asked for first. */
static void link_lost_in_a_resume(void **state)
{
	(void)state;
	setup_stopped();
	gdb(frame("c"));
	sent("+", "$c#63", "");
	session_link(t.s, false);
	pass(10000);
	session_link(t.s, true);
	sent("", "-$qC#b4", "");
	/* It has, and stopped; what it answers to the question is not gdb's. */
	target("$T05thread:01;#07+$QC01#f5");
	sent("$T05thread:01;#07", "++", "");
	pass(200);
	gdb(frame("c"));
	sent("+", "$c#63", "");
	session_link(t.s, false);
	session_link(t.s, true);
	sent("", "-$qC#b4", "");
	/* It has not, or runs, and the answer takes its time. */
	pass(4000);
	sent("", "-$qC#b4", "");
	target("+$QC01#f5");
	sent("", "+$c#63", "");
	target("+$QC01#f5");
	sent("", "+", "");
	target("$T05thread:01;#07");
	sent("$T05thread:01;#07", "+", "");
}

static void request_while_the_link_is_down(void **state)
{
	(void)state;
	setup_stopped();
	session_link(t.s, false);
	gdb(frame("g"));
	sent("+", "", "");
	session_link(t.s, true);
	sent("", "$g#67", "");
}

static void no_answer(void **state)
{
	(void)state;
	setup(false);
	gdb("+$qSupported#37");
	pass(3100);
	assert_true(reported(SESSION_NO_ANSWER));
	assert_int_equal(t.drops, 0);
	pass(5000);
	assert_int_equal(t.drops, 1);
	assert_non_null(strstr(t.gdb, "$E.the target does not answer"));
	assert_false(session_answered(t.s));
	t.target[0] = '\0';
	pass(60000);
	assert_string_equal(t.target, "");
}

static void slow_answer(void **state)
{
	(void)state;
	setup(false);
	gdb("+$?#3f");
	pass(3100);
	assert_true(reported(SESSION_NO_ANSWER));
	target("+$S05#b8");
	assert_true(reported(SESSION_ANSWERS));
	pass(60000);
	assert_int_equal(t.drops, 0);
}

static void break_g(void **state)
{
	(void)state;
	setup(true);
	gdb("+$?#3f");
	sent("+", "", "");
	assert_int_equal(t.breaks, 1);
	pass(200);
	sent("", "\b+$?#3f", "");
	target("+$S05#b8");
	sent("$S05#b8", "+", "");
	gdb(frame("g"));
	sent("+", "$g#67", "");
	target("+$00#60");
	assert_int_equal(t.breaks, 1);
	gdb(frame("c"));
	target("+");
	gdb("\003");
	assert_int_equal(t.breaks, 2);
	assert_null(strchr(t.target, 3));
}

static void echo_is_no_reply(void **state)
{
	(void)state;
	setup(true);
	gdb("+$qSupported#37");
	pass(200);
	target("+$qSupported#37\r\n");
	assert_string_equal(t.gdb, "+");
	pass(10000);
	assert_true(reported(SESSION_NO_ANSWER));
	assert_int_equal(t.drops, 1);
}

static void noisy_reply_is_given_up(void **state)
{
	int i;

	(void)state;
	setup_stopped();
	gdb(frame("g"));
	target("+");
	for (i = 0; i < 20; i++)
		target("$00#00");
	assert_true(reported(SESSION_NOISY));
	pass(1000);
	t.gdb[0] = t.target[0] = t.console[0] = '\0';
	gdb(frame("?"));
	sent("+", "$?#3f", "");
}

static void huge_packets(void **state)
{
	size_t len = 300000;
	char *big = malloc(len);

	(void)state;
	setup_stopped();
	memset(big, 'a', len);
	big[0] = '$';
	session_from_gdb(t.s, big, len);
	sent("", "", "");
	gdb(frame("g"));
	sent("+", "$g#67", "");
	target("+");
	/* No reply is that long: text, and none of it lost. */
	session_from_target(t.s, big, len);
	assert_int_equal(t.console_total, len);
	free(big);
}

static void large_reply(void **state)
{
	size_t len = 1500, i;
	char payload[1501], expected[1600];

	(void)state;
	setup_stopped();
	for (i = 0; i < len; i++)
		payload[i] = "0123456789abcdef"[i % 16];
	gdb(frame("g"));
	target("+");
	t.gdb[0] = t.target[0] = '\0';
	i = rsp_frame(expected, payload, len);
	expected[i] = '\0';
	target(expected);
	sent(expected, "+", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
	const struct CMUnitTest tests[] = {
		TEST(exchange), TEST(late_ack), TEST(reply_twice), TEST(byte_by_byte), TEST(run_and_stop),
		TEST(step_is_not_reported), TEST(ctrl_c_before_the_ack),
		TEST(ctrl_c_before_the_resume), TEST(ctrl_c_that_crosses_a_stop),
		TEST(ctrl_c_between_steps),
		TEST(gdb_side_noise), TEST(target_side_noise), TEST(lost_request),
		TEST(lost_reply), TEST(lost_ack),
		TEST(resume_is_never_repeated_once_acknowledged), TEST(gdb_gives_up),
		TEST(stale_stop), TEST(text_and_packets),
		TEST(text_that_begins_like_a_packet), TEST(console_output_packets),
		TEST(console_input), TEST(monitor_output), TEST(to_kdb), TEST(detach),
		TEST(stop_with_nobody_there), TEST(gdb_gone_in_an_exchange),
		TEST(link_lost_while_running), TEST(link_lost_in_an_exchange), TEST(link_lost_in_a_resume),
		TEST(request_while_the_link_is_down), TEST(no_answer), TEST(slow_answer),
		TEST(break_g), TEST(echo_is_no_reply), TEST(noisy_reply_is_given_up),
		TEST(huge_packets), TEST(large_reply),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
