/* SPDX-License-Identifier: MIT */
/* tls/tls_alert.c - alerts of TLS */
#include "tls/tls_alert.h"

/* The alerts of IANA's list that a client like this one may get (others are for
 * DTLS or SSL, or about extensions that are not offered): the number (octal)
 * and the words, one after the other, since a table of pointers would need
 * relocations. 0 ends it. */
static const char *const alerts =
	"\012unexpected message\0" "\024bad record MAC\0"
	"\026record overflow\0" "\050handshake failure\0"
	"\052bad certificate\0" "\053unsupported certificate\0"
	"\054certificate revoked\0" "\055certificate expired\0"
	"\056certificate unknown\0" "\057illegal parameter\0"
	"\060unknown CA\0" "\061access denied\0" "\062decode error\0"
	"\063decrypt error\0" "\106protocol version\0"
	"\107insufficient security\0" "\120internal error\0"
	"\126inappropriate fallback\0" "\132user canceled\0"
	"\144no renegotiation\0" "\155missing extension\0"
	"\156unsupported extension\0" "\160unrecognized name\0"
	"\163unknown PSK identity\0" "\164certificate required\0"
	"\165general error\0" "\170no application protocol\0";

static const char *
text_of(unsigned alert)
{
	const char *s = alerts;

	while (*s != '\0' && (unsigned char)*s != alert)
		s += strlen(s) + 1;
	return *s != '\0' ? s + 1 : "unknown";
}

/* In TLS 1.3 the client's certificate is judged after the handshake. */
static const char *
hint_of(unsigned alert, bool has_cert, bool in_handshake)
{
	if (has_cert && ((alert >= 42 && alert <= 46) || alert == 48))
		return ": it does not accept the client certificate (--cert)";
	if (!in_handshake)
		return "";
	switch (alert) {
	case 40:
	case 71:
		return ": nothing in common (hale speaks TLS 1.3, and 1.2 with "
		       "ECDHE and AES-GCM or ChaCha20; X25519, P-256, P-384 "
		       "and P-521; with RSA and ECDSA certificates, not with "
		       "Ed25519 or ML-DSA)";
	case 70:
		return ": it does not speak TLS 1.2 or 1.3, or not with its "
		       "certificate";
	case 112:
		return ": it does not serve this host name";
	case 120:
		return ": it does not speak HTTP/1.1, or HTTP/2 for grpcs://";
	default:
		return "";
	}
}

/* see tls/tls_alert.h */
void
tls_alert_write(struct buf *b, unsigned alert)
{
	buf_fmt(b, "the server sent alert %u (%s)", alert, text_of(alert));
}

/* see tls/tls_alert.h */
void
tls_alert_write_hint(struct buf *b, unsigned alert, bool has_cert,
                     bool in_handshake)
{
	buf_str(b, hint_of(alert, has_cert, in_handshake));
}
