// SPDX-License-Identifier: GPL-2.0
/* Pseudo-terminals, see pty.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "msg.h"
#include "pty.h"

int pty_open(struct pty *pty)
{
	struct termios t;
	int err;

	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (pty->master < 0)
		return -1;
	/* On Linux the master's settings are those of the other end. */
	if (grantpt(pty->master) < 0 || unlockpt(pty->master) < 0 ||
	    ptsname_r(pty->master, pty->name, sizeof(pty->name)) != 0 ||
	    tcgetattr(pty->master, &t) < 0)
		goto fail;
	cfmakeraw(&t);
	if (tcsetattr(pty->master, TCSANOW, &t) < 0)
		goto fail;
	return 0;
fail:
	err = errno;
	pty_close(pty);
	errno = err;
	return -1;
}

void pty_close(struct pty *pty)
{
	if (pty->master >= 0)
		close(pty->master);
	pty->master = -1;
}

int pty_hung_up(const struct pty *pty)
{
	struct pollfd p = { .fd = pty->master };

	return poll(&p, 1, 0) == 1 && p.revents & (POLLHUP | POLLERR);
}

static int lock(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	unsigned long long hash = 14695981039346656037ULL;
	char dir[PATH_MAX], real[PATH_MAX];
	const char *base = strrchr(path, '/');
	int fd, len;
	char *p;

	/* The same file by any way there; FNV-1a, as the name has 107 bytes at most. */
	snprintf(dir, sizeof(dir), "%.*s", base ? (int)(base + 1 - path) : 1, base ? path : ".");
	if (!realpath(dir, real))
		return -1;
	strncat(real, "/", sizeof(real) - strlen(real) - 1);
	strncat(real, base ? base + 1 : path, sizeof(real) - strlen(real) - 1);
	for (p = real; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 1099511628211ULL;
	len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "kgdb-io/pty/%016llx", hash);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&name,
		 offsetof(struct sockaddr_un, sun_path) + 1 + len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int pty_link_claim(struct pty_link *link, const char *path)
{
	char target[PATH_MAX];
	ssize_t len;

	link->target[0] = '\0';
	link->lock = -1;
	link->path[0] = '\0';
	if (strlen(path) >= sizeof(link->path) - 8) {
		msg(MSG_ERROR, "the path for a pty is too long: %s", path);
		return -1;
	}

	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0 && errno != ENOENT) {
		if (errno == EINVAL)
			msg(MSG_ERROR, "%s exists and is not a link to a pty: remove it or give another path",
			    path);
		else
			msg(MSG_ERROR, "%s: %s: give another path for the pty",
			    path, strerror(errno));
		return -1;
	}
	if (len >= 0) {
		target[len] = '\0';
		if (strncmp(target, "/dev/pts/", 9) != 0) {
			msg(MSG_ERROR, "%s is a link to %s, not to a pty: remove it or give another path",
			    path, target);
			return -1;
		}
	}
	link->lock = lock(path);
	if (link->lock < 0) {
		if (errno == EADDRINUSE)
			msg(MSG_ERROR, "another kgdb-io serves %s: end it, or give another path with --pty",
			    path);
		else
			msg(MSG_ERROR, "%s: %s: give a path in a directory that exists",
			    path, strerror(errno));
		return -1;
	}
	strcpy(link->path, path);
	return 0;
}

int pty_link_point(struct pty_link *link, const struct pty *pty)
{
	char new[PATH_MAX];

	snprintf(new, sizeof(new), "%.*s.%d~", (int)sizeof(new) - 16, link->path, getpid());
	unlink(new);
	if (symlink(pty->name, new) < 0 || rename(new, link->path) < 0) {
		msg(MSG_ERROR, "%s: %s: give a path that can be written with --pty or --console",
		    link->path, strerror(errno));
		unlink(new);
		return -1;
	}
	snprintf(link->target, sizeof(link->target), "%s", pty->name);
	return 0;
}

void pty_link_remove(struct pty_link *link)
{
	char target[64];
	ssize_t len;

	if (link->target[0]) {
		len = readlink(link->path, target, sizeof(target));
		if (len == (ssize_t)strlen(link->target) && !memcmp(target, link->target, len))
			unlink(link->path);
		link->target[0] = '\0';
	}
	if (link->lock >= 0)
		close(link->lock);
	link->lock = -1;
}
