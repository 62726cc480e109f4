/* SPDX-License-Identifier: MIT */
/*
 * client/addrorder.h - in which order a host's addresses are tried (pure)
 *
 * RFC 6724's rules 1, 2, 5, 6, 8, 9 (for IPv6) and 10, and its table of 2.1;
 * whether an address is deprecated, a home address or native the sources do not
 * show. glibc 2.36 without gai.conf differs in its table, which is RFC 3484's:
 * there fc00::/7 and 2001::/32 come before IPv4, here after it.
 */
#ifndef HALE_CLIENT_ADDRORDER_H
#define HALE_CLIENT_ADDRORDER_H

#include "net/ip.h"

#define ADDRORDER_MAX 32768	/* addresses that are put in order at once */

/* How good a destination is, from the source address that the kernel takes for
 * it; NULL: it has none (no route). Less is better, equal is as good. */
uint32_t addrorder_key(const struct ip *to, const struct ip *source);

/* Puts to[0..n), at most ADDRORDER_MAX, and their keys, which addrorder_key()
 * has made, in the order of these; equal ones stay in the order that they had.
 * */
void addrorder_sort(struct ip *to, uint32_t *keys, size_t n);

#endif
