/* SPDX-License-Identifier: MIT */
/* test_grpc_health.c - the protobuf messages of grpc.health.v1.Health */
#include "hex.h"

#include "base/err.h"
#include "net/grpc_health.h"

/* Fields that nobody knows, one of each wire type. */
#define VARINT_2  "10ffffffffffffffffff01"
#define FIXED64_3 "19" "0102030405060708"
#define BYTES_4   "2203" "0a0b0c"
#define FIXED32_5 "2d" "01020304"
#define FAR_FIELD "faffffff0f00"	/* 536,870,911, empty bytes */

static const struct request {
	const char *name, *message, *service;	/* NULL: refused */
} requests[] = {
	{ "empty", "", "" },
	{ "an empty service", "0a00", "" },
	{ "a service", "0a0161", "a" },
	{ "of two services the last", "0a01610a026263", "bc" },
	{ "of two services the last, which is empty", "0a01610a00", "" },
	{ "an unknown varint", VARINT_2 "0a0161", "a" },
	{ "unknown 8 bytes", FIXED64_3 "0a0161", "a" },
	{ "unknown bytes", "0a0161" BYTES_4, "a" },
	{ "unknown 4 bytes", "0a0161" FIXED32_5, "a" },
	{ "an unknown field of the highest number", FAR_FIELD "0a0161", "a" },
	{ "all of these", VARINT_2 FIXED64_3 "0a0161" BYTES_4 FIXED32_5
	  FAR_FIELD, "a" },
	{ "nothing but unknown fields", FIXED32_5 VARINT_2, "" },
	{ "the service's number with a varint", "08010a0161", "a" },
	{ "the service's number with a varint alone", "0801", "" },
	{ "the service's number with 4 bytes", "0d01020304", "" },
	{ "a key with a byte too many", "8a000161", "a" },
	{ "a length with a byte too many", "0a810061", "a" },
	{ "a length with nine bytes too many", "0a818080808080808080" "00"
	  "61", "a" },
	{ "a service longer than the message", "0a0261", NULL },
	{ "a service of 2^64-1 bytes", "0affffffffffffffffff0161", NULL },
	{ "a service of 2^32+1 bytes", "0a818080801061", NULL },
	{ "a service without its length", "0a", NULL },
	{ "a length that does not end", "0a80", NULL },
	{ "a length of eleven bytes", "0a8180808080808080808000" "61", NULL },
	{ "a key that does not end", "8a", NULL },
	{ "a key of eleven bytes", "8a8080808080808080808000" "0161", NULL },
	{ "a varint that does not end", "1080", NULL },
	{ "a varint of eleven bytes", "10ffffffffffffffffffff01", NULL },
	{ "seven of 8 bytes", "1901020304050607", NULL },
	{ "three of 4 bytes", "2d010203", NULL },
	{ "a group", "130a016114", NULL },
	{ "the end of a group", "14", NULL },
	{ "wire type 6", "0e", NULL },
	{ "wire type 7", "0f", NULL },
	{ "field number 0 with bytes", "020161", NULL },
	{ "field number 0 with a varint", "0001", NULL },
	{ "something broken behind the service", "0a01610a", NULL },
};

static void
request_is_read(void **state)
{
	const struct request *q = *state;
	struct span message = guarded_hex(q->message), service;
	int r = grpc_health_read_request(message, &service);

	if (q->service == NULL) {
		assert_int_equal(ERR_PARSE, r);
		return;
	}
	assert_int_equal(0, r);
	assert_span_equal(q->service, service);
	if (service.len > 0)
		assert_true(service.p >= message.p && service.p + service.len
		                              <= message.p + message.len);
}

static const struct answer {
	const char *name, *message;
	int         r;
	uint32_t    status;
} answers[] = {
	{ "empty", "", 0, GRPC_HEALTH_UNKNOWN },
	{ "UNKNOWN, written out", "0800", 0, GRPC_HEALTH_UNKNOWN },
	{ "SERVING", "0801", 0, GRPC_SERVING },
	{ "NOT_SERVING", "0802", 0, GRPC_NOT_SERVING },
	{ "SERVICE_UNKNOWN", "0803", 0, GRPC_SERVICE_UNKNOWN },
	{ "one that is not known", "0804", 0, 4 },
	{ "a large one", "08ffffffff07", 0, INT32_MAX },
	{ "a negative one", "08ffffffffffffffffff01", 0, UINT32_MAX },
	{ "of two the last", "08010802", 0, GRPC_NOT_SERVING },
	{ "with a byte too many", "088100", 0, GRPC_SERVING },
	{ "behind unknown fields", VARINT_2 FIXED64_3 BYTES_4 FIXED32_5 "0801",
	  0, GRPC_SERVING },
	{ "before unknown fields", "0801" VARINT_2 FIXED64_3 BYTES_4 FIXED32_5,
	  0, GRPC_SERVING },
	{ "the status' number with bytes", "0a0101", 0, GRPC_HEALTH_UNKNOWN },
	{ "the status' number with 4 bytes", "0d01000000", 0,
	  GRPC_HEALTH_UNKNOWN },
	{ "without its varint", "08", ERR_PARSE, 0 },
	{ "a varint that does not end", "0881", ERR_PARSE, 0 },
	{ "a varint of eleven bytes", "088180808080808080808000", ERR_PARSE,
	  0 },
	{ "a group", "0b0c", ERR_PARSE, 0 },
	{ "field number 0", "0001", ERR_PARSE, 0 },
	{ "broken behind the status", "08010d", ERR_PARSE, 0 },
};

static void
answer_is_read(void **state)
{
	const struct answer *a = *state;
	uint32_t status;

	assert_int_equal(a->r, grpc_health_read_answer(
	                 guarded_hex(a->message), &status));
	if (a->r == 0)
		assert_int_equal(a->status, status);
}

static void
every_prefix_is_refused_or_ends_with_a_field(void **state)
{
	static const char whole[] = VARINT_2 FIXED64_3 "0a0161" BYTES_4
	                            FIXED32_5 FAR_FIELD;
	static const size_t ends[] = { 0, 11, 20, 23, 28, 33, 39 };
	const size_t len = guarded_hex(whole).len;
	size_t end = 0;

	(void)state;
	assert_int_equal(39, len);
	for (size_t n = 0; n <= len; n++) {
		struct span part = { guarded(guarded_hex(whole).p, n), n };
		bool is_end = n == ends[end];
		struct span service;

		end += is_end;
		assert_int_equal(is_end ? 0 : ERR_PARSE,
		                 grpc_health_read_request(part, &service));
	}
}

static void
services_of_every_length_come_back(void **state)
{
	static const size_t lens[] = { 0, 1, 127, 128, 16383, 16384, 60000 };
	static char name[60000];

	(void)state;
	memset(name, 'n', sizeof name);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		struct buf b = guarded_buf(GUARD_ROOM);
		struct span service;

		grpc_health_write_request(&b, span_over(name, lens[i]));
		assert_false(b.cut);
		assert_int_equal(0, grpc_health_read_request(span_over(
		                 guarded(b.p, b.len), b.len), &service));
		assert_int_equal(lens[i], service.len);
		assert_int_equal(lens[i] == 0, b.len == 0);
	}
}

static void
answers_are_as_protobuf_writes_them(void **state)
{
	static const char *const written[] = { "", "0801", "0802", "0803" };

	(void)state;
	for (unsigned i = 0; i <= GRPC_SERVICE_UNKNOWN; i++) {
		struct buf b = guarded_buf(GRPC_HEALTH_ANSWER_LEN);
		uint32_t status;

		grpc_health_write_answer(&b, (enum grpc_health)i);
		assert_false(b.cut);
		assert_hex(written[i], b.p, b.len);
		assert_int_equal(0, grpc_health_read_answer(buf_span(&b),
		                                            &status));
		assert_int_equal(i, status);
	}
}

static const struct entry {
	const char      *name, *service;
	enum grpc_health status;
	const char      *written;
} entries[] = {
	{ "SERVING", "ab", GRPC_SERVING, "0a08" "0a026162" "12020801" },
	{ "the empty service", "", GRPC_NOT_SERVING,
	  "0a06" "0a00" "12020802" },
	{ "UNKNOWN", "ab", GRPC_HEALTH_UNKNOWN, "0a06" "0a026162" "1200" },
};

static void
entry_is_written(void **state)
{
	const struct entry *e = *state;
	struct buf b = guarded_buf(strlen(e->written) / 2);

	grpc_health_write_entry(&b, guarded_span(e->service), e->status);
	assert_false(b.cut);
	assert_hex(e->written, b.p, b.len);
}

/* Where the lengths of the name and of the whole take a byte more each. */
static void
entries_of_every_length_have_the_right_length(void **state)
{
	static const size_t lens[] = {
		119, 120, 121, 122, 127, 128, 16374, 16376, 16383, 16384,
	};
	static char name[16384];

	(void)state;
	memset(name, 'n', sizeof name);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		struct buf b = guarded_buf(GUARD_ROOM);
		struct span inner, key;

		grpc_health_write_entry(&b, span_over(name, lens[i]),
		                        GRPC_SERVING);
		assert_false(b.cut);
		/* An entry's number is the service's in a request, and a
		 * name's in the entry. */
		assert_int_equal(0, grpc_health_read_request(buf_span(&b),
		                                             &inner));
		assert_ptr_equal(inner.p + inner.len, b.p + b.len);
		assert_int_equal(0, grpc_health_read_request(inner, &key));
		assert_int_equal(lens[i], key.len);
	}
}

static void
the_states_are_those_of_the_protocol(void **state)
{
	(void)state;
	assert_string_equal("UNKNOWN", grpc_health_text(0));
	assert_string_equal("SERVING", grpc_health_text(1));
	assert_string_equal("NOT_SERVING", grpc_health_text(2));
	assert_string_equal("SERVICE_UNKNOWN", grpc_health_text(3));
	assert_null(grpc_health_text(4));
	assert_null(grpc_health_text(UINT32_MAX));
}

int
main(void)
{
	UNIT_ROWS(request_is_read, requests);
	UNIT_ROWS(answer_is_read, answers);
	UNIT_TEST(every_prefix_is_refused_or_ends_with_a_field);
	UNIT_TEST(services_of_every_length_come_back);
	UNIT_TEST(answers_are_as_protobuf_writes_them);
	UNIT_ROWS(entry_is_written, entries);
	UNIT_TEST(entries_of_every_length_have_the_right_length);
	UNIT_TEST(the_states_are_those_of_the_protocol);
	return unit_run("net/grpc_health");
}
