/* SPDX-License-Identifier: MIT */
/*
 * net/ip.h - IPv4 and IPv6 addresses as numbers and in words (pure)
 *
 * No name is looked up here, not even an interface's.
 */
#ifndef HALE_NET_IP_H
#define HALE_NET_IP_H

#include "base/buf.h"

#include <stdint.h>

#define IP_V4_LEN   4	/* bytes of an address */
#define IP_V6_LEN   16
#define IP_TEXT_MAX 64	/* bytes of any address in words, with a zone */

struct ip {
	unsigned char b[IP_V6_LEN];	/* network order; of IPv4 the first 4 */
	uint32_t      zone;	/* index of an interface (RFC 4007); 0: none */
	bool          is_v6;
};

/*
 * Reads "10.0.0.5" (no other form: a part with a zero in front is an error) or
 * an IPv6 address (RFC 4291, 2.2), which a % and a zone may follow. The zone's
 * name or number goes to *zone (borrowed; empty: none) for the caller to turn
 * into an index; with zone NULL a % is an error, as is one that nothing
 * follows. Returns 0 or ERR_PARSE; *out, its zone 0, and *zone are written
 * only on success.
 */
int ip_read(struct ip *out, struct span *zone, struct span text);

/*
 * The same, and IPv4 as inet_aton(3) and curl have it: "127.1", "0x7f.0.0.1",
 * "0177.1", "2130706433".
 */
int ip_read_loose(struct ip *out, struct span *zone, struct span text);

/* Appends it (RFC 5952, 4), with no zone. */
void ip_write(struct buf *b, const struct ip *ip);

#endif
