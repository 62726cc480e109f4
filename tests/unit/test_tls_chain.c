/* SPDX-License-Identifier: MIT */
/* test_tls_chain.c - the certificates that a server sends */
#include "certs.h"

#include "base/err.h"
#include "tls/tls_chain.h"

static struct tls_link link_to_none;

static void
add(struct tls_chain *c, struct span der, size_t piece)
{
	tls_chain_start_cert(c, der.len);
	while (der.len > 0) {
		size_t n = der.len < piece ? der.len : piece;

		tls_chain_append(c, der.p, n);
		der = span_after(der, n);
	}
}

static struct span
leaf_der(void)
{
	return cert_der(&(struct plan){ "leaf", "R", 'l', 'r',
		alt_name("a.test"), NULL, NULL, NULL });
}

/* Judges and frees it; an error has these words, and what the server hears. */
static void
judged_as(struct tls_chain *c, int want, int alert, const char *words)
{
	memset(&link_to_none, 0, sizeof link_to_none);
	tls_link_init(&link_to_none, -1);
	assert_int_equal(want, tls_chain_judge(c, &link_to_none));
	assert_int_equal(want, link_to_none.err);
	assert_int_equal(alert, link_to_none.alert);
	assert_non_null(strstr(buf_text(&link_to_none.why), words));
	tls_chain_free(c);
}

static void
a_key_is_found_whatever_the_pieces(void **state)
{
	struct tls_chain c = { .insecure = true };
	struct span der = leaf_der();
	struct span ca = cert_der(&(struct plan){ "R", "S", 'r', 's', ca_mark(),
	                                          NULL, NULL, NULL });

	(void)state;
	for (size_t piece = 1; piece <= der.len; piece++) {
		tls_chain_start(&c);
		add(&c, der, piece);
		add(&c, SEQ(NOTHING), 1);	/* malformed: passed over */
		add(&c, ca, piece);
		memset(&link_to_none, 0, sizeof link_to_none);
		tls_link_init(&link_to_none, -1);
		assert_int_equal(0, tls_chain_judge(&c, &link_to_none));
		assert_int_equal(X509_KEY_P256, c.key.kind);
		assert_memory_equal(point_of('l').p, c.key.q.p, c.key.q.len);
	}
	tls_chain_free(&c);
	certs_reset();
}

static void
a_chain_starts_with_a_certificate(void **state)
{
	struct tls_chain c = { .insecure = true };

	(void)state;
	tls_chain_start(&c);
	judged_as(&c, ERR_CERT, TLS_ALERT_BAD_CERT,
	          "the server sent no certificate");
	tls_chain_start(&c);
	add(&c, SEQ(NOTHING), 1);
	add(&c, leaf_der(), 100);
	judged_as(&c, ERR_CERT, TLS_ALERT_BAD_CERT,
	          "the server's certificate is malformed");
	certs_reset();
}

static void
a_chain_has_a_most_of_certificates(void **state)
{
	struct tls_chain c = { .insecure = true };
	struct span der = leaf_der();

	(void)state;
	for (size_t n = TLS_CHAIN_MAX - 1; n <= TLS_CHAIN_MAX + 1; n++) {
		tls_chain_start(&c);
		for (size_t i = 0; i < n; i++)
			add(&c, der, 100);
		if (n <= TLS_CHAIN_MAX)
			judged_as(&c, 0, 0, "");
		else
			judged_as(&c, ERR_CERT, TLS_ALERT_CERT_UNKNOWN,
			          "more than 16 certificates");
	}
	certs_reset();
}

static void
certificates_have_a_most_of_bytes(void **state)
{
	static char zeros[X509_DER_MAX + 1];
	struct tls_chain c = { .insecure = true };
	struct span der = leaf_der();

	(void)state;
	for (size_t n = X509_DER_MAX - 1; n <= X509_DER_MAX + 1; n++) {
		tls_chain_start(&c);
		add(&c, der, 100);
		add(&c, (struct span){ zeros, n }, 4096);
		if (n <= X509_DER_MAX)
			judged_as(&c, 0, 0, "");
		else
			judged_as(&c, ERR_CERT, TLS_ALERT_CERT_UNKNOWN,
			          "a certificate of more than 65536 bytes");
	}
	for (int over = -1; over <= 1; over++) {
		size_t left = TLS_CHAIN_BYTES - X509_DER_MAX - der.len;

		tls_chain_start(&c);
		add(&c, der, 100);
		add(&c, (struct span){ zeros, X509_DER_MAX }, 4096);
		add(&c, (struct span){ zeros, left + (size_t)over }, 4096);
		if (over <= 0)
			judged_as(&c, 0, 0, "");
		else
			judged_as(&c, ERR_CERT, TLS_ALERT_CERT_UNKNOWN,
			          "more than 102400 bytes of certificates");
	}
	certs_reset();
}

/* More bytes than were announced do not come from the engine; they are not
 * written past the end. */
static void
bytes_beyond_a_certificate_are_dropped(void **state)
{
	struct tls_chain c = { .insecure = true };
	struct span der = leaf_der();

	(void)state;
	tls_chain_start(&c);
	add(&c, der, der.len);
	tls_chain_append(&c, "x", 1);
	assert_int_equal(der.len, c.len);
	judged_as(&c, 0, 0, "");
	certs_reset();
}

static void
a_chain_without_an_anchor_is_refused(void **state)
{
	struct tls_chain c = { .host = { .name = { "a.test", 6 } } };

	(void)state;
	assert_int_equal(0, setenv("SSL_CERT_FILE", "src/tls/roots.pem", 1));
	tls_chain_start(&c);
	add(&c, leaf_der(), 100);
	judged_as(&c, ERR_CERT, TLS_ALERT_CA, "certificate of a.test comes "
	          "from an unknown issuer, \"CN=R\" (trusted CAs: "
	          "src/tls/roots.pem");
	tls_chain_start(&c);
	add(&c, leaf_der(), 100);
	add(&c, SEQ(NOTHING), 1);
	judged_as(&c, ERR_CERT, TLS_ALERT_CA, "; a CA certificate that the "
	          "server sent is malformed)");
	certs_reset();
}

int
main(void)
{
	UNIT_TEST(a_key_is_found_whatever_the_pieces);
	UNIT_TEST(a_chain_starts_with_a_certificate);
	UNIT_TEST(a_chain_has_a_most_of_certificates);
	UNIT_TEST(certificates_have_a_most_of_bytes);
	UNIT_TEST(bytes_beyond_a_certificate_are_dropped);
	UNIT_TEST(a_chain_without_an_anchor_is_refused);
	return unit_run("tls/tls_chain");
}
