/* SPDX-License-Identifier: MIT */
/* sup/kin.c - which processes descend from one, by /proc */
#include "sup/kin.h"

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
	bool  is_over;	/* each() wants no more */
	int   *left;	/* lists that may still be read */
	bool (*each)(pid_t pid, void *context);
	void *context;
};

/* see sup/kin.h */
bool
kin_is_elder(const struct kin_first *first, pid_t pid, uint64_t starttime)
{
	/* The start that followed may have come a step later. */
	return starttime < first->ticks
	    || (starttime <= first->ticks + 1 && pid < first->pid);
}

static bool
is_left_out(const struct kin_first *first, pid_t pid,
            const struct procstat *st)
{
	return first != NULL && kin_is_elder(first, pid, st->starttime);
}

/* Reads "12 15 99 " from fd, however the numbers fall into the reads. */
static void
read_list(struct brood *b, int fd)
{
	char bytes[READ_MAX];
	pid_t pid, part = 0;
	ssize_t n;

	while (!b->is_over && (n = read(fd, bytes, sizeof bytes)) > 0) {
		struct span rest = { bytes, (size_t)n };

		while (!b->is_over
		    && (pid = procstat_next_pid(&rest, &part)) > 0)
			b->is_over = !b->each(pid, b->context);
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
each_listed(pid_t parent, int *left, bool (*each)(pid_t pid, void *context),
            void *context)
{
	struct brood b = { parent, true, false, left, each, context };

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
	const struct kin_first *first;	/* elders are left out, or NULL */
	int    reads;	/* that are left */
	size_t max, n;	/* found: the last max of these n are in found[] */
	struct known known[KNOWN_MAX];
};

/* No more of it is touched than there are processes. */
static pid_t found[KIN_MAX];

static struct known *
slot(struct pass *p, pid_t pid)
{
	return &p->known[(size_t)pid % KNOWN_MAX];
}

/* Is it settled by the parent's number alone? */
static bool
is_known(struct pass *p, pid_t pid, const struct procstat *st, bool *is_below)
{
	const pid_t parent = st->ppid;
	const struct known *k = slot(p, parent);

	if (parent == p->ancestor)
		*is_below = !is_left_out(p->first, pid, st);
	else if (parent <= 1)	/* 0: its parent is in an outer namespace */
		*is_below = false;
	else if (k->pid == parent)
		*is_below = k->is_below;
	else
		return false;
	return true;
}

/* Up from pid, of which st tells. Returns whether the way could be gone: a
 * process on it may just have ended. */
static bool
climb(struct pass *p, pid_t pid, struct procstat st, bool *is_below)
{
	while (!is_known(p, pid, &st, is_below)) {
		pid = st.ppid;
		if (p->reads-- <= 0 || proc_stat(pid, &st) < 0)
			return false;
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
		if (climb(p, pid, st, &is_below))
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

static bool
note(pid_t pid, void *pass)
{
	struct pass *p = pass;

	if (p->n < p->max)
		found[p->n] = pid;
	return p->n++ < p->max;
}

static bool
note_child(pid_t pid, void *pass)
{
	struct pass *p = pass;
	struct procstat st;

	if (p->first != NULL && proc_stat(pid, &st) == 0
	 && is_left_out(p->first, pid, &st))
		return true;
	return note(pid, p);
}

/* By the lists, generation by generation. Returns false if that did not find
 * them all: there are too many, or one has ended and its children have gone to
 * another parent. */
static bool
find_few(struct pass *p)
{
	const size_t max = p->max < FEW_MAX ? p->max : FEW_MAX;
	int left = LISTS_MAX;
	bool is_whole = each_listed(p->ancestor, &left, note_child, p);

	for (size_t i = 0; is_whole && i < p->n && p->n <= max; i++)
		is_whole = each_listed(found[i], &left, note, p);
	if (is_whole && p->n <= max)
		return true;
	p->n = 0;
	return false;
}

/* see sup/kin.h */
pid_t
kin_below(pid_t ancestor, const struct kin_first *first, pid_t limit,
          size_t max, void (*each)(pid_t pid, void *context), void *context)
{
	struct pass p = {
		.ancestor = ancestor, .limit = limit, .reads = KIN_READS_MAX,
		.first = first, .max = max < KIN_MAX ? max : KIN_MAX,
	};
	size_t cut;
	pid_t pid = 0;

	if (limit < INT_MAX || !find_few(&p))
		(void)proc_each(find, &p);	/* then none is found */
	cut = p.n > p.max ? p.n - p.max : 0;
	for (size_t i = p.n; i > cut; i--) {
		pid = found[(i - 1) % p.max];
		each(pid, context);
	}
	return cut > 0 ? pid : 0;
}

/* --- children --- */

struct children {
	const struct kin_first *first;
	pid_t parent;
	bool  is_over;	/* each() wants no more */
	bool  is_open;	/* one may live: it is not reaped, or /proc is mute */
	bool (*each)(pid_t pid, void *context);
	void *context;
};

static bool
visit_listed(pid_t pid, void *children)
{
	struct children *c = children;
	struct procstat st;

	if (proc_stat(pid, &st) == 0) {
		if (st.ppid != c->parent || is_left_out(c->first, pid, &st))
			return true;
		if (procstat_lives(&st)) {
			c->is_over = !c->each(pid, c->context);
			return !c->is_over;
		}
	}
	c->is_open = true;	/* a thread of it may live, or its child is missed */
	return true;
}

static void
visit_any(pid_t pid, void *children)
{
	const struct children *c = children;

	if (!c->is_over)
		(void)visit_listed(pid, children);	/* asked for above */
}

/* see sup/kin.h */
bool
kin_children(const struct kin_first *first,
             bool (*each)(pid_t pid, void *context), void *context)
{
	int one = 1;
	struct children c = {
		.first = first, .parent = getpid(),
		.each = each, .context = context,
	};

	/* One list: none was visited if it cannot be read. */
	if (!each_listed(c.parent, &one, visit_listed, &c)
	 && proc_each(visit_any, &c) < 0)
		return false;
	return !c.is_open;
}
