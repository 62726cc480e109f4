/* SPDX-License-Identifier: MIT */
/* test_ip.c - addresses as numbers and in words, beside the machine's libc */
#include "unit.h"

#include <arpa/inet.h>

#include "base/err.h"
#include "net/ip.h"
#include "same_ip.h"

#define RANDOM_TEXTS 200000
#define RANDOM_MAX   24		/* bytes of one */

static const char *const texts[] = {
	"", ".", ":", "::", ":::", "%", "0", "00", "1", "1.", ".1", "1..2",
	"0.0.0.0", "10.0.0.5", "255.255.255.255", "256.0.0.0", "1.2.3.256",
	"010.0.0.1", "00.0.0.0", "1.2.3.04", "1.2.3", "1.2.3.4.5", "1.2.3.4.0", "1.2.3.4.",
	"1.2.3.4 ", " 1.2.3.4", "1.2.3.a", "+1.2.3.4", "-1.2.3.4", "1.2.3.0x4",
	"127.1", "127.65535", "127.16777215", "127.16777216", "1.2.65535",
	"1.2.65536", "256.1", "1.256.1", "2130706433", "4294967295",
	"4294967296", "18446744073709551617", "0x7f.0.0.1", "0X7F.1",
	"0x7f000001", "0xffffffff", "0x100000000", "0x", "0x.1", "0xg", "0177.1",
	"017700000001", "037777777777", "040000000000", "08",
	"0x7f.0x", "1.08",
	"000000000000000000000000000000000000000000000000000000000001",
	"0x0000000000000000000000000000000000000000000000000000001.1",
	"::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
	"1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3::5:6:7:8", "1::3::5",
	"1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
	"1:2:3:4::5:6:7:8",
	":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:", ":1", "::1:", ":::1", "1:::2",
	"12345::", "00001::", "0001::", "g::", "ABCD:ef01::FfFf", "1::-1", "::+1",
	"::1.2.3.4", "::ffff:10.0.0.5", "1:2:3:4:5:6:1.2.3.4",
	"1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4", "::1.2.3.4:5", "::1.2.3",
	"::1.2.3.04", "::1.2.3.256", "1.2.3.4::", "1:2:3:4:5::1.2.3.4",
	"1:2:3:4:5:6::1.2.3.4", "::0x1", "fe80::1 ", "::1\n",
};

/* Reads it with ours from the edge of what can be read, and with libc's. */
static void
is_read_as_by_libc(const char *text)
{
	struct in6_addr v6;
	struct in_addr v4;
	bool is_v4 = inet_pton(AF_INET, text, &v4) == 1;
	bool is_v6 = inet_pton(AF_INET6, text, &v6) == 1;
	struct ip ip = { .zone = 7 };

	assert_int_equal(ip_read(&ip, NULL, guarded_span(text)),
	                 is_v4 || is_v6 ? 0 : ERR_PARSE);
	assert_int_equal(ip.zone, is_v4 || is_v6 ? 0 : 7);
	assert_true(ip.is_v6 == is_v6);
	if (is_v4)
		assert_memory_equal(ip.b, &v4, IP_V4_LEN);
	if (is_v6)
		assert_memory_equal(ip.b, &v6, IP_V6_LEN);
}

/* inet_aton() takes what follows a blank; ours takes none. And musl's takes a
 * number of more than 32 bits as the highest, where a long has no more. */
static void
is_read_loosely_as_by_libc(const char *text)
{
	struct in6_addr v6;
	struct in_addr v4;
	bool is_v4 = strpbrk(text, " \t\n") == NULL
	          && inet_aton(text, &v4) != 0;
	bool is_v6 = inet_pton(AF_INET6, text, &v6) == 1;
	struct ip ip = { .zone = 7 };

	if (is_v4 && sizeof(long) < 8
	 && ip_read_loose(&ip, NULL, guarded_span(text)) < 0)
		return;
	assert_int_equal(ip_read_loose(&ip, NULL, guarded_span(text)),
	                 is_v4 || is_v6 ? 0 : ERR_PARSE);
	assert_true(ip.is_v6 == is_v6);
	if (is_v4)
		assert_memory_equal(ip.b, &v4, IP_V4_LEN);
	if (is_v6)
		assert_memory_equal(ip.b, &v6, IP_V6_LEN);
}

static void
written_texts_are_read_as_by_libc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		is_read_as_by_libc(texts[i]);
		is_read_loosely_as_by_libc(texts[i]);
	}
}

/* Texts of these bytes, the same in each run; some of them are addresses. */
static void
made_up_texts_are_read_as_by_libc(void **state)
{
	static const char some[] = "::::....00127fFx%";
	uint32_t random = 1;
	char text[RANDOM_MAX + 1];

	(void)state;
	for (int i = 0; i < RANDOM_TEXTS; i++) {
		size_t len = (size_t)(i % RANDOM_MAX);

		for (size_t n = 0; n < len; n++) {
			random = random * 1664525 + 1013904223;
			text[n] = some[(random >> 16) % (sizeof some - 1)];
		}
		text[len] = '\0';
		is_read_as_by_libc(text);
		is_read_loosely_as_by_libc(text);
	}
}

static void
a_byte_of_zero_is_no_end(void **state)
{
	static const char v4[] = "1.2.3.4\0", v6[] = "::1\0";
	struct ip ip;

	(void)state;
	assert_int_equal(ip_read(&ip, NULL, (struct span){ v4, sizeof v4 - 1 }),
	                 ERR_PARSE);
	assert_int_equal(ip_read_loose(&ip, NULL,
	                               (struct span){ v4, sizeof v4 - 1 }),
	                 ERR_PARSE);
	assert_int_equal(ip_read(&ip, NULL, (struct span){ v6, sizeof v6 - 1 }),
	                 ERR_PARSE);
	assert_int_equal(ip_read(&ip, NULL, (struct span){ NULL, 0 }),
	                 ERR_PARSE);
}

static const struct zone {
	const char *name, *text, *zone;	/* NULL: an error */
} zones[] = {
	{ "an address has no zone of its own", "fe80::1", "" },
	{ "a zone has a name", "fe80::1%eth0", "eth0" },
	{ "a zone has a number", "fe80::1%3", "3" },
	{ "a zone may have a second percent sign", "fe80::1%a%b", "a%b" },
	{ "a zone may follow a dotted quad", "::1.2.3.4%x", "x" },
	{ "an empty zone is an error", "fe80::1%", NULL },
	{ "a zone alone is an error", "%eth0", NULL },
	{ "IPv4 has no zones", "127.0.0.1%lo", NULL },
};

static void
has_its_zone(void **state)
{
	const struct zone *z = *state;
	struct span zone = { "as it was", 9 };
	struct ip ip;

	assert_int_equal(ip_read(&ip, &zone, guarded_span(z->text)),
	                 z->zone != NULL ? 0 : ERR_PARSE);
	assert_span_equal(z->zone != NULL ? z->zone : "as it was", zone);
	assert_int_equal(ip_read_loose(&ip, &zone, guarded_span(z->text)),
	                 z->zone != NULL ? 0 : ERR_PARSE);
	if (strchr(z->text, '%') != NULL)
		assert_int_equal(ip_read(&ip, NULL, guarded_span(z->text)),
		                 ERR_PARSE);
}

static const struct words {
	const char *name, *text, *words;
} words[] = {
	{ "IPv4", "10.0.0.5", "10.0.0.5" },
	{ "the longest IPv4", "255.255.255.255", "255.255.255.255" },
	{ "no address", "::", "::" },
	{ "loopback", "::1", "::1" },
	{ "small letters, and zeros in front left out", "2001:0DB8::00A0",
	  "2001:db8::a0" },
	{ "the longer row of zeros", "1:0:0:2:0:0:0:3", "1:0:0:2::3" },
	{ "the first of two rows", "1:0:0:2:3:0:0:4", "1::2:3:0:0:4" },
	{ "a lone zero stays", "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7" },
	{ "zeros at the end", "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
	{ "IPv4 in IPv6", "::ffff:a00:5", "::ffff:10.0.0.5" },
	{ "nearly IPv4 in IPv6", "::fffe:a00:5", "::fffe:a00:5" },
	{ "the longest", "1111:2222:3333:4444:5555:6666:7777:8888",
	  "1111:2222:3333:4444:5555:6666:7777:8888" },
};

static void
is_written_in_words(void **state)
{
	const struct words *w = *state;
	struct buf b = guarded_buf(strlen(w->words));
	struct buf less = guarded_buf(strlen(w->words) - 1);
	struct ip ip;

	assert_int_equal(ip_read(&ip, NULL, span_of(w->text)), 0);
	ip_write(&b, &ip);
	assert_span_equal(w->words, buf_span(&b));
	assert_false(b.cut);
	ip_write(&less, &ip);
	assert_true(less.cut);
}

static void
what_is_written_is_read_back(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < RANDOM_TEXTS; i++) {
		struct ip ip = { .is_v6 = i % 8 != 0 }, back;
		char text[IP_TEXT_MAX];
		struct buf b = buf_over(text, sizeof text);

		for (size_t n = 0; n < IP_V6_LEN; n++) {
			random = random * 1664525 + 1013904223;
			if (random >> 31 == 0)
				ip.b[n] = (unsigned char)(random >> 23);
		}
		ip_write(&b, &ip);
		assert_int_equal(ip_read(&back, NULL, buf_span(&b)), 0);
		assert_true(is_same_ip(&ip, &back));
	}
}

int
main(void)
{
	UNIT_TEST(written_texts_are_read_as_by_libc);
	UNIT_TEST(made_up_texts_are_read_as_by_libc);
	UNIT_TEST(a_byte_of_zero_is_no_end);
	UNIT_ROWS(has_its_zone, zones);
	UNIT_ROWS(is_written_in_words, words);
	UNIT_TEST(what_is_written_is_read_back);
	return unit_run("net/ip");
}
