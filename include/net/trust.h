/* SPDX-License-Identifier: MIT */
/*
 * net/trust.h - find the trust anchors that a chain of certificates needs
 *
 * Sources, the first that applies: the file that is named; SSL_CERT_FILE and
 * SSL_CERT_DIR (a list with colons); TRUST_SYSTEM_FILE if it exists; the
 * anchors in the binary.
 * Files are read in pieces and not kept, whatever their size: only the few
 * anchors that fit are held. Files must be regular ones, since they are read
 * once to see that they are whole, and again when the chain is known.
 */
#ifndef HALE_NET_TRUST_H
#define HALE_NET_TRUST_H

#include "net/x509.h"

#define TRUST_SYSTEM_FILE "/etc/ssl/certs/ca-certificates.crt"
#define TRUST_FOUND_MAX 16	/* anchors held; more of one name are passed over */
#define TRUST_CHAIN_MAX 16	/* certificates of a chain */
#define TRUST_DIR_MAX   4096	/* files read in SSL_CERT_DIR */

/* Memory is owned; trust_free() ends it. Zero is a good start. */
struct trust {
	struct x509 found[TRUST_FOUND_MAX];
	void       *der[TRUST_FOUND_MAX];	/* what found[i] points into */
	size_t      n;
};

/*
 * Can the source be used? file is NULL where none is named. Returns 0, or
 * ERR_CAFILE (-ENOMEM) with words that name the file and the line in *why.
 * In a directory, files that are no certificates are passed over.
 */
int trust_verify(const char *file, struct buf *why);

/* Collects the anchors by which a certificate of the chain is issued, or that
 * are its first certificate. What is found may point into the chain's bytes.
 * Returns and words as trust_verify(). */
int trust_find(struct trust *t, const char *file, const struct x509 *chain,
               size_t chain_len, struct buf *why);

void trust_free(struct trust *t);

/* Appends where trust comes from: "/path/ca.pem", "the anchors in hale". */
void trust_write_source(struct buf *b, const char *file);

#endif
