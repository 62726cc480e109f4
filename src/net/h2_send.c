/* SPDX-License-Identifier: MIT */
/* net/h2_send.c - sends frames, and content as the client's windows take it */
#include "net/h2_send.h"

#include "net/h2_answer.h"
#include "net/h2_stream.h"

#define OUT_SPARE 256	/* bytes left for what follows some content */

/* see net/h2_send.h */
size_t
h2_begin_frame(struct buf *out, enum h2_type type, unsigned flags,
               uint32_t stream)
{
	size_t at = out->len;

	h2_frame_write(out, (struct h2_frame){
		.type = (uint8_t)type, .flags = (uint8_t)flags,
		.stream = stream,
	});
	return at;
}

/* see net/h2_send.h */
void
h2_end_frame(struct buf *out, size_t at)
{
	size_t len = out->len - at - H2_HEAD_LEN;

	out->p[at] = (char)(len >> 16 & 0xff);
	out->p[at + 1] = (char)(len >> 8 & 0xff);
	out->p[at + 2] = (char)(len & 0xff);
}

/* see net/h2_send.h */
void
h2_name_frame(struct buf *out, size_t at, uint32_t stream)
{
	struct buf id = buf_over(out->p + at + H2_STREAM_AT, sizeof stream);

	h2_add_u32(&id, stream);
}

/* How much of n bytes may be sent in one frame now. */
static size_t
takes(const struct h2 *h, struct h2_turn *t, const struct h2_stream *s,
      size_t n)
{
	size_t room = t->out->cap - t->out->len;
	int32_t window = s->window < h->window ? s->window : h->window;

	room -= room < H2_HEAD_LEN + OUT_SPARE ? room : H2_HEAD_LEN + OUT_SPARE;
	if (window <= 0)
		return 0;
	if (n > (size_t)window)
		n = (size_t)window;
	if (n > H2_PAYLOAD_MAX)
		n = H2_PAYLOAD_MAX;
	t->is_full |= n > room;
	return n < room ? n : room;
}

/* see net/h2_send.h */
bool
h2_has_unsent(const struct h2 *h, const struct h2_stream *s)
{
	return h->held_id == s->id
	    || (s->state != H2_WAITS && s->text_at < s->text_len);
}

/* Sends what goes out of *rest, and cuts it off there. */
static void
send_some(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
          struct span *rest)
{
	bool ends = s->state == H2_SENDS && !s->has_trailers;
	size_t n, at;

	while ((n = takes(h, t, s, rest->len)) > 0) {
		at = h2_begin_frame(t->out, H2_DATA, ends && n == rest->len
		                    ? H2_END_STREAM : 0, s->id);
		buf_add(t->out, (struct span){ rest->p, n });
		h2_end_frame(t->out, at);
		*rest = span_after(*rest, n);
		h->window -= (int32_t)n;
		s->window -= (int32_t)n;
	}
}

/* All content is out. */
static void
finish(struct h2 *h, struct h2_turn *t, struct h2_stream *s)
{
	if (s->state == H2_WATCHES)
		return;
	if (s->has_trailers)
		h2_answer_ok(t->out, s->id);
	h2_end_stream(h, t, s);
}

/* see net/h2_send.h */
void
h2_send(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
        struct span content)
{
	s->text_at = s->text_len = 0;
	send_some(h, t, s, &content);
	if (content.len == 0) {
		finish(h, t, s);
		return;
	}
	if (s->state == H2_SENDS)
		s->deadline_ms = t->now_ms + H2_WAIT_MS;
	if (content.len <= H2_TEXT_MAX) {
		memcpy(s->text, content.p, content.len);
		s->text_len = (uint16_t)content.len;
		return;
	}
	memcpy(h->held, content.p, content.len);
	h->held_id = s->id;
	h->held_at = 0;
	h->held_len = content.len;
}

/* Sends on what was kept of the stream's answer. */
static void
send_stream_on(struct h2 *h, struct h2_turn *t, struct h2_stream *s)
{
	bool is_held = h->held_id == s->id;
	struct span rest = { s->text + s->text_at,
	                     (size_t)(s->text_len - s->text_at) };

	if (!h2_has_unsent(h, s))
		return;
	if (is_held)
		rest = (struct span){ h->held + h->held_at,
		                      h->held_len - h->held_at };
	send_some(h, t, s, &rest);
	if (is_held)
		h->held_at = h->held_len - rest.len;
	else
		s->text_at = (uint16_t)(s->text_len - rest.len);
	if (rest.len == 0)
		finish(h, t, s);
}

/* see net/h2_send.h */
void
h2_send_on(struct h2 *h, struct h2_turn *t)
{
	for (size_t i = h->n; i-- > 0 && !h->is_over;)
		send_stream_on(h, t, &h->streams[i]);
}
