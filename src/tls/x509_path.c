/* SPDX-License-Identifier: MIT */
/* tls/x509_path.c - finds a path from a certificate to a trusted one */
/*
 * A search by depth: from the leaf on, every certificate whose name is the
 * issuer's is tried, anchors first, and a step is taken only over a signature
 * that is right. So what a path consists of is authentic; the rules are then
 * applied to the whole path at once. A path that breaks one does not end the
 * search: cross-signed CAs often have another that is good.
 */
#include "tls/x509_path.h"

#include "base/err.h"
#include "tls/der.h"
#include "tls/x509_constraints.h"

struct search {
	const struct x509_path *q;
	const struct x509 *path[X509_PATH_MAX + 2];	/* the leaf is [0] */
	size_t   len;
	uint64_t used;		/* of q->chain, by bit */
	int      sigs;		/* checked so far */
	struct x509_result best;	/* the strongest reason so far */
};

static bool
note(struct search *s, enum x509_why why, const struct x509 *cert,
     const struct x509 *ca)
{
	/* Of two without an issuer the later one stands higher. */
	if (why > s->best.why
	 || (why == X509_NO_ISSUER && why == s->best.why))
		s->best = (struct x509_result){ why, cert, ca };
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
	if (x509_key_is_rsa(k) && der_uint_bits(k->n) < X509_RSA_MIN)
		return note(s, X509_KEY_WEAK, c, NULL);
	if (x509_key_is_rsa(k) && der_uint_bits(k->n) > X509_RSA_MAX)
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
	if (is_anchor && !c->has_basic && (c->has_key_usage
	 || (!c->v3 && x509_is_self_issued(c))))
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
		if (!x509_constraints_allow(ca, c, i == 0 ? &s->q->host : NULL))
			return note(s, X509_NAMES, c, ca);
	}
	if (ca->path_max >= 0 && below > ca->path_max)
		return note(s, X509_DEPTH, s->path[0], ca);
	return true;
}

/* The rules for a path whose signatures are right up to an anchor. */
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
	if (!x509_hosts_has(leaf, &s->q->host))
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
	if (x509_key_is_rsa(&ca->key)
	 && der_uint_bits(ca->key.n) > X509_RSA_MAX)
		return note(s, X509_KEY_LARGE, ca, NULL);
	if (s->sigs == X509_SIGS_MAX)
		return note(s, X509_SIGS_MANY, c, NULL);
	s->sigs++;
	if (!s->q->check(s->q->arg, c, &ca->key))
		return note(s, X509_SIG_WRONG, c, ca);
	return true;
}

static bool
ends_in_anchor(struct search *s)
{
	const struct x509 *c = s->path[s->len - 1];

	for (size_t i = 0; i < s->q->anchors_len; i++) {
		const struct x509 *a = &s->q->anchors[i];
		bool good;

		if (!x509_may_have_issued(a, c) || !is_ca(s, a, true)
		 || !is_signed_by(s, c, a))
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
		if (der_is_same(s->q->anchors[i].der, s->q->chain[0].der))
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

		if (s->used & bit || der_is_same(ca->der, c->der)
		 || !x509_may_have_issued(ca, c) || !is_ca(s, ca, false))
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
x509_path_verify(const struct x509_path *q, struct x509_result *out)
{
	struct search s = { .q = q, .path = { &q->chain[0] }, .len = 1 };

	if (is_leaf_trusted(&s) || goes_on(&s))
		return 0;
	*out = s.best;
	return ERR_CERT;
}
