// SPDX-License-Identifier: GPL-2.0
/* Which kernel and what memory, see info.h. */
#include <linux/elf.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/kernel_read_file.h>
#include <linux/kgdb.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>

#include "info.h"

/* Type of the note "GNU" that holds the build id; the UAPI's elf.h does not have it. */
#ifndef NT_GNU_BUILD_ID
#define NT_GNU_BUILD_ID	3
#endif

/* Ranges of RAM that are remembered; a machine with more gets less read ahead. */
#define RAM_MAX		64

struct ram {
	u64 first;		/* page frame numbers */
	u64 last;
};

static struct {
	char text[768];
	struct ram ram[RAM_MAX];
	unsigned int ram_count;
} info;

enum kgdb_io_page kgdb_io_info_page(unsigned long addr)
{
	unsigned int level, i;
	unsigned long pfn;
	pte_t *pte;

	/* Walks the kernel's page table and does nothing else. */
	pte = lookup_address(addr, &level);
	if (!pte || !(pte_val(*pte) & _PAGE_PRESENT))
		return KGDB_IO_PAGE_NONE;
	switch (level) {
	case PG_LEVEL_4K:
		pfn = pte_pfn(*pte);
		break;
	case PG_LEVEL_2M:
		pfn = pmd_pfn(*(pmd_t *)pte) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
		break;
	case PG_LEVEL_1G:
		pfn = pud_pfn(*(pud_t *)pte) + ((addr & ~PUD_MASK) >> PAGE_SHIFT);
		break;
	default:
		return KGDB_IO_PAGE_OTHER;
	}
	for (i = 0; i < info.ram_count; i++)
		if (pfn >= info.ram[i].first && pfn <= info.ram[i].last)
			return KGDB_IO_PAGE_RAM;
	return KGDB_IO_PAGE_OTHER;
}
NOKPROBE_SYMBOL(kgdb_io_info_page);

const char *kgdb_io_info_text(void)
{
	return info.text;
}
NOKPROBE_SYMBOL(kgdb_io_info_text);

static int add_ram(struct resource *res, void *unused)
{
	if (info.ram_count < RAM_MAX) {
		info.ram[info.ram_count].first = PFN_UP(res->start);
		info.ram[info.ram_count].last = PFN_DOWN(res->end + 1) - 1;
		info.ram_count++;
	}
	return 0;
}

/* The descriptor of the kernel's NT_GNU_BUILD_ID note, in hex digits; "" without one. */
static void get_build_id(char *out, size_t size)
{
	const struct elf32_note *note;
	void *notes = NULL;
	size_t at = 0, desc;
	ssize_t len;

	*out = '\0';
	/* No symbol that modules can have tells it. */
	len = kernel_read_file_from_path("/sys/kernel/notes", 0, &notes, SZ_1M, NULL,
					 READING_UNKNOWN);
	if (len < 0)
		return;
	while (at + sizeof(*note) <= len) {
		note = notes + at;
		desc = at + sizeof(*note) + ALIGN((size_t)note->n_namesz, 4);
		if (desc + note->n_descsz > len)
			break;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    note->n_descsz && note->n_descsz <= 32 &&
		    !memcmp(note + 1, "GNU", 4)) {
			snprintf(out, size, "%*phN", (int)note->n_descsz, notes + desc);
			break;
		}
		at = desc + ALIGN((size_t)note->n_descsz, 4);
	}
	vfree(notes);
}

void kgdb_io_info_start(void)
{
	const struct new_utsname *uts = init_utsname();
	char id[72];

	info.ram_count = 0;
	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, -1,
			    NULL, add_ram);
	get_build_id(id, sizeof(id));
	scnprintf(info.text, sizeof(info.text),
		  "release:%*phN;version:%*phN;machine:%*phN;%s%s%skgdb_connected:%lx;cpus:",
		  (int)strlen(uts->release), uts->release, (int)strlen(uts->version),
		  uts->version, (int)strlen(uts->machine), uts->machine,
		  *id ? "build-id:" : "", id, *id ? ";" : "", (unsigned long)&kgdb_connected);
}
