/* SPDX-License-Identifier: MIT */
/*
 * net/h2.c - one HTTP/2 connection to the server, in memory
 *
 * A stream is in streams[] from its HEADERS until both ends are done with it.
 * Of one that is not there any more only `last`, `opened` and `reset` know:
 * whether it is idle, closed, or was passed over. What a client breaks is as a
 * rule an error of the connection (5.4.1 permits it); of the stream where it
 * may be the mistake of one of many clients behind a proxy, or crosses what we
 * sent.
 */
#include "net/h2.h"

#include "base/clock.h"
#include "base/err.h"
#include "net/h2_answer.h"
#include "net/h2_block.h"
#include "net/h2_send.h"
#include "net/h2_stream.h"

#define ANY        0xff	/* a payload of any length */
#define SETTING_LEN 6
#define OUT_LEAST  2048	/* bytes that any frame's answer may need at once;
			 * the content of a large one is kept */
#define OWED_MAX   (H2_WINDOW / 2)
#define MAX_FRAME_SIZE_MAX 0xffffff

/* see net/h2.h */
bool
h2_is_preface(const char *buf, size_t len)
{
	return span_has_prefix((struct span){ buf, len },
	                       "PRI * HTTP/2.0\r\n");
}

/* see net/h2.h */
void
h2_write_refusal(struct buf *b)
{
	h2_frame_write(b, (struct h2_frame){ .type = H2_SETTINGS });
	h2_write_goaway(b, 0, H2_HTTP_1_1_REQUIRED);
}

/* see net/h2.h */
void
h2_init(struct h2 *h)
{
	memset(h, 0, offsetof(struct h2, streams));
	h->window = h->first_window = H2_WINDOW;
	hpack_init(&h->fields);
}

/* --- frames, but for header blocks --- */

/* The window is the connection's: a request that is taken has no need for more
 * on its own stream. */
static void
give_back(struct h2 *h, struct h2_turn *t, uint32_t len)
{
	h->owed += len;
	if (h->owed < OWED_MAX)
		return;
	h2_write_number(t->out, H2_WINDOW_UPDATE, 0, h->owed);
	h->owed = 0;
}

static void
take_content(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
             const struct h2_frame *f, struct span data)
{
	bool ends = (f->flags & H2_END_STREAM) != 0;
	int64_t len = (int64_t)data.len;

	if (s->is_ended) {
		h2_reset(h, t, s->id, H2_STREAM_CLOSED);
	} else if (s->length >= 0
	        && (len > s->length || (ends && len < s->length))) {
		h2_reset(h, t, s->id, H2_PROTOCOL_ERROR);	/* 8.1.1 */
	} else {
		s->is_ended = ends;
		s->length -= s->length >= 0 ? len : 0;
		h2_answer_data(h, t, s, data);
	}
}

static void
take_data(struct h2 *h, struct h2_turn *t, const struct h2_frame *f,
          struct span payload)
{
	struct h2_stream *s = h2_find(h, f->stream);

	give_back(h, t, f->len);
	if (h2_unpad(f, &payload) < 0 || h2_is_idle(h, f->stream)) {
		h2_fail(h, t, H2_PROTOCOL_ERROR);
		return;
	}
	if (s == NULL && !h2_was_reset(h, f->stream)) {
		h2_reset(h, t, f->stream, H2_STREAM_CLOSED);
		return;
	}
	if (s != NULL)
		take_content(h, t, s, f, payload);
	if (s == NULL
	 || (payload.len == 0 && (f->flags & H2_END_STREAM) == 0))
		h2_count_noise(h, t, 1);
}

static void
take_rst_stream(struct h2 *h, struct h2_turn *t, const struct h2_frame *f)
{
	struct h2_stream *s = h2_find(h, f->stream);

	if (h2_is_idle(h, f->stream)) {
		h2_fail(h, t, H2_PROTOCOL_ERROR);
		return;
	}
	/* Of one that was answered: it was no request then. */
	h2_count_noise(h, t, s != NULL && s->state != H2_ANSWERED
	                     ? 1 : 1 + H2_NOISE_WORTH);
	if (s != NULL)
		h2_forget(h, s);
}

/* Adds to a window. Returns false where it exceeds what one may be (6.9.1). */
static bool
widen(int32_t *window, int64_t by)
{
	if (*window + by > H2_WINDOW_MAX)
		return false;
	*window = (int32_t)(*window + by);
	return true;
}

static void
take_window_update(struct h2 *h, struct h2_turn *t, const struct h2_frame *f,
                   struct span payload)
{
	int64_t by = h2_u32(payload.p) & H2_WINDOW_MAX;
	struct h2_stream *s = h2_find(h, f->stream);
	size_t before = t->out->len;

	if (f->stream == 0) {
		if (by == 0)
			h2_fail(h, t, H2_PROTOCOL_ERROR);
		else if (!widen(&h->window, by))
			h2_fail(h, t, H2_FLOW_CONTROL_ERROR);
	} else if (h2_is_idle(h, f->stream)) {
		h2_fail(h, t, H2_PROTOCOL_ERROR);
	} else if (s != NULL && by == 0) {
		h2_reset(h, t, f->stream, H2_PROTOCOL_ERROR);
	} else if (s != NULL && !widen(&s->window, by)) {
		h2_reset(h, t, f->stream, H2_FLOW_CONTROL_ERROR);
	}
	h2_send_on(h, t);
	if (t->out->len == before)	/* nothing waited for it */
		h2_count_noise(h, t, 1);
}

/* Every window of a stream changes with it (6.9.2). */
static enum h2_error
set_first_window(struct h2 *h, uint32_t value)
{
	int64_t by = (int64_t)value - h->first_window;

	if (value > H2_WINDOW_MAX)
		return H2_FLOW_CONTROL_ERROR;
	for (size_t i = 0; i < h->n; i++)
		if (!widen(&h->streams[i].window, by))
			return H2_FLOW_CONTROL_ERROR;
	h->first_window = (int32_t)value;
	return H2_NO_ERROR;
}

/* We push nothing, and what we send fits any frame size and header table. */
static enum h2_error
set(struct h2 *h, unsigned id, uint32_t value)
{
	switch (id) {
	case H2_ENABLE_PUSH:
		return value > 1 ? H2_PROTOCOL_ERROR : H2_NO_ERROR;
	case H2_INITIAL_WINDOW_SIZE:
		return set_first_window(h, value);
	case H2_MAX_FRAME_SIZE:
		return value < H2_PAYLOAD_MAX || value > MAX_FRAME_SIZE_MAX
		     ? H2_PROTOCOL_ERROR : H2_NO_ERROR;
	}
	return H2_NO_ERROR;
}

static void
take_settings(struct h2 *h, struct h2_turn *t, const struct h2_frame *f,
              struct span payload)
{
	enum h2_error why = H2_NO_ERROR;

	h2_count_noise(h, t, 1 + f->len / SETTING_LEN);
	if (payload.len % SETTING_LEN != 0
	 || ((f->flags & H2_ACK) && payload.len > 0))
		why = H2_FRAME_SIZE_ERROR;
	for (; why == H2_NO_ERROR && payload.len > 0 && !h->is_over;
	     payload = span_after(payload, SETTING_LEN))
		why = set(h, h2_u32(payload.p) >> 16, h2_u32(payload.p + 2));
	if (why != H2_NO_ERROR)
		h2_fail(h, t, why);
	if (h->is_over || (f->flags & H2_ACK))
		return;
	h->has_settings = true;
	h2_frame_write(t->out, (struct h2_frame){
		.type = H2_SETTINGS, .flags = H2_ACK,
	});
	h2_send_on(h, t);
}

static void
take_ping(struct h2 *h, struct h2_turn *t, const struct h2_frame *f,
          struct span payload)
{
	h2_count_noise(h, t, 1);
	if (h->is_over || (f->flags & H2_ACK))
		return;
	h2_frame_write(t->out, (struct h2_frame){
		.len = H2_PING_LEN, .type = H2_PING, .flags = H2_ACK,
	});
	buf_add(t->out, payload);
}

/* --- the connection --- */

/* What a frame's head must be like by its type (6). */
static const struct rule {
	uint8_t len;		/* of the payload */
	bool    on_connection;	/* stream 0 */
	bool    on_stream;
} rules[] = {
	[H2_DATA]          = { ANY, false, true },
	[H2_HEADERS]       = { ANY, false, true },
	[H2_PRIORITY]      = { H2_PRIORITY_LEN, false, true },
	[H2_RST_STREAM]    = { 4, false, true },
	[H2_SETTINGS]      = { ANY, true, false },
	[H2_PUSH_PROMISE]  = { ANY, false, false },
	[H2_PING]          = { H2_PING_LEN, true, false },
	[H2_GOAWAY]        = { ANY, true, false },
	[H2_WINDOW_UPDATE] = { 4, true, true },
	[H2_CONTINUATION]  = { ANY, false, true },
};

/* Has it the bytes that its flags say it has (4.2)? */
static bool
is_too_short(const struct h2_frame *f)
{
	uint32_t least = (f->flags & H2_PADDED) != 0;

	if (f->type == H2_HEADERS && (f->flags & H2_HAS_PRIORITY))
		least += H2_PRIORITY_LEN;
	return f->type <= H2_HEADERS && f->len < least;
}

static enum h2_error
check_frame(const struct h2 *h, const struct h2_frame *f)
{
	const struct rule *r;

	if (f->len > H2_PAYLOAD_MAX)
		return H2_FRAME_SIZE_ERROR;
	if (!h->has_settings
	 && (f->type != H2_SETTINGS || (f->flags & H2_ACK)))
		return H2_PROTOCOL_ERROR;	/* 3.4 */
	if (h->block_id != 0 || f->type == H2_CONTINUATION)	/* 6.10 */
		return h->block_id == f->stream && f->type == H2_CONTINUATION
		    && f->stream != 0 ? H2_NO_ERROR : H2_PROTOCOL_ERROR;
	if (f->type >= sizeof rules / sizeof rules[0])
		return H2_NO_ERROR;	/* unknown: passed over, 4.1 */
	r = &rules[f->type];
	if (!(f->stream == 0 ? r->on_connection : r->on_stream))
		return H2_PROTOCOL_ERROR;
	return (r->len != ANY && f->len != r->len)
	    || (f->type == H2_GOAWAY && f->len < H2_GOAWAY_LEN)
	    || is_too_short(f)
	     ? H2_FRAME_SIZE_ERROR : H2_NO_ERROR;
}

static void
take_frame(struct h2 *h, struct h2_turn *t, const struct h2_frame *f,
           struct span payload)
{
	switch (f->type) {
	case H2_DATA:
		take_data(h, t, f, payload);
		break;
	case H2_HEADERS:
		h2_take_headers(h, t, f, payload);
		break;
	case H2_RST_STREAM:
		take_rst_stream(h, t, f);
		break;
	case H2_SETTINGS:
		take_settings(h, t, f, payload);
		break;
	case H2_PING:
		take_ping(h, t, f, payload);
		break;
	case H2_WINDOW_UPDATE:
		take_window_update(h, t, f, payload);
		break;
	case H2_CONTINUATION:
		h2_take_continuation(h, t, f, payload);
		break;
	case H2_GOAWAY:
		h2_count_noise(h, t, 1);
		if (h->n == 0)	/* it waits for nothing any more */
			h2_fail(h, t, H2_NO_ERROR);
		break;
	default:	/* PRIORITY, and what is not known */
		h2_count_noise(h, t, 1);
	}
}

/* What comes before the first frame, and our first frame (3.4), which waits for
 * the client's: one call for it and for its acknowledgement. Returns the bytes
 * that it takes, or 0: more are needed. */
static size_t
take_preface(struct h2 *h, struct h2_turn *t, const char *buf, size_t len)
{
	bool is_wrong = len >= H2_PREFACE_LEN
	             && memcmp(buf, H2_PREFACE, H2_PREFACE_LEN) != 0;
	size_t at;

	if (!is_wrong && len < H2_PREFACE_LEN + H2_HEAD_LEN)
		return 0;
	at = h2_begin_frame(t->out, H2_SETTINGS, 0, 0);
	h2_write_setting(t->out, H2_MAX_CONCURRENT_STREAMS, H2_STREAMS_MAX);
	h2_write_setting(t->out, H2_MAX_HEADER_LIST_SIZE, H2_LIST_MAX);
	h2_end_frame(t->out, at);
	h->has_preface = true;
	if (is_wrong)
		h2_fail(h, t, H2_PROTOCOL_ERROR);
	return H2_PREFACE_LEN;
}

/* One frame, as take_preface(). */
static size_t
take_next(struct h2 *h, struct h2_turn *t, const char *buf, size_t len)
{
	struct h2_frame f;
	enum h2_error why;

	if (!h->has_preface)
		return take_preface(h, t, buf, len);
	if (len < H2_HEAD_LEN)
		return 0;
	f = h2_frame_read(buf);
	why = check_frame(h, &f);
	if (why != H2_NO_ERROR) {
		h2_fail(h, t, why);
		return len;
	}
	if (len < H2_HEAD_LEN + f.len)
		return 0;
	take_frame(h, t, &f, (struct span){ buf + H2_HEAD_LEN, f.len });
	t->cost += 1 + f.len / H2_COST_LEN;
	return H2_HEAD_LEN + f.len;
}

static bool
is_turn_over(const struct h2_turn *t)
{
	return t->requests >= H2_TURN_REQS || t->cost >= H2_TURN_COST
	    || t->is_full || t->out->cap - t->out->len < OUT_LEAST;
}

/* see net/h2.h */
size_t
h2_read(struct h2 *h, struct h2_turn *t, const char *buf, size_t len,
        bool *again)
{
	size_t used = 0, n = 1;

	h2_send_on(h, t);
	while (used < len && n > 0 && !h->is_over && !is_turn_over(t)) {
		n = take_next(h, t, buf + used, len - used);
		used += n;
	}
	*again = !h->is_over && (t->is_full || (used < len && is_turn_over(t)));
	return used;
}

/* --- changes and time --- */

/* see net/h2.h */
void
h2_tell(struct h2 *h, struct h2_turn *t)
{
	for (size_t i = h->n; i-- > 0;) {
		struct h2_stream *s = &h->streams[i];

		if (s->state == H2_WATCHES && !h2_has_unsent(h, s))
			h2_answer_change(h, t, s);
	}
}

/* see net/h2.h */
int64_t
h2_deadline(const struct h2 *h)
{
	int64_t first = h->block_id != 0 ? h->block_ms : CLOCK_NEVER;

	for (size_t i = 0; i < h->n; i++)
		if (h->streams[i].deadline_ms < first)
			first = h->streams[i].deadline_ms;
	return first;
}

/* see net/h2.h */
void
h2_expire(struct h2 *h, struct h2_turn *t)
{
	if (h->block_id != 0 && h->block_ms <= t->now_ms)
		h2_fail(h, t, H2_ENHANCE_YOUR_CALM);
	for (size_t i = h->n; i-- > 0 && !h->is_over;) {
		struct h2_stream *s = &h->streams[i];

		if (s->deadline_ms > t->now_ms)
			continue;
		if (h2_has_unsent(h, s))
			h2_reset(h, t, s->id, H2_CANCEL);
		else if (s->state == H2_ANSWERED)
			h2_reset(h, t, s->id, H2_NO_ERROR);
		else
			h2_answer_code(h, t, s, GRPC_DEADLINE_EXCEEDED,
			               "the call's time is up");
	}
}

/* see net/h2.h */
void
h2_leave(struct h2 *h, struct h2_turn *t)
{
	for (size_t i = h->n; i-- > 0;) {
		struct h2_stream *s = &h->streams[i];

		if (!h2_has_unsent(h, s) && s->state != H2_ANSWERED)
			h2_answer_code(h, t, s, GRPC_UNAVAILABLE,
			               "hale ends the connection");
	}
	h2_fail(h, t, H2_NO_ERROR);
}
