/* SPDX-License-Identifier: MIT */
/*
 * sup/view_verdict.h - the body of /readyz and the other verdicts (pure)
 *
 * In full it is the Kubernetes API server's text (?verbose, ?exclude=).
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
