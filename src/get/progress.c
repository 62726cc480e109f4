/* SPDX-License-Identifier: MIT */
/* get/progress.c - the line that shows how far a transfer is */
#include "get/progress.h"

#include <unistd.h>

#include "base/clock.h"

#define PROGRESS_US 200000	/* from one line to the next */

/* see get/progress.h */
void
progress_show(struct transfer *t, bool last)
{
	char memory[256];
	struct buf b = buf_over(memory, sizeof memory);
	uint64_t all = t->c.reply.has_length ? t->c.reply.length : 0;
	int64_t now_us = clock_us(), us = now_us - t->r.try_us;
	static const uint64_t mib = 1 << 20;
	uint64_t done = t->r.body_bytes;

	if (t->shown_us == 0 || (!last && now_us - t->shown_us < PROGRESS_US))
		return;
	t->shown_us = now_us;
	if (all > 0)
		buf_fmt(&b, "\r%llu %%, ",
		        (unsigned long long)(done * 100 / all));
	else
		buf_str(&b, "\r");
	buf_fmt(&b, "%llu.%llu MiB", (unsigned long long)(done / mib),
	        (unsigned long long)(done % mib * 10 / mib));
	if (all > 0)
		buf_fmt(&b, " of %llu.%llu", (unsigned long long)(all / mib),
		        (unsigned long long)(all % mib * 10 / mib));
	if (us > 0)
		buf_fmt(&b, ", %llu KiB/s", (unsigned long long)
		        (done / 1024 * 1000000 / (uint64_t)us));
	buf_str(&b, last ? "    \n" : "    ");
	(void)!write(STDERR_FILENO, b.p, b.len);	/* only for people */
}
