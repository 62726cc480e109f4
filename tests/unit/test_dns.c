/* SPDX-License-Identifier: MIT */
/* test_dns.c - one DNS question and its answer */
#include "unit.h"

#include "base/err.h"
#include "client/dns.h"
#include "same_ip.h"

#define ID        0x1234
#define SOME      8		/* addresses that there is room for */
#define RESPONSE  0x8180	/* QR, RD, RA */
#define TRUNCATED 0x0200
#define BYTES(text) text, sizeof(text) - 1

/* The question for "app.test" stands at 12, the records from 26 on. */
#define APP   "\300\014"
#define TEST  "\300\020"
#define TTL   "\0\0\0\74"
#define A     "\0\1\0\1" TTL "\0\4"
#define AAAA  "\0\34\0\1" TTL "\0\20"
#define CNAME(len) "\0\5\0\1" TTL "\0" len

static const struct dns_question app = {
	{ "app.test", 8 }, DNS_A, ID, false,
};

static struct span
span_from(const struct buf *b)
{
	return (struct span){ guarded(b->p, b->len), b->len };
}

static void
add16(struct buf *b, unsigned n)
{
	const char bytes[] = { (char)(n >> 8), (char)n };

	buf_add(b, (struct span){ bytes, sizeof bytes });
}

/* Header and question of an answer to q. */
static void
add_head(struct buf *b, const struct dns_question *q, unsigned flags,
         unsigned answers)
{
	unsigned char query[DNS_QUERY_MAX];
	size_t len = dns_write(query, q);

	add16(b, q->id);
	add16(b, flags);
	add16(b, 1);
	add16(b, answers);
	add16(b, 0);
	add16(b, 0);
	buf_add(b, (struct span){ (const char *)query + 12, len - 12 });
}

/* Reads m with room for cap addresses behind one that is there already, and
 * writes those that were found. */
static int
read_message(const struct dns_question *q, struct span m, size_t cap,
             struct buf *words)
{
	struct ip *to = (struct ip *)(void *)
		guarded_room((cap + 1) * sizeof(struct ip));
	struct ip first = { .b = { 9 }, .zone = 9 };
	size_t n = 1;
	int r;

	to[0] = first;
	r = dns_read(q, m, to, cap + 1, &n);
	assert_true(is_same_ip(&first, &to[0]));
	assert_true(n == 1 || r == DNS_FOUND);
	assert_true(n > 1 || r != DNS_FOUND);
	for (size_t i = 1; i < n; i++) {
		assert_int_equal(to[i].zone, 0);
		assert_true(to[i].is_v6 == (q->type == DNS_AAAA));
		ip_write(words, &to[i]);
		buf_str(words, " ");
	}
	return r;
}

static const struct answer {
	const char *name;
	unsigned    n;		/* records */
	const char *bytes;
	size_t      len;
	int         says;
	const char *words;
} answers[] = {
	{ "one address", 1, BYTES(APP A "\12\0\0\5"), DNS_FOUND, "10.0.0.5 " },
	{ "two addresses", 2, BYTES(APP A "\12\0\0\5" APP A "\12\0\0\4"),
	  DNS_FOUND, "10.0.0.5 10.0.0.4 " },
	{ "a name written out, in another case", 1,
	  BYTES("\3ApP\4TeSt\0" A "\12\0\0\5"), DNS_FOUND, "10.0.0.5 " },
	{ "a name whose end is a pointer", 1,
	  BYTES("\3APP" TEST A "\12\0\0\5"), DNS_FOUND, "10.0.0.5 " },
	{ "no records", 0, BYTES(""), DNS_NODATA, "" },
	{ "records that nobody counts are not read", 1,
	  BYTES(APP A "\12\0\0\5\300"), DNS_FOUND, "10.0.0.5 " },
	{ "an alias and its address", 2,
	  BYTES(APP CNAME("\4") "\1b" TEST "\1b" TEST A "\12\0\0\5"),
	  DNS_FOUND, "10.0.0.5 " },
	{ "an address and then the alias that leads to it", 2,
	  BYTES("\1b" TEST A "\12\0\0\5" APP CNAME("\4") "\1b" TEST),
	  DNS_FOUND, "10.0.0.5 " },
	{ "an alias written out", 2,
	  BYTES(APP CNAME("\10") "\1b\4test\0" "\300\046" A "\12\0\0\5"),
	  DNS_FOUND, "10.0.0.5 " },
	{ "two aliases, the last one first", 3,
	  BYTES("\1b" TEST CNAME("\4") "\1c" TEST APP CNAME("\2") "\300\032"
	        "\1c" TEST A "\12\0\0\5"),
	  DNS_FOUND, "10.0.0.5 " },
	{ "an alias of the root", 1, BYTES(APP CNAME("\1") "\0"), DNS_DANGLING,
	  "" },
	{ "an alias with no address", 1, BYTES(APP CNAME("\4") "\1b" TEST),
	  DNS_DANGLING, "" },
	{ "an alias of itself", 1, BYTES(APP CNAME("\2") APP), DNS_DANGLING, "" },
	{ "a loop of two aliases", 2,
	  BYTES(APP CNAME("\4") "\1b" TEST "\1b" TEST CNAME("\2") APP),
	  DNS_DANGLING, "" },
	{ "the address of another name", 1, BYTES("\1b" TEST A "\12\0\0\5"),
	  DNS_DANGLING, "" },
	{ "the address of the name's domain", 1, BYTES(TEST A "\12\0\0\5"),
	  DNS_DANGLING, "" },
	{ "the address of a name below", 1,
	  BYTES("\1b" APP A "\12\0\0\5"), DNS_DANGLING, "" },
	{ "the address of a name that differs in one byte", 1,
	  BYTES("\3apq" TEST A "\12\0\0\5"), DNS_DANGLING, "" },
	{ "a byte that differs as the case of letters does", 1,
	  BYTES("\3ap\120" "\4te\123\124\0" A "\12\0\0\5"), DNS_FOUND,
	  "10.0.0.5 " },
	{ "another name's alias", 2,
	  BYTES("\1c" TEST CNAME("\4") "\1b" TEST "\1b" TEST A "\12\0\0\5"),
	  DNS_DANGLING, "" },
	{ "an address of the other type", 2,
	  BYTES(APP AAAA "0123456789abcdef" APP A "\12\0\0\5"), DNS_FOUND,
	  "10.0.0.5 " },
	{ "a record of an unknown type", 2,
	  BYTES(APP "\0\56\0\1" TTL "\0\3abc" APP A "\12\0\0\5"), DNS_FOUND,
	  "10.0.0.5 " },
	{ "an address of another class", 1,
	  BYTES(APP "\0\1\0\3" TTL "\0\4" "\12\0\0\5"), DNS_DANGLING, "" },
	{ "an alias of another class", 2,
	  BYTES(APP "\0\5\0\3" TTL "\0\4" "\1b" TEST "\1b" TEST A "\12\0\0\5"),
	  DNS_DANGLING, "" },
	{ "an IPv4 address of three bytes", 1,
	  BYTES(APP "\0\1\0\1" TTL "\0\3" "\12\0\0"), ERR_PARSE, "" },
	{ "an IPv4 address of five bytes", 1,
	  BYTES(APP "\0\1\0\1" TTL "\0\5" "\12\0\0\5\5"), ERR_PARSE, "" },
	{ "another name's address of three bytes", 2,
	  BYTES("\1b" TEST "\0\1\0\1" TTL "\0\3" "\12\0\0" APP A "\12\0\0\5"),
	  DNS_FOUND, "10.0.0.5 " },
	{ "a count of more than there are", 2, BYTES(APP A "\12\0\0\5"),
	  ERR_PARSE, "" },
	{ "the largest count", 65535, BYTES(APP A "\12\0\0\5"), ERR_PARSE, "" },
	{ "data longer than the message", 1, BYTES(APP A "\12\0\0"), ERR_PARSE,
	  "" },
	{ "an alias longer than its data", 2,
	  BYTES(APP CNAME("\3") "\1b" TEST APP A "\12\0\0\5"), ERR_PARSE, "" },
	{ "an alias shorter than its data", 2,
	  BYTES(APP CNAME("\5") "\1b" TEST "x" APP A "\12\0\0\5"), ERR_PARSE,
	  "" },
	{ "an alias with no data", 1, BYTES(APP CNAME("\0")), ERR_PARSE, "" },
	{ "a pointer to itself", 1, BYTES("\300\032" A "\12\0\0\5"), ERR_PARSE,
	  "" },
	{ "a pointer forward", 1, BYTES("\300\033" A "\12\0\0\5"), ERR_PARSE,
	  "" },
	{ "a pointer into its own name", 1,
	  BYTES("\1b\300\032" A "\12\0\0\5"), ERR_PARSE, "" },
	{ "a pointer behind the message", 1, BYTES("\377\377" A "\12\0\0\5"),
	  ERR_PARSE, "" },
	{ "two pointers at each other", 2,
	  BYTES("\1b\300\052" A "\12\0\0\5" "\1c\300\032" A "\12\0\0\5"),
	  ERR_PARSE, "" },
	{ "an alias that is a pointer to itself", 1,
	  BYTES(APP CNAME("\2") "\300\046"), ERR_PARSE, "" },
	{ "half a pointer", 1, BYTES("\300"), ERR_PARSE, "" },
	{ "a label of type 01", 1, BYTES("\101pp" TEST A "\12\0\0\5"),
	  ERR_PARSE, "" },
	{ "a label of type 10", 1, BYTES("\203app" TEST A "\12\0\0\5"),
	  ERR_PARSE, "" },
	{ "a byte that looks like a pointer, of type 10", 1,
	  BYTES("\200\014" A "\12\0\0\5"), ERR_PARSE, "" },
	{ "a label that ends with the message", 1, BYTES("\3ap"), ERR_PARSE,
	  "" },
	{ "a label longer than the message", 1, BYTES("\77app"), ERR_PARSE, "" },
};

static void
is_read_as(void **state)
{
	const struct answer *a = *state;
	char bytes[512], words[512];
	struct buf b = buf_over(bytes, sizeof bytes);
	struct buf w = buf_over(words, sizeof words);

	add_head(&b, &app, RESPONSE, a->n);
	assert_int_equal(b.len, 26);
	buf_add(&b, (struct span){ a->bytes, a->len });
	assert_int_equal(read_message(&app, span_from(&b), SOME, &w), a->says);
	assert_span_equal(a->words, buf_span(&w));
}

static void
no_prefix_of_an_answer_is_read(void **state)
{
	char bytes[512], words[512];
	struct buf b = buf_over(bytes, sizeof bytes);
	struct buf w = buf_over(words, sizeof words);

	(void)state;
	add_head(&b, &app, RESPONSE, 2);
	buf_add(&b, (struct span){ BYTES(APP CNAME("\4") "\1b" TEST
	                                 "\1B" TEST A "\12\0\0\5") });
	assert_int_equal(read_message(&app, span_from(&b), SOME, &w),
	                 DNS_FOUND);
	while (b.len-- > 0)
		assert_int_equal(read_message(&app, span_from(&b), SOME, &w),
		                 ERR_PARSE);
}

static const struct head {
	const char *name;
	size_t      at;		/* the byte that changes */
	char        becomes;
	bool        is_ours;	/* still an answer to us */
} heads[] = {
	{ "the id's first byte", 0, 0x13, false },
	{ "the id's second byte", 1, 0x35, false },
	{ "a question, not an answer", 2, 0x01, false },
	{ "another kind of question", 2, (char)0x89, false },
	{ "the flag of an authority", 2, (char)0x85, true },
	{ "no recursion available", 3, 0, true },
	{ "the flags of DNSSEC and the reserved one", 3, (char)0xf0, true },
	{ "no question", 5, 0, false },
	{ "two questions", 5, 2, false },
	{ "257 questions", 4, 1, false },
	{ "a count of authorities, which are not read", 9, 1, true },
	{ "a count of additional records, which are not read", 11, 1, true },
	{ "the question's label has another length", 12, 2, false },
	{ "another name in the question", 13, 'b', false },
	{ "the name in capitals", 13, 'A', true },
	{ "a byte that is a letter but for its case bit", 13, '!', false },
	{ "no dot at the end of the label", 16, '.', false },
	{ "the question's type", 23, DNS_AAAA, false },
	{ "the question's type is any", 23, (char)255, false },
	{ "the question's class", 25, 3, false },
};

static void
decides_whether_it_is_ours(void **state)
{
	const struct head *h = *state;
	char bytes[512], words[64];
	struct buf b = buf_over(bytes, sizeof bytes);
	struct buf w = buf_over(words, sizeof words);

	add_head(&b, &app, RESPONSE, 1);
	buf_add(&b, (struct span){ BYTES(APP A "\12\0\0\5") });
	assert_int_not_equal(b.p[h->at], h->becomes);
	b.p[h->at] = h->becomes;
	assert_int_equal(read_message(&app, span_from(&b), SOME, &w),
	                 h->is_ours ? DNS_FOUND : ERR_PARSE);
}

static const struct says {
	const char *name;
	unsigned    flags, answers, additional;
	int         says;
} says[] = {
	{ "FORMERR", 0x8181, 0, 0, DNS_FORMERR },
	{ "SERVFAIL", 0x8182, 0, 0, DNS_SERVFAIL },
	{ "NXDOMAIN", 0x8183, 0, 0, DNS_NXDOMAIN },
	{ "NOTIMP", 0x8184, 0, 0, DNS_NOTIMP },
	{ "REFUSED", 0x8185, 0, 0, DNS_REFUSED },
	{ "YXDOMAIN is another one", 0x8186, 0, 0, DNS_OTHER },
	{ "the last one", 0x818f, 0, 0, DNS_OTHER },
	{ "NXDOMAIN with an alias", 0x8183, 1, 0, DNS_NXDOMAIN },
	{ "no data from a resolver", 0x8180, 0, 0, DNS_NODATA },
	{ "no data from an authority", 0x8500, 0, 0, DNS_NODATA },
	{ "nothing at all", 0x8100, 0, 0, DNS_LAME },
	{ "nothing but an additional record", 0x8100, 0, 1, DNS_NODATA },
	{ "neither recursion nor authority, and yet an answer", 0x8100, 1, 0,
	  DNS_FOUND },
	{ "an NXDOMAIN that is not an authority's", 0x8103, 0, 0, DNS_NXDOMAIN },
	{ "truncated with an address", 0x8380, 1, 0, DNS_TRUNCATED },
	{ "truncated with a record too few", 0x8380, 2, 0, DNS_TRUNCATED },
	{ "truncated with nothing", 0x8300, 0, 0, DNS_TRUNCATED },
	{ "a truncated NXDOMAIN", 0x8383, 0, 0, DNS_TRUNCATED },
	{ "a truncated SERVFAIL", 0x8382, 0, 0, DNS_SERVFAIL },
	{ "a truncated NOTIMP", 0x8384, 0, 0, DNS_NOTIMP },
	{ "a truncated REFUSED", 0x8385, 0, 0, DNS_REFUSED },
};

static void
is_what_the_server_says(void **state)
{
	const struct says *s = *state;
	char bytes[512], words[64];
	struct buf b = buf_over(bytes, sizeof bytes);
	struct buf w = buf_over(words, sizeof words);

	add_head(&b, &app, s->flags, s->answers);
	b.p[11] = (char)s->additional;
	if (s->answers > 0)
		buf_add(&b, (struct span){ BYTES(APP A "\12\0\0\5") });
	assert_int_equal(read_message(&app, span_from(&b), SOME, &w), s->says);
}

static void
what_has_no_room_is_an_error(void **state)
{
	char bytes[512], words[512];
	struct buf b = buf_over(bytes, sizeof bytes);
	struct buf w = buf_over(words, sizeof words);

	(void)state;
	add_head(&b, &app, RESPONSE, SOME);
	for (int i = 0; i < SOME; i++)
		buf_add(&b, (struct span){ BYTES(APP A "\12\0\0\5") });
	assert_int_equal(read_message(&app, span_from(&b), 0, &w), ERR_FULL);
	assert_int_equal(read_message(&app, span_from(&b), SOME - 1, &w),
	                 ERR_FULL);
	assert_int_equal(read_message(&app, span_from(&b), SOME, &w),
	                 DNS_FOUND);
	assert_int_equal(read_message(&app, span_from(&b), SOME + 1, &w),
	                 DNS_FOUND);
}

static void
ipv6_is_sixteen_bytes(void **state)
{
	static const struct dns_question q = {
		{ "app.test.", 9 }, DNS_AAAA, ID, false,
	};
	char bytes[512], words[512];
	struct buf b = buf_over(bytes, sizeof bytes);
	struct buf w = buf_over(words, sizeof words);

	(void)state;
	add_head(&b, &q, RESPONSE, 2);
	buf_add(&b, (struct span){ BYTES(APP A "\12\0\0\5" APP AAAA
	        "\375\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1") });
	assert_int_equal(read_message(&q, span_from(&b), SOME, &w), DNS_FOUND);
	assert_span_equal("fd00::1 ", buf_span(&w));
	b.p[7] = 3;
	buf_add(&b, (struct span){ BYTES(APP "\0\34\0\1" TTL "\0\4"
	                                 "\12\0\0\5") });
	assert_int_equal(read_message(&q, span_from(&b), SOME, &w), ERR_PARSE);
}

/* app.test, l0.test, l1.test ... and the last one's address. */
static int
read_chain(int links, bool backwards)
{
	char bytes[2048], words[64];
	struct buf b = buf_over(bytes, sizeof bytes);
	struct buf w = buf_over(words, sizeof words);
	char label[] = "\2l0";

	add_head(&b, &app, RESPONSE, (unsigned)links + 1);
	for (int i = 0; i <= links; i++) {
		int link = backwards ? links - i : i;

		label[2] = (char)('0' + link);
		if (link == 0)
			buf_add(&b, (struct span){ BYTES(APP) });
		else
			buf_fmt(&b, "%s" TEST, label);
		label[2]++;
		if (link == links)
			buf_add(&b, (struct span){ BYTES(A "\12\0\0\5") });
		else
			buf_add(&b, (struct span){ BYTES(CNAME("\5")) });
		if (link < links)
			buf_fmt(&b, "%s" TEST, label);
	}
	assert_false(b.cut);
	return read_message(&app, span_from(&b), SOME, &w);
}

static void
aliases_are_followed_to_their_bound(void **state)
{
	(void)state;
	for (int backwards = 0; backwards < 2; backwards++) {
		for (int links = 0; links <= DNS_CNAMES_MAX; links++)
			assert_int_equal(read_chain(links, backwards != 0),
			                 DNS_FOUND);
		assert_int_equal(read_chain(DNS_CNAMES_MAX + 1, backwards != 0),
		                 DNS_DANGLING);
	}
}

/* labels times "x", each of label_len bytes, and a last one of last_len. */
static struct span
long_name(char *memory, size_t labels, size_t label_len, size_t last_len)
{
	size_t at = 0;

	for (size_t i = 0; i < labels; i++) {
		memset(memory + at, 'x', label_len);
		at += label_len;
		memory[at++] = '.';
	}
	memset(memory + at, 'y', last_len);
	return (struct span){ guarded(memory, at + last_len), at + last_len };
}

static void
a_name_is_bounded_on_the_wire(void **state)
{
	static const char lengths[] = { 59, 60, 61 };
	char room[128];

	(void)state;
	memset(room, 'x', sizeof room);
	for (size_t i = 0; i < sizeof lengths; i++) {
		char bytes[1024], words[64];
		struct buf b = buf_over(bytes, sizeof bytes);
		struct buf w = buf_over(words, sizeof words);

		add_head(&b, &app, RESPONSE, 2);
		for (int label = 0; label < 3; label++) {
			buf_str(&b, "\77");
			buf_add(&b, (struct span){ room, 63 });
		}
		/* 3 x 64, 2 + N, and the root: 254, 255, 256. */
		buf_add(&b, (struct span){ &lengths[i], 1 });
		b.p[b.len - 1]++;
		buf_add(&b, (struct span){ room, (size_t)lengths[i] + 1 });
		buf_add(&b, (struct span){ BYTES("\0" A "\12\0\0\4" APP A
		                                 "\12\0\0\5") });
		assert_int_equal(read_message(&app, span_from(&b), SOME, &w),
		                 lengths[i] < 61 ? DNS_FOUND : ERR_PARSE);
	}
}

static void
a_whole_message_of_addresses_is_read(void **state)
{
	static const struct dns_question q = { { "a", 1 }, DNS_A, ID, false };
	static char bytes[DNS_MESSAGE_MAX];
	static struct ip to[DNS_A_MAX];
	struct buf b = buf_over(bytes, sizeof bytes);
	size_t n = 0, records = (sizeof bytes - 12 - 7) / 16;

	(void)state;
	add_head(&b, &q, RESPONSE, (unsigned)records);
	for (size_t i = 0; i < records; i++) {
		buf_add(&b, (struct span){ BYTES(APP A) });
		add16(&b, 0x0a00);
		add16(&b, (unsigned)i);
	}
	assert_false(b.cut);
	assert_int_equal(dns_read(&q, span_from(&b), to, DNS_A_MAX, &n),
	                 DNS_FOUND);
	assert_int_equal(n, records);
	assert_int_equal(to[n - 1].b[3], (records - 1) & 0xff);
	assert_int_equal(to[n - 1].b[2], (records - 1) >> 8);
}

static const struct name {
	const char *name, *text;
	bool        is;
} names[] = {
	{ "one label", "a", true },
	{ "two labels", "a.b", true },
	{ "a final dot", "a.b.", true },
	{ "any bytes", "_a-\1 \xff*", true },
	{ "nothing", "", false },
	{ "the root", ".", false },
	{ "two final dots", "a..", false },
	{ "an empty label in front", ".a", false },
	{ "an empty label", "a..b", false },
};

static void
is_a_name_or_not(void **state)
{
	const struct name *n = *state;

	assert_true(dns_is_name(guarded_span(n->text)) == n->is);
}

static void
names_and_labels_are_bounded(void **state)
{
	char memory[512];

	(void)state;
	assert_true(dns_is_name(long_name(memory, 0, 0, DNS_LABEL_MAX)));
	assert_false(dns_is_name(long_name(memory, 0, 0, DNS_LABEL_MAX + 1)));
	assert_true(dns_is_name(long_name(memory, 2, DNS_LABEL_MAX, 1)));
	assert_false(dns_is_name(long_name(memory, 2, DNS_LABEL_MAX + 1, 1)));
	/* 3 x 64 and 60, 61, 62 are 252, 253, 254. */
	assert_true(dns_is_name(long_name(memory, 3, 63, 60)));
	assert_true(dns_is_name(long_name(memory, 3, 63, 61)));
	assert_false(dns_is_name(long_name(memory, 3, 63, 62)));
	/* 126 x 2 and 0, 1, 2: the first ends with a dot. */
	assert_true(dns_is_name(long_name(memory, 126, 1, 0)));
	assert_true(dns_is_name(long_name(memory, 126, 1, 1)));
	assert_false(dns_is_name(long_name(memory, 126, 1, 2)));
	assert_true(dns_is_name(long_name(memory, 127, 1, 0)));
	assert_false(dns_is_name(long_name(memory, 128, 1, 0)));
}

static void
a_question_has_its_bytes(void **state)
{
	static const char plain[] =
		"\x12\x34\1\0\0\1\0\0\0\0\0\0\3App\4test\0\0\34\0\1";
	static const char edns[] =
		"\x12\x34\1\0\0\1\0\0\0\0\0\1\3App\4test\0\0\34\0\1"
		"\0\0\51\4\320\0\0\0\0\0";	/* and the last 0 */
	struct dns_question q = { span_of("App.test"), DNS_AAAA, ID, false };
	unsigned char to[DNS_QUERY_MAX];

	(void)state;
	assert_int_equal(dns_write(to, &q), sizeof plain - 1);
	assert_memory_equal(to, plain, sizeof plain - 1);
	q.name = guarded_span("App.test.");
	assert_int_equal(dns_write(to, &q), sizeof plain - 1);
	assert_memory_equal(to, plain, sizeof plain - 1);
	q.edns = true;
	assert_int_equal(dns_write(to, &q), sizeof edns);
	assert_memory_equal(to, edns, sizeof edns);
}

static void
the_longest_question_has_room(void **state)
{
	unsigned char *to = (unsigned char *)guarded_room(DNS_QUERY_MAX);
	struct dns_question q = { .type = DNS_A, .id = ID, .edns = true };
	char memory[512];

	(void)state;
	q.name = long_name(memory, 3, 63, 61);
	assert_int_equal(dns_write(to, &q), DNS_QUERY_MAX);
	q.name = long_name(memory, 127, 1, 0);
	assert_int_equal(dns_write(to, &q), DNS_QUERY_MAX);
	q.name = long_name(memory, 3, 63, 60);
	assert_int_equal(dns_write(to, &q), DNS_QUERY_MAX - 1);
}

int
main(void)
{
	UNIT_ROWS(is_read_as, answers);
	UNIT_TEST(no_prefix_of_an_answer_is_read);
	UNIT_ROWS(decides_whether_it_is_ours, heads);
	UNIT_ROWS(is_what_the_server_says, says);
	UNIT_TEST(what_has_no_room_is_an_error);
	UNIT_TEST(ipv6_is_sixteen_bytes);
	UNIT_TEST(aliases_are_followed_to_their_bound);
	UNIT_TEST(a_name_is_bounded_on_the_wire);
	UNIT_TEST(a_whole_message_of_addresses_is_read);
	UNIT_ROWS(is_a_name_or_not, names);
	UNIT_TEST(names_and_labels_are_bounded);
	UNIT_TEST(a_question_has_its_bytes);
	UNIT_TEST(the_longest_question_has_room);
	return unit_run("client/dns");
}
