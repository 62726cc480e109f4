/* SPDX-License-Identifier: MIT */
/*
 * net/proxy_header.h - skips the PROXY protocol header of load balancers (pure)
 *
 * A balancer (HAProxy, AWS NLB) may open each connection with a header that
 * names its client: version 1 is one line of text, version 2 is binary and may
 * carry more. It is neither an HTTP header nor about HTTP proxies. Nobody here
 * needs to know the client, and the sender is not to be believed: the addresses
 * are not read. Nothing here touches a socket, allocates or keeps state.
 */
#ifndef HALE_NET_PROXY_HEADER_H
#define HALE_NET_PROXY_HEADER_H

#include "net/http.h"

#define PROXY_V1_MAX 107	/* bytes with CRLF, as its specification says */
#define PROXY_V2_MAX 2048	/* bytes, of which addresses take 232 at most */

/* May a connection's first bytes be a header's, or its start? */
bool proxy_header_is(const char *buf, size_t len);

/*
 * Measures the header at the start of the len bytes at buf, for which
 * proxy_header_is() is true.
 * Returns the bytes that it takes (> 0), 0 if it is not whole yet, or
 * ERR_PARSE, also where it is longer than its bound. fault is written only
 * for ERR_PARSE.
 */
int proxy_header_read(struct http_fault *fault, const char *buf, size_t len);

#endif
