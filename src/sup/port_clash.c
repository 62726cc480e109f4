/* SPDX-License-Identifier: MIT */
/* sup/port_clash.c - did the service want the port that hale listens on? */
#include "sup/port_clash.h"

#include <stddef.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Does the text have it as a number of its own, not as part of another? */
static bool
has_number(const char *text, unsigned number)
{
	while (*text != '\0') {
		unsigned long n = 0;

		if (!is_digit(*text)) {
			text++;
			continue;
		}
		for (; is_digit(*text); text++)
			if (n <= UINT16_MAX)
				n = n * 10 + (unsigned)(*text - '0');
		if (n == number)
			return true;
	}
	return false;
}

static bool
is_named(const struct port_clash *c, unsigned port)
{
	if (c->env_port != NULL && has_number(c->env_port, port))
		return true;
	for (size_t i = 1; c->argv[0] != NULL && c->argv[i] != NULL; i++)
		if (has_number(c->argv[i], port))
			return true;
	return false;
}

/* What web frameworks, and servers themselves, listen on by default. */
static bool
is_common(unsigned port)
{
	static const uint16_t ports[] = {
		80, 443, 3000, 5000, 8000, 8080, 8443,
	};

	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* see sup/port_clash.h */
bool
port_clash_is_likely(const struct port_clash *c, unsigned port)
{
	if (port == 0 || c->code <= 0 || c->code >= 126
	 || c->lived_ms >= PORT_CLASH_SOON_MS)
		return false;
	return is_named(c, port) || (c->code <= 2 && is_common(port));
}
