/* SPDX-License-Identifier: MIT */
/* net/conn_ask.c - reads the next request that a connection has sent */
#include "net/conn_ask.h"

/*
 * As http_read_req(). A prober asks the same for ever: a head that equals the
 * one before it means the same, and is not taken apart again.
 */
static int
read_head(struct server *s, struct server_ask *ask, const char *bytes,
          size_t len)
{
	struct http_req *req = &ask->req;
	size_t known = s->known_len;
	int n;

	if (bytes != s->scratch_in)
		return http_read_req(req, &ask->fault, bytes, len);
	if (known > 0 && len >= known && memcmp(bytes, s->known, known) == 0) {
		*req = s->known_req;
		return (int)known;
	}
	n = http_read_req(req, &ask->fault, bytes, len);
	if (n > 0 && n <= SERVER_KNOWN_MAX) {
		memcpy(s->known, bytes, (size_t)n);
		s->known_len = (size_t)n;
		s->known_req = *req;
	}
	return n;
}

/* see net/conn_ask.h */
int
conn_ask_read(const struct conn *c, struct server_ask *ask, const char *bytes,
              size_t len, size_t *h2_at)
{
	int n, skip = 0;

	if (!c->has_asked && proxy_header_is(bytes, len)) {
		skip = proxy_header_read(&ask->fault, bytes, len);
		if (skip <= 0)
			return skip;
		bytes += skip;
		len -= (size_t)skip;
	}
	n = read_head(c->server, ask, bytes, len);
	ask->is_h2 = n < 0 && !c->has_asked && h2_is_preface(bytes, len);
	*h2_at = (size_t)skip;
	return n > 0 ? n + skip : n;
}
