/* SPDX-License-Identifier: MIT */
/* tls/tls_chain.c - has a server's certificates judged */
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
	const struct tls_chain *chain;
	struct tls_link *link;
	size_t sent;		/* certificates */
	enum tls_alert alert;
	struct x509 certs[TLS_CHAIN_MAX];
	struct trust trust;
	struct x509_path path;
	struct x509_result verdict;
};

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
write_trusted(struct buf *b, const struct judge *j)
{
	buf_str(b, " (trusted CAs: ");
	trust_write_source(b, j->chain->cafile);
	if (j->verdict.why == X509_NO_ISSUER && j->trust.other_key)
		buf_str(b, "; a CA of that name is, but with another key");
	if (j->path.chain_len < j->sent)
		buf_str(b, "; a CA certificate that the server sent is "
		        "malformed");
	buf_str(b, ")");
}

static int
fail_cert(struct judge *j)
{
	enum x509_why why = j->verdict.why;
	struct tls_link *l = j->link;

	j->alert = alert_of(why);
	if (!tls_link_is_first(l, ERR_CERT))
		return l->err;
	if (j->trust.many && why <= X509_SIG_WRONG)
		write_many(&l->why, j);
	else
		x509_words_write(&l->why, &j->path, &j->verdict);
	if (why == X509_NO_ISSUER || why == X509_SELF_SIGNED
	 || why == X509_ROOT_UNKNOWN || why == X509_REJECTED)
		write_trusted(&l->why, j);
	return l->err;
}

static int
judge_path(struct judge *j, size_t n)
{
	const struct tls_chain *c = j->chain;
	int r = trust_find(&j->trust, c->cafile, j->certs, n, &j->link->why);

	if (r < 0)
		return tls_link_keep(j->link, r);
	j->path = (struct x509_path){
		.chain = j->certs, .chain_len = n,
		.anchors = j->trust.found, .anchors_len = j->trust.n,
		.host = c->host, .now = time(NULL), .check = tls_sig_check,
	};
	return x509_path_verify(&j->path, &j->verdict) < 0 ? fail_cert(j) : 0;
}

/* Reads the chain. One that is malformed is passed over unless it is the
 * server's own: it cannot be part of a path. Returns the number read. */
static size_t
read_certs(struct judge *j, const struct span *certs)
{
	size_t n = 0;

	for (size_t i = 0; i < j->sent; i++) {
		if (x509_read(&j->certs[n], certs[i]) == 0)
			n++;
		else if (i == 0)
			break;
	}
	return n;
}

/* Why they are not even read, or NULL. */
static const char *
refuse_size(const struct span *certs, size_t n)
{
	size_t all = 0;

	if (n > TLS_CHAIN_MAX)
		return "the server sent more than "
		       BUF_DIGITS(TRUST_CHAIN_MAX) " certificates";
	for (size_t i = 0; i < n; i++) {
		all += certs[i].len;
		if (certs[i].len > X509_DER_MAX)
			return "the server sent a certificate of more than "
			       "65536 bytes";
	}
	return all > TLS_CHAIN_BYTES ? "the server sent more than "
	                               BUF_DIGITS(TLS_CHAIN_BYTES)
	                               " bytes of certificates" : NULL;
}

static int
fail(struct judge *j, enum tls_alert alert, const char *text)
{
	j->alert = alert;
	return tls_link_fail(j->link, ERR_CERT, text);
}

static int
judge_chain(struct judge *j, const struct span *certs, struct x509_key *key)
{
	const char *refused = refuse_size(certs, j->sent);
	size_t n;

	if (refused != NULL)
		return fail(j, TLS_ALERT_CERT_UNKNOWN, refused);
	n = read_certs(j, certs);
	if (n == 0)
		return fail(j, TLS_ALERT_BAD_CERT,
		            "the server's certificate is malformed");
	*key = j->certs[0].key;
	return j->chain->insecure ? 0 : judge_path(j, n);
}

/* see tls/tls_chain.h */
int
tls_chain_judge(const struct tls_chain *c, struct tls_link *l,
                const struct span *certs, size_t n, struct x509_key *key,
                enum tls_alert *alert)
{
	struct judge *j = calloc(1, sizeof *j);
	int r;

	*alert = TLS_ALERT_INTERNAL;
	if (j == NULL)
		return tls_link_fail(l, -ENOMEM, NULL);
	j->chain = c;
	j->link = l;
	j->sent = n;
	j->alert = TLS_ALERT_INTERNAL;	/* what is not the server's fault */
	r = judge_chain(j, certs, key);
	*alert = j->alert;
	trust_free(&j->trust);
	free(j);
	return r;
}
