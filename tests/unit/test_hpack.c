/* SPDX-License-Identifier: MIT */
/* test_hpack.c - blocks of header fields, and the table that they build */
#include "hex.h"

#include "base/err.h"
#include "net/hpack.h"

#define STEPS     4
#define TEXT_ROOM 2048
#define STATIC_N  61

static char memory_bytes[HPACK_MEMORY];

/* A field, or an entry, as a line of text. */
static void
add_line(struct buf *b, struct span name, struct span value)
{
	buf_add(b, name);
	buf_str(b, ": ");
	buf_add(b, value);
	buf_str(b, "\n");
}

/* Reads a whole block; its fields become lines of `lines`. */
static int
read_block(struct hpack *t, struct span block, struct buf *lines)
{
	struct buf memory = buf_over(memory_bytes, sizeof memory_bytes);
	struct hpack_field f;
	int r;

	hpack_begin(t);
	while ((r = hpack_next(t, &block, &f, &memory)) > 0)
		add_line(lines, f.name, f.value);
	return r;
}

/* The table, newest entry first, as lines. */
static void
add_table(struct buf *b, const struct hpack *t)
{
	for (size_t i = t->n; i-- > 0;) {
		const struct hpack_entry *e = &t->entries[i];
		const char *p = t->text + e->at;

		add_line(b, (struct span){ p, e->name_len },
		         (struct span){ p + e->name_len, e->value_len });
	}
}

/* --- blocks in a row, and the table after each --- */

#define GOOGLE ":authority: www.example.com\n"
#define GET_ROOT ":method: GET\n:scheme: http\n:path: /\n"
#define DATE_21 "date: Mon, 21 Oct 2013 20:13:21 GMT\n"
#define DATE_22 "date: Mon, 21 Oct 2013 20:13:22 GMT\n"
#define LOCATION "location: https://www.example.com\n"
#define PRIVATE "cache-control: private\n"
#define COOKIE "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; " \
	"version=1\n"
#define TABLE_302 LOCATION DATE_21 PRIVATE ":status: 302\n"
#define TABLE_307 ":status: 307\n" LOCATION DATE_21 PRIVATE
#define TABLE_200 COOKIE "content-encoding: gzip\n" DATE_22

static const struct chain {
	const char *name;
	struct {
		const char *block, *fields, *table;
		size_t      size;
	} steps[STEPS];
} chains[] = {
	{ "RFC 7541, C.2.1: a literal with indexing", {
		{ "400a637573746f6d2d6b65790d637573746f6d2d686561646572",
		  "custom-key: custom-header\n", "custom-key: custom-header\n",
		  55 } } },
	{ "C.2.2: a literal without indexing", {
		{ "040c2f73616d706c652f70617468", ":path: /sample/path\n", "",
		  0 } } },
	{ "C.2.3: a literal that is never indexed", {
		{ "100870617373776f726406736563726574", "password: secret\n",
		  "", 0 } } },
	{ "C.2.4: an indexed field", {
		{ "82", ":method: GET\n", "", 0 } } },
	{ "C.3: requests", {
		{ "828684410f7777772e6578616d706c652e636f6d",
		  GET_ROOT GOOGLE, GOOGLE, 57 },
		{ "828684be58086e6f2d6361636865",
		  GET_ROOT GOOGLE "cache-control: no-cache\n",
		  "cache-control: no-cache\n" GOOGLE, 110 },
		{ "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
		  ":method: GET\n:scheme: https\n:path: /index.html\n"
		  GOOGLE "custom-key: custom-value\n",
		  "custom-key: custom-value\ncache-control: no-cache\n" GOOGLE,
		  164 } } },
	{ "C.4: requests, coded", {
		{ "828684418cf1e3c2e5f23a6ba0ab90f4ff",
		  GET_ROOT GOOGLE, GOOGLE, 57 },
		{ "828684be5886a8eb10649cbf",
		  GET_ROOT GOOGLE "cache-control: no-cache\n",
		  "cache-control: no-cache\n" GOOGLE, 110 },
		{ "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
		  ":method: GET\n:scheme: https\n:path: /index.html\n"
		  GOOGLE "custom-key: custom-value\n",
		  "custom-key: custom-value\ncache-control: no-cache\n" GOOGLE,
		  164 } } },
	{ "C.5: responses, with a table of 256 bytes", {
		{ "3fe101", "", "", 0 },
		{ "4803333032580770726976617465611d4d6f6e2c203231204f63742032"
		  "3031332032303a31333a323120474d546e1768747470733a2f2f777777"
		  "2e6578616d706c652e636f6d",
		  ":status: 302\n" PRIVATE DATE_21 LOCATION, TABLE_302, 222 },
		{ "4803333037c1c0bf",
		  ":status: 307\n" PRIVATE DATE_21 LOCATION, TABLE_307, 222 },
		{ "88c1611d4d6f6e2c203231204f637420323031332032303a31333a3232"
		  "20474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f"
		  "5157454f50495541585157454f49553b206d61782d6167653d33363030"
		  "3b2076657273696f6e3d31",
		  ":status: 200\n" PRIVATE DATE_22 LOCATION
		  "content-encoding: gzip\n" COOKIE, TABLE_200, 215 } } },
	{ "C.6: responses, coded, with a table of 256 bytes", {
		{ "3fe101", "", "", 0 },
		{ "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166"
		  "e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
		  ":status: 302\n" PRIVATE DATE_21 LOCATION, TABLE_302, 222 },
		{ "4883640effc1c0bf",
		  ":status: 307\n" PRIVATE DATE_21 LOCATION, TABLE_307, 222 },
		{ "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a83"
		  "9bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1"
		  "ab270fb5291f9587316065c003ed4ee5b1063d5007",
		  ":status: 200\n" PRIVATE DATE_22 LOCATION
		  "content-encoding: gzip\n" COOKIE, TABLE_200, 215 } } },
	{ "an empty block", { { "", "", "", 0 } } },
	{ "an empty name and an empty value", {
		{ "400000", ": \n", ": \n", 32 },
		{ "be", ": \n", ": \n", 32 } } },
	{ "an empty name and an empty value, coded", {
		{ "408080", ": \n", ": \n", 32 } } },
	{ "names of entries", {
		{ "40016101627e0163", "a: b\na: c\n", "a: c\na: b\n", 68 },
		{ "0f2f01640f3001651f2f0166", "a: d\na: e\na: f\n",
		  "a: c\na: b\n", 68 } } },
	{ "an empty value that is the block's last", {
		{ "4001610000000040016200", "a: \n: \nb: \n", "b: \na: \n",
		  66 },
		{ "5f00", "content-type: \n", "content-type: \nb: \na: \n",
		  110 } } },
	{ "a size of 0 empties the table, and keeps it so", {
		{ "4001610162", "a: b\n", "a: b\n", 34 },
		{ "2082", ":method: GET\n", "", 0 },
		{ "4001610162", "a: b\n", "", 0 },
		{ "3fe11f4001610162", "a: b\n", "a: b\n", 34 } } },
	{ "a size for one entry, and the first one again", {
		{ "40016101624001630164", "a: b\nc: d\n", "c: d\na: b\n", 68 },
		{ "3f033fe11f82", ":method: GET\n", "c: d\n", 34 },
		{ "4001650166", "e: f\n", "e: f\nc: d\n", 68 } } },
	{ "a size in a block of its own", {
		{ "40016101624001630164", "a: b\nc: d\n", "c: d\na: b\n", 68 },
		{ "3f25", "", "c: d\na: b\n", 68 },	/* 68 */
		{ "4001650166", "e: f\n", "e: f\nc: d\n", 68 },
		{ "3f24", "", "e: f\n", 34 } } },	/* 67 */
	{ "an entry as large as the table", {
		{ "3f05", "", "", 0 },	/* 36 */
		{ "4001610165", "a: e\n", "a: e\n", 34 },
		{ "40026262026363", "bb: cc\n", "bb: cc\n", 36 } } },
	{ "an entry that is larger than the table empties it", {
		{ "3f05", "", "", 0 },
		{ "4001610165", "a: e\n", "a: e\n", 34 },
		{ "40026262036363648286", "bb: ccd\n:method: GET\n"
		  ":scheme: http\n", "", 0 },
		{ "4001610165", "a: e\n", "a: e\n", 34 } } },
	{ "the name of the very entry that goes for its successor", {
		{ "3f05", "", "", 0 },
		{ "40026162026364", "ab: cd\n", "ab: cd\n", 36 },
		{ "7e026566be", "ab: ef\nab: ef\n", "ab: ef\n", 36 },
		{ "7e03676869", "ab: ghi\n", "", 0 } } },
	{ "the same where its successor's value is coded", {
		{ "3f06", "", "", 0 },
		{ "40026162026364", "ab: cd\n", "ab: cd\n", 36 },
		{ "7e826402be", "ab: 302\nab: 302\n", "ab: 302\n", 37 } } },
};

static void
blocks_are_read_in_a_row(void **state)
{
	const struct chain *c = *state;
	struct hpack t;

	hpack_init(&t);
	for (int i = 0; i < STEPS && c->steps[i].block != NULL; i++) {
		char lines[TEXT_ROOM], table[TEXT_ROOM];
		struct buf b = buf_over(lines, sizeof lines);
		struct buf tb = buf_over(table, sizeof table);

		assert_int_equal(0, read_block(&t, guarded_hex(
		                 c->steps[i].block), &b));
		assert_span_equal(c->steps[i].fields, buf_span(&b));
		add_table(&tb, &t);
		assert_span_equal(c->steps[i].table, buf_span(&tb));
		assert_int_equal(c->steps[i].size, t.size);
	}
}

/* Is a block of the first `len` bytes a whole one: does a field or a size end
 * there? */
static bool
is_end(struct hpack t, struct span block, size_t len)
{
	struct buf memory = buf_over(memory_bytes, sizeof memory_bytes);
	struct span rest = block;
	struct hpack_field f;

	if (len == 0)
		return true;
	hpack_begin(&t);
	while (hpack_next(&t, &rest, &f, &memory) > 0)
		if (block.len - rest.len == len)
			return true;
	return false;
}

/* Where sizes end cannot be seen from outside: after blocks that start with
 * one nothing but reading too far is a failure. */
static void
every_prefix_is_refused_or_ends_with_a_field(void **state)
{
	const struct chain *c = *state;
	struct hpack t;

	hpack_init(&t);
	for (int i = 0; i < STEPS && c->steps[i].block != NULL; i++) {
		char lines[TEXT_ROOM], bytes[TEXT_ROOM];
		struct buf b = buf_over(lines, sizeof lines);
		struct buf copied = buf_over(bytes, sizeof bytes);
		struct span whole;

		buf_add(&copied, guarded_hex(c->steps[i].block));
		whole = buf_span(&copied);
		for (size_t n = 0; n < whole.len; n++) {
			struct hpack copy = t;
			struct span part = { guarded(whole.p, n), n };
			int r = read_block(&copy, part, &b);

			if ((whole.p[0] & 0xe0) != 0x20)
				assert_int_equal(r, is_end(t, whole, n)
				                    ? 0 : ERR_PARSE);
		}
		assert_int_equal(0, read_block(&t, whole, &b));
	}
}

/* --- blocks that are refused --- */

static const struct bad {
	const char *name, *before, *block;
} bads[] = {
	{ "index 0", "", "80" },
	{ "the first index of an empty table", "", "be" },
	{ "an index one beyond the table", "4001610162", "bf" },
	{ "an index of four more bytes", "4001610162", "ffffffff7f" },
	{ "a name one beyond the table, with indexing", "4001610162",
	  "7f000161" },
	{ "a name of an empty table, with indexing", "", "7e0161" },
	{ "a name of an empty table, without indexing", "", "0f2f0161" },
	{ "a name of an empty table, never indexed", "", "1f2f0161" },
	{ "an entry that a size has taken", "4001610162", "20be" },
	{ "an entry that its successor has taken", "3f034001610162",
	  "4001630164bf" },
	{ "a size behind a field", "", "8220" },
	{ "a size between fields", "", "823fe11f82" },
	{ "a size behind a literal", "", "40016101623fe11f" },
	{ "a size above what is allowed", "", "3fe21f" },
	{ "a size above it, behind one that is allowed", "", "203fe21f" },
	{ "a size of four more bytes", "", "3fffffff7f" },
	{ "a size of five more bytes", "", "3f8080808000" },
	{ "a size of many more bytes", "", "3fffffffffffffffffff7f" },
	{ "an index of five more bytes", "", "ff8080808000" },
	{ "a length of five more bytes", "", "0001617f808080800061" },
	{ "a length of four more bytes", "", "0001617fffffff7f61" },
	{ "a coded length of four more bytes", "", "000161ffffffff7f61" },
	{ "a name longer than the block", "", "000361" },
	{ "a name as long as the block: no value", "", "00026161" },
	{ "a value longer than the block", "", "000161026262820161" },
	{ "a value longer than the block by one", "", "0001610262" },
	{ "a coded value longer than the block", "", "00016183ffff" },
	{ "no name", "", "00" },
	{ "no name, with indexing", "", "40" },
	{ "no name, never indexed", "", "10" },
	{ "no value", "", "04" },
	{ "a coded name that ends the string", "", "0084ffffffff0161" },
	{ "a coded value that ends the string", "", "00016184ffffffff" },
	{ "a coded value with 8 bits of padding", "", "00016181ff" },
	{ "a coded value padded with zeros", "", "0001618118" },
	{ "a good field before a bad one", "", "8280" },
};

static void
is_refused(void **state)
{
	const struct bad *r = *state;
	char lines[TEXT_ROOM];
	struct buf b = buf_over(lines, sizeof lines);
	struct hpack t;

	hpack_init(&t);
	assert_int_equal(0, read_block(&t, guarded_hex(r->before), &b));
	assert_int_equal(ERR_PARSE,
	                 read_block(&t, guarded_hex(r->block), &b));
}

/* --- numbers, by the size that they set --- */

static const struct number {
	const char *name, *block;
	size_t      n;
} numbers[] = {
	{ "0", "20", 0 },
	{ "10 in 5 bits (C.1.1)", "2a", 10 },
	{ "1337 in 5 bits (C.1.2)", "3f9a0a", 1337 },
	{ "the most that the prefix holds", "3e", 30 },
	{ "the least behind it", "3f00", 31 },
	{ "one more", "3f01", 32 },
	{ "the most of one byte more", "3f7f", 158 },
	{ "the least of two", "3f8001", 159 },
	{ "the most that is allowed", "3fe11f", 4096 },
	{ "with zeros that say nothing", "3fe19f8000", 4096 },
	{ "31 in four more bytes", "3f80808000", 31 },
	{ "of two sizes the last", "203f00", 31 },
	{ "of three sizes the last", "203fe11f2a", 10 },
};

static void
number_is_read(void **state)
{
	const struct number *n = *state;
	char lines[TEXT_ROOM];
	struct buf b = buf_over(lines, sizeof lines);
	struct hpack t;

	hpack_init(&t);
	assert_int_equal(0, read_block(&t, guarded_hex(n->block), &b));
	assert_int_equal(n->n, t.cap);
}

/* --- the static table, as Go's golang.org/x/net/http2/hpack has it --- */

static const struct known {
	const char *name, *value;
} knowns[STATIC_N] = {
	{ ":authority", "" }, { ":method", "GET" }, { ":method", "POST" },
	{ ":path", "/" }, { ":path", "/index.html" }, { ":scheme", "http" },
	{ ":scheme", "https" }, { ":status", "200" }, { ":status", "204" },
	{ ":status", "206" }, { ":status", "304" }, { ":status", "400" },
	{ ":status", "404" }, { ":status", "500" }, { "accept-charset", "" },
	{ "accept-encoding", "gzip, deflate" }, { "accept-language", "" },
	{ "accept-ranges", "" }, { "accept", "" },
	{ "access-control-allow-origin", "" }, { "age", "" }, { "allow", "" },
	{ "authorization", "" }, { "cache-control", "" },
	{ "content-disposition", "" }, { "content-encoding", "" },
	{ "content-language", "" }, { "content-length", "" },
	{ "content-location", "" }, { "content-range", "" },
	{ "content-type", "" }, { "cookie", "" }, { "date", "" },
	{ "etag", "" }, { "expect", "" }, { "expires", "" }, { "from", "" },
	{ "host", "" }, { "if-match", "" }, { "if-modified-since", "" },
	{ "if-none-match", "" }, { "if-range", "" },
	{ "if-unmodified-since", "" }, { "last-modified", "" },
	{ "link", "" }, { "location", "" }, { "max-forwards", "" },
	{ "proxy-authenticate", "" }, { "proxy-authorization", "" },
	{ "range", "" }, { "referer", "" }, { "refresh", "" },
	{ "retry-after", "" }, { "server", "" }, { "set-cookie", "" },
	{ "strict-transport-security", "" }, { "transfer-encoding", "" },
	{ "user-agent", "" }, { "vary", "" }, { "via", "" },
	{ "www-authenticate", "" },
};

/* Reads a block of one field. */
static struct hpack_field
read_one(struct hpack *t, struct span block)
{
	struct buf memory = buf_over(memory_bytes, sizeof memory_bytes);
	struct hpack_field f;

	hpack_begin(t);
	assert_int_equal(1, hpack_next(t, &block, &f, &memory));
	assert_int_equal(0, block.len);
	return f;
}

static void
the_static_table_is_that_of_appendix_a(void **state)
{
	struct hpack t;

	(void)state;
	hpack_init(&t);
	for (size_t i = 0; i < STATIC_N; i++) {
		const char index = (char)(0x80 | (i + 1));
		const char literal[] = { (char)(0x40 | (i + 1)), 1, 'x' };
		struct hpack_field f = read_one(&t, span_over(
		                            guarded(&index, 1), 1));

		assert_span_equal(knowns[i].name, f.name);
		assert_span_equal(knowns[i].value, f.value);
		assert_int_equal(f.size, f.name.len + f.value.len + 32);
		f = read_one(&t, span_over(guarded(literal, 3), 3));
		assert_span_equal(knowns[i].name, f.name);
		assert_span_equal("x", f.value);
	}
}

/* --- long fields --- */

/* 5.1, by another hand than hale's. */
static void
add_number(struct buf *b, unsigned flags, unsigned most, size_t n)
{
	char byte = (char)(flags | (n < most ? n : most));

	buf_add(b, (struct span){ &byte, 1 });
	if (n < most)
		return;
	for (n -= most; n > 127; n /= 128) {
		byte = (char)(128 + n % 128);
		buf_add(b, (struct span){ &byte, 1 });
	}
	byte = (char)n;
	buf_add(b, (struct span){ &byte, 1 });
}

/* len times "a", which is 00011 if it is coded. */
static void
add_string(struct buf *b, size_t len, bool is_coded)
{
	size_t bits = is_coded ? len * 5 : len * 8;

	add_number(b, is_coded ? 0x80 : 0, 127, (bits + 7) / 8);
	for (size_t bit = 0; bit < bits; bit += 8) {
		unsigned byte = is_coded ? 0 : 'a';

		for (size_t i = bit; is_coded && i < bit + 8; i++)
			byte = byte << 1 | (i >= bits || i % 5 > 2);
		buf_add(b, (struct span){ &(char){ (char)byte }, 1 });
	}
}

static struct span
long_field(unsigned flags, size_t name_len, bool name_coded, size_t value_len,
           bool value_coded)
{
	static char bytes[60000];
	struct buf b = buf_over(bytes, sizeof bytes);

	add_number(&b, flags, 15, 0);
	add_string(&b, name_len, name_coded);
	add_string(&b, value_len, value_coded);
	assert_false(b.cut);
	return (struct span){ guarded(b.p, b.len), b.len };
}

static const struct length {
	const char *name;
	size_t      name_len;
	bool        name_coded;
	size_t      value_len;
	bool        value_coded;
	bool        is_cut;
} lengths[] = {
	{ "a length of 126", 1, false, 126, false, false },
	{ "a length of 127", 1, false, 127, false, false },
	{ "a length of 128", 1, false, 128, false, false },
	{ "a length of 254", 1, false, 254, false, false },
	{ "a length of 255", 1, false, 255, false, false },
	{ "a length of 16,384", 1, false, 16384, false, false },
	{ "raw texts of any length", 20000, false, 30000, false, false },
	{ "a coded value one byte below the memory", 1, false,
	  HPACK_MEMORY - 1, true, false },
	{ "a coded value as long as the memory", 1, false,
	  HPACK_MEMORY, true, false },
	{ "a coded value one byte longer", 1, false,
	  HPACK_MEMORY + 1, true, true },
	{ "a coded value far longer", 1, false, 60000, true, true },
	{ "a coded name as long as the memory", HPACK_MEMORY, true, 1, false,
	  false },
	{ "a coded name one byte longer", HPACK_MEMORY + 1, true, 1, false,
	  true },
	{ "both coded, as long as the memory", 5000, true,
	  HPACK_MEMORY - 5000, true, false },
	{ "both coded, one byte longer", 5000, true, HPACK_MEMORY - 4999,
	  true, true },
	{ "a name that leaves nothing for the value", HPACK_MEMORY, true, 1,
	  true, true },
	{ "a coded name as long as the memory and a raw value",
	  HPACK_MEMORY, true, 9000, false, false },
};

static void
long_field_is_read_or_cut(void **state)
{
	const struct length *l = *state;
	struct buf memory = guarded_buf(HPACK_MEMORY);
	struct hpack_field f;

	/* Without indexing, never indexed, with indexing. */
	for (unsigned flags = 0; flags <= 0x40; flags += flags ? 0x30 : 0x10) {
		struct hpack t;
		struct span block;

		hpack_init(&t);
		read_one(&t, guarded_hex("4001610162"));
		block = long_field(flags, l->name_len, l->name_coded,
		                   l->value_len, l->value_coded);
		hpack_begin(&t);
		assert_int_equal(1, hpack_next(&t, &block, &f, &memory));
		assert_int_equal(0, block.len);
		assert_int_equal(l->is_cut, f.is_cut);
		assert_int_equal(f.name.len, l->is_cut ? 0 : l->name_len);
		assert_int_equal(f.value.len, l->is_cut ? 0 : l->value_len);
		if (l->is_cut)
			assert_true(f.size > HPACK_MEMORY);
		else
			assert_int_equal(f.size,
			                 l->name_len + l->value_len + 32);
		for (size_t i = 0; i < f.value.len; i++)
			assert_int_equal(f.value.p[i], 'a');
		/* An entry that is too large has emptied the table. */
		if (flags != 0x40)
			assert_int_equal(1, t.n);
		else
			assert_int_equal(f.size <= HPACK_TABLE_MAX ? 2 : 0,
			                 t.n);
	}
}

/* An entry of the given cost, behind a small one. */
static void
try_entry(size_t size, bool is_coded, size_t n, size_t table_size)
{
	struct hpack t;

	hpack_init(&t);
	read_one(&t, guarded_hex("4001610162"));
	read_one(&t, long_field(0x40, 1, is_coded, size - 33, is_coded));
	assert_int_equal(n, t.n);
	assert_int_equal(table_size, t.size);
}

static void
entries_are_as_large_as_the_table_at_most(void **state)
{
	(void)state;
	for (int is_coded = 0; is_coded < 2; is_coded++) {
		try_entry(4096 - 35, is_coded, 2, 4095);
		try_entry(4096 - 34, is_coded, 2, 4096);
		try_entry(4096 - 33, is_coded, 1, 4096 - 33);
		try_entry(4095, is_coded, 1, 4095);
		try_entry(4096, is_coded, 1, 4096);
		try_entry(4097, is_coded, 0, 0);
	}
}

/* The longest name there is: its entry goes for the successor, or the
 * successor is too large itself. */
static void
a_long_name_outlives_its_entry(void **state)
{
	char bytes[TEXT_ROOM];
	struct hpack_field f;
	struct hpack t;

	(void)state;
	for (size_t len = 0; len <= 1; len++) {
		struct buf b = buf_over(bytes, sizeof bytes);

		hpack_init(&t);
		read_one(&t, long_field(0x40, 4096 - 32, false, 0, false));
		assert_int_equal(4096, t.size);
		buf_str(&b, "\x7e");
		add_string(&b, len, false);
		f = read_one(&t, span_over(guarded(b.p, b.len), b.len));
		assert_int_equal(4096 - 32, f.name.len);
		for (size_t i = 0; i < f.name.len; i++)
			assert_int_equal('a', f.name.p[i]);
		assert_int_equal(1 - len, t.n);
		assert_int_equal(len ? 0 : 4096, t.size);
	}
}

static void
the_table_holds_128_empty_entries(void **state)
{
	struct buf lines = guarded_buf(GUARD_ROOM);
	struct hpack t;

	(void)state;
	hpack_init(&t);
	for (size_t i = 1; i <= HPACK_ENTRIES_MAX + 2; i++) {
		read_one(&t, guarded_hex("400000"));
		assert_int_equal(t.n, i < 128 ? i : 128);
		assert_int_equal(t.size, i < 128 ? i * 32 : 4096);
	}
	read_one(&t, guarded_hex("ff3e"));	/* 189: the oldest */
	assert_int_equal(ERR_PARSE,
	                 read_block(&t, guarded_hex("ff3f"), &lines));
}

/* The k-th newest of `last` entries that many_entries_go_round has added. */
static void
assert_entry(struct hpack *t, size_t last, size_t k)
{
	char bytes[8], name[16];
	struct buf b = buf_over(bytes, sizeof bytes);
	struct buf nb = buf_over(name, sizeof name);
	struct hpack_field f;

	add_number(&b, 0x80, 127, STATIC_N + k);
	f = read_one(t, span_over(guarded(b.p, b.len), b.len));
	buf_int(&nb, (int64_t)(last - k + 1));
	assert_span_equal(buf_text(&nb), f.name);
	assert_int_equal(f.value.len, (last - k + 1) * 37 % 900);
	for (size_t i = 0; i < f.value.len; i++)
		assert_int_equal('a', f.value.p[i]);
}

static void
many_entries_go_round(void **state)
{
	char bytes[TEXT_ROOM], name[16];
	struct hpack t;

	(void)state;
	hpack_init(&t);
	for (size_t last = 1; last <= 500; last++) {
		struct buf b = buf_over(bytes, sizeof bytes);
		struct buf nb = buf_over(name, sizeof name);
		size_t size = 0, n = 0;

		buf_int(&nb, (int64_t)last);
		add_number(&b, 0x40, 63, 0);
		add_number(&b, 0, 127, nb.len);
		buf_add(&b, buf_span(&nb));
		add_string(&b, last * 37 % 900, last % 2);
		read_one(&t, span_over(guarded(b.p, b.len), b.len));
		for (size_t i = last; i > 0; i--, n++) {
			size += i * 37 % 900 + 32 + (i > 99 ? 3 : i > 9 ? 2
			                                                : 1);
			if (size > HPACK_TABLE_MAX)
				break;
		}
		assert_int_equal(n, t.n);
		for (size_t k = 1; k <= n; k++)
			assert_entry(&t, last, k);
	}
}

/* --- writing --- */

static void
what_is_written_is_what_the_rfc_has(void **state)
{
	struct buf b = guarded_buf(GUARD_ROOM);

	(void)state;
	hpack_write_known(&b, HPACK_PATH, span_of("/sample/path"));
	assert_hex("040c2f73616d706c652f70617468", b.p, b.len);	/* C.2.2 */
	b.len = 0;
	hpack_write(&b, "te", span_of("trailers"));
	assert_hex("0002746508747261696c657273", b.p, b.len);
	b.len = 0;
	hpack_write_indexed(&b, HPACK_STATUS_200);
	assert_hex("88", b.p, b.len);
	b.len = 0;
	hpack_write_known(&b, HPACK_CONTENT_TYPE, span_of(""));
	assert_hex("0f1000", b.p, b.len);
	b.len = 0;
	hpack_write(&b, "", span_of(""));
	assert_hex("000000", b.p, b.len);
}

static const struct known_field {
	const char *name, *text;
	unsigned    index;
} known_fields[] = {
	{ "authority", ":authority: x\n", HPACK_AUTHORITY },
	{ "path", ":path: x\n", HPACK_PATH },
	{ "status", ":status: x\n", HPACK_STATUS },
	{ "content-length", "content-length: x\n", HPACK_CONTENT_LENGTH },
	{ "content-type", "content-type: x\n", HPACK_CONTENT_TYPE },
	{ "user-agent", "user-agent: x\n", HPACK_USER_AGENT },
};

static const struct known_field whole_fields[] = {
	{ "POST", ":method: POST\n", HPACK_METHOD_POST },
	{ "http", ":scheme: http\n", HPACK_SCHEME_HTTP },
	{ "https", ":scheme: https\n", HPACK_SCHEME_HTTPS },
	{ "200", ":status: 200\n", HPACK_STATUS_200 },
};

static void
name_is_known(void **state)
{
	const struct known_field *k = *state;
	char lines[TEXT_ROOM];
	struct buf b = guarded_buf(16), lb = buf_over(lines, sizeof lines);
	struct hpack t;

	hpack_init(&t);
	hpack_write_known(&b, k->index, span_of("x"));
	assert_int_equal(0, read_block(&t, buf_span(&b), &lb));
	assert_span_equal(k->text, buf_span(&lb));
	assert_int_equal(0, t.n);
}

static void
field_is_known(void **state)
{
	const struct known_field *k = *state;
	char lines[TEXT_ROOM];
	struct buf b = guarded_buf(1), lb = buf_over(lines, sizeof lines);
	struct hpack t;

	hpack_init(&t);
	hpack_write_indexed(&b, k->index);
	assert_int_equal(0, read_block(&t, buf_span(&b), &lb));
	assert_span_equal(k->text, buf_span(&lb));
}

/* Around the lengths where numbers take a byte more. */
static void
values_of_every_length_come_back(void **state)
{
	static const size_t lens[] = {
		0, 1, 126, 127, 128, 254, 255, 256, 16509, 16510, 16511, 50000,
	};
	static char value[50000];

	(void)state;
	memset(value, 'v', sizeof value);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		struct buf b = guarded_buf(GUARD_ROOM);
		struct hpack_field f;
		struct hpack t;

		hpack_init(&t);
		hpack_write(&b, "x", span_over(value, lens[i]));
		f = read_one(&t, span_over(guarded(b.p, b.len), b.len));
		assert_span_equal("x", f.name);
		assert_int_equal(lens[i], f.value.len);
		assert_memory_equal(value, f.value.p, lens[i]);
	}
}

int
main(void)
{
	UNIT_ROWS(blocks_are_read_in_a_row, chains);
	UNIT_ROWS(every_prefix_is_refused_or_ends_with_a_field, chains);
	UNIT_ROWS(is_refused, bads);
	UNIT_ROWS(number_is_read, numbers);
	UNIT_TEST(the_static_table_is_that_of_appendix_a);
	UNIT_ROWS(long_field_is_read_or_cut, lengths);
	UNIT_TEST(entries_are_as_large_as_the_table_at_most);
	UNIT_TEST(a_long_name_outlives_its_entry);
	UNIT_TEST(the_table_holds_128_empty_entries);
	UNIT_TEST(many_entries_go_round);
	UNIT_TEST(what_is_written_is_what_the_rfc_has);
	UNIT_ROWS(name_is_known, known_fields);
	UNIT_ROWS(field_is_known, whole_fields);
	UNIT_TEST(values_of_every_length_come_back);
	return unit_run("net/hpack");
}
