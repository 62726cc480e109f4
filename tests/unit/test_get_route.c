/* SPDX-License-Identifier: MIT */
/* test_get_route.c - where a request goes: proxies, --resolve, --connect-to */
#include "unit.h"

#include "get/exit.h"
#include "get/route.h"

#include <sys/socket.h>

#define LIST_MAX  4
#define TEXT_ROOM 2048

/* The parts of the command line that a route is made of. */
struct given {
	const char *http, *https, *none, *user, *agent;
	bool        tunnel;
	const char *resolve[LIST_MAX], *connect_to[LIST_MAX];
	const char *unix_socket;
	bool        ipv4, ipv6;
};

static struct option_words
words_of(const char *const *from, const char **at)
{
	struct option_words words = { at, 0 };

	for (; words.n < LIST_MAX && from[words.n] != NULL; words.n++)
		at[words.n] = guarded_text(from[words.n]);
	return words;
}

static int
find(const struct given *g, const char *text, struct route *route,
     struct buf *why)
{
	const char *resolve[LIST_MAX], *connect_to[LIST_MAX];
	const struct options o = {
		.http_proxy = g->http != NULL ? g->http : "",
		.https_proxy = g->https != NULL ? g->https : "",
		.no_proxy = guarded_text(g->none != NULL ? g->none : ""),
		.proxy_user = g->user,
		.agent = g->agent != NULL ? g->agent : "us",
		.proxy_tunnel = g->tunnel,
		.resolve = words_of(g->resolve, resolve),
		.connect_to = words_of(g->connect_to, connect_to),
		.unix_socket = g->unix_socket,
		.ipv4 = g->ipv4,
		.ipv6 = g->ipv6,
	};
	struct url u;

	assert_int_equal(url_read(&u, guarded_span(text)), 0);
	return route_find(&o, &u, route, why);
}

/* "host:port", and all that is not as usual. */
static const char *
in_words(struct buf *b, struct route *route)
{
	const struct exchange_to *to = &route->to;

	buf_fmt(b, "%.*s:%u", (int)to->host.len, to->host.p, to->port);
	buf_str(b, to->family == AF_INET ? " v4"
	           : to->family == AF_INET6 ? " v6" : "");
	buf_str(b, to->tls != NULL ? " tls" : "");
	if (route->via_proxy)
		buf_str(b, route->tunnel ? " tunnel" : " proxy");
	if (to->tunnel_to != NULL) {
		buf_fmt(b, " to %s", to->tunnel_to);
		assert_ptr_equal(to->tunnel_fields, route->tunnel_fields);
	}
	if (to->unix_path.len > 0)
		buf_fmt(b, " %.*s", (int)to->unix_path.len,
		        to->unix_path.p);
	if (to->at != NULL) {
		assert_ptr_equal(to->at, &route->set);
		for (size_t i = 0; i < route->set.n; i++) {
			buf_str(b, " ");
			dial_write_ip(b, &route->set, i);
			buf_fmt(b, " port %u", route->set.port);
		}
	}
	return buf_text(b);
}

static const struct good {
	const char  *name, *url;
	struct given given;
	const char  *want;
} goods[] = {
	{ "a host", "http://a/", { 0 }, "a:80" },
	{ "a host of https", "https://a/", { 0 }, "a:443" },
	{ "its port", "http://a:8080/", { 0 }, "a:8080" },
	{ "an encoded host", "http://%61b/", { 0 }, "ab:80" },
	{ "an address", "http://[::1]:81/", { 0 }, "::1:81" },
	{ "-4", "http://a/", { .ipv4 = true }, "a:80 v4" },
	{ "-6", "http://a/", { .ipv6 = true }, "a:80 v6" },
	{ "-4 and -6 are as none", "http://a/",
	  { .ipv4 = true, .ipv6 = true }, "a:80" },

	{ "http through a proxy", "http://a/", { .http = "p:3128" },
	  "p:3128 proxy" },
	{ "a proxy without a port", "http://a/", { .http = "p" },
	  "p:1080 proxy" },
	{ "a proxy's scheme", "http://a/", { .http = "http://p:1/" },
	  "p:1 proxy" },
	{ "https through a tunnel", "https://a/", { .https = "p:3128" },
	  "p:3128 tunnel to a:443" },
	{ "http's proxy is not https's", "https://a/", { .http = "p:1" },
	  "a:443" },
	{ "https's proxy is not http's", "http://a/", { .https = "p:1" },
	  "a:80" },
	{ "-p", "http://a:81/", { .http = "p:1", .tunnel = true },
	  "p:1 tunnel to a:81" },
	{ "a tunnel to an address", "https://[::1]/", { .https = "p:1" },
	  "p:1 tunnel to [::1]:443" },
	{ "a proxy with an address", "http://a/", { .http = "[::1]:1" },
	  "::1:1 proxy" },

	{ "no_proxy: another host", "http://a/",
	  { .http = "p:1", .none = "b,c" }, "p:1 proxy" },
	{ "no_proxy: this host", "http://a/",
	  { .http = "p:1", .none = "b, A\tc" }, "a:80" },
	{ "no_proxy: blanks around its items", "http://a/",
	  { .http = "p:1", .none = " b\t , \ta ,c" }, "a:80" },
	{ "no_proxy: a blank does not separate", "http://a/",
	  { .http = "p:1", .none = "b a,c" }, "p:1 proxy" },
	{ "no_proxy: nor does a tab", "http://a/",
	  { .http = "p:1", .none = "b\ta" }, "p:1 proxy" },
	{ "no_proxy: commas and blanks alone", "http://a/",
	  { .http = "p:1", .none = " ,, \t," }, "p:1 proxy" },
	{ "no_proxy: the first of several", "http://b/",
	  { .http = "p:1", .none = "b,a" }, "b:80" },
	{ "no_proxy: the last of several", "http://a/",
	  { .http = "p:1", .none = "b,a" }, "a:80" },
	{ "no_proxy: a domain", "http://x.a.de/",
	  { .http = "p:1", .none = "a.de" }, "x.a.de:80" },
	{ "no_proxy: a domain with its dot", "http://x.a.de/",
	  { .http = "p:1", .none = ".a.de" }, "x.a.de:80" },
	{ "no_proxy: the domain itself", "http://a.de/",
	  { .http = "p:1", .none = ".a.de" }, "a.de:80" },
	{ "no_proxy: a name that ends the same", "http://xa.de/",
	  { .http = "p:1", .none = "a.de" }, "p:1 proxy" },
	{ "no_proxy: a name longer than the host", "http://a.de/",
	  { .http = "p:1", .none = "x.a.de" }, "p:1 proxy" },
	{ "no_proxy: the root's dot in the list", "http://x.a.de/",
	  { .http = "p:1", .none = "a.de." }, "x.a.de:80" },
	{ "no_proxy: the root's dot in the URL", "http://x.a.de./",
	  { .http = "p:1", .none = "a.de" }, "x.a.de.:80" },
	{ "no_proxy: a dot alone", "http://a/",
	  { .http = "p:1", .none = "." }, "p:1 proxy" },
	{ "no_proxy: two dots", "http://a./",
	  { .http = "p:1", .none = ".." }, "p:1 proxy" },
	{ "no_proxy: two dots on both sides", "http://a../",
	  { .http = "p:1", .none = ".." }, "p:1 proxy" },
	{ "no_proxy: all", "http://a/", { .http = "p:1", .none = "*" },
	  "a:80" },
	{ "no_proxy: a star among others is a name", "http://a/",
	  { .http = "p:1", .none = "*,b" }, "p:1 proxy" },
	{ "no_proxy: a star is not a pattern", "http://b.a/",
	  { .http = "p:1", .none = "*.a" }, "p:1 proxy" },
	{ "no_proxy: an address", "http://10.0.0.1/",
	  { .http = "p:1", .none = "10.0.0.1" }, "10.0.0.1:80" },
	{ "no_proxy: an address is not a domain", "http://10.0.0.1/",
	  { .http = "p:1", .none = "0.0.1" }, "p:1 proxy" },
	{ "no_proxy: a net", "http://10.1.2.3/",
	  { .http = "p:1", .none = "10.0.0.0/8" }, "10.1.2.3:80" },
	{ "no_proxy: another net", "http://11.1.2.3/",
	  { .http = "p:1", .none = "10.0.0.0/8" }, "p:1 proxy" },
	{ "no_proxy: an address in brackets", "http://[fd00::1]/",
	  { .http = "p:1", .none = "[fd00::1]" }, "fd00::1:80" },
	{ "no_proxy holds for https too", "https://a/",
	  { .https = "p:1", .none = "a" }, "a:443" },

	{ "--connect-to", "http://a/", { .connect_to = { "a:80:b:81" } },
	  "b:81" },
	{ "--connect-to, in any case", "http://A/",
	  { .connect_to = { "a:80:b:81" } }, "b:81" },
	{ "--connect-to of another host", "http://c/",
	  { .connect_to = { "a:80:b:81" } }, "c:80" },
	{ "--connect-to of another port", "http://a:82/",
	  { .connect_to = { "a:80:b:81" } }, "a:82" },
	{ "--connect-to of any host", "http://c/",
	  { .connect_to = { ":80:b:81" } }, "b:81" },
	{ "--connect-to of any port", "http://a:5/",
	  { .connect_to = { "a::b:81" } }, "b:81" },
	{ "--connect-to, only the port", "http://a/",
	  { .connect_to = { "a:80::81" } }, "a:81" },
	{ "--connect-to, only the host", "http://a:7/",
	  { .connect_to = { "::b:" } }, "b:7" },
	{ "the first --connect-to that fits", "http://a/",
	  { .connect_to = { "x::c:1", "a::b:2", "a::d:3" } }, "b:2" },
	{ "the first --connect-to that fits any host", "http://a/",
	  { .connect_to = { "::b:2", "::d:3" } }, "b:2" },
	{ "--connect-to does not lead to the next", "http://a/",
	  { .connect_to = { "a::b:2", "b::d:3" } }, "b:2" },
	{ "--connect-to with addresses", "http://[::1]/",
	  { .connect_to = { "[::1]:80:[::2]:81" } }, "::2:81" },
	{ "--connect-to through a proxy is a tunnel", "http://a/",
	  { .http = "p:1", .connect_to = { "a::b:2" } }, "p:1 tunnel to b:2" },
	{ "--connect-to of a port alone is one, too", "http://a/",
	  { .http = "p:1", .connect_to = { "a:::2" } }, "p:1 tunnel to a:2" },
	{ "--connect-to that changes nothing is not", "http://a/",
	  { .http = "p:1", .connect_to = { "a:::" } }, "p:1 proxy" },
	{ "no_proxy is about the URL's host", "http://a/",
	  { .http = "p:1", .none = "a", .connect_to = { "a::b:2" } }, "b:2" },

	{ "--resolve", "http://a/", { .resolve = { "a:80:10.0.0.1" } },
	  "a:80 10.0.0.1 port 80" },
	{ "--resolve, in any case", "http://A/",
	  { .resolve = { "a:80:10.0.0.1" } }, "A:80 10.0.0.1 port 80" },
	{ "--resolve with +", "http://a/",
	  { .resolve = { "+a:80:10.0.0.1" } }, "a:80 10.0.0.1 port 80" },
	{ "--resolve of several", "http://a/",
	  { .resolve = { "a:80:10.0.0.1,[::1],::2" } },
	  "a:80 10.0.0.1 port 80 ::1 port 80 ::2 port 80" },
	{ "--resolve of another port", "http://a/",
	  { .resolve = { "a:81:10.0.0.1" } }, "a:80" },
	{ "--resolve of another host", "http://a/",
	  { .resolve = { "b:80:10.0.0.1" } }, "a:80" },
	{ "--resolve of all hosts", "http://a/",
	  { .resolve = { "*:80:10.0.0.1" } }, "a:80 10.0.0.1 port 80" },
	{ "a host comes before all hosts", "http://a/",
	  { .resolve = { "a:80:10.0.0.2", "*:80:10.0.0.1" } },
	  "a:80 10.0.0.2 port 80" },
	{ "the last --resolve", "http://a/",
	  { .resolve = { "a:80:10.0.0.1", "a:80:10.0.0.2" } },
	  "a:80 10.0.0.2 port 80" },
	{ "--resolve taken back", "http://a/",
	  { .resolve = { "a:80:10.0.0.1", "-a:80" } }, "a:80" },
	{ "--resolve taken back before it came", "http://a/",
	  { .resolve = { "-a:80", "a:80:10.0.0.1" } },
	  "a:80 10.0.0.1 port 80" },
	{ "--resolve of the other family is left out", "http://a/",
	  { .ipv6 = true, .resolve = { "a:80:10.0.0.1,::1" } },
	  "a:80 v6 ::1 port 80" },
	{ "--resolve of the proxy", "http://a/",
	  { .http = "p:1", .resolve = { "p:1:10.0.0.1" } },
	  "p:1 proxy 10.0.0.1 port 1" },
	{ "--resolve of what --connect-to names", "http://a/",
	  { .connect_to = { "a::b:2" }, .resolve = { "b:2:10.0.0.1" } },
	  "b:2 10.0.0.1 port 2" },

	{ "a unix socket", "http://a/", { .unix_socket = "/run/s" },
	  "a:80 /run/s" },
	{ "an abstract one", "http://a/",
	  { .unix_socket = "@s" }, "a:80 @s" },
	{ "a unix socket comes before all", "http://a/",
	  { .unix_socket = "/run/s", .http = "p:1",
	    .connect_to = { "a::b:2" }, .resolve = { "a:80:10.0.0.1" } },
	  "a:80 /run/s" },
};

static void
goes(void **state)
{
	const struct good *g = *state;
	char why[TEXT_ROOM], got[TEXT_ROOM];
	struct buf w = buf_over(why, sizeof why), b = buf_over(got, sizeof got);
	struct route route = { 0 };

	assert_int_equal(find(&g->given, g->url, &route, &w), GET_OK);
	assert_int_equal(w.len, 0);
	assert_string_equal(in_words(&b, &route), g->want);
	dial_end(&route.set);
}

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A256 A64 A64 A64 A64
static const struct bad {
	const char  *name, *url;
	struct given given;
	int          code;
	const char  *why;
} bads[] = {
	{ "a host too long", "http://" A256 "/", { 0 }, GET_URL,
	  "the host's name is longer than 255 bytes" },
	{ "a host with an encoded control", "http://a%0ab/", { 0 }, GET_URL,
	  "the host's name has an encoded byte that no name has" },
	{ "a host with an encoded slash", "http://a%2fb/", { 0 }, GET_URL,
	  "the host's name has an encoded byte that no name has" },
	{ "a proxy of https", "http://a/", { .http = "https://p/" },
	  GET_CONNECT, "Unsupported proxy \"https://p/\": expected "
	  "[http://]HOST[:PORT]" },
	{ "a proxy of SOCKS, whose login is a secret", "http://a/",
	  { .http = "socks5://u:p@p/" }, GET_CONNECT,
	  "Unsupported proxy \"socks5://p/\": expected "
	  "[http://]HOST[:PORT]" },
	{ "a proxy that is not a URL", "http://a/", { .http = "p:x" },
	  GET_PROXY_LOOKUP, NULL },
	{ "a proxy's login with a control", "http://a/",
	  { .http = "u%0a:p@p:1" }, GET_PROXY_LOOKUP,
	  "the proxy's login has a control byte" },
	{ "a proxy's login too long", "http://a/",
	  { .http = "p:1", .user = A256 A256 A256 A256 }, GET_URL,
	  "the fields for the proxy (its login, -A) are longer than 1024 "
	  "bytes" },
	{ "a proxy's host with an encoded control", "http://a/",
	  { .http = "p%0a:1" }, GET_URL,
	  "the host's name has an encoded byte that no name has" },
	{ "--connect-to with a bad port", "http://a/",
	  { .connect_to = { "a:80:b:x" } }, GET_SYNTAX,
	  "No valid port number in connect to host string (a:80:b:x)" },
	{ "--connect-to with a port too large", "http://c/",
	  { .connect_to = { "a:80:b:65536" } }, GET_SYNTAX, NULL },
	{ "--connect-to with a host too long", "http://a/",
	  { .connect_to = { "a:80:" A256 ":1" } }, GET_SYNTAX,
	  "--connect-to's host is longer than 255 bytes" },
	{ "--resolve without an address", "http://a/",
	  { .resolve = { "a:80" } }, GET_SYNTAX,
	  "Couldn't parse --resolve entry 'a:80'" },
	{ "--resolve without a host", "http://a/",
	  { .resolve = { ":80:10.0.0.1" } }, GET_SYNTAX, NULL },
	{ "--resolve with a bad port", "http://a/",
	  { .resolve = { "a:x:10.0.0.1" } }, GET_SYNTAX, NULL },
	{ "--resolve with a name", "http://a/",
	  { .resolve = { "a:80:b" } }, GET_SYNTAX, NULL },
	{ "--resolve with half of the brackets", "http://a/",
	  { .resolve = { "a:80:[::1" } }, GET_SYNTAX, NULL },
	{ "--resolve with the other half", "http://a/",
	  { .resolve = { "a:80:1::]" } }, GET_SYNTAX, NULL },
	{ "--resolve of another host is read too", "http://a/",
	  { .resolve = { "b:80:10.0.0.1,b" } }, GET_SYNTAX, NULL },
	{ "a unix socket's path too long", "http://a/",
	  { .unix_socket = "/" A64 A64 }, GET_LOOKUP,
	  "Unix socket path too long: '/" A64 A64 "': expected 1 to 107 "
	  "bytes" },
	{ "a unix socket without a path", "http://a/", { .unix_socket = "" },
	  GET_LOOKUP,
	  "Unix socket path too long: '': expected 1 to 107 bytes" },
};

static void
refuses(void **state)
{
	const struct bad *r = *state;
	char why[TEXT_ROOM];
	struct buf w = buf_over(why, sizeof why);
	struct route route = { 0 };

	assert_int_equal(find(&r->given, r->url, &route, &w), r->code);
	assert_true(w.len > 0);
	if (r->why != NULL)
		assert_string_equal(buf_text(&w), r->why);
	dial_end(&route.set);
}

static const struct field_row {
	const char  *name, *url;
	struct given given;
	const char  *want;
} field_rows[] = {
	{ "a proxy gets no field of its own", "http://a/",
	  { .http = "p:1" }, "" },
	{ "a proxy gets -U", "http://a/", { .http = "p:1", .user = "u:p" },
	  "Proxy-Authorization: Basic dTpw\r\n" },
	{ "-U without a password", "http://a/",
	  { .http = "p:1", .user = "u" },
	  "Proxy-Authorization: Basic dTo=\r\n" },
	{ "a proxy gets its URL's login, decoded", "http://a/",
	  { .http = "http://%75:p@p:1" },
	  "Proxy-Authorization: Basic dTpw\r\n" },
	{ "a proxy's URL with an empty login", "http://a/",
	  { .http = "http://:@p:1" }, "" },
	{ "-U comes before its URL's", "http://a/",
	  { .http = "http://x:y@p:1", .user = "u:p" },
	  "Proxy-Authorization: Basic dTpw\r\n" },
	{ "a tunnel gets the agent", "https://a/",
	  { .https = "p:1", .user = "u:p" },
	  "Proxy-Authorization: Basic dTpw\r\nUser-Agent: us\r\n"
	  "Proxy-Connection: Keep-Alive\r\n" },
	{ "a tunnel gets -A", "https://a/", { .https = "p:1", .agent = "me" },
	  "User-Agent: me\r\nProxy-Connection: Keep-Alive\r\n" },
	{ "a tunnel gets no agent without one", "https://a/",
	  { .https = "p:1", .agent = "" },
	  "Proxy-Connection: Keep-Alive\r\n" },
};

static void
says_to_the_proxy(void **state)
{
	const struct field_row *r = *state;
	char why[TEXT_ROOM];
	struct buf w = buf_over(why, sizeof why);
	struct route route = { 0 };

	assert_int_equal(find(&r->given, r->url, &route, &w), GET_OK);
	assert_string_equal(route.tunnel_fields, r->want);
	dial_end(&route.set);
}

static void
a_route_forgets_the_one_before(void **state)
{
	static const struct given first = {
		.https = "p:1", .resolve = { "p:1:10.0.0.1,10.0.0.2,10.0.0.3" }
	};
	static const struct given second = { 0 };
	char why[TEXT_ROOM], got[TEXT_ROOM];
	struct buf w = buf_over(why, sizeof why), b = buf_over(got, sizeof got);
	struct route route = { 0 };

	(void)state;
	assert_int_equal(find(&first, "https://a/", &route, &w), GET_OK);
	assert_int_equal(find(&second, "http://b/", &route, &w), GET_OK);
	assert_string_equal(in_words(&b, &route), "b:80");
	dial_end(&route.set);
}

int
main(void)
{
	UNIT_ROWS(goes, goods);
	UNIT_ROWS(refuses, bads);
	UNIT_ROWS(says_to_the_proxy, field_rows);
	UNIT_TEST(a_route_forgets_the_one_before);
	return unit_run("get/route");
}
