/* SPDX-License-Identifier: MIT */
/* test_grpc_reply.c - what a server may send to a health check by gRPC */
#include "unit.h"

#include "base/err.h"
#include "client/grpc_reply.h"

#define ROOM 70000

/* --- frames --- */

static char room[ROOM], fields_room[ROOM];
static struct buf wire;	/* what the server sends */

static void
put(unsigned type, unsigned flags, uint32_t stream, struct span payload)
{
	h2_frame_write(&wire, (struct h2_frame){
		.len = (uint32_t)payload.len, .type = (uint8_t)type,
		.flags = (uint8_t)flags, .stream = stream,
	});
	buf_add(&wire, payload);
	assert_false(wire.cut);
}

static void
put_text(unsigned type, unsigned flags, uint32_t stream, const char *payload)
{
	put(type, flags, stream, span_of(payload));
}

/* "name: value" lines as a block. */
static struct span
block(const char *lines)
{
	struct buf b = buf_over(fields_room, sizeof fields_room);
	struct span rest = span_of(lines);

	while (rest.len > 0) {
		struct span value = span_cut(&rest, '\n'), name;
		char text[64];
		struct buf n = buf_over(text, sizeof text);

		name = (struct span){ value.p, 1 + span_find(
			span_after(value, 1), ":") };
		buf_add(&n, name);
		hpack_write(&b, buf_text(&n), span_after(value, name.len + 1));
	}
	assert_false(b.cut);
	return buf_span(&b);
}

#define OK_LINE   ":status:200\n"
#define TYPE_LINE "content-type:application/grpc\n"
#define GOOD      OK_LINE TYPE_LINE
#define HEADS     H2_END_HEADERS
#define LAST      (H2_END_HEADERS | H2_END_STREAM)

static void
put_headers(unsigned flags, const char *lines)
{
	put(H2_HEADERS, flags, 1, block(lines));
}

static void
begin(void)
{
	wire = buf_over(room, sizeof room);
}

static void
begin_http2(void)
{
	begin();
	put_text(H2_SETTINGS, 0, 0, "");
}

static void
put_message(unsigned status)
{
	char text[] = { 0, 0, 0, 0, 2, 8, (char)status };

	put(H2_DATA, 0, 1, (struct span){ text, sizeof text });
}

/* --- reading --- */

static struct grpc_reply reply;
static char acks_room[GRPC_REPLY_ACKS_MAX];
static struct buf acks;

/* Gives all that is on the wire, so many bytes at a time, each lot with what is
 * left of those before at the end of readable memory. */
static int
take_by(size_t step)
{
	size_t at = 0, end = 0;
	int r = 0;

	grpc_reply_init(&reply);
	acks = buf_over(acks_room, sizeof acks_room);
	while (r == 0 && end < wire.len) {
		struct span now;

		end = end + step < wire.len ? end + step : wire.len;
		now = (struct span){ guarded(wire.p + at, end - at), end - at };
		r = grpc_reply_take(&reply, &now, &acks);
		at = end - now.len;
		assert_true(r != 0 || now.len < GRPC_REPLY_FRAME_MAX);
	}
	assert_false(acks.cut);
	return r;
}

/* In whatever pieces, the same comes of it. */
static int
take(void)
{
	int r = take_by(1);
	enum grpc_reply_end end = reply.end;

	assert_int_equal(r, take_by(7));
	assert_int_equal(end, reply.end);
	assert_int_equal(r, take_by(wire.len));
	assert_int_equal(end, reply.end);
	return r;
}

static void
is_serving(void)
{
	assert_int_equal(1, take());
	assert_int_equal(GRPC_REPLY_WHOLE, reply.end);
	assert_true(reply.has_code);
	assert_int_equal(GRPC_OK, reply.code);
	assert_true(reply.has_health);
	assert_int_equal(GRPC_SERVING, reply.health);
}

static void
an_answer_is_read(void **state)
{
	(void)state;
	begin_http2();
	put_headers(HEADS, GOOD);
	put_message(GRPC_SERVING);
	put_headers(LAST, "grpc-status:0\ngrpc-message:\n");
	is_serving();
	assert_int_equal(200, reply.status);
}

static void
what_does_not_matter_is_passed_over(void **state)
{
	(void)state;
	begin();
	put_text(H2_SETTINGS, 0, 0, "\xfe\x03\1\1\1\1");
	put_text(H2_SETTINGS, H2_ACK, 0, "");
	put_text(H2_WINDOW_UPDATE, 0, 0, "\1\1\1\1");
	put_text(H2_WINDOW_UPDATE, 0, 1, "\1\1\1\1");
	put_text(H2_PRIORITY, 0, 3, "\1\1\1\1\1");
	put_text(0x2a, 0xff, 77, "what is this");
	put_text(H2_PING, 0, 0, "12345678");
	put_headers(HEADS, ":status:103\nlink:x\n");
	put_headers(HEADS, GOOD "grpc-encoding:identity\ndate:today\n");
	put_text(H2_DATA, 0, 1, "");
	put(H2_DATA, 0, 1, (struct span){ "\0\0\0", 3 });
	put(H2_DATA, H2_PADDED, 1, (struct span){ "\2\0\2\x08pp", 6 });
	put_text(H2_DATA, 0, 1, "\1");
	put(H2_GOAWAY, 0, 0, (struct span){
		"\x7f\xff\xff\xff\0\0\0\0bye", 11 });
	put_headers(LAST, "grpc-status:0\n");
	is_serving();
}

static void
settings_and_pings_are_acknowledged(void **state)
{
	static const char want[] = "\0\0\0\4\1\0\0\0\0"
	                           "\0\0\x08\6\1\0\0\0\0" "12345678";

	(void)state;
	begin_http2();
	put_text(H2_PING, 0, 0, "12345678");
	put_text(H2_PING, H2_ACK, 0, "12345678");
	assert_int_equal(0, take());
	assert_int_equal(sizeof want - 1, acks.len);
	assert_memory_equal(want, acks.p, acks.len);
}

static void
a_block_may_come_in_parts(void **state)
{
	char text[256] = "\3\0\0\0\0\1";	/* padding, and a priority */
	struct span b = block(GOOD);

	(void)state;
	memcpy(text + 6, b.p, 10);
	begin_http2();
	put(H2_HEADERS, H2_PADDED | H2_HAS_PRIORITY, 1,
	    (struct span){ text, 6 + 10 + 3 });
	put(H2_CONTINUATION, 0, 1, (struct span){ b.p + 10, 0 });
	put(H2_CONTINUATION, 0, 1, (struct span){ b.p + 10, 5 });
	put(H2_CONTINUATION, HEADS, 1, span_after(b, 15));
	put_message(GRPC_SERVING);
	put_headers(H2_END_STREAM, "grpc-status:0\n");
	put_text(H2_CONTINUATION, HEADS, 1, "");
	is_serving();
}

/* --- what is not such an answer --- */

static void
a_call_that_failed_has_its_code_and_words(void **state)
{
	(void)state;
	begin_http2();
	put_headers(LAST, GOOD "grpc-status:14\n"
	            "grpc-message:it%27s %C3%A9%0Ab\n");
	assert_int_equal(1, take());
	assert_int_equal(GRPC_REPLY_WHOLE, reply.end);
	assert_int_equal(GRPC_UNAVAILABLE, reply.code);
	assert_false(reply.has_health);
	assert_span_equal("it's \xc3\xa9", buf_span(&reply.text));
}

static void
an_answer_may_lack_a_code_or_a_message(void **state)
{
	(void)state;
	begin_http2();
	put_headers(LAST, GOOD);
	assert_int_equal(1, take());
	assert_false(reply.has_code);
	begin_http2();
	put_headers(LAST, GOOD "grpc-status:none\n");
	assert_int_equal(1, take());
	assert_false(reply.has_code);
	begin_http2();
	put_headers(HEADS, GOOD);
	put_text(H2_DATA, 0, 1, "");
	put_headers(LAST, "grpc-status:0\n");
	assert_int_equal(1, take());
	assert_true(reply.has_code && !reply.has_health);
	begin_http2();
	put_headers(HEADS, GOOD);
	put(H2_DATA, H2_END_STREAM, 1, (struct span){ "\0\0\0\0\0", 5 });
	assert_int_equal(1, take());
	assert_false(reply.has_code || reply.has_health);
}

/* 0 is not written. */
static void
an_empty_message_is_unknown(void **state)
{
	(void)state;
	begin_http2();
	put_headers(HEADS, GOOD);
	put(H2_DATA, 0, 1, (struct span){ "\0\0\0\0\0", 5 });
	put_headers(LAST, "grpc-status:0\n");
	assert_int_equal(1, take());
	assert_true(reply.has_health);
	assert_int_equal(GRPC_HEALTH_UNKNOWN, reply.health);
}

static void
http_without_grpc_is_told_by_the_head_alone(void **state)
{
	static const struct {
		const char *lines;
		int         status;
	} cases[] = {
		{ ":status:404\ncontent-type:text/html\n", 404 },
		{ OK_LINE "content-type:text/html\n", 200 },
		{ OK_LINE, 200 }, { ":status:503\n" TYPE_LINE, 503 },
		{ ":status:302\nlocation:/x\n", 302 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin_http2();
		put_headers(HEADS, cases[i].lines);
		assert_int_equal(1, take());
		assert_int_equal(GRPC_REPLY_STRANGE, reply.end);
		assert_int_equal(cases[i].status, reply.status);
	}
}

static void
a_refusal_has_its_reason(void **state)
{
	(void)state;
	begin_http2();
	put(H2_GOAWAY, 0, 0, (struct span){ "\0\0\0\0\0\0\0\x0b" "calm", 12 });
	assert_int_equal(1, take());
	assert_int_equal(GRPC_REPLY_GOAWAY, reply.end);
	assert_int_equal(H2_ENHANCE_YOUR_CALM, reply.error);
	begin_http2();
	put(H2_GOAWAY, 0, 0, (struct span){ "\0\0\0\0\0\0\0\0", 8 });
	assert_int_equal(1, take());	/* it leaves before our call */
	assert_int_equal(GRPC_REPLY_GOAWAY, reply.end);
	begin_http2();
	put(H2_RST_STREAM, 0, 1, (struct span){ "\0\0\0\7", 4 });
	assert_int_equal(1, take());
	assert_int_equal(GRPC_REPLY_RESET, reply.end);
	assert_int_equal(H2_REFUSED_STREAM, reply.error);
}

static void
what_is_not_http2_shows_early(void **state)
{
	static const struct span starts[] = {
		{ "H", 1 }, { "HTTP/1.1 400 Bad Request\r\n\r\n", 28 },
		{ "\x15\3\1\0\2\2\x46", 7 }, { "SSH-", 4 },
		{ "\0\0\0\6\0\0\0\0\0", 9 },	/* a PING comes first */
		{ "\0\0\0\0\0\0\0\0\0\0", 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		begin();
		buf_add(&wire, starts[i]);
		assert_int_equal(ERR_VERSION, take());
		assert_int_equal(0, reply.frames);
	}
}

/* --- what is not allowed --- */

static const struct broken {
	const char *name;
	unsigned    type, flags;
	const char *payload;
	size_t      len;
	bool        after_head;
} brokens[] = {
	{ "data before a head", H2_DATA, 0, "", 0, false },
	{ "padding longer than the frame", H2_DATA, H2_PADDED, "\5xx", 3, true },
	{ "padding without a length", H2_DATA, H2_PADDED, "", 0, true },
	{ "a head without a status", H2_HEADERS, HEADS, "", 0, false },
	{ "an index beyond the table", H2_HEADERS, HEADS, "\xff\1", 2, false },
	{ "an interim answer that is the last", H2_HEADERS, LAST,
	  "\x08\x03" "103", 5, false },
	{ "a priority that is cut", H2_HEADERS, HEADS | H2_HAS_PRIORITY,
	  "\0\0\0\0", 4, false },
	{ "a reset that is cut", H2_RST_STREAM, 0, "\0\0\0", 3, false },
	{ "a short ping", H2_PING, 0, "1234567", 7, false },
	{ "a long ping", H2_PING, 0, "123456789", 9, false },
	{ "a goaway that is cut", H2_GOAWAY, 0, "1234567", 7, false },
};

static void
is_not_allowed(void **state)
{
	const struct broken *b = *state;

	begin_http2();
	if (b->after_head)
		put_headers(HEADS, GOOD);
	put(b->type, b->flags, b->type > H2_RST_STREAM ? 0 : 1,
	    (struct span){ b->payload, b->len });
	assert_int_equal(ERR_PARSE, take());
}

static const struct bad_message {
	const char *name, *data;
	size_t      len;
} bad_messages[] = {
	{ "none", "", 0 },
	{ "a prefix alone", "\0\0\0\0\2", 5 },
	{ "compressed", "\1\0\0\0\2\x08\1", 7 },
	{ "two messages", "\0\0\0\0\2\x08\1\0\0\0\0\0", 12 },
	{ "a field that is cut", "\0\0\0\0\1\x08", 6 },
	{ "a length beyond all bounds", "\0\xff\xff\xff\xff\x08\1", 7 },
};

static void
is_not_a_message(void **state)
{
	const struct bad_message *b = *state;

	begin_http2();
	put_headers(HEADS, GOOD);
	put(H2_DATA, 0, 1, (struct span){ b->data, b->len });
	put_headers(LAST, "grpc-status:0\n");
	assert_int_equal(1, take());
	assert_int_equal(GRPC_REPLY_WHOLE, reply.end);
	assert_true(reply.has_code && !reply.has_health);
}

/* --- bounds --- */

static int
take_pings(size_t n)
{
	begin_http2();
	for (size_t i = 1; i < n; i++)
		put_text(H2_PING, 0, 0, "12345678");
	return take_by(wire.len);
}

static void
frames_have_a_bound(void **state)
{
	(void)state;
	assert_int_equal(0, take_pings(GRPC_REPLY_FRAMES_MAX - 1));
	assert_int_equal(0, take_pings(GRPC_REPLY_FRAMES_MAX));
	assert_int_equal(ERR_FULL, take_pings(GRPC_REPLY_FRAMES_MAX + 1));
}

/* A block of `len` bytes, in CONTINUATIONs of a small size. */
static int
take_block(size_t len)
{
	static char filler[GRPC_REPLY_BLOCK_MAX];
	struct span b = block(GOOD);

	begin_http2();
	memset(filler, 0x88, sizeof filler);	/* :status 200 again */
	put(H2_HEADERS, 0, 1, b);
	for (len -= b.len; len > 0;) {
		size_t n = len < 1000 ? len : 1000;

		len -= n;
		put(H2_CONTINUATION, len == 0 ? HEADS : 0, 1,
		    (struct span){ filler, n });
	}
	return take_by(wire.len);
}

static void
header_fields_have_a_bound(void **state)
{
	(void)state;
	assert_int_equal(0, take_block(GRPC_REPLY_BLOCK_MAX - 1));
	assert_int_equal(0, take_block(GRPC_REPLY_BLOCK_MAX));
	assert_int_equal(ERR_TOOBIG, take_block(GRPC_REPLY_BLOCK_MAX + 1));
}

/* Of an unknown field, whose bytes are passed over; len with the prefix. */
static int
take_message(size_t len)
{
	static char text[GRPC_REPLY_DATA_MAX + 1] = "\0\0\0\0\0\x08\1\x12";

	memset(text + 8, 0, sizeof text - 8);
	text[3] = (char)((len - 5) >> 8);
	text[4] = (char)(len - 5);
	text[8] = (char)(0x80 | ((len - 10) & 0x7f));
	text[9] = (char)((len - 10) >> 7);
	begin_http2();
	put_headers(HEADS, GOOD);
	put(H2_DATA, 0, 1, (struct span){ text, len });
	put_headers(LAST, "grpc-status:0\n");
	return take_by(wire.len);
}

static void
a_message_has_a_bound(void **state)
{
	(void)state;
	assert_int_equal(1, take_message(GRPC_REPLY_DATA_MAX - 1));
	assert_int_equal(1, take_message(GRPC_REPLY_DATA_MAX));
	assert_true(reply.has_health && reply.health == GRPC_SERVING);
	assert_int_equal(ERR_TOOBIG, take_message(GRPC_REPLY_DATA_MAX + 1));
}

static int
take_frame(size_t len)
{
	static char text[H2_PAYLOAD_MAX + 1];

	begin_http2();
	put(0x2a, 0, 0, (struct span){ text, len });
	return take_by(wire.len);
}

static void
a_frame_has_a_bound(void **state)
{
	(void)state;
	assert_int_equal(0, take_frame(H2_PAYLOAD_MAX - 1));
	assert_int_equal(0, take_frame(H2_PAYLOAD_MAX));
	assert_int_equal(ERR_PARSE, take_frame(H2_PAYLOAD_MAX + 1));
}

static void
texts_are_cut(void **state)
{
	char text[2 * GRPC_REPLY_TEXT_MAX];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	buf_str(&b, GOOD "grpc-status:2\ngrpc-message:");
	for (size_t i = 0; i < GRPC_REPLY_TEXT_MAX + 1; i++)
		buf_str(&b, "x");
	begin_http2();
	put_headers(LAST, buf_text(&b));
	assert_int_equal(1, take());
	assert_int_equal(GRPC_REPLY_TEXT_MAX, reply.text.len);
}

static void
frames_of_other_streams_do_no_harm(void **state)
{
	(void)state;
	begin_http2();
	put_headers(HEADS, GOOD);
	put_text(H2_DATA, 0, 3, "x");
	put_text(H2_RST_STREAM, 0, 3, "\1\1\1\1");
	put_text(H2_PUSH_PROMISE, 0, 1, "\1\1\1\1");
	put_message(GRPC_SERVING);
	put_headers(LAST, "grpc-status:0\n");
	is_serving();
}

int
main(void)
{
	UNIT_TEST(an_answer_is_read);
	UNIT_TEST(what_does_not_matter_is_passed_over);
	UNIT_TEST(settings_and_pings_are_acknowledged);
	UNIT_TEST(a_block_may_come_in_parts);
	UNIT_TEST(a_call_that_failed_has_its_code_and_words);
	UNIT_TEST(an_answer_may_lack_a_code_or_a_message);
	UNIT_TEST(an_empty_message_is_unknown);
	UNIT_TEST(http_without_grpc_is_told_by_the_head_alone);
	UNIT_TEST(a_refusal_has_its_reason);
	UNIT_TEST(what_is_not_http2_shows_early);
	UNIT_ROWS(is_not_allowed, brokens);
	UNIT_ROWS(is_not_a_message, bad_messages);
	UNIT_TEST(frames_have_a_bound);
	UNIT_TEST(header_fields_have_a_bound);
	UNIT_TEST(a_message_has_a_bound);
	UNIT_TEST(a_frame_has_a_bound);
	UNIT_TEST(texts_are_cut);
	UNIT_TEST(frames_of_other_streams_do_no_harm);
	return unit_run("client/grpc_reply");
}
