/* SPDX-License-Identifier: MIT */
/* net/addr.c - a socket's address, and its words */
#include "net/addr.h"

#include <endian.h>

#include "base/err.h"
#include "base/parse.h"

#define PATH_AT offsetof(struct sockaddr_un, sun_path)

/* see net/addr.h */
void
addr_set_ip(struct addr *out, const struct ip *ip, uint16_t port)
{
	memset(out, 0, sizeof *out);
	out->v4.sin_port = htobe16(port);	/* the same place as IPv6's */
	if (ip->is_v6) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_scope_id = ip->zone;
		memcpy(&out->v6.sin6_addr, ip->b, IP_V6_LEN);
		out->len = sizeof out->v6;
	} else {
		out->v4.sin_family = AF_INET;
		memcpy(&out->v4.sin_addr, ip->b, IP_V4_LEN);
		out->len = sizeof out->v4;
	}
}

/* see net/addr.h */
int
addr_set_unix(struct addr *out, struct span path)
{
	size_t len = path.len;

	if (len == 0)
		return ERR_PARSE;
	if (len >= sizeof out->un.sun_path)
		return ERR_TOOBIG;
	memset(out, 0, sizeof *out);
	out->un.sun_family = AF_UNIX;
	memcpy(out->un.sun_path, path.p, len);
	if (path.p[0] == '@')
		out->un.sun_path[0] = '\0';	/* counted, no final NUL */
	else
		len++;
	out->len = (socklen_t)(PATH_AT + len);
	return 0;
}

/* see net/addr.h */
void
addr_ip(struct ip *out, const struct addr *at)
{
	memset(out, 0, sizeof *out);
	out->is_v6 = at->any.sa_family == AF_INET6;
	if (out->is_v6) {
		out->zone = at->v6.sin6_scope_id;
		memcpy(out->b, &at->v6.sin6_addr, IP_V6_LEN);
	} else {
		memcpy(out->b, &at->v4.sin_addr, IP_V4_LEN);
	}
}

/* see net/addr.h */
uint16_t
addr_port(const struct addr *at)
{
	return at->any.sa_family == AF_UNIX ? 0 : be16toh(at->v4.sin_port);
}

/* see net/addr.h */
bool
addr_has_file(const struct addr *at)
{
	return at->any.sa_family == AF_UNIX && at->un.sun_path[0] != '\0';
}

/* see net/addr.h */
void
addr_write_host(struct buf *b, const struct addr *at)
{
	struct span path = { at->un.sun_path, at->len - PATH_AT };
	struct ip ip;

	if (at->any.sa_family != AF_UNIX) {
		addr_ip(&ip, at);
		ip_write(b, &ip);
	} else if (addr_has_file(at)) {
		buf_str(b, path.p);
	} else {
		buf_str(b, "@");
		buf_add(b, span_after(path, 1));
	}
}

/* see net/addr.h */
void
addr_write(struct buf *b, const struct addr *at)
{
	addr_write_host(b, at);
	if (at->any.sa_family != AF_UNIX)
		buf_fmt(b, " port %u", addr_port(at));
}

/* Cuts ":PORT" off the end of *text. */
static int
cut_port(struct span *text, uint16_t *port)
{
	const char *colon = text->len ? memrchr(text->p, ':', text->len) : NULL;
	struct span digits = *text;
	uint64_t n;

	text->len = 0;
	if (colon != NULL) {
		text->len = (size_t)(colon - text->p);
		digits = span_after(digits, text->len + 1);
	}
	if (parse_uint_span(digits, UINT16_MAX, &n) < 0 || n == 0)
		return ERR_PARSE;
	*port = (uint16_t)n;
	return 0;
}

/* "PORT", or a host before it: "[v6]" or "v4". */
static int
read_tcp(struct addr_bind *out, struct span host)
{
	struct ip ip = { .is_v6 = true };
	uint16_t port;
	bool is_v6;

	if (cut_port(&host, &port) < 0)
		return ERR_PARSE;
	is_v6 = host.len > 2 && host.p[0] == '['
	     && host.p[host.len - 1] == ']';
	if (is_v6)
		host = (struct span){ host.p + 1, host.len - 2 };
	if (host.len > 0
	 && (ip_read(&ip, NULL, host) < 0 || ip.is_v6 != is_v6))
		return ERR_PARSE;
	addr_set_ip(&out->addr, &ip, port);
	out->every = host.len == 0;
	return 0;
}

static int
read_unix(struct addr_bind *out, struct span path)
{
	/* A relative one could not be removed, from another directory. With a
	 * query or a login it is a URL, whose secrets would be shown. */
	if (path.len < 2 || span_find(path, "?#") < path.len
	 || (span_has_prefix(path, "//") && span_has(path, '@'))
	 || (path.p[0] != '@' && path.p[0] != '/')
	 || memchr(path.p, '\0', path.len) != NULL
	 || addr_set_unix(&out->addr, path) < 0)
		return ERR_PARSE;
	out->every = false;
	return 0;
}

/* see net/addr.h */
int
addr_bind_read(struct addr_bind *out, struct span text)
{
	int r = span_has_prefix(text, "unix:")
	      ? read_unix(out, span_after(text, 5)) : read_tcp(out, text);

	if (r == 0)
		out->text = text;
	return r;
}

/* see net/addr.h */
void
addr_bind_v4(struct addr_bind *b)
{
	static const struct ip every = { .is_v6 = false };

	addr_set_ip(&b->addr, &every, addr_port(&b->addr));
}

/* see net/addr.h */
void
addr_bind_write(struct buf *b, const struct addr_bind *from)
{
	if (!from->every)
		buf_add(b, from->text);
	else if (from->addr.any.sa_family == AF_INET6)
		buf_fmt(b, "[::]:%u", addr_port(&from->addr));
	else
		buf_fmt(b, "0.0.0.0:%u", addr_port(&from->addr));
}
