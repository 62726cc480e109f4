/* SPDX-License-Identifier: MIT */
/* test_x509_path.c - chains that are to be believed, and others */
/*
 * Every rule has its rows here, each with one flaw in a chain that is good
 * without it; the TLS matrix of the system tests holds them beside curl's.
 */
#include "certs.h"

#include "base/err.h"
#include "tls/der.h"
#include "tls/x509_words.h"

#define CHAIN_MAX 64

static struct x509 chain[CHAIN_MAX], anchors[4];
static int checks;

static struct x509_path
path(size_t chain_len, size_t anchors_len)
{
	return (struct x509_path){
		.chain = chain, .chain_len = chain_len,
		.anchors = anchors, .anchors_len = anchors_len,
		.host = { .name = { "a.test", 6 } },
		.now = NOW, .check = fake_check, .arg = &checks,
	};
}

static enum x509_why
judge(size_t chain_len, size_t anchors_len)
{
	struct x509_path q = path(chain_len, anchors_len);
	struct x509_verdict v = { .why = X509_FINE };
	int r;

	checks = 0;
	r = x509_path_verify(&q, &v);
	assert_int_equal(v.why == X509_FINE ? 0 : ERR_CERT, r);
	return v.why;
}

static struct x509
a_ca(const char *subject, const char *issuer, char key, char signer)
{
	return cert((struct plan){ subject, issuer, key, signer, ca_mark(),
	                           NULL, NULL, NULL });
}

static struct x509
a_leaf(const char *issuer, char signer)
{
	return cert((struct plan){ "leaf", issuer, 'l', signer,
	                           alt_name("a.test"), NULL, NULL, NULL });
}

static void
any_order_will_do(void **state)
{
	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("B", 'b');
	chain[1] = a_ca("A", "R", 'a', 'r');
	chain[2] = a_ca("X", "X", 'x', 'x');
	chain[3] = a_ca("B", "A", 'b', 'a');
	chain[4] = chain[1];
	assert_int_equal(X509_FINE, judge(5, 1));
	certs_reset();
}

static void
a_path_has_a_most_of_cas(void **state)
{
	static char names[X509_PATH_MAX + 2][2];

	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	for (size_t n = X509_PATH_MAX - 1; n <= X509_PATH_MAX + 1; n++) {
		char below = 'r';

		for (size_t i = n; i > 0; i--) {
			names[i][0] = (char)('A' + i);
			chain[i] = a_ca(names[i], below == 'r' ? "R"
				: names[i + 1], (char)('a' + i), below);
			below = (char)('a' + i);
		}
		chain[0] = a_leaf(names[1], below);
		assert_int_equal(n <= X509_PATH_MAX ? X509_FINE
		                 : X509_PATH_LONG, judge(n + 1, 1));
	}
	certs_reset();
}

/* Many CAs of one name, none of which signed: the search must end soon. */
static void
signatures_checked_have_a_most(void **state)
{
	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("A", 'z');
	for (size_t n = X509_SIGS_MAX - 1; n <= X509_SIGS_MAX + 1; n++) {
		for (size_t i = 1; i <= n; i++)
			chain[i] = a_ca("A", "R", (char)('A' + i), 'r');
		assert_int_equal(n <= X509_SIGS_MAX ? X509_SIG_WRONG
		                 : X509_SIGS_MANY, judge(n + 1, 1));
		assert_int_equal(n < X509_SIGS_MAX ? n : X509_SIGS_MAX, checks);
	}
	certs_reset();
}

/* CAs that certify each other in a ring are walked once. */
static void
a_ring_of_cas_ends(void **state)
{
	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("A", 'a');
	chain[1] = a_ca("A", "B", 'a', 'b');
	chain[2] = a_ca("B", "A", 'b', 'a');
	assert_int_equal(X509_NO_ISSUER, judge(3, 1));
	assert_true(checks <= 4);
	certs_reset();
}

static void
another_path_is_taken_where_one_has_expired(void **state)
{
	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("A", 'a');
	chain[1] = cert((struct plan){ "A", "R", 'a', 'r', ca_mark(), NULL,
	                               "230601", NULL });
	assert_int_equal(X509_EXPIRED, judge(2, 1));
	chain[2] = a_ca("A", "R", 'a', 'r');
	assert_int_equal(X509_FINE, judge(3, 1));
	certs_reset();
}

static void
the_path_length_counts_no_self_issued_cas(void **state)
{
	(void)state;
	anchors[0] = cert((struct plan){ "R", "R", 'r', 'r', ca_mark_up_to(1),
	                                 NULL, NULL, NULL });
	chain[0] = a_leaf("A", 'a');
	chain[1] = a_ca("A", "A", 'a', 'b');	/* a new key for A */
	chain[2] = a_ca("A", "R", 'b', 'r');
	assert_int_equal(X509_FINE, judge(3, 1));
	chain[1] = a_ca("A", "B", 'a', 'b');
	chain[2] = a_ca("B", "R", 'b', 'r');
	assert_int_equal(X509_DEPTH, judge(3, 1));
	certs_reset();
}

static void
both_ends_of_the_dates_are_in(void **state)
{
	static const struct { int64_t now; enum x509_why want; } at[] = {
		{ 1672531199, X509_NOT_YET }, { 1672531200, X509_FINE },
		{ 1735689600, X509_FINE }, { 1735689601, X509_EXPIRED },
	};

	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("R", 'r');
	for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
		struct x509_path q = path(1, 1);
		struct x509_verdict v = { .why = X509_FINE };

		q.now = at[i].now;
		(void)x509_path_verify(&q, &v);
		assert_int_equal(at[i].want, v.why);
	}
	certs_reset();
}

/* Mozilla stops trusting some roots for what they issue after a day. */
static void
a_leaf_issued_after_the_last_day_of_its_root_is_refused(void **state)
{
	struct x509_path q = path(1, 1);
	struct x509_verdict v;
	struct buf b = guarded_buf(256);

	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	anchors[1] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("R", 'r');
	anchors[0].issued_until = chain[0].not_before;
	assert_int_equal(X509_FINE, judge(1, 1));
	anchors[0].issued_until--;
	assert_int_equal(X509_ISSUED_LATE, judge(1, 1));
	assert_int_equal(X509_FINE, judge(1, 2));	/* another anchor */
	assert_int_equal(ERR_CERT, x509_path_verify(&q, &v));
	x509_words_write(&b, &q, &v);
	assert_string_equal("certificate of a.test is of 2023-01-01; its root "
	                    "is not trusted for certificates issued after "
	                    "2022-12-31", buf_text(&b));
	certs_reset();
}

static void
rsa_keys_have_a_smallest_and_a_largest_size(void **state)
{
	static const size_t sizes[] = { 2047, 2048, 4096, 4097 };
	static char n[513];

	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("R", 'r');
	chain[0].key.kind = X509_KEY_RSA;
	for (size_t i = 0; i < 4; i++) {
		size_t bits = sizes[i];

		memset(n, 0x55, sizeof n);
		n[0] = (char)(1 << (bits - 1) % 8);
		chain[0].key.n = (struct span){ n, (bits + 7) / 8 };
		assert_int_equal(bits, der_uint_bits(chain[0].key.n));
		assert_int_equal(bits < 2048 ? X509_KEY_WEAK : bits > 4096
		                 ? X509_KEY_LARGE : X509_FINE, judge(1, 1));
	}
	certs_reset();
}

static void
identifiers_of_keys_tell_namesakes_apart(void **state)
{
	(void)state;
	anchors[0] = a_ca("R", "R", 'q', 'q');
	anchors[0].ski = text_of("one");
	chain[0] = a_leaf("R", 'r');
	chain[0].aki = text_of("two");
	assert_int_equal(X509_NO_ISSUER, judge(1, 1));
	assert_int_equal(0, checks);
	anchors[1] = a_ca("R", "R", 'r', 'r');
	anchors[1].ski = text_of("two");
	assert_int_equal(X509_FINE, judge(1, 2));
	assert_int_equal(1, checks);
	certs_reset();
}

/* Below: what may be wrong with a certificate. */

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

static void
with_another_key_id(struct x509 *c)
{
	c->ski = text_of("x");
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
good_chain(void)
{
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[1] = a_ca("A", "R", 'a', 'r');
	chain[0] = a_leaf("A", 'a');
}

static void
a_flaw_has_its_reason_and_its_certificate(void **state)
{
	const struct flaw *row = *state;
	struct x509_path q = path(2, 1);
	struct x509_verdict v = { .why = X509_FINE };

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

static void
what_no_anchor_is_above_of_is_told_apart(void **state)
{
	(void)state;
	good_chain();
	assert_int_equal(X509_NO_ISSUER, judge(2, 0));
	chain[2] = anchors[0];
	assert_int_equal(X509_ROOT_UNKNOWN, judge(3, 0));
	chain[0] = a_ca("a.test", "a.test", 'l', 'l');
	assert_int_equal(X509_SELF_SIGNED, judge(1, 0));
	certs_reset();
}

/* By name alone a twin with another key would be asked, too. */
static void
a_ca_with_another_key_identifier_is_not_asked(void **state)
{
	(void)state;
	good_chain();
	chain[0].aki = text_of("a");
	with_another_key_id(&chain[1]);
	assert_int_equal(X509_NO_ISSUER, judge(2, 1));
	chain[1].ski = text_of("a");
	assert_int_equal(X509_FINE, judge(2, 1));
	certs_reset();
}

int
main(void)
{
	UNIT_TEST(any_order_will_do);
	UNIT_TEST(a_path_has_a_most_of_cas);
	UNIT_TEST(signatures_checked_have_a_most);
	UNIT_TEST(a_ring_of_cas_ends);
	UNIT_TEST(another_path_is_taken_where_one_has_expired);
	UNIT_TEST(the_path_length_counts_no_self_issued_cas);
	UNIT_TEST(both_ends_of_the_dates_are_in);
	UNIT_TEST(a_leaf_issued_after_the_last_day_of_its_root_is_refused);
	UNIT_TEST(rsa_keys_have_a_smallest_and_a_largest_size);
	UNIT_TEST(identifiers_of_keys_tell_namesakes_apart);
	UNIT_ROWS(a_flaw_has_its_reason_and_its_certificate, flaws);
	UNIT_TEST(a_leaf_that_is_an_anchor_keeps_the_rules);
	UNIT_TEST(what_no_anchor_is_above_of_is_told_apart);
	UNIT_TEST(a_ca_with_another_key_identifier_is_not_asked);
	return unit_run("tls/x509_path");
}
