/* SPDX-License-Identifier: MIT */
/* test_h2_answer.c - calls of gRPC's health service, and how they end */
#include "unit.h"

#include "h2_end.h"

#include "base/clock.h"

/* A call's head with these fields more, "|name=value". */
static void
call(const char *method, const char *type, const char *path,
     const char *fields)
{
	char block[2048], frame[4096];
	struct buf b = buf_over(block, sizeof block);
	struct buf f = buf_over(frame, sizeof frame);
	struct span rest = span_of(fields);

	hpack_write(&b, ":method", span_of(method));
	hpack_write(&b, ":scheme", span_of("http"));
	hpack_write(&b, ":path", span_of(path));
	hpack_write(&b, "content-type", span_of(type));
	while (rest.len > 0) {
		struct span value = span_cut(&rest, '|');
		struct span name = span_cut(&value, '=');
		char text[64];
		struct buf n = buf_over(text, sizeof text);

		buf_add(&n, name);
		hpack_write(&b, buf_text(&n), value);
	}
	h2_script_frame(&f, H2_HEADERS, H2_END_HEADERS, 1, buf_span(&b));
	end_take(buf_span(&f));
}

static void
post(const char *path, const char *fields)
{
	call("POST", GRPC_TYPE, path, fields);
}

static int
open_connection(void **state)
{
	int r = end_open(state);

	end_hear(OPEN);
	return r;
}

/* Does text stand in what was sent? */
static bool
has_sent(const char *text)
{
	return memmem(end_out.p, end_out.len, text, strlen(text)) != NULL;
}

static const struct row {
	const char *name, *method, *fields;
	const char *frames;	/* behind the head */
	const char *got;
	const char *why;	/* in its grpc-message; NULL: none */
} rows[] = {
	{ "Check of all", "Check", "", "end/1:0000000000", CHECKED("1"),
	  NULL },
	{ "Check by name", "Check", "", "end/1:00000000040a026462",
	  CHECKED("1"), NULL },
	{ "Check of a name that is not known", "Check", "",
	  "end/1:00000000030a0178", "HEADERS/1+end:200,5", "\"x\"" },
	{ "Check with fields that nobody knows", "Check", "",
	  "end/1:000000000610010a026462", CHECKED("1"), NULL },
	{ "Watch of a name that is not known", "Watch", "",
	  "end/1:00000000030a0178", "HEADERS/1:200 DATA/1:00000000020803",
	  NULL },
	{ "another method", "Kill", "", "", "HEADERS/1+end:200,12 RST/1:0",
	  "Kill" },
	{ "a method in small letters", "check", "", "",
	  "HEADERS/1+end:200,12 RST/1:0", "check" },
	{ "a compressed message that was announced", "Check",
	  "grpc-encoding=gzip", "end/1:0100000000",
	  "HEADERS/1+end:200,12", "compressed" },
	{ "one that was not", "Check", "", "end/1:0100000000",
	  "HEADERS/1+end:200,13", "compressed" },
	{ "one of no coding", "Check", "grpc-encoding=identity",
	  "end/1:0100000000", "HEADERS/1+end:200,13", "compressed" },
	{ "a coding that is not used", "Check", "grpc-encoding=gzip",
	  "end/1:0000000000", CHECKED("1"), NULL },
	{ "no message", "Check", "", "end/1", "HEADERS/1+end:200,12",
	  "one whole message" },
	{ "part of a message", "Check", "", "end/1:00000000030a",
	  "HEADERS/1+end:200,12", "one whole message" },
	{ "two messages", "Check", "", "end/1:00000000000000000000",
	  "HEADERS/1+end:200,12", "more than one" },
	{ "what is no protobuf", "Check", "", "end/1:00000000010a",
	  "HEADERS/1+end:200,13", "protobuf" },
	{ "a message that is announced as too long", "Check", "",
	  "data/1:00000001fc", "HEADERS/1+end:200,8 RST/1:0", "512" },
	{ "a time that is no time", "Check", "grpc-timeout=5x", "",
	  "HEADERS/1+end:200,13 RST/1:0", "grpc-timeout" },
};

static void
is_answered(void **state)
{
	const struct row *r = *state;
	char path[64];
	struct buf b = buf_over(path, sizeof path);

	buf_fmt(&b, GRPC_HEALTH_PATH "%s", r->method);
	post(buf_text(&b), r->fields);
	if (*r->frames != '\0') {
		char text[200];
		struct buf f = buf_over(text, sizeof text);

		h2_script_write(&f, r->frames);
		end_take(buf_span(&f));
	}
	assert_int_equal(has_sent("grpc-message"), r->why != NULL);
	if (r->why != NULL)
		assert_true(has_sent(r->why));
	assert_int_equal(has_sent("grpc-accept-encoding"), r->why != NULL
	                 && strstr(r->fields, "gzip") != NULL);
	assert_true(!has_sent(GRPC_TYPE "+"));
	assert_string_equal(end_sent(), r->got);
}

static const struct kind {
	const char *name, *method, *type, *path, *got;
} kinds[] = {
	{ "a call of another service", "POST", GRPC_TYPE, "/a.b/Check",
	  "HEADERS/1+end:200,12 RST/1:0" },
	{ "a call of another version", "POST", GRPC_TYPE "+proto",
	  "/grpc.health.v2.Health/Check", "HEADERS/1+end:200,12 RST/1:0" },
	{ "a method without its service", "POST", GRPC_TYPE, "Check",
	  "HEADERS/1+end:200,12 RST/1:0" },
	{ "a method of no service", "POST", GRPC_TYPE, "/Check",
	  "HEADERS/1+end:200,12 RST/1:0" },
	{ "a GET with gRPC's type", "GET", GRPC_TYPE, "/",
	  "HEADERS/1:200 DATA/1+end:414141 RST/1:0" },
	{ "gRPC for browsers", "POST", GRPC_TYPE "-web",
	  GRPC_HEALTH_PATH "Check", "HEADERS/1:200 DATA/1+end:414141 RST/1:0" },
	{ "a form", "POST", "application/x-www-form-urlencoded", "/a",
	  "HEADERS/1:200 DATA/1+end:414141 RST/1:0" },
	{ "HEAD", "HEAD", "text/plain", "/a", "HEADERS/1+end:200 RST/1:0" },
};

static void
is_a_call_or_not(void **state)
{
	const struct kind *r = *state;

	call(r->method, r->type, r->path, "");
	assert_string_equal(end_sent(), r->got);
}

static void
a_message_has_a_longest_size(void **state)
{
	static char text[2048], name[H2_TEXT_MAX];

	(void)state;
	memset(name, 'n', sizeof name);
	for (size_t n = H2_TEXT_MAX - 9; n <= H2_TEXT_MAX - 7; n++) {
		struct buf b = buf_over(text, sizeof text);

		open_connection(NULL);
		h2_script_call(&b, 1, "Check", (struct span){ name, n });
		end_take(buf_span(&b));
		if (n <= H2_TEXT_MAX - 8)
			assert_true(has_sent("n...\""));
		assert_string_equal(end_sent(), n <= H2_TEXT_MAX - 8
		                    ? "HEADERS/1+end:200,5"
		                    : "HEADERS/1+end:200,8");
	}
}

/* The client chose it: no control byte gets into our field. */
static void
a_strange_name_is_shown_in_plain_letters(void **state)
{
	char text[200];
	struct buf f = buf_over(text, sizeof text);

	(void)state;
	h2_script_write(&f, "call/1 end/1:000000000a0a0878250a0d7f00ff22");
	end_take(buf_span(&f));
	assert_true(has_sent("\"x%25"));
	assert_false(has_sent("\x7f"));
	assert_false(has_sent("\xff"));
	assert_string_equal(end_sent(), "HEADERS/1+end:200,5");
}

static void
a_call_is_over_when_its_client_says_so(void **state)
{
	(void)state;
	post(GRPC_HEALTH_PATH "Check", "grpc-timeout=100m");
	assert_int_equal(h2_deadline(&end), end_now_ms + 100);
	end_now_ms += 100;
	assert_string_equal(end_turn_of(h2_expire),
	                    "HEADERS/1+end:200,4 RST/1:0");
}

static void
a_long_time_does_not_make_a_half_call_live_longer(void **state)
{
	(void)state;
	post(GRPC_HEALTH_PATH "Check", "grpc-timeout=99999999H");
	assert_int_equal(h2_deadline(&end), end_now_ms + H2_WAIT_MS);
}

static void
a_watch_ends_in_time(void **state)
{
	(void)state;
	post(GRPC_HEALTH_PATH "Watch", "grpc-timeout=10S");
	assert_string_equal(end_hear("end/1:0000000000"), ANSWERED("1"));
	assert_int_equal(h2_deadline(&end), end_now_ms + 10000);
	end_now_ms += 9999;
	assert_string_equal(end_turn_of(h2_expire), "");
	end_now_ms++;
	assert_string_equal(end_turn_of(h2_expire), "HEADERS/1+end:4");
	assert_int_equal(end.n_watches, 0);
}

static void
a_watch_that_may_not_be_is_refused(void **state)
{
	(void)state;
	end_may_watch = false;
	assert_string_equal(end_hear("watch/1 check/3"),
	                    "HEADERS/1+end:200,8 " CHECKED("3"));
	assert_int_equal(end.n_watches, 0);
}

/* The names of checks are not for probes. */
static void
probes_see_the_first_services_only(void **state)
{
	(void)state;
	end_hear("check/1");
	end_kind = SERVER_PROBES;
	assert_string_equal(end_hear("check/3:ready check/5:db watch/7:db"),
	                    CHECKED("3") " HEADERS/5+end:200,5 HEADERS/7:200 "
	                    "DATA/7:00000000020803");
	end_hear("rst/7");
	post("/", "");
	end_sent();
	end_is_serving = false;
	assert_string_equal(end_turn_of(h2_tell), "");
}

static const struct list {
	const char *name;
	enum server_kind kind;
	const char *got;
} lists[] = {
	{ "the list", SERVER_PUBLIC, "HEADERS/1:200 DATA/1:48 "
	  "HEADERS/1+end:0" },
	{ "the list for probes", SERVER_PROBES,
	  "HEADERS/1:200 DATA/1:38 HEADERS/1+end:0" },
	{ "the list of a local client", SERVER_LOCAL,
	  "HEADERS/1:200 DATA/1:48 HEADERS/1+end:0" },
};

static void
has_each_service(void **state)
{
	const struct list *r = *state;

	end_kind = r->kind;
	assert_string_equal(end_hear("list/1"), r->got);
}

static void
the_list_waits_for_windows(void **state)
{
	(void)state;
	end_hear("settings:4=0");
	assert_string_equal(end_hear("list/1"), "HEADERS/1:200");
	assert_string_equal(end_hear("window/1:40 window/1:8"),
	                    "DATA/1:40 DATA/1:0a02646212020801 "
	                    "HEADERS/1+end:0");
}

static const char longest_name[] =
	"/0123456789012345678901234567890123456789012345678901234567890123456";

static void
a_long_path_is_cut(void **state)
{
	(void)state;
	post(longest_name, "");
	assert_true(has_sent("012...\""));
	assert_false(has_sent("0123...\""));
}

/* A reset before it has sent it is an error for some clients. */
static void
a_short_body_is_passed_over(void **state)
{
	(void)state;
	call("POST", "text/plain", "/drain", "content-length=5");
	assert_string_equal(end_sent(), "HEADERS/1:200 DATA/1+end:414141");
	assert_string_equal(end_path, "/drain");
	assert_true(end_asked.is_h2);
	assert_string_equal(end_hear("data/1:3132 end/1:333435 ping"),
	                    "PING+ack");
	assert_int_equal(end.n, 0);
}

static void
a_body_that_does_not_come_is_not_waited_for(void **state)
{
	(void)state;
	call("POST", "text/plain", "/", "content-length=5");
	end_hear("data/1:3132");
	end_now_ms += H2_WAIT_MS - 1;
	assert_string_equal(end_turn_of(h2_expire), "");
	end_now_ms++;
	assert_string_equal(end_turn_of(h2_expire), "RST/1:0");
	assert_int_equal(h2_deadline(&end), CLOCK_NEVER);
}

static void
a_body_of_another_length_is_an_error(void **state)
{
	(void)state;
	call("POST", "text/plain", "/", "content-length=2");
	assert_string_equal(end_hear("data/1:313233"), "HEADERS/1:200 "
	                    "DATA/1+end:414141 RST/1:1");
	assert_int_equal(end.n, 0);
}

/* A call's as well; as its client, who leaves, hears of nothing more. */
static void
a_call_that_ends_early_may_have_a_short_body(void **state)
{
	(void)state;
	post("/x", "content-length=5");
	assert_string_equal(end_turn_of(h2_leave),
	                    "HEADERS/1+end:200,12 GOAWAY:1,0");
}

static const struct body {
	const char *name, *length, *got;
} bodies[] = {
	{ "a body a byte shorter than its window", "content-length=65534",
	  "HEADERS/1:200 DATA/1+end:414141" },
	{ "a body as long as its window", "content-length=65535",
	  "HEADERS/1:200 DATA/1+end:414141" },
	{ "a body a byte longer", "content-length=65536",
	  "HEADERS/1:200 DATA/1+end:414141 RST/1:0" },
	{ "a body of any length", "", "HEADERS/1:200 DATA/1+end:414141 "
	  "RST/1:0" },
};

static void
is_passed_over_or_not(void **state)
{
	const struct body *r = *state;

	call("POST", "text/plain", "/", r->length);
	assert_string_equal(end_sent(), r->got);
}

#define CALL_TEST(run) unit_add_with(#run, run, NULL, open_connection, NULL)
#define CALL_ROWS(run, table) \
	do { \
		for (size_t i_ = 0; i_ < sizeof (table) / sizeof (table)[0]; \
		     i_++) \
			unit_add_with((table)[i_].name, run, &(table)[i_], \
			              open_connection, NULL); \
	} while (0)

int
main(void)
{
	CALL_ROWS(is_answered, rows);
	CALL_ROWS(is_a_call_or_not, kinds);
	CALL_TEST(a_message_has_a_longest_size);
	CALL_TEST(a_strange_name_is_shown_in_plain_letters);
	CALL_TEST(a_call_is_over_when_its_client_says_so);
	CALL_TEST(a_long_time_does_not_make_a_half_call_live_longer);
	CALL_TEST(a_watch_ends_in_time);
	CALL_TEST(a_watch_that_may_not_be_is_refused);
	CALL_TEST(probes_see_the_first_services_only);
	CALL_ROWS(has_each_service, lists);
	CALL_TEST(the_list_waits_for_windows);
	CALL_TEST(a_long_path_is_cut);
	CALL_TEST(a_short_body_is_passed_over);
	CALL_TEST(a_body_that_does_not_come_is_not_waited_for);
	CALL_TEST(a_body_of_another_length_is_an_error);
	CALL_TEST(a_call_that_ends_early_may_have_a_short_body);
	CALL_ROWS(is_passed_over_or_not, bodies);
	return unit_run("net/h2_answer");
}
