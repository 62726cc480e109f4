/* SPDX-License-Identifier: MIT */
/* test_grpc.c - gRPC's types, times, messages and texts */
#include "hex.h"

#include "base/err.h"
#include "net/grpc.h"

static const struct type {
	const char *name, *text;
	bool        is_grpc;
} types[] = {
	{ "plain", "application/grpc", true },
	{ "of protobuf", "application/grpc+proto", true },
	{ "of JSON", "application/grpc+json", true },
	{ "with a parameter", "application/grpc;charset=utf-8", true },
	{ "gRPC-web", "application/grpc-web", false },
	{ "gRPC-web of protobuf", "application/grpc-web+proto", false },
	{ "longer", "application/grpcx", false },
	{ "shorter", "application/grp", false },
	{ "another", "application/json", false },
	{ "none", "", false },
};

static void
type_is_told(void **state)
{
	const struct type *t = *state;

	assert_int_equal(t->is_grpc, grpc_is_type(guarded_span(t->text)));
}

static const struct timeout {
	const char *name, *text;
	int64_t     ms;		/* -1: refused */
} timeouts[] = {
	{ "seconds", "3S", 3000 },
	{ "what grpc-go sends", "79023646n", 80 },
	{ "a whole millisecond of nanoseconds", "1000000n", 1 },
	{ "one nanosecond more", "1000001n", 2 },
	{ "one nanosecond", "1n", 1 },
	{ "no nanosecond", "0n", 0 },
	{ "the most nanoseconds", "99999999n", 100 },
	{ "a whole millisecond of microseconds", "1000u", 1 },
	{ "one microsecond more", "1001u", 2 },
	{ "one microsecond", "1u", 1 },
	{ "the most microseconds", "99999999u", 100000 },
	{ "milliseconds", "250m", 250 },
	{ "the most milliseconds", "99999999m", 99999999 },
	{ "the most seconds", "99999999S", INT64_C(99999999) * 1000 },
	{ "minutes", "2M", 120000 },
	{ "the most minutes", "99999999M", INT64_C(99999999) * 60000 },
	{ "hours", "1H", 3600000 },
	{ "the most hours", "99999999H", INT64_C(99999999) * 3600000 },
	{ "zeros ahead", "00000001S", 1000 },
	{ "nothing left", "0S", 0 },
	{ "nine digits", "100000000n", -1 },
	{ "nine digits, one of them a zero ahead", "000000001S", -1 },
	{ "a hundred digits", "1111111111111111111111111111111111111111111111"
	  "111111111111111111111111111111111111111111111111111111S", -1 },
	{ "no unit", "3", -1 },
	{ "no unit, eight digits", "12345678", -1 },
	{ "no unit, nine digits", "123456789", -1 },
	{ "no digits", "S", -1 },
	{ "nothing", "", -1 },
	{ "a unit of another case", "3s", -1 },
	{ "an unknown unit", "3h", -1 },
	{ "a unit of two letters", "3ms", -1 },
	{ "a space before the unit", "3 S", -1 },
	{ "a space ahead", " 3S", -1 },
	{ "a space behind", "3S ", -1 },
	{ "a sign", "+3S", -1 },
	{ "a negative one", "-3S", -1 },
	{ "a part", "1.5S", -1 },
};

static void
timeout_is_read(void **state)
{
	const struct timeout *t = *state;
	int64_t ms = 7;
	int r = grpc_read_timeout(guarded_span(t->text), &ms);

	assert_int_equal(t->ms < 0 ? ERR_PARSE : 0, r);
	assert_int_equal(t->ms < 0 ? 7 : t->ms, ms);
}

static const struct message {
	const char *name, *data;
	size_t      max;
	int         result;
	const char *bytes;
} messages[] = {
	{ "an empty one", "0000000000", 4, 1, "" },
	{ "one byte", "000000000161", 4, 1, "61" },
	{ "as long as is allowed", "000000000461626364", 4, 1, "61626364" },
	{ "one byte longer", "00000000056162636465", 4, ERR_TOOBIG, NULL },
	{ "one byte longer, by its prefix", "0000000005", 4, ERR_TOOBIG,
	  NULL },
	{ "of 4 GB", "00ffffffff", 4, ERR_TOOBIG, NULL },
	{ "of 4 GB, all allowed", "00ffffffff", UINT32_MAX, 0, NULL },
	{ "none allowed but an empty one", "0000000000", 0, 1, "" },
	{ "something where an empty one is allowed", "0000000001", 0,
	  ERR_TOOBIG, NULL },
	{ "with something behind it", "00000000016100000000", 4, 1, "61" },
	{ "compressed", "010000000161", 4, ERR_CODING, NULL },
	{ "compressed, by its first byte", "01", 4, ERR_CODING, NULL },
	{ "compressed and too long", "01ffffffff", 4, ERR_CODING, NULL },
	{ "a flag that does not exist", "0200000000", 4, ERR_CODING, NULL },
	{ "a flag of the highest bit", "8000000000", 4, ERR_CODING, NULL },
};

static void
message_is_read(void **state)
{
	const struct message *m = *state;
	struct span data = guarded_hex(m->data), message = { NULL, 77 };

	assert_int_equal(m->result,
	                 grpc_read_message(data, m->max, &message));
	if (m->result > 0) {
		assert_ptr_equal(message.p, data.p + GRPC_PREFIX_LEN);
		assert_hex(m->bytes, message.p, message.len);
	} else {
		assert_int_equal(77, message.len);
	}
}

static void
every_prefix_of_a_message_asks_for_more(void **state)
{
	static const char whole[] = "\0\0\0\0\4abcd";
	const size_t len = sizeof whole - 1;
	struct span message;

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_int_equal(0, grpc_read_message(span_over(
		                 guarded(whole, n), n), 4, &message));
	assert_int_equal(1, grpc_read_message(span_over(
	                 guarded(whole, len), len), 4, &message));
	assert_span_equal("abcd", message);
}

static void
what_is_written_is_read(void **state)
{
	struct buf b = guarded_buf(GRPC_PREFIX_LEN + 300);
	struct span message;

	(void)state;
	grpc_write_prefix(&b, 300);
	assert_hex("000000012c", b.p, b.len);
	for (int i = 0; i < 100; i++)
		buf_str(&b, "abc");
	assert_int_equal(1, grpc_read_message(buf_span(&b), 300, &message));
	assert_int_equal(300, message.len);
}

static const struct text {
	const char *name, *text, *written;
} texts[] = {
	{ "nothing", "", "" },
	{ "letters and marks", "no check \"x\" here: ~!", "no check \"x\" here: ~!" },
	{ "a percent sign", "100%", "100%25" },
	{ "a line's end", "a\r\nb", "a%0D%0Ab" },
	{ "what is just outside of ASCII's letters", "\x1f \x7f~",
	  "%1F %7F~" },
	{ "UTF-8", "\xc3\xa4", "%C3%A4" },
	{ "the highest and the lowest byte", "\xff\x01", "%FF%01" },
};

static void
text_is_written(void **state)
{
	const struct text *t = *state;
	struct buf b = guarded_buf(strlen(t->written));

	grpc_write_text(&b, guarded_span(t->text));
	assert_false(b.cut);
	assert_span_equal(t->written, buf_span(&b));
}

/* The numbers and names of gRPC's statuscodes. */
static void
the_codes_are_those_of_grpc(void **state)
{
	static const char *const codes[] = {
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
		"PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
		"UNAUTHENTICATED",
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		assert_string_equal(codes[i], grpc_code_text(i));
	assert_null(grpc_code_text(17));
	assert_null(grpc_code_text(UINT32_MAX));
}

int
main(void)
{
	UNIT_ROWS(type_is_told, types);
	UNIT_ROWS(timeout_is_read, timeouts);
	UNIT_ROWS(message_is_read, messages);
	UNIT_TEST(every_prefix_of_a_message_asks_for_more);
	UNIT_TEST(what_is_written_is_read);
	UNIT_ROWS(text_is_written, texts);
	UNIT_TEST(the_codes_are_those_of_grpc);
	return unit_run("net/grpc");
}
