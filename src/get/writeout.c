/* SPDX-License-Identifier: MIT */
/* get/writeout.c - the text of -w */
#include "get/writeout.h"

#include "base/err.h"
#include "client/reply.h"
#include "get/exit.h"

#define US_PER_S 1000000
#define VAR_MAX  64		/* bytes of a number, a time or an address */

/* Below 0 is 0: a moment of the last request that never came. */
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

static int64_t
bytes_per_s(const struct result *r, uint64_t bytes)
{
	uint64_t us = (uint64_t)(r->end_us - r->start_us);

	if (us == 0)
		us = 1;
	if (bytes > UINT64_MAX / US_PER_S)	/* 18 TB: seconds will do */
		return (int64_t)(bytes / (us / US_PER_S + 1));
	return (int64_t)(bytes * US_PER_S / us);
}

static void
add_status(struct buf *b, int status)
{
	buf_fmt(b, status == 0 ? "00%d" : "%d", status);
}

/* "%header{name}": a field of the last answer. */
static void
add_field(struct buf *b, struct span name, const struct result *r)
{
	buf_add(b, reply_field((struct span){ r->head, r->head_len }, name));
}

/* What is not a URL of ours, as it is but for a login. */
static void
add_other_url(struct buf *b, const char *text)
{
	const char *host = span_find_text(span_of(text), "://"), *at;

	if (host != NULL) {
		host += 3;
		at = memchr(host, '@', strcspn(host, "/?#"));
		buf_add(b, (struct span){ text, (size_t)(host - text) });
		text = at != NULL ? at + 1 : host;
	}
	buf_str(b, text);
}

/* A URL as curl writes it: whole if it is one of ours. is_current: it is the
 * one that was requested last, not where a Location leads; it is left out if it
 * could not be read. */
static void
add_url(struct buf *b, const char *text, bool is_current,
        const struct result *r)
{
	struct url u;
	int err = url_read(&u, span_of(text));

	if (err < 0 && err != ERR_SCHEME && is_current)
		return;
	if (err < 0 || (!is_current && !u.has_scheme)) {
		add_other_url(b, text);
		return;
	}
	url_write(b, &u, r->as_is);
	if (is_current && r->more.len > 0) {
		buf_str(b, span_has(u.path, '?') ? "&" : "?");
		buf_add(b, r->more);
	}
	buf_str(b, u.fragment.len > 0 ? "#" : "");
	buf_add(b, u.fragment);
}

/* How a variable's value is written; a field of the result unless said. */
enum form {
	FORM_TEXT,	/* char[] */
	FORM_POINTER,	/* const char * */
	FORM_INT,	/* int */
	FORM_STATUS,	/* int, of three digits */
	FORM_BYTES,	/* uint64_t */
	FORM_SPEED,	/* uint64_t of bytes, a second */
	FORM_MOMENT,	/* int64_t, in seconds from the URL's start on */
	FORM_REDIRECTS,	/* not a field: the time that they took */
	FORM_TYPE,	/* not a field: the Content-Type */
	FORM_VERSION,	/* not a field: HTTP's */
	FORM_SCHEME,	/* not a field */
	FORM_VERIFY,	/* not a field: 0, or 1 for a bad certificate */
	FORM_URL,	/* the URL that was requested last */
	FORM_LOCATION,	/* where a Location leads */
};

#define AT(field) offsetof(struct result, field)
#define VARS(VAR) \
	VAR("content_type", FORM_TYPE, 0) \
	VAR("errormsg", FORM_TEXT, AT(why)) \
	VAR("exitcode", FORM_INT, AT(code)) \
	VAR("filename_effective", FORM_POINTER, AT(file)) \
	VAR("http_code", FORM_STATUS, AT(status)) \
	VAR("http_connect", FORM_STATUS, AT(connect_status)) \
	VAR("http_version", FORM_VERSION, 0) \
	VAR("local_ip", FORM_TEXT, AT(local)) \
	VAR("local_port", FORM_INT, AT(local_port)) \
	VAR("method", FORM_POINTER, AT(method)) \
	VAR("num_connects", FORM_INT, AT(connects)) \
	VAR("num_headers", FORM_INT, AT(fields)) \
	VAR("num_redirects", FORM_INT, AT(redirects)) \
	VAR("redirect_url", FORM_LOCATION, AT(redirect)) \
	VAR("remote_ip", FORM_TEXT, AT(remote)) \
	VAR("remote_port", FORM_INT, AT(remote_port)) \
	VAR("response_code", FORM_STATUS, AT(status)) \
	VAR("scheme", FORM_SCHEME, 0) \
	VAR("size_download", FORM_BYTES, AT(body_bytes)) \
	VAR("size_header", FORM_BYTES, AT(head_bytes)) \
	VAR("size_request", FORM_BYTES, AT(sent_bytes)) \
	VAR("size_upload", FORM_BYTES, AT(uploaded_bytes)) \
	VAR("speed_download", FORM_SPEED, AT(body_bytes)) \
	VAR("speed_upload", FORM_SPEED, AT(uploaded_bytes)) \
	VAR("ssl_verify_result", FORM_VERIFY, 0) \
	VAR("time_appconnect", FORM_MOMENT, AT(tls_us)) \
	VAR("time_connect", FORM_MOMENT, AT(connect_us)) \
	VAR("time_namelookup", FORM_MOMENT, AT(lookup_us)) \
	VAR("time_pretransfer", FORM_MOMENT, AT(sent_us)) \
	VAR("time_redirect", FORM_REDIRECTS, 0) \
	VAR("time_starttransfer", FORM_MOMENT, AT(first_us)) \
	VAR("time_total", FORM_MOMENT, AT(end_us)) \
	VAR("url", FORM_POINTER, AT(given)) \
	VAR("url_effective", FORM_URL, AT(url)) \
	VAR("urlnum", FORM_INT, AT(url_index))
#define NAME_OF(name, form, at) name "\0"
#define VAR_OF(name, form, at) { at, form },

static const char names[] = VARS(NAME_OF);
static const struct var {
	uint16_t      at;
	unsigned char form;	/* enum form */
} vars[] = { VARS(VAR_OF) };

static void
add_bytes(struct buf *b, uint64_t n)
{
	buf_fmt(b, "%llu", (unsigned long long)n);
}

static void
add_var(struct buf *b, const struct var *v, const struct result *r)
{
	const void *field = (const char *)r + v->at;

	switch ((enum form)v->form) {
	case FORM_TEXT:
		buf_str(b, field);
		break;
	case FORM_POINTER:
		buf_str(b, *(const char *const *)field);
		break;
	case FORM_INT:
		buf_int(b, *(const int *)field);
		break;
	case FORM_STATUS:
		add_status(b, *(const int *)field);
		break;
	case FORM_BYTES:
		add_bytes(b, *(const uint64_t *)field);
		break;
	case FORM_SPEED:
		buf_int(b, bytes_per_s(r, *(const uint64_t *)field));
		break;
	case FORM_MOMENT:
		add_seconds(b, *(const int64_t *)field - r->start_us);
		break;
	case FORM_REDIRECTS:
		add_seconds(b, r->redirects > 0 ? r->try_us - r->start_us : 0);
		break;
	case FORM_TYPE:
		add_field(b, span_of("Content-Type"), r);
		break;
	case FORM_VERSION:
		buf_str(b, r->status == 0 ? "0"
		           : r->minor == 0 ? "1.0" : "1.1");
		break;
	case FORM_SCHEME:
		buf_str(b, r->is_https ? "https" : "http");
		break;
	case FORM_VERIFY:
		buf_str(b, r->code == GET_CERT ? "1" : "0");
		break;
	case FORM_URL:
		add_url(b, field, true, r);
		break;
	case FORM_LOCATION:
		add_url(b, field, false, r);
		break;
	}
}

static bool
add_named(struct buf *b, struct span name, const struct result *r)
{
	const char *known = names;

	for (const struct var *v = vars; *known != '\0'; v++) {
		if (span_is(name, known)) {
			add_var(b, v, r);
			return true;
		}
		known += strlen(known) + 1;
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

/* What follows a '%'. Returns the text after it. */
static const char *
add_percent(struct buf *b, const char *f, const struct result *r,
            writeout_unknown *unknown)
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
		unknown(name);
	return end + 1;
}

/* see get/writeout.h */
void
writeout_write(struct buf *b, const char *f, const struct result *r,
               writeout_unknown *unknown)
{
	while (*f != '\0') {
		size_t plain = strcspn(f, "%\\");
		char c;

		buf_add(b, (struct span){ f, plain });
		f += plain;
		if (*f == '%') {
			f = add_percent(b, f + 1, r, unknown);
		} else if (*f == '\\') {
			c = unescape(f[1]);
			plain = f[1] != '\0' ? 2 : 1;
			buf_add(b, c != '\0' ? (struct span){ &c, 1 }
			                     : (struct span){ f, plain });
			f += plain;
		}
	}
}

/* see get/writeout.h */
size_t
writeout_max(const char *format, const struct result *r)
{
	/* No variable is longer than all that can be long together. */
	size_t most = VAR_MAX + strlen(r->given) + strlen(r->file)
	            + strlen(r->method) + r->head_len + r->more.len
	            + sizeof r->url + URL_MORE + sizeof r->redirect
	            + sizeof r->why;
	size_t max = strlen(format);

	for (; (format = strchr(format, '%')) != NULL; format++)
		max += most;
	return max;
}
