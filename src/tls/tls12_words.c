/* SPDX-License-Identifier: MIT */
/* tls/tls12_words.c - alerts and words of BearSSL's engine */
#include "tls/tls12_words.h"

#include <bearssl.h>

#include "base/err.h"
#include "tls/tls_link.h"

/* The alerts of IANA's list: the number (octal) and the words, one after the
 * other, since a table of pointers would need relocations. 0 ends it. */
static const char alerts[] =
	"\012unexpected message\0" "\024bad record MAC\0"
	"\025decryption failed\0" "\026record overflow\0"
	"\036decompression failure\0" "\050handshake failure\0"
	"\051no certificate\0" "\052bad certificate\0"
	"\053unsupported certificate\0" "\054certificate revoked\0"
	"\055certificate expired\0" "\056certificate unknown\0"
	"\057illegal parameter\0" "\060unknown CA\0" "\061access denied\0"
	"\062decode error\0" "\063decrypt error\0"
	"\064too many CIDs requested\0" "\074export restriction\0"
	"\106protocol version\0" "\107insufficient security\0"
	"\120internal error\0" "\126inappropriate fallback\0"
	"\132user canceled\0" "\144no renegotiation\0"
	"\155missing extension\0" "\156unsupported extension\0"
	"\157certificate unobtainable\0" "\160unrecognized name\0"
	"\161bad certificate status response\0"
	"\162bad certificate hash value\0" "\163unknown PSK identity\0"
	"\164certificate required\0" "\165general error\0"
	"\170no application protocol\0" "\171ECH required\0";

static const char *
alert_text(int alert)
{
	const char *s = alerts;

	while (*s != '\0' && *s != alert)
		s += strlen(s) + 1;
	return *s != '\0' ? s + 1 : "unknown";
}

/* Where the peer's alert has a usual reason, that is told too. */
static const char *
alert_hint(int alert)
{
	switch (alert) {
	case 40:
	case 71:
		return ": nothing in common (hale speaks TLS 1.2 with ECDHE, "
		       "X25519 or NIST curves, RSA or ECDSA signatures "
		       "without PSS, and no extended master secret)";
	case 70:
		return ": it does not speak TLS 1.2 (hale does not speak "
		       "TLS 1.3 yet)";
	case 80:
		return ": it failed on its own side, as some servers do whose "
		       "certificate (ML-DSA, Ed25519) or settings are for "
		       "TLS 1.3 only, which hale does not speak yet";
	case 112:
		return ": it does not serve this host name";
	default:
		return "";
	}
}

static const char *
error_text(int err)
{
	switch (err) {
	case BR_ERR_UNSUPPORTED_VERSION:
		return "the server speaks no TLS newer than 1.1; hale speaks "
		       "1.2";
	case BR_ERR_BAD_VERSION:
		return "the server changed the TLS version in between";
	case BR_ERR_BAD_LENGTH:
	case BR_ERR_TOO_LARGE:
		return "the server sent a record of a wrong length";
	case BR_ERR_BAD_MAC:
		return "a record does not decrypt: it was damaged or forged";
	case BR_ERR_NO_RANDOM:
		return "no random numbers to be had";
	case BR_ERR_UNEXPECTED:
	case BR_ERR_BAD_CCS:
	case BR_ERR_BAD_HELLO_DONE:
		return "the server sent a message out of turn";
	case BR_ERR_BAD_PARAM:	/* lengths that do not fit each other */
	case BR_ERR_BAD_ALERT:
	case BR_ERR_BAD_HANDSHAKE:
	case BR_ERR_OVERSIZED_ID:
		return "the server sent a malformed message";
	case BR_ERR_BAD_CIPHER_SUITE:
		return "the server chose a cipher that was not offered";
	case BR_ERR_BAD_COMPRESSION:
		return "the server chose compression";
	case BR_ERR_BAD_FRAGLEN:
		return "the server chose another record size";
	case BR_ERR_BAD_SECRENEG:
		return "the server failed at secure renegotiation";
	case BR_ERR_EXTRA_EXTENSION:
		return "the server sent an extension that was not asked for";
	case BR_ERR_BAD_SNI:
		return "the server sent a wrong server name extension";
	case BR_ERR_LIMIT_EXCEEDED:
		return "the server asks for more than the engine can do";
	case BR_ERR_BAD_FINISHED:
		return "the handshake was tampered with (Finished differs)";
	case BR_ERR_RESUME_MISMATCH:
		return "the server resumed another session";
	case BR_ERR_INVALID_ALGORITHM:
		return "the server chose an algorithm that is not known, or "
		       "its key share gives no secret";
	case BR_ERR_BAD_SIGNATURE:
		return "the server's signature is wrong: it does not have the "
		       "key of its certificate";
	case BR_ERR_WRONG_KEY_USAGE:
	case BR_ERR_X509_WRONG_KEY_TYPE:
		return "the cipher does not go with the key of the server's "
		       "certificate";
	case BR_ERR_NO_CLIENT_AUTH:
		return "the server cannot use this client certificate";
	default:
		return NULL;
	}
}

/* see tls/bear.h */
int
tls12_words_alert(int err)
{
	switch (err) {
	case BR_ERR_UNSUPPORTED_VERSION:
	case BR_ERR_BAD_VERSION:
		return TLS_ALERT_VERSION;
	case BR_ERR_BAD_LENGTH:
	case BR_ERR_TOO_LARGE:
		return TLS_ALERT_OVERFLOW;
	case BR_ERR_BAD_MAC:
		return TLS_ALERT_MAC;
	case BR_ERR_UNEXPECTED:
	case BR_ERR_BAD_CCS:
	case BR_ERR_BAD_HELLO_DONE:
		return TLS_ALERT_UNEXPECTED;
	case BR_ERR_BAD_PARAM:
	case BR_ERR_BAD_ALERT:
	case BR_ERR_BAD_HANDSHAKE:
	case BR_ERR_OVERSIZED_ID:
		return TLS_ALERT_DECODE;
	case BR_ERR_BAD_CIPHER_SUITE:
	case BR_ERR_BAD_COMPRESSION:
	case BR_ERR_BAD_FRAGLEN:
	case BR_ERR_BAD_SNI:
	case BR_ERR_LIMIT_EXCEEDED:
	case BR_ERR_RESUME_MISMATCH:
	case BR_ERR_INVALID_ALGORITHM:
		return TLS_ALERT_ILLEGAL;
	case BR_ERR_BAD_SECRENEG:
	case BR_ERR_NO_CLIENT_AUTH:
		return TLS_ALERT_HANDSHAKE;
	case BR_ERR_EXTRA_EXTENSION:
		return TLS_ALERT_EXTENSION;
	case BR_ERR_BAD_FINISHED:
	case BR_ERR_BAD_SIGNATURE:
		return TLS_ALERT_DECRYPT;
	case BR_ERR_WRONG_KEY_USAGE:
	case BR_ERR_X509_WRONG_KEY_TYPE:
		return TLS_ALERT_CERT_KIND;
	default:
		/* Alerts that came or went have larger numbers. */
		return err < BR_ERR_RECV_FATAL_ALERT ? TLS_ALERT_INTERNAL : 0;
	}
}

/* see tls/bear.h */
void
tls12_words_text(struct buf *b, int err, bool in_handshake)
{
	const char *text;

	if (err >= BR_ERR_RECV_FATAL_ALERT) {
		err -= BR_ERR_RECV_FATAL_ALERT;
		buf_fmt(b, "the server sent alert %d (%s)%s", err,
		        alert_text(err), in_handshake ? alert_hint(err) : "");
		return;
	}
	text = error_text(err);
	if (text != NULL)
		buf_str(b, text);
	else
		buf_fmt(b, "the TLS engine failed (BearSSL's error %d)", err);
}

/* see tls/bear.h */
void
tls12_words_suite(struct buf *b, unsigned suite)
{
	switch (suite) {
	case BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:
		buf_str(b, "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
		break;
	case BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:
		buf_str(b, "ECDHE_RSA_WITH_AES_128_GCM_SHA256");
		break;
	case BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:
		buf_str(b, "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
		break;
	case BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
		buf_str(b, "ECDHE_RSA_WITH_AES_256_GCM_SHA384");
		break;
	case BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
		buf_str(b, "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
		break;
	case BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:
		buf_str(b, "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");
		break;
	default:
		buf_fmt(b, "cipher %u", suite);
	}
}
