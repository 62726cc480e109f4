/* SPDX-License-Identifier: MIT */
/* tls/tls_chain.c - keeps a server's certificates and has them judged */
#include "tls/tls_chain.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "tls/dn.h"
#include "tls/tls_sig.h"
#include "tls/x509_words.h"

/* Everything that judging a chain takes; too large for the stack of a small
 * process, and not needed for long. */
struct judge {
	struct x509 certs[TLS_CHAIN_MAX];
	struct trust trust;
	struct x509_path path;
	struct x509_result verdict;
};

/* see tls/tls_chain.h */
void
tls_chain_free(struct tls_chain *c)
{
	free(c->bytes);
	c->bytes = NULL;
}

/* see tls/tls_chain.h */
void
tls_chain_start(struct tls_chain *c)
{
	tls_chain_free(c);
	c->len = c->room = c->n = 0;
	c->refused = NULL;
}

/* see tls/tls_chain.h */
void
tls_chain_start_cert(struct tls_chain *c, size_t len)
{
	unsigned char *more;

	if (c->n == TLS_CHAIN_MAX)
		c->refused = "the server sent more than "
		             BUF_DIGITS(TRUST_CHAIN_MAX) " certificates";
	else if (len > X509_DER_MAX)
		c->refused = "the server sent a certificate of more than "
		             "65536 bytes";
	else if (len > TLS_CHAIN_BYTES - c->len)
		c->refused = "the server sent more than "
		             BUF_DIGITS(TLS_CHAIN_BYTES)
		             " bytes of certificates";
	if (c->refused != NULL)
		return;
	more = realloc(c->bytes, c->len + len + 1);
	if (more == NULL) {
		c->refused = "no memory for the server's certificates";
		return;
	}
	c->bytes = more;
	c->room = c->len + len;
	c->end[c->n++] = c->len;
}

/* see tls/tls_chain.h */
void
tls_chain_append(struct tls_chain *c, const void *p, size_t len)
{
	if (c->refused != NULL || len > c->room - c->len)
		return;
	memcpy(c->bytes + c->len, p, len);
	c->len += len;
	c->end[c->n - 1] = c->len;
}

static enum tls_alert
alert_of(enum x509_why why)
{
	if (why <= X509_ROOT_UNKNOWN || why == X509_REJECTED)
		return TLS_ALERT_CA;
	if (why == X509_EXPIRED || why == X509_NOT_YET)
		return TLS_ALERT_EXPIRED;
	if (why == X509_PATH_LONG || why == X509_SIGS_MANY)
		return TLS_ALERT_CERT_UNKNOWN;
	if (why == X509_SIG_KIND || why == X509_KEY_KIND
	 || why == X509_KEY_LARGE || why == X509_CRITICAL
	 || why == X509_POLICY || why == X509_PURPOSE || why == X509_USAGE)
		return TLS_ALERT_CERT_KIND;
	return TLS_ALERT_BAD_CERT;
}

/* The right one may be among those that were not tried. */
static void
write_many(struct buf *b, const struct judge *j)
{
	buf_str(b, "certificate of ");
	buf_add(b, j->path.host.name);
	buf_str(b, ": more than " BUF_DIGITS(TRUST_FOUND_MAX)
	        " trusted CAs may be its issuer, \"");
	dn_write(b, j->verdict.cert->issuer);
	buf_str(b, "\", and it is none of the " BUF_DIGITS(TRUST_FOUND_MAX)
	        " that were tried");
}

/* What was trusted, and what about it may surprise. */
static void
write_trusted(struct buf *b, const struct tls_chain *c, const struct judge *j)
{
	buf_str(b, " (trusted CAs: ");
	trust_write_source(b, c->cafile);
	if (j->verdict.why == X509_NO_ISSUER && j->trust.other_key)
		buf_str(b, "; a CA of that name is, but with another key");
	if (j->path.chain_len < c->n)
		buf_str(b, "; a CA certificate that the server sent is "
		        "malformed");
	buf_str(b, ")");
}

static int
fail_cert(const struct tls_chain *c, struct tls_link *l, const struct judge *j)
{
	enum x509_why why = j->verdict.why;

	if (!tls_link_is_first(l, ERR_CERT))
		return l->err;
	l->alert = (int)alert_of(why);
	if (j->trust.many && why <= X509_SIG_WRONG)
		write_many(&l->why, j);
	else
		x509_words_write(&l->why, &j->path, &j->verdict);
	if (why == X509_NO_ISSUER || why == X509_SELF_SIGNED
	 || why == X509_ROOT_UNKNOWN || why == X509_REJECTED)
		write_trusted(&l->why, c, j);
	return l->err;
}

static int
judge_path(const struct tls_chain *c, struct tls_link *l, struct judge *j,
           size_t n)
{
	int r = trust_find(&j->trust, c->cafile, j->certs, n, &l->why);

	if (r < 0)
		return tls_link_keep(l, r);
	j->path = (struct x509_path){
		.chain = j->certs, .chain_len = n,
		.anchors = j->trust.found, .anchors_len = j->trust.n,
		.host = c->host, .now = time(NULL), .check = tls_sig_check,
	};
	return x509_path_verify(&j->path, &j->verdict) < 0 ? fail_cert(c, l, j)
	                                                   : 0;
}

/* Reads the chain. One that is malformed is passed over unless it is the
 * server's own: it cannot be part of a path. Returns the number read. */
static size_t
read_certs(const struct tls_chain *c, struct x509 *certs)
{
	size_t from = 0, n = 0;

	for (size_t i = 0; i < c->n; from = c->end[i++]) {
		struct span der = { (const char *)c->bytes + from,
		                    c->end[i] - from };

		if (x509_read(&certs[n], der) == 0)
			n++;
		else if (i == 0)
			break;
	}
	return n;
}

static int
fail(struct tls_link *l, enum tls_alert alert, const char *text)
{
	l->alert = (int)alert;
	return tls_link_fail(l, ERR_CERT, text);
}

static int
judge_chain(struct tls_chain *c, struct tls_link *l, struct judge *j)
{
	size_t n;

	if (c->refused != NULL)
		return fail(l, TLS_ALERT_CERT_UNKNOWN, c->refused);
	if (c->n == 0)
		return fail(l, TLS_ALERT_BAD_CERT,
		            "the server sent no certificate");
	n = read_certs(c, j->certs);
	if (n == 0)
		return fail(l, TLS_ALERT_BAD_CERT,
		            "the server's certificate is malformed");
	c->key = j->certs[0].key;
	return c->insecure ? 0 : judge_path(c, l, j, n);
}

/* see tls/tls_chain.h */
int
tls_chain_judge(struct tls_chain *c, struct tls_link *l)
{
	struct judge *j = calloc(1, sizeof *j);
	int r;

	if (j == NULL)
		return tls_link_fail(l, -ENOMEM, NULL);
	r = judge_chain(c, l, j);
	trust_free(&j->trust);
	free(j);
	return r;
}
