/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Traps on x86 of breakpoints that were there when a CPU met them and are gone by the time
 * that it may say so, as another CPU had stopped the kernel first.
 *
 * The debug core sees to that for a breakpoint that gdb has removed (kgdb_skipexception()),
 * and for no other: "?", with which a gdb begins, and "D", with which it ends, make it forget
 * all of them (dbg_remove_all_break()). The kernel would stop for a gdb that has just
 * gone, and whoever lets it go on has it execute the rest of an instruction whose first byte
 * was the breakpoint. Seen with 6.1.192 and 6.12.117.
 *
 * The same goes for a step that was overtaken by what another CPU met, which gdb would take
 * for the breakpoint that it has just stepped over and undo, and for a break-in: what had
 * stopped the kernel first has served it.
 */
#ifndef KGDB_IO_STALE_TRAP_H
#define KGDB_IO_STALE_TRAP_H

#include <linux/kconfig.h>
#include <linux/types.h>

/* With KGDB_LOW_LEVEL_TRAP the debug core has its int3 before we could hear of it. */
#if defined(CONFIG_X86_64) && !defined(CONFIG_KGDB_LOW_LEVEL_TRAP)

/**
 * kgdb_io_stale_trap_start() - begin to watch the traps of the kernel
 *
 * Context: process, may sleep.
 */
void kgdb_io_stale_trap_start(void);

/** kgdb_io_stale_trap_stop() - undo that. Context: process, may sleep. */
void kgdb_io_stale_trap_stop(void);

/**
 * kgdb_io_stale_trap_break_in() - note a break-in of ours
 * @stop: the number of the stop that it is to be; 0: it is over
 *
 * Context: any, on the CPU that breaks in, before and after kgdb_breakpoint(), without
 * preemption.
 */
void kgdb_io_stale_trap_break_in(unsigned int stop);

/**
 * kgdb_io_stale_trap() - whether this CPU stops for something that is gone
 * @stops: how many stops there were before
 * @gdb: the debugger is, or was, a gdb; not kdb
 * @connected: it is there
 * @stepping: it has had the current task resumed for one instruction
 *
 * Puts the program counter back to the instruction where the breakpoint was, so that the
 * kernel can be resumed as it is.
 * Context: pre_exception() of the debug core.
 */
bool kgdb_io_stale_trap(unsigned int stops, bool gdb, bool connected, bool stepping);

#else

static inline void kgdb_io_stale_trap_start(void) { }
static inline void kgdb_io_stale_trap_stop(void) { }
static inline void kgdb_io_stale_trap_break_in(unsigned int stop) { }
static inline bool kgdb_io_stale_trap(unsigned int stops, bool gdb, bool connected,
				      bool stepping)
{
	return false;
}

#endif

#endif
