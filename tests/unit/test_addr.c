/* SPDX-License-Identifier: MIT */
/* test_addr.c - a socket's address, and its words */
#include "unit.h"

#include "base/err.h"
#include "net/addr.h"
#include "same_ip.h"

#include <arpa/inet.h>

#define X10  "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

static const struct good {
	const char *name, *text;
	int         family;
	bool        every;
	const char *host;	/* or the path */
	unsigned    port;
	const char *words;	/* addr_bind_write()'s */
} goods[] = {
	{ "a port", "8080", AF_INET6, true, "::", 8080, "[::]:8080" },
	{ "a port behind a colon", ":8080", AF_INET6, true, "::", 8080,
	  "[::]:8080" },
	{ "the first port", "1", AF_INET6, true, "::", 1, "[::]:1" },
	{ "the last port", "65535", AF_INET6, true, "::", 65535,
	  "[::]:65535" },
	{ "an IPv4 address", "127.0.0.1:80", AF_INET, false, "127.0.0.1", 80,
	  "127.0.0.1:80" },
	{ "every IPv4 address", "0.0.0.0:80", AF_INET, false, "0.0.0.0", 80,
	  "0.0.0.0:80" },
	{ "an IPv6 address", "[::1]:80", AF_INET6, false, "::1", 80,
	  "[::1]:80" },
	{ "a long IPv6 address",
	  "[1234:5678:9abc:def0:1234:5678:255.255.255.255]:80", AF_INET6,
	  false, "1234:5678:9abc:def0:1234:5678:ffff:ffff", 80,
	  "[1234:5678:9abc:def0:1234:5678:255.255.255.255]:80" },
	{ "every IPv6 address", "[::]:80", AF_INET6, false, "::", 80,
	  "[::]:80" },
	{ "an abstract name", "unix:@n", AF_UNIX, false, "@n", 0, "unix:@n" },
	{ "a file", "unix:/run/h", AF_UNIX, false, "/run/h", 0,
	  "unix:/run/h" },
	{ "a file of one letter", "unix:/h", AF_UNIX, false, "/h", 0,
	  "unix:/h" },
	{ "a file with a colon", "unix:/h:80", AF_UNIX, false, "/h:80", 0,
	  "unix:/h:80" },
	{ "the longest file", "unix:/" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
	  "123456", AF_UNIX, false, "/" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
	  "123456", 0, "unix:/" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
	  "123456" },
};

static void
reads(void **state)
{
	const struct good *g = *state;
	struct buf b = guarded_buf(strlen(g->words));
	char memory[ADDR_TEXT_MAX];
	struct buf host = buf_over(memory, sizeof memory);
	struct addr_bind a;

	memset(&a, 0x5a, sizeof a);
	assert_int_equal(addr_bind_read(&a, guarded_span(g->text)), 0);
	assert_int_equal(a.addr.any.sa_family, g->family);
	assert_true(a.every == g->every);
	assert_int_equal(addr_port(&a.addr), g->port);
	addr_write_host(&host, &a.addr);
	assert_span_equal(g->host, buf_span(&host));
	addr_bind_write(&b, &a);
	assert_span_equal(g->words, buf_span(&b));
	assert_false(b.cut);
}

static const struct bad {
	const char *name, *text;
} bads[] = {
	{ "nothing", "" },
	{ "a colon alone", ":" },
	{ "port zero", "0" },
	{ "port zero of an address", "127.0.0.1:0" },
	{ "one past the last port", "65536" },
	{ "a port with a sign", "+80" },
	{ "a port with a blank", "80 " },
	{ "a port that no type holds", "99999999999999999999" },
	{ "an address without a port", "127.0.0.1" },
	{ "an address with an empty port", "127.0.0.1:" },
	{ "a name", "localhost:80" },
	{ "an address of three parts", "127.0.1:80" },
	{ "an address of a number too large", "127.0.0.256:80" },
	{ "IPv6 without brackets", "::1:80" },
	{ "IPv6 with an open bracket", "[::1:80" },
	{ "IPv4 in brackets", "[127.0.0.1]:80" },
	{ "empty brackets", "[]:80" },
	{ "IPv6 with a zone", "[fe80::1%eth0]:80" },
	{ "IPv6 without a port", "[::1]" },
	{ "a host of 63 bytes", X10 X10 X10 X10 X10 X10 "123:80" },
	{ "a host of 64 bytes", X10 X10 X10 X10 X10 X10 "1234:80" },
	{ "IPv6 of 62 bytes in brackets", "[" X10 X10 X10 X10 X10 X10 "12]:80" },
	{ "IPv6 of 64 bytes in brackets",
	  "[" X10 X10 X10 X10 X10 X10 "1234]:80" },
	{ "unix without a path", "unix:" },
	{ "the root as a file", "unix:/" },
	{ "a relative file", "unix:run/h" },
	{ "a file with a query", "unix:/h?a" },
	{ "a file with a fragment", "unix:/h#a" },
	{ "a login and a host", "unix://me:a@h" },
	{ "an abstract name of nothing", "unix:@" },
	{ "one byte more than the longest file", "unix:/"
	  X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "1234567" },
	{ "one byte more than the longest name", "unix:@"
	  X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "1234567" },
	{ "unix in capitals", "UNIX:/run/h" },
};

static void
refuses(void **state)
{
	const struct bad *r = *state;
	struct addr_bind a, was;

	memset(&a, 0x5a, sizeof a);
	was = a;
	assert_int_equal(addr_bind_read(&a, guarded_span(r->text)), ERR_PARSE);
	assert_memory_equal(&a, &was, sizeof a);
}

static void
a_file_with_a_NUL_is_refused(void **state)
{
	struct span text = { guarded("unix:/a\0b", 9), 9 };
	struct addr_bind a;

	(void)state;
	assert_int_equal(addr_bind_read(&a, text), ERR_PARSE);
}

/* As the kernel has them, and nothing else in any byte. */
static void
an_address_is_what_the_kernel_takes(void **state)
{
	const struct ip v4 = { .b = { 10, 0, 0, 255, 9 } };
	const struct ip v6 = { .b = { 0xfe, 0x80, [15] = 1 }, .zone = 3,
	                       .is_v6 = true };
	const struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(8080), .sin_addr = { htonl(0x0a0000ff) } };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(8080), .sin6_scope_id = 3 };
	struct addr a;

	(void)state;
	memcpy(&in6.sin6_addr, v6.b, IP_V6_LEN);
	memset(&a, 0x5a, sizeof a);
	addr_set_ip(&a, &v4, 8080);
	assert_int_equal(a.len, sizeof in);
	assert_memory_equal(&a, &in, sizeof in);
	memset(&a, 0x5a, sizeof a);
	addr_set_ip(&a, &v6, 8080);
	assert_int_equal(a.len, sizeof in6);
	assert_memory_equal(&a, &in6, sizeof in6);
}

static void
an_address_gives_its_number_back(void **state)
{
	static const struct ip ips[] = {
		{ .b = { 192, 0, 2, 1 } },
		{ .b = { 0xfe, 0x80, [15] = 1 }, .zone = 7, .is_v6 = true },
		{ .b = { 0x20, 1, [7] = 5, [15] = 0xff }, .is_v6 = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ips / sizeof ips[0]; i++) {
		struct ip back;
		struct addr a;

		memset(&back, 0x5a, sizeof back);
		addr_set_ip(&a, &ips[i], 65535);
		addr_ip(&back, &a);
		assert_true(is_same_ip(&ips[i], &back));
		assert_int_equal(addr_port(&a), 65535);
		assert_false(addr_has_file(&a));
	}
}

/* What the kernel takes for the name: all of the length, so no final NUL. */
static void
an_abstract_name_has_its_own_length(void **state)
{
	struct addr a;

	(void)state;
	memset(&a, 0x5a, sizeof a);
	assert_int_equal(addr_set_unix(&a, guarded_span("@abc")), 0);
	assert_int_equal(a.any.sa_family, AF_UNIX);
	assert_int_equal(a.len, offsetof(struct sockaddr_un, sun_path) + 4);
	assert_memory_equal(a.un.sun_path, "\0abc", 5);
	assert_false(addr_has_file(&a));
}

static void
a_path_ends_with_a_nul(void **state)
{
	struct addr a;

	(void)state;
	memset(&a, 0x5a, sizeof a);
	assert_int_equal(addr_set_unix(&a, guarded_span("/run/h")), 0);
	assert_int_equal(a.any.sa_family, AF_UNIX);
	assert_int_equal(a.len, offsetof(struct sockaddr_un, sun_path) + 7);
	assert_string_equal(a.un.sun_path, "/run/h");
	assert_true(addr_has_file(&a));
}

static const struct length {
	const char *name, *path;
	int         r;
} lengths[] = {
	{ "an empty path", "", ERR_PARSE },
	{ "a path of one byte", "s", 0 },
	{ "a path of 107 bytes", "/" X100 "123456", 0 },
	{ "a path of 108 bytes", "/" X100 "1234567", ERR_TOOBIG },
	{ "a name of 107 bytes with its @", "@" X100 "123456", 0 },
	{ "a name of 108 bytes with its @", "@" X100 "1234567", ERR_TOOBIG },
};

static void
has_room_in_an_address(void **state)
{
	const struct length *l = *state;
	struct buf b = guarded_buf(ADDR_TEXT_MAX);
	struct addr a, was;

	memset(&a, 0x5a, sizeof a);
	was = a;
	assert_int_equal(addr_set_unix(&a, guarded_span(l->path)), l->r);
	if (l->r < 0) {
		assert_memory_equal(&a, &was, sizeof a);
		return;
	}
	addr_write_host(&b, &a);
	assert_span_equal(l->path, buf_span(&b));
}

static const struct word {
	const char *name, *text, *words;
} in_words[] = {
	{ "IPv4 in words", "10.0.0.5:80", "10.0.0.5 port 80" },
	{ "IPv6 in words", "[fe80::1]:65535", "fe80::1 port 65535" },
	{ "a file in words", "unix:/run/h", "/run/h" },
	{ "an abstract name in words", "unix:@h", "@h" },
};

static void
is_written(void **state)
{
	const struct word *w = *state;
	struct buf b = guarded_buf(strlen(w->words));
	struct addr_bind a;

	assert_int_equal(addr_bind_read(&a, span_of(w->text)), 0);
	addr_write(&b, &a.addr);
	assert_span_equal(w->words, buf_span(&b));
	assert_false(b.cut);
}

static void
without_ipv6_every_address_is_every_ipv4_address(void **state)
{
	struct buf b = guarded_buf(sizeof "0.0.0.0:8080" - 1);
	const struct sockaddr_in want = { .sin_family = AF_INET,
		                          .sin_port = htons(8080) };
	struct addr_bind a;

	(void)state;
	assert_int_equal(addr_bind_read(&a, span_of("8080")), 0);
	addr_bind_v4(&a);
	assert_int_equal(a.addr.len, sizeof want);
	assert_memory_equal(&a.addr, &want, sizeof want);
	addr_bind_write(&b, &a);
	assert_span_equal("0.0.0.0:8080", buf_span(&b));
}

int
main(void)
{
	UNIT_ROWS(reads, goods);
	UNIT_ROWS(refuses, bads);
	UNIT_ROWS(has_room_in_an_address, lengths);
	UNIT_ROWS(is_written, in_words);
	UNIT_TEST(a_file_with_a_NUL_is_refused);
	UNIT_TEST(an_address_is_what_the_kernel_takes);
	UNIT_TEST(an_address_gives_its_number_back);
	UNIT_TEST(an_abstract_name_has_its_own_length);
	UNIT_TEST(a_path_ends_with_a_nul);
	UNIT_TEST(without_ipv6_every_address_is_every_ipv4_address);
	return unit_run("net/addr");
}
