/* SPDX-License-Identifier: MIT */
/* test_daemon_hint.c - what keeps a program in the foreground */
#include "unit.h"

#include "sup/daemon_hint.h"

#define OFF   "daemon off;"
#define FRONT "-DFOREGROUND"

static const struct row {
	const char *name, *program, *want;	/* want NULL: it is not known */
} rows[] = {
	{ "a name", "nginx", OFF },
	{ "a path", "/usr/sbin/nginx", OFF },
	{ "a relative path", "./nginx", OFF },
	{ "another program's directory", "/nginx/app", NULL },
	{ "a directory", "/usr/sbin/nginx/", NULL },
	{ "a start of a name", "ngin", NULL },
	{ "more than a name", "nginx-debug", NULL },
	{ "something before the name", "my-nginx", NULL },
	{ "another case", "NGINX", NULL },
	{ "nothing", "", NULL },
	{ "only a version", "8.2", NULL },
	{ "redis", "redis-server", "daemonize no" },
	{ "its client", "redis-cli", NULL },
	{ "valkey", "valkey-server", "daemonize no" },
	{ "php-fpm", "php-fpm", "--nodaemonize" },
	{ "Debian's php-fpm", "/usr/sbin/php-fpm8.2", "--nodaemonize" },
	{ "Alpine's php-fpm", "php-fpm82", "--nodaemonize" },
	{ "a version with a dash", "php-fpm-8.2", "--nodaemonize" },
	{ "a name behind the version", "php-fpm8.2x", NULL },
	{ "Debian's apache", "/usr/sbin/apache2", FRONT },
	{ "the image's apache", "httpd", FRONT },
	{ "its script", "apachectl", FRONT },
	{ "Debian's script", "apache2ctl", FRONT },
	{ "the image's script", "httpd-foreground", NULL },
	{ "haproxy", "haproxy", "-W or -db instead of -D" },
	{ "gunicorn", "gunicorn", "without --daemon" },
	{ "unicorn", "unicorn", "without -D" },
};

static void
is_hinted(void **state)
{
	const struct row *r = *state;
	const char *got = daemon_hint(guarded_span(r->program));

	if (r->want == NULL)
		assert_null(got);
	else
		assert_string_equal(r->want, got);
}

static void
an_empty_span_without_bytes_is_not_known(void **state)
{
	(void)state;
	assert_null(daemon_hint((struct span){ NULL, 0 }));
}

int
main(void)
{
	UNIT_ROWS(is_hinted, rows);
	UNIT_TEST(an_empty_span_without_bytes_is_not_known);
	return unit_run("sup/daemon_hint");
}
