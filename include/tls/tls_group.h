/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_group.h - key exchange on X25519 and the NIST curves (RFC 8446,
 * 4.2.8.2; RFC 8422, 5.10 and 5.11)
 *
 * Pure, but for BearSSL's arithmetic. Public keys are in the
 * form in which both versions of TLS send them: 32 bytes for X25519, else a
 * point that is not compressed.
 */
#ifndef HALE_TLS_TLS_GROUP_H
#define HALE_TLS_TLS_GROUP_H

#include "base/span.h"

#define TLS_GROUP_SECRET_MAX 66		/* bytes of a private key, and of what
					 * two sides share (P-521) */
#define TLS_GROUP_PUBLIC_MAX 133	/* bytes of a public key (P-521) */

enum tls_group {
	TLS_P256 = 23, TLS_P384 = 24, TLS_P521 = 25, TLS_X25519 = 29,
};

/* The groups in our order, as supported_groups has them, 2 bytes each. */
#define TLS_GROUP_OFFER "\0\x1d\0\x17\0\x18\0\x19"

/* Fills p with random bytes that nobody can guess. Returns 0 or an error. */
typedef int tls_random(void *arg, unsigned char *p, size_t len);

/* A private key, to be wiped by the caller. */
struct tls_group_key {
	enum tls_group group;
	size_t         len;
	unsigned char  secret[TLS_GROUP_SECRET_MAX];	/* big-endian; X25519:
							 * little (RFC 7748) */
};

/* Is it one of TLS_GROUP_OFFER? */
bool tls_group_is_known(unsigned group);

/* Makes a new key; a NIST curve asks for random bytes again until they are a
 * number of the right range. Returns 0, random's error, or ERR_RANGE: what it
 * gives is not random. */
int tls_group_make(struct tls_group_key *k, enum tls_group group,
                   tls_random *random, void *arg);

/* Writes the public key, up to TLS_GROUP_PUBLIC_MAX bytes. Returns how many. */
size_t tls_group_public(const struct tls_group_key *k, unsigned char *out);

/*
 * Writes what is shared with the owner of the peer's public key, up to
 * TLS_GROUP_SECRET_MAX bytes. Returns its length, or 0 if the peer's key is not
 * one of that group: a wrong length or form, a point that is not on the curve,
 * or one that gives no secret (zero: RFC 7748, 6.1).
 */
size_t tls_group_share(const struct tls_group_key *k, struct span peer,
                       unsigned char *out);

#endif
