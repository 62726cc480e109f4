/* SPDX-License-Identifier: MIT */
/*
 * sup/signals.h - decides what becomes of a signal that hale gets
 *
 * It is forwarded to the service, perhaps as another one, or is a stop, or
 * means that children are to be reaped, or is ignored. The rules keep what the
 * kernel would have done if the service had got it itself. Also blocks all
 * signals and opens the descriptor that they are read from; sup/signal_reader.h
 * reads it and acts.
 *
 * Masks are the kernel's own 64 bits: libc's hide the real-time signals that
 * it keeps for itself, and an init would lose them (INIT: 32 to 34).
 */
#ifndef HALE_SUP_SIGNALS_H
#define HALE_SUP_SIGNALS_H

#include "base/signame.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#define SIGNALS_DROP (-1)	/* in a rewrite table: forward nothing */

/* What hale was started with, for the service to get back. */
struct signals_given {
	uint64_t mask;		/* bit n - 1: signal n was blocked */
	bool     chld_ignored;	/* SIGCHLD was SIG_IGN */
};

/* Blocks every signal and sets SIGCHLD to its default, so that from now on
 * nothing is lost before signals_open()'s descriptor is read. */
void signals_block(struct signals_given *given);

/* In the child, right before exec: undoes signals_block(). */
void signals_restore(const struct signals_given *given);

/*
 * Stops our own process group as Ctrl-Z does, by SIGTSTP, and returns true when
 * it goes on. The kernel stops nobody where nobody could continue us, and this
 * returns false: the group is orphaned (POSIX, 2.4.3), or SIGTSTP was given as
 * ignored.
 */
bool signals_suspend(void);

/* A non-blocking, close-on-exec signalfd for every signal, or -errno. */
int signals_open(void);

struct signals_rules {
	/* [n]: what signal n becomes; 0: itself, SIGNALS_DROP: nothing */
	signed char rewrite[SIGNAME_MAX + 1];
	int         stop_signal;	/* what SIGTERM becomes, or 0 */
	uint64_t    stops;	/* bit n - 1: signal n is a stop, as TERM is */
	bool        own_session;	/* the service has no terminal */
	bool        suspends;	/* hale stops, too, when it has passed TSTP,
				 * TTIN or TTOU on */
	bool        shares_group;	/* it is in hale's process group */
	bool        leads_session;	/* hale leads the terminal's session */
	pid_t       self;		/* hale's own pid */
};

enum signals_kind {
	SIGNALS_IGNORE,
	SIGNALS_REAP,		/* children changed */
	SIGNALS_FORWARD,	/* send `sig` to the service */
	SIGNALS_STOP,		/* a stop came: begin to stop with `sig` */
	SIGNALS_STOP_SENT,	/* the same, and the service has got `sig` */
};

struct signals_route {
	enum signals_kind kind;
	int               sig;
};

/* Reads "FROM:TO", two signals, or 0 as TO, into a rewrite table. Returns 0 or
 * ERR_PARSE, also for KILL, STOP and CHLD as FROM. (pure) */
int signals_read_rewrite(signed char rewrite[SIGNAME_MAX + 1],
                         struct span value);

/* Is it one that stops a job of a terminal: TSTP, TTIN or TTOU? (pure) */
bool signals_is_tty_stop(int sig);

/*
 * Where one signal goes (pure):
 * - SIGCHLD is hale's own and never forwarded;
 * - a fault signal that the kernel raised is hale's own, one that somebody
 *   sent (si_code <= 0, sigaction(2)) is forwarded;
 * - SIGPIPE and SIGXFSZ from hale's own log line are nobody's business;
 * - without a terminal the service's group is orphaned, and the kernel drops
 *   the default action of TSTP, TTIN and TTOU there (POSIX, 2.4.3): they
 *   become STOP unless the table says otherwise, or a key did it: then
 *   nobody could continue it;
 * - what a terminal sends (si_code > 0) goes to a whole process group: the
 *   service has got it where that is hale's. what is a stop is one there, too;
 * - SIGTERM, SIGINT and those of `stops` are a stop, and so is what is
 *   rewritten to one; each is sent on as what it is, but for SIGTERM's
 *   stop_signal.
 */
struct signals_route signals_decide(const struct signals_rules *rules,
                                    const struct signalfd_siginfo *info);

#endif
