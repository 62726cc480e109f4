/* SPDX-License-Identifier: MIT */
/* get/values.c - what the value of each of curl's options means */
#include "get/values.h"

#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/parse.h"
#include "base/percent.h"
#include "client/request.h"
#include "get/options.h"

#define DIGITS "0123456789"
#define CURL_SECONDS_MAX (INT64_MAX / 1000 - 1)

/* see get/values.h */
int
value_count(void *field, struct span value)
{
	uint64_t n;
	int r = parse_uint_span(value, INT64_MAX, &n);

	if (r == 0)
		*(int64_t *)field = (int64_t)n;
	return r;
}

/* see get/values.h */
int
value_redirs(void *field, struct span value)
{
	if (!span_is(value, "-1"))
		return value_count(field, value);
	*(int64_t *)field = -1;
	return 0;
}

/* see get/values.h */
int
value_size(void *field, struct span value)
{
	static const char units[] = "kmgtp";
	struct span digits = { value.p, strspn(value.p, DIGITS) };
	const char *unit = value.p + digits.len, *point = unit, *at;
	uint64_t n, part = 0;
	int shift = 0, r;

	if (*point == '.')
		unit += 1 + strspn(point + 1, DIGITS);
	if (*unit != '\0') {
		at = strchr(units, *unit | ('a' ^ 'A'));
		if (at == NULL || unit[1] != '\0')
			return ERR_PARSE;
		shift = 10 * (int)(at - units + 1);
	}
	/* Digits behind a point are parts of a unit, and there are some. */
	if (unit != point && (shift == 0 || unit == point + 1))
		return ERR_PARSE;
	for (at = unit; at > point + 1; at--)
		part = (part + ((uint64_t)(at[-1] - '0') << shift)) / 10;
	r = parse_uint_span(digits, INT64_MAX >> shift, &n);
	if (r == 0)
		*(int64_t *)field = (int64_t)((n << shift) + part);
	return r;
}

/* see get/values.h: "5" or "0.5", with digits on both sides of the point */
int
value_seconds(void *field, struct span value)
{
	struct span rest = value, whole = span_cut(&rest, '.');
	uint64_t n;
	int r;

	if (strspn(value.p, DIGITS ".") != value.len)
		return ERR_PARSE;
	r = parse_ms(value.p, field);
	if (r != ERR_RANGE)
		return r;
	*(int64_t *)field = 0;
	return parse_uint_span(whole, CURL_SECONDS_MAX, &n);
}

/* see get/values.h */
int
value_word(void *field, struct span value)
{
	struct option_words *words = field;

	words->at[words->n++] = value.p;
	return 0;
}

/* see get/values.h */
int
value_name(void *field, struct span value)
{
	if (value.len == 0)
		return ERR_PARSE;
	*(const char **)field = value.p;
	return 0;
}

/* see get/values.h: what follows a colon is a password in curl */
int
value_cert(void *field, struct span value)
{
	return span_has(value, ':') ? ERR_PARSE : value_name(field, value);
}

/* see get/values.h: what goes into the request must not end its line */
int
value_line(void *field, struct span value)
{
	if (span_has_control(value, false))
		return ERR_PARSE;
	*(const char **)field = value.p;
	return 0;
}

/* see get/values.h */
int
value_token(void *field, struct span value)
{
	return value.len == 0 ? ERR_PARSE : value_line(field, value);
}

/* see get/values.h: "$USER:$PASSWORD" without either of them sends no login */
int
value_login(void *field, struct span value)
{
	*(const char **)field = value.len == 0 || span_is(value, ":")
	                      ? NULL : value.p;
	return 0;
}

/* see get/values.h */
int
value_fail(void *field, struct span value)
{
	struct options *o = field;

	o->fail = value.len > 0;
	o->fail_with_body = false;
	return 0;
}

/* see get/values.h */
int
value_fail_with_body(void *field, struct span value)
{
	struct options *o = field;

	o->fail = false;
	o->fail_with_body = value.len > 0;
	return 0;
}

/* see get/values.h */
int
value_referer(void *field, struct span value)
{
	return span_find_text(value, ";auto") != NULL
	     ? ERR_PARSE : value_line(field, value);
}

/* see get/values.h */
int
value_sha256(void *field, struct span value)
{
	if (value.len != 64
	 || strspn(value.p, DIGITS "abcdefABCDEF") != value.len)
		return ERR_PARSE;
	*(const char **)field = value.p;
	return 0;
}

/* Parts of -d are joined by '&'. */
static int
start_part(struct options *o)
{
	return o->data.is_set ? bytes_add(&o->data, span_of("&")) : 0;
}

/* "@file" or the bytes themselves. */
static int
add_content(struct bytes *b, struct span value)
{
	return span_has_prefix(value, "@") ? bytes_add_file(b, value.p + 1)
	                                   : bytes_add(b, value);
}

/* see get/values.h */
int
value_data_binary(void *field, struct span value)
{
	struct options *o = field;
	int r = start_part(o);

	return r < 0 ? r : add_content(&o->data, value);
}

/* see get/values.h */
int
value_data(void *field, struct span value)
{
	struct options *o = field;
	size_t from = o->data.len;
	int r = value_data_binary(field, value);

	if (span_has_prefix(value, "@"))
		bytes_drop_line_ends(&o->data, from);
	return r;
}

/* see get/values.h */
int
value_data_raw(void *field, struct span value)
{
	struct options *o = field;
	int r = start_part(o);

	return r < 0 ? r : bytes_add(&o->data, value);
}

/* see get/values.h */
int
value_json(void *field, struct span value)
{
	struct options *o = field;

	o->json = true;	/* its parts are joined by nothing */
	return add_content(&o->data, value);
}

static int
add_encoded(struct bytes *b, struct span bytes)
{
	int r = bytes_add(b, (struct span){ NULL, 0 });

	for (size_t i = 0; i < bytes.len && r == 0; i++) {
		char x[3];
		struct buf one = buf_over(x, sizeof x);

		if (bytes.p[i] == ' ')
			buf_str(&one, "+");
		else if (bytes_is_unreserved(bytes.p[i]))
			buf_add(&one, (struct span){ bytes.p + i, 1 });
		else
			percent_encode(&one, bytes.p[i]);
		r = bytes_add(b, buf_span(&one));
	}
	return r;
}

/* see get/values.h: "content", "=content", "name=content", "@file" or
 * "name@file" */
int
value_data_urlencode(void *field, struct span value)
{
	struct options *o = field;
	struct span name = { value.p, strcspn(value.p, "=@") };
	struct bytes file = { 0 };
	struct span content = value;
	int r = start_part(o);

	if (r == 0 && name.len < value.len) {
		content = span_after(value, name.len + 1);
		r = bytes_add(&o->data, name);
		if (r == 0 && name.len > 0)
			r = bytes_add(&o->data, span_of("="));
	}
	if (r == 0 && value.p[name.len] == '@') {
		r = bytes_add_file(&file, content.p);
		content = (struct span){ file.p, file.len };
	}
	if (r == 0)
		r = add_encoded(&o->data, content);
	free(file.p);
	return r;
}

static int
add_header(struct options *o, struct span line)
{
	struct span *p;

	if (request_verify_line(line) < 0) {
		o->n_not_headers++;	/* curl passes over it, too */
		return 0;
	}
	p = realloc(o->headers, (o->n_headers + 1) * sizeof *p);
	if (p == NULL)
		return -ENOMEM;
	o->headers = p;
	p[o->n_headers++] = line;
	return 0;
}

/* What the file of that name holds; o owns it. */
static int
read_file(struct options *o, struct bytes *file, const char *name)
{
	int r = bytes_add_file(file, name);

	o->owned[o->n_owned++] = file->p;
	return r;
}

/* see get/values.h: a header line, or "@file" with one a line */
int
value_header(void *field, struct span value)
{
	struct options *o = field;
	struct bytes file = { 0 };
	struct span rest;
	int r;

	if (!span_has_prefix(value, "@"))
		return add_header(o, value);
	r = read_file(o, &file, value.p + 1);
	rest = (struct span){ file.p, file.len };
	while (r == 0 && rest.len > 0) {
		struct span line = span_cut(&rest, '\n');

		while (line.len > 0 && (line.p[line.len - 1] == '\r'
		                     || line.p[line.len - 1] == ' '))
			line.len--;
		if (line.len > 0)
			r = add_header(o, line);
	}
	return r;
}

/* Joins two words on the heap; o owns the text. Returns it, or NULL. */
static char *
join(struct options *o, const char *first, const char *second)
{
	size_t cap = strlen(first) + strlen(second) + 1;
	char *text = malloc(cap);
	struct buf b = buf_over(text, cap);

	if (text == NULL)
		return NULL;
	o->owned[o->n_owned++] = text;
	buf_fmt(&b, "%s%s", first, second);
	(void)buf_text(&b);
	return text;
}

/* see get/values.h */
int
value_bearer(void *field, struct span value)
{
	const char *line;

	if (value.len == 0)
		return ERR_PARSE;
	line = join(field, "Authorization: Bearer ", value.p);
	return line == NULL ? -ENOMEM : add_header(field, span_of(line));
}

/* see get/values.h: "5" means "5-" */
int
value_range(void *field, struct span value)
{
	struct options *o = field;
	bool is_number = strspn(value.p, DIGITS) == value.len;
	int r = value_token(&o->range, value);

	if (r < 0)
		return r;
	o->range = is_number ? join(o, value.p, "-") : value.p;
	return o->range != NULL ? 0 : -ENOMEM;
}

/* see get/values.h */
int
value_cookie(void *field, struct span value)
{
	struct options *o = field;
	const char *cookie = value.p;

	if (!span_has(value, '=') || span_has_control(value, false))
		return ERR_PARSE;	/* without '=' it is a file's name */
	if (o->cookie != NULL) {
		cookie = join(o, o->cookie, "; ");
		cookie = cookie == NULL ? NULL : join(o, cookie, value.p);
	}
	o->cookie = cookie;
	return cookie != NULL ? 0 : -ENOMEM;
}

/* see get/values.h */
int
value_output(void *field, struct span value)
{
	struct options *o = field;

	if (value.len == 0)
		return ERR_PARSE;
	o->outputs[o->n_outputs++] = (struct option_output){
		.kind = span_is(value, "-") ? OUTPUT_STDOUT : OUTPUT_FILE,
		.name = value.p,
	};
	return 0;
}

/* see get/values.h */
int
value_remote_name(void *field, struct span value)
{
	struct options *o = field;

	(void)value;
	o->outputs[o->n_outputs++].kind = OUTPUT_REMOTE;
	return 0;
}

/* see get/values.h: the name, which '@' marks for client/dial.h */
int
value_abstract(void *field, struct span value)
{
	struct options *o = field;

	if (value.len == 0)
		return ERR_PARSE;
	o->unix_socket = join(o, "@", value.p);
	return o->unix_socket != NULL ? 0 : -ENOMEM;
}

/* see get/values.h: a text, or "@file" that holds it */
int
value_write_out(void *field, struct span value)
{
	struct options *o = field;
	struct bytes file = { 0 };
	int r;

	o->write_out = value.p;
	if (!span_has_prefix(value, "@"))
		return 0;
	r = read_file(o, &file, value.p + 1);
	if (r < 0)
		return r;
	bytes_drop_line_ends(&file, 0);
	file.p[file.len] = '\0';
	o->write_out = file.p;
	return 0;
}
