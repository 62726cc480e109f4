/* SPDX-License-Identifier: MIT */
/* test_x509_words.c - verdicts in words */
#include "paths.h"

#include "tls/x509_words.h"

static const struct wording {
	const char *name;
	int64_t now;	/* for a certificate of 2023-01-01 to 2025-01-01 */
	const char *want;
} wordings[] = {
	{ "seconds", 1735689601,
	  "certificate of a.test expired 1 second ago (2025-01-01)" },
	{ "minutes", 1735689600 + 119,
	  "certificate of a.test expired 1 minute ago (2025-01-01)" },
	{ "hours", 1735689600 + 7200,
	  "certificate of a.test expired 2 hours ago (2025-01-01)" },
	{ "days", 1735689600 + 86400 * 3,
	  "certificate of a.test expired 3 days ago (2025-01-01)" },
	{ "not yet", 1672531200 - 86400 * 2,
	  "certificate of a.test is not valid for another 2 days (from "
	  "2023-01-01; the clock here says 2022-12-30)" },
};

static void
dates_are_worded(void **state)
{
	const struct wording *row = *state;
	struct x509_path q = path(1, 1);
	struct x509_result v;
	struct buf b = guarded_buf(256);

	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("R", 'r');
	q.now = row->now;
	anchors[0].not_before = INT64_MIN;
	anchors[0].not_after = INT64_MAX;
	assert_int_equal(ERR_CERT, x509_path_verify(&q, &v));
	x509_words_write(&b, &q, &v);
	assert_string_equal(row->want, buf_text(&b));
	certs_reset();
}

static const struct number {
	const char *name, *oid, *want;
} oids[] = {
	{ "1.2.3", "\x2a\x03", "1.2.3" },
	{ "0.39", "\x27\x01", "0.39.1" },
	{ "1.0", "\x28\x01", "1.0.1" },
	{ "2.40 is not 3.0", "\x78\x01", "2.40.1" },
	{ "2.999 takes two bytes", "\x88\x37\x01", "2.999.1" },
	{ "a large one", "\x60\x86\x48\x01", "2.16.840.1" },
};

static void
oids_are_worded(void **state)
{
	static const char before[] = "certificate of a.test has a critical "
	                             "extension that is not known, ";
	const struct number *row = *state;
	struct x509_path q = path(1, 1);
	struct x509_result v = { X509_CRITICAL, &chain[0], NULL };
	struct buf b = guarded_buf(256);

	chain[0] = a_leaf("R", 'r');
	chain[0].unknown = text_of(row->oid);
	x509_words_write(&b, &q, &v);
	assert_memory_equal(before, buf_text(&b), sizeof before - 1);
	assert_string_equal(row->want, buf_text(&b) + sizeof before - 1);
	certs_reset();
}

static const struct sentence {
	const char *name;
	enum x509_why why;
	const char *want;	/* behind "certificate of a.test " */
} sentences[] = {
	{ "no issuer", X509_NO_ISSUER,
	  "comes from an unknown issuer, \"CN=R\"" },
	{ "self-signed", X509_SELF_SIGNED,
	  "is self-signed and not trusted (\"CN=leaf\")" },
	{ "unknown root", X509_ROOT_UNKNOWN, "is a root that is not trusted" },
	{ "long path", X509_PATH_LONG, "has more than 8 CAs above it" },
	{ "many signatures", X509_SIGS_MANY,
	  "took more than 16 signatures to check" },
	{ "signature", X509_SIG_WRONG,
	  "has a wrong signature: it is not by \"CN=S\"" },
	{ "algorithm", X509_SIG_KIND,
	  "is signed with SHA-1, which is no longer safe" },
	{ "not a CA", X509_NOT_CA,
	  "may not issue certificates (it is not a CA)" },
	{ "usage of a CA", X509_CA_USAGE,
	  "may not sign certificates (keyUsage)" },
	{ "kind of key", X509_KEY_KIND,
	  "has an Ed25519 or Ed448 key, which hale cannot use" },
	{ "weak key", X509_KEY_WEAK,
	  "has an RSA key of 17 bits; fewer than 2048 are weak" },
	{ "large key", X509_KEY_LARGE,
	  "has an RSA key of 17 bits; hale takes 4096 at most" },
	{ "not yet", X509_NOT_YET,
	  "is not valid for another 1 hour (from 2023-01-01; the clock here "
	  "says 2022-12-31)" },
	{ "critical", X509_CRITICAL,
	  "has a critical extension that is not known, 1.2.3" },
	{ "policy", X509_POLICY,
	  "has critical policy constraints or mappings, which hale does not "
	  "process" },
	{ "rejected", X509_REJECTED,
	  "is rejected for TLS servers by its trust settings (TRUSTED "
	  "CERTIFICATE)" },
	{ "purpose", X509_PURPOSE, "is not for TLS servers (nsCertType)" },
	{ "usage", X509_USAGE, "has a key that is not for TLS (keyUsage)" },
	{ "depth", X509_DEPTH, "stands below more CAs than allowed by \"CN=S\"" },
	{ "names", X509_NAMES,
	  "has a name outside of the name constraints of \"CN=S\"" },
	{ "issued late", X509_ISSUED_LATE,
	  "is of 2023-01-01; its root is not trusted for certificates issued "
	  "after 1970-01-02" },
	{ "host", X509_HOST, "is for another host: it names a.test" },
	{ "fine", X509_FINE, "is good" },
};

static void
a_reason_is_a_sentence(void **state)
{
	static const char before[] = "certificate of a.test ";
	const struct sentence *row = *state;
	struct x509_path q = path(1, 1);
	struct x509_result v = { row->why, &chain[0], &anchors[0] };
	struct buf b = guarded_buf(256);

	anchors[0] = a_ca("S", "S", 's', 's');
	anchors[0].issued_until = 86400;
	chain[0] = a_leaf("R", 'r');
	chain[0].unknown = text_of("\x2a\x03");
	chain[0].alg = X509_ALG_SHA1;
	chain[0].key.kind = X509_KEY_ED;
	chain[0].key.n = text_of("\1\2\3");
	q.now = chain[0].not_before - 3600;
	x509_words_write(&b, &q, &v);
	assert_memory_equal(before, buf_text(&b), sizeof before - 1);
	assert_string_equal(row->want, buf_text(&b) + sizeof before - 1);
	certs_reset();
}

static void
what_is_wrong_with_pss_is_said(void **state)
{
	static const char *const want[] = {
		"is signed with RSA-PSS with parameters that are malformed or "
		"name a hash other than SHA-256, SHA-384 and SHA-512",
		"has a key for RSA-PSS with parameters that are malformed or "
		"name a hash other than SHA-256, SHA-384 and SHA-512, which "
		"hale cannot use",
	};
	struct x509_path q = path(1, 1);

	(void)state;
	chain[0] = a_leaf("R", 'r');
	chain[0].alg = X509_ALG_PSS;
	chain[0].key.kind = X509_KEY_PSS_OTHER;
	for (int i = 0; i < 2; i++) {
		struct x509_result v = { i == 0 ? X509_SIG_KIND : X509_KEY_KIND,
		                         &chain[0], NULL };
		struct buf b = guarded_buf(256);

		x509_words_write(&b, &q, &v);
		assert_non_null(strstr(buf_text(&b), want[i]));
	}
	certs_reset();
}

static void
the_extension_that_limits_the_purpose_is_named(void **state)
{
	static const struct { bool has, server; const char *want; } all[] = {
		{ true, false, "(extendedKeyUsage)" },
		{ true, true, "(nsCertType)" }, { false, false, "(nsCertType)" },
	};
	struct x509_path q = path(1, 1);

	(void)state;
	chain[0] = a_leaf("R", 'r');
	for (size_t i = 0; i < 3; i++) {
		struct x509_result v = { X509_PURPOSE, &chain[0], NULL };
		struct buf b = guarded_buf(256);

		chain[0].has_purpose = all[i].has;
		chain[0].for_server = all[i].server;
		x509_words_write(&b, &q, &v);
		assert_non_null(strstr(buf_text(&b), all[i].want));
	}
	certs_reset();
}

/* The one that is blamed: by its CN, else its host, else its organization. */
static void
a_ca_is_called_by_its_name(void **state)
{
	static const char end[] =
		"\" may not issue certificates (it is not a CA)";
	struct x509 cas[] = {
		with_subject(SEQ(attribute(3, 12, "C"), attribute(10, 12, "O")),
		             alt_name("d.test")),
		with_subject(SEQ(attribute(10, 12, "O")), alt_name("d.test")),
		with_subject(SEQ(attribute(10, 12, "O")), ca_mark()),
	};
	static const char *const want[] = { "C", "d.test", "O=O" };
	struct x509_path q = path(1, 1);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct x509_result v = { X509_NOT_CA, &cas[i], NULL };
		struct buf b = guarded_buf(256), all = guarded_buf(256);

		buf_fmt(&all, "CA certificate \"%s%s", want[i], end);
		x509_words_write(&b, &q, &v);
		assert_string_equal(buf_text(&all), buf_text(&b));
	}
	certs_reset();
}

static void
every_reason_has_words_that_fit_any_room(void **state)
{
	struct x509_path q = path(1, 1);

	(void)state;
	anchors[0] = a_ca("R", "R", 'r', 'r');
	chain[0] = a_leaf("R", 'r');
	chain[0].unknown = text_of("\x2a\x03\x04");
	for (int why = X509_NO_ISSUER; why <= X509_HOST; why++) {
		struct x509_result v = { (enum x509_why)why, &chain[0],
		                          &anchors[0] };

		for (size_t cap = 1; cap < 200; cap++) {
			struct buf b = guarded_buf(cap);

			x509_words_write(&b, &q, &v);
			assert_true(b.cut || b.len > 30);
		}
	}
	certs_reset();
}

int
main(void)
{
	UNIT_ROWS(dates_are_worded, wordings);
	UNIT_ROWS(oids_are_worded, oids);
	UNIT_ROWS(a_reason_is_a_sentence, sentences);
	UNIT_TEST(what_is_wrong_with_pss_is_said);
	UNIT_TEST(the_extension_that_limits_the_purpose_is_named);
	UNIT_TEST(a_ca_is_called_by_its_name);
	UNIT_TEST(every_reason_has_words_that_fit_any_room);
	return unit_run("tls/x509_words");
}
