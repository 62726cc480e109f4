/* SPDX-License-Identifier: MIT */
/* test_proxy_header.c - the PROXY protocol's header */
#include "unit.h"

#include "base/err.h"
#include "net/proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(text) text, sizeof(text) - 1
#define A4  "\x0a\0\0\1\x0a\0\0\2\x9c\x40\x1f\x90"	/* two IPv4 and ports */
#define A16 "0123456789abcdef"
#define A36 A16 A16 "port"

static struct http_fault fault;	/* of the last one that was read */

static int
read_bytes(const char *bytes, size_t len)
{
	return proxy_header_read(&fault, guarded(bytes, len), len);
}

static const struct good {
	const char *name, *bytes;
	size_t      len;
} goods[] = {
	{ "version 1 for IPv4",
	  BYTES("PROXY TCP4 10.0.0.1 10.0.0.2 40000 8080\r\n") },
	{ "version 1 for IPv6",
	  BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 40000 8080\r\n") },
	{ "version 1 for a client that is not known",
	  BYTES("PROXY UNKNOWN\r\n") },
	{ "version 1 for one that is not known, with words",
	  BYTES("PROXY UNKNOWN ffff::f ffff::f 65535 65535\r\n") },
	{ "version 2 for IPv4", BYTES(SIGNATURE "\x21\x11\0\x0c" A4) },
	{ "version 2 for IPv4 with more behind the addresses",
	  BYTES(SIGNATURE "\x21\x11\0\x13" A4 "\3\0\4abcd") },
	{ "version 2 for IPv6", BYTES(SIGNATURE "\x21\x21\0\x24" A36) },
	{ "version 2 for a unix socket", BYTES(SIGNATURE "\x21\x31\0\xd8"
	  A36 A36 A36 A36 A36 A36) },
	{ "version 2 for datagrams", BYTES(SIGNATURE "\x21\x12\0\x0c" A4) },
	{ "version 2 for a family that is not known",
	  BYTES(SIGNATURE "\x21\0\0\3abc") },
	{ "version 2 for a check of the balancer's own",
	  BYTES(SIGNATURE "\x20\0\0\0") },
	{ "version 2 for such a check, whose addresses mean nothing",
	  BYTES(SIGNATURE "\x20\x11\0\1x") },
};

static void
is_measured(void **state)
{
	const struct good *g = *state;

	assert_true(proxy_header_is(guarded(g->bytes, g->len), g->len));
	assert_int_equal(read_bytes(g->bytes, g->len), g->len);
}

static void
asks_for_more_at_every_prefix(void **state)
{
	const struct good *g = *state;

	for (size_t n = 0; n < g->len; n++) {
		assert_true(proxy_header_is(guarded(g->bytes, n), n));
		assert_int_equal(read_bytes(g->bytes, n), 0);
	}
}

static void
leaves_what_follows_alone(void **state)
{
	const struct good *g = *state;
	char bytes[512];
	struct buf b = buf_over(bytes, sizeof bytes);

	buf_add(&b, (struct span){ g->bytes, g->len });
	buf_str(&b, "GET / HTTP/1.1\r\n");
	assert_int_equal(read_bytes(b.p, b.len), g->len);
}

static const struct bad {
	const char *name, *bytes;
	size_t      len;
	const char *says;
} bads[] = {
	{ "a line that ends in LF alone", BYTES("PROXY UNKNOWN\n"),
	  "the line of the PROXY header does not end in CRLF" },
	{ "an empty line", BYTES("PROXY \n"),
	  "the line of the PROXY header does not end in CRLF" },
	{ "a line of nothing", BYTES("PROXY \r\n"),
	  "the line of the PROXY header is not a protocol, two addresses and "
	  "two ports" },
	{ "a protocol that does not exist", BYTES("PROXY UDP4 a b 1 2\r\n"),
	  "the line of the PROXY header is not a protocol, two addresses and "
	  "two ports" },
	{ "a word too few", BYTES("PROXY TCP4 a b 1\r\n"),
	  "the line of the PROXY header is not a protocol, two addresses and "
	  "two ports" },
	{ "a word too many", BYTES("PROXY TCP4 a b 1 2 3\r\n"),
	  "the line of the PROXY header is not a protocol, two addresses and "
	  "two ports" },
	{ "two spaces", BYTES("PROXY TCP4 a  1 2\r\n"),
	  "the line of the PROXY header is not a protocol, two addresses and "
	  "two ports" },
	{ "a method of that name", BYTES("PROXY / HTTP/1.1\r\n"),
	  "the line of the PROXY header is not a protocol, two addresses and "
	  "two ports" },
	{ "version 1 in a header of version 2", BYTES(SIGNATURE "\x11\x11\0\0"),
	  "the PROXY header's version or command is unknown" },
	{ "version 3", BYTES(SIGNATURE "\x31\x11\0\0"),
	  "the PROXY header's version or command is unknown" },
	{ "a command that does not exist", BYTES(SIGNATURE "\x22\x11\0\0"),
	  "the PROXY header's version or command is unknown" },
	{ "too few bytes for IPv4", BYTES(SIGNATURE "\x21\x11\0\x0b"),
	  "the PROXY header is too short for its addresses" },
	{ "too few bytes for IPv6", BYTES(SIGNATURE "\x21\x21\0\x23"),
	  "the PROXY header is too short for its addresses" },
	{ "too few bytes for a unix socket", BYTES(SIGNATURE "\x21\x31\0\xd7"),
	  "the PROXY header is too short for its addresses" },
};

static void
is_refused(void **state)
{
	const struct bad *r = *state;

	assert_true(proxy_header_is(guarded(r->bytes, r->len), r->len));
	assert_int_equal(read_bytes(r->bytes, r->len), ERR_PARSE);
	assert_string_equal(fault.what, r->says);
	assert_int_equal(fault.where.len, 0);
}

static const struct other {
	const char *name, *bytes;
	size_t      len;
} others[] = {
	{ "a GET", BYTES("GET / HTTP/1.1\r\n") },
	{ "a POST, which starts as one", BYTES("PO") },
	{ "the preface of HTTP/2, which starts as one", BYTES("PRI") },
	{ "PROXY without a space", BYTES("PROXY\t") },
	{ "proxy in lower case", BYTES("proxy ") },
	{ "empty lines before a request", BYTES("\r\n\r\nGET") },
	{ "one byte of the signature differs", BYTES("\r\n\r\n\0\r\nQUIt") },
	{ "a TLS hello", BYTES("\x16\3\1") },
};

static void
is_no_header(void **state)
{
	const struct other *o = *state;

	assert_false(proxy_header_is(guarded(o->bytes, o->len), o->len));
}

/* A line of version 1 of len bytes in all. */
static char *
line_of(size_t len)
{
	static const char start[] = "PROXY UNKNOWN ";
	char *p = guarded_room(len);

	memset(p, 'x', len);
	memcpy(p, start, sizeof start - 1);
	memcpy(p + len - 2, "\r\n", 2);
	return p;
}

static void
the_longest_line_just_fits(void **state)
{
	(void)state;
	for (size_t len = PROXY_V1_MAX - 1; len <= PROXY_V1_MAX; len++)
		assert_int_equal(proxy_header_read(&fault, line_of(len), len),
		                 len);
	assert_int_equal(proxy_header_read(&fault, line_of(PROXY_V1_MAX + 1),
	                                   PROXY_V1_MAX + 1), ERR_PARSE);
	assert_string_equal(fault.what, "the line of the PROXY header is "
	                    "longer than 107 bytes");
	assert_int_equal(proxy_header_read(&fault, line_of(PROXY_V1_MAX + 1),
	                                   PROXY_V1_MAX), ERR_PARSE);
	assert_int_equal(proxy_header_read(&fault, line_of(PROXY_V1_MAX + 1),
	                                   PROXY_V1_MAX - 1), 0);
}

/* A header of version 2 of len bytes in all. */
static char *
block_of(size_t len)
{
	char *p = guarded_room(len);

	memset(p, 'x', len);
	memcpy(p, SIGNATURE "\x21\x11", 14);
	p[14] = (char)((len - 16) >> 8);
	p[15] = (char)(len - 16);
	return p;
}

static void
the_longest_header_of_version_2_just_fits(void **state)
{
	(void)state;
	for (size_t len = PROXY_V2_MAX - 1; len <= PROXY_V2_MAX; len++)
		assert_int_equal(proxy_header_read(&fault, block_of(len), len),
		                 len);
	assert_int_equal(proxy_header_read(&fault, block_of(PROXY_V2_MAX + 1),
	                                   16), ERR_PARSE);
	assert_string_equal(fault.what,
	                    "the PROXY header is longer than 2048 bytes");
	assert_int_equal(read_bytes(BYTES(SIGNATURE "\x21\x11\xff\xff")),
	                 ERR_PARSE);
}

int
main(void)
{
	UNIT_ROWS(is_measured, goods);
	/* Each good one is looked at in three ways, under the same name. */
	UNIT_ROWS(asks_for_more_at_every_prefix, goods);
	UNIT_ROWS(leaves_what_follows_alone, goods);
	UNIT_ROWS(is_refused, bads);
	UNIT_ROWS(is_no_header, others);
	UNIT_TEST(the_longest_line_just_fits);
	UNIT_TEST(the_longest_header_of_version_2_just_fits);
	return unit_run("net/proxy_header");
}
