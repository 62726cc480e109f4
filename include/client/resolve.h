/* SPDX-License-Identifier: MIT */
/*
 * client/resolve.h - find a host's addresses
 *
 * Blocking, with one absolute deadline; never for PID 1's loop. In this order:
 * a literal address, in every form that curl takes, is itself; "localhost" and
 * *.localhost are ::1 and 127.0.0.1 with no file and no server asked (RFC
 * 6761, 6.3); /etc/hosts; the name servers of /etc/resolv.conf
 * (client/nameserver.h). Both files are read at each look-up. What has been
 * found in the last two is put in the order of RFC 6724. nsswitch.conf,
 * gai.conf, mDNS and DNSSEC are not used.
 */
#ifndef HALE_CLIENT_RESOLVE_H
#define HALE_CLIENT_RESOLVE_H

#include "client/dial.h"

/*
 * Fills set with host's addresses and this port; family is AF_INET, AF_INET6
 * or AF_UNSPEC for both. dial_end() is due in any case. Returns 0, or an error
 * after appending what failed to why: ERR_RESOLVE (no address of this family),
 * ERR_NONAME (there is no such name), ERR_PARSE (it cannot be one),
 * ERR_NAMESERVER (no name server has an answer), ERR_TIMEOUT (the deadline
 * came), ERR_FULL or ERR_TOOBIG (of a file), or -errno: what the machine did
 * not give (err_is_shortage()).
 */
int resolve_host(struct dial_set *set, struct span host, uint16_t port,
                int family, int64_t deadline_ms, struct buf *why);

/* Adds host where it is a literal address. Returns 1, 0 (it is not one),
 * ERR_RESOLVE (of the other family, or with a zone that is not here) or
 * ERR_FULL. */
int resolve_literal(struct dial_set *set, struct span host, int family);

#endif
