/* SPDX-License-Identifier: MIT */
/* test_h2_frame.c - HTTP/2's frames: heads, padding and codes */
#include "hex.h"

#include "base/err.h"
#include "net/h2_frame.h"

static const struct head {
	const char     *name, *bytes, *written;	/* where it differs */
	struct h2_frame f;
} heads[] = {
	{ "all zeros", "000000000000000000", NULL, { 0, 0, 0, 0 } },
	{ "HEADERS that end a stream", "00000d010500000001", NULL,
	  { 13, H2_HEADERS, H2_END_STREAM | H2_END_HEADERS, 1 } },
	{ "every byte is another", "010203040506070809", NULL,
	  { 0x010203, 4, 5, 0x06070809 } },
	{ "all that fits", "ffffffffff7fffffff", NULL,
	  { 0xffffff, 0xff, 0xff, 0x7fffffff } },
	{ "the reserved bit is ignored", "000000000080000001",
	  "000000000000000001", { 0, 0, 0, 1 } },
	{ "the reserved bit and all others", "ffffffffffffffffff",
	  "ffffffffff7fffffff", { 0xffffff, 0xff, 0xff, 0x7fffffff } },
};

static void
head_is_read_and_written(void **state)
{
	const struct head *h = *state;
	struct h2_frame f = h2_frame_read(guarded_hex(h->bytes).p);
	struct buf b = guarded_buf(H2_HEAD_LEN);

	assert_int_equal(f.len, h->f.len);
	assert_int_equal(f.type, h->f.type);
	assert_int_equal(f.flags, h->f.flags);
	assert_int_equal(f.stream, h->f.stream);
	h2_frame_write(&b, h->f);
	assert_false(b.cut);
	assert_hex(h->written ? h->written : h->bytes, b.p, b.len);
}

static const struct unpadded {
	const char *name;
	uint8_t     type, flags;
	const char *payload, *rest;	/* hex; NULL: refused */
} unpaddeds[] = {
	{ "DATA without padding", H2_DATA, 0, "0102", "0102" },
	{ "empty DATA", H2_DATA, 0, "", "" },
	{ "DATA with a padding of 0", H2_DATA, H2_PADDED, "000102", "0102" },
	{ "DATA with a padding of 1", H2_DATA, H2_PADDED, "010102", "01" },
	{ "DATA that is nothing but padding", H2_DATA, H2_PADDED, "020102",
	  "" },
	{ "DATA with a padding of 0 and nothing else", H2_DATA, H2_PADDED,
	  "00", "" },
	{ "DATA with a padding as long as the payload", H2_DATA, H2_PADDED,
	  "030102", NULL },
	{ "DATA with a padding longer than the payload", H2_DATA, H2_PADDED,
	  "ff0102", NULL },
	{ "DATA with a padding and no room for it", H2_DATA, H2_PADDED,
	  "01", NULL },
	{ "DATA without the length of its padding", H2_DATA, H2_PADDED, "",
	  NULL },
	{ "DATA with HEADERS' flag for a priority", H2_DATA, H2_HAS_PRIORITY,
	  "0102", "0102" },
	{ "HEADERS without either", H2_HEADERS, H2_END_HEADERS, "82", "82" },
	{ "HEADERS with a priority", H2_HEADERS, H2_HAS_PRIORITY,
	  "800000030f82", "82" },
	{ "HEADERS with a priority alone", H2_HEADERS, H2_HAS_PRIORITY,
	  "000000030f", "" },
	{ "HEADERS with less than a priority", H2_HEADERS, H2_HAS_PRIORITY,
	  "00000003", NULL },
	{ "HEADERS with no byte of their priority", H2_HEADERS,
	  H2_HAS_PRIORITY, "", NULL },
	{ "HEADERS with both", H2_HEADERS, H2_PADDED | H2_HAS_PRIORITY,
	  "02000000030f820000", "82" },
	{ "HEADERS with both and no field", H2_HEADERS,
	  H2_PADDED | H2_HAS_PRIORITY, "02000000030f0000", "" },
	{ "HEADERS whose padding reaches into the priority", H2_HEADERS,
	  H2_PADDED | H2_HAS_PRIORITY, "03000000030f0000", NULL },
	{ "HEADERS with a padding and less than a priority", H2_HEADERS,
	  H2_PADDED | H2_HAS_PRIORITY, "0000000003", NULL },
	{ "HEADERS with a padding one byte too long", H2_HEADERS, H2_PADDED,
	  "028200", "" },
	{ "HEADERS with a padding as long as the payload", H2_HEADERS,
	  H2_PADDED, "038200", NULL },
};

static void
padding_and_priority_are_taken_off(void **state)
{
	const struct unpadded *u = *state;
	struct span payload = guarded_hex(u->payload);
	const struct h2_frame f = {
		.len = (uint32_t)payload.len, .type = u->type,
		.flags = u->flags, .stream = 1,
	};

	if (u->rest == NULL) {
		assert_int_equal(ERR_PARSE, h2_unpad(&f, &payload));
		return;
	}
	assert_int_equal(0, h2_unpad(&f, &payload));
	assert_hex(u->rest, payload.p, payload.len);
}

static void
numbers_are_big_endian(void **state)
{
	struct buf b = guarded_buf(4);

	(void)state;
	assert_int_equal(0x01020304, h2_u32(guarded_hex("01020304").p));
	assert_int_equal(0xfffefdfc, h2_u32(guarded_hex("fffefdfc").p));
	h2_add_u32(&b, 0x80fffe01);
	assert_hex("80fffe01", b.p, b.len);
}

static void
small_frames_are_written_whole(void **state)
{
	struct buf b = guarded_buf(64);

	(void)state;
	h2_write_number(&b, H2_WINDOW_UPDATE, 0, H2_WINDOW_MAX);
	assert_hex("0000040800000000007fffffff", b.p, b.len);
	b.len = 0;
	h2_write_number(&b, H2_RST_STREAM, 5, H2_CANCEL);
	assert_hex("00000403000000000500000008", b.p, b.len);
	b.len = 0;
	h2_write_goaway(&b, 0x7fffffff, H2_ENHANCE_YOUR_CALM);
	assert_hex("0000080700000000007fffffff0000000b", b.p, b.len);
	b.len = 0;
	h2_write_setting(&b, H2_MAX_HEADER_LIST_SIZE, 8192);
	assert_hex("000600002000", b.p, b.len);
	b.len = 0;
	h2_write_setting(&b, 0xfe03, 0xffffffff);
	assert_hex("fe03ffffffff", b.p, b.len);
}

static void
the_preface_has_24_bytes(void **state)
{
	(void)state;
	assert_int_equal(24, H2_PREFACE_LEN);
	assert_hex("505249202a20485454502f322e300d0a0d0a534d0d0a0d0a",
	           H2_PREFACE, H2_PREFACE_LEN);
}

/* The numbers and names of RFC 9113, 6, 6.5.2 and 7. */
static void
the_codes_are_those_of_the_rfc(void **state)
{
	static const char *const errors[] = {
		"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR",
		"FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
		"FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL",
		"COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
		"INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
		"an unknown error",
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		assert_string_equal(errors[i], h2_error_text(i));
	assert_string_equal("an unknown error", h2_error_text(UINT32_MAX));
	assert_int_equal(9, H2_CONTINUATION);
	assert_int_equal(5, H2_PUSH_PROMISE);
	assert_int_equal(6, H2_MAX_HEADER_LIST_SIZE);
	assert_int_equal(13, H2_HTTP_1_1_REQUIRED);
}

int
main(void)
{
	UNIT_ROWS(head_is_read_and_written, heads);
	UNIT_ROWS(padding_and_priority_are_taken_off, unpaddeds);
	UNIT_TEST(numbers_are_big_endian);
	UNIT_TEST(small_frames_are_written_whole);
	UNIT_TEST(the_preface_has_24_bytes);
	UNIT_TEST(the_codes_are_those_of_the_rfc);
	return unit_run("net/h2_frame");
}
