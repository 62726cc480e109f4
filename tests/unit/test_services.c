/* SPDX-License-Identifier: MIT */
/* test_services.c - which services gRPC probes can name, and how each is */
#include "unit.h"

#include "sup/services.h"

#define ALL (VERDICT_STARTUP | VERDICT_READY | VERDICT_LIVE)

static const struct row {
	const char *name;
	unsigned    fails;	/* of the one check of all */
	const char *serving;	/* of "", live, ready, startup and "a" */
} rows[] = {
	{ "a service that is well", 0, "yyyyy" },
	{ "one that is not ready", VERDICT_READY, "nynyn" },
	{ "one that does not live", VERDICT_LIVE, "nnyyn" },
	{ "one that has not started", VERDICT_STARTUP | VERDICT_READY,
	  "nynnn" },
	{ "one that is neither", ALL, "nnnnn" },
};

static void
serves_so_much(void **state)
{
	static const char *const names[] = {
		"", "live", "ready", "startup", "a",
	};
	const struct row *r = *state;
	const struct span more[] = { span_of("a") };
	const struct snapshot s = {
		.n_checks = 1,
		.checks = { { .name = "service", .counts_for = ALL,
		              .fails = r->fails } },
	};
	struct server_services into;

	services_fill(&into, &s, more, 1);
	assert_int_equal(into.n, 5);
	assert_int_equal(into.n_probes, 5);
	for (size_t i = 0; i < into.n; i++) {
		assert_span_equal(names[i], into.of[i].name);
		assert_int_equal(into.of[i].is_serving, r->serving[i] == 'y');
	}
}

static const struct check_row {
	const char *name;
	unsigned    counts_for, fails;
	bool        is_serving;
} checks[] = {
	{ "a check that passes", VERDICT_READY, 0, true },
	{ "a check that fails", VERDICT_READY, VERDICT_READY, false },
	{ "a check for both that fails one", VERDICT_READY | VERDICT_LIVE,
	  VERDICT_LIVE, false },
	{ "a check that fails what it does not count for", VERDICT_READY,
	  VERDICT_LIVE, true },
};

static void
is_a_service_of_its_own(void **state)
{
	const struct check_row *r = *state;
	const struct snapshot_check c = {
		.counts_for = r->counts_for, .fails = r->fails,
	};
	static const struct snapshot s;
	struct server_services into;

	services_fill(&into, &s, NULL, 0);
	services_add_check(&into, span_of("db"), &c);
	assert_int_equal(into.n, 5);
	assert_int_equal(into.n_probes, 4);	/* not for probes only */
	assert_span_equal("db", into.of[4].name);
	assert_int_equal(into.of[4].is_serving, r->is_serving);
}

static void
the_most_services_fit(void **state)
{
	static const struct snapshot_check c;
	static const struct snapshot s;
	struct span names[SERVICES_NAMES_MAX];
	struct server_services into;
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	(void)state;
	for (size_t i = 0; i < SERVICES_NAMES_MAX; i++)
		names[i] = (struct span){ letters + i, 1 };
	services_fill(&into, &s, names, SERVICES_NAMES_MAX);
	for (size_t i = 0; i < VERDICT_CHECKS_MAX; i++)
		services_add_check(&into, (struct span){ letters + i, 2 }, &c);
	assert_true(into.n <= SERVER_SERVICES_MAX);
	assert_int_equal(into.n, 4 + SERVICES_NAMES_MAX + VERDICT_CHECKS_MAX);
}

static void
of_equal_names_the_first_has_its_meaning(void **state)
{
	static const struct snapshot_check fails = {
		.counts_for = VERDICT_READY, .fails = VERDICT_READY,
	};
	const struct span names[] = { span_of("a"), span_of("a") };
	static const struct snapshot s;
	struct server_services into;

	(void)state;
	services_fill(&into, &s, names, 2);
	services_add_check(&into, span_of("live"), &fails);
	services_add_check(&into, span_of("a"), &fails);
	for (size_t i = 0; i < into.n; i++)
		for (size_t k = 0; k < i; k++)
			assert_false(span_is_equal(into.of[i].name,
			                           into.of[k].name));
	assert_true(into.of[1].is_serving);
	assert_true(into.of[4].is_serving);
}

static const struct name_row {
	const char *name, *text;
	bool        is_name;
} names[] = {
	{ "a package and its service", "a.b.C", true },
	{ "letters above ASCII", "\xc3\xa4", true },
	{ "a name of hale's own in capitals", "Live", true },
	{ "no name", "", false },
	{ "live", "live", false },
	{ "ready", "ready", false },
	{ "startup", "startup", false },
	{ "a name with a blank", "a b", false },
	{ "a name with a newline", "a\n", false },
	{ "a name that is not UTF-8", "a\xff", false },
	{ "a name with a control character above ASCII", "\xc2\x85", false },
};

static void
may_be_named(void **state)
{
	const struct name_row *r = *state;

	assert_int_equal(services_is_name(guarded_span(r->text)), r->is_name);
}

static void
a_name_has_a_longest_size(void **state)
{
	static char text[SERVICES_NAME_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t n = SERVICES_NAME_MAX - 1; n <= SERVICES_NAME_MAX + 1; n++)
		assert_int_equal(services_is_name((struct span){
		                 guarded(text, n), n }),
		                 n <= SERVICES_NAME_MAX);
}

int
main(void)
{
	UNIT_ROWS(serves_so_much, rows);
	UNIT_ROWS(is_a_service_of_its_own, checks);
	UNIT_TEST(the_most_services_fit);
	UNIT_TEST(of_equal_names_the_first_has_its_meaning);
	UNIT_ROWS(may_be_named, names);
	UNIT_TEST(a_name_has_a_longest_size);
	return unit_run("sup/services");
}
