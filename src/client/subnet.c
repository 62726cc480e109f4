/* SPDX-License-Identifier: MIT */
/* client/subnet.c - literal addresses and the nets that hold them */
#include "client/subnet.h"

#include "base/parse.h"
#include "net/ip.h"

/* Are the first `bits` of two addresses of one family the same? */
static bool
is_inside(const unsigned char *a, const unsigned char *net, uint64_t bits)
{
	size_t whole = (size_t)(bits / 8);
	unsigned char mask = (unsigned char)(0xff00 >> (bits % 8));

	return memcmp(a, net, whole) == 0
	    && (bits % 8 == 0 || ((a[whole] ^ net[whole]) & mask) == 0);
}

/* see client/subnet.h */
bool
subnet_is_address(struct span text)
{
	struct ip unused;

	return ip_read(&unused, NULL, text) == 0;
}

/* see client/subnet.h */
bool
subnet_has(struct span net, struct span address)
{
	struct span name = span_cut(&net, '/');
	struct ip ip, first;
	uint64_t all, bits;

	if (ip_read(&ip, NULL, address) < 0 || ip_read(&first, NULL, name) < 0)
		return false;
	all = bits = ip.is_v6 ? 128 : 32;
	return first.is_v6 == ip.is_v6
	    && (net.len == 0 || parse_uint_span(net, all, &bits) == 0)
	    && is_inside(ip.b, first.b, bits);
}
