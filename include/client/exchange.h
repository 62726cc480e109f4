/* SPDX-License-Identifier: MIT */
/*
 * client/exchange.h - one HTTP/1.1 exchange, over TCP, TLS or a unix socket
 *
 * Blocking, with one absolute deadline for all of it; never for PID 1's loop.
 * The caller writes the request's bytes and gets the answer's head and the
 * decoded body in pieces; nothing is followed, repeated or kept here. A call
 * that failed ends the exchange: only exchange_text() and exchange_close() may
 * come then.
 */
#ifndef HALE_CLIENT_EXCHANGE_H
#define HALE_CLIENT_EXCHANGE_H

#include "client/resolve.h"
#include "client/reply.h"
#include "tls/tls.h"

#define EXCHANGE_PROXY_HEAD_MAX 1024	/* bytes of a CONNECT's own fields */
#define EXCHANGE_HEADS_MAX 307200	/* bytes of an answer's heads, interim
				 * ones included, as in curl 8: a server could
				 * send them for ever */

/* What the exchange was doing when it failed. */
enum exchange_step {
	EXCHANGE_LOOKUP,		/* the server's name, or the proxy's */
	EXCHANGE_CONNECT,
	EXCHANGE_TUNNEL,		/* CONNECT through the proxy */
	EXCHANGE_TLS,
	EXCHANGE_SEND,
	EXCHANGE_HEAD,
	EXCHANGE_BODY,
};

struct exchange_to {
	struct span host;	/* name or literal, without brackets */
	uint16_t    port;
	int         family;	/* AF_UNSPEC, AF_INET, AF_INET6 */
	struct span unix_path;	/* "/path" or "@name"; empty: none */
	const struct dial_set *at;	/* these; NULL: look up host */
	const struct tls_conf *tls;	/* NULL: plain; its ip is not read */
	/* Where not NULL: tunnel to "host:port" with these further fields, each
	 * with its CRLF; the above is the proxy then. */
	const char *tunnel_to;
	const char *tunnel_fields;
};

/* How the body ends; set by exchange_read_head(). */
enum exchange_body { BODY_NONE, BODY_LENGTH, BODY_CHUNKS, BODY_TO_END };

struct exchange {
	int         fd;
	enum exchange_step step;
	struct tls *tls;	/* NULL: plain */
	int64_t     deadline_ms;
	char       *in;		/* the caller's memory: a head must fit */
	size_t      in_cap;
	size_t      in_at, in_len;	/* unread bytes are in[in_at..in_len) */
	size_t      heads_len;	/* of this answer's heads until now */
	enum exchange_body body;
	int         broken;	/* chunks_step()'s error after good data */
	uint64_t    left;	/* BODY_LENGTH: bytes to come */
	struct chunks chunks;
	int         tunnel_status;	/* the proxy's answer, 0 without */
	bool        is_head;	/* the caller's: it asked with HEAD */
	struct reply reply;	/* spans point into in[] until a body is read */
	struct span host;	/* the conf's: whose look-up may have failed */
	struct addr peer;	/* where EXCHANGE_CONNECT was or failed */
	int64_t     looked_up_us, connected_us, secured_us;	/* moments */
	char        why[TLS_WHY_MAX];	/* words of the look-up, or of TLS */
	struct dial_set found;	/* by the look-up of the host */
};

/*
 * Connects, through a tunnel and TLS where asked. The step tells what failed:
 * resolve_host()'s, dial_connect()'s and dial_unix()'s errors, ERR_TOOBIG (see
 * dial_is_unix()), ERR_REFUSED (the proxy did not answer 2xx), those of
 * exchange_read_head() for EXCHANGE_TUNNEL, tls_open()'s. Returns 0 or an
 * error; exchange_close() is due in both cases.
 */
int exchange_open(struct exchange *c, const struct exchange_to *to, char *in,
                  size_t in_cap, int64_t deadline_ms);

/*
 * Sends all bytes. Returns 0, an error, or 1: the server's answer is already
 * there and it takes no more (*sent: how many it took).
 */
int exchange_send(struct exchange *c, struct span bytes, size_t *sent);

/*
 * Reads the next head, an interim one too, and decides how its body ends; what
 * follows a 101 is another protocol's, to the end. Returns 0, ERR_EMPTY (the
 * end came before any byte), ERR_SHORT (within the head), ERR_TOOBIG (it does
 * not fit in, or all heads exceed EXCHANGE_HEADS_MAX), reply_read()'s errors,
 * ERR_CODING, or an error of the connection.
 */
int exchange_read_head(struct exchange *c);

/* Does another head follow this one (1xx, but not 101)? */
bool exchange_is_interim(const struct exchange *c);

/* What has come and is not read: an answer that exchange_read_head() refused,
 * too. */
struct span exchange_unread(const struct exchange *c);

/* Makes room behind the unread bytes and reads on. Returns how many came, 0 at
 * the end, ERR_TOOBIG where all of in[] is unread, or an error of the
 * connection. For other protocols: step and in_at are the caller's then. */
ssize_t exchange_fill(struct exchange *c);

/*
 * The next piece of the body, which stands until the next call. Returns 1, 0
 * when it was whole, ERR_SHORT, chunks_step()'s errors, or an error of the
 * connection.
 */
int exchange_read_body(struct exchange *c, struct span *piece);

/* Append the host at the other end of the connection, or at our own, and
 * return the port; a unix socket has neither: nothing is appended, and 0
 * returned. */
uint16_t exchange_write_peer(const struct exchange *c, struct buf *b);
uint16_t exchange_write_own(const struct exchange *c, struct buf *b);

/* Appends the words for err, what failed included: "127.0.0.1 port 80:
 * Connection refused". */
void exchange_text(const struct exchange *c, int err, struct buf *b);

/* Ends the connection and frees what was found; in stays the caller's. */
void exchange_close(struct exchange *c);

#endif
