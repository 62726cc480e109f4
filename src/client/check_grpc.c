/* SPDX-License-Identifier: MIT */
/* client/check_grpc.c - a check by gRPC's health service: call and verdict */
#include "client/check_grpc.h"

#include "base/clock.h"
#include "base/err.h"
#include "client/check_open.h"
#include "client/check_why.h"
#include "client/grpc_reply.h"
#include "client/request.h"

#define TIMEOUT_MAX 99999999	/* ms: 8 digits of grpc-timeout */

/* --- the call --- */

/* How all calls start: pseudo-headers come first (RFC 9113, 8.3). No server has
 * the client wait for its SETTINGS (3.4). */
static const char call_start[] =
	H2_PREFACE
	"\0\0\x0c\4\0\0\0\0\0"	/* SETTINGS, 12 bytes: .. */
	"\0\1\0\0\0\0"		/* HEADER_TABLE_SIZE 0 */
	"\0\2\0\0\0\0"		/* ENABLE_PUSH 0 */
	"\0\0\0\1\4\0\0\0\1"	/* HEADERS, (length), END_HEADERS, 1 */
	"\x83"				/* :method POST */
	"\4\x1c" GRPC_HEALTH_PATH "Check";	/* :path */
static const char call_fields[] =
	"\0\2te\x08trailers"
	"\x0f\x10\x10" GRPC_TYPE;	/* content-type */
#define HEADERS_AT (H2_PREFACE_LEN + H2_HEAD_LEN + 12)

/* A message and its frame: DATA, (length), END_STREAM, 1; not compressed,
 * (length). */
static const char message_start[] = "\0\0\0\0\1\0\0\0\1"
                                    "\0\0\0\0\0";

/* Puts the length of what begins behind at + head, to the end, into the three
 * bytes at `at`. */
static void
set_length(struct buf *b, size_t at, size_t head)
{
	size_t len = b->len - at - head;

	b->p[at + 1] = (char)(len >> 8);
	b->p[at + 2] = (char)len;
}

/* The user's lines; Host is :authority. What HTTP/2 forbids (8.2.2) the server
 * refuses. */
static void
write_lines(struct buf *b, const struct request_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		struct span name, value;

		if (request_sends(lines->at[i], &name, &value)
		 && !span_is_word(name, "host"))
			hpack_write_field(b, name, value);
	}
}

static void
write_fields(struct buf *b, const struct check_conf *conf,
             const struct target *t, int64_t deadline_ms)
{
	const struct request_lines lines = { conf->headers, conf->n_headers };
	const char *agent = conf->user_agent != NULL ? conf->user_agent
	                                             : "hale-check";
	char text[CHECK_HOST_MAX];
	struct buf value = buf_over(text, sizeof text);
	int64_t left_ms = deadline_ms - clock_ms();
	struct span host;

	hpack_write_indexed(b, HPACK_SCHEME_HTTP + t->url.is_https);
	url_write_host(&value, &t->url);
	host = buf_span(&value);
	(void)request_count(&lines, "Host", &host);
	hpack_write_known(b, HPACK_AUTHORITY, host);
	buf_add(b, (struct span){ call_fields, sizeof call_fields - 1 });
	if (!request_has(&lines, "User-Agent"))
		hpack_write_known(b, HPACK_USER_AGENT, span_of(agent));
	if (left_ms < TIMEOUT_MAX) {	/* else there is none, or hardly one */
		value.len = 0;
		buf_int(&value, left_ms > 0 ? left_ms : 1);
		buf_str(&value, "m");
		hpack_write(b, "grpc-timeout", buf_span(&value));
	}
	write_lines(b, &lines);
	b->cut |= value.cut;
}

/* All that we have to say but acknowledgements. */
static int
write_call(struct buf *b, const struct check_conf *conf,
           const struct target *t, int64_t deadline_ms)
{
	size_t at;

	buf_add(b, (struct span){ call_start, sizeof call_start - 1 });
	write_fields(b, conf, t, deadline_ms);
	set_length(b, HEADERS_AT, H2_HEAD_LEN);
	at = b->len;
	buf_add(b, (struct span){ message_start,
	                          sizeof message_start - 1 });
	grpc_health_write_request(b, t->service);
	if (b->cut)
		return ERR_TOOBIG;
	set_length(b, at, H2_HEAD_LEN);
	set_length(b, at + H2_HEAD_LEN + 2, GRPC_PREFIX_LEN - 2);
	return 0;
}

/* --- the verdict --- */

static const char *const no_answer =
	"the server speaks HTTP/2, but does not answer";

/* The call failed. */
static void
write_code(const struct grpc_reply *r, const struct target *t, struct buf *why)
{
	const char *name = grpc_code_text(r->code);

	buf_fmt(why, "gRPC status %s", name != NULL ? name : "unknown");
	if (r->code == GRPC_NOT_FOUND)
		buf_fmt(why, ": the server knows no service \"%.*s\"",
		        (int)t->service.len, t->service.p);
	else if (r->code == GRPC_UNIMPLEMENTED)
		buf_str(why, ": the server has no health service, "
		        "grpc.health.v1.Health");
	else if (r->text.len > 0)
		buf_fmt(why, ": %.*s", (int)r->text.len, r->text.p);
}

static int
judge_health(const struct grpc_reply *r, const struct target *t,
             struct buf *why)
{
	const char *name = grpc_health_text(r->health);

	buf_str(why, name != NULL ? name : "a status that is not known");
	if (r->health == GRPC_SERVING)
		return 0;
	if (t->service.len > 0)
		buf_fmt(why, ": service \"%.*s\"", (int)t->service.len,
		        t->service.p);
	return ERR_UNHEALTHY;
}

static int
judge(const struct grpc_reply *r, const struct target *t, struct buf *why)
{
	switch (r->end) {
	case GRPC_REPLY_WHOLE:
		if (r->has_health)
			return judge_health(r, t, why);
		if (r->has_code && r->code != GRPC_OK)
			write_code(r, t, why);
		else
			buf_fmt(why, "the answer has no %s", r->has_code
			        ? "usable message" : "grpc-status");
		break;
	case GRPC_REPLY_STRANGE:
		buf_fmt(why, "%s in gRPC: HTTP status %d", no_answer,
		        r->status);
		break;
	case GRPC_REPLY_RESET:
	case GRPC_REPLY_GOAWAY:
		buf_fmt(why, "the server refuses the call: %s %s",
		        r->end == GRPC_REPLY_RESET ? "RST_STREAM" : "GOAWAY",
		        h2_error_text(r->error));
		break;
	case GRPC_REPLY_NONE:	/* the caller's mistake */
		break;
	}
	return ERR_UNHEALTHY;
}

/* Nothing that can be judged has come. Whoever sent frames speaks HTTP/2: no
 * other kind of URL is meant. */
static void
write_failed(const struct exchange *c, const struct target *t,
             const struct grpc_reply *r, int err, struct buf *why)
{
	if (c->step == EXCHANGE_TLS && err == ERR_VERSION) {
		buf_fmt(why, "the server does not choose HTTP/2 by ALPN%s",
		        t->url.has_scheme ? "; is https:// meant?" : "");
	} else if (c->step < EXCHANGE_HEAD || r->frames == 0) {
		check_why_failed(c, t, err, why);
	} else if (err == ERR_PARSE) {
		buf_str(why, "the answer breaks the rules of HTTP/2 or gRPC");
	} else if (err == ERR_TOOBIG || err == ERR_FULL) {
		buf_str(why, "the answer is too long");
	} else {
		buf_fmt(why, "%s: ", no_answer);
		exchange_text(c, err, why);
	}
}

/* --- the exchange --- */

/* Sends what is in b, and then there what has to be acknowledged, until the
 * answer has ended. Returns 1, or an error. */
static int
talk(struct exchange *c, struct grpc_reply *r, struct buf *b, int64_t rpc_ms)
{
	struct span rest;
	size_t unused;
	int got = 0;

	while (got == 0) {
		if (b->len > 0)
			got = exchange_send(c, buf_span(b), &unused);
		if (got < 0)	/* 1: the answer may be there already */
			break;
		b->len = 0;
		c->step = EXCHANGE_HEAD;
		got = (int)exchange_fill(c);
		if (got <= 0)
			return got < 0 ? got : ERR_EMPTY;
		rest = exchange_unread(c);
		got = grpc_reply_take(r, &rest, b);
		if (r->frames > 0 && rpc_ms > 0) {
			c->deadline_ms = clock_after(clock_ms(), rpc_ms);
			rpc_ms = 0;
		}
		c->in_at = c->in_len - rest.len;
	}
	return got;
}

/* see client/check_grpc.h */
int
check_grpc_call(const struct check_conf *conf, const struct target *t,
                int64_t deadline_ms, int64_t rpc_ms, struct buf *why,
                struct grpc_reply *reply)
{
	char in[GRPC_REPLY_FRAME_MAX], request[CHECK_REQUEST_MAX];
	struct buf b = buf_over(request, sizeof request);
	struct exchange c;
	int r = check_open(&c, conf, t, in, sizeof in, deadline_ms);

	grpc_reply_init(reply);
	if (r == 0 && c.tls != NULL && !tls_has_protocol(c.tls))
		r = ERR_VERSION;
	if (r == 0)
		r = write_call(&b, conf, t, rpc_ms > 0
		               ? clock_after(clock_ms(), rpc_ms) : deadline_ms);
	if (r == 0)
		r = talk(&c, reply, &b, rpc_ms);
	if (r > 0)
		r = judge(reply, t, why);
	else
		write_failed(&c, t, reply, r, why);
	r = check_end(&c, r);
	exchange_close(&c);
	return r;
}

/* see client/check_grpc.h */
int
check_grpc(const struct check_conf *conf, const struct target *t,
           int64_t deadline_ms, struct buf *why)
{
	struct grpc_reply reply;

	return check_grpc_call(conf, t, deadline_ms, 0, why, &reply);
}
