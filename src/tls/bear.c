/* SPDX-License-Identifier: MIT */
/* tls/bear.c - keys and curves in BearSSL's forms */
#include "tls/bear.h"

#include "tls/der.h"

#define ORDER_MAX 66	/* bytes of the order of P-521 */

_Static_assert(BR_EC_secp384r1 - X509_KEY_P384 ==
               BR_EC_secp256r1 - X509_KEY_P256
            && BR_EC_secp521r1 - X509_KEY_P521
               == BR_EC_secp256r1 - X509_KEY_P256, "curves in one order");

/* BearSSL's number of an EC key's curve. */
static int
curve_of(enum x509_key_kind kind)
{
	return BR_EC_secp256r1 + (int)kind - X509_KEY_P256;
}

/* see tls/bear.h */
const br_ec_impl *
bear_curve(int curve)
{
	if (curve == BR_EC_curve25519)
		return &br_ec_c25519_m31;
	return curve == BR_EC_secp256r1 ? &br_ec_p256_m31 : &br_ec_prime_i31;
}

/* BearSSL only reads keys; its types do not say so. */
static unsigned char *
bytes_of(struct span s)
{
	union { const char *in; unsigned char *out; } u = { s.p };

	return u.out;
}

/* see tls/bear.h */
void
bear_rsa_public(br_rsa_public_key *out, const struct x509_key *key)
{
	out->n = bytes_of(key->n);
	out->nlen = key->n.len;
	out->e = bytes_of(key->e);
	out->elen = key->e.len;
}

/* see tls/bear.h */
void
bear_rsa(br_rsa_private_key *out, const struct key *key)
{
	out->n_bitlen = (uint32_t)der_uint_bits(key->n);
#define PART(field) \
	(out->field = bytes_of(key->field), \
	 out->field##len = key->field.len)
	PART(p);
	PART(q);
	PART(dp);
	PART(dq);
	PART(iq);
#undef PART
}

/* see tls/bear.h */
void
bear_ec_key(br_ec_private_key *out, const struct key *key)
{
	out->curve = curve_of(key->kind);
	out->x = bytes_of(key->d);
	out->xlen = key->d.len;
}

/* see tls/bear.h */
const br_hash_class *
bear_hash(unsigned hash)
{
	if (hash == X509_SHA256)
		return &br_sha256_vtable;
	return hash == X509_SHA384 ? &br_sha384_vtable : &br_sha512_vtable;
}

/* see tls/bear.h */
const unsigned char *
bear_hash_oid(unsigned hash)
{
	if (hash == X509_SHA256)
		return BR_HASH_OID_SHA256;
	return hash == X509_SHA384 ? BR_HASH_OID_SHA384 : BR_HASH_OID_SHA512;
}

/* see tls/bear.h */
void
bear_digest(unsigned char *out, unsigned hash, struct span bytes)
{
	const br_hash_class *h = bear_hash(hash);
	br_hash_compat_context c;

	h->init(&c.vtable);
	h->update(&c.vtable, bytes.p, bytes.len);
	h->out(&c.vtable, out);
}

/* Writes a number at the end of size bytes. */
static bool
pad(unsigned char *out, size_t size, struct span number)
{
	if (number.len > size)
		return false;
	memset(out, 0, size);
	memcpy(out + size - number.len, number.p, number.len);
	return true;
}

/* see tls/bear.h */
bool
bear_ecdsa(const unsigned char *digest, size_t len, const struct x509_key *key,
           struct span sig)
{
	br_ec_public_key pub = {
		curve_of(key->kind), bytes_of(key->q), key->q.len,
	};
	size_t size = key->q.len / 2;	/* of a number below the order */
	unsigned char raw[2 * ORDER_MAX];
	struct span pair, r, s;

	return der_only(sig, DER_SEQUENCE, &pair) == 0
	    && der_take_uint(&pair, &r) == 0 && der_take_uint(&pair, &s) == 0
	    && pair.len == 0 && pad(raw, size, r) && pad(raw + size, size, s)
	    && br_ecdsa_i31_vrfy_raw(bear_curve(pub.curve), digest, len, &pub,
	                             raw, 2 * size) == 1;
}
