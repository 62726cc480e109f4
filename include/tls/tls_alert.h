/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_alert.h - alerts of TLS (RFC 8446, 6 and B.2; RFC 5246, 7.2) (pure)
 */
#ifndef HALE_TLS_TLS_ALERT_H
#define HALE_TLS_TLS_ALERT_H

#include "base/buf.h"

enum tls_alert_level { TLS_ALERT_WARNING = 1, TLS_ALERT_FATAL = 2 };

/* Those that the code names; those of a fault are in tls_fault.c's table. */
enum tls_alert {
	TLS_ALERT_CLOSE = 0, TLS_ALERT_BAD_CERT = 42, TLS_ALERT_CERT_KIND = 43,
	TLS_ALERT_EXPIRED = 45, TLS_ALERT_CERT_UNKNOWN = 46, TLS_ALERT_CA = 48,
	TLS_ALERT_VERSION = 70, TLS_ALERT_INTERNAL = 80,
	TLS_ALERT_CANCELED = 90, TLS_ALERT_RENEGOTIATION = 100,
};

/* Appends "the server sent alert 40 (handshake failure)". */
void tls_alert_write(struct buf *b, unsigned alert);

/* Appends the usual reason, as ": it does not serve this host name", if there
 * is one. has_cert: the client's certificate may be the reason. in_handshake:
 * so may what only fails a handshake. */
void tls_alert_write_hint(struct buf *b, unsigned alert, bool has_cert,
                          bool in_handshake);

#endif
