/* SPDX-License-Identifier: MIT */
/* sup/tree.c - signal the service and what descends from hale */
#include "sup/tree.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sup/deliver.h"
#include "sup/proc.h"

#define DEPTH_MAX 32	/* generations of descendants that are walked */
#define PROC_READ 512	/* bytes read from /proc at a time */
#define NAME_LEN  40	/* bytes of "task/4194304/children" */

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

/* A directory's entry as getdents64(2) gives it; opendir() would allocate. */
struct entry {
	uint64_t inode;
	int64_t  next;
	uint16_t len;	/* bytes of the whole entry */
	uint8_t  type;
	char     name[];	/* terminated */
};

typedef void visit(pid_t pid, void *context);

struct walk {
	visit *each;
	void  *context;
	int    left;	/* visits */
};

struct walk_step {
	struct walk *walk;
	int          depth;
};

/* Declared ahead since it recurses through the two below. */
static bool descend(struct walk *w, pid_t parent, int depth);

/* Descendants first: a dead parent's children would move out of sight. */
static void
visit_one(const struct walk_step *step, pid_t pid)
{
	struct walk *w = step->walk;

	if (w->left <= 0)
		return;
	w->left--;
	if (step->depth > 0)
		(void)descend(w, pid, step->depth - 1);
	w->each(pid, w->context);
}

/* Reads "12 15 99 " from fd, however the numbers fall into the reads. */
static void
visit_listed(const struct walk_step *step, int fd)
{
	char bytes[PROC_READ];
	pid_t pid = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] >= '0' && bytes[i] <= '9') {
				pid = pid * 10 + (bytes[i] - '0');
			} else if (pid > 0) {
				visit_one(step, pid);
				pid = 0;
			}
		}
	}
}

/* Returns whether the kernel shows the thread's children. */
static bool
walk_thread(const struct walk_step *step, pid_t parent, const char *thread)
{
	char rest[NAME_LEN];
	struct buf b = buf_over(rest, sizeof rest);
	int fd;

	buf_fmt(&b, "task/%s/children", thread);
	fd = proc_open(parent, buf_text(&b), 0);
	if (fd < 0)	/* it has just ended */
		return false;
	visit_listed(step, fd);
	close(fd);
	return true;
}

/*
 * Visits the children of parent and, to depth, theirs. The kernel
 * lists a child with the thread that forked it, which in Go is any. Returns
 * whether the kernel shows any such list.
 */
static bool
descend(struct walk *w, pid_t parent, int depth)
{
	const struct walk_step step = { w, depth };
	_Alignas(struct entry) char bytes[PROC_READ];
	int fd = proc_open(parent, "task", 0);
	bool shown = false;
	long n;

	if (fd < 0)	/* no /proc, or it has just ended */
		return false;
	while ((n = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
		const struct entry *e;

		for (long at = 0; at < n; at += e->len) {
			e = (const struct entry *)(const void *)(bytes + at);
			if (e->name[0] != '.')
				shown |= walk_thread(&step, parent, e->name);
		}
	}
	close(fd);
	return shown;
}

static bool
walk(pid_t parent, int depth, visit *each, void *context)
{
	struct walk w = { each, context, INT_MAX };

	return descend(&w, parent, depth);
}

static void
signal_one(pid_t pid, void *batch)
{
	deliver_to(batch, pid);
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
	struct deliver_batch batch = { .sig = sig };
	int r;

	if (getpid() == 1)
		return signal_everybody(service, sig);
	(void)walk(getpid(), DEPTH_MAX, signal_one, &batch);
	r = deliver_end(&batch);
	return signal_group(service, sig) == -EPERM ? -EPERM : r;
}

/* see sup/tree.h */
int
tree_signal_own(pid_t service, int sig)
{
	struct deliver_batch batch = { .sig = sig };
	struct walk w = {
		signal_one, &batch, sig == SIGKILL ? TREE_KILL_MAX : INT_MAX,
	};
	int r;

	if (!descend(&w, getpid(), DEPTH_MAX) && getpid() == 1)
		return signal_everybody(service, sig);	/* no /proc: none is spared */
	r = deliver_end(&batch);
	return signal_group(service, sig) == -EPERM ? -EPERM : r;
}

/* see sup/tree.h */
void
tree_signal_below(pid_t pid, int sig)
{
	struct deliver_batch batch = { .sig = sig };

	(void)walk(pid, DEPTH_MAX, signal_one, &batch);
	(void)deliver_end(&batch);
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
	struct deliver_batch batch = { .sig = SIGKILL };

	/* Those of a dead parent come to us: again, until there are none. */
	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		bool shown = walk(getpid(), DEPTH_MAX, signal_one, &batch);

		(void)deliver_end(&batch);
		if (!shown && !kill_younger())
			return;
		(void)waitpid(-1, NULL, 0);
	}
}

static void
list_one(pid_t pid, void *list)
{
	struct buf *b = list;
	char name[PROC_NAME_LEN + 1];

	if (b->cut)	/* there may be thousands */
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
	(void)walk(getpid(), 0, list_one, b);
}

struct children {
	size_t n;
	pid_t  last;
};

static void
count_one(pid_t pid, void *children)
{
	struct children *c = children;
	struct procstat st;
	char name[PROC_NAME_LEN + 1];

	if (proc_stat(pid, &st) < 0 || !procstat_lives(&st))
		return;
	if (proc_name(pid, name) > 0 && strcmp(name, "hale-check") == 0)
		return;
	c->n++;
	c->last = pid;
}

/* see sup/tree.h */
size_t
tree_children(pid_t *only)
{
	struct children c = { 0, 0 };

	(void)walk(getpid(), 0, count_one, &c);
	*only = c.n == 1 ? c.last : 0;
	return c.n;
}
