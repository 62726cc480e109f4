/* SPDX-License-Identifier: MIT */
/* cmd/letter.c - options as getopt(3) reads them */
#include "cmd/letter.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool
takes_value(const char *item)
{
	return item[1] == ':';
}

/* rest: what stands behind it in its word. */
static int
take(struct letter *l, const char *item, const char *rest)
{
	if (!takes_value(item))
		return *item;
	l->more = NULL;
	l->value = *rest != '\0' ? rest : *l->argv++;
	if (l->value != NULL)
		return *item;
	l->argv--;	/* there is none: stay at the end */
	return LETTER_BAD;
}

static int
long_next(struct letter *l, const char *name)
{
	const size_t len = strcspn(name, "=");
	const char *found = NULL;

	for (const char *k = l->known; *k != '\0'; k += strlen(k) + 1) {
		const char *is = k + 1 + takes_value(k);

		if (*is == '\0' || strncmp(is, name, len) != 0)
			continue;
		if (found != NULL)
			return LETTER_BAD;
		found = k;
	}
	if (found == NULL || (name[len] == '=' && !takes_value(found)))
		return LETTER_BAD;
	if (name[len] == '\0')
		return take(l, found, "");
	l->value = name + len + 1;
	return *found;
}

/* see cmd/letter.h */
int
letter_next(struct letter *l)
{
	const char *c = l->more;

	if (c == NULL || *c == '\0') {
		c = *l->argv;
		if (c == NULL || c[0] != '-' || c[1] == '\0')
			return LETTER_END;
		l->word = c++;
		l->argv++;
		l->more = NULL;
		if (strcmp(c, "-") == 0)
			return LETTER_END;
		if (*c == '-')
			return long_next(l, c + 1);
	}
	l->more = c + 1;
	for (const char *k = l->known; *k != '\0'; k += strlen(k) + 1)
		if (*k == *c)
			return take(l, k, c + 1);
	return LETTER_BAD;
}
