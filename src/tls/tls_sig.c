/* SPDX-License-Identifier: MIT */
/* tls/tls_sig.c - check signatures with BearSSL */
#include "tls/tls_sig.h"

#include "tls/bear.h"

struct digest {
	unsigned char bytes[br_sha512_SIZE];
	size_t        len;
};

/* Returns the hash's OID in BearSSL's form for RSA. */
static const unsigned char *
digest(struct digest *d, enum x509_alg alg, struct span s)
{
	const br_hash_class *h = &br_sha512_vtable;
	const unsigned char *oid = BR_HASH_OID_SHA512;
	br_hash_compat_context c;

	if (alg < X509_RSA_SHA256)
		return NULL;
	if (alg == X509_RSA_SHA256 || alg == X509_EC_SHA256) {
		h = &br_sha256_vtable;
		oid = BR_HASH_OID_SHA256;
	} else if (alg == X509_RSA_SHA384 || alg == X509_EC_SHA384) {
		h = &br_sha384_vtable;
		oid = BR_HASH_OID_SHA384;
	}
	h->init(&c.vtable);
	h->update(&c.vtable, s.p, s.len);
	h->out(&c.vtable, d->bytes);
	d->len = h->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;
	return oid;
}

static bool
check_rsa(const struct digest *d, const unsigned char *oid,
          const br_rsa_public_key *key, struct span sig)
{
	unsigned char signed_for[br_sha512_SIZE];
	br_rsa_pkcs1_vrfy verify = br_rsa_pkcs1_vrfy_get_default();

	return verify((const unsigned char *)sig.p, sig.len, oid, d->len, key,
	              signed_for) == 1
	    && memcmp(signed_for, d->bytes, d->len) == 0;
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
	if (oid == NULL || bear_key(&pkey, key) < 0
	 || is_rsa != (pkey.key_type == BR_KEYTYPE_RSA))
		return false;
	if (is_rsa)
		return check_rsa(&d, oid, &pkey.key.rsa, sig);
	return bear_ecdsa(&br_ec_all_m31, d.bytes, d.len, &pkey.key.ec,
	                        sig.p, sig.len) == 1;
}
