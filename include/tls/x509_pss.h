/* SPDX-License-Identifier: MIT */
/*
 * tls/x509_pss.h - parameters of RSASSA-PSS (RFC 4055, 3.1) (pure)
 *
 * A certificate's signature has them, and a key that is for PSS only may.
 */
#ifndef HALE_TLS_X509_PSS_H
#define HALE_TLS_X509_PSS_H

#include "base/span.h"

enum x509_hash {
	X509_HASH_OTHER, X509_HASH_SHA1,
	X509_SHA256, X509_SHA384, X509_SHA512,
};

struct x509_pss {
	unsigned char  hash, mask;	/* enum x509_hash: of the message, and
					 * of MGF1 */
	unsigned short salt_len;	/* bytes; of a key: at least */
};

/* Bytes of a hash from X509_SHA256 on: 32, 48, 64, as the enum counts. */
#define X509_HASH_LEN(hash) ((size_t)16 * (hash))

/* Reads what stands behind the OID in an AlgorithmIdentifier; what is absent
 * there means SHA-1 and a salt of 20 bytes. A salt longer than any RSA key has
 * room for is read as another one that does not fit. Returns 0 or ERR_PARSE. */
int x509_pss_read(struct x509_pss *out, struct span params);

/* May a key with these parameters (hash 0: it has none) make a signature with
 * those? */
bool x509_pss_admits(const struct x509_pss *key, const struct x509_pss *sig);

/* Are both hashes SHA-256, SHA-384 or SHA-512? */
bool x509_pss_is_known(const struct x509_pss *p);

#endif
