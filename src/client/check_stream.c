/* SPDX-License-Identifier: MIT */
/* client/check_stream.c - does somebody accept a connection? */
#include "client/check_stream.h"

#include <unistd.h>

#include "base/err.h"
#include "client/check_why.h"
#include "client/resolve.h"

static int
look_up(const struct check_conf *conf, const struct target *t,
        struct dial_set *set, int64_t deadline_ms, struct buf *why)
{
	size_t before = why->len;
	int r;

	buf_fmt(why, "%s: ", t->host);
	r = resolve_host(set, span_of(t->host), t->url.port, check_family(conf),
	                deadline_ms, why);
	if (r == 0)
		why->len = before;
	return r;
}

/* see client/check_stream.h */
int
check_stream(const struct check_conf *conf, const struct target *t,
             int64_t deadline_ms, struct buf *why)
{
	struct dial_set set;
	struct dial_addr at;
	size_t which = 0;
	int r;

	r = t->kind == TARGET_UNIX
	  ? dial_set_unix(&set, span_of(t->host))
	  : look_up(conf, t, &set, deadline_ms, why);
	if (r < 0) {
		dial_end(&set);
		return err_is_shortage(r) ? ERR_NOT_RUN : r;
	}
	r = dial_connect(&set, deadline_ms, &which);
	dial_addr_at(&at, &set, which);
	dial_end(&set);
	if (r >= 0)
		buf_str(why, "connected to ");
	else if (t->kind == TARGET_TCP)
		check_why_name(t->host, &at, why);
	dial_write(why, &at);
	if (r < 0) {
		buf_fmt(why, ": %s", err_text(r));
		return err_is_shortage(r) ? ERR_NOT_RUN : r;
	}
	close(r);
	return 0;
}
