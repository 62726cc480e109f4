/* SPDX-License-Identifier: MIT */
/* test_target.c - what a check is pointed at: every kind, every spelling */
#include "unit.h"

#include "base/err.h"
#include "client/target.h"

#define NO_PORT 0

static const struct row {
	const char      *text;
	enum target_kind kind;
	const char      *host;	/* or the socket */
	unsigned         port;
	const char      *path;
	bool             is_https;
} rows[] = {
	/* HTTP. */
	{ "http://a", TARGET_HTTP, "a", 80, "", false },
	{ "http://a/", TARGET_HTTP, "a", 80, "/", false },
	{ "https://a/x?y", TARGET_HTTP, "a", 443, "/x?y", true },
	{ "HTTPS://a", TARGET_HTTP, "a", 443, "", true },
	{ "https://a:80/", TARGET_HTTP, "a", 80, "/", true },
	{ "http://a:443/", TARGET_HTTP, "a", 443, "/", false },
	{ "http://[::1]:8080/", TARGET_HTTP, "::1", 8080, "/", false },
	{ "http://[fe80::1%25lo]/", TARGET_HTTP, "fe80::1%lo", 80, "/", false },
	{ "http://a%2Db/", TARGET_HTTP, "a-b", 80, "/", false },
	{ "a:80/x", TARGET_HTTP, "a", 80, "/x", false },
	{ "a", TARGET_HTTP, "a", 80, "", false },
	{ "a.", TARGET_HTTP, "a.", 80, "", false },
	{ "127.1.", TARGET_HTTP, "127.1", 80, "", false },
	{ "1a", TARGET_HTTP, "1a", 80, "", false },
	{ "http://8080/", TARGET_HTTP, "8080", 80, "/", false },
	{ "http://a/#f", TARGET_HTTP, "a", 80, "/", false },
	{ "u:p@a:1", TARGET_HTTP, "a", 1, "", false },
	{ "http:u:p@a", TARGET_HTTP, "a", 80, "", false },
	{ "tcp", TARGET_HTTP, "tcp", 80, "", false },	/* a host of this name */
	{ "unix/x", TARGET_HTTP, "unix", 80, "/x", false },
	/* HTTP over a unix socket. */
	{ "http+unix://%2Frun%2fs/x", TARGET_HTTP_UNIX, "/run/s", 80, "/x", false },
	{ "http+unix://%2Fs", TARGET_HTTP_UNIX, "/s", 80, "", false },
	{ "http+unix://%2Fs?q", TARGET_HTTP_UNIX, "/s", 80, "?q", false },
	{ "http+unix://%2Fs#f", TARGET_HTTP_UNIX, "/s", 80, "", false },
	{ "http+unix://%2Fs/x#f", TARGET_HTTP_UNIX, "/s", 80, "/x", false },
	{ "http+unix://%40n/", TARGET_HTTP_UNIX, "@n", 80, "/", false },
	{ "http+unix://@n/", TARGET_HTTP_UNIX, "@n", 80, "/", false },
	{ "http+unix://%2Fa%40b/", TARGET_HTTP_UNIX, "/a@b", 80, "/", false },
	{ "http+unix:/s", TARGET_HTTP_UNIX, "/s", 80, "", false },
	{ "http+unix:/s:", TARGET_HTTP_UNIX, "/s", 80, "", false },
	{ "http+unix:/s:/x?y", TARGET_HTTP_UNIX, "/s", 80, "/x?y", false },
	{ "http+unix:/s:?y", TARGET_HTTP_UNIX, "/s", 80, "?y", false },
	{ "http+unix:/s:/x#f", TARGET_HTTP_UNIX, "/s", 80, "/x", false },
	{ "http+unix:/s:/a:b", TARGET_HTTP_UNIX, "/s", 80, "/a:b", false },
	{ "http+unix:/a b:/", TARGET_HTTP_UNIX, "/a b", 80, "/", false },
	{ "http+unix:@n:/x", TARGET_HTTP_UNIX, "@n", 80, "/x", false },
	{ "http+unix:/%2F:/", TARGET_HTTP_UNIX, "/%2F", 80, "/", false },
	/* gRPC. */
	{ "grpc://a:1", TARGET_GRPC, "a", 1, "", false },
	{ "grpc:a:1", TARGET_GRPC, "a", 1, "", false },
	{ "grpcs://a:1", TARGET_GRPC, "a", 1, "", true },
	{ "grpc://a:443/", TARGET_GRPC, "a", 443, "/", false },
	{ "grpcs://[::1]:80/s", TARGET_GRPC, "::1", 80, "/s", true },
	{ "grpc://a%2Db:1/x.y%2Fz", TARGET_GRPC, "a-b", 1, "/x.y%2Fz", false },
	{ "grpc", TARGET_HTTP, "grpc", 80, "", false },	/* a host */
	/* TCP. */
	{ "tcp://a:1", TARGET_TCP, "a", 1, "", false },
	{ "tcp:a:65535", TARGET_TCP, "a", 65535, "", false },
	{ "tcp:a:0", TARGET_TCP, "a", 0, "", false },
	{ "tcp://a:1/", TARGET_TCP, "a", 1, "/", false },
	{ "tcp:[::1]:5432", TARGET_TCP, "::1", 5432, "", false },
	{ "tcp:8080:1", TARGET_TCP, "8080", 1, "", false },
	{ "tcp:http:1", TARGET_TCP, "http", 1, "", false },
	/* Sockets. */
	{ "unix:/s", TARGET_UNIX, "/s", NO_PORT, "", false },
	{ "unix:@s", TARGET_UNIX, "@s", NO_PORT, "", false },
	{ "unix:///run/s", TARGET_UNIX, "/run/s", NO_PORT, "", false },
	{ "unix://run/s", TARGET_UNIX, "//run/s", NO_PORT, "", false },
	{ "unix://run/a@b", TARGET_UNIX, "//run/a@b", NO_PORT, "", false },
	{ "unix:/run/a@b:c", TARGET_UNIX, "/run/a@b:c", NO_PORT, "", false },
	{ "unix:///a:b@c", TARGET_UNIX, "/a:b@c", NO_PORT, "", false },
	{ "unix:/my %2Fsock", TARGET_UNIX, "/my %2Fsock", NO_PORT, "", false },
};

/* Reads text with no more memory than the header asks for. */
static int
read_text(struct target *t, const char *text, const char **expected)
{
	struct buf memory = guarded_buf(strlen(text) + 1);

	*expected = NULL;
	return target_read(t, guarded_span(text), &memory, expected);
}

static void
is_read(void **state)
{
	const struct row *r = *state;
	const char *expected;
	struct target t;

	assert_int_equal(0, read_text(&t, r->text, &expected));
	assert_int_equal(r->kind, t.kind);
	assert_span_equal(r->text, t.text);
	assert_string_equal(r->host, t.host);
	assert_int_equal(r->port, t.url.port);
	assert_span_equal(r->path, t.url.path);
	assert_int_equal(r->is_https, t.url.is_https);
	assert_null(t.argv[0]);
}

#define ALL_WORDS \
	"http://, https://, http+unix:, grpc://, grpcs://, tcp:, unix: or exec:"
#define GRPC_WORDS "grpc://HOST:PORT[/SERVICE]"
#define PORT_WORDS "a port, as in grpc://localhost:50051/SERVICE"
#define PLAIN_WORDS \
	"no query, fragment or login: the path is the service's name"
#define GRPCS_WORDS "grpcs://HOST:PORT[/SERVICE]"
#define UNIX_WORDS "unix:/PATH or unix:@NAME"
#define HTTP_UNIX_WORDS \
	"http+unix://%2Frun%2Fsock/PATH or http+unix:/run/sock:/PATH"
#define TCP_WORDS "tcp://HOST:PORT"
#define EXEC_WORDS "exec:PROGRAM and at most 31 arguments"
#define QUOTE_WORDS \
	"exec:PROGRAM [ARG...] with a closing quote, and a byte after each \\"
#define SHELL_WORDS "one program: no shell reads ||, && and |"
#define VAR_WORDS "a program: no shell reads NAME=VALUE before it"
#define NUMBER_WORDS \
	"a URL such as http://localhost:8080/, not a number alone"

static const struct bad {
	const char *text, *expected;
	int         err;
} bads[] = {
	{ "", ALL_WORDS, ERR_PARSE },
	{ "http://", "a host", ERR_PARSE },
	{ "8080", NUMBER_WORDS, ERR_PARSE }, { "0/x", NUMBER_WORDS, ERR_PARSE },
	{ "8080:80", NUMBER_WORDS, ERR_PARSE },
	{ "8080.", NUMBER_WORDS, ERR_PARSE },
	{ "http://a:65536", "a port of 0 to 65535", ERR_PARSE },
	{ "http://a b", "no space in it; a space is written %20", ERR_PARSE },
	{ "http://a%00b", "no control byte in it", ERR_PARSE },
	{ "http://u%0a:p@a/", "no control byte in it", ERR_PARSE },
	{ "http://u:p%0d@a/", "no control byte in it", ERR_PARSE },
	{ "unix:/p/http://u:x@h", "unix:/PATH or unix:@NAME", ERR_PARSE },
	{ "ftp://a/", ALL_WORDS,
	  ERR_SCHEME },
	{ "TCP://a:1", ALL_WORDS,
	  ERR_SCHEME },
	{ "tcp:", TCP_WORDS, ERR_PARSE }, { "tcp://", TCP_WORDS, ERR_PARSE },
	{ "tcp:a", TCP_WORDS, ERR_PARSE }, { "tcp:a:", TCP_WORDS, ERR_PARSE },
	{ "tcp://http://a:1", TCP_WORDS, ERR_PARSE },
	{ "tcp://ftp://a:1", TCP_WORDS, ERR_PARSE },
	{ "tcp:u@a:1", TCP_WORDS, ERR_PARSE },
	{ "tcp:@a:1", TCP_WORDS, ERR_PARSE },
	{ "tcp:a:1/x", TCP_WORDS, ERR_PARSE },
	{ "tcp:a:1?", TCP_WORDS, ERR_PARSE },
	{ "tcp:a:65536", "a port of 0 to 65535", ERR_PARSE },
	{ "tcp:a:x", "a port of 0 to 65535", ERR_PARSE },
	{ "tcp:[::1", "a ] after the address", ERR_PARSE },
	{ "grpc:", GRPC_WORDS, ERR_PARSE }, { "grpcs:", GRPCS_WORDS, ERR_PARSE },
	{ "grpc://", GRPC_WORDS, ERR_PARSE },
	{ "grpc://a", PORT_WORDS, ERR_PARSE },
	{ "grpcs://a/s", PORT_WORDS, ERR_PARSE },
	{ "grpc://a:1?s", PLAIN_WORDS, ERR_PARSE },
	{ "grpc://a:1/s#f", PLAIN_WORDS, ERR_PARSE },
	{ "grpc://u:p@a:1/s", PLAIN_WORDS, ERR_PARSE },
	{ "grpc://http://a:1", GRPC_WORDS, ERR_PARSE },
	{ "grpc://a:65536", "a port of 0 to 65535", ERR_PARSE },
	{ "grpc://a:1/%0a", GRPC_WORDS, ERR_PARSE },
	{ "grpc://a:1/x y", "no space in it; a space is written %20", ERR_PARSE },
	{ "GRPC://a:1", ALL_WORDS, ERR_SCHEME },
	{ "unix:", UNIX_WORDS, ERR_PARSE }, { "unix:s", UNIX_WORDS, ERR_PARSE },
	{ "unix:/", UNIX_WORDS, ERR_PARSE }, { "unix:@", UNIX_WORDS, ERR_PARSE },
	{ "unix:///", UNIX_WORDS, ERR_PARSE },
	{ "unix:/s?q", UNIX_WORDS, ERR_PARSE },
	{ "unix:/s#f", UNIX_WORDS, ERR_PARSE },
	{ "unix://u@h/s", UNIX_WORDS, ERR_PARSE },
	{ "unix://u:p/s@h", UNIX_WORDS, ERR_PARSE },
	{ "http+unix:", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix:s", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix:/", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix:/s:x", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix:/s?q:/", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix:/s:/x y", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix:/s:/x\x7f", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix:/s:/x\n", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix://s/x", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix:///s", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix://%2Fs%00/x", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "http+unix://%2Fs:u:p@h/x", HTTP_UNIX_WORDS, ERR_PARSE },
	{ "exec:", EXEC_WORDS, ERR_PARSE }, { "exec: ", EXEC_WORDS, ERR_PARSE },
	{ "exec:''", EXEC_WORDS, ERR_PARSE },
	{ "exec:a \"b", QUOTE_WORDS, ERR_PARSE },
	{ "exec:a\\", QUOTE_WORDS, ERR_PARSE },
	{ "exec:a || b", SHELL_WORDS, ERR_PARSE },
	{ "exec:a && b", SHELL_WORDS, ERR_PARSE },
	{ "exec:a | b", SHELL_WORDS, ERR_PARSE },
	{ "exec:PW=x a", VAR_WORDS, ERR_PARSE },
	{ "exec:A=x a", VAR_WORDS, ERR_PARSE },
	{ "exec:_9= a", VAR_WORDS, ERR_PARSE },
};

static void
is_refused(void **state)
{
	const struct bad *r = *state;
	const char *expected;
	struct target t;

	assert_int_equal(r->err, read_text(&t, r->text, &expected));
	assert_int_equal(TARGET_NONE, t.kind);
	assert_span_equal(r->text, t.text);
	assert_string_equal(r->expected, expected);
}

static void
a_program_has_its_words(void **state)
{
	const char *unused;
	struct target t;

	(void)state;
	assert_int_equal(0, read_text(&t, "exec: /a/b=c 'x y' ||z", &unused));
	assert_int_equal(TARGET_EXEC, t.kind);
	assert_string_equal("/a/b=c", t.argv[0]);
	assert_string_equal("x y", t.argv[1]);
	assert_string_equal("||z", t.argv[2]);
	assert_null(t.argv[3]);
	assert_int_equal(0, read_text(&t, "exec:=x", &unused));	/* no NAME */
	assert_string_equal("=x", t.argv[0]);
}

static void
the_parts_of_a_login_are_kept(void **state)
{
	const char *unused;
	struct target t;

	(void)state;
	assert_int_equal(0, read_text(&t, "http://u:p%40@a/#f", &unused));
	assert_span_equal("u", t.url.user);
	assert_span_equal("p%40", t.url.password);
	assert_span_equal("f", t.url.fragment);
	assert_int_equal(0, read_text(&t, "http+unix:/s:/x#f", &unused));
	assert_span_equal("f", t.url.fragment);
}

static void
a_service_is_the_rest_of_the_path_decoded(void **state)
{
	static const struct {
		const char *text, *service;
	} cases[] = {
		{ "grpc://a:1", "" }, { "grpc://a:1/", "" },
		{ "grpcs:a:1/x.y.Z", "x.y.Z" }, { "grpc://a:1/a/b", "a/b" },
		{ "grpc://a:1//", "/" }, { "grpc://a:1/%2F%3f%20%", "/? %" },
	};
	const char *unused;
	struct target t;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(0, read_text(&t, cases[i].text, &unused));
		assert_span_equal(cases[i].service, t.service);
	}
}

/* How a text of head, so many letters and tail is read. */
static int
read_long(const char *head, size_t letters, const char *tail,
          const char **expected)
{
	static char text[2 * TARGET_MAX];
	struct buf b = buf_over(text, sizeof text);
	struct target t;

	buf_str(&b, head);
	for (size_t i = 0; i < letters; i++)
		buf_str(&b, "a");
	buf_str(&b, tail);
	return read_text(&t, buf_text(&b), expected);
}

static void
a_text_may_have_target_max_bytes(void **state)
{
	const char *expected;

	(void)state;
	assert_int_equal(0, read_long("a/", TARGET_MAX - 3, "", &expected));
	assert_int_equal(0, read_long("a/", TARGET_MAX - 2, "", &expected));
	assert_int_equal(ERR_TOOBIG, read_long("a/", TARGET_MAX - 1, "",
	                                       &expected));
	assert_string_equal("a URL of at most 4096 bytes", expected);
}

static void
a_host_may_have_target_host_max_bytes(void **state)
{
	const char *expected;

	(void)state;
	assert_int_equal(0, read_long("http://", 254, "/", &expected));
	assert_int_equal(0, read_long("http://", 255, "/", &expected));
	assert_int_equal(0, read_long("http://%61", 254, "/", &expected));
	assert_int_equal(ERR_TOOBIG, read_long("http://", 256, "/", &expected));
	assert_string_equal("a host of at most 255 bytes", expected);
	assert_int_equal(ERR_TOOBIG, read_long("tcp:", 256, ":1", &expected));
	assert_string_equal(TCP_WORDS, expected);
}

static void
a_socket_fits_its_address(void **state)
{
	const char *expected;

	(void)state;
	assert_int_equal(0, read_long("unix:/", 105, "", &expected));
	assert_int_equal(0, read_long("unix:/", 106, "", &expected));
	assert_int_equal(ERR_TOOBIG, read_long("unix:/", 107, "", &expected));
	assert_string_equal(UNIX_WORDS, expected);
	assert_int_equal(0, read_long("http+unix:@", 106, ":/", &expected));
	assert_int_equal(ERR_TOOBIG, read_long("http+unix:@", 107, ":/",
	                                       &expected));
	assert_string_equal(HTTP_UNIX_WORDS, expected);
}

/* As a string it would end there, and be another socket. */
static void
a_socket_has_no_nul(void **state)
{
	const struct span text = { guarded("unix:/a\0b", 9), 9 };
	struct buf memory = guarded_buf(10);
	const char *expected;
	struct target t;

	(void)state;
	assert_int_equal(ERR_PARSE, target_read(&t, text, &memory, &expected));
	assert_string_equal(UNIX_WORDS, expected);
	assert_int_equal(TARGET_NONE, t.kind);
}

static void
more_memory_than_there_is_is_too_big(void **state)
{
	struct buf memory = guarded_buf(2);
	const char *expected;
	struct target t;

	(void)state;
	assert_int_equal(0, target_read(&t, guarded_span("a"), &memory,
	                                &expected));
	assert_int_equal(ERR_TOOBIG, target_read(&t, guarded_span("a"), &memory,
	                                         &expected));
}

static void
several_share_one_memory(void **state)
{
	struct buf memory = guarded_buf(32);
	const char *expected;
	struct target a, b, c;

	(void)state;
	assert_int_equal(0, target_read(&a, guarded_span("tcp:db:1"), &memory,
	                                &expected));
	assert_int_equal(0, target_read(&b, guarded_span("exec:x y"), &memory,
	                                &expected));
	assert_int_equal(0, target_read(&c, guarded_span("unix:/s"), &memory,
	                                &expected));
	assert_string_equal("db", a.host);
	assert_string_equal("x", b.argv[0]);
	assert_string_equal("y", b.argv[1]);
	assert_string_equal("/s", c.host);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		unit_add(rows[i].text, is_read, &rows[i]);
	for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++)
		unit_add(bads[i].text, is_refused, &bads[i]);
	UNIT_TEST(a_program_has_its_words);
	UNIT_TEST(the_parts_of_a_login_are_kept);
	UNIT_TEST(a_service_is_the_rest_of_the_path_decoded);
	UNIT_TEST(a_text_may_have_target_max_bytes);
	UNIT_TEST(a_host_may_have_target_host_max_bytes);
	UNIT_TEST(a_socket_fits_its_address);
	UNIT_TEST(a_socket_has_no_nul);
	UNIT_TEST(more_memory_than_there_is_is_too_big);
	UNIT_TEST(several_share_one_memory);
	return unit_run("client/target");
}
