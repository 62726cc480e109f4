/* SPDX-License-Identifier: MIT */
/* sup/tree.c - signals and lists processes: a group, descendants, all */
#include "sup/tree.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "sup/signal_send.h"
#include "sup/descendants.h"
#include "sup/proc.h"

#define FINISH_STEP_NS 2000000	/* between two looks at what was killed */
#define PIDFD_TO_GROUP 4U	/* PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9 */

/* --- the group --- */

/* A group, and those of its members that refuse hale's signal. */
struct members {
	pid_t group;
	struct signal_send_batch batch;
};

static void
find_refusing(pid_t pid, void *context)
{
	struct members *m = context;
	struct procstat st;

	if (kill(pid, 0) == 0 || errno != EPERM)
		return;
	if (proc_stat(pid, &st) == 0 && st.pgrp == m->group)
		signal_send_if_refused(&m->batch, pid);
}

/* The kernel says EPERM only if it reached no member of the group. Returns 0,
 * -ESRCH if there is no such group, or as signal_send() does. */
static int
signal_group(pid_t group, int sig)
{
	int r = kill(-group, sig) == 0 ? 0 : -errno;
	struct members m;

	if (r == -ESRCH || signal_send_has_cap())
		return r;
	m.group = group;
	m.batch = (struct signal_send_batch){ .sig = sig };
	proc_each(find_refusing, &m);
	return signal_send_end(&m.batch);
}

/* see sup/tree.h */
pid_t
tree_group_of(pid_t pid)
{
	pid_t group = getpgid(pid);

	return group > 0 && group != getpgrp() ? group : pid;
}

/* see sup/tree.h */
int
tree_signal(pid_t pid, bool to_group, int sig,
            const struct signalfd_siginfo *info)
{
	if (!to_group)
		return signal_send(pid, sig, info);
	/* Others in the group do not count: hale waits for this one. */
	if (signal_group(tree_group_of(pid), sig) != -ESRCH
	 && (kill(pid, 0) == 0 || errno != EPERM))
		return 0;
	return signal_send(pid, sig, NULL);
}

/* --- all --- */

/* A signal to many: to whom it goes no more, and who refused it. */
struct sending {
	const struct tree_group *group;	/* NULL: to all */
	struct signal_send_batch batch;
};

static bool
has_heard(const struct sending *s, pid_t pid)
{
	const struct tree_group *g = s->group;
	struct procstat st;

	return g != NULL && g->heard_ticks > 0 && s->batch.sig != SIGKILL
	    && proc_stat(pid, &st) == 0 && st.pgrp == g->id
	    && st.starttime < g->heard_ticks;
}

static void
signal_one(pid_t pid, void *sending)
{
	struct sending *s = sending;

	if (!has_heard(s, pid))
		signal_send_to(&s->batch, pid);
}

static bool
is_held(const struct tree_group *g)
{
	return g->id > 0 && g->member > 0 && getpgid(g->member) == g->id
	    && g->id != getpgrp();	/* one that was followed is anywhere */
}

/* What of the group is not below hale. */
static int
signal_rest_of_group(const struct tree_group *g, int sig)
{
	int r = 0;

	if (sig != SIGKILL && g->heard_ticks > 0)
		return 0;
	if (is_held(g))
		r = signal_group(g->id, sig);
	else if (g->held_fd >= 0
	      && syscall(SYS_pidfd_send_signal, g->held_fd, sig, NULL,
	                 PIDFD_TO_GROUP) < 0)
		r = errno == EPERM ? -EPERM : 0;	/* gone, or not known */
	return r == -ESRCH ? 0 : r;
}

/* To what is below `from`, however deep: all of it, or TREE_KILL_MAX. Then to
 * the group, if there is one. */
static int
signal_below(const struct tree_group *g, pid_t from, int sig, bool one_pass)
{
	struct sending s = { .group = g, .batch = { .sig = sig } };
	pid_t limit = INT_MAX;

	do
		limit = descendants_each(from, limit,
		                  one_pass ? TREE_KILL_MAX : DESCENDANTS_MAX,
		                  signal_one, &s);
	while (limit > 0 && !one_pass);
	if (g != NULL)
		signal_send_note(&s.batch, signal_rest_of_group(g, sig));
	return signal_send_end(&s.batch);
}

static void
signal_refusing(pid_t pid, void *sending)
{
	struct sending *s = sending;

	if (pid > 1)
		signal_send_if_refused(&s->batch, pid);
}

static void
signal_other(pid_t pid, void *sending)
{
	if (pid > 1)
		signal_one(pid, sending);
}

/* As PID 1. The kernel says that it reached all, whomever it reached. */
static int
signal_everybody(const struct tree_group *g, int sig)
{
	struct sending s = { .group = g, .batch = { .sig = sig } };

	if (sig != SIGKILL && g->heard_ticks > 0 && proc_is_ours()) {
		proc_each(signal_other, &s);
		return signal_send_end(&s.batch);
	}
	(void)kill(-1, sig);	/* ESRCH: there is nobody else */
	if (signal_send_has_cap())
		return 0;
	if (!proc_is_ours())	/* the others are not known */
		return is_held(g) && kill(-g->id, 0) < 0 && errno == EPERM
		     ? -EPERM : 0;
	proc_each(signal_refusing, &s);
	return signal_send_end(&s.batch);
}

/* see sup/tree.h */
int
tree_signal_all(const struct tree_group *g, int sig)
{
	if (getpid() == 1)
		return signal_everybody(g, sig);
	return signal_below(g, getpid(), sig, false);
}

/* see sup/tree.h */
int
tree_signal_own(const struct tree_group *g, int sig)
{
	if (getpid() == 1 && !proc_is_ours())	/* none can be spared */
		return signal_everybody(g, sig);
	return signal_below(g, getpid(), sig, sig == SIGKILL);
}

/* see sup/tree.h */
int
tree_hold(pid_t group)
{
	int is_reaper = 0;

	if (getpid() == 1)
		return -1;
	if (prctl(PR_GET_CHILD_SUBREAPER, &is_reaper) == 0 && is_reaper != 0
	 && proc_is_ours())
		return -1;
	return (int)syscall(SYS_pidfd_open, group, 0);
}

/* see sup/tree.h */
uint64_t
tree_ticks(void)
{
	struct timespec now = { 1, 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * PROCSTAT_HZ
	     + (uint64_t)now.tv_nsec / (1000000000 / PROCSTAT_HZ);
}

/* see sup/tree.h */
void
tree_signal_below(pid_t pid, int sig)
{
	(void)signal_below(NULL, pid, sig, false);
	(void)kill(-pid, sig);	/* ESRCH: it has no group of its own yet */
	(void)kill(pid, sig);
}

/*
 * Without /proc: whoever we have was forked after us, so the kernel numbered
 * them between us and one that is forked now, unless it has begun anew
 * meanwhile. Its wait shows which of these are ours. Returns whether any was.
 */
static bool
kill_younger(void)
{
	pid_t last = _Fork();
	bool any = false;

	if (last == 0)
		_exit(0);
	for (pid_t pid = getpid() + 1; pid < last; pid++)
		if (waitpid(pid, NULL, WNOHANG) == 0)
			any |= kill(pid, SIGKILL) == 0;
	if (last > 0)
		(void)waitpid(last, NULL, 0);
	return any;
}

/* see sup/tree.h */
void
tree_end_own(void)
{
	/* Those of a dead parent come to us: again, until there are none. */
	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		if (proc_is_ours())
			(void)signal_below(NULL, getpid(), SIGKILL, false);
		else if (!kill_younger())
			return;
		(void)waitpid(-1, NULL, 0);
	}
}

/* see sup/tree.h */
void
tree_finish(int64_t timeout_ms)
{
	const struct timespec step = { 0, FINISH_STEP_NS };
	const int64_t end_ms = clock_ms() + timeout_ms;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
		if (pid > 0)
			continue;
		if (clock_ms() >= end_ms)
			return;
		(void)signal_below(NULL, getpid(), SIGKILL, false);
		(void)nanosleep(&step, NULL);
	}
}

/* --- who they are --- */

/* see sup/tree.h */
bool
tree_is_own(pid_t pid)
{
	char name[PROC_NAME_LEN + 1], own[PROC_NAME_LEN + 1] = "";

	(void)prctl(PR_GET_NAME, own);
	return proc_name(pid, name) > 0
	    && (strcmp(name, TREE_CHECKER) == 0 || strcmp(name, own) == 0);
}

static void
list_one(pid_t pid, void *list)
{
	struct buf *b = list;

	if (b->cut || tree_is_own(pid))	/* there may be thousands */
		return;
	if (b->len > 0)
		buf_str(b, ", ");
	proc_write(b, pid);
}

/* see sup/tree.h */
void
tree_list(struct buf *b)
{
	descendants_each_child(list_one, b);
}

struct count {
	size_t n;
	pid_t  last;
};

static void
count_one(pid_t pid, void *count)
{
	struct count *c = count;

	if (tree_is_own(pid))
		return;
	c->n++;
	c->last = pid;
}

/* see sup/tree.h */
size_t
tree_children(pid_t *only)
{
	struct count c = { 0, 0 };

	descendants_each_child(count_one, &c);
	*only = c.n == 1 ? c.last : 0;
	return c.n;
}
