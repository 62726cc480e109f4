/* SPDX-License-Identifier: MIT */
/* test_get_options.c - a curl command line to what it sets, or to why not */
#include "unit.h"

#include "get/exit.h"
#include "get/options.h"

#include <stdio.h>

#define WORDS_MAX 16
#define TEXT_ROOM 4096

static char folder[] = "/tmp/test_get_options.XXXXXX";

/* A struct options in words: only what is not as it is without any option. */
enum show { SHOW_BOOL, SHOW_NUMBER, SHOW_TEXT, SHOW_WORDS };

#define AT(field) offsetof(struct options, field)
static const struct field {
	const char *name;
	enum show   show;
	size_t      at;
	int64_t     usual;
} fields[] = {
	{ "urls", SHOW_WORDS, AT(urls), 0 },
	{ "method", SHOW_TEXT, AT(method), 0 },
	{ "json", SHOW_BOOL, AT(json), 0 },
	{ "get", SHOW_BOOL, AT(get), 0 },
	{ "head", SHOW_BOOL, AT(head), 0 },
	{ "uploads", SHOW_WORDS, AT(uploads), 0 },
	{ "user", SHOW_TEXT, AT(user), 0 },
	{ "referer", SHOW_TEXT, AT(referer), 0 },
	{ "cookie", SHOW_TEXT, AT(cookie), 0 },
	{ "range", SHOW_TEXT, AT(range), 0 },
	{ "bearer", SHOW_TEXT, AT(bearer), 0 },
	{ "target", SHOW_TEXT, AT(target), 0 },
	{ "path_as_is", SHOW_BOOL, AT(path_as_is), 0 },
	{ "http10", SHOW_BOOL, AT(http10), 0 },
	{ "globoff", SHOW_BOOL, AT(globoff), 0 },
	{ "fail", SHOW_BOOL, AT(fail), 0 },
	{ "fail_with_body", SHOW_BOOL, AT(fail_with_body), 0 },
	{ "location", SHOW_BOOL, AT(location), 0 },
	{ "location_trusted", SHOW_BOOL, AT(location_trusted), 0 },
	{ "post301", SHOW_BOOL, AT(post301), 0 },
	{ "post302", SHOW_BOOL, AT(post302), 0 },
	{ "post303", SHOW_BOOL, AT(post303), 0 },
	{ "max_redirs", SHOW_NUMBER, AT(max_redirs), 50 },
	{ "max_filesize", SHOW_NUMBER, AT(max_filesize), 0 },
	{ "include", SHOW_BOOL, AT(include), 0 },
	{ "silent", SHOW_BOOL, AT(silent), 0 },
	{ "show_error", SHOW_BOOL, AT(show_error), 0 },
	{ "verbose", SHOW_BOOL, AT(verbose), 0 },
	{ "create_dirs", SHOW_BOOL, AT(create_dirs), 0 },
	{ "progress_off", SHOW_BOOL, AT(progress_off), 0 },
	{ "fail_early", SHOW_BOOL, AT(fail_early), 0 },
	{ "dump_header", SHOW_TEXT, AT(dump_header), 0 },
	{ "write_out", SHOW_TEXT, AT(write_out), 0 },
	{ "output_dir", SHOW_TEXT, AT(output_dir), 0 },
	{ "sha256", SHOW_TEXT, AT(sha256), 0 },
	{ "resume", SHOW_TEXT, AT(resume), 0 },
	{ "max_time_ms", SHOW_NUMBER, AT(max_time_ms), 0 },
	{ "connect_ms", SHOW_NUMBER, AT(connect_ms), 0 },
	{ "retry", SHOW_NUMBER, AT(retry), 0 },
	{ "retry_delay_ms", SHOW_NUMBER, AT(retry_delay_ms), 0 },
	{ "retry_max_ms", SHOW_NUMBER, AT(retry_max_ms), 0 },
	{ "retry_refused", SHOW_BOOL, AT(retry_refused), 0 },
	{ "retry_all", SHOW_BOOL, AT(retry_all), 0 },
	{ "resolve", SHOW_WORDS, AT(resolve), 0 },
	{ "connect_to", SHOW_WORDS, AT(connect_to), 0 },
	{ "unix_socket", SHOW_TEXT, AT(unix_socket), 0 },
	{ "ipv4", SHOW_BOOL, AT(ipv4), 0 },
	{ "ipv6", SHOW_BOOL, AT(ipv6), 0 },
	{ "proxy", SHOW_TEXT, AT(proxy), 0 },
	{ "proxy_user", SHOW_TEXT, AT(proxy_user), 0 },
	{ "proxy_tunnel", SHOW_BOOL, AT(proxy_tunnel), 0 },
	{ "protocols", SHOW_TEXT, AT(protocols), 0 },
	{ "cafile", SHOW_TEXT, AT(cafile), 0 },
	{ "certfile", SHOW_TEXT, AT(certfile), 0 },
	{ "keyfile", SHOW_TEXT, AT(keyfile), 0 },
	{ "v13_only", SHOW_BOOL, AT(v13_only), 0 },
	{ "insecure", SHOW_BOOL, AT(insecure), 0 },
	{ "help", SHOW_BOOL, AT(help), 0 },
};

static void
write_words(struct buf *b, const char *name, const struct option_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		buf_fmt(b, "%s=%s ", name, words->at[i]);
}

static void
write_field(struct buf *b, const struct options *o, const struct field *f)
{
	const void *at = (const char *)o + f->at;
	const char *text;

	switch (f->show) {
	case SHOW_BOOL:
		buf_fmt(b, "%s%s", *(const bool *)at ? f->name : "",
		        *(const bool *)at ? " " : "");
		break;
	case SHOW_NUMBER:
		if (*(const int64_t *)at != f->usual)
			buf_fmt(b, "%s=%lld ", f->name,
			        (long long)*(const int64_t *)at);
		break;
	case SHOW_TEXT:
		text = *(const char *const *)at;
		if (text != NULL)
			buf_fmt(b, "%s=%s ", f->name, text);
		break;
	case SHOW_WORDS:
		write_words(b, f->name, at);
		break;
	}
}

static const char *
in_words(struct buf *b, const struct options *o)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		write_field(b, o, &fields[i]);
	if (strcmp(o->agent, "us") != 0)
		buf_fmt(b, "agent=%s ", o->agent);
	for (size_t i = 0; i < o->n_headers; i++)
		buf_fmt(b, "header=%.*s ", (int)o->headers[i].len,
		        o->headers[i].p);
	if (o->n_not_headers > 0)
		buf_fmt(b, "not_headers=%d ", (int)o->n_not_headers);
	if (o->data.is_set)
		buf_fmt(b, "data=%.*s ", (int)o->data.len, o->data.p);
	for (size_t i = 0; i < o->n_outputs; i++)
		buf_fmt(b, "output=%s ", o->outputs[i].kind == OUTPUT_FILE
		        ? o->outputs[i].name
		        : o->outputs[i].kind == OUTPUT_REMOTE ? "<remote>"
		                                              : "<stdout>");
	if (b->len > 0)
		b->len--;
	return buf_text(b);
}

static int
make_argv(char **argv, const char *const *words)
{
	int argc = 0;

	argv[argc++] = guarded_text("get");
	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = guarded_text(words[argc - 1]);
	argv[argc] = NULL;
	return argc;
}

static int
read_words(struct options *o, const char *const *words, struct buf *why)
{
	char *argv[WORDS_MAX + 2];
	int argc = make_argv(argv, words);

	*o = (struct options){ .agent = "us" };
	return options_read(o, argc, argv, why);
}

static const struct good {
	const char *name;
	const char *words[WORDS_MAX];
	const char *want;	/* after "urls=u", the words of which are "u" */
} goods[] = {
	{ "no option", { NULL }, "" },
	{ "flags in one word", { "-fsSL" },
	  " fail location silent show_error" },
	{ "flags by their names",
	  { "--fail", "--silent", "--show-error", "--location" },
	  " fail location silent show_error" },
	{ "a flag taken back", { "-f", "--no-fail" }, "" },
	{ "a flag taken back and given again", { "--no-fail", "-f" }, " fail" },
	{ "flags and a value in one word", { "-sodir/a" },
	  " silent output=dir/a" },
	{ "flags, and the value in the next word", { "-so", "a" },
	  " silent output=a" },
	{ "-o- is stdout", { "-o-" }, " output=<stdout>" },
	{ "a value that looks like an option", { "-X", "-f" }, " method=-f" },
	{ "a value that looks like the end of all", { "-X", "--" },
	  " method=--" },
	{ "-OOo a: three outputs", { "-OOo", "a" },
	  " output=<remote> output=<remote> output=a" },
	{ "-X", { "-XPUT" }, " method=PUT" },
	{ "-I", { "-I" }, " head" },
	{ "--data", { "--data", "a=1", "-d", "b=2" }, " data=a=1&b=2" },
	{ "--data without bytes", { "-d", "" }, " data=" },
	{ "an empty part is a part", { "-d", "", "-d", "" }, " data=&" },
	{ "-d @file loses its line ends", { "-d", "@lines" }, " data=onetwo" },
	{ "only the file's part does", { "-d", "a\nb", "-d", "@lines" },
	  " data=a\nb&onetwo" },
	{ "--data-ascii is --data", { "--data-ascii", "@lines" },
	  " data=onetwo" },
	{ "--data-binary @file keeps them", { "--data-binary", "@lines" },
	  " data=one\r\ntwo\n" },
	{ "--data-binary joins too", { "-d", "a", "--data-binary", "b" },
	  " data=a&b" },
	{ "--data-raw @", { "-d", "a", "--data-raw", "@lines" },
	  " data=a&@lines" },
	{ "--data-urlencode", { "--data-urlencode", "a b&c-._~\xc3\xa4" },
	  " data=a+b%26c-._~%C3%A4" },
	{ "--data-urlencode =", { "--data-urlencode", "=a=b" },
	  " data=a%3Db" },
	{ "--data-urlencode name=", { "-d", "x", "--data-urlencode", "n=a b" },
	  " data=x&n=a+b" },
	{ "--data-urlencode @", { "--data-urlencode", "@lines" },
	  " data=one%0D%0Atwo%0A" },
	{ "--data-urlencode name@", { "--data-urlencode", "n@lines" },
	  " data=n=one%0D%0Atwo%0A" },
	{ "--data-urlencode without bytes", { "--data-urlencode", "" },
	  " data=" },
	{ "--json", { "--json", "{\"a\":", "--json", "1}" },
	  " json data={\"a\":1}" },
	{ "--json @file", { "--json", "@lines" }, " json data=one\r\ntwo\n" },
	{ "-G", { "-G", "-d", "a=1" }, " get data=a=1" },
	{ "-G with -I", { "-GI", "-d", "a=1" }, " get head data=a=1" },
	{ "-H", { "-H", "A: 1", "-HB:", "--header", "C;" },
	  " header=A: 1 header=B: header=C;" },
	{ "-H @file, a line each", { "-H", "@heads" },
	  " header=X-A: 1 header=X-B: 2 not_headers=1" },
	{ "-H of what is not a header", { "-H", "hello", "-H", "A: 1" },
	  " header=A: 1 not_headers=1" },
	{ "--oauth2-bearer", { "--oauth2-bearer", "t" },
	  " header=Authorization: Bearer t" },
	{ "-T", { "-T", "a", "--upload-file", "-" }, " uploads=a uploads=-" },
	{ "-u", { "-u", "a:b" }, " user=a:b" },
	{ "-u of a user alone", { "-u", "a" }, " user=a" },
	{ "-u of a password alone", { "-u", ":b" }, " user=:b" },
	{ "-u of two colons", { "-u", "::" }, " user=::" },
	{ "-u and -U of nothing", { "-u", "", "-U", "" }, "" },
	{ "-u and -U of a colon", { "-u", ":", "-U", ":" }, "" },
	{ "--bearer-file", { "--bearer-file", "f" }, " bearer=f" },
	{ "-A", { "-A", "me" }, " agent=me" },
	{ "-A of nothing", { "-A", "" }, " agent=" },
	{ "-e", { "-e", "http://r/" }, " referer=http://r/" },
	{ "-b", { "-b", "a=1", "-b", "b=2", "-b", "c=3" },
	  " cookie=a=1; b=2; c=3" },
	{ "-r", { "-r", "1-5" }, " range=1-5" },
	{ "-r of a number", { "-r", "5" }, " range=5-" },
	{ "-r of the last bytes", { "-r", "-5" }, " range=-5" },
	{ "--request-target, --path-as-is, -0",
	  { "--request-target", "*", "--path-as-is", "-0" },
	  " target=* path_as_is http10" },
	{ "--http1.0", { "--http1.0" }, " http10" },
	{ "--max-redirs", { "--max-redirs", "3" }, " max_redirs=3" },
	{ "--max-redirs without an end", { "--max-redirs", "-1" },
	  " max_redirs=-1" },
	{ "--post30x", { "--post301", "--post302", "--post303" },
	  " post301 post302 post303" },
	{ "--location-trusted", { "--location-trusted" },
	  " location_trusted" },
	{ "--fail-with-body", { "--fail-with-body" }, " fail_with_body" },
	{ "--fail-with-body after -f", { "-f", "--fail-with-body" },
	  " fail_with_body" },
	{ "-f after --fail-with-body", { "--fail-with-body", "-f" }, " fail" },
	{ "--no-fail takes both back", { "--fail-with-body", "--no-fail" },
	  "" },
	{ "--no-fail-with-body too", { "-f", "--no-fail-with-body" }, "" },
	{ "bytes", { "--max-filesize", "10" }, " max_filesize=10" },
	{ "kilobytes", { "--max-filesize", "3k" }, " max_filesize=3072" },
	{ "megabytes", { "--max-filesize", "3M" }, " max_filesize=3145728" },
	{ "gigabytes", { "--max-filesize", "1g" },
	  " max_filesize=1073741824" },
	{ "terabytes", { "--max-filesize", "1T" },
	  " max_filesize=1099511627776" },
	{ "petabytes, as many as there are", { "--max-filesize", "8191P" },
	  " max_filesize=9222246136947933184" },
	{ "kilobytes and a half", { "--max-filesize", "1.5k" },
	  " max_filesize=1536" },
	{ "a part of a megabyte", { "--max-filesize", "0.001M" },
	  " max_filesize=1048" },
	{ "almost as many as there can be", { "--max-filesize", "8191.99P" },
	  " max_filesize=9223360777855707381" },
	{ "seconds", { "-m", "5" }, " max_time_ms=5000" },
	{ "seconds with a fraction", { "-m", "0.25" }, " max_time_ms=250" },
	{ "a part of a second", { "-m", "0.5" }, " max_time_ms=500" },
	{ "more seconds than hale counts set no limit",
	  { "-m", "9223372036854774" }, "" },
	{ "less than a millisecond sets no limit", { "-m", "0.0001" }, "" },
	{ "the other times",
	  { "--connect-timeout", "1", "--retry-delay", "2",
	    "--retry-max-time", "3" },
	  " connect_ms=1000 retry_delay_ms=2000 retry_max_ms=3000" },
	{ "--retry", { "--retry", "3000000000", "--retry-connrefused",
	    "--retry-all-errors" },
	  " retry=3000000000 retry_refused retry_all" },
	{ "output", { "-i", "-D", "h", "-w", "x", "--output-dir", "d",
	    "--create-dirs", "--no-progress-meter", "--fail-early" },
	  " include create_dirs progress_off fail_early dump_header=h"
	  " write_out=x output_dir=d" },
	{ "-w of a file, without its line ends", { "-w", "@lines" },
	  " write_out=onetwo" },
	{ "-v", { "-v" }, " verbose" },
	{ "-C", { "-C", "-" }, " resume=-" },
	{ "--sha256", { "--sha256", "0123456789abcdefABCDEF0123456789"
	    "0123456789abcdefABCDEF0123456789" },
	  " sha256=0123456789abcdefABCDEF0123456789"
	  "0123456789abcdefABCDEF0123456789" },
	{ "--resolve and --connect-to",
	  { "--resolve", "a:1:::1", "--resolve", "b:2:::1",
	    "--connect-to", "a:1:b:2" },
	  " resolve=a:1:::1 resolve=b:2:::1 connect_to=a:1:b:2" },
	{ "--unix-socket", { "--abstract-unix-socket", "a", "--unix-socket",
	    "b" }, " unix_socket=b" },
	{ "--abstract-unix-socket", { "--unix-socket", "b",
	    "--abstract-unix-socket", "a" }, " unix_socket=@a" },
	{ "-4 and -6", { "-64" }, " ipv4 ipv6" },
	{ "--ipv6", { "--ipv6" }, " ipv6" },
	{ "a name with its value", { "--request=PUT", "--retry=3" },
	  " method=PUT retry=3" },
	{ "a value with =", { "--data=a=b", "--user-agent=" },
	  " agent= data=a=b" },
	{ "a proxy", { "-x", "p:1", "-U", "a:b", "-p", "--noproxy", "c" },
	  " proxy=p:1 proxy_user=a:b proxy_tunnel" },
	{ "--proto", { "--proto", "=https" }, " protocols==https" },
	{ "TLS", { "--cacert", "a", "-E", "c", "--key", "k", "-k" },
	  " cafile=a certfile=c keyfile=k insecure" },
	{ "only TLS 1.3", { "--tlsv1.3" }, " v13_only" },
	{ "--insecure taken back", { "-k", "--no-insecure" }, "" },
	{ "-g", { "-g" }, " globoff" },
	{ "-h", { "-h" }, " help" },
	{ "what hale does anyway", { "-qN#1", "--tlsv1.2", "--basic",
	    "--no-buffer", "--no-keepalive", "--tcp-nodelay", "--http1.1",
	    "--keepalive-time", "5", "--proto-default", "ftp" }, "" },
	{ "a dash alone", { "-" }, "" },
};

static void
sets(void **state)
{
	const struct good *g = *state;
	const char *words[WORDS_MAX + 2] = { NULL };
	char why[TEXT_ROOM], got[TEXT_ROOM], want[TEXT_ROOM];
	struct buf w = buf_over(why, sizeof why), b = buf_over(got, sizeof got);
	struct options o;
	size_t n = 0;

	for (; n < WORDS_MAX && g->words[n] != NULL; n++)
		words[n] = g->words[n];
	words[n] = "u";
	(void)snprintf(want, sizeof want, "urls=u%s", g->want);
	assert_int_equal(read_words(&o, words, &w), GET_OK);
	assert_int_equal(w.len, 0);
	assert_string_equal(in_words(&b, &o), want);
	options_free(&o);
}

static const struct bad {
	const char *name;
	const char *words[WORDS_MAX];
	int         code;
	const char *why;
} bads[] = {
	{ "no URL", { "-s", NULL }, GET_USAGE,
	  "no URL specified (see: hale help get)" },
	{ "an unknown name", { "--elephant" }, GET_USAGE,
	  "option --elephant: is unknown (see: hale help get)" },
	{ "an unknown letter", { "-sy" }, GET_USAGE,
	  "option -y: is unknown (see: hale help get)" },
	{ "a typo", { "--fial" }, GET_USAGE,
	  "option --fial: is unknown; did you mean --fail?" },
	{ "a short word is near by chance only", { "--lev" }, GET_USAGE,
	  "option --lev: is unknown (see: hale help get)" },
	{ "a value after =, which may be a secret", { "--usr=a:b" },
	  GET_USAGE, "option --usr: is unknown; did you mean --user?" },
	{ "a flag with a value", { "--insecure=false" }, GET_USAGE,
	  "option --insecure: takes no value" },
	{ "a flag taken back with a value", { "--no-insecure=" }, GET_USAGE,
	  "option --no-insecure: takes no value" },
	{ "-X of nothing", { "-X", "" }, GET_USAGE,
	  "-X \"\": expected METHOD" },
	{ "--request= of nothing", { "--request=" }, GET_USAGE,
	  "--request \"\": expected METHOD" },
	{ "--request-target of nothing", { "--request-target", "" },
	  GET_USAGE, "--request-target \"\": expected PATH" },
	{ "-r of nothing", { "-r", "" }, GET_USAGE,
	  "-r \"\": expected FROM-TO" },
	{ "--oauth2-bearer of nothing", { "--oauth2-bearer", "" }, GET_USAGE,
	  "--oauth2-bearer: expected TOKEN" },
	{ "--output-dir of nothing", { "--output-dir", "" }, GET_USAGE,
	  "--output-dir \"\": expected DIR" },
	{ "-D of nothing", { "-D", "" }, GET_USAGE,
	  "-D \"\": expected FILE" },
	{ "--cacert of nothing", { "--cacert", "" }, GET_USAGE,
	  "--cacert \"\": expected FILE" },
	{ "--unix-socket of nothing", { "--unix-socket", "" }, GET_USAGE,
	  "--unix-socket \"\": expected PATH" },
	{ "--abstract-unix-socket of nothing",
	  { "--abstract-unix-socket", "" }, GET_USAGE,
	  "--abstract-unix-socket \"\": expected NAME" },
	{ "one of several that are refused with the same words",
	  { "--http2-prior-knowledge" }, GET_USAGE,
	  "--http2-prior-knowledge: only HTTP/1.1 is spoken" },
	{ "another of these", { "--digest" }, GET_USAGE,
	  "--digest: only the basic scheme is spoken" },
	{ "-w @file that is not there", { "-w", "@none" }, GET_READ,
	  "cannot read \"none\": No such file or directory" },
	{ "what is refused is not proposed", { "--compresed" }, GET_USAGE,
	  "option --compresed: is unknown (see: hale help get)" },
	{ "a start of a name is not a name", { "--silen" }, GET_USAGE,
	  "option --silen: is unknown; did you mean --silent?" },
	{ "one dash too few", { "-fail" }, GET_USAGE,
	  "option -fail: is unknown; did you mean --fail?" },
	{ "a value cannot be taken back", { "--no-user" }, GET_USAGE,
	  "option --no-user: is unknown (see: hale help get)" },
	{ "nor what is refused", { "--no-parallel" }, GET_USAGE,
	  "option --no-parallel: is unknown (see: hale help get)" },
	{ "a name without its value", { "--user" }, GET_USAGE,
	  "option --user: requires parameter" },
	{ "a letter without its value", { "-su" }, GET_USAGE,
	  "option -u: requires parameter" },
	{ "what hale does not do", { "--compressed" }, GET_USAGE,
	  "--compressed: hale cannot decompress; leave it out" },
	{ "a password of a key", { "-E", "c.pem:secret" }, GET_USAGE,
	  "-E: expected a file, without \":PASSWORD\"" },
	{ "the same by its letter", { "-sF", "a=b" }, GET_USAGE,
	  "-F: multipart forms are not written here" },
	{ "a bad count", { "--retry", "x" }, GET_USAGE,
	  "--retry \"x\": expected a number" },
	{ "a count below 0", { "--retry", "-1" }, GET_USAGE,
	  "--retry \"-1\": expected a number" },
	{ "redirects below -1", { "--max-redirs", "-2" }, GET_USAGE,
	  "--max-redirs \"-2\": expected a number" },
	{ "a bad unit", { "--max-filesize", "1x" }, GET_USAGE,
	  "--max-filesize \"1x\": expected a number" },
	{ "a part of a byte", { "--max-filesize", "1.5" }, GET_USAGE,
	  "--max-filesize \"1.5\": expected a number" },
	{ "a point without digits before it", { "--max-filesize", ".5k" },
	  GET_USAGE, "--max-filesize \".5k\": expected a number" },
	{ "a point without digits behind it", { "--max-filesize", "5.k" },
	  GET_USAGE, "--max-filesize \"5.k\": expected a number" },
	{ "a point alone", { "--max-filesize", "5." }, GET_USAGE,
	  "--max-filesize \"5.\": expected a number" },
	{ "two units", { "--max-filesize", "1kk" }, GET_USAGE,
	  "--max-filesize \"1kk\": expected a number" },
	{ "more than there can be", { "--max-filesize", "8192P" }, GET_USAGE,
	  "--max-filesize \"8192P\": expected a number" },
	{ "a time with a unit", { "-m", "5s" }, GET_USAGE,
	  "-m \"5s\": expected a number" },
	{ "a time that starts with its point", { "-m", ".5" }, GET_USAGE,
	  "-m \".5\": expected a number" },
	{ "a time that ends with its point", { "--connect-timeout", "5." },
	  GET_USAGE, "--connect-timeout \"5.\": expected a number" },
	{ "a time with two points", { "--retry-delay", "5.5.5" }, GET_USAGE,
	  "--retry-delay \"5.5.5\": expected a number" },
	{ "a time of nothing", { "--retry-max-time", "" }, GET_USAGE,
	  "--retry-max-time \"\": expected a number" },
	{ "more seconds than curl counts", { "-m", "9223372036854775" },
	  GET_USAGE, "-m \"9223372036854775\": expected a number" },
	{ "a time that is a point", { "-m", "." }, GET_USAGE,
	  "-m \".\": expected a number" },
	{ "a URL in the place of a value", { "-m", "http://a:b@c/?d" },
	  GET_USAGE, "-m \"http://c/\": expected a number" },
	{ "-o of nothing", { "-o", "" }, GET_USAGE,
	  "-o \"\": expected a file" },
	{ "-b of a file, which may be a secret", { "-b", "jar" }, GET_USAGE,
	  "-b: expected NAME=VALUE; cookies are not read from files here" },
	{ "-e of ;auto", { "-e", "x;auto" }, GET_USAGE,
	  "-e \"x;auto\": expected a URL without ;auto" },
	{ "a short digest", { "--sha256", "abc" }, GET_USAGE,
	  "--sha256 \"abc\": expected 64 hex digits" },
	{ "a digest of other digits",
	  { "--sha256", "0123456789abcdefg123456789abcdef"
	    "0123456789abcdef0123456789abcdef" }, GET_USAGE,
	  "--sha256 \"0123456789abcdefg123456789abcdef"
	  "0123456789abcdef0123456789abcdef\": expected 64 hex digits" },
	{ "-d @file that is not there", { "-d", "@none" }, GET_READ,
	  "cannot read \"none\": No such file or directory" },
	{ "-H @file that is not there", { "-H", "@none" }, GET_READ,
	  "cannot read \"none\": No such file or directory" },
	{ "name@file that is not there", { "--data-urlencode", "a@none" },
	  GET_READ, "cannot read \"none\": No such file or directory" },
	{ "-X with a line's end", { "-X", "A\nB", "u" }, GET_USAGE,
	  "-X has a control character" },
	{ "-A with a line's end", { "-A", "A\rB", "u" }, GET_USAGE,
	  "-A has a control character" },
	{ "-e with a line's end", { "-e", "A\nB", "u" }, GET_USAGE,
	  "-e has a control character" },
	{ "-b with a line's end", { "-b", "A=\nB", "u" }, GET_USAGE,
	  "-b has a control character" },
	{ "-r with a line's end", { "-r", "1-\n", "u" }, GET_USAGE,
	  "-r has a control character" },
	{ "--request-target with DEL", { "--request-target", "\x7f", "u" },
	  GET_USAGE, "--request-target has a control character" },
	{ "-G of a blank", { "-Gd", "a b", "u" }, GET_URL,
	  "-G: the data is not part of a URL; use --data-urlencode" },
	{ "-I and -d", { "-Id", "a", "u" }, GET_USAGE,
	  "You can only select one HTTP request method: of -d, -I and -T" },
	{ "-I and -d of nothing", { "-I", "-d", "", "u" }, GET_USAGE,
	  "You can only select one HTTP request method: of -d, -I and -T" },
	{ "-T and -d", { "-T", "a", "-d", "a", "u" }, GET_USAGE,
	  "You can only select one HTTP request method: of -d, -I and -T" },
	{ "-T and -I", { "-T", "a", "-I", "u" }, GET_USAGE,
	  "You can only select one HTTP request method: of -d, -I and -T" },
	{ "an empty URL", { "u", "" }, GET_USAGE, "a URL is empty" },
	{ "an empty --url", { "--url", "", "u" }, GET_USAGE,
	  "a URL is empty" },
	{ "-C and -r", { "-C-", "-r1", "u" }, GET_USAGE,
	  "-C and -r exclude each other" },
	{ "-C and -d", { "-C-", "-d1", "u" }, GET_USAGE,
	  "-C and -d or -T exclude each other" },
	{ "-r and -T", { "-r1", "-T1", "u" }, GET_USAGE,
	  "-r and -d or -T exclude each other" },
};

static void
refuses(void **state)
{
	const struct bad *r = *state;
	const char *words[WORDS_MAX + 1] = { NULL };
	char why[TEXT_ROOM];
	struct buf w = buf_over(why, sizeof why);
	struct options o;

	memcpy(words, r->words, sizeof r->words);
	assert_int_equal(read_words(&o, words, &w), r->code);
	assert_string_equal(buf_text(&w), r->why);
	options_free(&o);
}

static const struct order {
	const char *name;
	const char *words[WORDS_MAX];
	const char *want;
} orders[] = {
	{ "words", { "a", "b" }, "urls=a urls=b" },
	{ "--url before a word", { "--url", "a", "b" }, "urls=a urls=b" },
	{ "--url after a word", { "a", "--url", "b" }, "urls=a urls=b" },
	{ "--url= and a word", { "--url=a", "b" }, "urls=a urls=b" },
	{ "options between words", { "a", "-f", "b", "-o", "c", "d" },
	  "urls=a urls=b urls=d fail output=c" },
	{ "-- ends the options", { "-f", "--", "-a", "--", "b" },
	  "urls=-a urls=-- urls=b fail" },
};

static void
keeps_the_order_of_urls(void **state)
{
	const struct order *r = *state;
	const char *words[WORDS_MAX + 1] = { NULL };
	char why[TEXT_ROOM], got[TEXT_ROOM];
	struct buf w = buf_over(why, sizeof why), b = buf_over(got, sizeof got);
	struct options o;

	memcpy(words, r->words, sizeof r->words);
	assert_int_equal(read_words(&o, words, &w), GET_OK);
	assert_string_equal(in_words(&b, &o), r->want);
	options_free(&o);
}

static void
nothing_else_counts_with_the_help(void **state)
{
	static const char *const words[] = { "-h", "-C-", "-r1", NULL };
	char why[TEXT_ROOM];
	struct buf w = buf_over(why, sizeof why);
	struct options o;

	(void)state;
	assert_int_equal(read_words(&o, words, &w), GET_OK);
	assert_true(o.help);
	options_free(&o);
}

static const struct env_row {
	const char *name;
	const char *words[WORDS_MAX];
	const char *vars[8];
	const char *http, *https, *none;
} env_rows[] = {
	{ "no variable", { NULL }, { NULL }, "", "", "" },
	{ "http_proxy", { NULL }, { "http_proxy=a" }, "a", "", "" },
	{ "HTTP_PROXY is not read", { NULL }, { "HTTP_PROXY=a" }, "", "", "" },
	{ "https_proxy", { NULL }, { "https_proxy=a" }, "", "a", "" },
	{ "HTTPS_PROXY", { NULL }, { "HTTPS_PROXY=a" }, "", "a", "" },
	{ "https_proxy comes first", { NULL },
	  { "HTTPS_PROXY=b", "https_proxy=a" }, "", "a", "" },
	{ "all_proxy", { NULL }, { "all_proxy=a", "ALL_PROXY=b" }, "a", "a",
	  "" },
	{ "ALL_PROXY", { NULL }, { "ALL_PROXY=b" }, "b", "b", "" },
	{ "all_proxy comes last", { NULL },
	  { "all_proxy=c", "http_proxy=a", "HTTPS_PROXY=b" }, "a", "b", "" },
	{ "an empty one is none", { NULL },
	  { "http_proxy=", "all_proxy=c" }, "c", "c", "" },
	{ "-x comes before all", { "-x", "p" },
	  { "all_proxy=c", "http_proxy=a", "https_proxy=b" }, "p", "p", "" },
	{ "an empty -x is none", { "-x", "" }, { "all_proxy=c" }, "", "", "" },
	{ "no_proxy", { NULL }, { "no_proxy=n", "NO_PROXY=m" }, "", "", "n" },
	{ "NO_PROXY", { NULL }, { "NO_PROXY=m" }, "", "", "m" },
	{ "--noproxy", { "--noproxy", "l" }, { "no_proxy=n" }, "", "", "l" },
	{ "an empty --noproxy", { "--noproxy", "" }, { "no_proxy=n" }, "", "",
	  "" },
};

static void
finds_the_proxies(void **state)
{
	static const char *const names[] = {
		"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
		"all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
	};
	const struct env_row *r = *state;
	const char *words[WORDS_MAX + 2] = { NULL };
	char why[TEXT_ROOM];
	struct buf w = buf_over(why, sizeof why);
	struct options o;
	size_t n = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unsetenv(names[i]);
	for (size_t i = 0; r->vars[i] != NULL; i++)
		(void)putenv(guarded_text(r->vars[i]));
	for (; r->words[n] != NULL; n++)
		words[n] = r->words[n];
	words[n] = "u";
	assert_int_equal(read_words(&o, words, &w), GET_OK);
	assert_string_equal(o.http_proxy, r->http);
	assert_string_equal(o.https_proxy, r->https);
	assert_string_equal(o.no_proxy, r->none);
	options_free(&o);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)unsetenv(names[i]);
}

static void
silence_is_broken_by_S(void **state)
{
	(void)state;
	assert_false(options_are_quiet(&(struct options){ 0 }));
	assert_true(options_are_quiet(&(struct options){ .silent = true }));
	assert_false(options_are_quiet(&(struct options){
		.silent = true, .show_error = true }));
}

static void
help_has_what_hale_does_and_nothing_else(void **state)
{
	char text[16384];
	struct buf b = buf_over(text, sizeof text);

	(void)state;
	options_write_help(&b);
	assert_false(b.cut);
	(void)buf_text(&b);
	assert_ptr_equal(text, strstr(text,
	    "  -f, --fail                a status of 400 or more is exit 22, "
	    "its body not shown\n"));
	assert_non_null(strstr(text,
	    "      --resolve HOST:PORT:ADDR\n"
	    "                            use this address\n"));
	assert_null(strstr(text, "--compressed"));
	assert_null(strstr(text, "--no-buffer"));
	assert_null(strstr(text, "repeatable"));
}

static void
make_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) < 0)
		return -1;
	make_file("lines", "one\r\ntwo\n");
	make_file("heads", "X-A: 1\r\n\nX-B: 2 \nno header\n");
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	(void)unlink("lines");
	(void)unlink("heads");
	return rmdir(folder);
}

int
main(void)
{
	UNIT_ROWS(sets, goods);
	UNIT_ROWS(refuses, bads);
	UNIT_ROWS(keeps_the_order_of_urls, orders);
	UNIT_ROWS(finds_the_proxies, env_rows);
	UNIT_TEST(nothing_else_counts_with_the_help);
	UNIT_TEST(silence_is_broken_by_S);
	UNIT_TEST(help_has_what_hale_does_and_nothing_else);
	return unit_run_with("get/options", make_folder, remove_folder);
}
