/* SPDX-License-Identifier: MIT */
/*
 * net/h2_block.h - header blocks of an HTTP/2 connection: its requests (pure)
 *
 * For net/h2.h. A block is read to its end whatever becomes of its request,
 * since the table of net/hpack.h is the connection's; one that breaks HPACK's
 * rules, or a bound of net/h2.h, ends the connection.
 */
#ifndef HALE_NET_H2_BLOCK_H
#define HALE_NET_H2_BLOCK_H

#include "net/h2.h"

/* A frame HEADERS, and one that goes on with its block. */
void h2_take_headers(struct h2 *h, struct h2_turn *t, const struct h2_frame *f,
                     struct span payload);
void h2_take_continuation(struct h2 *h, struct h2_turn *t,
                          const struct h2_frame *f, struct span payload);

#endif
