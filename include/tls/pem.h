/* SPDX-License-Identifier: MIT */
/*
 * tls/pem.h - take PEM objects out of a stream of bytes (RFC 7468) (pure)
 *
 * The bytes may come in pieces of any size; the object is decoded into memory
 * that the caller gives. What stands outside of BEGIN and END lines is passed
 * over, an END line too. Blank lines, CR LF, blanks at the end of a line, lines
 * of any length and a byte order mark before a BEGIN (files are made of others)
 * are taken as OpenSSL takes them; other bytes in an object are not.
 */
#ifndef HALE_TLS_PEM_H
#define HALE_TLS_PEM_H

#include "base/span.h"

#include <stdint.h>

#define PEM_LINE_MAX 128	/* bytes of a BEGIN, END or header line */

enum pem_kind {
	PEM_OTHER,
	PEM_CERT,
	PEM_KEY_PKCS8, PEM_KEY_RSA, PEM_KEY_EC,
	PEM_KEY_ENCRYPTED,	/* by its label or a header line */
	PEM_CERT_TRUSTED,	/* OpenSSL's: x509_read_trust() for the rest */
};

enum pem_state {
	PEM_OUTSIDE,	/* between objects, and in a BEGIN line */
	PEM_BASE64,	/* in an object that is decoded */
	PEM_HEADER,	/* in its first line, which is no base64 */
	PEM_LAST_LINE,	/* in the line that must be its END */
	PEM_SKIP,	/* in an object that is not, up to its END */
};

struct pem {
	unsigned char *out;	/* the object is decoded to here */
	size_t   cap, len;	/* bytes that out holds; bytes of the object */
	enum pem_kind  kind;	/* of the object */
	int      line;		/* the line that is read, from 1 */
	int      begin;		/* the line of the last BEGIN */
	enum pem_state state;
	bool     at_start;	/* PEM_BASE64: of a line */
	unsigned have, pad;	/* characters of the last group of four; '=' */
	uint32_t bits;		/* what they stand for */
	size_t   text_len;	/* bytes of the line; not all may be kept */
	char     text[PEM_LINE_MAX];
	size_t   label_len;
	char     label[PEM_LINE_MAX];
};

void pem_init(struct pem *p, unsigned char *out, size_t cap);

/*
 * Takes bytes off *in. Returns 1 when an object is whole (kind, out and len
 * tell it; call again for more), 0 when all bytes are taken, ERR_PARSE, or
 * ERR_TOOBIG (an object of more than cap bytes); line is then the bad one.
 */
int pem_next(struct pem *p, struct span *in);

/* After the last bytes: 0, or ERR_PARSE where an object has no end. A last
 * line without its newline is told as an object by one more call: 1. */
int pem_end(struct pem *p);

#endif
