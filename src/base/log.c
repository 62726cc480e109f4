/* SPDX-License-Identifier: MIT */
/* base/log.c - one line, one write */
#include "base/log.h"

#include "base/buf.h"

#include <poll.h>
#include <unistd.h>

static enum log_level most = LOG_WARN;
static unsigned long dropped;	/* lines since the last that got through */

/* see base/log.h */
void
log_level(enum log_level level)
{
	most = level;
}

/*
 * A pipe that poll() calls writable takes PIPE_BUF bytes without blocking
 * (pipe(7)); files and terminals take the line in any case.
 */
static int
stderr_has_room(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

/* Names and values come from outside: what they hold stays on one line. */
static void
make_printable(char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			p[i] = '?';
}

static void
write_line(struct buf *b)
{
	if (b->len == b->cap) {
		b->len = b->cap - 4;
		buf_str(b, "...");
	}
	buf_str(b, "\n");
	/* A log line that cannot be written has nowhere to be reported. */
	(void)!write(STDERR_FILENO, b->p, b->len);
}

static void
say(enum log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE_MAX];
	struct buf b = buf_over(line, sizeof line);
	size_t start;

	if (level > most)
		return;
	if (!stderr_has_room()) {
		dropped++;
		return;
	}
	if (dropped > 0) {
		buf_fmt(&b, "hale: %lu lines were dropped: stderr was full\n",
		        dropped);
		dropped = 0;
	}
	start = b.len;
	buf_str(&b, "hale: ");
	buf_vfmt(&b, fmt, ap);
	make_printable(b.p + start, b.len - start);
	write_line(&b);
}

/* see base/log.h */
void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_ERROR, fmt, ap);
	va_end(ap);
}

/* see base/log.h */
void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_WARN, fmt, ap);
	va_end(ap);
}

/* see base/log.h */
void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_INFO, fmt, ap);
	va_end(ap);
}
