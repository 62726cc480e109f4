/* SPDX-License-Identifier: MIT */
/* sup/kin.c - which processes descend from one, by /proc */
#include "sup/kin.h"

#include <unistd.h>

#include "sup/proc.h"

#define KNOWN_MAX 1024	/* answers that are kept during a pass */
#define TRIES     3	/* for one whose parent ends meanwhile */

/* Where a number's answer is kept. */
struct known {
	pid_t pid;
	bool  is_below;
};

struct pass {
	pid_t  ancestor, limit;
	int    reads;	/* that are left */
	size_t n;	/* found: the last KIN_MAX of them are in `found` */
	pid_t  found[KIN_MAX];
	struct known known[KNOWN_MAX];
};

/* see sup/kin.h */
bool
kin_is_shown(void)
{
	struct procstat st;

	return proc_stat(getpid(), &st) == 0;
}

static struct known *
slot(struct pass *p, pid_t pid)
{
	return &p->known[(size_t)pid % KNOWN_MAX];
}

/* Is it settled by the parent's number alone? */
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
		p->found[p->n++ % KIN_MAX] = pid;
}

/* see sup/kin.h */
pid_t
kin_below(pid_t ancestor, pid_t limit,
          void (*each)(pid_t pid, void *context), void *context)
{
	struct pass p = {
		.ancestor = ancestor, .limit = limit, .reads = KIN_READS_MAX,
	};
	size_t first;
	pid_t pid = 0;

	proc_each(find, &p);
	first = p.n > KIN_MAX ? p.n - KIN_MAX : 0;
	for (size_t i = p.n; i > first; i--) {
		pid = p.found[(i - 1) % KIN_MAX];
		each(pid, context);
	}
	return pid;
}

struct brood {
	pid_t parent;
	void (*each)(pid_t pid, void *context);
	void *context;
};

static void
find_child(pid_t pid, void *brood)
{
	const struct brood *b = brood;
	struct procstat st;

	if (proc_stat(pid, &st) == 0 && st.ppid == b->parent
	 && procstat_lives(&st))
		b->each(pid, b->context);
}

/* see sup/kin.h */
void
kin_children(pid_t parent, void (*each)(pid_t pid, void *context),
             void *context)
{
	struct brood b = { parent, each, context };

	proc_each(find_child, &b);
}
