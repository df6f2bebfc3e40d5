// SPDX-License-Identifier: GPL-2.0
/*
 * Links over a terminal device: a UART, a USB serial adapter's tty, a pty, or a port of
 * a virtio serial device (/dev/vportNpM, which is no terminal but behaves like one here).
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "link.h"
#include "now.h"
#include "tty_speed.h"

struct link_tty {
	struct link link;
	struct bufferevent *bev;
	struct event *later;	/* the result of open(), told from the event loop */
	int err;
	const char *hint;
	bool fatal;
	bool terminal;
	bool was_open;		/* ever */
	struct termios before;	/* as found; put back on close */
};

static struct link_tty *of(struct link *link)
{
	return (struct link_tty *)link;
}

static void readable(struct bufferevent *bev, void *arg)
{
	struct link_tty *lt = arg;
	unsigned char data[65536];
	size_t len = receive_now(bev, data, sizeof(data));

	if (len)
		lt->link.events->data(lt->link.arg, data, len);
}

static void changed(struct bufferevent *bev, short what, void *arg)
{
	struct link_tty *lt = arg;
	int err = what & BEV_EVENT_EOF ? 0 : errno;

	(void)bev;
	/* EIO from a pty means that its other end was closed. */
	link_failed(&lt->link, err == EIO ? 0 : err, NULL, false);
}

static void opened(evutil_socket_t fd, short what, void *arg)
{
	struct link_tty *lt = arg;

	(void)fd;
	(void)what;
	if (lt->bev)
		link_is_up(&lt->link);
	else
		link_failed(&lt->link, lt->err, lt->hint, lt->fatal);
}

static void fail(struct link_tty *lt, int err, const char *hint, bool fatal)
{
	lt->err = err;
	lt->hint = hint;
	lt->fatal = fatal;
}

static void explain(struct link_tty *lt, int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		fail(lt, err, "there is no such device: is it plugged in? \"kgdb-io list\" shows what there is",
		     false);
		break;
	case EACCES:
	case EPERM:
		fail(lt, err, "join the group that owns the device (ls -l shows it; Debian: adduser $USER dialout), or become root",
		     false);
		break;
	case EBUSY:
	case EWOULDBLOCK:
		fail(lt, EBUSY, "another program has it open (fuser shows which): end that one",
		     false);
		break;
	default:
		fail(lt, err, NULL, false);
	}
}

/* Raw, 8N1, no flow control, and DTR left alone on close: it resets some boards. */
static bool set_up(struct link_tty *lt, int fd)
{
	struct termios t;

	if (tcgetattr(fd, &lt->before) < 0)
		return false;
	t = lt->before;
	cfmakeraw(&t);
	t.c_cflag &= ~(CSTOPB | CRTSCTS | HUPCL);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_iflag |= IGNBRK;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSANOW, &t) < 0)
		return false;
	tcflush(fd, TCIFLUSH);
	return tty_set_speed(fd, lt->link.spec->baud) == 0;
}

static bool is_vport(const char *path)
{
	char real[PATH_MAX];

	return realpath(path, real) && !strncmp(real, "/dev/vport", 10);
}

static void tty_open(struct link *link)
{
	struct link_tty *lt = of(link);
	struct timeval now = { 0, 0 };
	struct stat st;
	int fd;

	lt->later = evtimer_new(link->base, opened, lt);
	if (!lt->later)
		abort();	/* out of memory, at a time when there is nothing to save */
	event_add(lt->later, &now);

	/* The number of a pty goes to whoever makes the next one. */
	if (lt->was_open && !strncmp(link->spec->path, "/dev/pts/", 9)) {
		fail(lt, ENXIO, "this pty is gone for good: start again with the new one", true);
		return;
	}
	fd = open(link->spec->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		explain(lt, errno);
		return;
	}
	lt->terminal = isatty(fd);
	if (!lt->terminal && !is_vport(link->spec->path)) {
		fstat(fd, &st);
		fail(lt, ENOTTY, S_ISSOCK(st.st_mode) ? "this is a socket: use unix:PATH" :
		     "this is not a serial device: give one of those that \"kgdb-io list\" shows",
		     false);
		close(fd);
		return;
	}
	/* Both kinds of lock that programs use; neither stops root alone. */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		explain(lt, errno);
		close(fd);
		return;
	}
	if (lt->terminal) {
		ioctl(fd, TIOCEXCL);
		if (!set_up(lt, fd)) {
			fail(lt, errno, errno == EINVAL ? "the device cannot do this baud rate" :
			     "the device does not take the line's settings", false);
			ioctl(fd, TIOCNXCL);
			close(fd);
			return;
		}
	}
	lt->bev = bufferevent_socket_new(link->base, fd,
					 BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!lt->bev)
		abort();
	lt->was_open = true;
	bufferevent_setcb(lt->bev, readable, NULL, changed, lt);
	bufferevent_enable(lt->bev, EV_READ | EV_WRITE);
}

static void tty_send(struct link *link, const void *data, size_t len)
{
	if (of(link)->bev)
		send_now(of(link)->bev, data, len);
}

static void tty_break(struct link *link)
{
	struct link_tty *lt = of(link);
	struct evbuffer *out;

	if (!lt->bev || !lt->terminal)
		return;
	/* A bufferevent has no flush of its own. What does not go at once goes after. */
	out = bufferevent_get_output(lt->bev);
	evbuffer_unfreeze(out, 1);
	while (evbuffer_get_length(out) &&
	       evbuffer_write(out, bufferevent_getfd(lt->bev)) > 0)
		;
	evbuffer_freeze(out, 1);
	tcsendbreak(bufferevent_getfd(lt->bev), 0);
}

static void tty_close(struct link *link)
{
	struct link_tty *lt = of(link);
	int fd;

	if (lt->bev) {
		fd = bufferevent_getfd(lt->bev);
		if (lt->terminal) {
			tcsetattr(fd, TCSANOW, &lt->before);
			ioctl(fd, TIOCNXCL);
		}
		bufferevent_free(lt->bev);
	}
	event_free(lt->later);
	lt->bev = NULL;
	lt->later = NULL;
}

const struct link_ops link_tty_ops = {
	.size		= sizeof(struct link_tty),
	.can_break	= true,
	.open		= tty_open,
	.send		= tty_send,
	.send_break	= tty_break,
	.close		= tty_close,
};
