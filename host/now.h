/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading and writing what belongs to a bufferevent without a turn of the event loop in
 * between. Somebody waits for each packet.
 */
#ifndef KGDB_IO_NOW_H
#define KGDB_IO_NOW_H

#include <event2/bufferevent.h>
#include <stddef.h>

/**
 * send_now() - write at once what can be written, and queue the rest
 * @bev: of a socket or tty, non-blocking
 * @data: bytes
 * @len: how many
 *
 * bufferevent_write() alone waits until epoll says what is known already: three more system
 * calls for each packet. SIGPIPE must be ignored; errors come as the bufferevent's events.
 */
void send_now(struct bufferevent *bev, const void *data, size_t len);

/**
 * receive_now() - what has arrived
 * @bev: of a socket or tty, non-blocking
 * @data: receives it
 * @size: room in bytes, many times what a bufferevent reads in one turn
 *
 * To be called from its read callback, once. The bufferevent itself reads 4096 bytes at a time,
 * with four system calls for each. Errors and the end of the file come as its events.
 *
 * Return: the number of bytes, at most @size.
 */
size_t receive_now(struct bufferevent *bev, void *data, size_t size);

#endif
