/* SPDX-License-Identifier: MIT */
/*
 * cmd/tool_nc.c - hale called nc: nc -z, which connects and says nothing
 *
 * The options and words are OpenBSD's, as far as they have to do with -z; it is
 * healthy if one of the ports is open.
 */
#include "cmd/tool.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"
#include "client/resolve.h"
#include "cmd/cmd.h"

#define WHY_MAX 256	/* bytes of why a name has no address */

struct nc {
	int64_t timeout_ms;	/* 0: the kernel's */
	bool    scan, shows, numeric, v4, v6, is_unix;
};

#define AT(field) offsetof(struct nc, field)
#define OPTS(OPT) \
	OPT('z', "", OPT_ASK, AT(scan), "", "", "", NULL, "") \
	OPT('v', "", OPT_ASK, AT(shows), "", "", "", NULL, "") \
	OPT('n', "", OPT_ASK, AT(numeric), "", "", "", NULL, "") \
	OPT('w', "", OPT_MS, AT(timeout_ms), "", "", "", NULL, "") \
	OPT('4', "", OPT_ASK, AT(v4), "", "", "", NULL, "") \
	OPT('6', "", OPT_ASK, AT(v6), "", "", "", NULL, "") \
	OPT('U', "", OPT_ASK, AT(is_unix), "", "", "", NULL, "") \
	OPT('N', "", OPT_PAST, 0, "", "", "", NULL, "") \
	OPT('t', "", OPT_PAST, 0, "", "", "", NULL, "") \
	OPT('q', "", OPT_PAST_VALUE, 0, "", "", "", NULL, "") \
	OPT('i', "", OPT_PAST_VALUE, 0, "", "", "", NULL, "") \
	OPT('u', "", OPT_REFUSED, 0, "", "nothing answers a connection by UDP", "", NULL, "")

OPT_NUMBER_ADDS(OPT_NO_ADDS);
static const struct opt_group opts[] = { OPT_GROUP(OPTS, NULL), OPT_END };

/* Good news has no name in front. */
static void
write_start(struct buf *b, enum log_level level)
{
	if (level == LOG_ERROR)
		buf_str(b, "nc: ");
}

static int64_t
deadline(const struct nc *nc)
{
	return nc->timeout_ms > 0 ? clock_after(clock_ms(), nc->timeout_ms)
	                          : CLOCK_NEVER;
}

static int
look_up(const struct nc *nc, const char *host, uint16_t port,
        struct dial_set *set)
{
	char text[WHY_MAX];
	struct buf why = buf_over(text, sizeof text);
	int family = nc->v4 == nc->v6 ? AF_UNSPEC : nc->v4 ? AF_INET : AF_INET6;
	int r;

	if (!nc->numeric)
		r = resolve_host(set, span_of(host), port, family,
		                 deadline(nc), &why);
	else if ((r = resolve_literal(set, span_of(host), family)) == 0)
		r = ERR_RESOLVE;
	if (r < 0)
		log_error("%s port %u: %s", host, port,
		          why.len > 0 ? buf_end_text(&why) : err_text(r));
	return r;
}

/* Connects to one port. Returns 0 if it is open, or an error. */
static int
try_port(const struct nc *nc, const char *host, uint16_t port)
{
	char text[IP_TEXT_MAX];
	struct buf ip = buf_over(text, sizeof text);
	struct addr at = { .len = 0 };
	struct dial_set set;
	int fd;

	dial_init(&set, port);
	fd = look_up(nc, host, port, &set);
	if (fd >= 0)
		fd = dial_connect(&set, deadline(nc), &at);
	dial_end(&set);
	if (at.len == 0)
		return fd;
	addr_write_host(&ip, &at);
	(void)buf_text(&ip);
	if (fd < 0 && nc->shows)
		log_error("connect to %s (%s) port %u (tcp) failed: %s", host,
		          text, port, err_text(fd));
	if (fd < 0)
		return fd;
	close(fd);
	if (nc->shows)
		log_warn("Connection to %s (%s) %u port [tcp/*] succeeded!",
		         host, text, port);
	return 0;
}

/* "5432" or "8000-8002". */
static int
try_ports(const struct nc *nc, const char *host, const char *text)
{
	struct span last = span_of(text), first = span_cut(&last, '-');
	uint64_t low = 0, high = 0;
	int code = CMD_FAILED;

	if (parse_uint_span(first, UINT16_MAX, &low) == 0)
		high = low;
	if (last.len > 0)
		(void)parse_uint_span(last, UINT16_MAX, &high);
	if (low == 0 || high < low) {
		log_error("port \"%s\": expected 1 to 65535", text);
		return CMD_USAGE;
	}
	for (uint64_t port = low; port <= high; port++)
		if (try_port(nc, host, (uint16_t)port) == 0)
			code = CMD_OK;
	return code;
}

static int
try_unix(const struct nc *nc, const char *path)
{
	struct addr at = { .len = 0 };
	int fd = addr_set_unix(&at, span_of(path));

	if (fd == 0)
		fd = dial_unix(&at, deadline(nc));
	if (fd < 0) {
		log_error("%s: %s", path, err_text(fd));
		return CMD_FAILED;
	}
	close(fd);
	if (nc->shows)
		log_warn("Connection to %s port [unix] succeeded!", path);
	return CMD_OK;
}

static int
run(const struct nc *nc, int n, char **words)
{
	int code = CMD_FAILED;

	if (!nc->scan) {
		log_error("only -z is done here: nothing is sent or received");
		return CMD_FAILED;
	}
	if (nc->is_unix ? n != 1 : n < 2) {
		log_error("expected %s", nc->is_unix ? "PATH" : "HOST PORT");
		return CMD_FAILED;
	}
	if (nc->is_unix)
		return try_unix(nc, words[0]);
	for (int i = 1; i < n; i++) {
		int r = try_ports(nc, words[0], words[i]);

		if (r == CMD_USAGE)
			return CMD_FAILED;
		if (r == CMD_OK)
			code = CMD_OK;
	}
	return code;
}

static int
refuse(const struct opt_fail *f)
{
	const char *why = "is unknown";

	if (f->why == OPT_ABSENT)
		why = opt_text(&f->opt, OPT_HELP);
	else if (f->why != OPT_UNKNOWN)
		why = "expected seconds";
	log_error("-%.*s: %s", (int)f->name.len, f->name.p, why);
	return CMD_FAILED;	/* nc's code for this, too */
}

/* see cmd/tool.h */
int
tool_nc(int argc, char **argv)
{
	struct nc nc = { 0 };
	struct opt_fail fail;
	int left;

	cmd_hold_streams();
	log_start_with(write_start);
	left = opt_parse_mixed(opts, &nc, argc, argv, &fail);
	return left < 0 ? refuse(&fail) : run(&nc, argc - left, argv + left);
}
