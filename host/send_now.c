// SPDX-License-Identifier: GPL-2.0
/* See send_now.h. */
#include <event2/buffer.h>
#include <unistd.h>

#include "send_now.h"

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
