/* SPDX-License-Identifier: MIT */
/* get/options.c - curl's command line: one table for parser and help */
#include "get/get.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/edits.h"
#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "client/redact.h"
#include "client/request.h"

#define READ_STEP   65536	/* bytes read from a file at a time */
#define HELP_COLUMN 28
#define REDIRS      50		/* curl's */

enum kind {
	K_FLAG,		/* bool, --no- undoes it */
	K_TEXT,		/* const char * */
	K_COUNT,	/* int64_t, a whole number */
	K_SIZE,		/* int64_t, bytes; k, M, G, T, P multiply it */
	K_TIME,		/* int64_t, seconds with a fraction, in milliseconds */
	K_TAKE,		/* take() gets the value */
	K_DO,		/* take() is called: no value */
	K_NONE,		/* is so anyway: passed over */
	K_NONE_VALUE,	/* the same, with a value */
	K_REFUSED,	/* curl has it, hale does not: help says why */
	K_END,
};

typedef int get_take(struct get *g, const char *value);

struct get_opt {
	const char   *name;	/* behind its NUL what help calls the value,
				 * then the help or "", which help leaves out */
	get_take     *take;
	uint16_t      at;
	unsigned char kind;
	char          letter;	/* 0: none */
};

/* see get/get.h */
int
get_read_file(struct get_bytes *b, const char *name)
{
	bool is_stdin = strcmp(name, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;
	int r = 0;

	if (fd < 0)
		return -errno;
	while (n > 0 && r == 0) {
		char *p = realloc(b->p, b->len + READ_STEP);

		if (p == NULL) {
			r = -ENOMEM;
			break;
		}
		b->p = p;
		n = read(fd, p + b->len, READ_STEP);
		if (n > 0)
			b->len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			r = -errno;
	}
	if (!is_stdin)
		close(fd);
	b->is_set = true;
	return r;
}

static int
append(struct get_bytes *b, struct span bytes)
{
	char *p = realloc(b->p, b->len + bytes.len + 1);

	if (p == NULL) {
		log_error("get: %s", err_text(-ENOMEM));
		return GET_MEMORY;
	}
	if (bytes.len > 0)
		memcpy(p + b->len, bytes.p, bytes.len);
	b->p = p;
	b->len += bytes.len;
	b->is_set = true;
	return GET_OK;
}

static int
append_file(struct get_bytes *b, const char *name)
{
	int r = get_read_file(b, name);

	if (r == 0)
		return GET_OK;
	log_error("get: cannot read \"%s\": %s", name, err_text(r));
	return r == -ENOMEM ? GET_MEMORY : GET_READ;
}

/* Parts of -d are joined by '&'. */
static int
begin_part(struct get *g)
{
	return g->data.is_set ? append(&g->data, span_of("&")) : GET_OK;
}

/* see get/get.h */
void
get_drop_line_ends(struct get_bytes *b, size_t from)
{
	size_t to = from;

	for (size_t i = from; i < b->len; i++)
		if (b->p[i] != '\r' && b->p[i] != '\n' && b->p[i] != '\0')
			b->p[to++] = b->p[i];
	b->len = to;
}

static int
take_data(struct get *g, const char *value)
{
	int r = begin_part(g);
	size_t from = g->data.len;

	if (r != GET_OK)
		return r;
	if (value[0] != '@')
		return append(&g->data, span_of(value));
	r = append_file(&g->data, value + 1);
	get_drop_line_ends(&g->data, from);
	return r;
}

static int
take_binary(struct get *g, const char *value)
{
	int r = begin_part(g);

	if (r != GET_OK)
		return r;
	return value[0] == '@' ? append_file(&g->data, value + 1)
	                       : append(&g->data, span_of(value));
}

static int
take_raw(struct get *g, const char *value)
{
	int r = begin_part(g);

	return r != GET_OK ? r : append(&g->data, span_of(value));
}

static int
take_json(struct get *g, const char *value)
{
	g->json = true;	/* its parts are joined by nothing */
	return value[0] == '@' ? append_file(&g->data, value + 1)
	                       : append(&g->data, span_of(value));
}

static int
append_encoded(struct get_bytes *b, struct span bytes)
{
	static const char hex[] = "0123456789ABCDEF";
	int r = append(b, (struct span){ NULL, 0 });

	for (size_t i = 0; i < bytes.len && r == GET_OK; i++) {
		unsigned char c = (unsigned char)bytes.p[i];
		char x[] = { '%', hex[c >> 4], hex[c & 15] };
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		          || (c >= '0' && c <= '9')
		          || (c != '\0' && strchr("-._~", c) != NULL);

		if (c == ' ')
			r = append(b, span_of("+"));
		else
			r = append(b, plain ? (struct span){ bytes.p + i, 1 }
			                    : (struct span){ x, sizeof x });
	}
	return r;
}

/* "content", "=content", "name=content", "@file", "name@file". */
static int
take_urlencode(struct get *g, const char *value)
{
	size_t name_len = strcspn(value, "=@");
	struct get_bytes file = { 0 };
	struct span content = span_of(value);
	int r = begin_part(g);

	if (r == GET_OK && value[name_len] != '\0') {
		content = span_of(value + name_len + 1);
		r = append(&g->data, (struct span){ value, name_len });
		if (r == GET_OK && name_len > 0)
			r = append(&g->data, span_of("="));
	}
	if (r == GET_OK && value[name_len] == '@') {
		r = append_file(&file, value + name_len + 1);
		content = (struct span){ file.p, file.len };
	}
	if (r == GET_OK)
		r = append_encoded(&g->data, content);
	free(file.p);
	return r;
}

static int
set_count(int64_t *to, const char *value)
{
	uint64_t n;

	if (parse_uint(value, INT64_MAX, &n) < 0)
		return ERR_PARSE;
	*to = (int64_t)n;
	return 0;
}

static int
set_size(int64_t *to, const char *value)
{
	static const char units[] = "kmgtp";
	struct span digits = { value, strspn(value, "0123456789") };
	const char *unit = value + digits.len;
	int shift = 0;
	uint64_t n;

	if (*unit != '\0') {
		const char *at = strchr(units, *unit | ('a' ^ 'A'));

		if (at == NULL || unit[1] != '\0')
			return ERR_PARSE;
		shift = 10 * (int)(at - units + 1);
	}
	if (parse_uint_span(digits, INT64_MAX >> shift, &n) < 0)
		return ERR_PARSE;
	*to = (int64_t)(n << shift);
	return 0;
}

/* "5", "0.5", ".5" or "5.": no units. What is longer than we can count is
 * as good as no end. */
static int
set_time(int64_t *to_ms, const char *value)
{
	size_t whole = strspn(value, "0123456789");
	size_t point = value[whole] == '.';
	size_t part = strspn(value + whole + point, "0123456789");
	char text[64];
	struct buf b = buf_over(text, sizeof text);
	int r;

	if (whole + part == 0 || value[whole + point + part] != '\0')
		return ERR_PARSE;
	buf_fmt(&b, "%s%s%s", whole > 0 ? "" : "0", value,
	        point > part ? "0" : "");
	r = parse_ms(buf_text(&b), to_ms);
	if (b.cut || r != ERR_RANGE)
		return b.cut ? ERR_PARSE : r;
	*to_ms = 0;
	return 0;
}

/* What looks like a target is shown as one: a URL may have taken the place of
 * a value that was forgotten. */
static int
refuse_value(const char *name, const char *value, const char *words)
{
	char room[REDACT_ROOM];

	log_error("get: %s \"%s\": %s", name,
	          redact_value(room, span_of(value)), words);
	return GET_USAGE;
}

/* --max-redirs: the only count that may be -1. */
static int
take_redirs(struct get *g, const char *value)
{
	g->max_redirs = -1;
	if (strcmp(value, "-1") == 0 || set_count(&g->max_redirs, value) == 0)
		return GET_OK;
	return refuse_value("--max-redirs", value, "expected a number");
}

static int
add_header(struct get *g, struct span line)
{
	struct span *p;

	if (request_verify_line(line) < 0) {
		/* curl passes over a line that is no header, too; it may
		 * hold a secret all the same */
		log_warn("get: -H: a line that is no header (\"Name: value\") "
		         "is left out");
		return GET_OK;
	}
	p = realloc(g->headers, (g->n_headers + 1) * sizeof *p);
	if (p == NULL)
		return GET_MEMORY;
	g->headers = p;
	p[g->n_headers++] = line;
	return GET_OK;
}

/* A header line, or "@file" with one a line. */
static int
take_header(struct get *g, const char *value)
{
	struct get_bytes file = { 0 };
	struct span rest;
	int r;

	if (value[0] != '@')
		return add_header(g, span_of(value));
	r = append_file(&file, value + 1);
	g->owned[g->n_owned++] = file.p;
	rest = (struct span){ file.p, file.len };
	while (r == GET_OK && rest.len > 0) {
		struct span line = span_cut(&rest, '\n');

		while (line.len > 0 && (line.p[line.len - 1] == '\r'
		                     || line.p[line.len - 1] == ' '))
			line.len--;
		if (line.len > 0)
			r = add_header(g, line);
	}
	return r;
}

static int
take_bearer(struct get *g, const char *token)
{
	size_t cap = strlen(token) + sizeof "Authorization: Bearer ";
	char *line = malloc(cap);
	struct buf b = buf_over(line, line == NULL ? 0 : cap);

	if (line == NULL)
		return GET_MEMORY;
	g->owned[g->n_owned++] = line;
	buf_fmt(&b, "Authorization: Bearer %s", token);
	return add_header(g, buf_span(&b));
}

static int
take_url(struct get *g, const char *value)
{
	g->urls.at[g->urls.n++] = value;
	return GET_OK;
}

/* Joins two words on the heap. Returns it, or NULL after saying why. */
static char *
join(struct get *g, const char *first, const char *second)
{
	size_t cap = strlen(first) + strlen(second) + 1;
	char *text = malloc(cap);
	struct buf b = buf_over(text, text == NULL ? 0 : cap);

	if (text == NULL) {
		log_error("get: %s", err_text(-ENOMEM));
		return NULL;
	}
	g->owned[g->n_owned++] = text;
	buf_fmt(&b, "%s%s", first, second);
	(void)buf_text(&b);
	return text;
}

/* "5" means "5-". */
static int
take_range(struct get *g, const char *value)
{
	bool is_number = value[0] != '\0'
	              && value[strspn(value, "0123456789")] == '\0';

	g->range = is_number ? join(g, value, "-") : value;
	return g->range != NULL ? GET_OK : GET_MEMORY;
}

static int
take_cookie(struct get *g, const char *value)
{
	if (strchr(value, '=') == NULL) {
		log_error("get: -b: expected NAME=VALUE; cookies are not read "
		          "from files here");	/* it may be a token */
		return GET_USAGE;
	}
	if (g->cookie != NULL) {
		g->cookie = join(g, g->cookie, ";");
		value = g->cookie == NULL ? NULL : join(g, g->cookie, value);
	}
	g->cookie = value;
	return value != NULL ? GET_OK : GET_MEMORY;
}

static int
take_referer(struct get *g, const char *value)
{
	if (memmem(value, strlen(value), ";auto", 5) != NULL)
		return refuse_value("-e", value, "there is no ;auto here");
	g->referer = value;
	return GET_OK;
}

static int
take_output(struct get *g, const char *value)
{
	if (value[0] == '\0') {
		log_error("get: -o \"\": expected a file");
		return GET_USAGE;
	}
	g->outputs[g->n_outputs++] = (struct get_output){
		.kind = strcmp(value, "-") == 0 ? OUT_STDOUT : OUT_FILE,
		.name = value,
	};
	return GET_OK;
}

static int
do_remote_name(struct get *g, const char *value)
{
	(void)value;
	g->outputs[g->n_outputs++].kind = OUT_REMOTE;
	return GET_OK;
}

static int
take_resolve(struct get *g, const char *value)
{
	g->resolve.at[g->resolve.n++] = value;
	return GET_OK;
}

static int
take_upload(struct get *g, const char *value)
{
	g->uploads.at[g->uploads.n++] = value;
	return GET_OK;
}

static int
take_connect_to(struct get *g, const char *value)
{
	g->connect_to.at[g->connect_to.n++] = value;
	return GET_OK;
}

static int
take_abstract(struct get *g, const char *value)
{
	g->unix_socket = value;
	g->unix_abstract = true;
	return GET_OK;
}

static int
take_unix(struct get *g, const char *value)
{
	g->unix_socket = value;
	g->unix_abstract = false;
	return GET_OK;
}

static int
do_v4(struct get *g, const char *value)
{
	(void)value;
	g->v4 = true;
	g->v6 = false;
	return GET_OK;
}

static int
do_v6(struct get *g, const char *value)
{
	(void)value;
	g->v6 = true;
	g->v4 = false;
	return GET_OK;
}

#define AT(field) offsetof(struct get, field)
/* In the order in which people read it. One text a row is one pointer for the
 * start of every hale to relocate, not three; the struct has no holes. */
#define ROW(letter, name, kind, at, value, help, take) \
	{ name "\0" value "\0" help, take, at, kind, letter },
static const struct get_opt opts[] = {
	ROW('f', "fail", K_FLAG, AT(fail), "",
	    "a status of 400 or more is exit 22, its body not shown", NULL)
	ROW(0, "fail-with-body", K_FLAG, AT(fail_with_body), "",
	    "the same, with its body", NULL)
	ROW('L', "location", K_FLAG, AT(location), "", "follow redirects", NULL)
	ROW(0, "location-trusted", K_FLAG, AT(location_trusted), "",
	    "the same, and send the login to other hosts too", NULL)
	ROW(0, "max-redirs", K_TAKE, 0, "N",
	    "follow at most N (default 50, -1: no end)", take_redirs)
	ROW(0, "post301", K_FLAG, AT(post301), "",
	    "a POST stays one after a 301", NULL)
	ROW(0, "post302", K_FLAG, AT(post302), "", "after a 302", NULL)
	ROW(0, "post303", K_FLAG, AT(post303), "", "after a 303", NULL)
	ROW('X', "request", K_TEXT, AT(method), "METHOD",
	    "this method instead of GET or POST", NULL)
	ROW('I', "head", K_FLAG, AT(head), "", "ask for the head only", NULL)
	ROW('G', "get", K_FLAG, AT(get), "", "put the data of -d into the URL",
	    NULL)
	ROW('H', "header", K_TAKE, 0, "LINE|@FILE",
	    "send this header; \"Name:\" leaves ours out", take_header)
	ROW('d', "data", K_TAKE, 0, "DATA|@FILE",
	    "POST this; parts are joined by &", take_data)
	ROW(0, "data-ascii", K_TAKE, 0, "DATA", "", take_data)
	ROW(0, "data-raw", K_TAKE, 0, "DATA", "the same, @ means nothing",
	    take_raw)
	ROW(0, "data-binary", K_TAKE, 0, "DATA|@FILE",
	    "the same, the file's line ends kept", take_binary)
	ROW(0, "data-urlencode", K_TAKE, 0, "[NAME]=DATA",
	    "the same, percent-encoded", take_urlencode)
	ROW(0, "json", K_TAKE, 0, "DATA|@FILE", "POST this as JSON", take_json)
	ROW('T', "upload-file", K_TAKE, 0, "FILE",
	    "PUT this file, - for stdin; each goes with one URL", take_upload)
	ROW('u', "user", K_TEXT, AT(user), "USER:PASSWORD",
	    "log in by the basic scheme", NULL)
	ROW(0, "bearer-file", K_TEXT, AT(bearer), "FILE",
	    "log in by the token in this file, read at each request", NULL)
	ROW(0, "oauth2-bearer", K_TAKE, 0, "TOKEN", "", take_bearer)
	ROW('A', "user-agent", K_TEXT, AT(agent), "NAME",
	    "what to call ourselves", NULL)
	ROW('e', "referer", K_TAKE, 0, "URL", "where we come from",
	    take_referer)
	ROW('b', "cookie", K_TAKE, 0, "NAME=VALUE", "send these cookies",
	    take_cookie)
	ROW('r', "range", K_TAKE, 0, "FROM-TO", "only these bytes", take_range)
	ROW(0, "request-target", K_TEXT, AT(target), "PATH",
	    "ask for this instead of the URL's path", NULL)
	ROW(0, "path-as-is", K_FLAG, AT(path_as_is), "",
	    "leave . and .. in the path", NULL)
	ROW('0', "http1.0", K_FLAG, AT(http10), "", "speak HTTP/1.0", NULL)
	ROW('o', "output", K_TAKE, 0, "FILE",
	    "where the body goes; whole or not at all", take_output)
	ROW('O', "remote-name", K_DO, 0, "", "a file named as in the URL",
	    do_remote_name)
	ROW(0, "output-dir", K_TEXT, AT(output_dir), "DIR",
	    "the folder of these", NULL)
	ROW(0, "create-dirs", K_FLAG, AT(create_dirs), "",
	    "make the folders that -o needs", NULL)
	ROW('C', "continue-at", K_TEXT, AT(resume), "N|-",
	    "continue at this byte, or after what the file has", NULL)
	ROW(0, "sha256", K_TEXT, AT(sha256), "HEX",
	    "refuse other content; exit 90, no file", NULL)
	ROW(0, "max-filesize", K_SIZE, AT(max_filesize), "BYTES", "refuse more",
	    NULL)
	ROW('i', "include", K_FLAG, AT(include), "", "print the head too", NULL)
	ROW('D', "dump-header", K_TEXT, AT(dump_header), "FILE",
	    "write the head here, - for stdout", NULL)
	ROW('w', "write-out", K_TEXT, AT(write_out), "FORMAT|@FILE",
	    "print this at the end: %{http_code}, %{time_total} ...", NULL)
	ROW('s', "silent", K_FLAG, AT(silent), "", "no progress, no messages",
	    NULL)
	ROW('S', "show-error", K_FLAG, AT(show_error), "",
	    "messages in spite of -s", NULL)
	ROW('v', "verbose", K_FLAG, AT(verbose), "",
	    "both heads and the connection on stderr", NULL)
	ROW(0, "no-progress-meter", K_FLAG, AT(progress_off), "", "", NULL)
	ROW('m', "max-time", K_TIME, AT(max_time_ms), "SECONDS",
	    "for one try, all in all", NULL)
	ROW(0, "connect-timeout", K_TIME, AT(connect_ms), "SECONDS",
	    "for look-up, connection and handshake", NULL)
	ROW(0, "retry", K_COUNT, AT(retry), "N",
	    "try again N times after time-outs, 408, 429, 50x", NULL)
	ROW(0, "retry-delay", K_TIME, AT(retry_delay_ms), "SECONDS",
	    "wait this long; else 1, 2, 4 ... or Retry-After", NULL)
	ROW(0, "retry-max-time", K_TIME, AT(retry_max_ms), "SECONDS",
	    "no new try after this", NULL)
	ROW(0, "retry-connrefused", K_FLAG, AT(retry_refused), "",
	    "a refused connection too", NULL)
	ROW(0, "retry-all-errors", K_FLAG, AT(retry_all), "", "any error", NULL)
	ROW(0, "fail-early", K_FLAG, AT(fail_early), "",
	    "stop at the first URL that fails", NULL)
	ROW(0, "resolve", K_TAKE, 0, "HOST:PORT:ADDR", "use this address",
	    take_resolve)
	ROW(0, "connect-to", K_TAKE, 0, "H1:P1:H2:P2",
	    "connect to H2:P2 where H1:P1 is asked for", take_connect_to)
	ROW(0, "unix-socket", K_TAKE, 0, "PATH", "connect to this", take_unix)
	ROW(0, "abstract-unix-socket", K_TAKE, 0, "NAME", "connect to this",
	    take_abstract)
	ROW('4', "ipv4", K_DO, 0, "", "IPv4 only", do_v4)
	ROW('6', "ipv6", K_DO, 0, "", "IPv6 only", do_v6)
	ROW('x', "proxy", K_TEXT, AT(proxy), "[http://]HOST[:PORT]",
	    "HTTP proxy; else http_proxy, https_proxy, all_proxy", NULL)
	ROW('U', "proxy-user", K_TEXT, AT(proxy_user), "USER:PASSWORD",
	    "log in at the proxy", NULL)
	ROW('p', "proxytunnel", K_FLAG, AT(proxy_tunnel), "",
	    "CONNECT for http too", NULL)
	ROW(0, "noproxy", K_TEXT, AT(no_proxy), "HOST,...",
	    "no proxy for these; else no_proxy", NULL)
	ROW(0, "proto", K_TEXT, AT(protocols), "=LIST",
	    "these schemes only: =https", NULL)
	ROW(0, "cacert", K_TEXT, AT(cafile), "FILE",
	    "trust the CAs of this PEM file only", NULL)
	ROW('E', "cert", K_TEXT, AT(certfile), "FILE",
	    "our own certificate, PEM", NULL)
	ROW(0, "key", K_TEXT, AT(keyfile), "FILE", "its key", NULL)
	ROW('k', "insecure", K_FLAG, AT(insecure), "",
	    "do NOT verify the server's certificate", NULL)
	ROW(0, "url", K_TAKE, 0, "URL", "one more URL", take_url)
	ROW('h', "help", K_FLAG, AT(help), "", "print this", NULL)

	/* As hale does it anyway. */
	ROW('q', "disable", K_NONE, 0, "", "", NULL)
	ROW('g', "globoff", K_FLAG, AT(globoff), "", "", NULL)
	ROW('N', "no-buffer", K_NONE, 0, "", "", NULL)
	ROW('#', "progress-bar", K_NONE, 0, "", "", NULL)
	ROW('1', "tlsv1", K_NONE, 0, "", "", NULL)
	ROW(0, "tlsv1.0", K_NONE, 0, "", "", NULL)
	ROW(0, "tlsv1.1", K_NONE, 0, "", "", NULL)
	ROW(0, "tlsv1.2", K_NONE, 0, "", "", NULL)
	ROW(0, "http1.1", K_NONE, 0, "", "", NULL)
	ROW(0, "basic", K_NONE, 0, "", "", NULL)
	ROW(0, "tcp-nodelay", K_NONE, 0, "", "", NULL)
	ROW(0, "remove-on-error", K_NONE, 0, "", "", NULL)
	ROW(0, "keepalive", K_NONE, 0, "", "", NULL)
	ROW(0, "keepalive-time", K_NONE_VALUE, 0, "", "", NULL)
	ROW(0, "proto-default", K_NONE_VALUE, 0, "", "", NULL)

	/* What curl does and hale does not is refused, never passed over. */
	ROW(0, "compressed", K_REFUSED, 0, "",
	    "there is no decoder here; servers send plain bytes without it",
	    NULL)
	ROW('F', "form", K_REFUSED, 0, "",
	    "multipart forms are not written here", NULL)
	ROW('K', "config", K_REFUSED, 0, "", "there are no config files here",
	    NULL)
	ROW('n', "netrc", K_REFUSED, 0, "", "use -u, -H @FILE or --bearer-file",
	    NULL)
	ROW('c', "cookie-jar", K_REFUSED, 0, "", "cookies are not kept here",
	    NULL)
	ROW('J', "remote-header-name", K_REFUSED, 0, "",
	    "a server does not name our files; use -o or -O", NULL)
	ROW(':', "next", K_REFUSED, 0, "", "use a second command", NULL)
	ROW('Z', "parallel", K_REFUSED, 0, "", "URLs are fetched in turn", NULL)
	ROW(0, "digest", K_REFUSED, 0, "", "only the basic scheme is spoken",
	    NULL)
	ROW(0, "ntlm", K_REFUSED, 0, "", "only the basic scheme is spoken",
	    NULL)
	ROW(0, "anyauth", K_REFUSED, 0, "", "only the basic scheme is spoken",
	    NULL)
	ROW(0, "http2", K_REFUSED, 0, "", "only HTTP/1.1 is spoken", NULL)
	ROW(0, "http2-prior-knowledge", K_REFUSED, 0, "",
	    "only HTTP/1.1 is spoken", NULL)
	ROW(0, "http3", K_REFUSED, 0, "", "only HTTP/1.1 is spoken", NULL)
	ROW(0, "socks5", K_REFUSED, 0, "", "only HTTP proxies are spoken to",
	    NULL)
	{ .kind = K_END },
};

static const char *
value_of(const struct get_opt *o)
{
	return o->name + strlen(o->name) + 1;
}

static const char *
help_of(const struct get_opt *o)
{
	return value_of(o) + strlen(value_of(o)) + 1;
}

static const struct get_opt *
find_long(const char *name)
{
	for (const struct get_opt *o = opts; o->kind != K_END; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static const struct get_opt *
find_letter(char letter)
{
	for (const struct get_opt *o = opts; o->kind != K_END; o++)
		if (o->letter != 0 && o->letter == letter)
			return o;
	return NULL;
}

static bool
takes_value(const struct get_opt *o)
{
	return o->kind == K_TEXT || o->kind == K_COUNT || o->kind == K_SIZE
	    || o->kind == K_TIME || o->kind == K_TAKE
	    || o->kind == K_NONE_VALUE;
}

static int
needs_value(const char *name)
{
	log_error("get: option %s: requires parameter", name);
	return GET_USAGE;
}

/* Takes an option that has no value. */
static int
set_flag(struct get *g, const struct get_opt *o, const char *name, bool on)
{
	if (o->kind == K_REFUSED) {
		log_error("get: %s: %s", name, help_of(o));
		return GET_USAGE;
	}
	if (o->kind == K_FLAG)
		*(bool *)((char *)g + o->at) = on;
	return o->kind == K_DO ? o->take(g, "") : GET_OK;
}

static int
set_value(struct get *g, const struct get_opt *o, const char *name,
          const char *value)
{
	void *field = (char *)g + o->at;
	int r = 0;

	if (o->kind == K_TAKE)
		return o->take(g, value);
	if (o->kind == K_TEXT)
		*(const char **)field = value;
	else if (o->kind == K_COUNT)
		r = set_count(field, value);
	else if (o->kind == K_SIZE)
		r = set_size(field, value);
	else if (o->kind == K_TIME)
		r = set_time(field, value);
	return r == 0 ? GET_OK
	              : refuse_value(name, value, "expected a number");
}

/* Takes one option; `name` is how it was written. */
static int
set(struct get *g, const struct get_opt *o, const char *name,
    const char *value, bool on)
{
	if (!takes_value(o))
		return set_flag(g, o, name, on);
	return value == NULL ? needs_value(name)
	                     : set_value(g, o, name, value);
}

/* The option whose long name is nearly this, or NULL. */
static const struct get_opt *
find_near(struct span name)
{
	const struct get_opt *best = NULL;
	unsigned edits = EDITS_TOO_MANY;

	for (const struct get_opt *o = opts; o->kind != K_END; o++) {
		unsigned n = edits_between(name, span_of(o->name));

		if (n < edits && n <= name.len / 2 && o->kind != K_REFUSED) {
			edits = n;
			best = o;
		}
	}
	return best;
}

static int
unknown(const char *name)
{
	/* Without its value: see -H. */
	struct span shown = { name, strcspn(name, "=") };
	const struct get_opt *near = NULL;

	if (span_has_prefix(shown, "--"))
		near = find_near(span_after(shown, 2));
	if (near != NULL && span_is(span_after(shown, 2), near->name))
		log_error("get: option %.*s: is unknown with \"=\"; a value is "
		          "the next word", (int)shown.len, name);
	else if (near != NULL)
		log_error("get: option %.*s: is unknown; did you mean --%s?",
		          (int)shown.len, name, near->name);
	else
		log_error("get: option %.*s: is unknown (see: hale help get)",
		          (int)shown.len, name);
	return GET_USAGE;
}

/* "--name", "--no-name", "--name" "value". */
static int
read_long(struct get *g, const char *word, const char *next, int *used)
{
	bool on = strncmp(word, "--no-", 5) != 0;
	const struct get_opt *o = find_long(word + 2);

	if (o == NULL && !on) {
		o = find_long(word + 5);
		if (o != NULL && o->kind != K_FLAG && o->kind != K_NONE)
			o = NULL;
	} else {
		on = true;
	}
	if (o == NULL)
		return unknown(word);
	if (!takes_value(o))
		return set(g, o, word, NULL, on);
	*used = 1;
	return set(g, o, word, next, true);
}

/* "-s", "-fsSL", "-ofile", "-o" "file". */
static int
read_letters(struct get *g, const char *word, const char *next, int *used)
{
	for (const char *c = word + 1; *c != '\0'; c++) {
		const struct get_opt *o = find_letter(*c);
		const char name[] = { '-', *c, '\0' };
		const char *value = c[1] != '\0' ? c + 1 : next;
		int r;

		if (o == NULL)
			return unknown(name);
		if (!takes_value(o)) {
			r = set(g, o, name, NULL, true);
			if (r != GET_OK)
				return r;
			continue;
		}
		*used = value == next;
		return set(g, o, name, value, true);
	}
	return GET_OK;
}

static int
read_words(struct get *g, int argc, char **argv)
{
	bool only_urls = false;

	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		int used = 0, r;

		if (only_urls || word[0] != '-')
			r = take_url(g, word);
		else if (strcmp(word, "--") == 0) {
			only_urls = true;
			r = GET_OK;
		} else if (word[1] == '-')
			r = read_long(g, word, next, &used);
		else
			r = read_letters(g, word, next, &used);
		if (r != GET_OK)
			return r;
		i += used;
	}
	return GET_OK;
}

/* -G's data becomes a part of the URL, whose rules hold then. */
static bool
fits_url(struct span data)
{
	for (size_t i = 0; i < data.len; i++)
		if ((unsigned char)data.p[i] <= ' ' || data.p[i] == 0x7f)
			return false;
	return true;
}

static bool
has_control(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* What goes into the request as it is must not end its line. */
static int
refuse_controls(const struct get *g)
{
	const struct {
		const char *name, *value;
	} words[] = {
		{ "-X", g->method }, { "-A", g->agent }, { "-e", g->referer },
		{ "-b", g->cookie }, { "-r", g->range },
		{ "--request-target", g->target },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (has_control(words[i].value)) {
			log_error("get: %s has a control character",
			          words[i].name);
			return GET_USAGE;
		}
	return GET_OK;
}

/* What does not go together. */
static int
refuse_pairs(const struct get *g)
{
	bool sends = (g->data.is_set && !g->get) || g->uploads.n > 0;
	const struct {
		bool        both;
		const char *words;
	} pairs[] = {
		{ g->fail && g->fail_with_body, "-f and --fail-with-body" },
		{ g->resume && g->range, "-C and -r" },
		{ g->resume && g->sha256, "-C and --sha256" },
		{ g->resume && sends, "-C and -d or -T" },
		{ g->range && sends, "-r and -d or -T" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (pairs[i].both) {
			log_error("get: %s exclude each other", pairs[i].words);
			return GET_USAGE;
		}
	return GET_OK;
}

/* What single options cannot see. */
static int
settle(struct get *g)
{
	if (g->help)
		return GET_OK;
	if (refuse_controls(g) != GET_OK)
		return GET_USAGE;
	if (g->get && !fits_url((struct span){ g->data.p, g->data.len })) {
		log_error("get: -G: the data is no part of a URL; use "
		          "--data-urlencode");
		return GET_URL;
	}
	if (g->urls.n == 0) {
		log_error("get: no URL specified (see: hale help get)");
		return GET_USAGE;
	}
	if ((g->data.is_set && !g->get) + g->head + (g->uploads.n > 0) > 1) {
		log_error("get: You can only select one HTTP request method: "
		          "of -d, -I and -T");
		return GET_USAGE;
	}
	if (g->sha256 != NULL
	 && (strlen(g->sha256) != 64
	  || strspn(g->sha256, "0123456789abcdefABCDEF") != 64))
		return refuse_value("--sha256", g->sha256,
		                    "expected 64 hex digits");
	return refuse_pairs(g);
}

/* see get/get.h */
int
get_parse(struct get *g, int argc, char **argv)
{
	size_t n = (size_t)argc;
	int r;

	g->urls.at = calloc(n, sizeof *g->urls.at);
	g->uploads.at = calloc(n, sizeof *g->uploads.at);
	g->resolve.at = calloc(n, sizeof *g->resolve.at);
	g->connect_to.at = calloc(n, sizeof *g->connect_to.at);
	g->owned = calloc(2 * n, sizeof *g->owned);	/* -b joins twice */
	/* "-OOO" is three outputs in one word. */
	for (int i = 1; i < argc; i++)
		n += strlen(argv[i]);
	g->outputs = calloc(n, sizeof *g->outputs);
	g->max_redirs = REDIRS;
	if (g->urls.at == NULL || g->uploads.at == NULL
	 || g->resolve.at == NULL
	 || g->connect_to.at == NULL || g->outputs == NULL
	 || g->owned == NULL) {
		log_error("get: %s", err_text(-ENOMEM));
		return GET_MEMORY;
	}
	r = read_words(g, argc, argv);
	return r != GET_OK ? r : settle(g);
}

/* see get/get.h */
void
get_free(struct get *g)
{
	free(g->urls.at);
	free(g->uploads.at);
	free(g->resolve.at);
	free(g->connect_to.at);
	free(g->outputs);
	free(g->headers);
	while (g->n_owned > 0)
		free(g->owned[--g->n_owned]);
	free(g->owned);
	free(g->data.p);
}

/* see get/get.h */
void
get_write_help(struct buf *b)
{
	for (const struct get_opt *o = opts; o->kind != K_END; o++) {
		size_t start = b->len;

		if (*help_of(o) == '\0' || o->kind == K_REFUSED)
			continue;
		if (o->letter != 0)
			buf_fmt(b, "  -%c, --%s", o->letter, o->name);
		else
			buf_fmt(b, "      --%s", o->name);
		if (*value_of(o) != '\0')
			buf_fmt(b, " %s", value_of(o));
		if (b->len - start > HELP_COLUMN - 2) {
			buf_str(b, "\n");
			start = b->len;
		}
		while (b->len - start < HELP_COLUMN && !b->cut)
			buf_str(b, " ");
		buf_fmt(b, "%s\n", help_of(o));
	}
}
