/* SPDX-License-Identifier: MIT */
/* client/check_connect.c - does somebody accept a connection? */
#include "client/check_connect.h"

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

/* see client/check_connect.h */
int
check_connect(const struct check_conf *conf, const struct target *t,
              int64_t deadline_ms, struct buf *why)
{
	struct addr at = { .len = 0 };
	struct dial_set set;
	int r;

	if (t->kind == TARGET_UNIX) {
		r = addr_set_unix(&at, span_of(t->host));
		r = r < 0 ? r : dial_unix(&at, deadline_ms);
	} else {
		r = look_up(conf, t, &set, deadline_ms, why);
		r = r < 0 ? r : dial_connect(&set, deadline_ms, &at);
		dial_end(&set);
	}
	if (at.len == 0) {	/* there is nothing to connect to */
		if (t->kind == TARGET_UNIX)
			buf_fmt(why, "\"%s\": %s", t->host, err_text(r));
		return err_is_shortage(r) ? ERR_NOT_RUN : r;
	}
	if (r >= 0)
		buf_str(why, "connected to ");
	else if (t->kind == TARGET_TCP)
		check_why_name(t->host, &at, why);
	addr_write(why, &at);
	if (r < 0) {
		buf_fmt(why, ": %s", err_text(r));
		return err_is_shortage(r) ? ERR_NOT_RUN : r;
	}
	close(r);
	return 0;
}
