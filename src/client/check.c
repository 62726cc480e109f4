/* SPDX-License-Identifier: MIT */
/* client/check.c - one health check of a URL */
#include "client/check.h"

#include <errno.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/parse.h"
#include "base/percent.h"
#include "client/exchange.h"
#include "client/program.h"
#include "client/request.h"
#include "client/url.h"

#define HOST_MAX    256		/* bytes of a decoded host or socket path */
#define IN_MAX      ((size_t)65536)	/* bytes of an answer's head, as in get */
#define WINDOW_MAX  ((size_t)16384)	/* bytes of body searched at a time */
#define CONTAINS_MAX 8191	/* bytes of what is searched; half of these */
#define REQUEST_MAX 8192	/* bytes of a request */
#define SHOW_MAX    120		/* bytes of a bad answer's body that are shown .. */
#define SHOW_WAIT_MS 250	/* .. if they come within so long behind its head */
#define STRANGER_MAX 60		/* bytes of what is not HTTP that are shown */
#define STATUS_MAX  599		/* RFC 9110, 15 */
#define STATUS_OK_FIRST 200	/* what the kubelet takes for success */
#define STATUS_OK_LAST  399

enum kind { KIND_HTTP, KIND_HTTP_UNIX, KIND_TCP, KIND_UNIX, KIND_EXEC };

struct target {
	enum kind   kind;
	struct url  url;	/* KIND_HTTP, KIND_HTTP_UNIX, KIND_TCP */
	bool        is_first;	/* url is still at the origin that was given */
	struct span rest;	/* KIND_UNIX: the path; KIND_EXEC: the words */
	char        host[HOST_MAX];	/* decoded; KIND_HTTP_UNIX: the socket */
	const char *expected;	/* what it should be, where its kind does not say */
};

/* "http+unix://%2Frun%2Fsock/PATH" or "http+unix:/run/sock:/PATH". */
static int
read_http_unix(struct target *t, struct span rest)
{
	struct buf host = buf_over(t->host, sizeof t->host);
	struct span socket;
	int r = 0;

	if (span_has_prefix(rest, "//")) {
		rest = span_after(rest, 2);
		socket = (struct span){ rest.p, 0 };
		while (socket.len < rest.len && rest.p[socket.len] != '/'
		    && rest.p[socket.len] != '?')
			socket.len++;
		rest = span_after(rest, socket.len);
		r = percent_decode(&host, socket);
	} else {
		socket = span_cut(&rest, ':');
		buf_add(&host, socket);
	}
	(void)buf_text(&host);
	if (r < 0 || host.cut || (t->host[0] != '/' && t->host[0] != '@')
	 || !dial_is_unix(buf_span(&host)))
		return ERR_PARSE;
	r = url_read(&t->url, span_of("http://localhost"));
	t->url.path = rest;
	if (rest.len > 0 && rest.p[0] != '/' && rest.p[0] != '?')
		return ERR_PARSE;
	for (size_t i = 0; i < rest.len; i++)
		if ((unsigned char)rest.p[i] <= ' ' || rest.p[i] == 0x7f)
			return ERR_PARSE;
	return r;
}

static int
read_host(struct target *t, struct span text)
{
	struct buf host = buf_over(t->host, sizeof t->host);
	int r = url_read(&t->url, text);

	if (r == 0)
		r = percent_decode(&host, t->url.host);
	(void)buf_text(&host);
	return r == 0 && host.cut ? ERR_TOOBIG : r;
}

/* "8080" is a port whose host was forgotten; resolvers take it for 0.0.31.144. */
static bool
is_number(const char *host)
{
	return host[strspn(host, "0123456789")] == '\0';
}

/* What is wrong with one of these is named, once its kind is clear. */
static int
read_http(struct target *t, struct span url, const char **expected)
{
	int r = read_host(t, url);

	if (r == ERR_PARSE)
		*expected = url_expected(url);
	else if (r == ERR_TOOBIG)
		*expected = "a host of at most 255 bytes";
	if (r == 0 && !t->url.has_scheme && is_number(t->host)) {
		*expected = "a URL such as http://localhost:8080/, not a number "
		            "alone";
		return ERR_PARSE;
	}
	return r;
}

static int
read_tcp(struct target *t, struct span rest)
{
	int r;

	if (span_has_prefix(rest, "//"))
		rest = span_after(rest, 2);
	r = read_host(t, rest);
	if (r == ERR_PARSE && rest.len > 0)
		t->expected = url_expected(rest);
	if (r == 0 && (t->url.has_scheme || !t->url.has_port
	            || t->url.user.p != NULL
	            || (t->url.path.len > 0 && !span_is(t->url.path, "/"))))
		return ERR_PARSE;
	return r == ERR_SCHEME ? ERR_PARSE : r;
}

static int
read_unix(struct target *t, struct span path)
{
	if (span_has_prefix(path, "///"))	/* unix:///run/sock */
		path = span_after(path, 2);
	t->rest = path;
	if (path.len < 2 || (path.p[0] != '/' && path.p[0] != '@')
	 || memchr(path.p, '\0', path.len) != NULL)
		return ERR_PARSE;
	return dial_is_unix(path) ? 0 : ERR_TOOBIG;
}

static bool
is_for_a_shell(const char *word)
{
	return strcmp(word, "||") == 0 || strcmp(word, "&&") == 0
	    || strcmp(word, "|") == 0;
}

static int
read_exec(struct target *t, struct span words)
{
	struct program p;
	int r = program_split(&p, words);

	t->rest = words;
	if (r == ERR_QUOTE)
		t->expected = "exec:PROGRAM [ARG...] with a closing quote, and a "
		              "byte after each \\";
	for (size_t i = 0; r == 0 && p.argv[i] != NULL; i++)
		if (is_for_a_shell(p.argv[i])) {
			t->expected = "one program: no shell reads ||, && and |";
			r = ERR_QUOTE;
		}
	return r == ERR_QUOTE ? ERR_PARSE : r;
}

static const struct {
	const char *prefix;
	enum kind   kind;
	int       (*read)(struct target *t, struct span rest);
	const char *expected;
} kinds[] = {
	{ "tcp:", KIND_TCP, read_tcp, "tcp://HOST:PORT" },
	{ "unix:", KIND_UNIX, read_unix, "unix:/PATH or unix:@NAME" },
	{ "http+unix:", KIND_HTTP_UNIX, read_http_unix,
	  "http+unix://%2Frun%2Fsock/PATH or http+unix:/run/sock:/PATH" },
	{ "exec:", KIND_EXEC, read_exec,
	  "exec:PROGRAM and at most 31 arguments" },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static int
read_target(struct target *t, struct span url, const char **expected)
{
	int r;

	t->host[0] = '\0';
	t->expected = NULL;
	*expected = "a URL of at most " BUF_DIGITS(CHECK_URL_MAX) " bytes";
	if (url.len > CHECK_URL_MAX)
		return ERR_TOOBIG;
	for (size_t i = 0; i < KINDS; i++)
		if (span_has_prefix(url, kinds[i].prefix)) {
			t->kind = kinds[i].kind;
			r = kinds[i].read(t, span_after(url,
			                strlen(kinds[i].prefix)));
			*expected = t->expected != NULL ? t->expected
			                                : kinds[i].expected;
			return r;
		}
	t->kind = KIND_HTTP;
	*expected = "http://, https://, http+unix:, tcp:, unix: or exec:";
	return read_http(t, url, expected);
}

/* see client/check.h */
int
check_verify(struct span url, const char **expected)
{
	struct target t;

	return read_target(&t, url, expected);
}

/* see client/check.h */
int
check_add_status(struct check_conf *conf, struct span text)
{
	while (text.len > 0) {
		struct span last = span_cut(&text, ',');
		struct span first = span_cut(&last, '-');
		uint64_t a, b;
		int r = parse_uint_span(first, STATUS_MAX, &a);

		if (r < 0)
			return r;
		b = a;
		if (last.len > 0 || last.p != first.p + first.len)
			r = parse_uint_span(last, STATUS_MAX, &b);
		if (r < 0)
			return r;
		if (a < 100 || b < a)
			return ERR_RANGE;
		if (conf->n_status == CHECK_RANGES_MAX)
			return ERR_FULL;
		conf->status[conf->n_status++]
			= (struct check_range){ (int)a, (int)b };
	}
	return conf->n_status > 0 ? 0 : ERR_PARSE;
}

/* see client/check.h */
int
check_add_header(struct check_conf *conf, struct span line)
{
	struct request_lines lines = { conf->headers, conf->n_headers + 1 };
	int r = request_verify_line(line);

	if (r < 0)
		return r;
	if (conf->n_headers == CHECK_HEADERS_MAX)
		return ERR_FULL;
	conf->headers[conf->n_headers] = line;
	if (request_contradiction(&lines, false, 0) != NULL)
		return ERR_PARSE;
	conf->n_headers++;
	return 0;
}

static bool
is_good(const struct check_conf *conf, int status)
{
	for (size_t i = 0; i < conf->n_status; i++)
		if (status >= conf->status[i].first
		 && status <= conf->status[i].last)
			return true;
	return conf->n_status == 0 && status >= STATUS_OK_FIRST
	    && status <= STATUS_OK_LAST;
}

static int
write_request(struct buf *b, const struct check_conf *conf,
              const struct url *u, bool is_first)
{
	/* The user's lines may log in by any name, and a Host may be the name of
	 * what listens there: they are for the origin that was named only, not
	 * for another port or an unprotected connection. */
	const struct request_lines lines = {
		conf->headers, is_first ? conf->n_headers : 0,
	};
	const char *agent = conf->user_agent;
	char text[HOST_MAX * 2];
	struct buf value = buf_over(text, sizeof text);
	int r = 0;

	buf_str(b, conf->method != NULL ? conf->method : "GET");
	buf_str(b, " ");
	url_write_target(b, u, true);
	buf_str(b, " HTTP/1.1\r\n");
	url_write_host(&value, u);
	request_add(b, &lines, "Host", buf_span(&value));
	request_add(b, &lines, "User-Agent",
	            span_of(agent != NULL ? agent : "hale-check"));
	request_add(b, &lines, "Accept", span_of("*/*"));
	request_add(b, &lines, "Connection", span_of("close"));
	if (u->user.p != NULL && !request_has(&lines, "Authorization")) {
		value.len = 0;
		r = url_write_login(&value, u);
		buf_str(b, "Authorization: ");
		request_write_basic(b, buf_span(&value));
		buf_str(b, "\r\n");
	}
	request_add_lines(b, &lines);
	buf_str(b, "\r\n");
	return r < 0 || b->cut || value.cut ? ERR_TOOBIG : 0;
}

/* Looks for `contains` in the body as it comes, and no further. */
static int
search_body(struct exchange *c, const char *text)
{
	const size_t want = strlen(text);
	struct span piece, all;
	char window[WINDOW_MAX];
	size_t seen = 0, kept = 0, n;
	int r = 0;

	if (want > CONTAINS_MAX)
		return ERR_RANGE;
	while (seen < CHECK_BODY_MAX
	    && (r = exchange_read_body(c, &piece)) > 0) {
		seen += piece.len;
		while (piece.len > 0) {
			n = sizeof window - kept;
			if (n > piece.len)
				n = piece.len;
			memcpy(window + kept, piece.p, n);
			piece = span_after(piece, n);
			all = (struct span){ window, kept + n };
			if (memmem(all.p, all.len, text, want) != NULL)
				return 0;
			kept = all.len < want ? all.len : want - 1;
			memmove(window, all.p + all.len - kept, kept);
		}
	}
	if (seen >= CHECK_BODY_MAX)
		return ERR_FULL;
	if (r < 0)
		return r;
	return want == 0 ? 0 : ERR_UNHEALTHY;
}

/* Fills b with the start of the body, until it has a line, or time is up. */
static void
read_line(struct exchange *c, struct buf *b)
{
	int64_t until_ms = clock_after(clock_ms(), SHOW_WAIT_MS);
	struct span piece;

	if (until_ms < c->deadline_ms)
		c->deadline_ms = until_ms;
	while (!b->cut && !span_has(buf_span(b), '\n')
	    && (b->len == 0 || b->p[0] != '<')
	    && exchange_read_body(c, &piece) > 0)
		buf_add(b, piece);
}

/* The first line of a bad answer's body. It may come in a segment of its own, and
 * without it nobody knows the reason. */
static void
show_body(struct exchange *c, struct buf *why)
{
	char text[SHOW_MAX];
	struct buf b = buf_over(text, sizeof text);
	struct span line;

	read_line(c, &b);
	line = buf_span(&b);
	line = span_trim(span_cut(&line, '\n'), "\r");
	if (line.len > 0 && line.p[0] != '<')	/* a page tells little */
		buf_fmt(why, ": %.*s", (int)line.len, line.p);
}

/* What --status asks for, which "200 OK" alone does not tell. */
static void
tell_wanted(const struct check_conf *conf, struct buf *why)
{
	for (size_t i = 0; i < conf->n_status; i++) {
		const struct check_range *r = &conf->status[i];

		buf_fmt(why, "%s%d", i == 0 ? " (expected " : ",", r->first);
		if (r->last != r->first)
			buf_fmt(why, "-%d", r->last);
	}
	buf_str(why, ")");
}

static int
judge(struct exchange *c, const struct check_conf *conf, struct buf *why)
{
	bool good = is_good(conf, c->reply.status);
	int r;

	buf_int(why, c->reply.status);
	buf_fmt(why, "%s%.*s", c->reply.reason.len > 0 ? " " : "",
	        (int)c->reply.reason.len, c->reply.reason.p);
	if (!good && conf->n_status > 0)
		tell_wanted(conf, why);
	if (!good && c->reply.status == 101)
		buf_str(why, ": expected an answer in HTTP");
	else if (!good)
		show_body(c, why);
	if (!good)
		return ERR_UNHEALTHY;
	if (conf->contains == NULL)
		return 0;
	r = search_body(c, conf->contains);
	if (r == ERR_UNHEALTHY)
		buf_fmt(why, ", but the body does not contain \"%s\"",
		        conf->contains);
	else if (r == ERR_RANGE)
		buf_str(why, ", but --contains has more than "
		        BUF_DIGITS(CONTAINS_MAX) " bytes");
	else if (r == ERR_FULL)
		buf_fmt(why, ", but the first %lu KiB of the body do not "
		        "contain \"%s\"", (unsigned long)CHECK_BODY_MAX / 1024,
		        conf->contains);
	else if (r < 0) {
		buf_str(why, ", but the body: ");
		exchange_text(c, r, why);
	} else {
		buf_fmt(why, ", contains \"%s\"", conf->contains);
	}
	return r;
}

static int
family_of(const struct check_conf *conf)
{
	if (conf->v4 == conf->v6)
		return AF_UNSPEC;
	return conf->v4 ? AF_INET : AF_INET6;
}

/* "db: " before the address that was tried for it, "10.0.0.5 port 5432". */
static void
tell_name(const char *host, const struct dial_addr *at, struct buf *why)
{
	char text[HOST_MAX];
	struct buf b = buf_over(text, sizeof text);

	(void)dial_write_host(&b, at);
	if (!span_is(buf_span(&b), host))
		buf_fmt(why, "%s: ", host);
}

/* One request. Returns 0 where c->reply is the answer. */
static int
ask(struct exchange *c, const struct check_conf *conf, const struct target *t,
    char *in, int64_t deadline_ms)
{
	const struct tls_conf tls = {
		.host = t->host,
		.cafile = conf->cafile,
		.certfile = conf->certfile,
		.keyfile = conf->keyfile,
		.insecure = conf->insecure,
		.session = conf->session,
	};
	struct exchange_to to = {
		.host = span_of(t->host),
		.port = t->url.port,
		.family = family_of(conf),
		.tls = t->url.is_https ? &tls : NULL,
	};
	char request[REQUEST_MAX];
	struct buf b = buf_over(request, sizeof request);
	struct dial_set socket;
	size_t sent;
	int r;

	if (t->kind == KIND_HTTP_UNIX) {
		r = dial_set_unix(&socket, to.host);
		to.at = &socket;
		if (r < 0)
			return r;
	}
	r = exchange_open(c, &to, in, IN_MAX, deadline_ms);
	if (r < 0)
		return r;
	c->is_head = conf->method != NULL && strcmp(conf->method, "HEAD") == 0;
	r = write_request(&b, conf, &t->url,
	                  t->is_first);
	if (r == 0)
		r = exchange_send(c, buf_span(&b), &sent);
	do
		r = r < 0 ? r : exchange_read_head(c);
	while (r == 0 && exchange_is_interim(c));
	return r;
}

/*
 * Where the answer sends us on the same host, *t moves there (its text goes
 * to text) and true is returned. Another host's answer is not ours to judge.
 */
static bool
is_sent_on(const struct exchange *c, const struct check_conf *conf,
           struct target *t, char *text, size_t cap)
{
	struct span location = reply_field(&c->reply, "Location");
	struct buf b = buf_over(text, cap);
	struct url to;

	switch (c->reply.status) {
	case 301: case 302: case 303: case 307: case 308:
		break;
	default:
		return false;
	}
	if (location.len == 0
	 || (conf->n_status > 0 && is_good(conf, c->reply.status)))
		return false;
	url_resolve(&b, &t->url, location);
	if (b.cut || url_read(&to, buf_span(&b)) < 0 || !to.has_scheme
	 || !url_is_same_host(&to, &t->url)
	 || (t->kind == KIND_HTTP_UNIX && to.is_https))
		return false;
	if (url_is_same_origin(&to, &t->url)) {
		to.user = t->url.user;
		to.password = t->url.password;
	} else {
		t->is_first = false;	/* for good: who is asked next may send us
					 * back to a path of its choice */
	}
	t->url = to;
	return true;
}

/* Until the request is out it is we who need something of the machine. No peer
 * can cause these errors: a full backlog is ERR_TIMEOUT. */
static bool
is_not_run(const struct exchange *c, int err)
{
	if (c->step == EXCHANGE_TLS)	/* its memory; EAGAIN is the peer's */
		return err_is_shortage(err) && err != -EAGAIN;
	return err_is_shortage(err)
	    && (c->step == EXCHANGE_LOOKUP || c->step == EXCHANGE_CONNECT);
}

/* Bytes of a SETTINGS frame (RFC 9113, 4.1): two zeros of its length, one that is
 * not looked at, its type, no flags, stream 0. */
static bool
is_h2(struct span got)
{
	static const char rest[] = "\4\0\0\0\0";

	return got.len > 8 && got.p[0] == 0 && got.p[1] == 0
	    && memcmp(got.p + 3, rest, sizeof rest - 1) == 0;
}

/* What speaks no HTTP, told by its first bytes. Returns false where that is HTTP
 * in another form. */
static bool
tell_stranger(struct span got, struct buf *why)
{
	static const struct { char start[4], name[12]; } known[] = {
		{ "SSH", "SSH" }, { "220", "SMTP or FTP" },
		{ "PRI", "HTTP/2" },
	};
	const char *name = "";
	struct span line = got;

	if (is_h2(got)) {
		buf_str(why, "HTTP/2");
		return false;
	}
	/* An alert or a handshake of any version (RFC 8446, 5.1). */
	if (got.len > 1 && (got.p[0] == 0x15 || got.p[0] == 0x16)
	 && got.p[1] == 3) {
		buf_str(why, "TLS: use https://");
		return false;
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (span_has_prefix(got, known[i].start))
			name = known[i].name;
	line = span_trim(span_cut(&line, '\n'), "\r");
	if (line.len > STRANGER_MAX)
		line.len = STRANGER_MAX;
	buf_fmt(why, "%s%s\"%.*s\"", name, *name != '\0' ? ": " : "",
	        (int)line.len, line.p);
	return true;
}

static bool
tell_version(const struct exchange *c, struct buf *why)
{
	struct span got = exchange_unread(c), version = reply_version(got);

	buf_str(why, "expected HTTP/1.0 or HTTP/1.1, got ");
	if (version.len == 0)
		return tell_stranger(got, why);
	buf_fmt(why, "HTTP/%.*s", (int)version.len, version.p);
	return false;
}

/* A host and a port, of which HTTP was guessed, may be those of a database. */
static void
hint_tcp(const struct target *t, struct buf *why)
{
	const char *open = t->url.is_v6 ? "[" : "";
	const char *close = t->url.is_v6 ? "]" : "";

	if (!t->url.has_scheme && t->url.has_port)
		buf_fmt(why, "; is tcp:%s%s%s:%u meant?", open, t->host, close,
		        t->url.port);
}

/* Why there is no answer. */
static void
tell_failure(const struct exchange *c, const struct target *t, int err,
             struct buf *why)
{
	if (c->step == EXCHANGE_LOOKUP) {
		exchange_text(c, err, why);
		return;
	}
	if (c->step == EXCHANGE_CONNECT && c->peer.len > 0
	 && err != ERR_TOOBIG)
		tell_name(t->host, &c->peer, why);
	if (c->step == EXCHANGE_HEAD && err == ERR_VERSION) {
		if (tell_version(c, why))
			hint_tcp(t, why);
		return;
	}
	if (c->step < EXCHANGE_SEND && err == ERR_TOOBIG) {
		buf_str(why, "the request is longer than "
		        BUF_DIGITS(REQUEST_MAX) " bytes");
		return;
	}
	if (c->step > EXCHANGE_CONNECT && !t->url.is_https && c->peer.len > 0
	 && (err == ERR_TIMEOUT || err == ERR_EMPTY || err == -ECONNRESET)) {
		tell_name(t->host, &c->peer, why);
		dial_write(why, &c->peer);
		buf_str(why, ": ");
	}
	exchange_text(c, err, why);
	if (c->step != EXCHANGE_HEAD || err == ERR_PARSE || err == ERR_TOOBIG)
		return;
	if (t->url.has_scheme && !t->url.is_https && err != ERR_TIMEOUT
	 && t->kind == KIND_HTTP)
		buf_str(why, "; is https:// meant?");
	hint_tcp(t, why);	/* nothing came of it */
}

static int
check_http(const struct check_conf *conf, struct target *t,
           int64_t deadline_ms, struct buf *why)
{
	char in[IN_MAX];
	char text[2][CHECK_URL_MAX];	/* the URL that was, the one to be */
	struct exchange c = { .fd = -1 };	/* ask() may not come to open it */
	int r;

	t->is_first = true;
	for (int hops = 0;; hops++) {
		r = ask(&c, conf, t, in, deadline_ms);
		if (r == 0 && is_sent_on(&c, conf, t, text[hops % 2],
		                         sizeof text[0])) {
			exchange_close(&c);
			if (hops < CHECK_REDIRECTS_MAX)
				continue;
			buf_fmt(why, "more than %d redirects",
			        CHECK_REDIRECTS_MAX);
			return ERR_REDIRECTS;
		}
		if (r == 0)
			r = judge(&c, conf, why);
		else
			tell_failure(&c, t, r, why);
		if (is_not_run(&c, r))
			r = ERR_NOT_RUN;
		exchange_close(&c);
		return r;
	}
}

static int
look_up(const struct check_conf *conf, const struct target *t,
        struct dial_set *set, int64_t deadline_ms, struct buf *why)
{
	size_t before = why->len;
	int r;

	buf_fmt(why, "%s: ", t->host);
	r = resolve_host(set, span_of(t->host), t->url.port, family_of(conf),
	                deadline_ms, why);
	if (r == 0)
		why->len = before;
	return r;
}

/* Somebody accepts: with a connection that ends at once. */
static int
check_connect(const struct check_conf *conf, const struct target *t,
              int64_t deadline_ms, struct buf *why)
{
	struct dial_set set;
	struct dial_addr at;
	size_t which = 0;
	int r;

	r = t->kind == KIND_UNIX ? dial_set_unix(&set, t->rest)
	                         : look_up(conf, t, &set, deadline_ms, why);
	if (r < 0) {
		dial_end(&set);
		return err_is_shortage(r) ? ERR_NOT_RUN : r;
	}
	r = dial_connect(&set, deadline_ms, &which);
	dial_addr_at(&at, &set, which);
	dial_end(&set);
	if (r >= 0)
		buf_str(why, "connected to ");
	else if (t->kind == KIND_TCP)
		tell_name(t->host, &at, why);
	dial_write(why, &at);
	if (r < 0) {
		buf_fmt(why, ": %s", err_text(r));
		return err_is_shortage(r) ? ERR_NOT_RUN : r;
	}
	close(r);
	return 0;
}

static int
check_exec(const struct check_conf *conf, const struct target *t,
           int64_t deadline_ms, struct buf *why)
{
	struct program p;
	int r = program_split(&p, t->rest);

	p.explain = conf->explain;
	return r < 0 ? r : program_run(&p, deadline_ms, why);
}

static int
check_raw(const struct check_conf *conf, struct span url,
          int64_t deadline_ms, struct buf *why)
{
	const char *expected;
	struct target t;
	int r = read_target(&t, url, &expected);

	if (r < 0) {
		buf_fmt(why, "expected %s", expected);
		return r;
	}
	switch (t.kind) {
	case KIND_HTTP:
	case KIND_HTTP_UNIX:
		return check_http(conf, &t, deadline_ms, why);
	case KIND_TCP:
	case KIND_UNIX:
		return check_connect(conf, &t, deadline_ms, why);
	case KIND_EXEC:
		return check_exec(conf, &t, deadline_ms, why);
	}
	return ERR_SCHEME;
}

/* see client/check.h */
int
check_url(const struct check_conf *conf, struct span url,
          int64_t deadline_ms, struct buf *why)
{
	char text[CHECK_WHY_MAX];
	struct buf raw = buf_over(text, sizeof text);
	int r = check_raw(conf, url, deadline_ms, &raw);

	/* A peer's words, a program's, a name's, or the command line's. */
	buf_plain(why, buf_span(&raw));
	why->cut |= raw.cut;
	return r;
}
