/* SPDX-License-Identifier: MIT */
/* test_addrorder.c - in which order a host's addresses are tried */
#include "unit.h"

#include "client/addrorder.h"

#define MANY 6500

/* The key of an address from a source; NULL: there is none. */
static uint32_t
key_of(const char *to, const char *source)
{
	struct ip t, s;

	assert_int_equal(ip_read(&t, NULL, span_of(to)), 0);
	if (source == NULL)
		return addrorder_key(&t, NULL);
	assert_int_equal(ip_read(&s, NULL, span_of(source)), 0);
	return addrorder_key(&t, &s);
}

static const struct pair {
	const char *name;
	const char *first, *first_source;
	const char *second, *second_source;
} pairs[] = {
	/* RFC 6724, 10.2: its examples, as far as no address is deprecated. */
	{ "RFC: matching scope",
	  "2001:db8:1::1", "2001:db8:1::2", "198.51.100.121", "169.254.13.78" },
	{ "RFC: matching scope, and IPv4 it is",
	  "198.51.100.121", "198.51.100.117", "2001:db8:1::1", "fe80::1" },
	{ "RFC: higher precedence",
	  "2001:db8:1::1", "2001:db8:1::2", "10.1.2.3", "10.1.2.4" },
	{ "RFC: smaller scope",
	  "fe80::1", "fe80::2", "2001:db8:1::1", "2001:db8:1::2" },
	{ "RFC: longest matching prefix",
	  "2001:db8:1::1", "2001:db8:1::2", "2001:db8:3ffe::1",
	  "2001:db8:3f44::2" },
	{ "RFC: matching label",
	  "2002:c633:6401::1", "2002:c633:6401::2", "2001:db8:1::1",
	  "2002:c633:6401::2" },
	{ "RFC: higher precedence than 6to4",
	  "2001:db8:1::1", "2001:db8:1::2", "2002:c633:6401::1",
	  "2002:c633:6401::2" },

	{ "a source is better than none, by rule 1 before all others",
	  "10.0.0.1", "127.0.0.1", "::1", NULL },
	{ "with no source precedence still counts",
	  "2001:db8::1", NULL, "10.0.0.1", NULL },
	{ "scope comes before label",
	  "2001:db8::1", "2002::1", "fe80::1", "2001:db8::1" },
	{ "label comes before precedence",
	  "10.0.0.1", "10.0.0.2", "2001:db8::1", "2002::1" },
	{ "precedence comes before scope",
	  "2001:db8::1", "2001:db8::2", "127.0.0.1", "127.0.0.1" },
	{ "IPv6's loopback before IPv4's", "::1", "::1", "127.0.0.1",
	  "127.0.0.1" },
	{ "IPv4's loopback before its global addresses", "127.0.0.1",
	  "127.0.0.1", "10.0.0.1", "10.0.0.2" },
	{ "IPv4's link-local before its global addresses", "169.254.1.1",
	  "169.254.1.2", "10.0.0.1", "10.0.0.2" },
	{ "a private IPv4 address from a link-local one: another scope",
	  "2001:db8::1", "2001:db8::2", "10.0.0.1", "169.254.0.1" },
	{ "IPv4 before 6to4", "10.0.0.1", "10.0.0.2", "2002::1", "2002::2" },
	{ "6to4 before Teredo", "2002::1", "2002::2", "2001::1", "2001::2" },
	{ "Teredo before a unique local address", "2001::1", "2001::2",
	  "fd00::1", "fd00::2" },
	{ "IPv4 before a unique local address", "10.0.0.1", "10.0.0.2",
	  "fd00::1", "fd00::2" },
	{ "a unique local address before the 6bone", "fc00::1", "fc00::2",
	  "3ffe::1", "3ffe::2" },
	{ "a unique local address before a compatible one", "fd00::1",
	  "fd00::2", "::5", "::6" },
	{ "a site's address before the 6bone, for its scope", "fec0::1",
	  "fec0::2", "3ffe::1", "3ffe::2" },
	{ "a unique local address from a global one: another label",
	  "10.0.0.1", "10.0.0.2", "fd00::1", "2001:db8::1" },
	{ "what is beside Teredo's prefix is global", "2001:1::1", "2001:1::2",
	  "10.0.0.1", "10.0.0.2" },
	{ "what is above link-local is a site's", "2001:db8::1", "2001:db8::2",
	  "fec0::1", "fec0::1" },
	{ "the last link-local address", "febf::1", "febf::2", "2001:db8::1",
	  "2001:db8::2" },
	{ "multicast has its own scope", "ff02::1", "fe80::1", "ff05::1",
	  "fe80::1" },
	{ "multicast of a small scope", "ff02::1", "fe80::1", "ff0e::1",
	  "2001:db8::1" },
	{ "a prefix longer by one bit", "8000::1", "8000::2", "8000::1",
	  "8000:0:0:1::2" },
	{ "no bit in common or one", "8000::1", "c000::1", "4000::1",
	  "c000::1" },
};

static void
comes_first(void **state)
{
	const struct pair *p = *state;
	uint32_t first = key_of(p->first, p->first_source);
	uint32_t second = key_of(p->second, p->second_source);

	assert_true(first < second);
}

static const struct pair equals[] = {
	{ "two IPv4 addresses, however near", "10.0.0.1", "10.0.0.2",
	  "203.0.113.5", "10.0.0.2" },
	{ "two neighbours in a net of 64 bits", "2001:db8::1", "2001:db8::2",
	  "2001:db8::ffff:1", "2001:db8::2" },
	{ "the source itself and a neighbour", "2001:db8::2", "2001:db8::2",
	  "2001:db8::3", "2001:db8::2" },
	{ "two with no source", "10.0.0.1", NULL, "203.0.113.5", NULL },
	{ "IPv4 and the same within IPv6", "10.0.0.1", NULL, "::ffff:10.0.0.1",
	  NULL },
	{ "IPv4's loopback and the same within IPv6", "127.0.0.1", NULL,
	  "::ffff:127.0.0.1", NULL },
	{ "172.16/12 and 192.168/16 are global", "172.16.0.1", "10.0.0.2",
	  "192.168.0.1", "10.0.0.2" },
	{ "what is beside 127/8 is global", "126.255.255.255", "10.0.0.2",
	  "128.0.0.0", "10.0.0.2" },
	{ "what is beside 169.254/16 is global", "169.253.0.1", "10.0.0.2",
	  "169.255.0.1", "10.0.0.2" },
};

static void
are_equally_good(void **state)
{
	const struct pair *p = *state;
	uint32_t first = key_of(p->first, p->first_source);
	uint32_t second = key_of(p->second, p->second_source);

	assert_int_equal(first, second);
}

static void
equal_ones_stay_as_they_were(void **state)
{
	static const uint32_t some[] = { 5, 1, 5, 0, 1, 5, 0, 9, 1 };
	const size_t n = sizeof some / sizeof some[0];
	uint32_t *keys = (uint32_t *)(void *)guarded_room(sizeof some);
	struct ip *to = (struct ip *)(void *)
		guarded_room(n * sizeof(struct ip));

	(void)state;
	for (size_t len = 0; len <= n; len++) {
		memcpy(keys, some, sizeof some);
		for (size_t i = 0; i < n; i++)
			to[i] = (struct ip){ .zone = (uint32_t)i };
		addrorder_sort(to, keys, len);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(keys[i], some[to[i].zone]);
		for (size_t i = 1; i < len; i++)
			assert_true(keys[i - 1] < keys[i]
			            || (keys[i - 1] == keys[i]
			                && to[i - 1].zone < to[i].zone));
		for (size_t i = len; i < n; i++)
			assert_int_equal(to[i].zone, i);
	}
}

/* As many as there can be, in orders that are the worst for some. */
static void
many_are_put_in_order(void **state)
{
	static const uint32_t highest = (1u << 17) - 1;	/* of a key */
	static uint32_t keys[ADDRORDER_MAX];
	static struct ip to[ADDRORDER_MAX];
	static const size_t counts[] = {
		MANY, ADDRORDER_MAX - 1, ADDRORDER_MAX,
	};

	(void)state;
	for (int order = 0; order < 9; order++) {
		size_t n = counts[order % 3];

		for (size_t i = 0; i < n; i++) {
			keys[i] = highest - (uint32_t)i;
			if (order / 3 == 1)
				keys[i] = i < n / 2;
			if (order / 3 == 2)
				keys[i] = (uint32_t)(i * 2654435761u >> 15 & 7);
			to[i] = (struct ip){ .zone = (uint32_t)i };
		}
		addrorder_sort(to, keys, n);
		for (size_t i = 1; i < n; i++)
			assert_true(keys[i - 1] < keys[i]
			            || (keys[i - 1] == keys[i]
			                && to[i - 1].zone < to[i].zone));
	}
}

/* What addrorder_sort() needs of them. */
static void
keys_leave_room_for_an_index(void **state)
{
	uint32_t worst = key_of("3ffe::1", NULL);

	(void)state;
	assert_true(key_of("ff0f::", NULL) < 1u << 17);
	assert_true(key_of("fec0::1", "10.0.0.1") < 1u << 17);
	assert_true(worst < 1u << 17);
	assert_true(worst >= 1u << 16);
}

int
main(void)
{
	UNIT_ROWS(comes_first, pairs);
	UNIT_ROWS(are_equally_good, equals);
	UNIT_TEST(equal_ones_stay_as_they_were);
	UNIT_TEST(many_are_put_in_order);
	UNIT_TEST(keys_leave_room_for_an_index);
	return unit_run("client/addrorder");
}
