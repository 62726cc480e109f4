/* SPDX-License-Identifier: MIT */
/* test_monitor.c - checks that cannot be run, from the fork to the verdicts */
#include "unit.h"

#include "fake_clock.h"

#include "base/log.h"
#include "client/checkopt.h"
#include "net/addr.h"
#include "sup/monitor.h"
#include "sup/reason.h"
#include "sup/snapshot_take.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID_MAX 4096	/* bytes of log lines */

int64_t __real_clock_ms(void);
pid_t __real__Fork(void);
pid_t __wrap__Fork(void);

static bool refuses;	/* does the machine have no process left? */

pid_t
__wrap__Fork(void)
{
	if (!refuses)
		return __real__Fork();
	errno = EAGAIN;
	return -1;
}

static uint64_t oom_kills;	/* of the cgroup */

uint64_t __wrap_cgroup_oom_kills(void);

uint64_t
__wrap_cgroup_oom_kills(void)
{
	return oom_kills;
}

/* What the notify socket gives: fake_left datagrams, or the real ones where
 * there is no text. */
static const char *fake_text;
static struct ucred fake_from;
static bool fake_pids_differ;
static int fake_left, fake_reads;

ssize_t __real_notify_sock_read(int fd, char *into, size_t cap,
                                struct ucred *from);
ssize_t __wrap_notify_sock_read(int fd, char *into, size_t cap,
                                struct ucred *from);

ssize_t
__wrap_notify_sock_read(int fd, char *into, size_t cap, struct ucred *from)
{
	if (fake_text == NULL)
		return __real_notify_sock_read(fd, into, cap, from);
	if (fake_left == 0)
		return -EAGAIN;
	fake_left--;
	fake_reads++;
	*from = fake_from;
	fake_from.pid += fake_pids_differ;
	memcpy(into, fake_text, strlen(fake_text));
	return (ssize_t)strlen(fake_text);
}

static struct loop loop;
static struct monitor monitor;
static struct monitor_room kept;
static struct monitor_check *const checks = kept.checks;
static const struct signals_given given;
static int changes;	/* of liveness */
static int readies;	/* how often it became ready */
static bool reported_ready, reported_live;
static int log_fd = -1;	/* what was logged */

/* One turn, or the end of a checker where pid is not 0. Only meanwhile stderr
 * is ours: cmocka says there what has failed. */
static void
turn(pid_t pid, int status)
{
	int err = dup(STDERR_FILENO);

	dup2(log_fd, STDERR_FILENO);
	if (pid > 0)
		(void)monitor_reaped(&monitor, pid, status);
	else
		(void)loop_turn(&loop);
	dup2(err, STDERR_FILENO);
	close(err);
}

static void
was_changed(void *owner, bool is_live)
{
	(void)owner;
	assert_int_not_equal(is_live, reported_live);
	reported_live = is_live;
	changes++;
}

static int64_t wanted_until_ms;

static void
was_extended(void *owner, int64_t until_ms)
{
	(void)owner;
	wanted_until_ms = until_ms;
}

static int lives;	/* signs of life */

static void
seen_alive(void *owner)
{
	(void)owner;
	lives++;
}

static void
was_readied(void *owner, bool is_ready)
{
	(void)owner;
	assert_int_not_equal(is_ready, reported_ready);
	readies += is_ready;
	reported_ready = is_ready;
}

static pid_t main_pid;	/* what was named last */

static void
was_named(void *owner, pid_t pid)
{
	(void)owner;
	main_pid = pid;
}

static char check_memory[64];
static struct check_word a_check;	/* what the one check does */

static void
read_check(const char *word)
{
	struct buf memory = buf_over(check_memory, sizeof check_memory);
	const char *unused;

	assert_int_equal(0, check_word_read(&a_check, span_of("it"),
	                 span_of(word), &memory, NULL, &unused));
}

static struct monitor_plan
plan_of_one_check(void)
{
	read_check("exec:/bin/true");
	return (struct monitor_plan){
		.verdict = { .interval_ms = 10000, .timeout_ms = 5000,
		            .start_interval_ms = 5000, .retries = 1 },
		.n_checks = 1,
		.checks = { { .name = { "it", 2 },
		              .check = &a_check,
		              .counts_for = VERDICT_READY | VERDICT_LIVE } },
	};
}

/* It is not ready then, and live, and nobody says so. */
static void
start_service(void)
{
	reported_ready = false;
	reported_live = true;
	monitor_start(&monitor, getpid());
}

static void
start_by(struct monitor_plan of)
{
	static struct monitor_plan plan;
	const struct monitor_owner owner = {
		NULL, was_changed, was_readied, was_extended, seen_alive,
		was_named,
	};

	plan = of;
	memset(&monitor, 0, sizeof monitor);
	memset(&kept, 0, sizeof kept);
	changes = lives = readies = 0;
	main_pid = 0;
	wanted_until_ms = 0;
	/* A checker that really runs waits by the kernel's clock. */
	fake_now_ms = __real_clock_ms();
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(monitor_open(&monitor, &kept, &plan, &given, &loop,
	                              owner), 0);
	start_service();
}

static void
start(void)
{
	start_by(plan_of_one_check());
}

/* Moves on to the check that is due next, which ends as it does, or as if it
 * had ended with a status of the test's. */
static void
run_one_to(const int *end)
{
	pid_t pid;
	int status;

	fake_now_ms = monitor.timer.deadline_ms;
	turn(0, 0);
	pid = monitor.checks[0].checker.pid;
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	turn(pid, end != NULL ? *end : status);
}

static void
run_one(void)
{
	run_one_to(NULL);
}

/* Is that what every place says where a verdict is asked? */
static void
must_be(bool ready, bool live)
{
	static struct init in;
	static char *argv[2];
	static struct init_plan plan = { .service.argv = argv };
	static struct snapshot s;

	in.plan = &plan;
	in.keeper.plan = &plan.service;
	in.keeper.room = &in.keeper_room;
	in.keeper.pid = getpid();
	in.monitor = monitor;
	lifecycle_started(&in.keeper.lifecycle, &plan.service.lifecycle, false,
	                  fake_now_ms);
	snapshot_take(&s, &in, SNAPSHOT_DETAILS, fake_now_ms);
	assert_int_equal(ready, reported_ready);
	assert_int_equal(ready, snapshot_passes(&s, VERDICT_READY));
	assert_int_equal(live, reported_live);
	assert_int_equal(live, snapshot_passes(&s, VERDICT_LIVE));
}

/* How often the log so far has these words. */
static int
count_said(const char *words)
{
	char said[SAID_MAX];
	ssize_t n = pread(log_fd, said, sizeof said - 1, 0);
	int count = 0;

	assert_true(n >= 0);
	said[n] = '\0';
	for (const char *p = said; (p = strstr(p, words)) != NULL; p++)
		count++;
	return count;
}

static void
a_check_that_cannot_be_run_turns_readiness_off_late_only(
	void **state)
{
	char why[SNAPSHOT_WHY_MAX];
	struct buf b = buf_over(why, sizeof why);
	int64_t since_ms;

	(void)state;
	log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(log_fd >= 0);
	start();
	must_be(false, true);
	run_one();
	must_be(true, true);
	assert_int_equal(1, lives);
	refuses = true;
	since_ms = fake_now_ms = monitor.timer.deadline_ms;
	do {
		turn(0, 0);
		must_be(true, true);
		assert_true(monitor.timer.deadline_ms > fake_now_ms);
		fake_now_ms = monitor.timer.deadline_ms;
	} while (fake_now_ms < since_ms + VERDICT_BLIND_MS - 1);
	fake_now_ms = since_ms + VERDICT_BLIND_MS - 1;
	turn(0, 0);
	must_be(true, true);
	assert_int_equal(0, count_said("could not be run for 5m"));
	fake_now_ms++;
	turn(0, 0);
	must_be(false, true);
	reason_write_unready(&b, &monitor, REASON_LATEST, fake_now_ms);
	assert_string_equal(buf_text(&b), "check it: could not be run for 5m: "
	                    "cannot start a process: Resource temporarily "
	                    "unavailable; the last result: exit 0");
	refuses = false;
	run_one();
	must_be(true, true);
	assert_int_equal(1, count_said("it cannot be run: "));
	assert_int_equal(1, count_said("it could not be run for 5m: not "
	                                    "ready until it can"));
	assert_int_equal(1, count_said("it can be run again: exit 0"));
	assert_int_equal(0, changes);
	assert_int_equal(2, lives);
	assert_int_equal(checks[0].not_run, 1 + VERDICT_BLIND_MS / 10000);
	assert_int_equal(checks[0].failed, 0);
}

static const struct killed {
	const char *name;
	uint64_t    before, now;	/* the kernel's kills for memory */
	bool        counts;		/* is it a failure? */
} kills[] = {
	{ "a SIGKILL of anybody's is a failure", 3, 3, true },
	{ "a SIGKILL by the kernel for memory tells nothing", 3, 4, false },
	{ "a SIGKILL where no cgroup is shown is a failure", UINT64_MAX,
	  UINT64_MAX, true },
	{ "a SIGKILL where the cgroup is hidden by now is a failure", 3,
	  UINT64_MAX, true },
};

static void
of_a_checker(void **state)
{
	const struct killed *k = *state;
	const int killed = SIGKILL;

	log_fd = memfd_create("log", MFD_CLOEXEC);
	oom_kills = k->before;
	start();
	run_one();
	oom_kills = k->now;
	run_one_to(&killed);
	assert_int_equal(2, lives);	/* it passed, and was not the killed */
	assert_int_equal(checks[0].failed, k->counts);
	assert_int_equal(checks[0].not_run, !k->counts);
	must_be(!k->counts, !k->counts);
	run_one_to(&killed);	/* nobody was killed for memory meanwhile */
	assert_int_equal(checks[0].failed, 1 + k->counts);
	close(log_fd);
}

static void
begin_log(void)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(log_fd >= 0);
}

#define NO_PID (1 << 22)	/* more than the kernel gives (proc(5)) */

/* So that the loop sees something in the notify socket. */
static void
send_one(void)
{
	struct addr at;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_int_equal(0, addr_set_unix(&at, span_of(
		strchr(monitor.inbox.socket_var, '@'))));
	assert_int_equal(1, sendto(fd, "X", 1, 0, &at.any, at.len));
	close(fd);
}

/* By a message, before the timer could ring. */
static void
wake_by_message_of(pid_t pid, uid_t uid, const char *text)
{
	send_one();
	fake_text = text;
	fake_from = (struct ucred){ .pid = pid, .uid = uid };
	fake_left = 1;
	turn(0, 0);
	fake_text = NULL;
	turn(0, 0);	/* takes the real one */
}

static void
wake_by_message(const char *text)
{
	wake_by_message_of(getpid(), 0, text);
}

/* --- what is said of a change --- */

static void
each_change_of_a_check_has_its_line(void **state)
{
	const int fails = 1 << 8;

	(void)state;
	begin_log();
	log_level(LOG_INFO);
	start();
	assert_false(monitor_was_ready(&monitor));
	run_one();
	run_one();
	assert_int_equal(1, count_said("check it passes: exit 0\n"));
	assert_int_equal(1, count_said("check it: exit 0\n"));
	assert_int_equal(1, readies);
	assert_true(monitor_was_ready(&monitor));
	run_one_to(&fails);
	assert_int_equal(1, count_said("check it has failed: "));
	must_be(false, false);
	assert_true(monitor_was_ready(&monitor));
	run_one();
	assert_int_equal(1, count_said("check it passes again: exit 0\n"));
	assert_int_equal(2, readies);
	assert_int_equal(0, count_said("flapping"));
	assert_int_equal(2, changes);
	for (int i = 0; i < VERDICT_FLAPS_ON; i++)
		run_one_to(i % 2 == 0 ? &fails : NULL);
	assert_int_equal(1, count_said("check it is flapping: "));
	assert_int_equal(0, count_said("can be run again"));
	log_level(LOG_WARN);
	close(log_fd);
}

static void
must_say(enum reason_words words, const char *want)
{
	char why[SNAPSHOT_WHY_MAX];
	struct buf b = buf_over(why, sizeof why);

	reason_write_check(&b, &monitor, 0, words, fake_now_ms);
	(void)buf_text(&b);
	assert_memory_equal(want, why, strlen(want));
}

static void
run_program(const char *word)
{
	read_check(word);
	run_one();
}

static void
the_reason_is_the_first_bad_result_since_it_passed(void **state)
{
	static const char one[] = "exec:/bin/false",
	                  two[] = "exec:/bin/ls /nowhere";

	(void)state;
	begin_log();
	start();
	must_say(REASON_SAME, "no result yet");
	run_program(one);
	run_program(two);
	must_say(REASON_SAME, "exit 1");
	must_say(REASON_LATEST, "exit 2");
	run_program("exec:/bin/true");
	must_say(REASON_SAME, "exit 0");
	run_program(two);
	run_program(one);
	must_say(REASON_SAME, "exit 2");
	monitor_end(&monitor);
	start_service();
	run_program(one);
	must_say(REASON_SAME, "exit 1");	/* of this life */
	close(log_fd);
}

static void
after_the_end_it_is_not_ready_and_a_start_begins_anew(void **state)
{
	struct monitor_plan plan = plan_of_one_check();

	(void)state;
	begin_log();
	plan.watchdog_ms = 3600000;	/* so that it has a socket */
	start_by(plan);
	run_one();
	must_be(true, true);
	monitor_end(&monitor);
	assert_true(monitor.timer.deadline_ms == CLOCK_NEVER);
	wake_by_message("STATUS=x");
	assert_false(reported_ready);
	start_service();
	must_be(false, true);
	assert_false(monitor_was_ready(&monitor));
	assert_int_equal(fake_now_ms, monitor.timer.deadline_ms);
	close(log_fd);
}

static void
a_late_check_is_killed_and_its_end_says_nothing_more(void **state)
{
	struct monitor_plan plan = plan_of_one_check();
	pid_t pid;
	int status;

	(void)state;
	read_check("exec:/bin/sleep 1000");
	begin_log();
	start_by(plan);
	turn(0, 0);
	pid = monitor.checks[0].checker.pid;
	assert_true(pid > 0);
	fake_now_ms = monitor.timer.deadline_ms;
	turn(0, 0);
	assert_string_equal("not done within 5s", checks[0].why);
	assert_int_equal(1, checks[0].failed);
	assert_int_equal(fake_now_ms, checks[0].ended_ms);
	fake_now_ms = monitor.timer.deadline_ms;
	turn(0, 0);
	assert_string_equal("the kernel still holds the last, killed check",
	                    checks[0].why);
	assert_int_equal(2, checks[0].failed);
	/* By SIGKILL, or by itself: what it had started was killed first. */
	assert_int_equal(pid, waitpid(pid, &status, 0));
	turn(pid, status);
	assert_int_equal(2, checks[0].failed);
	assert_int_equal(0, checks[0].not_run);
	assert_int_equal(0, monitor.checks[0].checker.pid);
	close(log_fd);
}

static void
a_check_that_was_under_way_at_the_stop_says_nothing_more(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	begin_log();
	start();
	turn(0, 0);
	pid = monitor.checks[0].checker.pid;
	monitor_stop(&monitor);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	turn(pid, 0);
	assert_int_equal(0, checks[0].passed);
	assert_int_equal(-1, checks[0].took_ms);
	assert_int_equal(0, lives);
	close(log_fd);
}

static void
each_start_is_reported_ready_once(void **state)
{
	(void)state;
	begin_log();
	start_by((struct monitor_plan){ .watchdog_ms = 3600000 });
	for (int starts = 2; starts <= 4; starts++) {	/* that was one */
		int err = dup(STDERR_FILENO);

		dup2(log_fd, STDERR_FILENO);
		monitor_end(&monitor);
		start_service();
		dup2(err, STDERR_FILENO);
		close(err);
		wake_by_message("STATUS=x");
		assert_int_equal(starts, readies);
	}
	close(log_fd);
}

/* --- notifications --- */

#define FLOOD 100	/* datagrams; what a turn takes is far fewer */

static const struct flood {
	const char *name;
	bool is_stranger, pids_differ;
	int  a_turn;	/* datagrams that are read */
	int  walks;	/* of those, senders whose parents are looked up */
} floods[] = {
	{ "of the service", false, false, 16, 0 },
	{ "of one stranger", true, false, 16, 1 },
	{ "of many strangers", true, true, 2, 2 },
};

static void
a_flood_has_a_share_of_a_turn(void **state)
{
	const struct flood *r = *state;
	char why[SNAPSHOT_WHY_MAX];
	struct buf b = buf_over(why, sizeof why);

	begin_log();
	start_by((struct monitor_plan){ .notify = true });
	send_one();
	fake_text = "READY=1";
	fake_from = (struct ucred){ .pid = getpid(), .uid = 4242 };
	if (r->is_stranger)
		fake_from.pid = NO_PID;
	fake_pids_differ = r->pids_differ;
	fake_left = FLOOD;
	fake_reads = 0;
	for (int turns = 1; turns <= 3; turns++) {
		turn(0, 0);
		assert_int_equal(turns * r->a_turn, fake_reads);
		assert_int_equal(r->pids_differ ? turns * r->walks : r->walks,
		                 monitor.inbox.speaker->walks);
	}
	fake_text = NULL;
	assert_int_equal(!r->is_stranger, reported_ready);
	assert_int_equal(r->is_stranger ? 0 : 3 * r->a_turn, lives);
	assert_int_equal(r->is_stranger, count_said("refused"));
	reason_write_unready(&b, &monitor, REASON_LATEST, fake_now_ms);
	if (r->is_stranger)
		assert_non_null(strstr(buf_text(&b), "it has not said yet that "
			"it is ready; a READY=1 of pid "));
	close(log_fd);
}

/* A child of ours, which descends from the service so far. */
static pid_t
start_worker(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static const struct namer {
	const char *name, *text;
	bool        is_worker;	/* of a user who may not signal the service */
	pid_t       named;
} namers[] = {
	{ "the service names another process", "MAINPID=1", false, 1 },
	{ "a worker of another user may not", "MAINPID=1", true, 0 },
	{ "who names nobody is not heeded", "STATUS=x", false, 0 },
};

static void
the_main_pid_is_named_by_who_may_signal_it(void **state)
{
	const struct namer *r = *state;
	pid_t worker = start_worker();

	begin_log();
	start_by((struct monitor_plan){ .notify = true });
	for (int i = 1; i <= 2; i++) {
		wake_by_message_of(r->is_worker ? worker : getpid(), 4242,
		                   r->text);
		/* Heard all the same, and so was what woke us. */
		assert_int_equal(2 * i, lives);
	}
	assert_int_equal(r->named, main_pid);
	assert_int_equal(r->is_worker, count_said("MAINPID=1 of pid "));
	kill(worker, SIGKILL);
	assert_int_equal(worker, waitpid(worker, NULL, 0));
	close(log_fd);
}

static void
the_service_that_names_itself_is_not_reported(void **state)
{
	char text[32];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	begin_log();
	start_by((struct monitor_plan){ .notify = true });
	buf_fmt(&b, "MAINPID=%d", (int)getpid());
	wake_by_message(buf_text(&b));
	assert_int_equal(0, main_pid);
	close(log_fd);
}

static void
more_time_is_given_to_the_start_and_reported(void **state)
{
	(void)state;
	begin_log();
	start_by((struct monitor_plan){ .notify = true });
	wake_by_message("EXTEND_TIMEOUT_USEC=7000000");
	assert_int_equal(fake_now_ms + 7000, wanted_until_ms);
	assert_int_equal(fake_now_ms + 7000, monitor.verdict.lenient_ms);
	close(log_fd);
}

static void
a_newline_on_the_pipe_means_ready(void **state)
{
	(void)state;
	begin_log();
	start_by((struct monitor_plan){ .notify_fd = 9 });
	assert_false(reported_ready);
	assert_int_equal(2, write(monitor.inbox.pipe_fd, "no", 2));
	turn(0, 0);
	assert_false(reported_ready);
	assert_int_equal(4, write(monitor.inbox.pipe_fd, "yes\n", 4));
	turn(0, 0);
	assert_true(reported_ready);
	close(log_fd);
}

static const struct knower {
	const char *name;
	struct monitor_plan plan;
	bool        knows;
} knowers[] = {
	{ "nobody says when it is ready", { .notify = false }, false },
	{ "it says so by sd_notify", { .notify = true }, true },
	{ "it says so on the pipe", { .notify_fd = 9 }, true },
	{ "a live check does not say so",
	  { .n_checks = 1, .checks = { { .check = &a_check,
	    .counts_for = VERDICT_LIVE } } }, false },
	{ "a ready check does",
	  { .n_checks = 1, .checks = { { .check = &a_check,
	    .counts_for = VERDICT_READY } } }, true },
};

static void
the_start_period_ends_with_readiness_if_it_is_known(void **state)
{
	const struct knower *r = *state;
	struct monitor_plan plan = r->plan;

	plan.verdict = plan_of_one_check().verdict;
	begin_log();
	start_by(plan);
	assert_int_equal(r->knows, monitor.verdict.knows_ready);
	close(log_fd);
}

/* --- the environment --- */

static void
the_watchdogs_time_is_in_microseconds(void **state)
{
	char *env[] = { NULL, NULL, NULL, NULL };
	char **pid_slot;

	(void)state;
	begin_log();
	start_by((struct monitor_plan){ .watchdog_ms = 2500 });
	assert_true(notify_inbox_needs_env(&monitor.inbox));
	notify_inbox_set_env(&monitor.inbox, env, &pid_slot);
	assert_string_equal(monitor.inbox.socket_var, env[0]);
	assert_string_equal("WATCHDOG_USEC=2500000", env[1]);
	assert_true(pid_slot == &env[2]);
	assert_string_equal("WATCHDOG_PID=", env[2]);
	close(log_fd);
}

static void
an_outer_watchdog_is_no_business_of_the_services(void **state)
{
	static char outer[][24] = {
		"NOTIFY_SOCKET=/x", "WATCHDOG_USEC=1", "WATCHDOG_PID=1", "A=B",
	};
	char *env[] = { outer[0], outer[1], outer[2], outer[3], NULL, NULL };
	char **pid_slot;

	(void)state;
	begin_log();
	start_by((struct monitor_plan){ .notify = true });
	notify_inbox_set_env(&monitor.inbox, env, &pid_slot);
	assert_true(pid_slot == NULL);
	for (char **e = env; *e != NULL; e++)
		assert_true(strncmp(*e, "WATCHDOG_", 9) != 0
		         && strcmp(*e, outer[0]) != 0);
	close(log_fd);
}

/* --- what a freeze changes --- */

/* By a line on the readiness pipe, before the timer could ring. */
static void
wake_by_pipe(void)
{
	assert_int_equal(2, write(monitor.inbox.pipe_fd, "no", 2));
	turn(0, 0);
}

static void
wake_by_status(void)
{
	wake_by_message("STATUS=x");
}

static void
wake_by_checker(void)
{
	int status;

	assert_int_equal(monitor.checks[0].checker.pid,
	                 waitpid(monitor.checks[0].checker.pid, &status, 0));
	turn(monitor.checks[0].checker.pid, status);
}

static void
wake_by_timer(void)
{
	turn(0, 0);
}

static const struct waker {
	const char *name;
	void      (*wake)(void);
	int64_t     late_ms;
	bool        is_freeze;
} wakers[] = {
	{ "seen by the timer", wake_by_timer, 60000, true },
	{ "seen by the readiness pipe", wake_by_pipe, 60000, true },
	{ "seen by a notification", wake_by_status, 60000, true },
	{ "seen by the end of a checker", wake_by_checker, 60000, true },
	{ "the shortest", wake_by_timer, MONITOR_FROZEN_MS + 1, true },
	{ "a late turn is none", wake_by_timer, MONITOR_FROZEN_MS, false },
};

static void
a_freeze_moves_the_period_once_and_starts_the_watchdog_anew(void **state)
{
	const struct waker *r = *state;
	struct monitor_plan plan = plan_of_one_check();
	int64_t lenient_ms, since_ms;

	begin_log();
	plan.verdict.start_period_ms = 30000;
	plan.notify_fd = 9;
	plan.watchdog_ms = 20000;
	start_by(plan);
	monitor.inbox.notify.ready = true;	/* so that the watchdog runs */
	monitor.inbox.notify.fed_by_ms = fake_now_ms + 20000;
	turn(0, 0);			/* a check is under way */
	lenient_ms = monitor.verdict.lenient_ms;
	since_ms = monitor.timer.deadline_ms;
	fake_now_ms = since_ms + r->late_ms;
	r->wake();
	turn(0, 0);
	assert_int_equal(monitor.verdict.lenient_ms - lenient_ms,
	                 r->is_freeze ? r->late_ms : 0);
	if (r->is_freeze)
		assert_int_equal(monitor.inbox.notify.fed_by_ms,
		                 fake_now_ms + 20000);
	assert_false(monitor.inbox.notify.starved);
	close(log_fd);
}

static const struct unfed {
	const char *name, *said, *why;
} unfed[] = {
	{ "never", "READY=1", "watchdog: never fed in 2s" },
	{ "once", "WATCHDOG=1", "watchdog: not fed for 2s" },
	{ "a trigger", "WATCHDOG=trigger",
	  "watchdog: triggered by the service itself" },
};

static void
a_watchdog_that_starves_says_whether_it_was_fed(void **state)
{
	const struct unfed *r = *state;
	struct notify_msg msg;
	char why[SNAPSHOT_WHY_MAX];
	struct buf b = buf_over(why, sizeof why);

	begin_log();
	start_by((struct monitor_plan){ .watchdog_ms = 2000 });
	assert_int_equal(0, notify_read(&msg, span_of("WATCHDOG=1")));
	notify_apply(&monitor.inbox.notify, &msg, fake_now_ms);
	start_service();	/* forgets what was before */
	assert_int_equal(0, notify_read(&msg, span_of(r->said)));
	notify_apply(&monitor.inbox.notify, &msg, fake_now_ms);
	fake_now_ms += 2000;
	turn(0, 0);
	assert_int_equal(1, changes);
	reason_write_unlive(&b, &monitor);
	assert_string_equal(buf_text(&b), r->why);
	close(log_fd);
}

int
main(void)
{
	UNIT_TEST(each_change_of_a_check_has_its_line);
	UNIT_TEST(the_reason_is_the_first_bad_result_since_it_passed);
	UNIT_TEST(after_the_end_it_is_not_ready_and_a_start_begins_anew);
	UNIT_TEST(a_late_check_is_killed_and_its_end_says_nothing_more);
	UNIT_TEST(a_check_that_was_under_way_at_the_stop_says_nothing_more);
	UNIT_TEST(each_start_is_reported_ready_once);
	UNIT_ROWS(a_flood_has_a_share_of_a_turn, floods);
	UNIT_ROWS(the_main_pid_is_named_by_who_may_signal_it, namers);
	UNIT_TEST(the_service_that_names_itself_is_not_reported);
	UNIT_TEST(more_time_is_given_to_the_start_and_reported);
	UNIT_TEST(a_newline_on_the_pipe_means_ready);
	UNIT_ROWS(the_start_period_ends_with_readiness_if_it_is_known,
	          knowers);
	UNIT_TEST(the_watchdogs_time_is_in_microseconds);
	UNIT_TEST(an_outer_watchdog_is_no_business_of_the_services);
	UNIT_ROWS(of_a_checker, kills);
	UNIT_TEST(a_check_that_cannot_be_run_turns_readiness_off_late_only);
	UNIT_ROWS(a_freeze_moves_the_period_once_and_starts_the_watchdog_anew,
	          wakers);
	UNIT_ROWS(a_watchdog_that_starves_says_whether_it_was_fed, unfed);
	return unit_run("sup/monitor");
}
