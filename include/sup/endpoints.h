/* SPDX-License-Identifier: MIT */
/*
 * sup/endpoints.h - which answer a probe gets: status, view, effect (pure)
 *
 * Chosen by path, method, query, Accept field, listener and peer; sup/view_*.h
 * write the bodies. The verdicts' own text is that of the Kubernetes API
 * server (?verbose, ?exclude=), with 503 instead of its 500 for a failed one.
 */
#ifndef HALE_SUP_ENDPOINTS_H
#define HALE_SUP_ENDPOINTS_H

#include "net/server.h"
#include "sup/snapshot.h"

/* What the body is. */
enum endpoints_view {
	ENDPOINTS_EMPTY,
	ENDPOINTS_WORDS,	/* `words` and a newline */
	ENDPOINTS_FAULT,	/* why the head cannot be read */
	ENDPOINTS_DRAIN_TIME,	/* how long the drain takes */
	ENDPOINTS_VERDICT,	/* sup/view_verdict.h, and so on */
	ENDPOINTS_JSON,
	ENDPOINTS_TEXT,
	ENDPOINTS_HTML,
	ENDPOINTS_METRICS,
	ENDPOINTS_OPENMETRICS,
};

/* What the owner has to do after the answer. */
enum endpoints_effect {
	ENDPOINTS_NOTHING,
	ENDPOINTS_DRAIN,	/* turn readiness off, by a permitted POST */
	ENDPOINTS_NO_DRAIN,	/* log it: /drain where nobody may */
};

struct endpoints_choice {
	int      status;	/* 503 takes its place if one of .. */
	unsigned verdicts;	/* .. these fails (enum verdict); 0: none may */
	enum endpoints_view   view;
	enum endpoints_effect effect;
	enum snapshot_scope   scope;	/* what the view needs */
	const char *fields;	/* of the head, each with its CRLF, or "" */
	const char *words;	/* ENDPOINTS_WORDS */
	bool     is_verbose;	/* VERDICT: in full even if it passes */
	bool     is_terse;	/* VERDICT: never in full; who sent the
				 * probe may not see reasons and names */
};

/* own_uid: hale's user, who may drain as root may. */
struct endpoints_choice endpoints_choose(const struct server_ask *ask,
                                         uid_t own_uid);

/* Appends the whole answer to what was asked. */
void endpoints_write(struct buf *out, const struct endpoints_choice *choice,
                     const struct snapshot *s, const struct server_ask *ask);

#endif
