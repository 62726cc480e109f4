/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_suite.h - the cipher suites that are spoken here (pure)
 *
 * Only forward secrecy and AEAD: the three of TLS 1.3 (RFC 8446, B.4; no CCM)
 * and ECDHE with AES-GCM or ChaCha20-Poly1305 of TLS 1.2 (RFC 5289, RFC 7905).
 */
#ifndef HALE_TLS_TLS_SUITE_H
#define HALE_TLS_TLS_SUITE_H

#include "base/buf.h"

#define TLS_V12 0x0303
#define TLS_V13 0x0304

enum tls_cipher { TLS_AES_GCM, TLS_CHACHA20 };
enum tls_auth { TLS_AUTH_ANY, TLS_AUTH_RSA, TLS_AUTH_ECDSA };

struct tls_suite {
	uint16_t number;
	uint16_t version;	/* the only one that it goes with */
	uint8_t  cipher;	/* enum tls_cipher */
	uint8_t  key_len;	/* 16 or 32 bytes */
	uint8_t  hash_len;	/* 32: SHA-256, 48: SHA-384; of the key
				 * derivation and of Finished */
	uint8_t  auth;		/* enum tls_auth: the server's key; TLS 1.3
				 * leaves that to the signature */
};

/* The suite of that number, or NULL. */
const struct tls_suite *tls_suite_find(unsigned number);

/* Appends all numbers as a ClientHello lists them, 2 bytes each: those of TLS
 * 1.3 first; AES before ChaCha20 if the CPU has instructions for AES. */
void tls_suite_write_offer(struct buf *b, bool cpu_has_aes);

/* Appends "AES_128_GCM_SHA256" or "ECDHE_RSA_WITH_AES_128_GCM_SHA256". */
void tls_suite_write_name(struct buf *b, const struct tls_suite *s);

#endif
