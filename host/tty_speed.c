// SPDX-License-Identifier: GPL-2.0
/*
 * See tty_speed.h. Apart because the kernel's termios2 and the C library's termios
 * cannot be included in one file.
 */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <sys/ioctl.h>

#include "tty_speed.h"

int tty_set_speed(int fd, unsigned int baud)
{
	struct termios2 t;

	if (ioctl(fd, TCGETS2, &t) < 0)
		return -1;
	t.c_cflag &= ~(CBAUD | CBAUD << IBSHIFT);
	t.c_cflag |= BOTHER | BOTHER << IBSHIFT;
	t.c_ispeed = baud;
	t.c_ospeed = baud;
	if (ioctl(fd, TCSETS2, &t) < 0 || ioctl(fd, TCGETS2, &t) < 0)
		return -1;
	if (t.c_ospeed < baud - baud / 33 || t.c_ospeed > baud + baud / 33) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}
