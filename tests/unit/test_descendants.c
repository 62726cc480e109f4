/* SPDX-License-Identifier: MIT */
/* test_descendants.c - who descends from whom: deep, many, dead */
#include "unit.h"

#include "sup/descendants.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PASS 512	/* to be found in one */
#define THREADS 4200	/* more than there are lists read */
#define SKIPPED 77
#define CHAIN_S 200	/* a chain ends by itself: sanitizers fork slowly */
#define DEEP 300	/* generations: more than fit on any list */

static int
end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* A child that forks one that forks one...; each tells its number and waits.
 * Returns the first; it and all that it has end with this process. */
static pid_t
start_chain(int depth, pid_t pids[])
{
	int up[2];
	pid_t first;

	assert_int_equal(pipe(up), 0);
	first = fork();
	if (first == 0) {
		for (int i = 0; i < depth; i++) {
			pid_t pid = getpid();

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(CHAIN_S);
			if (write(up[1], &pid, sizeof pid) != sizeof pid)
				_exit(1);
			if (i + 1 == depth || fork() != 0)
				for (;;)
					pause();
		}
	}
	close(up[1]);
	for (int i = 0; i < depth; i++)
		assert_int_equal(read(up[0], &pids[i], sizeof pids[i]),
		                 sizeof pids[i]);
	close(up[0]);
	return first;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	(void)end_of(pid);
}

struct seen {
	size_t n;
	pid_t  pids[2 * PASS];
};

static void
see(pid_t pid, void *context)
{
	struct seen *s = context;

	if (s->n < 2 * PASS)
		s->pids[s->n] = pid;
	s->n++;
}

static bool
has(const struct seen *s, pid_t pid)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->pids[i] == pid)
			return true;
	return false;
}

/* Few are found by the lists of children, if the limit is INT_MAX. */
static const struct deep {
	const char *name;
	int   depth;
	pid_t limit;
} deep[] = {
	{ "a few are found by the lists", DEEP, INT_MAX },
	{ "a few are found by all of /proc", DEEP, INT_MAX - 1 },
	{ "a chain longer than a pass is found", PASS + 9, INT_MAX },
};

/* One pass; the next goes on lower, so that they end. */
static pid_t
below(pid_t root, pid_t limit, struct seen *s)
{
	pid_t next = descendants_each(root, limit, PASS, see, s);

	assert_true(next < limit);
	return next;
}

static void
however_deep_all_are_found(void **state)
{
	const struct deep *d = *state;
	pid_t pids[PASS + 9], limit = d->limit;
	struct seen s = { 0 };
	pid_t first = start_chain(d->depth, pids);

	while (limit > 0)
		limit = below(getpid(), limit, &s);
	end(first);
	assert_int_equal(s.n, d->depth);
	for (int i = 0; i < d->depth; i++)
		assert_true(has(&s, pids[i]));
	if (d->depth > PASS || d->limit < INT_MAX)
		return;	/* then the order is that of numbers */
	for (int i = 0; i < d->depth; i++)	/* children first */
		assert_int_equal(s.pids[i], pids[d->depth - 1 - i]);
}

static void
only_what_is_below_is_found(void **state)
{
	const struct deep *d = *state;
	pid_t pids[PASS + 9];
	struct seen s = { 0 };
	pid_t first = start_chain(d->depth, pids), limit = d->limit;

	while (limit > 0)
		limit = below(pids[5], limit, &s);
	end(first);
	assert_int_equal(s.n, d->depth - 6);
	assert_false(has(&s, pids[5]));
}

static const struct many {
	const char *name;
	size_t n;
} many[] = {
	{ "one fewer than a pass has room for", PASS - 1 },
	{ "as many as a pass has room for", PASS },
	{ "one more than a pass has room for", PASS + 1 },
};

static void
all_are_found_pass_by_pass_each_once(void **state)
{
	const struct many *m = *state;
	static pid_t pids[PASS + 1];
	struct seen s = { 0 };
	pid_t limit;
	size_t first;

	for (size_t i = 0; i < m->n; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		assert_true(pids[i] > 0);
	}
	limit = descendants_each(getpid(), INT_MAX, PASS, see, &s);
	first = s.n;
	while (limit > 0)
		limit = below(getpid(), limit, &s);
	for (size_t i = 0; i < m->n; i++)
		end(pids[i]);
	assert_int_equal(first, m->n < PASS ? m->n : PASS);
	assert_int_equal(s.n, m->n);
	for (size_t i = 0; i < m->n; i++)
		assert_true(has(&s, pids[i]));
}

static void
the_dead_of_many_are_neither_below_nor_children(void **state)
{
	pid_t pid = fork();
	struct seen below = { 0 }, children = { 0 };
	siginfo_t info;

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	(void)descendants_each(getpid(), INT_MAX - 1, PASS, see, &below);
	descendants_each_child(see, &children);
	(void)end_of(pid);
	assert_int_equal(below.n, 0);
	assert_int_equal(children.n, 0);
}

static void
children_are_the_first_generation_alone(void **state)
{
	pid_t pids[3];
	struct seen s = { 0 };
	pid_t first = start_chain(3, pids);

	(void)state;
	descendants_each_child(see, &s);
	end(first);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.pids[0], first);
}

/* Each thread has a list of its own: too many to be read. */
static void *
wait_on(void *nothing)
{
	for (;;)
		pause();
	return nothing;
}

static int
finds_with_threads(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	pid_t pids[3];
	struct seen s = { 0 };

	alarm(CHAIN_S);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread, &attr, wait_on, NULL) != 0)
			return SKIPPED;
	(void)start_chain(3, pids);
	if (descendants_each(getpid(), INT_MAX, PASS, see, &s) != 0 || s.n != 3)
		return 1;
	for (int i = 0; i < 3; i++)
		if (!has(&s, pids[i]))
			return 2;
	return 0;
}

static void
what_has_too_many_threads_for_the_lists_is_found(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(finds_with_threads());
	status = end_of(pid);
	if (status == SKIPPED << 8)
		skip();
	assert_int_equal(status, 0);
}

static void
many_are_visited_in_one_pass(void **state)
{
	static pid_t pids[2 * PASS];
	struct seen s = { 0 };
	pid_t limit;

	(void)state;
	for (size_t i = 0; i < 2 * PASS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		assert_true(pids[i] > 0);
	}
	limit = descendants_each(getpid(), INT_MAX, DESCENDANTS_MAX, see, &s);
	for (size_t i = 0; i < 2 * PASS; i++)
		end(pids[i]);
	assert_int_equal(limit, 0);
	assert_int_equal(s.n, 2 * PASS);
	for (size_t i = 1; i < s.n; i++)
		assert_true(has(&s, pids[i]));
}

int
main(void)
{
	UNIT_ROWS(however_deep_all_are_found, deep);
	for (size_t i = 0; i < sizeof deep / sizeof *deep; i++)
		unit_add("only what is below is found",
		         only_what_is_below_is_found, &deep[i]);
	UNIT_ROWS(all_are_found_pass_by_pass_each_once, many);
	UNIT_TEST(the_dead_of_many_are_neither_below_nor_children);
	UNIT_TEST(children_are_the_first_generation_alone);
	UNIT_TEST(many_are_visited_in_one_pass);
	UNIT_TEST(what_has_too_many_threads_for_the_lists_is_found);
	return unit_run("sup/descendants");
}
