/* SPDX-License-Identifier: MIT */
/*
 * tls/trust_read.h - read certificates from PEM files, pipes and directories
 *
 * Files are read in pieces and not kept, whatever their size. A pipe can be
 * read only once: it is kept (one of them, for as long as the process lives),
 * and what was kept is read when it comes again.
 */
#ifndef HALE_TLS_TRUST_READ_H
#define HALE_TLS_TRUST_READ_H

#include "base/buf.h"
#include "tls/pem.h"

#define TRUST_DIR_MAX  4096	/* files of a directory */
#define TRUST_PIPE_MAX (1 << 20)	/* bytes of a pipe */

struct trust_reader {
	/* Takes a PEM_CERT or PEM_CERT_TRUSTED. Returns 1 if it could be read,
	 * 0 if it is whole but of no use, ERR_PARSE (damaged: an error that
	 * names the line) or -ENOMEM. */
	int    (*take)(void *arg, const struct pem *p);
	void    *arg;
	unsigned char *der;	/* X509_DER_MAX bytes to decode into */
	int64_t  deadline_ms;	/* for a pipe */
	bool     one_will_do;	/* of a directory */
	int      usable;	/* result: certificates that could be read */
};

/*
 * Reads a file or a pipe. One without a certificate is an error. Returns 0,
 * ERR_CAFILE or ERR_TIMEOUT with words that name the file and the line in *why,
 * or -ENOMEM.
 */
int trust_read_file(struct trust_reader *r, const char *file, struct buf *why);

/* The same for all files of a directory; hashed: those with names of OpenSSL's
 * hashes ("4f06f81d.0"). What is not a certificate is passed over, pipes too,
 * and so is a directory that is not there. */
int trust_read_dir(struct trust_reader *r, const char *dir, bool hashed,
                   struct buf *why);

/* Appends "CA file FILE: TEXT". Returns ERR_CAFILE. */
int trust_read_refuse(struct buf *why, const char *file, const char *text);

#endif
