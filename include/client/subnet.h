/* SPDX-License-Identifier: MIT */
/*
 * client/subnet.h - literal addresses and the nets that hold them (pure)
 *
 * An address is IPv4 in four decimal parts or IPv6, without brackets or a zone.
 */
#ifndef HALE_CLIENT_SUBNET_H
#define HALE_CLIENT_SUBNET_H

#include "base/span.h"

bool subnet_is_address(struct span text);

/* Does net hold this address? It is "10.0.0.0/8", "fd00::/8" or one address;
 * anything else holds none. */
bool subnet_has(struct span net, struct span address);

#endif
