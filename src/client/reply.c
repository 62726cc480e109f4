/* SPDX-License-Identifier: MIT */
/* client/reply.c - HTTP/1.1 answers */
#include "client/reply.h"

#include "base/err.h"
#include "base/parse.h"

#define STATUS_LINE_MIN 12	/* "HTTP/1.1 200" */

/* Where chunks_step() stands. The names say what the next byte belongs to. */
enum {
	AT_SIZE,	/* the size's first digit */
	IN_SIZE,	/* a further digit, or what ends it */
	IN_EXTENSION,	/* passed over up to its LF */
	IN_DATA,
	AFTER_DATA,	/* CR or LF */
	AFTER_DATA_CR,	/* LF */
	AT_TRAILER,	/* a trailer line's first byte */
	IN_TRAILER,
	AT_END,		/* the LF of the last, empty line */
	ENDED,
};

static struct span
trim(struct span s)
{
	return span_trim(s, " \t\r\n");
}

/* Cuts one line with its end off *rest; false where it has no end yet. */
static bool
cut_line(struct span *rest, struct span *line)
{
	const char *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;

	if (end == NULL)
		return false;
	*line = (struct span){ rest->p, (size_t)(end - rest->p) + 1 };
	*rest = span_after(*rest, line->len);
	return true;
}

static bool
is_empty(struct span line)
{
	return line.len == 1 || (line.len == 2 && line.p[0] == '\r');
}

/* Could these first bytes become "HTTP/1.x "? */
static bool
is_http1(struct span s)
{
	static const char start[] = "HTTP/1.";
	size_t n = s.len < sizeof start - 1 ? s.len : sizeof start - 1;

	return memcmp(s.p, start, n) == 0;
}

/* see client/reply.h */
struct span
reply_version(struct span start)
{
	static const char name[] = "HTTP/";
	struct span version = span_after(start, sizeof name - 1);
	size_t n = 0;

	while (n < version.len && (version.p[n] == '.'
	    || (version.p[n] >= '0' && version.p[n] <= '9')))
		n++;
	version.len = span_has_prefix(start, name) ? n : 0;
	return version;
}

/* "HTTP/1.1 200 OK\r\n"; the reason may be missing (RFC 9112, 4). */
static int
read_status_line(struct reply *r, struct span line)
{
	struct span code, version = reply_version(line);
	uint64_t status;

	line = trim(line);
	if (!span_is(version, "1.0") && !span_is(version, "1.1"))
		return version.len > 2 ? ERR_VERSION : ERR_PARSE;
	if (line.len < STATUS_LINE_MIN || line.p[8] != ' ')
		return ERR_PARSE;
	r->minor = line.p[7] - '0';
	line = span_after(line, 9);
	code = span_cut(&line, ' ');
	if (code.len != 3 || parse_uint_span(code, 999, &status) < 0
	 || status < 100)
		return ERR_PARSE;
	r->status = (int)status;
	r->reason = trim(line);
	return 0;
}

/* Cuts the next item off a list, whose items commas part. */
static bool
next_item(struct span *list, struct span *item)
{
	if (list->len == 0)
		return false;
	*item = trim(span_cut(list, ','));
	return true;
}

static int
read_length(struct reply *r, struct span value)
{
	struct span item;
	uint64_t length;

	while (next_item(&value, &item)) {	/* RFC 9110, 8.6: "5, 5" is 5 */
		int err = parse_uint_span(item, INT64_MAX, &length);

		if (err < 0)
			return err;
		if (r->has_length && r->length != length)
			return ERR_PARSE;
		r->has_length = true;
		r->length = length;
	}
	return r->has_length ? 0 : ERR_PARSE;
}

static void
read_codings(struct reply *r, struct span list)
{
	struct span item;

	while (next_item(&list, &item)) {
		if (item.len == 0 || span_is_word(item, "identity"))
			continue;
		if (r->chunked || !span_is_word(item, "chunked"))
			r->coded = true;
		else
			r->chunked = true;
	}
}

static void
read_connection(struct reply *r, struct span list)
{
	struct span item;

	while (next_item(&list, &item)) {
		if (span_is_word(item, "close"))
			r->close = true;
		else if (span_is_word(item, "keep-alive"))
			r->close = false;
	}
}

/* see client/reply.h */
bool
reply_next_field(struct span *rest, struct span *name, struct span *value)
{
	struct span line, next;
	const char *colon;

	if (!cut_line(rest, &line))
		return false;
	while (rest->len > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t')
	    && cut_line(rest, &next))
		line.len += next.len;	/* folded: it is one value */
	colon = memchr(line.p, ':', line.len);
	*name = line;
	*value = (struct span){ line.p, 0 };
	if (colon != NULL) {
		name->len = (size_t)(colon - line.p);
		*value = trim(span_after(line, name->len + 1));
	}
	return true;
}

/* see client/reply.h */
struct span
reply_field(struct span fields, struct span name)
{
	struct span got, value;

	while (reply_next_field(&fields, &got, &value))
		if (span_is_same(got, name))
			return value;
	return (struct span){ NULL, 0 };
}

/* Of two places readers would not choose the same. */
static int
read_location(struct reply *r, struct span value)
{
	if (value.len == 0)
		return 0;
	if (r->location.len > 0
	 && (r->location.len != value.len
	     || memcmp(r->location.p, value.p, value.len) != 0))
		return ERR_PARSE;
	r->location = value;
	return 0;
}

static int
read_field(struct reply *r, struct span name, struct span value)
{
	switch (name.len) {	/* most fields are told apart by this alone */
	case 8:
		if (span_is_word(name, "Location"))
			return read_location(r, value);
		break;
	case 10:
		if (span_is_word(name, "Connection"))
			read_connection(r, value);
		break;
	case 14:
		if (span_is_word(name, "Content-Length"))
			return read_length(r, value);
		break;
	case 17:
		if (span_is_word(name, "Transfer-Encoding"))
			read_codings(r, value);
		break;
	}
	return 0;
}

/* A NUL, or a CR that does not end a line with its LF, which some readers take
 * for a line's end all the same (RFC 9112, 2.2). The head's last byte is LF. */
static bool
has_false_end(struct span head)
{
	for (size_t i = 0; i < head.len; i++)
		if (head.p[i] == '\0'
		 || (head.p[i] == '\r' && head.p[i + 1] != '\n'))
			return true;
	return false;
}

static int
read_fields(struct reply *r)
{
	struct span rest = r->fields, name, value;

	if (has_false_end(r->head))
		return ERR_PARSE;
	while (reply_next_field(&rest, &name, &value)) {
		int err;

		if (name.len == 0 || value.p == name.p)
			return ERR_PARSE;	/* no name, or no colon */
		err = read_field(r, name, value);
		if (err < 0)
			return err;
	}
	if (r->chunked)
		r->has_length = false;	/* RFC 9112, 6.3 */
	return 0;
}

/* see client/reply.h */
int
reply_read(struct reply *out, const char *buf, size_t len)
{
	struct span rest = { buf, len }, line;
	struct reply r = { 0 };
	int err;

	if (!is_http1(rest))
		return ERR_VERSION;
	if (!cut_line(&rest, &line))
		return 0;
	err = read_status_line(&r, line);
	if (err < 0)
		return err;
	r.close = r.minor == 0;
	r.fields.p = rest.p;
	for (;;) {
		if (!cut_line(&rest, &line))
			return 0;
		if (is_empty(line))
			break;
	}
	r.fields.len = (size_t)(line.p - r.fields.p);
	r.head = (struct span){ buf, (size_t)(rest.p - buf) };
	err = read_fields(&r);
	if (err < 0)
		return err;
	*out = r;
	return (int)r.head.len;
}

/* The byte behind a chunk's data, of the trailers or of the end. */
static int
step_ends(struct chunks *c, char byte)
{
	switch (c->state) {
	case AFTER_DATA:
		c->state = byte == '\n' ? AT_SIZE : AFTER_DATA_CR;
		return byte == '\n' || byte == '\r' ? 0 : ERR_PARSE;
	case AFTER_DATA_CR:
		c->state = AT_SIZE;
		return byte == '\n' ? 0 : ERR_PARSE;
	case AT_TRAILER:
		c->state = byte == '\r' ? AT_END : IN_TRAILER;
		if (byte == '\n')
			c->state = ENDED;
		return 0;
	case IN_TRAILER:
		if (byte == '\n')
			c->state = AT_TRAILER;
		return 0;
	default:	/* AT_END */
		c->state = ENDED;
		return byte == '\n' ? 0 : ERR_PARSE;
	}
}

/* The line's end: what comes next depends on the size it gave. */
static void
begin_chunk(struct chunks *c)
{
	c->state = c->left > 0 ? IN_DATA : AT_TRAILER;
	c->line_len = 0;
}

/* A byte of the size line. */
static int
step_size(struct chunks *c, char byte)
{
	int digit = parse_hex_digit(byte);

	if (c->state == IN_EXTENSION) {
		if (byte == '\n')
			begin_chunk(c);
		return 0;
	}
	if (digit >= 0) {
		if (c->state == AT_SIZE)
			c->left = 0;
		c->state = IN_SIZE;
		if (c->left > (uint64_t)INT64_MAX >> 4)
			return ERR_PARSE;
		c->left = c->left << 4 | (uint64_t)digit;
		return 0;
	}
	if (c->state == AT_SIZE)
		return ERR_PARSE;
	if (byte == '\n')
		begin_chunk(c);
	else if (byte == '\r' || byte == ';' || byte == ' ' || byte == '\t')
		c->state = IN_EXTENSION;
	else
		return ERR_PARSE;
	return 0;
}

/* see client/reply.h */
int
chunks_step(struct chunks *c, struct span *in, struct span *data)
{
	int err = 0;

	while (c->state != ENDED && in->len > 0 && err == 0) {
		char byte = in->p[0];

		if (c->state == IN_DATA) {
			*data = *in;
			if (data->len > c->left)
				data->len = (size_t)c->left;
			*in = span_after(*in, data->len);
			c->left -= data->len;
			if (c->left == 0)
				c->state = AFTER_DATA;
			return CHUNKS_DATA;
		}
		*in = span_after(*in, 1);
		if (++c->line_len > CHUNKS_LINE_MAX)
			return ERR_TOOBIG;
		err = c->state < IN_DATA ? step_size(c, byte)
		                         : step_ends(c, byte);
	}
	if (err < 0)
		return err;
	return c->state == ENDED ? CHUNKS_END : CHUNKS_MORE;
}
