/* SPDX-License-Identifier: MIT */
/* test_signals.c - what PID 1 does with each signal */
#include "unit.h"

#include "sup/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF  1
#define OTHER 77

enum given {
	PLAIN, OWN_SESSION,
	NAMED,	/* WINCH and 64 are stops */
	SHARED, SHARED_LEADER,
};

static const struct row {
	const char *name;
	int         sig, code, from_pid;	/* as signalfd tells them */
	int         rewrite_from, rewrite_to, stop_signal;
	enum given  given;
	enum signals_kind kind;
	int         to;
} rows[] = {
	{ "a child's signal is for reaping", SIGCHLD, CLD_EXITED, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_REAP, 0 },
	{ "a child's signal that somebody sent is not forwarded", SIGCHLD,
	  SI_USER, OTHER, 0, 0, 0, PLAIN, SIGNALS_REAP, 0 },
	{ "a child's signal is not rewritten", SIGCHLD, SI_USER, OTHER,
	  SIGCHLD, SIGUSR1, 0, PLAIN, SIGNALS_REAP, 0 },
	{ "SIGHUP goes to the service", SIGHUP, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_FORWARD, SIGHUP },
	{ "the first signal libc keeps goes to the service", 32, SI_USER,
	  OTHER, 0, 0, 0, PLAIN, SIGNALS_FORWARD, 32 },
	{ "the last real-time signal goes to the service", 64, SI_QUEUE,
	  OTHER, 0, 0, 0, PLAIN, SIGNALS_FORWARD, 64 },
	{ "SIGCONT goes to the service", SIGCONT, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_FORWARD, SIGCONT },
	{ "a number past the last signal is ignored", 65, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "number zero is ignored", 0, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "a negative number is ignored", -1, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "hale's own fault is not the service's", SIGSEGV, SEGV_MAPERR, 0,
	  0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "a fault signal that the kernel sends is hale's own", SIGBUS,
	  SI_KERNEL, 0, 0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "an illegal instruction of hale's own", SIGILL, ILL_ILLOPC, 0,
	  0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "a breakpoint of hale's own", SIGTRAP, TRAP_BRKPT, 0,
	  0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "a system call of hale's own that is denied", SIGSYS, 1, 0,
	  0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "a division by zero of hale's own", SIGFPE, FPE_INTDIV, 0,
	  0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "an abort of hale's own", SIGABRT, SI_KERNEL, 0,
	  0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "a fault signal that somebody sent goes on", SIGSEGV, SI_USER,
	  OTHER, 0, 0, 0, PLAIN, SIGNALS_FORWARD, SIGSEGV },
	{ "a fault signal that somebody queued goes on", SIGABRT, SI_QUEUE,
	  OTHER, 0, 0, 0, PLAIN, SIGNALS_FORWARD, SIGABRT },
	{ "SIGINT is a stop, too", SIGINT, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_STOP, SIGINT },
	{ "a terminal's own SIGINT is a stop", SIGINT, SI_KERNEL, 0,
	  0, 0, 0, PLAIN, SIGNALS_STOP, SIGINT },
	{ "SIGINT stays what it is beside a stop signal", SIGINT, SI_USER,
	  OTHER, 0, 0, SIGQUIT, PLAIN, SIGNALS_STOP, SIGINT },
	{ "a rewritten SIGINT is still a stop", SIGINT, SI_USER, OTHER,
	  SIGINT, SIGHUP, 0, PLAIN, SIGNALS_STOP, SIGHUP },
	{ "what is rewritten to SIGINT is a stop", SIGHUP, SI_USER, OTHER,
	  SIGHUP, SIGINT, SIGQUIT, PLAIN, SIGNALS_STOP, SIGINT },
	{ "SIGQUIT is no stop: Java dumps its threads", SIGQUIT, SI_USER,
	  OTHER, 0, 0, 0, PLAIN, SIGNALS_FORWARD, SIGQUIT },
	{ "a signal that is named is a stop", SIGWINCH, SI_USER, OTHER,
	  0, 0, SIGQUIT, NAMED, SIGNALS_STOP, SIGWINCH },
	{ "the last signal can be named", 64, SI_USER, OTHER,
	  0, 0, 0, NAMED, SIGNALS_STOP, 64 },
	{ "a named signal beside the others", SIGHUP, SI_USER, OTHER,
	  0, 0, 0, NAMED, SIGNALS_FORWARD, SIGHUP },
	{ "a named signal that is dropped stops nothing", SIGWINCH, SI_USER,
	  OTHER, SIGWINCH, SIGNALS_DROP, 0, NAMED, SIGNALS_IGNORE, 0 },
	{ "SIGPIPE of hale's own log line is nobody's", SIGPIPE, SI_USER,
	  SELF, 0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "SIGXFSZ of hale's own log line is nobody's", SIGXFSZ, SI_USER,
	  SELF, 0, 0, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "SIGXFSZ that somebody sent goes on", SIGXFSZ, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_FORWARD, SIGXFSZ },
	{ "SIGPIPE that somebody sent goes on", SIGPIPE, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_FORWARD, SIGPIPE },
	{ "SIGTERM is the stop", SIGTERM, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_STOP, SIGTERM },
	{ "SIGTERM becomes the stop signal", SIGTERM, SI_USER, OTHER,
	  0, 0, SIGQUIT, PLAIN, SIGNALS_STOP, SIGQUIT },
	{ "a rewritten SIGTERM is still the stop", SIGTERM, SI_USER, OTHER,
	  SIGTERM, SIGINT, 0, PLAIN, SIGNALS_STOP, SIGINT },
	{ "the stop signal wins over a rewritten SIGTERM", SIGTERM, SI_USER,
	  OTHER, SIGTERM, SIGINT, SIGQUIT, PLAIN, SIGNALS_STOP, SIGQUIT },
	{ "what is rewritten to SIGTERM is a stop", SIGINT, SI_USER, OTHER,
	  SIGINT, SIGTERM, 0, PLAIN, SIGNALS_STOP, SIGTERM },
	{ "what is rewritten to SIGTERM becomes the stop signal", SIGINT,
	  SI_USER, OTHER, SIGINT, SIGTERM, SIGQUIT, PLAIN, SIGNALS_STOP,
	  SIGQUIT },
	{ "the stop signal itself is no stop", SIGQUIT, SI_USER, OTHER,
	  0, 0, SIGQUIT, PLAIN, SIGNALS_FORWARD, SIGQUIT },
	{ "a dropped SIGTERM stops nothing", SIGTERM, SI_USER, OTHER,
	  SIGTERM, SIGNALS_DROP, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "a dropped signal goes nowhere", SIGHUP, SI_USER, OTHER,
	  SIGHUP, SIGNALS_DROP, 0, PLAIN, SIGNALS_IGNORE, 0 },
	{ "a rewritten signal goes as another", SIGHUP, SI_USER, OTHER,
	  SIGHUP, 64, 0, PLAIN, SIGNALS_FORWARD, 64 },
	{ "a signal rewritten to itself", SIGHUP, SI_USER, OTHER,
	  SIGHUP, SIGHUP, 0, PLAIN, SIGNALS_FORWARD, SIGHUP },
	{ "with a terminal SIGTSTP stays", SIGTSTP, SI_USER, OTHER,
	  0, 0, 0, PLAIN, SIGNALS_FORWARD, SIGTSTP },
	{ "without a terminal SIGTSTP becomes SIGSTOP", SIGTSTP, SI_USER,
	  OTHER, 0, 0, 0, OWN_SESSION, SIGNALS_FORWARD, SIGSTOP },
	{ "without a terminal SIGTTIN becomes SIGSTOP", SIGTTIN, SI_USER,
	  OTHER, 0, 0, 0, OWN_SESSION, SIGNALS_FORWARD, SIGSTOP },
	{ "without a terminal SIGTTOU becomes SIGSTOP", SIGTTOU, SI_USER,
	  OTHER, 0, 0, 0, OWN_SESSION, SIGNALS_FORWARD, SIGSTOP },
	{ "without a terminal SIGHUP stays", SIGHUP, SI_USER, OTHER,
	  0, 0, 0, OWN_SESSION, SIGNALS_FORWARD, SIGHUP },
	{ "the table wins over becoming SIGSTOP", SIGTSTP, SI_USER, OTHER,
	  SIGTSTP, SIGTSTP, 0, OWN_SESSION, SIGNALS_FORWARD, SIGTSTP },
	{ "without a terminal for the service Ctrl-Z does nothing", SIGTSTP,
	  SI_KERNEL, 0, 0, 0, 0, OWN_SESSION, SIGNALS_IGNORE, 0 },
	{ "without a terminal for the service Ctrl-C is a stop", SIGINT,
	  SI_KERNEL, 0, 0, 0, 0, OWN_SESSION, SIGNALS_STOP, SIGINT },
	{ "Ctrl-C in our group is a stop that was sent", SIGINT, SI_KERNEL, 0,
	  0, 0, 0, SHARED, SIGNALS_STOP_SENT, SIGINT },
	{ "Ctrl-C in our group was sent as what it is", SIGINT, SI_KERNEL, 0,
	  SIGINT, SIGTERM, SIGQUIT, SHARED, SIGNALS_STOP_SENT, SIGINT },
	{ "a dropped Ctrl-C in our group is no stop", SIGINT, SI_KERNEL, 0,
	  SIGINT, SIGNALS_DROP, 0, SHARED, SIGNALS_IGNORE, 0 },
	{ "Ctrl-\\ in our group is not sent again", SIGQUIT, SI_KERNEL, 0,
	  0, 0, 0, SHARED, SIGNALS_IGNORE, 0 },
	{ "Ctrl-Z in our group is not sent again", SIGTSTP, SI_KERNEL, 0,
	  0, 0, 0, SHARED, SIGNALS_IGNORE, 0 },
	{ "a read in the background in our group is not sent again", SIGTTIN,
	  SI_KERNEL, 0, 0, 0, 0, SHARED, SIGNALS_IGNORE, 0 },
	{ "a write in the background in our group is not sent again", SIGTTOU,
	  SI_KERNEL, 0, 0, 0, 0, SHARED, SIGNALS_IGNORE, 0 },
	{ "a hang-up's SIGCONT to our group is not sent again", SIGCONT,
	  SI_KERNEL, 0, 0, 0, 0, SHARED, SIGNALS_IGNORE, 0 },
	{ "a hang-up's SIGCONT to the session's leader goes on", SIGCONT,
	  SI_KERNEL, 0, 0, 0, 0, SHARED_LEADER, SIGNALS_FORWARD, SIGCONT },
	{ "a window's change in our group is not sent again", SIGWINCH,
	  SI_KERNEL, 0, 0, 0, 0, SHARED, SIGNALS_IGNORE, 0 },
	{ "a hang-up of our group is not sent again", SIGHUP, SI_KERNEL, 0,
	  0, 0, 0, SHARED, SIGNALS_IGNORE, 0 },
	{ "a hang-up reaches the session's leader alone", SIGHUP, SI_KERNEL,
	  0, 0, 0, 0, SHARED_LEADER, SIGNALS_FORWARD, SIGHUP },
	{ "a sent SIGQUIT in our group goes on", SIGQUIT, SI_USER, OTHER,
	  0, 0, 0, SHARED, SIGNALS_FORWARD, SIGQUIT },
	{ "SIGTERM in our group is the stop", SIGTERM, SI_USER, OTHER,
	  0, 0, 0, SHARED, SIGNALS_STOP, SIGTERM },
	{ "a timer's signal in our group goes on", SIGALRM, SI_KERNEL, 0,
	  0, 0, 0, SHARED, SIGNALS_FORWARD, SIGALRM },
};

static void
routes(void **state)
{
	const struct row *r = *state;
	struct signals_rules rules = {
		.stop_signal = r->stop_signal,
		.own_session = r->given == OWN_SESSION,
		.stops = r->given != NAMED ? 0
		       : UINT64_C(1) << (SIGWINCH - 1) | UINT64_C(1) << 63,
		.shares_group = r->given >= SHARED,
		.leads_session = r->given == SHARED_LEADER,
		.self = SELF,
	};
	struct signalfd_siginfo info = {
		.ssi_signo = (uint32_t)r->sig,
		.ssi_code = r->code,
		.ssi_pid = (uint32_t)r->from_pid,
	};
	struct signals_route to;

	if (r->rewrite_from != 0)
		rules.rewrite[r->rewrite_from] = (signed char)r->rewrite_to;
	to = signals_decide(&rules, &info);
	assert_int_equal(to.kind, r->kind);
	assert_int_equal(to.sig, r->to);
}

static void
every_signal_but_three_is_forwarded_as_it_is(void **state)
{
	const struct signals_rules rules = { .self = SELF };

	(void)state;
	for (int sig = 1; sig <= SIGNAME_MAX; sig++) {
		struct signalfd_siginfo info = {
			.ssi_signo = (uint32_t)sig, .ssi_code = SI_USER,
			.ssi_pid = OTHER,
		};
		struct signals_route to = signals_decide(&rules, &info);

		if (sig == SIGCHLD || sig == SIGTERM || sig == SIGINT)
			continue;
		assert_int_equal(to.kind, SIGNALS_FORWARD);
		assert_int_equal(to.sig, sig);
	}
}

/* --- with the kernel, in a child whose mask and dispositions do not matter */

static int
code_of_child(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static uint64_t
mask_now(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
	return mask;
}

static int
block_and_restore(void)
{
	uint64_t before, blocked;
	struct signals_given given;
	struct sigaction now;
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_SETMASK, &usr1, NULL);
	signal(SIGCHLD, SIG_IGN);
	before = mask_now();
	signals_block(&given);
	blocked = mask_now();
	sigaction(SIGCHLD, NULL, &now);
	/* The kernel never blocks KILL and STOP; 32 and 33 it does. */
	if (blocked != ~(UINT64_C(1) << (SIGKILL - 1)
	              | UINT64_C(1) << (SIGSTOP - 1)))
		return 1;
	if (now.sa_handler != SIG_DFL || !given.chld_ignored)
		return 2;
	signals_restore(&given);
	sigaction(SIGCHLD, NULL, &now);
	if (mask_now() != before)
		return 3;
	return now.sa_handler == SIG_IGN ? 0 : 4;
}

static void
what_is_blocked_is_restored_for_the_service(void **state)
{
	(void)state;
	assert_int_equal(code_of_child(block_and_restore), 0);
}

static int
block_and_restore_the_default(void)
{
	struct signals_given given;
	struct sigaction now;

	signal(SIGCHLD, SIG_DFL);
	signals_block(&given);
	signals_restore(&given);
	sigaction(SIGCHLD, NULL, &now);
	return !given.chld_ignored && now.sa_handler == SIG_DFL ? 0 : 1;
}

static void
what_was_not_ignored_is_not_ignored_by_the_service(void **state)
{
	(void)state;
	assert_int_equal(code_of_child(block_and_restore_the_default), 0);
}

static int
receive_every_signal(void)
{
	struct signals_given given;
	struct signalfd_siginfo info;
	int fd;

	signals_block(&given);
	fd = signals_open();
	for (int sig = 1; sig <= SIGNAME_MAX; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP)
			continue;
		if (syscall(SYS_kill, getpid(), sig) < 0)
			return 1;
		if (read(fd, &info, sizeof info) != (ssize_t)sizeof info
		 || info.ssi_signo != (uint32_t)sig)
			return 2;
	}
	/* Non-blocking: with none left it does not wait. */
	return read(fd, &info, sizeof info) < 0 && errno == EAGAIN ? 0 : 3;
}

static void
every_signal_is_read_from_the_descriptor(void **state)
{
	(void)state;
	assert_int_equal(code_of_child(receive_every_signal), 0);
}

static const struct suspended {
	const char *name;
	bool is_orphaned;	/* nobody in our session is to continue us */
	bool ctrl_z_again;	/* before it is looked why we go on */
	int  goes_on;
} suspensions[] = {
	{ "who was stopped goes on", false, false, 1 },
	{ "the next Ctrl-Z comes in the place of the SIGCONT", false, true, 1 },
	{ "nobody stops whom nobody can continue", true, false, 0 },
};

static const struct suspended *suspended;

/* Four are as many as any call here has. One with "..." stores its arguments
 * where on POWER only a caller that knows of that has made room. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d);

long
__wrap_syscall(long number, long a, long b, long c, long d)
{
	if (number == SYS_rt_sigpending && suspended->ctrl_z_again)
		(void)raise(SIGTSTP);	/* which discards the SIGCONT */
	return __real_syscall(number, a, b, c, d);
}

static int
suspend(void)
{
	struct signals_given given;

	if (suspended->is_orphaned ? setsid() < 0 : setpgid(0, 0) < 0)
		return 2;
	(void)signal(SIGTSTP, SIG_DFL);
	signals_block(&given);
	return signals_suspend();
}

static void
suspends(void **state)
{
	int status;
	pid_t pid;

	suspended = *state;
	pid = fork();
	if (pid == 0)
		_exit(suspend());
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	if (!suspended->is_orphaned) {
		assert_true(WIFSTOPPED(status));
		assert_int_equal(WSTOPSIG(status), SIGTSTP);
		assert_int_equal(kill(pid, SIGCONT), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), suspended->goes_on);
}

static void
a_rewrite_is_read_into_the_table(void **state)
{
	static const char *const wrong[] = {
		"", ":", "15", "15:", ":15", "15:65", "9:15", "19:15", "17:15",
		"15:3:3", "15:-1", "0:15", "x:15",
	};
	signed char rewrite[SIGNAME_MAX + 1] = { 0 };

	(void)state;
	assert_int_equal(0, signals_read_rewrite(rewrite, span_of("15:3")));
	assert_int_equal(0, signals_read_rewrite(rewrite, span_of("HUP:0")));
	assert_int_equal(0, signals_read_rewrite(rewrite, span_of("64:64")));
	assert_int_equal(3, rewrite[15]);
	assert_int_equal(SIGNALS_DROP, rewrite[1]);
	assert_int_equal(64, rewrite[64]);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_true(signals_read_rewrite(rewrite, span_of(wrong[i]))
		            < 0);
}

int
main(void)
{
	UNIT_ROWS(routes, rows);
	UNIT_TEST(every_signal_but_three_is_forwarded_as_it_is);
	UNIT_TEST(what_is_blocked_is_restored_for_the_service);
	UNIT_TEST(what_was_not_ignored_is_not_ignored_by_the_service);
	UNIT_TEST(every_signal_is_read_from_the_descriptor);
	UNIT_ROWS(suspends, suspensions);
	UNIT_TEST(a_rewrite_is_read_into_the_table);
	return unit_run("sup/signals");
}
