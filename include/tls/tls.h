/* SPDX-License-Identifier: MIT */
/*
 * tls/tls.h - TLS client over a connected socket
 *
 * Blocking calls with one absolute deadline each; never for PID 1's loop.
 * No name is resolved and nothing is connected, printed or closed here: the
 * descriptor stays the caller's, and may be blocking or not. Which version of
 * TLS is spoken does not show here.
 *
 * The peer is verified against the trust anchors unless conf says insecure:
 * tls/trust.h says which. A file of --cacert that is missing, and any that is
 * damaged, is an error, never a reason to take the next.
 *
 * When a connection fails on our side the peer gets an alert (RFC 8446, 6.2).
 * Errors are errno's or these; beside each what curl exits with:
 *   ERR_TLS        35  no handshake: protocol, cipher, alert (56 once open)
 *   ERR_CERT       60  the peer's certificate was not accepted
 *   ERR_CAFILE     77  a CA file is missing or damaged
 *   ERR_CERTFILE   58  the client's certificate is of no use
 *   ERR_KEYFILE    43  the client's key is of no use
 *   ERR_TIMEOUT    28  the deadline came first
 *   ERR_TRUNCATED  56  the peer's end came without close_notify (35 in open)
 */
#ifndef HALE_TLS_TLS_H
#define HALE_TLS_TLS_H

#include "base/buf.h"
#include "tls/tls_ticket.h"

#include <stdint.h>
#include <sys/types.h>

#define TLS_HOST_MAX    253	/* bytes of a host name (RFC 1035, 2.3.4) */
#define TLS_WHY_MAX     512	/* bytes that hold any words of this module */

struct tls;

/*
 * A session to resume on a later connection of the same command. Zero it before
 * its first use, and wipe it after the last: it holds secrets. The connections
 * fill it until they are closed. It starts anew where the host differs, or one
 * side is insecure and the other not, so one may serve all of a command's
 * connections; it must not be shared by connections of different trust files or
 * client certificates, nor by two at the same time.
 */
struct tls_session {
	char host[TLS_HOST_MAX + 1];
	bool insecure;
	struct tls_ticket ticket;
};

struct tls_conf {
	const char *host;	/* whom the certificate must be for; a name is
				 * also sent as SNI */
	unsigned char ip[16];	/* where host is a literal address: that, in
				 * network order... */
	size_t      ip_len;	/* ...and its 4 or 16 bytes; 0 for a name */
	const char *cafile;	/* PEM; NULL: the order above */
	const char *certfile;	/* PEM chain of the client; NULL: none */
	const char *keyfile;	/* PEM; NULL: the key is in certfile */
	bool        v13_only;	/* do not go on with TLS 1.2 */
	bool        http2;	/* offer HTTP/2 by ALPN instead of HTTP/1.1 */
	bool        insecure;	/* accept any certificate */
	struct tls_session *session;	/* NULL: never resume */
};

/*
 * Shakes hands over fd. The strings of conf are needed during the call only.
 * Returns 0 with *out to be ended by tls_close(), or an error with *out NULL
 * and one line appended to why, without a newline: "certificate of db.internal
 * expired 3 days ago (2026-11-20)".
 */
int tls_open(struct tls **out, int fd, const struct tls_conf *conf,
             int64_t deadline_ms, struct buf *why);

/*
 * Returns 1..len bytes read into p, 0 at the end that the peer announced
 * (close_notify), or an error. After an error or the end it stays so.
 */
ssize_t tls_read(struct tls *t, void *p, size_t len, int64_t deadline_ms);

/* The same without a copy: 1..max bytes that stand until the next call for t,
 * empty at the end. Returns 0 or an error. */
int tls_lend(struct tls *t, struct span *got, size_t max, int64_t deadline_ms);

/* Sends all of the bytes at once. Returns 0 or an error: -EPIPE too if the peer
 * has answered and takes no more. What it sent can still be read after a failed
 * write. */
int tls_write(struct tls *t, struct span bytes, int64_t deadline_ms);

/* Appends the words for the last failed read or write; nothing before one, and
 * none for a -EPIPE of tls_write() that no error of the socket caused. */
void tls_text(const struct tls *t, struct buf *b);

/* Appends "TLS 1.3, AES_128_GCM_SHA256, verified" for -v. */
void tls_write_info(const struct tls *t, struct buf *b);

/* Did the server choose the protocol that was offered? It may choose none. */
bool tls_has_protocol(const struct tls *t);

/* Announces the end if the connection is whole and the socket takes it
 * without waiting, wipes the keys and frees t; NULL is let pass. */
void tls_close(struct tls *t);

#endif
