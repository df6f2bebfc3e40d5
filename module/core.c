// SPDX-License-Identifier: GPL-2.0
/*
 * Between the debug core and a transport, see core.h. There is one debug core in a
 * kernel, so there is one instance of this.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/serial_core.h>
#include <linux/smp.h>
#include <linux/timer.h>

#include "../common/rsp.h"
#include "accel.h"
#include "core.h"
#include "hw_break.h"
#include "info.h"
#include "stale_trap.h"
#include "transport.h"

/*
 * Longest packet, in bytes with framing, with which a host may open the conversation
 * with a running kernel. The stub itself takes BUFMAX (1024 on x86) at most.
 */
#define HELD_MAX	2048

/* Output is sent in pieces of at most this: large ones cost fewer doorbells. */
#define TX_MAX		(4 * PAGE_SIZE)

/*
 * How often a running kernel looks for input even without an interrupt, in ms. The
 * virtio core does not pass on an interrupt that finds the used index where its own
 * last_used_idx stands; as we work the ring ourselves that one stays 0, and 1 in 65536
 * indices meets it.
 */
#define POLL_MS		500

/*
 * How often a stopped kernel looks for input in a row. The debug core executes "pause"
 * between our calls, with which a virtual machine leaves to the hypervisor; QEMU's TCG takes
 * the lock then that it needs to hand us what we are waiting for.
 */
#define SPIN		1000

enum owner {
	OWNER_IRQ,		/* the kernel runs: kgdb_io_poll() consumes */
	OWNER_STUB,		/* the kernel is stopped */
	OWNER_CONSOLE,		/* "kgdbcon": a packet of console output awaits its ack */
};

static struct {
	/* NULL while no transport may be used. */
	struct kgdb_io_transport *transport;
	/*
	 * Where input stands: number of the receive buffer in the upper half, offset in
	 * it in the lower. One word, so that a context that was frozen in the middle of
	 * taking a byte and finds itself overtaken afterwards cannot move it back.
	 */
	atomic_t pos;
	enum owner owner;

	/* The module was registered with the debug core. */
	bool registered;
	/* A reference to this module is held, as gdb is connected. */
	bool referenced;
	/* To be said when the kernel runs again: gdb was detached by force ... */
	bool forced;
	/* ... or the device broke its contract. */
	bool broken;

	/* The stub's view: what it reads, and what it has written so far. */
	struct rsp_parser in;
	struct rsp_parser out;
	bool quiet;		/* the device does not interrupt for input */
	unsigned int in_len;	/* bytes of its payload that were read */
	u8 in_type;		/* the first of them */
	bool reply_due;		/* the packet read last is one that is answered */
	bool packets;		/* it was the stub that wrote last, not kdb */
	bool farewell;		/* the packet being written is the exit message */
	u8 tx[TX_MAX];
	unsigned int tx_len;
	bool tx_untold;		/* the device is still to be told of something */

	/* The running kernel's view: a packet that may become a break-in. */
	atomic_t polling;
	struct rsp_parser scan;
	bool break_pending;	/* a break-in that came while owner was CONSOLE */
	bool stepping;		/* the kernel was resumed for one instruction, */
	const void *step_task;	/* of this task, */
	int step_cpu;		/* and there, where that may bring another task */
	bool break_deferred;	/* a break-in that came then */
	bool step_late;		/* the timer has met such a one before */
	u8 held[HELD_MAX];
	bool held_packet;	/* it is one, for the next stop to begin with */
	unsigned int held_len;
	unsigned int held_pos;

	/* Position in a script that the stub gets in place of input. */
	unsigned int script_pos;
	/* It stopped for nothing: to be resumed before anybody notices. */
	bool stale;
	int was_connected;
	/* How often it has stopped otherwise. */
	unsigned int stops;

	struct timer_list timer;
	struct irq_work rescan;
} core;

/*
 * What the stub is told when it stops with no transport to ask: detach, and the ack
 * for its answer. Repeated for as long as it reads, it gets the stub out of any
 * state: inside a packet (bad checksum, again), waiting for an ack, or in kdb's prompt,
 * which takes a whole packet at the start of a line as its cue to hand over.
 */
static const char detach_script[] = "$D#44+";

/* The same for a stop that is to be none: continue. */
static const char resume_script[] = "$c#63+";

static int script_next(const char *script, unsigned int len)
{
	return script[core.script_pos++ % len];
}
NOKPROBE_SYMBOL(script_next);

/*
 * The next byte that the transport received: 0 to 255, -EAGAIN when there is none, -EIO
 * when there is no transport. A kernel that runs gives @stops and gets how often it had stopped
 * when the byte was taken, even if it has stopped since. Exact, as a host resumes with at least
 * one byte: had a stop come and gone before the exchange, that would have failed.
 */
static int input_next(unsigned int *stops)
{
	struct kgdb_io_transport *t = READ_ONCE(core.transport);
	int pos, next, off;
	const u8 *data;
	u16 index;
	int len;
	u8 c = 0;

	if (!t)
		return -EIO;
	for (;;) {
		pos = atomic_read_acquire(&core.pos);
		if (stops) {
			/* Both pair with core_pre_exception(). */
			*stops = smp_load_acquire(&core.stops);
			if (READ_ONCE(core.owner) != OWNER_IRQ)
				return -EAGAIN;
		}
		index = (u32)pos >> 16;
		off = pos & 0xffff;
		len = t->ops->rx_span(t, index, &data);
		if (len == 0)
			return -EAGAIN;
		if (atomic_read(&core.pos) != pos)
			continue;	/* overtaken: what was seen is stale */
		if (len == -EIO) {
			/* The device lies or is dead: never look at it again. */
			WRITE_ONCE(core.transport, NULL);
			core.broken = true;
			return -EIO;
		}
		if (len > 0 && off < len)
			c = data[off];
		next = len > 0 && off + 1 < len ? pos + 1 : (u32)(u16)(index + 1) << 16;
		if (atomic_cmpxchg(&core.pos, pos, next) != pos)
			continue;
		if (next != pos + 1)
			t->ops->rx_release(t, index);
		if (len > 0 && off < len)
			return c;
	}
}
NOKPROBE_SYMBOL(input_next);

/* The next byte from the host: what the break-in held back, then the transport. */
static int host_next(bool *held)
{
	unsigned int pos = core.held_pos;

	*held = pos < core.held_len && pos < HELD_MAX;
	if (*held) {
		core.held_pos = pos + 1;
		return core.held[pos];
	}
	return input_next(NULL);
}
NOKPROBE_SYMBOL(host_next);

/* Whether the transport has received something that nobody has taken. */
static bool arrived(struct kgdb_io_transport *t)
{
	const u8 *data;

	return t->ops->rx_span(t, (u32)atomic_read(&core.pos) >> 16, &data);
}
NOKPROBE_SYMBOL(arrived);

bool kgdb_io_input_due(void)
{
	struct kgdb_io_transport *t = READ_ONCE(core.transport);

	return !t || core.break_deferred || core.held_pos < core.held_len || arrived(t);
}
NOKPROBE_SYMBOL(kgdb_io_input_due);

static void quiet_down(struct kgdb_io_transport *t)
{
	if (!t || !t->ops->rx_quiet)
		return;
	core.quiet = true;
	t->ops->rx_quiet(t, true);
}
NOKPROBE_SYMBOL(quiet_down);

/*
 * The kernel is about to run: input is to interrupt it, and what has arrived already, or is to
 * be done soon after a resume, to be looked at soon. irq_work_queue() can carry a breakpoint:
 * called while they are out, but after a line of kdb's, which does not say that it resumes.
 */
static void listen_again(void)
{
	struct kgdb_io_transport *t = READ_ONCE(core.transport);

	if (!core.quiet)
		return;
	core.quiet = false;
	if (!t)
		return;
	t->ops->rx_quiet(t, false);
	if (arrived(t) || kgdb_io_hw_break_due())
		irq_work_queue(&core.rescan);
}
NOKPROBE_SYMBOL(listen_again);

/* The next byte for the stub or kdb: 0 to 255, or -EAGAIN when there is none. */
static int stub_next(void)
{
	bool held;
	int c;

	if (core.stale)
		return script_next(resume_script, sizeof(resume_script) - 1);
	if (core.owner == OWNER_CONSOLE && kgdb_io_accel_no_ack())
		return '+';
	for (;;) {
		if (core.owner == OWNER_STUB) {
			c = kgdb_io_accel_next();
			if (c >= 0)
				return c;
		}
		c = host_next(&held);
		if (c == -EIO) {
			kgdb_io_accel_reset();
			core.forced = true;
			return script_next(detach_script, sizeof(detach_script) - 1);
		}
		if (c < 0 || core.owner != OWNER_STUB || !kgdb_io_accel_take(c, held))
			return c;
	}
}
NOKPROBE_SYMBOL(stub_next);

void kgdb_io_tx_send(void)
{
	struct kgdb_io_transport *t = READ_ONCE(core.transport);
	unsigned int len = min_t(unsigned int, core.tx_len, sizeof(core.tx));

	core.tx_len = 0;
	if (t && len) {
		core.tx_untold = false;
		t->ops->tx(t, core.tx, len);
	}
}
NOKPROBE_SYMBOL(kgdb_io_tx_send);

/*
 * The acknowledgement of a step: its stop follows soon and can share the doorbell. If it does
 * not, the timer rings, long before a host repeats the request.
 */
static void send_later(void)
{
	struct kgdb_io_transport *t = READ_ONCE(core.transport);

	if (!t || !t->ops->tx_later) {
		kgdb_io_tx_send();
		return;
	}
	t->ops->tx_later(t, core.tx, core.tx_len);
	core.tx_len = 0;
	core.tx_untold = true;
}
NOKPROBE_SYMBOL(send_later);

u8 *kgdb_io_tx_room(unsigned int len)
{
	if (core.tx_len > TX_MAX - len)
		kgdb_io_tx_send();
	return core.tx + core.tx_len;
}
NOKPROBE_SYMBOL(kgdb_io_tx_room);

void kgdb_io_tx_add(unsigned int len)
{
	core.tx_len += len;
}
NOKPROBE_SYMBOL(kgdb_io_tx_add);

/* Back to the interrupt side after console output; it may have missed something. */
static void console_done(void)
{
	WRITE_ONCE(core.owner, OWNER_IRQ);
	/*
	 * Not in the polled path proper: the kernel runs, and a breakpoint in here
	 * enters the debugger as it does anywhere.
	 */
	irq_work_queue(&core.rescan);
}
NOKPROBE_SYMBOL(console_done);

/*
 * Follow what the stub reads: whether it will answer, and whether a debugger is there
 * that the module must stay loaded for.
 */
static void observe_input(u8 c)
{
	switch (rsp_feed(&core.in, c)) {
	case RSP_START:
		core.in_len = 0;
		/*
		 * try_module_get() can carry a breakpoint, but the kernel is stopped and
		 * all breakpoints are out. It fails while the module is being removed;
		 * then kgdb_io_stop() detaches.
		 */
		if (core.owner == OWNER_STUB && !core.referenced)
			core.referenced = try_module_get(THIS_MODULE);
		break;
	case RSP_DATA:
		if (core.in_len++ == 0) {
			core.in_type = c;
			/* Continue, step, kill, to kdb: these resume without a reply. */
			core.reply_due = c != 'c' && c != 's' && c != 'C' && c != 'S' &&
					 c != 'k' && c != '3';
			/* Detach and kill remove all breakpoints. */
			if (c == 'D' || c == 'k')
				kgdb_io_hw_break_changed();
		} else if (core.in_len == 2 && c != '0' &&
			   (core.in_type == 'Z' || core.in_type == 'z')) {
			kgdb_io_hw_break_changed();
		}
		break;
	case RSP_PACKET:
		if (!core.reply_due || core.in_type == 'D')
			listen_again();
		break;
	case RSP_TEXT:
		/* A line for kdb, maybe "bph". */
		kgdb_io_hw_break_changed();
		break;
	default:
		break;
	}
}
NOKPROBE_SYMBOL(observe_input);

static int core_read_char(void)
{
	unsigned int spin;
	int c;

	if (core.owner == OWNER_IRQ)
		WRITE_ONCE(core.owner, OWNER_CONSOLE);

	for (;;) {
		c = stub_next();
		if (c < 0) {
			/* kdb never flushes; and nothing else will happen now. */
			kgdb_io_tx_send();
			for (spin = 0; c < 0 && spin < SPIN; spin++)
				c = stub_next();
			if (c < 0)
				return NO_POLL_CHAR;
		}
		if (core.owner != OWNER_CONSOLE || c != RSP_BREAK_IN)
			break;
		/* put_packet() would swallow the break-in. */
		core.break_pending = true;
	}

	if (!core.stale)
		observe_input(c);
	if (core.owner == OWNER_CONSOLE && (c == '+' || c == '$'))
		console_done();		/* put_packet() returns on either */
	return c;
}
NOKPROBE_SYMBOL(core_read_char);

static void core_write_char(u8 c)
{
	bool first = core.tx_len == 0;
	enum rsp_event ev;

	if (core.stale)
		return;
	ev = rsp_feed(&core.out, c);
	if (ev == RSP_PACKET || ev == RSP_TEXT)
		core.packets = ev == RSP_PACKET;
	if (core.owner == OWNER_IRQ && ev == RSP_START)
		WRITE_ONCE(core.owner, OWNER_CONSOLE);
	if (ev == RSP_DATA && core.tx_len == 1 && core.tx[0] == '$')
		core.farewell = c == 'W';
	else if (first)
		core.farewell = false;

	if (core.owner == OWNER_STUB && kgdb_io_accel_drop(c, ev))
		return;
	*kgdb_io_tx_room(1) = c;
	kgdb_io_tx_add(1);

	/* A line of kdb's: the last one before "go" is followed by no poll for input. */
	if (ev == RSP_TEXT && c == '\n')
		kgdb_io_tx_send();
}
NOKPROBE_SYMBOL(core_write_char);

static void core_flush(void)
{
	/*
	 * An ack that a reply follows at once can share its doorbell. One for a packet
	 * that resumes cannot wait: a host that misses it repeats the packet, which the
	 * running kernel would take for a break-in.
	 */
	if (core.tx_len == 1 && core.tx[0] == '+') {
		if (core.reply_due)
			return;
		if (core.in_type == 's' && core.owner == OWNER_STUB) {
			send_later();
			return;
		}
	}
	kgdb_io_tx_send();
	/* The message at reboot is the one packet of a running kernel without an ack. */
	if (core.farewell && core.owner == OWNER_CONSOLE)
		console_done();
}
NOKPROBE_SYMBOL(core_flush);

static void core_pre_exception(void)
{
	struct kgdb_io_transport *t = READ_ONCE(core.transport);
	bool stepping;

	WRITE_ONCE(core.owner, OWNER_STUB);
	core.script_pos = 0;
	core.was_connected = kgdb_connected;
	stepping = core.stepping && (core.step_task == current ||
				     core.step_cpu == raw_smp_processor_id());
	core.stale = kgdb_io_stale_trap(core.stops, core.packets, kgdb_connected, stepping);
	if (core.stale)
		return;
	/* After the owner: what a CPU still takes was sent before this stop. */
	smp_store_release(&core.stops, core.stops + 1);
	/* This stop serves it. */
	core.break_pending = false;
	/*
	 * A host that believed it was talking to a running kernel would have sent 0x03. Without
	 * this the stub would begin with a stop reply that nobody asked for.
	 */
	if (core.held_packet)
		kgdb_connected = 0;
	core.stepping = false;
	memset(&core.in, 0, sizeof(core.in));
	memset(&core.out, 0, sizeof(core.out));
	core.in_type = 0;
	core.reply_due = false;
	quiet_down(t);
	kgdb_io_accel_stopped(!kgdb_connected, t && t->ops->reliable);
}
NOKPROBE_SYMBOL(core_pre_exception);

static void core_post_exception(void)
{
	if (core.stale) {
		core.stale = false;
		/* The stub takes whoever sends it a packet for a gdb. */
		kgdb_connected = core.was_connected;
		/* As below. */
		smp_store_release(&core.owner, OWNER_IRQ);
		return;
	}
	/*
	 * Normally nothing is left to send here, where breakpoints are in place again
	 * and the doorbell could meet one (the debug core then removes it and warns).
	 */
	if (core.tx_len)
		kgdb_io_tx_send();
	listen_again();

	core.held_len = 0;
	core.held_pos = 0;
	core.break_deferred = false;
	core.held_packet = false;
	core.step_late = false;
	core.stepping = core.in_type == 's' || core.in_type == 'S';
	core.step_task = current;
	core.step_cpu = raw_smp_processor_id();
	memset(&core.scan, 0, sizeof(core.scan));
	/* Pairs with the acquire in kgdb_io_poll(). */
	smp_store_release(&core.owner, OWNER_IRQ);

	/*
	 * module_put() can carry a breakpoint. But detaching has just removed all of
	 * gdb's, and nobody resumes with kdb's while a reference is held.
	 */
	if (core.referenced && !kgdb_connected) {
		core.referenced = false;
		module_put(THIS_MODULE);
	}
}
NOKPROBE_SYMBOL(core_post_exception);

static struct kgdb_io core_io_ops = {
	.name		= KBUILD_MODNAME,
	.read_char	= core_read_char,
	.write_char	= core_write_char,
	.flush		= core_flush,
	.pre_exception	= core_pre_exception,
	.post_exception	= core_post_exception,
};

/* The host wants the kernel stopped, and did when it had stopped @stops times. */
static void break_in(unsigned int stops)
{
	if (!READ_ONCE(core.registered))
		return;
	preempt_disable();
	kgdb_io_stale_trap_break_in(stops + 1);
	kgdb_breakpoint();
	kgdb_io_stale_trap_break_in(0);
	preempt_enable();
}

/* Hold back one byte of what may become a packet; forget it if it gets too long. */
static void hold(u8 c)
{
	unsigned int len = core.held_len;

	if (len >= HELD_MAX) {
		memset(&core.scan, 0, sizeof(core.scan));
		core.held_len = 0;
		return;
	}
	core.held[len] = c;
	core.held_len = len + 1;
}

/*
 * Consume what arrived for a running kernel; stop it if the host asks for that. But not in
 * the interrupt that comes before the one instruction of a step: the trap flag stands in what
 * it interrupted, and stopped here and detached, the kernel would trap with no debugger
 * there. The step's end is a stop in any case.
 */
static void scan_input(void)
{
	unsigned int stops = READ_ONCE(core.stops);
	int c;

	if (core.break_pending) {
		core.break_pending = false;
		break_in(stops);
	}

	/* Pairs with the release in core_post_exception(). */
	while (smp_load_acquire(&core.owner) == OWNER_IRQ && !core.held_packet) {
		c = input_next(&stops);
		if (c < 0)
			return;
		if (c == RSP_BREAK_IN) {
			/* Even inside a packet: one that the host never finished. */
			memset(&core.scan, 0, sizeof(core.scan));
			core.held_len = 0;
			if (core.stepping && !core.break_deferred)
				core.break_deferred = true;
			else
				break_in(stops);
			continue;
		}
		switch (rsp_feed(&core.scan, c)) {
		case RSP_START:
			core.held_len = 0;
			hold(c);
			break;
		case RSP_DATA:
		case RSP_TRAILER:
			hold(c);
			break;
		case RSP_PACKET:
			hold(c);
			core.held_packet = core.held_len;
			if (core.stepping) {
				core.break_deferred = true;
				break;
			}
			break_in(stops);
			core.held_packet = false;
			core.held_len = 0;
			break;
		default:
			/* Acks that came late, noise: dropped. */
			core.held_len = 0;
			break;
		}
	}
}

void kgdb_io_poll(void)
{
	int seen;

	/* One scan at a time; whoever comes meanwhile makes that one look again. */
	if (atomic_inc_return(&core.polling) != 1)
		return;
	do {
		seen = atomic_read(&core.polling);
		scan_input();
	} while (atomic_cmpxchg(&core.polling, seen, 0) != seen);
	kgdb_io_hw_break_check();
}

static void core_timer(struct timer_list *timer)
{
	struct kgdb_io_transport *t = READ_ONCE(core.transport);

	kgdb_io_poll();
	if (t && READ_ONCE(core.tx_untold)) {
		WRITE_ONCE(core.tx_untold, false);
		t->ops->tx_kick(t);
	}
	/*
	 * The step does not end. The first time it has hardly begun: this timer may be part of
	 * the interrupt that comes before the instruction.
	 */
	if (core.break_deferred && core.step_late) {
		core.break_deferred = false;
		break_in(READ_ONCE(core.stops));
	}
	core.step_late = core.break_deferred;
	if (core.broken) {
		core.broken = false;
		pr_err("the device answers nonsense and is not used any more; set the transport again to reset it\n");
	}
	if (core.forced && READ_ONCE(core.transport)) {
		core.forced = false;
		pr_notice("the kernel stopped while the transport was down: gdb was detached, the kernel went on\n");
	}
	mod_timer(timer, jiffies + msecs_to_jiffies(POLL_MS));
}

static void core_rescan(struct irq_work *work)
{
	kgdb_io_poll();
}

bool kgdb_io_connected(void)
{
	return kgdb_connected;
}

void kgdb_io_online(struct kgdb_io_transport *t)
{
	atomic_set(&core.pos, 0);
	core.held_packet = false;
	core.held_len = 0;
	core.held_pos = 0;
	core.tx_len = 0;
	core.tx_untold = false;
	core.quiet = false;
	memset(&core.scan, 0, sizeof(core.scan));
	/* What the transport has set up is there before it is used. */
	smp_store_release(&core.transport, t);
	mod_timer(&core.timer, jiffies + msecs_to_jiffies(POLL_MS));
}

void kgdb_io_offline(void)
{
	timer_delete_sync(&core.timer);
	WRITE_ONCE(core.transport, NULL);
	irq_work_sync(&core.rescan);
	/* Console output runs with interrupts off, which this waits for. */
	synchronize_rcu();
}

/*
 * The virtio core, for one, resets devices on the way to a reboot. A breakpoint that is
 * hit after that would stop the machine for good.
 */
static int core_reboot(struct notifier_block *nb, unsigned long code, void *unused)
{
	kgdb_io_offline();
	kgdb_io_hw_break_disable();
	return NOTIFY_DONE;
}

static struct notifier_block core_reboot_nb = {
	.notifier_call	= core_reboot,
};

int kgdb_io_start(struct kgdb_io_transport *t)
{
	int err;

	timer_setup(&core.timer, core_timer, 0);
	init_irq_work(&core.rescan, core_rescan);
	core.owner = OWNER_IRQ;
	core.forced = false;
	core.broken = false;

	kgdb_io_info_start();
	kgdb_io_stale_trap_start();
	/* Before the registration, which stops at once under "kgdbwait". */
	kgdb_io_online(t);
	err = kgdb_register_io_module(&core_io_ops);
	if (err) {
		kgdb_io_offline();
		kgdb_io_stale_trap_stop();
		if (err == -EBUSY)
			pr_err("another debug I/O driver is registered (the line above names it). If it is kgdboc, free it: echo > /sys/module/kgdboc/parameters/kgdboc\n");
		return err;
	}
	WRITE_ONCE(core.registered, true);
	kgdb_io_hw_break_enable();
	register_reboot_notifier(&core_reboot_nb);
	return 0;
}

void kgdb_io_stop(void)
{
	if (!core.registered)
		return;

	unregister_reboot_notifier(&core_reboot_nb);
	kgdb_io_offline();
	if (kgdb_connected) {
		/* With no transport, the stop is answered by detach_script. */
		pr_notice("gdb was connected: detaching it, its breakpoints are removed\n");
		kgdb_breakpoint();
	}
	WRITE_ONCE(core.registered, false);
	if (kgdb_connected) {
		/* Kernel lockdown keeps the stub from running; below it would be a BUG. */
		pr_err("gdb could not be detached: its breakpoints remain\n");
		kgdb_connected = 0;
	}
	kgdb_io_hw_break_disable();
	kgdb_unregister_io_module(&core_io_ops);
	kgdb_io_stale_trap_stop();
}
