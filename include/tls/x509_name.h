/* SPDX-License-Identifier: MIT */
/*
 * tls/x509_name.h - names of certificates: compare, match, constrain, word
 *
 * Pure. A name is what is inside of its SEQUENCE, as struct x509 has it.
 */
#ifndef HALE_TLS_X509_NAME_H
#define HALE_TLS_X509_NAME_H

#include "base/buf.h"

#include <stdint.h>

struct x509;

/* Whom the certificate must be for. */
struct x509_host {
	struct span   name;	/* as asked, for words too */
	unsigned char ip[16];
	size_t        ip_len;	/* 4 or 16 where it is a literal address; 0 */
};

/* Is the name well formed? Returns 0 or ERR_PARSE. The other functions need
 * names for which it is; x509_read() sees to it. */
int x509_name_verify(struct span name);

/*
 * Are they the same name? As RFC 5280 7.1 has it and OpenSSL does: the type
 * of string, case and doubled blanks make no difference in ASCII.
 */
bool x509_name_is(struct span a, struct span b);

/* The same for names that are the same; a short stand-in for one where a
 * signature decides in the end. */
uint64_t x509_name_hash(struct span name);

/* The last (most specific) attribute of 2.5.4.n; empty where there is none or
 * that is no one-byte text. */
struct span x509_name_part(struct span name, int n);

/* Appends the name in words: its CN, O and OU, or "(no name)". Control bytes
 * and what is not ASCII become '?'. */
void x509_name_write(struct buf *b, struct span name);

/* Appends what people would call this certificate: the CN, else its first
 * DNS name, else as x509_name_write(). */
void x509_name_write_cert(struct buf *b, const struct x509 *c);

/*
 * Is it for this host? An address is found among iPAddress names only, a name
 * among dNSName; in the CN only where there is neither. "*." stands for one
 * label, never before a name of one label. A dot at the end says nothing.
 */
bool x509_name_is_for(const struct x509 *c, const struct x509_host *host);

/* Appends the hosts that it is for, as "a.test, *.b.test, 10.0.0.1 and 7
 * more"; "no host" where there are none. */
void x509_name_write_hosts(struct buf *b, const struct x509 *c);

/*
 * Do the NameConstraints (ca->constraints) allow the names of c? All of its
 * SAN, its subject, and where it is a leaf its CN when that stands for a host
 * and the host that was asked. What cannot be judged (a malformed constraint,
 * one on e-mail or URI names where c has such names, one on directory names
 * where either is in letters that can be written in two ways) is not allowed.
 */
bool x509_name_is_allowed(const struct x509 *ca, const struct x509 *c,
                          const struct x509_host *leaf_of);

#endif
