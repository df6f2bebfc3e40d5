/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How RSP writes data inside a payload: hexadecimal, escaped binary, run lengths; and
 * the arguments of its memory packets. Framing is in rsp.h.
 *
 * No storage, no I/O, no dependency, as rsp.h and for the same users.
 *
 * Source: the gdb manual, appendix E "Remote Protocol", sections "Overview" (escapes,
 * run-length encoding) and "Packets" (m, M, x, X).
 */
#ifndef KGDB_IO_RSP_CODEC_H
#define KGDB_IO_RSP_CODEC_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#endif

/**
 * rsp_sum() - checksum of payload bytes
 * @p: bytes as on the wire
 * @len: how many
 *
 * Return: their sum modulo 256.
 */
unsigned char rsp_sum(const unsigned char *p, size_t len);

/**
 * rsp_crc() - a checksum that misses less than rsp_sum() does
 * @crc: 0xffffffff, or what was returned for the bytes before
 * @p: bytes
 * @len: how many
 *
 * Return: their CRC-32 as the packet "qCRC" has it: polynomial 0x04c11db7, high bits first.
 */
unsigned int rsp_crc(unsigned int crc, const unsigned char *p, size_t len);

/**
 * rsp_get_checked() - the length of data that has its rsp_crc() behind it, high byte first
 * @crc: 0xffffffff, or that of what went before
 * @p: data and 4 bytes
 * @len: how many with these
 *
 * Return: @len - 4, or -1 when they do not fit together.
 */
long rsp_get_checked(unsigned int crc, const unsigned char *p, size_t len);

/**
 * rsp_crc_of_range() - the CRC with which that of a reply about some memory begins
 * @addr: address
 * @len: bytes asked for
 *
 * It tells the answer to one request from that to another.
 *
 * Return: rsp_crc() of both, in 8 bytes each, the high ones first.
 */
unsigned int rsp_crc_of_range(unsigned long long addr, unsigned long long len);

/**
 * rsp_put_hex() - write bytes as two hex digits each, runs of one digit shortened
 * @out: receives at most 2 * @len bytes; may not overlap @in
 * @in: bytes
 * @len: how many
 *
 * Return: the number of bytes written.
 */
size_t rsp_put_hex(unsigned char *out, const unsigned char *in, size_t len);

/**
 * rsp_put_binary() - write bytes as they are, escaped where they must be, runs shortened
 * @out: receives at most 2 * @len bytes; may not overlap @in
 * @in: bytes
 * @len: how many
 *
 * Return: the number of bytes written.
 */
size_t rsp_put_binary(unsigned char *out, const unsigned char *in, size_t len);

/**
 * rsp_get_hex() - read pairs of hex digits
 * @out: receives @len / 2 bytes; may be @in
 * @in: digits
 * @len: how many digits
 *
 * Return: whether it was an even number of digits and nothing else.
 */
bool rsp_get_hex(unsigned char *out, const unsigned char *in, size_t len);

/**
 * rsp_get_binary() - undo the escapes of binary data
 * @out: receives at most @len bytes; may be @in
 * @in: escaped bytes, without run lengths
 * @len: how many
 *
 * Return: the number of bytes written, or -1 when the last byte escapes nothing.
 */
long rsp_get_binary(unsigned char *out, const unsigned char *in, size_t len);

/**
 * rsp_expand() - undo the run lengths of a reply's payload; escapes stay
 * @out: receives the payload
 * @size: room at @out in bytes
 * @in: payload as on the wire; may not overlap @out
 * @len: its length
 *
 * Return: the number of bytes written, or -1 when the payload is malformed or too long.
 */
long rsp_expand(unsigned char *out, size_t size, const unsigned char *in, size_t len);

/**
 * rsp_get_number() - read a hexadecimal number
 * @p: where; advanced past it
 * @end: end of what may be read
 * @value: receives it, modulo 2^64
 *
 * Return: whether there was at least one digit.
 */
bool rsp_get_number(const unsigned char **p, const unsigned char *end,
		    unsigned long long *value);

/**
 * rsp_get_range() - read "ADDR,LENGTH" as all memory packets have it
 * @p: where; advanced past it
 * @end: end of what may be read
 * @addr: receives the address
 * @len: receives the length in bytes
 *
 * Return: whether it stood there.
 */
bool rsp_get_range(const unsigned char **p, const unsigned char *end,
		   unsigned long long *addr, unsigned long long *len);

#endif
