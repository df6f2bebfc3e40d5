/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core: what stands between the kernel's debug core (struct kgdb_io) and a
 * transport. It breaks in when the host asks for it, gathers output, and keeps the
 * module and the debugger from pulling the rug from under each other.
 *
 * The polled path
 * ===============
 * Everything that can be reached from the members of struct kgdb_io runs with the
 * kernel stopped at an arbitrary instruction, any lock held, other CPUs held in an NMI.
 * So it takes no lock, allocates nothing, does not sleep, print, map or wait without
 * a bound for anything but input. And it calls nothing of the kernel that can
 * carry a breakpoint while breakpoints are in place: the debug core takes them all out
 * before it reads or writes, but not around pre_exception() and post_exception(), and
 * not when "kgdbcon" prints through us in a running kernel. What must be called
 * nevertheless is named and argued at the place. Our own functions are on the kprobe
 * blocklist, which kgdb honours (CONFIG_KGDB_HONOUR_BLOCKLIST): gdb gets an error for a
 * breakpoint there.
 *
 * Who consumes
 * ============
 * Input has one position, advanced by compare and exchange (core.pos),
 * so that any context may take the next byte at any time without harm to memory. Who
 * should is said by core.owner: the polled path while the kernel is stopped, the
 * interrupt side (kgdb_io_poll()) while it runs.
 */
#ifndef KGDB_IO_CORE_H
#define KGDB_IO_CORE_H

#include <linux/types.h>

struct kgdb_io_transport;

/**
 * kgdb_io_start() - make @t the debugger's transport
 * @t: transport whose device is ready; receive buffer 0 is the next to arrive
 *
 * Registers with the debug core, which stops right here when "kgdbwait" was on the
 * kernel command line.
 *
 * Context: process, may sleep.
 * Return: 0; -EBUSY when another I/O driver is registered (a line in the log says how
 * to free it), then @t is not used; other -errno from the debug core.
 */
int kgdb_io_start(struct kgdb_io_transport *t);

/**
 * kgdb_io_stop() - undo kgdb_io_start()
 *
 * A gdb that is connected is detached by force: breakpoints left in a kernel that has
 * no debugger would stop it for good. After return nothing calls the transport.
 * Context: process, may sleep. Does nothing if not started.
 */
void kgdb_io_stop(void);

/**
 * kgdb_io_offline() - the transport will not answer for a while (system suspend)
 *
 * The registration and a connected gdb are kept. If the kernel stops while offline it
 * goes on at once, with gdb detached. After return nothing calls the transport.
 * Context: process, may sleep.
 */
void kgdb_io_offline(void);

/**
 * kgdb_io_online() - undo kgdb_io_offline()
 * @t: the transport, set up afresh; receive buffer 0 is the next to arrive
 *
 * Context: process.
 */
void kgdb_io_online(struct kgdb_io_transport *t);

/**
 * kgdb_io_poll() - look for a break-in
 *
 * The transport calls it from its interrupt handler when bytes may have arrived. May
 * stop the kernel inside. Returns at once while the kernel is stopped.
 * Context: any but NMI; several CPUs at once are fine.
 */
void kgdb_io_poll(void);

/**
 * kgdb_io_input_due() - whether the next byte from the host is there already
 *
 * Context: polled. Return: that; true as well if there is no transport to wait for.
 */
bool kgdb_io_input_due(void);

/**
 * kgdb_io_tx_room() - where output can be put
 * @len: bytes that there must be room for, at most 8192
 *
 * Sends what has been gathered if there is no room behind it. Context: polled.
 * Return: the place; what is put there counts once kgdb_io_tx_add() was called.
 */
u8 *kgdb_io_tx_room(unsigned int len);

/** kgdb_io_tx_add() - @len bytes were put at kgdb_io_tx_room(). Context: polled. */
void kgdb_io_tx_add(unsigned int len);

/** kgdb_io_tx_send() - send what has been gathered. Context: polled. */
void kgdb_io_tx_send(void);

/**
 * kgdb_io_connected() - whether gdb is connected, so that nothing may be taken away
 */
bool kgdb_io_connected(void);

#endif
