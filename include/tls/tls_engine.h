/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_engine.h - a TLS client without a socket: 1.3 (RFC 8446), and 1.2
 * (RFC 5246) with ECDHE and AEAD only
 *
 * Bytes go in and out by memory; nothing here does I/O, waits, looks at a clock
 * or prints. One ClientHello offers both versions. What is refused: every
 * message out of turn, every extension that was not asked for, renegotiation,
 * compression, and what else the two RFCs call an error; the peer then gets the
 * alert that they name.
 *
 * A caller moves bytes in this order until it has what it wants:
 * tls_engine_step() while it returns 1; then tls_engine_output() to the peer;
 * then tls_engine_room() from the peer.
 *
 * TLS 1.2 takes the extended master secret (RFC 7627) wherever the server has
 * it; a session without it works, and is never resumed (5.3).
 */
#ifndef HALE_TLS_TLS_ENGINE_H
#define HALE_TLS_TLS_ENGINE_H

#include <sys/types.h>

#include "tls/tls_alert.h"
#include "tls/tls_client_cert.h"
#include "tls/tls_group.h"
#include "tls/tls_suite.h"
#include "tls/tls_ticket.h"
#include "tls/x509_key.h"

struct tls_engine;

/*
 * Are these certificates, the server's own first, to be believed? n is at least
 * 1, and may be more than is allowed. The bytes are there during the call only.
 * Returns 0 with the server's key, which points into them, or a negative error
 * with the alert.
 */
typedef int tls_judge(void *arg, const struct span *certs, size_t n,
                      struct x509_key *key, enum tls_alert *alert);

struct tls_engine_conf {
	struct span name;	/* the server's, for SNI; empty: none is sent */
	bool        v13_only;	/* do not go on with TLS 1.2 */
	bool        http2;	/* offer HTTP/2 by ALPN instead of HTTP/1.1 */
	bool        cpu_has_aes;	/* offer AES first */
	tls_random *random;
	tls_judge  *judge;
	void       *arg;	/* of both */
	const struct tls_client_cert *id;	/* n 0: none; needed until
					 * tls_engine_is_open() */
	struct tls_ticket *ticket;	/* in: what to resume; out: what to
					 * resume next time; NULL: neither.
					 * Needed as long as the engine is */
	int64_t     now_ms;	/* base/clock.h's, for a ticket's age */
	struct span hellos[2];	/* bytes to send instead of our first and second
				 * ClientHello, for recorded handshakes; they
				 * fit the keys that random gives */
};

/* What the server asked for and did not get: it may be why an alert came. */
enum tls_lack {
	TLS_LACKS_NOTHING,
	TLS_LACKS_CERT,		/* a certificate: we have none */
	TLS_LACKS_SCHEME,	/* the same: our key cannot sign as it wants */
};

/* Why an engine failed. Zero: it has not. */
struct tls_failure {
	enum tls_alert alert;	/* sent to the peer, if it was our decision */
	unsigned heard;		/* the peer's fatal alert; 0: none */
	const char *text;	/* in words; NULL: the judge knows, or heard */
};

/* Makes an engine whose first output is a ClientHello. conf itself may go, but
 * not the bytes of its name before tls_engine_is_open(). Returns NULL without
 * memory or random bytes. */
struct tls_engine *tls_engine_new(const struct tls_engine_conf *conf);

/* Wipes and frees; does nothing with NULL. */
void tls_engine_free(struct tls_engine *e);

/* Where the peer's next bytes go, and how many fit: 0 while unread content
 * fills it. Then how many came. */
unsigned char *tls_engine_room(struct tls_engine *e, size_t *len);
void tls_engine_received(struct tls_engine *e, size_t len);

/*
 * Deals with one record of what came. Returns 1 if it did, and may again; 0 if
 * more bytes are needed, content waits to be taken, or the peer's end came; or
 * ERR_TLS once failed. What it has to say is output then, alerts too.
 */
int tls_engine_step(struct tls_engine *e);

/* What is to be sent; then how much was. */
struct span tls_engine_output(const struct tls_engine *e);
void tls_engine_sent(struct tls_engine *e, size_t len);

/* Content that came, empty if there is none; then how much was taken. */
struct span tls_engine_content(const struct tls_engine *e);
void tls_engine_taken(struct tls_engine *e, size_t len);

/* Makes records of as many of the bytes as there is room for. Returns how many;
 * 0 too before the handshake is over and after a failure. */
size_t tls_engine_write(struct tls_engine *e, struct span bytes);

/* Adds a close_notify to the output, if the handshake is over. */
void tls_engine_close(struct tls_engine *e);

bool tls_engine_is_open(const struct tls_engine *e);	/* handshake over */
/* Has close_notify come, and all content been taken? */
bool tls_engine_is_ended(const struct tls_engine *e);
bool tls_engine_is_resumed(const struct tls_engine *e);
/* Did the server choose the protocol that was offered? It may choose none. */
bool tls_engine_has_protocol(const struct tls_engine *e);
enum tls_lack tls_engine_lacks(const struct tls_engine *e);
const struct tls_failure *tls_engine_failure(const struct tls_engine *e);

/* Appends "TLS 1.3, AES_128_GCM_SHA256"; for an engine that is open. */
void tls_engine_write_info(const struct tls_engine *e, struct buf *b);

#endif
