/* SPDX-License-Identifier: MIT */
/* fuzz_procstat.c - /proc/PID/stat, with a name that its process has chosen */
#include "fuzz.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct procstat st;
	int r;

	if (size > PROCSTAT_MAX)	/* proc_stat() reads no more */
		return 0;
	r = procstat_read(&st, text);
	fuzz_must(r == 0 || r == ERR_PARSE);
	if (r < 0)
		return 0;
	fuzz_must(st.state != '\0');
	fuzz_must(st.ppid >= 0 && st.pgrp >= 0 && st.session >= 0);
	(void)procstat_lives(&st);	/* must only not crash */
	read_renamed(&st, text, "x");
	read_renamed(&st, text, ") Z 1 1 1 1");
	read_renamed(&st, text, "(a)\n(b)");
	return 0;
}
