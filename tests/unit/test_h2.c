/* SPDX-License-Identifier: MIT */
/* test_h2.c - HTTP/2 is known by its first line, and refused */
#include "unit.h"

#include "net/h2.h"

static const struct h2 {
	const char *name, *bytes;
	bool        is_h2;
} h2s[] = {
	{ "the whole preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true },
	{ "the preface up to its first empty line", "PRI * HTTP/2.0\r\n\r\n",
	  true },
	{ "the preface's first line alone", "PRI * HTTP/2.0\r\n", true },
	{ "less than its first line", "PRI * HTTP/2.0\r", false },
	{ "another method", "GET * HTTP/2.0\r\n\r\n", false },
	{ "nothing", "", false },
};

static void
knows_http2(void **state)
{
	const struct h2 *r = *state;
	size_t len = strlen(r->bytes);

	assert_int_equal(h2_is_preface(guarded(r->bytes, len), len), r->is_h2);
}

/* What an HTTP/2 client reads: SETTINGS and GOAWAY of whole frames. */
static void
the_refusal_of_http2_is_two_whole_frames(void **state)
{
	struct buf b = guarded_buf(9 + 9 + 8);
	const unsigned char *p = (const unsigned char *)b.p;

	(void)state;
	h2_write_refusal(&b);
	assert_int_equal(b.len, 9 + 9 + 8);
	assert_int_equal(p[2], 0);	/* SETTINGS, empty */
	assert_int_equal(p[3], 4);
	assert_int_equal(p[4], 0);	/* not an acknowledgement */
	assert_int_equal(p[9 + 2], 8);	/* GOAWAY, 8 bytes */
	assert_int_equal(p[9 + 3], 7);
	assert_int_equal(p[b.len - 1], 13);	/* HTTP_1_1_REQUIRED */
}

int
main(void)
{
	UNIT_ROWS(knows_http2, h2s);
	UNIT_TEST(the_refusal_of_http2_is_two_whole_frames);
	return unit_run("net/h2");
}
