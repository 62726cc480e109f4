/* SPDX-License-Identifier: MIT */
/* base/parse.c - numbers, durations and truth values (pure) */
#include "base/parse.h"

#include <strings.h>

#include "base/err.h"

#define FRACTION_DIGITS 9	/* finer than a millisecond of the longest unit */
#define FRACTION_ONE    1000000000

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* see base/parse.h */
int
parse_uint_span(struct span text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (text.len == 0)
		return ERR_PARSE;
	for (size_t i = 0; i < text.len; i++)
		if (!is_digit(text.p[i]))
			return ERR_PARSE;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned)(text.p[i] - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return ERR_RANGE;
		n = n * 10 + digit;
	}
	if (n > max)
		return ERR_RANGE;
	*out = n;
	return 0;
}

/* see base/parse.h */
int
parse_uint(const char *text, uint64_t max, uint64_t *out)
{
	return parse_uint_span(span_of(text), max, out);
}

/* How many milliseconds a unit has; 0 for what is no unit. */
static int64_t
unit_ms(const char *unit)
{
	static const struct { char name[4]; int64_t ms; } units[] = {
		{ "", 1000 }, { "ms", 1 }, { "s", 1000 },
		{ "m", 60000 }, { "h", 3600000 },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(unit, units[i].name) == 0)
			return units[i].ms;
	return 0;
}

/* The digits behind a point as parts of FRACTION_ONE; finer ones are cut. */
static int64_t
fraction_of_one(struct span digits)
{
	int64_t n = 0;

	for (size_t i = 0; i < FRACTION_DIGITS; i++)
		n = n * 10 + (i < digits.len ? digits.p[i] - '0' : 0);
	return n;
}

/* see base/parse.h */
int
parse_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* see base/parse.h */
int
parse_ms(const char *text, int64_t *out_ms)
{
	size_t whole = strspn(text, "0123456789");
	struct span fraction = { text + whole, 0 };
	int64_t unit, ms;
	uint64_t n;
	int r;

	if (text[whole] == '.') {
		fraction.p++;
		fraction.len = strspn(fraction.p, "0123456789");
		if (fraction.len == 0)
			return ERR_PARSE;
	}
	unit = unit_ms(fraction.p + fraction.len);
	if (whole == 0 || unit == 0)
		return ERR_PARSE;
	r = parse_uint_span((struct span){ text, whole },
	                    (uint64_t)(PARSE_MS_MAX / unit), &n);
	if (r < 0)
		return r;
	ms = (int64_t)n * unit
	   + fraction_of_one(fraction) * unit / FRACTION_ONE;
	if (ms > PARSE_MS_MAX)
		return ERR_RANGE;
	*out_ms = ms;
	return 0;
}

/* see base/parse.h */
int
parse_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "1", "true", "yes", "on" };
	static const char *const no[] = { "0", "false", "no", "off" };

	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		bool is_yes = strcasecmp(text, yes[i]) == 0;

		if (is_yes || strcasecmp(text, no[i]) == 0) {
			*out = is_yes;
			return 0;
		}
	}
	return ERR_PARSE;
}
