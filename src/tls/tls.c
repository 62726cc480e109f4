/* SPDX-License-Identifier: MIT */
/* tls/tls.c - TLS client over a connected socket */
/*
 * What is the same for every version: which host and which anchors the server
 * is held to, the client's identity, sessions, and words. What goes over the
 * socket is tls/tls12.h's.
 */
#include "tls/tls.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "tls/tls12.h"

struct tls {
	struct tls_link  link;
	struct tls_chain chain;
	struct tls12    *v12;
	bool resumed;
};

static bool
is_session_for(const struct tls_session *s, const struct tls_conf *conf)
{
	return s != NULL && s->filled && s->insecure == conf->insecure
	    && strcmp(s->host, conf->host) == 0;
}

static void
keep_session(const struct tls *t, const struct tls_conf *conf)
{
	struct tls_session *s = conf->session;

	if (s == NULL)
		return;
	tls12_keep_session(t->v12, s->state);
	memcpy(s->host, conf->host, strlen(conf->host) + 1);
	s->insecure = conf->insecure;
	s->filled = true;
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
shake_hands(struct tls *t, const struct tls_conf *conf, int64_t deadline_ms)
{
	struct tls_client_cert id = { .n = 0 };
	const struct tls_session *s = conf->session;
	int r = load(t, &id, conf, deadline_ms);

	set_host(&t->chain.host, conf);
	t->chain.cafile = conf->cafile;
	t->chain.insecure = conf->insecure;
	if (r == 0)
		r = tls12_open(&t->v12, &t->link, &t->chain, &id,
		               is_session_for(s, conf) ? s->state : NULL,
		               deadline_ms);
	tls_client_cert_free(&id);	/* renegotiation is off */
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
	r = shake_hands(t, conf, deadline_ms);
	tls_chain_free(&t->chain);
	if (r < 0) {
		if (conf->session != NULL)
			conf->session->filled = false;
		tls_text(t, why);
		free(t);
		return r;
	}
	t->link.open = true;
	t->resumed = t->chain.n == 0;
	keep_session(t, conf);
	*out = t;
	return 0;
}

/* see tls/tls.h */
ssize_t
tls_read(struct tls *t, void *p, size_t len, int64_t deadline_ms)
{
	return tls12_read(t->v12, p, len, deadline_ms);
}

/* see tls/tls.h */
int
tls_write(struct tls *t, struct span bytes, int64_t deadline_ms)
{
	return tls12_write(t->v12, bytes, deadline_ms);
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
	tls12_write_info(t->v12, b);
	buf_str(b, t->chain.insecure ? ", not verified" : ", verified");
	buf_str(b, t->resumed ? ", resumed" : "");
}

/* see tls/tls.h */
void
tls_close(struct tls *t)
{
	if (t == NULL)
		return;
	tls12_close(t->v12);
	free(t);
}
