/* SPDX-License-Identifier: MIT */
/* net/h2_stream.c - streams of an HTTP/2 connection, and how they end */
#include "net/h2_stream.h"

#define OPENED_MAX 64	/* bits of h2.opened */

/* see net/h2_stream.h */
void
h2_fail(struct h2 *h, struct h2_turn *t, enum h2_error why)
{
	if (h->is_over)
		return;
	if (h->has_preface)	/* SETTINGS come first */
		h2_write_goaway(t->out, h->last, why);
	h->is_over = true;
	h->why = why;
}

/* see net/h2_stream.h */
void
h2_count_noise(struct h2 *h, struct h2_turn *t, unsigned n)
{
	if (t->now_ms - h->noise_ms >= H2_NOISE_MS) {
		h->noise_ms = t->now_ms;
		h->noise = 0;
	}
	h->noise += n;
	if (h->noise > H2_NOISE_MAX)
		h2_fail(h, t, H2_ENHANCE_YOUR_CALM);
}

/* see net/h2_stream.h */
struct h2_stream *
h2_find(struct h2 *h, uint32_t id)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->streams[i].id == id)
			return &h->streams[i];
	return NULL;
}

/* see net/h2_stream.h */
bool
h2_is_idle(const struct h2 *h, uint32_t id)
{
	return (id & 1) == 0 || id > h->last;
}

/* see net/h2_stream.h */
bool
h2_was_opened(const struct h2 *h, uint32_t id)
{
	uint32_t ago = (h->last - id) / 2;

	return ago >= OPENED_MAX || (h->opened >> ago & 1) != 0;
}

/* see net/h2_stream.h */
bool
h2_was_reset(const struct h2 *h, uint32_t id)
{
	uint32_t ago = (h->last - id) / 2;

	return ago < OPENED_MAX && (h->reset >> ago & 1) != 0;
}

/* see net/h2_stream.h */
void
h2_note_opened(struct h2 *h, uint32_t id)
{
	uint32_t steps = (id - h->last) / 2;

	h->opened = steps < OPENED_MAX ? h->opened << steps | 1 : 1;
	h->reset = steps < OPENED_MAX ? h->reset << steps : 0;
	h->last = id;
}

/* see net/h2_stream.h */
void
h2_forget(struct h2 *h, struct h2_stream *s)
{
	h->n_watches -= s->state == H2_WATCHES;
	if (h->held_id == s->id)
		h->held_id = 0;
	*s = h->streams[--h->n];
}

static void
write_reset(struct h2 *h, struct h2_turn *t, uint32_t id, enum h2_error why)
{
	uint32_t ago = (h->last - id) / 2;

	if (ago < OPENED_MAX)
		h->reset |= UINT64_C(1) << ago;
	h2_write_number(t->out, H2_RST_STREAM, id, why);
}

/* see net/h2_stream.h */
void
h2_reset(struct h2 *h, struct h2_turn *t, uint32_t id, enum h2_error why)
{
	struct h2_stream *s = h2_find(h, id);

	if (s != NULL)
		h2_forget(h, s);
	write_reset(h, t, id, why);
	h2_count_noise(h, t, 1);
}

/* What is to come of its content fits into its window. */
static void
pass_over(struct h2 *h, struct h2_turn *t, struct h2_stream *s)
{
	if (h->held_id == s->id)
		h->held_id = 0;
	s->state = H2_ANSWERED;
	s->text_at = s->text_len = 0;
	s->deadline_ms = t->now_ms + H2_WAIT_MS;
}

/* see net/h2_stream.h */
void
h2_end_stream(struct h2 *h, struct h2_turn *t, struct h2_stream *s)
{
	h->noise -= h->noise < H2_NOISE_WORTH ? h->noise : H2_NOISE_WORTH;
	if (!s->is_ended && s->length >= 0 && s->length <= H2_WINDOW) {
		pass_over(h, t, s);
		return;
	}
	if (!s->is_ended)	/* it need not send the rest (8.1) */
		write_reset(h, t, s->id, H2_NO_ERROR);
	h2_forget(h, s);
}
