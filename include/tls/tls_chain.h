/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_chain.h - keeps the certificates that a server sends in a handshake
 *
 * The same for every version of TLS. They come one after the other, in pieces
 * of any size; memory is owned, and tls_chain_free() ends it. Once they are
 * whole, tls_chain_judge() reads them, looks up what is trusted (tls/trust.h),
 * asks tls/x509_path.h for a path between the two, and words what is wrong. The
 * rules for such a path are not here but there.
 */
#ifndef HALE_TLS_TLS_CHAIN_H
#define HALE_TLS_TLS_CHAIN_H

#include "tls/tls_link.h"
#include "tls/trust.h"
#include "tls/x509_hosts.h"

#define TLS_CHAIN_MAX   TRUST_CHAIN_MAX	/* certificates */
#define TLS_CHAIN_BYTES 102400	/* bytes of all, as OpenSSL has it */

/* Zero is a good start; the first three are the caller's to set. */
struct tls_chain {
	struct x509_host host;		/* whom it must be for */
	const char     *cafile;		/* tls/trust.h's source; may be NULL */
	bool            insecure;	/* any will do */
	struct x509_key key;		/* the server's, once judged; points
					 * into bytes */
	unsigned char  *bytes;		/* owned, len long */
	size_t          len, room;	/* bytes there; bytes that fit */
	size_t          end[TLS_CHAIN_MAX];	/* of each certificate */
	size_t          n;		/* certificates started */
	const char     *refused;	/* why it cannot be kept, or NULL */
};

/* Starts anew: what was kept goes. */
void tls_chain_start(struct tls_chain *c);

/* A certificate of that many bytes comes; the bytes follow. Too many of either,
 * or no memory, are an error of tls_chain_judge(). */
void tls_chain_start_cert(struct tls_chain *c, size_t len);
void tls_chain_append(struct tls_chain *c, const void *p, size_t len);

/*
 * Is the chain to be believed, and if not, why? Returns 0 with c->key set,
 * ERR_CERT, -ENOMEM, or trust_find()'s errors; these are kept in l, with words
 * and an alert.
 */
int tls_chain_judge(struct tls_chain *c, struct tls_link *l);

void tls_chain_free(struct tls_chain *c);

#endif
