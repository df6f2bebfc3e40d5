// SPDX-License-Identifier: GPL-2.0
/* Traps of breakpoints that are gone, see stale_trap.h. */
#include "stale_trap.h"

#if defined(CONFIG_X86_64) && !defined(CONFIG_KGDB_LOW_LEVEL_TRAP)

#include <linux/err.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/kgdb.h>
#include <linux/kprobes.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/string.h>
#include <linux/thread_info.h>
#include <linux/uaccess.h>

#include <asm/debugreg.h>
#include <asm/text-patching.h>

/* The last trap of each CPU in the kernel. */
struct trap {
	unsigned long cmd;	/* DIE_INT3, ... */
	struct pt_regs *regs;
	unsigned long ip;	/* of @regs */
	bool step;		/* of one instruction */
};

/* Not with an initializer: a module's per-CPU section is not relocated. */
static DEFINE_PER_CPU(struct trap, last_trap);
/* Which stop the break-in that the CPU is inside of was to be; 0: it is not. */
static DEFINE_PER_CPU(unsigned int, break_in_stop);
/* Where kgdb_breakpoint() has its int3; 0: not found. */
static unsigned long compiled_in;

/* Before the debug core's. Runs in a kernel that has not stopped, in any context. */
static int note_trap(struct notifier_block *nb, unsigned long cmd, void *data)
{
	const struct die_args *args = data;
	struct trap *t = raw_cpu_ptr(&last_trap);

	if (user_mode(args->regs))
		return NOTIFY_DONE;
	t->cmd = cmd;
	t->regs = args->regs;
	t->ip = args->regs->ip;
	/* notify_debug() hands DR6 over like that. */
	t->step = cmd == DIE_DEBUG && *(unsigned long *)ERR_PTR(args->err) & DR_STEP;
	return NOTIFY_DONE;
}
NOKPROBE_SYMBOL(note_trap);

static struct notifier_block trap_nb = {
	.notifier_call	= note_trap,
	.priority	= INT_MAX - 1,
};

/*
 * Whether a trap is the one that we are inside of. An NMI may have had one of its own since,
 * on its own stack, which the debug core took no notice of.
 */
static bool is_ours(const struct trap *t)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);
	unsigned long regs = (unsigned long)t->regs, ip;

	return regs > here && regs - here < THREAD_SIZE &&
	       !copy_from_kernel_nofault(&ip, &t->regs->ip, sizeof(ip)) && ip == t->ip;
}
NOKPROBE_SYMBOL(is_ours);

bool kgdb_io_stale_trap(unsigned int stops, bool gdb, bool connected, bool stepping)
{
	struct trap *t = raw_cpu_ptr(&last_trap);
	unsigned int asked = raw_cpu_read(break_in_stop);
	u8 byte;

	if (!t->regs || !is_ours(t))
		return false;
	if (asked && compiled_in && t->ip == compiled_in + INT3_INSN_SIZE)
		return asked != stops + 1;
	if (t->cmd == DIE_DEBUG)
		return gdb && (!connected || (t->step && !stepping));
	/* Breakpoints are still in place here. */
	if (t->cmd != DIE_INT3 ||
	    copy_from_kernel_nofault(&byte, (void *)(t->ip - INT3_INSN_SIZE), sizeof(byte)) ||
	    byte == INT3_INSN_OPCODE)
		return false;
	t->regs->ip -= INT3_INSN_SIZE;
	return true;
}
NOKPROBE_SYMBOL(kgdb_io_stale_trap);

void kgdb_io_stale_trap_break_in(unsigned int stop)
{
	raw_cpu_write(break_in_stop, stop);
}
NOKPROBE_SYMBOL(kgdb_io_stale_trap_break_in);

/* Between two wmb(). */
static unsigned long find_int3(void)
{
	static const u8 pattern[] = { 0x0f, 0xae, 0xf8, INT3_INSN_OPCODE, 0x0f, 0xae, 0xf8 };
	unsigned long at = (unsigned long)kgdb_breakpoint;
	u8 code[64];
	size_t i;

	if (copy_from_kernel_nofault(code, (void *)at, sizeof(code)))
		return 0;
	for (i = 0; i + sizeof(pattern) <= sizeof(code); i++)
		if (!memcmp(code + i, pattern, sizeof(pattern)))
			return at + i + 3;
	return 0;
}

void kgdb_io_stale_trap_start(void)
{
	compiled_in = find_int3();
	register_die_notifier(&trap_nb);
}

void kgdb_io_stale_trap_stop(void)
{
	unregister_die_notifier(&trap_nb);
}

#endif
