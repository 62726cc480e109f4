/* SPDX-License-Identifier: MIT */
/* test_x509_path.c - chains that are to be believed, and others */
#include "paths.h"

#include "tls/x509_words.h"

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
		struct x509_result v = { .why = X509_FINE };

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
	struct x509_result v;
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
	for (size_t i = 0; i < 8; i++) {
		size_t bits = sizes[i / 2];

		chain[0].key.kind = i % 2 ? X509_KEY_RSA : X509_KEY_PSS;
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

/* The branch over the expired B ends at A, which the other one needs again. */
static void
a_ca_may_stand_in_two_paths(void **state)
{
	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("B", 'b');
	chain[1] = cert((struct plan){ "B", "A", 'b', 'a', ca_mark(), NULL,
	                               "230601", NULL });
	chain[2] = a_ca("A", "R", 'a', 'r');
	chain[3] = a_ca("B", "A", 'b', 'a');
	assert_int_equal(X509_FINE, judge(4, 1));
	certs_reset();
}

static void
of_two_like_reasons_the_first_is_reported(void **state)
{
	struct x509_path q = path(3, 1);
	struct x509_result v;

	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("A", 'a');
	chain[1] = chain[2] = cert((struct plan){ "A", "R", 'a', 'r', ca_mark(),
	                                          NULL, "230601", NULL });
	assert_int_equal(ERR_CERT, x509_path_verify(&q, &v));
	assert_int_equal(X509_EXPIRED, v.why);
	assert_ptr_equal(&chain[1], v.cert);
	certs_reset();
}

static void
a_doubled_root_does_not_vouch_for_itself(void **state)
{
	(void)state;
	chain[0] = a_leaf("X", 'x');
	chain[1] = chain[2] = a_ca("X", "X", 'x', 'x');
	assert_int_equal(X509_ROOT_UNKNOWN, judge(3, 0));
	assert_int_equal(2, checks);
	certs_reset();
}

static void
algorithms_from_rsa_with_sha256_on_are_known(void **state)
{
	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("R", 'r');
	for (int alg = X509_ALG_OTHER; alg <= X509_EC_SHA512; alg++) {
		bool known = alg == X509_RSA_SHA256 || alg == X509_RSA_SHA384
		          || alg == X509_RSA_SHA512 || alg == X509_PSS_SHA256
		          || alg == X509_PSS_SHA384 || alg == X509_PSS_SHA512
		          || alg == X509_EC_SHA256 || alg == X509_EC_SHA384
		          || alg == X509_EC_SHA512;

		chain[0].alg = (enum x509_alg)alg;
		assert_int_equal(known ? X509_FINE : X509_SIG_KIND,
		                 judge(1, 1));
	}
	certs_reset();
}

static struct span
just(int list, const char *dns)
{
	return TLV(list, SEQ(wrap(0x82, text_of(dns))));
}

/* The leaf is named for itself even where it bears its issuer's name. */
static void
a_leaf_named_as_its_issuer_is_constrained(void **state)
{
	(void)state;
	anchors[0] = a_ca("A", "A", 'a', 'a');
	anchors[0].constraints = just(0xa0, "b.test");
	chain[0] = cert((struct plan){ "A", "A", 'l', 'a', alt_name("a.test"),
	                               NULL, NULL, NULL });
	assert_int_equal(X509_NAMES, judge(1, 1));
	anchors[0].constraints = just(0xa0, "test");
	assert_int_equal(X509_FINE, judge(1, 1));
	certs_reset();
}

static void
the_cn_is_a_host_in_a_leaf_only(void **state)
{
	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	anchors[0].constraints = just(0xa0, "test");
	chain[0] = a_leaf("ca.example", 'a');
	chain[1] = a_ca("ca.example", "R", 'a', 'r');
	assert_int_equal(X509_FINE, judge(2, 1));
	anchors[0].constraints = just(0xa0, "b.test");
	chain[0] = cert((struct plan){ "a.test", "R", 'l', 'r', NOTHING, NULL,
	                               NULL, NULL });
	assert_int_equal(X509_NAMES, judge(1, 1));
	certs_reset();
}

/* A CA with a new key, signed with the old one, whose rule would forbid it. */
static void
a_self_issued_ca_is_named_for_nothing(void **state)
{
	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("A", 'a');
	chain[1] = a_ca("A", "A", 'a', 'b');
	chain[2] = a_ca("A", "R", 'b', 'r');
	chain[2].constraints = TLV(0xa1, SEQ(TLV(0xa4, common_name("A"))));
	assert_int_equal(X509_FINE, judge(3, 1));
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
	chain[1].ski = text_of("x");
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
	UNIT_TEST(a_ca_may_stand_in_two_paths);
	UNIT_TEST(of_two_like_reasons_the_first_is_reported);
	UNIT_TEST(a_doubled_root_does_not_vouch_for_itself);
	UNIT_TEST(algorithms_from_rsa_with_sha256_on_are_known);
	UNIT_TEST(a_leaf_named_as_its_issuer_is_constrained);
	UNIT_TEST(the_cn_is_a_host_in_a_leaf_only);
	UNIT_TEST(a_self_issued_ca_is_named_for_nothing);
	UNIT_TEST(what_no_anchor_is_above_of_is_told_apart);
	UNIT_TEST(a_ca_with_another_key_identifier_is_not_asked);
	return unit_run("tls/x509_path");
}
