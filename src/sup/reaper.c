/* SPDX-License-Identifier: MIT */
/* sup/reaper.c - waits for ended children and passes each to its owner */
#include "sup/reaper.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/child.h"
#include "sup/child_stop.h"

#define REAP_BATCH     512	/* children reaped before others get a turn */
#define WAIT_FAILED_MS 1000	/* pause after a wait that cannot fail failed */
#define END_MAX        64	/* bytes of how a process ended, in words */

static void
orphan_ended(struct reaper *r, pid_t pid, int status)
{
	char words[END_MAX];
	struct buf b = buf_over(words, sizeof words);

	r->orphans++;
	keeper_orphan_ended(r->keeper, pid, status);
	if (!r->warns_of_orphans)
		return;
	if (r->keeper->plan->tell != NULL) {
		r->keeper->plan->tell(NEWS_ORPHAN, "", pid, status, NULL);
		return;
	}
	child_write_end(&b, status);
	log_warn("reaped orphan pid %d: it %s", (int)pid, buf_text(&b));
}

/* A child wants its parent, hale, to trace it, which hale does not do. */
static void
log_traced(struct reaper *r, pid_t pid, int err)
{
	if (r->logged_traced)	/* it may want it again and again */
		return;
	r->logged_traced = true;
	if (err < 0)
		log_error("pid %d made hale its tracer (PTRACE_TRACEME) and "
		          "stays stopped: ptrace: %s", (int)pid,
		          err_text(err));
	else
		log_warn("pid %d made hale its tracer (PTRACE_TRACEME): let it "
		         "go on untraced", (int)pid);
}

static bool
hears_of_stops(const struct reaper *r)
{
	return r->keeper->with.terminal_fd >= 0;
}

/* It has stopped or goes on. */
static void
child_changed(struct reaper *r, pid_t pid, int status)
{
	int traced = 0;

	if (WIFSTOPPED(status))
		traced = child_stop_let_go(pid, WSTOPSIG(status));
	if (traced > 0 || (traced < 0 && !hears_of_stops(r)))
		log_traced(r, pid, traced);
	else if (pid == r->keeper->pid && hears_of_stops(r))
		job_control_changed(r->jobs, status);
}

static void
hand_out(struct reaper *r, pid_t pid, int status, long peak_kb)
{
	if (WIFSTOPPED(status) || WIFCONTINUED(status))
		child_changed(r, pid, status);
	else if (!keeper_reaped(r->keeper, pid, status, peak_kb)
	      && !monitor_reaped(r->monitor, pid, status))
		orphan_ended(r, pid, status);
}

/* see sup/reaper.h */
void
reaper_reap(struct reaper *r)
{
	int flags = hears_of_stops(r) ? WNOHANG | WUNTRACED | WCONTINUED
	                              : WNOHANG;
	struct rusage used;
	int status;

	for (int i = 0; i < REAP_BATCH && !r->keeper->is_over; i++) {
		pid_t pid = wait4(-1, &status, flags, &used);

		if (pid == 0)
			return;
		if (pid < 0) {
			if (errno == ECHILD)
				keeper_alone(r->keeper);
			else	/* the signal that said so is read and gone */
				r->again.deadline_ms = clock_ms()
				                     + WAIT_FAILED_MS;
			return;
		}
		hand_out(r, pid, status, used.ru_maxrss);
	}
	reaper_reap_soon(r);	/* there may be more */
}

/* see sup/reaper.h */
void
reaper_reap_soon(void *reaper)
{
	struct reaper *r = reaper;

	r->again.deadline_ms = 0;
}

/* see sup/reaper.h */
void
reaper_expired(struct source *again)
{
	again->deadline_ms = CLOCK_NEVER;
	reaper_reap((struct reaper *)again);	/* its first member */
}
