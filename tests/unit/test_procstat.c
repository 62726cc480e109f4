/* SPDX-License-Identifier: MIT */
/* test_procstat.c - the fields of /proc/PID/stat behind any name */
#include "unit.h"

#include "base/err.h"
#include "sup/proc.h"
#include "sup/procstat.h"

#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* 7 to 24; -1 is the foreground group where there is no terminal. */
#define REST " 0 -1 4194560 85 0 0 0 11 12 1 2 20 0 3 0 9876 8192 77"
#define MORE " 18446744073709551615 1 1 0 0 0 0 0 0 0 17 1 0 0\n"

static const struct row {
	const char *name, *text;
	char  state;		/* '\0': it is refused */
	pid_t ppid, pgrp, session;
} rows[] = {
	{ "a plain one", "12 (sh) S 1 10 11" REST MORE, 'S', 1, 10, 11 },
	{ "a name with a blank", "12 (a b) R 1 10 11" REST MORE,
	  'R', 1, 10, 11 },
	{ "a name that pretends", "12 (x) R 9 9 9) S 1 10 11" REST MORE,
	  'S', 1, 10, 11 },
	{ "a name of a newline and brackets", "12 ()\n(() S 1 10 11" REST MORE,
	  'S', 1, 10, 11 },
	{ "no name", "12 () S 1 10 11" REST MORE, 'S', 1, 10, 11 },
	{ "a zombie", "12 (sh) Z 1 10 11" REST MORE, 'Z', 1, 10, 11 },
	{ "one from outside", "12 (runc) S 0 0 0" REST MORE, 'S', 0, 0, 0 },
	{ "one that has just gone", "12 (sh) X 0 -1 -1" REST MORE,
	  'X', 0, 0, 0 },
	{ "cut behind the last field", "12 (sh) S 1 10 11" REST,
	  'S', 1, 10, 11 },
	{ "nothing", "", 0, 0, 0, 0 },
	{ "no bracket", "12 sh S 1 10 11" REST, 0, 0, 0, 0 },
	{ "cut at the bracket", "12 (sh)", 0, 0, 0, 0 },
	{ "cut behind the bracket", "12 (sh) ", 0, 0, 0, 0 },
	{ "cut at the state", "12 (sh) S", 0, 0, 0, 0 },
	{ "no blank behind the bracket", "12 (sh)S 1 10 11" REST, 0, 0, 0, 0 },
	{ "a state of two letters", "12 (sh) SS 1 10 11" REST, 0, 0, 0, 0 },
	{ "a parent that is not a number", "12 (sh) S x 10 11" REST,
	  0, 0, 0, 0 },
	{ "a parent beyond every pid", "12 (sh) S 2147483648 10 11" REST,
	  0, 0, 0, 0 },
	{ "a negative parent but -1", "12 (sh) S -2 10 11" REST, 0, 0, 0, 0 },
	{ "two blanks", "12 (sh) S  1 10 11" REST, 0, 0, 0, 0 },
};

static void
reads(void **state)
{
	const struct row *r = *state;
	struct procstat st;
	int got = procstat_read(&st, guarded_span(r->text));

	assert_int_equal(got, r->state != '\0' ? 0 : ERR_PARSE);
	if (got < 0)
		return;
	assert_int_equal(st.state, r->state);
	assert_int_equal(st.ppid, r->ppid);
	assert_int_equal(st.pgrp, r->pgrp);
	assert_int_equal(st.session, r->session);
	assert_int_equal(st.utime, 11);
	assert_int_equal(st.stime, 12);
	assert_int_equal(st.threads, 3);
	assert_int_equal(st.starttime, 9876);
	assert_int_equal(st.vsize, 8192);
	assert_int_equal(st.rss, 77);
}

static void
whatever_is_cut_off_it_reads_all_fields_or_none(void **state)
{
	static const char text[] = "12 (x) S) S 1 10 11" REST;
	struct procstat st;

	(void)state;
	for (size_t n = 0; n < sizeof text - 3; n++)	/* "77" may be cut */
		assert_int_equal(ERR_PARSE, procstat_read(&st,
			(struct span){ guarded(text, n), n }));
	assert_int_equal(0, procstat_read(&st, guarded_span(text)));
}

static void
of_ourselves_the_kernel_says_the_same(void **state)
{
	/* Pages are counted by CPU, and told of some dozens at a time. */
	static char touched[4 << 20];
	struct procstat st;

	(void)state;
	memset(touched, 1, sizeof touched);
	assert_int_equal(0, proc_stat(getpid(), &st));
	assert_int_equal(st.ppid, getppid());
	assert_int_equal(st.pgrp, getpgrp());
	assert_int_equal(st.session, getsid(0));
	assert_true(procstat_lives(&st) && st.threads == 1 && st.rss > 0);
	assert_true(st.starttime > 0);
}

static void
a_zombie_does_not_live_and_who_was_reaped_has_none(void **state)
{
	siginfo_t info;
	struct procstat st;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(0, waitid(P_PID, (id_t)pid, &info,
	                           WEXITED | WNOWAIT));
	assert_int_equal(0, proc_stat(pid, &st));
	assert_int_equal(st.ppid, getpid());
	assert_false(procstat_lives(&st));
	assert_int_equal(pid, waitpid(pid, NULL, 0));
	assert_true(proc_stat(pid, &st) < 0);
}

static void
children_are_whole_however_the_reads_fall(void **state)
{
	static const char text[] = "12 4194304 99999999999 7 ";
	static const pid_t pids[] = { 12, 4194304, INT_MAX, 7, 0 };
	const size_t len = sizeof text - 1;

	(void)state;
	for (size_t at = 0; at <= len; at++) {
		struct span first = { guarded(text, at), at };
		struct span then = { guarded(text + at, len - at), len - at };
		pid_t part = 0;

		for (size_t i = 0; i < sizeof pids / sizeof *pids; i++) {
			pid_t pid = procstat_next_pid(&first, &part);

			if (pid == 0)
				pid = procstat_next_pid(&then, &part);
			assert_int_equal(pids[i], pid);
		}
		assert_int_equal(0, part);
	}
}

int
main(void)
{
	UNIT_ROWS(reads, rows);
	UNIT_TEST(whatever_is_cut_off_it_reads_all_fields_or_none);
	UNIT_TEST(of_ourselves_the_kernel_says_the_same);
	UNIT_TEST(a_zombie_does_not_live_and_who_was_reaped_has_none);
	UNIT_TEST(children_are_whole_however_the_reads_fall);
	return unit_run("sup/procstat");
}
