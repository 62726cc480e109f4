/* SPDX-License-Identifier: MIT */
/* tls/wire.c - numbers and vectors as TLS writes them */
#include "tls/wire.h"

/* see tls/wire.h */
bool
wire_take(struct span *in, size_t size, unsigned *out)
{
	struct span bytes;

	if (!wire_take_bytes(in, size, &bytes))
		return false;
	*out = 0;
	for (size_t i = 0; i < size; i++)
		*out = *out << 8 | (unsigned char)bytes.p[i];
	return true;
}

/* see tls/wire.h */
bool
wire_take_bytes(struct span *in, size_t len, struct span *out)
{
	if (in->len < len)
		return false;
	*out = (struct span){ in->p, len };
	*in = span_after(*in, len);
	return true;
}

/* see tls/wire.h */
bool
wire_take_vector(struct span *in, size_t size, struct span *out)
{
	unsigned len;

	return wire_take(in, size, &len) && wire_take_bytes(in, len, out);
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
