/* SPDX-License-Identifier: MIT */
/* sup/keeper_start.c - the keeper's part of a start, first or again */
#include "sup/keeper_start.h"

#include <sched.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/exec_error.h"
#include "sup/keeper_log.h"
#include "sup/keeper_mourn.h"
#include "sup/keeper_signal.h"
#include "sup/terminal.h"
#include "sup/usage.h"

static void
end_wait(struct keeper_loading *l)
{
	loop_end(l->keeper->with.loop, &l->source);
	close(l->source.fd);
}

static void
loading_ready(struct source *s, uint32_t events)
{
	struct keeper_loading *l = (struct keeper_loading *)s;
	struct keeper *k = l->keeper;
	int r = child_exec(s->fd);

	(void)events;
	if (r == 0)
		return;
	end_wait(l);
	if (r < 0) {	/* the rest when it is reaped */
		l->err = r;
		return;
	}
	k->loading = NULL;
	if (k->stop_sent)	/* that has killed it */
		return;
	keeper_log_loaded(k);
	keeper_follow_start(k);
}

static void
wait_for_exec(struct keeper *k, int fd)
{
	struct keeper_loading *l = k->room->loadings;
	int r;

	l += l->source.state != SOURCE_OUT;
	*l = (struct keeper_loading){
		.source = { .fd = fd, .deadline_ms = CLOCK_NEVER,
		            .ready = loading_ready },
		.keeper = k,
	};
	k->loading = l;
	r = loop_add(k->with.loop, &l->source, EPOLLIN);
	if (r < 0)	/* then its end alone is heard of */
		log_error("cannot wait for the program to be loaded: %s",
		          err_text(r));
	keeper_log_loading(k);
}

/* see sup/keeper_start.h */
int
keeper_end_loading(struct keeper *k)
{
	struct keeper_loading *l = k->loading;

	if (l == NULL)
		return 0;
	k->loading = NULL;
	if (l->err == 0) {
		l->err = child_exec(l->source.fd);
		end_wait(l);
	}
	return l->err < 0 ? l->err : 0;
}

/* see sup/keeper_start.h; apart, since its room would make the child's stack,
 * which lies below, reach into a page more. */
__attribute__((noinline)) enum lifecycle_event
keeper_start_failed(struct keeper *k, int err)
{
	struct keeper_room *room = k->room;
	struct buf refusal = buf_over(room->refused, sizeof room->refused);
	bool is_first = room->died_ms == 0, refused;
	char reason[LAUNCH_REASON_MAX];
	struct buf b = buf_over(reason, sizeof reason);
	int code = launch_explain(&k->launch, err, &refused, &b);

	if (code == EXEC_ERROR_NOT_FOUND && k->plan->write_hint != NULL)
		k->plan->write_hint(&b, k->plan->argv[0]);
	if (refused && !is_first && k->lifecycle.state == SVC_RUNNING) {
		buf_str(&refusal, buf_text(&b));
		(void)buf_text(&refusal);
		return EV_REFUSED;
	}
	keeper_mourn_unstarted(k, err, buf_text(&b));
	k->status = code << 8;	/* as wait(2) would have it */
	if (is_first) {
		k->exit_code = code;
		k->is_over = true;
	}
	return EV_NOT_STARTED;
}

/* see sup/keeper_start.h */
int
keeper_start_now(struct keeper *k)
{
	pid_t pid = launch_start(&k->launch);

	if (pid < 0)
		return pid;
	k->pid = k->group = pid;
	/* On a CPU that both share the service goes first. */
	(void)sched_yield();	/* cannot fail (sched_yield(2)) */
	k->started_ms = clock_ms();
	k->born_ms = usage_epoch_ms();
	k->cleared = k->stop_sent = k->logged_unreachable = false;
	k->is_stopped = false;
	if (k->launch.news.exec_fd > 0)
		wait_for_exec(k, k->launch.news.exec_fd);
	return 0;
}

/* see sup/keeper.h */
void
keeper_follow_start(struct keeper *k)
{
	last_end_began(&k->alive, k->started_ms);
	keeper_hold_group(k);
	if (k->loading != NULL)
		return;	/* it has not begun yet */
	if (k->plan->tell != NULL)
		k->plan->tell(NEWS_STARTED, keeper_program(k), k->pid, 0, NULL);
	else
		log_info("started %s (pid %d)", keeper_program(k),
		         (int)k->pid);
	monitor_start(k->with.monitor, k->pid);	/* may say that it is ready */
}

/*
 * The terminal's keys reach its foreground group only. Where Ctrl-C is to be
 * hale's stop as well, not only the service's end, that is hale's group: else
 * a service that restarts could not be stopped from the keyboard.
 */
static bool
needs_keys(const struct keeper *k)
{
	const struct lifecycle_conf *conf = &k->plan->lifecycle;

	return k->with.terminal_fd >= 0
	    && (lifecycle_restarts(conf) || conf->drain_ms > 0
	     || conf->stop_timeout_ms > 0)
	    && terminal_is_ours(k->with.terminal_fd);
}

/* see sup/keeper_start.h */
void
keeper_choose_group(struct keeper *k)
{
	struct signals_rules *rules = k->with.rules;

	if (rules->shares_group || !needs_keys(k))
		return;
	rules->shares_group = true;
	rules->leads_session = getsid(0) == rules->self;
}

/* see sup/keeper_start.h */
bool
keeper_start_again(struct keeper *k, enum lifecycle_event *failure)
{
	struct keeper_room *room = k->room;
	int r;

	/* the last one's */
	(void)notify_inbox_ready_fd(&k->with.monitor->inbox);
	if (k->with.terminal_fd >= 0)	/* it may be the dead one's still */
		terminal_take(k->with.terminal_fd, k->group);
	keeper_choose_group(k);	/* it may have come to the foreground since */
	k->launch.child.shares_group = k->with.rules->shares_group;
	room->refused[0] = '\0';
	room->heard_ticks = 0;
	room->logged_unfollowed = room->upgrade_failed = false;
	r = keeper_start_now(k);
	if (r == 0) {
		keeper_follow_start(k);
		return true;
	}
	*failure = keeper_start_failed(k, r);
	if (*failure == EV_NOT_STARTED)
		k->with.reap_soon(k->with.owner);
	return false;
}
