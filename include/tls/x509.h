/* SPDX-License-Identifier: MIT */
/*
 * tls/x509.h - one X.509 certificate as spans (RFC 5280)
 *
 * Pure: reads bytes, verifies nothing and keeps nothing. Every span points
 * into the bytes that were read.
 */
#ifndef HALE_TLS_X509_H
#define HALE_TLS_X509_H

#include "base/buf.h"

#include <stdint.h>

#define X509_DER_MAX  65536	/* bytes of one certificate */
#define X509_RSA_MIN  2048	/* bits; as OpenSSL's security level 2 has it */
#define X509_RSA_MAX  4096	/* bits; what the engine's buffers hold */
#define X509_RSA_E_MAX 64	/* bits of the exponent; as OpenSSL has it for
				 * large keys */

enum x509_key_kind {
	X509_KEY_OTHER,		/* none that can be verified with */
	X509_KEY_ED,		/* Ed25519 or Ed448 */
	X509_KEY_PSS,		/* RSA, for PSS signatures only */
	X509_KEY_CURVE,		/* EC, on a curve that is not one of these */
	X509_KEY_EXPONENT,	/* RSA, with an exponent above X509_RSA_E_MAX */
	X509_KEY_RSA,
	X509_KEY_P256, X509_KEY_P384, X509_KEY_P521,
};

struct x509_key {
	enum x509_key_kind kind;
	struct span n, e;	/* RSA: big-endian without leading zeros */
	struct span q;		/* EC: the point, not compressed */
};

enum x509_alg {
	X509_ALG_OTHER,
	X509_ALG_MD5, X509_ALG_SHA1,	/* with whatever key */
	X509_ALG_PSS, X509_ALG_ED,
	X509_RSA_SHA256, X509_RSA_SHA384, X509_RSA_SHA512,
	X509_EC_SHA256, X509_EC_SHA384, X509_EC_SHA512,
};

/* Bits of keyUsage that are asked for here (RFC 5280, 4.2.1.3). */
#define X509_KU_SIGN      0x80	/* digitalSignature */
#define X509_KU_ENCIPHER  0x20	/* keyEncipherment */
#define X509_KU_AGREE     0x08	/* keyAgreement */
#define X509_KU_CERT_SIGN 0x04	/* keyCertSign */

struct x509 {
	struct span der;		/* all of it */
	struct span tbs, sig;		/* what is signed; the signature */
	enum x509_alg alg;
	struct span issuer, subject;	/* Name, inside of its SEQUENCE */
	int64_t     not_before, not_after;	/* seconds since 1970, UTC */
	int64_t     issued_until;	/* an anchor's, or 0: it may not vouch for
					 * what is issued later; from Mozilla's
					 * list, not from the certificate */
	struct x509_key key;
	struct span san;		/* GeneralNames; p is NULL without any */
	struct span constraints;	/* NameConstraints; likewise */
	struct span aki, ski;		/* key identifiers, empty without */
	struct span unknown;		/* OID of an unknown critical extension */
	int         path_max;		/* CAs that may follow; -1: any number */
	unsigned    key_usage;		/* X509_KU_*, of its first byte */
	bool        v3;
	bool        has_basic;		/* basicConstraints is there */
	bool        is_ca;		/* and says so */
	bool        has_key_usage;
	bool        has_purpose;	/* an extendedKeyUsage is there */
	bool        for_server;		/* and it names serverAuth */
	bool        not_for_server;	/* nsCertType is there without servers */
	bool        has_policy;		/* a critical policy to be processed */
	bool        rejected;		/* where it was found; not for x509_read() */
};

/*
 * Reads one certificate, which der must hold and nothing else. Keys,
 * algorithms and critical extensions that are not known are told in *out:
 * they are no error. Returns 0, ERR_PARSE, or ERR_TOOBIG (X509_DER_MAX);
 * *out is written only on success.
 */
int x509_read(struct x509 *out, struct span der);

/* Length in bits of a number without leading zeros. */
size_t x509_bits(struct span number);

/* Reads a SubjectPublicKeyInfo. Returns 0 or ERR_PARSE. */
int x509_read_key(struct x509_key *out, struct span *in);

/* The kind of EC key that an OID of a curve stands for. */
enum x509_key_kind x509_curve(struct span oid);

/*
 * Reads what OpenSSL puts behind the certificate in a "TRUSTED CERTIFICATE"
 * (X509_CERT_AUX; nothing is good). Returns 1 if it is trusted for TLS servers
 * as far as that goes, 0 if it is rejected for them or trusted for others
 * only, or ERR_PARSE.
 */
int x509_read_trust(struct span aux);

/* May ca have issued c, by names and, where both tell one, key identifiers? */
bool x509_may_have_issued(const struct x509 *ca, const struct x509 *c);

/* Did the holder sign it, by its names? */
bool x509_is_self_issued(const struct x509 *c);

#endif
