/* SPDX-License-Identifier: MIT */
/* client/target.c - what a check is pointed at, read once */
#include "client/target.h"

#include "base/err.h"
#include "base/percent.h"

/* What reads one kind's text behind its prefix. *expected is what the kind's
 * own row says, until something more exact is known. */
typedef int read_kind(struct target *t, struct span rest, struct buf *memory,
                      const char **expected);

static bool
has_any(struct span s, const char *marks)
{
	return span_find(s, marks) < s.len;
}

/* Ends what was appended since `from` and makes it the host. */
static int
end_host(struct target *t, struct buf *memory, size_t from, size_t max)
{
	size_t len = memory->len - from;

	buf_byte(memory, 0);
	t->host = memory->p + from;
	return memory->cut || len > max ? ERR_TOOBIG : 0;
}

/* The same for a socket: "/PATH" or "@NAME". */
static int
end_socket(struct target *t, struct buf *memory, size_t from)
{
	struct span path = { memory->p + from, memory->len - from };

	if (path.len < 2 || (path.p[0] != '/' && path.p[0] != '@')
	 || memchr(path.p, '\0', path.len) != NULL)
		return ERR_PARSE;
	return end_host(t, memory, from, TARGET_SOCKET_MAX);
}

/* The URL's parts, and its host decoded. What is wrong with it is named: its
 * kind is clear, unless there is nothing at all. */
static int
read_url(struct target *t, struct span text, struct buf *memory,
         const char **expected)
{
	const size_t from = memory->len;
	char decoded[TARGET_LOGIN_MAX];
	struct buf login = buf_over(decoded, sizeof decoded);
	int r = url_read(&t->url, text);

	if (r == ERR_PARSE && text.len > 0)
		*expected = url_expected(text);
	if (r < 0)
		return r;
	if (percent_decode(memory, t->url.host) < 0
	 || url_write_login(&login, &t->url) < 0) {
		*expected = "no control byte in it";
		return ERR_PARSE;
	}
	if (login.cut) {
		*expected = "a login of at most " BUF_DIGITS(TARGET_LOGIN_MAX)
		            " bytes";
		return ERR_PARSE;
	}
	return end_host(t, memory, from, TARGET_HOST_MAX);
}

/* "8080" is a port without its host; resolvers take it for 0.0.31.144. */
static bool
is_number(const char *host)
{
	return host[strspn(host, "0123456789")] == '\0';
}

static int
read_http(struct target *t, struct span rest, struct buf *memory,
          const char **expected)
{
	int r = read_url(t, rest, memory, expected);

	if (r == ERR_TOOBIG)
		*expected = "a host of at most " BUF_DIGITS(TARGET_HOST_MAX)
		            " bytes";
	if (r < 0 || t->url.has_scheme || !is_number(t->host))
		return r;
	*expected = "a URL such as http://localhost:8080/, not a number alone";
	return ERR_PARSE;
}

/* A host and a port, both written. The rest of grpc:'s path is the service's
 * name, which may hold any byte, encoded; whoever wrote a query or a fragment
 * meant another kind of URL. */
static int
read_address(struct target *t, struct span rest, struct buf *memory,
             const char **expected)
{
	static const char *const plain =
		"no query, fragment or login: the path is "
		"the service's name";
	const bool is_grpc = t->text.p[0] == 'g';
	size_t from;
	int r;

	if (span_has_prefix(rest, "//"))
		rest = span_after(rest, 2);
	if (is_grpc && has_any(rest, "?#")) {
		*expected = plain;
		return ERR_PARSE;
	}
	r = read_url(t, rest, memory, expected);
	if (r < 0)
		return r == ERR_SCHEME ? ERR_PARSE : r;
	if (t->url.has_scheme || !t->url.has_port || t->url.user.p != NULL) {
		if (is_grpc && !t->url.has_scheme)
			*expected = t->url.user.p != NULL ? plain
			          : "a port, as in "
			            "grpc://localhost:50051/SERVICE";
		return ERR_PARSE;
	}
	if (!is_grpc)
		return t->url.path.len > 0 && !span_is(t->url.path, "/")
		       ? ERR_PARSE : 0;
	t->url.has_scheme = true;
	t->url.is_https = t->text.p[sizeof "grpc" - 1] == 's';
	from = memory->len;
	r = percent_decode(memory, span_after(t->url.path, 1));
	t->service = (struct span){ memory->p + from, memory->len - from };
	return memory->cut ? ERR_TOOBIG : r;
}

/* "//me:secret@host" and "/a/http://me:secret@host" are paths only by
 * accident. */
static bool
has_login(struct span path)
{
	struct span rest = span_after(path, 2);
	const char *url = span_find_text(path, "://");

	if (url != NULL && memchr(url, '@', (size_t)(path.p + path.len - url)))
		return true;
	return span_has_prefix(path, "//")
	    && has_any(span_cut(&rest, '/'), ":@");
}

/* No socket has a query or a fragment: whoever wrote one meant another kind of
 * URL, and its secret would be shown as a part of the path. */
static int
read_unix(struct target *t, struct span path, struct buf *memory,
          const char **expected)
{
	const size_t from = memory->len;

	(void)expected;
	if (span_has_prefix(path, "///"))	/* unix:///run/sock */
		path = span_after(path, 2);
	if (has_any(path, "?#") || has_login(path))
		return ERR_PARSE;
	buf_add(memory, path);
	return end_socket(t, memory, from);
}

/* Cuts the socket off *rest and appends it, decoded; a raw '@' within it ends a
 * login that has no place there. */
static int
cut_encoded_socket(struct span *rest, struct buf *memory)
{
	struct span socket = { rest->p, span_find(*rest, "/?#") };

	*rest = span_after(*rest, socket.len);
	if (span_has(span_after(socket, 1), '@'))
		return ERR_PARSE;
	return percent_decode(memory, socket);
}

static int
read_http_unix(struct target *t, struct span rest, struct buf *memory,
               const char **expected)
{
	const size_t from = memory->len;
	int r = url_read(&t->url, span_of("http://localhost"));

	(void)expected;
	if (span_has_prefix(rest, "//")) {
		rest = span_after(rest, 2);
		r = r < 0 ? r : cut_encoded_socket(&rest, memory);
	} else {
		struct span socket = span_cut(&rest, ':');

		buf_add(memory, socket);
		r = has_any(socket, "?#") ? ERR_PARSE : r;
	}
	t->url.fragment = rest;
	t->url.path = span_cut(&t->url.fragment, '#');
	r = r < 0 ? r : end_socket(t, memory, from);
	if (span_has_control(t->url.path, true)
	 || (rest.len > 0 && span_find(rest, "/?#") > 0))
		return ERR_PARSE;
	return r;
}

static bool
is_for_a_shell(const char *word)
{
	return strcmp(word, "||") == 0 || strcmp(word, "&&") == 0
	    || strcmp(word, "|") == 0;
}

/* "PGPASSWORD=secret", which a shell would put into the environment. */
static bool
is_assignment(const char *word)
{
	size_t n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	                        "abcdefghijklmnopqrstuvwxyz0123456789");

	return n > 0 && word[n] == '=';
}

static int
read_exec(struct target *t, struct span words, struct buf *memory,
          const char **expected)
{
	int r = argv_split(t->argv, memory, words);

	if (r == ERR_QUOTE) {
		*expected = "exec:PROGRAM [ARG...] with a closing quote, and a "
		            "byte after each \\";
		return ERR_PARSE;
	}
	if (r < 0)
		return r;
	if (is_assignment(t->argv[0])) {
		*expected = "a program: no shell reads NAME=VALUE before it";
		return ERR_PARSE;
	}
	for (size_t i = 0; t->argv[i] != NULL; i++)
		if (is_for_a_shell(t->argv[i])) {
			*expected = "one program: no shell reads ||, && and |";
			return ERR_PARSE;
		}
	return 0;
}

static const struct kind {
	const char      *prefix;
	enum target_kind kind;
	read_kind       *read;
	const char      *expected;
} kinds[] = {
	{ "tcp:", TARGET_TCP, read_address, "tcp://HOST:PORT" },
	{ "grpc:", TARGET_GRPC, read_address, "grpc://HOST:PORT[/SERVICE]" },
	{ "grpcs:", TARGET_GRPC, read_address, "grpcs://HOST:PORT[/SERVICE]" },
	{ "unix:", TARGET_UNIX, read_unix, "unix:/PATH or unix:@NAME" },
	{ "http+unix:", TARGET_HTTP_UNIX, read_http_unix,
	  "http+unix://%2Frun%2Fsock/PATH or http+unix:/run/sock:/PATH" },
	{ "exec:", TARGET_EXEC, read_exec,
	  "exec:PROGRAM and at most 31 arguments" },
	/* all else: */
	{ "", TARGET_HTTP, read_http,
	  "http://, https://, http+unix:, grpc://, grpcs://, tcp:, unix: or "
	  "exec:" },
};

/* see client/target.h */
int
target_read(struct target *t, struct span text, struct buf *memory,
            const char **expected)
{
	const struct kind *k = kinds;
	int r;

	memset(t, 0, sizeof *t);
	t->text = text;
	*expected = "a URL of at most " BUF_DIGITS(TARGET_MAX) " bytes";
	if (text.len > TARGET_MAX)
		return ERR_TOOBIG;
	while (!span_has_prefix(text, k->prefix))
		k++;
	*expected = k->expected;
	r = k->read(t, span_after(text, strlen(k->prefix)), memory, expected);
	if (r == 0)
		t->kind = k->kind;
	return r;
}
