/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_secrets.h - key derivation of TLS 1.3 (RFC 8446, 7.1) and 1.2 (RFC
 * 5246, 5), and the running hash of the handshake
 *
 * Pure, but for BearSSL's arithmetic. hash_len says which hash:
 * 32 is SHA-256, 48 SHA-384; every secret and hash value of a connection has
 * that length. What is written to out is secret unless said otherwise: the
 * caller wipes it.
 */
#ifndef HALE_TLS_TLS_SECRETS_H
#define HALE_TLS_TLS_SECRETS_H

#include <bearssl.h>

#include "base/span.h"

#define TLS_HASH_MAX   48	/* bytes of the longest hash of a suite */
#define TLS_MASTER_LEN 48	/* bytes of a master secret of TLS 1.2 */
#define TLS_LABEL_MAX  18	/* bytes of a label, without "tls13 " */

/* All handshake messages until now, hashed; the first two run until the server
 * chooses a suite, the third for a client's signature in TLS 1.2. */
struct tls_transcript {
	br_sha256_context sha256;
	br_sha384_context sha384;
	br_sha512_context sha512;
};

void tls_transcript_init(struct tls_transcript *t);
void tls_transcript_add(struct tls_transcript *t, struct span bytes);

/* Writes the hash of what was added (not secret); t goes on. 64 is SHA-512. */
void tls_transcript_hash(const struct tls_transcript *t, size_t hash_len,
                         unsigned char *out);

/* After a HelloRetryRequest: what was added becomes one message that holds its
 * hash (RFC 8446, 4.4.1). */
void tls_transcript_restart(struct tls_transcript *t, size_t hash_len);

/* The secret at the present step of the schedule. */
struct tls_secrets {
	size_t        hash_len;
	unsigned char now[TLS_HASH_MAX];
};

/* The early secret; psk is empty if there is none. */
void tls_secrets_start(struct tls_secrets *s, size_t hash_len, struct span psk);

/* One step on: to the handshake secret with the shared secret, to the master
 * secret with an empty span. */
void tls_secrets_next(struct tls_secrets *s, struct span input);

/* Derive-Secret with the hash of the transcript, hash_len bytes; NULL stands
 * for the hash of nothing. */
void tls_secrets_derive(const struct tls_secrets *s, const char *label,
                        const unsigned char *hash, unsigned char *out);

/* HKDF-Expand-Label; label is at most TLS_LABEL_MAX bytes, context at most
 * TLS_HASH_MAX, len at most 255. out may be the secret itself. */
void tls_secrets_expand(size_t hash_len, const unsigned char *secret,
                        const char *label, struct span context,
                        unsigned char *out, size_t len);

/* verify_data of Finished, and a PSK's binder: the HMAC of a transcript's hash
 * with a key made from this traffic (or binder) secret. Not secret. */
void tls_secrets_finished(size_t hash_len, const unsigned char *secret,
                          const unsigned char *hash, unsigned char *out);

/* The PRF of TLS 1.2 with that hash. seed is one span or two in a row. */
void tls_secrets_prf(size_t hash_len, struct span secret, const char *label,
                     struct span seed, struct span more,
                     unsigned char *out, size_t len);

/* Are the len bytes the same? The time does not depend on where they differ. */
bool tls_secrets_equal(const void *a, const void *b, size_t len);

#endif
