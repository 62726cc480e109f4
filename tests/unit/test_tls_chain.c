/* SPDX-License-Identifier: MIT */
/* test_tls_chain.c - the certificates that a server sends */
#include "certs.h"

#include "base/err.h"
#include "tls/tls_chain.h"

/* What a server sends, in order. */
static struct span sent[TLS_CHAIN_MAX + 1];
static size_t n_sent;

static void
send_chain(struct span first, struct span second)
{
	sent[0] = first;
	sent[1] = second;
	n_sent = second.len > 0 ? 2 : 1;
}

static struct span
leaf_der(void)
{
	return cert_der(&(struct plan){ "leaf", "R", 'l', 'r',
		alt_name("a.test"), NULL, NULL, NULL });
}

/* Judges it; an error has these words, and what the server hears. */
static void
judged_as(const struct tls_chain *c, int want, enum tls_alert alert,
          const char *words)
{
	struct tls_link l = { 0 };
	enum tls_alert heard;
	struct x509_key key;

	tls_link_init(&l, -1);
	assert_int_equal(want,
	                 tls_chain_judge(c, &l, sent, n_sent, &key, &heard));
	assert_int_equal(want, l.err);
	if (want == 0) {
		assert_int_equal(X509_KEY_P256, key.kind);
		assert_memory_equal(point_of('l').p, key.q.p, key.q.len);
	} else {
		assert_int_equal(alert, heard);
	}
	assert_non_null(strstr(buf_text(&l.why), words));
}

#define NONE ((struct span){ NULL, 0 })
#define BROKEN SEQ(NOTHING)

static void
a_malformed_ca_is_passed_over(void **state)
{
	struct tls_chain c = { .insecure = true };
	struct span ca = cert_der(&(struct plan){ "R", "S", 'r', 's', ca_mark(),
	                                          NULL, NULL, NULL });

	(void)state;
	send_chain(leaf_der(), BROKEN);
	sent[n_sent++] = ca;
	judged_as(&c, 0, 0, "");
	certs_reset();
}

static void
a_chain_starts_with_a_certificate(void **state)
{
	struct tls_chain c = { .insecure = true };

	(void)state;
	send_chain(BROKEN, leaf_der());
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
		for (n_sent = 0; n_sent < n; n_sent++)
			sent[n_sent] = der;
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
		send_chain(der, (struct span){ zeros, n });
		if (n <= X509_DER_MAX)
			judged_as(&c, 0, 0, "");
		else
			judged_as(&c, ERR_CERT, TLS_ALERT_CERT_UNKNOWN,
			          "a certificate of more than 65536 bytes");
	}
	for (int over = -1; over <= 1; over++) {
		size_t left = TLS_CHAIN_BYTES - X509_DER_MAX - der.len;

		send_chain(der, (struct span){ zeros, X509_DER_MAX });
		sent[n_sent++] = (struct span){ zeros, left + (size_t)over };
		if (over <= 0)
			judged_as(&c, 0, 0, "");
		else
			judged_as(&c, ERR_CERT, TLS_ALERT_CERT_UNKNOWN,
			          "more than 102400 bytes of certificates");
	}
	certs_reset();
}

static void
a_chain_without_an_anchor_is_refused(void **state)
{
	struct tls_chain c = { .host = { .name = { "a.test", 6 } } };

	(void)state;
	assert_int_equal(0, setenv("SSL_CERT_FILE", "src/tls/roots.pem", 1));
	send_chain(leaf_der(), NONE);
	judged_as(&c, ERR_CERT, TLS_ALERT_CA, "certificate of a.test comes "
	          "from an unknown issuer, \"CN=R\" (trusted CAs: "
	          "src/tls/roots.pem");
	send_chain(leaf_der(), BROKEN);
	judged_as(&c, ERR_CERT, TLS_ALERT_CA, "; a CA certificate that the "
	          "server sent is malformed)");
	certs_reset();
}

int
main(void)
{
	UNIT_TEST(a_malformed_ca_is_passed_over);
	UNIT_TEST(a_chain_starts_with_a_certificate);
	UNIT_TEST(a_chain_has_a_most_of_certificates);
	UNIT_TEST(certificates_have_a_most_of_bytes);
	UNIT_TEST(a_chain_without_an_anchor_is_refused);
	return unit_run("tls/tls_chain");
}
