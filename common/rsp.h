/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Framing of gdb's Remote Serial Protocol: which byte of a stream is an
 * acknowledgement, a break-in, part of a packet or none of these.
 *
 * No storage, no I/O, no dependency: the module runs it in interrupt and polled
 * context, the host program in its event loop, the unit tests and the fuzzer under
 * sanitizers. What a packet means is not its business.
 *
 * Source: the gdb manual, appendix E "Remote Protocol", sections "Overview" and
 * "Packet Acknowledgment".
 */
#ifndef KGDB_IO_RSP_H
#define KGDB_IO_RSP_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#endif

/* The byte with which a debugger asks a running target to stop (Ctrl-C). */
#define RSP_BREAK_IN	0x03

/* Bytes that framing adds to a payload: '$', '#' and two hex digits. */
#define RSP_OVERHEAD	4

/* What rsp_feed() found its byte to be. */
enum rsp_event {
	RSP_TEXT,	/* outside any packet and none of the following: not RSP */
	RSP_ACK,	/* '+' outside a packet */
	RSP_NAK,	/* '-' outside a packet */
	RSP_BREAK,	/* 0x03 outside a packet */
	RSP_START,	/* '$': a packet begins; one that had begun before is void */
	RSP_DATA,	/* a byte of the payload, still escaped as on the wire */
	RSP_TRAILER,	/* '#' or the first digit of the checksum */
	RSP_PACKET,	/* last digit: the packet is whole and its checksum right */
	RSP_BAD,	/* last digit: the checksum is wrong or not hexadecimal */
};

/**
 * struct rsp_parser - where in a stream of RSP bytes one is
 * @state: private to rsp.c; all zero is "outside any packet", so a zeroed struct
 *	   is a fresh parser
 * @sum: sum so far of the payload bytes, modulo 256
 * @want: checksum that the packet claims, valid from its first digit on; -1 when
 *	  that digit was not hexadecimal
 *
 * One for each direction of a link. Owned by the caller, who may reset it by
 * zeroing at any time.
 */
struct rsp_parser {
	unsigned char state;
	unsigned char sum;
	int want;
};

/**
 * rsp_feed() - take the next byte of a stream
 * @p: parser of that stream
 * @c: the byte
 *
 * A '$' begins a packet wherever it stands: RSP escapes it inside a payload, so one
 * that is not escaped means that the sender began anew.
 *
 * Context: any, polled and NMI included.
 * Return: what the byte was.
 */
enum rsp_event rsp_feed(struct rsp_parser *p, unsigned char c);

/**
 * rsp_feed_data() - take many bytes of a payload at once
 * @p: parser of that stream
 * @data: the next bytes of it
 * @len: how many
 *
 * What rsp_feed() would call RSP_DATA, up to the first byte that it would not.
 *
 * Context: any.
 * Return: how many bytes were taken, perhaps none.
 */
size_t rsp_feed_data(struct rsp_parser *p, const unsigned char *data, size_t len);

/**
 * rsp_in_packet() - whether a packet has begun and not ended
 * @p: parser
 */
static inline bool rsp_in_packet(const struct rsp_parser *p)
{
	return p->state != 0;
}

/**
 * rsp_frame() - put a payload between '$' and its checksum
 * @out: receives @len + RSP_OVERHEAD bytes, no terminator; may not overlap @payload
 * @payload: bytes, already escaped as RSP wants
 * @len: length of @payload in bytes
 *
 * Context: any.
 * Return: the number of bytes written.
 */
size_t rsp_frame(char *out, const char *payload, size_t len);

/**
 * rsp_hex_digit() - value of a hex digit of either case
 * @c: character
 *
 * Return: 0 to 15, or -1 when @c is no hex digit.
 */
int rsp_hex_digit(unsigned char c);

#endif
