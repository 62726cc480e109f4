/* SPDX-License-Identifier: MIT */
/*
 * unit.h - cmocka tests from tables of named cases, on guarded memory
 *
 * Every row of a table is a test of its own, so that one failure does not
 * hide the next. Input lies against a page that cannot be read: one byte too
 * far ends the test with a fault. A test that does not end within UNIT_LIMIT_S
 * ends the run as a failure that names it, and what it has started.
 */
#ifndef HALE_TESTS_UNIT_H
#define HALE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define HAVE_UINTPTR_T	/* cmocka looks for glibc's mark of it, not musl's */
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "emulated.h"

/* cmocka's compare no more than a pointer's width: 32 bits of a time. */
#if UINTPTR_MAX < UINT64_MAX
#undef assert_int_equal
#undef assert_int_not_equal
#define assert_int_equal(a_, b_) \
	_assert_int_equal((uintmax_t)(a_), (uintmax_t)(b_), __FILE__, __LINE__)
#define assert_int_not_equal(a_, b_) \
	_assert_int_not_equal((uintmax_t)(a_), (uintmax_t)(b_), __FILE__, \
	                      __LINE__)
#endif

#define UNIT_TESTS_MAX 512
#define UNIT_LIMIT_S   120	/* no test takes as long on any machine */
#define UNIT_DEPTH_MAX 4	/* a test's children, theirs ... */
#define GUARD_PAGE     4096
#define GUARD_ROOM     (16 * GUARD_PAGE)	/* bytes of one guarded input */
#define GUARD_INPUTS   16		/* that live at the same time */

/* What a test is without its end. */
struct unit_test {
	const char        *name;
	CMUnitTestFunction run;
	const void        *row;
};

static struct CMUnitTest unit_tests[UNIT_TESTS_MAX];
static struct unit_test unit_plain[UNIT_TESTS_MAX];
static size_t unit_count;
static const char *volatile unit_now = "";	/* the one that runs */
static const char *unit_module = "";

/* In a handler: what is safe there. "/proc/PID/task/PID/children" is a list
 * of them, each with a blank after it. */
static inline char *
unit_add_path(char *end, const char *text, pid_t pid)
{
	int unit = 1;

	while (*text != '\0')
		*end++ = *text++;
	while (pid / unit > 9)
		unit *= 10;
	for (; unit > 0; unit /= 10)
		*end++ = (char)('0' + pid / unit % 10);
	return end;
}

static inline size_t
unit_children(pid_t pid, char *text, size_t cap)
{
	char path[64] = "", *end = unit_add_path(path, "/proc/", pid);
	ssize_t n;
	int fd;

	end = unit_add_path(end, "/task/", pid);
	memcpy(end, "/children", sizeof "/children");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, cap);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

/* Who would hold our stdout open would let whoever reads it wait for ever. */
static inline void
unit_end_children(pid_t pid, int depth)
{
	char text[1024];
	size_t n = unit_children(pid, text, sizeof text);
	pid_t child = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] != ' ') {
			child = child * 10 + (text[i] - '0');
			continue;
		}
		if (depth < UNIT_DEPTH_MAX)
			unit_end_children(child, depth + 1);
		(void)kill(child, SIGKILL);
		child = 0;
	}
}

static inline void
unit_is_late(int sig)
{
	static const char end[] = " [  FAILED  ] it hangs\n";

	(void)sig;
	(void)!write(STDERR_FILENO, unit_now, strlen(unit_now));
	(void)!write(STDERR_FILENO, end, sizeof end - 1);
	unit_end_children(getpid(), 1);
	_exit(1);
}

/* A test that hangs may have blocked the alarm; SIGKILL it cannot. */
static inline void
unit_must_end(time_t after_s)
{
	static timer_t timer;
	static pid_t made_by;	/* a child does not inherit it */
	struct sigevent by = { .sigev_notify = SIGEV_SIGNAL,
		               .sigev_signo = SIGKILL };
	struct itimerspec at = { .it_value = { after_s, 0 } };

	if (made_by != getpid()) {
		if (timer_create(CLOCK_MONOTONIC, &by, &timer) < 0)
			abort();
		made_by = getpid();
	}
	(void)timer_settime(timer, 0, &at, NULL);
}

static inline void
unit_begin(const char *name)
{
	sigset_t alarm_only;

	unit_now = name;
	unit_must_end(UNIT_LIMIT_S + 5);
	(void)signal(SIGALRM, unit_is_late);
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	(void)alarm(UNIT_LIMIT_S);
}

static inline void
unit_run_one(void **state)
{
	const struct unit_test *t = *state;
	const char *why = emulated_lacks(unit_module, t->name);
	void *row = (void *)t->row;

	if (why != NULL) {
		print_message("by qemu-user alone: %s\n", why);
		skip();
	}
	unit_begin(t->name);
	t->run(&row);
}

/* set_up and tear_down run around this one; they are not given the row. */
static inline void
unit_add_with(const char *name, CMUnitTestFunction run, const void *row,
              CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
	if (unit_count == UNIT_TESTS_MAX)
		abort();
	unit_plain[unit_count] = (struct unit_test){ name, run, row };
	unit_tests[unit_count] = (struct CMUnitTest){
		.name = name,
		.test_func = unit_run_one,
		.setup_func = set_up,
		.teardown_func = tear_down,
		.initial_state = &unit_plain[unit_count],
	};
	unit_count++;
}

static inline void
unit_add(const char *name, CMUnitTestFunction run, const void *row)
{
	unit_add_with(name, run, row, NULL, NULL);
}

/* A test that has no table; its name is the function's. */
#define UNIT_TEST(run) unit_add(#run, run, NULL)

/* One test for each row; a row's first member is its name. */
#define UNIT_ROWS(run, rows) \
	do { \
		for (size_t i_ = 0; i_ < sizeof (rows) / sizeof *(rows); i_++) \
			unit_add((rows)[i_].name, run, &(rows)[i_]); \
	} while (0)

/* set_up and tear_down run once around all tests; each may be NULL. */
static inline int
unit_run_with(const char *module, CMFixtureFunction set_up,
              CMFixtureFunction tear_down)
{
	int failed;

	unit_module = module;
	unit_begin(module);
	failed = _cmocka_run_group_tests(module, unit_tests, unit_count,
	                                 set_up, tear_down);
	(void)alarm(0);
	return failed;
}

static inline int
unit_run(const char *module)
{
	return unit_run_with(module, NULL, NULL);
}

/*
 * Room for len bytes (GUARD_ROOM at most) that ends where a page that can
 * neither be read nor written starts. It lives until GUARD_INPUTS more were
 * asked for.
 */
static inline char *
guarded_room(size_t len)
{
	static char *areas[GUARD_INPUTS];
	static size_t next;
	char **area = &areas[next++ % GUARD_INPUTS];

	if (*area == NULL) {
		*area = mmap(NULL, GUARD_ROOM + GUARD_PAGE,
		             PROT_READ | PROT_WRITE,
		             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (*area == MAP_FAILED
		 || mprotect(*area + GUARD_ROOM, GUARD_PAGE, PROT_NONE) < 0)
			abort();
	}
	if (len > GUARD_ROOM)
		abort();
	return *area + GUARD_ROOM - len;
}

/* A copy of len bytes in such a room. */
static inline char *
guarded(const void *bytes, size_t len)
{
	char *p = guarded_room(len);

	if (len > 0)
		memcpy(p, bytes, len);
	return p;
}

/* A terminated copy whose NUL is the last byte that can be read. */
static inline char *
guarded_text(const char *text)
{
	return guarded(text, strlen(text) + 1);
}

static inline struct span
guarded_span(const char *text)
{
	size_t len = strlen(text);

	return (struct span){ guarded(text, len), len };
}

/* An empty buffer over such a room. */
static inline struct buf
guarded_buf(size_t cap)
{
	return buf_over(guarded_room(cap), cap);
}

#define assert_span_equal(expected_, actual_) \
	do { \
		char got_[2048]; \
		struct buf b_ = buf_over(got_, sizeof got_); \
		buf_add(&b_, actual_); \
		assert_string_equal(buf_text(&b_), expected_); \
	} while (0)

#endif
