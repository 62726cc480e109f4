/* SPDX-License-Identifier: MIT */
/* test_http.c - HTTP/1.1 heads */
#include "unit.h"

#include "base/err.h"
#include "net/http.h"

#define H "Host: x\r\n"	/* what HTTP/1.1 asks for */
#define E "\r\n"		/* ends a line or the head */
#define GET_ROOT "GET / HTTP/1.1" E H
#define ANSWER_ROOM 1024

static struct http_fault fault;	/* of the last head that was read */

static int
read_text(struct http_req *req, const char *text)
{
	size_t len = strlen(text);

	return http_read_req(req, &fault, guarded(text, len), len);
}

static const struct good {
	const char *name, *head;
	const char *method, *path, *query, *accept;
	int         minor;
	bool        close, has_body;
} goods[] = {
	{ "the plainest", "GET / HTTP/1.1" E H E,
	  "GET", "/", "", "", 1, false, false },
	{ "a query", "GET /readyz?verbose&exclude=a HTTP/1.1" E H E,
	  "GET", "/readyz", "verbose&exclude=a", "", 1, false, false },
	{ "an empty query", "GET /a? HTTP/1.1" E H E,
	  "GET", "/a", "", "", 1, false, false },
	{ "a query with question marks", "GET /a?b?c HTTP/1.1" E H E,
	  "GET", "/a", "b?c", "", 1, false, false },
	{ "lines that end in LF alone", "GET / HTTP/1.1\nHost: x\n\n",
	  "GET", "/", "", "", 1, false, false },
	{ "empty lines before", E "\n" E "GET / HTTP/1.1" E H E,
	  "GET", "/", "", "", 1, false, false },
	{ "HTTP/1.0 closes", "GET / HTTP/1.0" E E,
	  "GET", "/", "", "", 0, true, false },
	{ "HTTP/1.0 that is kept", "GET / HTTP/1.0" E "Connection: keep-alive"
	  E E, "GET", "/", "", "", 0, false, false },
	{ "HTTP/1.9 is read as 1.1", "GET / HTTP/1.9" E H E,
	  "GET", "/", "", "", 1, false, false },
	{ "a close is told", "GET / HTTP/1.1" E H "Connection: close" E E,
	  "GET", "/", "", "", 1, true, false },
	{ "a close in a list", "GET / HTTP/1.1" E H
	  "cOnNeCtIoN: x ,\tCLOSE , y" E E,
	  "GET", "/", "", "", 1, true, false },
	{ "a close beats keep-alive", "GET / HTTP/1.0" E
	  "Connection: keep-alive" E "Connection: close" E E,
	  "GET", "/", "", "", 0, true, false },
	{ "closed is not close", "GET / HTTP/1.1" E H "Connection: closed" E
	  E, "GET", "/", "", "", 1, false, false },
	{ "the Accept field", "GET / HTTP/1.1" E H
	  "aCCept: \t text/plain ;q=1 \t" E E,
	  "GET", "/", "", "text/plain ;q=1", 1, false, false },
	{ "fields as long as those that are read", "GET / HTTP/1.1" E H
	  "Date: a" E "Cookie: b" E "User-Agent: close" E
	  "Accept-Charset: 5" E "If-Modified-Since: chunked" E E,
	  "GET", "/", "", "", 1, false, false },
	{ "a word as long as close", "GET / HTTP/1.1" E H
	  "Connection: xlose" E E, "GET", "/", "", "", 1, false, false },
	{ "the first and the last of all letters", "azAZ09 / HTTP/1.1" E H
	  "azAZ09: x" E E, "azAZ09", "/", "", "", 1, false, false },
	{ "an empty field", "GET / HTTP/1.1" E H "Accept:" E E,
	  "GET", "/", "", "", 1, false, false },
	{ "an empty Host", "GET / HTTP/1.1" E "Host:" E E,
	  "GET", "/", "", "", 1, false, false },
	{ "bytes above ASCII in a value", "GET / HTTP/1.1" E H
	  "X: \xc3\xa4\xff" E E, "GET", "/", "", "", 1, false, false },
	{ "any method", "M-SEARCH!#$%&'*+.^_`|~ /x HTTP/1.1" E H E,
	  "M-SEARCH!#$%&'*+.^_`|~", "/x", "", "", 1, false, false },
	{ "an asterisk", "OPTIONS * HTTP/1.1" E H E,
	  "OPTIONS", "*", "", "", 1, false, false },
	{ "a whole URL", "GET http://h:80/livez?a HTTP/1.1" E H E,
	  "GET", "/livez", "a", "", 1, false, false },
	{ "a whole URL with its scheme in capitals",
	  "GET HTTP://h/livez HTTP/1.1" E H E,
	  "GET", "/livez", "", "", 1, false, false },
	{ "a whole URL without a path", "GET http://h HTTP/1.1" E H E,
	  "GET", "/", "", "", 1, false, false },
	{ "a whole URL with a query and no path",
	  "GET http://h?a=/livez HTTP/1.1" E H E,
	  "GET", "/", "a=/livez", "", 1, false, false },
	{ "a whole URL of https", "GET https://h:443/livez?a HTTP/1.1" E H E,
	  "GET", "/livez", "a", "", 1, false, false },
	{ "a whole URL of https without a path",
	  "GET hTTpS://h HTTP/1.1" E H E,
	  "GET", "/", "", "", 1, false, false },
	{ "a whole URL of another scheme is a path that nobody has",
	  "GET httpx://h/livez HTTP/1.1" E H E,
	  "GET", "httpx://h/livez", "", "", 1, false, false },
	{ "two slashes before a path", "GET //readyz?a HTTP/1.1" E H E,
	  "GET", "/readyz", "a", "", 1, false, false },
	{ "many slashes before a path", "GET /////readyz HTTP/1.1" E H E,
	  "GET", "/readyz", "", "", 1, false, false },
	{ "nothing but slashes", "GET /// HTTP/1.1" E H E,
	  "GET", "/", "", "", 1, false, false },
	{ "two slashes inside a path", "GET /a//b// HTTP/1.1" E H E,
	  "GET", "/a//b//", "", "", 1, false, false },
	{ "two slashes before a whole URL's path",
	  "GET http://h//readyz HTTP/1.1" E H E,
	  "GET", "/readyz", "", "", 1, false, false },
	{ "bytes above ASCII in a path", "GET /\xc3\xa4\xff HTTP/1.1" E H E,
	  "GET", "/\xc3\xa4\xff", "", "", 1, false, false },
	{ "bytes above ASCII in a query", "GET /a?\xc3\xa4\x80 HTTP/1.1" E H
	  E, "GET", "/a", "\xc3\xa4\x80", "", 1, false, false },
	/* What probers send, byte for byte. */
	{ "HAProxy's plain check", "OPTIONS / HTTP/1.0" E E,
	  "OPTIONS", "/", "", "", 0, true, false },
	{ "HAProxy's http-check send", "GET /readyz HTTP/1.1" E
	  "host: localhost" E "connection: close" E E,
	  "GET", "/readyz", "", "", 1, true, false },
	{ "Apache's OPTIONS", "OPTIONS * HTTP/1.0" E
	  "Host: 127.0.0.1:8080" E E,
	  "OPTIONS", "*", "", "", 0, true, false },
	{ "the kubelet", "GET /readyz HTTP/1.1" E "Host: 10.0.0.7:8080" E
	  "User-Agent: kube-probe/1.31" E "Accept: */*" E
	  "Connection: close" E E,
	  "GET", "/readyz", "", "*/*", 1, true, false },
	{ "Amazon's load balancers", "GET /readyz HTTP/1.1" E
	  "Host: 10.0.0.7:8080" E "Connection: close" E
	  "User-Agent: ELB-HealthChecker/2.0" E
	  "Accept-Encoding: gzip, compressed" E E,
	  "GET", "/readyz", "", "", 1, true, false },
	{ "Consul", "GET /readyz HTTP/1.1" E "Host: 10.0.0.7:8080" E
	  "User-Agent: Consul Health Check" E
	  "Accept: text/plain, text/*, */*" E "Accept-Encoding: gzip" E
	  "Connection: close" E E,
	  "GET", "/readyz", "", "text/plain, text/*, */*", 1, true, false },
	{ "Caddy", "GET /readyz HTTP/1.1" E "Host: 10.0.0.7:8080" E
	  "User-Agent: Go-http-client/1.1" E "Accept-Encoding: gzip" E E,
	  "GET", "/readyz", "", "", 1, false, false },
	{ "Prometheus", "GET /metrics HTTP/1.1" E "Host: 10.0.0.7:8080" E
	  "User-Agent: Prometheus/3.5.3" E "Accept: */*;q=0.2" E
	  "Accept-Encoding: gzip" E "X-Prometheus-Scrape-Timeout-Seconds: 1.5"
	  E E, "GET", "/metrics", "", "*/*;q=0.2", 1, false, false },
	{ "a length of nothing", "GET / HTTP/1.1" E H "Content-Length: 0" E E,
	  "GET", "/", "", "", 1, false, false },
	{ "a length", "POST / HTTP/1.1" E H "content-length: 0010" E E,
	  "POST", "/", "", "", 1, false, true },
	{ "a length that no type holds", "POST / HTTP/1.1" E H
	  "Content-Length: 99999999999999999999999" E E,
	  "POST", "/", "", "", 1, false, true },
	{ "a chunked body", "POST / HTTP/1.1" E H
	  "Transfer-Encoding: chunked" E E,
	  "POST", "/", "", "", 1, false, true },
	{ "any transfer coding", "POST / HTTP/1.1" E H
	  "Transfer-Encoding: gzip" E E,
	  "POST", "/", "", "", 1, false, true },
};

static void
reads(void **state)
{
	const struct good *g = *state;
	size_t whole = strlen(g->head);
	struct http_req req;

	assert_int_equal(read_text(&req, g->head), whole);
	assert_span_equal(g->method, req.method);
	assert_span_equal(g->path, req.path);
	assert_span_equal(g->query, req.query);
	assert_span_equal(g->accept, req.accept);
	assert_int_equal(req.minor, g->minor);
	assert_int_equal(req.close, g->close);
	assert_int_equal(req.has_body, g->has_body);
}

static void
asks_for_more_at_every_prefix(void **state)
{
	const struct good *g = *state;
	size_t whole = strlen(g->head);
	struct http_req req, was;

	memset(&req, 0x5a, sizeof req);
	was = req;
	for (size_t n = 0; n < whole; n++)
		assert_int_equal(0, http_read_req(&req, &fault,
		                                  guarded(g->head, n), n));
	assert_memory_equal(&req, &was, sizeof req);
}

static void
leaves_what_follows_alone(void **state)
{
	const struct good *g = *state;
	char text[512];
	struct buf b = buf_over(text, sizeof text);
	struct http_req req;

	buf_fmt(&b, "%s%s", g->head, "\x16\x03\x01 garbage");
	assert_int_equal(read_text(&req, buf_text(&b)), strlen(g->head));
}

static const struct bad {
	const char *name, *head;
	int         err;
	const char *says;
} bads[] = {
	{ "a space before the colon",
	  "GET / HTTP/1.1" E "Host : x" E E, ERR_PARSE,
	  "a space stands before the colon of the field: \"Host\"" },
	{ "a field without a name", "GET / HTTP/1.1" E H ": x" E E, ERR_PARSE,
	  "a field has no name" },
	{ "a field without a colon", "GET / HTTP/1.1" E H "x" E E, ERR_PARSE,
	  "a field's line has no colon: \"x\"" },
	{ "a folded line", "GET / HTTP/1.1" E H " x: y" E E, ERR_PARSE,
	  "a field's line is folded" },
	{ "a line folded by a tab",
	  "GET / HTTP/1.1" E H "\tx: y" E E, ERR_PARSE,
	  "a field's line is folded" },
	{ "a control byte in a value",
	  "GET / HTTP/1.1" E H "a: \x01" E E, ERR_PARSE,
	  "a control byte is in the field: \"a\"" },
	{ "DEL in a value", "GET / HTTP/1.1" E H "a: \x7f" E E, ERR_PARSE,
	  "a control byte is in the field: \"a\"" },
	{ "a CR inside a value",
	  "GET / HTTP/1.1" E H "a: b\rc: d" E E, ERR_PARSE,
	  "a control byte is in the field: \"a\"" },
	{ "two CRs at a line's end",
	  "GET / HTTP/1.1" E H "a: b\r\r\n" E, ERR_PARSE,
	  "a control byte is in the field: \"a\"" },
	{ "a CR alone as the last line",
	  "GET / HTTP/1.1" E H "\r\r\n", ERR_PARSE,
	  "a field's line has no colon" },
	{ "a byte above ASCII in a name",
	  "GET / HTTP/1.1" E H "\xc3: b" E E, ERR_PARSE,
	  "this cannot be a field's name: \"?\"" },
	{ "a quote in a name", "GET / HTTP/1.1" E H "a\"b: c" E E, ERR_PARSE,
	  "this cannot be a field's name: \"a\"b\"" },
	{ "a full URL that is a scheme alone",
	  "GET http:// HTTP/1.1" E H E, ERR_PARSE,
	  "the target is a URL without a host: \"http://\"" },
	{ "no Host in HTTP/1.1", "GET / HTTP/1.1" E E, ERR_PARSE,
	  "Host is missing: HTTP/1.1 needs it" },
	{ "two Hosts", "GET / HTTP/1.1" E H H E, ERR_PARSE,
	  "Host appears twice" },
	{ "two words as the Host",
	  "GET / HTTP/1.1" E "Host: a b" E E, ERR_PARSE,
	  "Host is not a host name: \"a b\"" },
	{ "a Host above ASCII",
	  "GET / HTTP/1.1" E "Host: \xc3\xa4" E E, ERR_PARSE,
	  "Host is not a host name: \"\xc3\xa4\"" },
	{ "two Hosts in HTTP/1.0", "GET / HTTP/1.0" E H H E, ERR_PARSE,
	  "Host appears twice" },
	{ "two lengths",
	  "GET / HTTP/1.1" E H "Content-Length: 1"
	  E "Content-Length: 1" E E, ERR_PARSE,
	  "Content-Length appears twice" },
	{ "a list of lengths",
	  "GET / HTTP/1.1" E H "Content-Length: 1, 1" E E, ERR_PARSE,
	  "Content-Length is not a number: \"1, 1\"" },
	{ "a length with a sign",
	  "GET / HTTP/1.1" E H "Content-Length: +1" E E, ERR_PARSE,
	  "Content-Length is not a number: \"+1\"" },
	{ "an empty length",
	  "GET / HTTP/1.1" E H "Content-Length:" E E, ERR_PARSE,
	  "Content-Length is empty" },
	{ "a length beside chunks",
	  "GET / HTTP/1.1" E H "Content-Length: 1"
	  E "Transfer-Encoding: chunked" E E, ERR_PARSE,
	  "Content-Length and Transfer-Encoding exclude each other" },
	{ "a length of nothing beside chunks",
	  "GET / HTTP/1.1" E H "Transfer-Encoding: chunked"
	  E "Content-Length: 0" E E, ERR_PARSE,
	  "Content-Length and Transfer-Encoding exclude each other" },
	{ "chunks in HTTP/1.0",
	  "GET / HTTP/1.0" E "Transfer-Encoding: chunked" E E, ERR_PARSE,
	  "HTTP/1.0 has no Transfer-Encoding" },
	{ "no method", " / HTTP/1.1" E H E, ERR_PARSE,
	  "this is not an HTTP request" },
	{ "a tab behind the method", "GET\t/ HTTP/1.1" E H E, ERR_PARSE,
	  "this is not an HTTP request: \"GET?/\"" },
	{ "two spaces before the target", "GET  / HTTP/1.1" E H E, ERR_PARSE,
	  "the request line has no target: \"GET\"" },
	{ "two spaces behind the target", "GET /  HTTP/1.1" E H E, ERR_PARSE,
	  "the request line does not end in an HTTP version: \" HTTP/1.1\"" },
	{ "a space behind the version", "GET / HTTP/1.1 " E H E, ERR_PARSE,
	  "the request line does not end in an HTTP version: \"HTTP/1.1 \"" },
	{ "a fourth word", "GET / x HTTP/1.1" E H E, ERR_PARSE,
	  "the request line does not end in an HTTP version: \"x HTTP/1.1\"" },
	{ "no version", "GET /" E H E, ERR_PARSE,
	  "the request line has no HTTP version: \"GET\"" },
	{ "no target", "GET HTTP/1.1" E H E, ERR_PARSE,
	  "the request line has no HTTP version: \"GET\"" },
	{ "a fragment", "GET /a#b HTTP/1.1" E H E, ERR_PARSE,
	  "the target has a control byte or a #: \"/a#b\"" },
	{ "DEL in the target", "GET /\x7f HTTP/1.1" E H E, ERR_PARSE,
	  "the target has a control byte or a #: \"/?\"" },
	{ "a CR in the target", "GET /\r HTTP/1.1" E H E, ERR_PARSE,
	  "the target has a control byte or a #: \"/?\"" },
	{ "a whole URL without a host",
	  "GET http:///livez HTTP/1.1" E H E, ERR_PARSE,
	  "the target is a URL without a host: \"http:///livez\"" },
	{ "a version in lower case", "GET / http/1.1" E H E, ERR_PARSE,
	  "the request line does not end in an HTTP version: \"http/1.1\"" },
	{ "a version of one digit", "GET / HTTP/1" E H E, ERR_PARSE,
	  "the request line does not end in an HTTP version: \"HTTP/1\"" },
	{ "a version of two digits too many",
	  "GET / HTTP/1.10" E H E, ERR_PARSE,
	  "the request line does not end in an HTTP version: \"HTTP/1.10\"" },
	{ "a version that is no number", "GET / HTTP/1.x" E H E, ERR_PARSE,
	  "the request line does not end in an HTTP version: \"HTTP/1.x\"" },
	{ "HTTP/0.9", "GET / HTTP/0.9" E H E, ERR_VERSION,
	  "the version is neither HTTP/1.1 nor 1.0: \"HTTP/0.9\"" },
	{ "HTTP/2.0", "GET / HTTP/2.0" E H E, ERR_VERSION,
	  "the version is neither HTTP/1.1 nor 1.0: \"HTTP/2.0\"" },
	{ "the preface of HTTP/2", "PRI * HTTP/2.0" E E "SM" E E, ERR_VERSION,
	  "the version is neither HTTP/1.1 nor 1.0: \"HTTP/2.0\"" },
	{ "a TLS hello is known by its first byte", "\x16", ERR_PARSE,
	  "this looks like TLS: plain HTTP is spoken here" },
	{ "a first word that is no token", "G\x01", ERR_PARSE,
	  "this is not an HTTP request: \"G?\"" },
	{ "an SSH client's line", "SSH-2.0-x" E, ERR_PARSE,
	  "this is not an HTTP request: \"SSH-2.0-x\"" },
	{ "a TLS hello with a line end in it",
	  "\x16\x03\x01\x01\n\n" GET_ROOT, ERR_PARSE,
	  "this looks like TLS: plain HTTP is spoken here" },
	{ "a first byte as TLS has it, and no version of it",
	  "\x16\x04\n", ERR_PARSE, "this is not an HTTP request: \"??\"" },
	{ "a control byte in a name", GET_ROOT "\x1b[1m: x" E E, ERR_PARSE,
	  "this cannot be a field's name: \"?[1m\"" },
	{ "a tab before the colon", GET_ROOT "a\t: x" E E, ERR_PARSE,
	  "a space stands before the colon of the field: \"a\"" },
	{ "a field's value is not shown", GET_ROOT "Cookie: secret\x01" E E,
	  ERR_PARSE, "a control byte is in the field: \"Cookie\"" },
	{ "what follows a field's missing colon is not shown",
	  GET_ROOT "Authorization Basic c2VjcmV0" E E, ERR_PARSE,
	  "a field's line has no colon: \"Authorization\"" },
	{ "a query is not shown", "GET /a?secret\x01 HTTP/1.1" E H E,
	  ERR_PARSE, "the target has a control byte or a #: \"/a\"" },
	{ "a URL's query is not shown", "GET http://?secret HTTP/1.1" E H E,
	  ERR_PARSE, "the target is a URL without a host: \"http://\"" },
	{ "what follows a first word that is none is not shown",
	  "AUTH\ttoo secret" E, ERR_PARSE,
	  "this is not an HTTP request: \"AUTH?too\"" },
	{ "an https URL without a host", "GET https:///a HTTP/1.1" E H E,
	  ERR_PARSE, "the target is a URL without a host: \"https:///a\"" },
};

static void
refuses(void **state)
{
	const struct bad *r = *state;
	struct buf b = guarded_buf(ANSWER_ROOM);
	struct http_req req, was;

	memset(&req, 0x5a, sizeof req);
	was = req;
	assert_int_equal(read_text(&req, r->head), r->err);
	assert_memory_equal(&req, &was, sizeof req);
	http_write_fault(&b, &fault);
	assert_span_equal(r->says, buf_span(&b));
}

static const struct place {
	const char *name;
	size_t      len, shown;
	const char *end;
} places[] = {
	{ "one byte less than is shown", HTTP_WHERE_MAX - 1,
	  HTTP_WHERE_MAX - 1, "\"" },
	{ "as much as is shown", HTTP_WHERE_MAX, HTTP_WHERE_MAX, "\"" },
	{ "one byte more than is shown", HTTP_WHERE_MAX + 1, HTTP_WHERE_MAX,
	  "...\"" },
	{ "far more than is shown", HTTP_HEAD_MAX, HTTP_WHERE_MAX, "...\"" },
};

static void
a_long_place_is_cut(void **state)
{
	const struct place *r = *state;
	char *p = guarded_room(r->len);
	struct http_fault long_one = { "what", { p, r->len } };
	struct buf b = guarded_buf(ANSWER_ROOM);
	struct buf want = guarded_buf(ANSWER_ROOM);

	memset(p, 'x', r->len);
	http_write_fault(&b, &long_one);
	buf_str(&want, "what: \"");
	buf_add(&want, (struct span){ p, r->shown });
	buf_str(&want, r->end);
	assert_span_equal(buf_text(&want), buf_span(&b));
}

static void
a_fault_is_written_only_for_a_failure(void **state)
{
	const struct good *g = *state;
	struct http_fault was = { NULL, { NULL, 0 } };
	struct http_req req;

	fault = was;
	read_text(&req, g->head);
	assert_memory_equal(&fault, &was, sizeof fault);
}

static void
a_NUL_is_refused_wherever_it_stands(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	const size_t len = sizeof head - 1;
	char bytes[sizeof head];
	struct http_req req;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		memcpy(bytes, head, len);
		bytes[i] = '\0';
		assert_true(http_read_req(&req, &fault, guarded(bytes, len),
		                          len) <= 0);
	}
}

/* One request of len bytes in all, most of it a field's value. */
static char *
head_of(size_t len)
{
	static const char start[] = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
	char *p = guarded_room(len);

	memset(p, 'x', len);
	memcpy(p, start, sizeof start - 1);
	memcpy(p + len - 4, "\r\n\r\n", 4);
	return p;
}

static void
the_longest_head_just_fits(void **state)
{
	struct http_req req;

	(void)state;
	for (size_t len = HTTP_HEAD_MAX - 1; len <= HTTP_HEAD_MAX; len++)
		assert_int_equal(len, http_read_req(&req, &fault, head_of(len),
		                                    len));
	assert_int_equal(http_read_req(&req, &fault, head_of(HTTP_HEAD_MAX + 1),
	                               HTTP_HEAD_MAX + 1), ERR_TOOBIG);
}

static void
a_head_that_cannot_get_whole_is_too_long(void **state)
{
	struct http_req req;
	char *p = guarded_room(HTTP_HEAD_MAX);

	(void)state;
	memset(p, '\n', HTTP_HEAD_MAX);
	assert_int_equal(http_read_req(&req, &fault, p, HTTP_HEAD_MAX),
	                 ERR_TOOBIG);
	assert_int_equal(http_read_req(&req, &fault, p, HTTP_HEAD_MAX - 1), 0);
	memset(p, 'A', HTTP_HEAD_MAX);
	assert_int_equal(http_read_req(&req, &fault, p, HTTP_HEAD_MAX),
	                 ERR_TOOBIG);
	assert_int_equal(http_read_req(&req, &fault, p, HTTP_HEAD_MAX - 1), 0);
	p = head_of(HTTP_HEAD_MAX + 1);
	assert_int_equal(http_read_req(&req, &fault, p, HTTP_HEAD_MAX - 1), 0);
	assert_int_equal(http_read_req(&req, &fault, p, HTTP_HEAD_MAX),
	                 ERR_TOOBIG);
}

static void
many_requests_are_read_one_by_one(void **state)
{
	static const char two[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
	                          "HEAD /bc HTTP/1.1\r\nHost: x\r\n\r\n";
	const char *p = guarded(two, sizeof two - 1);
	struct http_req req;
	int n = http_read_req(&req, &fault, p, sizeof two - 1);

	(void)state;
	assert_span_equal("/a", req.path);
	assert_int_equal(http_read_req(&req, &fault, p + n,
	                               sizeof two - 1 - (size_t)n),
	                 (int)sizeof two - 1 - n);
	assert_span_equal("HEAD", req.method);
	assert_span_equal("/bc", req.path);
}

static const struct query {
	const char *name, *query, *out;
} queries[] = {
	{ "nothing", "", "" },
	{ "a name", "verbose", "verbose=;" },
	{ "a name and a value", "exclude=a", "exclude=a;" },
	{ "several", "a&b=1&c=", "a=;b=1;c=;" },
	{ "empty ones are passed over", "&&a&&b&", "a=;b=;" },
	{ "values without a name are passed over", "=x&a=1", "a=1;" },
	{ "a value with equals signs", "a=b=c", "a=b=c;" },
	{ "only separators", "&&&", "" },
};

static void
walks_the_query(void **state)
{
	const struct query *r = *state;
	struct span rest = guarded_span(r->query), name, value;
	struct buf b = guarded_buf(ANSWER_ROOM);

	while (http_next_param(&rest, &name, &value)) {
		buf_fmt(&b, "%.*s=%.*s;", (int)name.len, name.p,
		        (int)value.len, value.p);
		assert_false(b.cut);
	}
	assert_span_equal(r->out, buf_span(&b));
}

#define FIXED "Cache-Control: no-store\r\n" \
              "X-Content-Type-Options: nosniff\r\n"

static const struct written {
	const char        *name, *body, *out;
	struct http_answer answer;
} answers[] = {
	{ "a kept one", "ok",
	  "HTTP/1.1 200 OK\r\nContent-Type: t\r\nContent-Length: 2\r\n" FIXED
	  "\r\nok",
	  { .status = 200, .type = "t", .extra = "", .keep = true,
	    .minor = 1 } },
	{ "a closed one", "ok",
	  "HTTP/1.1 503 Service Unavailable\r\nContent-Type: t\r\n"
	  "Content-Length: 2\r\n" FIXED "Connection: close\r\n\r\nok",
	  { .status = 503, .type = "t", .extra = "", .minor = 1 } },
	{ "a kept one of HTTP/1.0 says so", "",
	  "HTTP/1.1 404 Not Found\r\nContent-Type: t\r\n"
	  "Content-Length: 0\r\n" FIXED "Connection: keep-alive\r\n\r\n",
	  { .status = 404, .type = "t", .extra = "", .keep = true } },
	{ "a HEAD has the length and no body", "0123456789",
	  "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: t\r\n"
	  "Content-Length: 10\r\n" FIXED "Allow: GET\r\n\r\n",
	  { .status = 405, .type = "t", .extra = "Allow: GET\r\n",
	    .keep = true, .minor = 1, .is_head = true } },
};

static void
writes(void **state)
{
	const struct written *w = *state;
	struct buf b = guarded_buf(ANSWER_ROOM);
	struct http_answer a = w->answer;

	a.body = guarded_span(w->body);
	http_write_answer(&b, &a);
	assert_span_equal(w->out, buf_span(&b));
}

static void
every_status_in_use_has_its_reason(void **state)
{
	static const int statuses[] = { 200, 400, 403, 404, 405, 431, 503,
	                                505 };

	(void)state;
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		struct http_answer a = { .status = statuses[i], .type = "t",
		                         .extra = "", .body = { "", 0 } };
		struct buf b = guarded_buf(ANSWER_ROOM);

		http_write_answer(&b, &a);
		assert_null(strstr(buf_text(&b), "Unknown"));
	}
}

static const struct many {
	const char *name;
	int         fields;	/* Host included */
	int         result;	/* 0: the whole head */
} manies[] = {
	{ "one field less than a head may have", HTTP_FIELDS_MAX - 1, 0 },
	{ "as many fields as a head may have", HTTP_FIELDS_MAX, 0 },
	{ "one field more than a head may have", HTTP_FIELDS_MAX + 1,
	  ERR_TOOBIG },
};

static void
are_counted(void **state)
{
	const struct many *m = *state;
	struct buf b = guarded_buf(HTTP_HEAD_MAX);
	struct http_req req;
	int r;

	buf_str(&b, "GET / HTTP/1.1\r\nHost: x\r\n");
	for (int i = 1; i < m->fields; i++)
		buf_str(&b, "A:\r\n");
	buf_str(&b, "\r\n");
	r = http_read_req(&req, &fault, b.p, b.len);
	assert_int_equal(r, m->result < 0 ? m->result : (int)b.len);
	if (r < 0)
		assert_string_equal(fault.what, "the request's head has more "
		                    "than 128 fields");
}

int
main(void)
{
	UNIT_ROWS(are_counted, manies);
	UNIT_ROWS(reads, goods);
	/* Each good head is looked at in four ways, under the same name. */
	UNIT_ROWS(asks_for_more_at_every_prefix, goods);
	UNIT_ROWS(leaves_what_follows_alone, goods);
	UNIT_ROWS(a_fault_is_written_only_for_a_failure, goods);
	UNIT_ROWS(refuses, bads);
	UNIT_ROWS(a_long_place_is_cut, places);
	UNIT_TEST(a_NUL_is_refused_wherever_it_stands);
	UNIT_TEST(the_longest_head_just_fits);
	UNIT_TEST(a_head_that_cannot_get_whole_is_too_long);
	UNIT_TEST(many_requests_are_read_one_by_one);
	UNIT_ROWS(walks_the_query, queries);
	UNIT_ROWS(writes, answers);
	UNIT_TEST(every_status_in_use_has_its_reason);
	return unit_run("net/http");
}
