/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host is told of this kernel and machine: which build it is, where a symbol of it
 * is, and which addresses are memory. Gathered while that is allowed, told when stopped.
 */
#ifndef KGDB_IO_INFO_H
#define KGDB_IO_INFO_H

#include <linux/types.h>

/**
 * kgdb_io_info_start() - gather it
 *
 * Context: process, may sleep. What cannot be had is left out.
 */
void kgdb_io_info_start(void);

/**
 * kgdb_io_info_text() - the answer to "qkgdbio.info", see accel.h, but for the number behind
 * "cpus:" at its end
 *
 * Context: any. Return: a string that stays as it is until kgdb_io_info_start().
 */
const char *kgdb_io_info_text(void);

/**
 * kgdb_io_info_is_ram() - whether an address is mapped to System RAM, and to no device
 * @addr: virtual address
 *
 * Context: polled. Says no of RAM in more ranges than it has room to remember.
 */
bool kgdb_io_info_is_ram(unsigned long addr);

#endif
