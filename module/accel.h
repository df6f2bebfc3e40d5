/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stands between the debug core's gdb stub and the host and answers the packets that
 * the stub lacks or does poorly: qSupported with a large PacketSize, QStartNoAckMode, reads
 * of up to 64 KiB in one reply, binary ones too, writes as large, the list of threads in
 * one piece, stop replies with the registers, one to "?" as well, and our own queries. All else
 * passes unchanged.
 *
 * To the stub it is the host, and to the host it is the stub; core.c gives it the bytes of
 * both, in the polled path and under its rules. kdb, which reads lines, gets its bytes as
 * they come.
 *
 * Our own queries, named as RSP asks (the gdb manual, "Packets", "qXfer" and before);
 * numbers are hexadecimal, TEXT is in hex digits:
 *
 * "qkgdbio.info"
 *	"release:TEXT;version:TEXT;machine:TEXT;build-id:DIGITS;kgdb_connected:ADDR;
 *	cpus:NUMBER". Of utsname and the kernel's NT_GNU_BUILD_ID note; ADDR is where that
 *	symbol is, and cpus those that are online. What is not known is left out.
 *
 * "vCont;rFROM,TO"
 *	As in the gdb manual, for the thread that stopped; no other vCont is known. Steps until
 *	the program counter is outside, anything else stops the kernel, or a byte of the host
 *	has arrived. The host keeps breakpoints out of the range. x86-64 only.
 *
 * "?"
 *	The answer is what a stop would be told with, and "kgdbio.status:;" behind the registers:
 *	the stub has removed all breakpoints. Only "T05thread:ID;" if another thread is chosen by
 *	"Hg". x86-64 only.
 *
 * "kgdbio.stops+" in qSupported, from a host and back (x86-64)
 *	Stop replies have, behind the registers, "kgdbio.stack:DIGITS;", memory from the stack
 *	pointer on, rounded down to a multiple of 64; and "kgdbio.threads:same;" if the list of
 *	threads is what was told last, in one piece. Where the transport can lose or change bytes
 *	it is "kgdbio.checked-stack:DIGITS;", with a CRC as below.
 *
 * "qkgdbio.ram:ADDR,LENGTH"
 *	As "x ADDR,LENGTH", with its errors, but only as far as it is memory: pages that hold
 *	System RAM and nothing that could be a device. "b" alone where it is not. Where the
 *	transport can lose or change bytes, "c" in place of "b", and behind the data the CRC of
 *	rsp_crc_of_range() and the data (4 bytes, the high one first): the sum of a packet misses
 *	one in 256 losses, and a line that is too fast for its adapter loses bytes all the time.
 *	And a request that is repeated on such a line may be answered twice, late.
 */
#ifndef KGDB_IO_ACCEL_H
#define KGDB_IO_ACCEL_H

#include <linux/types.h>

#include "../common/rsp.h"

/**
 * kgdb_io_accel_stopped() - the kernel has stopped, in the middle of whatever it did
 * @fresh: no debugger is connected: whatever was agreed with one is void
 * @reliable: the transport neither loses nor changes bytes, so that acknowledgements
 *	      may be left out if the host wants that
 *
 * Context: polled, before the stub or kdb reads or writes.
 */
void kgdb_io_accel_stopped(bool fresh, bool reliable);

/**
 * kgdb_io_accel_next() - the next byte for the stub that does not come from the host
 *
 * Context: polled.
 * Return: 0 to 255, or -EAGAIN when the host's are next.
 */
int kgdb_io_accel_next(void);

/**
 * kgdb_io_accel_take() - a byte from the host
 * @c: the byte
 * @held: it was received before the kernel stopped, and stopped it
 *
 * May send a reply. Context: polled, kernel stopped.
 * Return: whether it was taken; else it is the stub's.
 */
bool kgdb_io_accel_take(u8 c, bool held);

/**
 * kgdb_io_accel_drop() - a byte from the stub or kdb
 * @c: the byte
 * @ev: what it is in the stream of these
 *
 * Context: polled, kernel stopped.
 * Return: whether the host is not to have it.
 */
bool kgdb_io_accel_drop(u8 c, enum rsp_event ev);

/**
 * kgdb_io_accel_no_ack() - whether the host sends no acknowledgements
 *
 * The stub wants them nevertheless. Context: any.
 */
bool kgdb_io_accel_no_ack(void);

/**
 * kgdb_io_accel_reset() - the host is gone, or cannot be heard
 *
 * Nothing that was begun is finished. Context: polled.
 */
void kgdb_io_accel_reset(void);

#endif
