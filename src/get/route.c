/* SPDX-License-Identifier: MIT */
/* get/route.c - where a request goes: proxies, --resolve, --connect-to */
#include "get/get.h"

#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/parse.h"
#include "base/percent.h"
#include "cmd/cmd.h"
#include "net/ip.h"
#include "client/redact.h"
#include "client/request.h"

#define PROXY_PORT   1080	/* curl's, where none is written */
#define GET_SYNTAX   49		/* curl's exit code for a bad --resolve */

static bool
is_same(struct span a, struct span b)
{
	return a.len == b.len && strncasecmp(a.p, b.p, a.len) == 0;
}

/* Are the first `bits` of two addresses of one family the same? */
static bool
is_inside(const unsigned char *a, const unsigned char *net, uint64_t bits)
{
	size_t whole = bits / 8;
	unsigned char mask = (unsigned char)(0xff00 >> (bits % 8));

	return memcmp(a, net, whole) == 0
	    && (bits % 8 == 0 || ((a[whole] ^ net[whole]) & mask) == 0);
}

/* "10.0.0.0/8", "fd00::/8" or one address. */
static bool
matches_net(const struct ip *host, struct span item)
{
	struct span name = span_cut(&item, '/');
	uint64_t all = host->is_v6 ? 128 : 32, bits = all;
	struct ip net;

	return ip_read(&net, NULL, name) == 0 && net.is_v6 == host->is_v6
	    && (item.len == 0 || parse_uint_span(item, all, &bits) == 0)
	    && is_inside(host->b, net.b, bits);
}

/* no_proxy's item: a host, a domain (with or without its dot), a net. */
static bool
matches(const char *host, struct span item)
{
	struct span h = span_of(host);
	struct ip ip;

	if (span_is(item, "*"))
		return true;
	if (item.len > 2 && item.p[0] == '[')
		item = (struct span){ item.p + 1, item.len - 2 };
	if (ip_read(&ip, NULL, h) == 0)	/* "0.0.1" is not a domain of 127.0.0.1 */
		return matches_net(&ip, item);
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
	return is_same(span_after(h, h.len - item.len), item);
}

/* As curl reads them: an empty one is none. */
static const char *
env(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool
is_direct(const struct get *g, const char *host)
{
	const char *list = g->no_proxy;
	size_t n;

	if (list == NULL)
		list = env("no_proxy");
	if (list == NULL)
		list = env("NO_PROXY");
	if (list == NULL)
		return false;
	for (; *list != '\0'; list += n + (list[n] != '\0')) {
		n = strcspn(list, ", \t");
		if (n > 0 && matches(host, (struct span){ list, n }))
			return true;
	}
	return false;
}

/* HTTP_PROXY in capitals is not read: a CGI's client could set it. */
static const char *
proxy_of(const struct get *g, const struct url *u)
{
	static const char *const of_https[] = { "https_proxy", "HTTPS_PROXY",
	                                        "all_proxy", "ALL_PROXY" };
	static const char *const of_http[] = { "http_proxy", "all_proxy",
	                                       "ALL_PROXY" };
	size_t n = u->is_https ? sizeof of_https / sizeof of_https[0]
	                       : sizeof of_http / sizeof of_http[0];

	if (g->proxy != NULL)
		return g->proxy;
	for (size_t i = 0; i < n; i++) {
		const char *value = env(u->is_https ? of_https[i] : of_http[i]);

		if (value != NULL)
			return value;
	}
	return "";
}

/* "user:password" for the proxy, from -U or its URL. Returns 0 or ERR_PARSE. */
static int
add_proxy_login(struct buf *b, const struct get *g, const struct url *proxy)
{
	char memory[EXCHANGE_PROXY_HEAD_MAX];
	struct buf login = buf_over(memory, sizeof memory);

	if (g->proxy_user != NULL) {
		buf_str(&login, g->proxy_user);
		if (strchr(g->proxy_user, ':') == NULL)
			buf_str(&login, ":");
	} else if (proxy->user.p != NULL) {
		if (url_write_login(&login, proxy) < 0)
			return ERR_PARSE;
	} else {
		return 0;
	}
	buf_str(b, "Proxy-Authorization: ");
	request_write_basic(b, buf_span(&login));
	buf_str(b, "\r\n");
	b->cut |= login.cut;
	return 0;
}

/* The fields for the proxy. Returns an exit code. */
static int
write_proxy_fields(const struct get *g, struct get_route *route,
                   struct buf *why)
{
	struct buf fields = buf_over(route->tunnel_fields,
	                             sizeof route->tunnel_fields);

	if (add_proxy_login(&fields, g, &route->proxy) < 0) {
		buf_str(why, "the proxy's login has a control byte");
		return GET_PROXY_LOOKUP;
	}
	if (route->tunnel)
		buf_fmt(&fields, "User-Agent: %s\r\n"
		        "Proxy-Connection: Keep-Alive\r\n",
		        g->agent != NULL ? g->agent : cmd_agent());
	(void)buf_text(&fields);
	if (!fields.cut)
		return GET_OK;
	buf_str(why, "the fields for the proxy (its login, -A) are longer than "
	        BUF_DIGITS(EXCHANGE_PROXY_HEAD_MAX) " bytes");
	return GET_URL;
}

/* Writes text, decoded, as the host to connect to. Returns an exit code. */
static int
set_host(struct get_route *route, struct span text, struct buf *why)
{
	struct buf host = buf_over(route->host, sizeof route->host);
	int r = percent_decode(&host, text);

	(void)buf_text(&host);
	if (host.cut)
		buf_fmt(why, "the host's name is longer than %d bytes",
		        GET_HOST_MAX - 1);
	else if (r < 0 || strpbrk(route->host, " \"#/<>?@[\\]^`{|}") != NULL)
		buf_str(why, "the host's name has an encoded byte that no name "
		        "has");
	else
		return GET_OK;
	return GET_URL;
}

static int
set_proxy(const struct get *g, const struct url *u, const char *text,
          bool elsewhere, struct get_route *route, struct buf *why)
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
	route->tunnel = u->is_https || g->proxy_tunnel || elsewhere;
	buf_fmt(&to, is_v6 ? "[%s]:%u" : "%s:%u", route->host,
	        route->to.port);	/* there is room for any host */
	code = set_host(route, route->proxy.host, why);
	if (code == GET_OK)
		code = write_proxy_fields(g, route, why);
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
connect_elsewhere(const struct get *g, struct get_route *route,
                  bool *elsewhere, struct buf *why)
{
	char room[REDACT_ROOM];

	for (size_t i = 0; i < g->connect_to.n; i++) {
		struct span rest = span_of(g->connect_to.at[i]);
		struct span h1 = cut_host(&rest), p1 = span_cut(&rest, ':');
		struct span h2 = cut_host(&rest);
		struct buf host = buf_over(route->host, sizeof route->host);
		uint64_t port = route->to.port;

		if (rest.len > 0
		 && parse_uint_span(rest, UINT16_MAX, &port) < 0) {
			buf_fmt(why, "No valid port number in connect to host "
			        "string (%s)", redact_value(room,
			        span_of(g->connect_to.at[i])));
			return GET_SYNTAX;
		}
		if ((h1.len > 0 && !is_same(h1, span_of(route->host)))
		 || (p1.len > 0 && !is_port(p1, route->to.port)))
			continue;
		if (h2.len > 0) {
			buf_add(&host, h2);
			(void)buf_text(&host);
		}
		if (host.cut) {
			buf_fmt(why, "--connect-to's host is longer than %d "
			        "bytes", GET_HOST_MAX - 1);
			return GET_SYNTAX;
		}
		route->to.port = (uint16_t)port;
		*elsewhere = h2.len > 0 || rest.len > 0;
		break;
	}
	return GET_OK;
}

static int
family_of(const struct get *g)
{
	return g->v4 ? AF_INET : g->v6 ? AF_INET6 : AF_UNSPEC;
}

/* One --resolve: [+]HOST:PORT:ADDR[,ADDR...], or -HOST:PORT, which takes an
 * earlier one back. */
struct pin {
	bool        removes;
	struct span host, port, addrs;
};

/* Cuts the next address off *addrs: a literal, with or without brackets. */
static struct span
cut_address(struct span *addrs)
{
	struct span one = span_cut(addrs, ',');

	if (one.len > 2 && one.p[0] == '[' && one.p[one.len - 1] == ']')
		one = (struct span){ one.p + 1, one.len - 2 };
	return one;
}

static bool
are_addresses(struct span addrs)
{
	struct ip unused;

	while (addrs.len > 0)
		if (ip_read(&unused, NULL, cut_address(&addrs)) < 0)
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

/* The last --resolve for this host, or for "*", decides. Returns false where
 * there is none. */
static bool
find_pin(const struct get *g, const struct get_route *route, struct span host,
         struct pin *p)
{
	for (size_t i = g->resolve.n; i-- > 0;)
		if (read_pin(p, g->resolve.at[i])
		 && is_port(p->port, route->to.port) && is_same(p->host, host))
			return !p->removes;
	return false;
}

static int
use_addresses(const struct get *g, struct get_route *route, struct buf *why)
{
	char room[REDACT_ROOM];
	struct pin p;

	for (size_t i = 0; i < g->resolve.n; i++)
		if (!read_pin(&p, g->resolve.at[i])) {
			buf_fmt(why, "Couldn't parse --resolve entry '%s'",
			        redact_value(room,
			                     span_of(g->resolve.at[i])));
			return GET_SYNTAX;
		}
	if (!find_pin(g, route, span_of(route->host), &p)
	 && !find_pin(g, route, span_of("*"), &p))
		return GET_OK;
	dial_init(&route->set, route->to.port);
	/* An address of a family that is not wanted is left out. */
	while (p.addrs.len > 0)
		if (resolve_literal(&route->set, cut_address(&p.addrs),
		                   family_of(g)) == ERR_FULL) {
			buf_fmt(why, "--resolve has more than %d addresses",
			        DIAL_ADDRS_MAX);
			return GET_SYNTAX;
		}
	route->to.at = &route->set;
	return GET_OK;
}

static int
use_unix(const struct get *g, struct get_route *route, struct buf *why)
{
	char memory[256];
	struct buf path = buf_over(memory, sizeof memory);

	buf_str(&path, g->unix_abstract ? "@" : "");
	buf_str(&path, g->unix_socket);
	route->to.at = &route->set;
	if (!path.cut && dial_set_unix(&route->set, buf_span(&path)) == 0)
		return GET_OK;
	buf_fmt(why, "Unix socket path too long: '%s': expected 1 to 107 bytes",
	        g->unix_socket);
	return GET_LOOKUP;
}

/* see get/get.h */
int
get_find_route(const struct get *g, const struct url *u,
               struct get_route *route, struct buf *why)
{
	const char *proxy;
	bool elsewhere = false, direct;
	int code;

	dial_end(&route->set);	/* of the URL before a redirect */
	memset(route, 0, sizeof *route);
	code = set_host(route, u->host, why);
	if (code != GET_OK)
		return code;
	route->to.port = u->port;
	route->to.family = family_of(g);
	if (g->unix_socket != NULL) {
		code = use_unix(g, route, why);
	} else {
		proxy = proxy_of(g, u);
		direct = proxy[0] == '\0' || is_direct(g, route->host);
		code = connect_elsewhere(g, route, &elsewhere, why);
		if (code == GET_OK && !direct)
			code = set_proxy(g, u, proxy, elsewhere, route, why);
		if (code == GET_OK)
			code = use_addresses(g, route, why);
	}
	route->to.host = span_of(route->host);
	return code;
}
