/* SPDX-License-Identifier: MIT */
/* test_get_head.c - the head of a request, field by field */
#include "unit.h"

#include <stdio.h>

#include "client/request.h"
#include "get/exit.h"
#include "get/head.h"

#define LINES_MAX 6
#define HEAD_ROOM 32768

/* What of it differs from a GET of http://a/p by hale itself. */
struct given {
	const char *url;	/* http://a/p */
	const char *method;	/* GET */
	const char *lines[LINES_MAX];
	const char *data;
	const char *user, *referer, *cookie, *range, *bearer, *token, *target;
	const char *agent;	/* us */
	bool        json, get, http10, as_is;
	bool        via_proxy, tunnel;
	bool        moved, untrusted, elsewhere, posts, puts, chunked;
	uint64_t    length, resume_from;
};

struct made {
	struct options o;
	struct head    h;
	struct url     url;
	struct route   route;
	struct span    headers[LINES_MAX], lines[LINES_MAX];
};

static void
make(struct made *m, const struct given *g)
{
	const char *url = g->url != NULL ? g->url : "http://a/p";

	memset(m, 0, sizeof *m);
	assert_int_equal(url_read(&m->url, guarded_span(url)), 0);
	m->o = (struct options){
		.headers = m->headers, .user = g->user, .referer = g->referer,
		.cookie = g->cookie, .range = g->range, .bearer = g->bearer,
		.target = g->target, .json = g->json, .get = g->get,
		.http10 = g->http10, .path_as_is = g->as_is,
		.agent = g->agent != NULL ? g->agent : "us",
	};
	for (; m->o.n_headers < LINES_MAX
	    && g->lines[m->o.n_headers] != NULL; m->o.n_headers++) {
		struct span line = guarded_span(g->lines[m->o.n_headers]);

		assert_int_equal(request_verify_line(line), 0);
		m->headers[m->o.n_headers] = line;
	}
	if (g->data != NULL)
		m->o.data = (struct bytes){ guarded_text(g->data),
		                            strlen(g->data), true };
	m->route.via_proxy = g->via_proxy;
	m->route.tunnel = g->tunnel;
	(void)snprintf(m->route.tunnel_fields, sizeof m->route.tunnel_fields,
	               "X-Proxy: 1\r\n");
	m->h = (struct head){
		.url = &m->url, .route = &m->route,
		.method = g->method != NULL ? g->method : "GET",
		.lines = m->lines, .moved = g->moved, .trusted = !g->untrusted,
		.same_host = !g->elsewhere, .posts = g->posts,
		.puts = g->puts, .chunked = g->chunked, .length = g->length,
		.resume_from = g->resume_from,
	};
	if (g->token != NULL)
		m->h.token = guarded_span(g->token);
}

#define GET_P  "GET /p HTTP/1.1|"
#define HOST   "Host: a|"
#define AGENT  "User-Agent: us|"
#define ACCEPT "Accept: */*|"
#define FORM   "Content-Type: application/x-www-form-urlencoded|"
/* A line's end is "|". */
static const struct good {
	const char  *name;
	struct given given;
	const char  *want;
} goods[] = {
	{ "a GET", { 0 }, GET_P HOST AGENT ACCEPT },
	{ "another method", { .method = "FOO" },
	  "FOO /p HTTP/1.1|" HOST AGENT ACCEPT },
	{ "HTTP/1.0", { .http10 = true },
	  "GET /p HTTP/1.0|" HOST AGENT ACCEPT },
	{ "no path", { .url = "http://a" },
	  "GET / HTTP/1.1|" HOST AGENT ACCEPT },
	{ "a path with dots", { .url = "http://a/b/../c" },
	  "GET /c HTTP/1.1|" HOST AGENT ACCEPT },
	{ "--path-as-is", { .url = "http://a/b/../c", .as_is = true },
	  "GET /b/../c HTTP/1.1|" HOST AGENT ACCEPT },
	{ "--request-target", { .target = "*" },
	  "GET * HTTP/1.1|" HOST AGENT ACCEPT },
	{ "a port that was written", { .url = "http://a:8080/p" },
	  GET_P "Host: a:8080|" AGENT ACCEPT },
	{ "an address", { .url = "http://[::1]:81/p" },
	  GET_P "Host: [::1]:81|" AGENT ACCEPT },

	{ "-G", { .get = true, .data = "x=1" },
	  "GET /p?x=1 HTTP/1.1|" HOST AGENT ACCEPT },
	{ "-G after a query",
	  { .url = "http://a/p?q", .get = true, .data = "x=1" },
	  "GET /p?q&x=1 HTTP/1.1|" HOST AGENT ACCEPT },
	{ "-G without a path",
	  { .url = "http://a", .get = true, .data = "x=1" },
	  "GET /?x=1 HTTP/1.1|" HOST AGENT ACCEPT },
	{ "-G without data", { .get = true, .data = "" },
	  GET_P HOST AGENT ACCEPT },
	{ "-G after a redirect",
	  { .get = true, .data = "x=1", .moved = true },
	  GET_P HOST AGENT ACCEPT },

	{ "-A", { .agent = "me" }, GET_P HOST "User-Agent: me|" ACCEPT },
	{ "-A of nothing", { .agent = "" }, GET_P HOST ACCEPT },
	{ "-e", { .referer = "r" }, GET_P HOST AGENT ACCEPT "Referer: r|" },
	{ "-e of nothing", { .referer = "" }, GET_P HOST AGENT ACCEPT },
	{ "-b", { .cookie = "c=1" }, GET_P HOST AGENT ACCEPT "Cookie: c=1|" },
	{ "-b at another server", { .cookie = "c=1", .untrusted = true },
	  GET_P HOST AGENT ACCEPT },

	{ "-u", { .user = "u:p" },
	  GET_P HOST "Authorization: Basic dTpw|" AGENT ACCEPT },
	{ "-u without a password", { .user = "u" },
	  GET_P HOST "Authorization: Basic dTo=|" AGENT ACCEPT },
	{ "-u at another server", { .user = "u:p", .untrusted = true },
	  GET_P HOST AGENT ACCEPT },
	{ "the URL's login", { .url = "http://%75:p@a/p" },
	  GET_P HOST "Authorization: Basic dTpw|" AGENT ACCEPT },
	{ "a URL's login that is empty", { .url = "http://@a/p" },
	  GET_P HOST AGENT ACCEPT },
	{ "a URL's login that is a colon", { .url = "http://:@a/p" },
	  GET_P HOST AGENT ACCEPT },
	{ "a URL's password alone", { .url = "http://:p@a/p" },
	  GET_P HOST "Authorization: Basic OnA=|" AGENT ACCEPT },
	{ "-u comes before the URL's",
	  { .url = "http://x:y@a/p", .user = "u:p" },
	  GET_P HOST "Authorization: Basic dTpw|" AGENT ACCEPT },
	{ "the URL's login at another server",
	  { .url = "http://u:p@a/p", .untrusted = true },
	  GET_P HOST AGENT ACCEPT },
	{ "--bearer-file's token", { .bearer = "f", .token = "t" },
	  GET_P HOST "Authorization: Bearer t|" AGENT ACCEPT },
	{ "-u comes before the token", { .token = "t", .user = "u:p" },
	  GET_P HOST "Authorization: Basic dTpw|" AGENT ACCEPT },
	{ "the user's own Authorization",
	  { .user = "u:p", .lines = { "Authorization: mine" } },
	  GET_P HOST AGENT ACCEPT "Authorization: mine|" },
	{ "no Authorization at all",
	  { .user = "u:p", .lines = { "authorization:" } },
	  GET_P HOST AGENT ACCEPT },
	{ "the user's own at another server",
	  { .untrusted = true, .lines = { "AUTHORIZATION: mine", "A: 1" } },
	  GET_P HOST AGENT ACCEPT "A: 1|" },
	{ "the user's cookie", { .lines = { "Cookie: c=2" } },
	  GET_P HOST AGENT ACCEPT "Cookie: c=2|" },
	{ "the user's cookie at another server",
	  { .untrusted = true, .lines = { "Cookie: c=2", "Cookie;" } },
	  GET_P HOST AGENT ACCEPT },
	{ "names that only start so",
	  { .untrusted = true, .lines = { "Cookie2: 1", "Authorizations: 2" } },
	  GET_P HOST AGENT ACCEPT "Cookie2: 1|Authorizations: 2|" },

	{ "the user's lines in their order",
	  { .lines = { "B: 2", "A: 1", "C;" } },
	  GET_P HOST AGENT ACCEPT "B: 2|A: 1|C:|" },
	{ "the user's own Host", { .lines = { "Host: b" } },
	  GET_P AGENT ACCEPT "Host: b|" },
	{ "the user's own Host at another host",
	  { .elsewhere = true, .lines = { "host: b" } },
	  GET_P HOST AGENT ACCEPT },
	{ "no Host", { .lines = { "Host:" } }, GET_P AGENT ACCEPT },
	{ "the user's own of each",
	  { .referer = "r", .cookie = "c=1", .range = "1-2",
	    .lines = { "User-Agent: me", "Accept: x/y", "Referer: s",
	               "Cookie: d=1", "Range: bytes=3-" } },
	  GET_P HOST "User-Agent: me|Accept: x/y|Referer: s|Cookie: d=1|"
	  "Range: bytes=3-|" },

	{ "-r", { .range = "1-2" },
	  GET_P HOST "Range: bytes=1-2|" AGENT ACCEPT },
	{ "-C", { .resume_from = 5 },
	  GET_P HOST "Range: bytes=5-|" AGENT ACCEPT },
	{ "-C from the second byte on", { .resume_from = 1 },
	  GET_P HOST "Range: bytes=1-|" AGENT ACCEPT },
	{ "-C from a place far away", { .resume_from = 5000000000 },
	  GET_P HOST "Range: bytes=5000000000-|" AGENT ACCEPT },
	{ "no range of a request with a body",
	  { .resume_from = 5, .posts = true, .length = 2 },
	  GET_P HOST AGENT ACCEPT "Content-Length: 2|" FORM },

	{ "a POST", { .method = "POST", .posts = true, .length = 3 },
	  "POST /p HTTP/1.1|" HOST AGENT ACCEPT "Content-Length: 3|" FORM },
	{ "a POST of nothing", { .method = "POST", .posts = true },
	  "POST /p HTTP/1.1|" HOST AGENT ACCEPT "Content-Length: 0|" FORM },
	{ "--json",
	  { .method = "POST", .posts = true, .length = 3, .json = true },
	  "POST /p HTTP/1.1|" HOST AGENT "Accept: application/json|"
	  "Content-Length: 3|Content-Type: application/json|" },
	{ "a PUT", { .method = "PUT", .puts = true, .length = 3 },
	  "PUT /p HTTP/1.1|" HOST AGENT ACCEPT "Content-Length: 3|" },
	{ "a PUT in chunks", { .method = "PUT", .puts = true, .chunked = true },
	  "PUT /p HTTP/1.1|" HOST AGENT ACCEPT "Transfer-Encoding: chunked|" },
	{ "the user's own type",
	  { .posts = true, .length = 3, .lines = { "Content-Type: t" } },
	  GET_P HOST AGENT ACCEPT "Content-Type: t|Content-Length: 3|" },
	{ "the user's own length, if it is right",
	  { .posts = true, .length = 3, .lines = { "Content-Length: 3" } },
	  GET_P HOST AGENT ACCEPT "Content-Length: 3|" FORM },
	{ "the user's own chunks",
	  { .puts = true, .chunked = true,
	    .lines = { "Transfer-Encoding: chunked" } },
	  GET_P HOST AGENT ACCEPT "Transfer-Encoding: chunked|" },
	{ "a body's fields after a redirect to a GET",
	  { .moved = true, .lines = { "Content-Length: 3", "A: 1",
	                              "Transfer-Encoding: chunked" } },
	  GET_P HOST AGENT ACCEPT "A: 1|" },
	{ "a body's fields after a redirect that keeps it",
	  { .moved = true, .posts = true, .length = 3,
	    .lines = { "Content-Length: 3" } },
	  GET_P HOST AGENT ACCEPT "Content-Length: 3|" FORM },

	{ "through a proxy", { .via_proxy = true },
	  "GET http://a/p HTTP/1.1|" HOST "X-Proxy: 1|" AGENT ACCEPT
	  "Proxy-Connection: Keep-Alive|" },
	{ "through a proxy, to a port",
	  { .url = "http://a:81/p?q", .via_proxy = true },
	  "GET http://a:81/p?q HTTP/1.1|Host: a:81|X-Proxy: 1|" AGENT ACCEPT
	  "Proxy-Connection: Keep-Alive|" },
	{ "through a tunnel", { .via_proxy = true, .tunnel = true },
	  GET_P HOST AGENT ACCEPT },
};

static const char *
with_bars(struct buf *b)
{
	size_t to = 0;

	(void)buf_text(b);
	for (size_t i = 0; i < b->len; i++) {
		assert_int_equal(b->p[i] == '\r', b->p[i + 1] == '\n');
		if (b->p[i] != '\r')
			b->p[to++] = b->p[i] == '\n' ? '|' : b->p[i];
	}
	b->p[to] = '\0';
	return b->p;
}

static void
writes(void **state)
{
	static char head[HEAD_ROOM];
	const struct good *g = *state;
	char why[256], want[2048];
	struct buf w = buf_over(why, sizeof why);
	struct buf b = buf_over(head, sizeof head);
	struct made m;

	make(&m, &g->given);
	(void)snprintf(want, sizeof want, "%s|", g->want);
	assert_int_equal(head_write(&b, &m.o, &m.h, &w), GET_OK);
	assert_int_equal(w.len, 0);
	assert_string_equal(with_bars(&b), want);
}

static const struct bad {
	const char  *name;
	struct given given;
	int          code;
	const char  *why;
} bads[] = {
	{ "a length that is not the body's",
	  { .posts = true, .length = 3, .lines = { "Content-Length: 4" } },
	  GET_USAGE, "-H Content-Length contradicts the body, which has 3 "
	  "bytes" },
	{ "a length without a body", { .lines = { "Content-Length: 4" } },
	  GET_USAGE, "-H Content-Length contradicts the body, which has 0 "
	  "bytes" },
	{ "a wrong length after a redirect that keeps the body",
	  { .moved = true, .posts = true, .length = 3,
	    .lines = { "Content-Length: 4" } },
	  GET_USAGE, "-H Content-Length contradicts the body, which has 3 "
	  "bytes" },
	{ "chunks of a body that has a length",
	  { .posts = true, .length = 3,
	    .lines = { "Transfer-Encoding: chunked" } },
	  GET_USAGE, "-H Transfer-Encoding contradicts the body, which has 3 "
	  "bytes" },
	{ "a length of a body in chunks",
	  { .puts = true, .chunked = true, .lines = { "Content-Length: 4" } },
	  GET_USAGE, "-H Content-Length contradicts the body, which is sent "
	  "in chunks" },
	{ "chunks in HTTP/1.0",
	  { .puts = true, .chunked = true, .http10 = true },
	  GET_USAGE, "-0: HTTP/1.0 has no chunks, and the length of -T's body "
	  "is not known" },
	{ "a URL's login with a control", { .url = "http://u%0a@a/" },
	  GET_URL, "the URL's login has a control byte" },
};

static void
refuses(void **state)
{
	static char head[HEAD_ROOM];
	const struct bad *r = *state;
	char why[256];
	struct buf w = buf_over(why, sizeof why);
	struct buf b = buf_over(head, sizeof head);
	struct made m;

	make(&m, &r->given);
	assert_int_equal(head_write(&b, &m.o, &m.h, &w), r->code);
	assert_string_equal(buf_text(&w), r->why);
}

static void
a_head_that_does_not_fit_is_refused(void **state)
{
	static const struct given given = { .user = "u:p" };
	char why[256];
	struct buf w = buf_over(why, sizeof why), b = guarded_buf(HEAD_ROOM);
	struct made m;
	size_t whole;

	(void)state;
	make(&m, &given);
	assert_int_equal(head_write(&b, &m.o, &m.h, &w), GET_OK);
	whole = b.len;
	b = guarded_buf(whole);
	assert_int_equal(head_write(&b, &m.o, &m.h, &w), GET_OK);
	b = guarded_buf(whole - 1);
	assert_int_equal(head_write(&b, &m.o, &m.h, &w), GET_URL);
	assert_non_null(strstr(buf_text(&w), "head is longer than"));
}

static void
a_login_has_a_bound(void **state)
{
	static char user[16384 + 2], head[HEAD_ROOM];
	struct given given = { .user = user };
	char why[256];
	struct buf w = buf_over(why, sizeof why);
	struct buf b = buf_over(head, sizeof head);
	struct made m;

	(void)state;
	memset(user, 'u', 16384);
	user[1] = ':';
	make(&m, &given);
	assert_int_equal(head_write(&b, &m.o, &m.h, &w), GET_OK);
	user[16384] = 'u';
	b.len = 0;
	assert_int_equal(head_write(&b, &m.o, &m.h, &w), GET_URL);
	assert_string_equal(buf_text(&w),
	                    "the login is longer than 16384 bytes");
}

static const struct token_row {
	const char  *name;
	struct given given;
	bool         needed;
} token_rows[] = {
	{ "--bearer-file", { .bearer = "f" }, true },
	{ "no --bearer-file", { 0 }, false },
	{ "-u", { .bearer = "f", .user = "u" }, false },
	{ "a URL's login", { .bearer = "f", .url = "http://u@a/" }, false },
	{ "a URL's empty login", { .bearer = "f", .url = "http://@a/" }, true },
	{ "another server", { .bearer = "f", .untrusted = true }, false },
	{ "the user's own line",
	  { .bearer = "f", .lines = { "Authorization: x" } }, false },
	{ "another line", { .bearer = "f", .lines = { "Accept: x" } }, true },
};

static void
needs_the_token(void **state)
{
	const struct token_row *r = *state;
	struct made m;

	make(&m, &r->given);
	assert_int_equal(head_needs_token(&m.o, &m.h), r->needed);
}

int
main(void)
{
	UNIT_ROWS(writes, goods);
	UNIT_ROWS(refuses, bads);
	UNIT_ROWS(needs_the_token, token_rows);
	UNIT_TEST(a_head_that_does_not_fit_is_refused);
	UNIT_TEST(a_login_has_a_bound);
	return unit_run("get/head");
}
