/* SPDX-License-Identifier: MIT */
/* net/h2_answer.c - what the requests of net/h2.h are answered with */
#include "net/h2_answer.h"

#include "base/clock.h"
#include "base/err.h"
#include "net/grpc_health.h"
#include "net/h2_send.h"
#include "net/h2_stream.h"

#define NO_SERVICE   0xff	/* index of a name that is not known */
#define SHOWN_MAX    64		/* bytes of a name in a call's status */
#define MESSAGE_MAX  (H2_TEXT_MAX - GRPC_PREFIX_LEN)

enum method { CHECK, WATCH, LIST, METHODS };

static const char methods[METHODS][8] = { "Check", "Watch", "List" };

/* --- HTTP --- */

/* Fields as HTTP/1.1 has them, in lines. */
static void
write_fields(struct buf *out, struct span lines)
{
	while (lines.len > 0) {
		struct span value = span_cut(&lines, '\n');
		struct span name = span_cut(&value, ':');

		hpack_write_field(out, name, span_trim(value, " \r"));
	}
}

/* A field with a number, its name from the static table or (0) as it is. */
static void
write_number(struct buf *out, unsigned known, const char *name, int64_t n)
{
	char text[20];
	struct buf b = buf_over(text, sizeof text);

	buf_int(&b, n);
	if (known > 0)
		hpack_write_known(out, known, buf_span(&b));
	else
		hpack_write(out, name, buf_span(&b));
}

/* see net/h2_answer.h */
void
h2_answer_write(struct buf *out, const struct http_answer *a)
{
	bool is_empty = a->is_head || a->body.len == 0;
	size_t at = h2_begin_frame(out, H2_HEADERS, H2_END_HEADERS
	                           | (is_empty ? H2_END_STREAM : 0), 0);

	write_number(out, HPACK_STATUS, NULL, a->status);
	hpack_write_known(out, HPACK_CONTENT_TYPE, span_of(a->type));
	write_number(out, HPACK_CONTENT_LENGTH, NULL, (int64_t)a->body.len);
	write_fields(out, span_of(HTTP_ANSWER_FIELDS));
	write_fields(out, span_of(a->extra));
	h2_end_frame(out, at);
	if (!is_empty)
		buf_add(out, a->body);
}

/* Has the owner answer in HTTP: a frame's head and payload for a stream to be
 * named, and the content as it is. */
static void
answer_http(struct h2 *h, struct h2_turn *t, struct h2_stream *s, int err)
{
	struct buf answer = buf_over(t->scratch->answer,
	                             sizeof t->scratch->answer);
	struct h2_frame head;
	struct span content;
	size_t at = t->out->len;

	t->ask.err = err;
	t->ask.fault = (struct http_fault){ .what = "the request's fields are "
		"longer than " BUF_DIGITS(H2_LIST_MAX) " bytes" };
	t->answer(t->owner, &t->ask, &answer);
	t->has_services = false;	/* it may have been a drain */
	head = h2_frame_read(answer.p);
	content = span_after(buf_span(&answer), H2_HEAD_LEN + head.len);
	if (content.len > H2_TEXT_MAX && h->held_id != 0) {
		h2_reset(h, t, s->id, H2_REFUSED_STREAM);
		return;	/* one large answer at a time */
	}
	buf_add(t->out, (struct span){ answer.p, H2_HEAD_LEN + head.len });
	h2_name_frame(t->out, at, s->id);
	s->state = H2_SENDS;
	if (head.flags & H2_END_STREAM)
		h2_end_stream(h, t, s);
	else
		h2_send(h, t, s, content);
}

/* --- gRPC: what is sent --- */

static void
begin_call_head(struct buf *out)
{
	hpack_write_indexed(out, HPACK_STATUS_200);
	hpack_write_known(out, HPACK_CONTENT_TYPE, span_of(GRPC_TYPE));
}

static void
write_code(struct buf *out, enum grpc_code code)
{
	write_number(out, 0, "grpc-status", code);
}

/* see net/h2_answer.h */
void
h2_answer_ok(struct buf *out, uint32_t id)
{
	size_t at = h2_begin_frame(out, H2_HEADERS,
	                           H2_END_HEADERS | H2_END_STREAM, id);

	write_code(out, GRPC_OK);
	h2_end_frame(out, at);
}

/* see net/h2_answer.h */
void
h2_answer_code(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
               enum grpc_code code, const char *why)
{
	char text[3 * H2_WHY_MAX];
	struct buf b = buf_over(text, sizeof text);
	size_t at = h2_begin_frame(t->out, H2_HEADERS,
	                           H2_END_HEADERS | H2_END_STREAM, s->id);

	if (s->state == H2_WAITS)	/* its head is not out */
		begin_call_head(t->out);
	write_code(t->out, code);
	grpc_write_text(&b, span_of(why));
	hpack_write(t->out, "grpc-message", buf_span(&b));
	if (s->is_coded)
		hpack_write(t->out, "grpc-accept-encoding",
		            span_of("identity"));
	h2_end_frame(t->out, at);
	h2_end_stream(h, t, s);
}

/* The same with a name in it, which the client chose. */
static void
answer_named(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
             enum grpc_code code, const char *why, struct span name)
{
	char text[H2_WHY_MAX], shown[SHOWN_MAX];
	struct buf b = buf_over(text, sizeof text);
	struct buf plain = buf_over(shown, sizeof shown);

	buf_plain(&plain, name);
	buf_fmt(&b, "%s \"%.*s%s\"", why, (int)plain.len, plain.p,
	        plain.cut ? "..." : "");
	h2_answer_code(h, t, s, code, buf_text(&b));
}

/* A message of a stream whose head is out. */
static void
send_status(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
            enum grpc_health status)
{
	char text[GRPC_PREFIX_LEN + GRPC_HEALTH_ANSWER_LEN];
	struct buf b = buf_over(text, sizeof text);

	grpc_write_prefix(&b, GRPC_HEALTH_ANSWER_LEN);
	grpc_health_write_answer(&b, status);
	h2_send(h, t, s, buf_span(&b));
}

static void
send_call_head(struct h2_turn *t, const struct h2_stream *s)
{
	size_t at = h2_begin_frame(t->out, H2_HEADERS, H2_END_HEADERS, s->id);

	begin_call_head(t->out);
	h2_end_frame(t->out, at);
}

/* --- gRPC: the health service --- */

/* The services as they are now, as many as this listener shows. */
static const struct server_services *
look(struct h2_turn *t)
{
	if (!t->has_services)
		t->services(t->owner, &t->scratch->services);
	t->has_services = true;
	return &t->scratch->services;
}

static size_t
count_services(struct h2_turn *t)
{
	const struct server_services *now = look(t);

	return t->ask.kind == SERVER_PROBES ? now->n_probes : now->n;
}

static uint8_t
find_service(struct h2_turn *t, struct span name)
{
	size_t n = count_services(t);

	for (size_t i = 0; i < n; i++)
		if (span_is_equal(name, look(t)->of[i].name))
			return (uint8_t)i;
	return NO_SERVICE;
}

static enum grpc_health
status_of(struct h2_turn *t, uint8_t service)
{
	if (service == NO_SERVICE)
		return GRPC_SERVICE_UNKNOWN;
	return look(t)->of[service].is_serving ? GRPC_SERVING
	                                       : GRPC_NOT_SERVING;
}

static void
answer_check(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
             struct span name)
{
	uint8_t service = find_service(t, name);

	if (service == NO_SERVICE) {
		answer_named(h, t, s, GRPC_NOT_FOUND, "no service is called",
		             name);
		return;
	}
	send_call_head(t, s);
	s->state = H2_SENDS;
	s->has_trailers = true;
	send_status(h, t, s, status_of(t, service));
}

static void
answer_watch(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
             struct span name)
{
	if (!t->may_watch) {
		h2_answer_code(h, t, s, GRPC_RESOURCE_EXHAUSTED,
		               "too many connections have a Watch");
		return;
	}
	send_call_head(t, s);
	s->state = H2_WATCHES;
	h->n_watches++;
	s->deadline_ms = s->times_out_ms;
	s->service = find_service(t, name);
	s->told = (uint8_t)status_of(t, s->service);
	send_status(h, t, s, s->told);
}

/* see net/h2_answer.h */
void
h2_answer_change(struct h2 *h, struct h2_turn *t, struct h2_stream *s)
{
	enum grpc_health now = status_of(t, s->service);

	if (now == s->told)
		return;
	s->told = (uint8_t)now;
	send_status(h, t, s, now);
}

static void
answer_list(struct h2 *h, struct h2_turn *t, struct h2_stream *s)
{
	size_t n = count_services(t);
	char *text = t->scratch->answer;
	struct buf b = buf_over(text, sizeof t->scratch->answer);
	struct buf prefix = buf_over(text, GRPC_PREFIX_LEN);

	grpc_write_prefix(&b, 0);
	for (size_t i = 0; i < n; i++)
		grpc_health_write_entry(&b, look(t)->of[i].name,
		                        status_of(t, (uint8_t)i));
	grpc_write_prefix(&prefix, b.len - GRPC_PREFIX_LEN);
	if (b.len > H2_TEXT_MAX && h->held_id != 0) {
		h2_answer_code(h, t, s, GRPC_RESOURCE_EXHAUSTED,
		               "another large answer is unread");
		return;
	}
	send_call_head(t, s);
	s->state = H2_SENDS;
	s->has_trailers = true;
	h2_send(h, t, s, buf_span(&b));
}

/* --- gRPC: what comes --- */

static void
begin_call(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
           const struct h2_request *r)
{
	struct span path = t->ask.req.path, name = { NULL, 0 };
	struct span encoding, timeout;
	int64_t ms;

	encoding = r->value[H2_ENCODING];
	timeout = r->value[H2_TIMEOUT];
	s->is_coded = encoding.len > 0 && !span_is(encoding, "identity");
	s->times_out_ms = CLOCK_NEVER;
	if (timeout.p != NULL && grpc_read_timeout(timeout, &ms) < 0) {
		answer_named(h, t, s, GRPC_INTERNAL, "malformed grpc-timeout",
		             timeout);
		return;
	}
	if (timeout.p != NULL)
		s->times_out_ms = t->now_ms + ms;
	if (s->times_out_ms < s->deadline_ms)
		s->deadline_ms = s->times_out_ms;
	if (span_has_prefix(path, GRPC_HEALTH_PATH))
		name = span_after(path, sizeof GRPC_HEALTH_PATH - 1);
	while (s->method < METHODS && !span_is(name, methods[s->method]))
		s->method++;
	if (s->method == METHODS)
		answer_named(h, t, s, GRPC_UNIMPLEMENTED, "hale serves "
		             "grpc.health.v1.Health only, not", path);
	else if (s->is_ended)
		h2_answer_data(h, t, s, (struct span){ NULL, 0 });
}

/* see net/h2_answer.h */
void
h2_answer_request(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
                  const struct h2_request *r, int err)
{
	bool is_call = grpc_is_type(r->value[H2_TYPE])
	            && span_is(r->value[H2_METHOD], "POST");

	if (!is_call)
		answer_http(h, t, s, err);
	else if (err == ERR_TOOBIG)
		h2_answer_code(h, t, s, GRPC_RESOURCE_EXHAUSTED,
		               "the metadata is longer than "
		               BUF_DIGITS(H2_LIST_MAX) " bytes");
	else
		begin_call(h, t, s, r);
}

/* The whole request is there. */
static void
answer_call(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
            struct span message)
{
	struct span name;

	if (s->text_len != GRPC_PREFIX_LEN + message.len)
		h2_answer_code(h, t, s, GRPC_UNIMPLEMENTED,
		               "more than one message");
	else if (grpc_health_read_request(message, &name) < 0)
		h2_answer_code(h, t, s, GRPC_INTERNAL,
		               "the message is not protobuf");
	else if (s->method == CHECK)
		answer_check(h, t, s, name);
	else if (s->method == WATCH)
		answer_watch(h, t, s, name);
	else
		answer_list(h, t, s);
}

/* see net/h2_answer.h */
void
h2_answer_data(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
               struct span data)
{
	struct buf text = { s->text, s->text_len, sizeof s->text, false };
	struct span message;
	int r;

	if (s->state == H2_ANSWERED && s->is_ended) {
		h2_forget(h, s);
		return;
	}
	if (s->state != H2_WAITS)	/* it is answered already */
		return;
	buf_add(&text, data);
	s->text_len = (uint16_t)text.len;
	r = grpc_read_message(buf_span(&text), MESSAGE_MAX, &message);
	if (r == ERR_CODING)
		h2_answer_code(h, t, s, s->is_coded ? GRPC_UNIMPLEMENTED
		               : GRPC_INTERNAL, "the message is compressed: "
		               "only identity is understood");
	else if (r < 0 || text.cut)
		h2_answer_code(h, t, s, GRPC_RESOURCE_EXHAUSTED,
		               "the message is longer than "
		               BUF_DIGITS(H2_TEXT_MAX) " bytes");
	else if (s->is_ended && r == 0)
		h2_answer_code(h, t, s, GRPC_UNIMPLEMENTED,
		               "a call needs one whole message");
	else if (s->is_ended)
		answer_call(h, t, s, message);
}
