/* SPDX-License-Identifier: MIT */
/* test_x509_words.c - verdicts in words */
#include "certs.h"

#include "base/err.h"
#include "tls/x509_words.h"

static struct x509 chain[2], anchors[1];

static struct x509_path
path(size_t chain_len, size_t anchors_len)
{
	return (struct x509_path){
		.chain = chain, .chain_len = chain_len,
		.anchors = anchors, .anchors_len = anchors_len,
		.host = { .name = { "a.test", 6 } },
		.now = NOW, .check = fake_check,
	};
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

static const struct wording {
	const char *name;
	int64_t now;	/* of a certificate good from 2023-01-01 to 2025-01-01 */
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
	struct x509_verdict v;
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
	struct x509_verdict v = { X509_CRITICAL, &chain[0], NULL };
	struct buf b = guarded_buf(256);

	chain[0] = a_leaf("R", 'r');
	chain[0].unknown = text_of(row->oid);
	x509_words_write(&b, &q, &v);
	assert_memory_equal(before, buf_text(&b), sizeof before - 1);
	assert_string_equal(row->want, buf_text(&b) + sizeof before - 1);
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
		struct x509_verdict v = { (enum x509_why)why, &chain[0],
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
	UNIT_TEST(every_reason_has_words_that_fit_any_room);
	return unit_run("tls/x509_words");
}
