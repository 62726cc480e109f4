/* SPDX-License-Identifier: MIT */
/*
 * sup/answer.h - what the supervisor knows, as an answer to a probe (pure)
 *
 * The text form of the verdicts is that of the Kubernetes API server
 * (?verbose, ?exclude=), with 503 instead of its 500 for a failed one.
 */
#ifndef HALE_SUP_ANSWER_H
#define HALE_SUP_ANSWER_H

#include "net/server.h"
#include "net/sock.h"

#define ANSWER_CHECKS_MAX 16	/* checks behind the verdicts */

enum answer_verdict {	/* bits: a check may count for several */
	ANSWER_STARTUP = 1,
	ANSWER_READY   = 2,
	ANSWER_LIVE    = 4,
};

struct answer_check {
	const char *name;
	const char *why;	/* what is wrong; not looked at when ok */
	unsigned    counts_for;	/* ANSWER_* */
	bool        ok;
};

struct answer_facts {
	const char *version;
	const char *state;		/* service_state_text() */
	pid_t       self;
	pid_t       service_pid;	/* 0: it has ended */
	uid_t       uid;		/* hale's own: may drain, as root may */
	int64_t     uptime_ms;		/* since the service was started */
	int64_t     drain_ms;		/* --drain */
	uint64_t    orphans;		/* reaped so far */
	uint64_t    signals;		/* forwarded so far */
	uint64_t    requests;		/* probes answered so far */
	size_t      n_listen;
	const struct sock_addr *listen;
	size_t      n_checks;
	struct answer_check checks[ANSWER_CHECKS_MAX];
};

enum answer_effect {
	ANSWER_TOLD,	/* nothing else to do */
	ANSWER_DRAIN,	/* a permitted POST /drain: turn readiness off */
};

/* Appends the whole answer to what was asked. */
enum answer_effect answer_write(struct buf *out,
                                const struct answer_facts *facts,
                                const struct server_ask *ask);

/* Do all checks that count for any of `verdicts` pass? */
bool answer_passes(const struct answer_facts *facts, unsigned verdicts);

#endif
