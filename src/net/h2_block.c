/* SPDX-License-Identifier: MIT */
/* net/h2_block.c - header blocks of an HTTP/2 connection: its requests */
#include "net/h2_block.h"

#include "base/err.h"
#include "net/h2_answer.h"
#include "net/h2_stream.h"

static void
open_stream(struct h2 *h, struct h2_turn *t, uint32_t id, bool is_ended,
            const struct h2_request *r, int err)
{
	struct h2_stream *s = &h->streams[h->n++];

	memset(s, 0, offsetof(struct h2_stream, text));
	s->id = id;
	s->window = h->first_window;
	s->is_ended = is_ended;
	s->length = r->length;
	s->deadline_ms = t->now_ms + H2_WAIT_MS;
	t->requests++;
	h2_answer_request(h, t, s, r, err);
}

/* A request's head. */
static void
take_request(struct h2 *h, struct h2_turn *t, uint32_t id, unsigned flags,
             struct h2_request *r)
{
	bool is_ended = (flags & H2_END_STREAM) != 0;
	int err = h2_request_end(r, is_ended, &t->ask.req);

	h2_note_opened(h, id);
	if (h->n == H2_STREAMS_MAX)
		h2_reset(h, t, id, H2_REFUSED_STREAM);
	else if (err == ERR_PARSE)
		h2_reset(h, t, id, H2_PROTOCOL_ERROR);
	else
		open_stream(h, t, id, is_ended, r, err);
	if (err == ERR_TOOBIG)	/* the owner logs it: it makes up for nothing */
		h2_count_noise(h, t, 1 + H2_NOISE_WORTH);
}

/* The fields behind a request's content. */
static void
take_trailers(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
              unsigned flags, struct h2_request *r)
{
	if (s->is_ended) {
		h2_reset(h, t, s->id, H2_STREAM_CLOSED);
	} else if ((flags & H2_END_STREAM) == 0 || s->length > 0
	        || h2_request_end(r, true, NULL) == ERR_PARSE) {
		h2_reset(h, t, s->id, H2_PROTOCOL_ERROR);
	} else {
		s->is_ended = true;
		h2_answer_data(h, t, s, (struct span){ NULL, 0 });
	}
}

/* A whole block. It is read to its end whatever becomes of its request, since
 * the table is the connection's; unless a few bytes stand for a lot. */
static void
take_block(struct h2 *h, struct h2_turn *t, uint32_t id, unsigned flags,
           struct span block)
{
	struct h2_stream *s = h2_find(h, id);
	struct buf memory = buf_over(t->scratch->memory, HPACK_MEMORY);
	struct h2_request r;
	struct hpack_field f;
	bool is_late = s == NULL && id <= h->last;
	int got = 1;

	if (is_late && !h2_was_reset(h, id)) {
		h2_fail(h, t, h2_was_opened(h, id) ? H2_STREAM_CLOSED
		                             : H2_PROTOCOL_ERROR);
		return;
	}
	h2_request_begin(&r, buf_over(t->scratch->text, H2_LIST_MAX));
	r.is_trailers = s != NULL;
	hpack_begin(&h->fields);
	while (r.size <= H2_LIST_WORST
	    && (got = hpack_next(&h->fields, &block, &f, &memory)) > 0)
		h2_request_add(&r, &f);
	if (got != 0)
		h2_fail(h, t, got < 0 ? H2_COMPRESSION_ERROR
		                      : H2_ENHANCE_YOUR_CALM);
	else if (is_late)
		h2_count_noise(h, t, 1);
	else if (s != NULL)
		take_trailers(h, t, s, flags, &r);
	else
		take_request(h, t, id, flags, &r);
}

static void
add_to_block(struct h2 *h, struct h2_turn *t, struct span part)
{
	if (part.len > H2_BLOCK_MAX - h->block_len) {
		h2_fail(h, t, H2_ENHANCE_YOUR_CALM);
		return;
	}
	memcpy(h->block + h->block_len, part.p, part.len);
	h->block_len += part.len;
}

/* see net/h2_block.h */
void
h2_take_headers(struct h2 *h, struct h2_turn *t, const struct h2_frame *f,
             struct span payload)
{
	if (h2_unpad(f, &payload) < 0 || (f->stream & 1) == 0) {
		h2_fail(h, t, H2_PROTOCOL_ERROR);
	} else if (f->flags & H2_END_HEADERS) {
		take_block(h, t, f->stream, f->flags, payload);
	} else {
		h->block_id = f->stream;
		h->block_flags = f->flags;
		h->block_len = 0;
		h->block_ms = t->now_ms + H2_WAIT_MS;
		add_to_block(h, t, payload);
	}
}

/* see net/h2_block.h */
void
h2_take_continuation(struct h2 *h, struct h2_turn *t, const struct h2_frame *f,
                  struct span payload)
{
	if (payload.len == 0)
		h2_count_noise(h, t, 1);
	add_to_block(h, t, payload);
	if (h->is_over || (f->flags & H2_END_HEADERS) == 0)
		return;
	h->block_id = 0;
	take_block(h, t, f->stream, h->block_flags,
	           (struct span){ h->block, h->block_len });
}
