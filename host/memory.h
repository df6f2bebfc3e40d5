/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has been read of the target's memory since it stopped, so that it is not read again.
 * Only memory proper belongs here: a device's registers may read differently the next time.
 */
#ifndef KGDB_IO_MEMORY_H
#define KGDB_IO_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory;

/** memory_new() - an empty one, the caller's to free(); NULL without memory */
struct memory *memory_new(void);

/**
 * memory_put() - remember bytes
 * @m: where
 * @addr: their address in the target
 * @data: the bytes
 * @len: how many; none may lie beyond the end of the address space
 *
 * It has room for 4 MiB. What was put long ago makes room for what is new.
 */
void memory_put(struct memory *m, uint64_t addr, const uint8_t *data, size_t len);

/**
 * memory_get() - what is known from an address on
 * @m: where
 * @addr: first byte's address
 * @out: receives them; NULL if only their number is wanted
 * @len: most bytes wanted
 *
 * Return: how many bytes from @addr on are known, up to @len.
 */
size_t memory_get(const struct memory *m, uint64_t addr, uint8_t *out, size_t len);

/**
 * memory_put_error() - remember that there is nothing at an address, nor in all of its page
 *
 * What was known of the page is forgotten.
 */
void memory_put_error(struct memory *m, uint64_t addr);

/** memory_is_error() - whether it is known that there is nothing at an address */
bool memory_is_error(const struct memory *m, uint64_t addr);

/** memory_forget() - forget everything: the target runs, or its memory was written */
void memory_forget(struct memory *m);

#endif
