/* SPDX-License-Identifier: MIT */
/* tls/bear.c - keys and curves in BearSSL's forms */
#include "tls/bear.h"

#include "base/err.h"
#include "tls/der.h"

/* The engine's number of a curve; 0 where it is none. */
static int
curve_of(enum x509_key_kind kind)
{
	switch (kind) {
	case X509_KEY_P256:
		return BR_EC_secp256r1;
	case X509_KEY_P384:
		return BR_EC_secp384r1;
	case X509_KEY_P521:
		return BR_EC_secp521r1;
	case X509_KEY_OTHER:
	case X509_KEY_ED:
	case X509_KEY_PSS_OTHER:
	case X509_KEY_PSS:
	case X509_KEY_CURVE:
	case X509_KEY_EXPONENT:
	case X509_KEY_RSA:
		break;
	}
	return 0;
}

/* see tls/bear.h */
unsigned char *
bear_bytes(struct span s)
{
	union { const char *in; unsigned char *out; } u = { s.p };

	return u.out;
}

/* see tls/bear.h */
void
bear_rsa_public(br_rsa_public_key *out, const struct x509_key *key)
{
	out->n = bear_bytes(key->n);
	out->nlen = key->n.len;
	out->e = bear_bytes(key->e);
	out->elen = key->e.len;
}

/* see tls/bear.h */
int
bear_key(br_x509_pkey *out, const struct x509_key *key)
{
	if (key->kind == X509_KEY_RSA) {
		if (der_uint_bits(key->n) > X509_RSA_MAX)
			return ERR_VERSION;
		out->key_type = BR_KEYTYPE_RSA;
		bear_rsa_public(&out->key.rsa, key);
		return 0;
	}
	out->key_type = BR_KEYTYPE_EC;
	out->key.ec.curve = curve_of(key->kind);
	out->key.ec.q = bear_bytes(key->q);
	out->key.ec.qlen = key->q.len;
	return out->key.ec.curve != 0 ? 0 : ERR_VERSION;
}

/* see tls/bear.h */
void
bear_rsa(br_rsa_private_key *out, const struct key *key)
{
	out->n_bitlen = (uint32_t)der_uint_bits(key->n);
#define PART(field) \
	(out->field = bear_bytes(key->field), \
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
	out->x = bear_bytes(key->d);
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

/* see tls/bear.h */
uint32_t
bear_ecdsa(const br_ec_impl *impl, const void *hash, size_t hash_len,
           const br_ec_public_key *key, const void *sig, size_t sig_len)
{
	struct span in = { sig, sig_len }, pair, r, s;

	if (der_only(in, DER_SEQUENCE, &pair) < 0
	 || der_take_uint(&pair, &r) < 0 || der_take_uint(&pair, &s) < 0
	 || pair.len > 0)
		return 0;
	return br_ecdsa_i31_vrfy_asn1(impl, hash, hash_len, key, sig, sig_len);
}
