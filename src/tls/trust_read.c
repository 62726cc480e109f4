/* SPDX-License-Identifier: MIT */
/* tls/trust_read.c - read certificates from PEM files, pipes and directories */
#include "tls/trust_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/wait.h"
#include "tls/x509.h"

#define READ_MAX  4096	/* bytes of a file at a time */

/* A pipe that was named can be read only once. */
static struct {
	dev_t  dev;
	ino_t  ino;
	char  *bytes;
	size_t len;
	bool   whole;
} kept;

/* see tls/trust_read.h */
int
trust_read_refuse(struct buf *why, const char *file, const char *text)
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
open_file(const char *file, bool in_dir, struct stat *st)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	if (fd < 0)
		return -errno;
	err = ERR_PARSE;
	if (fstat(fd, st) < 0)
		goto fail;
	if (S_ISREG(st->st_mode) || (!in_dir && S_ISFIFO(st->st_mode)))
		return fd;
	if (S_ISDIR(st->st_mode))
		err = -EISDIR;
fail:
	close(fd);
	return err;
}

/* The objects of one piece of the file. */
static int
take_piece(struct trust_reader *r, struct pem *p, struct span in,
           const char *file, struct buf *why)
{
	int n;

	while ((n = pem_next(p, &in)) > 0) {
		if (p->kind != PEM_CERT && p->kind != PEM_CERT_TRUSTED)
			continue;
		n = r->take(r->arg, p);
		if (n == ERR_PARSE)
			return refuse_line(why, file, p->begin,
			                   "the certificate is damaged");
		if (n < 0)
			return n;
		r->usable += n;
	}
	if (n == ERR_TOOBIG)
		return refuse_line(why, file, p->begin, "the certificate is "
		                   "larger than "
		                   BUF_DIGITS(X509_DER_MAX) " bytes");
	return n < 0 ? refuse_line(why, file, p->line, "damaged") : 0;
}

static int
keep_none(const struct stat *st)
{
	free(kept.bytes);
	kept.bytes = malloc(TRUST_PIPE_MAX + 1);
	kept.dev = st->st_dev;
	kept.ino = st->st_ino;
	kept.len = 0;
	kept.whole = false;
	return kept.bytes == NULL ? -ENOMEM : 0;
}

/* Reads on in the pipe until its end. */
static int
read_pipe(int fd, const struct stat *st, int64_t deadline_ms)
{
	bool is_kept = kept.dev == st->st_dev && kept.ino == st->st_ino
	            && kept.bytes != NULL;
	int r = is_kept ? 0 : keep_none(st);

	while (r == 0 && !kept.whole) {
		ssize_t n;

		if (kept.len > TRUST_PIPE_MAX)
			return ERR_TOOBIG;
		/* Without a wait one that nobody has opened yet has ended. */
		r = wait_fd(fd, POLLIN, deadline_ms);
		if (r < 0)
			break;
		n = read(fd, kept.bytes + kept.len,
		         TRUST_PIPE_MAX + 1 - kept.len);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		kept.whole = n == 0;
		kept.len += n > 0 ? (size_t)n : 0;
		r = 0;
	}
	return r;
}

static int
read_fd(struct trust_reader *r, struct pem *p, int fd, const char *file,
        struct buf *why)
{
	char piece[READ_MAX];
	ssize_t n;
	int err = 0;

	while (err == 0 && (n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return trust_read_refuse(why, file, err_text(-errno));
		err = take_piece(r, p, (struct span){ piece, (size_t)n }, file,
		                 why);
	}
	return err;
}

static int
read_open(struct trust_reader *r, int fd, const struct stat *st,
          const char *file, struct buf *why)
{
	struct pem p;
	int err;

	pem_init(&p, r->der, X509_DER_MAX);
	if (S_ISFIFO(st->st_mode)) {
		err = read_pipe(fd, st, r->deadline_ms);
		if (err < 0) {
			(void)trust_read_refuse(why, file, err_text(err));
			return err == ERR_TIMEOUT ? err : ERR_CAFILE;
		}
		err = take_piece(r, &p, (struct span){ kept.bytes, kept.len },
		                 file, why);
	} else {
		err = read_fd(r, &p, fd, file, why);
	}
	/* A newline that is missing at the end of the file is added. */
	if (err == 0)
		err = take_piece(r, &p, (struct span){ "\n", 1 }, file, why);
	if (err == 0 && pem_end(&p) < 0)
		err = refuse_line(why, file, p.begin,
		                  "the object that begins here has no end");
	return err;
}

static int
read_file(struct trust_reader *r, const char *file, bool in_dir,
          struct buf *why)
{
	int before = r->usable;
	struct stat st = { .st_mode = 0 };
	int fd = open_file(file, in_dir, &st);
	int err;

	if (fd < 0)
		return trust_read_refuse(why, file, fd == ERR_PARSE
			? "is neither a file nor a pipe" : err_text(fd));
	err = read_open(r, fd, &st, file, why);
	close(fd);
	if (err == 0 && r->usable == before)
		return trust_read_refuse(why, file,
			"holds no certificate (PEM is needed)");
	return err;
}

/* see tls/trust_read.h */
int
trust_read_file(struct trust_reader *r, const char *file, struct buf *why)
{
	return read_file(r, file, false, why);
}

/* "4f06f81d.0", as c_rehash makes them. */
static bool
is_hashed(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.'
	    && name[9] >= '0' && name[9] <= '9';
}

/* One file of a directory, unless its name would be cut. Only no memory is an
 * error. */
static int
read_entry(struct trust_reader *r, const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct buf b = buf_over(path, sizeof path);
	struct buf nowhere = { .cap = 0 };

	buf_fmt(&b, "%s/%s", dir, name);
	(void)buf_text(&b);
	return !b.cut && read_file(r, path, true, &nowhere) == -ENOMEM ? -ENOMEM
	                                                               : 0;
}

/* see tls/trust_read.h */
int
trust_read_dir(struct trust_reader *r, const char *dir, bool hashed,
               struct buf *why)
{
	struct dirent *e;
	int left = TRUST_DIR_MAX, err = 0;
	DIR *d = opendir(dir);

	if (d == NULL)
		return errno == ENOENT ? 0
		     : trust_read_refuse(why, dir, err_text(-errno));
	/* All, since where c_rehash was there are links to all of them. */
	while (err == 0 && (e = readdir(d)) != NULL
	    && (!r->one_will_do || r->usable == 0)) {
		if (e->d_name[0] == '.' || (hashed && !is_hashed(e->d_name)))
			continue;
		if (left-- == 0)
			break;
		err = read_entry(r, dir, e->d_name);
	}
	closedir(d);
	if (left < 0)
		return trust_read_refuse(why, dir, "holds more than "
		                         BUF_DIGITS(TRUST_DIR_MAX) " files");
	return err;
}
