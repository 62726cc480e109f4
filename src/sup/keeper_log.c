/* SPDX-License-Identifier: MIT */
/* sup/keeper_log.c - the keeper's log lines */
#include "sup/keeper_log.h"

#include <signal.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/tree.h"

#define WORD_MAX 32	/* bytes of a signal's name or a duration */

/* see sup/keeper_log.h */
void
keeper_log_signal(const struct keeper *k, const char *done, int sig)
{
	char name[WORD_MAX];
	struct buf b = buf_over(name, sizeof name);

	if (k->plan->tell != NULL) {
		k->plan->tell(NEWS_SIGNAL, keeper_program(k), k->pid, sig,
		              NULL);
		return;
	}
	signame_write(&b, sig);
	log_info("%s %s to %s (pid %d)", done, buf_text(&b), keeper_program(k),
	         (int)k->pid);
}

/* see sup/keeper_log.h */
void
keeper_log_unreachable(const struct keeper *k, int err)
{
	log_error("cannot signal %s (pid %d): %s: it runs as another user, and "
	          "hale has neither CAP_KILL nor CAP_SETUID",
	          keeper_program(k), (int)k->pid, err_text(err));
}

/* see sup/keeper_log.h */
void
keeper_log_limit(const struct keeper *k, int64_t now_ms)
{
	const struct lifecycle *l = &k->lifecycle;
	char time[WORD_MAX];
	struct buf b = buf_over(time, sizeof time);

	if (l->is_patient || l->conf->stop_timeout_ms > 0
	 || k->logged_unreachable)
		return;
	buf_ms(&b, l->deadline_ms - now_ms);
	log_warn("%s (pid %d) is not live, and there is no --stop-timeout: "
	         "SIGKILL follows in %s", keeper_program(k), (int)k->pid,
	         buf_text(&b));
}

/* see sup/keeper_log.h */
void
keeper_log_slow(const struct keeper *k)
{
	char time[WORD_MAX];
	struct buf b = buf_over(time, sizeof time);

	if (k->plan->tell != NULL)	/* that tool has no such option */
		return;
	buf_ms(&b, clock_ms() - k->room->stop_ms);
	log_warn("%s (pid %d) has not ended %s after the stop signal, and "
	         "there is no --stop-timeout: waiting until it does",
	         keeper_program(k), (int)k->pid, buf_text(&b));
}

/* see sup/keeper_log.h */
void
keeper_log_killing(const struct keeper *k)
{
	char list[KEEPER_LIST_MAX];
	struct buf b = buf_over(list, sizeof list);

	tree_list(&b);
	if (b.len == 0)	/* no /proc shows them */
		buf_str(&b, "everything");
	if (k->pid > 0)
		log_warn("%s (pid %d) did not stop in time: killing %s",
		         keeper_program(k), (int)k->pid, buf_text(&b));
	else
		log_warn("still running after the service's end, killed: %s",
		         buf_text(&b));
}

/* see sup/keeper_log.h */
void
keeper_log_clearing(const struct keeper *k, int sig)
{
	char list[KEEPER_LIST_MAX];
	struct buf b = buf_over(list, sizeof list);

	if (k->pid > 0) {
		log_warn("%s (pid %d) did not stop in time: killing it",
		         keeper_program(k), (int)k->pid);
		return;
	}
	if (k->cleared)	/* that was logged, whatever it was */
		return;
	tree_list(&b);
	if (b.len > 0)
		log_warn("%s what %s left: %s", sig == SIGKILL ? "killing"
		         : "sending SIGTERM to", keeper_program(k),
		         buf_text(&b));
}

/* see sup/keeper_log.h */
void
keeper_log_stuck(const struct keeper *k)
{
	log_error("%s (pid %d) does not end, even by SIGKILL: the kernel holds "
	          "it, and it is not live until it ends", keeper_program(k),
	          (int)k->pid);
}

/* see sup/keeper_log.h */
void
keeper_log_left_behind(const struct keeper *k)
{
	log_warn("%s (pid %d) has not ended: %s", keeper_program(k),
	         (int)k->pid, k->lifecycle.leaving_kills
	         ? "leaving, which kills it" : "leaving it behind");
}

/* see sup/keeper_log.h */
void
keeper_log_restart(const struct keeper *k, int64_t now_ms)
{
	char time[WORD_MAX];
	struct buf b = buf_over(time, sizeof time);

	buf_ms(&b, k->lifecycle.start_ms - now_ms);
	log_warn("restarting %s in %s (restart %d)", keeper_program(k),
	         buf_text(&b), k->lifecycle.backoff.restarts);
}

/* see sup/keeper_log.h */
void
keeper_log_surrender(const struct keeper *k)
{
	const char *live = k->pid > 0 ? ", it is not live any more" : "";
	int n = k->lifecycle.backoff.in_row;

	if (k->lifecycle.unheard)
		log_error("%s is unhealthy and cannot be signalled: giving "
		          "up%s", keeper_program(k), live);
	else
		log_error("%s was restarted %d time%s without a healthy "
		          "minute between: giving up%s", keeper_program(k), n,
		          n == 1 ? "" : "s", live);
}

/* see sup/keeper_log.h */
void
keeper_log_refusal(const struct keeper *k, int64_t now_ms)
{
	char time[WORD_MAX];
	struct buf b = buf_over(time, sizeof time);

	buf_ms(&b, k->lifecycle.start_ms - now_ms);
	log_error("cannot start %s: %s: trying again in %s", keeper_program(k),
	          k->room->refused, buf_text(&b));
}

/* see sup/keeper_log.h */
void
keeper_log_loading(const struct keeper *k)
{
	log_warn("%s (pid %d): its program is still being loaded after %d ms "
	         "(a slow file system, fanotify or a tracer?): not ready until "
	         "it is", keeper_program(k), (int)k->pid, CHILD_HOLD_MS);
}

/* see sup/keeper_log.h */
void
keeper_log_loaded(const struct keeper *k)
{
	log_warn("%s (pid %d): its program is loaded now", keeper_program(k),
	         (int)k->pid);
}

/* see sup/keeper_log.h */
void
keeper_log_unready(const struct keeper *k)
{
	log_info("%s is not ready any more: %s", keeper_program(k),
	         k->room->is_key_stop ? "stopping"	/* without a drain */
	         : lifecycle_state_text(&k->lifecycle));
}
