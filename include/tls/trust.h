/* SPDX-License-Identifier: MIT */
/*
 * tls/trust.h - find the trust anchors that a chain of certificates needs
 *
 * Sources: the file that is named, and nothing else. Without one, as OpenSSL
 * and Go have it, a file and directories:
 *   SSL_CERT_FILE, else the first bundle that the image has where
 *   distributions keep it (TRUST_BUNDLES);
 *   SSL_CERT_DIR (a list with colons), else TRUST_DIR: beside SSL_CERT_FILE its
 *   files with names of OpenSSL's hashes ("4f06f81d.0"), and all of its files
 *   where there is no bundle.
 * Of these what does not exist is passed over. Where the environment names
 * nothing that exists and the image has nothing either, that is an error;
 * where it names nothing at all, the anchors in the binary are the source.
 *
 * Only the few anchors that fit are held. Files are read once to see that they
 * are whole, and again when the chain is known (tls/trust_read.h).
 *
 * A certificate that is rejected for TLS servers in one place (OpenSSL's
 * TRUSTED CERTIFICATE) is rejected, wherever else it may be found.
 */
#ifndef HALE_TLS_TRUST_H
#define HALE_TLS_TRUST_H

#include "base/buf.h"
#include "tls/x509.h"

/* As Debian and Alpine, Fedora (old, new), openSUSE, and others have it. */
#define TRUST_BUNDLES { \
	"/etc/ssl/certs/ca-certificates.crt", \
	"/etc/pki/tls/certs/ca-bundle.crt", \
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", \
	"/etc/ssl/ca-bundle.pem", \
	"/etc/ssl/cert.pem" }
#define TRUST_DIR       "/etc/ssl/certs"
#define TRUST_FOUND_MAX 16	/* anchors held */
#define TRUST_CHAIN_MAX 16	/* certificates of a chain */

/* Memory is owned; trust_free() ends it. Zero is a good start. */
struct trust {
	struct x509 found[TRUST_FOUND_MAX];
	void       *der[TRUST_FOUND_MAX];	/* what found[i] points into */
	size_t      n;
	bool        many;	/* there are more that fit the chain */
	bool        other_key;	/* one has an issuer's name and not its key */
};

/*
 * Can the source be used? file is NULL where none is named; the deadline is for
 * a pipe. Returns 0, or ERR_CAFILE (ERR_TIMEOUT, -ENOMEM) with words that name
 * the file and the line in *why. In a directory, files that are no certificates
 * are passed over.
 */
int trust_verify(const char *file, int64_t deadline_ms, struct buf *why);

/*
 * Collects the anchors by which a certificate of the chain may be issued, or
 * that are its first certificate; of more than fit, those first whose key the
 * chain names. Certificates of the chain that are rejected get that mark. What
 * is found may point into the chain's bytes. Returns and words as
 * trust_verify().
 */
int trust_find(struct trust *t, const char *file, struct x509 *chain,
               size_t chain_len, struct buf *why);

void trust_free(struct trust *t);

/* Appends where trust comes from: "/path/ca.pem", "/a.pem and /etc/ssl/certs",
 * "the anchors in hale". */
void trust_write_source(struct buf *b, const char *file);

#endif
