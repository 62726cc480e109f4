/* SPDX-License-Identifier: MIT */
/* test_resolvconf.c - resolv.conf, and the names to ask for */
#include "unit.h"

#include "client/dns.h"
#include "client/resolvconf.h"

#define N63 "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxy"
#define N60 "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuv"
#define BYTES(text) text, sizeof(text) - 1

/* All that was read, in words: the servers, | and the domains, | and options
 * that are not as they are in an empty file. */
static void
write_all(struct buf *b, const struct resolvconf *c)
{
	static const struct resolvconf none;
	struct span search = c->search;

	for (size_t i = 0; i < c->servers_n; i++) {
		ip_write(b, &c->servers[i].ip);
		if (c->servers[i].zone.len > 0)
			buf_str(b, "%");
		buf_add(b, c->servers[i].zone);
		buf_str(b, " ");
	}
	buf_str(b, "| ");
	while (search.len > 0) {
		struct span domain = span_trim(span_cut(&search, ' '), "\r");

		buf_add(b, domain);
		buf_str(b, domain.len > 0 ? " " : "");
	}
	buf_str(b, "|");
	if (c->ndots != 1)
		buf_fmt(b, " ndots %u", c->ndots);
	if (c->timeout_s != 5)
		buf_fmt(b, " timeout %u", c->timeout_s);
	if (c->attempts != 2)
		buf_fmt(b, " attempts %u", c->attempts);
#define WRITE(flag) \
	buf_str(b, c->flag != none.flag ? " " #flag : "")
	WRITE(rotate);
	WRITE(use_vc);
	WRITE(edns0);
	WRITE(no_aaaa);
	WRITE(no_tld_query);
	WRITE(single_request);
	WRITE(single_request_reopen);
#undef WRITE
}

static const struct file {
	const char *name, *text;
	size_t      len;
	const char *all;
} files[] = {
	{ "nothing", BYTES(""), "127.0.0.1 | |" },
	{ "a name server", BYTES("nameserver 10.0.0.1\n"), "10.0.0.1 | |" },
	{ "no last newline", BYTES("nameserver 10.0.0.1"), "10.0.0.1 | |" },
	{ "three, in order", BYTES("nameserver 10.0.0.3\nnameserver 10.0.0.1\n"
	  "nameserver 10.0.0.2\n"), "10.0.0.3 10.0.0.1 10.0.0.2 | |" },
	{ "a fourth is ignored", BYTES("nameserver 10.0.0.1\n"
	  "nameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n"),
	  "10.0.0.1 10.0.0.2 10.0.0.3 | |" },
	{ "a broken one does not count", BYTES("nameserver 10.0.0.1\n"
	  "nameserver 10.0.0.300\nnameserver db\nnameserver\nnameserver \n"
	  "nameserver 10.0.0.2\n"), "10.0.0.1 10.0.0.2 | |" },
	{ "the same one twice counts twice", BYTES("nameserver 10.0.0.1\n"
	  "nameserver 10.0.0.1\n"), "10.0.0.1 10.0.0.1 | |" },
	{ "what follows an address is ignored",
	  BYTES("nameserver 10.0.0.1 # ours\nnameserver 10.0.0.2\tx y\n"),
	  "10.0.0.1 10.0.0.2 | |" },
	{ "a comment at the address is a broken address",
	  BYTES("nameserver 10.0.0.1#53\n"), "127.0.0.1 | |" },
	{ "an address as inet_aton() has it", BYTES("nameserver 0x7f.1\n"),
	  "127.0.0.1 | |" },
	{ "tabs and many blanks", BYTES("nameserver\t \t10.0.0.1 \t\n"),
	  "10.0.0.1 | |" },
	{ "IPv6", BYTES("nameserver fd00::35\n"), "fd00::35 | |" },
	{ "IPv6 with a zone",
	  BYTES("nameserver fe80::1%eth0\nnameserver fe80::2%3\n"),
	  "fe80::1%eth0 fe80::2%3 | |" },
	{ "a zone does not pass on to the next one",
	  BYTES("nameserver fe80::1%eth0\nnameserver 10.0.0.1\n"),
	  "fe80::1%eth0 10.0.0.1 | |" },
	{ "a line in columns is ignored", BYTES(" nameserver 10.0.0.1\n"),
	  "127.0.0.1 | |" },
	{ "a keyword in capitals is not one", BYTES("Nameserver 10.0.0.1\n"),
	  "127.0.0.1 | |" },
	{ "a longer keyword is another one", BYTES("nameservers 10.0.0.1\n"
	  "searches a\ndomains a\noption rotate\n"), "127.0.0.1 | |" },
	{ "a keyword with a colon is another one",
	  BYTES("nameserver: 10.0.0.1\n"), "127.0.0.1 | |" },
	{ "comments", BYTES("#nameserver 10.0.0.1\n;nameserver 10.0.0.2\n"
	  "# nameserver 10.0.0.3\n; search a\n"), "127.0.0.1 | |" },
	{ "domains", BYTES("search default.svc.cluster.local svc.cluster.local"
	  " cluster.local\n"), "127.0.0.1 | default.svc.cluster.local"
	  " svc.cluster.local cluster.local |" },
	{ "more than six domains", BYTES("search a b c d e f g h\n"),
	  "127.0.0.1 | a b c d e f g h |" },
	{ "a comment is not one behind domains", BYTES("search a # b\n"),
	  "127.0.0.1 | a # b |" },
	{ "a domain is one", BYTES("domain a b\n"), "127.0.0.1 | a |" },
	{ "a later search wins", BYTES("search a\nsearch b c\n"),
	  "127.0.0.1 | b c |" },
	{ "a later domain wins", BYTES("search a b\ndomain c\n"),
	  "127.0.0.1 | c |" },
	{ "a later search wins over a domain", BYTES("domain c\nsearch a b\n"),
	  "127.0.0.1 | a b |" },
	{ "an empty one changes nothing",
	  BYTES("search a b\nsearch\nsearch \t\ndomain\ndomain  \n"),
	  "127.0.0.1 | a b |" },
	{ "Docker's", BYTES("nameserver 127.0.0.11\nsearch lan\n"
	  "options edns0 trust-ad ndots:0\n"),
	  "127.0.0.11 | lan | ndots 0 edns0" },
	{ "the kubelet's", BYTES("search a.svc.x svc.x x\n"
	  "nameserver 10.96.0.10\noptions ndots:5\n"),
	  "10.96.0.10 | a.svc.x svc.x x | ndots 5" },
	{ "all options", BYTES("options rotate use-vc edns0 no-aaaa no-tld-query"
	  " single-request\noptions single-request-reopen timeout:1\n"
	  "options attempts:3 ndots:2\n"), "127.0.0.1 | | ndots 2 timeout 1"
	  " attempts 3 rotate use_vc edns0 no_aaaa no_tld_query"
	  " single_request single_request_reopen" },
	{ "single-request-reopen alone", BYTES("options single-request-reopen\n"),
	  "127.0.0.1 | | single_request_reopen" },
	{ "single-request alone", BYTES("options single-request\n"),
	  "127.0.0.1 | | single_request" },
	{ "no_tld_query", BYTES("options no_tld_query\n"),
	  "127.0.0.1 | | no_tld_query" },
	{ "an option that starts as another one", BYTES("options rotated\n"),
	  "127.0.0.1 | | rotate" },
	{ "options that nobody knows",
	  BYTES("options debug trust-ad ndots Rotate x:1 :\n"),
	  "127.0.0.1 | |" },
	{ "bounds", BYTES("options ndots:15 timeout:30 attempts:5\n"),
	  "127.0.0.1 | | ndots 15 timeout 30 attempts 5" },
	{ "below the bounds", BYTES("options ndots:14 timeout:29 attempts:4\n"),
	  "127.0.0.1 | | ndots 14 timeout 29 attempts 4" },
	{ "above the bounds", BYTES("options ndots:16 timeout:31 attempts:6\n"),
	  "127.0.0.1 | | ndots 15 timeout 30 attempts 5" },
	{ "far above the bounds", BYTES("options ndots:4294967296"
	  " timeout:99999999999999999999 attempts:18446744073709551617\n"),
	  "127.0.0.1 | | ndots 15 timeout 30 attempts 5" },
	{ "zeros", BYTES("options ndots:0 timeout:0 attempts:0\n"),
	  "127.0.0.1 | | ndots 0 timeout 1 attempts 1" },
	{ "no digits", BYTES("options ndots: timeout:x attempts:-1\n"),
	  "127.0.0.1 | | ndots 0 timeout 1 attempts 1" },
	{ "blanks before the digits", BYTES("options ndots: 5 timeout:\t3 rotate\n"),
	  "127.0.0.1 | | ndots 5 timeout 3 rotate" },
	{ "a number at the end of a file", BYTES("options ndots:7"),
	  "127.0.0.1 | | ndots 7" },
	{ "digits and more", BYTES("options ndots:3x timeout:2s attempts:1,2\n"),
	  "127.0.0.1 | | ndots 3 timeout 2 attempts 1" },
	{ "a later value wins", BYTES("options ndots:3\noptions ndots:4\n"),
	  "127.0.0.1 | | ndots 4" },
	{ "a file from Windows", BYTES("nameserver 10.0.0.1\r\nsearch a b\r\n"
	  "options rotate ndots:3\r\n\r\n"), "10.0.0.1 | a b | ndots 3 rotate" },
	{ "a NUL in a line", BYTES("nameserver 10.0.0.1\0x\nsearch a\nx\0\n"
	  "nameserver 10.0.0.2\n"), "10.0.0.1 10.0.0.2 | a |" },
	{ "only a NUL", BYTES("\0"), "127.0.0.1 | |" },
	{ "bytes above ASCII", BYTES("search \xc3\xa4 \xff\n"),
	  "127.0.0.1 | \xc3\xa4 \xff |" },
};

static void
is_read_as_by_glibc(void **state)
{
	const struct file *f = *state;
	char words[512];
	struct buf b = buf_over(words, sizeof words);
	struct resolvconf c;

	memset(&c, 0x55, sizeof c);
	resolvconf_read(&c, (struct span){ guarded(f->text, f->len), f->len },
	                (struct span){ NULL, 0 });
	write_all(&b, &c);
	assert_span_equal(f->all, buf_span(&b));
}

static const struct host {
	const char *name, *text, *hostname, *search;
} hosts[] = {
	{ "a host's domain", "", "web.prod.test", "prod.test" },
	{ "a host with no domain", "", "web", "" },
	{ "a host with nothing behind its dot", "", "web.", "" },
	{ "no host", "", "", "" },
	{ "a search list wins", "search a b\n", "web.prod.test", "a b" },
	{ "a domain wins", "domain a\n", "web.prod.test", "a" },
	{ "an empty search does not", "search \n", "web.prod.test",
	  "prod.test" },
};

static void
is_where_the_search_list_comes_from(void **state)
{
	const struct host *h = *state;
	struct resolvconf c;

	resolvconf_read(&c, guarded_span(h->text), guarded_span(h->hostname));
	assert_span_equal(h->search, c.search);
}

static const struct asked {
	const char *name, *conf, *host, *names;
} asked[] = {
	{ "a name with a dot", "search a b\n", "db.x",
	  "db.x db.x.a db.x.b " },
	{ "a name with no dot", "search a b\n", "db", "db.a db.b db " },
	{ "no search list", "", "db", "db " },
	{ "no search list and a dot", "", "db.x", "db.x " },
	{ "a final dot", "search a b\n", "db.x.", "db.x " },
	{ "a final dot and no other", "search a b\noptions ndots:5\n", "db.",
	  "db " },
	{ "fewer dots than ndots", "search a\noptions ndots:3\n", "db.x.y",
	  "db.x.y.a db.x.y " },
	{ "as many dots as ndots", "search a\noptions ndots:3\n", "db.x.y.z",
	  "db.x.y.z db.x.y.z.a " },
	{ "more dots than ndots", "search a\noptions ndots:3\n", "d.x.y.z.v",
	  "d.x.y.z.v d.x.y.z.v.a " },
	{ "ndots:0", "search a\noptions ndots:0\n", "db", "db db.a " },
	{ "no-tld-query and no dot", "search a\noptions no-tld-query\n", "db",
	  "db.a " },
	{ "no-tld-query and a dot", "search a\noptions no-tld-query ndots:5\n",
	  "db.x", "db.x.a db.x " },
	{ "no-tld-query and no search list", "options no-tld-query\n", "db",
	  "db " },
	{ "no-tld-query and ndots:0", "search a\noptions no-tld-query ndots:0\n",
	  "db", "db db.a " },
	{ "a domain that starts with a dot", "search .a b\n", "db",
	  "db.a db.b db " },
	{ "a domain that ends with a dot", "search a. b\n", "db",
	  "db.a db.b db " },
	{ "the root", "search a . b\n", "db", "db.a db db.b " },
	{ "the root alone", "search .\n", "db", "db " },
	{ "a domain of dots is passed over", "search .. a\n", "db",
	  "db.a db " },
	{ "a domain with an empty label is passed over", "search a..b a\n",
	  "db", "db.a db " },
	{ "no name", "search a\n", "", "" },
	{ "the root as name", "search a\n", ".", "" },
	{ "an empty label", "search a\n", "db..x", "" },
	{ "two final dots", "search a\n", "db..", "" },
	{ "a dot in front", "search a\n", ".db", "" },
	{ "a label that is too long", "search a\n", N63 "x", "" },
	{ "a domain that just fits", "search " N63 "." N63 "." N63 "\n", N60 "y",
	  N60 "y." N63 "." N63 "." N63 " " N60 "y " },
	{ "a domain that does not fit", "search " N63 "." N63 "." N63 " a\n",
	  N60 "yz", N60 "yz.a " N60 "yz " },
	{ "many blanks and a return", "search   a \t b \r\n", "db",
	  "db.a db.b db " },
};

static void
is_the_order_of_names(void **state)
{
	const struct asked *a = *state;
	char words[1024];
	struct buf b = buf_over(words, sizeof words);
	struct span text = guarded_span(a->conf), host = guarded_span(a->host);
	struct resolvconf c;
	struct names n;

	resolvconf_read(&c, text, (struct span){ NULL, 0 });
	names_init(&n, &c, host);
	while (names_next(&n, &b)) {
		buf_str(&b, " ");
		assert_false(b.cut);
	}
	assert_span_equal(a->names, buf_span(&b));
	assert_false(names_next(&n, &b));
	assert_span_equal(a->names, buf_span(&b));
}

static void
a_name_needs_room(void **state)
{
	struct resolvconf c;

	(void)state;
	resolvconf_read(&c, span_of("search abc\n"), (struct span){ NULL, 0 });
	for (size_t cap = 0; cap < 8; cap++) {
		struct buf b = guarded_buf(cap);
		struct names n;

		names_init(&n, &c, span_of("name"));
		assert_true(names_next(&n, &b) == (cap >= 4));
		assert_false(names_next(&n, &b));
		assert_false(b.cut);
		assert_int_equal(b.len, cap >= 4 ? 4 : 0);
	}
	for (size_t cap = 8; cap < 10; cap++) {
		struct buf b = guarded_buf(cap);
		struct names n;

		names_init(&n, &c, span_of("name"));
		assert_true(names_next(&n, &b));
		assert_span_equal("name.abc", buf_span(&b));
	}
}

static void
a_search_that_ends_leaves_the_name_as_it_is(void **state)
{
	char words[64];
	struct buf b = buf_over(words, sizeof words);
	struct resolvconf c;
	struct names n;

	(void)state;
	resolvconf_read(&c, span_of("search a b\n"), (struct span){ NULL, 0 });
	names_init(&n, &c, span_of("db"));
	assert_true(names_next(&n, &b));
	names_end_search(&n);
	assert_true(names_next(&n, &b));
	assert_span_equal("db.adb", buf_span(&b));
	assert_false(names_next(&n, &b));
	names_init(&n, &c, span_of("db.x"));
	assert_true(names_next(&n, &b));
	names_end_search(&n);
	assert_false(names_next(&n, &b));
}

int
main(void)
{
	UNIT_ROWS(is_read_as_by_glibc, files);
	UNIT_ROWS(is_where_the_search_list_comes_from, hosts);
	UNIT_ROWS(is_the_order_of_names, asked);
	UNIT_TEST(a_name_needs_room);
	UNIT_TEST(a_search_that_ends_leaves_the_name_as_it_is);
	return unit_run("client/resolvconf");
}
