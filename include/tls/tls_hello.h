/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_hello.h - the messages in which both sides say what they speak: our
 * ClientHello (RFC 8446, 4.1.2) and the server's hello (4.1.3, 4.1.4) (pure)
 *
 * What is said comes from the caller. Spans point into the caller's bytes.
 */
#ifndef HALE_TLS_TLS_HELLO_H
#define HALE_TLS_TLS_HELLO_H

#include "tls/tls_ext.h"
#include "tls/tls_ticket.h"

#define TLS_RANDOM     32	/* bytes */
#define TLS_HELLO_MAX  (TLS_TICKET_MAX + TLS_FAULT_COOKIE_MAX + 1024)

/* Types of handshake messages (RFC 8446, B.3; RFC 5246, 7.4). */
enum tls_message {
	TLS_HELLO_REQUEST = 0, TLS_CLIENT_HELLO, TLS_SERVER_HELLO,
	TLS_NEW_TICKET = 4, TLS_EXTENSIONS = 8, TLS_CERTIFICATE = 11,
	TLS_SERVER_KEY, TLS_CERT_REQUEST, TLS_SERVER_DONE, TLS_CERT_VERIFY,
	TLS_CLIENT_KEY, TLS_FINISHED = 20, TLS_KEY_UPDATE = 24,
};

struct tls_hello {
	const unsigned char *random;	/* TLS_RANDOM bytes */
	struct span session_id;
	struct span name;	/* for SNI; empty: none */
	bool        v13_only;	/* no TLS 1.2 */
	bool        http2;	/* ALPN has "h2", else "http/1.1" */
	bool        cpu_has_aes;	/* AES first */
	unsigned    group;	/* of the key share */
	struct span share;
	struct span cookie;	/* of a HelloRetryRequest; empty: none */
	const struct tls_ticket *ticket;	/* to resume; NULL: none. Of TLS
					 * 1.2 only the ticket is taken here:
					 * its id is the session id */
	uint32_t    age_ms;	/* of the ticket of TLS 1.3 */
};

/* Appends the message. A PSK's binder is zeros in it, and its last bytes:
 * tls_hello_binders_len() says how many follow what the binder is made from. */
void tls_hello_write(struct buf *b, const struct tls_hello *h);

/* Bytes of the list of binders at the end; 0 without a PSK. */
size_t tls_hello_binders_len(const struct tls_hello *h);

/* Reads which extensions a whole ClientHello message has, and its session id.
 * Returns false if they cannot be read. */
bool tls_hello_scan(struct span message, uint64_t *offered,
                    struct span *session_id);

/* What the server chose of what our hello offers. */
struct tls_server_hello {
	bool        is_retry;	/* it is a HelloRetryRequest */
	unsigned    version;	/* TLS_V13, TLS_V12, or an older one */
	bool        downgraded;	/* its random says that the server speaks a
				 * newer version than this one (4.1.3) */
	struct span random;
	struct span session_id;
	unsigned    suite, compression;
	unsigned    group;	/* TLS 1.3: of the share; 0: there is none */
	struct span share;	/* empty in a HelloRetryRequest */
	struct span cookie;	/* HelloRetryRequest; empty: none */
	bool        psk;	/* TLS 1.3: our PSK was taken */
	bool        extended;	/* TLS 1.2: the extended master secret */
	bool        ticket;	/* TLS 1.2: a NewSessionTicket comes */
	bool        has_alpn;	/* TLS 1.2: a protocol was chosen .. */
	struct span alpn;	/* .. in this value, which is not looked at */
};

/*
 * Reads the body of a ServerHello or HelloRetryRequest; offered is what our
 * hello has. Only extensions are checked against the offer; the caller checks
 * the rest, and that all of it fits together.
 */
enum tls_fault tls_hello_read_server(struct tls_server_hello *out,
                                     struct span body, uint64_t offered);

/* Is the value of an ALPN extension the list of the one protocol that a hello
 * with this http2 offers (RFC 7301, 3.2)? */
bool tls_hello_is_our_alpn(struct span value, bool http2);

#endif
