/* SPDX-License-Identifier: MIT */
/* tls/tls12.c - TLS 1.2 over a link: pumps BearSSL's engine */
/*
 * The engine never sees the socket: step() moves records between the two and
 * waits where neither side can go on; the callers look again at what the engine
 * wants. Certificates leave it by tls/tls12_x509.h.
 */
#include "tls/tls12.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "tls/tls12_setup.h"
#include "tls/tls12_x509.h"
#include "tls/tls12_words.h"

#define SEED_LEN  32		/* bytes of entropy */
#define DRAIN_MAX 8		/* reads of what is left before the end */
#define REC_ALERT 21		/* type of a record (RFC 5246, 6.2.1) */
/* Bytes of the largest records. With less room for either the engine asks for
 * small records both ways; pages that no record reaches cost nothing. */
#define IN_CAP    BR_SSL_BUFSIZE_INPUT
#define OUT_CAP   BR_SSL_BUFSIZE_OUTPUT

struct tls12 {
	br_ssl_client_context cc;
	struct tls12_x509 x509;
	struct tls12_auth auth;
	br_ec_impl ec;
	struct tls_link *link;
	bool over;		/* the engine ended, and that is dealt with */
	bool stuck;		/* a part of a record has still to be sent */
	unsigned char in[IN_CAP], out[OUT_CAP];
};

/* Readies the engine; it wants nothing but random bytes from outside. */
static int
start(struct tls12 *e, const struct x509_host *host,
      const struct tls_client_cert *id, const unsigned char *session)
{
	static const char *alpn[] = { "http/1.1" };
	br_ssl_engine_context *eng = &e->cc.eng;
	unsigned char seed[SEED_LEN];
	char name[TLS_HOST_MAX + 1];

	br_ssl_client_zero(&e->cc);
	tls12_setup_algorithms(eng, &e->ec);
	tls12_setup_auth(&e->cc, &e->auth, id);
	br_ssl_engine_set_x509(eng, &e->x509.vtable);
	br_ssl_engine_set_protocol_names(eng, alpn, 1);
	br_ssl_engine_set_buffers_bidi(eng, e->in, sizeof e->in, e->out,
	                               sizeof e->out);
	if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		return tls_link_fail(e->link, -EIO,
		                     "the kernel gave no random bytes");
	br_ssl_engine_inject_entropy(eng, seed, sizeof seed);
	explicit_bzero(seed, sizeof seed);
	if (session != NULL)
		br_ssl_engine_set_session_parameters(eng,
		                                     (const void *)session);
	memcpy(name, host->name.p, host->name.len);
	name[host->name.len] = '\0';
	if (!br_ssl_client_reset(&e->cc, host->ip_len > 0 ? NULL : name,
	                         session != NULL))
		return tls_link_fail(e->link, ERR_TLS,
		                     "the TLS engine did not start");
	return 0;
}

static unsigned
state(const struct tls12 *e)
{
	return br_ssl_engine_current_state(&e->cc.eng);
}

/* Its record goes out with the keys that the engine has, which itself sends
 * no more once it failed. What the server sent is taken before the close: it
 * would turn that into a reset, which may overtake the alert. */
static void
send_alert(struct tls12 *e, int alert)
{
	br_ssl_engine_context *eng = &e->cc.eng;
	size_t start = 5, end = sizeof e->out, len = 2;
	unsigned char *p;

	if (alert == 0 || e->stuck || e->link->send_err != 0)
		return;
	eng->out.vtable->max_plaintext(&eng->out.vtable, &start, &end);
	e->out[start] = 2;	/* fatal */
	e->out[start + 1] = (unsigned char)alert;
	p = eng->out.vtable->encrypt(&eng->out.vtable, REC_ALERT, BR_TLS12,
	                             e->out + start, &len);
	(void)tls_link_send(e->link, p, len);	/* it is the last */
	for (int i = 0; i < DRAIN_MAX; i++)
		if (recv(e->link->fd, e->in, sizeof e->in, MSG_DONTWAIT) <= 0)
			break;
}

/* The engine has ended: by the server's close_notify, which is not an error, or
 * with one, of which the server is told. Returns 0 or the error. */
static int
ended(struct tls12 *e)
{
	struct tls_link *l = e->link;
	int err = br_ssl_engine_last_error(&e->cc.eng);

	if (e->over || err == BR_ERR_OK)
		return l->err;
	e->over = true;
	if (!tls_link_is_tls(l))
		return tls_link_fail_stranger(l);
	send_alert(e, l->alert != 0 ? l->alert : tls12_words_alert(err));
	if (!tls_link_is_first(l, ERR_TLS))
		return l->err;
	if (!l->open && e->auth.asked && err >= BR_ERR_RECV_FATAL_ALERT)
		buf_str(&l->why, "the server asked for a client certificate, "
		        "and got none (--cert, --key); ");
	tls12_words_text(&l->why, err, !l->open);
	return l->err;
}

/* Moves records to the socket. Returns whether any went. */
static bool
send_some(struct tls12 *e)
{
	size_t len;
	unsigned char *p = br_ssl_engine_sendrec_buf(&e->cc.eng, &len);

	len = tls_link_send(e->link, p, len);
	if (len > 0)
		br_ssl_engine_sendrec_ack(&e->cc.eng, len);
	return len > 0;
}

/* Moves what the server sent to the engine. Returns 1 if there was any, 0 if
 * not, or an error. */
static int
receive_some(struct tls12 *e)
{
	size_t len;
	unsigned char *p = br_ssl_engine_recvrec_buf(&e->cc.eng, &len);
	ssize_t n = tls_link_receive(e->link, p, len);

	if (n <= 0)
		return (int)n;
	br_ssl_engine_recvrec_ack(&e->cc.eng, (size_t)n);
	return 1;
}

/* Moves what can be moved, or waits until something can: a server that never
 * lets us wait must not outlast the deadline either. Returns 0 or an error. */
static int
step(struct tls12 *e, int64_t deadline_ms)
{
	unsigned s = state(e);
	short events = 0;
	int r;

	if (clock_wait_ms(deadline_ms) == 0)
		return tls_link_fail(e->link, ERR_TIMEOUT, NULL);
	e->stuck = false;
	if (s & BR_SSL_SENDREC) {
		if (send_some(e))
			return 0;
		events |= POLLOUT;
		e->stuck = true;
	}
	if (s & BR_SSL_RECVREC) {
		r = receive_some(e);
		if (r != 0)
			return r < 0 ? r : 0;
		events |= POLLIN;
	}
	if (events == 0) {	/* the engine holds bytes that it never takes */
		send_alert(e, TLS_ALERT_UNEXPECTED);
		return tls_link_fail(e->link, ERR_TLS, "the server asks to "
		                     "renegotiate again and again, which hale "
		                     "does not do");
	}
	return tls_link_wait(e->link, events, deadline_ms);
}

/* Until the engine can take what the caller wants to send. */
static int
shake_hands(struct tls12 *e, int64_t deadline_ms)
{
	while (!(state(e) & BR_SSL_SENDAPP)) {
		if (state(e) & BR_SSL_CLOSED)
			return ended(e) < 0 ? e->link->err
			     : tls_link_fail_hung_up(e->link, ERR_TRUNCATED);
		if (step(e, deadline_ms) < 0)
			return e->link->err;
	}
	return 0;
}

/* Wipes what is secret and frees the rest. */
static void
discard(struct tls12 *e)
{
	explicit_bzero(&e->cc, sizeof e->cc);
	free(e);
}

/* see tls/tls12.h */
int
tls12_open(struct tls12 **out, struct tls_link *l, struct tls_chain *chain,
           const struct tls_client_cert *id, const unsigned char *session,
           int64_t deadline_ms)
{
	struct tls12 *e = calloc(1, sizeof *e);
	int r;

	*out = NULL;
	if (e == NULL)
		return tls_link_fail(l, -ENOMEM, NULL);
	e->link = l;
	tls12_x509_init(&e->x509, chain, l);
	r = start(e, &chain->host, id, session);
	if (r == 0)
		r = shake_hands(e, deadline_ms);
	if (r < 0)
		discard(e);
	else
		*out = e;
	return r;
}

/* see tls/tls12.h */
ssize_t
tls12_read(struct tls12 *e, void *p, size_t len, int64_t deadline_ms)
{
	unsigned char *got;
	size_t n;

	if (len > SSIZE_MAX)
		len = SSIZE_MAX;
	while ((got = br_ssl_engine_recvapp_buf(&e->cc.eng, &n)) == NULL) {
		if (e->link->err != 0)
			return e->link->err;
		if (state(e) & BR_SSL_CLOSED)
			return ended(e);
		if (step(e, deadline_ms) < 0)
			return e->link->err;
	}
	if (n > len)
		n = len;
	memcpy(p, got, n);
	e->link->quiet_len = 0;
	br_ssl_engine_recvapp_ack(&e->cc.eng, n);
	return (ssize_t)n;
}

/* Gives as much as there is room for to the engine. Returns the bytes. */
static size_t
fill(struct tls12 *e, struct span bytes)
{
	size_t n;
	unsigned char *p = br_ssl_engine_sendapp_buf(&e->cc.eng, &n);

	if (p == NULL)
		return 0;
	if (n > bytes.len)
		n = bytes.len;
	memcpy(p, bytes.p, n);
	br_ssl_engine_sendapp_ack(&e->cc.eng, n);
	if (n == bytes.len)
		br_ssl_engine_flush(&e->cc.eng, 0);
	return n;
}

/* see tls/tls12.h */
int
tls12_write(struct tls12 *e, struct span bytes, int64_t deadline_ms)
{
	const struct tls_link *l = e->link;

	while (bytes.len > 0 || state(e) & BR_SSL_SENDREC) {
		size_t n = bytes.len > 0 ? fill(e, bytes) : 0;

		bytes = span_after(bytes, n);
		if (l->err != 0)
			return l->err;
		if (l->send_err != 0)
			return l->send_err;
		if (state(e) & BR_SSL_CLOSED)
			return ended(e) < 0 ? l->err : -EPIPE;
		if (n == 0 && step(e, deadline_ms) < 0)
			return l->err;
	}
	return l->send_err;
}

_Static_assert(sizeof(br_ssl_session_parameters) <= TLS_SESSION_STATE,
               "a session fits struct tls_session");

/* see tls/tls12.h */
void
tls12_keep_session(const struct tls12 *e, unsigned char *session)
{
	memcpy(session, &e->cc.eng.session, sizeof e->cc.eng.session);
}

/* see tls/tls12.h */
void
tls12_write_info(const struct tls12 *e, struct buf *b)
{
	buf_str(b, "TLS 1.2, ");
	tls12_words_suite(b, e->cc.eng.session.cipher_suite);
}

/* see tls/tls12.h */
void
tls12_close(struct tls12 *e)
{
	if (e->link->err == 0 && e->link->send_err == 0) {
		br_ssl_engine_close(&e->cc.eng);
		while (state(e) & BR_SSL_SENDREC && send_some(e))
			;	/* until it is out or the socket is full */
	}
	discard(e);
}
