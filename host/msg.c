// SPDX-License-Identifier: GPL-2.0
/* What the program says, see msg.h. */
#include <stdarg.h>
#include <stdio.h>

#include "msg.h"

static enum msg_level limit = MSG_CHANGE;

void msg_set_level(enum msg_level level)
{
	limit = level;
}

void msg(enum msg_level level, const char *format, ...)
{
	char line[8192];
	va_list args;

	if (level > limit)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* One write, so that lines of gdb on the same terminal do not split it. */
	fprintf(stderr, "kgdb-io: %s\n", line);
}
