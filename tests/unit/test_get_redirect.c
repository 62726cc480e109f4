/* SPDX-License-Identifier: MIT */
/* test_get_redirect.c - which URL is requested next, and how */
#include "unit.h"

#include "get/exit.h"
#include "get/redirect.h"

static struct options options;
static struct transfer transfer;

/* A transfer of http://a/b/c with no option. */
static int
start(void **state)
{
	(void)state;
	memset(&transfer, 0, sizeof transfer);
	options = (struct options){ .max_redirs = 50 };
	transfer.o = &options;
	assert_int_equal(redirect_set_url(&transfer, "http://a/b/c"), GET_OK);
	return 0;
}

/* The answer has this status and, if it is not NULL, this Location. */
static bool
read_answer(int status, const char *location)
{
	static char text[2 * URL_MAX];
	struct buf b = buf_over(text, sizeof text);

	if (location != NULL)
		buf_str(&b, location);
	transfer.r.status = status;
	transfer.c.reply.location = buf_span(&b);
	return redirect_read(&transfer);
}

static const struct answer {
	const char *name;
	int         status;
	const char *location, *moved;	/* NULL: it does not redirect */
} answers[] = {
	{ "301", 301, "/x", "http://a/x" },
	{ "302, beside the URL", 302, "x", "http://a/b/x" },
	{ "308, elsewhere", 308, "https://d/x", "https://d/x" },
	{ "399", 399, "/x", "http://a/x" },
	{ "200", 200, "/x", NULL },
	{ "400", 400, "/x", NULL },
	{ "302 without a Location", 302, NULL, NULL },
	{ "302 with an empty one", 302, "", NULL },
};

static void
a_login_holds_until_a_location_names_a_host(void **state)
{
	static const struct {
		const char *url, *location, *moved;
	} cases[] = {
		{ "http://u:p@a/b", "c", "http://u:p@a/c" },
		{ "http://u@a:81/b", "/c", "http://u@a:81/c" },
		{ "http://:p@a/b", "?c", "http://:p@a/b?c" },
		{ "http://u:p@a/b", "http://a/c", "http://a/c" },
		{ "http://u:p@a/b", "//a/c", "http://a/c" },
		{ "http://u:p@a/b", "http://x:y@a/c", "http://x:y@a/c" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(redirect_set_url(&transfer, cases[i].url),
		                 GET_OK);
		assert_true(read_answer(302, cases[i].location));
		assert_string_equal(transfer.moved, cases[i].moved);
	}
}

static void
redirects(void **state)
{
	const struct answer *r = *state;

	assert_int_equal(read_answer(r->status, r->location),
	                 r->moved != NULL);
	assert_string_equal(transfer.moved, r->moved != NULL ? r->moved : "");
}

static const struct kind_row {
	const char        *name;
	int                status;
	enum transfer_kind from, to;
	bool               keep301, keep302, keep303;
} kind_rows[] = {
#define GET  TRANSFER_GET
#define HEAD TRANSFER_HEAD
#define POST TRANSFER_POST
#define PUT  TRANSFER_PUT
	{ "a POST, 301", 301, POST, GET, false, true, true },
	{ "a POST, 302", 302, POST, GET, true, false, true },
	{ "a POST, 303", 303, POST, GET, true, true, false },
	{ "a POST, 307", 307, POST, POST, false, false, false },
	{ "a POST, 308", 308, POST, POST, false, false, false },
	{ "a POST, 301, kept", 301, POST, POST, true, false, false },
	{ "a POST, 302, kept", 302, POST, POST, false, true, false },
	{ "a POST, 303, kept", 303, POST, POST, false, false, true },
	{ "a PUT, 301", 301, PUT, PUT, false, false, false },
	{ "a PUT, 302", 302, PUT, PUT, false, false, false },
	{ "a PUT, 303", 303, PUT, GET, true, true, true },
	{ "a HEAD, 303", 303, HEAD, HEAD, false, false, false },
	{ "a GET, 302", 302, GET, GET, false, false, false },
};

static void
changes_the_request(void **state)
{
	const struct kind_row *r = *state;

	transfer.kind = r->from;
	options.post301 = r->keep301;
	options.post302 = r->keep302;
	options.post303 = r->keep303;
	transfer.r.more = span_of("x=1");
	assert_true(read_answer(r->status, "/d?q"));
	assert_int_equal(redirect_follow(&transfer), GET_OK);
	assert_int_equal(transfer.kind, r->to);
	assert_int_equal(transfer.r.redirects, 1);
	assert_int_equal(transfer.r.more.len, 0);
	assert_string_equal(transfer.r.url, "http://a/d?q");
	assert_span_equal("/d?q", transfer.url.path);
}

static const struct bad {
	const char *name, *location, *protocols;
	int64_t     max;
	int         code;
	const char *why;
} bads[] = {
	{ "one too many", "/x", NULL, 3, GET_REDIRECTS,
	  "Maximum (3) redirects followed" },
	{ "none at all", "/x", NULL, 0, GET_REDIRECTS,
	  "Maximum (0) redirects followed" },
	{ "another scheme", "ftp://a/", NULL, 50, GET_PROTOCOL,
	  "Protocol \"ftp\" not supported" },
	{ "what looks like a host with a port", "tel:80", NULL, 50,
	  GET_PROTOCOL, "Protocol \"tel\" not supported" },
	{ "what looks like a host with a bad port", "mailto:x", NULL, 50,
	  GET_PROTOCOL, "Protocol \"mailto\" not supported" },
	{ "a scheme that is not allowed", "http://d/", "=https", 50,
	  GET_PROTOCOL, "Protocol \"http\" not allowed by --proto" },
	{ "not a URL", "http://d:x/", NULL, 50, GET_URL, NULL },
};

static void
does_not_follow(void **state)
{
	const struct bad *r = *state;

	options.max_redirs = r->max;
	options.protocols = r->protocols;
	transfer.r.redirects = 3;
	assert_true(read_answer(302, r->location));
	assert_int_equal(redirect_follow(&transfer), r->code);
	if (r->why != NULL)
		assert_string_equal(transfer.r.why, r->why);
	assert_string_equal(transfer.r.redirect,
	                    r->code == GET_REDIRECTS ? "http://a/x" : "");
}

static void
the_last_allowed_redirect_is_followed(void **state)
{
	(void)state;
	options.max_redirs = 3;
	transfer.r.redirects = 2;
	assert_true(read_answer(302, "/x"));
	assert_int_equal(redirect_follow(&transfer), GET_OK);
	options.max_redirs = -1;
	transfer.r.redirects = 1000;
	assert_int_equal(redirect_follow(&transfer), GET_OK);
}

static void
a_location_too_long_for_a_url_is_refused(void **state)
{
	static char location[URL_MAX + 1];

	(void)state;
	memset(location, 'x', sizeof location - 1);
	location[0] = '/';
	assert_true(read_answer(302, location));
	assert_string_equal(transfer.moved, "");
	assert_int_equal(redirect_follow(&transfer), GET_URL);
	assert_string_equal(transfer.r.why,
	    "Location leads to a URL of more than 8192 bytes");
}

static const struct url_row {
	const char *name, *url, *protocols;
	int         code;
} url_rows[] = {
	{ "http", "http://a/", NULL, GET_OK },
	{ "no scheme", "a", "=http", GET_OK },
	{ "--proto =http", "http://a/", "=http", GET_OK },
	{ "--proto http", "http://a/", "http", GET_OK },
	{ "--proto =https,http", "http://a/", "=https,http", GET_OK },
	{ "--proto =https", "http://a/", "=https", GET_PROTOCOL },
	{ "--proto =https of https", "https://a/", "=https", GET_OK },
	{ "--proto =http of https", "https://a/", "=http", GET_PROTOCOL },
	{ "--proto =", "http://a/", "=", GET_PROTOCOL },
	{ "another scheme", "gopher://a/", NULL, GET_PROTOCOL },
	{ "not a URL", "http://", NULL, GET_URL },
};

static void
takes_the_url(void **state)
{
	const struct url_row *r = *state;

	options.protocols = r->protocols;
	assert_int_equal(redirect_set_url(&transfer, guarded_text(r->url)),
	                 r->code);
	if (r->code == GET_OK)
		assert_int_equal(transfer.r.is_https,
		                 strncmp(r->url, "https", 5) == 0);
}

#define STARTED(run, rows) \
	for (size_t i = 0; i < sizeof (rows) / sizeof *(rows); i++) \
		unit_add_with((rows)[i].name, run, &(rows)[i], start, NULL)

int
main(void)
{
	STARTED(redirects, answers);
	STARTED(changes_the_request, kind_rows);
	STARTED(does_not_follow, bads);
	STARTED(takes_the_url, url_rows);
	unit_add_with("a_login_holds_until_a_location_names_a_host",
	              a_login_holds_until_a_location_names_a_host, NULL, start,
	              NULL);
	unit_add_with("the_last_allowed_redirect_is_followed",
	              the_last_allowed_redirect_is_followed, NULL, start, NULL);
	unit_add_with("a_location_too_long_for_a_url_is_refused",
	              a_location_too_long_for_a_url_is_refused, NULL, start,
	              NULL);
	return unit_run("get/redirect");
}
