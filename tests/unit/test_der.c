/* SPDX-License-Identifier: MIT */
/* test_der.c - DER elements and numbers */
#include "unit.h"

#include "base/err.h"
#include "tls/der.h"

static const struct element {
	const char *name;
	struct span in;
	int tag;	/* what der_next() returns */
} elements[] = {
#define IN(text) { text, sizeof(text) - 1 }
	{ "an empty SEQUENCE", IN("\x30\x00"), 0x30 },
	{ "two bytes", IN("\x04\x02" "ab"), 0x04 },
	{ "nothing", IN(""), ERR_PARSE },
	{ "a tag alone", IN("\x30"), ERR_PARSE },
	{ "one byte too few", IN("\x04\x02" "a"), ERR_PARSE },
	{ "a tag of several bytes", IN("\x1f\x81\x01\x00"), ERR_PARSE },
	{ "an indefinite length", IN("\x30\x80\x00\x00"), ERR_PARSE },
	{ "a long form for a short length", IN("\x04\x81\x01" "a"), ERR_PARSE },
	{ "a leading zero in the length", IN("\x04\x82\x00\x80"), ERR_PARSE },
	{ "a length of five bytes", IN("\x04\x85\x01\x01\x01\x01\x01"), ERR_PARSE },
	{ "a length beyond the end", IN("\x04\x84\xff\xff\xff\xff" "a"), ERR_PARSE },
	{ "a length whose bytes are cut off", IN("\x04\x82\x01"), ERR_PARSE },
};

static void
element_is_taken(void **state)
{
	const struct element *row = *state;
	struct span in = { guarded(row->in.p, row->in.len), row->in.len };
	struct span value, before = in;

	assert_int_equal(row->tag, der_next(&in, &value));
	if (row->tag < 0)
		assert_ptr_equal(before.p, in.p);
	else
		assert_int_equal(0, in.len);
}

static const struct number {
	const char *name;
	struct span in;
	int max, want;
} numbers[] = {
	{ "zero", IN("\x02\x01\x00"), 5, 0 },
	{ "the largest", IN("\x02\x01\x05"), 5, 5 },
	{ "one more", IN("\x02\x01\x06"), 5, ERR_RANGE },
	{ "128 has a zero before it", IN("\x02\x02\x00\x80"), 200, 128 },
	{ "127 has none", IN("\x02\x02\x00\x7f"), 200, ERR_PARSE },
	{ "negative", IN("\x02\x01\x80"), 200, ERR_PARSE },
	{ "empty", IN("\x02\x00"), 200, ERR_PARSE },
	{ "five bytes", IN("\x02\x05\x01\x00\x00\x00\x00"), 200, ERR_RANGE },
	{ "no INTEGER", IN("\x04\x01\x05"), 200, ERR_PARSE },
};

static void
number_is_taken(void **state)
{
	const struct number *row = *state;
	struct span in = { guarded(row->in.p, row->in.len), row->in.len };

	assert_int_equal(row->want, der_take_int(&in, row->max));
}

static const struct size {
	const char *name;
	struct span in;
	size_t bits;
} sizes[] = {
	{ "nothing", IN(""), 0 },
	{ "1", IN("\1"), 1 },
	{ "127", IN("\x7f"), 7 },
	{ "128", IN("\x80"), 8 },
	{ "256", IN("\1\0"), 9 },
	{ "65535", IN("\xff\xff"), 16 },
};

static void
bits_are_counted(void **state)
{
	const struct size *row = *state;
	struct span in = { guarded(row->in.p, row->in.len), row->in.len };

	assert_int_equal(row->bits, der_uint_bits(in));
}

int
main(void)
{
	UNIT_ROWS(element_is_taken, elements);
	UNIT_ROWS(number_is_taken, numbers);
	UNIT_ROWS(bits_are_counted, sizes);
	return unit_run("tls/der");
}
