/* SPDX-License-Identifier: MIT */
/* fuzz_procstat.c - /proc/PID/stat, with a name that its process has chosen,
 * status and children: each input is taken for all of them */
#include "fuzz.h"

#include <errno.h>

#include "base/buf.h"
#include "base/err.h"
#include "sup/procstat.h"

static bool
is_equal(const struct procstat *a, const struct procstat *b)
{
	return a->state == b->state && a->ppid == b->ppid
	    && a->pgrp == b->pgrp && a->session == b->session
	    && a->utime == b->utime && a->stime == b->stime
	    && a->threads == b->threads && a->starttime == b->starttime
	    && a->vsize == b->vsize && a->rss == b->rss;
}

/* Whatever the process calls itself, the fields are the same. */
static void
read_renamed(const struct procstat *st, struct span text, const char *name)
{
	char room[2 * PROCSTAT_MAX];
	struct buf b = buf_over(room, sizeof room);
	struct procstat same;
	size_t at = text.len;

	while (text.p[at - 1] != ')')
		at--;
	buf_fmt(&b, "1 (%s)", name);
	buf_add(&b, span_after(text, at));
	fuzz_must(procstat_read(&same, buf_span(&b)) == 0);
	fuzz_must(is_equal(st, &same));
}

static void
read_stat(struct span text)
{
	struct procstat st;
	int r = procstat_read(&st, text);

	fuzz_must(r == 0 || r == ERR_PARSE);
	if (r < 0)
		return;
	fuzz_must(st.state != '\0');
	fuzz_must(st.ppid >= 0 && st.pgrp >= 0 && st.session >= 0);
	(void)procstat_lives(&st);	/* must only not crash */
	read_renamed(&st, text, "x");
	read_renamed(&st, text, ") Z 1 1 1 1");
	read_renamed(&st, text, "(a)\n(b)");
}

static void
read_status(struct span text)
{
	uid_t uid = 7;
	int r = procstat_real_uid(text, &uid);

	fuzz_must(r == 0 || r == -ESRCH || r == ERR_PARSE);
	fuzz_must(r == 0 || uid == 7);
}

/* The same numbers, whether the bytes come at once or in two reads. */
static void
read_children(struct span text, size_t at)
{
	struct span whole = text, first = { text.p, at };
	struct span then = span_after(text, at);
	pid_t part = 0, cut_part = 0, pid, same;

	do {
		pid = procstat_next_pid(&whole, &part);
		same = procstat_next_pid(&first, &cut_part);
		if (same == 0)
			same = procstat_next_pid(&then, &cut_part);
		fuzz_must(pid >= 0 && pid == same);
	} while (pid > 0);
	fuzz_must(whole.len == 0 && then.len == 0 && part == cut_part);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };

	if (size > PROCSTAT_MAX)	/* proc_stat() reads no more */
		return 0;
	read_stat(text);
	read_status(text);
	read_children(text, size / 2);
	return 0;
}
