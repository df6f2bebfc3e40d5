/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hardware breakpoints and watchpoints on x86, where the stub arms perf events behind
 * perf's back and perf has come to mind it.
 *
 * kgdb_arch_late() makes four perf events for each CPU, disabled, and the stub then
 * writes the debug registers itself. By now perf_swevent_event() drops a hit unless its
 * event is PERF_EVENT_STATE_ACTIVE (seen in 6.1.192 and 6.12.117), which these never are:
 * gdb's watchpoints are accepted and do not trigger, with any I/O driver, kgdboc included.
 *
 * And what is changed during a stop may not last: #DB and NMI save DR7 on their way in and
 * write it back on their way out (local_db_save()), over what the stub has written. A
 * watchpoint in the register of an earlier hbreak would still be an instruction breakpoint.
 */
#ifndef KGDB_IO_HW_BREAK_H
#define KGDB_IO_HW_BREAK_H

#include <linux/types.h>

#if defined(CONFIG_X86) && defined(CONFIG_HAVE_HW_BREAKPOINT)

/**
 * kgdb_io_hw_break_enable() - let the stub's hardware breakpoints trigger
 *
 * Call after kgdb_register_io_module(), which makes their events. If they cannot be
 * found a warning says so and all else works.
 * Context: process, may sleep.
 */
void kgdb_io_hw_break_enable(void);

/**
 * kgdb_io_hw_break_disable() - put the events back as they were
 *
 * Call before kgdb_unregister_io_module(), which frees them, and before perf takes them
 * from their CPUs at reboot: an event that says it is active and was never scheduled in
 * makes perf complain there. Nothing happens if it is not enabled.
 * Context: process, may sleep.
 */
void kgdb_io_hw_break_disable(void);

/**
 * kgdb_io_hw_break_changed() - note that the debugger has touched hardware breakpoints
 *
 * Context: polled, in a stopped kernel.
 */
void kgdb_io_hw_break_changed(void);

/** kgdb_io_hw_break_due() - whether kgdb_io_hw_break_check() has something to do; any context */
bool kgdb_io_hw_break_due(void);

/**
 * kgdb_io_hw_break_check() - have each CPU's debug registers written anew after a change
 *
 * To be called soon after each resume, and now and then; it is cheap. Each CPU is sent an
 * interrupt, so that it comes after the exception that the CPU may be about to leave.
 * Context: any but NMI, while enabled; does not sleep.
 */
void kgdb_io_hw_break_check(void);

#else

static inline void kgdb_io_hw_break_enable(void) { }
static inline void kgdb_io_hw_break_disable(void) { }
static inline void kgdb_io_hw_break_changed(void) { }
static inline bool kgdb_io_hw_break_due(void) { return false; }
static inline void kgdb_io_hw_break_check(void) { }

#endif

#endif
