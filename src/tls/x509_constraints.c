/* SPDX-License-Identifier: MIT */
/* tls/x509_constraints.c - name constraints of CAs */
#include "tls/x509_constraints.h"

#include "base/err.h"
#include "tls/der.h"
#include "tls/dn.h"

/* "example.com" holds itself and all below it, ".example.com" all below. */
static bool
is_below(struct span host, struct span base)
{
	struct span end;

	host = x509_hosts_cut_dot(host);
	if (base.len == 0)
		return true;
	if (host.len < base.len)
		return false;
	end = span_after(host, host.len - base.len);
	if (!x509_hosts_is_same(end, base))
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
	struct span inner;
	bool in;

	switch (tag) {
	case X509_NAME_DNS:
		if (x509_hosts_cut_dot(base).len < base.len)
			return UNSURE;	/* no base is written so */
		in = is_below(name, base);
		break;
	case X509_NAME_IP:
		if (base.len != 8 && base.len != 32)
			return UNSURE;
		in = is_in_net(name, base);
		break;
	case X509_NAME_DIRECTORY:
		if (der_only(base, DER_SEQUENCE, &inner) < 0
		 || !dn_is_plain(inner) || !dn_is_plain(name))
			return UNSURE;
		in = dn_is_within(name, inner);
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
	if (der_is_next(in, DER_CONTEXT_OF(0))
	 && der_take(&in, DER_CONTEXT_OF(0), &l->permitted) < 0)
		return ERR_PARSE;
	if (der_is_next(in, DER_CONTEXT_OF(1))
	 && der_take(&in, DER_CONTEXT_OF(1), &l->excluded) < 0)
		return ERR_PARSE;
	return in.len > 0 ? ERR_PARSE : 0;
}

static bool
is_excluded(const struct limits *l, int tag, struct span name)
{
	return stand(l->excluded, tag, name) >= IN;	/* or UNSURE */
}

static bool
is_within(const struct limits *l, int tag, struct span name)
{
	enum standing permitted = stand(l->permitted, tag, name);

	return (permitted == IN || permitted == NONE)
	    && !is_excluded(l, tag, name);
}

/* The subject, and an e-mail address in it (RFC 5280, 4.2.1.10). */
static bool
is_subject_within(const struct limits *l, const struct x509 *c)
{
	static const char email[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01";
	struct span name = c->subject, rdn = { name.p, 0 };
	struct dn_attr a;

	if (name.len > 0 && !is_within(l, X509_NAME_DIRECTORY, name))
		return false;
	while (name.len > 0 || rdn.len > 0) {
		if (dn_next(&name, &rdn, &a) < 0)
			return false;
		if (DER_OID_IS(a.oid, email)
		 && !is_within(l, X509_NAME_EMAIL, a.text))
			return false;
	}
	return true;
}

static bool
looks_like_host(struct span s)
{
	return memchr(s.p, '.', s.len) != NULL
	    && memchr(s.p, ' ', s.len) == NULL;
}

/* A leaf's CN counts as a host where no dNSName does: if it looks like one or
 * is the one that it must be for, which may have a single label. And that host
 * must not be one that a wildcard smuggles past an exclusion. */
static bool
is_leaf_within(const struct limits *l, const struct x509 *c,
               const struct x509_host *host)
{
	struct span names = c->san, cn;

	if (!x509_next_name(&names, X509_NAME_DNS, X509_NAME_DNS, &cn)) {
		cn = dn_part(c->subject, DN_CN);
		if ((looks_like_host(cn) || x509_hosts_is_for(cn, host->name))
		 && !is_within(l, X509_NAME_DNS, cn))
			return false;
	}
	return host->ip_len > 0 || !is_excluded(l, X509_NAME_DNS, host->name);
}

/* Takes the next of the names of a SAN; a directory name without its SEQUENCE.
 * Returns its tag or ERR_PARSE. */
static int
take_name(struct span *names, struct span *value)
{
	int tag = der_next(names, value);
	struct span in = *value;

	if (tag == X509_NAME_DIRECTORY
	 && (der_take(&in, DER_SEQUENCE, value) < 0 || dn_verify(*value) < 0))
		return ERR_PARSE;
	return tag;
}

/* see tls/x509_constraints.h */
bool
x509_constraints_allow(const struct x509 *ca, const struct x509 *c,
                       const struct x509_host *leaf_of)
{
	struct span names = c->san, value = { NULL, 0 };
	struct limits l;

	if (read_limits(&l, ca->constraints) < 0)
		return false;
	while (names.len > 0) {
		int tag = take_name(&names, &value);

		if (tag < 0 || !is_within(&l, tag, value))
			return false;
	}
	return is_subject_within(&l, c)
	    && (leaf_of == NULL || is_leaf_within(&l, c, leaf_of));
}
