/* SPDX-License-Identifier: MIT */
/*
 * cmd/tool_wget.c - hale called wget: its command line, GNU's exit codes
 *
 * The options fill those of get/, which makes the transfers.
 */
#include "cmd/tool.h"

#include <signal.h>

#include "base/err.h"
#include "base/opt_words.h"
#include "cmd/cmd.h"
#include "get/exit.h"
#include "get/transfer.h"
#include "get/values.h"

#define HELP_MAX    4096	/* bytes of the help */
#define HELP_COLUMN 28
#define LOGIN_MAX   512		/* bytes of "user:password" */

/* GNU's defaults. */
#define TRIES     20
#define REDIRECTS 20
#define IDLE_MS   900000

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
	bool        quiet, terse, spider, resume;
	const char *user, *password;
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
add_tries(void *field, struct span value)
{
	return value_count(field, span_is(value, "inf") ? span_of("0") : value);
}

/* -nv, -nc, -nd: of the letters that GNU's -n takes only v changes anything. */
static int
add_negated(void *field, struct span value)
{
	struct wget *w = field;

	if (strspn(value.p, "cdHpv") != value.len)
		return ERR_PARSE;
	w->terse = w->terse || span_has(value, 'v');
	return 0;
}

static int
add_proxy(void *field, struct span value)
{
	struct wget *w = field;

	if (span_is(value, "on"))
		return 0;
	w->o.no_proxy = "*";
	return span_is(value, "off") || span_is(value, "1") ? 0 : ERR_PARSE;
}

/* Only what drops all words is done. */
static int
add_log(void *field, struct span value)
{
	struct wget *w = field;

	w->quiet = w->o.silent = true;
	return span_is(value, "/dev/null") ? 0 : ERR_PARSE;
}

/* An '@' means nothing here. */
static int
add_header(void *field, struct span value)
{
	return span_has_prefix(value, "@") ? ERR_PARSE
	                                   : value_header(field, value);
}

static int
add_body_file(void *field, struct span value)
{
	struct wget *w = field;

	return bytes_add_file(&w->o.data, value.p);
}

#define AT(field) offsetof(struct wget, field)
#define OPTS(OPT) \
	OPT('q', "quiet", OPT_FLAG, AT(quiet), "", "print errors only", "", NULL, "") \
	OPT('n', "", OPT_WORD, 0, "", "", "", add_negated, "v, c or d") \
	OPT(0, "no-verbose", OPT_ASK, AT(terse), "", "or -nv: print less", "", NULL, "") \
	OPT('O', "output-document", OPT_WORD, 0, "", \
	    "where the body goes, - for stdout", "FILE", value_output, "a file") \
	OPT('P', "directory-prefix", OPT_WORD, AT(o.output_dir), "", \
	    "the folder of files without -O", "DIR", value_name, "") \
	OPT('c', "continue", OPT_FLAG, AT(resume), "", "go on after what the file has", "", NULL, "") \
	OPT('S', "server-response", OPT_FLAG, AT(o.show_heads), "", "show the heads", "", NULL, "") \
	OPT(0, "spider", OPT_FLAG, AT(spider), "", "read no body", "", NULL, "") \
	OPT('T', "timeout", OPT_WORD, 0, "", \
	    "for the connection, and for the next bytes", "SECONDS", add_timeout, "a number") \
	OPT(0, "connect-timeout", OPT_WORD, AT(o.connect_ms), "", "", "", value_seconds, "a number") \
	OPT(0, "dns-timeout", OPT_WORD, AT(o.connect_ms), "", "", "", value_seconds, "a number") \
	OPT(0, "read-timeout", OPT_WORD, AT(o.idle_ms), "", "", "", value_seconds, "a number") \
	OPT('t', "tries", OPT_WORD, AT(tries), "", \
	    "for what times out or breaks off (default 20)", "N", add_tries, "a number") \
	OPT(0, "retry-connrefused", OPT_FLAG, AT(o.retry_refused), "", \
	    "a refused connection too", "", NULL, "") \
	OPT(0, "max-redirect", OPT_WORD, AT(o.max_redirs), "", \
	    "follow at most N (default 20)", "N", value_count, "a number") \
	OPT(0, "header", OPT_WORD, 0, "", "send this", "LINE", add_header, "a header") \
	OPT('U', "user-agent", OPT_WORD, AT(o.agent), "", "what to call ourselves", "NAME", value_line, "") \
	OPT(0, "user", OPT_STR, AT(user), "", "log in", "NAME", NULL, "") \
	OPT(0, "http-user", OPT_STR, AT(user), "", "", "", NULL, "") \
	OPT(0, "password", OPT_STR, AT(password), "", "", "", NULL, "") \
	OPT(0, "http-password", OPT_STR, AT(password), "", "", "", NULL, "") \
	OPT(0, "method", OPT_WORD, AT(o.method), "", "instead of GET", "NAME", value_token, "") \
	OPT(0, "post-data", OPT_WORD, 0, "", "POST this", "DATA", value_data_raw, "") \
	OPT(0, "post-file", OPT_WORD, 0, "", "POST what it holds", "FILE", add_body_file, "") \
	OPT(0, "body-data", OPT_WORD, 0, "", "", "", value_data_raw, "") \
	OPT(0, "body-file", OPT_WORD, 0, "", "", "", add_body_file, "") \
	OPT(0, "content-on-error", OPT_CALL, 0, "", \
	    "an error's body too", "", value_fail_with_body, "") \
	OPT('Y', "proxy", OPT_WORD, 0, "", "use proxies", "on|off", add_proxy, "on or off") \
	OPT(0, "no-proxy", OPT_CALL, 0, "", "", "", add_proxy, "") \
	OPT('4', "inet4-only", OPT_ASK, AT(o.ipv4), "", "IPv4 only", "", NULL, "") \
	OPT('6', "inet6-only", OPT_ASK, AT(o.ipv6), "", "IPv6 only", "", NULL, "") \
	OPT(0, "ca-certificate", OPT_WORD, AT(o.cafile), "", \
	    "trust the CAs of this PEM file only", "FILE", value_name, "") \
	OPT(0, "certificate", OPT_STR, AT(o.certfile), "", "our own", "FILE", NULL, "") \
	OPT(0, "private-key", OPT_STR, AT(o.keyfile), "", "its key", "FILE", NULL, "") \
	OPT(0, "no-check-certificate", OPT_ASK, AT(o.insecure), "", \
	    "do NOT verify the server's", "", NULL, "") \
	OPT('o', "output-file", OPT_WORD, 0, "", "drop all messages", "/dev/null", add_log, "/dev/null") \
	OPT(0, "url", OPT_OPERAND, AT(o.urls), "", "", "URL", value_word, "") \
	OPT('V', "version", OPT_FLAG, AT(o.version), "", "", "", NULL, "") \
	OPT('h', "help", OPT_FLAG, AT(o.help), "", "print this", "", NULL, "")

/* As hale does it anyway. */
#define PAST(OPT) \
	OPT('v', "verbose", OPT_PAST, 0, "", "", "", NULL, "") \
	OPT('w', "wait", OPT_PAST_VALUE, 0, "", "", "", NULL, "") \
	OPT(0, "waitretry", OPT_PAST_VALUE, 0, "", "", "", NULL, "") \
	OPT(0, "progress", OPT_PAST_VALUE, 0, "", "", "", NULL, "") \
	OPT(0, "show-progress", OPT_PAST, 0, "", "", "", NULL, "") \
	OPT(0, "hsts", OPT_PAST, 0, "", "", "", NULL, "") \
	OPT(0, "cache", OPT_PAST, 0, "", "", "", NULL, "") \
	OPT(0, "cookies", OPT_PAST, 0, "", "", "", NULL, "") \
	OPT(0, "clobber", OPT_PAST, 0, "", "", "", NULL, "")

#define ADDS(ADD) \
	ADD(add_timeout) ADD(add_tries) ADD(add_negated) ADD(add_proxy) \
	ADD(add_log) ADD(add_header) ADD(add_body_file) ADD(value_output) \
	ADD(value_name) ADD(value_seconds) ADD(value_count) ADD(value_line) \
	ADD(value_token) ADD(value_data_raw) ADD(value_fail_with_body) \
	ADD(value_word)
OPT_NUMBER_ADDS(ADDS);
static opt_add *const adds[] = OPT_ADDS(ADDS);
static const struct opt_group opts[] = {
	OPT_GROUP(OPTS, adds),
	OPT_GROUP(PAST, adds),
	OPT_END
};

static void
write_start(struct buf *b, enum log_level level)
{
	(void)level;
	buf_str(b, "wget: ");
}

static enum wget_exit
exit_of(int code)
{
	switch (code) {
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
set_outputs(struct options *o, bool spider)
{
	struct option_output out = { .kind = OUTPUT_REMOTE };

	if (o->n_outputs > 0)
		out = o->outputs[o->n_outputs - 1];
	if (spider)
		out.kind = OUTPUT_STDOUT;	/* which gets nothing */
	if (out.kind == OUTPUT_FILE && o->urls.n > 1)
		return "-O FILE takes one URL";
	if (out.kind == OUTPUT_REMOTE)
		o->create_dirs = true;
	else
		o->output_dir = NULL;	/* -P is for other files */
	/* There is room for one each: as many as argv has bytes. */
	for (o->n_outputs = 0; o->n_outputs < o->urls.n; o->n_outputs++)
		o->outputs[o->n_outputs] = out;
	return NULL;
}

/* What follows from all options. Returns what is wrong, or NULL. */
static const char *
settle(struct wget *w, struct buf *login)
{
	struct options *o = &w->o;
	bool loud = !w->quiet && !w->terse;

	o->retry = w->tries > 0 ? w->tries - 1 : INT64_MAX;
	o->resume = w->resume ? "-" : NULL;
	o->head = w->spider;
	if (w->spider && o->method == NULL)
		o->method = "GET";
	if (o->method != NULL && strcmp(o->method, "HEAD") == 0)
		o->head = true;
	o->show_status = loud;
	if (w->user != NULL || w->password != NULL) {
		buf_fmt(login, "%s:%s", w->user != NULL ? w->user : "",
		        w->password != NULL ? w->password : "");
		o->user = buf_text(login);
	}
	if (login->cut)
		return "the login is too long";
	if (o->n_not_headers > 0)
		return "--header: expected \"Name: value\"";
	return set_outputs(o, w->spider);
}

/* GNU's: of several failures the lowest code, but 1 only if it is the only
 * one. */
static int
run_all(const struct wget *w)
{
	int worst = 0;

	if (w->o.insecure && !w->quiet)
		log_warn("--no-check-certificate: certificates are NOT "
		         "verified");
	(void)signal(SIGPIPE, SIG_IGN);	/* a closed stdout is an error */
	for (size_t i = 0; i < w->o.urls.n; i++) {
		int code = transfer_run(&w->o, i);
		int exit = code == GET_OK ? 0 : (int)exit_of(code);

		if (code == GET_OK && w->spider && w->o.show_status)
			log_warn("Remote file exists.");
		if (exit != 0 && (worst <= WGET_FAILED || exit < worst)
		 && (exit != WGET_FAILED || worst == 0))
			worst = exit;
	}
	return worst;
}

static int
print(const struct wget *w)
{
	char text[HELP_MAX];
	struct buf b = buf_over(text, sizeof text);

	if (w->o.version) {
		buf_str(&b, "Wget by ");
		cmd_write_version(&b);
	} else {
		buf_str(&b, "Usage: wget [OPTION]... [URL]...\n");
		opt_write_help(&b, opts, HELP_COLUMN);
	}
	return cmd_print(buf_span(&b));
}

static int
run(struct wget *w)
{
	char text[LOGIN_MAX];
	struct buf login = buf_over(text, sizeof text);
	const char *wrong;

	if (w->o.help || w->o.version)
		return print(w);
	if (w->o.urls.n == 0) {
		log_error("missing URL (see: wget --help)");
		return WGET_FAILED;
	}
	wrong = settle(w, &login);
	if (wrong != NULL) {
		log_error("%s", wrong);
		return WGET_USAGE;
	}
	return run_all(w);
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
	code = options_read_by(opts, &w.o, argc, argv, "wget --help", &why);
	if (code == GET_OK)
		code = run(&w);
	else {
		log_error("%s", buf_end_text(&why));
		code = exit_of(code);
	}
	options_free(&w.o);
	explicit_bzero(&session, sizeof session);
	return code;
}
