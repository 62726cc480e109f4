/* SPDX-License-Identifier: MIT */
/*
 * client/dns.c - one DNS question and its answer, in memory
 *
 * A name within a message is known by its place there: the question's own,
 * which has to equal the one that we would write, then each alias's target.
 * Names are compared label by label, where they lie, and never copied.
 */
#include "client/dns.h"

#include "base/err.h"

#define HEAD_LEN     12
#define WIRE_NAME_MAX 255	/* bytes, lengths and the final 0 included */
#define CLASS_IN     1
#define TYPE_CNAME   5
#define TYPE_OPT     41
#define RECORD_LEN   10		/* type, class, TTL and length of the data */

/* The header's flags (RFC 1035, 4.1.1). */
#define QR_OPCODE 0xf800
#define QR        0x8000
#define AA        0x0400
#define TC        0x0200
#define RD        0x0100
#define RA        0x0080
#define RCODE     0x000f

/* Where a reader stands in a name. */
struct walk {
	unsigned at;
	unsigned start;	/* of this piece; a pointer leads before it */
	unsigned end;	/* behind the name where it started; 0: not known yet */
	unsigned room;	/* bytes that the name may still take */
};

/* see client/dns.h */
bool
dns_is_name(struct span name)
{
	size_t len = name.len;

	if (len > 0 && name.p[len - 1] == '.')
		len--;
	if (len > DNS_NAME_MAX)
		return false;
	do {	/* a final dot leaves nothing */
		len = span_cut(&name, '.').len;
		if (len == 0 || len > DNS_LABEL_MAX)
			return false;
	} while (name.len > 0);
	return true;
}

static unsigned char *
put16(unsigned char *to, unsigned n)
{
	to[0] = (unsigned char)(n >> 8);
	to[1] = (unsigned char)n;
	return to + 2;
}

/* see client/dns.h */
size_t
dns_write(unsigned char to[DNS_QUERY_MAX], const struct dns_question *q)
{
	unsigned char *at = to + HEAD_LEN;
	struct span name = q->name;

	memset(to, 0, DNS_QUERY_MAX);
	put16(to, q->id);
	put16(to + 2, RD);
	to[5] = 1;			/* one question */
	to[11] = q->edns;		/* additional records */
	while (name.len > 0) {
		struct span label = span_cut(&name, '.');

		*at++ = (unsigned char)label.len;
		memcpy(at, label.p, label.len);
		at += label.len;
	}
	at = put16(at + 1, q->type);
	at = put16(at, CLASS_IN);
	if (q->edns) {	/* of the root, with no options */
		at = put16(at + 1, TYPE_OPT);
		at = put16(at, DNS_EDNS_BYTES) + 6;
	}
	return (size_t)(at - to);
}

static unsigned
get16(const char *at)
{
	return (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

/* In any case of ASCII letters; a length below 'A' is itself. */
static bool
is_same(const char *a, const char *b, size_t len)
{
	while (len > 0 && span_fold(*a) == span_fold(*b)) {
		a++;
		b++;
		len--;
	}
	return len == 0;
}

/* Goes to the next label's first byte. Returns its length, 0 at the name's end,
 * or ERR_PARSE. Each pointer leads further to the front: there is no loop. */
static int
next_label(struct span m, struct walk *w)
{
	while (w->at < m.len) {
		unsigned len = (unsigned char)m.p[w->at++];

		if (len <= DNS_LABEL_MAX) {
			if (len >= w->room || len > m.len - w->at)
				break;
			w->room -= len + 1;
			if (len == 0 && w->end == 0)
				w->end = w->at;
			return (int)len;
		}
		if (len < 0xc0 || w->at == m.len)
			break;
		len = (len & DNS_LABEL_MAX) << 8 | (unsigned char)m.p[w->at++];
		if (len >= w->start)
			break;
		if (w->end == 0)
			w->end = w->at;
		w->at = w->start = len;
	}
	return ERR_PARSE;
}

/* Reads the name at *at and goes behind it. Returns 1 where it is the one at
 * other, 0 where it is not, or ERR_PARSE. */
static int
read_name(struct span m, unsigned *at, unsigned other)
{
	struct walk a = { *at, *at, 0, WIRE_NAME_MAX };
	struct walk b = { other, other, 0, WIRE_NAME_MAX };
	bool same = true;
	int len, others = 0;

	do {
		len = next_label(m, &a);
		if (same)
			others = next_label(m, &b);
		if (len < 0 || others < 0)
			return ERR_PARSE;
		same = same && len == others
		    && is_same(m.p + a.at, m.p + b.at, (size_t)len);
		a.at += (unsigned)len;
		b.at += (unsigned)others;
	} while (len > 0);
	*at = a.end;
	return same;
}

/* What the records say about one name. */
struct found {
	unsigned  alias;	/* where its target stands; 0: none */
	struct ip *to;
	size_t    n, cap;	/* addresses */
};

/* One record at *at, which goes behind it. */
static int
read_record(struct span m, unsigned *at, unsigned name, enum dns_type want,
            struct found *f)
{
	unsigned ip_len = want == DNS_A ? IP_V4_LEN : IP_V6_LEN;
	int same = read_name(m, at, name);
	unsigned head = *at, data = head + RECORD_LEN, len, type;

	if (same < 0 || m.len < data)
		return ERR_PARSE;
	len = get16(m.p + data - 2);
	if (len > m.len - data)
		return ERR_PARSE;
	*at = data + len;
	type = get16(m.p + head);
	if (!same || get16(m.p + head + 2) != CLASS_IN)
		return 0;
	if (type == TYPE_CNAME) {
		f->alias = data;
		return read_name(m, &data, data) < 0 || data != *at
		       ? ERR_PARSE : 0;
	}
	if (type != want)
		return 0;
	if (len != ip_len)
		return ERR_PARSE;
	if (f->n == f->cap)
		return ERR_FULL;
	f->to[f->n] = (struct ip){ .is_v6 = want == DNS_AAAA };
	memcpy(f->to[f->n++].b, m.p + data, len);
	return 0;
}

/* From the question's name along its aliases. */
static int
read_answers(struct span m, unsigned records, enum dns_type want,
             struct found *f)
{
	size_t before = f->n;
	unsigned name = HEAD_LEN;

	for (int links = 0; links <= DNS_CNAMES_MAX && name > 0; links++) {
		unsigned at = records;

		f->alias = 0;
		for (unsigned left = get16(m.p + 6); left > 0; left--) {
			int r = read_record(m, &at, name, want, f);

			if (r < 0)
				return r;
		}
		if (f->n > before)
			return DNS_FOUND;
		name = f->alias;
	}
	return get16(m.p + 6) > 0 ? DNS_DANGLING : DNS_NODATA;
}

/* see client/dns.h */
int
dns_read(const struct dns_question *q, struct span message, struct ip *to,
         size_t cap, size_t *n)
{
	static const unsigned char says[] = {	/* by RCODE */
		DNS_NODATA, DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN,
		DNS_NOTIMP, DNS_REFUSED,
	};
	const struct dns_question bare = { q->name, q->type, q->id, false };
	struct found f = { .to = to, .n = *n, .cap = cap };
	unsigned char query[DNS_QUERY_MAX];
	size_t len = dns_write(query, &bare);
	unsigned flags, rcode;
	int r;

	if (message.len < len || get16(message.p) != q->id
	 || get16(message.p + 4) != 1
	 || !is_same((const char *)query + HEAD_LEN, message.p + HEAD_LEN,
	             len - HEAD_LEN))
		return ERR_PARSE;
	flags = get16(message.p + 2);
	if ((flags & QR_OPCODE) != QR)
		return ERR_PARSE;
	rcode = flags & RCODE;
	r = rcode < sizeof says ? says[rcode] : DNS_OTHER;
	if (r == DNS_SERVFAIL || r == DNS_NOTIMP || r == DNS_REFUSED)
		return r;
	if ((flags & TC) != 0)
		return DNS_TRUNCATED;
	if (r != DNS_NODATA)
		return r;
	if ((flags & (AA | RA)) == 0 && get16(message.p + 6) == 0
	 && get16(message.p + 10) == 0)
		return DNS_LAME;
	r = read_answers(message, (unsigned)len, q->type, &f);
	if (r == DNS_FOUND)
		*n = f.n;
	return r;
}
