/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_aead.h - protects records of TLS 1.3 (RFC 8446, 5.2) and 1.2 (RFC
 * 5288, RFC 7905), in place
 *
 * Pure, but for BearSSL's arithmetic. One struct is one
 * direction with one key; it counts its records. It knows neither the order of
 * messages nor the socket. Zero protects nothing: content is in the clear.
 */
#ifndef HALE_TLS_TLS_AEAD_H
#define HALE_TLS_TLS_AEAD_H

#include <bearssl.h>
#include <sys/types.h>

#include "tls/tls_suite.h"

#define TLS_AEAD_HEAD    5	/* bytes of a record's head */
#define TLS_AEAD_CONTENT 16384	/* bytes of content in a record at most */
#define TLS_AEAD_BEFORE  13	/* at most what tls_aead_before() is */
#define TLS_AEAD_AFTER   17	/* at most what tls_aead_after() is */
#define TLS_AEAD_SLACK   256	/* bytes that a sealed record may be longer than
				 * its content (RFC 8446, 5.2) */
#define TLS_AEAD_IV      12	/* bytes of an iv; TLS 1.2's AES-GCM uses the
				 * first 4 (TLS_AEAD_SALT) */
#define TLS_AEAD_SALT    4

enum tls_record_type {
	TLS_REC_CCS = 20, TLS_REC_ALERT, TLS_REC_HANDSHAKE, TLS_REC_DATA,
};

struct tls_aead {
	const struct tls_suite *suite;	/* NULL: in the clear */
	uint64_t      seq;		/* records until now */
	unsigned char iv[TLS_AEAD_IV];
	union {
		br_aes_gen_ctr_keys aes;
		unsigned char chacha[32];
	} key;
	br_ghash      ghash;		/* for AES-GCM, with its key */
	unsigned char ghash_key[16];
};

/* Sets key (suite->key_len bytes) and iv; starts to count at 0. Nothing in
 * it points to it: it may be moved. */
void tls_aead_init(struct tls_aead *a, const struct tls_suite *suite,
                   const unsigned char *key, const unsigned char *iv);

/* Bytes of a record before and after its content: the head and an explicit
 * nonce; the type (TLS 1.3) and the tag. 5 and 0 in the clear. */
size_t tls_aead_before(const struct tls_aead *a);
size_t tls_aead_after(const struct tls_aead *a);

/* Makes a record of the len bytes of content that stand at record +
 * tls_aead_before(); there must be room for what comes after. Returns the
 * record's length. version is that of the head: 0x0303, or 0x0301 for a first
 * ClientHello. */
size_t tls_aead_seal(struct tls_aead *a, unsigned char *record,
                     enum tls_record_type type, unsigned version, size_t len);

/*
 * Opens a whole record of len bytes, head included. Its type and version were
 * looked at before. Returns the length of the content, with *content where it
 * begins (inside of record) and *type, which in TLS 1.3 is the inner one; or
 * ERR_PARSE: it does not decrypt; ERR_TOOBIG: more than TLS_AEAD_CONTENT bytes
 * of content; ERR_TRUNCATED: too short for a tag, or in TLS 1.3 without a type
 * (zeros only). After an error nothing may be taken from record.
 */
ssize_t tls_aead_open(struct tls_aead *a, unsigned char *record, size_t len,
                      unsigned char **content, unsigned *type);

/* Does the CPU have instructions for AES? Without them AES-GCM takes two to
 * nine times as long as ChaCha20. */
bool tls_aead_cpu_has_aes(void);

#endif
