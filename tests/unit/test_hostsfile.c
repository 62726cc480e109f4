/* SPDX-License-Identifier: MIT */
/* test_hostsfile.c - a name's addresses in the text of /etc/hosts */
#include "unit.h"

#include "client/hostsfile.h"

#define LONG_LINE 20000		/* bytes */
#define BYTES(text) text, sizeof(text) - 1

/* The addresses of name in text, which comes in pieces of `piece` bytes. */
static void
look_up(struct buf *b, const char *name, struct span text, size_t piece)
{
	struct hostsfile h;
	struct span zone;
	struct ip ip;

	text.p = guarded(text.p, text.len);
	hostsfile_init(&h, guarded_span(name));
	while (text.len > 0) {
		size_t len = text.len < piece ? text.len : piece;
		struct span part = { text.p, len };

		while (hostsfile_step(&h, &part, &ip, &zone)) {
			assert_false(b->cut);
			assert_int_equal(ip.zone, 0);
			ip_write(b, &ip);
			buf_str(b, zone.len > 0 ? "%" : "");
			buf_add(b, zone);
			buf_str(b, " ");
		}
		assert_int_equal(part.len, 0);
		text = span_after(text, len);
	}
}

static const struct row {
	const char *name, *text;
	size_t      len;
	const char *addresses;	/* of "db.Test" */
} rows[] = {
	{ "nothing", BYTES(""), "" },
	{ "a name", BYTES("10.0.0.5 db.test\n"), "10.0.0.5 " },
	{ "an alias", BYTES("10.0.0.5 x y DB.TEST z\n"), "10.0.0.5 " },
	{ "another case", BYTES("10.0.0.5 Db.tEST\n"), "10.0.0.5 " },
	{ "two lines", BYTES("10.0.0.5 db.test\n10.0.0.4 x\n10.0.0.3 db.test\n"),
	  "10.0.0.5 10.0.0.3 " },
	{ "the same line twice", BYTES("10.0.0.5 db.test\n10.0.0.5 db.test\n"),
	  "10.0.0.5 10.0.0.5 " },
	{ "a name twice in a line", BYTES("10.0.0.5 db.test db.test\n"),
	  "10.0.0.5 " },
	{ "both families", BYTES("::1 db.test\n127.0.0.1 db.test\n"),
	  "::1 127.0.0.1 " },
	{ "a zone", BYTES("fe80::1%eth0 db.test\nfe80::2 db.test\n"),
	  "fe80::1%eth0 fe80::2 " },
	{ "blanks in front", BYTES(" \t 10.0.0.5 db.test\n"), "10.0.0.5 " },
	{ "tabs and many blanks", BYTES("10.0.0.5\t \t db.test \t \n"),
	  "10.0.0.5 " },
	{ "a file from Windows", BYTES("10.0.0.4 x\r\n10.0.0.5 db.test\r\n\r\n"
	  "10.0.0.6 db.test x\r\n"), "10.0.0.5 10.0.0.6 " },
	{ "empty lines", BYTES("\n\n \n10.0.0.5 db.test\n\n"), "10.0.0.5 " },
	{ "a comment", BYTES("# 10.0.0.5 db.test\n"), "" },
	{ "a comment behind blanks", BYTES("  # 10.0.0.5 db.test\n"), "" },
	{ "a comment behind the address", BYTES("10.0.0.5 # db.test\n"), "" },
	{ "a comment at the address", BYTES("10.0.0.5#db.test\n"), "" },
	{ "a comment at the name", BYTES("10.0.0.5 db.test#x\n"), "10.0.0.5 " },
	{ "a comment that ends with its line",
	  BYTES("#x\n10.0.0.5 db.test #\n10.0.0.6 db.test\n"),
	  "10.0.0.5 10.0.0.6 " },
	{ "two comments", BYTES("10.0.0.5 x # a # db.test\n"), "" },
	{ "a longer name", BYTES("10.0.0.5 db.test1 xdb.test db.testdb.test\n"),
	  "" },
	{ "a shorter name", BYTES("10.0.0.5 db.tes db d test\n"), "" },
	{ "a final dot is another name", BYTES("10.0.0.5 db.test.\n"), "" },
	{ "a name in two words", BYTES("10.0.0.5 db. test db .test\n"), "" },
	{ "a name behind another that starts as it does",
	  BYTES("10.0.0.5 db.tesx db.test\n"), "10.0.0.5 " },
	{ "a byte that differs as the case of letters does",
	  BYTES("10.0.0.5 db\x0etest\n"), "" },
	{ "a name in the address's place", BYTES("db.test db.test\n"), "" },
	{ "a broken address", BYTES("10.0.0.300 db.test\n10.0.0.5 db.test\n"),
	  "10.0.0.5 " },
	{ "an address as only inet_aton() has it",
	  BYTES("127.1 db.test\n010.0.0.5 db.test\n"), "" },
	{ "an address alone", BYTES("10.0.0.5\n10.0.0.6 db.test\n"),
	  "10.0.0.6 " },
	{ "a name alone", BYTES(" db.test\n"), "" },
	{ "a NUL is part of a word", BYTES("10.0.0.5 db.test\0 x\0 db.test\n"),
	  "10.0.0.5 " },
	{ "a NUL at a name", BYTES("10.0.0.5 db.test\0\n"), "" },
	{ "a NUL alone", BYTES("\0\n10.0.0.5 \0 db.test\n"), "10.0.0.5 " },
	{ "bytes above ASCII", BYTES("\xff \xfe db.test\n10.0.0.5 \xff db.test\n"),
	  "10.0.0.5 " },
	{ "a last line that has no end", BYTES("10.0.0.5 db.test"), "" },
	{ "a last line that the caller ends",
	  BYTES("10.0.0.5 db.test" "\n"), "10.0.0.5 " },
	{ "a last line that the caller ends twice",
	  BYTES("10.0.0.5 db.test\n" "\n"), "10.0.0.5 " },
};

static void
has_its_addresses_in_any_pieces(void **state)
{
	const struct row *r = *state;

	for (size_t piece = 1; piece <= r->len + 1; piece++) {
		char words[512];
		struct buf b = buf_over(words, sizeof words);

		look_up(&b, "db.Test", (struct span){ r->text, r->len }, piece);
		assert_span_equal(r->addresses, buf_span(&b));
	}
}

static void
an_empty_name_is_nobodys(void **state)
{
	char words[64];
	struct buf b = buf_over(words, sizeof words);

	(void)state;
	look_up(&b, "", span_of("10.0.0.5 \n10.0.0.5  x \n"), 1);
	assert_int_equal(b.len, 0);
}

static void
a_final_dot_counts(void **state)
{
	char words[64];
	struct buf b = buf_over(words, sizeof words);

	(void)state;
	look_up(&b, "db.", span_of("10.0.0.5 db\n10.0.0.6 db.\n"), 4096);
	assert_span_equal("10.0.0.6 ", buf_span(&b));
}

static void
a_line_may_be_of_any_length(void **state)
{
	static char text[LONG_LINE];
	struct buf b = buf_over(text, sizeof text);
	char words[64];
	struct buf w = buf_over(words, sizeof words);

	(void)state;
	buf_str(&b, "10.0.0.5 ");
	while (b.len < sizeof text - 100)
		buf_str(&b, "name-that-is-another-one-than-db\t ");
	buf_str(&b, "db\n10.0.0.6 db\n");
	look_up(&w, "db", buf_span(&b), 512);
	assert_span_equal("10.0.0.5 10.0.0.6 ", buf_span(&w));
}

/* "fe80::1%zzz...": of `len` bytes. */
static void
look_up_long(struct buf *b, size_t len)
{
	char text[2 * IP_TEXT_MAX];
	struct buf t = buf_over(text, sizeof text);

	buf_str(&t, "fe80::1%");
	while (t.len < len)
		buf_str(&t, "z");
	buf_str(&t, " db\n::2 db\n");
	assert_false(t.cut);
	b->len = 0;
	look_up(b, "db", buf_span(&t), 7);
}

static void
an_address_is_bounded(void **state)
{
	char words[2 * IP_TEXT_MAX];
	struct buf b = buf_over(words, sizeof words);

	(void)state;
	look_up_long(&b, IP_TEXT_MAX - 1);
	assert_int_equal(b.len, IP_TEXT_MAX - 1 + sizeof " ::2 " - 1);
	look_up_long(&b, IP_TEXT_MAX);
	assert_int_equal(b.len, IP_TEXT_MAX + sizeof " ::2 " - 1);
	look_up_long(&b, IP_TEXT_MAX + 1);
	assert_span_equal("::2 ", buf_span(&b));
}

int
main(void)
{
	UNIT_ROWS(has_its_addresses_in_any_pieces, rows);
	UNIT_TEST(an_empty_name_is_nobodys);
	UNIT_TEST(a_final_dot_counts);
	UNIT_TEST(a_line_may_be_of_any_length);
	UNIT_TEST(an_address_is_bounded);
	return unit_run("client/hostsfile");
}
