/* SPDX-License-Identifier: MIT */
/*
 * net/h2_stream.h - streams of an HTTP/2 connection, and how they end (pure)
 *
 * For the parts of net/h2.h. A pointer to a stream is of no use any more once
 * one of the connection has ended: the last one takes its place.
 */
#ifndef HALE_NET_H2_STREAM_H
#define HALE_NET_H2_STREAM_H

#include "net/h2.h"

/* The connection is over: GOAWAY says why, the first time. */
void h2_fail(struct h2 *h, struct h2_turn *t, enum h2_error why);

/* Counts frames that ask for nothing; too many are ENHANCE_YOUR_CALM. */
void h2_count_noise(struct h2 *h, struct h2_turn *t, unsigned n);

/* The stream that has not ended, or NULL. */
struct h2_stream *h2_find(struct h2 *h, uint32_t id);

/* Never opened (RFC 9113, 5.1): those of even numbers are ours, and we open
 * none. */
bool h2_is_idle(const struct h2 *h, uint32_t id);

/* Of a stream up to the last one: was it opened, not passed over? Of one that
 * is long past nobody knows any more: true. */
bool h2_was_opened(const struct h2 *h, uint32_t id);

/* Have we reset it? What still comes for it is not an error then (5.1). */
bool h2_was_reset(const struct h2 *h, uint32_t id);

/* Its HEADERS have come; it becomes the last one. */
void h2_note_opened(struct h2 *h, uint32_t id);

/* Ends a stream, of which the client need not hear. */
void h2_forget(struct h2 *h, struct h2_stream *s);

/* Ends a stream, if it is still there, with an error. */
void h2_reset(struct h2 *h, struct h2_turn *t, uint32_t id, enum h2_error why);

/* Ends a stream whose answer is out, now or with its short content. */
void h2_end_stream(struct h2 *h, struct h2_turn *t, struct h2_stream *s);

#endif
