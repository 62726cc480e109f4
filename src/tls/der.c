/* SPDX-License-Identifier: MIT */
/* tls/der.c - read DER one element at a time */
#include "tls/der.h"

#include "base/err.h"

/* Takes a length off *in (X.690, 8.1.3). */
static int
take_len(struct span *in, size_t *len)
{
	size_t n, bytes;

	if (in->len == 0)
		return ERR_PARSE;
	n = der_byte(*in, 0);
	*in = span_after(*in, 1);
	if (n >= 0x80) {
		bytes = n & 0x7f;
		if (bytes == 0 || bytes > 4 || bytes > in->len)
			return ERR_PARSE;
		n = 0;
		for (size_t i = 0; i < bytes; i++)
			n = n << 8 | der_byte(*in, i);
		if (n < 0x80 || n >> (8 * (bytes - 1)) == 0)
			return ERR_PARSE;	/* a shorter form would do */
		*in = span_after(*in, bytes);
	}
	if (n > in->len)
		return ERR_PARSE;
	*len = n;
	return 0;
}

/* see tls/der.h */
bool
der_is_same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

/* see tls/der.h */
int
der_next(struct span *in, struct span *value)
{
	struct span rest = *in;
	size_t len;
	int tag;

	if (rest.len == 0)
		return ERR_PARSE;
	tag = der_byte(rest, 0);
	if ((tag & 0x1f) == 0x1f)
		return ERR_PARSE;	/* a tag of several bytes */
	rest = span_after(rest, 1);
	if (take_len(&rest, &len) < 0)
		return ERR_PARSE;
	*value = (struct span){ rest.p, len };
	*in = span_after(rest, len);
	return tag;
}

/* see tls/der.h */
int
der_take(struct span *in, int tag, struct span *value)
{
	struct span rest = *in;

	if (der_next(&rest, value) != tag)
		return ERR_PARSE;
	*in = rest;
	return 0;
}

/* see tls/der.h */
int
der_only(struct span in, int tag, struct span *value)
{
	return der_take(&in, tag, value) < 0 || in.len > 0 ? ERR_PARSE : 0;
}

/* see tls/der.h */
int
der_take_whole(struct span *in, int tag, struct span *whole)
{
	const char *start = in->p;
	struct span value;

	if (der_take(in, tag, &value) < 0)
		return ERR_PARSE;
	*whole = (struct span){ start, (size_t)(in->p - start) };
	return 0;
}

/* see tls/der.h */
bool
der_is_next(struct span in, int tag)
{
	return in.len > 0 && der_byte(in, 0) == tag;
}

/* see tls/der.h */
int
der_take_uint(struct span *in, struct span *value)
{
	struct span rest = *in;

	if (der_take(&rest, DER_INTEGER, value) < 0 || value->len == 0
	 || der_byte(*value, 0) >= 0x80)
		return ERR_PARSE;
	if (value->len > 1 && der_byte(*value, 0) == 0
	 && der_byte(*value, 1) < 0x80)
		return ERR_PARSE;	/* a shorter form says the same */
	while (value->len > 0 && der_byte(*value, 0) == 0)
		*value = span_after(*value, 1);
	*in = rest;
	return 0;
}

/* see tls/der.h */
int
der_take_int(struct span *in, int max)
{
	struct span value;
	uint32_t n = 0;

	if (der_take_uint(in, &value) < 0)
		return ERR_PARSE;
	if (value.len > 4)
		return ERR_RANGE;
	for (size_t i = 0; i < value.len; i++)
		n = n << 8 | der_byte(value, i);
	return n <= (uint32_t)max ? (int)n : ERR_RANGE;
}

/* see tls/der.h */
int
der_take_bits(struct span *in, struct span *value)
{
	struct span rest = *in;

	if (der_take(&rest, DER_BITS, value) < 0 || value->len == 0
	 || der_byte(*value, 0) != 0)
		return ERR_PARSE;
	*value = span_after(*value, 1);
	*in = rest;
	return 0;
}

/* see tls/der.h */
size_t
der_uint_bits(struct span number)
{
	size_t bits = number.len * 8;

	if (bits == 0)
		return 0;
	for (unsigned top = der_byte(number, 0); top < 0x80; top <<= 1)
		bits--;
	return bits;
}

/* see tls/der.h */
int
der_look_up(struct span oid, const struct der_oid *table, size_t n,
            int otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (der_is_same(oid, (struct span){ table[i].bytes,
		                                    table[i].len }))
			return table[i].means;
	return otherwise;
}
