/* SPDX-License-Identifier: MIT */
/* sup/view_verdict.c - the body of /readyz, /livez and their like */
#include "sup/view_verdict.h"

static const char *
endpoint_of(unsigned verdicts)
{
	switch (verdicts) {
	case VERDICT_STARTUP:
		return "startupz";
	case VERDICT_READY:
		return "readyz";
	case VERDICT_LIVE:
		return "livez";
	}
	return "healthz";
}

static void
write_check(struct buf *b, const struct snapshot_check *c, bool fails,
            bool is_excluded)
{
	bool is_bad = fails && !is_excluded;

	buf_str(b, is_bad ? "[-]" : "[+]");
	if (!is_bad || !c->is_phrase) {
		buf_plain(b, span_of(c->name));
		buf_str(b, is_excluded ? " excluded: ok"
		           : fails ? " failed: " : " ok");
	}
	if (is_bad)
		buf_plain(b, span_of(c->why));
	buf_str(b, "\n");
}

static void
write_checks(struct buf *b, const struct snapshot *s,
             const struct view_verdict *v)
{
	for (size_t i = 0; i < s->n_checks; i++) {
		const struct snapshot_check *c = &s->checks[i];

		if (snapshot_counts(c, v->verdicts))
			write_check(b, c, snapshot_fails(c, v->verdicts),
			            (v->excluded & 1u << i) != 0);
	}
}

/* see sup/view_verdict.h */
void
view_verdict(struct buf *b, const struct snapshot *s,
             const struct view_verdict *v)
{
	bool passes = snapshot_passes_without(s, v->verdicts, v->excluded);

	if (!v->in_full) {
		buf_str(b, passes ? "ok" : "failed");
		return;
	}
	write_checks(b, s, v);
	if (v->unmatched.len > 0) {	/* Kubernetes warns of them */
		buf_str(b, "warn: some health checks cannot be excluded: no "
		        "matches for ");
		buf_add(b, v->unmatched);
		buf_str(b, "\n");
	}
	buf_fmt(b, "%s check %s\n", endpoint_of(v->verdicts),
	        passes ? "passed" : "failed");
}
