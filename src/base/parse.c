/* SPDX-License-Identifier: MIT */
/* base/parse.c - numbers, durations and truth values */
#include "base/parse.h"


#include "base/err.h"

#define FRACTION_DIGITS 9	/* finer than 1 ms of the longest unit */
#define FRACTION_ONE    INT64_C(1000000000)
#define NS_PER_MS       INT64_C(1000000)
#define NS_MAX          (PARSE_MS_MAX * NS_PER_MS)	/* 1/10 of INT64_MAX */
#define DIGITS          "0123456789"

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

/* How many nanoseconds the unit has that *text starts with, which is cut off;
 * 0 if that is not a unit. */
static int64_t
cut_unit(const char **text)
{
	/* Go's, with both signs for "micro"; "m" comes behind "ms". */
	static const struct { char name[4]; int64_t ns; } units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "\xc2\xb5s", 1000 },
		{ "\xce\xbcs", 1000 }, { "ms", NS_PER_MS },
		{ "s", 1000 * NS_PER_MS }, { "m", 60000 * NS_PER_MS },
		{ "h", 3600000 * NS_PER_MS },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(*text, units[i].name, len) == 0) {
			*text += len;
			return units[i].ns;
		}
	}
	return 0;
}

/* The digits after a point as parts of FRACTION_ONE; finer ones are cut. */
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

/* Cuts one "1.5h" off *text and adds it to *ns; its unit must be smaller than
 * *below_ns, which it becomes. A number that stands alone is seconds. */
static int
add_part(const char **text, int64_t *below_ns, int64_t *ns)
{
	struct span whole = { *text, strspn(*text, DIGITS) };
	struct span part = { *text + whole.len, 0 };
	int64_t unit, fraction;
	uint64_t n;
	int r;

	if (*part.p == '.') {
		part.p++;
		part.len = strspn(part.p, DIGITS);
		if (part.len == 0)
			return ERR_PARSE;
	}
	*text = part.p + part.len;
	if (*below_ns == INT64_MAX && **text == '\0')
		unit = 1000 * NS_PER_MS;
	else
		unit = cut_unit(text);
	if (whole.len == 0 || unit == 0 || unit >= *below_ns)
		return ERR_PARSE;
	*below_ns = unit;
	fraction = fraction_of_one(part);
	r = parse_uint_span(whole, (uint64_t)(NS_MAX / unit), &n);
	if (r < 0)
		return r;
	*ns += (int64_t)n * unit	/* without overflow: by what divides */
	     + (unit < FRACTION_ONE ? fraction * unit / FRACTION_ONE
	                            : fraction * (unit / FRACTION_ONE));
	return *ns > NS_MAX ? ERR_RANGE : 0;
}

/* see base/parse.h */
int
parse_ms(const char *text, int64_t *out_ms)
{
	/* As 0 what is less than a millisecond would mean "never" to some. */
	bool is_zero = strpbrk(text, "123456789") == NULL;
	int64_t ns = 0, below_ns = INT64_MAX;
	int r = 0;

	do {
		int got = add_part(&text, &below_ns, &ns);

		if (got == ERR_PARSE)	/* that counts more than too much */
			return got;
		r = r < 0 ? r : got;
	} while (*text != '\0');
	if (!is_zero && ns < NS_PER_MS)
		r = ERR_RANGE;
	if (r == 0)
		*out_ms = ns / NS_PER_MS;
	return r;
}

/* see base/parse.h */
int
parse_bool(const char *text, bool *out)
{
	static const char yes[][5] = { "1", "true", "yes", "on" };
	static const char no[][6] = { "0", "false", "no", "off" };

	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		bool is_yes = span_is_word(span_of(text), yes[i]);

		if (is_yes || span_is_word(span_of(text), no[i])) {
			*out = is_yes;
			return 0;
		}
	}
	return ERR_PARSE;
}
