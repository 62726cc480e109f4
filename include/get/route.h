/* SPDX-License-Identifier: MIT */
/*
 * get/route.h - where a request goes, and through what: proxies, --resolve,
 * --connect-to, unix sockets
 *
 * Nothing is connected or looked up here.
 */
#ifndef HALE_GET_ROUTE_H
#define HALE_GET_ROUTE_H

#include "client/exchange.h"
#include "client/url.h"
#include "get/options.h"

#define ROUTE_HOST_MAX 256	/* bytes of a decoded host with its NUL */

struct route {
	bool             via_proxy, tunnel;
	struct exchange_to to;
	struct url       proxy;	/* where via_proxy */
	char             host[ROUTE_HOST_MAX];	/* to.host: name or literal */
	char             tunnel_to[ROUTE_HOST_MAX + 16];
	char             tunnel_fields[EXCHANGE_PROXY_HEAD_MAX];
	struct dial_set  set;	/* to.at, if it is not looked up */
};

/*
 * Decides by the command line where the request for u goes. Returns GET_OK, or
 * another exit code (get/exit.h) after appending why. route must stay where it
 * is; at first it is all zero, at last dial_end() is due for its set.
 */
int route_find(const struct options *o, const struct url *u,
               struct route *route, struct buf *why);

#endif
