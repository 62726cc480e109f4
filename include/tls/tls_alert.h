/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_alert.h - alerts of TLS (RFC 8446, 6 and B.2; RFC 5246, 7.2) (pure)
 */
#ifndef HALE_TLS_TLS_ALERT_H
#define HALE_TLS_TLS_ALERT_H

#include "base/buf.h"

/* Those that are sent or acted upon here. */
enum tls_alert {
	TLS_ALERT_CLOSE = 0, TLS_ALERT_UNEXPECTED = 10, TLS_ALERT_MAC = 20,
	TLS_ALERT_OVERFLOW = 22, TLS_ALERT_HANDSHAKE = 40,
	TLS_ALERT_BAD_CERT = 42, TLS_ALERT_CERT_KIND = 43,
	TLS_ALERT_EXPIRED = 45, TLS_ALERT_CERT_UNKNOWN = 46,
	TLS_ALERT_ILLEGAL = 47, TLS_ALERT_CA = 48, TLS_ALERT_DECODE = 50,
	TLS_ALERT_DECRYPT = 51, TLS_ALERT_VERSION = 70,
	TLS_ALERT_INTERNAL = 80, TLS_ALERT_CANCELED = 90,
	TLS_ALERT_RENEGOTIATION = 100, TLS_ALERT_MISSING = 109,
	TLS_ALERT_EXTENSION = 110, TLS_ALERT_NAME = 112,
	TLS_ALERT_ALPN = 120,
};

/* Appends "the server sent alert 40 (handshake failure)". */
void tls_alert_write(struct buf *b, unsigned alert);

/* Appends its usual reason, as ": it does not serve this host name", if there
 * is one: the client's certificate if it has one, and what fails a handshake
 * only while that is not over. */
void tls_alert_write_hint(struct buf *b, unsigned alert, bool has_cert,
                          bool in_handshake);

#endif
