/* SPDX-License-Identifier: MIT */
/* test_signal_reader.c - what is done with each signal that hale reads */
#include "unit.h"

#include "fake_kill.h"

#include "sup/signal_reader.h"

#include <signal.h>

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
	bool  has_terminal, resumed;
	pid_t to;	/* who gets it; 0: nobody */
} conts[] = {
	{ "without a terminal SIGCONT is for the service alone", false, false,
	  STRANGER },
	{ "fg's SIGCONT is for all that Ctrl-Z has stopped", true, false,
	  -STRANGER },
	{ "a SIGCONT that has gone on is not sent twice", true, true, 0 },
};

static void
continues(void **state)
{
	const struct cont *c = *state;
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	begin(STRANGER, false);
	if (c->has_terminal)
		k.with.terminal_fd = null_fd;
	jobs.resumed = c->resumed;
	read_one(SIGCONT, SI_USER, OTHER);
	assert_int_equal(fake_sent_to, c->to);
	assert_int_equal(fake_sent_sig, c->to != 0 ? SIGCONT : 0);
	assert_int_equal(room.forwarded, c->to != 0);
	assert_false(jobs.resumed);	/* it was for this one */
	close(null_fd);
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

int
main(void)
{
	UNIT_ROWS(continues, conts);
	UNIT_TEST(a_suspension_forgets_a_sigcont_that_does_not_come);
	UNIT_ROWS(stops_by_key, keys);
	UNIT_TEST(what_the_service_sends_to_its_own_group_stops_nobody);
	UNIT_TEST(a_signal_without_a_service_goes_nowhere);
	return unit_run("sup/signal_reader");
}
