/* SPDX-License-Identifier: MIT */
/* test_tls_alert.c - alerts in words */
#include "unit.h"

#include "tls/tls_alert.h"

/* Of IANA's, those that a server may have a reason to send. */
static const unsigned char alerts[] = {
	10, 20, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71, 80, 86,
	90, 100, 109, 110, 112, 115, 116, 117, 120,
};

static void
every_alert_has_a_name(void **state)
{
	size_t named = 0;

	(void)state;
	for (unsigned alert = 1; alert < 256; alert++) {
		struct buf b = guarded_buf(512);
		bool known = memchr(alerts, (int)alert, sizeof alerts) != NULL;

		tls_alert_write(&b, alert);
		tls_alert_write_hint(&b, alert, true, true);
		assert_false(b.cut);
		assert_int_equal(!known,
		                 strstr(buf_text(&b), "(unknown)") != NULL);
		named += known;
	}
	assert_int_equal(sizeof alerts, named);
}

/* The usual reason is worth knowing only where the handshake failed. */
static void
a_reason_is_named_for_handshakes_only(void **state)
{
	struct buf b = guarded_buf(512), c = guarded_buf(512);

	(void)state;
	tls_alert_write(&b, TLS_ALERT_VERSION);
	tls_alert_write_hint(&b, TLS_ALERT_VERSION, false, true);
	assert_string_equal("the server sent alert 70 (protocol version): it "
	                    "does not speak TLS 1.2 or 1.3, or not with its "
	                    "certificate", buf_text(&b));
	tls_alert_write(&c, TLS_ALERT_VERSION);
	tls_alert_write_hint(&c, TLS_ALERT_VERSION, false, false);
	assert_string_equal("the server sent alert 70 (protocol version)",
	                    buf_text(&c));
}

/* A server has no other certificate to speak of, and without one of ours it
 * means something else; 47 and 49 speak of none. */
static void
alerts_about_certificates_are_about_the_clients(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		for (unsigned alert = 41; alert < 50; alert++) {
			struct buf b = guarded_buf(512);
			bool has_cert = i / 2;

			tls_alert_write(&b, alert);
			tls_alert_write_hint(&b, alert, has_cert, i % 2);
			assert_int_equal(has_cert && alert != 41 && alert != 47
			                 && alert != 49, strstr(buf_text(&b),
				": it does not accept the client certificate "
				"(--cert)") != NULL);
		}
	}
}

int
main(void)
{
	UNIT_TEST(every_alert_has_a_name);
	UNIT_TEST(a_reason_is_named_for_handshakes_only);
	UNIT_TEST(alerts_about_certificates_are_about_the_clients);
	return unit_run("tls/tls_alert");
}
