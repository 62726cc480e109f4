/* SPDX-License-Identifier: MIT */
/* tls/tls_scheme.c - signature schemes of handshakes */
#include "tls/tls_scheme.h"

#include "tls/bear.h"
#include "tls/der.h"
#include "tls/tls_pss.h"
#include "tls/tls_sig.h"
#include "tls/tls_suite.h"
#include "tls/wire.h"

#define OFFER ((struct span){ TLS_SCHEME_OFFER, sizeof TLS_SCHEME_OFFER - 1 })
#define RSA_PSS_RSAE_SHA256 0x0804
#define RSA_PSS_RSAE_SHA512 0x0806
#define RSA_PSS_PSS_SHA256  0x0809
#define RSA_PSS_PSS_SHA512  0x080b

_Static_assert(TLS_SCHEME_SIG_MAX >= TLS_PSS_SIG_MAX, "room for RSA");

/* What a scheme is beside the kind of its key; X509_ALG_OTHER if it is not one
 * of those offered. The elder ones are a hash and an algorithm (RFC 5246,
 * 7.4.1.4.1). */
static enum x509_alg
alg_of(unsigned scheme)
{
	unsigned hash = (scheme >> 8) - 4, kind = scheme & 0xff;
	unsigned alg = X509_ALG_OTHER;

	if (hash <= 2 && kind == 1)
		alg = X509_RSA_SHA256 + hash;
	else if (hash <= 2 && kind == 3)
		alg = X509_EC_SHA256 + hash;
	else if (scheme >= RSA_PSS_RSAE_SHA256 && scheme <= RSA_PSS_RSAE_SHA512)
		alg = X509_PSS_SHA256 + scheme - RSA_PSS_RSAE_SHA256;
	else if (scheme >= RSA_PSS_PSS_SHA256 && scheme <= RSA_PSS_PSS_SHA512)
		alg = X509_PSS_SHA256 + scheme - RSA_PSS_PSS_SHA256;
	return (enum x509_alg)alg;
}

/* PSS in handshakes: one hash for both, and a salt as long. */
static struct x509_pss
pss_of(unsigned hash)
{
	return (struct x509_pss){
		(unsigned char)hash, (unsigned char)hash,
		(unsigned short)X509_HASH_LEN(hash),
	};
}

/* see tls/tls_scheme.h */
bool
tls_scheme_fits(unsigned scheme, unsigned version, const struct x509_key *key)
{
	enum x509_alg alg = alg_of(scheme);
	unsigned hash = tls_sig_hash(alg);
	struct x509_pss pss = pss_of(hash);

	if (alg < X509_RSA_SHA256 || (x509_key_is_rsa(key)
	 && der_uint_bits(key->n) > X509_RSA_MAX))
		return false;
	if (alg >= X509_EC_SHA256)
		return key->kind >= X509_KEY_P256 && (version == TLS_V12
		    || key->kind - X509_KEY_P256 == hash - X509_SHA256);
	if (scheme >= RSA_PSS_PSS_SHA256)
		return key->kind == X509_KEY_PSS
		    && x509_pss_admits(&key->pss, &pss);
	return key->kind == X509_KEY_RSA
	    && (version == TLS_V12 || alg >= X509_PSS_SHA256);
}

/* see tls/tls_scheme.h */
bool
tls_scheme_verify(unsigned scheme, unsigned version,
                  const struct x509_key *key, struct span message,
                  struct span sig)
{
	enum x509_alg alg = alg_of(scheme);
	struct x509_pss pss = pss_of(tls_sig_hash(alg));

	return tls_scheme_fits(scheme, version, key)
	    && tls_sig_verify(alg, &pss, key, message, sig);
}

/* see tls/tls_scheme.h */
size_t
tls_scheme_digest_len(unsigned scheme)
{
	return X509_HASH_LEN(tls_sig_hash(alg_of(scheme)));
}

/* see tls/tls_scheme.h */
void
tls_scheme_digest(unsigned scheme, struct span message, unsigned char *out)
{
	bear_digest(out, tls_sig_hash(alg_of(scheme)), message);
}

static bool
is_among(struct span offered, unsigned scheme)
{
	while (offered.len > 1)
		if (wire_number(&offered, 2) == scheme)
			return true;
	return false;
}

/* see tls/tls_scheme.h */
unsigned
tls_scheme_choose(unsigned version, const struct key *key, struct span offered)
{
	struct x509_key pub = { .kind = key->kind, .n = key->n };

	for (unsigned by = TLS_V13; by >= version; by--) {
		struct span ours = OFFER;

		while (ours.len > 0) {
			unsigned scheme = wire_number(&ours, 2);

			if (tls_scheme_fits(scheme, by, &pub)
			 && is_among(offered, scheme))
				return scheme;
		}
	}
	return 0;
}

static size_t
sign_pkcs1(unsigned char *out, unsigned hash, const struct key *key,
           const unsigned char *digest)
{
	br_rsa_pkcs1_sign sign = br_rsa_pkcs1_sign_get_default();
	br_rsa_private_key secret;

	bear_rsa(&secret, key);
	return sign(bear_hash_oid(hash), digest, X509_HASH_LEN(hash), &secret,
	            out) == 1 ? key->n.len : 0;
}

static size_t
sign_ecdsa(unsigned char *out, unsigned hash, const struct key *key,
           const unsigned char *digest)
{
	br_ec_private_key secret;

	bear_ec_key(&secret, key);
	return br_ecdsa_i31_sign_asn1(bear_curve(secret.curve),
	                              bear_hash(hash), digest, &secret, out);
}

/* see tls/tls_scheme.h */
size_t
tls_scheme_sign(unsigned char *out, unsigned scheme, const struct key *key,
                const unsigned char *digest, const unsigned char *salt)
{
	struct x509_key pub = { .kind = key->kind, .n = key->n };
	enum x509_alg alg = alg_of(scheme);
	unsigned hash = tls_sig_hash(alg);
	struct x509_pss pss = pss_of(hash);

	if (!tls_scheme_fits(scheme, TLS_V12, &pub))
		return 0;
	if (alg >= X509_EC_SHA256)
		return sign_ecdsa(out, hash, key, digest);
	if (alg >= X509_PSS_SHA256)
		return tls_pss_sign(out, &pss, key, digest, salt);
	return sign_pkcs1(out, hash, key, digest);
}
