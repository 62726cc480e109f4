/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_engine.h - what the files behind tls/tls.h share of BearSSL
 *
 * The only header that names the engine's types; included by src/tls/tls*.c.
 */
#ifndef HALE_TLS_TLS_ENGINE_H
#define HALE_TLS_TLS_ENGINE_H

#include <bearssl.h>

#include "base/buf.h"
#include "tls/x509.h"

/* Alerts that are sent (RFC 5246, 7.2.2). */
enum tls_alert {
	TLS_ALERT_UNEXPECTED = 10, TLS_ALERT_MAC = 20, TLS_ALERT_OVERFLOW = 22,
	TLS_ALERT_HANDSHAKE = 40, TLS_ALERT_BAD_CERT = 42,
	TLS_ALERT_CERT_KIND = 43, TLS_ALERT_EXPIRED = 45,
	TLS_ALERT_CERT_UNKNOWN = 46, TLS_ALERT_ILLEGAL = 47,
	TLS_ALERT_CA = 48, TLS_ALERT_DECODE = 50, TLS_ALERT_DECRYPT = 51,
	TLS_ALERT_VERSION = 70, TLS_ALERT_INTERNAL = 80,
	TLS_ALERT_EXTENSION = 110,
};

#define TLS_CERTS_MAX 8		/* certificates sent for the client */
#define TLS_KEY_FILE_MAX 65536	/* bytes of its files */

/* The key in the engine's form, pointing to the same bytes. Returns 0 or
 * ERR_VERSION where it is of a kind that the engine does not know. */
int tls_engine_key(br_x509_pkey *out, const struct x509_key *key);

/* The engine's number of a curve; 0 where it is none. */
int tls_engine_curve(enum x509_key_kind kind);

/* The engine's curves, but a multiplication on X25519 whose result is zero is
 * refused (RFC 7748, 6.1): the secret would be known to everybody. */
void tls_engine_ec(br_ec_impl *out);

/* The alert to send for an engine's error; 0: none. */
int tls_engine_alert(int err);

/* Appends what an engine's error means; in a handshake with what an alert has
 * for its usual reason. */
void tls_engine_text(struct buf *b, int err, bool in_handshake);

/* Appends "ECDHE_RSA_WITH_AES_128_GCM_SHA256". */
void tls_engine_suite(struct buf *b, unsigned suite);

/* A client's certificate and key, loaded; zero is a good start. */
struct tls_key {
	unsigned char *chain_file, *key_file;	/* owned: decoded bytes */
	size_t chain_len, key_len;
	br_x509_certificate certs[TLS_CERTS_MAX];
	size_t n;
	enum x509_key_kind kind;
	union {
		br_rsa_private_key rsa;
		br_ec_private_key  ec;
	} key;
};

/*
 * Loads and matches them; keyfile NULL: the key is in certfile. Returns 0,
 * -ENOMEM, or ERR_KEYFILE with words in *why. tls_key_free() wipes and frees.
 */
int tls_key_load(struct tls_key *k, const char *certfile, const char *keyfile,
                 struct buf *why);
void tls_key_free(struct tls_key *k);

#endif
