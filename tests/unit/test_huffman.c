/* SPDX-License-Identifier: MIT */
/* test_huffman.c - HPACK's Huffman code against another coder's bytes */
#include "hex.h"

#include "base/err.h"
#include "net/huffman.h"

#define SYMBOLS 256

static int
read_hex(struct buf *b, const char *coded)
{
	return huffman_read(b, guarded_hex(coded));
}

static const struct good {
	const char *name, *coded, *text;
} goods[] = {
	{ "nothing", "", "" },
	/* Paddings of every length, 3 6 1 4 7 2 5 0. */
	{ "one symbol of 5 bits", "1f", "a" },
	{ "two of them", "18ff", "aa" },
	{ "three of them", "18c7", "aaa" },
	{ "four of them", "18c63f", "aaaa" },
	{ "five of them", "18c631ff", "aaaaa" },
	{ "six of them", "18c6318f", "aaaaaa" },
	{ "seven of them", "18c6318c7f", "aaaaaaa" },
	{ "eight of them, without padding", "18c6318c63", "aaaaaaaa" },
	/* RFC 7541, C.4 and C.6 */
	{ "www.example.com", "f1e3c2e5f23a6ba0ab90f4ff", "www.example.com" },
	{ "no-cache", "a8eb10649cbf", "no-cache" },
	{ "custom-key", "25a849e95ba97d7f", "custom-key" },
	{ "custom-value", "25a849e95bb8e8b4bf", "custom-value" },
	{ "302", "6402", "302" },
	{ "307", "640eff", "307" },
	{ "private", "aec3771a4b", "private" },
	{ "gzip", "9bd9ab", "gzip" },
	{ "a date", "d07abe941054d444a8200595040b8166e082a62d1bff",
	  "Mon, 21 Oct 2013 20:13:21 GMT" },
	{ "a URL", "9d29ad171863c78f0b97c8e9ae82ae43d3",
	  "https://www.example.com" },
	{ "a cookie", "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5"
	  "291f9587316065c003ed4ee5b1063d5007",
	  "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1" },
};

static void
is_decoded(void **state)
{
	const struct good *g = *state;
	struct buf b = guarded_buf(strlen(g->text));

	assert_int_equal(read_hex(&b, g->coded), 0);
	assert_false(b.cut);
	assert_span_equal(g->text, buf_span(&b));
}

/* The bytes 0 to 255, as Go's golang.org/x/net/http2/hpack has coded them. */
static const char all_coded[] =
	"ffc7fffd8fffffe2fffffe3fffffe4fffffe5fffffe6fffffe7fffffe8ffffeaffffff"
	"f3fffffa7fffffabffffffdfffffebfffffecfffffedfffffeefffffefffffff0fffff"
	"f1ffffff2fffffffbfffffcffffffd3fffffd7fffffdbfffffdffffffe3fffffe7ffff"
	"febfffffed4fe3f9ffaffcabf1febfafefe7fdfd2cbb00089969b71d79fb9f7fff20ff"
	"bff3ff50ddbd7f061c58f265cd9f469d5af66dddbf871e5f9cff7ff7fffc3ff9ffe45f"
	"ff4719242cb34e6e9d68a6a3d7dac426defe3cfaf7fffbfe7ffbffdffffffcfffe6fff"
	"f4bfff9ffffa3fffd3ffff53fffd5ffffb3fffeb7fffdaffffb7ffff73fffeeffffdef"
	"fffebffffbfffffd9ffffdbfffebffffe0ffffeeffffc3ffff8bffff1ffffe4fffee7f"
	"ffb1ffff97fffd9ffffcdffff9fffffbffffdafffeeffff4ffffb7fffee7fffe8ffffd"
	"3fffdeffffd5fffeeffffbdffffe1fffdfffff7fffff5ffffecffff07fff87fffe0fff"
	"f17fffedffff87ffff77fffeffffeaffff8bfffe3ffff93ffff87fffcbffff37ffff1f"
	"ffff83ffffe1fffebfffe3ffff3fffff2ffffa3ffffd9fffff17ffffc7fffff27ffffd"
	"efffffbffffff2fffff8fffffb7fff97fff8fffffe6fffffc1fffff87ffffe7fffffc5"
	"ffffe5fffe4ffff2fffffd1fffff4ffffffefffffe3fffffc9fffff97fffb3ffffcfff"
	"fb7fffcdffff4ffff9ffffd1ffffcffffeaffffafffffddffffeffffff4fffff5fffff"
	"abffffa7ffffd7fffff9bffffecfffffb7fffff3fffffe8fffffd3fffffabfffff5fff"
	"ffff7ffffecfffffdbfffffbbfffff7ffffff0fffffbbf";

static void
every_symbol_is_decoded(void **state)
{
	struct buf b = guarded_buf(SYMBOLS);

	(void)state;
	assert_int_equal(read_hex(&b, all_coded), 0);
	assert_false(b.cut);
	assert_int_equal(b.len, SYMBOLS);
	for (unsigned i = 0; i < SYMBOLS; i++)
		assert_int_equal((unsigned char)b.p[i], i);
}

static const struct bad {
	const char *name, *coded;
} bads[] = {
	{ "the end of the string", "fffffffc" },
	{ "the end of the string, padded", "ffffffff" },
	{ "the end of the string behind a symbol", "1fffffffff" },
	{ "the end of the string before a symbol", "fffffffc63" },
	{ "a padding of 8 bits, and nothing else", "ff" },
	{ "a padding of 8 bits", "18c6318c63ff" },
	{ "a padding of 11 bits", "1fff" },
	{ "a padding of 29 bits", "1fffffff" },
	{ "a padding of zeros", "18" },
	{ "a padding that ends in a zero", "1e" },
	{ "a padding that starts with a zero", "1b" },
	{ "a padding of 7 bits whose last is a zero", "18c631fe" },
	{ "less than a code", "fe" },
	{ "all but the last bit of the longest code", "fffffff0" },
};

static void
is_refused(void **state)
{
	const struct bad *r = *state;
	struct buf b = guarded_buf(SYMBOLS);

	assert_int_equal(read_hex(&b, r->coded), ERR_PARSE);
}

static void
what_does_not_fit_is_cut_and_the_rest_still_checked(void **state)
{
	struct buf b = guarded_buf(7);

	(void)state;
	assert_int_equal(read_hex(&b, "18c6318c63"), 0);
	assert_true(b.cut);
	assert_span_equal("aaaaaaa", buf_span(&b));
	b = guarded_buf(0);
	assert_int_equal(read_hex(&b, "18c6318c63"), 0);
	assert_true(b.cut);
	b = guarded_buf(7);
	assert_int_equal(read_hex(&b, "18c6318c63ff"), ERR_PARSE);
}

static void
it_is_appended_to_what_is_there(void **state)
{
	struct buf b = guarded_buf(6);

	(void)state;
	buf_str(&b, "x: ");
	assert_int_equal(read_hex(&b, "6402"), 0);
	assert_span_equal("x: 302", buf_span(&b));
}

int
main(void)
{
	UNIT_ROWS(is_decoded, goods);
	UNIT_TEST(every_symbol_is_decoded);
	UNIT_ROWS(is_refused, bads);
	UNIT_TEST(what_does_not_fit_is_cut_and_the_rest_still_checked);
	UNIT_TEST(it_is_appended_to_what_is_there);
	return unit_run("net/huffman");
}
