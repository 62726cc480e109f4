/* SPDX-License-Identifier: MIT */
/* base/log.c - one line, one write */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"

static enum log_level most = LOG_WARN;
static log_start *start;	/* NULL: "hale: " */
static unsigned long dropped;	/* lines since the last that got through */

/* see base/log.h */
void
log_level(enum log_level level)
{
	most = level;
}

/* see base/log.h */
void
log_start_with(log_start *write)
{
	start = write;
}

static bool
is_writable(int wait_ms)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, wait_ms) == 1 && (p.revents & POLLOUT) != 0;
}

/*
 * A pipe that poll() calls writable takes PIPE_BUF bytes without blocking
 * (pipe(7)); a file takes the line in any case. poll() calls a terminal full
 * also while another process's write is under way (n_tty_poll() in the kernel):
 * that one gets the time to end, unless a line has been lost before, since then
 * nobody may be reading.
 */
static bool
stderr_has_room(void)
{
	if (is_writable(0))
		return true;
	return dropped == 0 && isatty(STDERR_FILENO)
	    && is_writable(LOG_TERMINAL_MS);
}

/*
 * A terminal that poll() calls writable may lack room for the whole line, and
 * a write would wait for its reader: it is opened anew, to have a description
 * whose flags nobody shares. -1: it is none, or cannot be opened.
 */
static int
open_terminal(void)
{
	if (!isatty(STDERR_FILENO))
		return -1;
	return open("/proc/self/fd/2",
	            O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

static mode_t
kind_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_mode & S_IFMT : 0;
}

/*
 * Puts the line into a pipe without waiting, also before Linux 6.4. It takes
 * the page itself and not a copy: it is not ours any more and must never
 * change, so each line has one of its own.
 */
static ssize_t
give_to_pipe(int fd, const struct buf *b)
{
	struct iovec line = { NULL, b->len };
	ssize_t n;

	line.iov_base = mmap(NULL, b->len, PROT_READ | PROT_WRITE,
	                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (line.iov_base == MAP_FAILED)
		return -1;
	memcpy(line.iov_base, b->p, b->len);
	n = vmsplice(fd, &line, 1, SPLICE_F_NONBLOCK);
	(void)munmap(line.iov_base, b->len);	/* cannot fail: it is there */
	return n;
}

/*
 * Writes without waiting: after poll() the service may have filled the pipe
 * that both share, and a write would wait for its reader. Before Linux 6.4 no
 * write to a pipe can do that, only vmsplice(2); where a sandbox has not even
 * that, poll() must do. A file may answer EAGAIN as well (pwritev2(2)), but its
 * write ends by itself.
 */
static ssize_t
write_now(int fd, const struct buf *b)
{
	const struct iovec line = { b->p, b->len };
	ssize_t n = pwritev2(fd, &line, 1, -1, RWF_NOWAIT);
	mode_t kind;

	if (n >= 0)
		return n;
	kind = kind_of(fd);
	if (kind == S_IFIFO && errno != EAGAIN && errno != EPIPE)
		n = give_to_pipe(fd, b);
	if (n >= 0 || errno == ENOMEM || (errno == EAGAIN && kind != S_IFREG))
		return n;
	return write(fd, b->p, b->len);
}

/* Returns whether it went out. */
static bool
write_line(struct buf *b)
{
	int own = open_terminal();
	int tries = LOG_TERMINAL_TRIES;
	ssize_t n;

	buf_end_cut(b);
	b->cap++;	/* kept for the line's end */
	buf_str(b, "\n");
	do {	/* EAGAIN: another process has begun to write since poll() */
		n = write_now(own >= 0 ? own : STDERR_FILENO, b);
	} while (n < 0 && errno == EAGAIN && own >= 0 && --tries > 0
	      && stderr_has_room());
	if (own >= 0)
		close(own);
	return n > 0;
}

static void
write_start(struct buf *b, enum log_level level)
{
	if (start == NULL)
		buf_str(b, "hale: ");
	else
		start(b, level);
}

static void
say(enum log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE_MAX], raw[LOG_LINE_MAX];
	struct buf b = buf_over(line, sizeof line - 1);
	struct buf text = buf_over(raw, sizeof raw);

	if (level > most)
		return;
	if (!stderr_has_room()) {
		dropped++;
		return;
	}
	if (dropped > 0) {
		write_start(&b, LOG_WARN);
		buf_fmt(&b, "lines dropped while stderr was full: %lu\n",
		        dropped);
	}
	write_start(&b, level);
	buf_vfmt(&text, fmt, ap);
	/* Names and values come from outside. */
	buf_plain(&b, buf_span(&text));
	b.cut |= text.cut;
	if (write_line(&b))
		dropped = 0;
	else
		dropped++;
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
