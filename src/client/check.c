/* SPDX-License-Identifier: MIT */
/* client/check.c - one health check of a target */
#include "client/check.h"

#include "base/err.h"
#include "client/check_connect.h"
#include "client/check_grpc.h"
#include "client/check_http.h"

static int
check_kind(const struct check_conf *conf, const struct target *t,
           int64_t deadline_ms, struct buf *why)
{
	switch (t->kind) {
	case TARGET_HTTP:
	case TARGET_HTTP_UNIX:
		return check_http(conf, t, deadline_ms, why);
	case TARGET_GRPC:
		return check_grpc(conf, t, deadline_ms, why);
	case TARGET_TCP:
	case TARGET_UNIX:
		return check_connect(conf, t, deadline_ms, why);
	case TARGET_EXEC:
		return program_run(t->argv, conf->explain, deadline_ms, why);
	case TARGET_NONE:	/* a caller's mistake: it was refused */
		break;
	}
	return ERR_SCHEME;
}

/* see client/check.h */
int
check_target(const struct check_conf *conf, const struct target *t,
             int64_t deadline_ms, struct buf *why)
{
	char text[CHECK_WHY_MAX];
	struct buf raw = buf_over(text, sizeof text);
	int r = check_kind(conf, t, deadline_ms, &raw);

	/* A peer's words, a program's, a name's, or the command line's. */
	buf_plain(why, buf_span(&raw));
	why->cut |= raw.cut;
	return r;
}
