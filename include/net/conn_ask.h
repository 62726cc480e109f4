/* SPDX-License-Identifier: MIT */
/*
 * net/conn_ask.h - reads the next request that a connection has sent (pure)
 *
 * By HTTP/1.1, behind a PROXY header if there is one; it reports where HTTP/2
 * begins. For net/conn.h alone.
 */
#ifndef HALE_NET_CONN_ASK_H
#define HALE_NET_CONN_ASK_H

#include "net/server.h"

/*
 * As http_read_req(), with the PROXY header that may open a connection counted
 * as part of its first head: it is waited for no longer than that. Where the
 * connection opens HTTP/2, ERR_VERSION is returned with ask->is_h2 set, and
 * *h2_at is how many bytes come before.
 */
int conn_ask_read(const struct conn *c, struct server_ask *ask,
                  const char *bytes, size_t len, size_t *h2_at);

#endif
