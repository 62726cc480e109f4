/* SPDX-License-Identifier: MIT */
/*
 * cmd/tool_wget.c - hale called wget: its command line, GNU's exit codes
 *
 * The options fill those of get/, which makes the transfers.
 */
#include "cmd/tool.h"

#include <signal.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "get/exit.h"
#include "get/transfer.h"
#include "get/values.h"

/* GNU's defaults. */
#define TRIES     20
#define REDIRECTS 20
#define IDLE_MS   900000

#define RETRY_MS 1000	/* between two tries; GNU's grows to ten seconds */

enum wget_exit {
	WGET_FAILED   = 1,
	WGET_USAGE    = 2,
	WGET_FILE     = 3,
	WGET_NETWORK  = 4,
	WGET_TLS      = 5,
	WGET_LOGIN    = 6,
	WGET_PROTOCOL = 7,
	WGET_STATUS   = 8,
};

struct wget {
	struct options o;	/* first: see options_read_by() */
	int64_t     tries;	/* 0: no end */
	bool        resume, sends_file, needs_method;
};

static int
add_timeout(void *field, struct span value)
{
	struct wget *w = field;
	int r = value_seconds(&w->o.idle_ms, value);

	w->o.connect_ms = w->o.idle_ms;
	return r;
}

static int
add_proxy(void *field, struct span value)
{
	struct wget *w = field;

	if (!span_is(value, "on"))
		w->o.no_proxy = "*";
	return 0;
}

/* Only /dev/null is supported: no messages. */
static int
add_log(void *field, struct span value)
{
	struct wget *w = field;

	w->o.silent = true;
	return span_is(value, "/dev/null") ? 0 : ERR_PARSE;
}

static int
add_tries(void *field, struct span value)
{
	if (strcmp(value.p, "inf") != 0)
		return value_count(field, value);
	*(int64_t *)field = 0;
	return 0;
}

/* "-nv" and the like: no word of these has a meaning here, and what would be
 * another option (-nvO-) is refused. */
static int
add_no(void *field, struct span value)
{
	(void)field;
	return strspn(value.p, "cdHv") == value.len ? 0 : ERR_PARSE;
}

/* The last one counts. */
static int
add_body(void *field, struct span value)
{
	struct wget *w = field;

	w->o.data.len = 0;
	return w->sends_file ? ERR_PARSE : bytes_add(&w->o.data, value);
}

static int
add_method_body(void *field, struct span value)
{
	struct wget *w = field;

	w->needs_method = true;
	return add_body(w, value);
}

static int
add_body_file(void *field, struct span value)
{
	struct wget *w = field;

	w->sends_file = true;
	return w->o.data.is_set ? ERR_PARSE
	                        : bytes_add_file(&w->o.data, value.p);
}

#define AT(field) offsetof(struct wget, field)
#define OPTS(OPT) \
	OPT('q', "quiet", OPT_PAST, 0, NULL) \
	OPT('n', "", OPT_WORD, 0, add_no) \
	OPT('O', "output-document", OPT_WORD, 0, value_output) \
	OPT('P', "directory-prefix", OPT_WORD, AT(o.output_dir), value_name) \
	OPT('c', "continue", OPT_FLAG, AT(resume), NULL) \
	OPT('S', "server-response", OPT_FLAG, AT(o.show_heads), NULL) \
	OPT(0, "spider", OPT_FLAG, AT(o.head), NULL) \
	OPT('T', "timeout", OPT_WORD, 0, add_timeout) \
	OPT(0, "connect-timeout", OPT_WORD, AT(o.connect_ms), value_seconds) \
	OPT(0, "dns-timeout", OPT_WORD, AT(o.connect_ms), value_seconds) \
	OPT(0, "read-timeout", OPT_WORD, AT(o.idle_ms), value_seconds) \
	OPT('t', "tries", OPT_WORD, AT(tries), add_tries) \
	OPT(0, "retry-connrefused", OPT_FLAG, AT(o.retry_refused), NULL) \
	OPT(0, "max-redirect", OPT_WORD, AT(o.max_redirs), value_count) \
	OPT(0, "header", OPT_WORD, 0, value_header) \
	OPT('U', "user-agent", OPT_WORD, AT(o.agent), value_line) \
	OPT(0, "method", OPT_WORD, AT(o.method), value_token) \
	OPT(0, "post-data", OPT_WORD, 0, add_body) \
	OPT(0, "post-file", OPT_WORD, 0, add_body_file) \
	OPT(0, "body-data", OPT_WORD, 0, add_method_body) \
	OPT(0, "content-on-error", OPT_CALL, 0, value_fail_with_body) \
	OPT('Y', "proxy", OPT_WORD, 0, add_proxy) \
	OPT(0, "no-proxy", OPT_CALL, 0, add_proxy) \
	OPT('4', "inet4-only", OPT_ASK, AT(o.ipv4), NULL) \
	OPT('6', "inet6-only", OPT_ASK, AT(o.ipv6), NULL) \
	OPT(0, "ca-certificate", OPT_WORD, AT(o.cafile), value_name) \
	OPT(0, "no-check-certificate", OPT_ASK, AT(o.insecure), NULL) \
	OPT('o', "output-file", OPT_WORD, 0, add_log) \
	OPT(0, "url", OPT_OPERAND, AT(o.urls), value_word) \
	OPT('V', "version", OPT_FLAG, AT(o.version), NULL) \
	OPT('h', "help", OPT_FLAG, AT(o.version), NULL) \
	OPT('v', "verbose", OPT_PAST, 0, NULL) \
	OPT('w', "wait", OPT_PAST_VALUE, 0, NULL) \
	OPT(0, "progress", OPT_PAST_VALUE, 0, NULL) \
	OPT(0, "waitretry", OPT_PAST_VALUE, 0, NULL) \
	OPT(0, "cache", OPT_PAST, 0, NULL) \
	OPT(0, "no-config", OPT_PAST, 0, NULL) \
	OPT(0, "hsts", OPT_PAST, 0, NULL) \
	OPT(0, "netrc", OPT_PAST, 0, NULL)

#define ADDS(ADD) \
	ADD(add_timeout) ADD(add_proxy) ADD(add_log) ADD(add_tries) \
	ADD(add_no) ADD(add_body) ADD(add_method_body) ADD(add_body_file) \
	ADD(value_header) ADD(value_output) ADD(value_name) \
	ADD(value_seconds) ADD(value_count) ADD(value_line) ADD(value_token) \
	ADD(value_fail_with_body) ADD(value_word)
OPT_NUMBER_ADDS(ADDS);
static opt_add *const adds[] = OPT_ADDS(ADDS);
static const struct opt_group opts[] = {
	OPT_BARE_GROUP(OPTS, adds),
	OPT_END
};

static void
write_start(struct buf *b, enum log_level level)
{
	(void)level;
	buf_str(b, "wget: ");
}

/* Of one of curl's (get/exit.h). */
static int
exit_of(int code)
{
	switch (code) {
	case GET_OK:
		return CMD_OK;
	case GET_USAGE: case GET_SYNTAX:
		return WGET_USAGE;
	case GET_WRITE: case GET_READ: case GET_REWIND:
		return WGET_FILE;
	case GET_LOOKUP: case GET_PROXY_LOOKUP: case GET_CONNECT:
	case GET_PARTIAL: case GET_TIMEOUT: case GET_EMPTY: case GET_SEND:
	case GET_RECV:
		return WGET_NETWORK;
	case GET_TLS: case GET_KEY: case GET_OWN_CERT: case GET_CERT:
	case GET_CA_FILE:
		return WGET_TLS;
	case GET_LOGIN:
		return WGET_LOGIN;
	case GET_WEIRD: case GET_CODING: case GET_TOO_LARGE:
		return WGET_PROTOCOL;
	case GET_HTTP_ERROR: case GET_REDIRECTS: case GET_RANGE:
		return WGET_STATUS;
	}
	return WGET_FAILED;
}

/* Each URL's body goes where -O says, or into a file of its own name. Returns
 * what is wrong, or NULL. */
static const char *
set_outputs(struct options *o)
{
	struct option_output out = { .kind = OUTPUT_REMOTE };

	if (o->n_outputs > 0)
		out = o->outputs[o->n_outputs - 1];
	if (o->head)
		out.kind = OUTPUT_STDOUT;	/* which gets nothing */
	if (o->urls.n == 0)
		return "missing URL";
	if (out.kind == OUTPUT_FILE && o->urls.n > 1)
		return "-O FILE takes one URL";
	o->create_dirs = out.kind == OUTPUT_REMOTE;
	if (!o->create_dirs)
		o->output_dir = NULL;	/* -P is for other files */
	/* There is room for one each: as many as argv has bytes. */
	for (o->n_outputs = 0; o->n_outputs < o->urls.n; o->n_outputs++)
		o->outputs[o->n_outputs] = out;
	return o->n_not_headers == 0 ? NULL
	       : "--header: expected \"Name: value\"";
}

/* Returns the last failure's code, or GET_OK. */
static int
run_all(const struct options *o)
{
	int last = GET_OK;

	if (o->insecure)
		log_warn("certificates are NOT verified");
	(void)signal(SIGPIPE, SIG_IGN);	/* a closed stdout is an error */
	for (size_t i = 0; i < o->urls.n; i++) {
		int code = transfer_run(o, i);

		if (code != GET_OK)
			last = code;
	}
	return last;
}

/* Returns the same. */
static int
run(struct wget *w)
{
	struct options *o = &w->o;
	char text[256];
	struct buf b = buf_over(text, sizeof text);
	const char *wrong;

	if (o->version) {
		buf_str(&b, "Wget by ");
		cmd_write_version(&b);
		return cmd_print(buf_span(&b)) == CMD_OK ? GET_OK : GET_WRITE;
	}
	o->retry = w->tries > 0 ? w->tries - 1 : INT64_MAX;
	o->resume = w->resume ? "-" : NULL;
	o->retry_delay_ms = RETRY_MS;
	wrong = w->needs_method && o->method == NULL
	        ? "--body-data needs --method" : set_outputs(o);
	/* A server may refuse HEAD: GNU's wget asks again by GET after 500 and
	 * 501, and busybox' asks by GET at once. */
	if (o->head && o->method == NULL)
		o->method = "GET";
	if (wrong == NULL)
		return run_all(o);
	log_error("%s", wrong);
	return GET_USAGE;
}

/* see cmd/tool.h */
int
tool_wget(int argc, char **argv)
{
	struct tls_session session = { 0 };
	struct wget w = { .o = {
		.agent = cmd_agent(), .session = &session, .wget = true,
		.fail = true, .location = true, .progress_off = true,
		.globoff = true, .max_redirs = REDIRECTS, .idle_ms = IDLE_MS,
	}, .tries = TRIES };
	char memory[LOG_LINE_MAX];
	struct buf why = buf_over(memory, sizeof memory);
	int code;

	cmd_hold_streams();
	log_start_with(write_start);
	code = options_read_by(opts, &w.o, argc, argv, "hale help names", &why);
	if (code == GET_OK)
		code = run(&w);
	else
		log_error("%s", buf_end_text(&why));
	options_free(&w.o);
	explicit_bzero(&session, sizeof session);
	return exit_of(code);
}
