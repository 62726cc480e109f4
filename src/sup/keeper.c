/* SPDX-License-Identifier: MIT */
/*
 * sup/keeper.c - carries out what sup/lifecycle decides
 *
 * Every event goes through step(): the machine decides, carry_out() does it,
 * and what comes of that, such as a start that failed, is its next event.
 */
#include "sup/keeper.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "sup/keeper_log.h"
#include "sup/keeper_mourn.h"
#include "sup/keeper_signal.h"
#include "sup/keeper_start.h"
#include "sup/keeper_successor.h"
#include "sup/lifecycle_time.h"
#include "sup/reason.h"

#define UNKNOWN_END (1 << 8)	/* wait status: another process got it */

/* --- the end --- */

/* The service's own exit code, remapped. */
static int
service_code(const struct keeper *k)
{
	int code = child_code(k->status);

	if (k->plan->is_success[code])
		return 0;
	if (k->plan->stopped_ok && k->stop_sent
	 && code == 128 + k->stop_signal)
		return 0;
	return code;
}

static void
leave(struct keeper *k)
{
	if (k->pid > 0) {
		k->status = SIGKILL;	/* as wait(2) would have it */
		keeper_log_left_behind(k);
	}
	k->exit_code = k->lifecycle.sickened ? KEEPER_UNHEALTHY
	                                     : service_code(k);
	k->is_over = true;
}

/* --- the machine --- */

/* Returns whether the machine has to hear of what came of it: *outcome. */
static bool
carry_out(struct keeper *k, enum lifecycle_act what,
          enum lifecycle_event *outcome)
{
	bool unreachable = false;

	switch (what) {
	case ACT_NONE:
		break;
	case ACT_STOP:
		unreachable = keeper_send_stop(k);
		break;
	case ACT_TERM_REST:
		keeper_term_rest(k);
		break;
	case ACT_KILL:
		unreachable = keeper_kill_all(k);
		break;
	case ACT_CLEAR_TERM:
		unreachable = keeper_clear(k, SIGTERM);
		break;
	case ACT_STUCK:
		keeper_log_stuck(k);
		unreachable = keeper_clear(k, SIGKILL);
		break;
	case ACT_CLEAR:
		unreachable = keeper_clear(k, SIGKILL);
		break;
	case ACT_START:
		return !keeper_start_again(k, outcome);
	case ACT_SLOW:
		keeper_log_slow(k);
		break;
	case ACT_LEAVE:
		leave(k);
		break;
	case ACT_BUG:
		log_error("the service is in no known state; going on");
		break;
	}
	if (unreachable)
		*outcome = EV_UNREACHABLE;
	return unreachable;
}

static void
step(struct keeper *k, enum lifecycle_event ev)
{
	const struct lifecycle *l = &k->lifecycle;
	const enum lifecycle_state was = l->state;
	bool was_ready = lifecycle_is_ready(l), had_given_up = l->gave_up;
	int64_t now_ms;

	do	/* an action takes its time */
		now_ms = clock_ms();
	while (carry_out(k, lifecycle_step(&k->lifecycle, ev, now_ms), &ev));
	k->timer.deadline_ms = l->deadline_ms;
	if (ev == EV_REFUSED)
		keeper_log_refusal(k, now_ms);
	if (l->gave_up && !had_given_up)
		keeper_log_surrender(k);
	if (!lifecycle_is_serving(l))
		monitor_stop(k->with.monitor);
	if (was != SVC_STOPPING && l->state == SVC_STOPPING)
		keeper_log_limit(k, now_ms);
	if (was != SVC_CLEARING && l->state == SVC_CLEARING)
		keeper_log_restart(k, now_ms);
	if (was_ready && k->pid > 0 && !lifecycle_is_ready(l))
		keeper_log_unready(k);
}

static void
timer_expired(struct source *s)
{
	struct keeper *k = (struct keeper *)((char *)s
	                 - offsetof(struct keeper, timer));

	if (lifecycle_pardon(&k->lifecycle, clock_ms()))
		s->deadline_ms = k->lifecycle.deadline_ms;
	else
		step(k, EV_DEADLINE);
}

/* --- what comes from outside --- */

/* see sup/keeper.h */
int
keeper_start(struct keeper *k)
{
	int r = keeper_start_now(k);

	if (r < 0) {
		(void)keeper_start_failed(k, r);
		return k->exit_code;
	}
	lifecycle_started(&k->lifecycle, &k->plan->lifecycle,
	                  k->with.rules->self == 1, k->started_ms);
	return 0;
}

/* see sup/keeper.h */
void
keeper_stop(struct keeper *k, int sig, const struct signalfd_siginfo *info)
{
	k->stop_signal = sig;
	k->room->stop_came = (int)info->ssi_signo;
	k->room->stop_from = *info;
	step(k, EV_STOP);
}

/* see sup/keeper.h */
void
keeper_stop_by_key(struct keeper *k, int sig)
{
	if (k->pid > 0)
		keeper_log_signal(k, "the terminal sent", sig);
	k->stop_signal = k->room->stop_came = sig;
	k->room->is_key_stop = true;
	step(k, EV_STOP);
	if (k->lifecycle.state == SVC_DRAINING)
		step(k, EV_STOP);
	k->room->is_key_stop = false;
}

/* see sup/keeper.h */
void
keeper_drain(struct keeper *k)
{
	step(k, EV_DRAIN);
}

/* see sup/keeper.h */
void
keeper_alone(struct keeper *k)
{
	step(k, EV_ALONE);
}

/* see sup/keeper.h */
void
keeper_forward(struct keeper *k, bool to_group, int sig,
               const struct signalfd_siginfo *info)
{
	int r = keeper_signal(k, to_group, sig, info);

	(void)keeper_is_unreachable(k, r);	/* nothing waits for it */
	k->room->forwarded += r >= 0;
	keeper_log_signal(k, r >= 0 ? "forwarded" : "cannot forward", sig);
}

/* see sup/keeper.h */
void
keeper_lives(struct keeper *k)
{
	if (k->pid > 0)
		last_end_seen_alive(&k->alive, clock_ms());
}

/* see sup/keeper.h */
void
keeper_orphan_ended(struct keeper *k, pid_t pid, int status)
{
	main_pid_reaped(&k->room->main_pid, pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		keeper_lives(k);	/* not the service was killed */
}

static void
service_ended(struct keeper *k, int status, long peak_kb)
{
	keeper_mourn(k, status, peak_kb);
	step(k, service_code(k) == 0 ? EV_EXITED : EV_FAILED);
}

/* see sup/keeper.h */
bool
keeper_reaped(struct keeper *k, pid_t pid, int status, long peak_kb)
{
	enum lifecycle_event failure;
	int err;

	if (pid != k->pid)
		return false;
	err = keeper_end_loading(k);
	if (err < 0) {
		k->pid = 0;
		failure = keeper_start_failed(k, err);
		if (!k->is_over)
			step(k, failure);
		return true;
	}
	if (keeper_successor_found(k, status))
		return false;
	service_ended(k, status, peak_kb);
	return true;
}

/* main_pid's: the service has ended, and another process was its parent: most
 * likely the one that was the service before. */
static void
service_gone(void *keeper, pid_t pid)
{
	struct keeper *k = keeper;

	if (pid != k->pid)
		return;
	if (main_pid_is_ended_child(pid))	/* that parent has ended, too */
		k->with.reap_soon(k->with.owner);
	else if (!keeper_successor_returned(k))
		service_ended(k, UNKNOWN_END, 0);
	else if (!lifecycle_is_serving(&k->lifecycle) && keeper_send_stop(k))
		step(k, EV_UNREACHABLE);
}

/* --- what the monitor reports --- */

static void
live_changed(void *keeper, bool is_live)
{
	struct keeper *k = keeper;
	struct buf b = buf_over(k->room->sick, sizeof k->room->sick);

	if (is_live) {
		log_warn("%s is live again", keeper_program(k));
	} else {
		reason_write_unlive(&b, k->with.monitor);
		log_warn("%s is not live: %s", keeper_program(k),
		         buf_text(&b));
	}
	step(k, is_live ? EV_HEALTHY : EV_UNHEALTHY);
}

static void
ready_changed(void *keeper, bool is_ready)
{
	struct keeper *k = keeper;

	if (is_ready && k->plan->tell == NULL)
		log_info("the service is ready");
	step(k, is_ready ? EV_READY : EV_UNREADY);
}

static void
wants_time(void *keeper, int64_t until_ms)
{
	struct keeper *k = keeper;

	lifecycle_extend(&k->lifecycle, until_ms);
	k->timer.deadline_ms = k->lifecycle.deadline_ms;
}

static void
lives(void *keeper)
{
	keeper_lives(keeper);
}

static void
main_pid_named(void *keeper, pid_t pid)
{
	struct keeper *k = keeper;
	struct main_pid *m = &k->room->main_pid;

	m->loop = k->with.loop;	/* here: a start need not touch it */
	m->gone = service_gone;
	m->owner = k;
	keeper_successor_named(k, pid);
}

/* --- before the first start --- */

/* What SIGTERM is made of, for a stop of our own. */
static int
default_stop(const struct signals_rules *rules)
{
	const struct signalfd_siginfo term = { .ssi_signo = SIGTERM };
	struct signals_route to = signals_decide(rules, &term);

	return to.kind == SIGNALS_STOP ? to.sig : SIGTERM;
}

/* see sup/keeper.h */
void
keeper_init(struct keeper *k, struct keeper_room *room,
            const struct keeper_plan *plan, const struct keeper_world *with)
{
	k->plan = plan;
	k->with = *with;
	k->room = room;
	k->timer = (struct source){
		.fd = -1, .deadline_ms = CLOCK_NEVER, .expired = timer_expired,
	};
	k->stop_signal = default_stop(with->rules);
	keeper_choose_group(k);
}

/* see sup/keeper.h */
int
keeper_open(struct keeper *k)
{
	const struct keeper_plan *plan = k->plan;
	struct monitor *monitor = k->with.monitor;
	const struct monitor_owner owner = {
		k, live_changed, ready_changed, wants_time, lives,
		main_pid_named,
	};
	const struct launch_plan launch = {
		.argv = plan->argv, .settings = plan->settings,
		.given = &plan->given, .terminal_fd = k->with.terminal_fd,
		.shares_group = k->with.rules->shares_group,
		.ready_as = plan->monitor.notify_fd,
		.keeps_cwd = lifecycle_restarts(&plan->lifecycle)
		          || plan->monitor.n_checks > 0,
	};
	int r = loop_add(k->with.loop, &k->timer, 0);

	if (r == 0)
		r = monitor_open(monitor, k->with.monitor_room, &plan->monitor,
		                 &plan->given, k->with.loop, owner);
	if (r == 0)
		r = launch_prepare(&k->launch, &launch, &monitor->inbox);
	monitor->cwd_fd = k->launch.child.cwd_fd;
	return r;
}

/* see sup/keeper.h */
size_t
keeper_fds(const struct keeper *k, int fds[KEEPER_FDS_MAX])
{
	size_t n = notify_inbox_fds(&k->with.monitor->inbox, fds);

	if (k->launch.child.cwd_fd > 0)
		fds[n++] = k->launch.child.cwd_fd;
	if (k->loading != NULL)
		fds[n++] = k->loading->source.fd;
	if (k->with.terminal_fd > STDERR_FILENO)
		fds[n++] = k->with.terminal_fd;
	return n;
}
