/* SPDX-License-Identifier: MIT */
/* tls/tls_sig.c - check signatures with BearSSL */
#include "tls/tls_sig.h"

#include "tls/tls_engine.h"

struct digest {
	unsigned char bytes[br_sha512_SIZE];
	size_t        len;
};

static void
sha256(struct digest *d, struct span s)
{
	br_sha256_context h;

	br_sha256_init(&h);
	br_sha256_update(&h, s.p, s.len);
	br_sha256_out(&h, d->bytes);
	d->len = br_sha256_SIZE;
}

static void
sha384(struct digest *d, struct span s)
{
	br_sha384_context h;

	br_sha384_init(&h);
	br_sha384_update(&h, s.p, s.len);
	br_sha384_out(&h, d->bytes);
	d->len = br_sha384_SIZE;
}

static void
sha512(struct digest *d, struct span s)
{
	br_sha512_context h;

	br_sha512_init(&h);
	br_sha512_update(&h, s.p, s.len);
	br_sha512_out(&h, d->bytes);
	d->len = br_sha512_SIZE;
}

/* Returns the hash's OID in BearSSL's form for RSA. */
static const unsigned char *
digest(struct digest *d, enum x509_alg alg, struct span s)
{
	switch (alg) {
	case X509_RSA_SHA256:
	case X509_EC_SHA256:
		sha256(d, s);
		return BR_HASH_OID_SHA256;
	case X509_RSA_SHA384:
	case X509_EC_SHA384:
		sha384(d, s);
		return BR_HASH_OID_SHA384;
	case X509_RSA_SHA512:
	case X509_EC_SHA512:
		sha512(d, s);
		return BR_HASH_OID_SHA512;
	case X509_ALG_OTHER:
	case X509_ALG_MD5:
	case X509_ALG_SHA1:
	case X509_ALG_PSS:
	case X509_ALG_ED:
		break;
	}
	return NULL;
}

static bool
check_rsa(const struct digest *d, const unsigned char *oid,
          const br_rsa_public_key *key, struct span sig)
{
	unsigned char signed_for[br_sha512_SIZE];
	br_rsa_pkcs1_vrfy verify = br_rsa_pkcs1_vrfy_get_default();

	return verify((const unsigned char *)sig.p, sig.len, oid, d->len, key,
	              signed_for) == 1 &&
	       memcmp(signed_for, d->bytes, d->len) == 0;
}

/* see tls/tls_sig.h */
bool
tls_sig_check(void *arg, enum x509_alg alg, const struct x509_key *key,
              struct span tbs, struct span sig)
{
	struct digest d;
	const unsigned char *oid = digest(&d, alg, tbs);
	br_x509_pkey pkey;
	bool is_rsa = alg <= X509_RSA_SHA512;

	(void)arg;	/* nothing is kept between two checks */
	if (oid == NULL || tls_engine_key(&pkey, key) < 0 ||
	    is_rsa != (pkey.key_type == BR_KEYTYPE_RSA))
		return false;
	if (is_rsa)
		return check_rsa(&d, oid, &pkey.key.rsa, sig);
	return tls_engine_ecdsa(&br_ec_all_m31, d.bytes, d.len, &pkey.key.ec,
	                        sig.p, sig.len) == 1;
}
