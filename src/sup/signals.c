/* SPDX-License-Identifier: MIT */
/* sup/signals.c - which signals are forwarded, a stop, or ignored */
#include "sup/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

static void
set_mask(uint64_t mask, uint64_t *old)
{
	/* Cannot fail: the operation and both sizes are right. */
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old,
	              SIGNAME_SET_SIZE);
}

/* see sup/signals.h */
void
signals_block(struct signals_given *given)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL }, old;

	set_mask(UINT64_MAX, &given->mask);
	given->chld_ignored = sigaction(SIGCHLD, &dfl, &old) == 0
	                   && old.sa_handler == SIG_IGN;
}

/* see sup/signals.h */
void
signals_restore(const struct signals_given *given)
{
	struct sigaction ign = { .sa_handler = SIG_IGN };

	if (given->chld_ignored)
		(void)sigaction(SIGCHLD, &ign, NULL);
	set_mask(given->mask, NULL);
}

/* see sup/signals.h */
bool
signals_suspend(void)
{
	const uint64_t tstp = UINT64_C(1) << (SIGTSTP - 1);
	const uint64_t cont = UINT64_C(1) << (SIGCONT - 1);
	uint64_t pending = 0;

	/* We are in our own group: cannot fail. It discards any SIGCONT that
	 * is pending, so that one found afterwards has continued us; so does
	 * the next Ctrl-Z, which is then found in its place. */
	(void)kill(0, SIGTSTP);
	set_mask(UINT64_MAX & ~tstp, NULL);	/* stops here */
	set_mask(UINT64_MAX, NULL);
	(void)syscall(SYS_rt_sigpending, &pending, SIGNAME_SET_SIZE);
	return (pending & (cont | tstp)) != 0;
}

/* see sup/signals.h */
int
signals_open(void)
{
	sigset_t all;
	int fd;

	memset(&all, 0xff, sizeof all);	/* sigfillset() leaves some out */
	fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* see sup/signals.h */
int
signals_read_rewrite(signed char rewrite[SIGNAME_MAX + 1], struct span value)
{
	int from = signame_parse_span(span_cut(&value, ':'));
	int to = span_is(value, "0") ? SIGNALS_DROP : signame_parse_span(value);

	if (from < 0 || (to < 0 && to != SIGNALS_DROP))
		return ERR_PARSE;
	if (from == SIGKILL || from == SIGSTOP || from == SIGCHLD)
		return ERR_PARSE;
	rewrite[from] = (signed char)to;
	return 0;
}

static bool
is_fault(int sig)
{
	switch (sig) {
	case SIGSEGV:
	case SIGBUS:
	case SIGFPE:
	case SIGILL:
	case SIGTRAP:
	case SIGSYS:
	case SIGABRT:
		return true;
	}
	return false;
}

/* see sup/signals.h */
bool
signals_is_tty_stop(int sig)
{
	return sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/*
 * Did the terminal send it to the whole process group? A hang-up's SIGHUP and
 * SIGCONT go to the leader of the session alone (__tty_hangup()).
 */
static bool
is_from_terminal(const struct signals_rules *rules,
                 const struct signalfd_siginfo *info)
{
	if (info->ssi_code <= 0)
		return false;
	switch (info->ssi_signo) {
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGWINCH:
		return true;
	case SIGHUP:
	case SIGCONT:
		return !rules->leads_session;
	}
	return false;
}

/* What the service gets for sig, or SIGNALS_DROP. */
static int
rewritten(const struct signals_rules *rules, int sig)
{
	int to = rules->rewrite[sig];	/* below zero: drop. NOLINT */

	if (to != 0)
		return to;
	return rules->own_session && signals_is_tty_stop(sig) ? SIGSTOP : sig;
}

static bool
is_stop(const struct signals_rules *rules, int sig)
{
	return sig == SIGTERM || sig == SIGINT
	    || rules->stops & UINT64_C(1) << (sig - 1);
}

/* see sup/signals.h */
struct signals_route
signals_decide(const struct signals_rules *rules,
               const struct signalfd_siginfo *info)
{
	static const struct signals_route ignore = { SIGNALS_IGNORE, 0 };
	int sig = (int)info->ssi_signo, to;

	if (sig == SIGCHLD)
		return (struct signals_route){ SIGNALS_REAP, 0 };
	if (sig < 1 || sig > SIGNAME_MAX)
		return ignore;
	if (is_fault(sig) && info->ssi_code > 0)
		return ignore;
	if ((sig == SIGPIPE || sig == SIGXFSZ)
	 && info->ssi_pid == (uint32_t)rules->self)
		return ignore;
	if (rules->own_session && signals_is_tty_stop(sig)
	 && info->ssi_code > 0)
		return ignore;
	to = rewritten(rules, sig);
	if (to == SIGNALS_DROP)
		return ignore;
	if (rules->shares_group && is_from_terminal(rules, info))
		return is_stop(rules, sig)
		     ? (struct signals_route){ SIGNALS_STOP_SENT, sig }
		     : ignore;
	if (!is_stop(rules, sig) && !is_stop(rules, to))
		return (struct signals_route){ SIGNALS_FORWARD, to };
	if ((sig == SIGTERM || to == SIGTERM) && rules->stop_signal != 0)
		to = rules->stop_signal;
	return (struct signals_route){ SIGNALS_STOP, to };
}
