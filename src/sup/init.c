/* SPDX-License-Identifier: MIT */
/*
 * sup/init.c - PID-1 duties, the loop's owner, carries actions out
 *
 * Events come in as signals, timers and probes; service.c decides, act() does
 * it. Everything is opened before the service starts, so that whatever can
 * fail fails while there is nobody to lose.
 */
#include "sup/init.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/relro.h"
#include "sup/answer.h"
#include "sup/cgroup.h"
#include "sup/child.h"
#include "sup/death.h"
#include "sup/daemon.h"
#include "sup/fds.h"
#include "sup/follow.h"
#include "sup/launch.h"
#include "sup/local.h"
#include "sup/report.h"
#include "sup/stopped.h"
#include "sup/terminal.h"
#include "sup/tree.h"
#include "sup/usage.h"

#define SIGNAL_BATCH  32	/* signals read at a time */
#define REAP_BATCH    512	/* children reaped before others get a turn */
#define WAIT_FAILED_MS 1000	/* pause after a wait that cannot fail failed */
#define READ_FAILED_MS 1000	/* the same for a read of signals */
#define LIST_MAX      512	/* bytes of the names of what was left */
#define SIGNAL_NAME_MAX 16	/* bytes of "SIGRTMIN+30" and its like */
#define FDS_LEAST     6	/* 0 to 2, signals, epoll, timer: nothing can do less */
#define USAGE_FRESH_MS 100	/* figures of the kernel's are read no more often */

struct init {
	struct init_plan    *plan;
	struct loop          loop;
	struct source        signals;
	struct source        timer;	/* the service machine's deadline */
	struct local         local;
	struct signals_rules rules;
	struct service       service;
	struct launch        launch;
	struct watch         watch;
	struct follow        follow;
	pid_t    pid;		/* the service's; 0 once it has ended */
	uid_t    uid;		/* our own */
	pid_t    group;		/* its process group, for what it leaves */
	int      group_fd;	/* from tree_hold(), or 0 */
	uint64_t heard_ticks;	/* when a stop went to the group, or 0 */
	int      status;	/* its wait status */
	int      terminal_fd;	/* the service's controlling terminal, or -1 */
	int      stop_signal;	/* what the stop is sent as */
	bool     stop_sent;
	bool     leaving;
	bool     signals_paused;	/* reading them failed */
	bool     start_failed;	/* the last ACT_START, not yet told .. */
	bool     start_refused;	/* .. and it was the machine that refused it */
	bool     cleared;	/* it got SIGKILL as part of a restart */
	bool     told_traced;	/* one line for all that asked to be traced */
	bool     unreachable;	/* the last signal, not yet told: EPERM .. */
	bool     told_unreachable;	/* .. which was said for this one */
	bool     told_ctrl_z;	/* one line for every Ctrl-Z */
	bool     stopped;	/* the service, as waitpid() reported it last */
	bool     resumed;	/* by a SIGCONT that is still to be read */
	bool     key_stop;	/* the terminal has sent the stop signal */
	int64_t  started_ms;
	uint64_t born_ms;	/* of the service, since the epoch */
	uint64_t orphans, forwarded;
	struct death_alive alive;	/* of the service */
	/* Large, so last: what a start touches lies close together above. */
	struct server server;
	struct signalfd_siginfo batch[SIGNAL_BATCH];
	struct signalfd_siginfo stop_from;	/* the stop's value, if queued */
	int64_t died_ms;	/* of the last death; 0: there was none */
	long peak_kb;		/* the most memory that the last one had */
	struct source *exec;	/* its exec has not finished, or NULL */
	int exec_err;		/* how it failed: the child is about to end */
	int unstarted;		/* exit code of a first start that failed late */
	struct facts_usage usage;	/* of usage_pid at usage_ms */
	int64_t usage_ms;		/* 0: never read */
	pid_t   usage_pid;
	struct watch_check checks[HEALTH_CHECKS_MAX];
	char sick[REPORT_WHY_MAX];	/* why it is not live, or was stopped */
	char death[DEATH_TEXT_MAX];	/* how the last one ended, or "" */
	char refused[REPORT_WHY_MAX];	/* why the machine refused a start, or "" */
	struct source execs[2];	/* one may have ended in this very turn */
};

static struct init the_init;	/* zeroed pages that cost nothing untouched */

static const char *
program(const struct init *in)
{
	return in->plan->argv[0];
}

static void
tell_signal(const struct init *in, const char *done, int sig)
{
	char name[SIGNAL_NAME_MAX];
	struct buf b = buf_over(name, sizeof name);

	signame_write(&b, sig);
	log_info("%s %s to %s (pid %d)", done, buf_text(&b), program(in),
	         (int)in->pid);
}

/* --- actions --- */

/* A service that forgot its watchdog gets SIGABRT, as from systemd: what it
 * was doing is then in its dump. */
static int
choose_stop(const struct init *in)
{
	bool mends = in->service.state == SVC_MENDING || in->service.sickened;

	if (in->exec != NULL)	/* nothing of it runs that could hear */
		return SIGKILL;
	return mends && in->watch.notify.starved ? SIGABRT : in->stop_signal;
}

/* Root without CAP_KILL may not signal another user's process (kill(2)). */
static void
note_reach(struct init *in, int result)
{
	if (result != -EPERM)
		return;
	in->unreachable = true;
	if (in->told_unreachable)
		return;
	in->told_unreachable = true;
	log_error("cannot signal %s (pid %d): %s: it has another user, and hale "
	          "neither CAP_KILL nor CAP_SETUID", program(in), (int)in->pid,
	          err_text(result));
}

/* Where the service is in hale's group that has others too: a shell's script,
 * the other end of a pipe. They are not meant. */
static int
signal_service(const struct init *in, bool to_group, int sig,
               const struct signalfd_siginfo *info)
{
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
	if (in->pid == 0 || !stopped_is(in->pid, in->stopped))
		return;
	tell_signal(in, "it is stopped: sending", SIGCONT);
	in->stopped = false;
	(void)signal_service(in, true, SIGCONT, NULL);	/* the stop tells */
}

static void
send_stop(struct init *in)
{
	int sig = choose_stop(in);

	in->stop_sent = true;
	if (in->key_stop)
		return;
	tell_signal(in, "sending", sig);
	in->forwarded++;
	in->heard_ticks = in->plan->group ? tree_ticks() : 0;
	note_reach(in, signal_service(in, in->plan->group, sig,
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

/* First, and by itself: whether it can be reached decides what follows. */
static void
kill_service(struct init *in)
{
	if (in->pid > 0)
		note_reach(in, tree_signal(in->pid, false, SIGKILL, NULL));
}

static void
kill_all(struct init *in)
{
	char list[LIST_MAX];
	struct buf b = buf_over(list, sizeof list);
	const struct tree_group group = group_of(in);

	tree_list(&b);
	if (b.len == 0)	/* no /proc shows them */
		buf_str(&b, "everything");
	if (in->pid > 0)
		log_warn("%s (pid %d) did not stop in time: killing %s",
		         program(in), (int)in->pid, buf_text(&b));
	else
		log_warn("still running after the service's end, killed: %s",
		         buf_text(&b));
	kill_service(in);
	(void)tree_signal_all(&group, SIGKILL);	/* so many as hale may */
}

static void
note_failed_start(struct init *in, const char *reason)
{
	struct buf death = buf_over(in->death, sizeof in->death);

	log_error("cannot start %s: %s", program(in), reason);
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

/* Declared ahead since the end of an exec goes on where its start stopped. */
static void note_start(struct init *in);

/* Its child, where it failed, is reaped like any other. */
static void
exec_ended(struct init *in, int result)
{
	loop_end(&in->loop, in->exec);
	close(in->exec->fd);
	in->exec = NULL;
	if (result < 0)
		in->exec_err = result;
}

static void
exec_ready(struct source *s, uint32_t events)
{
	struct init *in = &the_init;
	int result = child_exec(s->fd);

	(void)events;
	if (result == 0)
		return;
	exec_ended(in, result);
	if (result < 0)
		return;
	log_warn("%s (pid %d): its program is loaded now", program(in),
	         (int)in->pid);
	note_start(in);
}

static void
wait_for_exec(struct init *in, int fd)
{
	int i = in->execs[0].state != SOURCE_OUT;
	int r;

	in->exec = &in->execs[i];
	*in->exec = (struct source){
		.fd = fd, .deadline_ms = CLOCK_NEVER, .ready = exec_ready,
	};
	r = loop_add(&in->loop, in->exec, EPOLLIN);
	if (r < 0)	/* then its end alone is heard of */
		log_error("cannot wait for its program: %s", err_text(r));
	log_warn("%s (pid %d): its program is still being loaded after %d ms, "
	         "not ready until it is: exec waits for a file system, for "
	         "fanotify or for a tracer", program(in), (int)in->pid,
	         CHILD_HOLD_MS);
}

/* Returns 0, or the exit code that stands for the failure. */
static int
start_service(struct init *in, bool again)
{
	char reason[LAUNCH_REASON_MAX];
	struct buf b = buf_over(reason, sizeof reason);
	pid_t pid = launch_start(&in->launch, &in->start_refused, &b);

	if (again)	/* at first it is empty, and far away: a page to touch */
		in->refused[0] = '\0';
	if (pid < 0 && in->start_refused && again)
		note_refused_start(in, buf_text(&b));
	else if (pid < 0)
		note_failed_start(in, buf_text(&b));
	if (pid < 0)
		return -pid;
	in->pid = in->group = pid;
	in->heard_ticks = 0;
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

static void
hold_group(struct init *in)
{
	int fd = in->rules.self != 1 ? tree_hold(in->group) : -1;

	if (in->group_fd > 0)
		close(in->group_fd);
	in->group_fd = fd > 0 ? fd : 0;
}

/* What follows a start, and must not delay the service. A kill in its first
 * moment is among those counted here: it is then told as a plain SIGKILL. */
static void
note_start(struct init *in)
{
	death_born(&in->alive, in->started_ms);
	hold_group(in);
	if (in->exec != NULL)
		return;	/* it has not begun yet */
	log_info("started %s (pid %d)", program(in), (int)in->pid);
	watch_start(&in->watch, in->pid);	/* may say that it is ready */
}

/*
 * The terminal's keys reach its foreground group only. Where Ctrl-C is to be
 * hale's stop as well, not only the service's end, that is hale's group: else
 * a service that restarts could not be stopped from the keyboard.
 */
static bool
needs_keys(const struct init *in)
{
	const struct service *s = &in->service;

	return in->terminal_fd >= 0
	    && (service_restarts(s) || s->drain_ms > 0 || s->stop_timeout_ms > 0)
	    && terminal_is_ours(in->terminal_fd);
}

static void
choose_group(struct init *in)
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

	(void)watch_ready_fd(&in->watch);	/* what the last one said */
	if (in->terminal_fd >= 0)	/* it may be the dead one's still */
		terminal_take(in->terminal_fd, in->group);
	choose_group(in);	/* it may have come to the foreground since */
	in->launch.child.shares_group = in->rules.shares_group;
	code = start_service(in, true);
	if (code == 0) {
		note_start(in);
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
	char list[LIST_MAX];
	struct buf b = buf_over(list, sizeof list);

	tree_list(&b);
	if (b.len > 0)
		log_warn("%s what %s left: %s", sig == SIGKILL ? "killing"
		         : "sending SIGTERM to", program(in), buf_text(&b));
}

static void
clear(struct init *in, int sig)
{
	const struct tree_group group = group_of(in);

	if (in->pid > 0)
		log_warn("%s (pid %d) did not stop in time: killing it",
		         program(in), (int)in->pid);
	else if (!in->cleared)
		tell_cleared(in, sig);
	in->cleared = sig == SIGKILL;
	if (sig == SIGKILL)
		kill_service(in);
	(void)tree_signal_own(&group, sig);	/* so many as hale may */
}

static void
tell_restart(const struct init *in, int64_t now_ms)
{
	char words[LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	buf_ms(&b, in->service.start_ms - now_ms);
	log_warn("restarting %s in %s (restart %d)", program(in), buf_text(&b),
	         in->service.restarts);
}

static void
tell_refusal(const struct init *in, int64_t now_ms)
{
	char words[LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	buf_ms(&b, in->service.start_ms - now_ms);
	log_error("cannot start %s: %s: trying again in %s", program(in),
	          in->refused, buf_text(&b));
}

static void
tell_stuck(const struct init *in)
{
	log_error("%s (pid %d) does not end, even by SIGKILL: the kernel holds "
	          "it, and it is not live until it ends", program(in),
	          (int)in->pid);
}

static void
tell_surrender(const struct init *in)
{
	const char *live = in->pid > 0 ? ", it is not live any more" : "";
	int n = in->service.in_row;

	if (in->service.unheard)
		log_error("%s is unhealthy and cannot be signalled: giving "
		          "up%s", program(in), live);
	else
		log_error("%s was restarted %d time%s in a row without a good "
		          "minute between: giving up%s", program(in), n,
		          n == 1 ? "" : "s", live);
}

/* hale leaves, and the service has not ended. */
static void
leave_it(struct init *in)
{
	in->status = SIGKILL;	/* as wait(2) would have it; or it will be so */
	log_warn("%s (pid %d) has not ended: %s", program(in), (int)in->pid,
	         in->service.leaving_kills ? "leaving, which kills it"
	                                   : "leaving it behind");
}

static void
term_rest(const struct init *in)
{
	const struct tree_group group = group_of(in);

	(void)tree_signal_all(&group, SIGTERM);	/* so many as hale may */
}

static void
act(struct init *in, enum service_act what)
{
	switch (what) {
	case ACT_NONE:
		break;
	case ACT_STOP:
		send_stop(in);
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

/* Checks go on while it may serve: they end with the stop signal. */
static bool
is_watched(const struct service *s)
{
	return s->state == SVC_RUNNING || s->state == SVC_DRAINING;
}

static void
step(struct init *in, enum service_event ev)
{
	bool was_ready = service_is_ready(&in->service);
	bool was_clearing = in->service.state == SVC_CLEARING;
	bool had_given_up = in->service.gave_up;
	int64_t now_ms = clock_ms();

	act(in, service_step(&in->service, ev, now_ms));
	if (in->unreachable)
		act(in, service_step(&in->service, EV_UNREACHABLE, now_ms));
	in->unreachable = false;
	if (in->start_failed) {
		in->start_failed = false;
		now_ms = clock_ms();	/* explaining it took its time */
		act(in, service_step(&in->service, in->start_refused
		                     ? EV_REFUSED : EV_NOT_STARTED, now_ms));
		if (in->start_refused)
			tell_refusal(in, now_ms);
	}
	in->timer.deadline_ms = in->service.deadline_ms;
	if (in->service.gave_up && !had_given_up)
		tell_surrender(in);
	if (!is_watched(&in->service))
		watch_stop(&in->watch);
	if (!was_clearing && in->service.state == SVC_CLEARING)
		tell_restart(in, now_ms);
	if (was_ready && in->pid > 0 && !service_is_ready(&in->service))
		log_info("%s is not ready any more: %s", program(in),
		         service_state_text(&in->service));
}

static void
timer_expired(struct source *s)
{
	struct init *in = &the_init;

	if (service_pardon(&in->service, clock_ms()))
		s->deadline_ms = in->service.deadline_ms;
	else
		step(in, EV_DEADLINE);
}

/* --- children --- */

/* The service's own exit code, remapped. */
static int
status_code(const struct init *in)
{
	int code = child_code(in->status);

	if (in->plan->is_success[code])
		return 0;
	if (in->plan->stopped_ok && in->stop_sent
	 && code == 128 + in->stop_signal)
		return 0;
	return code;
}

/* Was it unhealthy, and is that why hale stopped it? */
static bool
was_sick(const struct init *in)
{
	return in->service.state == SVC_MENDING || in->service.sickened;
}

static void
tell_end(struct init *in)
{
	struct buf b = buf_over(in->death, sizeof in->death);
	struct death death = {
		.status = in->status,
		.kills_before = in->alive.kills,
		.since_ms = clock_ms() - in->alive.counted_ms,
		.peak_bytes = (uint64_t)in->peak_kb * 1024,
		.we_killed = in->service.killed || in->cleared,
		.sick = was_sick(in) ? in->sick : NULL,
	};

	death_look(&death);
	death_write(&b, &death);
	in->died_ms = clock_ms();
	if (in->status == 0)
		log_info("%s (pid %d) %s", program(in), (int)in->pid,
		         buf_text(&b));
	else
		log_warn("%s (pid %d) %s", program(in), (int)in->pid,
		         buf_text(&b));
}

/* What start_service() and step() do where a start fails at once. */
static void
start_failed_late(struct init *in)
{
	char reason[LAUNCH_REASON_MAX];
	struct buf b = buf_over(reason, sizeof reason);
	bool is_first = in->died_ms == 0, refused;
	int code = launch_explain(&in->launch, in->exec_err, &refused, &b);

	refused = refused && !is_first && in->service.state == SVC_RUNNING;
	in->exec_err = 0;
	in->pid = 0;
	if (refused) {
		note_refused_start(in, buf_text(&b));
		step(in, EV_REFUSED);
		tell_refusal(in, clock_ms());
		return;
	}
	note_failed_start(in, buf_text(&b));
	in->status = code << 8;
	if (!is_first) {
		step(in, EV_NOT_STARTED);
		return;
	}
	in->unstarted = code;
	in->leaving = true;
}

static void
become_service(struct init *in, pid_t pid)
{
	pid_t group = getpgid(pid);

	in->pid = pid;
	in->group = group > 0 ? group : pid;
	in->heard_ticks = 0;
	hold_group(in);
	in->born_ms = usage_epoch_ms();
	watch_follow(&in->watch, pid);
}

static void
main_named(void *owner, pid_t pid)
{
	struct init *in = owner;
	int r = is_watched(&in->service)
	      ? follow_take(&in->follow, in->pid, pid) : -EBUSY;

	if (r == 0) {
		log_info("%s (pid %d) names pid %d: that is the service now",
		         program(in), (int)in->pid, (int)pid);
		become_service(in, pid);
	} else if (r == -ESRCH) {
		log_warn("MAINPID=%d is not followed: no process below hale "
		         "has that pid", (int)pid);
	} else {
		log_info("MAINPID=%d is not followed yet: %s", (int)pid,
		         err_text(r));
	}
}

/* Who is the service, now that it has ended by itself? 0: nobody. */
static pid_t
find_successor(struct init *in, int status)
{
	pid_t next = 0;

	if (!is_watched(&in->service))
		return 0;	/* it was to end */
	next = follow_next(&in->follow);
	if (next == 0 && in->plan->follow_orphan && status == 0
	 && tree_children(&next) != 1)
		next = 0;
	return next;
}

static void
tell_orphan(const struct init *in, pid_t pid, int status)
{
	char words[LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	if (!in->plan->warn_on_reap)
		return;
	child_write_end(&b, status);
	log_warn("reaped orphan pid %d: it %s", (int)pid, buf_text(&b));
}

/* A sign of life. */
static void
service_lives(void *owner)
{
	struct init *in = owner;

	if (in->pid > 0)
		death_seen_alive(&in->alive, clock_ms());
}

static void
orphan_ended(struct init *in, pid_t pid, int status)
{
	in->orphans++;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		service_lives(in);	/* it was not the service that was killed */
	tell_orphan(in, pid, status);
}

static void
tell_successor(const struct init *in, int status, pid_t next)
{
	char how[DEATH_TEXT_MAX];
	struct buf b = buf_over(how, sizeof how);

	child_write_end(&b, status);
	log_warn("%s (pid %d) %s: pid %d is the service now", program(in),
	         (int)in->pid, buf_text(&b), (int)next);
}

/* A daemon that forks would end the container without a word. */
static void
tell_left(const struct init *in)
{
	const char *hint = daemon_hint(span_of(program(in)));
	char list[LIST_MAX];
	struct buf b = buf_over(list, sizeof list);

	tree_list(&b);
	if (b.len == 0)
		return;
	log_warn("%s (pid %d) exited with code 0 and left %s running: start it "
	         "in the foreground%s%s%s", program(in), (int)in->pid,
	         buf_text(&b), hint != NULL ? " (" : ", or use --follow-orphan",
	         hint != NULL ? hint : "", hint != NULL ? ")" : "");
}

static void
service_ended(struct init *in, int status)
{
	pid_t next;

	if (in->exec != NULL)
		exec_ended(in, child_exec(in->exec->fd));
	if (in->exec_err < 0) {
		start_failed_late(in);
		return;
	}
	next = find_successor(in, status);
	if (next > 0) {
		orphan_ended(in, in->pid, status);
		tell_successor(in, status, next);
		become_service(in, next);
		return;
	}
	follow_forget(&in->follow);
	in->status = status;
	tell_end(in);
	if (status == 0 && is_watched(&in->service) && in->plan->linger_ms == 0)
		tell_left(in);
	in->pid = 0;
	watch_end(&in->watch);
	step(in, status_code(in) == 0 ? EV_EXITED : EV_FAILED);
}

/* Without a shell there is no fg. A read in the background is not continued:
 * it would stop again at once. */
static void
go_on(struct init *in)
{
	if (!in->told_ctrl_z)
		log_warn("%s (pid %d) was stopped by SIGTSTP and has no shell "
		         "that could continue it: sending SIGCONT",
		         program(in), (int)in->pid);
	in->told_ctrl_z = true;
	(void)signal_service(in, true, SIGCONT, NULL);	/* it may have ended */
}

/* The terminal is the service's again where a shell has made it ours. The
 * kernel takes a pid that is no group as well: hence the question. */
static void
hand_over(const struct init *in)
{
	if (terminal_is_ours(in->terminal_fd))
		terminal_give(in->terminal_fd, getpgid(in->pid));
}

/* Ctrl-Z stopped the service: its shell waits for us and for all that is in
 * one job with us, so we stop as well. */
static void
service_stopped(struct init *in, int sig)
{
	bool in_background = sig == SIGTTIN || sig == SIGTTOU;

	if (in_background && terminal_is_ours(in->terminal_fd)) {
		hand_over(in);	/* fg came before we heard of this */
		signal_service(in, true, SIGCONT, NULL);
		return;
	}
	in->stopped = true;
	if (in->rules.self != 1 && signals_suspend())
		in->resumed = true;
	else if (sig == SIGTSTP)
		go_on(in);
}

/* A child asked to be traced by its parent, which hale is and does not do. */
static void
tell_traced(struct init *in, pid_t pid, int err)
{
	if (in->told_traced)	/* it may ask again and again */
		return;
	in->told_traced = true;
	if (err < 0)
		log_error("pid %d made hale its tracer (PTRACE_TRACEME) and "
		          "stays stopped: ptrace: %s", (int)pid,
		          err_text(err));
	else
		log_warn("pid %d made hale its tracer (PTRACE_TRACEME): let it "
		         "go on untraced", (int)pid);
}

/* It has stopped or goes on. */
static void
child_changed(struct init *in, pid_t pid, int status)
{
	bool asked = in->terminal_fd >= 0;	/* for stops by job control */
	int r = 0;

	if (WIFSTOPPED(status))
		r = stopped_let_go(pid, WSTOPSIG(status));
	if (r > 0 || (r < 0 && !asked))
		tell_traced(in, pid, r);
	else if (pid == in->pid && WIFCONTINUED(status))
		in->stopped = false;
	else if (pid == in->pid && asked)
		service_stopped(in, WSTOPSIG(status));
}

/*
 * One wait per SIGCHLD would lose children, since signals merge. A storm of
 * them is taken in parts, so that probes are answered meanwhile.
 */
static void
reap(struct init *in)
{
	struct rusage used;
	int flags = WNOHANG;
	int status;
	pid_t pid;

	if (in->terminal_fd >= 0)
		flags |= WUNTRACED | WCONTINUED;
	for (int i = 0; i < REAP_BATCH; i++) {
		pid = wait4(-1, &status, flags, &used);
		if (pid == 0)
			return;
		if (pid < 0) {
			if (errno == ECHILD)
				step(in, EV_ALONE);
			else	/* the signal that said so is read and gone */
				in->signals.deadline_ms = clock_ms()
				                        + WAIT_FAILED_MS;
			return;
		}
		if (WIFSTOPPED(status) || WIFCONTINUED(status)) {
			child_changed(in, pid, status);
		} else if (pid == in->pid) {
			in->peak_kb = used.ru_maxrss;
			service_ended(in, status);
		} else if (!watch_reaped(&in->watch, pid, status)) {
			follow_reaped(&in->follow, pid);
			orphan_ended(in, pid, status);
		}
		if (in->leaving)
			return;
	}
	in->signals.deadline_ms = 0;	/* due at once: there may be more */
}

/*
 * The service has ended, and its parent is another process, which gets its
 * exit code: most likely the one that was the service before. An upgrade that
 * failed leaves that one in its place, to be stopped if a stop is under way.
 */
static void
main_gone(struct source *s, uint32_t events)
{
	struct init *in = &the_init;
	int status;
	pid_t next, got = waitpid(in->pid, &status, WNOHANG);

	(void)s;
	(void)events;
	if (got > 0)	/* its parent ended before it */
		service_ended(in, status);
	if (got >= 0)
		return;
	next = follow_next(&in->follow);
	if (next == 0) {
		log_warn("%s (pid %d) has ended; its parent has its exit code: "
		         "taken for 1", program(in), (int)in->pid);
		service_ended(in, 1 << 8);	/* as wait(2) would have it */
		return;
	}
	log_warn("%s (pid %d) has ended: pid %d, which was the service before, "
	         "is it again", program(in), (int)in->pid, (int)next);
	become_service(in, next);
	if (!is_watched(&in->service))
		send_stop(in);
}

static void
signals_expired(struct source *s)
{
	struct init *in = &the_init;

	s->deadline_ms = CLOCK_NEVER;
	if (in->signals_paused && loop_change(&in->loop, s, EPOLLIN) < 0)
		s->deadline_ms = clock_ms() + READ_FAILED_MS;
	else
		in->signals_paused = false;
	reap(in);
}

/* Not known to happen, but a hot loop would be worse than late signals. */
static void
pause_signals(struct init *in, int err)
{
	log_error("cannot read signals for a second: %s", err_text(err));
	in->signals_paused = true;
	(void)loop_change(&in->loop, &in->signals, 0);
	in->signals.deadline_ms = clock_ms() + READ_FAILED_MS;
}

/* --- signals --- */

/* The shell's fg and bg reach the service too where it is in our group; a
 * second SIGCONT could undo the next Ctrl-Z. */
static bool
was_resumed_with_us(struct init *in)
{
	bool resumed = in->resumed;

	in->resumed = false;
	return resumed && in->rules.shares_group
	    && !stopped_is(in->pid, in->stopped);
}

static void
forward(struct init *in, int sig, const struct signalfd_siginfo *info)
{
	bool to_group = in->plan->group;

	if (in->pid == 0)
		return;
	if (sig == SIGCONT && in->terminal_fd >= 0) {
		/* Back in the foreground: Ctrl-Z had stopped the whole group. */
		hand_over(in);
		to_group = true;
		if (was_resumed_with_us(in))
			return;
	}
	in->forwarded++;
	note_reach(in, signal_service(in, to_group, sig, info));
	in->unreachable = false;	/* nothing waits for it */
	tell_signal(in, "forwarded", sig);
}

/* A key's signal, ignored by us when started: a shell without job control does
 * so for what it starts with `&`, and the keys are not meant for that. */
static bool
was_given_ignored(int sig)
{
	struct sigaction given;

	return sigaction(sig, NULL, &given) == 0
	    && given.sa_handler == SIG_IGN;
}

/* The service has got it too: no drain can come before that. */
static void
stop_by_key(struct init *in, int sig)
{
	if (was_given_ignored(sig))
		return;
	if (in->pid > 0)
		tell_signal(in, "the terminal sent", sig);
	in->stop_signal = sig;
	in->key_stop = true;
	step(in, EV_STOP);
	if (in->service.state == SVC_DRAINING)
		step(in, EV_STOP);
	in->key_stop = false;
}

/* `kill 0` in a script is meant for its own group, in which hale happens to
 * be. */
static bool
is_for_its_group(const struct init *in, const struct signalfd_siginfo *info)
{
	return in->rules.shares_group && info->ssi_code <= 0
	    && in->pid > 0	/* 0: from outside of our PID namespace */
	    && info->ssi_pid == (uint32_t)in->pid;
}

/* Returns whether children are to be reaped. */
static bool
handle_signal(struct init *in, const struct signalfd_siginfo *info)
{
	struct signals_route to = signals_decide(&in->rules, info);

	if (is_for_its_group(in, info))
		return false;
	switch (to.kind) {
	case SIGNALS_IGNORE:
		break;
	case SIGNALS_REAP:
		return true;
	case SIGNALS_FORWARD:
		forward(in, to.sig, info);
		break;
	case SIGNALS_STOP:
		in->stop_signal = to.sig;
		in->stop_from = *info;
		step(in, EV_STOP);
		break;
	case SIGNALS_STOP_SENT:
		stop_by_key(in, to.sig);
		break;
	}
	return false;
}

static void
signals_ready(struct source *s, uint32_t events)
{
	struct init *in = &the_init;
	ssize_t n = read(s->fd, in->batch, sizeof in->batch);
	bool children = false;

	(void)events;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		pause_signals(in, -errno);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof in->batch[0]; i++)
		children |= handle_signal(in, &in->batch[i]);
	if (children && !in->leaving)
		reap(in);
}

/* --- probes --- */

static void
fill_facts(const struct init *in, struct facts *facts, int64_t now_ms)
{
	const struct service *s = &in->service;
	bool waits = s->state == SVC_CLEARING || s->state == SVC_WAITING;

	*facts = (struct facts){
		.version = in->plan->version,
		.state = in->exec != NULL && s->state == SVC_RUNNING
		       ? "starting" : service_state_text(s),
		.program = program(in),
		.self = in->rules.self,
		.service_pid = in->pid,
		.uid = in->uid,
		.uptime_ms = now_ms - in->started_ms,
		.drain_ms = in->plan->drain_ms,
		.restarts = s->restarts,
		.next_start_ms = -1,
		.gave_up = s->gave_up,
		.last_exit = in->death,
		.last_code = child_code(in->status),
		.last_exit_ms = now_ms - in->died_ms,
		.status = { in->watch.notify.status,
		            in->watch.notify.status_len },
		.main_pid = in->watch.notify.main_pid,
		.orphans = in->orphans,
		.signals = in->forwarded,
		.requests = in->server.requests,
		.n_listen = in->plan->n_listen,
		.listen = in->plan->listen,
	};
	if (waits)
		facts->next_start_ms = s->start_ms > now_ms
		                     ? s->start_ms - now_ms : 0;
}

/* A flood of requests for them must not become a flood of system calls. */
static const struct facts_usage *
fresh_usage(struct init *in, int64_t now_ms)
{
	bool is_fresh = in->usage_pid == in->pid && in->usage_ms != 0
	             && now_ms - in->usage_ms < USAGE_FRESH_MS;

	if (!is_fresh) {
		usage_read(&in->usage, in->pid, in->born_ms);
		in->usage_pid = in->pid;
		in->usage_ms = now_ms;
	}
	return &in->usage;
}

static void
log_refusal(const struct http_fault *fault)
{
	char text[LOG_LINE_MAX];
	struct buf b = buf_over(text, sizeof text);

	http_write_fault(&b, fault);
	log_info("a probe cannot be read: %s", buf_text(&b));
}

static void
answer_probe(void *owner, const struct server_ask *ask, struct buf *out)
{
	struct init *in = owner;
	struct facts facts;
	struct report_room room;
	const struct report_from from = {
		.service = &in->service,
		.watch = &in->watch,
		.pid = in->pid,
		.sick = in->sick,
		.death = in->death,
		.refused = in->refused,
		.is_loading = in->exec != NULL,
		.now_ms = clock_ms(),
	};

	if (ask->err < 0)
		log_refusal(&ask->fault);
	fill_facts(in, &facts, from.now_ms);
	report_checks(&facts, &room, &from);
	if (answer_needs_usage(ask))
		facts.usage = fresh_usage(in, from.now_ms);
	if (answer_write(out, &facts, ask) == ANSWER_DRAIN)
		step(in, EV_DRAIN);
	service_lives(in);	/* it has not been reaped */
}

/* --- health --- */

static void
health_changed(void *owner, bool is_live)
{
	struct init *in = owner;
	struct buf b = buf_over(in->sick, sizeof in->sick);

	if (is_live) {
		log_warn("%s is live again", program(in));
	} else {
		watch_write_unlive(&in->watch, &b);
		log_warn("%s is not live: %s", program(in), buf_text(&b));
	}
	step(in, is_live ? EV_HEALTHY : EV_UNHEALTHY);
}

static void
time_extended(void *owner, int64_t until_ms)
{
	struct init *in = owner;

	service_extend(&in->service, until_ms);
	in->timer.deadline_ms = in->service.deadline_ms;
}

/* --- start --- */

/* err in words, with the limit where it is the one of descriptors; b's NUL. */
static const char *
why_not(struct buf *b, int err)
{
	buf_str(b, err_text(err));
	if (err == -EMFILE)
		buf_fmt(b, ": RLIMIT_NOFILE is %ld and hale needs %d, and one "
		        "more for each --listen", fds_limit(), FDS_LEAST);
	else if (err == -EPERM || err == -ENOSYS)
		buf_str(b, " (denied by seccomp?)");
	return buf_text(b);
}

static int
setup_failed(const char *call, int err)
{
	char words[LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	log_error("cannot set up: %s: %s", call, why_not(&b, err));
	return err;
}

static int
open_signals(struct init *in)
{
	int fd = signals_open(), r;

	if (fd == -EMFILE) {
		fds_raise();
		fd = signals_open();
	}
	if (fd >= 0 && fd <= STDERR_FILENO) {	/* a standard stream is closed */
		close(fd);
		r = fds_fill_standard();
		if (r < 0)
			return setup_failed("open", r);
		fd = signals_open();
	}
	if (fd < 0)
		return setup_failed("signalfd4", fd);
	in->signals = (struct source){
		.fd = fd,
		.deadline_ms = CLOCK_NEVER,
		.ready = signals_ready,
		.expired = signals_expired,
	};
	return 0;
}

/* Opens the loop's own descriptors. */
static int
open_epoll(struct init *in)
{
	int r = loop_init(&in->loop);

	if (r == -EMFILE) {
		if (in->loop.fd >= 0)
			close(in->loop.fd);
		fds_raise();
		r = loop_init(&in->loop);
	}
	if (r == 0)
		return 0;
	return setup_failed(in->loop.fd < 0 ? "epoll_create1"
	                    : in->loop.timer_fd < 0 ? "timerfd_create"
	                    : "epoll_ctl", r);
}

static int
add_sources(struct init *in)
{
	int r = loop_add(&in->loop, &in->signals, EPOLLIN);

	in->timer = (struct source){
		.fd = -1,
		.deadline_ms = CLOCK_NEVER,
		.expired = timer_expired,
	};
	if (r == 0)
		r = loop_add(&in->loop, &in->timer, 0);
	return r < 0 ? setup_failed("epoll_ctl", r) : 0;
}

static int
open_loop(struct init *in)
{
	int r = open_signals(in);

	if (r == 0)
		r = open_epoll(in);
	if (r == 0)
		r = add_sources(in);
	return r;
}

/* More of them than every hale, before the service is started? */
static bool
needs_descriptors(const struct init_plan *plan)
{
	return plan->n_listen > 0 || plan->watch.notify
	    || plan->watch.notify_fd > 0 || plan->watch.watchdog_ms > 0;
}

/* A port that cannot be had is told before anything is started. */
static int
open_listeners(struct init *in)
{
	for (size_t i = 0; i < in->plan->n_listen; i++) {
		char name[SOCK_NAME_MAX];
		struct buf b = buf_over(name, sizeof name);
		struct facts_listen *l = &in->plan->listen[i];
		int fd = sock_listen(&l->at);
		int r = fd;

		if (fd >= 0)
			r = server_listen(&in->server, fd, l->probes_only
			                  ? SERVER_PROBES : SERVER_PUBLIC);
		facts_write_listen(&b, l);
		if (r < 0) {
			log_error("cannot listen on %s: %s", buf_text(&b),
			          err_text(r));
			return r;
		}
		log_info("listening on %s", buf_text(&b));
	}
	return 0;
}

static int
open_watch(struct init *in)
{
	const struct watch_owner owner = {
		in, health_changed, time_extended, service_lives, main_named,
	};
	bool again = service_restarts(&in->service);
	char words[LIST_MAX];
	struct buf b = buf_over(words, sizeof words);
	int r = watch_open(&in->watch, in->checks, &in->plan->watch,
	                   &in->plan->given, &in->loop, owner);

	in->launch.settings = in->plan->settings;
	if (r == 0)
		r = launch_prepare(&in->launch, in->plan->argv, &in->plan->given,
		                   in->terminal_fd, &in->watch,
		                   again || in->plan->watch.n_checks > 0);
	if (r < 0)
		log_error("cannot set up the watch: %s", why_not(&b, r));
	in->watch.cwd_fd = in->launch.child.cwd_fd;
	in->launch.child.shares_group = in->rules.shares_group;
	return r;
}

/* An exec keeps the attribute: whoever started hale may have set it. */
static bool
is_subreaper(void)
{
	int is = 0;

	return prctl(PR_GET_CHILD_SUBREAPER, &is) == 0 && is != 0;
}

static void
become_reaper(const struct init *in)
{
	if (in->rules.self == 1 || (!in->plan->subreaper && is_subreaper()))
		return;
	if (!in->plan->subreaper)
		log_warn("not PID 1 and not a subreaper (-s): orphans of the "
		         "service are not reaped here");
	else if (prctl(PR_SET_CHILD_SUBREAPER, 1L) < 0)
		log_warn("cannot become a subreaper: %s", err_text(-errno));
}

/* The parent may have died before prctl(): then nobody else says so. */
static void
watch_parent(const struct init *in, pid_t parent)
{
	int sig = in->plan->parent_signal;

	if (sig == 0)
		return;
	if (prctl(PR_SET_PDEATHSIG, (long)sig) < 0)
		log_warn("cannot watch the parent: %s", err_text(-errno));
	else if (getppid() != parent)
		(void)kill(in->rules.self, sig);
}

/* Here, since after the start of a service nothing is allocated any more; and
 * mapped, since with a small RLIMIT_AS hale could not even be loaded else. */
static void
give_room(struct init *in)
{
	void *room = mmap(NULL, sizeof *in->server.room,
	                  PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room != MAP_FAILED)
		in->server.room = room;
	else if (in->plan->n_listen > 0)
		log_warn("no memory for slow clients (RLIMIT_AS leaves less "
		         "than %zu KiB): who sends a request in parts is cut",
		         sizeof *in->server.room / 1024);
}

/* What is not needed to start the service is done while it starts. */
static void
settle(struct init *in)
{
	int ours[SERVER_LISTEN_MAX + WATCH_FDS_MAX + 5];
	size_t n = watch_fds(&in->watch, ours);

	relro_protect();
	ours[n++] = in->loop.fd;
	ours[n++] = in->loop.timer_fd;
	ours[n++] = in->signals.fd;
	for (size_t i = 0; i < in->server.n_listeners; i++)
		ours[n++] = in->server.listeners[i].source.fd;
	if (in->launch.child.cwd_fd > 0)
		ours[n++] = in->launch.child.cwd_fd;
	if (in->exec != NULL)
		ours[n++] = in->exec->fd;
	if (in->terminal_fd > STDERR_FILENO)
		ours[n++] = in->terminal_fd;
	/* A second start passes on what hale was given, like the first. */
	if (!service_restarts(&in->service))
		fds_close_others(ours, n);
	note_start(in);
	fds_raise();	/* for connections and checks */
	give_room(in);
	/* Else a mount that hale happened to be started in stays busy. */
	if (!in->launch.stays)
		(void)!chdir("/");
}

/* What SIGTERM is made of, for a stop of our own. */
static int
default_stop(const struct init *in)
{
	const struct signalfd_siginfo term = { .ssi_signo = SIGTERM };
	struct signals_route to = signals_decide(&in->rules, &term);

	return to.kind == SIGNALS_STOP ? to.sig : SIGTERM;
}

static void
prepare(struct init *in, struct init_plan *plan)
{
	pid_t self = getpid();

	in->plan = plan;
	in->uid = geteuid();
	/* A container that has a terminal has it as 0-2: no call is lost. */
	in->terminal_fd = terminal_find(self != 1);
	in->rules = (struct signals_rules){
		.stop_signal = plan->stop_signal,
		.stops = plan->stops,
		.own_session = in->terminal_fd < 0,
		.self = self,
	};
	memcpy(in->rules.rewrite, plan->rewrite, sizeof plan->rewrite);
	in->stop_signal = default_stop(in);
	in->service.leaving_kills = in->rules.self == 1;
	in->service.drain_ms = plan->drain_ms;
	in->service.stop_timeout_ms = plan->stop_timeout_ms;
	in->service.linger_ms = plan->linger_ms;
	in->service.restart = plan->restart;
	in->service.on_unhealthy = plan->on_unhealthy;
	in->service.backoff_min_ms = plan->backoff_min_ms;
	in->service.backoff_max_ms = plan->backoff_max_ms;
	in->service.max_restarts = plan->max_restarts;
	follow_init(&in->follow, &in->loop, main_gone);
	choose_group(in);
	server_init(&in->server, &in->loop, answer_probe, in);
}

/* --- end --- */

static void
clean_up(struct init *in)
{
	if (in->rules.self != 1)	/* with PID 1 the kernel ends them all */
		watch_close(&in->watch);
	if (in->terminal_fd >= 0 && in->group > 0)
		terminal_take(in->terminal_fd, in->group);
	/* Listeners are opened in the plan's order: these are ours. */
	for (size_t i = 0; i < in->plan->n_listen; i++)
		if (i < in->server.n_listeners)
			sock_unlink(&in->plan->listen[i].at);
}

static int
serve(struct init *in)
{
	service_started(&in->service, in->started_ms);
	settle(in);
	while (!in->leaving) {
		int r = loop_turn(&in->loop);

		if (r < 0) {	/* not known to happen; never a hot loop */
			log_error("waiting for events: %s", err_text(r));
			(void)poll(NULL, 0, WAIT_FAILED_MS);
		}
	}
	if (in->unstarted != 0)
		return in->unstarted;
	return in->service.sickened ? INIT_UNHEALTHY : status_code(in);
}

/* see sup/init.h */
int
init_run(struct init_plan *plan)
{
	struct init *in = &the_init;
	pid_t parent = plan->parent_signal != 0 ? getppid() : 0;
	int code = INIT_FAILED;

	if (open_loop(in) < 0)
		return INIT_FAILED;
	prepare(in, plan);
	watch_parent(in, parent);
	become_reaper(in);
	if (needs_descriptors(plan))
		fds_raise();
	if (open_listeners(in) == 0 && open_watch(in) == 0) {
		local_open(&in->local, &in->loop, &in->server);
		code = start_service(in, false);
		if (code == 0)
			code = serve(in);
	}
	clean_up(in);
	return code;
}
