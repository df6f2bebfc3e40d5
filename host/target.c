// SPDX-License-Identifier: GPL-2.0
/* The kernel at the other end, see target.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/rsp_codec.h"
#include "target.h"

/* KASLR on x86-64: upwards by a multiple of 2 MiB, inside of 1 GiB. */
#define STEP		0x200000ULL
#define TEXT_SIZE	0x40000000ULL

/* Not one of the places: the one that the module told. */
#define TOLD		(~0U)

/* Bytes of linux_banner by which a place is tried; and those read at once after that. */
#define TASTE		16
#define PIECE		200

/* Where rip stands in the stub's "g" on x86-64, in hex digits. */
#define PC_AT		(16 * 16)

enum asking {
	INFO,
	PC,
	TRY,			/* the start of the banner at a possible place */
	VERIFY,			/* the rest of it */
	DONE,
};

struct target {
	const struct vmlinux *given;
	const struct vmlinux *vmlinux;	/* @given, or one that was found here */
	struct vmlinux found;
	enum asking asking;

	bool module;			/* it is ours that answers */
	char release[132];
	char build_id[BUILD_ID_MAX];
	uint64_t connected;		/* run-time address of kgdb_connected, or 0 */

	uint64_t pc;			/* 0: not known */
	unsigned int tried;		/* places, in the order of place() */
	size_t verified;		/* bytes of the banner */
	bool known;
	uint64_t offset;
};

struct target *target_new(const struct vmlinux *vmlinux)
{
	struct target *t = calloc(1, sizeof(*t));

	if (t) {
		t->given = vmlinux;
		target_begin(t);
	}
	return t;
}

void target_begin(struct target *t)
{
	t->vmlinux = t->given;
	t->asking = INFO;
	t->module = false;
	t->release[0] = t->build_id[0] = '\0';
	t->connected = 0;
	t->pc = 0;
	t->tried = 0;
	t->verified = 0;
	t->known = false;
}

/*
 * The offset to be tried as number @n: none, then those with which the kernel's image
 * contains the program counter, then all others. Returns false when all were.
 */
static bool place(const struct target *t, unsigned int n, uint64_t *offset)
{
	const struct vmlinux *v = t->vmlinux;
	uint64_t most = 0, inside = 0;

	if (t->pc >= v->text && t->pc - v->text < TEXT_SIZE) {
		most = (t->pc - v->text) / STEP;
		inside = (v->end - v->text) / STEP + 1;
		if (inside > most + 1)
			inside = most + 1;
	}
	if (n == 0)
		*offset = 0;
	else if (n <= inside)
		*offset = (most - (n - 1)) * STEP;
	else
		*offset = (n - 1 - inside) * STEP;
	return *offset < TEXT_SIZE;
}

static uint64_t banner_at(const struct target *t)
{
	return t->vmlinux->banner_addr + t->offset + t->verified;
}

size_t target_next(struct target *t, char *payload)
{
	size_t n;

	switch (t->asking) {
	case INFO:
		return sprintf(payload, "qkgdbio.info");
	case PC:
		return sprintf(payload, "g");
	case TRY:
		if (!place(t, t->tried, &t->offset)) {
			t->asking = DONE;
			return 0;
		}
		t->verified = 0;
		return sprintf(payload, "m%llx,%x", (unsigned long long)banner_at(t), TASTE);
	case VERIFY:
		n = t->vmlinux->banner_len - t->verified;
		return sprintf(payload, "m%llx,%zx", (unsigned long long)banner_at(t),
			       n < PIECE ? n : PIECE);
	case DONE:
		break;
	}
	return 0;
}

/* A field's text, given in hex digits. */
static void text_of(char *out, size_t size, const char *digits)
{
	size_t len = strlen(digits);

	out[0] = '\0';
	if (len / 2 < size && rsp_get_hex((unsigned char *)out, (const unsigned char *)digits, len))
		out[len / 2] = '\0';
}

/* Look where distributions put it, if the person did not say. */
static void find(struct target *t)
{
	if (!t->vmlinux && vmlinux_find(&t->found, t->release, t->build_id))
		t->vmlinux = &t->found;
}

static void info_reply(struct target *t, const char *payload, size_t len)
{
	char *list = strndup(payload, len), *field, *state, *value;

	t->asking = PC;
	if (!list)
		return;
	for (field = strtok_r(list, ";", &state); field; field = strtok_r(NULL, ";", &state)) {
		value = strchr(field, ':');
		if (!value)
			continue;
		*value++ = '\0';
		t->module = true;
		if (!strcmp(field, "release"))
			text_of(t->release, sizeof(t->release), value);
		else if (!strcmp(field, "build-id") && strlen(value) < sizeof(t->build_id))
			strcpy(t->build_id, value);
		else if (!strcmp(field, "kgdb_connected"))
			t->connected = strtoull(value, NULL, 16);
	}
	free(list);

	if (t->module)
		find(t);
	if (!t->vmlinux) {
		t->asking = DONE;
	} else if (t->connected && t->vmlinux->connected_addr) {
		t->offset = t->connected - t->vmlinux->connected_addr;
		if (*t->build_id && *t->vmlinux->build_id) {
			t->known = !strcmp(t->build_id, t->vmlinux->build_id);
			t->asking = DONE;
		} else {
			/* It is there, if it is this kernel. */
			t->verified = 0;
			t->tried = TOLD;
			t->asking = VERIFY;
		}
	}
}

static void pc_reply(struct target *t, const unsigned char *payload, size_t len)
{
	unsigned char bytes[8];
	int i;

	t->asking = TRY;
	t->pc = 0;
	if (len < PC_AT + 16 || !rsp_get_hex(bytes, payload + PC_AT, 16))
		return;
	for (i = 7; i >= 0; i--)
		t->pc = t->pc << 8 | bytes[i];
}

/* Whether a reply is the next bytes of the banner, at most @most. */
static bool tastes(struct target *t, const unsigned char *payload, size_t len, size_t most)
{
	unsigned char bytes[PIECE];
	size_t n = len / 2;

	if (!n || n > most || n > t->vmlinux->banner_len - t->verified ||
	    !rsp_get_hex(bytes, payload, len) ||
	    memcmp(bytes, t->vmlinux->banner + t->verified, n))
		return false;
	t->verified += n;
	return true;
}

static void banner_reply(struct target *t, const unsigned char *payload, size_t len)
{
	bool good = tastes(t, payload, len, t->asking == TRY ? TASTE : PIECE);

	if (good && t->verified == t->vmlinux->banner_len) {
		t->known = true;
		t->asking = DONE;
	} else if (good) {
		t->asking = VERIFY;
	} else if (t->tried == TOLD) {
		t->asking = DONE;
	} else {
		t->asking = TRY;
		t->tried++;
	}
}

void target_reply(struct target *t, const void *payload, size_t len)
{
	switch (t->asking) {
	case INFO:
		info_reply(t, payload, len);
		break;
	case PC:
		pc_reply(t, payload, len);
		break;
	case TRY:
	case VERIFY:
		banner_reply(t, payload, len);
		break;
	case DONE:
		break;
	}
}

bool target_offset(const struct target *t, uint64_t *offset, uint64_t *text)
{
	if (!t->known)
		return false;
	*offset = t->offset;
	*text = t->vmlinux->load;
	return true;
}

int target_message(const struct target *t, char *text, size_t size)
{
	const struct vmlinux *v = t->vmlinux;

	if (t->given && !t->known) {
		if (t->module)
			snprintf(text, size, "%s is not the kernel that runs: it is %s, build id %s; the target is %s, build id %s. Symbols and breakpoints will be wrong",
				 v->path, v->release, *v->build_id ? v->build_id : "unknown",
				 *t->release ? t->release : "unknown",
				 *t->build_id ? t->build_id : "unknown");
		else
			snprintf(text, size, "%s (%s) is not the kernel that runs: its linux_banner is nowhere in the target's memory. Symbols and breakpoints will be wrong",
				 v->path, v->release);
		return 2;
	}
	if (t->given || !t->module)
		return 0;
	if (v) {
		snprintf(text, size, "the target runs %s; its vmlinux is here: --symbols %s",
			 t->release, v->path);
		return 1;
	}
	snprintf(text, size, "the target runs %s, build id %s. Its vmlinux is not where distributions put it (Debian, Ubuntu: /usr/lib/debug/boot/vmlinux-%s; Fedora: /usr/lib/debug/lib/modules/%s/vmlinux; a kernel of your own: its build directory); name it with --symbols",
		 t->release, *t->build_id ? t->build_id : "unknown", t->release, t->release);
	return 1;
}
