/* SPDX-License-Identifier: MIT */
/* test_subnet.c - literal addresses and the nets that hold them */
#include "unit.h"

#include "client/subnet.h"

static const struct row {
	const char *name, *net, *address;
	bool        has;
} rows[] = {
	{ "the same address", "10.0.0.1", "10.0.0.1", true },
	{ "another address", "10.0.0.1", "10.0.0.2", false },
	{ "an end of a net", "10.0.0.0/8", "10.255.255.255", true },
	{ "after a net", "10.0.0.0/8", "11.0.0.0", false },
	{ "a net of bits", "10.0.0.64/26", "10.0.0.127", true },
	{ "after a net of bits", "10.0.0.64/26", "10.0.0.128", false },
	{ "before a net of bits", "10.0.0.64/26", "10.0.0.63", false },
	{ "a net of one", "10.0.0.1/32", "10.0.0.1", true },
	{ "a net of two", "10.0.0.2/31", "10.0.0.3", true },
	{ "a net of all", "1.2.3.4/0", "200.0.0.1", true },
	{ "more bits than there are", "10.0.0.1/33", "10.0.0.1", false },
	{ "bits that are not a number", "10.0.0.1/x", "10.0.0.1", false },
	{ "no bits", "10.0.0.1/", "10.0.0.1", true },
	{ "IPv6", "fd00::/8", "fdff::1", true },
	{ "another IPv6", "fd00::/8", "fe00::1", false },
	{ "an IPv6 net of 127 bits", "fd00::/127", "fd00::1", true },
	{ "after it", "fd00::/127", "fd00::2", false },
	{ "more bits than IPv6 has", "::1/129", "::1", false },
	{ "IPv6 in IPv4", "0.0.0.0/0", "::1", false },
	{ "IPv4 in IPv6", "::/0", "10.0.0.1", false },
	{ "a name has none", "a/8", "10.0.0.1", false },
	{ "nothing has none", "", "10.0.0.1", false },
	{ "a name is in none", "0.0.0.0/0", "a", false },
};

static void
holds(void **state)
{
	const struct row *r = *state;

	assert_int_equal(subnet_has(guarded_span(r->net),
	                            guarded_span(r->address)), r->has);
}

static void
an_address_is_a_whole_literal(void **state)
{
	(void)state;
	assert_true(subnet_is_address(guarded_span("10.0.0.1")));
	assert_true(subnet_is_address(guarded_span("::1")));
	assert_false(subnet_is_address(guarded_span("10.0.1")));
	assert_false(subnet_is_address(guarded_span("[::1]")));
	assert_false(subnet_is_address(guarded_span("::1%1")));
	assert_false(subnet_is_address(guarded_span("a")));
	assert_false(subnet_is_address(guarded_span("")));
}

int
main(void)
{
	UNIT_ROWS(holds, rows);
	UNIT_TEST(an_address_is_a_whole_literal);
	return unit_run("client/subnet");
}
