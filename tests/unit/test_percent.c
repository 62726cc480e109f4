/* SPDX-License-Identifier: MIT */
/* percent-encoding, decoded once and written */
#include "unit.h"

#include "base/err.h"
#include "base/percent.h"

static const struct row {
	const char *name, *text, *want;
	int         err;
} rows[] = {
	{ "nothing", "", "", 0 },
	{ "plain text", "a b", "a b", 0 },
	{ "hex digits of either case", "%2F%2f%aF", "//\xaf", 0 },
	{ "the first and the last of the digits", "%20%7e%99%FF%f0",
	  " ~\x99\xff\xf0", 0 },
	{ "decoded once", "a%2520", "a%20", 0 },
	{ "no hex digit", "%zz%2g%g2", "%zz%2g%g2", 0 },
	{ "bytes next to the digits", "%/0%:0%@0%G0%`0", "%/0%:0%@0%G0%`0", 0 },
	{ "cut off", "%2", "%2", 0 },
	{ "only the mark", "%", "%", 0 },
	{ "a NUL", "a%00b", "a", ERR_PARSE },
	{ "an encoded control", "%1f", "", ERR_PARSE },
	{ "a plain control", "a\x1f", "a", ERR_PARSE },
	{ "DEL is for the caller to judge", "%7f", "\x7f", 0 },
};

static void
is_decoded(void **state)
{
	const struct row *r = *state;
	struct buf b = guarded_buf(32);

	assert_int_equal(r->err, percent_decode(&b, guarded_span(r->text)));
	assert_span_equal(r->want, buf_span(&b));
}

static void
a_byte_is_written_with_two_digits(void **state)
{
	struct buf b = guarded_buf(32);

	(void)state;
	percent_encode(&b, '\x0f');
	percent_encode(&b, '\xa0');
	percent_encode(&b, '/');
	assert_span_equal("%0F%A0%2F", buf_span(&b));
}

int
main(void)
{
	UNIT_ROWS(is_decoded, rows);
	UNIT_TEST(a_byte_is_written_with_two_digits);
	return unit_run("base/percent");
}
