/* SPDX-License-Identifier: MIT */
/* net/tls_engine.c - keys and words between BearSSL's forms and ours */
#include "net/tls_engine.h"

#include "base/err.h"

/* see net/tls_engine.h */
int
tls_engine_curve(enum x509_key_kind kind)
{
	switch (kind) {
	case X509_KEY_P256:
		return BR_EC_secp256r1;
	case X509_KEY_P384:
		return BR_EC_secp384r1;
	case X509_KEY_P521:
		return BR_EC_secp521r1;
	case X509_KEY_OTHER:
	case X509_KEY_ED:
	case X509_KEY_PSS:
	case X509_KEY_CURVE:
	case X509_KEY_EXPONENT:
	case X509_KEY_RSA:
		break;
	}
	return 0;
}

/* The engine only reads keys, though its types do not say so. */
static unsigned char *
bytes(struct span s)
{
	union { const char *in; unsigned char *out; } u = { s.p };

	return u.out;
}

/* see net/tls_engine.h */
int
tls_engine_key(br_x509_pkey *out, const struct x509_key *key)
{
	if (key->kind == X509_KEY_RSA) {
		if (x509_bits(key->n) > X509_RSA_MAX)
			return ERR_VERSION;
		out->key_type = BR_KEYTYPE_RSA;
		out->key.rsa.n = bytes(key->n);
		out->key.rsa.nlen = key->n.len;
		out->key.rsa.e = bytes(key->e);
		out->key.rsa.elen = key->e.len;
		return 0;
	}
	out->key_type = BR_KEYTYPE_EC;
	out->key.ec.curve = tls_engine_curve(key->kind);
	out->key.ec.q = bytes(key->q);
	out->key.ec.qlen = key->q.len;
	return out->key.ec.curve != 0 ? 0 : ERR_VERSION;
}

/* RFC 5246, 7.2; the words of alerts that a client meets. */
static const char *
alert_text(int alert)
{
	switch (alert) {
	case 10:
		return "unexpected message";
	case 20:
		return "bad record MAC";
	case 22:
		return "record overflow";
	case 40:
		return "handshake failure";
	case 42:
		return "bad certificate";
	case 43:
		return "unsupported certificate";
	case 44:
		return "certificate revoked";
	case 45:
		return "certificate expired";
	case 46:
		return "certificate unknown";
	case 47:
		return "illegal parameter";
	case 48:
		return "unknown CA";
	case 49:
		return "access denied";
	case 50:
		return "decode error";
	case 51:
		return "decrypt error";
	case 70:
		return "protocol version";
	case 71:
		return "insufficient security";
	case 80:
		return "internal error";
	case 86:
		return "inappropriate fallback";
	case 90:
		return "user canceled";
	case 100:
		return "no renegotiation";
	case 109:
		return "missing extension";
	case 112:
		return "unrecognized name";
	case 113:
		return "bad certificate status response";
	case 116:
		return "certificate required";
	case 120:
		return "no application protocol";
	default:
		return "unknown";
	}
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
		return "the server speaks no TLS newer than 1.1, or only "
		       "TLS 1.3; hale speaks 1.2";
	case BR_ERR_BAD_VERSION:
	case BR_ERR_UNKNOWN_TYPE:
		return "wrong version number: the server does not answer in "
		       "TLS";
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
		return "the server chose an algorithm that is not known";
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

/* see net/tls_engine.h */
void
tls_engine_text(struct buf *b, int err, bool in_handshake)
{
	const char *text;

	if (err >= BR_ERR_SEND_FATAL_ALERT) {
		buf_fmt(b, "an alert was sent: %s",
		        alert_text(err - BR_ERR_SEND_FATAL_ALERT));
		return;
	}
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
		buf_fmt(b, "TLS error %d", err);
}

/* see net/tls_engine.h */
void
tls_engine_suite(struct buf *b, unsigned suite)
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
