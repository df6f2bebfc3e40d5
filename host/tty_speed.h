/* SPDX-License-Identifier: GPL-2.0 */
/* Any baud rate on a terminal device, not only those that termios has names for. */
#ifndef KGDB_IO_TTY_SPEED_H
#define KGDB_IO_TTY_SPEED_H

/**
 * tty_set_speed() - set both directions to a rate
 * @fd: terminal device
 * @baud: bits per second
 *
 * Return: 0; -1 with errno, EINVAL when the device took a rate that differs by more
 * than the 3 % that a UART's receiver bears.
 */
int tty_set_speed(int fd, unsigned int baud);

#endif
