/* SPDX-License-Identifier: MIT */
/* tls/tls_sig.c - verify signatures with BearSSL */
#include "tls/tls_sig.h"

#include "tls/bear.h"
#include "tls/der.h"
#include "tls/tls_pss.h"

_Static_assert(X509_PSS_SHA256 == X509_RSA_SHA256 + 3
            && X509_EC_SHA256 == X509_RSA_SHA256 + 6, "three hashes each");

/* see tls/tls_sig.h */
unsigned
tls_sig_hash(enum x509_alg alg)
{
	return X509_SHA256 + ((unsigned)alg - X509_RSA_SHA256) % 3;
}

static bool
verify_pkcs1(const unsigned char *digest, unsigned hash,
             const struct x509_key *key, struct span sig)
{
	unsigned char signed_for[br_sha512_SIZE];
	br_rsa_pkcs1_vrfy verify = br_rsa_pkcs1_vrfy_get_default();
	br_rsa_public_key pub;
	size_t len = X509_HASH_LEN(hash);

	bear_rsa_public(&pub, key);
	return verify((const unsigned char *)sig.p, sig.len,
	              bear_hash_oid(hash), len, &pub, signed_for) == 1
	    && memcmp(signed_for, digest, len) == 0;
}

/* see tls/tls_sig.h */
bool
tls_sig_verify(enum x509_alg alg, const struct x509_pss *pss,
               const struct x509_key *key, struct span message,
               struct span sig)
{
	unsigned hash = tls_sig_hash(alg);
	unsigned char digest[br_sha512_SIZE];

	if (alg < X509_RSA_SHA256 || (x509_key_is_rsa(key)
	 && der_uint_bits(key->n) > X509_RSA_MAX))
		return false;
	bear_digest(digest, hash, message);
	if (alg >= X509_EC_SHA256)
		return key->kind >= X509_KEY_P256
		    && bear_ecdsa(digest, X509_HASH_LEN(hash), key, sig);
	if (alg >= X509_PSS_SHA256)
		return x509_key_is_rsa(key) && pss->hash == hash
		    && x509_pss_admits(&key->pss, pss)
		    && tls_pss_verify(pss, key, digest, sig);
	return key->kind == X509_KEY_RSA
	    && verify_pkcs1(digest, hash, key, sig);
}

/* see tls/tls_sig.h */
bool
tls_sig_check(void *arg, const struct x509 *c, const struct x509_key *key)
{
	(void)arg;	/* nothing is kept between two checks */
	return tls_sig_verify(c->alg, &c->pss, key, c->tbs, c->sig);
}
