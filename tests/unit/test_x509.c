/* SPDX-License-Identifier: MIT */
/* test_x509.c - certificates as spans */
#include "certs.h"

#include "base/err.h"
#include "tls/dn.h"
#include "tls/x509_constraints.h"

#define IN(text) { text, sizeof(text) - 1 }

static struct span
sample(void)
{
	return cert_der(&(struct plan){
		"leaf.test", "Some CA", 'k', 's',
		JOIN(alt_name("a.test"), ca_mark_up_to(3),
		     extension(15, true, BYTES("\x03\x02\x01\x86")),
		     extension(37, false, SEQ(BYTES(
			"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"))),
		     extension(35, false, SEQ(BYTES("\x80\x02" "ID"))),
		     extension(14, false, BYTES("\x04\x02" "id")),
		     extension(30, true, SEQ(TLV(0xa0, SEQ(BYTES(
			"\x82\x04" "test")))))),
		NULL, NULL, NULL });
}

static void
all_fields_are_found(void **state)
{
	struct span der = sample();
	struct x509 c;

	(void)state;
	assert_int_equal(0, x509_read(&c, (struct span){
		guarded(der.p, der.len), der.len }));
	assert_int_equal(X509_EC_SHA256, c.alg);
	assert_int_equal(X509_KEY_P256, c.key.kind);
	assert_int_equal(65, c.key.q.len);
	assert_int_equal(65, c.sig.len);
	assert_true(c.v3 && c.is_ca && c.has_key_usage && c.has_purpose);
	assert_true(c.for_server && !c.has_policy);
	assert_int_equal(3, c.path_max);
	assert_int_equal(0x86, c.key_usage);
	assert_span_equal("ID", c.aki);
	assert_span_equal("id", c.ski);
	assert_span_equal("leaf.test", dn_part(c.subject, 3));
	assert_span_equal("Some CA", dn_part(c.issuer, 3));
	assert_int_equal(1672531200, c.not_before);
	assert_int_equal(1735689600, c.not_after);
	assert_non_null(c.constraints.p);
	assert_int_equal(0, c.unknown.len);
}

static void
a_part_of_a_certificate_is_none(void **state)
{
	struct span der = sample();
	struct x509 c;

	(void)state;
	for (size_t n = 0; n < der.len; n++)
		assert_int_equal(ERR_PARSE, x509_read(&c, (struct span){
			guarded(der.p, n), n }));
	assert_int_equal(ERR_PARSE, x509_read(&c, JOIN(der, BYTES("\0"))));
}

/* Whatever is read from damaged bytes must be safe to walk. */
static void
any_byte_may_be_wrong(void **state)
{
	static const unsigned char changes[] = { 0x01, 0x20, 0x80, 0xff };
	struct span der = sample();
	struct x509_host host = { .name = { "a.test", 6 } };

	(void)state;
	for (size_t i = 0; i < der.len; i++) {
		for (size_t k = 0; k < sizeof changes; k++) {
			char *p = guarded(der.p, der.len);
			struct buf b = guarded_buf(512);
			struct x509 c;

			p[i] ^= (char)changes[k];
			if (x509_read(&c, (struct span){ p, der.len }) < 0)
				continue;
			(void)x509_hosts_has(&c, &host);
			(void)x509_constraints_allow(&c, &c, &host);
			dn_write(&b, c.subject);
			x509_hosts_write(&b, &c);
		}
	}
}

static void
a_certificate_has_a_largest_size(void **state)
{
	struct x509 c;

	(void)state;
	for (size_t len = X509_DER_MAX - 1; len <= X509_DER_MAX + 1; len++) {
		struct plan p = { "a", "b", 'k', 's', NOTHING, NULL, NULL,
		                  NULL };
		static char fill[X509_DER_MAX];
		struct span der;
		size_t pad = len - 400;

		do {	/* one byte more until the whole has that length */
			certs_reset();
			assert_true(pad < sizeof fill);
			p.exts = extension(99, false, bytes_of(fill, pad++));
			der = cert_der(&p);
		} while (der.len < len);
		assert_int_equal(len, der.len);
		assert_int_equal(len > X509_DER_MAX ? ERR_TOOBIG : 0,
		                 x509_read(&c, der));
	}
	certs_reset();
}

static int
read_with(struct span exts)
{
	struct plan p = { "a", "b", 'k', 's', exts, NULL, NULL, NULL };
	struct x509 c;
	struct span der = cert_der(&p);
	int r = x509_read(&c, (struct span){ guarded(der.p, der.len),
	                                     der.len });

	certs_reset();
	return r;
}

static void
an_extension_comes_once(void **state)
{
	(void)state;
	assert_int_equal(0, read_with(ca_mark()));
	assert_int_equal(ERR_PARSE, read_with(JOIN(ca_mark(), ca_mark())));
}

static void
malformed_extensions_are_refused(void **state)
{
	(void)state;
	assert_int_equal(ERR_PARSE, read_with(extension(17, false,
		SEQ(BYTES("\x82\x05" "a")))));
	assert_int_equal(ERR_PARSE, read_with(extension(19, true,
		BYTES("\x30\x03\x02\x01\x01"))));	/* a length for no CA */
	assert_int_equal(ERR_PARSE, read_with(extension(15, true,
		BYTES("\x03\x01\x08"))));
	assert_int_equal(ERR_PARSE,
	                 read_with(extension(37, true, SEQ(NOTHING))));
	assert_int_equal(ERR_PARSE, read_with(JOIN(ca_mark(), BYTES("\x05"))));
}

static void
flags_beyond_the_end_are_none(void **state)
{
	static const struct {
		char     text[8];
		size_t   len;
		unsigned want;
	} all[] = {
#define FLAGS(text) text, sizeof(text) - 1
		{ FLAGS("\x03\x01\x00"), 0 },
		{ FLAGS("\x03\x02\x00\x84"), 0x84 },
		{ FLAGS("\x03\x02\x02\x84"), 0x84 },
		{ FLAGS("\x03\x02\x03\x84"), 0x80 },
		{ FLAGS("\x03\x02\x07\x84"), 0x80 },
		{ FLAGS("\x03\x03\x07\x84\x80"), 0x84 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct x509 c = cert((struct plan){ "a", "b", 'k', 's',
			extension(15, true, bytes_of(all[i].text, all[i].len)),
			NULL, NULL, NULL });

		assert_int_equal(all[i].want, c.key_usage);
	}
	certs_reset();
}

static void
what_is_critical_and_unknown_is_told(void **state)
{
	struct x509 c = cert((struct plan){ "a", "b", 'k', 's',
		extension(99, true, BYTES("\x05\x00")), NULL, NULL, NULL });
	struct x509 d = cert((struct plan){ "a", "b", 'k', 's',
		extension(36, true, BYTES("\x30\x00")), NULL, NULL, NULL });

	(void)state;
	assert_span_equal("\x55\x1d\x63", c.unknown);
	assert_true(d.has_policy);
	assert_int_equal(0, d.unknown.len);
	certs_reset();
}

static struct x509
with(struct span exts)
{
	return cert((struct plan){ "a", "b", 'k', 's', exts, NULL, NULL,
	                           NULL });
}

static void
a_ca_says_so(void **state)
{
	struct x509 c = with(extension(19, true, SEQ(BYTES("\1\1\0"))));

	(void)state;
	assert_true(c.has_basic);
	assert_false(c.is_ca);
	c = with(ca_mark());
	assert_true(c.has_basic && c.is_ca);
	assert_int_equal(-1, c.path_max);
	certs_reset();
}

static void
purposes_are_found(void **state)
{
	static const char client[] = "\6\x08\x2b\6\1\5\5\7\3\2";
	static const char server[] = "\6\x08\x2b\6\1\5\5\7\3\1";
	struct span a = bytes_of(client, sizeof client - 1);
	struct span b = bytes_of(server, sizeof server - 1);
	struct x509 c = with(extension(37, false, SEQ(a)));

	(void)state;
	assert_true(c.has_purpose);
	assert_false(c.for_server);
	assert_true(with(extension(37, false, SEQ(a, b))).for_server);
	assert_true(with(extension(37, false, SEQ(b, a))).for_server);
	assert_false(with(ca_mark()).has_purpose);
	certs_reset();
}

static void
netscapes_types_are_read(void **state)
{
	struct span oid = TLV(6, BYTES("\x60\x86\x48\1\x86\xf8\x42\1\1"));

	(void)state;
	assert_false(with(SEQ(oid, TLV(4, BYTES("\3\2\6\x40"))))
	             .not_for_server);
	assert_true(with(SEQ(oid, TLV(4, BYTES("\3\2\7\x80")))).not_for_server);
	assert_false(with(ca_mark()).not_for_server);
	certs_reset();
}

static const struct marked {
	const char *name;
	int id;		/* of the extension, id-ce */
	struct span value;
	bool critical;
	bool unknown, policy;
} marks[] = {
	{ "policy constraints", 36, IN("\x30\0"), false, false, false },
	{ "critical policy constraints", 36, IN("\x30\0"), true, false, true },
	{ "critical policy mappings", 33, IN("\x30\0"), true, false, true },
	{ "a critical ban on any policy", 54, IN("\x30\0"), true, false, true },
	{ "critical policies", 32, IN("\x30\0"), true, false, false },
	{ "critical places of CRLs", 31, IN("\x30\0"), true, false, false },
	{ "a key identifier", 14, IN("\4\1a"), false, false, false },
	{ "a critical key identifier", 14, IN("\4\1a"), true, true, false },
	{ "an issuer's key identifier", 35, IN("\x30\3\x80\1a"), false, false,
	  false },
	{ "a critical one of an issuer", 35, IN("\x30\3\x80\1a"), true, true,
	  false },
	{ "an unknown one", 99, IN("\5\0"), false, false, false },
	{ "a critical unknown one", 99, IN("\5\0"), true, true, false },
};

static void
what_is_critical_counts(void **state)
{
	const struct marked *row = *state;
	struct x509 c = with(extension(row->id, row->critical, row->value));

	assert_int_equal(row->unknown, c.unknown.len > 0);
	assert_int_equal(row->policy, c.has_policy);
	certs_reset();
}

/* DER leaves a FALSE out, but others write it. */
static void
what_is_said_not_to_be_critical_is_not(void **state)
{
	struct x509 c = with(SEQ(BYTES("\6\3\x55\x1d\x63\1\1\0"),
	                         wrap(4, BYTES("\5\0"))));

	(void)state;
	assert_int_equal(0, c.unknown.len);
	certs_reset();
}

/* The sample with the bytes `from` replaced where they first stand. */
static int
read_changed(const char *from, const char *to, size_t len)
{
	struct span der = sample();
	char *p = guarded(der.p, der.len), *at = memmem(p, der.len, from, len);
	struct x509 c;

	assert_non_null(at);
	memcpy(at, to, len);
	return x509_read(&c, (struct span){ p, der.len });
}

static void
only_version_3_has_extensions(void **state)
{
	(void)state;
	assert_int_equal(0, read_changed("\xa0\3\2\1\2", "\xa0\3\2\1\2", 5));
	assert_int_equal(ERR_PARSE, read_changed("\xa0\3\2\1\2",
	                                         "\xa0\3\2\1\1", 5));
	assert_int_equal(ERR_PARSE, read_changed("\xa0\3\2\1\2",
	                                         "\xa0\3\2\1\3", 5));
	certs_reset();
}

static void
both_names_of_the_algorithm_agree(void **state)
{
	static const char alg[] = "\x2a\x86\x48\xce\x3d\4\3\2";

	(void)state;
	assert_int_equal(ERR_PARSE, read_changed(alg,
		"\x2a\x86\x48\xce\x3d\4\3\3", sizeof alg - 1));
	certs_reset();
}

static void
key_identifiers_matter_where_both_have_one(void **state)
{
	static const struct { char aki[4], ski[4]; bool want; } pairs[] = {
		{ "", "", true }, { "a", "", true }, { "", "a", true },
		{ "a", "a", true }, { "a", "b", false }, { "a", "ab", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct x509 ca = with(ca_mark()), c = with(ca_mark());

		c.issuer = ca.subject;
		c.aki = span_of(pairs[i].aki);
		ca.ski = span_of(pairs[i].ski);
		assert_int_equal(pairs[i].want, x509_may_have_issued(&ca, &c));
	}
	certs_reset();
}

static const struct date {
	const char *name, *yymmdd;
	int64_t want;	/* -1: refused */
} dates[] = {
	{ "1970", "700101", 0 },
	{ "1950 is the first year", "500101", -631152000 },
	{ "2049 is the last", "491231", 2524521600 },
	{ "a leap day", "240229", 1709164800 },
	{ "2000 had one", "000229", 951782400 },
	{ "no leap day", "230229", -1 },
	{ "no month 0", "230001", -1 },
	{ "no month 13", "231301", -1 },
	{ "no day 0", "230100", -1 },
	{ "no day 32", "230132", -1 },
	{ "no letters", "23010a", -1 },
	{ "no letters in the year", "2x0101", -1 },
	{ "no letters at the start", "x30101", -1 },
	{ "a byte more", "230101000000ZZ", -1 },
	{ "a byte more after four digits of the year", "20230101000000ZZ", -1 },
	{ "April has no 31st", "230431", -1 },
	{ "April has a 30th", "230430", 1682812800 },
	{ "December 31", "231231", 1703980800 },
	{ "the last second", "230101235959Z", 1672617599 },
	{ "no hour 24", "230101240000Z", -1 },
	{ "no minute 60", "230101236000Z", -1 },
	{ "no second 60", "230101235960Z", -1 },
	{ "no letters in the hour", "230101a00000Z", -1 },
	{ "no letters in the minute", "23010100a000Z", -1 },
	{ "no letters in the second", "2301010000a0Z", -1 },
	{ "hours, minutes and seconds", "230101010203Z", 1672534923 },
	{ "no other zone", "230101000000z", -1 },
	{ "without seconds", "2301010000Z", -1 },
	{ "a zone in numbers", "2301010000+0000", -1 },
	{ "four digits of the year", "20230101000000Z", 1672531200 },
	{ "four digits before 1950", "19491231000000Z", -631238400 },
	{ "four digits after 2049", "20500101000000Z", 2524608000 },
	{ "a century that is no leap year", "21000229000000Z", -1 },
	{ "letters in the century", "2x230101000000Z", -1 },
	{ "letters in the year of it", "202x0101000000Z", -1 },
	{ "a fraction", "20230101000000.5Z", -1 },
};

static void
date_is_read(void **state)
{
	const struct date *row = *state;
	struct plan p = { "a", "b", 'k', 's', NOTHING, row->yymmdd,
	                  row->yymmdd, NULL };
	struct x509 c;
	int r = x509_read(&c, cert_der(&p));

	if (row->want == -1)
		assert_int_equal(ERR_PARSE, r);
	else
		assert_int_equal(row->want, c.not_before);
	certs_reset();
}

/* A good certificate but for what it says it is signed with. */
static struct span
signed_as(struct span inside, struct span outside)
{
	struct span der = sample(), cert, tbs, head, alg, skip;

	assert_int_equal(0, der_only(der, 0x30, &cert));
	assert_int_equal(0, der_take(&cert, 0x30, &tbs));
	assert_int_equal(0, der_take(&cert, 0x30, &skip));
	head = tbs;
	assert_int_equal(0, der_take(&tbs, 0xa0, &skip));
	assert_int_equal(0, der_take(&tbs, 2, &skip));
	head.len -= tbs.len;
	assert_int_equal(0, der_take(&tbs, 0x30, &alg));
	return SEQ(SEQ(head, inside, tbs), outside, cert);
}

static const char pss_oid[] = "\x2a\x86\x48\x86\xf7\x0d\1\1\x0a";

/* RSASSA-PSS, with the last bytes of the two hashes' OIDs; 0: SHA-1. */
static struct span
pss_alg(char hash, char mask, struct span more)
{
	struct span sha = BYTES("\x60\x86\x48\1\x65\3\4\2");
	struct span mgf1 =
		TLV(6, BYTES("\x2a\x86\x48\x86\xf7\x0d\1\1\x08"));
	struct span hash_alg = SEQ(TLV(6, sha, bytes_of(&hash, 1)));
	struct span mask_alg = SEQ(TLV(6, sha, bytes_of(&mask, 1)));

	return SEQ(TLV(6, BYTES(pss_oid)), SEQ(
		hash ? TLV(0xa0, hash_alg) : NOTHING,
		mask ? TLV(0xa1, SEQ(mgf1, mask_alg)) : NOTHING, more));
}

static const struct pss_signed {
	const char *name;
	char hash, mask;
	struct span more;
	enum x509_alg want;
	unsigned salt;
} pss_signed[] = {
	{ "SHA-256", 1, 1, IN("\xa2\3\2\1\x20"), X509_PSS_SHA256, 32 },
	{ "SHA-384", 2, 2, IN("\xa2\3\2\1\x30"), X509_PSS_SHA384, 48 },
	{ "SHA-512", 3, 3, IN("\xa2\3\2\1\x40"), X509_PSS_SHA512, 64 },
	{ "another mask", 1, 3, IN(""), X509_PSS_SHA256, 20 },
	{ "SHA-1", 0, 0, IN(""), X509_ALG_SHA1, 20 },
	{ "SHA-1, another mask", 0, 1, IN(""), X509_ALG_SHA1, 20 },
	{ "SHA-256, masked by SHA-1", 1, 0, IN(""), X509_ALG_PSS, 20 },
	{ "SHA-224", 4, 4, IN(""), X509_ALG_PSS, 20 },
	{ "malformed", 1, 1, IN("\xa3\3\2\1\2"), X509_ALG_PSS, 0 },
};

static void
the_parameters_of_pss_are_found(void **state)
{
	const struct pss_signed *row = *state;
	struct span alg = pss_alg(row->hash, row->mask, row->more);
	struct span der = signed_as(alg, alg);
	struct x509 c;

	assert_int_equal(0, x509_read(&c, (struct span){
		guarded(der.p, der.len), der.len }));
	assert_int_equal(row->want, c.alg);
	assert_int_equal(row->salt, c.pss.salt_len);
	certs_reset();
}

static void
the_parameters_of_pss_agree(void **state)
{
	struct span salt = BYTES("\xa2\3\2\1\x20");
	struct span alg = pss_alg(1, 1, salt);
	struct span other[] = {
		pss_alg(2, 1, salt), pss_alg(1, 2, salt),
		pss_alg(1, 1, NOTHING),
		pss_alg(1, 1, BYTES("\xa2\3\2\1\x21")),
		pss_alg(1, 1, JOIN(salt, BYTES("\xa3\3\2\1\1"))),
		SEQ(TLV(6, BYTES(pss_oid))),
	};
	struct x509 c;

	(void)state;
	assert_int_equal(0, x509_read(&c, signed_as(alg, alg)));
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
		assert_int_equal(ERR_PARSE,
		                 x509_read(&c, signed_as(alg, other[i])));
		assert_int_equal(ERR_PARSE,
		                 x509_read(&c, signed_as(other[i], alg)));
	}
	certs_reset();
}

/* The OID alone names no hash. */
static void
pss_without_parameters_is_not_known(void **state)
{
	struct span oid = TLV(6, BYTES(pss_oid));
	struct span algs[] = { SEQ(oid), SEQ(oid, BYTES("\5\0")) };
	struct x509 c;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(0, x509_read(&c, signed_as(algs[i], algs[i])));
		assert_int_equal(X509_ALG_PSS, c.alg);
	}
	certs_reset();
}

int
main(void)
{
	UNIT_TEST(all_fields_are_found);
	UNIT_TEST(a_part_of_a_certificate_is_none);
	UNIT_TEST(any_byte_may_be_wrong);
	UNIT_TEST(a_certificate_has_a_largest_size);
	UNIT_TEST(an_extension_comes_once);
	UNIT_TEST(malformed_extensions_are_refused);
	UNIT_TEST(flags_beyond_the_end_are_none);
	UNIT_TEST(what_is_critical_and_unknown_is_told);
	UNIT_TEST(a_ca_says_so);
	UNIT_TEST(purposes_are_found);
	UNIT_TEST(netscapes_types_are_read);
	UNIT_ROWS(what_is_critical_counts, marks);
	UNIT_TEST(what_is_said_not_to_be_critical_is_not);
	UNIT_TEST(only_version_3_has_extensions);
	UNIT_ROWS(the_parameters_of_pss_are_found, pss_signed);
	UNIT_TEST(the_parameters_of_pss_agree);
	UNIT_TEST(pss_without_parameters_is_not_known);
	UNIT_TEST(both_names_of_the_algorithm_agree);
	UNIT_TEST(key_identifiers_matter_where_both_have_one);
	UNIT_ROWS(date_is_read, dates);
	return unit_run("tls/x509");
}
