/* SPDX-License-Identifier: MIT */
/* tls/x509_key.c - public keys of certificates */
#include "tls/x509_key.h"

#include "base/err.h"
#include "tls/der.h"

enum { KEY_OTHER, KEY_RSA, KEY_EC, KEY_PSS, KEY_ED };
static const struct der_oid keys[] = {
	DER_OID_MEANS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", KEY_RSA),
	DER_OID_MEANS("\x2a\x86\x48\xce\x3d\x02\x01", KEY_EC),
	DER_OID_MEANS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", KEY_PSS),
	DER_OID_MEANS("\x2b\x65\x70", KEY_ED),
	DER_OID_MEANS("\x2b\x65\x71", KEY_ED),
};

static const struct der_oid curves[] = {
	DER_OID_MEANS("\x2a\x86\x48\xce\x3d\x03\x01\x07", X509_KEY_P256),
	DER_OID_MEANS("\x2b\x81\x04\x00\x22", X509_KEY_P384),
	DER_OID_MEANS("\x2b\x81\x04\x00\x23", X509_KEY_P521),
};

/* see tls/x509_key.h */
enum x509_key_kind
x509_key_curve(struct span oid)
{
	return (enum x509_key_kind)DER_LOOK_UP(oid, curves, X509_KEY_CURVE);
}

static int
read_rsa(struct x509_key *out, struct span bits)
{
	struct span pair;

	if (der_only(bits, DER_SEQUENCE, &pair) < 0
	 || der_take_uint(&pair, &out->n) < 0
	 || der_take_uint(&pair, &out->e) < 0 || pair.len > 0)
		return ERR_PARSE;
	/* An even modulus or exponent, or the exponent 1, is no RSA key. */
	if (out->n.len == 0 || (der_byte(out->n, out->n.len - 1) & 1) == 0
	 || out->e.len == 0 || (der_byte(out->e, out->e.len - 1) & 1) == 0
	 || der_uint_bits(out->e) < 2)
		return ERR_PARSE;
	/* The work of a check grows with the exponent, and a peer chooses
	 * it: one that fills a certificate takes a minute. */
	out->kind = der_uint_bits(out->e) > X509_RSA_E_MAX ? X509_KEY_EXPONENT
	                                               : X509_KEY_RSA;
	return 0;
}

/* The parameters, if there are any, narrow what it may sign (RFC 4055, 3.3). */
static int
read_pss(struct x509_key *out, struct span params, struct span bits)
{
	int r = read_rsa(out, bits);

	if (r < 0 || out->kind != X509_KEY_RSA)
		return r;
	out->kind = X509_KEY_PSS;
	if (params.len > 0 && (x509_pss_read(&out->pss, params) < 0
	 || !x509_pss_is_known(&out->pss)))
		out->kind = X509_KEY_PSS_OTHER;
	return 0;
}

static int
read_ec(struct x509_key *out, struct span params, struct span point)
{
	static const unsigned char lengths[] = {
		[X509_KEY_P256] = 65, [X509_KEY_P384] = 97,
		[X509_KEY_P521] = 133,
	};
	struct span oid;

	out->kind = X509_KEY_CURVE;
	if (der_take(&params, DER_OID, &oid) < 0)
		return 0;	/* a curve spelled out: none of ours */
	out->kind = x509_key_curve(oid);
	if (out->kind == X509_KEY_CURVE)
		return 0;
	if (point.len != lengths[out->kind] || der_byte(point, 0) != 4) {
		out->kind = X509_KEY_CURVE;	/* a compressed point */
		return 0;
	}
	out->q = point;
	return 0;
}

/* see tls/x509_key.h */
int
x509_key_read(struct x509_key *out, struct span *in)
{
	struct span spki, alg, oid, bits;

	memset(out, 0, sizeof *out);
	if (der_take(in, DER_SEQUENCE, &spki) < 0
	 || der_take(&spki, DER_SEQUENCE, &alg) < 0
	 || der_take(&alg, DER_OID, &oid) < 0
	 || der_take_bits(&spki, &bits) < 0 || spki.len > 0)
		return ERR_PARSE;
	switch (DER_LOOK_UP(oid, keys, KEY_OTHER)) {
	case KEY_RSA:
		return read_rsa(out, bits);
	case KEY_EC:
		return read_ec(out, alg, bits);
	case KEY_PSS:
		return read_pss(out, alg, bits);
	case KEY_ED:
		out->kind = X509_KEY_ED;
		return 0;
	default:
		out->kind = X509_KEY_OTHER;
		return 0;
	}
}

