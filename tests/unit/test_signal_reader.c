/* SPDX-License-Identifier: MIT */
/* test_signal_reader.c - what is done with each signal that hale reads */
#include "unit.h"

#include "fake_kill.h"

#include "sup/signal_reader.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"

#define STRANGER 999999999	/* above all that the kernel gives */
#define OTHER    999999998

static struct keeper k;
static struct keeper_room room;
static struct keeper_plan plan;
static struct signals_rules rules;
static struct monitor monitor;
static struct job_control jobs;
static struct signal_reader reader;

/* A service that runs, as pid: ours is in our process group, of course. */
static void
begin(pid_t pid, bool shares_group)
{
	static char *argv[] = { "service", NULL };
	static struct signal_reader_room reader_room;
	const struct keeper_world world = {
		.monitor = &monitor, .rules = &rules, .terminal_fd = -1,
	};

	memset(&k, 0, sizeof k);
	memset(&room, 0, sizeof room);
	memset(&plan, 0, sizeof plan);
	memset(&rules, 0, sizeof rules);
	rules.self = getpid();
	plan.argv = argv;
	keeper_init(&k, &room, &plan, &world);
	k.pid = pid;
	lifecycle_started(&k.lifecycle, &plan.lifecycle, false, clock_ms());
	jobs = (struct job_control){ .keeper = &k };
	reader = (struct signal_reader){
		.rules = &rules, .keeper = &k, .jobs = &jobs,
		.room = &reader_room,
	};
	rules.shares_group = shares_group;	/* keeper_init() chooses it */
	fake_kill_reset();
}

/* One signal comes as from a signalfd. */
static void
read_one(int sig, int code, pid_t from)
{
	const struct signalfd_siginfo info = {
		.ssi_signo = (uint32_t)sig, .ssi_code = code,
		.ssi_pid = (uint32_t)from,
	};
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], &info, sizeof info), sizeof info);
	reader.source.fd = ends[0];
	signal_reader_ready(&reader.source, 0);
	close(ends[0]);
	close(ends[1]);
}

static const struct cont {
	const char *name;
	int   terminal_fd;
	bool  resumed;
	pid_t to;	/* who gets it; 0: nobody */
} conts[] = {
	{ "without a terminal SIGCONT is for the service alone", -1, false,
	  STRANGER },
	{ "fg's SIGCONT is for all that Ctrl-Z has stopped", STDIN_FILENO, false,
	  -STRANGER },
	{ "a SIGCONT that has gone on is not sent twice", STDIN_FILENO, true,
	  0 },
};

static void
continues(void **state)
{
	const struct cont *c = *state;

	begin(STRANGER, false);
	k.with.terminal_fd = c->terminal_fd;
	jobs.resumed = c->resumed;
	read_one(SIGCONT, SI_USER, OTHER);
	assert_int_equal(fake_sent_to, c->to);
	assert_int_equal(fake_sent_sig, c->to != 0 ? SIGCONT : 0);
	assert_int_equal(room.forwarded, c->to != 0);
	assert_int_equal(jobs.resumed, c->resumed && c->terminal_fd < 0);
}

/* The next Ctrl-Z has discarded the SIGCONT that had gone on. */
static void
a_suspension_forgets_a_sigcont_that_does_not_come(void **state)
{
	(void)state;
	begin(STRANGER, false);
	jobs.resumed = true;
	read_one(SIGTSTP, SI_USER, OTHER);
	assert_false(jobs.resumed);
	assert_int_equal(fake_sent_sig, SIGTSTP);
}

static const struct key {
	const char *name;
	bool in_group;	/* the service has not left ours */
	bool ignored;	/* SIGINT was given to us so */
	enum lifecycle_state state;
	int  sent;	/* to the service, or 0 */
} keys[] = {
	{ "Ctrl-C has reached the service, too", true, false, SVC_STOPPING,
	  0 },
	{ "Ctrl-C is not for a job that a script has begun with &", true, true,
	  SVC_RUNNING, 0 },
	{ "Ctrl-C has not reached one that has left the group", false, false,
	  SVC_STOPPING, SIGINT },
	{ "one that has left the group hears of it whatever we were given",
	  false, true, SVC_STOPPING, SIGINT },
};

static void
stops_by_key(void **state)
{
	const struct key *key = *state;

	begin(key->in_group ? getpid() : STRANGER, true);
	assert_true(signal(SIGINT, key->ignored ? SIG_IGN : SIG_DFL)
	            != SIG_ERR);
	read_one(SIGINT, SI_KERNEL, 0);
	(void)signal(SIGINT, SIG_DFL);
	assert_int_equal(k.lifecycle.state, key->state);
	assert_int_equal(k.stop_sent, key->state == SVC_STOPPING);
	assert_int_equal(fake_sent_sig, key->sent);
	assert_int_equal(room.forwarded, key->sent != 0);
}

/* `kill 0` in its script. */
static void
what_the_service_sends_to_its_own_group_stops_nobody(void **state)
{
	(void)state;
	begin(getpid(), true);
	read_one(SIGTERM, SI_USER, getpid());
	assert_int_equal(k.lifecycle.state, SVC_RUNNING);
	read_one(SIGWINCH, SI_QUEUE, getpid());
	assert_int_equal(room.forwarded, 0);
	assert_int_equal(fake_sent_sig, 0);
	read_one(SIGTERM, SI_USER, OTHER);
	assert_int_equal(k.lifecycle.state, SVC_STOPPING);
	assert_int_equal(fake_sent_sig, SIGTERM);
}

static void
a_signal_without_a_service_goes_nowhere(void **state)
{
	(void)state;
	begin(0, false);
	read_one(SIGHUP, SI_USER, OTHER);
	assert_int_equal(fake_sent_sig, 0);
	assert_int_equal(room.forwarded, 0);
}

/* Nobody has left our group then. */
static void
a_key_without_a_service_heeds_what_we_were_given(void **state)
{
	(void)state;
	begin(0, true);
	assert_true(signal(SIGINT, SIG_IGN) != SIG_ERR);
	read_one(SIGINT, SI_KERNEL, 0);
	(void)signal(SIGINT, SIG_DFL);
	assert_int_equal(k.lifecycle.state, SVC_RUNNING);
}

/* One that has a group of its own means hale. */
static void
what_a_service_elsewhere_sends_is_for_hale(void **state)
{
	siginfo_t end;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(setpgid(0, 0) == 0 ? 0 : 1);
	assert_int_equal(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
	begin(pid, true);
	read_one(SIGTERM, SI_USER, pid);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(end.si_status, 0);
	assert_int_equal(k.lifecycle.state, SVC_STOPPING);
}

static void
only_a_read_that_fails_is_paused(void **state)
{
	struct loop none = { .fd = -1 };
	int ends[2];

	(void)state;
	begin(STRANGER, false);
	reader.loop = &none;
	reader.source.deadline_ms = CLOCK_NEVER;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	reader.source.fd = ends[0];
	signal_reader_ready(&reader.source, 0);	/* EAGAIN */
	assert_true(reader.source.deadline_ms == CLOCK_NEVER);
	close(ends[0]);
	close(ends[1]);
	reader.source.fd = -1;
	signal_reader_ready(&reader.source, 0);	/* EBADF */
	assert_true(reader.source.deadline_ms <= clock_ms() + 1000);
}

/* It may have been merged with one that the kernel sends. */
static void
a_childs_signal_from_the_service_is_for_reaping(void **state)
{
	struct reaper reaper = { .keeper = &k, .jobs = &jobs };

	(void)state;
	begin(getpid(), true);
	reader.reaper = &reaper;
	k.lifecycle.state = SVC_LINGERING;	/* until we are alone */
	read_one(SIGCHLD, SI_USER, getpid());
	assert_true(k.is_over);
}

int
main(void)
{
	UNIT_ROWS(continues, conts);
	UNIT_TEST(a_suspension_forgets_a_sigcont_that_does_not_come);
	UNIT_ROWS(stops_by_key, keys);
	UNIT_TEST(what_the_service_sends_to_its_own_group_stops_nobody);
	UNIT_TEST(a_signal_without_a_service_goes_nowhere);
	UNIT_TEST(a_key_without_a_service_heeds_what_we_were_given);
	UNIT_TEST(what_a_service_elsewhere_sends_is_for_hale);
	UNIT_TEST(only_a_read_that_fails_is_paused);
	UNIT_TEST(a_childs_signal_from_the_service_is_for_reaping);
	return unit_run("sup/signal_reader");
}
