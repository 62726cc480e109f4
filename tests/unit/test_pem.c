/* SPDX-License-Identifier: MIT */
/* test_pem.c - PEM objects out of a stream */
#include "unit.h"

#include "base/err.h"
#include "tls/pem.h"

#define B(label) "-----BEGIN " label "-----\n"
#define E(label) "-----END " label "-----\n"
#define CERT(base64) B("CERTIFICATE") base64 "\n" E("CERTIFICATE")

/* Feeds text in pieces of `step` bytes; every object is written to b as its
 * kind's number and its bytes. Returns what the last call did. */
static int
feed(struct pem *p, const char *text, size_t step, struct buf *b)
{
	size_t len = strlen(text);
	int r = 0;

	for (size_t at = 0; at < len && r >= 0; at += step) {
		size_t n = len - at < step ? len - at : step;
		struct span in = { guarded(text + at, n), n };

		while ((r = pem_next(p, &in)) > 0) {
			buf_fmt(b, "%d:%.*s;", (int)p->kind, (int)p->len,
			        (char *)p->out);
			assert_false(b->cut);
		}
	}
	while (r >= 0 && (r = pem_end(p)) > 0) {
		buf_fmt(b, "%d:%.*s;", (int)p->kind, (int)p->len,
		        (char *)p->out);
		assert_false(b->cut);
	}
	return r;
}

static const struct good {
	const char *name, *text, *want;
} goods[] = {
	{ "nothing", "", "" },
	{ "words only", "some words\nand more", "" },
	{ "one certificate", CERT("aGFsZQ=="), "1:hale;" },
	{ "no padding is needed", CERT("aGFsZXM="), "1:hales;" },
	{ "three bytes", CERT("aGFs"), "1:hal;" },
	{ "two and words between",
	  "# a\n" CERT("aGFsZQ==") "b\n" CERT("aGFs") "c", "1:hale;1:hal;" },
	{ "CR LF", "-----BEGIN CERTIFICATE-----\r\naGFsZQ==\r\n"
	  "-----END CERTIFICATE-----\r\n", "1:hale;" },
	{ "a byte order mark first", "\xef\xbb\xbf" CERT("aGFs"), "1:hal;" },
	{ "a byte order mark before each, as files are joined",
	  "\xef\xbb\xbf" CERT("aGFs") "\xef\xbb\xbf" CERT("aGFs"),
	  "1:hal;1:hal;" },
	{ "a byte order mark behind words", "a\n\xef\xbb\xbf" CERT("aGFs"),
	  "1:hal;" },
	{ "END lines of nothing", E("CERTIFICATE") CERT("aGFs") E("X")
	  E("CERTIFICATE"), "1:hal;" },
	{ "OpenSSL's trusted ones",
	  B("TRUSTED CERTIFICATE") "aGFs\n" E("TRUSTED CERTIFICATE")
	  CERT("aGFs"), "6:hal;1:hal;" },
	{ "blank lines and blanks at line ends",
	  B("CERTIFICATE") "\n aGFs \nZQ==\t\n\n" E("CERTIFICATE"), "1:hale;" },
	{ "groups that are cut by lines",
	  B("CERTIFICATE") "a\nGF\nsZ\nQ=\n=\n" E("CERTIFICATE"), "1:hale;" },
	{ "no newline at the end",
	  B("CERTIFICATE") "aGFs\n-----END CERTIFICATE-----", "1:hal;" },
	{ "the old label", B("X509 CERTIFICATE") "aGFs\n" E("X509 CERTIFICATE"),
	  "1:hal;" },
	{ "keys", B("PRIVATE KEY") "aGFs\n" E("PRIVATE KEY")
	  B("RSA PRIVATE KEY") "aGFs\n" E("RSA PRIVATE KEY")
	  B("EC PRIVATE KEY") "aGFs\n" E("EC PRIVATE KEY"),
	  "2:hal;3:hal;4:hal;" },
	{ "an encrypted key is not read",
	  B("ENCRYPTED PRIVATE KEY") "aGFs\n" E("ENCRYPTED PRIVATE KEY"),
	  "5:;" },
	{ "a key encrypted the old way is not read",
	  B("RSA PRIVATE KEY") "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\n"
	  "aGFs\n" E("RSA PRIVATE KEY"), "5:;" },
	{ "other objects are passed over", B("X509 CRL") "?!*\n" E("X509 CRL")
	  CERT("aGFs"), "1:hal;" },
};

static void
is_read_in_pieces_of_any_size(void **state)
{
	const struct good *row = *state;

	for (size_t step = 1; step <= strlen(row->text) + 1; step++) {
		unsigned char *out = (unsigned char *)guarded_room(64);
		struct buf b = guarded_buf(256);
		struct pem p;

		pem_init(&p, out, 64);
		assert_int_equal(0, feed(&p, row->text, step, &b));
		assert_string_equal(row->want, buf_text(&b));
	}
}

static const struct bad {
	const char *name, *text;
	int line;
} bads[] = {
	{ "a bad character", B("CERTIFICATE") "aGFs\naG!s\n" E("CERTIFICATE"), 3 },
	{ "a byte above ASCII", CERT("aG\xc3s"), 2 },
	{ "a NUL-like control", CERT("aG\x01s"), 2 },
	{ "base64 that ends too early", CERT("aGF"), 3 },
	{ "padding that is too long", CERT("a==="), 2 },
	{ "padding before the end", CERT("aG==aGFs"), 2 },
	{ "padding in the middle of a group", CERT("aG=s"), 2 },
	{ "a minus in a line", CERT("aG-s"), 2 },
	{ "a header in a certificate", B("CERTIFICATE") "Proc-Type: 4,X\n\naGFs\n"
	  E("CERTIFICATE"), 2 },
	{ "a header in the second line of a key",
	  B("PRIVATE KEY") "aGFs\nDEK-Info: x\n" E("PRIVATE KEY"), 3 },
	{ "a bad character in the first line of a key",
	  B("PRIVATE KEY") "!GFs\n" E("PRIVATE KEY"), 2 },
	{ "an END of something else", B("CERTIFICATE") "aGFs\n" E("PRIVATE KEY"),
	  3 },
	{ "a byte order mark in an object",
	  B("CERTIFICATE") "aGFs\n\xef\xbb\xbf" E("CERTIFICATE"), 3 },
	{ "a BEGIN in an object", B("CERTIFICATE") "aGFs\n" CERT("aGFs"), 3 },
	{ "a BEGIN in an object that is passed over",
	  B("X509 CRL") CERT("aGFs"), 2 },
	{ "no END", B("CERTIFICATE") "aGFs\n", 3 },
	{ "a file that is cut in its END line",
	  B("CERTIFICATE") "aGFs\n-----END CERTIFI", 3 },
};

static void
is_refused_with_its_line(void **state)
{
	const struct bad *row = *state;

	for (size_t step = 1; step <= strlen(row->text); step++) {
		unsigned char out[64];
		struct buf b = guarded_buf(256);
		struct pem p;

		pem_init(&p, out, sizeof out);
		assert_int_equal(ERR_PARSE, feed(&p, row->text, step, &b));
		assert_int_equal(row->line, p.line);
	}
}

static void
an_object_fits_to_the_last_byte_and_no_further(void **state)
{
	static const char text[] = CERT("MDEyMzQ1Njc4OWFiY2RlZg==");

	(void)state;
	for (size_t cap = 15; cap <= 17; cap++) {
		unsigned char *out = (unsigned char *)guarded_room(cap);
		struct buf b = guarded_buf(256);
		struct pem p;

		pem_init(&p, out, cap);
		assert_int_equal(cap < 16 ? ERR_TOOBIG : 0,
		                 feed(&p, text, 7, &b));
	}
}

/* A label of PEM_LINE_MAX bytes of line is one, a longer line is words. */
static void
a_boundary_line_has_a_longest_length(void **state)
{
	(void)state;
	for (size_t len = PEM_LINE_MAX - 1; len <= PEM_LINE_MAX + 1; len++) {
		char text[PEM_LINE_MAX + 64], label[PEM_LINE_MAX + 1];
		struct buf t = buf_over(text, sizeof text);
		struct buf b = guarded_buf(64);
		unsigned char out[8];
		struct pem p;

		memset(label, 'x', sizeof label);
		buf_fmt(&t, "-----BEGIN %.*s-----\naGFs\n", (int)len - 16,
		        label);
		pem_init(&p, out, sizeof out);
		assert_int_equal(len <= PEM_LINE_MAX ? ERR_PARSE : 0,
		                 feed(&p, buf_text(&t), 9, &b));
	}
}

int
main(void)
{
	UNIT_ROWS(is_read_in_pieces_of_any_size, goods);
	UNIT_ROWS(is_refused_with_its_line, bads);
	UNIT_TEST(an_object_fits_to_the_last_byte_and_no_further);
	UNIT_TEST(a_boundary_line_has_a_longest_length);
	return unit_run("tls/pem");
}
