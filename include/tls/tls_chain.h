/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_chain.h - has a server's certificates judged
 *
 * The same for every version of TLS: reads them, looks up what is trusted
 * (tls/trust.h), asks tls/x509_path.h for a path between the two, and words
 * what is wrong. The rules for such a path are not here but there.
 */
#ifndef HALE_TLS_TLS_CHAIN_H
#define HALE_TLS_TLS_CHAIN_H

#include "tls/tls_alert.h"
#include "tls/tls_link.h"
#include "tls/trust.h"
#include "tls/x509_hosts.h"

#define TLS_CHAIN_MAX   TRUST_CHAIN_MAX	/* certificates */
#define TLS_CHAIN_BYTES 102400	/* bytes of all, as OpenSSL has it */

/* What a server is held to. */
struct tls_chain {
	struct x509_host host;		/* whom it must be for */
	const char     *cafile;		/* tls/trust.h's source; may be NULL */
	bool            insecure;	/* any will do */
};

/*
 * Are these certificates, one at least and the server's own first, to be
 * believed, and if not, why? Too many of them, or of their bytes, are an error.
 * Returns 0 with *key, which points into them, or ERR_CERT, -ENOMEM, or
 * trust_find()'s errors; these are kept in l, with words, and *alert is for the
 * server.
 */
int tls_chain_judge(const struct tls_chain *c, struct tls_link *l,
                    const struct span *certs, size_t n, struct x509_key *key,
                    enum tls_alert *alert);

#endif
