/* SPDX-License-Identifier: MIT */
/*
 * fuzz_tls_scheme.c - signature schemes and RSA-PSS, beside an encoder of its
 * own
 *
 * The first byte says which: parameters of PSS as bytes or written here, an
 * encoded message, a choice of schemes, or a signature by any key. A key whose
 * exponent is 1 leaves a signature as it is: so the input decides what the
 * encoded message is without a private key.
 */
#include "fuzz.h"

#include <bearssl.h>
#include <string.h>

#include "base/err.h"
#include "tls/tls_pss.h"
#include "tls/tls_scheme.h"
#include "tls/tls_sig.h"
#include "tls/tls_suite.h"
#include "tls/wire.h"

#define SALT_MAX 100	/* bytes */

static struct span in;

static unsigned
take(size_t bytes)
{
	return in.len < bytes ? 0 : wire_number(&in, bytes);
}

static struct span
take_part(void)
{
	size_t len = take(2);
	struct span part = { in.p, len < in.len ? len : in.len };

	in = span_after(in, part.len);
	return part;
}

static unsigned
take_hash(void)
{
	return X509_SHA256 + take(1) % 3;
}

static void
look_at_params(struct span params)
{
	struct x509_pss p, none = { 0, 0, 0 };

	if (x509_pss_read(&p, params) != 0)
		return;
	fuzz_must(p.hash <= X509_SHA512 && p.mask <= X509_SHA512);
	fuzz_must(p.salt_len <= 1000);
	fuzz_must(x509_pss_is_known(&p)
	          == (p.hash >= X509_SHA256 && p.mask >= X509_SHA256));
	fuzz_must(x509_pss_admits(&none, &p));
	fuzz_must(p.hash == 0 || x509_pss_admits(&p, &p));
}

/* --- Parameters that are written here. --- */

static size_t
put_hash(char *out, unsigned hash, bool with_null)
{
	static const char oid[] = "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02";
	size_t n = sizeof oid - 1;

	out[0] = 0x30;
	memcpy(out + 2, oid, n);
	out[2 + n++] = (char)(hash - X509_SHA256 + 1);
	if (with_null) {
		out[2 + n++] = 5;
		out[2 + n++] = 0;
	}
	out[1] = (char)n;
	return 2 + n;
}

/* Parameters with all that is not absent. */
static void
look_at_written(void)
{
	static const char mgf1[] =
		"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
	unsigned how = take(1), hash = take_hash(), mask = take_hash();
	unsigned salt = take(1) % SALT_MAX;
	char der[128], *p = der + 2;
	struct x509_pss got;
	size_t n;

	n = put_hash(p + 2, hash, (how & 1) != 0);
	p[0] = (char)0xa0;
	p[1] = (char)n;
	p += 2 + n;
	memcpy(p + 4, mgf1, sizeof mgf1 - 1);
	n = sizeof mgf1 - 1;
	n += put_hash(p + 4 + n, mask, (how & 2) != 0);
	p[0] = (char)0xa1;
	p[1] = (char)(n + 2);
	p[2] = 0x30;
	p[3] = (char)n;
	p += 4 + n;
	if ((how & 4) != 0) {
		memcpy(p, "\xa2\3\2\1", 4);
		p[4] = (char)salt;
		p += 5;
	}
	if ((how & 8) != 0) {
		memcpy(p, "\xa3\3\2\1\1", 5);
		p += 5;
	}
	der[0] = 0x30;
	der[1] = (char)(p - der - 2);
	fuzz_must(x509_pss_read(&got, (struct span){ der, (size_t)(p - der) })
	          == 0);
	fuzz_must(got.hash == hash && got.mask == mask
	          && got.salt_len == ((how & 4) != 0 ? salt : 20));
}

/* --- The encoded message (RFC 8017, 9.1.1). --- */

/* BearSSL's own, which OAEP needs too; it is in none of its public headers. */
void br_mgf1_xor(void *data, size_t len, const br_hash_class *hash,
                 const void *seed, size_t seed_len);

static const br_hash_class *
hash_of(unsigned hash)
{
	return hash == X509_SHA256 ? &br_sha256_vtable
	     : hash == X509_SHA384 ? &br_sha384_vtable : &br_sha512_vtable;
}

/* Writes em of em_bits, whose last byte is at out[em_len - 1]; db is zero. */
static void
encode(unsigned char *em, size_t em_bits, const struct x509_pss *pss,
       const unsigned char *digest, const char *salt)
{
	static const unsigned char zeros[8];
	size_t em_len = (em_bits + 7) / 8, h_len = X509_HASH_LEN(pss->hash);
	size_t db_len = em_len - h_len - 1;
	unsigned char *h = em + db_len;
	br_hash_compat_context c;

	hash_of(pss->hash)->init(&c.vtable);
	hash_of(pss->hash)->update(&c.vtable, zeros, sizeof zeros);
	hash_of(pss->hash)->update(&c.vtable, digest, h_len);
	hash_of(pss->hash)->update(&c.vtable, salt, pss->salt_len);
	hash_of(pss->hash)->out(&c.vtable, h);
	memset(em, 0, db_len);
	memcpy(h - pss->salt_len, salt, pss->salt_len);
	h[-(ptrdiff_t)pss->salt_len - 1] = 1;
	br_mgf1_xor(em, db_len, hash_of(pss->mask), h, h_len);
	em[0] &= (unsigned char)(0xff >> (8 * em_len - em_bits));
	em[em_len - 1] = 0xbc;
}

static void
look_at_encoded(void)
{
	static unsigned char n[TLS_PSS_SIG_MAX], sig[TLS_PSS_SIG_MAX];
	size_t bits = 1 + take(2) % X509_RSA_MAX, len = (bits + 7) / 8;
	struct x509_pss pss = { (unsigned char)take_hash(),
		(unsigned char)take_hash(), (unsigned short)(take(1) % SALT_MAX)
	};
	struct x509_key key = { .kind = X509_KEY_PSS, .n = { (char *)n, len },
		.e = { "\1", 1 } };
	struct span all = { (char *)sig, len };
	unsigned char digest[64] = "digest";
	char salt[SALT_MAX] = "salt";
	size_t em_len = (bits - 1 + 7) / 8, at;
	unsigned with;

	memset(n, 0xff, sizeof n);
	n[0] >>= 8 * len - bits;
	memset(sig, 0, sizeof sig);
	if (em_len < X509_HASH_LEN(pss.hash) + pss.salt_len + 2u) {
		fuzz_must(!tls_pss_verify(&pss, &key, digest, all));
		return;
	}
	encode(sig + (len - em_len), bits - 1, &pss, digest, salt);
	fuzz_must(tls_pss_verify(&pss, &key, digest, all));
	at = take(2) % len;
	with = take(1);
	if (with == 0)
		with = 1;
	sig[at] ^= (unsigned char)with;
	fuzz_must(!tls_pss_verify(&pss, &key, digest, all));
	sig[at] ^= (unsigned char)with;
	digest[take(1) % X509_HASH_LEN(pss.hash)] ^= 1;
	fuzz_must(!tls_pss_verify(&pss, &key, digest, all));
}

/* --- Schemes. --- */

static const enum x509_key_kind kinds[] = {
	X509_KEY_RSA, X509_KEY_PSS, X509_KEY_P256, X509_KEY_P384, X509_KEY_P521,
};

static struct x509_key
take_key(void)
{
	struct x509_key key = { .kind = kinds[take(1) % 5] };
	unsigned pss = take(1);

	if (key.kind >= X509_KEY_P256) {
		key.q = take_part();
		return key;
	}
	if (key.kind == X509_KEY_PSS && pss % 4 != 0)
		key.pss = (struct x509_pss){
			(unsigned char)(X509_SHA256 + pss % 4 - 1),
			(unsigned char)(X509_SHA256 + pss % 4 - 1),
			(unsigned short)(pss / 4) };
	key.n = take_part();
	key.e = take_part();
	if (key.e.len > X509_RSA_E_MAX / 8)
		key.e.len = X509_RSA_E_MAX / 8;
	while (key.n.len > 0 && key.n.p[0] == 0)
		key.n = span_after(key.n, 1);
	return key;
}

static void
look_at_signature(void)
{
	unsigned version = (take(1) & 1) != 0 ? TLS_V13 : TLS_V12;
	struct x509_key key = take_key();
	unsigned scheme = take(2);
	struct span sig = take_part();
	bool fits = tls_scheme_fits(scheme, version, &key);
	bool is_pkcs1 = (scheme & 0xff) == 1 && scheme >> 8 <= 6;

	fuzz_must(!fits || version == TLS_V12 || !is_pkcs1);
	if (tls_scheme_verify(scheme, version, &key, in, sig))
		fuzz_must(fits);
	if (version == TLS_V13 && fits)	/* TLS 1.2 knows no fewer */
		fuzz_must(tls_scheme_fits(scheme, TLS_V12, &key));
}

static bool
has_fit(struct span list, unsigned version, const struct x509_key *key)
{
	while (list.len >= 2)
		if (tls_scheme_fits(wire_number(&list, 2), version, key))
			return true;
	return false;
}

static void
look_at_choice(void)
{
	static char n[256] = "\x80";
	unsigned version = (take(1) & 1) != 0 ? TLS_V13 : TLS_V12;
	struct key key = { .kind = kinds[take(1) % 5] };
	struct x509_key pub;
	unsigned scheme;
	bool among = false;

	if (key.kind == X509_KEY_PSS)	/* of which there are no files */
		key.kind = X509_KEY_RSA;
	if (key.kind == X509_KEY_RSA)
		key.n = (struct span){ n, sizeof n };
	pub = (struct x509_key){ .kind = key.kind, .n = key.n };
	scheme = tls_scheme_choose(version, &key, in);
	fuzz_must((scheme != 0) == has_fit(in, version, &pub));
	if (scheme == 0)
		return;
	for (struct span list = in; list.len >= 2;)
		among |= wire_number(&list, 2) == scheme;
	fuzz_must(among && tls_scheme_fits(scheme, version, &pub));
	fuzz_must(tls_scheme_digest_len(scheme) <= TLS_SCHEME_DIGEST_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in = (struct span){ (const char *)data, size };
	switch (take(1) % 5) {
	case 0:
		look_at_params(in);
		break;
	case 1:
		look_at_written();
		break;
	case 2:
		look_at_encoded();
		break;
	case 3:
		look_at_choice();
		break;
	default:
		look_at_signature();
	}
	return 0;
}
