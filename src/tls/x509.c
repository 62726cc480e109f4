/* SPDX-License-Identifier: MIT */
/* tls/x509.c - one X.509 certificate as spans */
#include "tls/x509.h"

#include "base/date.h"
#include "base/err.h"
#include "tls/der.h"
#include "tls/dn.h"

static const struct der_oid algs[] = {
	DER_OID_MEANS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", X509_RSA_SHA256),
	DER_OID_MEANS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", X509_RSA_SHA384),
	DER_OID_MEANS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", X509_RSA_SHA512),
	DER_OID_MEANS("\x2a\x86\x48\xce\x3d\x04\x03\x02", X509_EC_SHA256),
	DER_OID_MEANS("\x2a\x86\x48\xce\x3d\x04\x03\x03", X509_EC_SHA384),
	DER_OID_MEANS("\x2a\x86\x48\xce\x3d\x04\x03\x04", X509_EC_SHA512),
	DER_OID_MEANS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", X509_ALG_MD5),
	DER_OID_MEANS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", X509_ALG_SHA1),
	DER_OID_MEANS("\x2a\x86\x48\xce\x3d\x04\x01", X509_ALG_SHA1),
	DER_OID_MEANS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", X509_ALG_PSS),
	DER_OID_MEANS("\x2b\x65\x70", X509_ALG_ED),
	DER_OID_MEANS("\x2b\x65\x71", X509_ALG_ED),
};

/* id-ce (2.5.29): the last byte names an extension. */
enum {
	CE_SKI = 14, CE_KEY_USAGE = 15, CE_SAN = 17, CE_BASIC = 19,
	CE_CONSTRAINTS = 30, CE_CRL_POINTS = 31, CE_POLICIES = 32,
	CE_POLICY_MAPPINGS = 33, CE_AKI = 35, CE_POLICY_CONSTRAINTS = 36,
	CE_PURPOSE = 37, CE_ANY_POLICY = 54, CE_END = 64,
};

#define SERVER_AUTH "\x2b\x06\x01\x05\x05\x07\x03\x01"
#define ANY_PURPOSE "\x55\x1d\x25\x00"

/* Two digits at s[at], or -1. */
static int
two_digits(struct span s, size_t at)
{
	unsigned a = (unsigned)der_byte(s, at) - '0';
	unsigned b = (unsigned)der_byte(s, at + 1) - '0';

	return a <= 9 && b <= 9 ? (int)(a * 10 + b) : -1;
}

/* Takes a Time (RFC 5280, 4.1.2.5): always UTC, always with seconds. */
static int
take_time(struct span *in, int64_t *out)
{
	struct span s;
	int tag = der_next(in, &s);
	int year, f[5];

	if (tag == DER_UTC_TIME && s.len == 13) {
		year = two_digits(s, 0);
		if (year < 0)
			return ERR_PARSE;
		year += year < 50 ? 2000 : 1900;
		s = span_after(s, 2);
	} else if (tag == DER_TIME && s.len == 15) {
		if (two_digits(s, 0) < 0 || two_digits(s, 2) < 0)
			return ERR_PARSE;
		year = two_digits(s, 0) * 100 + two_digits(s, 2);
		s = span_after(s, 4);
	} else {
		return ERR_PARSE;
	}
	for (size_t i = 0; i < 5; i++)
		f[i] = two_digits(s, 2 * i);
	if (f[1] < 1 || f[1] > date_month_days(year, f[0]) || f[2] < 0
	 || f[2] > 23 || f[3] < 0 || f[3] > 59 || f[4] < 0 || f[4] > 59
	 || s.p[10] != 'Z')
		return ERR_PARSE;
	*out = date_days(year, f[0], f[1]) * 86400 +
	       INT64_C(3600) * f[2] + INT64_C(60) * f[3] + f[4];
	return 0;
}

static int
read_validity(struct x509 *c, struct span *in)
{
	struct span s;

	if (der_take(in, DER_SEQUENCE, &s) < 0
	 || take_time(&s, &c->not_before) < 0
	 || take_time(&s, &c->not_after) < 0 || s.len > 0)
		return ERR_PARSE;
	return 0;
}

/* Takes a BOOLEAN if there is one; it is false else. */
static int
take_truth(struct span *in, bool *truth)
{
	struct span value;

	*truth = false;
	if (!der_is_next(*in, DER_BOOLEAN))
		return 0;
	if (der_take(in, DER_BOOLEAN, &value) < 0 || value.len != 1)
		return ERR_PARSE;
	*truth = der_byte(value, 0) != 0;
	return 0;
}

static int
read_basic(struct x509 *c, struct span v)
{
	struct span s;

	c->has_basic = true;
	if (der_only(v, DER_SEQUENCE, &s) < 0
	 || take_truth(&s, &c->is_ca) < 0)
		return ERR_PARSE;
	if (s.len > 0) {
		c->path_max = der_take_int(&s, 1000);
		if (c->path_max == ERR_RANGE)
			c->path_max = 1000;	/* no chain is that long */
		else if (c->path_max < 0 || !c->is_ca)
			return ERR_PARSE;
	}
	return s.len > 0 ? ERR_PARSE : 0;
}

/* Reads a BIT STRING of flags, up to 16. Returns the first eight; bits beyond
 * its end are none, whatever the last byte holds there. */
static int
read_flags(struct span v)
{
	struct span bits;

	if (der_only(v, DER_BITS, &bits) < 0 || bits.len < 1
	 || bits.len > 3 || der_byte(bits, 0) > 7)
		return ERR_PARSE;
	switch (bits.len) {
	case 1:
		return 0;
	case 2:
		return der_byte(bits, 1) & 0xff << der_byte(bits, 0);
	default:
		return der_byte(bits, 1);
	}
}

static int
read_key_usage(struct x509 *c, struct span v)
{
	int flags = read_flags(v);

	if (flags < 0)
		return ERR_PARSE;
	c->has_key_usage = true;
	c->key_usage = (unsigned)flags;
	return 0;
}

/* Netscape's elder of extendedKeyUsage, which CAs for VPNs still write. */
static int
read_netscape_type(struct x509 *c, struct span v)
{
	int flags = read_flags(v);

	if (flags < 0)
		return ERR_PARSE;
	c->not_for_server = !(flags & 0x40);
	return 0;
}

static int
read_purpose(struct x509 *c, struct span v)
{
	struct span s, oid;

	if (der_only(v, DER_SEQUENCE, &s) < 0 || s.len == 0)
		return ERR_PARSE;
	c->has_purpose = true;
	while (s.len > 0) {
		if (der_take(&s, DER_OID, &oid) < 0)
			return ERR_PARSE;
		if (DER_OID_IS(oid, SERVER_AUTH))
			c->for_server = true;
	}
	return 0;
}

/* GeneralNames: kept as they are, once it is sure that they can be walked. */
static int
read_san(struct x509 *c, struct span v)
{
	struct span s, name;

	if (der_only(v, DER_SEQUENCE, &s) < 0)
		return ERR_PARSE;
	c->san = s;
	while (s.len > 0)
		if (der_next(&s, &name) < 0)
			return ERR_PARSE;
	return 0;
}

static int
read_aki(struct x509 *c, struct span v)
{
	struct span s;

	if (der_only(v, DER_SEQUENCE, &s) < 0)
		return ERR_PARSE;
	if (der_is_next(s, DER_CONTEXT(0)))
		return der_take(&s, DER_CONTEXT(0), &c->aki);
	return 0;
}

static int
read_known(struct x509 *c, int which, bool critical, struct span v)
{
	switch (which) {
	case CE_BASIC:
		return read_basic(c, v);
	case CE_KEY_USAGE:
		return read_key_usage(c, v);
	case CE_PURPOSE:
		return read_purpose(c, v);
	case CE_SAN:
		return read_san(c, v);
	case CE_CONSTRAINTS:
		return der_only(v, DER_SEQUENCE, &c->constraints);
	/* Never critical (RFC 5280, 4.2.1.1 and 4.2.1.2): else it is none
	 * that OpenSSL or Go would take. */
	case CE_AKI:
		return read_aki(c, v) < 0 ? ERR_PARSE : critical;
	case CE_SKI:
		return der_take(&v, DER_OCTETS, &c->ski) < 0 ? ERR_PARSE
		                                             : critical;
	case CE_POLICY_MAPPINGS:
	case CE_POLICY_CONSTRAINTS:
	case CE_ANY_POLICY:
		c->has_policy |= critical;
		return 0;
	case CE_POLICIES:	/* any will do; none is asked for */
	case CE_CRL_POINTS:	/* revocation is not looked up */
		return 0;
	default:
		return 1;
	}
}

/* *seen has a bit for each id-ce that came: a second one is an error. */
static int
read_extension(struct x509 *c, struct span ext, uint64_t *seen)
{
	struct span oid, v;
	bool critical;
	int r = 1;

	if (der_take(&ext, DER_OID, &oid) < 0
	 || take_truth(&ext, &critical) < 0
	 || der_only(ext, DER_OCTETS, &v) < 0)
		return ERR_PARSE;
	if (oid.len == 3 && memcmp(oid.p, "\x55\x1d", 2) == 0
	 && der_byte(oid, 2) < CE_END) {
		if (*seen >> der_byte(oid, 2) & 1)
			return ERR_PARSE;
		*seen |= UINT64_C(1) << der_byte(oid, 2);
		r = read_known(c, der_byte(oid, 2), critical, v);
	}
	if (DER_OID_IS(oid, "\x60\x86\x48\x01\x86\xf8\x42\x01\x01"))
		r = read_netscape_type(c, v);
	if (r > 0 && critical && c->unknown.len == 0)
		c->unknown = oid;
	return r < 0 ? r : 0;
}

static int
read_extensions(struct x509 *c, struct span in)
{
	struct span list, ext;
	uint64_t seen = 0;

	if (der_only(in, DER_SEQUENCE, &list) < 0)
		return ERR_PARSE;
	while (list.len > 0)
		if (der_take(&list, DER_SEQUENCE, &ext) < 0
		 || read_extension(c, ext, &seen) < 0)
			return ERR_PARSE;
	return 0;
}

/* The version: absent is 1, written 0. Extensions are version 3's. */
static int
read_version(struct x509 *c, struct span *in)
{
	struct span v;
	int n;

	if (!der_is_next(*in, DER_CONTEXT_OF(0)))
		return 0;
	if (der_take(in, DER_CONTEXT_OF(0), &v) < 0)
		return ERR_PARSE;
	n = der_take_int(&v, 2);
	if (n < 0 || v.len > 0)
		return ERR_PARSE;
	c->v3 = n == 2;
	return 0;
}

static int
read_tbs(struct x509 *c, struct span in, struct span *alg)
{
	struct span skip;

	if (read_version(c, &in) < 0
	 || der_take(&in, DER_INTEGER, &skip) < 0
	 || der_take(&in, DER_SEQUENCE, alg) < 0
	 || der_take(&in, DER_SEQUENCE, &c->issuer) < 0
	 || read_validity(c, &in) < 0
	 || der_take(&in, DER_SEQUENCE, &c->subject) < 0
	 || x509_key_read(&c->key, &in) < 0)
		return ERR_PARSE;
	if (dn_verify(c->issuer) < 0 || dn_verify(c->subject) < 0)
		return ERR_PARSE;
	for (int i = 1; i <= 2; i++)	/* issuer's and subject's unique IDs */
		if (der_is_next(in, DER_CONTEXT(i))
		 && der_take(&in, DER_CONTEXT(i), &skip) < 0)
			return ERR_PARSE;
	if (in.len > 0 && (!c->v3
	 || der_take(&in, DER_CONTEXT_OF(3), &skip) < 0
	 || read_extensions(c, skip) < 0))
		return ERR_PARSE;
	return in.len > 0 ? ERR_PARSE : 0;
}

/* Takes what is inside of an AlgorithmIdentifier. */
static int
read_alg(struct x509 *c, struct span in)
{
	struct span oid;

	if (der_take(&in, DER_OID, &oid) < 0)
		return ERR_PARSE;
	c->alg = (enum x509_alg)DER_LOOK_UP(oid, algs, X509_ALG_OTHER);
	if (c->alg != X509_ALG_PSS || x509_pss_read(&c->pss, in) < 0)
		return 0;
	if (c->pss.hash == X509_HASH_SHA1)
		c->alg = X509_ALG_SHA1;
	else if (x509_pss_is_known(&c->pss))
		c->alg = (enum x509_alg)(X509_PSS_SHA256 - X509_SHA256 +
		                         c->pss.hash);
	return 0;
}

/* see tls/x509.h */
int
x509_read(struct x509 *out, struct span der)
{
	struct x509 c = { .der = der, .path_max = -1 };
	struct span cert, tbs, alg, alg_again;

	if (der.len > X509_DER_MAX)
		return ERR_TOOBIG;
	if (der_only(der, DER_SEQUENCE, &cert) < 0
	 || der_take_whole(&cert, DER_SEQUENCE, &c.tbs) < 0
	 || der_take(&cert, DER_SEQUENCE, &alg) < 0
	 || der_take_bits(&cert, &c.sig) < 0 || cert.len > 0)
		return ERR_PARSE;
	if (der_only(c.tbs, DER_SEQUENCE, &tbs) < 0
	 || read_tbs(&c, tbs, &alg_again) < 0)
		return ERR_PARSE;
	/* What is signed must name the algorithm it is signed with. */
	if (!der_is_same(alg, alg_again) || read_alg(&c, alg) < 0)
		return ERR_PARSE;
	*out = c;
	return 0;
}

/* Is TLS server, or any purpose, among the OIDs? Returns 1, 0 or ERR_PARSE. */
static int
names_servers(struct span oids)
{
	struct span oid;
	int found = 0;

	while (oids.len > 0) {
		if (der_take(&oids, DER_OID, &oid) < 0)
			return ERR_PARSE;
		if (DER_OID_IS(oid, SERVER_AUTH)
		 || DER_OID_IS(oid, ANY_PURPOSE))
			found = 1;
	}
	return found;
}

/* see tls/x509.h */
int
x509_read_trust(struct span aux)
{
	struct span in, list;
	int trusted = 1, rejected = 0;

	if (aux.len == 0)
		return 1;
	if (der_only(aux, DER_SEQUENCE, &in) < 0)
		return ERR_PARSE;
	if (der_take(&in, DER_SEQUENCE, &list) == 0)
		trusted = names_servers(list);
	if (der_take(&in, DER_CONTEXT_OF(0), &list) == 0)
		rejected = names_servers(list);
	/* A name, a key's number and algorithms may follow. */
	while (in.len > 0)
		if (der_next(&in, &list) < 0)
			return ERR_PARSE;
	if (trusted < 0 || rejected < 0)
		return ERR_PARSE;
	return trusted && !rejected;
}

/* see tls/x509.h */
int
x509_next_name(struct span *names, enum x509_name tag, enum x509_name or_tag,
               struct span *value)
{
	while (names->len > 0) {
		int got = der_next(names, value);

		if (got < 0)
			return 0;
		if (got == (int)tag || got == (int)or_tag)
			return got;
	}
	return 0;
}

/* see tls/x509.h */
bool
x509_may_have_issued(const struct x509 *ca, const struct x509 *c)
{
	if (c->aki.len > 0 && ca->ski.len > 0
	 && !der_is_same(c->aki, ca->ski))
		return false;
	return dn_is_same(ca->subject, c->issuer);
}

/* see tls/x509.h */
bool
x509_is_self_issued(const struct x509 *c)
{
	return dn_is_same(c->subject, c->issuer);
}
