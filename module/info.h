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

enum kgdb_io_page {
	KGDB_IO_PAGE_RAM,	/* System RAM, and no device */
	KGDB_IO_PAGE_OTHER,	/* perhaps a device; or RAM in more ranges than are remembered */
	KGDB_IO_PAGE_NONE,	/* the kernel's page table has nothing there */
};

/**
 * kgdb_io_info_page() - what the page is that an address is mapped to
 * @addr: virtual address
 *
 * Context: polled.
 */
enum kgdb_io_page kgdb_io_info_page(unsigned long addr);

#endif
