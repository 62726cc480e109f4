/* SPDX-License-Identifier: MIT */
/* sup/monitor.c - is the service healthy? Runs checks, hears notifications */
#include "sup/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "sup/cgroup.h"
#include "sup/env.h"

#define MESSAGES_MAX 16	/* datagrams a turn: a flood does not hold the loop */
#define WALKS_MAX    2	/* senders a turn whose parents are looked up */
#define READY_MAX    512	/* bytes of the readiness pipe read at a time */
#define READY_READS  128	/* empty a full pipe of default size (pipe(7)) */
#define CLOSE_STEP_NS 20000000	/* 20 ms; SIGKILL needs less than one */
#define CLOSE_STEPS   10

/* --- verdicts --- */

/* see sup/monitor.h */
bool
monitor_is_ready(const struct monitor *w)
{
	return w->pid > 0 && notify_is_ready(&w->notify)
	    && verdict_passes(&w->verdict, VERDICT_READY);
}

/* see sup/monitor.h */
bool
monitor_is_live(const struct monitor *w)
{
	return !w->notify.starved && verdict_passes(&w->verdict, VERDICT_LIVE);
}

/* see sup/monitor.h */
bool
monitor_was_ready(const struct monitor *w)
{
	return w->verdict.was_ready;
}

/* see sup/monitor.h */
void
monitor_write_check(const struct monitor *w, size_t i, enum monitor_words words,
                  struct buf *b)
{
	const struct monitor_check *c = &w->checks[i];
	const struct verdict_check *h = &w->verdict.checks[i];
	bool is_latest = words == MONITOR_LATEST;
	const char *why = is_latest || c->first_why[0] == '\0' ? c->why
	                                                       : c->first_why;

	if (h->blind_ms == CLOCK_NEVER) {
		buf_str(b, c->took_ms < 0 ? "no result yet" : why);
		return;
	}
	buf_str(b, "could not be run");
	if (is_latest) {
		buf_str(b, " for ");
		buf_ms(b, clock_ms() - h->blind_ms);
	}
	buf_fmt(b, ": %s", is_latest ? c->not_run_why : c->not_run_first);
	if (c->took_ms >= 0)
		buf_fmt(b, "; the last result: %s", why);
}

/* The first check that this verdict lacks. */
static void
write_lacking(const struct monitor *w, enum verdict_kind verdict,
              enum monitor_words words, struct buf *b)
{
	for (size_t i = 0; i < w->verdict.n; i++) {
		if (verdict_check_passes(&w->verdict.checks[i], verdict))
			continue;
		buf_fmt(b, "check %s: ", w->checks[i].name);
		monitor_write_check(w, i, words, b);
		return;
	}
}

/* see sup/monitor.h */
void
monitor_write_unready(const struct monitor *w, enum monitor_words words,
                    struct buf *b)
{
	if (w->notify.stopping) {
		buf_str(b, "it says that it is stopping");
	} else if (!notify_is_ready(&w->notify)) {
		buf_str(b, "it has not said yet that it is ready");
		speaker_write_unheard(w->speaker, b);
	} else {
		write_lacking(w, VERDICT_READY, words, b);
	}
}

/* see sup/monitor.h */
void
monitor_write_unlive(const struct monitor *w, struct buf *b)
{
	if (w->notify.starved && w->notify.triggered) {
		buf_str(b, "watchdog: triggered by the service itself");
	} else if (w->notify.starved) {
		buf_str(b, w->notify.was_fed ? "watchdog: not fed for "
		                             : "watchdog: never fed in ");
		buf_ms(b, w->notify.watchdog_ms);
	} else {
		write_lacking(w, VERDICT_LIVE, MONITOR_REASON, b);
	}
}

static void
arm(struct monitor *w)
{
	int64_t checks_ms = verdict_deadline(&w->verdict);

	w->timer.deadline_ms = checks_ms < w->notify.fed_by_ms
	                     ? checks_ms : w->notify.fed_by_ms;
}

/*
 * The first thing after whatever may have woken us: later the deadline that
 * was missed is another. Were we stopped, perhaps the whole container was.
 */
static void
look_for_freeze(struct monitor *w)
{
	int64_t since_ms = w->timer.deadline_ms, now_ms = clock_ms();

	if (since_ms < w->awake_ms)	/* missed before that, and pardoned */
		since_ms = w->awake_ms;
	w->awake_ms = now_ms;
	if (now_ms - since_ms <= MONITOR_FROZEN_MS)
		return;
	notify_pardon(&w->notify, now_ms);
	verdict_pardon(&w->verdict, since_ms, now_ms);
}

/* After whatever may have changed a verdict. */
static void
settle(struct monitor *w)
{
	bool ready = monitor_is_ready(w), live = monitor_is_live(w);

	arm(w);
	w->verdict.was_ready |= ready;
	if (ready && !w->was_ready)
		log_info("the service is ready");
	if (ready != w->was_ready)
		w->owner.readied(w->owner.owner, ready);
	w->was_ready = ready;
	if (live == w->was_live || w->pid == 0)
		return;
	w->was_live = live;
	/* May stop us: nothing may follow. */
	w->owner.changed(w->owner.owner, live);
}

/* --- checks --- */

static void
tell_change(const struct monitor *w, size_t i, const struct verdict_check *before)
{
	const struct verdict_check *now = &w->verdict.checks[i];
	const struct monitor_check *c = &w->checks[i];

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
note(struct monitor *w, size_t i, bool good)
{
	struct monitor_check *c = &w->checks[i];
	struct verdict_check before = w->verdict.checks[i];
	int64_t now_ms = clock_ms();

	c->took_ms = now_ms - before.began_ms;
	c->ended_ms = now_ms;
	*(good ? &c->passed : &c->failed) += 1;
	verdict_result(&w->verdict, i, good, now_ms);
	if (good)
		c->first_why[0] = '\0';
	else if (c->first_why[0] == '\0')
		memcpy(c->first_why, c->why, sizeof c->why);
	tell_change(w, i, &before);
	if (good)
		w->owner.lives(w->owner.owner);
}

/* c->not_run_why says why not. */
static void
note_not_run(struct monitor *w, size_t i)
{
	struct monitor_check *c = &w->checks[i];
	struct verdict_check *h = &w->verdict.checks[i];
	bool is_first = h->blind_ms == CLOCK_NEVER;

	c->not_run++;
	verdict_not_run(&w->verdict, i, clock_ms());
	if (is_first)
		memcpy(c->not_run_first, c->not_run_why, sizeof c->not_run_why);
	if (is_first)
		log_warn("check %s cannot be run: %s; %s", c->name,
		         c->not_run_why, h->state == VERDICT_STARTING
		         ? "that is no failure"
		         : "what it said last still holds");
}

static void
look_for_blind(struct monitor *w, int64_t now_ms)
{
	char words[32];

	for (size_t i = 0; i < w->verdict.n; i++) {
		struct buf b = buf_over(words, sizeof words);

		if (!verdict_turns_blind(&w->verdict, i, now_ms))
			continue;
		buf_ms(&b, VERDICT_BLIND_MS);
		log_warn("check %s could not be run for %s: not ready until "
		         "it can", w->checks[i].name, buf_text(&b));
	}
}

static struct buf
begin_why(struct monitor_check *c)
{
	return buf_over(c->why, sizeof c->why);
}

static void
begin(struct monitor *w, size_t i, int64_t now_ms)
{
	struct monitor_check *c = &w->checks[i];
	struct buf why;
	struct checker_job job = {
		.check = w->plan->checks[i].check,
		.deadline_ms = now_ms + w->plan->verdict.timeout_ms,
		.given = w->given,
		.cwd_fd = w->cwd_fd,
	};
	int r;

	verdict_begun(&w->verdict, i, now_ms);
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
		note(w, i, false);
	} else {
		why = buf_over(c->not_run_why, sizeof c->not_run_why);
		buf_fmt(&why, "cannot start a process: %s", err_text(r));
		(void)buf_text(&why);
		note_not_run(w, i);
	}
}

/* Its own deadline should have ended it; it hangs, or is cut off from time. */
static void
give_up(struct monitor *w, size_t i)
{
	struct monitor_check *c = &w->checks[i];
	struct buf why = begin_why(c);

	checker_kill(&c->checker);
	c->is_ignored = true;
	buf_str(&why, "not done within ");
	buf_ms(&why, w->plan->verdict.timeout_ms);
	(void)buf_text(&why);
	note(w, i, false);
}

static void
timer_expired(struct source *s)
{
	struct monitor *w = (struct monitor *)((char *)s
	                - offsetof(struct monitor, timer));
	int64_t now_ms = clock_ms();

	look_for_freeze(w);
	for (size_t i = 0; i < w->verdict.n; i++) {
		switch (verdict_due(&w->verdict, i, now_ms)) {
		case VERDICT_BEGIN:
			begin(w, i, now_ms);
			break;
		case VERDICT_LATE:
			give_up(w, i);
			break;
		case VERDICT_WAIT:
			break;
		}
	}
	look_for_blind(w, now_ms);
	(void)notify_starves(&w->notify, now_ms);
	settle(w);
}

/*
 * Has the kernel killed somebody for memory since this was asked last? A
 * SIGKILL alone proves nothing: a check may be written so that it gets one
 * where the service hangs, and whoever may signal us could silence checks.
 */
static bool
was_short_of_memory(struct monitor *w)
{
	uint64_t before = w->oom_kills;

	w->oom_kills = cgroup_oom_kills();
	return cgroup_has_killed(before, w->oom_kills);
}

static void
note_end(struct monitor *w, size_t i, int status)
{
	struct monitor_check *c = &w->checks[i];
	char line[CHECKER_LINE_MAX] = "";
	struct buf why = buf_over(line, sizeof line);
	enum checker_result result = checker_ended(&c->checker, status, &why);

	look_for_freeze(w);
	if (c->is_ignored)
		return;
	if (result == CHECKER_KILLED)	/* and the service was not */
		w->owner.lives(w->owner.owner);
	if (result == CHECKER_KILLED && was_short_of_memory(w)) {
		buf_str(&why, ", by the kernel for memory");
		result = CHECKER_NOT_RUN;
	}
	(void)buf_text(&why);
	if (result == CHECKER_NOT_RUN) {
		memcpy(c->not_run_why, line, sizeof line);
		note_not_run(w, i);
	} else {
		memcpy(c->why, line, sizeof line);
		note(w, i, result == CHECKER_GOOD);
	}
	settle(w);
}

/* see sup/monitor.h */
bool
monitor_reaped(struct monitor *w, pid_t pid, int status)
{
	for (size_t i = 0; i < w->verdict.n; i++) {
		if (w->checks[i].checker.pid != pid)
			continue;
		note_end(w, i, status);
		return true;
	}
	return false;
}

/* --- notifications --- */

/*
 * Who may not signal the service may not move its place either: a worker that
 * has given up its user could take it and end, and the container with it.
 */
static void
hear_main_pid(struct monitor *w, pid_t pid, const struct ucred *from)
{
	if (pid == 0 || pid == w->pid)
		return;
	if (notify_sock_trusts(from, w->pid)) {
		w->owner.named(w->owner.owner, pid);
		return;
	}
	if (!w->told_unnamed)
		log_warn("MAINPID=%d of pid %d, user %u is not followed: it "
		         "is not the service's user", (int)pid, (int)from->pid,
		         (unsigned)from->uid);
	w->told_unnamed = true;
}

static void
hear(struct monitor *w, struct span datagram, const struct ucred *from)
{
	struct notify_msg msg;
	int64_t now_ms = clock_ms();

	if (notify_read(&msg, datagram) < 0)
		return;
	notify_apply(&w->notify, &msg, now_ms);
	w->owner.lives(w->owner.owner);
	hear_main_pid(w, msg.main_pid, from);
	if (msg.has_status)
		log_info("the service says: %.*s", (int)w->notify.status_len,
		         w->notify.status);
	if (msg.extend_ms > 0) {
		verdict_extend(&w->verdict, now_ms + msg.extend_ms);
		w->owner.extended(w->owner.owner, now_ms + msg.extend_ms);
	}
}

/* Nothing of what it said is used; READY=1 is for the words alone. */
static void
refuse(struct monitor *w, struct span datagram, const struct ucred *from,
       enum speaker_why why)
{
	struct notify_msg msg;
	bool says_ready = notify_read(&msg, datagram) == 0 && msg.ready;

	speaker_refused(w->speaker, from, why, says_ready, clock_ms());
}

static void
notify_ready(struct source *s, uint32_t events)
{
	struct monitor *w = (struct monitor *)((char *)s
	                - offsetof(struct monitor, notify_source));
	unsigned walks = w->speaker->walks;
	char bytes[NOTIFY_MSG_MAX];
	struct ucred from;
	enum speaker_why why;
	ssize_t n;

	(void)events;
	look_for_freeze(w);
	for (int i = 0; i < MESSAGES_MAX
	             && w->speaker->walks - walks < WALKS_MAX; i++) {
		n = notify_sock_read(s->fd, bytes, sizeof bytes, &from);
		if (n < 0 && n != -EMSGSIZE)
			break;
		why = speaker_judge(w->speaker, &from, w->pid, clock_ms());
		if (why != SPEAKER_TRUSTED)
			refuse(w, (struct span){ bytes, n > 0 ? (size_t)n : 0 },
			       &from, why);
		else if (n < 0)
			log_warn("dropped a notification of more than %d bytes",
			         NOTIFY_MSG_MAX);
		else
			hear(w, (struct span){ bytes, (size_t)n }, &from);
	}
	settle(w);
}

/* A newline means ready. Our own copy of the other end keeps the pipe open
 * from one start to the next. */
static void
pipe_ready(struct source *s, uint32_t events)
{
	struct monitor *w = (struct monitor *)((char *)s
	                - offsetof(struct monitor, ready_source));
	char bytes[READY_MAX];
	ssize_t n = read(s->fd, bytes, sizeof bytes);
	const struct notify_msg ready = { .ready = true };

	(void)events;
	look_for_freeze(w);
	if (n <= 0 || memchr(bytes, '\n', (size_t)n) == NULL)
		return;
	notify_apply(&w->notify, &ready, clock_ms());
	settle(w);
}

/* --- start and stop --- */

static bool
is_taken(const struct monitor *w, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(w->checks[i].name, name) == 0)
			return true;
	return false;
}

/* Two checks of one name could not be told apart: "NAME", "NAME-2"... */
static void
name_check(struct monitor *w, size_t i)
{
	const struct monitor_check_plan *plan = &w->plan->checks[i];
	char *name = w->checks[i].name;

	for (int n = 1; n == 1 || is_taken(w, i, name); n++) {
		/* Room is left for the number. */
		struct buf b = buf_over(name, MONITOR_NAME_MAX - 4);

		buf_add(&b, plan->name);
		b.cap = MONITOR_NAME_MAX;
		if (n > 1)
			buf_fmt(&b, "-%d", n);
		(void)buf_text(&b);
	}
}

static int
open_socket(struct monitor *w, struct loop *loop)
{
	struct buf b = buf_over(w->socket_var, sizeof w->socket_var);
	int r;

	buf_str(&b, "NOTIFY_SOCKET=");
	r = notify_sock_open(&b);
	if (r < 0)
		return r;
	(void)buf_text(&b);
	w->notify_source.fd = r;
	return loop_add(loop, &w->notify_source, EPOLLIN);
}

static int
open_pipe(struct monitor *w, struct loop *loop)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* Only ours: the service may expect a blocking end. */
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	w->ready_source.fd = ends[0];
	w->ready_fd = ends[1];
	return loop_add(loop, &w->ready_source, EPOLLIN);
}

static void
prepare(struct monitor *w)
{
	const struct monitor_plan *plan = w->plan;

	w->timer = (struct source){
		.fd = -1, .deadline_ms = CLOCK_NEVER, .expired = timer_expired,
	};
	w->notify_source = (struct source){
		.fd = -1, .deadline_ms = CLOCK_NEVER, .ready = notify_ready,
	};
	w->ready_source = (struct source){
		.fd = -1, .deadline_ms = CLOCK_NEVER, .ready = pipe_ready,
	};
	w->notify.needs_ready = plan->notify || plan->notify_fd > 0;
	w->notify.watchdog_conf_ms = plan->watchdog_ms;
	w->notify.fed_by_ms = CLOCK_NEVER;
	w->verdict.conf = plan->verdict;
	w->verdict.conf.timeout_ms += CHECKER_GRACE_MS;
	w->verdict.n = plan->n_checks;
	w->verdict.asks_ready = w->notify.needs_ready;
	for (size_t i = 0; i < plan->n_checks; i++) {
		w->verdict.asks_ready |=
			(plan->checks[i].counts_for & VERDICT_READY) != 0;
		w->verdict.checks[i].counts_for = plan->checks[i].counts_for;
		w->checks[i].took_ms = -1;
		name_check(w, i);
	}
}

/* see sup/monitor.h */
int
monitor_open(struct monitor *w, struct monitor_room *room,
           const struct monitor_plan *plan, const struct signals_given *given,
           struct loop *loop, struct monitor_owner owner)
{
	int r;

	w->checks = room->checks;
	w->speaker = &room->speaker;
	w->usec_var = room->usec_var;
	w->plan = plan;
	w->given = given;
	w->owner = owner;
	prepare(w);
	r = loop_add(loop, &w->timer, 0);
	if (r == 0 && (plan->notify || plan->watchdog_ms > 0))
		r = open_socket(w, loop);
	if (r == 0 && plan->notify_fd > 0)
		r = open_pipe(w, loop);
	return r;
}

/* see sup/monitor.h */
bool
monitor_needs_env(const struct monitor *w)
{
	return w->notify_source.fd >= 0;
}

/* see sup/monitor.h */
void
monitor_set_env(struct monitor *w, char **env, char ***watchdog_pid)
{
	static char pid_var[] = "WATCHDOG_PID=";	/* the child sets it */
	struct buf b = buf_over(w->usec_var, MONITOR_USEC_MAX);

	*watchdog_pid = NULL;
	env_unset(env, "WATCHDOG_USEC");	/* of a supervisor above us */
	env_unset(env, "WATCHDOG_PID");
	(void)env_set(env, w->socket_var);
	if (w->plan->watchdog_ms == 0)
		return;
	buf_fmt(&b, "WATCHDOG_USEC=%lld",
	        (long long)w->plan->watchdog_ms * 1000);
	(void)buf_text(&b);
	(void)env_set(env, w->usec_var);
	*watchdog_pid = env_set(env, pid_var);
}

/* see sup/monitor.h */
int
monitor_ready_fd(struct monitor *w)
{
	char bytes[READY_MAX];

	if (w->ready_source.fd < 0)
		return 0;
	for (int i = 0; i < READY_READS; i++)
		if (read(w->ready_source.fd, bytes, sizeof bytes) <= 0)
			break;
	return w->ready_fd;
}

/* see sup/monitor.h */
void
monitor_start(struct monitor *w, pid_t pid)
{
	int64_t now_ms = clock_ms();

	w->pid = pid;
	w->was_live = true;
	w->was_ready = false;
	w->told_unnamed = false;
	speaker_start(w->speaker);
	notify_start(&w->notify, now_ms);
	verdict_start(&w->verdict, now_ms);
	for (size_t i = 0; i < w->verdict.n; i++)
		w->checks[i].first_why[0] = '\0';
	if (w->verdict.n > 0)
		w->oom_kills = cgroup_oom_kills();
	settle(w);
}

/* see sup/monitor.h */
void
monitor_follow(struct monitor *w, pid_t pid)
{
	w->pid = pid;
}

/* see sup/monitor.h */
void
monitor_stop(struct monitor *w)
{
	verdict_stop(&w->verdict);
	notify_stop(&w->notify);
	for (size_t i = 0; i < w->verdict.n; i++) {
		w->checks[i].is_ignored = true;
		checker_kill(&w->checks[i].checker);
	}
	arm(w);
}

/* see sup/monitor.h */
void
monitor_end(struct monitor *w)
{
	monitor_stop(w);
	w->pid = 0;
}

static bool
is_gone(pid_t pid)
{
	pid_t got = waitpid(pid, NULL, WNOHANG);

	return got == pid || (got < 0 && errno == ECHILD);
}

/* see sup/monitor.h */
void
monitor_close(struct monitor *w)
{
	const struct timespec step = { .tv_nsec = CLOSE_STEP_NS };
	sigset_t chld;	/* blocked: it waits for us */
	int waits = 0;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (size_t i = 0; i < w->verdict.n; i++) {
		pid_t pid = w->checks[i].checker.pid;

		while (pid > 0 && !is_gone(pid) && waits++ < CLOSE_STEPS)
			(void)sigtimedwait(&chld, NULL, &step);
	}
}

/* see sup/monitor.h */
size_t
monitor_fds(const struct monitor *w, int fds[MONITOR_FDS_MAX])
{
	const int ours[MONITOR_FDS_MAX] = {
		w->notify_source.fd, w->ready_source.fd, w->ready_fd,
	};
	size_t n = 0;

	for (size_t i = 0; i < MONITOR_FDS_MAX; i++)
		if (ours[i] > 0)
			fds[n++] = ours[i];
	return n;
}
