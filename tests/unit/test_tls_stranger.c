/* SPDX-License-Identifier: MIT */
/* test_tls_stranger.c - servers that do not speak TLS */
#include "unit.h"

#include "tls/tls_stranger.h"

#define IN(text) { text, sizeof(text) - 1 }
#define START "wrong version number: the server does not answer in TLS"

static const struct start {
	const char *name;
	struct span head;
	bool want;
} starts[] = {
	{ "nothing yet", IN(""), false },
	{ "a byte, which may be one of TLS", IN("H"), false },
	{ "an alert", IN("\x15\3\3"), false },
	{ "the first type", IN("\x14\3"), false },
	{ "the last type", IN("\x17\3"), false },
	{ "a type before", IN("\x13\3"), true },
	{ "a type behind", IN("\x18\3"), true },
	{ "a version before", IN("\x16\2"), true },
	{ "a version behind", IN("\x16\4"), true },
	{ "HTTP", IN("HT"), true },
};

static void
a_record_of_tls_is_not_strange(void **state)
{
	const struct start *row = *state;
	struct span head = { guarded(row->head.p, row->head.len),
	                     row->head.len };

	assert_int_equal(row->want, tls_stranger_is(head));
}

static const struct stranger {
	const char *name;
	struct span head;
	const char *want;	/* behind START */
} strangers[] = {
	{ "HTTP", IN("HTTP/1.1 400 Bad Request\r\nA: b"),
	  " but with \"HTTP/1.1 400 Bad Request\": this is HTTP without TLS, "
	  "for which the URL begins with http:// or grpc://" },
	{ "SSH", IN("SSH-2.0-x\r\n"),
	  " but with \"SSH-2.0-x\": this is an SSH server" },
	{ "mail", IN("220 mail\r\n"), " but with \"220 mail\": this is a mail "
	  "or FTP server, which begins without TLS" },
	{ "HTTP/2", IN("\0\0\x12\4\0"), ": this is HTTP/2 without TLS (h2c), as for grpc://" },
	{ "HTTP/2, not SETTINGS", IN("\0\0\x12\5\0"), "" },
	{ "HTTP/2, cut off", IN("\0\0\x12\4"), "" },
	{ "a line of four", IN("abcd\n"), " but with \"abcd\"" },
	{ "a line of three", IN("abc\n"), "" },
	{ "up to what cannot be read", IN("abcd\x7f" "e"),
	  " but with \"abcd\"" },
	{ "nothing", IN(""), "" },
};

static void
a_stranger_is_named(void **state)
{
	const struct stranger *row = *state;
	struct span head = { guarded(row->head.p, row->head.len),
	                     row->head.len };
	struct buf b = guarded_buf(256);

	tls_stranger_write(&b, head);
	assert_memory_equal(START, buf_text(&b), sizeof START - 1);
	assert_string_equal(row->want, buf_text(&b) + sizeof START - 1);
}

int
main(void)
{
	UNIT_ROWS(a_record_of_tls_is_not_strange, starts);
	UNIT_ROWS(a_stranger_is_named, strangers);
	return unit_run("tls/tls_stranger");
}
