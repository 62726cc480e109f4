/* SPDX-License-Identifier: MIT */
/* tls/x509_name.c - names of certificates: compare, match, constrain (pure) */
#include "tls/x509_name.h"

#include "base/err.h"
#include "tls/der.h"
#include "tls/x509.h"

#define HOSTS_SHOWN 8	/* of a certificate's names */
#define TEXT_SHOWN  100	/* bytes of one name */

/* Tags of GeneralName (RFC 5280, 4.2.1.6). */
enum {
	GN_DNS = DER_CONTEXT(2), GN_DIRECTORY = DER_CONTEXT_OF(4),
	GN_IP = DER_CONTEXT(7), GN_EMAIL = DER_CONTEXT(1),
};

enum { AT_CN = 3, AT_O = 10, AT_OU = 11 };	/* 2.5.4.n */

/* One attribute of a name. */
struct attr {
	struct span oid, text;
	int         tag;
};

/*
 * Takes the next attribute; *set is what is left of the RDN it is in. Returns
 * 1 for the first one of an RDN, 0 for a further one, or ERR_PARSE.
 */
static int
next_attr(struct span *name, struct span *set, struct attr *a)
{
	struct span pair;
	int first = set->len == 0;

	if (first && (der_take(name, DER_SET, set) < 0 || set->len == 0))
		return ERR_PARSE;
	if (der_take(set, DER_SEQUENCE, &pair) < 0 ||
	    der_take(&pair, DER_OID, &a->oid) < 0)
		return ERR_PARSE;
	a->tag = der_next(&pair, &a->text);
	return a->tag < 0 || pair.len > 0 ? ERR_PARSE : first;
}

/* see tls/x509_name.h */
int
x509_name_verify(struct span name)
{
	struct span set = { name.p, 0 };
	struct attr a;

	while (name.len > 0 || set.len > 0)
		if (next_attr(&name, &set, &a) < 0)
			return ERR_PARSE;
	return 0;
}

static bool
is_text(int tag)
{
	return tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_IA5 ||
	       tag == DER_VISIBLE || tag == DER_T61;
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
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
		c = lower(s->p[0]);
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
is_same_attr(const struct attr *a, const struct attr *b)
{
	if (!der_oid_is(a->oid, b->oid.p, b->oid.len))
		return false;
	if (is_text(a->tag) && is_text(b->tag))
		return is_same_text(a->text, b->text);
	return a->tag == b->tag &&
	       der_oid_is(a->text, b->text.p, b->text.len);
}

/* Does name begin with the RDNs of prefix? *rest is what follows them. */
static bool
has_rdns(struct span name, struct span prefix, struct span *rest)
{
	struct span set = { name.p, 0 }, prefix_set = { prefix.p, 0 };
	struct attr a, b;
	int first;

	while (prefix.len > 0 || prefix_set.len > 0) {
		first = next_attr(&prefix, &prefix_set, &b);
		if (first < 0 || next_attr(&name, &set, &a) != first ||
		    !is_same_attr(&a, &b))
			return false;
	}
	*rest = name;
	return set.len == 0;
}

/* see tls/x509_name.h */
bool
x509_name_is(struct span a, struct span b)
{
	struct span rest;

	if (a.len == b.len && memcmp(a.p, b.p, a.len) == 0)
		return true;
	return has_rdns(a, b, &rest) && rest.len == 0;
}

/* FNV-1a */
static void
hash_byte(uint64_t *h, int byte)
{
	*h = (*h ^ (uint64_t)byte) * UINT64_C(0x100000001b3);
}

static void
hash_span(uint64_t *h, struct span s, bool text)
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

/* see tls/x509_name.h */
uint64_t
x509_name_hash(struct span name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	struct span set = { name.p, 0 };
	struct attr a;
	int first;

	while (name.len > 0 || set.len > 0) {
		first = next_attr(&name, &set, &a);
		if (first < 0)
			break;
		hash_byte(&h, first);
		hash_span(&h, a.oid, false);
		hash_byte(&h, is_text(a.tag) ? 0 : a.tag);
		hash_span(&h, a.text, is_text(a.tag));
	}
	return h;
}

/* see tls/x509_name.h */
struct span
x509_name_part(struct span name, int n)
{
	const char oid[3] = { 0x55, 0x04, (char)n };
	struct span set = { name.p, 0 }, found = { "", 0 };
	struct attr a;

	while (name.len > 0 || set.len > 0) {
		if (next_attr(&name, &set, &a) < 0)
			break;
		if (der_oid_is(a.oid, oid, sizeof oid))
			found = is_text(a.tag) ? a.text
			                       : (struct span){ "", 0 };
	}
	return found;
}

/* A peer chose these bytes: none may reach a terminal as a control. */
static void
write_text(struct buf *b, struct span text)
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

/* see tls/x509_name.h */
void
x509_name_write(struct buf *b, struct span name)
{
	static const char labels[3][4] = { "CN=", "O=", "OU=" };
	static const unsigned char parts[3] = { AT_CN, AT_O, AT_OU };
	size_t start = b->len;

	for (size_t i = 0; i < 3; i++) {
		struct span text = x509_name_part(name, parts[i]);

		if (text.len == 0)
			continue;
		if (b->len > start)
			buf_str(b, ", ");
		buf_str(b, labels[i]);
		write_text(b, text);
	}
	if (b->len == start)
		buf_str(b, "(no name)");
}

/* Takes the next name of one of two tags off the GeneralNames; 0 at the end.
 * x509_read() made sure that they can be walked. */
static int
next_of(struct span *names, int tag, int or_tag, struct span *value)
{
	while (names->len > 0) {
		int got = der_next(names, value);

		if (got < 0)
			return 0;
		if (got == tag || got == or_tag)
			return got;
	}
	return 0;
}

/* see tls/x509_name.h */
void
x509_name_write_cert(struct buf *b, const struct x509 *c)
{
	struct span text = x509_name_part(c->subject, AT_CN);
	struct span names = c->san;

	if (text.len > 0 || next_of(&names, GN_DNS, GN_DNS, &text))
		write_text(b, text);
	else
		x509_name_write(b, c->subject);
}

static struct span
without_dot(struct span name)
{
	if (name.len > 1 && name.p[name.len - 1] == '.')
		name.len--;
	return name;
}

static bool
is_same_host(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static bool
is_host(struct span pattern, struct span host)
{
	struct span label;

	pattern = without_dot(pattern);
	host = without_dot(host);
	if (pattern.len == 0 || host.len == 0)
		return false;
	if (!span_has_prefix(pattern, "*."))
		return is_same_host(pattern, host);
	pattern = span_after(pattern, 2);
	label = span_cut(&host, '.');
	return label.len > 0 && memchr(pattern.p, '.', pattern.len) != NULL &&
	       is_same_host(pattern, host);
}

/* see tls/x509_name.h */
bool
x509_name_is_for(const struct x509 *c, const struct x509_host *host)
{
	struct span names = c->san, value;
	bool has_names = false;
	int tag;

	while ((tag = next_of(&names, GN_DNS, GN_IP, &value)) != 0) {
		has_names = true;
		if (tag == GN_IP ? host->ip_len > 0 &&
		    der_oid_is(value, host->ip, host->ip_len)
		    : host->ip_len == 0 && is_host(value, host->name))
			return true;
	}
	if (has_names || host->ip_len > 0)
		return false;
	return is_host(x509_name_part(c->subject, AT_CN), host->name);
}

static void
write_ip(struct buf *b, struct span ip)
{
	static const char digits[] = "0123456789abcdef";
	char pair[4];

	if (ip.len != 4 && ip.len != 16) {
		buf_str(b, "(bad address)");
		return;
	}
	for (size_t i = 0; i < ip.len; i++) {
		if (ip.len == 4) {
			buf_fmt(b, i > 0 ? ".%d" : "%d", der_byte(ip, i));
			continue;
		}
		if (i > 0 && i % 2 == 0)
			buf_str(b, ":");
		pair[0] = digits[der_byte(ip, i) >> 4];
		pair[1] = digits[der_byte(ip, i) & 15];
		buf_add(b, (struct span){ pair, 2 });
	}
}

static bool
looks_like_address(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!span_has(span_of("0123456789.:"), text.p[i]))
			return false;
	return text.len > 0;
}

/* see tls/x509_name.h */
void
x509_name_write_hosts(struct buf *b, const struct x509 *c)
{
	struct span names = c->san, value;
	int n = 0, tag;

	while ((tag = next_of(&names, GN_DNS, GN_IP, &value)) != 0) {
		if (n++ >= HOSTS_SHOWN)
			continue;
		if (n > 1)
			buf_str(b, ", ");
		if (tag == GN_IP)
			write_ip(b, value);
		else
			write_text(b, value);
	}
	if (n > HOSTS_SHOWN)
		buf_fmt(b, " and %d more", n - HOSTS_SHOWN);
	if (n > 0)
		return;
	value = x509_name_part(c->subject, AT_CN);
	if (value.len > 0)
		write_text(b, value);
	else
		buf_str(b, "no host");
	if (looks_like_address(value))
		buf_str(b, " in its CN, where no address counts");
}

/* "example.com" holds itself and all below it, ".example.com" all below. */
static bool
is_below(struct span host, struct span base)
{
	struct span end;

	host = without_dot(host);
	if (base.len == 0)
		return true;
	if (host.len < base.len)
		return false;
	end = span_after(host, host.len - base.len);
	if (!is_same_host(end, base))
		return false;
	return host.len == base.len ? base.p[0] != '.'
	     : base.p[0] == '.' || end.p[-1] == '.';
}

/* base is an address and a mask of the same length. */
static bool
is_in_net(struct span ip, struct span base)
{
	if (base.len != 2 * ip.len)
		return false;
	for (size_t i = 0; i < ip.len; i++) {
		unsigned char mask = der_byte(base, ip.len + i);

		if ((der_byte(ip, i) & mask) != (der_byte(base, i) & mask))
			return false;
	}
	return true;
}

/* May the same text stand elsewhere in bytes that is_same_attr() takes for
 * another's? BMPString and UniversalString have wide characters; beyond ASCII
 * only UTF-8 is sure. */
static bool
is_ambiguous(const struct attr *a)
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

/* Is it well formed, and sure to be told from every other name? */
static bool
is_plain(struct span name)
{
	struct span set = { name.p, 0 };
	struct attr a;

	while (name.len > 0 || set.len > 0)
		if (next_attr(&name, &set, &a) < 0 || is_ambiguous(&a))
			return false;
	return true;
}

/*
 * Where a name of that tag stands to a list of subtrees: OUT of all of that
 * tag, IN one, or NONE of them has that tag. UNSURE where it cannot be said.
 * Of two the later one counts.
 */
enum standing { NONE, OUT, IN, UNSURE };

/* To one subtree of that tag. A directory name is what is inside of its
 * SEQUENCE, its base still has it. */
static enum standing
stand_to(struct span base, int tag, struct span name)
{
	struct span inner, rest;
	bool in;

	switch (tag) {
	case GN_DNS:
		if (without_dot(base).len < base.len)
			return UNSURE;	/* no base is written so */
		in = is_below(name, base);
		break;
	case GN_IP:
		if (base.len != 8 && base.len != 32)
			return UNSURE;
		in = is_in_net(name, base);
		break;
	case GN_DIRECTORY:
		if (der_take(&base, DER_SEQUENCE, &inner) < 0 ||
		    base.len > 0 || !is_plain(inner) || !is_plain(name))
			return UNSURE;
		in = has_rdns(name, inner, &rest);
		break;
	default:
		return UNSURE;
	}
	return in ? IN : OUT;
}

static enum standing
stand(struct span subtrees, int tag, struct span name)
{
	enum standing found = NONE, one;
	struct span tree, base;

	while (subtrees.len > 0 && found != UNSURE) {
		int got;

		/* minimum and maximum are never there (RFC 5280, 4.2.1.10) */
		if (der_take(&subtrees, DER_SEQUENCE, &tree) < 0)
			return UNSURE;
		got = der_next(&tree, &base);
		if (got < 0 || tree.len > 0)
			return UNSURE;
		if (got != tag)
			continue;
		one = stand_to(base, tag, name);
		if (one > found)
			found = one;
	}
	return found;
}

struct limits {
	struct span permitted, excluded;	/* lists of subtrees */
};

static int
read_limits(struct limits *l, struct span in)
{
	memset(l, 0, sizeof *l);
	if (der_is_next(in, DER_CONTEXT_OF(0)) &&
	    der_take(&in, DER_CONTEXT_OF(0), &l->permitted) < 0)
		return ERR_PARSE;
	if (der_is_next(in, DER_CONTEXT_OF(1)) &&
	    der_take(&in, DER_CONTEXT_OF(1), &l->excluded) < 0)
		return ERR_PARSE;
	return in.len > 0 ? ERR_PARSE : 0;
}

static bool
is_within(const struct limits *l, int tag, struct span name)
{
	enum standing permitted = stand(l->permitted, tag, name);

	return (permitted == IN || permitted == NONE) &&
	       (stand(l->excluded, tag, name) == NONE ||
	        stand(l->excluded, tag, name) == OUT);
}

/* The subject, and an e-mail address in it (RFC 5280, 4.2.1.10). */
static bool
is_subject_within(const struct limits *l, const struct x509 *c)
{
	static const char email[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01";
	struct span name = c->subject, set = { c->subject.p, 0 };
	struct attr a;

	if (name.len > 0 && !is_within(l, GN_DIRECTORY, name))
		return false;
	while (name.len > 0 || set.len > 0) {
		if (next_attr(&name, &set, &a) < 0)
			return false;
		if (DER_OID_IS(a.oid, email) &&
		    !is_within(l, GN_EMAIL, a.text))
			return false;
	}
	return true;
}

static bool
looks_like_host(struct span s)
{
	return memchr(s.p, '.', s.len) != NULL &&
	       memchr(s.p, ' ', s.len) == NULL;
}

/* A leaf's CN counts as a host where no dNSName does: if it looks like one or
 * is the one that was asked for, which may have a single label. And that host
 * must not be one that a wildcard smuggles past an exclusion. */
static bool
is_leaf_within(const struct limits *l, const struct x509 *c,
               const struct x509_host *host)
{
	struct span names = c->san, value;
	enum standing s;

	if (!next_of(&names, GN_DNS, GN_DNS, &value)) {
		value = x509_name_part(c->subject, AT_CN);
		if ((looks_like_host(value) || is_host(value, host->name)) &&
		    !is_within(l, GN_DNS, value))
			return false;
	}
	if (host->ip_len > 0)
		return true;
	s = stand(l->excluded, GN_DNS, host->name);
	return s == NONE || s == OUT;
}

/* see tls/x509_name.h */
bool
x509_name_is_allowed(const struct x509 *ca, const struct x509 *c,
                     const struct x509_host *leaf_of)
{
	struct span names = c->san, value;
	struct limits l;

	if (read_limits(&l, ca->constraints) < 0)
		return false;
	while (names.len > 0) {
		int tag = der_next(&names, &value);
		struct span in = value;

		if (tag < 0 || (tag == GN_DIRECTORY &&
		    (der_take(&in, DER_SEQUENCE, &value) < 0 ||
		     x509_name_verify(value) < 0)))
			return false;
		if (!is_within(&l, tag, value))
			return false;
	}
	return is_subject_within(&l, c) &&
	       (leaf_of == NULL || is_leaf_within(&l, c, leaf_of));
}
