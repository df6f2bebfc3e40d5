/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What runs on the target, and where: the kernel's release and build id, whether the vmlinux
 * here is the same, and by how much KASLR has moved it.
 *
 * It asks the stopped target, request by request; whoever drives it moves the packets. Our
 * module knows all of it (module/accel.h, qkgdbio.info). With any other stub the place is
 * guessed from the registers, and nothing is believed before linux_banner was found there.
 *
 * Sources: the kernel's arch/x86/boot/compressed/kaslr.c for where it may be; the gdb manual,
 * "General Query Packets", for qOffsets.
 */
#ifndef KGDB_IO_TARGET_H
#define KGDB_IO_TARGET_H

#include "vmlinux.h"

struct target;

/**
 * target_new() - make one
 * @vmlinux: what the person says is the target's, or NULL; must outlive it
 *
 * Return: the caller's to free(); NULL without memory.
 */
struct target *target_new(const struct vmlinux *vmlinux);

/** target_begin() - forget what is known: it may be another kernel now */
void target_begin(struct target *t);

/**
 * target_next() - what to ask the target next
 * @t: target
 * @payload: receives the request, at most 64 bytes
 *
 * Return: its length; 0 when nothing more is to be asked.
 */
size_t target_next(struct target *t, char *payload);

/** target_reply() - the target's reply to that; escapes as on the wire, no run lengths */
void target_reply(struct target *t, const void *payload, size_t len);

/**
 * target_offset() - by how much the kernel was moved
 * @t: target, with nothing more to ask
 * @offset: receives run-time address less address in the vmlinux, in bytes
 * @text: receives where the vmlinux's first segment was linked to
 *
 * Return: whether that is known for certain.
 */
bool target_offset(const struct target *t, uint64_t *offset, uint64_t *text);

/**
 * target_message() - what a person should know about the vmlinux
 * @t: target, with nothing more to ask
 * @text: receives it
 * @size: room there
 *
 * Return: 0: nothing; 1: a hint; 2: a warning.
 */
int target_message(const struct target *t, char *text, size_t size);

#endif
