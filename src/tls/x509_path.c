/* SPDX-License-Identifier: MIT */
/* tls/x509_path.c - is a chain of certificates to be believed? (pure) */
/*
 * A search by depth: from the leaf on, every certificate whose name is the
 * issuer's is tried, anchors first, and a step is taken only over a signature
 * that is right. So what a path consists of is authentic; the rules are then
 * applied to the whole path at once. A path that breaks one does not end the
 * search: cross-signed CAs often have another that is good.
 */
#include "tls/x509_path.h"

#include "base/err.h"

struct search {
	const struct x509_path *q;
	const struct x509 *path[X509_PATH_MAX + 2];	/* the leaf is [0] */
	size_t   len;
	uint64_t used;		/* of q->chain, by bit */
	int      sigs;		/* checked so far */
	struct x509_verdict best;	/* the strongest reason so far */
};

static bool
note(struct search *s, enum x509_why why, const struct x509 *cert,
     const struct x509 *ca)
{
	/* Of two without an issuer the later one stands higher. */
	if (why > s->best.why ||
	    (why == X509_NO_ISSUER && why == s->best.why))
		s->best = (struct x509_verdict){ why, cert, ca };
	return false;
}

static bool
is_known_alg(enum x509_alg alg)
{
	return alg >= X509_RSA_SHA256;
}

/* What every certificate of a path must be, whatever its place. */
static bool
is_sound(struct search *s, const struct x509 *c)
{
	const struct x509_key *k = &c->key;

	if (c->rejected)
		return note(s, X509_REJECTED, c, NULL);
	if (k->kind < X509_KEY_RSA)
		return note(s, X509_KEY_KIND, c, NULL);
	if (k->kind == X509_KEY_RSA && x509_bits(k->n) < X509_RSA_MIN)
		return note(s, X509_KEY_WEAK, c, NULL);
	if (k->kind == X509_KEY_RSA && x509_bits(k->n) > X509_RSA_MAX)
		return note(s, X509_KEY_LARGE, c, NULL);
	if (s->q->now < c->not_before)
		return note(s, X509_NOT_YET, c, NULL);
	if (s->q->now > c->not_after)
		return note(s, X509_EXPIRED, c, NULL);
	if (c->unknown.len > 0)
		return note(s, X509_CRITICAL, c, NULL);
	if (c->has_policy)
		return note(s, X509_POLICY, c, NULL);
	if (c->has_purpose && !c->for_server)
		return note(s, X509_PURPOSE, c, NULL);
	return true;
}

/* Only an anchor may do without basicConstraints: old roots do, of version 1
 * or with no more than the right to sign certificates. */
static bool
is_ca(struct search *s, const struct x509 *c, bool is_anchor)
{
	if (c->has_key_usage && !(c->key_usage & X509_KU_CERT_SIGN))
		return note(s, X509_CA_USAGE, c, NULL);
	if (c->is_ca)
		return true;
	if (is_anchor && !c->has_basic && (c->has_key_usage ||
	    (!c->v3 && x509_is_self_issued(c))))
		return true;
	return note(s, X509_NOT_CA, c, NULL);
}

/* Do the rules of the CA at path[at] allow what stands below it? CAs that
 * issued themselves (new keys) count and are named for nothing. */
static bool
allows_below(struct search *s, size_t at)
{
	const struct x509 *ca = s->path[at];
	int below = 0;

	for (size_t i = at; i-- > 0;) {
		const struct x509 *c = s->path[i];
		bool passed_over = i > 0 && x509_is_self_issued(c);

		below += i > 0 && !passed_over;
		if (passed_over || ca->constraints.p == NULL)
			continue;
		if (!x509_name_is_allowed(ca, c, i == 0 ? &s->q->host : NULL))
			return note(s, X509_NAMES, c, ca);
	}
	if (ca->path_max >= 0 && below > ca->path_max)
		return note(s, X509_DEPTH, s->path[0], ca);
	return true;
}

/* The rules for a path whose signatures are right and that ends in an anchor. */
static bool
is_good(struct search *s)
{
	const struct x509 *leaf = s->path[0], *root = s->path[s->len - 1];
	unsigned tls = X509_KU_SIGN | X509_KU_ENCIPHER | X509_KU_AGREE;

	for (size_t i = 0; i < s->len; i++)
		if (!is_sound(s, s->path[i]))
			return false;
	for (size_t i = 1; i < s->len; i++)
		if (!allows_below(s, i))
			return false;
	if (root->issued_until > 0 && leaf->not_before > root->issued_until)
		return note(s, X509_ISSUED_LATE, leaf, root);
	if (leaf->not_for_server)
		return note(s, X509_PURPOSE, leaf, NULL);
	if (leaf->has_key_usage && !(leaf->key_usage & tls))
		return note(s, X509_USAGE, leaf, NULL);
	if (!x509_name_is_for(leaf, &s->q->host))
		return note(s, X509_HOST, leaf, NULL);
	return true;
}

/* Names say that ca signed c: does the signature? */
static bool
is_signed_by(struct search *s, const struct x509 *c, const struct x509 *ca)
{
	if (!is_known_alg(c->alg))
		return note(s, X509_SIG_KIND, c, NULL);
	if (ca->key.kind < X509_KEY_RSA)
		return note(s, X509_KEY_KIND, ca, NULL);
	if (ca->key.kind == X509_KEY_RSA &&
	    x509_bits(ca->key.n) > X509_RSA_MAX)
		return note(s, X509_KEY_LARGE, ca, NULL);
	if (s->sigs == X509_SIGS_MAX)
		return note(s, X509_SIGS_MANY, c, NULL);
	s->sigs++;
	if (!s->q->check(s->q->arg, c->alg, &ca->key, c->tbs, c->sig))
		return note(s, X509_SIG_WRONG, c, ca);
	return true;
}

static bool
is_same_cert(const struct x509 *a, const struct x509 *b)
{
	return a->der.len == b->der.len &&
	       memcmp(a->der.p, b->der.p, a->der.len) == 0;
}

static bool
ends_in_anchor(struct search *s)
{
	const struct x509 *c = s->path[s->len - 1];

	for (size_t i = 0; i < s->q->anchors_len; i++) {
		const struct x509 *a = &s->q->anchors[i];
		bool good;

		if (!x509_may_have_issued(a, c) || !is_ca(s, a, true) ||
		    !is_signed_by(s, c, a))
			continue;
		s->path[s->len++] = a;
		good = is_good(s);
		s->len--;
		if (good)
			return true;
	}
	return false;
}

static bool
is_leaf_trusted(struct search *s)
{
	for (size_t i = 0; i < s->q->anchors_len; i++)
		if (is_same_cert(&s->q->anchors[i], &s->q->chain[0]))
			return is_good(s);
	return false;
}

static bool
note_end(struct search *s)
{
	const struct x509 *c = s->path[s->len - 1];

	if (!x509_is_self_issued(c))
		return note(s, X509_NO_ISSUER, c, NULL);
	return note(s, s->len > 1 ? X509_ROOT_UNKNOWN : X509_SELF_SIGNED, c,
	            NULL);
}

/* Looks for a path onward from the last of s->path. Its depth is bounded by
 * the room in that. */
static bool
goes_on(struct search *s)
{
	const struct x509 *c = s->path[s->len - 1];

	if (ends_in_anchor(s))
		return true;
	(void)note_end(s);	/* in case no more is found */
	for (size_t i = 1; i < s->q->chain_len; i++) {
		const struct x509 *ca = &s->q->chain[i];
		uint64_t bit = UINT64_C(1) << i;
		bool good;

		if (s->used & bit || is_same_cert(ca, c) ||
		    !x509_may_have_issued(ca, c) || !is_ca(s, ca, false))
			continue;
		if (s->len == X509_PATH_MAX + 1)
			return note(s, X509_PATH_LONG, c, NULL);
		if (!is_signed_by(s, c, ca))
			continue;
		s->used |= bit;
		s->path[s->len++] = ca;
		good = goes_on(s);
		s->len--;
		s->used &= ~bit;
		if (good)
			return true;
	}
	return false;
}

/* see tls/x509_path.h */
int
x509_path_verify(const struct x509_path *q, struct x509_verdict *out)
{
	struct search s = { .q = q, .path = { &q->chain[0] }, .len = 1 };

	if (is_leaf_trusted(&s) || goes_on(&s))
		return 0;
	*out = s.best;
	return ERR_CERT;
}

static void
write_two(struct buf *b, int64_t n)
{
	buf_fmt(b, n < 10 ? "0%d" : "%d", (int)n);
}

/* "2026-11-20", by the calendar of tls/x509.c run backwards. */
static void
write_date(struct buf *b, int64_t seconds)
{
	int64_t days = seconds / 86400 + 719468;
	int64_t era = days / 146097, day = days % 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t left = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * left + 2) / 153;	/* from March */

	buf_int(b, era * 400 + year + (month >= 10));
	buf_str(b, "-");
	write_two(b, month < 10 ? month + 3 : month - 9);
	buf_str(b, "-");
	write_two(b, left - (153 * month + 2) / 5 + 1);
}

static void
write_span(struct buf *b, int64_t seconds)
{
	static const struct { int len; char name[8]; } units[] = {
		{ 86400, "day" }, { 3600, "hour" }, { 60, "minute" },
		{ 1, "second" },
	};
	size_t i = 0;

	while (i < 3 && seconds < units[i].len)
		i++;
	seconds /= units[i].len;
	buf_int(b, seconds);
	buf_fmt(b, " %s%s", units[i].name, seconds == 1 ? "" : "s");
}

/* The first number stands for two, of which the first is 2 at most. */
static void
write_oid(struct buf *b, struct span oid)
{
	uint64_t n = 0, top;
	bool first = true;

	for (size_t i = 0; i < oid.len; i++) {
		n = (n & (UINT64_MAX >> 8)) << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] & 0x80)
			continue;
		top = n < 80 ? n / 40 : 2;
		if (first)
			buf_fmt(b, "%d", (int)top);
		buf_fmt(b, ".%llu",
		        (unsigned long long)(first ? n - 40 * top : n));
		first = false;
		n = 0;
	}
}

static const char *
alg_text(enum x509_alg alg)
{
	switch (alg) {
	case X509_ALG_MD5:
		return "MD5, which is broken";
	case X509_ALG_SHA1:
		return "SHA-1, which is no longer safe";
	case X509_ALG_PSS:
		return "RSA-PSS, which hale does not know";
	case X509_ALG_ED:
		return "Ed25519 or Ed448, which hale does not know";
	case X509_ALG_OTHER:
	case X509_RSA_SHA256:
	case X509_RSA_SHA384:
	case X509_RSA_SHA512:
	case X509_EC_SHA256:
	case X509_EC_SHA384:
	case X509_EC_SHA512:
		break;
	}
	return "an algorithm that hale does not know";
}

static const char *
key_text(enum x509_key_kind kind)
{
	switch (kind) {
	case X509_KEY_ED:
		return "an Ed25519 or Ed448 key";
	case X509_KEY_PSS:
		return "a key for RSA-PSS only";
	case X509_KEY_CURVE:
		return "an EC key that is not on P-256, P-384 or P-521";
	case X509_KEY_EXPONENT:
		return "an RSA key with a public exponent above 64 bits";
	case X509_KEY_OTHER:
	case X509_KEY_RSA:
	case X509_KEY_P256:
	case X509_KEY_P384:
	case X509_KEY_P521:
		break;
	}
	return "a kind of key that is not known";
}

/* Whose certificate: the peer's is told by the host that was asked. */
static void
write_who(struct buf *b, const struct x509_path *q, const struct x509 *c)
{
	if (c == &q->chain[0]) {
		buf_str(b, "certificate of ");
		buf_add(b, q->host.name);
	} else {
		buf_str(b, "CA certificate \"");
		x509_name_write_cert(b, c);
		buf_str(b, "\"");
	}
}

static void
write_dates(struct buf *b, const struct x509_path *q, const struct x509 *c)
{
	if (q->now > c->not_after) {
		buf_str(b, " expired ");
		write_span(b, q->now - c->not_after);
		buf_str(b, " ago (");
		write_date(b, c->not_after);
	} else {
		buf_str(b, " is not valid for another ");
		write_span(b, c->not_before - q->now);
		buf_str(b, " (from ");
		write_date(b, c->not_before);
		buf_str(b, "; the clock here says ");
		write_date(b, q->now);
	}
	buf_str(b, ")");
}

static void
write_quoted(struct buf *b, const char *before, struct span name)
{
	buf_str(b, before);
	x509_name_write(b, name);
	buf_str(b, "\"");
}

/* see tls/x509_path.h */
void
x509_path_write(struct buf *b, const struct x509_path *q,
                const struct x509_verdict *v)
{
	const struct x509 *c = v->cert;

	write_who(b, q, c);
	switch (v->why) {
	case X509_FINE:
		buf_str(b, " is good");
		break;
	case X509_NO_ISSUER:
		write_quoted(b, " comes from an unknown issuer, \"", c->issuer);
		break;
	case X509_SELF_SIGNED:
		write_quoted(b, " is self-signed and not trusted (\"",
		             c->subject);
		buf_str(b, ")");
		break;
	case X509_ROOT_UNKNOWN:
		buf_str(b, " is a root that is not trusted");
		break;
	case X509_PATH_LONG:
		buf_fmt(b, " has more than %d CAs above it", X509_PATH_MAX);
		break;
	case X509_SIGS_MANY:
		buf_fmt(b, " took more than %d signatures to check",
		        X509_SIGS_MAX);
		break;
	case X509_SIG_WRONG:
		write_quoted(b, " has a wrong signature: it is not by \"",
		             v->ca->subject);
		break;
	case X509_SIG_KIND:
		buf_fmt(b, " is signed with %s", alg_text(c->alg));
		break;
	case X509_NOT_CA:
		buf_str(b, " may not issue certificates (it is no CA)");
		break;
	case X509_CA_USAGE:
		buf_str(b, " may not sign certificates (keyUsage)");
		break;
	case X509_KEY_KIND:
		buf_fmt(b, " has %s, which hale cannot use",
		        key_text(c->key.kind));
		break;
	case X509_KEY_WEAK:
		buf_fmt(b, " has an RSA key of %d bits; fewer than %d are weak",
		        (int)x509_bits(c->key.n), X509_RSA_MIN);
		break;
	case X509_KEY_LARGE:
		buf_fmt(b, " has an RSA key of %d bits; hale takes %d at most",
		        (int)x509_bits(c->key.n), X509_RSA_MAX);
		break;
	case X509_NOT_YET:
	case X509_EXPIRED:
		write_dates(b, q, c);
		break;
	case X509_CRITICAL:
		buf_str(b, " has a critical extension that is not known, ");
		write_oid(b, c->unknown);
		break;
	case X509_POLICY:
		buf_str(b, " has critical policy constraints or mappings, "
		        "which hale does not process");
		break;
	case X509_REJECTED:
		buf_str(b, " is rejected for TLS servers by its trust "
		        "settings (TRUSTED CERTIFICATE)");
		break;
	case X509_PURPOSE:
		buf_fmt(b, " is not for TLS servers (%s)",
		        c->has_purpose && !c->for_server ? "extendedKeyUsage"
		                                         : "nsCertType");
		break;
	case X509_USAGE:
		buf_str(b, " has a key that is not for TLS (keyUsage)");
		break;
	case X509_DEPTH:
		write_quoted(b, " stands below more CAs than allowed by \"",
		             v->ca->subject);
		break;
	case X509_NAMES:
		write_quoted(b, " has a name outside of the name constraints "
		             "of \"", v->ca->subject);
		break;
	case X509_ISSUED_LATE:
		buf_str(b, " is of ");
		write_date(b, c->not_before);
		buf_str(b, "; its root is not trusted for certificates issued "
		        "after ");
		write_date(b, v->ca->issued_until);
		break;
	case X509_HOST:
		buf_str(b, " is for another host: it names ");
		x509_name_write_hosts(b, c);
		break;
	}
}
