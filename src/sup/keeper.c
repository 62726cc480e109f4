/* SPDX-License-Identifier: MIT */
/* sup/keeper.c - starts, signals, stops and restarts the service */
#include "sup/keeper.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/child.h"
#include "sup/exec_error.h"
#include "sup/lifecycle_status.h"
#include "sup/lifecycle_time.h"
#include "sup/child_stop.h"
#include "sup/terminal.h"
#include "sup/tree.h"
#include "sup/usage.h"

#define SIGNAL_NAME_MAX 16	/* bytes of "SIGRTMIN+30" and its like */

/* see sup/keeper.h */
void
keeper_tell_signal(const struct init *in, const char *done, int sig)
{
	char name[SIGNAL_NAME_MAX];
	struct buf b = buf_over(name, sizeof name);

	signame_write(&b, sig);
	log_info("%s %s to %s (pid %d)", done, buf_text(&b), self_program(in),
	         (int)in->pid);
}

/* A service that forgot its watchdog gets SIGABRT, as from systemd: what it
 * was doing is then in its dump. */
static int
choose_stop(const struct init *in)
{
	bool mends = in->lifecycle.state == SVC_MENDING || in->lifecycle.sickened;

	if (in->exec != NULL)	/* nothing of it runs that could hear */
		return SIGKILL;
	return mends && in->monitor.inbox.notify.starved ? SIGABRT : in->stop_signal;
}

/* see sup/keeper.h */
void
keeper_note_reach(struct init *in, int result)
{
	if (result != -EPERM)
		return;
	in->unreachable = true;
	if (in->told_unreachable)
		return;
	in->told_unreachable = true;
	log_error("cannot signal %s (pid %d): %s: it runs as another user, and "
	          "hale has neither CAP_KILL nor CAP_SETUID",
	          self_program(in), (int)in->pid, err_text(result));
}

/* see sup/keeper.h */
int
keeper_signal(const struct init *in, bool to_group, int sig,
               const struct signalfd_siginfo *info)
{
	if (in->pid <= 0)	/* to kill(2) that is a group, or everybody */
		return 0;
	if (to_group && in->rules.shares_group
	 && getpgid(in->pid) == getpgrp()) {
		tree_signal_below(in->pid, sig);
		return 0;	/* SIGKILL, if it comes to that, tells */
	}
	return tree_signal(in->pid, to_group, sig, info);
}

/* A stopped service could not act on the stop signal. */
static void
wake_stopped(struct init *in)
{
	if (in->pid == 0 || !child_stop_is_on(in->pid, in->stopped))
		return;
	keeper_tell_signal(in, "it is stopped: sending", SIGCONT);
	in->stopped = false;
	(void)keeper_signal(in, true, SIGCONT, NULL);	/* the stop tells */
}

/* It is killed after a while, though no option says so: that is logged. */
static void
tell_limit(const struct init *in, int64_t now_ms)
{
	char time[SIGNAL_NAME_MAX];
	struct buf b = buf_over(time, sizeof time);
	const struct lifecycle *s = &in->lifecycle;

	if (s->is_patient || s->conf->stop_timeout_ms > 0 || in->told_unreachable)
		return;
	buf_ms(&b, s->deadline_ms - now_ms);
	log_warn("%s (pid %d) is not live, and there is no --stop-timeout: "
	         "SIGKILL follows in %s", self_program(in), (int)in->pid,
	         buf_text(&b));
}

static void
tell_slow(const struct init *in)
{
	char time[SIGNAL_NAME_MAX];
	struct buf b = buf_over(time, sizeof time);

	buf_ms(&b, clock_ms() - in->stop_ms);
	log_warn("%s (pid %d) has not ended %s after the stop signal, and there "
	         "is no --stop-timeout: waiting until it does",
	         self_program(in), (int)in->pid, buf_text(&b));
}

/* see sup/keeper.h */
void
keeper_stop(struct init *in)
{
	int sig = choose_stop(in);

	if (!in->stop_sent)
		in->stop_ms = clock_ms();
	in->stop_sent = true;
	if (in->key_stop || in->pid == 0)
		return;
	keeper_tell_signal(in, "sending", sig);
	in->forwarded++;
	in->heard_ticks = in->plan->group ? tree_ticks() : 0;
	keeper_note_reach(in, keeper_signal(in, in->plan->group, sig,
	                              &in->stop_from));
	wake_stopped(in);
}

static struct tree_group
group_of(const struct init *in)
{
	return (struct tree_group){
		.id = in->group,
		.member = in->pid,
		.held_fd = in->group_fd > 0 ? in->group_fd : -1,
		.heard_ticks = in->heard_ticks,
	};
}

/* By itself: whether it can be reached decides what follows. And last, since
 * what it has started goes to another parent with its end. */
static void
kill_service(struct init *in)
{
	if (in->pid > 0)
		keeper_note_reach(in, tree_signal(in->pid, false, SIGKILL, NULL));
}

static void
kill_all(struct init *in)
{
	char list[SELF_LIST_MAX];
	struct buf b = buf_over(list, sizeof list);
	const struct tree_group group = group_of(in);

	tree_list(&b);
	if (b.len == 0)	/* no /proc shows them */
		buf_str(&b, "everything");
	if (in->pid > 0)
		log_warn("%s (pid %d) did not stop in time: killing %s",
		         self_program(in), (int)in->pid, buf_text(&b));
	else
		log_warn("still running after the service's end, killed: %s",
		         buf_text(&b));
	(void)tree_signal_all(&group, SIGKILL);	/* so many as hale may */
	kill_service(in);
}

static void
note_failed_start(struct init *in, const char *reason)
{
	struct buf death = buf_over(in->death, sizeof in->death);

	log_error("cannot start %s: %s", self_program(in), reason);
	buf_fmt(&death, "could not be started: %s", reason);
	(void)buf_text(&death);
	in->died_ms = clock_ms();
}

/* How the last one ended is not changed by a start that the machine refused. */
static void
note_refused_start(struct init *in, const char *reason)
{
	struct buf b = buf_over(in->refused, sizeof in->refused);

	buf_str(&b, reason);
	(void)buf_text(&b);
}

/* see sup/keeper.h */
void
keeper_exec_ended(struct init *in, int result)
{
	loop_end(&in->loop, &in->exec->source);
	close(in->exec->source.fd);
	in->exec = NULL;
	if (result < 0)
		in->exec_err = result;
}

static void
exec_ready(struct source *s, uint32_t events)
{
	struct init *in = ((struct self_exec *)s)->init;
	int result = child_exec(s->fd);

	(void)events;
	if (result == 0)
		return;
	keeper_exec_ended(in, result);
	if (result < 0 || in->stop_sent)	/* that has killed it */
		return;
	log_warn("%s (pid %d): its program is loaded now", self_program(in),
	         (int)in->pid);
	keeper_started(in);
}

static void
wait_for_exec(struct init *in, int fd)
{
	int i = in->execs[0].source.state != SOURCE_OUT;
	int r;

	in->exec = &in->execs[i];
	*in->exec = (struct self_exec){
		.source = { .fd = fd, .deadline_ms = CLOCK_NEVER,
		            .ready = exec_ready },
		.init = in,
	};
	r = loop_add(&in->loop, &in->exec->source, EPOLLIN);
	if (r < 0)	/* then its end alone is heard of */
		log_error("cannot wait for the program to be loaded: %s",
		          err_text(r));
	log_warn("%s (pid %d): its program is still being loaded after %d ms "
	         "(a slow file system, fanotify or a tracer?): not ready until "
	         "it is", self_program(in), (int)in->pid, CHILD_HOLD_MS);
}

/* Returns the exit code. Apart: its room would make the child's stack, which
 * lies below, reach into a page more. */
static __attribute__((noinline)) int
start_failed(struct init *in, int err, bool again)
{
	char reason[LAUNCH_REASON_MAX];
	struct buf b = buf_over(reason, sizeof reason);
	int code = launch_explain(&in->launch, err, &in->start_refused, &b);

	if (code == EXEC_ERROR_NOT_FOUND && in->plan->write_hint != NULL)
		in->plan->write_hint(&b, in->plan->argv[0]);
	if (in->start_refused && again)
		note_refused_start(in, buf_text(&b));
	else
		note_failed_start(in, buf_text(&b));
	return code;
}

/* see sup/keeper.h */
int
keeper_start(struct init *in, bool again)
{
	pid_t pid = launch_start(&in->launch);

	if (again) {	/* at first they are so, and far away: a page to touch */
		in->refused[0] = '\0';
		in->heard_ticks = 0;
		in->told_unfollowed = in->upgrade_failed = false;
	}
	if (pid < 0)
		return start_failed(in, pid, again);
	in->pid = in->group = pid;
	/* On a CPU that both share the service goes first: the rest can wait. */
	(void)sched_yield();	/* cannot fail (sched_yield(2)) */
	in->started_ms = clock_ms();
	in->born_ms = usage_epoch_ms();
	in->cleared = in->stop_sent = in->told_unreachable = false;
	in->stopped = false;
	if (in->launch.news.exec_fd > 0)
		wait_for_exec(in, in->launch.news.exec_fd);
	return 0;
}

/* see sup/keeper.h */
void
keeper_hold_group(struct init *in)
{
	int fd = in->rules.self != 1 ? tree_hold(in->group) : -1;

	if (in->group_fd > 0)
		close(in->group_fd);
	if (fd > 0 || in->group_fd > 0)	/* else the page stays untouched */
		in->group_fd = fd > 0 ? fd : 0;
}

/* see sup/keeper.h */
void
keeper_started(struct init *in)
{
	last_end_began(&in->alive, in->started_ms);
	keeper_hold_group(in);
	if (in->exec != NULL)
		return;	/* it has not begun yet */
	log_info("started %s (pid %d)", self_program(in), (int)in->pid);
	monitor_start(&in->monitor, in->pid);	/* may say that it is ready */
}

/*
 * The terminal's keys reach its foreground group only. Where Ctrl-C is to be
 * hale's stop as well, not only the service's end, that is hale's group: else
 * a service that restarts could not be stopped from the keyboard.
 */
static bool
needs_keys(const struct init *in)
{
	const struct lifecycle_conf *s = &in->plan->lifecycle;

	return in->terminal_fd >= 0
	    && (lifecycle_restarts(s) || s->drain_ms > 0
	     || s->stop_timeout_ms > 0)
	    && terminal_is_ours(in->terminal_fd);
}

/* see sup/keeper.h */
void
keeper_choose_group(struct init *in)
{
	if (in->rules.shares_group || !needs_keys(in))
		return;
	in->rules.shares_group = true;
	in->rules.leads_session = getsid(0) == in->rules.self;
}

static void
start_again(struct init *in)
{
	int code;

	(void)inbox_ready_fd(&in->monitor.inbox);	/* what the last one said */
	if (in->terminal_fd >= 0)	/* it may be the dead one's still */
		terminal_take(in->terminal_fd, in->group);
	keeper_choose_group(in);	/* it may have come to the foreground since */
	in->launch.child.shares_group = in->rules.shares_group;
	code = keeper_start(in, true);
	if (code == 0) {
		keeper_started(in);
		return;
	}
	in->start_failed = true;
	if (in->start_refused)
		return;
	in->status = code << 8;	/* as wait(2) would have it */
	in->signals.deadline_ms = 0;	/* reaping tells that nobody is left */
}

/* A restart ends what the service left: said once, whoever it may be. */
static void
tell_cleared(const struct init *in, int sig)
{
	char list[SELF_LIST_MAX];
	struct buf b = buf_over(list, sizeof list);

	tree_list(&b);
	if (b.len > 0)
		log_warn("%s what %s left: %s", sig == SIGKILL ? "killing"
		         : "sending SIGTERM to", self_program(in), buf_text(&b));
}

static void
clear(struct init *in, int sig)
{
	const struct tree_group group = group_of(in);

	if (in->pid > 0)
		log_warn("%s (pid %d) did not stop in time: killing it",
		         self_program(in), (int)in->pid);
	else if (!in->cleared)
		tell_cleared(in, sig);
	in->cleared = sig == SIGKILL;
	(void)tree_signal_own(&group, sig);	/* so many as hale may */
	if (sig == SIGKILL)
		kill_service(in);
}

static void
tell_restart(const struct init *in, int64_t now_ms)
{
	char words[SELF_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	buf_ms(&b, in->lifecycle.start_ms - now_ms);
	log_warn("restarting %s in %s (restart %d)", self_program(in), buf_text(&b),
	         in->lifecycle.backoff.restarts);
}

static void
tell_refusal(const struct init *in, int64_t now_ms)
{
	char words[SELF_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	buf_ms(&b, in->lifecycle.start_ms - now_ms);
	log_error("cannot start %s: %s: trying again in %s", self_program(in),
	          in->refused, buf_text(&b));
}

static void
tell_stuck(const struct init *in)
{
	log_error("%s (pid %d) does not end, even by SIGKILL: the kernel holds "
	          "it, and it is not live until it ends", self_program(in),
	          (int)in->pid);
}

static void
tell_surrender(const struct init *in)
{
	const char *live = in->pid > 0 ? ", it is not live any more" : "";
	int n = in->lifecycle.backoff.in_row;

	if (in->lifecycle.unheard)
		log_error("%s is unhealthy and cannot be signalled: giving "
		          "up%s", self_program(in), live);
	else
		log_error("%s was restarted %d time%s without a healthy "
		          "minute between: giving up%s", self_program(in), n,
		          n == 1 ? "" : "s", live);
}

/* hale leaves, and the service has not ended. */
static void
leave_it(struct init *in)
{
	in->status = SIGKILL;	/* as wait(2) would have it; or it will be so */
	log_warn("%s (pid %d) has not ended: %s", self_program(in), (int)in->pid,
	         in->lifecycle.leaving_kills ? "leaving, which kills it"
	                                   : "leaving it behind");
}

static void
term_rest(const struct init *in)
{
	const struct tree_group group = group_of(in);

	(void)tree_signal_all(&group, SIGTERM);	/* so many as hale may */
}

static void
act(struct init *in, enum lifecycle_act what)
{
	switch (what) {
	case ACT_NONE:
		break;
	case ACT_STOP:
		keeper_stop(in);
		break;
	case ACT_TERM_REST:
		term_rest(in);
		break;
	case ACT_KILL:
		kill_all(in);
		break;
	case ACT_CLEAR_TERM:
		clear(in, SIGTERM);
		break;
	case ACT_CLEAR:
		clear(in, SIGKILL);
		break;
	case ACT_START:
		start_again(in);
		break;
	case ACT_STUCK:
		tell_stuck(in);
		clear(in, SIGKILL);
		break;
	case ACT_SLOW:
		tell_slow(in);
		break;
	case ACT_LEAVE:
		in->leaving = true;
		if (in->pid > 0)
			leave_it(in);
		break;
	case ACT_BUG:
		log_error("the service is in no known state; going on");
		break;
	}
}

/* see sup/keeper.h */
bool
keeper_is_watched(const struct lifecycle *s)
{
	return s->state == SVC_RUNNING || s->state == SVC_DRAINING;
}

/* see sup/keeper.h */
void
keeper_step(struct init *in, enum lifecycle_event ev)
{
	bool was_ready = lifecycle_is_ready(&in->lifecycle);
	bool was_clearing = in->lifecycle.state == SVC_CLEARING;
	bool was_stopping = in->lifecycle.state == SVC_STOPPING;
	bool had_given_up = in->lifecycle.gave_up;
	int64_t now_ms = clock_ms();

	act(in, lifecycle_step(&in->lifecycle, ev, now_ms));
	if (in->unreachable)
		act(in, lifecycle_step(&in->lifecycle, EV_UNREACHABLE, now_ms));
	in->unreachable = false;
	if (in->start_failed) {
		in->start_failed = false;
		now_ms = clock_ms();	/* explaining it took its time */
		act(in, lifecycle_step(&in->lifecycle, in->start_refused
		                     ? EV_REFUSED : EV_NOT_STARTED, now_ms));
		if (in->start_refused)
			tell_refusal(in, now_ms);
	}
	in->timer.deadline_ms = in->lifecycle.deadline_ms;
	if (in->lifecycle.gave_up && !had_given_up)
		tell_surrender(in);
	if (!keeper_is_watched(&in->lifecycle))
		monitor_stop(&in->monitor);
	if (!was_stopping && in->lifecycle.state == SVC_STOPPING)
		tell_limit(in, now_ms);
	if (!was_clearing && in->lifecycle.state == SVC_CLEARING)
		tell_restart(in, now_ms);
	if (was_ready && in->pid > 0 && !lifecycle_is_ready(&in->lifecycle))
		log_info("%s is not ready any more: %s", self_program(in),
		         in->key_stop ? "stopping"	/* without a drain */
		         : lifecycle_state_text(&in->lifecycle));
}

/* see sup/keeper.h */
void
keeper_expired(struct source *s)
{
	struct init *in = (struct init *)((char *)s
	                - offsetof(struct init, timer));

	if (lifecycle_pardon(&in->lifecycle, clock_ms()))
		s->deadline_ms = in->lifecycle.deadline_ms;
	else
		keeper_step(in, EV_DEADLINE);
}

/* see sup/keeper.h */
void
keeper_failed_late(struct init *in)
{
	char reason[LAUNCH_REASON_MAX];
	struct buf b = buf_over(reason, sizeof reason);
	bool is_first = in->died_ms == 0, refused;
	int code = launch_explain(&in->launch, in->exec_err, &refused, &b);

	refused = refused && !is_first && in->lifecycle.state == SVC_RUNNING;
	in->exec_err = 0;
	in->pid = 0;
	if (refused) {
		note_refused_start(in, buf_text(&b));
		keeper_step(in, EV_REFUSED);
		tell_refusal(in, clock_ms());
		return;
	}
	note_failed_start(in, buf_text(&b));
	in->status = code << 8;
	if (!is_first) {
		keeper_step(in, EV_NOT_STARTED);
		return;
	}
	in->unstarted = code;
	in->leaving = true;
}

/* see sup/keeper.h */
int
keeper_code(const struct init *in)
{
	int code = child_code(in->status);

	if (in->plan->is_success[code])
		return 0;
	if (in->plan->stopped_ok && in->stop_sent
	 && code == 128 + in->stop_signal)
		return 0;
	return code;
}
