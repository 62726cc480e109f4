/* SPDX-License-Identifier: MIT */
/* tls/dn.c - distinguished names: compare, pick apart, word */
#include "tls/dn.h"

#include "base/err.h"
#include "tls/der.h"

#define TEXT_SHOWN 100	/* bytes of one attribute */

/* see tls/dn.h */
int
dn_next(struct span *name, struct span *rdn, struct dn_attr *a)
{
	struct span pair;
	int first = rdn->len == 0;

	if (first && der_take(name, DER_SET, rdn) < 0)
		return ERR_PARSE;
	if (der_take(rdn, DER_SEQUENCE, &pair) < 0
	 || der_take(&pair, DER_OID, &a->oid) < 0)
		return ERR_PARSE;
	a->tag = der_next(&pair, &a->text);
	return a->tag < 0 || pair.len > 0 ? ERR_PARSE : first;
}

/* see tls/dn.h */
int
dn_verify(struct span name)
{
	struct span rdn = { name.p, 0 };
	struct dn_attr a;

	while (name.len > 0 || rdn.len > 0)
		if (dn_next(&name, &rdn, &a) < 0)
			return ERR_PARSE;
	return 0;
}

static bool
is_text(int tag)
{
	return tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_IA5
	    || tag == DER_VISIBLE || tag == DER_T61;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span
trim(struct span s)
{
	return span_trim(s, " \t\n\v\f\r");
}

/* Takes one byte in lower case, a run of blanks as one; -1 at the end. */
static int
next_byte(struct span *s)
{
	int c = ' ';

	if (s->len == 0)
		return -1;
	if (!is_blank(s->p[0])) {
		c = (int)span_fold(s->p[0]);
		*s = span_after(*s, 1);
		return c;
	}
	while (s->len > 0 && is_blank(s->p[0]))
		*s = span_after(*s, 1);
	return c;
}

static bool
is_same_text(struct span a, struct span b)
{
	int x, y;

	a = trim(a);
	b = trim(b);
	do {
		x = next_byte(&a);
		y = next_byte(&b);
	} while (x == y && x >= 0);
	return x == y;
}

static bool
is_same_attr(const struct dn_attr *a, const struct dn_attr *b)
{
	if (!der_is_same(a->oid, b->oid))
		return false;
	if (is_text(a->tag) && is_text(b->tag))
		return is_same_text(a->text, b->text);
	return a->tag == b->tag
	    && der_is_same(a->text, b->text);
}

/* Does name begin with the RDNs of prefix? *rest is what follows them. */
static bool
has_rdns(struct span name, struct span prefix, struct span *rest)
{
	struct span rdn = { name.p, 0 }, prefix_rdn = { prefix.p, 0 };
	struct dn_attr a, b;
	int first;

	while (prefix.len > 0 || prefix_rdn.len > 0) {
		first = dn_next(&prefix, &prefix_rdn, &b);
		if (first < 0 || dn_next(&name, &rdn, &a) != first
		 || !is_same_attr(&a, &b))
			return false;
	}
	*rest = name;
	return rdn.len == 0;
}

/* May the same text stand elsewhere in bytes that is_same_attr() takes for
 * another's? BMPString and UniversalString have wide characters; beyond ASCII
 * only UTF-8 is sure. */
static bool
is_ambiguous(const struct dn_attr *a)
{
	if (a->tag == DER_BMP || a->tag == DER_UNIVERSAL)
		return true;
	if (a->tag == DER_UTF8 || !is_text(a->tag))
		return false;
	for (size_t i = 0; i < a->text.len; i++)
		if (der_byte(a->text, i) >= 0x80)
			return true;
	return false;
}

/* see tls/dn.h */
bool
dn_is_plain(struct span name)
{
	struct span rdn = { name.p, 0 };
	struct dn_attr a;

	while (name.len > 0 || rdn.len > 0)
		if (dn_next(&name, &rdn, &a) < 0 || is_ambiguous(&a))
			return false;
	return true;
}

/* see tls/dn.h */
bool
dn_is_same(struct span a, struct span b)
{
	struct span rest;

	if (a.len == b.len && memcmp(a.p, b.p, a.len) == 0)
		return true;
	return has_rdns(a, b, &rest) && rest.len == 0;
}

/* see tls/dn.h */
bool
dn_is_within(struct span name, struct span base)
{
	struct span rest;

	return has_rdns(name, base, &rest);
}

/* FNV-1a */
static void
hash_byte(uint32_t *h, int byte)
{
	*h = (*h ^ (uint32_t)byte) * 0x01000193u;
}

static void
hash_span(uint32_t *h, struct span s, bool text)
{
	int c;

	if (text)
		s = trim(s);
	while (s.len > 0) {
		if (text) {
			c = next_byte(&s);
		} else {
			c = der_byte(s, 0);
			s = span_after(s, 1);
		}
		hash_byte(h, c);
	}
}

/* see tls/dn.h */
uint32_t
dn_hash(struct span name)
{
	uint32_t h = 0x811c9dc5u;
	struct span rdn = { name.p, 0 };
	struct dn_attr a;
	int first;

	while (name.len > 0 || rdn.len > 0) {
		first = dn_next(&name, &rdn, &a);
		if (first < 0)
			break;
		hash_byte(&h, first);
		hash_span(&h, a.oid, false);
		hash_byte(&h, is_text(a.tag) ? 0 : a.tag);
		hash_span(&h, a.text, is_text(a.tag));
	}
	return h;
}

/* see tls/dn.h */
struct span
dn_part(struct span name, enum dn_type type)
{
	const char oid[3] = { 0x55, 0x04, (char)type };
	struct span rdn = { name.p, 0 }, found = { "", 0 };
	struct dn_attr a;

	while (name.len > 0 || rdn.len > 0) {
		if (dn_next(&name, &rdn, &a) < 0)
			break;
		if (der_is_same(a.oid, (struct span){ oid, sizeof oid }))
			found = is_text(a.tag) ? a.text
			                       : (struct span){ "", 0 };
	}
	return found;
}

/* see tls/dn.h */
void
dn_write_text(struct buf *b, struct span text)
{
	size_t n = text.len < TEXT_SHOWN ? text.len : TEXT_SHOWN;

	for (size_t i = 0; i < n; i++) {
		char c = text.p[i];
		char shown[1] = { c >= ' ' && c <= '~' ? c : '?' };

		buf_add(b, (struct span){ shown, 1 });
	}
	if (n < text.len)
		buf_str(b, "...");
}

/* see tls/dn.h */
void
dn_write(struct buf *b, struct span name)
{
	static const char labels[3][4] = { "CN=", "O=", "OU=" };
	static const unsigned char parts[3] = { DN_CN, DN_O, DN_OU };
	size_t start = b->len;

	for (size_t i = 0; i < 3; i++) {
		struct span text = dn_part(name, parts[i]);

		if (text.len == 0)
			continue;
		if (b->len > start)
			buf_str(b, ", ");
		buf_str(b, labels[i]);
		dn_write_text(b, text);
	}
	if (b->len == start)
		buf_str(b, "(no name)");
}

