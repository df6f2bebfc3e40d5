// SPDX-License-Identifier: GPL-2.0
/* A kernel's ELF file, see vmlinux.h. */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmlinux.h"

static void hex(char *out, const unsigned char *data, size_t len)
{
	while (len--)
		out += sprintf(out, "%02x", *data++);
	*out = '\0';
}

static void build_id(struct vmlinux *v, Elf_Data *data)
{
	size_t at = 0, name, desc;
	GElf_Nhdr note;

	while ((at = gelf_getnote(data, at, &note, &name, &desc)) > 0) {
		const char *d = data->d_buf;

		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    !memcmp(d + name, "GNU", 4) && note.n_descsz <= (BUILD_ID_MAX - 1) / 2) {
			hex(v->build_id, (const unsigned char *)d + desc, note.n_descsz);
			return;
		}
	}
}

/* The bytes of linux_banner, which is in a section of its own choice. */
static void banner(struct vmlinux *v, Elf *elf, const GElf_Sym *sym)
{
	Elf_Scn *scn = elf_getscn(elf, sym->st_shndx);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	GElf_Shdr shdr;
	size_t at, len;

	if (!data || !data->d_buf || !gelf_getshdr(scn, &shdr) || sym->st_value < shdr.sh_addr)
		return;
	at = sym->st_value - shdr.sh_addr;
	if (at >= data->d_size)
		return;
	len = strnlen((char *)data->d_buf + at, data->d_size - at);
	if (len >= sizeof(v->banner))
		return;
	memcpy(v->banner, (char *)data->d_buf + at, len);
	v->banner[len] = '\0';
	v->banner_len = len;
	v->banner_addr = sym->st_value;
	sscanf(v->banner, "Linux version %127s", v->release);
}

static void symbols(struct vmlinux *v, Elf *elf, Elf_Data *data, const GElf_Shdr *shdr)
{
	size_t n = shdr->sh_entsize ? shdr->sh_size / shdr->sh_entsize : 0, i;
	const char *name;
	GElf_Sym sym;

	for (i = 0; i < n && gelf_getsym(data, i, &sym); i++) {
		name = elf_strptr(elf, shdr->sh_link, sym.st_name);
		if (!name || sym.st_shndx == SHN_UNDEF)
			continue;
		if (!strcmp(name, "_text"))
			v->text = sym.st_value;
		else if (!strcmp(name, "_end"))
			v->end = sym.st_value;
		else if (!strcmp(name, "kgdb_connected"))
			v->connected_addr = sym.st_value;
		else if (!strcmp(name, "linux_banner"))
			banner(v, elf, &sym);
	}
}

/* Where the first segment that is loaded goes. */
static bool load_address(struct vmlinux *v, Elf *elf)
{
	GElf_Phdr phdr;
	size_t n, i;

	if (elf_getphdrnum(elf, &n) < 0)
		return false;
	for (i = 0; i < n && gelf_getphdr(elf, i, &phdr); i++) {
		if (phdr.p_type == PT_LOAD) {
			v->load = phdr.p_vaddr;
			return true;
		}
	}
	return false;
}

static const char *read_elf(struct vmlinux *v, Elf *elf, uint64_t size)
{
	Elf_Scn *scn = NULL;
	bool any = false;
	Elf_Data *data;
	GElf_Ehdr ehdr;
	GElf_Shdr shdr;
	const char *name;
	size_t names;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &ehdr))
		return "not an ELF file; a vmlinux is wanted, not a bzImage or vmlinuz";
	if (ehdr.e_machine != EM_X86_64 || ehdr.e_type == ET_REL)
		return "not a vmlinux for x86-64";
	if (ehdr.e_shoff > size || (uint64_t)ehdr.e_shnum * ehdr.e_shentsize > size - ehdr.e_shoff)
		return "cut short: its table of sections is beyond its end";
	if (!load_address(v, elf))
		return "no executable: it has no segments to load";
	if (elf_getshdrstrndx(elf, &names) < 0)
		return "damaged: it has no section names";
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr))
			return "damaged: a section header cannot be read";
		name = elf_strptr(elf, names, shdr.sh_name);
		if (name && (!strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info")))
			v->debug_info = true;
		if (shdr.sh_type != SHT_NOTE && shdr.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		if (!data || !data->d_buf)
			return "damaged or cut short";
		if (shdr.sh_type == SHT_NOTE) {
			build_id(v, data);
		} else {
			symbols(v, elf, data, &shdr);
			any = true;
		}
	}
	if (!any)
		return "stripped: it has no symbols";
	if (!v->banner_len || !v->text || v->end <= v->text)
		return "not a kernel: it has no linux_banner, _text or _end";
	return NULL;
}

bool vmlinux_load(struct vmlinux *v, const char *path, char *why, size_t size)
{
	const char *error;
	struct stat st;
	Elf *elf;
	int fd;

	memset(v, 0, sizeof(*v));
	snprintf(v->path, sizeof(v->path), "%s", path);
	elf_version(EV_CURRENT);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(why, size, "%s", strerror(errno));
		return false;
	}
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	error = elf && !fstat(fd, &st) ? read_elf(v, elf, st.st_size) : "not an ELF file, or it cannot be read";
	if (error)
		snprintf(why, size, "%s", error);
	if (elf)
		elf_end(elf);
	close(fd);
	return !error;
}

bool vmlinux_find(struct vmlinux *v, const char *release, const char *id)
{
	/* Debian; Fedora and RHEL; a kernel built here; Ubuntu as Debian; SUSE. */
	static const char *const places[] = {
		"/usr/lib/debug/boot/vmlinux-%s", "/usr/lib/debug/lib/modules/%s/vmlinux",
		"/lib/modules/%s/build/vmlinux", "/usr/lib/debug/boot/vmlinux-%s.debug",
		"/boot/vmlinux-%s",
	};
	char path[PATH_MAX], why[128];
	unsigned int i;

	if (strlen(id) > 2) {
		snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2);
		if (vmlinux_load(v, path, why, sizeof(why)) && !strcmp(v->build_id, id))
			return true;
	}
	/* A name from afar is not to lead out of these. */
	if (!*release || strchr(release, '/'))
		return false;
	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof(path), places[i], release);
#pragma GCC diagnostic pop
		if (vmlinux_load(v, path, why, sizeof(why)) && (!*id || !strcmp(v->build_id, id)))
			return true;
	}
	return false;
}
