/* SPDX-License-Identifier: MIT */
/*
 * net/h2_send.h - sends frames, and content as the client's windows take it
 * (pure)
 *
 * For the parts of net/h2.h. What the windows or the turn's out have no room
 * for is kept: up to H2_TEXT_MAX bytes with the stream, more in held[].
 */
#ifndef HALE_NET_H2_SEND_H
#define HALE_NET_H2_SEND_H

#include "net/h2.h"

/* Begins a frame; returns where, for h2_end_frame(), which puts its length in,
 * and for h2_name_frame(), which changes its stream. */
size_t h2_begin_frame(struct buf *out, enum h2_type type, unsigned flags,
                      uint32_t stream);
void h2_end_frame(struct buf *out, size_t at);
void h2_name_frame(struct buf *out, size_t at, uint32_t stream);

/*
 * Sends the content of s's answer and ends the stream, unless it watches; now,
 * or when all is out. More than H2_TEXT_MAX bytes need held[] to be free.
 */
void h2_send(struct h2 *h, struct h2_turn *t, struct h2_stream *s,
             struct span content);

/* Are bytes of its answer kept? */
bool h2_has_unsent(const struct h2 *h, const struct h2_stream *s);

/* Sends on what is kept of all answers: the windows or out have more room. */
void h2_send_on(struct h2 *h, struct h2_turn *t);

#endif
