/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The breakpoints and watchpoints that the target has, and which of them gdb has taken out
 * without the target knowing of it.
 *
 * A packet is "Z" or "z" and all that names the breakpoint: type, address, kind.
 */
#ifndef KGDB_IO_BREAKPOINTS_H
#define KGDB_IO_BREAKPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest packet that is remembered. */
#define BREAKPOINT_MAX	48

struct breakpoints;

/** breakpoints_new() - an empty table, the caller's to free(); NULL without memory */
struct breakpoints *breakpoints_new(void);

/** breakpoints_add() - the target has one more, by a "Z" packet; forgotten if there are many */
void breakpoints_add(struct breakpoints *b, const uint8_t *packet, size_t len);

/** breakpoints_known() - whether the target has the one of this packet, taken out or not */
bool breakpoints_known(const struct breakpoints *b, const uint8_t *packet, size_t len);

/** breakpoints_insert() - gdb puts one in: whether the target has it already */
bool breakpoints_insert(struct breakpoints *b, const uint8_t *packet, size_t len);

/** breakpoints_remove() - gdb takes one out: whether that is noted, else the target is told */
bool breakpoints_remove(struct breakpoints *b, const uint8_t *packet, size_t len);

/**
 * breakpoints_next_removed() - one that gdb took out, to tell the target now
 * @b: table; it is not in there any more
 * @packet: receives its "z" packet, BREAKPOINT_MAX bytes
 *
 * Return: the packet's length; 0 if there is none.
 */
size_t breakpoints_next_removed(struct breakpoints *b, char *packet);

/** breakpoints_at() - whether a breakpoint is in at an address */
bool breakpoints_at(const struct breakpoints *b, uint64_t addr);

/**
 * breakpoints_narrow() - keep a range free of breakpoints
 * @b: table
 * @pc: an address
 * @from: first address of a range around @pc; moved up. One that was hit leaves the program
 *	  counter behind its first byte: that is not in the range either
 * @to: first address behind it; moved down
 */
void breakpoints_narrow(const struct breakpoints *b, uint64_t pc, uint64_t *from, uint64_t *to);

/**
 * breakpoints_lost() - the target has none any more, and gdb does not know
 *
 * It may remove those that it believes to be in, and insert them anew.
 */
void breakpoints_lost(struct breakpoints *b);

/** breakpoints_forget() - the target has none any more, or it is not known which */
void breakpoints_forget(struct breakpoints *b);

#endif
