/* SPDX-License-Identifier: MIT */
/*
 * net/addrorder.h - in which order a host's addresses are tried (RFC 6724, 6)
 *
 * Rules 1, 2, 5, 6, 8, 9 (for IPv6) and 10, as glibc has them without gai.conf;
 * whether an address is deprecated, a home address or native the sources do not
 * show. Nothing here touches a socket.
 */
#ifndef HALE_NET_ADDRORDER_H
#define HALE_NET_ADDRORDER_H

#include "net/ip.h"

/* How good a destination is, from the source address that the kernel takes for
 * it; NULL: it has none (no route). Less is better, equal is as good. */
uint32_t addrorder_key(const struct ip *to, const struct ip *source);

/* Puts to[0..n) in the order of their keys; equal ones stay as they were. */
void addrorder_sort(struct ip *to, uint32_t *keys, size_t n);

#endif
