// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware breakpoints of the x86 stub, see hw_break.h.
 *
 * The stub's events are static in arch/x86/kernel/kgdb.c. What leads there is the list of
 * events of each CPU's perf context, and an event of our own leads to that; the stub's
 * are known by their overflow handler.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "hw_break.h"

#if defined(CONFIG_X86) && defined(CONFIG_HAVE_HW_BREAKPOINT)

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/hw_breakpoint.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/perf_event.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <asm/debugreg.h>

/* The events found; the stub owns them. Changed under the CPU hotplug lock. */
static struct perf_event **events;
static unsigned int num_events;
static int hotplug_state;
/* The events may be looked at from interrupts. */
static bool ready;
/* Hardware breakpoints were touched during a stop, and nobody has seen to it yet. */
static atomic_t changed;
/* Calls to write_registers() that are under way. */
static atomic_t calls;

/* For an event of ours to be about something; never written. */
static unsigned long unwatched;

static void never(struct perf_event *event, struct perf_sample_data *data,
		  struct pt_regs *regs)
{
}

static bool is_stubs(const struct perf_event *event)
{
	char handler[KSYM_NAME_LEN];

	if (event->attr.type != PERF_TYPE_BREAKPOINT || !event->attr.disabled)
		return false;
	snprintf(handler, sizeof(handler), "%ps", event->overflow_handler);
	return !strcmp(handler, "kgdb_hw_overflow_handler");
}

static void set_state(unsigned int cpu, enum perf_event_state state)
{
	unsigned int i;

	for (i = 0; i < num_events; i++)
		if (events[i]->cpu == cpu)
			WRITE_ONCE(events[i]->state, state);
}

/* perf takes the events of a CPU from it before it goes, and wants them inactive. */
static int cpu_goes(unsigned int cpu)
{
	set_state(cpu, PERF_EVENT_STATE_OFF);
	return 0;
}

static int cpu_comes(unsigned int cpu)
{
	set_state(cpu, PERF_EVENT_STATE_ACTIVE);
	return 0;
}

static void write_registers(void *unused)
{
	hw_breakpoint_restore();
	atomic_dec(&calls);
}

/* Not with an initializer: a module's per-CPU section is not relocated. */
static DEFINE_PER_CPU(call_single_data_t, call);

void kgdb_io_hw_break_changed(void)
{
	atomic_set(&changed, 1);
}
NOKPROBE_SYMBOL(kgdb_io_hw_break_changed);

bool kgdb_io_hw_break_due(void)
{
	return atomic_read(&changed);
}
NOKPROBE_SYMBOL(kgdb_io_hw_break_due);

void kgdb_io_hw_break_check(void)
{
	int cpu;

	if (!kgdb_io_hw_break_due())
		return;
	/* Keeps CPUs from going, and kgdb_io_hw_break_disable() waiting. */
	preempt_disable();
	if (READ_ONCE(ready) && atomic_xchg(&changed, 0)) {
		/*
		 * A CPU that is still on its way out of the debugger takes the
		 * interrupt when it has left it. One whose last call is still to
		 * come needs no other.
		 */
		for_each_online_cpu(cpu) {
			atomic_inc(&calls);
			if (smp_call_function_single_async(cpu, per_cpu_ptr(&call, cpu)))
				atomic_dec(&calls);
		}
	}
	preempt_enable();
}

static void find_events(struct perf_event * __percpu *guide)
{
	struct perf_event_context *ctx;
	struct perf_event *event;
	int cpu;

	for_each_online_cpu(cpu) {
		ctx = (*per_cpu_ptr(guide, cpu))->ctx;
		mutex_lock(&ctx->mutex);
		list_for_each_entry(event, &ctx->event_list, event_entry)
			if (is_stubs(event) && num_events < HBP_NUM * nr_cpu_ids)
				events[num_events++] = event;
		mutex_unlock(&ctx->mutex);
	}
}

void kgdb_io_hw_break_enable(void)
{
	struct perf_event * __percpu *guide;
	struct perf_event_attr attr;
	int cpu;

	for_each_possible_cpu(cpu)
		INIT_CSD(per_cpu_ptr(&call, cpu), write_registers, NULL);

	hw_breakpoint_init(&attr);
	attr.bp_addr = (unsigned long)&unwatched;
	attr.bp_len = HW_BREAKPOINT_LEN_1;
	attr.bp_type = HW_BREAKPOINT_W;
	attr.disabled = 1;
	guide = register_wide_hw_breakpoint(&attr, never, NULL);
	if (IS_ERR((void __force *)guide)) {
		pr_warn("hardware breakpoints may not trigger: all debug registers are in use\n");
		return;
	}

	num_events = 0;
	events = kcalloc(HBP_NUM * nr_cpu_ids, sizeof(struct perf_event *), GFP_KERNEL);
	if (events) {
		cpus_read_lock();
		find_events(guide);
		cpus_read_unlock();
	}
	unregister_wide_hw_breakpoint(guide);
	if (!num_events) {
		pr_warn("hardware breakpoints may not trigger: the debug core's were not found\n");
		kfree(events);
		events = NULL;
		return;
	}
	/* Calls cpu_comes() for the CPUs that are there. */
	hotplug_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kgdb_io", cpu_comes, cpu_goes);
	if (hotplug_state < 0) {
		pr_warn("hardware breakpoints may not trigger: error %d\n", hotplug_state);
		return;
	}
	atomic_set(&changed, 0);
	WRITE_ONCE(ready, true);
}

void kgdb_io_hw_break_disable(void)
{
	if (!events)
		return;
	WRITE_ONCE(ready, false);
	/* No more calls are begun, then those that were are over. */
	synchronize_rcu();
	while (atomic_read(&calls))
		msleep(20);
	synchronize_rcu();
	/* Calls cpu_goes() for the CPUs that are there. */
	if (hotplug_state > 0)
		cpuhp_remove_state(hotplug_state);
	kfree(events);
	events = NULL;
	num_events = 0;
}

#endif
