// SPDX-License-Identifier: GPL-2.0
/* The list of threads, see threads.h. */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "threads.h"

/* Where a walk over all threads stands. */
struct walk {
	unsigned int seen;
	unsigned int first;
	unsigned int max;
	/* One of these: to be written to, or to be compared with. */
	u32 *out;
	const u32 *in;
};

/* Returns false when the walk is over. */
static bool visit(struct walk *w, u32 id)
{
	unsigned int at = w->seen++ - w->first;

	if (w->seen <= w->first)
		return true;
	if (at >= w->max)
		return false;
	if (w->in)
		return w->in[at] == id;
	w->out[at] = id;
	return true;
}
NOKPROBE_SYMBOL(visit);

static bool walk(struct walk *w)
{
	struct task_struct *g, *p;
	int cpu;

	for_each_online_cpu(cpu)
		if (!visit(w, -cpu - 2))
			return false;
	/* The kernel is stopped: nobody changes the list, and the stub takes no lock either. */
	for_each_process_thread(g, p)
		if (!visit(w, p->pid))
			return false;
	return true;
}
NOKPROBE_SYMBOL(walk);

unsigned int kgdb_io_threads(u32 *ids, unsigned int max, unsigned int first)
{
	struct walk w = { .first = first, .max = max, .out = ids };

	walk(&w);
	return w.seen > first ? min(w.seen - first, max) : 0;
}
NOKPROBE_SYMBOL(kgdb_io_threads);

bool kgdb_io_threads_are(const u32 *ids, unsigned int count)
{
	struct walk w = { .max = count, .in = ids };

	return walk(&w) && w.seen == count;
}
NOKPROBE_SYMBOL(kgdb_io_threads_are);
