/* SPDX-License-Identifier: MIT */
/* sup/monitor.c - runs the checks and reports what becomes of the verdicts */
#include "sup/monitor.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/cgroup.h"

#define CLOSE_STEP_NS 20000000	/* 20 ms; SIGKILL needs less than one */
#define CLOSE_STEPS   10

/* --- verdicts --- */

static bool
is_ready(const struct monitor *m)
{
	return m->inbox.pid > 0 && notify_is_ready(&m->inbox.notify)
	    && verdict_passes(&m->verdict, VERDICT_READY);
}

static bool
is_live(const struct monitor *m)
{
	return !m->inbox.notify.starved
	    && verdict_passes(&m->verdict, VERDICT_LIVE);
}

/* see sup/monitor.h */
bool
monitor_was_ready(const struct monitor *m)
{
	return m->verdict.was_ready;
}

static void
arm(struct monitor *m)
{
	int64_t checks_ms = verdict_deadline(&m->verdict);

	m->timer.deadline_ms = checks_ms < m->inbox.notify.fed_by_ms
	                     ? checks_ms : m->inbox.notify.fed_by_ms;
}

/*
 * The first thing after whatever may have woken us: later the deadline that
 * was missed is another. Were we stopped, perhaps the whole container was.
 */
static void
look_for_freeze(struct monitor *m)
{
	int64_t since_ms = m->timer.deadline_ms, now_ms = clock_ms();

	if (since_ms < m->awake_ms)	/* missed before that, and pardoned */
		since_ms = m->awake_ms;
	m->awake_ms = now_ms;
	if (now_ms - since_ms <= MONITOR_FROZEN_MS)
		return;
	notify_pardon(&m->inbox.notify, now_ms);
	verdict_pardon(&m->verdict, since_ms, now_ms);
}

/* After whatever may have changed a verdict: reports those that did. */
static void
conclude(struct monitor *m)
{
	bool ready = is_ready(m), live = is_live(m);

	arm(m);
	m->verdict.was_ready |= ready;
	if (ready != m->was_ready)
		m->owner.ready_changed(m->owner.owner, ready);
	m->was_ready = ready;
	if (live == m->was_live || m->inbox.pid == 0)
		return;
	m->was_live = live;
	/* May stop us: nothing may follow. */
	m->owner.live_changed(m->owner.owner, live);
}

/* --- checks --- */

static void
log_change(const struct monitor *m, size_t i,
           const struct verdict_check *before)
{
	const struct verdict_check *now = &m->verdict.checks[i];
	const struct monitor_check *c = &m->checks[i];

	if (before->blind_ms != CLOCK_NEVER)
		log_warn("check %s can be run again: %s", c->name, c->why);
	if (now->flaps && !before->flaps)
		log_warn("check %s is flapping: %d of its last results "
		         "changed", c->name, VERDICT_FLAPS_ON);
	if (now->state == before->state)
		log_info("check %s: %s", c->name, c->why);
	else if (now->state == VERDICT_FAILING)
		log_warn("check %s has failed: %s", c->name, c->why);
	else if (before->state == VERDICT_FAILING)
		log_warn("check %s passes again: %s", c->name, c->why);
	else
		log_info("check %s passes: %s", c->name, c->why);
}

static void
note_result(struct monitor *m, size_t i, bool good)
{
	struct monitor_check *c = &m->checks[i];
	struct verdict_check before = m->verdict.checks[i];
	int64_t now_ms = clock_ms();

	c->took_ms = now_ms - before.began_ms;
	c->ended_ms = now_ms;
	*(good ? &c->passed : &c->failed) += 1;
	verdict_result(&m->verdict, i, good, now_ms);
	if (good)
		c->first_why[0] = '\0';
	else if (c->first_why[0] == '\0')
		memcpy(c->first_why, c->why, sizeof c->why);
	log_change(m, i, &before);
	if (good)
		m->owner.sign_of_life(m->owner.owner);
}

/* c->not_run_why says why not. */
static void
note_not_run(struct monitor *m, size_t i)
{
	struct monitor_check *c = &m->checks[i];
	struct verdict_check *h = &m->verdict.checks[i];
	bool is_first = h->blind_ms == CLOCK_NEVER;

	c->not_run++;
	verdict_not_run(&m->verdict, i, clock_ms());
	if (is_first)
		memcpy(c->not_run_first, c->not_run_why, sizeof c->not_run_why);
	if (is_first)
		log_warn("check %s cannot be run: %s; %s", c->name,
		         c->not_run_why, h->state == VERDICT_STARTING
		         ? "that is not a failure"
		         : "what it said last still holds");
}

static void
look_for_blind(struct monitor *m, int64_t now_ms)
{
	char words[32];

	for (size_t i = 0; i < m->verdict.n; i++) {
		struct buf b = buf_over(words, sizeof words);

		if (!verdict_turns_blind(&m->verdict, i, now_ms))
			continue;
		buf_ms(&b, VERDICT_BLIND_MS);
		log_warn("check %s could not be run for %s: not ready until "
		         "it can", m->checks[i].name, buf_text(&b));
	}
}

static struct buf
begin_why(struct monitor_check *c)
{
	return buf_over(c->why, sizeof c->why);
}

static void
begin(struct monitor *m, size_t i, int64_t now_ms)
{
	struct monitor_check *c = &m->checks[i];
	struct buf why;
	struct checker_job job = {
		.check = m->plan->checks[i].check,
		.deadline_ms = now_ms + m->plan->verdict.timeout_ms,
		.given = m->given,
		.cwd_fd = m->cwd_fd,
	};
	int r;

	verdict_begun(&m->verdict, i, now_ms);
	r = c->checker.pid > 0 ? -EBUSY : checker_start(&c->checker, &job);
	if (r == 0) {
		c->is_ignored = false;
		return;
	}
	if (r == -EBUSY) {
		/* Its time-outs were the service's: it hangs with it. */
		why = begin_why(c);
		buf_str(&why, "the kernel still holds the last, killed check");
		(void)buf_text(&why);
		note_result(m, i, false);
	} else {
		why = buf_over(c->not_run_why, sizeof c->not_run_why);
		buf_fmt(&why, "cannot start a process: %s", err_text(r));
		(void)buf_text(&why);
		note_not_run(m, i);
	}
}

/* Its own deadline should have ended it; it hangs, or is cut off from time. */
static void
give_up(struct monitor *m, size_t i)
{
	struct monitor_check *c = &m->checks[i];
	struct buf why = begin_why(c);

	checker_kill(&c->checker);
	c->is_ignored = true;
	buf_str(&why, "not done within ");
	buf_ms(&why, m->plan->verdict.timeout_ms);
	(void)buf_text(&why);
	note_result(m, i, false);
}

static void
timer_expired(struct source *s)
{
	struct monitor *m = (struct monitor *)((char *)s
	                - offsetof(struct monitor, timer));
	int64_t now_ms = clock_ms();

	look_for_freeze(m);
	for (size_t i = 0; i < m->verdict.n; i++) {
		switch (verdict_due(&m->verdict, i, now_ms)) {
		case VERDICT_BEGIN:
			begin(m, i, now_ms);
			break;
		case VERDICT_LATE:
			give_up(m, i);
			break;
		case VERDICT_WAIT:
			break;
		}
	}
	look_for_blind(m, now_ms);
	(void)notify_starves(&m->inbox.notify, now_ms);
	conclude(m);
}

/*
 * Has the kernel killed somebody for memory since this was looked at last? A
 * SIGKILL alone proves nothing: a check may be written so that it gets one
 * where the service hangs, and whoever may signal us could silence checks.
 */
static bool
was_short_of_memory(struct monitor *m)
{
	uint64_t before = m->oom_kills;

	m->oom_kills = cgroup_oom_kills();
	return cgroup_has_killed(before, m->oom_kills);
}

static void
note_end(struct monitor *m, size_t i, int status)
{
	struct monitor_check *c = &m->checks[i];
	char line[CHECKER_LINE_MAX] = "";
	struct buf why = buf_over(line, sizeof line);
	enum checker_result result = checker_ended(&c->checker, status, &why);

	look_for_freeze(m);
	if (c->is_ignored)
		return;
	if (result == CHECKER_KILLED)	/* and the service was not */
		m->owner.sign_of_life(m->owner.owner);
	if (result == CHECKER_KILLED && was_short_of_memory(m)) {
		buf_str(&why, ", by the kernel for memory");
		result = CHECKER_NOT_RUN;
	}
	(void)buf_text(&why);
	if (result == CHECKER_NOT_RUN) {
		memcpy(c->not_run_why, line, sizeof line);
		note_not_run(m, i);
	} else {
		memcpy(c->why, line, sizeof line);
		note_result(m, i, result == CHECKER_GOOD);
	}
	conclude(m);
}

/* see sup/monitor.h */
bool
monitor_reaped(struct monitor *m, pid_t pid, int status)
{
	for (size_t i = 0; i < m->verdict.n; i++) {
		if (m->checks[i].checker.pid != pid)
			continue;
		note_end(m, i, status);
		return true;
	}
	return false;
}

/* --- what the service says --- */

static void
inbox_woken(void *owner)
{
	look_for_freeze(owner);
}

static void
inbox_heard(void *owner, const struct notify_msg *msg)
{
	struct monitor *m = owner;

	m->owner.sign_of_life(m->owner.owner);
	if (msg->main_pid != 0)
		m->owner.main_pid_named(m->owner.owner, msg->main_pid);
	if (msg->extend_ms > 0) {
		int64_t until_ms = clock_ms() + msg->extend_ms;

		verdict_extend(&m->verdict, until_ms);
		m->owner.wants_time(m->owner.owner, until_ms);
	}
}

static void
inbox_done(void *owner)
{
	conclude(owner);
}

/* --- start and stop --- */

static bool
is_taken(const struct monitor *m, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(m->checks[i].name, name) == 0)
			return true;
	return false;
}

/* Two checks with one name could not be distinguished: "NAME", "NAME-2"... */
static void
name_check(struct monitor *m, size_t i)
{
	const struct monitor_check_plan *plan = &m->plan->checks[i];
	char *name = m->checks[i].name;

	for (int n = 1; n == 1 || is_taken(m, i, name); n++) {
		/* Room is left for the number. */
		struct buf b = buf_over(name, MONITOR_NAME_MAX - 4);

		buf_add(&b, plan->name);
		b.cap = MONITOR_NAME_MAX;
		if (n > 1)
			buf_fmt(&b, "-%d", n);
		(void)buf_text(&b);
	}
}

static void
prepare(struct monitor *m)
{
	const struct monitor_plan *plan = m->plan;

	m->timer = (struct source){
		.fd = -1, .deadline_ms = CLOCK_NEVER, .expired = timer_expired,
	};
	m->verdict.conf = plan->verdict;
	m->verdict.conf.timeout_ms += CHECKER_GRACE_MS;
	m->verdict.n = plan->n_checks;
	m->verdict.knows_ready = plan->notify || plan->notify_fd > 0;
	for (size_t i = 0; i < plan->n_checks; i++) {
		m->verdict.knows_ready |=
			(plan->checks[i].counts_for & VERDICT_READY) != 0;
		m->verdict.checks[i].counts_for = plan->checks[i].counts_for;
		m->checks[i].took_ms = -1;
		name_check(m, i);
	}
}

/* see sup/monitor.h */
int
monitor_open(struct monitor *m, struct monitor_room *room,
             const struct monitor_plan *plan, const struct signals_given *given,
             struct loop *loop, struct monitor_owner owner)
{
	const struct notify_inbox_plan inbox = {
		plan->notify, plan->notify_fd, plan->watchdog_ms,
	};
	const struct notify_inbox_owner self = {
		m, inbox_woken, inbox_heard, inbox_done,
	};
	int r;

	m->checks = room->checks;
	m->plan = plan;
	m->given = given;
	m->owner = owner;
	prepare(m);
	r = loop_add(loop, &m->timer, 0);
	if (r < 0)
		return r;
	return notify_inbox_open(&m->inbox, &room->inbox, &inbox, loop, self);
}

/* see sup/monitor.h */
void
monitor_start(struct monitor *m, pid_t pid)
{
	int64_t now_ms = clock_ms();

	m->was_live = true;
	m->was_ready = false;
	notify_inbox_start(&m->inbox, pid, now_ms);
	verdict_start(&m->verdict, now_ms);
	for (size_t i = 0; i < m->verdict.n; i++)
		m->checks[i].first_why[0] = '\0';
	if (m->verdict.n > 0)
		m->oom_kills = cgroup_oom_kills();
	conclude(m);
}

/* see sup/monitor.h */
void
monitor_follow(struct monitor *m, pid_t pid)
{
	m->inbox.pid = pid;
}

/* see sup/monitor.h */
void
monitor_stop(struct monitor *m)
{
	verdict_stop(&m->verdict);
	notify_stop(&m->inbox.notify);
	for (size_t i = 0; i < m->verdict.n; i++) {
		m->checks[i].is_ignored = true;
		checker_kill(&m->checks[i].checker);
	}
	arm(m);
}

/* see sup/monitor.h */
void
monitor_end(struct monitor *m)
{
	monitor_stop(m);
	m->inbox.pid = 0;
}

static bool
is_gone(pid_t pid)
{
	pid_t got = waitpid(pid, NULL, WNOHANG);

	return got == pid || (got < 0 && errno == ECHILD);
}

/* see sup/monitor.h */
void
monitor_close(struct monitor *m)
{
	const struct timespec step = { .tv_nsec = CLOSE_STEP_NS };
	sigset_t chld;	/* blocked: it waits for us */
	int waits = 0;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (size_t i = 0; i < m->verdict.n; i++) {
		pid_t pid = m->checks[i].checker.pid;

		while (pid > 0 && !is_gone(pid) && waits++ < CLOSE_STEPS)
			(void)sigtimedwait(&chld, NULL, &step);
	}
}
