/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The border between the core (core.h) and what moves bytes. A transport is a receive
 * queue of buffers that the device fills in order, and a way to send. It knows
 * nothing of RSP or of the debug core.
 */
#ifndef KGDB_IO_TRANSPORT_H
#define KGDB_IO_TRANSPORT_H

#include <linux/types.h>

struct kgdb_io_transport;

/**
 * struct kgdb_io_transport_ops - the polled half of a transport
 *
 * All of these run under the rules of the polled path (see core.h), in any context,
 * on any CPU, and may find themselves interrupted in the middle by an NMI that stops
 * the kernel and uses them anew. They neither sleep, nor lock, nor wait unless said.
 */
struct kgdb_io_transport_ops {
	/**
	 * @rx_span: look at received buffer number @index without taking it
	 *
	 * Buffers are numbered from 0 in the order of arrival since kgdb_io_online(),
	 * modulo 65536. Sets *@data to its bytes, which stay valid until rx_release().
	 *
	 * Return: its length in bytes, at least 1 and at most 65535; 0 when it has not
	 * arrived yet; -ENODATA when it has and is empty; -EIO when the device broke
	 * its contract and must not be used any more.
	 */
	int (*rx_span)(struct kgdb_io_transport *t, u16 index, const u8 **data);

	/**
	 * @rx_release: give buffers up to and including number @index back to the device
	 *
	 * Calls may come late and out of order, when the kernel was stopped in one of
	 * them; one for a buffer that has been given back already does nothing.
	 */
	void (*rx_release)(struct kgdb_io_transport *t, u16 index);

	/**
	 * @rx_quiet: whether the device need not interrupt for what arrives
	 *
	 * Optional. It is told so while the kernel is stopped and polls, or each request
	 * would interrupt the kernel as soon as it runs again. What arrives after it was told
	 * the opposite interrupts.
	 */
	void (*rx_quiet)(struct kgdb_io_transport *t, bool quiet);

	/**
	 * @tx: send bytes
	 *
	 * @buf is the caller's and is copied. Where the device takes nothing for a
	 * second the rest is dropped, and later calls do not wait again until it
	 * moves: a host that does not read must not hang a machine that wants to
	 * continue. RSP repeats what gets lost.
	 *
	 * Return: the number of bytes taken.
	 */
	size_t (*tx)(struct kgdb_io_transport *t, const u8 *buf, size_t len);

	/**
	 * @tx_later: as @tx, but the device is told of it with the next @tx or by @tx_kick
	 *
	 * Optional, with @tx_kick.
	 */
	size_t (*tx_later)(struct kgdb_io_transport *t, const u8 *buf, size_t len);

	/**
	 * @tx_kick: tell the device of what it was not told yet
	 *
	 * Harmless when that is nothing, and when the kernel is stopped in the middle.
	 */
	void (*tx_kick)(struct kgdb_io_transport *t);

	/** @reliable: bytes arrive as they were sent, or the device is gone */
	bool reliable;
};

/**
 * struct kgdb_io_transport - what the core holds of a transport
 * @ops: never NULL, constant
 *
 * Embedded in the transport's own structure, owned by it, and alive from
 * kgdb_io_online() until kgdb_io_offline() has returned.
 */
struct kgdb_io_transport {
	const struct kgdb_io_transport_ops *ops;
};

/**
 * struct kgdb_io_transport_type - a kind of transport that "transport=" can name
 * @name: the word before the colon
 * @init: called at module load, before anything else; may sleep; 0 or -errno
 * @exit: undoes @init; nothing is open any more
 * @open: bring up the device that @dev names (text after the colon, "" if none; not
 *	  kept) and end in kgdb_io_start(). May sleep. On failure nothing has
 *	  changed, a line in the log says what to do, and -errno comes back.
 * @close: take it down again, give the device back to the driver it was taken from.
 *	  May sleep.
 *
 * @open and @close are serialised by the caller (main.c).
 */
struct kgdb_io_transport_type {
	const char *name;
	int (*init)(void);
	void (*exit)(void);
	int (*open)(const char *dev);
	void (*close)(void);
};

extern const struct kgdb_io_transport_type kgdb_io_virtio;
extern const struct kgdb_io_transport_type kgdb_io_usb;

#endif
