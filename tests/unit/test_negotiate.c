/* SPDX-License-Identifier: MIT */
/* test_negotiate.c - which metrics format an Accept field prefers */
#include "unit.h"

#include "sup/negotiate.h"

#define OPEN "application/openmetrics-text"

static const struct row {
	const char *name, *accept;
	bool        is_open;
} rows[] = {
	{ "no field", "", false },
	{ "anything", "*/*", false },
	{ "OpenMetrics", OPEN, true },
	{ "OpenMetrics in capitals", "Application/OpenMetrics-TEXT", true },
	{ "OpenMetrics of a version", OPEN "; version=1.0.0", true },
	{ "a longer name", OPEN "s", false },
	{ "a shorter name", "application/openmetrics-tex", false },
	{ "Prometheus 2", OPEN "; version=0.0.1,text/plain;version=0.0.4;"
	  "q=0.5,*/*;q=0.1", true },
	{ "Prometheus 3", OPEN ";version=1.0.0;escaping=allow-utf-8;q=0.6,"
	  OPEN ";version=0.0.1;q=0.5,"
	  "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
	  "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", true },
	{ "Consul", "text/plain, text/*, */*", false },
	{ "none of it", OPEN ";q=0", false },
	{ "none of it in thousandths", OPEN ";q=0.000", false },
	{ "the least of it", OPEN ";q=0.001", true },
	{ "text is liked better", OPEN ";q=0.1, text/plain", false },
	{ "text is liked better by a thousandth",
	  OPEN ";q=0.998, text/plain;q=0.999", false },
	{ "both are liked", "text/plain;q=0.5, " OPEN ";q=0.5", true },
	{ "both are named", "text/plain, " OPEN, true },
	{ "text is not wanted", OPEN ";q=0.1, text/plain;q=0", true },
	{ "any text is liked better", OPEN ";q=0.1, text/*", false },
	{ "anything is liked better", OPEN ";q=0.1, */*", false },
	{ "the closest range counts for text",
	  OPEN ";q=0.5, */*, text/*, text/plain;q=0.4", true },
	{ "any text is closer than anything",
	  OPEN ";q=0.5, */*, text/*;q=0.4", true },
	{ "the highest of several counts for text",
	  OPEN ";q=0.5, text/plain;q=0.1, text/plain;q=0.6, text/plain;q=0.2",
	  false },
	{ "the highest of several counts for OpenMetrics",
	  OPEN ";q=0, " OPEN ";q=0.7, " OPEN ";q=0.1, text/plain;q=0.6", true },
	{ "another type says nothing", OPEN ";q=0.1, text/html, image/*",
	  true },
	{ "blanks around everything",
	  " " OPEN " ; q=0.1 ,\ttext/plain ;\tq=0.2 ", false },
	{ "Q in capitals", OPEN ";Q=0", false },
	{ "a weight of 1.000", OPEN ";q=1.000, text/plain", true },
	{ "a weight that ends in its point", OPEN ";q=0.", false },
	{ "more digits than there are thousandths", OPEN ";q=0.3333333333, "
	  "text/plain;q=0.334", false },
	{ "a weight above 1 is no range", OPEN ";q=1.001", false },
	{ "a weight below 0 is no range", OPEN ";q=-1", false },
	{ "a weight that is a word is no range", OPEN ";q=high", false },
	{ "a weight of two digits is no range", OPEN ";q=10", false },
	{ "an empty weight is no range", OPEN ";q=", false },
	{ "a weight without a value is no range", OPEN ";q", false },
	{ "a weight that cannot be read, of text",
	  OPEN ";q=0.1, text/plain;q=x", true },
	{ "a parameter that ends in q", OPEN ";xq=0", true },
	{ "marks in quotes", OPEN ";x=\"a;q=0,b\\\"\";q=0.4, "
	  "text/plain;x=\",\";q=0.5", false },
	{ "a quote that does not end", OPEN ";x=\"a, text/plain", true },
	{ "a backslash at the end", OPEN ";x=\"\\", true },
	{ "nothing but marks", ",;,=;,\"", false },
};

static void
gets_the_format_that_it_likes_best(void **state)
{
	const struct row *r = *state;

	assert_int_equal(negotiate_openmetrics(guarded_span(r->accept)),
	                 r->is_open);
}

int
main(void)
{
	UNIT_ROWS(gets_the_format_that_it_likes_best, rows);
	return unit_run("sup/negotiate");
}
