/* SPDX-License-Identifier: MIT */
/* test_tls_scheme.c - signature schemes of handshakes */
#include "scheme_vectors.h"

#include "tls/bear.h"
#include "tls/tls_scheme.h"
#include "tls/tls_suite.h"

#define MESSAGE ((struct span){ PSS_MESSAGE, sizeof PSS_MESSAGE - 1 })
#define OFFER \
	((struct span){ TLS_SCHEME_OFFER, sizeof TLS_SCHEME_OFFER - 1 })

static const unsigned char salt[TLS_SCHEME_SALT_MAX] = "random";

static struct key
key_of(enum pem_kind kind, const char *text)
{
	struct key k;

	assert_int_equal(0, key_read(&k, kind, unhex(text)));
	return k;
}

static struct x509_key
public_of(const struct key *k)
{
	unsigned char point[BR_EC_KBUF_PUB_MAX_SIZE];
	br_ec_private_key secret;
	struct x509_key pub = { .kind = k->kind };
	size_t len;

	if (k->kind == X509_KEY_RSA)
		return rsa_public(k);
	bear_ec_key(&secret, k);
	len = br_ec_compute_pub(&br_ec_all_m31, NULL, point, &secret);
	pub.q = bytes_of(point, len);
	return pub;
}

static bool
verifies(unsigned scheme, unsigned version, const struct x509_key *key,
         struct span sig)
{
	return tls_scheme_verify(scheme, version, key, (struct span){
		guarded(MESSAGE.p, MESSAGE.len), MESSAGE.len },
		(struct span){ guarded(sig.p, sig.len), sig.len });
}

/* What of TLS 1.2 is not in 1.3: PKCS#1, and a curve with another hash. */
static bool
is_elder(const struct x509_key *key, unsigned scheme)
{
	if (key->kind == X509_KEY_RSA)
		return scheme < 0x0700;
	return key->kind - X509_KEY_P256 != (scheme >> 8) - 4;
}

static void
openssl_signs_and_it_verifies(void **state)
{
	const struct scheme_vector *v = *state;
	struct key k = key_of(v->kind, v->key);
	struct x509_key pub = public_of(&k);
	struct span sig = unhex(v->sig);
	bool elder = is_elder(&pub, v->scheme);

	assert_true(verifies(v->scheme, TLS_V12, &pub, sig));
	assert_int_equal(!elder, verifies(v->scheme, TLS_V13, &pub, sig));
	assert_int_equal(!elder, tls_scheme_fits(v->scheme, TLS_V13, &pub));
	for (unsigned scheme = 0; scheme <= 0x10000; scheme++)
		assert_int_equal(scheme == v->scheme,
		                 verifies(scheme, TLS_V12, &pub, sig));
	certs_reset();
}

static void
a_changed_signature_is_refused(void **state)
{
	const struct scheme_vector *v = *state;
	struct key k = key_of(v->kind, v->key);
	struct x509_key pub = public_of(&k);
	struct span sig = unhex(v->sig);
	char *bytes = arena + (sig.p - arena);

	for (size_t i = 0; i < sig.len; i += 1 + sig.len / 24) {
		bytes[i] ^= 4;
		assert_false(verifies(v->scheme, TLS_V12, &pub, sig));
		bytes[i] ^= 4;
		assert_false(verifies(v->scheme, TLS_V12, &pub,
		                      (struct span){ sig.p, i }));
	}
	assert_false(verifies(v->scheme, TLS_V12, &pub,
	                      JOIN(sig, BYTES("\0"))));
	assert_false(tls_scheme_verify(v->scheme, TLS_V12, &pub,
		(struct span){ MESSAGE.p, MESSAGE.len - 1 }, sig));
	certs_reset();
}

/* RSA's other key and the other curves. */
static void
another_key_is_refused(void **state)
{
	const struct scheme_vector *v = *state;
	struct span sig = unhex(v->sig);

	for (size_t i = 0; i < sizeof scheme_vectors / sizeof *scheme_vectors;
	     i++) {
		const struct scheme_vector *w = &scheme_vectors[i];
		struct key k = w->kind == PEM_KEY_RSA ? rsa_key(KEY_2049)
		                                      : key_of(w->kind, w->key);
		struct x509_key pub = public_of(&k);

		if (strcmp(v->key, w->key) != 0 || w->kind == PEM_KEY_RSA)
			assert_false(verifies(v->scheme, TLS_V12, &pub, sig));
	}
	certs_reset();
}

/* Signs MESSAGE; 0 for a scheme that does not fit the key. */
static size_t
sign(unsigned char *out, unsigned scheme, const struct key *k)
{
	unsigned char digest[TLS_SCHEME_DIGEST_MAX];

	memset(digest, 0, sizeof digest);
	if (tls_scheme_digest_len(scheme) > 0)
		tls_scheme_digest(scheme, MESSAGE, digest);
	return tls_scheme_sign(out, scheme, k, digest,
	                       (unsigned char *)guarded(salt, sizeof salt));
}

static void
what_is_signed_verifies(void **state)
{
	const struct scheme_vector *v = *state;
	struct key k = key_of(v->kind, v->key);
	struct x509_key pub = public_of(&k);

	for (unsigned scheme = 0; scheme <= 0x10000; scheme++) {
		unsigned char *out =
			(unsigned char *)guarded_room(TLS_SCHEME_SIG_MAX);
		bool fits = tls_scheme_fits(scheme, TLS_V12, &pub);
		size_t len = sign(out, scheme, &k);
		struct span sig = { (char *)out, len };

		assert_int_equal(fits, len > 0);
		assert_int_equal(fits, verifies(scheme, TLS_V12, &pub, sig));
	}
	certs_reset();
}

static void
openssl_and_hale_sign_pkcs1_alike(void **state)
{
	unsigned char out[TLS_SCHEME_SIG_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof scheme_vectors / sizeof *scheme_vectors;
	     i++) {
		const struct scheme_vector *v = &scheme_vectors[i];
		struct key k = key_of(v->kind, v->key);
		struct span want = unhex(v->sig);

		if (v->scheme >> 8 > 6 || (v->scheme & 0xff) != 1)
			continue;
		assert_int_equal(want.len, sign(out, v->scheme, &k));
		assert_memory_equal(want.p, out, want.len);
	}
	certs_reset();
}

/* A key for PSS only: the one that made the signatures by rsae, told apart. */
static const struct pss_key {
	const char *name;
	struct x509_pss pss;
	unsigned admits;	/* 1: SHA-256, 2: SHA-384, 4: SHA-512 */
} pss_keys[] = {
	{ "without parameters", { 0, 0, 0 }, 7 },
	{ "SHA-256", { X509_SHA256, X509_SHA256, 0 }, 1 },
	{ "SHA-256, a salt as long", { X509_SHA256, X509_SHA256, 32 }, 1 },
	{ "SHA-256, a longer salt", { X509_SHA256, X509_SHA256, 33 }, 0 },
	{ "SHA-384", { X509_SHA384, X509_SHA384, 20 }, 2 },
	{ "SHA-512", { X509_SHA512, X509_SHA512, 64 }, 4 },
	{ "SHA-512, masked by SHA-256", { X509_SHA512, X509_SHA256, 0 }, 0 },
};

static void
a_pss_key_signs_as_its_parameters_admit(void **state)
{
	const struct pss_key *row = *state;
	struct key k = rsa_key(KEY_2048);
	struct x509_key pub = rsa_public(&k), plain = pub;
	unsigned char out[TLS_SCHEME_SIG_MAX] = { 0 };

	pub.kind = X509_KEY_PSS;
	pub.pss = row->pss;
	for (unsigned i = 0; i < 3; i++) {
		unsigned rsae = 0x0804 + i, pss = 0x0809 + i;
		struct span sig = { (char *)out, sign(out, rsae, &k) };
		bool good = row->admits >> i & 1;

		for (unsigned v = TLS_V12; v <= TLS_V13; v++) {
			assert_true(verifies(rsae, v, &plain, sig));
			assert_false(verifies(pss, v, &plain, sig));
			assert_false(verifies(rsae, v, &pub, sig));
			assert_int_equal(good, verifies(pss, v, &pub, sig));
			assert_int_equal(good, tls_scheme_fits(pss, v, &pub));
		}
		assert_false(tls_scheme_fits(0x0401 + (i << 8), TLS_V12, &pub));
	}
	certs_reset();
}

static void
keys_that_cannot_be_used_fit_nothing(void **state)
{
	static char n[513];
	struct x509_key key = { .e = { "\3", 1 } };

	(void)state;
	memset(n, 1, sizeof n);
	for (unsigned scheme = 0; scheme <= 0xffff; scheme++) {
		for (int kind = X509_KEY_OTHER; kind < X509_KEY_RSA; kind++) {
			key.kind = (enum x509_key_kind)kind;
			assert_false(tls_scheme_fits(scheme, TLS_V12, &key));
		}
		key.n = (struct span){ n, 513 };
		key.kind = X509_KEY_RSA;
		assert_false(tls_scheme_fits(scheme, TLS_V12, &key));
		key.kind = X509_KEY_PSS;
		assert_false(tls_scheme_fits(scheme, TLS_V12, &key));
		key.n = (struct span){ n, 512 };
		assert_int_equal(scheme >= 0x0809 && scheme <= 0x080b,
		                 tls_scheme_fits(scheme, TLS_V13, &key));
	}
}

static const struct choice {
	const char *name;
	unsigned version;
	enum x509_key_kind kind;
	struct span offered;
	unsigned want;
} choices[] = {
#define LIST(text) { text, sizeof(text) - 1 }
	{ "RSA, nothing offered", TLS_V12, X509_KEY_RSA, LIST(""), 0 },
	{ "RSA, half a scheme", TLS_V12, X509_KEY_RSA, LIST("\10"), 0 },
	{ "RSA, a half behind", TLS_V12, X509_KEY_RSA, LIST("\4\1\10"), 0x401 },
	{ "RSA, not read askew", TLS_V12, X509_KEY_RSA, LIST("\0\4\1\0"), 0 },
	{ "RSA, PSS first", TLS_V12, X509_KEY_RSA, LIST("\4\1\10\4"), 0x804 },
	{ "RSA, SHA-256 first", TLS_V13, X509_KEY_RSA,
	  LIST("\10\6\10\5\10\4"), 0x804 },
	{ "RSA, SHA-512 only", TLS_V13, X509_KEY_RSA, LIST("\4\3\10\6"), 0x806 },
	{ "RSA in 1.3, PKCS#1 only", TLS_V13, X509_KEY_RSA,
	  LIST("\4\1\5\1\6\1"), 0 },
	{ "RSA, PKCS#1 only", TLS_V12, X509_KEY_RSA, LIST("\6\1\5\1"), 0x501 },
	{ "RSA, PSS keys only", TLS_V12, X509_KEY_RSA, LIST("\10\11\10\12"), 0 },
	{ "RSA, SHA-1 only", TLS_V12, X509_KEY_RSA, LIST("\2\1\2\3"), 0 },
	{ "P-256", TLS_V13, X509_KEY_P256, LIST("\6\3\5\3\4\3"), 0x403 },
	{ "P-384", TLS_V13, X509_KEY_P384, LIST("\4\3\5\3\6\3"), 0x503 },
	{ "P-521", TLS_V13, X509_KEY_P521, LIST("\4\3\5\3\6\3"), 0x603 },
	{ "P-384 in 1.3, P-256 only", TLS_V13, X509_KEY_P384, LIST("\4\3"), 0 },
	{ "P-384 in 1.2", TLS_V12, X509_KEY_P384, LIST("\4\3\5\3"), 0x503 },
	{ "P-384 in 1.2, SHA-256", TLS_V12, X509_KEY_P384, LIST("\4\3"), 0x403 },
	{ "P-256 in 1.2, SHA-512", TLS_V12, X509_KEY_P256, LIST("\6\3"), 0x603 },
	{ "P-521 in 1.2", TLS_V12, X509_KEY_P521, LIST("\5\3\6\3"), 0x603 },
	{ "P-256, RSA only", TLS_V12, X509_KEY_P256, LIST("\10\4\4\1"), 0 },
};

static void
the_best_scheme_is_chosen(void **state)
{
	const struct choice *row = *state;
	struct key k = { .kind = row->kind };

	assert_int_equal(row->want, tls_scheme_choose(row->version, &k,
		(struct span){ guarded(row->offered.p, row->offered.len),
		               row->offered.len }));
}

/* Each of them is good for some key, and nothing else is for any. */
static void
what_is_offered_is_what_is_known(void **state)
{
	static const char n[256] = "\1";

	(void)state;
	for (unsigned scheme = 0; scheme <= 0xffff; scheme++) {
		bool offered = false, good = false;

		for (size_t i = 0; i < OFFER.len; i += 2)
			offered |= (unsigned)(OFFER.p[i] << 8 | OFFER.p[i + 1])
			        == scheme;
		for (int kind = X509_KEY_OTHER; kind <= X509_KEY_P521; kind++) {
			struct x509_key key = {
				.kind = (enum x509_key_kind)kind,
				.n = { n, sizeof n },
			};

			good |= tls_scheme_fits(scheme, TLS_V12, &key);
		}
		assert_int_equal(offered, good);
	}
	assert_int_equal(24, OFFER.len);
}

int
main(void)
{
	UNIT_ROWS(openssl_signs_and_it_verifies, scheme_vectors);
	UNIT_ROWS(a_changed_signature_is_refused, scheme_vectors);
	UNIT_ROWS(another_key_is_refused, scheme_vectors);
	UNIT_ROWS(what_is_signed_verifies, scheme_vectors);
	UNIT_TEST(openssl_and_hale_sign_pkcs1_alike);
	UNIT_ROWS(a_pss_key_signs_as_its_parameters_admit, pss_keys);
	UNIT_TEST(keys_that_cannot_be_used_fit_nothing);
	UNIT_ROWS(the_best_scheme_is_chosen, choices);
	UNIT_TEST(what_is_offered_is_what_is_known);
	return unit_run("tls/tls_scheme");
}
