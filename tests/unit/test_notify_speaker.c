/* SPDX-License-Identifier: MIT */
/* test_notify_speaker.c - who may speak for the service; a refusal's words */
#include "unit.h"

#include "base/log.h"
#include "sup/proc.h"
#include "sup/notify_speaker.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW      1000000
#define SAID_MAX 8192	/* bytes of log lines */
#define OTHER    4242	/* a user who is nobody's */

/* The last of `generations` processes, each the child of the one before. */
struct line {
	pid_t first, last;
};

/* In a child: never returns. */
static void
beget(int generations, int tell)
{
	pid_t pid = getpid();

	for (; generations > 1; generations--) {
		pid_t child = fork();

		if (child != 0) {	/* ends with its child */
			waitpid(child, NULL, 0);
			_exit(0);
		}
		pid = getpid();
	}
	if (write(tell, &pid, sizeof pid) == sizeof pid)
		for (;;)
			pause();
	_exit(1);
}

static struct line
make_line(int generations)
{
	struct line l = { 0, 0 };
	int ends[2];

	assert_int_equal(0, pipe(ends));
	l.first = fork();
	if (l.first == 0)
		beget(generations, ends[1]);
	assert_int_equal(sizeof l.last, read(ends[0], &l.last, sizeof l.last));
	close(ends[0]);
	close(ends[1]);
	return l;
}

static void
end_line(const struct line *l)
{
	kill(l->last, SIGKILL);
	assert_int_equal(l->first, waitpid(l->first, NULL, 0));
}

static struct ucred
by(pid_t pid)
{
	return (struct ucred){ .pid = pid, .uid = OTHER, .gid = OTHER };
}

static enum notify_speaker_why
judge(struct notify_speaker *s, pid_t pid, int64_t now_ms)
{
	const struct ucred from = by(pid);

	return notify_speaker_judge(s, &from, getpid(), now_ms);
}

static void
a_descendant_of_another_user_may_speak_hales_parent_may_not(void **state)
{
	struct notify_speaker s = { .next = 0 };

	(void)state;
	for (int generations = 1; generations <= 3; generations++) {
		struct line l = make_line(generations);

		assert_int_equal(NOTIFY_SPEAKER_TRUSTED,
		                 judge(&s, l.last, NOW));
		end_line(&l);
	}
	assert_int_equal(NOTIFY_SPEAKER_STRANGER, judge(&s, getppid(), NOW));
	assert_int_equal(NOTIFY_SPEAKER_OUTSIDE, judge(&s, 0, NOW));
}

static void
the_walk_up_ends_after_proc_depth_max_generations(void **state)
{
	(void)state;
	for (int over = 0; over <= 1; over++) {
		struct line l = make_line(PROC_DEPTH_MAX + over);

		assert_int_equal(!over, proc_descends(l.last, getpid()));
		assert_true(proc_descends(l.last, l.last));
		assert_false(proc_descends(getpid(), l.last));
		end_line(&l);
	}
}

static void
a_dead_one_may_speak_until_it_is_reaped(void **state)
{
	struct notify_speaker s = { .next = 0 };
	siginfo_t info;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(0, waitid(P_PID, (id_t)pid, &info,
	                           WEXITED | WNOWAIT));
	assert_int_equal(NOTIFY_SPEAKER_TRUSTED, judge(&s, pid, NOW));
	waitpid(pid, NULL, 0);
	assert_int_equal(NOTIFY_SPEAKER_ENDED,
	                 judge(&s, pid, NOW + NOTIFY_SPEAKER_FRESH_MS));
}

static void
nobody_speaks_for_a_service_that_does_not_run(void **state)
{
	const struct ucred root = { .pid = getpid(), .uid = 0, .gid = 0 };
	struct notify_speaker s = { .next = 0 };

	(void)state;
	assert_int_equal(NOTIFY_SPEAKER_NO_SERVICE,
	                 notify_speaker_judge(&s, &root, 0, NOW));
	assert_int_equal(0, s.walks);
}

static void
a_flood_of_one_sender_is_one_question_in_speaker_fresh_ms(void **state)
{
	struct notify_speaker s = { .next = 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(NOTIFY_SPEAKER_STRANGER,
		                 judge(&s, getppid(), NOW));
	assert_int_equal(1, s.walks);
	judge(&s, getppid(), NOW + NOTIFY_SPEAKER_FRESH_MS - 1);
	assert_int_equal(1, s.walks);
	judge(&s, getppid(), NOW + NOTIFY_SPEAKER_FRESH_MS);
	assert_int_equal(2, s.walks);
}

static void
an_answer_is_for_a_pid_and_its_user(void **state)
{
	const struct ucred root = { .pid = getppid(), .uid = 0, .gid = 0 };
	struct notify_speaker s = { .next = 0 };

	(void)state;
	assert_int_equal(NOTIFY_SPEAKER_STRANGER, judge(&s, getppid(), NOW));
	assert_int_equal(NOTIFY_SPEAKER_TRUSTED,
	                 notify_speaker_judge(&s, &root, getpid(), NOW));
	assert_int_equal(1, s.walks);
}

static void
whom_hale_trusts_anyway_costs_no_question(void **state)
{
	struct ucred self = by(getpid());
	struct notify_speaker s = { .next = 0 };

	(void)state;
	assert_int_equal(NOTIFY_SPEAKER_TRUSTED, judge(&s, getpid(), NOW));
	self.pid = getppid();
	self.uid = geteuid();
	assert_int_equal(NOTIFY_SPEAKER_TRUSTED,
	                 notify_speaker_judge(&s, &self, getpid(), NOW));
	assert_int_equal(0, s.walks);
}

/* --- what is said of it --- */

/* Does it, and returns what was logged. Only meanwhile stderr is ours. */
static const char *
said(struct notify_speaker *s, pid_t pid, enum notify_speaker_why why,
     bool ready, int64_t now_ms)
{
	static char text[SAID_MAX];
	const struct ucred from = by(pid);
	int log = memfd_create("log", MFD_CLOEXEC);
	int err = dup(STDERR_FILENO);
	ssize_t n;

	dup2(log, STDERR_FILENO);
	notify_speaker_refused(s, &from, why, ready, now_ms);
	dup2(err, STDERR_FILENO);
	close(err);
	n = pread(log, text, sizeof text - 1, 0);
	close(log);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
a_refusal_is_a_warning_once_a_start_and_the_first_ready_too(void **state)
{
	struct notify_speaker s = { .next = 0 };

	(void)state;
	for (int start = 0; start < 2; start++) {
		notify_speaker_start(&s);
		assert_string_equal(
			said(&s, 12, NOTIFY_SPEAKER_STRANGER, false, NOW),
			"hale: refused a notification of pid 12, user 4242: it "
			"does not descend from hale\n");
		assert_string_equal(
			said(&s, 13, NOTIFY_SPEAKER_ENDED, true, NOW),
			"hale: refused a notification of pid 13, user 4242 "
			"(READY=1): it has ended, or /proc does not show its "
			"parents\n");
		assert_string_equal(
			"", said(&s, 14, NOTIFY_SPEAKER_STRANGER, true, NOW));
		assert_string_equal(
			"", said(&s, 14, NOTIFY_SPEAKER_STRANGER, false, NOW));
	}
}

static void
one_ready_from_the_first_is_one_warning(void **state)
{
	struct notify_speaker s = { .next = 0 };

	(void)state;
	assert_string_not_equal(
		"", said(&s, 12, NOTIFY_SPEAKER_STRANGER, true, NOW));
	assert_string_equal("",
	                    said(&s, 12, NOTIFY_SPEAKER_STRANGER, true, NOW));
	assert_string_equal("",
	                    said(&s, 12, NOTIFY_SPEAKER_STRANGER, false, NOW));
}

static void
from_outside_or_for_nobody_it_is_no_warning_and_no_reason(void **state)
{
	struct notify_speaker s = { .next = 0 };
	struct buf b = guarded_buf(200);

	(void)state;
	assert_string_equal("", said(&s, 0, NOTIFY_SPEAKER_OUTSIDE, true, NOW));
	assert_string_equal("",
	                    said(&s, 5, NOTIFY_SPEAKER_NO_SERVICE, true, NOW));
	notify_speaker_write_unheard(&s, &b);
	assert_int_equal(0, b.len);
	assert_false(s.warned);
}

static void
lines_at_info_are_one_in_speaker_tell_ms(void **state)
{
	struct notify_speaker s = { .next = 0 };

	(void)state;
	log_level(LOG_INFO);
	assert_string_equal(said(&s, 0, NOTIFY_SPEAKER_OUTSIDE, false, NOW),
		"hale: refused a notification of pid 0, user 4242: it is "
		"outside this PID namespace\n");
	assert_string_equal("", said(&s, 0, NOTIFY_SPEAKER_OUTSIDE, false,
	                             NOW + NOTIFY_SPEAKER_LOG_MS - 1));
	assert_string_not_equal(
		"", said(&s, 7, NOTIFY_SPEAKER_NO_SERVICE, false,
		         NOW + NOTIFY_SPEAKER_LOG_MS));
	log_level(LOG_WARN);
}

static void
the_first_refused_ready_is_the_reason_until_the_next_start(void **state)
{
	struct notify_speaker s = { .next = 0 };
	struct buf b = guarded_buf(200);

	(void)state;
	said(&s, 11, NOTIFY_SPEAKER_STRANGER, true, NOW);
	said(&s, 12, NOTIFY_SPEAKER_STRANGER, true, NOW);
	said(&s, 13, NOTIFY_SPEAKER_STRANGER, false, NOW);
	said(&s, 0, NOTIFY_SPEAKER_OUTSIDE, true, NOW);
	notify_speaker_write_unheard(&s, &b);
	assert_span_equal("; a READY=1 of pid 11, user 4242 was refused: it "
		"does not descend from hale", ((struct span){ b.p, b.len }));
	notify_speaker_start(&s);
	b.len = 0;
	notify_speaker_write_unheard(&s, &b);
	assert_int_equal(0, b.len);
}

int
main(void)
{
	UNIT_TEST(a_descendant_of_another_user_may_speak_hales_parent_may_not);
	UNIT_TEST(the_walk_up_ends_after_proc_depth_max_generations);
	UNIT_TEST(a_dead_one_may_speak_until_it_is_reaped);
	UNIT_TEST(nobody_speaks_for_a_service_that_does_not_run);
	UNIT_TEST(a_flood_of_one_sender_is_one_question_in_speaker_fresh_ms);
	UNIT_TEST(an_answer_is_for_a_pid_and_its_user);
	UNIT_TEST(whom_hale_trusts_anyway_costs_no_question);
	UNIT_TEST(a_refusal_is_a_warning_once_a_start_and_the_first_ready_too);
	UNIT_TEST(one_ready_from_the_first_is_one_warning);
	UNIT_TEST(from_outside_or_for_nobody_it_is_no_warning_and_no_reason);
	UNIT_TEST(lines_at_info_are_one_in_speaker_tell_ms);
	UNIT_TEST(the_first_refused_ready_is_the_reason_until_the_next_start);
	return unit_run("sup/notify_speaker");
}
