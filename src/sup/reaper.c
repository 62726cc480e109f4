/* SPDX-License-Identifier: MIT */
/* sup/reaper.c - hears of children that end, stop or replace the service */
#include "sup/reaper.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/child.h"
#include "sup/port_clash.h"
#include "sup/daemon_hint.h"
#include "sup/keeper.h"
#include "sup/proc.h"
#include "sup/child_stop.h"
#include "sup/terminal.h"
#include "sup/tree.h"
#include "sup/usage.h"

#define REAP_BATCH    512	/* children reaped before others get a turn */
#define UNKNOWN_END   (1 << 8)	/* wait status: nobody told us */
#define WAIT_FAILED_MS 1000	/* pause after a wait that cannot fail failed */

/* Was it unhealthy, and is that why hale stopped it? */
static bool
was_sick(const struct init *in)
{
	return in->lifecycle.state == SVC_MENDING || in->lifecycle.sickened;
}

static void
tell_end(struct init *in)
{
	struct buf b = buf_over(in->death, sizeof in->death);
	struct last_end death = {
		.status = in->status,
		.kills_before = in->alive.kills,
		.since_ms = clock_ms() - in->alive.counted_ms,
		.peak_bytes = (uint64_t)in->peak_kb * 1024,
		.we_killed = in->lifecycle.killed || in->cleared,
		.sick = was_sick(in) ? in->sick : NULL,
	};

	last_end_look(&death);
	last_end_write(&b, &death);
	in->died_ms = clock_ms();
	if (in->status == 0)
		log_info("%s (pid %d) %s", self_program(in), (int)in->pid,
		         buf_text(&b));
	else
		log_warn("%s (pid %d) %s", self_program(in), (int)in->pid,
		         buf_text(&b));
}

static void
become_service(struct init *in, pid_t pid)
{
	if (!in->renamed)
		in->launched = in->pid;
	in->renamed = pid != in->launched && proc_name(pid, in->name) > 0;
	in->pid = pid;
	in->group = tree_group_of(pid);
	in->stopped = false;
	in->heard_ticks = 0;
	keeper_hold_group(in);
	in->born_ms = usage_epoch_ms();
	monitor_follow(&in->monitor, pid);
}

/* hale's own children, checkers and their like, are nobody's service. */
static bool
is_hales_own(pid_t pid)
{
	char name[PROC_NAME_LEN + 1];

	return proc_name(pid, name) > 0 && strcmp(name, TREE_CHECKER) == 0;
}

static void
tell_unfollowed(struct init *in, pid_t pid, int err)
{
	if (err != -ESRCH)
		log_info("MAINPID=%d is not followed yet: %s", (int)pid,
		         err_text(err));
	else if (!in->told_unfollowed)	/* it may say so again and again */
		log_warn("MAINPID=%d is not followed: no living process of the "
		         "service's has that pid", (int)pid);
	in->told_unfollowed |= err == -ESRCH;
}

/* see sup/reaper.h */
void
reaper_named(void *owner, pid_t pid)
{
	struct init *in = owner;
	char words[SELF_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);
	int r;

	if (!keeper_is_watched(&in->lifecycle))
		return;		/* it is being stopped */
	in->follow.loop = &in->loop;
	in->follow.gone = reaper_gone;
	in->follow.owner = in;
	r = is_hales_own(pid) ? -ESRCH : main_pid_take(&in->follow, in->pid, pid);
	if (r < 0) {
		tell_unfollowed(in, pid, r);
		return;
	}
	proc_write(&b, pid);
	log_info("%s (pid %d) names %s: that is the service now",
	         self_program(in), (int)in->pid, buf_text(&b));
	in->upgrade_failed = false;
	become_service(in, pid);
}

/* Who is the service, now that it has ended by itself? 0: nobody. */
static pid_t
find_successor(struct init *in, int status)
{
	pid_t next = 0;

	if (!keeper_is_watched(&in->lifecycle))
		return 0;	/* it was to end */
	next = main_pid_next(&in->follow);
	in->upgrade_failed |= next > 0 && status != 0;
	if (next == 0 && in->plan->follow_orphan && status == 0
	 && tree_children(&next) != 1)
		next = 0;
	return next;
}

static void
tell_orphan(const struct init *in, pid_t pid, int status)
{
	char words[SELF_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	if (!in->plan->warn_on_reap)
		return;
	child_write_end(&b, status);
	log_warn("reaped orphan pid %d: it %s", (int)pid, buf_text(&b));
}

/* see sup/reaper.h */
void
reaper_lives(void *owner)
{
	struct init *in = owner;

	if (in->pid > 0)
		last_end_seen_alive(&in->alive, clock_ms());
}

static void
orphan_ended(struct init *in, pid_t pid, int status)
{
	in->orphans++;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		reaper_lives(in);	/* it was not the service that was killed */
	tell_orphan(in, pid, status);
}

static void
tell_successor(const struct init *in, int status, pid_t next)
{
	char words[SELF_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	child_write_end(&b, status);
	buf_str(&b, ": ");
	proc_write(&b, next);
	log_warn("%s (pid %d) %s is the service now", self_program(in),
	         (int)in->pid, buf_text(&b));
}

/* A daemon that forks would end the container without a word. */
static void
tell_left(const struct init *in)
{
	const char *hint = daemon_hint(span_of(in->plan->argv[0]));
	const char *else_do = in->plan->follow_orphan
	                    ? "--follow-orphan follows only one"
	                    : "or use --follow-orphan";
	char list[SELF_LIST_MAX];
	struct buf b = buf_over(list, sizeof list);

	tree_list(&b);
	if (b.len == 0)
		return;
	log_warn("%s (pid %d) exited with code 0 and left %s running: start it "
	         "in the foreground%s%s%s", self_program(in), (int)in->pid,
	         buf_text(&b), hint != NULL ? " (" : ", ",
	         hint != NULL ? hint : else_do, hint != NULL ? ")" : "");
}

/* Has it ever been what a check, or it itself, calls ready? */
static bool
was_seen_ready(const struct init *in)
{
	const struct monitor_plan *w = &in->plan->monitor;

	return (w->n_checks > 0 || w->notify || w->notify_fd > 0)
	    && monitor_was_ready(&in->monitor);
}

/* Its own line may say no more than "address in use", and not by whom. */
static void
tell_clash(struct init *in)
{
	const struct port_clash c = {
		.code = child_code(in->status),
		.lived_ms = in->died_ms - in->started_ms,
		.argv = in->plan->argv,
		.env_port = getenv("PORT"),
	};
	char words[SELF_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);

	if (in->told_clash || in->stop_sent || was_seen_ready(in))
		return;
	for (size_t i = 0; i < in->plan->n_listen; i++) {
		const struct listen_place *l = &in->plan->listen[i];

		if (!port_clash_is_likely(&c, sock_port(&l->at)))
			continue;
		listen_write(&b, l);
		log_warn("hale itself listens on %s: a service that also "
		         "wants port %u fails with \"address in use\": give "
		         "one of them another port", buf_text(&b), sock_port(&l->at));
		in->told_clash = true;
		return;
	}
}

/* It has made room for one that ended badly: that is no good end. */
static int
failed_upgrade(const struct init *in)
{
	log_warn("%s (pid %d) exited with code 0, but its successor failed: "
	         "that counts as code 1", self_program(in), (int)in->pid);
	return UNKNOWN_END;
}

static void
service_ended(struct init *in, int status)
{
	pid_t next;

	if (in->exec != NULL)
		keeper_exec_ended(in, child_exec(in->exec->source.fd));
	if (in->exec_err < 0) {
		keeper_failed_late(in);
		return;
	}
	next = find_successor(in, status);
	if (next > 0) {
		orphan_ended(in, in->pid, status);
		tell_successor(in, status, next);
		become_service(in, next);
		return;
	}
	main_pid_forget(&in->follow);
	if (in->upgrade_failed && status == 0
	 && keeper_is_watched(&in->lifecycle))
		status = failed_upgrade(in);
	in->status = status;
	tell_end(in);
	tell_clash(in);
	if (status == 0 && keeper_is_watched(&in->lifecycle) && in->plan->lifecycle.linger_ms == 0)
		tell_left(in);
	in->pid = 0;
	in->renamed = false;	/* the next start is of the given program */
	monitor_end(&in->monitor);
	keeper_step(in, keeper_code(in) == 0 ? EV_EXITED : EV_FAILED);
}

/* Without a shell there is no fg. A read in the background is not continued:
 * it would stop again at once. */
static void
go_on(struct init *in)
{
	if (!in->told_ctrl_z)
		log_warn("%s (pid %d) was stopped by SIGTSTP and no shell can "
		         "continue it: sending SIGCONT",
		         self_program(in), (int)in->pid);
	in->told_ctrl_z = true;
	(void)keeper_signal(in, true, SIGCONT, NULL);	/* it may have ended */
}

/* see sup/reaper.h */
void
reaper_hand_over(const struct init *in)
{
	if (terminal_is_ours(in->terminal_fd))
		terminal_give(in->terminal_fd, getpgid(in->pid));
}

/*
 * The SIGCONT that has continued us is still to be read. Whether the service got
 * it too is asked now: by then the next Ctrl-Z may have stopped it, and a second
 * SIGCONT would undo that.
 */
static void
resume(struct init *in)
{
	in->resumed = in->rules.shares_group;
	if (in->resumed && child_stop_is_on(in->pid, true))
		(void)keeper_signal(in, true, SIGCONT, NULL);
}

/* Ctrl-Z stopped the service: its shell waits for us and for all that is in
 * one job with us, so we stop as well. */
static void
service_stopped(struct init *in, int sig)
{
	bool in_background = sig == SIGTTIN || sig == SIGTTOU;

	if (in_background && terminal_is_ours(in->terminal_fd)) {
		reaper_hand_over(in);	/* fg came before we heard of this */
		(void)keeper_signal(in, true, SIGCONT, NULL);
		return;
	}
	in->stopped = true;
	if (in->rules.self != 1 && signals_suspend())
		resume(in);
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
		r = child_stop_let_go(pid, WSTOPSIG(status));
	if (r > 0 || (r < 0 && !asked))
		tell_traced(in, pid, r);
	else if (pid == in->pid && WIFCONTINUED(status))
		in->stopped = false;
	else if (pid == in->pid && asked)
		service_stopped(in, WSTOPSIG(status));
}

/* see sup/reaper.h */
void
reaper_reap(struct init *in)
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
				keeper_step(in, EV_ALONE);
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
		} else if (!monitor_reaped(&in->monitor, pid, status)) {
			main_pid_reaped(&in->follow, pid);
			orphan_ended(in, pid, status);
		}
		if (in->leaving)
			return;
	}
	in->signals.deadline_ms = 0;	/* due at once: there may be more */
}

/* see sup/reaper.h */
void
reaper_gone(void *owner, pid_t pid)
{
	struct init *in = owner;
	char words[SELF_LIST_MAX];
	struct buf b = buf_over(words, sizeof words);
	int status;
	pid_t next;

	if (pid != in->pid)
		return;
	if (waitpid(pid, &status, WNOHANG) > 0) {	/* its parent had ended */
		service_ended(in, status);
		return;
	}
	next = main_pid_next(&in->follow);
	if (next == 0) {
		log_warn("%s (pid %d) has ended, another process got its exit "
		         "code: that counts as code 1", self_program(in),
		         (int)pid);
		service_ended(in, UNKNOWN_END);
		return;
	}
	proc_write(&b, next);
	log_warn("%s (pid %d) has ended: %s is the service again",
	         self_program(in), (int)pid, buf_text(&b));
	in->upgrade_failed = true;
	become_service(in, next);
	if (!keeper_is_watched(&in->lifecycle))
		keeper_stop(in);
}
