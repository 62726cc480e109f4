/* SPDX-License-Identifier: MIT */
/* sup/negotiate.c - which metrics format an Accept field prefers (RFC 9110,
 * 12.4.2 and 12.5.1) */
#include "sup/negotiate.h"


#define OPEN_TYPE "application/openmetrics-text"

#define WEIGHT_MAX 1000	/* thousandths: a q of 1 */
#define NOT_NAMED  (-1)

/* Cuts up to the next mark that stands outside of quotes. */
static struct span
cut_item(struct span *rest, char mark)
{
	struct span item = { rest->p, 0 };
	bool quoted = false;

	for (; item.len < rest->len; item.len++) {
		char c = rest->p[item.len];

		if (c == '"')
			quoted = !quoted;
		else if (quoted && c == '\\')
			item.len++;	/* the next one means itself */
		else if (!quoted && c == mark)
			break;
	}
	if (item.len > rest->len)	/* nothing followed the backslash */
		item.len = rest->len;
	*rest = span_after(*rest, item.len + 1);
	return span_trim(item, " \t");
}

/* "0.25" in thousandths; NOT_NAMED if it is not 0 to 1. */
static int
read_weight(struct span q)
{
	int weight = 0, unit = WEIGHT_MAX;

	if (q.len == 0 || (q.len > 1 && q.p[1] != '.'))
		return NOT_NAMED;
	for (size_t i = 0; i < q.len; i++) {
		if (i == 1)	/* the point */
			continue;
		if (q.p[i] < '0' || q.p[i] > '9')
			return NOT_NAMED;
		weight += (q.p[i] - '0') * unit;
		unit /= 10;	/* 0 from the fourth digit after it on */
	}
	return weight > WEIGHT_MAX ? NOT_NAMED : weight;
}

/* What a range's parameters give it. A weight that cannot be read makes the
 * range one that is not there. */
static int
weight_of_range(struct span parameters)
{
	while (parameters.len > 0) {
		struct span value = cut_item(&parameters, ';');
		struct span name = cut_item(&value, '=');

		if (span_is_word(name, "q"))
			return read_weight(span_trim(value, " \t"));
	}
	return WEIGHT_MAX;
}

/* Of several ranges of that name the highest. */
static int
weight_of(struct span accept, const char *range)
{
	int highest = NOT_NAMED;

	while (accept.len > 0) {
		struct span parameters = cut_item(&accept, ',');
		struct span name = cut_item(&parameters, ';');
		int weight;

		if (!span_is_word(name, range))
			continue;
		weight = weight_of_range(parameters);
		if (weight > highest)
			highest = weight;
	}
	return highest;
}

/* see sup/negotiate.h */
bool
negotiate_openmetrics(struct span accept)
{
	static const char plain[][12] = { "text/plain", "text/*", "*/*" };
	int open = weight_of(accept, OPEN_TYPE);
	int text = NOT_NAMED;

	if (open <= 0)
		return false;
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (text == NOT_NAMED)	/* the most specific one counts */
			text = weight_of(accept, plain[i]);
	return open >= text;
}
