/* SPDX-License-Identifier: MIT */
/* sup/death.c - why a service died, in words */
#include "sup/death.h"

#include <signal.h>
#include <sys/wait.h>

#include "sup/cgroup.h"
#include "sup/child.h"

/* Did the kernel kill it for memory? SIGKILL, not ours, and newly counted. */
static bool
was_oom(const struct death *d)
{
	uint64_t now;

	if (!WIFSIGNALED(d->status) || WTERMSIG(d->status) != SIGKILL
	 || d->we_killed || d->oom_before == CGROUP_UNKNOWN)
		return false;
	now = cgroup_oom_kills();
	return now != CGROUP_UNKNOWN && now > d->oom_before;
}

static void
write_oom(struct buf *b)
{
	uint64_t limit = cgroup_memory_limit();

	buf_str(b, "was killed by the kernel for memory");
	if (limit != CGROUP_UNKNOWN)
		buf_fmt(b, " (limit %llu MiB)",
		        (unsigned long long)(limit >> 20));
}

/* see sup/death.h */
void
death_write(struct buf *b, const struct death *d)
{
	if (was_oom(d))
		write_oom(b);
	else
		child_write_end(b, d->status);
	if (d->sick != NULL)
		buf_fmt(b, ", stopped as unhealthy (%s)", d->sick);
}
