/* SPDX-License-Identifier: MIT */
/* get/route.c - where a request goes: proxies, --resolve, --connect-to */
#include "get/route.h"

#include <sys/socket.h>

#include "base/err.h"
#include "base/parse.h"
#include "base/percent.h"
#include "client/redact.h"
#include "client/request.h"
#include "client/subnet.h"
#include "get/exit.h"

#define PROXY_PORT   1080	/* curl's, where none is written */

/* Cuts the next address off *addrs: a literal, with or without brackets. */
static struct span
cut_address(struct span *addrs)
{
	struct span one = span_cut(addrs, ',');

	if (one.len > 2 && one.p[0] == '[' && one.p[one.len - 1] == ']')
		one = (struct span){ one.p + 1, one.len - 2 };
	return one;
}

/* no_proxy's item: a host, a domain (with or without its dot), a net. */
static bool
matches(const char *host, struct span item)
{
	struct span h = span_of(host);

	item = cut_address(&item);
	/* "0.0.1" is not a domain of 127.0.0.1. */
	if (subnet_is_address(h))
		return subnet_has(item, h);
	if (item.len > 0 && item.p[0] == '.')
		item = span_after(item, 1);
	if (item.len > 0 && item.p[item.len - 1] == '.')
		item.len--;
	if (h.len > 0 && h.p[h.len - 1] == '.')
		h.len--;
	if (item.len == 0 || h.len < item.len)
		return false;
	if (h.len > item.len && h.p[h.len - item.len - 1] != '.')
		return false;
	return span_is_same(span_after(h, h.len - item.len), item);
}

/* Items are separated by commas; what follows a blank in one is not a part of
 * it. A star is all hosts only where it is the whole list. */
static bool
is_direct(const struct options *o, const char *host)
{
	const char *list = o->no_proxy;
	size_t n;

	if (strcmp(list, "*") == 0)
		return true;
	for (; *list != '\0'; list += strcspn(list, ",")) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n > 0 && matches(host, (struct span){ list, n }))
			return true;
	}
	return false;
}

/* The fields for the proxy. Returns an exit code. */
static int
write_proxy_fields(const struct options *o, struct route *route,
                   struct buf *why)
{
	struct buf fields = buf_over(route->tunnel_fields,
	                             sizeof route->tunnel_fields);

	if ((o->proxy_user != NULL || url_has_login(&route->proxy))
	 && request_add_login(&fields, "Proxy-", o->proxy_user,
	                      &route->proxy) == ERR_PARSE) {
		buf_str(why, "the proxy's login has a control byte");
		return GET_PROXY_LOOKUP;
	}
	if (route->tunnel && o->agent[0] != '\0')
		buf_fmt(&fields, "User-Agent: %s\r\n", o->agent);
	if (route->tunnel)
		buf_str(&fields, "Proxy-Connection: Keep-Alive\r\n");
	(void)buf_text(&fields);
	if (!fields.cut)
		return GET_OK;
	buf_str(why, "the fields for the proxy (its login, -A) are longer than "
	        BUF_DIGITS(EXCHANGE_PROXY_HEAD_MAX) " bytes");
	return GET_URL;
}

/* Writes text, decoded, as the host to connect to. Returns an exit code. */
static int
set_host(struct route *route, struct span text, struct buf *why)
{
	struct buf host = buf_over(route->host, sizeof route->host);
	int r = percent_decode(&host, text);

	(void)buf_text(&host);
	if (host.cut)
		buf_fmt(why, "the host's name is longer than %d bytes",
		        ROUTE_HOST_MAX - 1);
	else if (r < 0 || strpbrk(route->host, " \"#/<>?@[\\]^`{|}") != NULL)
		buf_str(why, "the host's name has an encoded byte that no name "
		        "has");
	else
		return GET_OK;
	return GET_URL;
}

static int
set_proxy(const struct options *o, const struct url *u, const char *text,
          bool elsewhere, struct route *route, struct buf *why)
{
	struct buf to = buf_over(route->tunnel_to, sizeof route->tunnel_to);
	char room[REDACT_ROOM];
	bool is_v6 = strchr(route->host, ':') != NULL;
	int code, r = url_read(&route->proxy, span_of(text));

	if (r == 0 && route->proxy.is_https)
		r = ERR_SCHEME;
	if (r < 0) {
		buf_fmt(why, "Unsupported proxy \"%s\": expected "
		        "[http://]HOST[:PORT]",
		        redact_text(room, span_of(text)));
		return r == ERR_SCHEME ? GET_CONNECT : GET_PROXY_LOOKUP;
	}
	if (!route->proxy.has_port)
		route->proxy.port = PROXY_PORT;
	route->via_proxy = true;
	route->tunnel = u->is_https || o->proxy_tunnel || elsewhere;
	buf_fmt(&to, is_v6 ? "[%s]:%u" : "%s:%u", route->host,
	        route->to.port);	/* there is room for any host */
	code = set_host(route, route->proxy.host, why);
	if (code == GET_OK)
		code = write_proxy_fields(o, route, why);
	route->to.port = route->proxy.port;
	if (route->tunnel) {
		route->to.tunnel_to = buf_text(&to);
		route->to.tunnel_fields = route->tunnel_fields;
	}
	return code;
}

/* Cuts "HOST:" off *rest; an address in brackets loses them. */
static struct span
cut_host(struct span *rest)
{
	struct span host;

	if (rest->len == 0 || rest->p[0] != '[')
		return span_cut(rest, ':');
	*rest = span_after(*rest, 1);
	host = span_cut(rest, ']');
	*rest = span_after(*rest, 1);	/* ':' */
	return host;
}

static bool
is_port(struct span text, uint16_t port)
{
	uint64_t n;

	return parse_uint_span(text, UINT16_MAX, &n) == 0 && n == port;
}

/* --connect-to H1:P1:H2:P2, each of which may be empty. *elsewhere: one
 * applied. */
static int
connect_elsewhere(const struct options *o, struct route *route,
                  bool *elsewhere, struct buf *why)
{
	char room[REDACT_ROOM];

	for (size_t i = 0; i < o->connect_to.n; i++) {
		struct span rest = span_of(o->connect_to.at[i]);
		struct span h1 = cut_host(&rest), p1 = span_cut(&rest, ':');
		struct span h2 = cut_host(&rest);
		struct buf host = buf_over(route->host, sizeof route->host);
		uint64_t port = route->to.port;

		if (rest.len > 0
		 && parse_uint_span(rest, UINT16_MAX, &port) < 0) {
			buf_fmt(why, "No valid port number in connect to host "
			        "string (%s)", redact_value(room,
			        span_of(o->connect_to.at[i])));
			return GET_SYNTAX;
		}
		if ((h1.len > 0 && !span_is_same(h1, span_of(route->host)))
		 || (p1.len > 0 && !is_port(p1, route->to.port)))
			continue;
		if (h2.len > 0) {
			buf_add(&host, h2);
			(void)buf_text(&host);
		}
		if (host.cut) {
			buf_fmt(why, "--connect-to's host is longer than %d "
			        "bytes", ROUTE_HOST_MAX - 1);
			return GET_SYNTAX;
		}
		route->to.port = (uint16_t)port;
		*elsewhere = h2.len > 0 || rest.len > 0;
		break;
	}
	return GET_OK;
}

/* One --resolve: [+]HOST:PORT:ADDR[,ADDR...], or -HOST:PORT, which takes an
 * earlier one back. */
struct pin {
	bool        removes;
	struct span host, port, addrs;
};

static bool
are_addresses(struct span addrs)
{
	while (addrs.len > 0)
		if (!subnet_is_address(cut_address(&addrs)))
			return false;
	return true;
}

static bool
read_pin(struct pin *p, const char *text)
{
	struct span rest = span_of(text);
	uint64_t unused;

	p->removes = span_has_prefix(rest, "-");
	if (p->removes || span_has_prefix(rest, "+"))
		rest = span_after(rest, 1);
	p->host = cut_host(&rest);
	p->port = span_cut(&rest, ':');
	p->addrs = rest;
	return p->removes
	    || (p->host.len > 0 && rest.len > 0 && are_addresses(rest)
	        && parse_uint_span(p->port, UINT16_MAX, &unused) == 0);
}

/* The last --resolve for this host, or for "*", decides. Returns false if there
 * is none. */
static bool
find_pin(const struct options *o, const struct route *route, struct span host,
         struct pin *p)
{
	for (size_t i = o->resolve.n; i-- > 0;)
		if (read_pin(p, o->resolve.at[i])
		 && is_port(p->port, route->to.port)
		 && span_is_same(p->host, host))
			return !p->removes;
	return false;
}

static int
use_addresses(const struct options *o, struct route *route, struct buf *why)
{
	char room[REDACT_ROOM];
	struct pin p;

	for (size_t i = 0; i < o->resolve.n; i++)
		if (!read_pin(&p, o->resolve.at[i])) {
			buf_fmt(why, "Couldn't parse --resolve entry '%s'",
			        redact_value(room,
			                     span_of(o->resolve.at[i])));
			return GET_SYNTAX;
		}
	if (!find_pin(o, route, span_of(route->host), &p)
	 && !find_pin(o, route, span_of("*"), &p))
		return GET_OK;
	dial_init(&route->set, route->to.port);
	/* An address of a family that is not wanted is left out. */
	while (p.addrs.len > 0)
		if (resolve_literal(&route->set, cut_address(&p.addrs),
		                   route->to.family) == ERR_FULL) {
			buf_fmt(why, "--resolve has more than %d addresses",
			        DIAL_ADDRS_MAX);
			return GET_SYNTAX;
		}
	route->to.at = &route->set;
	return GET_OK;
}

static int
use_unix(const struct options *o, struct route *route, struct buf *why)
{
	route->to.unix_path = span_of(o->unix_socket);
	if (dial_is_unix(route->to.unix_path))
		return GET_OK;
	buf_fmt(why, "Unix socket path too long: '%s': expected 1 to 107 bytes",
	        o->unix_socket);
	return GET_LOOKUP;
}

/* see get/route.h */
int
route_find(const struct options *o, const struct url *u, struct route *route,
           struct buf *why)
{
	const char *proxy = u->is_https ? o->https_proxy : o->http_proxy;
	bool elsewhere = false, direct;
	int code;

	dial_end(&route->set);	/* of the URL before a redirect */
	memset(route, 0, sizeof *route);
	code = set_host(route, u->host, why);
	if (code != GET_OK)
		return code;
	route->to.port = u->port;
	if (o->ipv4 != o->ipv6)
		route->to.family = o->ipv4 ? AF_INET : AF_INET6;
	if (o->unix_socket != NULL) {
		code = use_unix(o, route, why);
	} else {
		direct = proxy[0] == '\0' || is_direct(o, route->host);
		code = connect_elsewhere(o, route, &elsewhere, why);
		if (code == GET_OK && !direct)
			code = set_proxy(o, u, proxy, elsewhere, route, why);
		if (code == GET_OK)
			code = use_addresses(o, route, why);
	}
	route->to.host = span_of(route->host);
	return code;
}
