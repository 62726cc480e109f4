/* SPDX-License-Identifier: MIT */
/* tls/tls.c - TLS client over a connected socket */
/*
 * The engine (tls/tls_engine.h) never sees the socket: move() carries bytes
 * between the two and waits where neither side can go on; the callers look
 * again at what the engine has.
 */
#include "tls/tls.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/wait.h"
#include "tls/tls_aead.h"
#include "tls/tls_chain.h"
#include "tls/tls_engine.h"

#define DRAIN_MAX 8		/* reads of what is left before the end */
#define STALL_MS  1000		/* a server that has answered and takes nothing
				 * for so long wants no more */

struct tls {
	struct tls_engine *engine;
	bool               has_cert;	/* of our own */
	struct tls_chain   chain;
	struct tls_link    link;
};

static int
get_random(void *arg, unsigned char *p, size_t len)
{
	(void)arg;	/* the kernel's are good for everybody */
	return getrandom(p, len, 0) == (ssize_t)len ? 0 : -EIO;
}

static int
judge(void *arg, const struct span *certs, size_t n, struct x509_key *key,
      enum tls_alert *alert)
{
	struct tls *t = arg;

	return tls_chain_judge(&t->chain, &t->link, certs, n, key, alert);
}

/* Moves records to the socket. Returns whether any went. */
static bool
send_some(struct tls *t)
{
	struct span out = tls_engine_output(t->engine);
	size_t n = out.len > 0 ? tls_link_send(&t->link, out.p, out.len) : 0;

	tls_engine_sent(t->engine, n);
	return n > 0;
}

/* What the server sent is taken before the close, which would turn it into a
 * reset that may overtake the alert. */
static void
send_alert(struct tls *t)
{
	char lost[1024];

	if (t->link.send_err != 0 || !send_some(t))
		return;
	for (int i = 0; i < DRAIN_MAX; i++)
		if (recv(t->link.fd, lost, sizeof lost, MSG_DONTWAIT) <= 0)
			break;
}

/* The engine has failed. Returns the error. */
static int
failed(struct tls *t)
{
	const struct tls_failure *f = tls_engine_failure(t->engine);
	struct tls_link *l = &t->link;
	enum tls_lack lacks = TLS_LACKS_NOTHING;

	if (!tls_link_is_tls(l))
		return tls_link_fail_stranger(l);
	send_alert(t);
	if (!tls_link_is_first(l, ERR_TLS))
		return l->err;
	if (f->heard == 0) {
		buf_str(&l->why, f->text);
		return l->err;
	}
	if (!l->heard)	/* TLS 1.3 hears of it only after its handshake */
		lacks = tls_engine_lacks(t->engine);
	if (lacks == TLS_LACKS_CERT)
		buf_str(&l->why, "the server asked for a client certificate, "
		        "and got none (--cert, --key); ");
	if (lacks == TLS_LACKS_SCHEME)
		buf_str(&l->why, "the server cannot use this client "
		        "certificate, and got none; ");
	tls_alert_write(&l->why, f->heard);
	if (lacks == TLS_LACKS_NOTHING)
		tls_alert_write_hint(&l->why, f->heard, t->has_cert, !l->open);
	return l->err;
}

/* Moves what the server sent to the engine. Returns 1 if there was any, 0 if
 * not, or an error. */
static int
receive_some(struct tls *t, unsigned char *p, size_t room)
{
	ssize_t n = tls_link_receive(&t->link, p, room);

	if (n <= 0)
		return (int)n;
	tls_engine_received(t->engine, (size_t)n);
	return 1;
}

/* Moves what can be moved, or waits until something can: a server that never
 * lets us wait must not outlast the deadline either. Returns 0 or an error. */
static int
move(struct tls *t, int64_t deadline_ms)
{
	short events = 0;
	unsigned char *p;
	size_t room;
	int r;

	if (clock_wait_ms(deadline_ms) == 0)
		return tls_link_fail(&t->link, ERR_TIMEOUT, NULL);
	if (tls_engine_output(t->engine).len > 0) {
		if (send_some(t))
			return 0;
		events |= POLLOUT;
	}
	p = tls_engine_room(t->engine, &room);
	if (room > 0) {
		r = receive_some(t, p, room);
		if (r != 0)
			return r < 0 ? r : 0;
		events |= POLLIN;
	}
	return tls_link_wait(&t->link, events, deadline_ms);
}

/* Deals with all records that are there, until content comes. Returns 0 or an
 * error. */
static int
step(struct tls *t)
{
	int r;

	while ((r = tls_engine_step(t->engine)) > 0)
		;
	return r < 0 ? failed(t) : 0;
}

/* What we have to say last goes out with the first content. */
static int
shake_hands(struct tls *t, int64_t deadline_ms)
{
	for (;;) {
		if (step(t) < 0)
			return t->link.err;
		if (tls_engine_is_open(t->engine))
			return 0;
		if (tls_engine_is_ended(t->engine))
			return tls_link_fail_hung_up(&t->link, ERR_TRUNCATED);
		if (move(t, deadline_ms) < 0)
			return t->link.err;
	}
}

static bool
is_session_for(const struct tls_session *s, const struct tls_conf *conf)
{
	return s->insecure == conf->insecure
	    && strcmp(s->host, conf->host) == 0;
}

/* A session of another host, or of other trust, makes room for this one's. */
static struct tls_ticket *
ticket_of(const struct tls_conf *conf)
{
	struct tls_session *s = conf->session;

	if (s == NULL)
		return NULL;
	if (!is_session_for(s, conf)) {
		explicit_bzero(&s->ticket, sizeof s->ticket);
		memcpy(s->host, conf->host, strlen(conf->host) + 1);
		s->insecure = conf->insecure;
	}
	return &s->ticket;
}

/* A dot at the end is not sent, and not in a certificate. */
static void
set_host(struct x509_host *h, const struct tls_conf *conf)
{
	h->name = span_of(conf->host);
	h->ip_len = conf->ip_len;
	memcpy(h->ip, conf->ip, sizeof h->ip);
	if (h->ip_len == 0)
		h->name = x509_hosts_cut_dot(h->name);
}

/* What must be in order before the server hears of us. */
static int
load(struct tls *t, struct tls_client_cert *id, const struct tls_conf *conf,
     int64_t deadline_ms)
{
	struct tls_link *l = &t->link;
	int r = 0;

	if (strlen(conf->host) > TLS_HOST_MAX)
		return tls_link_fail(l, ERR_TLS, "the host name is longer than "
		                     BUF_DIGITS(TLS_HOST_MAX) " bytes");
	if (!conf->insecure)
		r = trust_verify(conf->cafile, deadline_ms, &l->why);
	if (r == 0 && conf->certfile != NULL)
		r = tls_client_cert_load(id, conf->certfile, conf->keyfile,
		                         &l->why);
	return r < 0 ? tls_link_keep(l, r) : 0;
}

static int
start(struct tls *t, const struct tls_client_cert *id,
      const struct tls_conf *conf)
{
	struct tls_engine_conf ours = {
		.name = t->chain.host.name,
		.v13_only = conf->v13_only,
		.http2 = conf->http2,
		.cpu_has_aes = tls_aead_cpu_has_aes(),
		.random = get_random, .judge = judge, .arg = t, .id = id,
		.ticket = ticket_of(conf), .now_ms = clock_ms(),
	};

	if (t->chain.host.ip_len > 0)
		ours.name.len = 0;
	t->engine = tls_engine_new(&ours);
	return t->engine != NULL ? 0 : tls_link_fail(&t->link, ERR_TLS,
		"no memory, or the kernel gave no random bytes");
}

static int
open_engine(struct tls *t, const struct tls_conf *conf, int64_t deadline_ms)
{
	struct tls_client_cert id = { .n = 0 };
	int r = load(t, &id, conf, deadline_ms);

	set_host(&t->chain.host, conf);
	t->chain.cafile = conf->cafile;
	t->chain.insecure = conf->insecure;
	t->has_cert = conf->certfile != NULL;
	if (r == 0)
		r = start(t, &id, conf);
	if (r == 0)
		r = shake_hands(t, deadline_ms);
	tls_client_cert_free(&id);	/* the handshake is over */
	return r;
}

/* see tls/tls.h */
int
tls_open(struct tls **out, int fd, const struct tls_conf *conf,
         int64_t deadline_ms, struct buf *why)
{
	struct tls *t = calloc(1, sizeof *t);
	int r;

	*out = NULL;
	if (t == NULL) {
		buf_str(why, err_text(-ENOMEM));
		return -ENOMEM;
	}
	tls_link_init(&t->link, fd);
	r = open_engine(t, conf, deadline_ms);
	if (r < 0) {
		if (conf->session != NULL)
			explicit_bzero(conf->session, sizeof *conf->session);
		tls_text(t, why);
		tls_engine_free(t->engine);
		free(t);
		return r;
	}
	t->link.open = true;
	*out = t;
	return 0;
}

/* see tls/tls.h */
int
tls_lend(struct tls *t, struct span *got, size_t max, int64_t deadline_ms)
{
	while ((*got = tls_engine_content(t->engine)).len == 0) {
		if (step(t) < 0)
			return t->link.err;
		if (tls_engine_is_ended(t->engine))
			return 0;
		if (tls_engine_content(t->engine).len > 0)
			continue;
		/* What came before an error of a write has been read. */
		if (t->link.err != 0 || move(t, deadline_ms) < 0)
			return t->link.err;
	}
	if (got->len > max)
		got->len = max;
	t->link.quiet_len = 0;
	t->link.heard = true;
	tls_engine_taken(t->engine, got->len);
	return 0;
}

/* see tls/tls.h */
ssize_t
tls_read(struct tls *t, void *p, size_t len, int64_t deadline_ms)
{
	struct span got;
	int r = tls_lend(t, &got, len, deadline_ms);

	if (r < 0)
		return r;
	memcpy(p, got.p, got.len);
	return (ssize_t)got.len;	/* of one record */
}

/* As move(), for a writer. No more is received while there is content: the
 * server's end is not to come before that. */
static int
push(struct tls *t, int64_t deadline_ms)
{
	int left_ms = clock_wait_ms(deadline_ms), stall_ms = STALL_MS, r;

	if (tls_engine_content(t->engine).len == 0 || left_ms == 0)
		return move(t, deadline_ms);
	if (send_some(t))
		return 0;
	if (left_ms > 0 && left_ms / 2 < stall_ms)
		stall_ms = left_ms / 2;	/* some is left to read the answer */
	r = wait_fd(t->link.fd, POLLOUT, clock_after(clock_ms(), stall_ms));
	return r == ERR_TIMEOUT ? -EPIPE : r;
}

/* see tls/tls.h */
int
tls_write(struct tls *t, struct span bytes, int64_t deadline_ms)
{
	const struct tls_link *l = &t->link;
	int r;

	while (bytes.len > 0 || tls_engine_output(t->engine).len > 0) {
		bytes = span_after(bytes, tls_engine_write(t->engine, bytes));
		if (l->err != 0)
			return l->err;
		if (l->send_err != 0)
			return l->send_err;
		if (step(t) < 0)
			return l->err;
		if (tls_engine_is_ended(t->engine))
			return -EPIPE;
		r = push(t, deadline_ms);
		if (r < 0)
			return r;
	}
	return l->send_err;
}

/* see tls/tls.h */
void
tls_text(const struct tls *t, struct buf *b)
{
	if (t->link.err != 0)
		buf_add(b, buf_span(&t->link.why));
	else if (t->link.send_err != 0)
		buf_str(b, err_text(t->link.send_err));
}

/* see tls/tls.h */
void
tls_write_info(const struct tls *t, struct buf *b)
{
	tls_engine_write_info(t->engine, b);
	buf_str(b, t->chain.insecure ? ", not verified" : ", verified");
	buf_str(b, tls_engine_is_resumed(t->engine) ? ", resumed" : "");
}

/* see tls/tls.h */
bool
tls_has_protocol(const struct tls *t)
{
	return tls_engine_has_protocol(t->engine);
}

/* see tls/tls.h */
void
tls_close(struct tls *t)
{
	if (t == NULL)
		return;
	if (t->link.err == 0 && t->link.send_err == 0) {
		tls_engine_close(t->engine);
		while (send_some(t))
			;	/* until it is out or the socket is full */
	}
	tls_engine_free(t->engine);
	free(t);
}
