/* SPDX-License-Identifier: MIT */
/* client/checkopt.c - the options of a check, and a check as one word */
#include "client/checkopt.h"

#include <stdlib.h>

#include "base/err.h"

#define NAME_MAX_LEN 128	/* bytes of a variable's name, with its NUL */

/* name, default, help, value, expected: as OPT() lays them out. */
const char check_text_status[] = "status\0\0"
	"HTTP status that means healthy, else 200-399\0N[-M]\0"
	"a status from 100 to 599, or a range such as 200-299";
const char check_text_contains[] =
	"contains\0\0the HTTP body must contain this\0TEXT\0";
const char check_text_header[] = "header\0\0send this HTTP header\0LINE\0"
	"a header such as \"Host: example.com\"; a check sends no body";
const char check_text_cacert[] =
	"cacert\0\0trust the CAs of this PEM file only\0FILE\0";
const char check_text_cert[] = "cert\0\0our own certificate, PEM\0FILE\0";
const char check_text_key[] =
	"key\0\0its key, if it is in another file\0FILE\0";
const char check_text_v4[] = "ipv4\0\0use IPv4 addresses only\0\0";
const char check_text_v6[] = "ipv6\0\0use IPv6 addresses only\0\0";
const char check_text_insecure[] =
	"insecure\0\0do NOT verify the server's certificate\0\0";

/* see base/opt.h */
int
check_opt_status(void *args, struct span value)
{
	return check_add_status(args, value);
}

/* see base/opt.h */
int
check_opt_header(void *args, struct span value)
{
	return check_add_header(args, value);
}

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

/* see client/checkopt.h */
int
check_word_read(struct check_word *w, struct span word, struct opt_fail *fail,
                const char **expected)
{
	static const struct opt opts[] = { CHECK_OPTS, OPT_END };
	char *argv[PROGRAM_ARGS_MAX + 2] = { "check" }, *no_env[] = { NULL };
	int n = 0, r;

	memset(&w->conf, 0, sizeof w->conf);
	w->url = check_word_url(word);
	if (w->url.len == word.len)
		return 0;
	r = program_split(&w->words, span_after(word, w->url.len));
	*expected = r == ERR_QUOTE ? "a closing quote after the URL"
	          : "at most " BUF_DIGITS(PROGRAM_ARGS_MAX) " words of "
	            "options after the URL, in " BUF_DIGITS(PROGRAM_TEXT_MAX)
	            " bytes";
	if (r < 0)
		return r;
	for (; w->words.argv[n] != NULL; n++)
		argv[n + 1] = w->words.argv[n];
	r = opt_parse(opts, &w->conf, n + 1, argv, no_env, fail);
	*expected = NULL;
	if (r < 0)
		return r;
	*expected = "only options after the URL, and quotes around a value "
	            "with spaces";
	return r == n + 1 ? 0 : ERR_PARSE;
}

/* see client/checkopt.h */
const char *
check_misfit(const struct check_conf *conf, struct span url)
{
	bool is_unix = span_has_prefix(url, "http+unix:");
	bool is_tcp = span_has_prefix(url, "tcp:");
	bool is_http = !is_tcp && !is_exec(url) && !span_has_prefix(url, "unix:");
	bool is_net = is_tcp || (is_http && !is_unix);
	bool is_tls = is_http && !is_unix;

	if (!is_http && conf->n_status > 0)
		return "--status";
	if (!is_http && conf->contains != NULL)
		return "--contains";
	if (!is_http && conf->n_headers > 0)
		return "-H";
	if (!is_net && (conf->v4 || conf->v6))
		return conf->v4 ? "-4" : "-6";
	if (!is_tls && conf->cafile != NULL)
		return "--cacert";
	if (!is_tls && conf->certfile != NULL)
		return "--cert";
	if (conf->keyfile != NULL && (!is_tls || conf->certfile == NULL))
		return "--key";
	return !is_tls && conf->insecure ? "--insecure" : NULL;
}

static bool
is_name_byte(char c, bool is_first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'
	    || (!is_first && c >= '0' && c <= '9');
}

/* What stands between the braces. */
static int
expand_one(struct buf *b, struct span inside, struct span *name)
{
	struct span var = { inside.p, 0 };
	char text[NAME_MAX_LEN];
	struct buf n = buf_over(text, sizeof text);
	const char *value;

	while (var.len < inside.len && is_name_byte(inside.p[var.len], var.len == 0))
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
	bool is_asked = !is_exec(url);

	while (url.len > 0) {
		const char *mark = !is_asked ? NULL
		                 : memmem(url.p, url.len, "${", 2);
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
