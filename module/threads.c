// SPDX-License-Identifier: GPL-2.0
/* The list of threads, see threads.h. */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "threads.h"

/* "," and the digits of 32 bits. */
#define THREAD_MAX	9

struct list {
	char *start;
	char *at;
	char *end;
	unsigned int first;	/* those before it were told */
	unsigned int count;	/* seen so far */
};

/* Returns false when there is no room. */
static bool put_thread(struct list *l, u32 id)
{
	int shift = 28;

	if (l->count < l->first) {
		l->count++;
		return true;
	}
	if (l->end - l->at <= THREAD_MAX)
		return false;
	l->count++;
	*l->at = l->at == l->start ? 'm' : ',';
	l->at++;
	/* Whole bytes, as the stub has it. */
	while (shift > 4 && !(id >> (shift - 4)))
		shift -= 8;
	for (; shift >= 0; shift -= 4)
		*l->at++ = hex_asc_lo(id >> shift);
	return true;
}
NOKPROBE_SYMBOL(put_thread);

static bool put_threads(struct list *l)
{
	struct task_struct *g, *p;
	int cpu;

	for_each_online_cpu(cpu)
		if (!put_thread(l, -cpu - 2))
			return false;
	/* The kernel is stopped: nobody changes the list, and the stub takes no lock either. */
	for_each_process_thread(g, p)
		if (!put_thread(l, p->pid))
			return false;
	return true;
}
NOKPROBE_SYMBOL(put_threads);

unsigned int kgdb_io_threads(char *out, unsigned int size, unsigned int first)
{
	struct list l = { .start = out, .at = out, .end = out + size, .first = first };
	bool whole = put_threads(&l);

	if (l.at == out)
		*l.at++ = 'l';
	*l.at = '\0';
	return whole ? 0 : l.count;
}
NOKPROBE_SYMBOL(kgdb_io_threads);
