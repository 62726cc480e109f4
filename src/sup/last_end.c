/* SPDX-License-Identifier: MIT */
/* sup/last_end.c - words for how the service ended, by the OOM killer too */
#include "sup/last_end.h"

#include <signal.h>
#include <sys/wait.h>

#include "sup/child.h"

/* see sup/last_end.h */
void
last_end_seen_alive(struct last_end_alive *a, int64_t now_ms)
{
	if (now_ms - a->next_ms < LAST_END_FRESH_MS)
		return;
	/* A kill is counted before its process has ended: this one may have
	 * been the service's, those of the last time were not. */
	a->kills = a->next_kills;
	a->counted_ms = a->next_ms;
	a->next_kills = cgroup_oom_kills();
	a->next_ms = now_ms;
}

/* SIGKILL, and not ours? */
static bool
was_killed(const struct last_end *d)
{
	return WIFSIGNALED(d->status) && WTERMSIG(d->status) == SIGKILL
	    && !d->we_killed;
}

/* see sup/last_end.h */
void
last_end_look(struct last_end *d)
{
	d->kills = d->limit_bytes = CGROUP_UNKNOWN;
	if (!was_killed(d))
		return;
	d->kills = cgroup_oom_kills();
	d->limit_bytes = cgroup_memory_limit();
}

/* The kernel's kills that it may be one of. */
static uint64_t
count_kills(const struct last_end *d)
{
	bool rose = was_killed(d)
	         && cgroup_has_killed(d->kills_before, d->kills);

	return rose ? d->kills - d->kills_before : 0;
}

static void
write_limit(struct buf *b, const struct last_end *d)
{
	if (d->limit_bytes != CGROUP_UNKNOWN)
		buf_fmt(b, " (limit %llu MiB)",
		        (unsigned long long)(d->limit_bytes >> 20));
}

static void
write_perhaps(struct buf *b, const struct last_end *d, uint64_t kills)
{
	bool one = kills == 1;

	buf_str(b, "; in the last ");
	buf_ms(b, d->since_ms);
	buf_fmt(b, " the kernel killed %llu process%s of this container for "
	        "memory, perhaps this one%s", (unsigned long long)kills,
	        one ? "" : "es", one ? "" : " too");
	write_limit(b, d);
}

/* see sup/last_end.h */
void
last_end_write(struct buf *b, const struct last_end *d)
{
	uint64_t kills = count_kills(d);
	bool was_largest = d->limit_bytes != CGROUP_UNKNOWN
	                && d->peak_bytes >= d->limit_bytes / 2;

	if (kills > 0 && was_largest) {
		buf_str(b, "was killed by the kernel for memory");
		write_limit(b, d);
	} else {
		child_write_end(b, d->status);
		if (kills > 0)
			write_perhaps(b, d, kills);
	}
	if (d->sick != NULL)
		buf_fmt(b, ", stopped as unhealthy (%s)", d->sick);
}
