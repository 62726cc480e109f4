/* SPDX-License-Identifier: MIT */
/* tls/trust.c - find the trust anchors that a chain needs */
#include "tls/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "tls/anchors.h"
#include "tls/der.h"
#include "tls/dn.h"
#include "tls/pem.h"

#define READ_MAX  4096	/* bytes of a file at a time */
#define WORDS_MAX 512	/* bytes of words that nobody reads */

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
	int64_t deadline_ms;
	unsigned char *der;	/* X509_DER_MAX bytes to decode into */
	int usable;		/* certificates that could be read */
	bool in_dir;		/* no pipes there */
	bool hashed;
	bool one_will_do;
};

/* A pipe that was named can be read only once. */
static struct {
	dev_t  dev;
	ino_t  ino;
	char  *bytes;
	size_t len;
	bool   whole;
} kept;

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

/* Opens a file or a pipe; anything else might block, or end once it is read. */
static int
open_file(const struct scan *s, const char *file, struct stat *st)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return -errno;
	r = ERR_PARSE;
	if (fstat(fd, st) < 0)
		goto fail;
	if (S_ISREG(st->st_mode) || (!s->in_dir && S_ISFIFO(st->st_mode)))
		return fd;
	if (S_ISDIR(st->st_mode))
		r = -EISDIR;
fail:
	close(fd);
	return r;
}

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
		if (c->ski.len > 0 && s->chain[i].aki.len > 0 &&
		    x509_may_have_issued(c, &s->chain[i]))
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
hold(struct scan *s, const struct x509 *c)
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
take_cert(struct scan *s, const struct pem *p)
{
	struct span rest = { (const char *)p->out, p->len }, der;
	struct x509 c;
	int trusted;

	if (der_take_whole(&rest, DER_SEQUENCE, &der) < 0 ||
	    (rest.len > 0 && p->kind == PEM_CERT))
		return ERR_PARSE;
	trusted = x509_read_trust(rest);
	if (trusted < 0)
		return ERR_PARSE;
	if (x509_read(&c, der) < 0)
		return 0;
	s->usable++;
	c.rejected = !trusted;
	for (size_t i = 0; i < s->chain_len && c.rejected; i++)
		s->chain[i].rejected |= is_same(&c, &s->chain[i]);
	return s->t == NULL || !is_wanted(s, &c) ? 0 : hold(s, &c);
}

/* The objects of one piece of the file. */
static int
take_piece(struct scan *s, struct pem *p, struct span in, const char *file,
           struct buf *why)
{
	int r;

	while ((r = pem_next(p, &in)) > 0) {
		if (p->kind != PEM_CERT && p->kind != PEM_CERT_TRUSTED)
			continue;
		r = take_cert(s, p);
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

/* Reads on in the pipe until its end. */
static int
read_pipe(int fd, const struct stat *st, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (kept.dev != st->st_dev || kept.ino != st->st_ino) {
		free(kept.bytes);
		kept.bytes = malloc(TRUST_PIPE_MAX + 1);
		kept.dev = st->st_dev;
		kept.ino = st->st_ino;
		kept.len = 0;
		kept.whole = false;
	}
	if (kept.bytes == NULL)
		return -ENOMEM;
	while (!kept.whole) {
		if (kept.len > TRUST_PIPE_MAX)
			return ERR_TOOBIG;
		/* Without a wait one that nobody has opened yet has ended. */
		n = poll(&p, 1, clock_wait_ms(deadline_ms));
		if (n == 0)
			return ERR_TIMEOUT;
		n = read(fd, kept.bytes + kept.len,
		         TRUST_PIPE_MAX + 1 - kept.len);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		kept.whole = n == 0;
		kept.len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int
read_fd(struct scan *s, struct pem *p, int fd, const char *file,
        struct buf *why)
{
	char piece[READ_MAX];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(why, file, err_text(-errno));
		r = take_piece(s, p, (struct span){ piece, (size_t)n }, file,
		               why);
	}
	return r;
}

static int
read_open(struct scan *s, int fd, const struct stat *st, const char *file,
          struct buf *why)
{
	struct pem p;
	int r;

	pem_init(&p, s->der, X509_DER_MAX);
	if (S_ISFIFO(st->st_mode)) {
		r = read_pipe(fd, st, s->deadline_ms);
		if (r < 0) {
			(void)refuse(why, file, err_text(r));
			return r == ERR_TIMEOUT ? r : ERR_CAFILE;
		}
		r = take_piece(s, &p, (struct span){ kept.bytes, kept.len },
		               file, why);
	} else {
		r = read_fd(s, &p, fd, file, why);
	}
	if (r < 0)
		return r;
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
	struct stat st = { .st_mode = 0 };
	int fd = open_file(s, file, &st);
	int r;

	if (fd < 0)
		return refuse(why, file, fd == ERR_PARSE
		              ? "is neither a file nor a pipe" : err_text(fd));
	r = read_open(s, fd, &st, file, why);
	close(fd);
	if (r == 0 && s->usable == before)
		return refuse(why, file, "holds no certificate (PEM is needed)");
	return r;
}

/* "4f06f81d.0", as c_rehash makes them. */
static bool
is_hashed(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	       name[9] >= '0' && name[9] <= '9';
}

/* Every file, as in a directory of c_rehash's names lie links to all of
 * them. What is no certificate is passed over, and so is a directory that is
 * not there. */
static int
scan_dir(struct scan *s, const char *dir, struct buf *why)
{
	char path[PATH_MAX], words[WORDS_MAX];
	struct dirent *e;
	int left = TRUST_DIR_MAX, r = 0;
	DIR *d = opendir(dir);

	if (d == NULL)
		return errno == ENOENT ? 0 : refuse(why, dir, err_text(-errno));
	while (r != -ENOMEM && (e = readdir(d)) != NULL &&
	       (!s->one_will_do || s->usable == 0)) {
		struct buf name = buf_over(path, sizeof path);
		struct buf ignored = buf_over(words, sizeof words);

		if (e->d_name[0] == '.' || (s->hashed && !is_hashed(e->d_name)))
			continue;
		if (left-- == 0)
			break;
		buf_fmt(&name, "%s/%s", dir, e->d_name);
		(void)buf_text(&name);
		if (!name.cut)
			r = scan_file(s, path, &ignored);
	}
	closedir(d);
	if (left < 0)
		return refuse(why, dir, "holds more than 4096 files");
	return r == -ENOMEM ? r : 0;
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
scan_dirs(struct scan *s, const char *dirs, struct buf *why)
{
	struct span list = span_of(dirs);
	char text[PATH_MAX];
	int r;

	s->in_dir = true;
	while ((r = next_dir(&list, text)) > 0) {
		r = scan_dir(s, text, why);
		if (r < 0)
			return r;
	}
	return r < 0 ? refuse(why, dirs, err_text(r)) : 0;
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
	return access(path, F_OK) == 0 ||
	       (errno != ENOENT && errno != ENOTDIR);
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
	char words[WORDS_MAX];
	struct buf ignored = buf_over(words, sizeof words);
	struct scan s = { .der = der, .hashed = hashed, .one_will_do = true };

	return scan_dirs(&s, dir, &ignored) == 0 && s.usable > 0;
}

/* der is what a scan needs; see tls/trust.h for the order. */
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
	if (env_dirs == NULL && (s.hashed || s.file == NULL) &&
	    has_any(der, TRUST_DIR, s.hashed))
		s.dirs = TRUST_DIR;
	if (s.file == NULL && s.dirs == NULL)
		s.absent = env_file != NULL ? env_file : env_dirs;
	return s;
}

static int
scan_source(struct scan *s, const char *file, struct buf *why)
{
	struct source from = choose(file, s->der);
	int r = 0;

	if (from.absent != NULL)
		return refuse(why, from.absent, err_text(-ENOENT));
	if (from.file == NULL && from.dirs == NULL)
		return scan_blob(s);
	if (from.file != NULL)
		r = scan_file(s, from.file, why);
	s->hashed = from.hashed;
	if (r == 0 && from.dirs != NULL)
		r = scan_dirs(s, from.dirs, why);
	return r;
}

static int
scan(struct scan *s, const char *file, struct buf *why)
{
	int r;

	s->der = malloc(X509_DER_MAX);
	if (s->der == NULL)
		return -ENOMEM;
	r = scan_source(s, file, why);
	free(s->der);
	return r;
}

/* see tls/trust.h */
int
trust_verify(const char *file, int64_t deadline_ms, struct buf *why)
{
	struct scan s = { .t = NULL, .deadline_ms = deadline_ms };

	return scan(&s, file, why);
}

/* see tls/trust.h */
int
trust_find(struct trust *t, const char *file, struct x509 *chain,
           size_t chain_len, struct buf *why)
{
	struct scan s = {
		.t = t, .chain = chain, .chain_len = chain_len,
		.deadline_ms = CLOCK_NEVER,
	};

	return scan(&s, file, why);
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
