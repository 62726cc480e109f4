/* SPDX-License-Identifier: MIT */
/* test_h2.c - frames in, frames out: an HTTP/2 connection and its bounds */
#include "unit.h"

#include "h2_end.h"

#include "base/clock.h"

static const struct first {
	const char *name, *bytes;
	bool        is_h2;
} firsts[] = {
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
	const struct first *r = *state;
	size_t len = strlen(r->bytes);

	assert_int_equal(h2_is_preface(guarded(r->bytes, len), len), r->is_h2);
}

static void
the_refusal_of_http2_is_two_whole_frames(void **state)
{
	struct buf b = guarded_buf(9 + 9 + 8);

	(void)state;
	h2_write_refusal(&b);
	assert_string_equal(h2_script_show(buf_span(&b)),
	                    "SETTINGS GOAWAY:0,13");
}

/* Our SETTINGS: at most 100 streams, lists of 16 KB. */
static void
the_first_frame_says_what_may_be_sent(void **state)
{
	(void)state;
	end_take(span_of(H2_PREFACE));
	assert_int_equal(end_out.len, 0);	/* the client's comes next */
	end_take((struct span){ "\0\0\0\4\0\0\0\0\0", H2_HEAD_LEN });
	assert_hex("00000c040000000000" "000300000064" "000600004000"
	           "000000040100000000", end_out.p, end_out.len);
}

/* --- what is sent, and what comes back --- */

static const struct talk {
	const char *name, *sent, *got;	/* behind OPEN and OPENED */
} talks[] = {
	{ "a Check", "check/1", CHECKED("1") },
	{ "Checks of one flight", "check/1 check/3 check/5",
	  CHECKED("1") " " CHECKED("3") " " CHECKED("5") },
	{ "streams that overlap", "call/1 call/3 end/3:0000000000 "
	  "end/1:0000000000", CHECKED("3") " " CHECKED("1") },
	{ "a stream that passes others over", "check/9", CHECKED("9") },
	{ "a GET", "get/1:/livez", "HEADERS/1:200 DATA/1+end:414141" },
	{ "a message in pieces", "call/1 data/1:00 data/1:000000 data/1 "
	  "end/1:00", CHECKED("1") },
	{ "an end in a frame of its own", "call/1 data/1:0000000000 end/1",
	  CHECKED("1") },
	{ "trailers behind the message", "call/1 data/1:0000000000 trailers/1",
	  CHECKED("1") },
	{ "padding", "call/1 padded/1:020000000000000f trailers/1",
	  CHECKED("1") },
	{ "a header block in pieces", "part/1:8286 more/1 last/1:84",
	  "HEADERS/1:200 DATA/1+end:414141 RST/1:0" },
	{ "a ping", "ping", "PING+ack" },
	{ "the answer to a ping", "pong", "" },
	{ "settings", "settings:1=0,5=16384", "SETTINGS+ack" },
	{ "settings that nobody knows", "settings:9=1,65027=7",
	  "SETTINGS+ack" },
	{ "an acknowledgement", "ack", "" },
	{ "a frame that nobody knows", "unknown unknown/1 unknown/77", "" },
	{ "priorities", "priority/3 priority/5 priority/7", "" },
	{ "a goodbye while a call waits", "call/1 goaway end/1:0000000000",
	  CHECKED("1") },
	{ "a goodbye behind a call", "check/1 goaway check/3",
	  CHECKED("1") " GOAWAY:1,0" },
	{ "a window for a stream that has ended", "check/1 window/1:5",
	  CHECKED("1") },
	{ "a reset of a stream that has ended", "check/1 rst/1 ping",
	  CHECKED("1") " PING+ack" },
	{ "a reset of a call that waits", "call/1 rst/1 ping", "PING+ack" },
	{ "data behind a reset", "call/1 rst/1 data/1:00", "RST/1:5" },
	{ "data of the oldest reset of ours that is known",
	  "call/1 data/1:01 check/127 data/1:00",
	  "HEADERS/1+end:200,13 RST/1:0 " CHECKED("127") },
	{ "data of an older one", "call/1 data/1:01 check/129 data/1:00",
	  "HEADERS/1+end:200,13 RST/1:0 " CHECKED("129") " RST/1:5" },
	{ "the oldest stream that is known to be passed over",
	  "check/129 check/3", CHECKED("129") " GOAWAY:129,1" },
	{ "an older one", "check/131 check/3", CHECKED("131") " GOAWAY:131,5" },
	{ "data behind the end", "watch/1 data/1:00",
	  ANSWERED("1") " RST/1:5" },
	{ "trailers behind the end", "watch/1 trailers/1",
	  ANSWERED("1") " RST/1:5" },
	{ "trailers without an end", "call/1 headers/1", "RST/1:1" },
	{ "a stream window of no bytes", "call/1 window/1:0", "RST/1:1" },
	{ "a stream window that is too wide", "call/1 window/1:2147483647",
	  "RST/1:3" },
	{ "a window that is just wide enough", "call/1 window/1:2147418112 "
	  "window/0:2147418112 end/1:0000000000", CHECKED("1") },
	{ "a request without a method", "headers/1:8684", "RST/1:1" },
	/* From here on the connection ends. */
	{ "a window of no bytes", "window/0:0", "GOAWAY:0,1" },
	{ "a window that is too wide", "window/0:2147418113",
	  "GOAWAY:0,3" },
	{ "streams' windows that get too wide", "call/1 window/1:2147418112 "
	  "settings:4=65536", "GOAWAY:1,3" },
	{ "a first window that is too wide", "settings:4=2147483648",
	  "GOAWAY:0,3" },
	{ "a push that is neither on nor off", "settings:2=2", "GOAWAY:0,1" },
	{ "too small frames", "settings:5=16383", "GOAWAY:0,1" },
	{ "too large frames", "settings:5=16777216", "GOAWAY:0,1" },
	{ "a preface without SETTINGS", "pri", "GOAWAY:0,6" },
	{ "an even stream", "check/2", "GOAWAY:0,1" },
	{ "a head of a stream that was passed over", "check/3 check/1",
	  CHECKED("3") " GOAWAY:3,1" },
	{ "a head of a stream that has ended", "check/1 check/1",
	  CHECKED("1") " GOAWAY:1,5" },
	{ "data on a stream that is idle", "data/1:00", "GOAWAY:0,1" },
	{ "a reset of one", "rst/1", "GOAWAY:0,1" },
	{ "a window of one", "window/1:1", "GOAWAY:0,1" },
	{ "a push", "push/1", "GOAWAY:0,1" },
	{ "data on the connection", "data/0:00", "GOAWAY:0,1" },
	{ "settings on a stream", "raw:000000040000000001", "GOAWAY:0,1" },
	{ "a ping on a stream", "ping/1", "GOAWAY:0,1" },
	{ "a short ping", "ping:00", "GOAWAY:0,6" },
	{ "a long ping", "ping:000102030405060708", "GOAWAY:0,6" },
	{ "a short reset", "call/1 raw:000003030000000001000000",
	  "GOAWAY:1,6" },
	{ "a short priority", "priority/1:00000000", "GOAWAY:0,6" },
	{ "a short goodbye", "goaway:00000000000000", "GOAWAY:0,6" },
	{ "settings of seven bytes", "raw:00000704000000000000030000000100",
	  "GOAWAY:0,6" },
	{ "an acknowledgement with something in it", "ack:000300000001",
	  "GOAWAY:0,6" },
	{ "more padding than there is", "call/1 padded/1:0500",
	  "GOAWAY:1,1" },
	{ "padding without a byte", "call/1 padded/1", "GOAWAY:1,6" },
	{ "another frame within a block", "part/1:82 ping", "GOAWAY:0,1" },
	{ "one that nobody knows within a block", "part/1:82 unknown",
	  "GOAWAY:0,1" },
	{ "another stream's block within one", "part/1:82 last/3:84",
	  "GOAWAY:0,1" },
	{ "the rest of a block without its start", "last/1:82",
	  "GOAWAY:0,1" },
	{ "a broken block", "headers/1:c0", "GOAWAY:0,9" },
	{ "nothing behind an error", "ping:00 ping check/1", "GOAWAY:0,6" },
};

static void
is_answered(void **state)
{
	const struct talk *r = *state;

	assert_string_equal(end_hear(OPEN), OPENED);
	if (strncmp(r->sent, "pri", 3) != 0)
		assert_string_equal(end_hear(r->sent), r->got);
	assert_int_equal(end.is_over, strstr(r->got, "GOAWAY") != NULL
	                 && strncmp(r->sent, "pri", 3) != 0);
}

/* Whatever falls into which piece. */
static void
is_answered_the_same_in_two_pieces(void **state)
{
	const struct talk *r = *state;
	static char text[H2_SCRIPT_MAX], whole[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text), w;

	h2_script_write(&b, OPEN);
	h2_script_write(&b, r->sent);
	end_take(buf_span(&b));
	w = buf_over(whole, sizeof whole);
	buf_str(&w, end_sent());
	for (size_t i = 0; i <= b.len; i++) {
		end_open(NULL);
		end_take((struct span){ b.p, i });
		end_take(span_after(buf_span(&b), i));
		assert_string_equal(end_sent(), buf_text(&w));
	}
}

static void
is_answered_the_same_byte_by_byte(void **state)
{
	const struct talk *r = *state;
	static char text[H2_SCRIPT_MAX], whole[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text), w;

	h2_script_write(&b, OPEN);
	h2_script_write(&b, r->sent);
	end_take(buf_span(&b));
	w = buf_over(whole, sizeof whole);
	buf_str(&w, end_sent());
	end_open(NULL);
	for (size_t i = 0; i < b.len; i++)
		end_take((struct span){ b.p + i, 1 });
	assert_string_equal(end_sent(), buf_text(&w));
}

static void
a_wrong_preface_is_refused_with_frames(void **state)
{
	(void)state;
	end_take(span_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"));
	assert_string_equal(end_sent(), "SETTINGS GOAWAY:0,1");
	assert_true(end.is_over);
}

static void
the_first_frame_must_be_settings(void **state)
{
	(void)state;
	assert_string_equal(end_hear("pri ack"), "SETTINGS GOAWAY:0,1");
	end_open(NULL);
	assert_string_equal(end_hear("pri ping"), "SETTINGS GOAWAY:0,1");
}

/* 16,384 bytes, and the head of one that has more. */
static void
a_frame_has_a_largest_size(void **state)
{
	static char payload[H2_PAYLOAD_MAX + 1];
	static char text[H2_SCRIPT_MAX];

	(void)state;
	for (size_t n = H2_PAYLOAD_MAX - 1; n <= H2_PAYLOAD_MAX + 1; n++) {
		struct buf b = buf_over(text, sizeof text);

		end_open(NULL);
		h2_script_write(&b, OPEN);
		h2_script_frame(&b, 0x42, 0, 0, (struct span){ payload, n });
		h2_script_write(&b, "ping");
		end_take(buf_span(&b));
		assert_string_equal(end_sent(), n <= H2_PAYLOAD_MAX
		                    ? OPENED " PING+ack"
		                    : OPENED " GOAWAY:0,6");
	}
}

/* --- windows --- */

static const struct window {
	const char *name, *sent, *got;
} windows[] = {
	{ "a window of five bytes", "pri settings:4=5 check/1",
	  OPENED " HEADERS/1:200 DATA/1:0000000002" },
	{ ".. that gets wider by one", "pri settings:4=5 check/1 window/1:1",
	  OPENED " HEADERS/1:200 DATA/1:0000000002 DATA/1:08" },
	{ ".. and by one more", "pri settings:4=5 check/1 window/1:1 "
	  "window/1:1", OPENED " HEADERS/1:200 DATA/1:0000000002 DATA/1:08 "
	  "DATA/1:01 HEADERS/1+end:0" },
	{ "a closed window", "pri settings:4=0 check/1",
	  OPENED " HEADERS/1:200" },
	{ "a closed window that SETTINGS opens",
	  "pri settings:4=0 check/1 settings:4=7",
	  OPENED " HEADERS/1:200 SETTINGS+ack DATA/1:" SERVING
	  " HEADERS/1+end:0" },
	{ "a window below zero", "pri settings:4=5 check/1 settings:4=0 "
	  "window/1:5", OPENED " HEADERS/1:200 DATA/1:0000000002 "
	  "SETTINGS+ack" },
	{ "a window that was below zero", "pri settings:4=5 check/1 "
	  "settings:4=0 window/1:7",
	  OPENED " HEADERS/1:200 DATA/1:0000000002 SETTINGS+ack "
	  "DATA/1:0801 HEADERS/1+end:0" },
	{ "a GET whose window is small", "pri settings:4=2 get/1:/ "
	  "window/1:1", OPENED " HEADERS/1:200 DATA/1:4141 DATA/1+end:41" },
	{ "a Watch whose window is small", "pri settings:4=2 watch/1 "
	  "window/1:100", OPENED " HEADERS/1:200 DATA/1:0000 "
	  "DATA/1:0000020801" },
	{ "an answer that is reset before it is out", "pri settings:4=0 "
	  "check/1 rst/1 window/0:5 check/3", OPENED " HEADERS/1:200 "
	  "HEADERS/3:200" },
	{ "two answers that wait", "pri settings:4=0 check/1 get/3:/ "
	  "settings:4=7", OPENED " HEADERS/1:200 HEADERS/3:200 SETTINGS+ack "
	  "DATA/3+end:414141 DATA/1:" SERVING " HEADERS/1+end:0" },
};

static void
takes_so_much(void **state)
{
	const struct window *r = *state;

	assert_string_equal(end_hear(r->sent), r->got);
	assert_false(end.is_over);
}

/* The connection's own counts all streams. */
static void
the_connections_window_is_everyones(void **state)
{
	(void)state;
	end_content_len = 30000;
	end_hear(OPEN "get/1:/ get/3:/");
	assert_string_equal(end_hear("get/5:/"), "HEADERS/5:200 DATA/5:5535");
	assert_string_equal(end_hear("window/5:100"), "");
	assert_string_equal(end_hear("get/7:/"), "RST/7:7");
	assert_string_equal(end_hear("check/9"), "HEADERS/9:200");
	assert_string_equal(end_hear("window/0:24470"), "DATA/9:" SERVING
	                    " HEADERS/9+end:0 DATA/5:16384 DATA/5:8079");
	assert_string_equal(end_hear("window/0:100"), "DATA/5+end:4141");
	assert_int_equal(end.n, 0);
	assert_string_equal(end_hear("get/11:/ rst/11 get/13:/ rst/13"),
	                    "HEADERS/11:200 DATA/11:98 HEADERS/13:200");
}

/* As large as answers get, in a window that takes all, and in none. */
static void
the_largest_answer_goes_out_whole(void **state)
{
	(void)state;
	for (size_t n = SERVER_OUT_MAX - 1024; n > SERVER_OUT_MAX - 1027; n--) {
		end_open(NULL);
		end_content_len = n;
		end_hear(OPEN "window/0:1000000");
		end_hear("get/1:/");
		assert_int_equal(end.n, 0);
		end_hear("settings:4=0 get/3:/");
		assert_int_equal(end.held_len, n);
		end_hear("settings:4=1000000");
		assert_int_equal(end.n, 0);
		assert_int_equal(end.held_id, 0);
		assert_int_equal(1000000 + H2_WINDOW - 2 * n, end.window);
	}
}

/* What is got is given back before half a window is used up. */
static void
its_own_window_is_opened_again(void **state)
{
	static char payload[H2_PAYLOAD_MAX], text[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	end_hear(OPEN "call/1 rst/1");
	for (int i = 0; i < 2; i++)
		h2_script_frame(&b, H2_DATA, 0, 1, (struct span){
		                payload, H2_PAYLOAD_MAX });
	end_take(buf_span(&b));
	assert_string_equal(end_sent(), "RST/1:5 WINDOW:32768");
}

/* --- bounds --- */

static void
so_many_streams_may_be_open(void **state)
{
	(void)state;
	end_hear(OPEN "99*call/+");
	assert_int_equal(end.n, H2_STREAMS_MAX - 1);
	assert_string_equal(end_hear("call/+"), "");
	assert_string_equal(end_hear("call/+"), "RST/201:7");
	assert_string_equal(end_hear("end/1:0000000000 check/+"),
	                    CHECKED("1") " " CHECKED("203"));
	assert_int_equal(end.n, H2_STREAMS_MAX - 1);
}

static const struct noise {
	const char *name, *open, *frame;
	unsigned    takes;	/* so many before it is too much */
} noises[] = {
	{ "pings", "", "ping", H2_NOISE_MAX },
	{ "answers to pings", "", "pong", H2_NOISE_MAX },
	{ "SETTINGS", "", "settings", H2_NOISE_MAX },
	{ "SETTINGS of three", "", "settings:4=9,4=8,4=7", H2_NOISE_MAX / 4 },
	{ "acknowledgements", "", "ack", H2_NOISE_MAX },
	{ "priorities", "", "priority/3", H2_NOISE_MAX },
	{ "goodbyes", "call/+", "goaway", H2_NOISE_MAX },
	{ "frames that nobody knows", "", "unknown", H2_NOISE_MAX },
	{ "empty data", "call/+", "data/1", H2_NOISE_MAX },
	{ "padding alone", "call/+", "padded/1:020000", H2_NOISE_MAX },
	{ "empty pieces of a block", "part/1:82", "more/1", H2_NOISE_MAX },
	{ "windows", "", "window/0:1", H2_NOISE_MAX },
	{ "windows of streams that have ended", "check/+", "window/1:1",
	  H2_NOISE_MAX },
	{ "calls that are reset", "", "call/+ rst/*", H2_NOISE_MAX },
	{ "requests that make us reset", "", "headers/+:8684",
	  H2_NOISE_MAX },
	{ "data behind an end", "call/+ rst/1", "data/1:00", H2_NOISE_MAX },
};

/* One frame; "rst/" and the last stream behind another. */
static void
add_noise(struct buf *b, const char *frame)
{
	const char *rst = strstr(frame, " rst/*");
	char text[64];
	struct buf one = buf_over(text, sizeof text);

	buf_add(&one, (struct span){ frame, rst != NULL
	                             ? (size_t)(rst - frame)
	                             : strlen(frame) });
	h2_script_write(b, buf_text(&one));
	if (rst != NULL)
		h2_write_number(b, H2_RST_STREAM, h2_script_next - 2, 8);
}

static void
hear_noise(const char *frame, unsigned n)
{
	static char text[H2_SCRIPT_MAX];
	struct buf b = buf_over(text, sizeof text);

	while (n-- > 0)
		add_noise(&b, frame);
	end_take(buf_span(&b));
}

static void
are_too_much_in_one_second(void **state)
{
	const struct noise *r = *state;

	end_hear(OPEN);
	end_now_ms += H2_NOISE_MS;
	end_hear(r->open);
	end.noise = 0;
	hear_noise(r->frame, r->takes - 1);
	assert_false(end.is_over);
	hear_noise(r->frame, 1);
	assert_false(end.is_over);
	end_sent();
	hear_noise(r->frame, 1);
	assert_true(end.is_over);
	assert_non_null(strstr(end_sent(), "GOAWAY"));
}

static void
are_forgotten_after_it(void **state)
{
	const struct noise *r = *state;

	end_hear(OPEN);
	end_hear(r->open);
	for (int i = 0; i < 4; i++) {
		end_now_ms += H2_NOISE_MS;
		hear_noise(r->frame, r->takes);
		assert_false(end.is_over);
	}
	end_now_ms += H2_NOISE_MS - 1;
	hear_noise(r->frame, 2);
	assert_true(end.is_over);
}

/* gRPC clients ping at each answer and open windows. */
static void
calls_make_up_for_noise(void **state)
{
	(void)state;
	end_hear(OPEN);
	for (int i = 0; i < 1000; i++)
		end_hear("check/+ 8*ping");
	assert_false(end.is_over);
}

/* .. unless they were sent to be reset. */
static void
calls_that_are_reset_once_answered_make_up_for_nothing(void **state)
{
	int n = 0;

	(void)state;
	end_hear(OPEN);
	for (; !end.is_over && n < 1000; n++)
		hear_noise("check/+ rst/*", 1);
	assert_true(n > 30 && n <= H2_NOISE_MAX);
}

static void
a_block_has_a_longest_size(void **state)
{
	static char text[H2_SCRIPT_MAX], payload[H2_PAYLOAD_MAX];
	const struct span all = { payload, sizeof payload };

	(void)state;
	for (size_t n = 1; n <= 3; n++) {	/* of the last, less 1 */
		struct buf b = buf_over(text, sizeof text);

		end_open(NULL);
		h2_script_write(&b, OPEN);
		memset(payload, 0x20, sizeof payload);	/* resizes */
		h2_script_frame(&b, H2_HEADERS, H2_END_STREAM, 1, all);
		h2_script_frame(&b, H2_CONTINUATION, 0, 1,
		                (struct span){ payload, all.len - 5 });
		h2_script_frame(&b, H2_CONTINUATION, 0, 1,
		                (struct span){ payload, n });
		h2_script_frame(&b, H2_CONTINUATION, H2_END_HEADERS, 1,
		                guarded_hex("828684"));
		end_take(buf_span(&b));
		assert_string_equal(end_sent(), n <= 2
		                    ? OPENED " HEADERS/1:200 DATA/1+end:414141"
		                    : OPENED " GOAWAY:0,11");
	}
}

/* Two bytes of a block stand for an entry of 4 KB each. */
static void
a_block_that_unfolds_has_a_largest_size(void **state)
{
	static char value[4000], text[H2_SCRIPT_MAX], block[8000];

	(void)state;
	memset(value, 'v', sizeof value);
	for (int n = 12; n <= 20; n++) {
		struct buf b = buf_over(block, sizeof block);
		struct buf f = buf_over(text, sizeof text);

		end_open(NULL);
		buf_add(&b, guarded_hex("828684" "400178" "7fa11e"));
		buf_add(&b, (struct span){ value, sizeof value });
		while (n > 0 && b.len < 4010 + (size_t)n)
			buf_add(&b, guarded_hex("be"));
		h2_script_write(&f, OPEN);
		h2_script_frame(&f, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM,
		                1, buf_span(&b));
		end_take(buf_span(&f));
		/* 131 bytes, and 4,033 for each */
		assert_string_equal(end_sent(),
		    131 + 4033 * (b.len - 4009 + 1) <= H2_LIST_WORST
		    ? OPENED " HEADERS/1:431 DATA/1+end:414141"
		    : OPENED " GOAWAY:0,11");
	}
}

/* Each is a line of the log: 5 bytes of a block stand for 20 KB. */
static void
lists_that_are_too_long_are_noise(void **state)
{
	static char value[4000], text[H2_SCRIPT_MAX], block[8000];
	struct buf b = buf_over(block, sizeof block);
	struct buf f = buf_over(text, sizeof text);
	unsigned n = 0;

	(void)state;
	memset(value, 'v', sizeof value);
	buf_add(&b, guarded_hex("828684" "400178" "7fa11e"));
	buf_add(&b, (struct span){ value, sizeof value });
	h2_script_write(&f, OPEN);
	h2_script_frame(&f, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, 1,
	                buf_span(&b));
	end_take(buf_span(&f));
	h2_script_next = 3;
	for (; !end.is_over && n < 2 * H2_NOISE_MAX; n++)
		hear_noise("trailers/+:828684bebebebebe", 1);
	assert_true(n > 20 && n <= H2_NOISE_MAX);
}

static const struct turn_row {
	const char *name, *frame;
	unsigned    each;	/* so many in a turn */
} turn_rows[] = {
	{ "requests", "get/+:/", H2_TURN_REQS },
	{ "frames", "pong", H2_TURN_COST },
};

static void
are_so_many_a_turn(void **state)
{
	const struct turn_row *r = *state;

	end_hear(OPEN);
	hear_noise(r->frame, r->each - 1);
	assert_int_equal(end_turns, 1);
	hear_noise(r->frame, r->each);
	assert_int_equal(end_turns, 1);
	hear_noise(r->frame, r->each + 1);
	assert_int_equal(end_turns, 2);
}

static void
a_large_frame_counts_as_many(void **state)
{
	static char text[H2_SCRIPT_MAX], payload[H2_PAYLOAD_MAX];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	end_hear(OPEN);
	for (int i = 0; i < 3; i++)
		h2_script_frame(&b, 0x42, 0, 0, (struct span){
		                payload, sizeof payload });
	end_take(buf_span(&b));
	assert_int_equal(end_turns, 3);
}

/* --- time --- */

static void
nothing_is_waited_for_at_first(void **state)
{
	(void)state;
	end_hear(OPEN "check/1 watch/3");
	assert_int_equal(h2_deadline(&end), CLOCK_NEVER);
	assert_string_equal(end_turn_of(h2_expire), "");
}

static const struct late {
	const char *name, *sent, *got;
} lates[] = {
	{ "a call without its message", "call/1",
	  "HEADERS/1+end:200,4 RST/1:0" },
	{ "a message without its end", "call/1 data/1:0000000000",
	  "HEADERS/1+end:200,4 RST/1:0" },
	{ "an answer that the windows do not take", "settings:4=0 check/1",
	  "RST/1:8" },
	{ "a body that they do not take", "settings:4=0 get/1:/", "RST/1:8" },
	{ "several", "call/1 call/3", "HEADERS/3+end:200,4 RST/3:0 "
	  "HEADERS/1+end:200,4 RST/1:0" },
	{ "a block without its end", "part/1:82", "GOAWAY:0,11" },
};

static void
ends_when_its_time_is_up(void **state)
{
	const struct late *r = *state;

	end_hear(OPEN);
	end_hear(r->sent);
	assert_int_equal(h2_deadline(&end), end_now_ms + H2_WAIT_MS);
	end_now_ms += H2_WAIT_MS - 1;
	assert_string_equal(end_turn_of(h2_expire), "");
	end_now_ms++;
	assert_string_equal(end_turn_of(h2_expire), r->got);
	assert_int_equal(end.n, 0);
	assert_int_equal(h2_deadline(&end), end.is_over ? end_now_ms
	                                                : CLOCK_NEVER);
}

/* Byte by byte it has no more time. */
static void
an_answer_taken_slowly_has_one_deadline(void **state)
{
	(void)state;
	end_content_len = 1000;
	end_hear(OPEN "settings:4=0 get/1:/");
	for (int i = 0; i < H2_WAIT_MS / 100; i++) {
		assert_string_equal(end_turn_of(h2_expire), "");
		end_now_ms += 100;
		assert_string_equal(end_hear("window/1:1"), "DATA/1:41");
	}
	assert_string_equal(end_turn_of(h2_expire), "RST/1:8");
	assert_int_equal(end.held_id, 0);
	assert_string_equal(end_hear("settings:4=65535 get/3:/"),
	                    "SETTINGS+ack HEADERS/3:200 DATA/3+end:1000");
}

/* --- changes, and the end --- */

static const char *
change(bool to)
{
	end_is_serving = to;
	return end_turn_of(h2_tell);
}

static void
each_watch_hears_each_change(void **state)
{
	(void)state;
	end_hear(OPEN "watch/1:live watch/3:db watch/5:none call/7");
	assert_string_equal(change(true), "");
	assert_string_equal(change(false), "DATA/3:00000000020802 "
	                    "DATA/1:00000000020802");
	assert_string_equal(change(false), "");
	end_hear("rst/1");
	assert_string_equal(change(true), "DATA/3:" SERVING);
	assert_int_equal(end.n_watches, 2);
}

static void
all_watches_fit_into_a_turn(void **state)
{
	(void)state;
	end_hear(OPEN "100*watch/+");
	assert_int_equal(end.n_watches, H2_STREAMS_MAX);
	change(false);
	assert_string_equal(change(false), "");
	assert_string_equal(end_turn_of(h2_tell), "");
	for (size_t i = 0; i < end.n; i++)
		assert_false(end.streams[i].text_at < end.streams[i].text_len);
	end_turn_of(h2_leave);
	assert_int_equal(end.n, 0);
	assert_int_equal(end.n_watches, 0);
}

/* The change that came meanwhile is told behind the first. */
static void
a_watch_without_a_window_hears_the_latest(void **state)
{
	(void)state;
	end_hear("pri settings:4=7 watch/1");
	assert_string_equal(change(false), "");
	assert_string_equal(change(true), "");
	assert_string_equal(end_hear("window/1:100"),
	                    "DATA/1:00000000020802");
	assert_string_equal(change(true), "DATA/1:" SERVING);
}

static const struct leave {
	const char *name, *sent, *got;
} leaves[] = {
	{ "a connection without a call", "", "GOAWAY:0,0" },
	{ "a Watch", "watch/1", "HEADERS/1+end:14 GOAWAY:1,0" },
	{ "a call that waits", "call/1",
	  "HEADERS/1+end:200,14 RST/1:0 GOAWAY:1,0" },
	{ "an answer that is not out", "settings:4=0 check/1", "GOAWAY:1,0" },
};

static void
is_told_when_hale_leaves(void **state)
{
	const struct leave *r = *state;

	end_hear(OPEN);
	end_hear(r->sent);
	assert_string_equal(end_turn_of(h2_leave), r->got);
	assert_true(end.is_over);
	assert_string_equal(end_hear("ping window/0:100"), "");
}

int
main(void)
{
	UNIT_ROWS(knows_http2, firsts);
	UNIT_TEST(the_refusal_of_http2_is_two_whole_frames);
	END_TEST(the_first_frame_says_what_may_be_sent);
	END_ROWS(is_answered, talks);
	END_ROWS(is_answered_the_same_in_two_pieces, talks);
	END_ROWS(is_answered_the_same_byte_by_byte, talks);
	END_TEST(a_wrong_preface_is_refused_with_frames);
	END_TEST(the_first_frame_must_be_settings);
	END_TEST(a_frame_has_a_largest_size);
	END_ROWS(takes_so_much, windows);
	END_TEST(the_connections_window_is_everyones);
	END_TEST(the_largest_answer_goes_out_whole);
	END_TEST(its_own_window_is_opened_again);
	END_TEST(so_many_streams_may_be_open);
	END_ROWS(are_too_much_in_one_second, noises);
	END_ROWS(are_forgotten_after_it, noises);
	END_TEST(calls_make_up_for_noise);
	END_TEST(calls_that_are_reset_once_answered_make_up_for_nothing);
	END_TEST(a_block_has_a_longest_size);
	END_TEST(a_block_that_unfolds_has_a_largest_size);
	END_TEST(lists_that_are_too_long_are_noise);
	END_ROWS(are_so_many_a_turn, turn_rows);
	END_TEST(a_large_frame_counts_as_many);
	END_TEST(nothing_is_waited_for_at_first);
	END_ROWS(ends_when_its_time_is_up, lates);
	END_TEST(an_answer_taken_slowly_has_one_deadline);
	END_TEST(each_watch_hears_each_change);
	END_TEST(all_watches_fit_into_a_turn);
	END_TEST(a_watch_without_a_window_hears_the_latest);
	END_ROWS(is_told_when_hale_leaves, leaves);
	return unit_run("net/h2");
}
