/* SPDX-License-Identifier: MIT */
/* sup/keeper_mourn.c - records and logs the service's end, and likely causes */
#include "sup/keeper_mourn.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "sup/child.h"
#include "sup/daemon_hint.h"
#include "sup/port_clash.h"
#include "sup/tree.h"

#define FAILED (1 << 8)	/* the wait status of exit code 1 */

static void
log_end(struct keeper *k, long peak_kb)
{
	struct keeper_room *room = k->room;
	struct buf b = buf_over(room->last_end, sizeof room->last_end);
	struct last_end end = {
		.status = k->status,
		.kills_before = k->alive.kills,
		.since_ms = clock_ms() - k->alive.counted_ms,
		.peak_bytes = (uint64_t)peak_kb * 1024,
		.we_killed = k->lifecycle.killed || k->cleared,
		.sick = lifecycle_is_sick_end(&k->lifecycle) ? room->sick
		                                             : NULL,
	};

	last_end_look(&end);
	last_end_write(&b, &end);
	room->died_ms = clock_ms();
	if (k->plan->tell != NULL)
		k->plan->tell(NEWS_ENDED, keeper_program(k), k->pid, k->status,
		              buf_text(&b));
	else if (k->status == 0)
		log_info("%s (pid %d) %s", keeper_program(k), (int)k->pid,
		         buf_text(&b));
	else
		log_warn("%s (pid %d) %s", keeper_program(k), (int)k->pid,
		         buf_text(&b));
}

/* A daemon that forks would end the container without a word. */
static void
log_left(const struct keeper *k)
{
	const char *hint = daemon_hint(span_of(k->plan->argv[0]));
	const char *else_do = k->plan->follow_orphan
	                    ? "--follow-orphan follows only one"
	                    : "or use --follow-orphan";
	char list[KEEPER_LIST_MAX];
	struct buf b = buf_over(list, sizeof list);

	tree_list(&b);
	if (b.len == 0)
		return;
	log_warn("%s (pid %d) exited with code 0 and left %s running: start it "
	         "in the foreground%s%s%s", keeper_program(k), (int)k->pid,
	         buf_text(&b), hint != NULL ? " (" : ", ",
	         hint != NULL ? hint : else_do, hint != NULL ? ")" : "");
}

/* Has it ever been what a check, or it itself, calls ready? */
static bool
was_seen_ready(const struct keeper *k)
{
	const struct monitor_plan *m = &k->plan->monitor;

	return (m->n_checks > 0 || m->notify || m->notify_fd > 0)
	    && monitor_was_ready(k->with.monitor);
}

/* Its own line may say no more than "address in use", and not by whom. */
static void
log_clash(struct keeper *k)
{
	const struct port_clash c = {
		.code = child_code(k->status),
		.lived_ms = k->room->died_ms - k->started_ms,
		.argv = k->plan->argv,
		.env_port = getenv("PORT"),
	};
	char words[KEEPER_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	if (k->room->logged_clash || k->stop_sent || was_seen_ready(k))
		return;
	for (size_t i = 0; i < k->with.n_listen; i++) {
		const struct listen_place *l = &k->with.listen[i];
		unsigned port = addr_port(&l->at.addr);

		if (!port_clash_is_likely(&c, port))
			continue;
		listen_write(&b, l);
		log_warn("hale itself listens on %s: a service that also "
		         "wants port %u fails with \"address in use\": give "
		         "one of them another port", buf_text(&b), port);
		k->room->logged_clash = true;
		return;
	}
}

/* see sup/keeper_mourn.h */
void
keeper_mourn(struct keeper *k, int status, long peak_kb)
{
	bool by_itself = lifecycle_is_serving(&k->lifecycle);

	main_pid_forget(&k->room->main_pid);
	if (k->room->upgrade_failed && status == 0 && by_itself) {
		/* It has made room for one that ended badly. */
		log_warn("%s (pid %d) exited with code 0, but its successor "
		         "failed: that counts as code 1", keeper_program(k),
		         (int)k->pid);
		status = FAILED;
	}
	k->status = status;
	log_end(k, peak_kb);
	log_clash(k);
	/* Another tool lacks the option that the line would advise. */
	if (status == 0 && by_itself && k->plan->lifecycle.linger_ms == 0
	 && k->plan->tell == NULL)
		log_left(k);
	k->pid = 0;
	k->renamed = false;	/* the next start is of the given program */
	monitor_end(k->with.monitor);
}

/* see sup/keeper_mourn.h */
void
keeper_mourn_unstarted(struct keeper *k, int err, const char *reason)
{
	struct keeper_room *room = k->room;
	struct buf b = buf_over(room->last_end, sizeof room->last_end);

	if (k->plan->tell != NULL)
		k->plan->tell(NEWS_UNSTARTED, keeper_program(k), 0, err,
		              reason);
	else
		log_error("cannot start %s: %s", keeper_program(k), reason);
	buf_fmt(&b, "could not be started: %s", reason);
	(void)buf_text(&b);
	room->died_ms = clock_ms();
}
