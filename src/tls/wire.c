/* SPDX-License-Identifier: MIT */
/* tls/wire.c - numbers and vectors as TLS writes them */
#include "tls/wire.h"

/* see tls/wire.h */
struct span
wire_bytes(struct span *in, size_t len)
{
	struct span out = { in->p, len };

	if (in->p == NULL || in->len < len)
		return *in = (struct span){ NULL, 0 };
	in->p += len;
	in->len -= len;
	return out;
}

/* see tls/wire.h */
unsigned
wire_number(struct span *in, size_t size)
{
	struct span bytes = wire_bytes(in, size);
	unsigned number = 0;

	for (size_t i = 0; i < bytes.len; i++)
		number = number << 8 | (unsigned char)bytes.p[i];
	return number;
}

/* see tls/wire.h */
struct span
wire_vector(struct span *in, size_t size)
{
	return wire_bytes(in, wire_number(in, size));
}

/* see tls/wire.h */
bool
wire_is_whole(const struct span *in)
{
	return in->p != NULL && in->len == 0;
}

/* see tls/wire.h */
void
wire_put(struct buf *b, size_t size, unsigned number)
{
	char bytes[4];

	for (size_t i = size; i-- > 0; number >>= 8)
		bytes[i] = (char)number;
	buf_add(b, (struct span){ bytes, size });
}

/* see tls/wire.h */
size_t
wire_open(struct buf *b, size_t size)
{
	wire_put(b, size, 0);
	return b->len;
}

/* see tls/wire.h */
void
wire_close(struct buf *b, size_t size, size_t at)
{
	size_t len = b->len - at;

	if (b->cut)
		return;
	for (char *p = b->p + at; size > 0; size--, len >>= 8)
		*--p = (char)len;
}
