/* SPDX-License-Identifier: MIT */
/*
 * tls/wire.h - numbers and vectors as TLS writes them (RFC 8446, 3) (pure)
 *
 * Numbers are big-endian. A vector is preceded by its length in 1 to 3 bytes.
 */
#ifndef HALE_TLS_WIRE_H
#define HALE_TLS_WIRE_H

#include "base/buf.h"

/*
 * Each takes something off *in. If it is not there in full, *in becomes a span
 * with p NULL, and all that is taken from then on is zero or empty: a row of
 * them needs one look at its end. size is the bytes of a number, or of a
 * vector's length.
 */
unsigned wire_number(struct span *in, size_t size);
struct span wire_bytes(struct span *in, size_t len);
struct span wire_vector(struct span *in, size_t size);

/* Was all of it there, and is nothing left? */
bool wire_is_whole(const struct span *in);

void wire_put(struct buf *b, size_t size, unsigned number);

/* A vector, or a message's body: open it, append what is in it, close it with
 * what open returned. What does not fit sets b->cut: then nothing counts. */
size_t wire_open(struct buf *b, size_t size);
void wire_close(struct buf *b, size_t size, size_t at);

#endif
