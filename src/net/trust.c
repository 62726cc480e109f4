/* SPDX-License-Identifier: MIT */
/* net/trust.c - find the trust anchors that a chain needs */
#include "net/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "net/anchors.h"
#include "net/der.h"
#include "net/pem.h"
#include "net/x509_name.h"

#define READ_MAX 4096	/* bytes of a file at a time */

struct source {
	const char *file, *dir;	/* both NULL: the anchors in the binary; dir
				 * may be a list */
};

/* One pass over a source. */
struct scan {
	struct trust *t;	/* NULL: only see that all is whole */
	const struct x509 *chain;
	size_t chain_len;
	unsigned char *der;	/* X509_DER_MAX bytes to decode into */
	int usable;		/* certificates that could be read */
};

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static struct source
choose(const char *file)
{
	struct source s = { .file = file };

	if (file != NULL)
		return s;
	s.file = env("SSL_CERT_FILE");
	s.dir = env("SSL_CERT_DIR");
	if (s.file == NULL && s.dir == NULL &&
	    (access(TRUST_SYSTEM_FILE, F_OK) == 0 || errno == EACCES))
		s.file = TRUST_SYSTEM_FILE;
	return s;
}

static int
refuse(struct buf *why, const char *file, const char *text)
{
	buf_fmt(why, "CA file %s: %s", file, text);
	return ERR_CAFILE;
}

static int
refuse_line(struct buf *why, const char *file, int line, const char *text)
{
	buf_fmt(why, "CA file %s, line %d: %s", file, line, text);
	return ERR_CAFILE;
}

/* Opens a regular file; anything else might block, or end once it is read. */
static int
open_file(const char *file)
{
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		r = -errno;
		goto fail;
	}
	r = S_ISDIR(st.st_mode) ? -EISDIR : ERR_PARSE;
	if (!S_ISREG(st.st_mode))
		goto fail;
	return fd;
fail:
	close(fd);
	return r;
}

static bool
is_wanted(const struct scan *s, const struct x509 *c)
{
	const struct x509 *leaf = &s->chain[0];

	for (size_t i = 0; i < s->chain_len; i++)
		if (x509_name_is(c->subject, s->chain[i].issuer))
			return true;
	return c->der.len == leaf->der.len && c->der.len > 0 &&
	       memcmp(c->der.p, leaf->der.p, c->der.len) == 0;
}

static bool
is_held(const struct trust *t, const struct x509 *c)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->found[i].der.len == c->der.len &&
		    memcmp(t->found[i].der.p, c->der.p, c->der.len) == 0)
			return true;
	return false;
}

/* Keeps a copy of an anchor's bytes, and reads that: c's will not stay. */
static int
hold(struct trust *t, const struct x509 *c)
{
	void *copy;

	if (t->n == TRUST_FOUND_MAX || is_held(t, c))
		return 0;
	copy = malloc(c->der.len);
	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, c->der.p, c->der.len);
	t->der[t->n] = copy;
	(void)x509_read(&t->found[t->n],	/* it was read before */
	                (struct span){ copy, c->der.len });
	t->n++;
	return 0;
}

/* A certificate whose bytes are not all there is damage; one that is whole
 * and merely odd cannot be an anchor, and must not spoil the others. */
static int
take_cert(struct scan *s, size_t len)
{
	struct span der = { (const char *)s->der, len }, rest = der, inner;
	struct x509 c;

	if (der_take(&rest, DER_SEQUENCE, &inner) < 0 || rest.len > 0)
		return ERR_PARSE;
	if (x509_read(&c, der) < 0)
		return 0;
	s->usable++;
	if (s->t == NULL || !is_wanted(s, &c))
		return 0;
	return hold(s->t, &c);
}

/* The objects of one piece of the file. */
static int
take_piece(struct scan *s, struct pem *p, struct span in, const char *file,
           struct buf *why)
{
	int r;

	while ((r = pem_next(p, &in)) > 0) {
		if (p->kind != PEM_CERT)
			continue;
		r = take_cert(s, p->len);
		if (r == ERR_PARSE)
			return refuse_line(why, file, p->begin,
			                   "the certificate is damaged");
		if (r < 0)
			return r;
	}
	if (r == ERR_TOOBIG)
		return refuse_line(why, file, p->begin, "the certificate is "
		                   "larger than 65536 bytes");
	return r < 0 ? refuse_line(why, file, p->line, "damaged") : 0;
}

static int
read_pieces(struct scan *s, int fd, const char *file, struct buf *why)
{
	char piece[READ_MAX];
	struct pem p;
	ssize_t n;
	int r = 0;

	pem_init(&p, s->der, X509_DER_MAX);
	while ((n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(why, file, err_text(-errno));
		r = take_piece(s, &p, (struct span){ piece, (size_t)n }, file,
		               why);
		if (r < 0)
			return r;
	}
	/* A newline that is missing at the end of the file is added. */
	r = take_piece(s, &p, (struct span){ "\n", 1 }, file, why);
	if (r == 0 && pem_end(&p) < 0)
		r = refuse_line(why, file, p.begin,
		                "the object that begins here has no end");
	return r;
}

static int
scan_file(struct scan *s, const char *file, struct buf *why)
{
	int before = s->usable;
	int fd = open_file(file);
	int r;

	if (fd < 0)
		return refuse(why, file, fd == ERR_PARSE
		              ? "is not a regular file" : err_text(fd));
	r = read_pieces(s, fd, file, why);
	close(fd);
	if (r == 0 && s->usable == before)
		return refuse(why, file, "holds no certificate (PEM is needed)");
	return r;
}

/* Every file, as in a directory of c_rehash's names lie links to all of
 * them. What is no certificate is passed over. */
static int
scan_dir(struct scan *s, const char *dir, struct buf *why)
{
	char path[4096], words[512];
	struct dirent *e;
	int left = TRUST_DIR_MAX, r = 0;
	DIR *d = opendir(dir);

	if (d == NULL)
		return refuse(why, dir, err_text(-errno));
	while (left > 0 && r != -ENOMEM && (e = readdir(d)) != NULL) {
		struct buf name = buf_over(path, sizeof path);
		struct buf ignored = buf_over(words, sizeof words);

		if (e->d_name[0] == '.')
			continue;
		left--;
		buf_fmt(&name, "%s/%s", dir, e->d_name);
		(void)buf_text(&name);
		if (!name.cut)
			r = scan_file(s, path, &ignored);
	}
	closedir(d);
	return r == -ENOMEM ? r : 0;
}

/* SSL_CERT_DIR holds one or several with colons between them, as OpenSSL and
 * Go take it. */
static int
scan_dirs(struct scan *s, const char *dirs, struct buf *why)
{
	struct span rest = span_of(dirs);
	char text[PATH_MAX];
	int r = 0;

	while (r == 0 && rest.len > 0) {
		struct buf dir = buf_over(text, sizeof text);

		buf_add(&dir, span_cut(&rest, ':'));
		(void)buf_text(&dir);
		if (dir.cut)
			r = refuse(why, dirs, err_text(-ENAMETOOLONG));
		else if (dir.len > 0)
			r = scan_dir(s, text, why);
	}
	return r;
}

/* The blob has hashes of names: the name itself is the issuer's that it is
 * wanted for. */
static int
scan_blob(struct scan *s)
{
	struct span blob = anchors_blob();
	uint64_t wanted[TRUST_CHAIN_MAX], hash;
	struct x509 c;

	if (s->t == NULL)
		return 0;
	for (size_t i = 0; i < s->chain_len; i++)
		wanted[i] = x509_name_hash(s->chain[i].issuer);
	while (s->t->n < TRUST_FOUND_MAX && anchors_next(&blob, &c, &hash)) {
		size_t i = 0;

		while (i < s->chain_len && wanted[i] != hash)
			i++;
		if (i == s->chain_len)
			continue;
		c.subject = c.issuer = s->chain[i].issuer;
		s->t->found[s->t->n++] = c;
	}
	return 0;
}

static int
scan(struct scan *s, const char *file, struct buf *why)
{
	struct source from = choose(file);
	int r = 0;

	if (from.file == NULL && from.dir == NULL)
		return scan_blob(s);
	s->der = malloc(X509_DER_MAX);
	if (s->der == NULL)
		return -ENOMEM;
	if (from.file != NULL)
		r = scan_file(s, from.file, why);
	if (r == 0 && from.dir != NULL)
		r = scan_dirs(s, from.dir, why);
	free(s->der);
	return r;
}

/* see net/trust.h */
int
trust_verify(const char *file, struct buf *why)
{
	struct scan s = { .t = NULL };

	return scan(&s, file, why);
}

/* see net/trust.h */
int
trust_find(struct trust *t, const char *file, const struct x509 *chain,
           size_t chain_len, struct buf *why)
{
	struct scan s = { .t = t, .chain = chain, .chain_len = chain_len };

	return scan(&s, file, why);
}

/* see net/trust.h */
void
trust_free(struct trust *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->der[i]);
	t->n = 0;
}

/* see net/trust.h */
void
trust_write_source(struct buf *b, const char *file)
{
	struct source from = choose(file);

	if (from.file != NULL)
		buf_str(b, from.file);
	if (from.file != NULL && from.dir != NULL)
		buf_str(b, " and ");
	if (from.dir != NULL)
		buf_str(b, from.dir);
	if (from.file == NULL && from.dir == NULL)
		buf_str(b, "the anchors in hale");
}
