/* SPDX-License-Identifier: GPL-2.0 */
/* What a vmlinux says of itself: enough to know whether and where it is what runs. */
#ifndef KGDB_IO_VMLINUX_H
#define KGDB_IO_VMLINUX_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest build id in hex digits, with a terminator: SHA-1 is usual, 32 bytes the most. */
#define BUILD_ID_MAX	65

/**
 * struct vmlinux - a kernel's ELF file; all addresses as it was linked
 * @path: as it was given
 * @build_id: its NT_GNU_BUILD_ID note in hex digits; "" without one
 * @banner: the text of linux_banner
 * @banner_len: its length in bytes
 * @release: the release that it names
 * @banner_addr: address of linux_banner
 * @connected_addr: address of kgdb_connected; 0 without CONFIG_KGDB
 * @load: address of its first segment
 * @text: address of _text
 * @end: address of _end
 * @debug_info: there is DWARF in it
 */
struct vmlinux {
	char path[PATH_MAX];
	char build_id[BUILD_ID_MAX];
	char banner[512];
	size_t banner_len;
	char release[128];
	uint64_t banner_addr;
	uint64_t connected_addr;
	uint64_t load;
	uint64_t text;
	uint64_t end;
	bool debug_info;
};

/**
 * vmlinux_load() - read one
 * @v: filled in
 * @path: file
 * @why: receives what is wrong with the file and what to do, without its name
 * @size: room there
 *
 * The file is not trusted. Return: whether it is a vmlinux with symbols.
 */
bool vmlinux_load(struct vmlinux *v, const char *path, char *why, size_t size);

/**
 * vmlinux_find() - look where distributions put the vmlinux of a kernel
 * @v: filled in
 * @release: the kernel's release
 * @build_id: its build id in hex digits; "": any will do
 *
 * Return: whether there is one that is this kernel's, and has symbols.
 */
bool vmlinux_find(struct vmlinux *v, const char *release, const char *build_id);

#endif
