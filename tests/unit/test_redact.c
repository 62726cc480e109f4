/* SPDX-License-Identifier: MIT */
/* test_redact.c - a target as it may be shown, in every form it comes in */
#include "unit.h"

#include "client/redact.h"

static const struct row {
	const char *name, *target, *want;
} rows[] = {
	/* What has no secret is shown as it is. */
	{ "nothing", "", "" },
	{ "a URL", "http://127.0.0.1:80/hz", "http://127.0.0.1:80/hz" },
	{ "a URL of TLS", "https://h/a/b.c", "https://h/a/b.c" },
	{ "an address in brackets", "http://[::1]:80/a", "http://[::1]:80/a" },
	{ "a host and a port", "localhost:8080/x", "localhost:8080/x" },
	{ "a host alone", "localhost", "localhost" },
	{ "only a scheme", "http://", "http://" },
	{ "an empty port", "http://h:/x", "http://h:/x" },
	{ "tcp", "tcp:127.0.0.1:5432", "tcp:127.0.0.1:5432" },
	{ "tcp with slashes", "tcp://db:5432/", "tcp://db:5432/" },
	{ "grpc", "grpc://db:1/a.b.C", "grpc://db:1/a.b.C" },
	{ "grpcs of an address", "grpcs:[::1]:1", "grpcs:[::1]:1" },
	{ "grpc without a port", "grpc://db/s", "grpc://db/s" },
	{ "a login of grpc", "grpc://u:s3cret@db:1/s", "grpc://db:1/s" },
	{ "a query of grpc", "grpc://db:1/s?s3cret", "grpc://db:1/s" },
	{ "a parameter of grpc", "grpc://db:1/s;s3cret", "grpc://db:1/s" },
	{ "a login in a service", "grpc://h:1/x://u:s3cret@db", "grpc://h:1/x..." },
	{ "tcp without a port", "tcp:127.0.0.1", "tcp:127.0.0.1" },
	{ "a port that is too large", "tcp:h:99999", "tcp:h:99999" },
	{ "a socket's file", "unix:/run/a@b", "unix:/run/a@b" },
	{ "a socket's file with slashes", "unix:///run/s", "unix:///run/s" },
	{ "a socket's file of two slashes", "unix://run/a@b", "unix://run/a@b" },
	{ "an abstract socket", "unix:@name", "unix:@name" },
	{ "a socket's file that is relative", "unix:s", "unix:s" },
	{ "http over a socket", "http+unix:/run/s:/p", "http+unix:/run/s:/p" },
	{ "http over an abstract socket", "http+unix:@n:/p",
	  "http+unix:@n:/p" },
	{ "http over an encoded socket", "http+unix://%2Frun%2Fs/p",
	  "http+unix://%2Frun%2Fs/p" },
	{ "http over an encoded abstract socket", "http+unix://%40n/p",
	  "http+unix://%40n/p" },
	{ "http over no socket", "http+unix://nothing/",
	  "http+unix://nothing/" },
	{ "another scheme", "ftp://h/a", "ftp://h/a" },
	{ "an @ in a path", "http://h/a@b", "http://h/a@b" },
	{ "an encoded @ in a path", "http://h/a%40b", "http://h/a%40b" },
	{ "an @ in a path behind a login", "http://u:p@h/a@b",
	  "http://h/a@b" },
	{ "what is in front of a blank", "http://a b/", "http://a..." },
	{ "blanks around it", " tcp:h:1\n", "tcp:h:1" },
	{ "a colon in a path", "http://h/a:b", "http://h/a:b" },
	{ "an @ and then a colon in a path", "http://h/a@b:c", "http://h/a@b:c" },
	{ "an @ in a path behind a login and an empty port",
	  "http://u:p@h:/a@b", "http://h:/a@b" },
	{ "a query that is empty", "http://h/?", "http://h/" },
	{ "a host that tells of a port", "tcp:h:1/", "tcp:h:1/" },
	{ "a list of hosts", "tcp:h:1,tcp:i:1", "tcp:h:1..." },
	{ "a zone", "http://[fe80::1%25lo]:1/a", "http://[fe80::1%25lo]:1/a" },
	{ "an address in brackets with a bad port", "http://[::1]x/",
	  "http://[::1]x/" },
	/* A query and a fragment may be secrets. */
	{ "a query", "http://h/a?token=s3cret", "http://h/a" },
	{ "a query without a path", "http://h?s3cret", "http://h" },
	{ "a fragment", "http://h/a#s3cret", "http://h/a" },
	{ "a query with an @", "http://h/?q=@s3cret", "http://h/" },
	{ "a query of another scheme", "ftp://h/?s3cret", "ftp://h/" },
	{ "a query of a socket", "unix:/run/s?s3cret", "unix:/run/s" },
	{ "a fragment of a socket", "unix:/run/s#s3cret", "unix:/run/s" },
	{ "a query of tcp", "tcp:h:1?s3cret", "tcp:h:1" },
	{ "a fragment of tcp", "tcp:h:1#s3cret", "tcp:h:1" },
	{ "a query over a socket", "http+unix:/s:/p?s3cret",
	  "http+unix:/s:/p" },
	{ "a query in place of a path over a socket", "http+unix:/s?s3cret:/",
	  "http+unix:/s" },
	{ "a parameter of a path", "http://h/a;t=s3cret/b", "http://h/a" },
	{ "a query that lacks its mark", "http://h/a&t=s3cret", "http://h/a" },
	{ "a parameter over a socket", "http+unix:/s:/p;s3cret",
	  "http+unix:/s:/p" },
	/* What no host has. */
	{ "settings behind a host", "http://h;password=s3cret/", "http://h..." },
	{ "settings", "Server=h;Password=s3cret", "Server..." },
	{ "a setting of tcp", "tcp:password=s3cret", "tcp:password..." },
	{ "a list behind a host", "http://h,s3cret/", "http://h..." },
	{ "an & behind a host", "http://h&s3cret/", "http://h..." },
	{ "what is no address in brackets", "http://[me:s3cret]/",
	  "http://[me:..." },
	/* A login. */
	{ "a login of another URL in the path", "http://h/x/http://me:s3cret@i/",
	  "http://h/x/http..." },
	{ "an encoded login in the path", "http://h/me:s3cret%40i/",
	  "http://h/me..." },
	{ "a login of a scheme that is a host", "http:me:s3cret@h/a", "h/a" },
	{ "a login behind a socket", "http+unix:/s:me:s3cret@h/x",
	  "http+unix:/h/x" },
	{ "a login behind an encoded socket", "http+unix://%2Fs:me:s3cret@h/x",
	  "http+unix://h/x" },
	{ "a login behind no slash", "http:me:s3cret", "http:me:..." },
	{ "a login behind three slashes", "http:///me:s3cret",
	  "http:///me:..." },
	{ "arguments of a path over a socket", "http+unix:/s:/p s3cret",
	  "http+unix:/s:/p..." },
	{ "a login", "http://me:s3cret@h:1/a", "http://h:1/a" },
	{ "a user", "http://s3cret@h/", "http://h/" },
	{ "a login of TLS", "https://me:s3cret@h/", "https://h/" },
	{ "a login of a scheme in capitals", "HTTP://me:s3cret@h/",
	  "HTTP://h/" },
	{ "a login without a scheme", "me:s3cret@127.0.0.1:1/",
	  "127.0.0.1:1/" },
	{ "a user without a scheme", "s3cret@h", "h" },
	{ "a login of tcp", "tcp:me:s3cret@h:1", "tcp:h:1" },
	{ "a login of tcp with slashes", "tcp://me:s3cret@h:1", "tcp://h:1" },
	{ "a login of TCP in capitals", "TCP://me:s3cret@h:1", "TCP://h:1" },
	{ "a login of another scheme", "postgres://me:s3cret@db/x",
	  "postgres://db/x" },
	{ "a login of another scheme without slashes",
	  "postgres:me:s3cret@db", "db" },
	{ "a login of a scheme with a plus", "git+ssh://me:s3cret@h",
	  "git+ssh://h" },
	{ "a login of http over a socket", "http+unix:me:s3cret@h/",
	  "http+unix:h/" },
	{ "a login of http over an encoded socket",
	  "http+unix://me:s3cret@%2Frun%2Fs/p", "http+unix://%2Frun%2Fs/p" },
	{ "a login of a socket", "unix:me:s3cret@h", "unix:h" },
	{ "a login of a socket with slashes", "unix://me:s3cret@h", "unix://h" },
	{ "a slash in a password of a socket with slashes",
	  "unix://me:s3cret/x@h", "unix://h" },
	{ "a login behind one slash", "http:/me:s3cret@h/", "http:/h/" },
	{ "a login behind a scheme alone", "http:me:s3cret@h/", "h/" },
	{ "a login behind a space", " http://me:s3cret@h/", "http://h/" },
	{ "a login of a check with a name", "db=postgres://me:s3cret@h",
	  "db=postgres://h" },
	{ "a slash in a password of a check with a name",
	  "db=redis://me:s3cret/x#y@h", "db=redis://..." },
	{ "a bad one of a check with a name", "db=ftp://h/a", "db=ftp://h/a" },
	{ "a login before a bad port", "http://me:s3cret@h:x/", "http://h:x/" },
	{ "a login and a query", "http://me:s3cret@h/?s3cret", "http://h/" },
	{ "a login alone", "me:s3cret@", "..." },
	{ "what may be all of it a login", "redis:/s3cret%40", "..." },
	{ "a login twice", "http://me:s3cret@h/ http://me:s3cret@h2/",
	  "http://h2/" },
	/* Passwords that nobody encoded. */
	{ "an @ in a password", "http://me:s3@cret@h/", "http://h/" },
	{ "a slash in a password", "http://me:s3cret/x@h/", "http://h/" },
	{ "a slash at a password's start", "http://me:/s3cret@h/",
	  "http://h/" },
	{ "a slash and a ? in a password", "http://me:/s3cret?x@h/",
	  "http://..." },
	{ "a ? in a password", "http://me:s3cret?x@h/", "http://..." },
	{ "a # in a password", "http://me:s3cret#x@h/", "http://..." },
	{ "a colon in a password", "http://me:s3:cret@h/", "http://h/" },
	{ "a space in a password", "http://me:s3 cret@h/", "http://h/" },
	{ "a newline in a password", "http://me:s3\ncret@h/", "http://h/" },
	{ "a bracket in a password", "http://me:[s3cret@h/", "http://h/" },
	{ "a slash in a password without a scheme", "me:s3cret/x@h:1",
	  "h:1" },
	{ "a slash in a password of tcp", "tcp:me:s3cret/x@h:1", "tcp:h:1" },
	{ "an encoded password", "http://me:s3%40cret@h/", "http://h/" },
	{ "an encoded @", "http://me:s3cret%40h/", "http://h/" },
	{ "an encoded @ and colon", "http://me%3As3cret%40h/", "http://h/" },
	{ "a password that a comma cut off", "http://me:s3cret",
	  "http://me:..." },
	{ "a bare one that a comma cut off", "me:s3cret", "me:..." },
	{ "one of tcp that a comma cut off", "tcp:me:s3cret", "tcp:me:..." },
	{ "one behind brackets", "http://[::1]:s3cret", "http://[::1]:..." },
	/* Of a program, its arguments. */
	{ "a program", "exec:/bin/true", "exec:/bin/true" },
	{ "a program's arguments", "exec:/bin/sh -c 's3cret'", "exec:/bin/sh" },
	{ "a program in quotes", "exec:  '/a b' s3cret", "exec:/a b" },
	{ "a variable before a program", "exec:PW=s3cret a", "exec:PW" },
	{ "a variable in quotes", "exec:\"PW=s3cret\" a", "exec:\"PW" },
	{ "a program with a bad quote", "exec:a -u me@h 's3cret", "exec:a" },
	{ "arguments behind a tab", "exec:/a\ts3cret", "exec:/a" },
	{ "arguments behind a newline", "exec:/a\ns3cret", "exec:/a" },
	{ "a program in capitals", "EXEC:/a -p s3cret", "EXEC:/a..." },
	{ "a program of a check with a name", "db=exec:/a s3cret",
	  "db=exec:/a" },
	{ "a program in capitals with an @ in its arguments",
	  "EXEC:/a -u me@h s3cret", "h..." },
	/* It is plain. */
	{ "escapes", "http://h/\x1b[2J\x9b\xc2\x9b\x7f+", "http://h/?[2J???+" },
	{ "letters of other alphabets stay", "http://h/\xc3\xa4", "http://h/\xc3\xa4" },
};

static void
is_shown(void **state)
{
	const struct row *r = *state;
	char *room = guarded_room(REDACT_ROOM);

	assert_string_equal(r->want,
	                    redact_text(room, guarded_span(r->target)));
	assert_null(strstr(r->want, "s3cret"));
}

static const struct row values[] = {
	{ "a word", "maybe", "maybe" },
	{ "two signals", "TERM:FOO", "TERM:FOO" },
	{ "a query's mark", "5?", "5?" },
	{ "a control", "5\x1b", "5?" },
	{ "a bare host with a query", "h:80/a?token=s3cret", "h:80/a" },
	{ "a bare host with a fragment", "h:80/a#s3cret", "h:80/a" },
	{ "a bare host with a parameter", "h:80/a;s3cret", "h:80/a" },
	{ "a socket's query", "http+unix:/s:/x?s3cret", "http+unix:/s:/x" },
	{ "a word with a parameter", "x;auto", "x;auto" },
	{ "a login with a query in it", "http:/me%3As3cret%40h:99999/?a@s3cret",
	  "http:/..." },
	{ "an address", "[::1]:x", "[::1]:x" },
	{ "a URL where a number should be", "http://me:s3cret@h/", "http://h/" },
	{ "a login where a number should be", "me:s3cret@h", "h" },
	{ "a program where a number should be", "exec:/a s3cret", "exec:/a" },
};

static void
of_another_option_is_shown(void **state)
{
	const struct row *r = *state;
	char *room = guarded_room(REDACT_ROOM);

	assert_string_equal(r->want, redact_value(room,
	                    guarded_span(r->target)));
}

static void
what_is_too_long_ends_in_dots(void **state)
{
	char text[2 * REDACT_ROOM];
	char *room = guarded_room(REDACT_ROOM);

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t len = REDACT_ROOM - 2; len <= REDACT_ROOM; len++) {
		const struct span s = { text, len };

		assert_int_equal(strlen(redact_text(room, s)),
		                 len < REDACT_ROOM ? len : REDACT_ROOM - 1);
		assert_int_equal(room[REDACT_ROOM - 2] == '.',
		                 len > REDACT_ROOM - 1);
		assert_int_equal(strlen(redact_value(room, s)),
		                 len < REDACT_ROOM ? len : REDACT_ROOM - 1);
	}
}

int
main(void)
{
	UNIT_ROWS(is_shown, rows);
	UNIT_ROWS(of_another_option_is_shown, values);
	UNIT_TEST(what_is_too_long_ends_in_dots);
	return unit_run("client/redact");
}
