/* SPDX-License-Identifier: MIT */
/* client/checkopt.c - the options of a check, and a check as one word */
#include "client/checkopt.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/parse.h"
#include "client/redact.h"
#include "client/request.h"

#define VARIABLE_MAX 128	/* bytes of a variable's name, with its NUL */
#define STATUS_MAX   599	/* RFC 9110, 15 */

static int
add_status(void *args, struct span text)
{
	struct check_conf *conf = args;

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

static int
add_header(void *args, struct span line)
{
	struct check_conf *conf = args;
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

#define AT(field) offsetof(struct check_conf, field)
#define OPTS(OPT) \
	OPT(0, "status", OPT_LIST, 0, "", \
	    "HTTP status that means healthy, else 200-399", "N[-M]", add_status, \
	    "a status from 100 to 599, or a range such as 200-299") \
	OPT(0, "contains", OPT_STR, AT(contains), "", \
	    "the HTTP body must contain this", "TEXT", NULL, "") \
	OPT('H', "header", OPT_SECRETS, 0, "", "send this HTTP header", "LINE", \
	    add_header, \
	    "a header such as \"Host: example.com\"; a check sends no body") \
	OPT(0, "cacert", OPT_STR, AT(cafile), "", \
	    "trust the CAs of this PEM file only", "FILE", NULL, "") \
	OPT(0, "cert", OPT_STR, AT(certfile), "", "our own certificate, PEM", \
	    "FILE", NULL, "") \
	OPT(0, "key", OPT_STR, AT(keyfile), "", \
	    "its key, if it is in another file", "FILE", NULL, "") \
	OPT('4', "ipv4", OPT_FLAG, AT(v4), "", "use IPv4 addresses only", "", \
	    NULL, "") \
	OPT('6', "ipv6", OPT_FLAG, AT(v6), "", "use IPv6 addresses only", "", \
	    NULL, "") \
	OPT(0, "insecure", OPT_FLAG, AT(insecure), "", \
	    "do NOT verify the server's certificate", "", NULL, "")

#define ADDS(ADD) ADD(add_status) ADD(add_header)
OPT_NUMBER_ADDS(ADDS);
opt_add *const check_opt_adds[] = OPT_ADDS(ADDS);
const struct opt_row check_opt_rows[] = { OPTS(OPT_ROW_OF) { .at = 0 } };
const char check_opt_texts[] = OPTS(OPT_TEXTS_OF);
static const struct opt_group opts[] = { CHECK_GROUP, OPT_END };

static bool
is_exec(struct span word)
{
	return span_has_prefix(word, "exec:");
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* see client/checkopt.h */
struct span
check_word_url(struct span word)
{
	struct span url = { word.p, 0 };

	if (is_exec(word))
		return word;
	while (url.len < word.len) {
		size_t end = url.len;

		while (end < word.len && is_blank(word.p[end]))
			end++;
		if (end > url.len && end < word.len && word.p[end] == '-')
			break;
		url.len = end > url.len ? end : end + 1;
	}
	return url;
}

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
	    || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* see client/checkopt.h */
struct span
check_cut_name(struct span *word)
{
	struct span name = { word->p, 0 }, rest;

	while (name.len < word->len && is_name_byte(word->p[name.len]))
		name.len++;
	rest = span_after(*word, name.len + 1);
	/* "dG9rZW4=@host": a user is no name that anybody may read. */
	if (name.len == 0 || name.len == word->len || word->p[name.len] != '='
	 || span_has_prefix(rest, "@")) {
		name.len = 0;
		return name;
	}
	*word = rest;
	return name;
}

/* Others need quoting somewhere: in labels of metrics, HTML, JSON. */
static bool
is_harmless(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<'
	    && c != '&';
}

/* What a check without a name is called. */
static struct span
make_name(struct buf *memory, const struct target *t)
{
	struct span name = { memory->p + memory->len, 0 };

	redact_target(memory, t);
	name.len = (size_t)(memory->p + memory->len - name.p);
	for (size_t i = memory->len - name.len; i < memory->len; i++)
		if (!is_harmless(memory->p[i]))
			memory->p[i] = '?';
	return name;
}

/* The options after the URL; what they point to is in memory then. */
static int
read_options(struct check_conf *conf, struct span text, struct buf *memory,
             struct opt_fail *fail, const char **expected)
{
	char *words[ARGV_MAX + 1], *argv[ARGV_MAX + 2] = { "check" };
	char *no_env[] = { NULL };
	int n = 0, r = argv_split(words, memory, text);

	*expected = r == ERR_QUOTE ? "a closing quote after the URL"
	          : "at most " BUF_DIGITS(ARGV_MAX) " words of options after "
	            "the URL, in " BUF_DIGITS(ARGV_TEXT_MAX) " bytes";
	if (r < 0)
		return r;
	for (; words[n] != NULL; n++)
		argv[n + 1] = words[n];
	r = opt_parse(opts, conf, n + 1, argv, no_env, fail);
	*expected = NULL;
	if (r < 0)
		return r;
	*expected = "only options after the URL, and quotes around a value "
	            "with spaces";
	return r == n + 1 ? 0 : ERR_PARSE;
}

/* see client/checkopt.h */
int
check_word_read(struct check_word *w, struct span name, struct span word,
                struct buf *memory, struct opt_fail *fail,
                const char **expected)
{
	struct span url = check_word_url(word);
	int r;

	memset(w, 0, sizeof *w);
	r = target_read(&w->target, url, memory, expected);
	if (r == 0 && url.len < word.len)
		r = read_options(&w->conf, span_after(word, url.len), memory,
		                 fail, expected);
	w->name = r < 0 || name.len > 0 ? name : make_name(memory, &w->target);
	return r;
}

/* see client/checkopt.h */
const char *
check_misfit(const struct check_conf *conf, const struct target *t)
{
	bool is_grpc = t->kind == TARGET_GRPC;
	bool is_http = t->kind == TARGET_HTTP || t->kind == TARGET_HTTP_UNIX;
	bool is_net = t->kind == TARGET_HTTP || t->kind == TARGET_TCP
	           || is_grpc;
	bool is_tls = t->kind == TARGET_HTTP || (is_grpc && t->url.is_https);

	if (!is_http && conf->n_status > 0)
		return "--status";
	if (!is_http && conf->contains != NULL)
		return "--contains";
	if (!is_http && !is_grpc && conf->n_headers > 0)
		return "-H";
	if (!is_net && (conf->v4 || conf->v6))
		return conf->v4 ? "-4" : "-6";
	if (!is_tls && conf->cafile != NULL)
		return "--cacert";
	if (!is_tls && conf->certfile != NULL)
		return "--cert";
	if (conf->keyfile != NULL && conf->certfile == NULL)
		return is_tls ? "--key, which needs --cert," : "--key";
	return !is_tls && conf->insecure ? "--insecure" : NULL;
}

static bool
is_variable_byte(char c, bool is_first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
	    || (!is_first && c >= '0' && c <= '9');
}

/* What stands between the braces. */
static int
expand_one(struct buf *b, struct span inside, struct span *name)
{
	struct span var = { inside.p, 0 };
	char text[VARIABLE_MAX];
	struct buf n = buf_over(text, sizeof text);
	const char *value;

	while (var.len < inside.len
	    && is_variable_byte(inside.p[var.len], var.len == 0))
		var.len++;
	inside = span_after(inside, var.len);
	if (var.len == 0 || (inside.len > 0 && !span_has_prefix(inside, ":-"))
	 || span_has(inside, '{'))
		return ERR_PARSE;
	buf_add(&n, var);
	value = getenv(buf_text(&n));
	if (n.cut)
		return ERR_PARSE;
	*name = var;
	if (value != NULL && *value != '\0')
		buf_str(b, value);
	else if (inside.len > 0)
		buf_add(b, span_after(inside, 2));
	else
		return ERR_RESOLVE;
	return 0;
}

/* see client/checkopt.h */
int
check_expand(struct buf *b, struct span url, struct span *name)
{
	while (url.len > 0) {
		const char *mark = span_find_text(url, "${");
		struct span plain = url, inside;
		size_t end;
		int r;

		if (mark != NULL)
			plain.len = (size_t)(mark - url.p);
		buf_add(b, plain);
		url = span_after(url, plain.len);
		if (url.len == 0)
			break;
		inside = span_after(url, 2);
		end = inside.len;
		inside = span_cut(&inside, '}');
		if (inside.len == end)
			return ERR_PARSE;
		url = span_after(url, inside.len + 3);
		r = expand_one(b, inside, name);
		if (r < 0)
			return r;
	}
	return b->cut ? ERR_TOOBIG : 0;
}
