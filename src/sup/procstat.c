/* SPDX-License-Identifier: MIT */
/* sup/procstat.c - reads the bytes of /proc/PID/stat and its like */
#include "sup/procstat.h"

#include <errno.h>
#include <limits.h>

#include "base/err.h"
#include "base/parse.h"

/* By their place in proc(5). */
enum field {
	STATE = 3, PPID = 4, PGRP = 5, SESSION = 6, UTIME = 14, STIME = 15,
	THREADS = 20, STARTTIME = 22, VSIZE = 23, RSS = 24, FIELDS = RSS,
};

/* What is behind the name's bracket and its blank. */
static bool
skip_name(struct span *bytes)
{
	size_t at = bytes->len;

	while (at > 0 && bytes->p[at - 1] != ')')
		at--;
	*bytes = span_after(*bytes, at);
	if (at == 0 || bytes->len == 0 || bytes->p[0] != ' ')
		return false;
	*bytes = span_after(*bytes, 1);
	return true;
}

/* A pid; -1, which a process that has just gone has for its group, is 0. */
static int
read_pid(struct span text, pid_t *pid)
{
	uint64_t n = 0;
	int r = span_is(text, "-1") ? 0 : parse_uint_span(text, INT_MAX, &n);

	*pid = (pid_t)n;
	return r;
}

static int
read_field(struct procstat *st, enum field which, struct span text)
{
	switch (which) {
	case STATE:
		st->state = text.len == 1 ? text.p[0] : '\0';
		return st->state != '\0' ? 0 : ERR_PARSE;
	case PPID:
		return read_pid(text, &st->ppid);
	case PGRP:
		return read_pid(text, &st->pgrp);
	case SESSION:
		return read_pid(text, &st->session);
	case UTIME:
		return parse_uint_span(text, UINT64_MAX, &st->utime);
	case STIME:
		return parse_uint_span(text, UINT64_MAX, &st->stime);
	case THREADS:
		return parse_uint_span(text, UINT64_MAX, &st->threads);
	case STARTTIME:
		return parse_uint_span(text, UINT64_MAX, &st->starttime);
	case VSIZE:
		return parse_uint_span(text, UINT64_MAX, &st->vsize);
	case RSS:
		return parse_uint_span(text, UINT64_MAX, &st->rss);
	}
	return 0;	/* of no interest; some are negative */
}

/* see sup/procstat.h */
int
procstat_read(struct procstat *st, struct span bytes)
{
	*st = (struct procstat){ .state = '\0' };
	if (!skip_name(&bytes))
		return ERR_PARSE;
	for (int i = STATE; i <= FIELDS; i++)
		if (read_field(st, (enum field)i, span_cut(&bytes, ' ')) < 0)
			return ERR_PARSE;
	return 0;
}

/* see sup/procstat.h */
bool
procstat_lives(const struct procstat *st)
{
	return st->state != 'Z' && st->state != 'X' && st->state != 'x';
}

/* --- status --- */

/* What is behind the line's name and its blanks. */
static struct span
find_line(struct span text, const char *name)
{
	while (text.len > 0) {
		struct span line = span_cut(&text, '\n');

		if (span_has_prefix(line, name))
			return span_trim(span_after(line, strlen(name)), "\t ");
	}
	return (struct span){ "", 0 };
}

/* see sup/procstat.h */
int
procstat_real_uid(struct span status, uid_t *uid)
{
	struct span state = find_line(status, "State:");
	struct span ids = find_line(status, "Uid:");
	uint64_t n;

	if (state.len > 0 && (state.p[0] == 'Z' || state.p[0] == 'X'))
		return -ESRCH;
	if (parse_uint_span(span_cut(&ids, '\t'), UINT32_MAX, &n) < 0)
		return ERR_PARSE;
	*uid = (uid_t)n;
	return 0;
}

/* --- children --- */

/* see sup/procstat.h */
pid_t
procstat_next_pid(struct span *bytes, pid_t *part)
{
	pid_t pid;

	while (bytes->len > 0) {
		int digit = bytes->p[0] - '0';

		*bytes = span_after(*bytes, 1);
		if (digit >= 0 && digit <= 9) {
			*part = *part > (INT_MAX - 9) / 10
			      ? INT_MAX : *part * 10 + digit;
		} else if (*part > 0) {
			pid = *part;
			*part = 0;
			return pid;
		}
	}
	return 0;
}
