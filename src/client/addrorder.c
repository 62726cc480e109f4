/* SPDX-License-Identifier: MIT */
/*
 * client/addrorder.c - in which order a host's addresses are tried
 *
 * The rules are compared one after the other, so a key has one field for each,
 * the first rule's in its highest bits. IPv4 is looked up as ::ffff:0:0/96.
 */
#include "client/addrorder.h"

#define LINK_LOCAL 2	/* scopes (RFC 4291, 2.7) */
#define SITE_LOCAL 5
#define GLOBAL     14
#define MULTICAST  0xff	/* the first byte; the scope is in the second */

/* Where each rule's field lies in a key. */
#define UNUSABLE    (1u << 16)	/* rule 1 */
#define OTHER_SCOPE (1u << 15)	/* rule 2 */
#define OTHER_LABEL (1u << 14)	/* rule 5 */
#define RANK        11		/* rule 6 */
#define SCOPE       7		/* rule 8 */
#define PREFIX_MAX  64		/* rule 9: what is missing to this, in bits */
#define INDEX_BITS  15		/* what a key leaves of its 32 */

/* RFC 6724, 2.1, with the scopes (3.1, 3.2) of what has one of its own. A rank
 * is the place of the row's precedence among all: small keys come first. */
struct policy {
	unsigned char prefix[IP_V6_LEN];
	unsigned char bits, rank, label, scope;
};

static const struct policy policies[] = {
	{ { [15] = 1 }, 128, 0, 0, LINK_LOCAL },		/* 50 */
	{ { [10] = 0xff, 0xff, 169, 254 }, 112, 2, 4, LINK_LOCAL },
	{ { [10] = 0xff, 0xff, 127 }, 104, 2, 4, LINK_LOCAL },
	{ { [10] = 0xff, 0xff }, 96, 2, 4, GLOBAL },		/* 35 */
	{ { 0 }, 96, 6, 3, GLOBAL },				/* 1 */
	{ { 0x20, 0x01 }, 32, 4, 5, GLOBAL },			/* 5 */
	{ { 0x20, 0x02 }, 16, 3, 2, GLOBAL },			/* 30 */
	{ { 0x3f, 0xfe }, 16, 6, 12, GLOBAL },
	{ { 0xfe, 0x80 }, 10, 1, 1, LINK_LOCAL },
	{ { 0xfe, 0xc0 }, 10, 6, 11, SITE_LOCAL },
	{ { 0xfc }, 7, 5, 13, GLOBAL },				/* 3 */
	{ { 0 }, 0, 1, 1, GLOBAL },				/* 40 */
};

/* The bits in front that two addresses have in common. */
static unsigned
common_bits(const unsigned char *a, const unsigned char *b)
{
	unsigned n = 0;

	while (n < 8 * IP_V6_LEN
	    && ((a[n / 8] ^ b[n / 8]) & 0x80 >> n % 8) == 0)
		n++;
	return n;
}

static const struct policy *
policy_of(const struct ip *ip)
{
	const struct policy *p = policies;
	unsigned char mapped[IP_V6_LEN] = { [10] = 0xff, [11] = 0xff };
	const unsigned char *b = ip->b;

	if (!ip->is_v6) {
		memcpy(mapped + 12, ip->b, IP_V4_LEN);
		b = mapped;
	}
	while (common_bits(b, p->prefix) < p->bits)
		p++;
	return p;
}

/* see client/addrorder.h */
uint32_t
addrorder_key(const struct ip *to, const struct ip *source)
{
	const struct policy *p = policy_of(to), *s;
	unsigned scope = p->scope, common;
	uint32_t key;

	if (to->is_v6 && to->b[0] == MULTICAST)
		scope = to->b[1] & 0xf;
	key = (uint32_t)p->rank << RANK | scope << SCOPE | PREFIX_MAX;
	if (source == NULL)
		return key | UNUSABLE;
	s = policy_of(source);
	if (s->scope != scope)
		key |= OTHER_SCOPE;
	if (s->label != p->label)
		key |= OTHER_LABEL;
	if (!to->is_v6)
		return key;
	/* Up to the length of the source's prefix (RFC 6724, 2.2), which is not
	 * known here: 64 bits, as for all that has an interface's id (RFC 4291,
	 * 2.5.1). So of two neighbours none is nearer, other than in glibc. */
	common = common_bits(to->b, source->b);
	return key - (common < PREFIX_MAX ? common : PREFIX_MAX);
}

/* see client/addrorder.h */
void
addrorder_sort(struct ip *to, uint32_t *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)	/* no two are equal: all are stable */
		keys[i] = keys[i] << INDEX_BITS | (uint32_t)i;
	/* Shell's sort with Hibbard's gaps, 2^k - 1: at most n^1.5 steps. */
	for (size_t gap = ADDRORDER_MAX / 2 - 1; gap > 0; gap /= 2)
		for (size_t i = gap; i < n; i++) {
			struct ip ip = to[i];
			uint32_t key = keys[i];
			size_t at = i;

			for (; at >= gap && keys[at - gap] > key; at -= gap) {
				to[at] = to[at - gap];
				keys[at] = keys[at - gap];
			}
			to[at] = ip;
			keys[at] = key;
		}
	for (size_t i = 0; i < n; i++)
		keys[i] >>= INDEX_BITS;
}
