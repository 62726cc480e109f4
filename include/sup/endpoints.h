/* SPDX-License-Identifier: MIT */
/*
 * sup/endpoints.h - what the supervisor knows, as an answer to a probe (pure)
 *
 * The text form of the verdicts is that of the Kubernetes API server
 * (?verbose, ?exclude=), with 503 instead of its 500 for a failed one.
 */
#ifndef HALE_SUP_ENDPOINTS_H
#define HALE_SUP_ENDPOINTS_H

#include "net/server.h"
#include "sup/snapshot.h"

enum endpoints_effect {
	ENDPOINTS_TOLD,	/* nothing else to do */
	ENDPOINTS_DRAIN,	/* a permitted POST /drain: turn readiness off */
	ENDPOINTS_NO_DRAIN,	/* /drain on a listener, where nobody may: log it */
};

/* Appends the whole answer to what was asked. */
enum endpoints_effect endpoints_write(struct buf *out, const struct snapshot *facts,
                                const struct server_ask *ask);

/* Does the answer need facts->usage? It costs some reading of /proc. */
bool endpoints_needs_usage(const struct server_ask *ask);

/* Is a verdict asked for without ?verbose? Its reasons are then MONITOR_REASON's. */
bool endpoints_is_plain(const struct server_ask *ask);

#endif
