/* SPDX-License-Identifier: MIT */
/* test_x509_rules.c - the rules for certificates on a path */
/*
 * Every rule has its rows here, each with one flaw in a chain that is good
 * without it; the TLS matrix of the system tests holds them beside curl's.
 */
#include "paths.h"

static void
nothing(struct x509 *c)
{
	(void)c;
}

static void
expired(struct x509 *c)
{
	c->not_after = NOW - 1;
}

static void
not_yet_valid(struct x509 *c)
{
	c->not_before = NOW + 1;
}

static void
critical(struct x509 *c)
{
	c->unknown = text_of("\x2a\x03");
}

static void
bound_by_policy(struct x509 *c)
{
	c->has_policy = true;
}

static void
for_clients(struct x509 *c)
{
	c->has_purpose = true;
}

static void
for_servers(struct x509 *c)
{
	c->has_purpose = c->for_server = true;
}

static void
netscape_clients(struct x509 *c)
{
	c->not_for_server = true;
}

static void
rejected(struct x509 *c)
{
	c->rejected = true;
}

static void
other_key(struct x509 *c)
{
	c->key.kind = X509_KEY_ED;
}

static void
rsa(struct x509 *c, size_t len)
{
	static char n[1024];

	n[0] = 1;	/* one bit more than the other bytes have */
	c->key.kind = X509_KEY_RSA;
	c->key.n = (struct span){ n, len };
	c->key.q = point_of('w');
}

static void
weak_rsa(struct x509 *c)
{
	rsa(c, 256);	/* 2041 bits */
}

static void
large_rsa(struct x509 *c)
{
	rsa(c, 513);
}

static void
signed_with_sha1(struct x509 *c)
{
	c->alg = X509_ALG_SHA1;
}

static void
signed_by_another(struct x509 *c)
{
	c->sig = point_of('z');
}

static void
issued_by_another(struct x509 *c)
{
	c->issuer = attribute(3, 12, "Z");
}

static void
no_ca(struct x509 *c)
{
	c->is_ca = false;
}

/* As old roots are: nothing says that it is a CA. */
static void
without_basic(struct x509 *c)
{
	c->is_ca = c->has_basic = false;
}

static void
without_basic_that_signs(struct x509 *c)
{
	without_basic(c);
	c->has_key_usage = true;
	c->key_usage = X509_KU_CERT_SIGN;
}

static void
no_ca_that_signs(struct x509 *c)
{
	without_basic_that_signs(c);
	c->has_basic = true;
}

static void
of_version_1(struct x509 *c)
{
	without_basic(c);
	c->v3 = false;
}

static void
of_version_1_by_another(struct x509 *c)
{
	of_version_1(c);
	c->issuer = attribute(3, 12, "Z");
}

static void
used_for(struct x509 *c, unsigned usage)
{
	c->has_key_usage = true;
	c->key_usage = usage;
}

static void
that_signs_certificates(struct x509 *c)
{
	used_for(c, X509_KU_CERT_SIGN);
}

static void
that_signs(struct x509 *c)
{
	used_for(c, X509_KU_SIGN);
}

static void
that_enciphers(struct x509 *c)
{
	used_for(c, X509_KU_ENCIPHER);
}

static void
that_agrees(struct x509 *c)
{
	used_for(c, X509_KU_AGREE);
}

static void
with_no_ca_below(struct x509 *c)
{
	c->path_max = 0;
}

static void
with_one_ca_below(struct x509 *c)
{
	c->path_max = 1;
}

static void
for_other_names(struct x509 *c)
{
	c->constraints = TLV(0xa0, SEQ(wrap(0x82, text_of("b.test"))));
}

static void
for_these_names(struct x509 *c)
{
	c->constraints = TLV(0xa0, SEQ(wrap(0x82, text_of("test"))));
}

/* Excludes the intermediate's own name. */
static void
not_for_the_ca(struct x509 *c)
{
	c->constraints = TLV(0xa1, SEQ(TLV(0xa4, common_name("A"))));
}

static void
for_another_host(struct x509 *c)
{
	c->san = wrap(0x82, text_of("b.test"));
}

enum place { LEAF, CA, ROOT };

/* The leaf a.test by the CA A by the root R: one has a flaw. */
static const struct flaw {
	const char *name;
	enum place at;
	void (*make)(struct x509 *c);
	enum x509_why why;
	enum place blamed;
} flaws[] = {
	{ "none", LEAF, nothing, X509_FINE, LEAF },
	{ "an expired leaf", LEAF, expired, X509_EXPIRED, LEAF },
	{ "an expired CA", CA, expired, X509_EXPIRED, CA },
	{ "an expired root", ROOT, expired, X509_EXPIRED, ROOT },
	{ "a leaf of tomorrow", LEAF, not_yet_valid, X509_NOT_YET, LEAF },
	{ "a CA of tomorrow", CA, not_yet_valid, X509_NOT_YET, CA },
	{ "a root of tomorrow", ROOT, not_yet_valid, X509_NOT_YET, ROOT },
	{ "a critical leaf", LEAF, critical, X509_CRITICAL, LEAF },
	{ "a critical CA", CA, critical, X509_CRITICAL, CA },
	{ "a critical root", ROOT, critical, X509_CRITICAL, ROOT },
	{ "a leaf's policy", LEAF, bound_by_policy, X509_POLICY, LEAF },
	{ "a CA's policy", CA, bound_by_policy, X509_POLICY, CA },
	{ "a root's policy", ROOT, bound_by_policy, X509_POLICY, ROOT },
	{ "a leaf for clients", LEAF, for_clients, X509_PURPOSE, LEAF },
	{ "a CA for clients", CA, for_clients, X509_PURPOSE, CA },
	{ "a root for clients", ROOT, for_clients, X509_PURPOSE, ROOT },
	{ "a leaf for servers", LEAF, for_servers, X509_FINE, LEAF },
	{ "a CA for servers", CA, for_servers, X509_FINE, CA },
	{ "Netscape's for clients", LEAF, netscape_clients, X509_PURPOSE, LEAF },
	{ "a rejected leaf", LEAF, rejected, X509_REJECTED, LEAF },
	{ "a rejected CA", CA, rejected, X509_REJECTED, CA },
	{ "a rejected root", ROOT, rejected, X509_REJECTED, ROOT },
	{ "a leaf's kind of key", LEAF, other_key, X509_KEY_KIND, LEAF },
	{ "a CA's kind of key", CA, other_key, X509_KEY_KIND, CA },
	{ "a root's kind of key", ROOT, other_key, X509_KEY_KIND, ROOT },
	{ "a leaf's short key", LEAF, weak_rsa, X509_KEY_WEAK, LEAF },
	{ "a CA's short key", CA, weak_rsa, X509_KEY_WEAK, CA },
	{ "a root's short key", ROOT, weak_rsa, X509_KEY_WEAK, ROOT },
	{ "a leaf's long key", LEAF, large_rsa, X509_KEY_LARGE, LEAF },
	{ "a CA's long key", CA, large_rsa, X509_KEY_LARGE, CA },
	{ "a root's long key", ROOT, large_rsa, X509_KEY_LARGE, ROOT },
	{ "a leaf's hash", LEAF, signed_with_sha1, X509_SIG_KIND, LEAF },
	{ "a CA's hash", CA, signed_with_sha1, X509_SIG_KIND, CA },
	{ "a root's hash is for nothing", ROOT, signed_with_sha1, X509_FINE,
	  ROOT },
	{ "a leaf's signature", LEAF, signed_by_another, X509_SIG_WRONG, LEAF },
	{ "a CA's signature", CA, signed_by_another, X509_SIG_WRONG, CA },
	{ "a root's signature is for nothing", ROOT, signed_by_another,
	  X509_FINE, ROOT },
	{ "a leaf by nobody", LEAF, issued_by_another, X509_NO_ISSUER, LEAF },
	{ "a CA by nobody", CA, issued_by_another, X509_NO_ISSUER, CA },
	{ "a CA that is none", CA, no_ca, X509_NOT_CA, CA },
	{ "a root that is no CA", ROOT, no_ca, X509_NOT_CA, ROOT },
	{ "a CA that does not say so", CA, without_basic_that_signs, X509_NOT_CA,
	  CA },
	{ "a CA of version 1", CA, of_version_1, X509_NOT_CA, CA },
	{ "a root that does not say so", ROOT, without_basic, X509_NOT_CA, ROOT },
	{ "a root with the right to sign only", ROOT, without_basic_that_signs,
	  X509_FINE, ROOT },
	{ "a root that says it is none", ROOT, no_ca_that_signs, X509_NOT_CA,
	  ROOT },
	{ "a root of version 1", ROOT, of_version_1, X509_FINE, ROOT },
	{ "an anchor of version 1 that is no root", ROOT,
	  of_version_1_by_another, X509_NOT_CA, ROOT },
	{ "a CA that signs none", CA, that_signs, X509_CA_USAGE,
	  CA },
	{ "a root that signs none", ROOT, that_signs,
	  X509_CA_USAGE, ROOT },
	{ "a CA that signs them", CA, that_signs_certificates, X509_FINE, CA },
	{ "a leaf that signs", LEAF, that_signs, X509_FINE, LEAF },
	{ "a leaf that enciphers", LEAF, that_enciphers, X509_FINE, LEAF },
	{ "a leaf that agrees", LEAF, that_agrees, X509_FINE, LEAF },
	{ "a leaf that signs certificates only", LEAF, that_signs_certificates,
	  X509_USAGE, LEAF },
	{ "a root with no CA below", ROOT, with_no_ca_below, X509_DEPTH, LEAF },
	{ "a root with one CA below", ROOT, with_one_ca_below, X509_FINE, LEAF },
	{ "a CA with no CA below", CA, with_no_ca_below, X509_FINE, LEAF },
	{ "a CA for other names", CA, for_other_names, X509_NAMES, LEAF },
	{ "a root for other names", ROOT, for_other_names, X509_NAMES, LEAF },
	{ "a CA for these names", CA, for_these_names, X509_FINE, LEAF },
	{ "a root that excludes the CA", ROOT, not_for_the_ca, X509_NAMES, CA },
	{ "another host", LEAF, for_another_host, X509_HOST, LEAF },
	{ "another host's CA", CA, for_another_host, X509_FINE, CA },
};

static struct x509 *
at(enum place place)
{
	return place == ROOT ? &anchors[0] : &chain[place];
}

static void
a_flaw_has_its_reason_and_its_certificate(void **state)
{
	const struct flaw *row = *state;
	struct x509_path q = path(2, 1);
	struct x509_result v = { .why = X509_FINE };

	good_chain();
	row->make(at(row->at));
	if (at(row->at)->key.kind == X509_KEY_RSA && row->at != LEAF)
		/* What it signed is to be right, for fake_check(). */
		at(row->at == ROOT ? CA : LEAF)->sig = point_of('w');
	assert_int_equal(row->why == X509_FINE ? 0 : ERR_CERT,
	                 x509_path_verify(&q, &v));
	assert_int_equal(row->why, v.why);
	if (row->why != X509_FINE)
		assert_ptr_equal(at(row->blamed), v.cert);
	if (row->why == X509_DEPTH || row->why == X509_NAMES)
		assert_ptr_equal(at(row->at), v.ca);
	certs_reset();
}

/* An anchor of its own, but no better than others for that. */
static void
a_leaf_that_is_an_anchor_keeps_the_rules(void **state)
{
	(void)state;
	good_chain();
	anchors[0] = chain[0];
	assert_int_equal(X509_FINE, judge(1, 1));
	assert_int_equal(0, checks);
	for_another_host(&chain[0]);
	assert_int_equal(X509_HOST, judge(1, 1));
	good_chain();
	expired(&chain[0]);
	anchors[0] = chain[0];
	assert_int_equal(X509_EXPIRED, judge(1, 1));
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(a_flaw_has_its_reason_and_its_certificate, flaws);
	UNIT_TEST(a_leaf_that_is_an_anchor_keeps_the_rules);
	return unit_run("tls/x509_path, rules");
}
