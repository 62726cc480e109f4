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

#include "sup/proc.h"

#define DEPTH_MAX 32	/* generations of descendants that are walked */
#define PROC_READ 512	/* bytes read from /proc at a time */
#define NAME_LEN  40	/* bytes of "task/4194304/children" */

/* Passes a queued value on; false where the kernel does not take it. */
static bool
queue(pid_t pid, int sig, const struct signalfd_siginfo *from)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	info.si_signo = sig;
	info.si_code = SI_QUEUE;
	info.si_pid = (pid_t)from->ssi_pid;
	info.si_uid = (uid_t)from->ssi_uid;
	/* The kernel tells it as a number. NOLINTNEXTLINE */
	info.si_value.sival_ptr = (void *)(uintptr_t)from->ssi_ptr;
	return syscall(SYS_rt_sigqueueinfo, pid, sig, &info) == 0;
}

/* see sup/tree.h */
void
tree_signal(pid_t pid, bool to_group, int sig,
            const struct signalfd_siginfo *info)
{
	if (to_group && kill(-pid, sig) == 0)
		return;
	if (!to_group && info != NULL && info->ssi_code == SI_QUEUE
	 && queue(pid, sig, info))
		return;
	(void)kill(pid, sig);
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
signal_one(pid_t pid, void *sig)
{
	(void)kill(pid, *(const int *)sig);	/* it may just have ended */
}

/* see sup/tree.h */
void
tree_signal_all(pid_t service, int sig)
{
	if (getpid() == 1) {
		(void)kill(-1, sig);	/* ESRCH: there is nobody else */
		return;
	}
	(void)walk(getpid(), DEPTH_MAX, signal_one, &sig);
	(void)kill(-service, sig);
}

/* see sup/tree.h */
void
tree_signal_own(pid_t service, int sig)
{
	struct walk w = {
		signal_one, &sig, sig == SIGKILL ? TREE_KILL_MAX : INT_MAX,
	};

	if (!descend(&w, getpid(), DEPTH_MAX) && getpid() == 1)
		(void)kill(-1, sig);	/* no /proc: nobody can be spared */
	(void)kill(-service, sig);
}

/* see sup/tree.h */
void
tree_signal_below(pid_t pid, int sig)
{
	(void)walk(pid, DEPTH_MAX, signal_one, &sig);
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
	int sig = SIGKILL;

	/* Those of a dead parent come to us: again, until there are none. */
	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		if (!walk(getpid(), DEPTH_MAX, signal_one, &sig)
		 && !kill_younger())
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
