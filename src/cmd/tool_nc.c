/* SPDX-License-Identifier: MIT */
/*
 * cmd/tool_nc.c - hale called nc: nc -z, which connects and says nothing
 *
 * The options and words are OpenBSD's, as far as they have to do with -z; it is
 * healthy if one of the ports is open.
 */
#include "cmd/tool.h"

#include <errno.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"
#include "client/check_connect.h"
#include "cmd/cmd.h"
#include "net/ip.h"

struct nc {
	struct check_conf conf;
	struct target t;
	int     timeout_s;	/* 0: the kernel's */
	bool    scan, shows, is_unix, is_numeric;
};

#define AT(field) offsetof(struct nc, field)
#define OPTS(OPT) \
	OPT('z', "", OPT_ASK, AT(scan), NULL) \
	OPT('v', "", OPT_ASK, AT(shows), NULL) \
	OPT('w', "", OPT_INT, AT(timeout_s), NULL) \
	OPT('4', "", OPT_ASK, AT(conf.v4), NULL) \
	OPT('6', "", OPT_ASK, AT(conf.v6), NULL) \
	OPT('U', "", OPT_ASK, AT(is_unix), NULL) \
	OPT('n', "", OPT_ASK, AT(is_numeric), NULL) \
	OPT('N', "", OPT_PAST, 0, NULL) \
	OPT('q', "", OPT_PAST_VALUE, 0, NULL)

OPT_NUMBER_ADDS(OPT_NO_ADDS);
static const struct opt_group opts[] = { OPT_BARE_GROUP(OPTS, NULL), OPT_END };

/* Good news has no name in front. */
static void
write_start(struct buf *b, enum log_level level)
{
	if (level == LOG_ERROR)
		buf_str(b, "nc: ");
}

/* Is a socket or a port open? */
static bool
is_open(const struct nc *nc)
{
	char text[CHECK_WHY_MAX];
	struct buf why = buf_over(text, sizeof text);
	unsigned port = nc->t.url.port;
	int r = check_connect(&nc->conf, &nc->t, nc->timeout_s > 0
	                      ? clock_after(clock_ms(), 1000LL * nc->timeout_s)
	                      : CLOCK_NEVER, &why);

	(void)buf_end_text(&why);
	if (r < 0 && !nc->shows && (r == -ECONNREFUSED || r == ERR_TIMEOUT))
		return false;
	if (r < 0 && nc->is_unix)
		log_error("%s", text);
	else if (r < 0)
		log_error("connect to %s port %u (tcp) failed: %s", nc->t.host,
		          port, text);
	else if (nc->shows && !nc->is_unix)
		log_warn("Connection to %s %u port [tcp/*] succeeded!",
		         nc->t.host, port);
	return r == 0;
}

/* "5432" or "8000-8002", in any order. */
static int
try_ports(struct nc *nc, const char *text)
{
	struct span last = span_of(text), first = span_cut(&last, '-');
	uint64_t low = 0, high = 0;
	int code = CMD_FAILED;

	if (text[first.len] == '\0')
		last = first;
	(void)parse_uint_span(first, UINT16_MAX, &low);
	(void)parse_uint_span(last, UINT16_MAX, &high);
	if (low == 0 || high == 0) {
		log_error("port \"%s\": expected 1 to 65535", text);
		return CMD_FAILED;
	}
	if (low > high) {
		uint64_t first_port = high;

		high = low;
		low = first_port;
	}
	for (; low <= high; low++) {
		nc->t.url.port = (uint16_t)low;
		if (is_open(nc))
			code = CMD_OK;
	}
	return code;
}

static int
run(struct nc *nc, int n, char **words)
{
	int code = CMD_FAILED;
	struct ip unused;
	struct span zone;

	if (!nc->scan || (nc->is_unix ? n != 1 : n < 2)) {
		log_error("expected -z HOST PORT... or -zU PATH: no data is "
		          "sent here");
		return CMD_FAILED;
	}
	if (nc->is_numeric && !nc->is_unix
	 && ip_read(&unused, &zone, span_of(words[0])) < 0) {
		log_error("%s: -n takes addresses only",
		          words[0]);
		return CMD_FAILED;
	}
	nc->t.host = words[0];
	nc->t.kind = nc->is_unix ? TARGET_UNIX : TARGET_TCP;
	if (nc->is_unix)
		return is_open(nc) ? CMD_OK : CMD_FAILED;
	for (int i = 1; i < n; i++)
		if (try_ports(nc, words[i]) == CMD_OK)
			code = CMD_OK;
	return code;
}

/* see cmd/tool.h */
int
tool_nc(int argc, char **argv)
{
	struct nc nc = { .timeout_s = 0 };
	struct opt_fail fail;
	int left;

	cmd_hold_streams();
	log_start_with(write_start);
	left = opt_parse_mixed(opts, &nc, argc, argv, &fail);
	if (left >= 0)
		return run(&nc, argc - left, argv + left);
	log_error("-%.*s: %s", (int)fail.name.len, fail.name.p,
	          fail.why == OPT_UNKNOWN ? "unknown option"
	                                  : "expected seconds");
	return CMD_FAILED;	/* nc's code for this, too */
}
