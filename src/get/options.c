/* SPDX-License-Identifier: MIT */
/* get/options.c - curl's options as a table, the environment's proxies */
#include "get/options.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/opt_words.h"
#include "client/redact.h"
#include "get/exit.h"
#include "get/values.h"

#define HELP_COLUMN 28
#define REDIRECTS   50		/* curl's */

#define OF_ALL      "all_proxy\0ALL_PROXY\0"	/* variables of any proxy */

#define AT(field) offsetof(struct options, field)
/* In the order in which people read it. */
#define OPTS(OPT) \
	OPT('f', "fail", OPT_FLAG, 0, "", \
	    "a status of 400 or more is exit 22, its body not shown", "", value_fail, "") \
	OPT(0, "fail-with-body", OPT_FLAG, 0, "", \
	    "the same, with its body", "", value_fail_with_body, "") \
	OPT('L', "location", OPT_FLAG, AT(location), "", "follow redirects", "", NULL, "") \
	OPT(0, "location-trusted", OPT_FLAG, AT(location_trusted), "", \
	    "the same, and send the login to other hosts too", "", NULL, "") \
	OPT(0, "max-redirs", OPT_WORD, AT(max_redirs), "", \
	    "follow at most N (default 50, -1: no end)", "N", value_redirs, "a number") \
	OPT(0, "post301", OPT_FLAG, AT(post301), "", "a POST stays one after a 301", "", NULL, "") \
	OPT(0, "post302", OPT_FLAG, AT(post302), "", "after a 302", "", NULL, "") \
	OPT(0, "post303", OPT_FLAG, AT(post303), "", "after a 303", "", NULL, "") \
	OPT('X', "request", OPT_WORD, AT(method), "", \
	    "this method instead of GET or POST", "METHOD", value_token, "") \
	OPT('I', "head", OPT_FLAG, AT(head), "", "ask for the head only", "", NULL, "") \
	OPT('G', "get", OPT_FLAG, AT(get), "", "put the data of -d into the URL", "", NULL, "") \
	OPT('H', "header", OPT_WORD, 0, "", \
	    "send this header; \"Name:\" leaves ours out", "LINE|@FILE", value_header, "") \
	OPT('d', "data", OPT_WORD, 0, "", \
	    "POST this; parts are joined by &", "DATA|@FILE", value_data, "") \
	OPT(0, "data-ascii", OPT_WORD, 0, "", "", "DATA", value_data, "") \
	OPT(0, "data-raw", OPT_WORD, 0, "", \
	    "the same, @ means nothing", "DATA", value_data_raw, "") \
	OPT(0, "data-binary", OPT_WORD, 0, "", \
	    "the same, the file's line ends kept", "DATA|@FILE", value_data_binary, "") \
	OPT(0, "data-urlencode", OPT_WORD, 0, "", \
	    "the same, percent-encoded", "[NAME]=DATA", value_data_urlencode, "") \
	OPT(0, "json", OPT_WORD, 0, "", "POST this as JSON", "DATA|@FILE", value_json, "") \
	OPT('T', "upload-file", OPT_WORD, AT(uploads), "", \
	    "PUT this file, - for stdin; each goes with one URL", "FILE", value_word, "") \
	OPT('u', "user", OPT_SECRET, AT(user), "", \
	    "log in by the basic scheme", "USER:PASSWORD", value_login, "") \
	OPT(0, "bearer-file", OPT_STR, AT(bearer), "", \
	    "log in by the token in this file, read at each request", "FILE", NULL, "") \
	OPT(0, "oauth2-bearer", OPT_SECRET, 0, "", "", "TOKEN", value_bearer, "") \
	OPT('A', "user-agent", OPT_WORD, AT(agent), "", "what to call ourselves", "NAME", value_line, "") \
	OPT('e', "referer", OPT_WORD, AT(referer), "", \
	    "where we come from", "URL", value_referer, "a URL without ;auto") \
	OPT('b', "cookie", OPT_SECRET, 0, "", \
	    "send these cookies", "NAME=VALUE", value_cookie, "NAME=VALUE; cookies are not read from files here") \
	OPT('r', "range", OPT_WORD, 0, "", "only these bytes", "FROM-TO", value_range, "") \
	OPT(0, "request-target", OPT_WORD, AT(target), "", \
	    "ask for this instead of the URL's path", "PATH", value_token, "") \
	OPT(0, "path-as-is", OPT_FLAG, AT(path_as_is), "", \
	    "leave . and .. in the path", "", NULL, "") \
	OPT('0', "http1.0", OPT_FLAG, AT(http10), "", "speak HTTP/1.0", "", NULL, "") \
	OPT('o', "output", OPT_WORD, 0, "", \
	    "where the body goes; whole or not at all", "FILE", value_output, "a file") \
	OPT('O', "remote-name", OPT_CALL, 0, "", \
	    "a file named as in the URL", "", value_remote_name, "") \
	OPT(0, "output-dir", OPT_WORD, AT(output_dir), "", "the folder of these", "DIR", value_name, "") \
	OPT(0, "create-dirs", OPT_FLAG, AT(create_dirs), "", \
	    "make the folders that -o needs", "", NULL, "") \
	OPT('C', "continue-at", OPT_STR, AT(resume), "", \
	    "continue at this byte, or after what the file has", "N|-", NULL, "") \
	OPT(0, "sha256", OPT_WORD, AT(sha256), "", \
	    "refuse other content; exit 90, no file", "HEX", value_sha256, "64 hex digits") \
	OPT(0, "max-filesize", OPT_WORD, AT(max_filesize), "", \
	    "refuse more", "BYTES", value_size, "a number") \
	OPT('i', "include", OPT_FLAG, AT(include), "", "print the head too", "", NULL, "") \
	OPT('D', "dump-header", OPT_WORD, AT(dump_header), "", \
	    "write the head here, - for stdout", "FILE", value_name, "") \
	OPT('w', "write-out", OPT_WORD, 0, "", \
	    "print this at the end: %{http_code}, %{time_total} ...", "FORMAT|@FILE", value_write_out, "") \
	OPT('s', "silent", OPT_FLAG, AT(silent), "", "no progress, no messages", "", NULL, "") \
	OPT('S', "show-error", OPT_FLAG, AT(show_error), "", \
	    "messages in spite of -s", "", NULL, "") \
	OPT('v', "verbose", OPT_FLAG, AT(verbose), "", \
	    "both heads and the connection on stderr", "", NULL, "") \
	OPT(0, "no-progress-meter", OPT_FLAG, AT(progress_off), "", "", "", NULL, "") \
	OPT('m', "max-time", OPT_WORD, AT(max_time_ms), "", \
	    "for one try, all in all", "SECONDS", value_seconds, "a number") \
	OPT(0, "connect-timeout", OPT_WORD, AT(connect_ms), "", \
	    "for look-up, connection and handshake", "SECONDS", value_seconds, "a number") \
	OPT(0, "retry", OPT_WORD, AT(retry), "", \
	    "try again N times after time-outs, 408, 429, 50x, 522, 524", "N", value_count, "a number") \
	OPT(0, "retry-delay", OPT_WORD, AT(retry_delay_ms), "", \
	    "wait this long; else 1, 2, 4 ... or Retry-After", "SECONDS", value_seconds, "a number") \
	OPT(0, "retry-max-time", OPT_WORD, AT(retry_max_ms), "", \
	    "no new try after this", "SECONDS", value_seconds, "a number") \
	OPT(0, "retry-connrefused", OPT_FLAG, AT(retry_refused), "", \
	    "a refused connection too", "", NULL, "") \
	OPT(0, "retry-all-errors", OPT_FLAG, AT(retry_all), "", "any error", "", NULL, "") \
	OPT(0, "fail-early", OPT_FLAG, AT(fail_early), "", \
	    "stop at the first URL that fails", "", NULL, "") \
	OPT(0, "resolve", OPT_WORD, AT(resolve), "", \
	    "use this address", "HOST:PORT:ADDR", value_word, "") \
	OPT(0, "connect-to", OPT_WORD, AT(connect_to), "", \
	    "connect to H2:P2 where H1:P1 is asked for", "H1:P1:H2:P2", value_word, "") \
	OPT(0, "unix-socket", OPT_WORD, AT(unix_socket), "", \
	    "connect to this", "PATH", value_name, "") \
	OPT(0, "abstract-unix-socket", OPT_WORD, 0, "", \
	    "connect to this", "NAME", value_abstract, "") \
	OPT('4', "ipv4", OPT_ASK, AT(ipv4), "", "IPv4 only", "", NULL, "") \
	OPT('6', "ipv6", OPT_ASK, AT(ipv6), "", "IPv6 only", "", NULL, "") \
	OPT('x', "proxy", OPT_STR, AT(proxy), "", \
	    "HTTP proxy; else http_proxy, https_proxy, all_proxy", "[http://]HOST[:PORT]", NULL, "") \
	OPT('U', "proxy-user", OPT_SECRET, AT(proxy_user), "", \
	    "log in at the proxy", "USER:PASSWORD", value_login, "") \
	OPT('p', "proxytunnel", OPT_FLAG, AT(proxy_tunnel), "", \
	    "CONNECT for http too", "", NULL, "") \
	OPT(0, "noproxy", OPT_STR, AT(no_proxy), "", \
	    "no proxy for these; else no_proxy", "HOST,...", NULL, "") \
	OPT(0, "proto", OPT_STR, AT(protocols), "", \
	    "these schemes only: =https", "=LIST", NULL, "") \
	OPT(0, "cacert", OPT_WORD, AT(cafile), "", \
	    "trust the CAs of this PEM file only", "FILE", value_name, "") \
	OPT('E', "cert", OPT_SECRET, AT(certfile), "", "our own certificate, PEM", "FILE", value_cert, \
	    "a file, without \":PASSWORD\"") \
	OPT(0, "key", OPT_STR, AT(keyfile), "", "its key", "FILE", NULL, "") \
	OPT(0, "tlsv1.3", OPT_FLAG, AT(v13_only), "", "refuse TLS 1.2", "", NULL, "") \
	OPT('k', "insecure", OPT_FLAG, AT(insecure), "", \
	    "do NOT verify the server's certificate", "", NULL, "") \
	OPT(0, "url", OPT_OPERAND, AT(urls), "", "one more URL", "URL", value_word, "") \
	OPT('h', "help", OPT_FLAG, AT(help), "", "print this", "", NULL, "") \
	OPT('V', "version", OPT_FLAG, AT(version), "", "", "", NULL, "")

/* As hale does it anyway. */
#define PAST(OPT) \
	OPT('q', "disable", OPT_PAST, 0, NULL) \
	OPT('g', "globoff", OPT_FLAG, AT(globoff), NULL) \
	OPT('N', "no-buffer", OPT_PAST, 0, NULL) \
	OPT('#', "progress-bar", OPT_PAST, 0, NULL) \
	OPT('1', "tlsv1", OPT_PAST, 0, NULL) \
	OPT(0, "tlsv1.0", OPT_PAST, 0, NULL) \
	OPT(0, "tlsv1.1", OPT_PAST, 0, NULL) \
	OPT(0, "tlsv1.2", OPT_PAST, 0, NULL) \
	OPT(0, "http1.1", OPT_PAST, 0, NULL) \
	OPT(0, "basic", OPT_PAST, 0, NULL) \
	OPT(0, "tcp-nodelay", OPT_PAST, 0, NULL) \
	OPT(0, "remove-on-error", OPT_PAST, 0, NULL) \
	OPT(0, "keepalive", OPT_PAST, 0, NULL) \
	OPT(0, "keepalive-time", OPT_PAST_VALUE, 0, NULL) \
	OPT(0, "proto-default", OPT_PAST_VALUE, 0, NULL)

/* What curl does and hale does not is refused, never passed over. */
#define REFUSED(OPT) \
	OPT(0, "compressed", OPT_REFUSED, 0, "", \
	    "hale cannot decompress; leave it out", "", NULL, "") \
	OPT('F', "form", OPT_REFUSED, 0, "", "multipart forms are not written here", "", NULL, "") \
	OPT('K', "config", OPT_REFUSED, 0, "", "there are no config files here", "", NULL, "") \
	OPT('n', "netrc", OPT_REFUSED, 0, "", "use -u, -H @FILE or --bearer-file", "", NULL, "") \
	OPT('c', "cookie-jar", OPT_REFUSED, 0, "", "cookies are not kept here", "", NULL, "") \
	OPT('J', "remote-header-name", OPT_REFUSED, 0, "", \
	    "a server does not name our files; use -o or -O", "", NULL, "") \
	OPT(':', "next", OPT_REFUSED, 0, "", "use a second command", "", NULL, "") \
	OPT('Z', "parallel", OPT_REFUSED, 0, "", "URLs are fetched in turn", "", NULL, "") \
	OPT(0, "digest", OPT_REFUSED, 0, "", "", "", NULL, "") \
	OPT(0, "ntlm", OPT_REFUSED, 0, "", "", "", NULL, "") \
	OPT(0, "anyauth", OPT_REFUSED, 0, "", "only the basic scheme is spoken", "", NULL, "") \
	OPT(0, "http2", OPT_REFUSED, 0, "", "", "", NULL, "") \
	OPT(0, "http2-prior-knowledge", OPT_REFUSED, 0, "", "", "", NULL, "") \
	OPT(0, "http3", OPT_REFUSED, 0, "", "only HTTP/1.1 is spoken", "", NULL, "") \
	OPT(0, "socks5", OPT_REFUSED, 0, "", "only HTTP proxies are spoken to", "", NULL, "")

#define ADDS(ADD) \
	ADD(value_redirs) ADD(value_header) ADD(value_data) \
	ADD(value_data_raw) ADD(value_data_binary) ADD(value_data_urlencode) \
	ADD(value_json) ADD(value_word) ADD(value_bearer) ADD(value_referer) \
	ADD(value_cookie) ADD(value_range) ADD(value_output) \
	ADD(value_remote_name) ADD(value_sha256) ADD(value_size) \
	ADD(value_seconds) ADD(value_count) ADD(value_name) ADD(value_cert) \
	ADD(value_line) \
	ADD(value_token) ADD(value_login) ADD(value_write_out) \
	ADD(value_abstract) ADD(value_fail) ADD(value_fail_with_body)
OPT_NUMBER_ADDS(ADDS);
static opt_add *const adds[] = OPT_ADDS(ADDS);
static const struct opt_group opts[] = {
	OPT_GROUP(OPTS, adds),
	OPT_BARE_GROUP(PAST, adds),
	OPT_GROUP(REFUSED, adds),
	OPT_END
};

/* Without its value, which may be a secret. */
static int
write_unknown(struct buf *why, const struct opt_fail *f, const char *help)
{
	struct span name = f->name;

	buf_fmt(why, "option %s%.*s: is unknown", name.len == 1 ? "-" : "",
	        (int)name.len, name.p);
	if (f->nearest == NULL)
		buf_fmt(why, " (see: %s)", help);
	else
		buf_fmt(why, "; did you mean --%s?", f->nearest);
	return GET_USAGE;
}

/* The value, or the file that it names, cannot be used. */
static int
write_bad(struct buf *why, const char *name, const struct opt_fail *f)
{
	char room[REDACT_ROOM];
	const char *file = strchr(f->value.p, '@'), *expected;

	if (f->err == -ENOMEM) {
		buf_str(why, err_text(f->err));
		return GET_MEMORY;
	}
	if (f->err > ERR_FIRST) {
		buf_fmt(why, "cannot read \"%s\": %s",
		        file != NULL ? file + 1 : f->value.p, err_text(f->err));
		return GET_READ;
	}
	buf_str(why, name);
	if (span_has_control(f->value, false)) {
		buf_str(why, " has a control character");
		return GET_USAGE;
	}
	/* What looks like a target is shown as one: a URL may have taken the
	 * place of a value that was forgotten. */
	if (f->opt.kind != OPT_SECRET)
		buf_fmt(why, " \"%s\"", redact_value(room, f->value));
	expected = opt_expected(&f->opt);
	buf_fmt(why, ": expected %s", *expected != '\0' ? expected
	                                               : "another value");
	return GET_USAGE;
}

static int
write_fail(struct buf *why, const struct opt_fail *f, const char *help)
{
	char memory[64];
	struct buf name = buf_over(memory, sizeof memory);

	buf_str(&name, f->name.len == 1 ? "-" : "");
	buf_add(&name, f->name);
	(void)buf_text(&name);
	switch (f->why) {
	case OPT_UNKNOWN:
		return write_unknown(why, f, help);
	case OPT_BAD:
		return write_bad(why, memory, f);
	case OPT_MISSING:
		buf_fmt(why, "option %s: requires parameter", memory);
		break;
	case OPT_ABSENT:
		buf_fmt(why, "%s: %s", memory, opt_text(&f->opt, OPT_HELP));
		break;
	case OPT_UNWANTED:
		buf_fmt(why, "option %s: takes no value", memory);
		break;
	case OPT_TOO_MANY:
		break;	/* no list is bounded */
	}
	return GET_USAGE;
}

/* What does not go together. */
static int
verify_pairs(const struct options *o, struct buf *why)
{
	bool sends = (o->data.is_set && !o->get) || o->uploads.n > 0;
	const char *pair = NULL;

	if (o->resume != NULL && o->range != NULL)
		pair = "-C and -r";
	else if (o->resume != NULL && o->sha256 != NULL)
		pair = "-C and --sha256";
	else if (o->resume != NULL && sends)
		pair = "-C and -d or -T";
	else if (o->range != NULL && sends)
		pair = "-r and -d or -T";
	if (pair == NULL)
		return GET_OK;
	buf_fmt(why, "%s exclude each other", pair);
	return GET_USAGE;
}

/* What single options cannot see. */
static int
verify_all(const struct options *o, struct buf *why)
{
	if (o->help || o->version)
		return GET_OK;
	/* -G's data becomes a part of the URL, whose rules hold then. */
	if (o->get && span_has_control((struct span){ o->data.p, o->data.len },
	                               true)) {
		buf_str(why, "-G: the data is not part of a URL; use "
		        "--data-urlencode");
		return GET_URL;
	}
	if (o->urls.n == 0) {
		buf_str(why, "no URL specified (see: hale help get)");
		return GET_USAGE;
	}
	for (size_t i = 0; i < o->urls.n; i++)
		if (o->urls.at[i][0] == '\0') {
			buf_str(why, "a URL is empty");
			return GET_USAGE;
		}
	if ((o->data.is_set && !o->get) + o->head + (o->uploads.n > 0) > 1) {
		buf_str(why, "You can only select one HTTP request method: "
		        "of -d, -I and -T");
		return GET_USAGE;
	}
	return verify_pairs(o, why);
}

/* The first of these variables, each ended by a NUL, that is not empty: an
 * empty one counts as unset. */
static const char *
first_set(const char *names)
{
	for (; *names != '\0'; names += strlen(names) + 1) {
		const char *value = getenv(names);

		if (value != NULL && value[0] != '\0')
			return value;
	}
	return "";
}

/* HTTP_PROXY in capitals is not read: a CGI's client could set it. */
static void
read_proxies(struct options *o)
{
	o->http_proxy = o->proxy != NULL ? o->proxy
	              : first_set("http_proxy\0" OF_ALL);
	o->https_proxy = o->proxy != NULL ? o->proxy
	               : first_set("https_proxy\0HTTPS_PROXY\0" OF_ALL);
	if (o->no_proxy == NULL)
		o->no_proxy = first_set("no_proxy\0NO_PROXY\0");
}

/* Room for as many words as there are; -b joins twice. */
static bool
make_room(struct options *o, int argc, char **argv)
{
	size_t n = (size_t)argc;
	const char **words = calloc(4 * n, sizeof *words);

	if (words == NULL)
		return false;
	o->urls.at = words;	/* the start of all four */
	o->uploads.at = words + n;
	o->resolve.at = words + 2 * n;
	o->connect_to.at = words + 3 * n;
	o->owned = calloc(2 * n, sizeof *o->owned);
	/* "-OOO" is three outputs in one word. */
	for (int i = 1; i < argc; i++)
		n += strlen(argv[i]);
	o->outputs = calloc(n, sizeof *o->outputs);
	return o->owned != NULL && o->outputs != NULL;
}

/* see get/options.h */
int
options_read_by(const struct opt_group *table, struct options *o, int argc,
                char **argv, const char *help, struct buf *why)
{
	struct opt_fail fail;

	if (!make_room(o, argc, argv)) {
		buf_str(why, err_text(-ENOMEM));
		return GET_MEMORY;
	}
	if (opt_parse_curl(table, o, argc, argv, &fail) < 0)
		return write_fail(why, &fail, help);
	read_proxies(o);
	return GET_OK;
}

/* see get/options.h */
int
options_read(struct options *o, int argc, char **argv, struct buf *why)
{
	int code;

	o->max_redirs = REDIRECTS;
	code = options_read_by(opts, o, argc, argv, "hale help get", why);
	return code == GET_OK ? verify_all(o, why) : code;
}

/* see get/options.h */
void
options_free(struct options *o)
{
	free(o->urls.at);
	free(o->outputs);
	free(o->headers);
	while (o->n_owned > 0)
		free(o->owned[--o->n_owned]);
	free(o->owned);
	free(o->data.p);
}

/* see get/options.h */
void
options_write_help(struct buf *b)
{
	opt_write_help(b, opts, HELP_COLUMN);
}

/* see get/options.h */
bool
options_are_quiet(const struct options *o)
{
	return o->silent && !o->show_error;
}
