/* SPDX-License-Identifier: MIT */
/* tls/x509_pss.c - parameters of RSASSA-PSS */
#include "tls/x509_pss.h"

#include "base/err.h"
#include "tls/der.h"

#define SALT_DEFAULT 20
#define SALT_MAX     1000

_Static_assert(X509_HASH_LEN(X509_SHA256) == 32
            && X509_HASH_LEN(X509_SHA512) == 64, "a hash's length");

static const struct der_oid hashes[] = {
	DER_OID_MEANS("\x2b\x0e\x03\x02\x1a", X509_HASH_SHA1),
	DER_OID_MEANS("\x60\x86\x48\x01\x65\x03\x04\x02\x01", X509_SHA256),
	DER_OID_MEANS("\x60\x86\x48\x01\x65\x03\x04\x02\x02", X509_SHA384),
	DER_OID_MEANS("\x60\x86\x48\x01\x65\x03\x04\x02\x03", X509_SHA512),
};

/* Takes a hash's AlgorithmIdentifier, which is all of in, with NULL or nothing
 * behind the OID: both are in use (RFC 4055, 2.1). */
static int
read_hash(struct span in, unsigned char *hash)
{
	struct span alg, oid, null;

	if (der_only(in, DER_SEQUENCE, &alg) < 0
	 || der_take(&alg, DER_OID, &oid) < 0)
		return ERR_PARSE;
	if (alg.len > 0
	 && (der_only(alg, DER_NULL, &null) < 0 || null.len > 0))
		return ERR_PARSE;
	*hash = (unsigned char)DER_LOOK_UP(oid, hashes, X509_HASH_OTHER);
	return 0;
}

/* MGF1 is the only mask there is; its parameter is the hash. */
static int
read_mask(struct span in, unsigned char *hash)
{
	struct span alg, oid;

	if (der_only(in, DER_SEQUENCE, &alg) < 0
	 || der_take(&alg, DER_OID, &oid) < 0
	 || !DER_OID_IS(oid, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"))
		return ERR_PARSE;
	return read_hash(alg, hash);
}

/* Takes a number in [tag], if it is there; else it is absent. */
static int
take_number(struct span *in, int tag, int max, int absent)
{
	struct span inner;
	int n;

	if (!der_is_next(*in, tag))
		return absent;
	if (der_take(in, tag, &inner) < 0)
		return ERR_PARSE;
	n = der_take_int(&inner, max);
	return inner.len > 0 ? ERR_PARSE : n;
}

/* see tls/x509_pss.h */
int
x509_pss_read(struct x509_pss *out, struct span params)
{
	struct x509_pss p = { X509_HASH_SHA1, X509_HASH_SHA1, 0 };
	struct span in, inner;
	int salt;

	if (der_only(params, DER_SEQUENCE, &in) < 0)
		return ERR_PARSE;
	if (der_is_next(in, DER_CONTEXT_OF(0))
	 && (der_take(&in, DER_CONTEXT_OF(0), &inner) < 0
	  || read_hash(inner, &p.hash) < 0))
		return ERR_PARSE;
	if (der_is_next(in, DER_CONTEXT_OF(1))
	 && (der_take(&in, DER_CONTEXT_OF(1), &inner) < 0
	  || read_mask(inner, &p.mask) < 0))
		return ERR_PARSE;
	salt = take_number(&in, DER_CONTEXT_OF(2), SALT_MAX, SALT_DEFAULT);
	if (salt == ERR_RANGE)
		salt = SALT_MAX;
	/* The trailer 1 stands for the byte 0xbc, and there is no other. */
	if (salt < 0 || take_number(&in, DER_CONTEXT_OF(3), 1, 1) != 1
	 || in.len > 0)
		return ERR_PARSE;
	p.salt_len = (unsigned short)salt;
	*out = p;
	return 0;
}

/* see tls/x509_pss.h */
bool
x509_pss_admits(const struct x509_pss *key, const struct x509_pss *sig)
{
	return key->hash == 0 || (key->hash == sig->hash
	    && key->mask == sig->mask && key->salt_len <= sig->salt_len);
}

/* see tls/x509_pss.h */
bool
x509_pss_is_known(const struct x509_pss *p)
{
	return p->hash >= X509_SHA256 && p->mask >= X509_SHA256;
}
