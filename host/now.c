// SPDX-License-Identifier: GPL-2.0
/* See now.h. */
#include <event2/buffer.h>
#include <unistd.h>

#include "now.h"

/* How many bytes a bufferevent reads in one turn: libevent's EVBUFFER_MAX_READ. */
#define TURN	4096

void send_now(struct bufferevent *bev, const void *data, size_t len)
{
	ssize_t n = 0;

	if (!evbuffer_get_length(bufferevent_get_output(bev))) {
		n = write(bufferevent_getfd(bev), data, len);
		if (n < 0)
			n = 0;	/* comes again below if it is an error */
	}
	if ((size_t)n < len)
		bufferevent_write(bev, (const char *)data + n, len - n);
}

size_t receive_now(struct bufferevent *bev, void *data, size_t size)
{
	size_t len = bufferevent_read(bev, data, size);
	ssize_t n = 0;

	/* Less than it reads at most was all that there was. */
	if (len >= TURN)
		n = read(bufferevent_getfd(bev), (char *)data + len, size - len);
	return n > 0 ? len + n : len;
}
