/* SPDX-License-Identifier: GPL-2.0 */
/* Writing to a bufferevent without a turn of the event loop in between. */
#ifndef KGDB_IO_SEND_NOW_H
#define KGDB_IO_SEND_NOW_H

#include <event2/bufferevent.h>
#include <stddef.h>

/**
 * send_now() - write at once what can be written, and queue the rest
 * @bev: of a socket or tty, non-blocking
 * @data: bytes
 * @len: how many
 *
 * bufferevent_write() alone waits until epoll says what is known already: three more system
 * calls for each packet, and somebody waits for each packet. SIGPIPE must be ignored; errors
 * come as the bufferevent's events.
 */
void send_now(struct bufferevent *bev, const void *data, size_t len);

#endif
