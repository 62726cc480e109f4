/* SPDX-License-Identifier: MIT */
/* tls/key.c - read a private key */
#include "tls/key.h"

#include "base/err.h"
#include "tls/der.h"

#define FACTOR_MAX 2080	/* bits of a prime that the engine has room for */

static bool
is_odd(struct span n)
{
	return n.len > 0 && (der_byte(n, n.len - 1) & 1);
}

/* The engine sizes its numbers by these without a look at them. */
static bool
is_fit(const struct key *k)
{
	size_t p = der_uint_bits(k->p), q = der_uint_bits(k->q);
	size_t n = der_uint_bits(k->n);

	return is_odd(k->p) && is_odd(k->q) && p <= FACTOR_MAX
	    && q <= FACTOR_MAX && (p + q == n || p + q == n + 1)
	    && k->dp.len > 0 && k->dp.len <= k->p.len
	    && k->dq.len > 0 && k->dq.len <= k->q.len
	    && k->iq.len > 0 && k->iq.len <= k->p.len;
}

/* RFC 8017, A.1.2 */
static int
read_rsa(struct key *k, struct span der)
{
	struct span in, e, d;

	if (der_take(&der, DER_SEQUENCE, &in) < 0
	 || der_take_int(&in, 0) != 0 || der_take_uint(&in, &k->n) < 0
	 || der_take_uint(&in, &e) < 0 || der_take_uint(&in, &d) < 0
	 || der_take_uint(&in, &k->p) < 0 || der_take_uint(&in, &k->q) < 0
	 || der_take_uint(&in, &k->dp) < 0 || der_take_uint(&in, &k->dq) < 0
	 || der_take_uint(&in, &k->iq) < 0)
		return ERR_PARSE;
	if (der_uint_bits(k->n) < X509_RSA_MIN
	 || der_uint_bits(k->n) > X509_RSA_MAX)
		return ERR_RANGE;
	k->kind = X509_KEY_RSA;
	return is_fit(k) ? 0 : ERR_PARSE;
}

/* RFC 5915. In PKCS#8 the curve stands outside, and *k has it already. */
static int
read_ec(struct key *k, struct span der)
{
	static const unsigned char most[] = {
		[X509_KEY_P256] = 32, [X509_KEY_P384] = 48,
		[X509_KEY_P521] = 66,
	};
	struct span in, params, oid;

	if (der_take(&der, DER_SEQUENCE, &in) < 0
	 || der_take_int(&in, 1) != 1 || der_take(&in, DER_OCTETS, &k->d) < 0)
		return ERR_PARSE;
	if (der_is_next(in, DER_CONTEXT_OF(0))) {
		if (der_take(&in, DER_CONTEXT_OF(0), &params) < 0)
			return ERR_PARSE;
		if (der_take(&params, DER_OID, &oid) < 0)
			return ERR_VERSION;
		k->kind = x509_key_curve(oid);
	}
	if (k->kind < X509_KEY_P256)
		return ERR_VERSION;
	return k->d.len > 0 && k->d.len <= most[k->kind] ? 0 : ERR_PARSE;
}

/* RFC 5208 */
static int
read_pkcs8(struct key *k, struct span der)
{
	struct span in, alg, oid, inner;

	if (der_take(&der, DER_SEQUENCE, &in) < 0
	 || der_take_int(&in, 1) < 0
	 || der_take(&in, DER_SEQUENCE, &alg) < 0
	 || der_take(&alg, DER_OID, &oid) < 0
	 || der_take(&in, DER_OCTETS, &inner) < 0)
		return ERR_PARSE;
	if (DER_OID_IS(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"))
		return read_rsa(k, inner);
	if (!DER_OID_IS(oid, "\x2a\x86\x48\xce\x3d\x02\x01"))
		return ERR_VERSION;
	if (der_take(&alg, DER_OID, &oid) < 0)
		return ERR_VERSION;
	k->kind = x509_key_curve(oid);
	return read_ec(k, inner);
}

/* see tls/key.h */
int
key_read(struct key *out, enum pem_kind kind, struct span der)
{
	memset(out, 0, sizeof *out);
	switch (kind) {
	case PEM_KEY_PKCS8:
		return read_pkcs8(out, der);
	case PEM_KEY_RSA:
		return read_rsa(out, der);
	case PEM_KEY_EC:
		return read_ec(out, der);
	case PEM_OTHER:
	case PEM_CERT:
	case PEM_CERT_TRUSTED:
	case PEM_KEY_ENCRYPTED:
		break;
	}
	return ERR_VERSION;
}
