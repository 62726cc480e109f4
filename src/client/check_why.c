/* SPDX-License-Identifier: MIT */
/* client/check_why.c - why a check got no answer, in words */
#include "client/check_why.h"

#include <errno.h>

#include "base/err.h"
#include "client/check_open.h"

#define STRANGER_MAX 60		/* bytes of what is not HTTP that are shown */

/* see client/check_why.h */
void
check_why_name(const char *host, const struct addr *at, struct buf *why)
{
	char text[TARGET_HOST_MAX + 1];
	struct buf b = buf_over(text, sizeof text);

	addr_write_host(&b, at);
	if (!span_is(buf_span(&b), host))
		buf_fmt(why, "%s: ", host);
}

/* Bytes of a SETTINGS frame (RFC 9113, 4.1): two zeros of its length, one that
 * is not looked at, its type, no flags, stream 0. */
static bool
is_h2(struct span got)
{
	static const char rest[] = "\4\0\0\0\0";

	return got.len > 8 && got.p[0] == 0 && got.p[1] == 0
	    && memcmp(got.p + 3, rest, sizeof rest - 1) == 0;
}

static const char *
s_of(const struct target *t)
{
	return t->url.is_https ? "s" : "";
}

/* What speaks no HTTP, by its first bytes. Returns false where that is HTTP
 * in another form. */
static bool
write_stranger(const struct target *t, struct span got, struct buf *why)
{
	static const struct { char start[4], name[12]; } known[] = {
		{ "SSH", "SSH" }, { "220", "SMTP or FTP" },
		{ "PRI", "HTTP/2" },
	};
	const char *name = "";
	struct span line = got;

	if (is_h2(got)) {
		buf_str(why, "HTTP/2");
		if (t->kind == TARGET_HTTP)
			buf_fmt(why, "; is grpc%s:// meant?", s_of(t));
		return false;
	}
	/* An alert or a handshake of any version (RFC 8446, 5.1). */
	if (got.len > 1 && (got.p[0] == 0x15 || got.p[0] == 0x16)
	 && got.p[1] == 3) {
		/* Called grpc_health_probe, hale has no URL but a flag. */
		buf_fmt(why, "TLS: use %s", t->kind != TARGET_GRPC ? "https://"
		        : t->url.has_scheme ? "grpcs://" : "-tls");
		return false;
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (span_has_prefix(got, known[i].start))
			name = known[i].name;
	line = span_trim(span_cut(&line, '\n'), "\r");
	if (line.len > STRANGER_MAX)
		line.len = STRANGER_MAX;
	buf_fmt(why, "%s%s\"%.*s\"", name, *name != '\0' ? ": " : "",
	        (int)line.len, line.p);
	return true;
}

/* A host and a port, of which HTTP was guessed, may be those of a database. */
static void
write_hint(const struct target *t, struct buf *why)
{
	const char *open = t->url.is_v6 ? "[" : "";
	const char *close = t->url.is_v6 ? "]" : "";

	if (t->kind != TARGET_GRPC && !t->url.has_scheme && t->url.has_port)
		buf_fmt(why, "; is tcp:%s%s%s:%u meant?", open, t->host, close,
		        t->url.port);
}

/* What came is not of the target's protocol. */
static void
write_strange(const struct target *t, struct span got, struct buf *why)
{
	struct span version = reply_version(got);
	bool is_grpc = t->kind == TARGET_GRPC;

	buf_fmt(why, "expected %s, got ",
	        is_grpc ? "HTTP/2" : "HTTP/1.0 or HTTP/1.1");
	if (version.len > 0 && !is_grpc)
		buf_fmt(why, "HTTP/%.*s", (int)version.len, version.p);
	else if (write_stranger(t, got, why))
		write_hint(t, why);
	if (version.len > 0 && is_grpc && t->url.has_scheme)
		buf_fmt(why, "; is http%s:// meant?", s_of(t));
}

/* see client/check_why.h */
void
check_why_failed(const struct exchange *c, const struct target *t, int err,
                 struct buf *why)
{
	if (c->step == EXCHANGE_LOOKUP) {
		exchange_text(c, err, why);
		return;
	}
	if (c->step == EXCHANGE_CONNECT && c->peer.len > 0
	 && err != ERR_TOOBIG)
		check_why_name(t->host, &c->peer, why);
	if (c->step == EXCHANGE_HEAD && err == ERR_VERSION) {
		write_strange(t, exchange_unread(c), why);
		return;
	}
	if (c->step < EXCHANGE_SEND && err == ERR_TOOBIG) {
		buf_str(why, "the request is longer than "
		        BUF_DIGITS(CHECK_REQUEST_MAX) " bytes");
		return;
	}
	if (c->step > EXCHANGE_CONNECT && !t->url.is_https && c->peer.len > 0
	 && (err == ERR_TIMEOUT || err == ERR_EMPTY || err == -ECONNRESET)) {
		check_why_name(t->host, &c->peer, why);
		addr_write(why, &c->peer);
		buf_str(why, ": ");
	}
	exchange_text(c, err, why);
	if (c->step != EXCHANGE_HEAD || err == ERR_PARSE || err == ERR_TOOBIG)
		return;
	if (t->url.has_scheme && !t->url.is_https && err != ERR_TIMEOUT
	 && t->kind != TARGET_HTTP_UNIX)
		buf_fmt(why, "; is %ss:// meant?",
		        t->kind == TARGET_GRPC ? "grpc" : "http");
	write_hint(t, why);	/* nothing came of it */
}
