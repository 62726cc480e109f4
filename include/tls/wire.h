/* SPDX-License-Identifier: MIT */
/*
 * tls/wire.h - numbers and vectors as TLS writes them (RFC 8446, 3) (pure)
 *
 * Numbers are big-endian. A vector is preceded by its length in 1 to 3 bytes.
 */
#ifndef HALE_TLS_WIRE_H
#define HALE_TLS_WIRE_H

#include "base/buf.h"

/* Each takes something off *in and returns whether it was there; else *in and
 * *out are of no more use. size is the bytes of a number or of a length. */
bool wire_take(struct span *in, size_t size, unsigned *out);
bool wire_take_bytes(struct span *in, size_t len, struct span *out);
bool wire_take_vector(struct span *in, size_t size, struct span *out);

void wire_put(struct buf *b, size_t size, unsigned number);

/* A vector, or a message's body: open it, append what is in it, close it with
 * what open returned. What does not fit sets b->cut: then nothing counts. */
size_t wire_open(struct buf *b, size_t size);
void wire_close(struct buf *b, size_t size, size_t at);

#endif
