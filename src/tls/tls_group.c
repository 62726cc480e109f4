/* SPDX-License-Identifier: MIT */
/* tls/tls_group.c - key exchange on X25519 and the NIST curves */
#include "tls/tls_group.h"

#include "base/err.h"
#include "tls/bear.h"

/* BearSSL counts its curves as TLS does its groups. */
_Static_assert(BR_EC_secp256r1 == TLS_P256 && BR_EC_secp384r1 == TLS_P384
            && BR_EC_secp521r1 == TLS_P521
            && BR_EC_curve25519 == TLS_X25519, "numbers of groups");

/* Random bytes are out of range with a probability of 2^-32 (P-256) or less:
 * after so many times they are not random. */
#define TRIES 4

/* Bytes of a coordinate, and of a private key. */
static size_t
size_of(enum tls_group group)
{
	switch (group) {
	case TLS_P384:
		return 48;
	case TLS_P521:
		return 66;
	case TLS_P256:
	case TLS_X25519:
		break;
	}
	return 32;
}

static size_t
public_len(enum tls_group group)
{
	size_t size = size_of(group);

	return group == TLS_X25519 ? size : 1 + 2 * size;
}

/* see tls/tls_group.h */
bool
tls_group_is_known(unsigned group)
{
	return group == TLS_X25519
	    || (group >= TLS_P256 && group <= TLS_P521);
}

/* Is it at least 1 and below the order? The time does not tell what it is. */
static bool
is_in_range(const struct tls_group_key *k, const unsigned char *order)
{
	unsigned below = 0, any = 0;

	for (size_t i = k->len; i-- > 0;) {
		below = (k->secret[i] - order[i] - below) >> 8 & 1;
		any |= k->secret[i];
	}
	return below != 0 && any != 0;
}

/* see tls/tls_group.h */
int
tls_group_make(struct tls_group_key *k, enum tls_group group,
               tls_random *random, void *arg)
{
	size_t order_len;
	const unsigned char *order = bear_curve((int)group)->order((int)group,
	                                                           &order_len);

	k->group = group;
	k->len = size_of(group);
	for (int i = 0; i < TRIES; i++) {
		int r = random(arg, k->secret, k->len);

		if (r < 0 || group == TLS_X25519)
			return r;
		if (group == TLS_P521)
			k->secret[0] &= 1;	/* 521 bits in 66 bytes */
		if (is_in_range(k, order))
			return 0;
	}
	return ERR_RANGE;
}

/* see tls/tls_group.h */
size_t
tls_group_public(const struct tls_group_key *k, unsigned char *out)
{
	int curve = (int)k->group;

	return bear_curve(curve)->mulgen(out, k->secret, k->len, curve);
}

/* BearSSL makes a secret of zero of X25519's points of small order, which
 * anybody would know. */
static bool
is_zero(const unsigned char *p, size_t len)
{
	unsigned any = 0;

	for (size_t i = 0; i < len; i++)
		any |= p[i];
	return any == 0;
}

/* see tls/tls_group.h */
size_t
tls_group_share(const struct tls_group_key *k, struct span peer,
                unsigned char *out)
{
	unsigned char point[TLS_GROUP_PUBLIC_MAX];
	size_t x = k->group == TLS_X25519 ? 0 : 1;	/* after the form */
	size_t len = k->len;
	int curve = (int)k->group;

	if (peer.len != public_len(k->group))
		return 0;
	memcpy(point, peer.p, peer.len);
	if (bear_curve(curve)->mul(point, peer.len, k->secret, k->len,
	                           curve) != 1
	 || is_zero(point + x, k->len))
		len = 0;
	memcpy(out, point + x, len);
	explicit_bzero(point, sizeof point);
	return len;
}
