/* SPDX-License-Identifier: MIT */
/* get/writeout.c - exit codes, what -w prints, what Retry-After asks for */
#include "get/get.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/date.h"
#include "base/err.h"
#include "base/log.h"
#include "base/parse.h"
#include "cmd/cmd.h"

#define US_PER_S 1000000
#define RETRY_ASKED_MAX_S 86400	/* a longer Retry-After is cut to this */
#define VAR_MAX  64		/* bytes of a number, a time or an address */
#define VAR_NAME_MAX 20	/* bytes of "filename_effective" and the like */

/* While TLS shakes hands every failure is one of these. */
static int
tls_code(int err)
{
	switch (err) {
	case ERR_CERT:
		return GET_CERT;
	case ERR_CAFILE:
		return GET_CA_FILE;
	case ERR_KEYFILE:
		return GET_OWN_CERT;
	default:
		return GET_TLS;
	}
}

static int
head_code(int err)
{
	switch (err) {
	case ERR_EMPTY:
		return GET_EMPTY;
	case ERR_VERSION:
		return GET_PROTOCOL;
	case ERR_PARSE:
		return GET_WEIRD;
	case ERR_RANGE:
		return GET_TOO_LARGE;
	case ERR_CODING:
		return GET_CODING;
	default:
		return GET_RECV;
	}
}

/* see get/get.h */
int
get_code(const struct exchange *c, int err, bool via_proxy)
{
	if (err == ERR_TIMEOUT)
		return GET_TIMEOUT;
	switch (c->step) {
	case EXCHANGE_LOOKUP:
		break;
	case EXCHANGE_CONNECT:
		if (err == ERR_RESOLVE)	/* -6, and --resolve has v4 only */
			break;
		return GET_CONNECT;
	case EXCHANGE_TUNNEL:
		return GET_RECV;
	case EXCHANGE_TLS:
		return tls_code(err);
	case EXCHANGE_SEND:
		return GET_SEND;
	case EXCHANGE_HEAD:
		return head_code(err);
	case EXCHANGE_BODY:
		return err == ERR_SHORT ? GET_PARTIAL : GET_RECV;
	}
	return via_proxy ? GET_PROXY_LOOKUP : GET_LOOKUP;
}

static int
month_of(struct span name)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (size_t i = 0; i < 12; i++)
		if (name.len == 3 && memcmp(name.p, months + 3 * i, 3) == 0)
			return (int)i;
	return -1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7) in seconds from 1970 on; 0
 * for what is no such date. */
static int64_t
date_of(struct span date)
{
	enum { DAY, YEAR, HOUR, MINUTE, SECOND, PARTS };
	static const struct { uint16_t max; char end; } parts[PARTS] = {
		{ 31, ' ' }, { 9999, ' ' }, { 23, ':' }, { 59, ':' },
		{ 60, ' ' },
	};
	uint64_t n[PARTS];
	int month = 0;

	(void)span_cut(&date, ' ');	/* the day's name says nothing new */
	for (size_t i = 0; i < PARTS; i++) {
		if (i == YEAR)
			month = month_of(span_cut(&date, ' '));
		if (parse_uint_span(span_cut(&date, parts[i].end),
		                    parts[i].max, &n[i]) < 0)
			return 0;
	}
	if (month < 0 || n[YEAR] < 1970 || !span_is(date, "GMT"))
		return 0;
	return date_days((int)n[YEAR], month + 1, (int)n[DAY]) * 86400
	     + (int64_t)(n[HOUR] * 3600 + n[MINUTE] * 60 + n[SECOND]);
}

/* see get/get.h */
int64_t
get_retry_after_ms(const struct get_result *r, int64_t now_s)
{
	struct reply last = { .fields = { r->head, r->head_len } };
	struct span value = { NULL, 0 };
	int64_t wait_s;
	uint64_t s;

	if (r->head != NULL)
		value = reply_field(&last, "Retry-After");
	if (value.p == NULL)
		return 0;
	if (parse_uint_span(value, INT64_MAX, &s) == 0)
		wait_s = (int64_t)s;
	else
		wait_s = date_of(value) - now_s;
	if (wait_s > RETRY_ASKED_MAX_S)
		wait_s = RETRY_ASKED_MAX_S;
	return wait_s > 0 ? wait_s * 1000 : 0;
}

static void
add_seconds(struct buf *b, int64_t us)
{
	int64_t part = us % US_PER_S;

	if (us < 0)
		us = part = 0;
	buf_fmt(b, "%lld.", (long long)(us / US_PER_S));
	for (int64_t ten = US_PER_S / 10; ten > 1 && part < ten; ten /= 10)
		buf_str(b, "0");
	buf_fmt(b, "%lld", (long long)part);
}

/* A moment of the last request, counted from the URL's start; 0 where it
 * never came. */
static int64_t
since_start(const struct get_result *r, int64_t moment_us)
{
	return moment_us == 0 ? 0 : moment_us - r->start_us;
}

static int64_t
bytes_per_s(const struct get_result *r, uint64_t bytes)
{
	uint64_t us = (uint64_t)(r->end_us - r->start_us);

	if (us == 0)
		us = 1;
	if (bytes > UINT64_MAX / US_PER_S)	/* 18 TB: seconds will do */
		return (int64_t)(bytes / (us / US_PER_S + 1));
	return (int64_t)(bytes * US_PER_S / us);
}

static void
add_code(struct buf *b, int status)
{
	buf_fmt(b, status == 0 ? "00%d" : "%d", status);
}

enum var {
	V_STATUS, V_CONNECT_STATUS, V_CONTENT_TYPE, V_ERRORMSG, V_EXITCODE,
	V_FILENAME, V_VERSION, V_LOCAL_IP, V_LOCAL_PORT, V_METHOD, V_CONNECTS,
	V_FIELDS, V_REDIRECTS, V_REDIRECT_URL, V_REMOTE_IP, V_REMOTE_PORT,
	V_SCHEME, V_SIZE_DOWN, V_SIZE_HEAD, V_SIZE_REQUEST, V_SIZE_UP,
	V_SPEED_DOWN, V_SPEED_UP, V_VERIFY, V_T_APP, V_T_CONNECT, V_T_LOOKUP,
	V_T_PRE, V_T_REDIRECT, V_T_START, V_T_TOTAL, V_URL, V_URL_NOW,
	V_URLNUM,
};

static const struct {
	char     name[VAR_NAME_MAX];
	enum var var;
} vars[] = {
	{ "content_type", V_CONTENT_TYPE }, { "errormsg", V_ERRORMSG },
	{ "exitcode", V_EXITCODE }, { "filename_effective", V_FILENAME },
	{ "http_code", V_STATUS }, { "http_connect", V_CONNECT_STATUS },
	{ "http_version", V_VERSION }, { "local_ip", V_LOCAL_IP },
	{ "local_port", V_LOCAL_PORT }, { "method", V_METHOD },
	{ "num_connects", V_CONNECTS }, { "num_headers", V_FIELDS },
	{ "num_redirects", V_REDIRECTS }, { "redirect_url", V_REDIRECT_URL },
	{ "remote_ip", V_REMOTE_IP }, { "remote_port", V_REMOTE_PORT },
	{ "response_code", V_STATUS }, { "scheme", V_SCHEME },
	{ "size_download", V_SIZE_DOWN }, { "size_header", V_SIZE_HEAD },
	{ "size_request", V_SIZE_REQUEST }, { "size_upload", V_SIZE_UP },
	{ "speed_download", V_SPEED_DOWN }, { "speed_upload", V_SPEED_UP },
	{ "ssl_verify_result", V_VERIFY }, { "time_appconnect", V_T_APP },
	{ "time_connect", V_T_CONNECT }, { "time_namelookup", V_T_LOOKUP },
	{ "time_pretransfer", V_T_PRE }, { "time_redirect", V_T_REDIRECT },
	{ "time_starttransfer", V_T_START }, { "time_total", V_T_TOTAL },
	{ "url", V_URL }, { "url_effective", V_URL_NOW },
	{ "urlnum", V_URLNUM },
};

/* "%header{name}": a field of the last answer. */
static void
add_field(struct buf *b, struct span name, const struct get_result *r)
{
	struct span rest = { r->head, r->head_len }, got, value;

	while (reply_next_field(&rest, &got, &value))
		if (got.len == name.len
		 && strncasecmp(got.p, name.p, name.len) == 0) {
			buf_add(b, value);
			return;
		}
}

/* A URL as curl tells it: whole, or as it is where it is not one of ours.
 * is_asked: it is the one that was asked last, not where a Location leads. */
static void
add_url(struct buf *b, const char *text, bool is_asked,
        const struct get_result *r)
{
	struct url u;

	if (url_read(&u, span_of(text)) < 0 || (!is_asked && !u.has_scheme)) {
		buf_str(b, text);
		return;
	}
	url_write(b, &u, r->as_is);
	if (is_asked && r->more.len > 0) {
		buf_str(b, span_has(u.path, '?') ? "&" : "?");
		buf_add(b, r->more);
	}
	buf_str(b, u.fragment.len > 0 ? "#" : "");
	buf_add(b, u.fragment);
}

static void
add_var(struct buf *b, enum var v, const struct get_result *r)
{
	switch (v) {
	case V_STATUS:
		add_code(b, r->status);
		break;
	case V_CONNECT_STATUS:
		add_code(b, r->connect_status);
		break;
	case V_CONTENT_TYPE:
		add_field(b, span_of("Content-Type"), r);
		break;
	case V_ERRORMSG:
		buf_str(b, r->why);
		break;
	case V_EXITCODE:
		buf_int(b, r->code);
		break;
	case V_FILENAME:
		buf_str(b, r->file);
		break;
	case V_VERSION:
		buf_str(b, r->status == 0 ? "0" : r->minor == 0 ? "1.0" : "1.1");
		break;
	case V_LOCAL_IP:
		buf_str(b, r->local);
		break;
	case V_LOCAL_PORT:
		buf_int(b, r->local_port);
		break;
	case V_METHOD:
		buf_str(b, r->method);
		break;
	case V_CONNECTS:
		buf_int(b, r->connects);
		break;
	case V_FIELDS:
		buf_int(b, r->fields);
		break;
	case V_REDIRECTS:
		buf_int(b, r->redirects);
		break;
	case V_REDIRECT_URL:
		add_url(b, r->redirect, false, r);
		break;
	case V_REMOTE_IP:
		buf_str(b, r->remote);
		break;
	case V_REMOTE_PORT:
		buf_int(b, r->remote_port);
		break;
	case V_SCHEME:
		buf_str(b, r->is_https ? "HTTPS" : "HTTP");
		break;
	case V_SIZE_DOWN:
		buf_fmt(b, "%llu", (unsigned long long)r->body_bytes);
		break;
	case V_SIZE_HEAD:
		buf_fmt(b, "%llu", (unsigned long long)r->head_bytes);
		break;
	case V_SIZE_REQUEST:
		buf_fmt(b, "%llu", (unsigned long long)r->sent_bytes);
		break;
	case V_SIZE_UP:
		buf_fmt(b, "%llu", (unsigned long long)r->uploaded_bytes);
		break;
	case V_SPEED_DOWN:
		buf_int(b, bytes_per_s(r, r->body_bytes));
		break;
	case V_SPEED_UP:
		buf_int(b, bytes_per_s(r, r->uploaded_bytes));
		break;
	case V_VERIFY:	/* a failure is no answer here: it is 0 otherwise */
		buf_str(b, r->code == GET_CERT ? "1" : "0");
		break;
	case V_T_APP:
		add_seconds(b, since_start(r, r->tls_us));
		break;
	case V_T_CONNECT:
		add_seconds(b, since_start(r, r->connect_us));
		break;
	case V_T_LOOKUP:
		add_seconds(b, since_start(r, r->lookup_us));
		break;
	case V_T_PRE:
		add_seconds(b, since_start(r, r->sent_us));
		break;
	case V_T_REDIRECT:
		add_seconds(b, r->redirects > 0 ? r->try_us - r->start_us : 0);
		break;
	case V_T_START:
		add_seconds(b, since_start(r, r->first_us));
		break;
	case V_T_TOTAL:
		add_seconds(b, since_start(r, r->end_us));
		break;
	case V_URL:
		buf_str(b, r->asked);
		break;
	case V_URL_NOW:
		add_url(b, r->url, true, r);
		break;
	case V_URLNUM:
		buf_int(b, (int64_t)r->url_index);
		break;
	}
}

static bool
add_named(struct buf *b, struct span name, const struct get_result *r)
{
	for (size_t i = 0; i < sizeof vars / sizeof vars[0]; i++)
		if (span_is(name, vars[i].name)) {
			add_var(b, vars[i].var, r);
			return true;
		}
	return false;
}

static char
unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return '\0';
	}
}

/* What follows a '%'. Returns the text behind it. */
static const char *
add_percent(struct buf *b, const char *f, const struct get_result *r)
{
	const char *end = strchr(f, '}');
	struct span name;

	if (*f == '%') {
		buf_str(b, "%");
		return f + 1;
	}
	if (end != NULL && strncmp(f, "header{", 7) == 0) {
		name = (struct span){ f + 7, (size_t)(end - f) - 7 };
		add_field(b, name, r);
		return end + 1;
	}
	if (end == NULL || *f != '{') {
		buf_str(b, "%");
		return f;
	}
	name = (struct span){ f + 1, (size_t)(end - f) - 1 };
	if (!add_named(b, name, r))
		log_warn("get: unknown --write-out variable: '%.*s'",
		         (int)name.len, name.p);
	return end + 1;
}

/* see get/get.h */
void
get_format(struct buf *b, const char *f, const struct get_result *r)
{
	while (*f != '\0') {
		size_t plain = strcspn(f, "%\\");
		char c;

		buf_add(b, (struct span){ f, plain });
		f += plain;
		if (*f == '%') {
			f = add_percent(b, f + 1, r);
		} else if (*f == '\\') {
			c = unescape(f[1]);
			buf_add(b, c != '\0' ? (struct span){ &c, 1 }
			                     : (struct span){ f, f[1] ? 2 : 1 });
			f += f[1] != '\0' ? 2 : 1;
		}
	}
}

/* see get/get.h */
size_t
get_format_max(const char *format, const struct get_result *r)
{
	/* No variable is longer than all that can be long together. */
	size_t most = VAR_MAX + strlen(r->asked) + strlen(r->file)
	            + strlen(r->method) + r->head_len + r->more.len
	            + sizeof r->url + URL_MORE + sizeof r->redirect
	            + sizeof r->why;
	size_t max = strlen(format);

	for (; (format = strchr(format, '%')) != NULL; format++)
		max += most;
	return max;
}

/* see get/get.h */
int
get_write_out(const char *format, const struct get_result *r)
{
	size_t cap = get_format_max(format, r);
	char *memory = malloc(cap + 1);	/* mostly never touched */
	struct buf b = buf_over(memory, cap);
	int code = GET_WRITE;

	if (memory == NULL) {
		log_error("get: -w: %s", err_text(-ENOMEM));
		return GET_MEMORY;
	}
	get_format(&b, format, r);
	if (cmd_print(buf_span(&b)) == CMD_OK)
		code = GET_OK;
	free(memory);
	return code;
}
