/* SPDX-License-Identifier: MIT */
/* sup/daemon_hint.c - programs that make themselves daemons */
#include "sup/daemon_hint.h"

/* Arrays, not pointers: the loader would write to a page for these. */
static const struct known {
	char name[14], hint[24];
} known[] = {
	{ "nginx", "daemon off;" },
	{ "redis-server", "daemonize no" },
	{ "valkey-server", "daemonize no" },
	{ "php-fpm", "--nodaemonize" },
	{ "apache", "-DFOREGROUND" },	/* Debian's is apache2 */
	{ "apachectl", "-DFOREGROUND" },
	{ "apache2ctl", "-DFOREGROUND" },
	{ "httpd", "-DFOREGROUND" },
	{ "haproxy", "-W or -db instead of -D" },
	{ "gunicorn", "without --daemon" },
	{ "unicorn", "without -D" },
};

static bool
is_version_byte(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static bool
is_named(struct span s, const char *name)
{
	if (!span_has_prefix(s, name))
		return false;
	s = span_after(s, strlen(name));
	while (s.len > 0 && is_version_byte(s.p[0]))
		s = span_after(s, 1);
	return s.len == 0;
}

/* see sup/daemon_hint.h */
const char *
daemon_hint(struct span program)
{
	while (span_has(program, '/'))
		(void)span_cut(&program, '/');	/* only the last part counts */
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (is_named(program, known[i].name))
			return known[i].hint;
	return NULL;
}
