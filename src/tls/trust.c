/* SPDX-License-Identifier: MIT */
/* tls/trust.c - find the trust anchors that a chain needs */
#include "tls/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "tls/anchors.h"
#include "tls/der.h"
#include "tls/dn.h"
#include "tls/trust_read.h"

struct source {
	const char *file;	/* NULL: none */
	const char *dirs;	/* a list with colons; NULL: none */
	const char *absent;	/* named, and not there; the rest is NULL */
	bool hashed;		/* of dirs only files with names of hashes */
};

/* One pass over a source. */
struct scan {
	struct trust *t;	/* NULL: only see that all is whole */
	struct x509 *chain;
	size_t chain_len;
};

static bool
is_same(const struct x509 *a, const struct x509 *b)
{
	return a->der.len > 0 && der_is_same(a->der, b->der);
}

static bool
is_wanted(const struct scan *s, const struct x509 *c)
{
	for (size_t i = 0; i < s->chain_len; i++) {
		if (x509_may_have_issued(c, &s->chain[i]))
			return true;
		s->t->other_key |= dn_is_same(c->subject,
		                                s->chain[i].issuer);
	}
	return is_same(c, &s->chain[0]);
}

/* Does the chain name its key? */
static bool
is_certain(const struct scan *s, const struct x509 *c)
{
	for (size_t i = 0; i < s->chain_len; i++)
		if (c->ski.len > 0 && s->chain[i].aki.len > 0
		 && x509_may_have_issued(c, &s->chain[i]))
			return true;
	return false;
}

/* The place of the same certificate, or else one for it; TRUST_FOUND_MAX where
 * all are taken by some that are not less likely to be needed. */
static size_t
place_for(const struct scan *s, const struct x509 *c)
{
	const struct trust *t = s->t;
	size_t i = 0;

	while (i < t->n && !is_same(&t->found[i], c))
		i++;
	if (i < TRUST_FOUND_MAX || !is_certain(s, c))
		return i;
	for (i = 0; i < TRUST_FOUND_MAX; i++)
		if (!is_certain(s, &t->found[i]))
			break;
	return i;
}

/* Keeps a copy of an anchor's bytes, and reads that: c's will not stay. */
static int
hold(const struct scan *s, const struct x509 *c)
{
	struct trust *t = s->t;
	size_t i = place_for(s, c);
	bool rejected = c->rejected;
	void *copy;

	if (i < t->n && is_same(&t->found[i], c)) {
		t->found[i].rejected |= rejected;
		return 0;
	}
	t->many |= t->n == TRUST_FOUND_MAX;
	if (i == TRUST_FOUND_MAX)
		return 0;
	copy = malloc(c->der.len);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, c->der.p, c->der.len);
	if (i < t->n)
		free(t->der[i]);
	else
		t->n++;
	t->der[i] = copy;
	(void)x509_read(&t->found[i],	/* it was read before */
	                (struct span){ copy, c->der.len });
	t->found[i].rejected = rejected;
	return 0;
}

/* A certificate whose bytes are not all there is damage; one that is whole
 * and merely odd cannot be an anchor, and must not spoil the others. */
static int
take_cert(void *arg, const struct pem *p)
{
	const struct scan *s = arg;
	struct span rest = span_over(p->out, p->len), der;
	struct x509 c;
	int trusted;

	if (der_take_whole(&rest, DER_SEQUENCE, &der) < 0
	 || (rest.len > 0 && p->kind == PEM_CERT))
		return ERR_PARSE;
	trusted = x509_read_trust(rest);
	if (trusted < 0)
		return ERR_PARSE;
	if (x509_read(&c, der) < 0)
		return 0;
	c.rejected = !trusted;
	for (size_t i = 0; i < s->chain_len && c.rejected; i++)
		s->chain[i].rejected |= is_same(&c, &s->chain[i]);
	if (s->t != NULL && is_wanted(s, &c) && hold(s, &c) < 0)
		return -ENOMEM;
	return 1;
}

/* Takes the next directory of a list, as text in memory of PATH_MAX bytes.
 * Returns 1, 0 at the end, or -ENAMETOOLONG. */
static int
next_dir(struct span *list, char *text)
{
	while (list->len > 0) {
		struct buf dir = buf_over(text, PATH_MAX);

		buf_add(&dir, span_cut(list, ':'));
		(void)buf_text(&dir);
		if (dir.len > 0)
			return dir.cut ? -ENAMETOOLONG : 1;
	}
	return 0;
}

static int
read_dirs(struct trust_reader *r, const struct source *from, struct buf *why)
{
	struct span list = span_of(from->dirs);
	char text[PATH_MAX];
	int err;

	while ((err = next_dir(&list, text)) > 0) {
		err = trust_read_dir(r, text, from->hashed, why);
		if (err < 0)
			return err;
	}
	return err < 0 ? trust_read_refuse(why, from->dirs, err_text(err)) : 0;
}

/* The blob has hashes of names: the name itself is the issuer's that it is
 * wanted for. */
static int
scan_blob(struct scan *s)
{
	struct span blob = anchors_blob();
	uint32_t wanted[TRUST_CHAIN_MAX], hash;
	struct x509 c;

	if (s->t == NULL)
		return 0;
	for (size_t i = 0; i < s->chain_len; i++)
		wanted[i] = dn_hash(s->chain[i].issuer);
	while (anchors_next(&blob, &c, &hash)) {
		size_t i = 0;

		while (i < s->chain_len && wanted[i] != hash)
			i++;
		if (i == s->chain_len)
			continue;
		if (s->t->n == TRUST_FOUND_MAX) {
			s->t->many = true;
			break;
		}
		c.subject = c.issuer = s->chain[i].issuer;
		s->t->found[s->t->n++] = c;
	}
	return 0;
}

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* What may not be looked at is there, too: that is an error later. */
static bool
exists(const char *path)
{
	return access(path, F_OK) == 0
	    || (errno != ENOENT && errno != ENOTDIR);
}

static const char *
first_bundle(void)
{
	static const char bundles[][52] = TRUST_BUNDLES;

	for (size_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++)
		if (exists(bundles[i]))
			return bundles[i];
	return NULL;
}

static bool
any_exists(const char *dirs)
{
	struct span list = span_of(dirs);
	char text[PATH_MAX];
	int r;

	while ((r = next_dir(&list, text)) > 0)
		if (exists(text))
			return true;
	return r < 0;
}

/* Is there a certificate to be found? */
static bool
has_any(unsigned char *der, const char *dir, bool hashed)
{
	struct buf nowhere = { .cap = 0 };
	struct scan none = { .t = NULL };
	struct trust_reader r = {
		.take = take_cert, .arg = &none, .der = der,
		.one_will_do = true,
	};

	return trust_read_dir(&r, dir, hashed, &nowhere) == 0 && r.usable > 0;
}

/* der is what a reader needs; see tls/trust.h for the order. */
static struct source
choose(const char *file, unsigned char *der)
{
	const char *env_file = env("SSL_CERT_FILE");
	const char *env_dirs = env("SSL_CERT_DIR");
	struct source s = { .file = file };

	if (file != NULL)
		return s;
	s.file = env_file != NULL ? env_file : first_bundle();
	if (env_file != NULL && !exists(env_file))
		s.file = NULL;
	s.hashed = env_dirs == NULL && env_file != NULL;
	if (env_dirs != NULL && any_exists(env_dirs))
		s.dirs = env_dirs;
	if (env_dirs == NULL && (s.hashed || s.file == NULL)
	 && has_any(der, TRUST_DIR, s.hashed))
		s.dirs = TRUST_DIR;
	if (s.file == NULL && s.dirs == NULL)
		s.absent = env_file != NULL ? env_file : env_dirs;
	return s;
}

static int
scan_source(struct scan *s, struct trust_reader *r, const char *file,
            struct buf *why)
{
	struct source from = choose(file, r->der);
	int err = 0;

	if (from.absent != NULL)
		return trust_read_refuse(why, from.absent, err_text(-ENOENT));
	if (from.file == NULL && from.dirs == NULL)
		return scan_blob(s);
	if (from.file != NULL)
		err = trust_read_file(r, from.file, why);
	if (err == 0 && from.dirs != NULL)
		err = read_dirs(r, &from, why);
	return err;
}

static int
scan(struct scan *s, const char *file, int64_t deadline_ms, struct buf *why)
{
	struct trust_reader r = {
		.take = take_cert, .arg = s, .deadline_ms = deadline_ms,
		.der = malloc(X509_DER_MAX),
	};
	int err = r.der == NULL ? -ENOMEM : scan_source(s, &r, file, why);

	free(r.der);
	return err;
}

/* see tls/trust.h */
int
trust_verify(const char *file, int64_t deadline_ms, struct buf *why)
{
	struct scan s = { .t = NULL };

	return scan(&s, file, deadline_ms, why);
}

/* see tls/trust.h */
int
trust_find(struct trust *t, const char *file, struct x509 *chain,
           size_t chain_len, struct buf *why)
{
	struct scan s = { .t = t, .chain = chain, .chain_len = chain_len };

	return scan(&s, file, CLOCK_NEVER, why);
}

/* see tls/trust.h */
void
trust_free(struct trust *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->der[i]);
	t->n = 0;
}

/* see tls/trust.h */
void
trust_write_source(struct buf *b, const char *file)
{
	unsigned char *der = malloc(X509_DER_MAX);
	struct source from = { .file = file };
	struct span list;
	char text[PATH_MAX];
	size_t start = b->len;

	if (der != NULL)
		from = choose(file, der);
	free(der);
	if (from.file != NULL)
		buf_str(b, from.file);
	list = span_of(from.dirs != NULL ? from.dirs : "");
	while (next_dir(&list, text) > 0)
		if (exists(text))
			buf_fmt(b, "%s%s", b->len > start ? " and " : "", text);
	if (b->len == start)
		buf_str(b, "the anchors in hale");
}
