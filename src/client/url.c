/* SPDX-License-Identifier: MIT */
/* client/url.c - URLs to parts, references to URLs */
#include "client/url.h"

#include <strings.h>

#include "base/err.h"
#include "base/parse.h"
#include "base/percent.h"
#include "net/ip.h"

#define PORT_HTTP  80
#define PORT_HTTPS 443

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The scheme's length where text starts with "scheme:", else 0. */
static size_t
scheme_len(struct span text)
{
	size_t n = 0;

	if (text.len == 0 || !is_alpha(text.p[0]))
		return 0;
	while (n < text.len
	    && (is_alpha(text.p[n]) || (text.p[n] >= '0' && text.p[n] <= '9')
	        || is_one_of(text.p[n], "+-.")))
		n++;
	return n < text.len && text.p[n] == ':' ? n : 0;
}

/* Says what was expected. Returns ERR_PARSE. */
static int
refuse(const char **expected, const char *words)
{
	*expected = words;
	return ERR_PARSE;
}

/* Cuts "scheme://" off *rest, where it is written. */
static int
read_scheme(struct url *u, struct span *rest, const char **expected)
{
	struct span scheme = { rest->p, scheme_len(*rest) };

	if (scheme.len == 0
	 || !span_has_prefix(span_after(*rest, scheme.len), "://")) {
		/* "localhost:8080/x" is a host and a port, "http:/x" a slip */
		bool slip = (span_is_word(scheme, "http")
		             || span_is_word(scheme, "https"))
		         && (rest->len == scheme.len + 1
		             || rest->p[scheme.len + 1] == '/');

		return slip ? refuse(expected, "// after the scheme") : 0;
	}
	u->has_scheme = true;
	u->is_https = span_is_word(scheme, "https");
	if (!u->is_https && !span_is_word(scheme, "http"))
		return ERR_SCHEME;
	*rest = span_after(*rest, scheme.len + 3);
	return 0;
}

/* Cuts "user:password@" off *host. Readers differ in which of two '@' ends it,
 * and so in the host: there is one. */
static int
read_user(struct url *u, struct span *host, const char **expected)
{
	struct span login;

	if (!span_has(*host, '@'))
		return 0;
	login = span_cut(host, '@');
	if (span_has(*host, '@'))
		return refuse(expected, "only one @ before the path; another "
		                        "is written %40");
	u->user = login;
	if (span_has(login, ':')) {
		u->password = login;
		u->user = span_cut(&u->password, ':');
	}
	return 0;
}

/* What follows the host: "", ":" (RFC 3986, 3.2.3) or ":PORT". */
static int
read_port(struct url *u, struct span text, const char **expected)
{
	uint64_t port;

	u->port = u->is_https ? PORT_HTTPS : PORT_HTTP;
	if (text.len > 0 && text.p[0] != ':')
		return refuse(expected, "a : or / after the address");
	text = span_after(text, 1);
	if (text.len == 0)
		return 0;
	if (parse_uint_span(text, UINT16_MAX, &port) < 0)
		return refuse(expected, "a port of 0 to 65535");
	u->port = (uint16_t)port;
	u->has_port = true;
	return 0;
}

/* No byte that would end the host for another reader or starts what is no host,
 * a "host;password=x" for instance: curl refuses these, too. Nor an encoded
 * '@', by which a login would be looked up as a name and shown. */
static bool
is_host(struct span s)
{
	return s.len > 0 && span_find(s, " \"<>\\^`{|}[]@!$&'()*+,;=") == s.len
	    && span_find_text(s, "%40") == NULL;
}

/* What stands in brackets: colons and, behind %, a zone. */
static bool
is_v6(struct span s)
{
	struct span zone = s, address = span_cut(&zone, '%');

	for (size_t i = 0; i < address.len; i++)
		if (parse_hex_digit(address.p[i]) < 0
		 && !is_one_of(address.p[i], ":."))
			return false;
	return address.len > 0 && (zone.len == 0 || is_host(zone));
}

/* An address loses a dot at its end: it is not a name whose search ends there.
 * A certificate's and no_proxy's have none. */
static struct span
without_dot(struct span host)
{
	struct span address = { host.p, host.len - 1 };
	struct ip unused;

	return host.len > 0 && host.p[address.len] == '.'
	    && ip_read_loose(&unused, NULL, address) == 0 ? address : host;
}

static int
read_host(struct url *u, struct span text, const char **expected)
{
	struct span rest = span_after(text, 1);

	u->is_v6 = span_has_prefix(text, "[");
	if (u->is_v6 && !span_has(rest, ']'))
		return refuse(expected, "a ] after the address");
	if (!u->is_v6)
		rest = text;
	u->host.p = rest.p;
	u->host.len = span_find(rest, u->is_v6 ? "]" : ":");
	text = span_after(rest, u->host.len + (u->is_v6 ? 1 : 0));
	if (!(u->is_v6 ? is_v6(u->host) : is_host(u->host)))
		return refuse(expected, "a host name or an address");
	if (!u->is_v6)
		u->host = without_dot(u->host);
	return read_port(u, text, expected);
}

static int
verify_bytes(struct span s, const char **expected)
{
	if (span_has(s, ' '))
		return refuse(expected, "no space in it; a space is written "
		                        "%20");
	if (span_has_control(s, false))
		return refuse(expected, "no control byte in it");
	return 0;
}

static int
read_url(struct url *u, struct span text, const char **expected)
{
	struct span host, rest;
	int r = verify_bytes(text, expected);

	u->fragment = text;
	rest = span_cut(&u->fragment, '#');
	r = r < 0 ? r : read_scheme(u, &rest, expected);
	host = (struct span){ rest.p, span_find(rest, "/?") };
	u->path = span_after(rest, host.len);
	r = r < 0 ? r : read_user(u, &host, expected);
	if (r == 0 && host.len == 0)
		return refuse(expected, "a host");
	return r < 0 ? r : read_host(u, host, expected);
}

/* see client/url.h */
int
url_read(struct url *out, struct span text)
{
	struct url u = { 0 };
	const char *unused;
	int r = text.len > URL_MAX ? ERR_TOOBIG : read_url(&u, text, &unused);

	if (r == 0)
		*out = u;
	return r;
}

/* see client/url.h */
const char *
url_expected(struct span text)
{
	const char *expected = "http:// or https://";	/* ERR_SCHEME's */
	struct url u = { 0 };

	if (text.len > URL_MAX)
		return "at most " BUF_DIGITS(URL_MAX) " bytes";
	(void)read_url(&u, text, &expected);
	return expected;
}

static void
write_host(struct buf *b, const struct url *u, struct span host, bool port)
{
	buf_fmt(b, u->is_v6 ? "[%.*s]" : "%.*s", (int)host.len, host.p);
	if (port || u->port != (u->is_https ? PORT_HTTPS : PORT_HTTP))
		buf_fmt(b, ":%u", u->port);
}

/* see client/url.h */
void
url_write_host(struct buf *b, const struct url *u)
{
	struct span zone = u->host;

	/* A zone means something on this machine only (RFC 6874, 4). */
	write_host(b, u, u->is_v6 ? span_cut(&zone, '%') : zone, false);
}

static bool
is_dots(struct span segment, size_t dots)
{
	size_t n = 0;

	while (segment.len > 0) {	/* "%2e" is a dot too */
		size_t step = segment.p[0] == '.' ? 1 : 3;

		if (step == 3 && (segment.len < 3
		              || strncasecmp(segment.p, "%2e", 3) != 0))
			return false;
		segment = span_after(segment, step);
		n++;
	}
	return n == dots;
}

/* Takes the last segment that was written behind `from` away again. */
static void
drop_segment(struct buf *b, size_t from)
{
	while (b->len > from && b->p[--b->len] != '/')
		continue;
}

/* Appends text as a request line may have it (RFC 9112, 3.2), so that
 * url_read() takes it too; in a query a space is "+", as curl has it. A %XX
 * gets its digits in capitals (RFC 3986, 6.2.2.1). */
static void
write_encoded(struct buf *b, struct span text)
{
	bool in_query = false;

	while (text.len > 0) {
		int byte = percent_byte(text);
		char c = byte < 0 ? text.p[0] : (char)byte;

		in_query |= text.p[0] == '?';
		if (byte < 0 && c > ' ' && c < 0x7f)
			buf_byte(b, (unsigned char)c);
		else if (byte < 0 && c == ' ' && in_query)
			buf_str(b, "+");
		else
			percent_encode(b, c);
		text = span_after(text, byte < 0 ? 1 : 3);
	}
}

/* RFC 3986, 5.2.4; path starts with '/'. */
static void
write_squashed(struct buf *b, struct span path,
               void (*write)(struct buf *b, struct span segment))
{
	size_t from = b->len;

	path = span_after(path, 1);
	for (;;) {
		const char *start = path.p;
		struct span segment = span_cut(&path, '/');
		bool is_last = start + segment.len == path.p;

		if (is_dots(segment, 2)) {
			drop_segment(b, from);
		} else if (!is_dots(segment, 1)) {
			buf_str(b, "/");
			write(b, segment);
			if (is_last)
				return;
			continue;
		}
		if (is_last) {
			buf_str(b, "/");
			return;
		}
	}
}

static void
write_target(struct buf *b, const struct url *u, bool as_is,
             void (*write)(struct buf *b, struct span segment))
{
	struct span query = u->path, path = span_cut(&query, '?');

	if (path.len == 0)
		buf_str(b, "/");
	else if (as_is)
		write(b, path);
	else
		write_squashed(b, path, write);
	buf_add(b, span_after(u->path, path.len));
}

/* see client/url.h */
void
url_write_target(struct buf *b, const struct url *u, bool as_is)
{
	write_target(b, u, as_is, write_encoded);
}

static void
write_scheme(struct buf *b, const struct url *u)
{
	buf_str(b, u->is_https ? "https://" : "http://");
}

/* see client/url.h */
void
url_write(struct buf *b, const struct url *u, bool as_is)
{
	write_scheme(b, u);
	write_host(b, u, u->host, u->has_port);
	write_target(b, u, as_is, buf_add);
}

static void
write_origin(struct buf *b, const struct url *u, bool with_login)
{
	write_scheme(b, u);
	if (with_login && url_has_login(u))
		buf_fmt(b, "%.*s%s%.*s@", (int)u->user.len, u->user.p,
		        u->password.p != NULL ? ":" : "",
		        (int)u->password.len, u->password.p);
	write_host(b, u, u->host, false);
}

/* see client/url.h */
void
url_resolve(struct buf *b, const struct url *base, struct span ref,
            bool with_login)
{
	struct span path = base->path, dir;

	path = span_cut(&path, '?');
	dir = path;
	while (dir.len > 0 && dir.p[dir.len - 1] != '/')
		dir.len--;
	if (scheme_len(ref) > 0) {
		write_encoded(b, ref);
		return;
	}
	if (span_has_prefix(ref, "//")) {
		buf_str(b, base->is_https ? "https:" : "http:");
		write_encoded(b, ref);
		return;
	}
	write_origin(b, base, with_login);
	if (ref.len == 0 || ref.p[0] == '#')
		buf_add(b, base->path);
	else if (ref.p[0] == '?')
		write_encoded(b, path);
	else if (ref.p[0] != '/' && dir.len > 0)
		write_encoded(b, dir);
	else if (ref.p[0] != '/')
		buf_str(b, "/");
	write_encoded(b, ref);
}

/* see client/url.h */
int
url_write_login(struct buf *b, const struct url *u)
{
	int r = percent_decode(b, u->user);

	buf_str(b, ":");
	return r < 0 ? r : percent_decode(b, u->password);
}

/* see client/url.h */
bool
url_is_same_host(const struct url *a, const struct url *b)
{
	return span_is_same(a->host, b->host);
}

/* see client/url.h */
bool
url_is_same_origin(const struct url *a, const struct url *b)
{
	return a->is_https == b->is_https && a->port == b->port
	    && url_is_same_host(a, b);
}
