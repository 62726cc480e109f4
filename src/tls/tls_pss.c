/* SPDX-License-Identifier: MIT */
/* tls/tls_pss.c - signatures by RSASSA-PSS */
/*
 * A number m below the modulus is what the key works on; the encoded message EM
 * (RFC 8017, 9.1) has one bit less than the modulus:
 *
 *	unused bits | masked DB = PS (zeros) 01 salt | H | bc
 *
 * Where the modulus has 8n + 1 bits, EM is a byte shorter than m, whose first
 * byte is zero then. PS may be empty.
 */
#include "tls/tls_pss.h"

#include "tls/bear.h"
#include "tls/der.h"

#define TRAILER 0xbc

/* EM's parts, which lie in m. */
struct em {
	unsigned char *db, *h;
	size_t   ps_len, db_len, h_len;
	unsigned top;	/* bits of db[0] that are used, as a mask */
};

/* Finds the parts in m, which is as long as a modulus of n_bits. Returns
 * whether they fit. */
static bool
find_parts(struct em *em, const struct x509_pss *pss, unsigned char *m,
           size_t n_bits)
{
	size_t bits = n_bits - 1, len = (bits + 7) / 8;

	em->h_len = X509_HASH_LEN(pss->hash);
	if (n_bits == 0 || len < em->h_len + pss->salt_len + 2)
		return false;
	em->db = m + ((n_bits + 7) / 8 - len);
	em->db_len = len - em->h_len - 1;
	em->ps_len = em->db_len - pss->salt_len - 1;
	em->h = em->db + em->db_len;
	em->top = 0xff >> (8 * len - bits);
	return true;
}

/* Masks DB by H, or takes the mask off (RFC 8017, B.2.1). */
static void
mask(const struct em *em, const struct x509_pss *pss)
{
	const br_hash_class *hash = bear_hash(pss->mask);
	size_t step = X509_HASH_LEN(pss->mask);
	unsigned char count[4] = { 0 }, out[br_sha512_SIZE];
	br_hash_compat_context c;

	for (size_t at = 0; at < em->db_len; at += step) {
		hash->init(&c.vtable);
		hash->update(&c.vtable, em->h, em->h_len);
		hash->update(&c.vtable, count, sizeof count);
		hash->out(&c.vtable, out);
		for (size_t i = 0; i < step && at + i < em->db_len; i++)
			em->db[at + i] ^= out[i];
		count[3]++;	/* to 16 at most */
	}
	em->db[0] &= (unsigned char)em->top;
}

/* Writes what H is of a digest and the salt in DB. */
static void
hash_salted(const struct em *em, const struct x509_pss *pss,
            const unsigned char *digest, unsigned char *out)
{
	static const unsigned char zeros[8];
	const br_hash_class *hash = bear_hash(pss->hash);
	br_hash_compat_context c;

	hash->init(&c.vtable);
	hash->update(&c.vtable, zeros, sizeof zeros);
	hash->update(&c.vtable, digest, em->h_len);
	hash->update(&c.vtable, em->db + em->ps_len + 1, pss->salt_len);
	hash->out(&c.vtable, out);
}

static bool
is_encoded(const struct em *em, const struct x509_pss *pss,
           const unsigned char *digest)
{
	unsigned char h[br_sha512_SIZE];

	if (em->h[em->h_len] != TRAILER || (em->db[0] & ~em->top) != 0)
		return false;
	mask(em, pss);
	for (size_t i = 0; i < em->ps_len; i++)
		if (em->db[i] != 0)
			return false;
	if (em->db[em->ps_len] != 1)
		return false;
	hash_salted(em, pss, digest, h);
	return memcmp(h, em->h, em->h_len) == 0;
}

/* see tls/tls_pss.h */
bool
tls_pss_verify(const struct x509_pss *pss, const struct x509_key *key,
               const unsigned char *digest, struct span sig)
{
	br_rsa_public open = br_rsa_public_get_default();
	unsigned char m[TLS_PSS_SIG_MAX];
	size_t n_bits = der_uint_bits(key->n);
	br_rsa_public_key pub;
	struct em em;

	if (sig.len > sizeof m || sig.len != (n_bits + 7) / 8
	 || !find_parts(&em, pss, m, n_bits))
		return false;
	memcpy(m, sig.p, sig.len);
	bear_rsa_public(&pub, key);
	if (open(m, sig.len, &pub) != 1)	/* not below the modulus */
		return false;
	return (em.db == m || m[0] == 0) && is_encoded(&em, pss, digest);
}

/* see tls/tls_pss.h */
size_t
tls_pss_sign(unsigned char *sig, const struct x509_pss *pss,
             const struct key *key, const unsigned char *digest,
             const unsigned char *salt)
{
	br_rsa_private seal = br_rsa_private_get_default();
	size_t n_bits = der_uint_bits(key->n);
	br_rsa_private_key secret;
	struct em em;

	if (n_bits > X509_RSA_MAX || !find_parts(&em, pss, sig, n_bits))
		return 0;
	memset(sig, 0, (size_t)(em.h - sig));
	em.db[em.ps_len] = 1;
	memcpy(em.db + em.ps_len + 1, salt, pss->salt_len);
	hash_salted(&em, pss, digest, em.h);
	mask(&em, pss);
	em.h[em.h_len] = TRAILER;
	bear_rsa(&secret, key);
	return seal(sig, &secret) == 1 ? (n_bits + 7) / 8 : 0;
}
