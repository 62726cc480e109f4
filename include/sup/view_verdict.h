/* SPDX-License-Identifier: MIT */
/*
 * sup/view_verdict.h - the body of /readyz, /livez and their like (pure)
 *
 * One word, or in full a line for each check, as the Kubernetes API server has
 * it (?verbose, ?exclude=). The status code is not chosen here but in
 * sup/endpoints.h.
 */
#ifndef HALE_SUP_VIEW_VERDICT_H
#define HALE_SUP_VIEW_VERDICT_H

#include "base/buf.h"
#include "sup/snapshot.h"

struct view_verdict {
	unsigned    verdicts;	/* enum verdict, one or several */
	unsigned    excluded;	/* bit i: checks[i] does not count */
	struct span unmatched;	/* what else was to be excluded, but is not a
				 * check: "\"a\",\"b\"", or empty */
	bool        in_full;	/* a line for each check; else one word */
};

/* Without in_full "ok" or "failed". */
void view_verdict(struct buf *b, const struct snapshot *s,
                  const struct view_verdict *v);

#endif
