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
#include "sup/facts.h"

enum answer_effect {
	ANSWER_TOLD,	/* nothing else to do */
	ANSWER_DRAIN,	/* a permitted POST /drain: turn readiness off */
	ANSWER_NO_DRAIN,	/* /drain on a listener, where nobody may: log it */
};

/* Appends the whole answer to what was asked. */
enum answer_effect answer_write(struct buf *out, const struct facts *facts,
                                const struct server_ask *ask);

/* Does the answer need facts->usage? It costs some reading of /proc. */
bool answer_needs_usage(const struct server_ask *ask);

/* Is a verdict asked for without ?verbose? Its reasons are then WATCH_REASON's. */
bool answer_is_plain(const struct server_ask *ask);

#endif
