/* SPDX-License-Identifier: MIT */
/*
 * tls/x509.h - one X.509 certificate as spans (RFC 5280) (pure)
 *
 * Reads bytes, verifies nothing and keeps nothing. Every span points into the
 * bytes that were read.
 */
#ifndef HALE_TLS_X509_H
#define HALE_TLS_X509_H

#include "tls/x509_key.h"

#include <stdint.h>

#define X509_DER_MAX  65536	/* bytes of one certificate */

/* From X509_RSA_SHA256 on: what is known here. */
enum x509_alg {
	X509_ALG_OTHER,
	X509_ALG_MD5, X509_ALG_SHA1,	/* with whatever key */
	X509_ALG_PSS,	/* with malformed parameters or a hash that is not
			 * known */
	X509_ALG_ED,
	X509_RSA_SHA256, X509_RSA_SHA384, X509_RSA_SHA512,
	X509_PSS_SHA256, X509_PSS_SHA384, X509_PSS_SHA512,
	X509_EC_SHA256, X509_EC_SHA384, X509_EC_SHA512,
};

/* Kinds of GeneralName, by their tags (RFC 5280, 4.2.1.6). */
enum x509_name {
	X509_NAME_EMAIL = 0x81, X509_NAME_DNS = 0x82,
	X509_NAME_DIRECTORY = 0xa4,	/* a SEQUENCE, with tls/dn.h in it */
	X509_NAME_IP = 0x87,
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
	struct x509_pss pss;		/* of X509_PSS_SHA256 to _SHA512 */
	struct span issuer, subject;	/* Name, inside of its SEQUENCE */
	int64_t     not_before, not_after;	/* seconds since 1970, UTC */
	int64_t     issued_until;	/* an anchor's, or 0: it may not vouch
					 * for what is issued later; Mozilla's
					 * list has it, not the certificate */
	struct x509_key key;
	struct span san;		/* GeneralNames; p is NULL if none */
	struct span constraints;	/* NameConstraints; likewise */
	struct span aki, ski;		/* key identifiers, empty without */
	struct span unknown;		/* OID of a critical one, or empty */
	int         path_max;		/* CAs that may follow; -1: any */
	unsigned    key_usage;		/* X509_KU_*, of its first byte */
	bool        v3;
	bool        has_basic;		/* basicConstraints is there */
	bool        is_ca;		/* and says so */
	bool        has_key_usage;
	bool        has_purpose;	/* an extendedKeyUsage is there */
	bool        for_server;		/* and it names serverAuth */
	bool        not_for_server;	/* nsCertType is there, not for them */
	bool        has_policy;		/* a critical policy to be processed */
	bool        rejected;		/* where tls/trust.h found it */
};

/*
 * Reads one certificate, which der must hold and nothing else. Keys,
 * algorithms and critical extensions that are not known are told in *out:
 * they are no error. Returns 0, ERR_PARSE, or ERR_TOOBIG (X509_DER_MAX);
 * *out is written only on success.
 */
int x509_read(struct x509 *out, struct span der);

/*
 * Reads what OpenSSL puts behind the certificate in a "TRUSTED CERTIFICATE"
 * (X509_CERT_AUX; nothing is good). Returns 1 if it is trusted for TLS servers
 * as far as that goes, 0 if it is rejected for them or trusted for others
 * only, or ERR_PARSE.
 */
int x509_read_trust(struct span aux);

/*
 * Takes the next name of one of two kinds off a certificate's san. Returns its
 * kind, or 0 at the end; *value gets what is inside.
 */
int x509_next_name(struct span *names, enum x509_name tag,
                   enum x509_name or_tag, struct span *value);

/* May ca have issued c, by names and, where both tell one, key identifiers? */
bool x509_may_have_issued(const struct x509 *ca, const struct x509 *c);

/* Did the holder sign it, by its names? */
bool x509_is_self_issued(const struct x509 *c);

#endif
