/* SPDX-License-Identifier: MIT */
/* tls/anchors.c - read the blob of trust anchors */
/*
 * An anchor is, all numbers big-endian: the hash of its name in 8 bytes (names
 * would take a sixth of it all); not_after in 4 (seconds since 1970, the
 * largest number for all that is later); issued_until in 4 (0: no such day);
 * the kind of key in 1; how many CAs may follow in 1 (255: any number); then in
 * 2 bytes each the length of, and: n or the EC point, e, name constraints. What
 * does not apply is empty.
 */
#include "tls/anchors.h"

#include "tls/der.h"

static uint64_t
take_number(struct span *in, size_t bytes)
{
	uint64_t n = 0;

	for (size_t i = 0; i < bytes && i < in->len; i++)
		n = n << 8 | der_byte(*in, i);
	*in = span_after(*in, bytes);
	return n;
}

static struct span
take_bytes(struct span *in)
{
	size_t len = take_number(in, 2);
	struct span s = { in->p, len < in->len ? len : in->len };

	*in = span_after(*in, len);
	return s;
}

/* see tls/anchors.h */
bool
anchors_next(struct span *blob, struct x509 *out, uint64_t *name_hash)
{
	uint64_t not_after, path_max;
	struct span first;

	if (blob->len == 0)
		return false;
	memset(out, 0, sizeof *out);
	*name_hash = take_number(blob, 8);
	not_after = take_number(blob, 4);
	out->not_before = INT64_MIN;
	out->not_after = not_after == UINT32_MAX ? INT64_MAX
	                                           : (int64_t)not_after;
	out->issued_until = (int64_t)take_number(blob, 4);
	out->key.kind = (enum x509_key_kind)take_number(blob, 1);
	path_max = take_number(blob, 1);
	out->path_max = path_max == 255 ? -1 : (int)path_max;
	out->subject = out->issuer = (struct span){ "", 0 };
	first = take_bytes(blob);
	if (out->key.kind == X509_KEY_RSA)
		out->key.n = first;
	else
		out->key.q = first;
	out->key.e = take_bytes(blob);
	out->constraints = take_bytes(blob);
	if (out->constraints.len == 0)
		out->constraints.p = NULL;
	out->v3 = out->is_ca = true;
	return true;
}
