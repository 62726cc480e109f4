/* SPDX-License-Identifier: MIT */
/* sup/descendants.c - which processes descend from one, by /proc */
#include "sup/descendants.h"

#include <unistd.h>

#include "base/buf.h"
#include "sup/proc.h"

#define KNOWN_MAX 1024	/* answers that are kept during a pass */
#define READ_MAX  512	/* bytes of a list of children read at a time */
#define NAME_LEN  40	/* bytes of "task/4194304/children" */
#define TRIES     3	/* for one whose parent ends meanwhile */
#define FEW_MAX   512	/* processes that are found by the lists .. */
#define LISTS_MAX 4096	/* .. which are so many: each thread has one */

struct brood {
	pid_t parent;
	bool  is_whole;
	int   *left;	/* lists that may still be read */
	void (*each)(pid_t pid, void *context);
	void *context;
};

/* Reads "12 15 99 " from fd, however the numbers fall into the reads. */
static void
read_list(const struct brood *b, int fd)
{
	char bytes[READ_MAX];
	pid_t pid, part = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) > 0) {
		struct span rest = { bytes, (size_t)n };

		while ((pid = procstat_next_pid(&rest, &part)) > 0)
			b->each(pid, b->context);
	}
}

static void
visit_thread(pid_t thread, void *brood)
{
	struct brood *b = brood;
	char text[NAME_LEN];
	struct buf name = buf_over(text, sizeof text);
	int fd = -1;

	buf_fmt(&name, "task/%d/children", (int)thread);
	if (b->is_whole && (*b->left)-- > 0)
		fd = proc_open(b->parent, buf_text(&name), 0);
	if (fd < 0) {
		b->is_whole = false;
		return;
	}
	read_list(b, fd);
	close(fd);
}

/* The kernel lists a child with the thread that forked it, which in Go is any.
 * Returns whether all the lists were there: not every kernel has them, a
 * thread may just have ended, or there are more than *left. */
static bool
each_listed(pid_t parent, int *left, void (*each)(pid_t pid, void *context),
            void *context)
{
	struct brood b = { parent, true, left, each, context };

	return proc_each_thread(parent, visit_thread, &b) == 0 && b.is_whole;
}

/* --- all of /proc --- */

/* Where a number's answer is kept. */
struct known {
	pid_t pid;
	bool  is_below;
};

struct pass {
	pid_t  ancestor, limit;
	int    reads;	/* that are left */
	size_t max, n;	/* found: the last max of these n are in found[] */
	struct known known[KNOWN_MAX];
};

/* No more of it is touched than there are processes. */
static pid_t found[DESCENDANTS_MAX];

static struct known *
slot(struct pass *p, pid_t pid)
{
	return &p->known[(size_t)pid % KNOWN_MAX];
}

/* Is it known by the parent's number alone? */
static bool
is_known(struct pass *p, pid_t parent, bool *is_below)
{
	const struct known *k = slot(p, parent);

	if (parent == p->ancestor)
		*is_below = true;
	else if (parent <= 1)	/* 0: its parent is in an outer namespace */
		*is_below = false;
	else if (k->pid == parent)
		*is_below = k->is_below;
	else
		return false;
	return true;
}

/* Up from pid, whose parent is given. Returns whether the way could be gone:
 * a process on it may just have ended. */
static bool
climb(struct pass *p, pid_t parent, bool *is_below)
{
	struct procstat st;

	while (!is_known(p, parent, is_below)) {
		if (p->reads-- <= 0 || proc_stat(parent, &st) < 0)
			return false;
		parent = st.ppid;
	}
	return true;
}

/* Most parents have lower numbers than their children, so that they are known
 * already when the children are looked at. */
static bool
look(struct pass *p, pid_t pid)
{
	struct known *k = slot(p, pid);
	bool is_below = false;
	struct procstat st;

	for (int i = 0; i < TRIES; i++) {
		if (p->reads-- <= 0 || proc_stat(pid, &st) < 0)
			return false;
		if (climb(p, st.ppid, &is_below))
			break;
	}
	*k = (struct known){ pid, is_below };
	return is_below && procstat_lives(&st);
}

static void
find(pid_t pid, void *pass)
{
	struct pass *p = pass;

	if (pid < p->limit && pid != p->ancestor && look(p, pid))
		found[p->n++ % p->max] = pid;
}

static void
note(pid_t pid, void *pass)
{
	struct pass *p = pass;

	if (p->n < p->max)
		found[p->n] = pid;
	p->n++;
}

/* By the lists, generation by generation. Returns false if that did not find
 * them all: there are too many, or one has ended and its children have gone to
 * another parent. */
static bool
find_few(struct pass *p)
{
	const size_t max = p->max < FEW_MAX ? p->max : FEW_MAX;
	int left = LISTS_MAX;
	bool is_whole = each_listed(p->ancestor, &left, note, p);

	for (size_t i = 0; is_whole && i < p->n && p->n <= max; i++)
		is_whole = each_listed(found[i], &left, note, p);
	if (is_whole && p->n <= max)
		return true;
	p->n = 0;
	return false;
}

/* see sup/descendants.h */
pid_t
descendants_each(pid_t ancestor, pid_t limit, size_t max,
                 void (*each)(pid_t pid, void *context), void *context)
{
	struct pass p = {
		.ancestor = ancestor, .limit = limit,
		.reads = DESCENDANTS_READS_MAX,
		.max = max < DESCENDANTS_MAX ? max : DESCENDANTS_MAX,
	};
	size_t first;
	pid_t pid = 0;

	if (limit < INT_MAX || !find_few(&p))
		proc_each(find, &p);
	first = p.n > p.max ? p.n - p.max : 0;
	for (size_t i = p.n; i > first; i--) {
		pid = found[(i - 1) % p.max];
		each(pid, context);
	}
	return first > 0 ? pid : 0;
}

/* --- children --- */

static void
visit_living(pid_t pid, void *brood)
{
	const struct brood *b = brood;
	struct procstat st;

	if (proc_stat(pid, &st) == 0 && st.ppid == b->parent
	 && procstat_lives(&st))
		b->each(pid, b->context);
}

/* see sup/descendants.h */
void
descendants_each_child(void (*each)(pid_t pid, void *context), void *context)
{
	int left = LISTS_MAX;
	struct brood b = { getpid(), true, &left, each, context };

	/* There is one list, or one for each of an emulator's threads: none
	 * was visited if they cannot be read. */
	if (!each_listed(b.parent, &left, visit_living, &b))
		proc_each(visit_living, &b);
}
