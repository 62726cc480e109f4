/* SPDX-License-Identifier: MIT */
/* sup/tree.c - signal the service and what descends from hale */
#include "sup/tree.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sup/deliver.h"
#include "sup/kin.h"
#include "sup/proc.h"

/* --- the group --- */

/* A group, and those of its members that refuse hale's signal. */
struct members {
	pid_t group;
	struct deliver_batch batch;
};

static void
find_refusing(pid_t pid, void *context)
{
	struct members *m = context;
	struct procstat st;

	if (kill(pid, 0) == 0 || errno != EPERM)
		return;
	if (proc_stat(pid, &st) == 0 && st.pgrp == m->group)
		deliver_if_refused(&m->batch, pid);
}

/* The kernel says EPERM only if it reached no member of the group. Returns 0,
 * -EPERM, or -ESRCH if there is no such group. */
static int
signal_group(pid_t group, int sig)
{
	int r = kill(-group, sig) == 0 ? 0 : -errno;
	struct members m;

	if (r == -ESRCH || deliver_is_free())
		return r;
	m.group = group;
	m.batch = (struct deliver_batch){ .sig = sig };
	proc_each(find_refusing, &m);
	return deliver_end(&m.batch);
}

/* see sup/tree.h */
int
tree_signal(pid_t pid, bool to_group, int sig,
            const struct signalfd_siginfo *info)
{
	if (!to_group)
		return deliver(pid, sig, info);
	/* Others in the group do not count: hale waits for this one. */
	if (signal_group(pid, sig) != -ESRCH
	 && (kill(pid, 0) == 0 || errno != EPERM))
		return 0;
	return deliver(pid, sig, NULL);
}

/* --- all --- */

static void
signal_one(pid_t pid, void *batch)
{
	deliver_to(batch, pid);
}

/* Everything below pid, however deep and many: pass by pass. */
static int
signal_below(pid_t pid, int sig)
{
	struct deliver_batch batch = { .sig = sig };
	pid_t limit = INT_MAX;

	while (limit > 0)
		limit = kin_below(pid, limit, signal_one, &batch);
	return deliver_end(&batch);
}

static void
signal_refusing(pid_t pid, void *batch)
{
	if (pid > 1)
		deliver_if_refused(batch, pid);
}

/* As PID 1. The kernel says that it reached all, whomever it reached. */
static int
signal_everybody(pid_t service, int sig)
{
	struct deliver_batch batch = { .sig = sig };

	(void)kill(-1, sig);	/* ESRCH: there is nobody else */
	if (deliver_is_free())
		return 0;
	if (!proc_is_ours())	/* the others cannot be asked */
		return kill(-service, 0) < 0 && errno == EPERM ? -EPERM : 0;
	proc_each(signal_refusing, &batch);
	return deliver_end(&batch);
}

/* see sup/tree.h */
int
tree_signal_all(pid_t service, int sig)
{
	int r;

	if (getpid() == 1)
		return signal_everybody(service, sig);
	r = signal_below(getpid(), sig);
	return signal_group(service, sig) == -EPERM ? -EPERM : r;
}

/* see sup/tree.h */
int
tree_signal_own(pid_t service, int sig)
{
	struct deliver_batch batch = { .sig = sig };
	int r;

	if (getpid() == 1 && !kin_is_shown())	/* none can be spared */
		return signal_everybody(service, sig);
	if (sig == SIGKILL) {
		(void)kin_below(getpid(), INT_MAX, signal_one, &batch);
		r = deliver_end(&batch);
	} else {
		r = signal_below(getpid(), sig);
	}
	return signal_group(service, sig) == -EPERM ? -EPERM : r;
}

/* see sup/tree.h */
void
tree_signal_below(pid_t pid, int sig)
{
	(void)signal_below(pid, sig);
	(void)kill(-pid, sig);	/* ESRCH: it has no group of its own yet */
	(void)kill(pid, sig);
}

/*
 * Without /proc: whoever we have was forked after us, so the kernel numbered
 * them between us and one that is forked now, unless it has begun anew
 * meanwhile. wait tells which of these are ours. Returns whether any was.
 */
static bool
kill_younger(void)
{
	pid_t last = fork();
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
		if (kin_is_shown())
			(void)signal_below(getpid(), SIGKILL);
		else if (!kill_younger())
			return;
		(void)waitpid(-1, NULL, 0);
	}
}

/* --- who they are --- */

/* A checker of hale's is nobody whom the service left. */
static bool
is_checker(pid_t pid)
{
	char name[PROC_NAME_LEN + 1];

	return proc_name(pid, name) > 0 && strcmp(name, TREE_CHECKER) == 0;
}

static void
list_one(pid_t pid, void *list)
{
	struct buf *b = list;
	char name[PROC_NAME_LEN + 1];

	if (b->cut || is_checker(pid))	/* there may be thousands */
		return;
	if (b->len > 0)
		buf_str(b, ", ");
	buf_fmt(b, "%s (pid %d)", proc_name(pid, name) > 0 ? name : "?",
	        (int)pid);
}

/* see sup/tree.h */
void
tree_list(struct buf *b)
{
	kin_children(getpid(), list_one, b);
}

struct count {
	size_t n;
	pid_t  last;
};

static void
count_one(pid_t pid, void *count)
{
	struct count *c = count;

	if (is_checker(pid))
		return;
	c->n++;
	c->last = pid;
}

/* see sup/tree.h */
size_t
tree_children(pid_t *only)
{
	struct count c = { 0, 0 };

	kin_children(getpid(), count_one, &c);
	*only = c.n == 1 ? c.last : 0;
	return c.n;
}
