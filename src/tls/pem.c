/* SPDX-License-Identifier: MIT */
/* tls/pem.c - take PEM objects out of a stream of bytes */
#include "tls/pem.h"

#include "base/err.h"

/* What a character is worth: 0-63, or one of these. */
enum { PAD = 64, BLANK = 65, NEWLINE = 66, BAD = 255 };

static const unsigned char worth[128] = {
	255, 255, 255, 255, 255, 255, 255, 255,
	255,  65,  66, 255, 255,  65, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255,
	 65, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255,  62, 255, 255, 255,  63,
	 52,  53,  54,  55,  56,  57,  58,  59,
	 60,  61, 255, 255, 255,  64, 255, 255,
	255,   0,   1,   2,   3,   4,   5,   6,
	  7,   8,   9,  10,  11,  12,  13,  14,
	 15,  16,  17,  18,  19,  20,  21,  22,
	 23,  24,  25, 255, 255, 255, 255, 255,
	255,  26,  27,  28,  29,  30,  31,  32,
	 33,  34,  35,  36,  37,  38,  39,  40,
	 41,  42,  43,  44,  45,  46,  47,  48,
	 49,  50,  51, 255, 255, 255, 255, 255,
};

static const struct {
	char          label[32];
	enum pem_kind kind;
} labels[] = {
	{ "CERTIFICATE", PEM_CERT },
	{ "X509 CERTIFICATE", PEM_CERT },
	{ "TRUSTED CERTIFICATE", PEM_CERT_TRUSTED },
	{ "PRIVATE KEY", PEM_KEY_PKCS8 },
	{ "RSA PRIVATE KEY", PEM_KEY_RSA },
	{ "EC PRIVATE KEY", PEM_KEY_EC },
	{ "ENCRYPTED PRIVATE KEY", PEM_KEY_ENCRYPTED },
};

/* see tls/pem.h */
void
pem_init(struct pem *p, unsigned char *out, size_t cap)
{
	memset(p, 0, sizeof *p);
	p->out = out;
	p->cap = cap;
	p->line = 1;
}

static enum pem_kind
kind_of(struct span label)
{
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (span_is(label, labels[i].label))
			return labels[i].kind;
	return PEM_OTHER;
}

/* The line, if it is "-----WHAT label-----": its label goes to *label. */
static bool
is_boundary(const struct pem *p, const char *what, struct span *label)
{
	struct span s = { p->text, p->text_len };

	if (s.len > PEM_LINE_MAX)
		return false;
	/* Windows puts a byte order mark before the first line of a file. */
	if (p->state == PEM_OUTSIDE && span_has_prefix(s, "\xef\xbb\xbf"))
		s = span_after(s, 3);
	while (s.len > 0 && (unsigned char)s.p[s.len - 1] <= ' ')
		s.len--;
	if (!span_has_prefix(s, what) || s.len < strlen(what) + 5
	 || memcmp(s.p + s.len - 5, "-----", 5) != 0)
		return false;
	*label = span_after(s, strlen(what));
	label->len -= 5;
	return true;
}

static void
begin(struct pem *p, struct span label)
{
	memcpy(p->label, label.p, label.len);
	p->label_len = label.len;
	p->kind = kind_of(label);
	p->begin = p->line;
	p->len = 0;
	p->bits = 0;
	p->have = p->pad = 0;
	p->at_start = true;
	p->state = p->kind == PEM_OTHER || p->kind == PEM_KEY_ENCRYPTED
	         ? PEM_SKIP : PEM_BASE64;
}

/* "Proc-Type: 4,ENCRYPTED" (RFC 1421): what follows is of no use. */
static int
take_header(struct pem *p)
{
	size_t len = p->text_len < PEM_LINE_MAX ? p->text_len : PEM_LINE_MAX;

	if (memchr(p->text, ':', len) == NULL)
		return ERR_PARSE;
	p->kind = PEM_KEY_ENCRYPTED;
	p->have = 0;
	p->len = 0;
	p->state = PEM_SKIP;
	return 0;
}

/* A whole line that is no base64. Returns 1 where it ends an object. */
static int
take_line(struct pem *p)
{
	struct span label;
	bool ends = is_boundary(p, "-----END ", &label);

	if (ends && p->state == PEM_OUTSIDE)
		return 0;	/* left over from another file */
	if (ends && (label.len != p->label_len
		  || memcmp(label.p, p->label, label.len) != 0))
		return ERR_PARSE;	/* not what was begun */
	if (ends) {
		p->state = PEM_OUTSIDE;
		if (p->have != 0)
			return ERR_PARSE;	/* base64 ends too early */
		return p->kind != PEM_OTHER;
	}
	if (p->state == PEM_LAST_LINE)
		return ERR_PARSE;
	if (p->state == PEM_HEADER)
		return take_header(p);
	if (is_boundary(p, "-----BEGIN ", &label)) {
		if (p->state != PEM_OUTSIDE)
			return ERR_PARSE;
		begin(p, label);
	}
	return 0;
}

/* Takes bytes up to and with the end of a line. */
static int
take_text(struct pem *p, struct span *in)
{
	while (in->len > 0) {
		char c = in->p[0];
		int r;

		*in = span_after(*in, 1);
		if (c != '\n') {
			if (p->text_len < PEM_LINE_MAX)
				p->text[p->text_len] = c;
			/* One more than is kept tells that it was cut. */
			p->text_len += p->text_len <= PEM_LINE_MAX;
			continue;
		}
		r = take_line(p);
		p->text_len = 0;
		if (r >= 0)
			p->line++;
		return r;
	}
	return 0;
}

static int
put(struct pem *p, size_t n)
{
	if (p->cap - p->len < n)
		return ERR_TOOBIG;
	for (size_t i = 0; i < n; i++)
		p->out[p->len++] = (unsigned char)(p->bits >> (16 - 8 * i));
	p->bits = 0;
	p->have = 0;
	return 0;
}

/* One character of base64, or '='. */
static int
take_char(struct pem *p, unsigned w)
{
	if (w == PAD) {
		if (p->have < 2)
			return ERR_PARSE;
		p->pad++;
		w = 0;
	} else if (p->pad > 0) {
		return ERR_PARSE;	/* nothing may follow '=' */
	}
	p->bits = p->bits << 6 | w;
	p->have++;
	if (p->have < 4)
		return 0;
	return put(p, 3 - p->pad);
}

/* Whole groups of four, the bulk of every file. Locals, since a byte that is
 * stored may be any of *p's for all the compiler knows. */
static void
take_groups(struct pem *p, struct span *in)
{
	const unsigned char *s = (const unsigned char *)in->p;
	const unsigned char *end = s + in->len / 4 * 4;
	unsigned char *out = p->out + p->len, *last = p->out + p->cap;

	for (; s < end && last - out >= 3; s += 4, out += 3) {
		uint32_t n;

		if ((s[0] | s[1] | s[2] | s[3]) >= 128
		 || (worth[s[0]] | worth[s[1]] | worth[s[2]] | worth[s[3]]) >=
		    PAD)
			break;
		n = (uint32_t)worth[s[0]] << 18 | (uint32_t)worth[s[1]] << 12 |
		    (uint32_t)worth[s[2]] << 6 | worth[s[3]];
		out[0] = (unsigned char)(n >> 16);
		out[1] = (unsigned char)(n >> 8);
		out[2] = (unsigned char)n;
	}
	p->len = (size_t)(out - p->out);
	if (s != (const unsigned char *)in->p)
		p->at_start = false;
	*in = span_after(*in, (size_t)(s - (const unsigned char *)in->p));
}

/* A byte that is no base64: what is left of the line may tell that it is a
 * header, which only the first line of a key can be. */
static int
take_odd(struct pem *p)
{
	if (p->line != p->begin + 1 || p->kind == PEM_CERT
	 || p->kind == PEM_CERT_TRUSTED)
		return ERR_PARSE;
	p->state = PEM_HEADER;
	return 0;
}

static int
take_base64(struct pem *p, struct span *in)
{
	while (in->len > 0) {
		unsigned char c;
		unsigned w;
		int r = 0;

		if (p->have == 0 && p->pad == 0)
			take_groups(p, in);
		if (in->len == 0)
			break;
		c = (unsigned char)in->p[0];
		w = c < 128 ? worth[c] : BAD;
		if (c == '-' && p->at_start) {
			p->state = PEM_LAST_LINE;
			return 0;	/* the line is read as text */
		}
		if (w == NEWLINE) {
			p->line++;
			p->at_start = true;
		} else if (w <= PAD) {
			p->at_start = false;
			r = take_char(p, w);
		} else if (w == BAD) {
			return take_odd(p);
		}
		if (r < 0)
			return r;
		*in = span_after(*in, 1);
	}
	return 0;
}

/* see tls/pem.h */
int
pem_next(struct pem *p, struct span *in)
{
	while (in->len > 0) {
		int r = p->state == PEM_BASE64 ? take_base64(p, in)
		                               : take_text(p, in);

		if (r != 0)
			return r;
	}
	return 0;
}

/* see tls/pem.h */
int
pem_end(struct pem *p)
{
	int r = 0;

	if (p->text_len > 0 && p->state != PEM_BASE64) {
		r = take_line(p);
		p->text_len = 0;
	}
	if (r == 0 && p->state != PEM_OUTSIDE)
		return ERR_PARSE;
	return r;
}
