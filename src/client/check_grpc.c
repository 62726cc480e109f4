/* SPDX-License-Identifier: MIT */
/* client/check_grpc.c - a check by gRPC's health service: call and verdict */
#include "client/check_grpc.h"

#include "base/clock.h"
#include "base/err.h"
#include "client/check_open.h"
#include "client/check_why.h"
#include "client/grpc_reply.h"
#include "client/request.h"

#define IN_MAX      ((size_t)8192)	/* bytes that are read at a time */
#define NAME_MAX    128			/* bytes of a field's name */
#define TIMEOUT_MAX 99999999		/* ms: 8 digits of grpc-timeout */
#define CHECK_PATH  GRPC_HEALTH_PATH "Check"

/* --- the call --- */

/* Begins a frame on our stream; end_frame() writes its head once its length is
 * known. Returns where it is. */
static size_t
begin_frame(struct buf *b)
{
	size_t at = b->len;

	h2_frame_write(b, (struct h2_frame){ .len = 0 });
	return at;
}

static void
end_frame(struct buf *b, size_t at, enum h2_type type, uint8_t flags)
{
	struct buf head = buf_over(b->p + at, H2_HEAD_LEN);

	if (b->cut)
		return;
	h2_frame_write(&head, (struct h2_frame){
		.len = (uint32_t)(b->len - at - H2_HEAD_LEN),
		.type = (uint8_t)type, .flags = flags,
		.stream = type == H2_SETTINGS ? 0 : GRPC_REPLY_STREAM,
	});
}

/* Of the connection (RFC 9113, 8.2.2), or what we alone can know. */
static bool
is_reserved(struct span name)
{
	static const char names[][18] = {
		"host", "content-type", "content-length", "te", "connection",
		"keep-alive", "proxy-connection", "transfer-encoding",
		"upgrade", "grpc-timeout",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_is_word(name, names[i]))
			return true;
	return false;
}

/* The user's lines, with small letters (8.2.1). */
static void
write_lines(struct buf *b, const struct request_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		char text[NAME_MAX];
		struct buf small = buf_over(text, sizeof text);
		struct span name, value;

		if (!request_sends(lines->at[i], &name, &value)
		 || is_reserved(name))
			continue;
		for (size_t j = 0; j < name.len; j++) {
			char c = (char)span_fold(name.p[j]);

			buf_add(&small, (struct span){ &c, 1 });
		}
		hpack_write(b, buf_text(&small), value);
		b->cut |= small.cut;
	}
}

static void
write_fields(struct buf *b, const struct check_conf *conf,
             const struct target *t, int64_t deadline_ms)
{
	const struct request_lines lines = { conf->headers, conf->n_headers };
	const char *agent = conf->user_agent;
	char text[CHECK_HOST_MAX];
	struct buf value = buf_over(text, sizeof text);
	struct span host;

	hpack_write_indexed(b, HPACK_METHOD_POST);
	hpack_write_indexed(b, t->url.is_https ? HPACK_SCHEME_HTTPS
	                                       : HPACK_SCHEME_HTTP);
	hpack_write_known(b, HPACK_PATH, span_of(CHECK_PATH));
	url_write_host(&value, &t->url);
	host = buf_span(&value);
	(void)request_count(&lines, "Host", &host);
	hpack_write_known(b, HPACK_AUTHORITY, host);
	b->cut |= value.cut;
	hpack_write(b, "te", span_of("trailers"));
	hpack_write_known(b, HPACK_CONTENT_TYPE, span_of(GRPC_TYPE));
	if (!request_has(&lines, "User-Agent"))
		hpack_write_known(b, HPACK_USER_AGENT,
		                  span_of(agent != NULL ? agent : "hale-check"));
	if (deadline_ms != CLOCK_NEVER) {
		int64_t left_ms = deadline_ms - clock_ms();

		value.len = 0;
		buf_fmt(&value, "%lldm", (long long)(
			left_ms < 1 ? 1
			: left_ms < TIMEOUT_MAX ? left_ms : TIMEOUT_MAX));
		hpack_write(b, "grpc-timeout", buf_span(&value));
	}
	write_lines(b, &lines);
}

/* All that we have to say but acknowledgements: no server has the client wait
 * for its SETTINGS (3.4). */
static int
write_call(struct buf *b, const struct check_conf *conf,
           const struct target *t, int64_t deadline_ms)
{
	size_t at, message;

	buf_add(b, (struct span){ H2_PREFACE, H2_PREFACE_LEN });
	at = begin_frame(b);
	h2_write_setting(b, H2_HEADER_TABLE_SIZE, 0);
	h2_write_setting(b, H2_ENABLE_PUSH, 0);
	end_frame(b, at, H2_SETTINGS, 0);
	at = begin_frame(b);
	write_fields(b, conf, t, deadline_ms);
	end_frame(b, at, H2_HEADERS, H2_END_HEADERS);
	at = begin_frame(b);
	message = b->len;
	grpc_write_prefix(b, 0);
	grpc_health_write_request(b, t->service);
	if (!b->cut) {
		struct buf prefix = buf_over(b->p + message, GRPC_PREFIX_LEN);

		grpc_write_prefix(&prefix, b->len - message - GRPC_PREFIX_LEN);
	}
	end_frame(b, at, H2_DATA, H2_END_STREAM);
	return b->cut ? ERR_TOOBIG : 0;
}

/* --- the verdict --- */

static void
write_service(const struct target *t, struct buf *why)
{
	buf_fmt(why, "service \"%.*s\"", (int)t->service.len, t->service.p);
}

/* A text of the server's, if there is one. */
static void
write_text(const struct grpc_reply *r, struct buf *why)
{
	if (r->text.len > 0)
		buf_fmt(why, ": %.*s", (int)r->text.len, r->text.p);
}

/* The call failed. */
static void
write_code(const struct grpc_reply *r, const struct target *t, struct buf *why)
{
	const char *name = grpc_code_text(r->code);

	if (r->code == GRPC_NOT_FOUND) {
		buf_str(why, "the server knows no ");
		write_service(t, why);
		buf_str(why, " (NOT_FOUND)");
		if (t->service.len == 0)
			buf_str(why, "; name one: grpc://HOST:PORT/SERVICE");
	} else if (r->code == GRPC_UNIMPLEMENTED) {
		buf_str(why, "the server speaks gRPC, but has no health "
		        "service, grpc.health.v1.Health (UNIMPLEMENTED)");
	} else {
		buf_str(why, "gRPC status ");
		if (name != NULL)
			buf_str(why, name);
		else
			buf_int(why, r->code);
		write_text(r, why);
	}
}

static int
judge_health(const struct grpc_reply *r, const struct target *t,
             struct buf *why)
{
	const char *name = grpc_health_text(r->health);

	if (name != NULL)
		buf_str(why, name);
	else
		buf_fmt(why, "health status %u, which is not known",
		        (unsigned)r->health);
	if (r->health == GRPC_SERVING)
		return 0;
	if (t->service.len > 0) {
		buf_str(why, ": ");
		write_service(t, why);
	}
	return ERR_UNHEALTHY;
}

static int
judge(const struct grpc_reply *r, const struct target *t, struct buf *why)
{
	switch (r->end) {
	case GRPC_REPLY_WHOLE:
		if (r->has_code && r->code == GRPC_OK && r->has_health)
			return judge_health(r, t, why);
		if (!r->has_code)
			buf_str(why, "the answer has no grpc-status");
		else if (r->code != GRPC_OK)
			write_code(r, t, why);
		else
			buf_str(why, "gRPC status OK, but no message");
		break;
	case GRPC_REPLY_STRANGE:
		buf_fmt(why, "the server speaks HTTP/2, but does not answer in "
		        "gRPC: HTTP status %d", r->status);
		if (r->text.len > 0)
			buf_fmt(why, ", Content-Type %.*s", (int)r->text.len,
			        r->text.p);
		break;
	case GRPC_REPLY_RESET:
	case GRPC_REPLY_GOAWAY:
		buf_fmt(why, "the server refuses the call: %s %s",
		        r->end == GRPC_REPLY_RESET ? "RST_STREAM" : "GOAWAY",
		        h2_error_text(r->error));
		write_text(r, why);
		break;
	case GRPC_REPLY_NONE:	/* the caller's mistake */
		break;
	}
	return ERR_UNHEALTHY;
}

/* What came cannot be an answer. */
static void
write_broken(const struct grpc_reply *r, int err, struct buf *why)
{
	switch (err) {
	case ERR_CODING:
		buf_str(why, "the answer is compressed, which was not allowed");
		break;
	case ERR_TOOBIG:
		if (r->frame.type == H2_DATA)
			buf_str(why, "the message is longer than "
			        BUF_DIGITS(GRPC_REPLY_DATA_MAX) " bytes");
		else
			buf_str(why, "the header fields are longer than "
			        BUF_DIGITS(GRPC_REPLY_BLOCK_MAX) " bytes");
		break;
	case ERR_FULL:
		buf_str(why, "no answer within "
		        BUF_DIGITS(GRPC_REPLY_FRAMES_MAX) " frames");
		break;
	default:
		buf_str(why, "the answer breaks the rules of HTTP/2 or gRPC");
	}
}

/* The connection failed, or ended. Whoever sent frames speaks HTTP/2, and no
 * other kind of URL is meant. */
static void
write_failed(const struct exchange *c, const struct target *t,
             const struct grpc_reply *r, int err, struct buf *why)
{
	struct span words = span_of(c->why);

	if (c->step == EXCHANGE_HEAD && r->frames > 0) {
		buf_str(why, "the server speaks HTTP/2, but does not answer: ");
		exchange_text(c, err, why);
		return;
	}
	check_why_failed(c, t, err, why);
	if (c->step == EXCHANGE_TLS && span_find_text(words, "(h2c)") != NULL)
		buf_str(why, "; is grpc:// meant?");
}

/* --- the exchange --- */

/* Reads until the answer has ended, and judges it. */
static int
read_answer(struct exchange *c, struct grpc_reply *r, const struct target *t,
            struct buf *why)
{
	char memory[GRPC_REPLY_ACKS_MAX];
	struct buf acks = buf_over(memory, sizeof memory);
	size_t acked = 0, sent;
	struct span piece;
	int got;

	for (;;) {
		c->body = BODY_TO_END;
		got = exchange_read_body(c, &piece);
		c->step = EXCHANGE_HEAD;
		if (got <= 0) {
			got = got < 0 ? got : ERR_EMPTY;
			write_failed(c, t, r, got, why);
			return got;
		}
		got = grpc_reply_take(r, piece, &acks);
		if (got > 0)
			return judge(r, t, why);
		if (got == ERR_VERSION)
			check_why_strange(t, piece, why);
		else if (got < 0)
			write_broken(r, got, why);
		if (got < 0)
			return got;
		if (acks.len > acked)	/* whatever comes of it: if it takes no
					 * more, the answer may be there yet */
			(void)exchange_send(c, span_after(buf_span(&acks),
			                                  acked), &sent);
		acked = acks.len;
	}
}

/* see client/check_grpc.h */
int
check_grpc(const struct check_conf *conf, const struct target *t,
           int64_t deadline_ms, struct buf *why)
{
	char in[IN_MAX], request[CHECK_REQUEST_MAX];
	struct buf b = buf_over(request, sizeof request);
	struct exchange c;
	struct grpc_reply reply;
	size_t sent;
	int r = check_open(&c, conf, t, in, sizeof in, deadline_ms);

	grpc_reply_init(&reply);
	if (r == 0 && c.tls != NULL && !tls_has_protocol(c.tls)) {
		buf_str(why, "the server does not choose HTTP/2 by ALPN; is "
		        "https:// meant?");
		exchange_close(&c);
		return ERR_VERSION;
	}
	if (r == 0)
		r = write_call(&b, conf, t, deadline_ms);
	if (r == 0)
		r = exchange_send(&c, buf_span(&b), &sent);
	if (r < 0)
		write_failed(&c, t, &reply, r, why);
	else
		r = read_answer(&c, &reply, t, why);
	r = check_end(&c, r);
	exchange_close(&c);
	return r;
}
