/* SPDX-License-Identifier: MIT */
/* tls/anchors.c - read the blob of trust anchors */
/*
 * An anchor is, all numbers big-endian: the hash of its name in 4 bytes (names
 * would take a sixth of it all); not_after in 4 (seconds since 1970, the
 * largest number for all that is later); the kind of key in 1, with
 * ANCHORS_RARE if it has what few have; the length of the key in 1, in steps of
 * 4 bytes (an EC point has one more); the key, n or the point. Then, for those
 * few: issued_until in 4 (0: no such day); how many CAs may follow in 1 (255:
 * any number); and in 2 bytes each the length of, and: e, name constraints.
 * What does not apply is empty. All others have none of it, and the e of 65537.
 */
#include "tls/anchors.h"

#include "tls/der.h"

static uint32_t
take_number(struct span *in, size_t bytes)
{
	uint32_t n = 0;

	for (size_t i = 0; i < bytes && i < in->len; i++)
		n = n << 8 | der_byte(*in, i);
	*in = span_after(*in, bytes);
	return n;
}

static struct span
take_bytes(struct span *in, size_t len)
{
	struct span s = { in->p, len < in->len ? len : in->len };

	*in = span_after(*in, len);
	return s;
}

static void
take_rare(struct span *in, struct x509 *out)
{
	int path_max;

	out->issued_until = (int64_t)take_number(in, 4);
	path_max = (int)take_number(in, 1);
	if (path_max != 255)
		out->path_max = path_max;
	out->key.e = take_bytes(in, take_number(in, 2));
	out->constraints = take_bytes(in, take_number(in, 2));
	if (out->constraints.len == 0)
		out->constraints.p = NULL;
}

/* see tls/anchors.h */
bool
anchors_next(struct span *blob, struct x509 *out, uint32_t *name_hash)
{
	unsigned kind;
	size_t len;

	if (blob->len == 0)
		return false;
	memset(out, 0, sizeof *out);
	*name_hash = take_number(blob, 4);
	out->not_before = INT64_MIN;
	out->not_after = take_number(blob, 4);
	if (out->not_after == UINT32_MAX)
		out->not_after = INT64_MAX;
	kind = take_number(blob, 1);
	len = (size_t)4 * take_number(blob, 1);
	out->key.kind = (enum x509_key_kind)(kind & ~ANCHORS_RARE);
	if (out->key.kind == X509_KEY_RSA) {
		out->key.n = take_bytes(blob, len);
		out->key.e = (struct span){ ANCHORS_EXPONENT, 3 };
	} else {
		out->key.q = take_bytes(blob, len + 1);
	}
	out->path_max = -1;
	if (kind & ANCHORS_RARE)
		take_rare(blob, out);
	out->subject = out->issuer = (struct span){ "", 0 };
	out->v3 = out->is_ca = true;
	return true;
}
