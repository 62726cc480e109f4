/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_aead.c - protects records, in place
 *
 * AES-GCM is put together here of BearSSL's CTR and GHASH, each of which goes
 * over a whole record once. A block of CTR is the nonce and a number: 0 makes
 * GHASH's key, 1 hides the tag, the content begins with 2 (NIST SP 800-38D).
 */
#include "tls/tls_aead.h"

#include "base/err.h"
#include "tls/tls_secrets.h"

#define TAG_LEN   16
#define NONCE_LEN 12
#define SEQ_LEN   8

/*
 * AES and GHASH, unless an x86 CPU has instructions for them: POWER8's own,
 * which a compiler that sets __CRYPTO__ takes for granted, or constant-time
 * code for the width of a register. That for 64 bits is larger, slower on 32.
 */
#if defined(__CRYPTO__)
#define OWN_AES   br_aes_pwr8_ctr_vtable
#define OWN_GHASH br_ghash_pwr8
#elif UINTPTR_MAX > UINT32_MAX
#define OWN_AES   br_aes_ct64_ctr_vtable
#define OWN_GHASH br_ghash_ctmul64
#else
#define OWN_AES   br_aes_ct_ctr_vtable
#define OWN_GHASH br_ghash_ctmul
#endif

/* What goes into a record's protection beside its content. */
struct extra {
	unsigned char nonce[NONCE_LEN];
	unsigned char data[13];	/* additional data */
	size_t        data_len;
};

static void
put(unsigned char *p, size_t size, uint64_t number)
{
	while (size-- > 0) {
		p[size] = (unsigned char)number;
		number >>= 8;
	}
}

static bool
is_v13(const struct tls_aead *a)
{
	return a->suite != NULL && a->suite->version == TLS_V13;
}

/* TLS 1.2 sends a part of AES-GCM's nonce (RFC 5288, 3). */
static bool
sends_nonce(const struct tls_aead *a)
{
	return a->suite != NULL && a->suite->version == TLS_V12
	    && a->suite->cipher == TLS_AES_GCM;
}

/* The instructions for AES, or NULL. */
static const br_block_ctr_class *
cpu_aes(void)
{
#ifdef __CRYPTO__
	return &OWN_AES;
#else
	return br_aes_x86ni_ctr_get_vtable();
#endif
}

/* see tls/tls_aead.h */
bool
tls_aead_cpu_has_aes(void)
{
	return cpu_aes() != NULL;
}

static br_ghash
best_ghash(void)
{
	br_ghash g = br_ghash_pclmul_get();

	return g != 0 ? g : OWN_GHASH;
}

static void
run_ctr(const struct tls_aead *a, const unsigned char *nonce, uint32_t count,
        unsigned char *p, size_t len)
{
	a->key.aes.vtable->run(&a->key.aes.vtable, nonce, count, p, len);
}

/* see tls/tls_aead.h */
void
tls_aead_init(struct tls_aead *a, const struct tls_suite *suite,
              const unsigned char *key, const unsigned char *iv)
{
	static const unsigned char zero[NONCE_LEN];
	const br_block_ctr_class *aes;

	memset(a, 0, sizeof *a);
	a->suite = suite;
	memcpy(a->iv, iv, sends_nonce(a) ? TLS_AEAD_SALT : TLS_AEAD_IV);
	if (suite->cipher == TLS_CHACHA20) {
		memcpy(a->key.chacha, key, sizeof a->key.chacha);
		return;
	}
	aes = cpu_aes();
	if (aes == NULL)
		aes = &OWN_AES;
	aes->init(&a->key.aes.vtable, key, suite->key_len);
	a->ghash = best_ghash();
	run_ctr(a, zero, 0, a->ghash_key, sizeof a->ghash_key);
}

/* see tls/tls_aead.h */
size_t
tls_aead_before(const struct tls_aead *a)
{
	return TLS_AEAD_HEAD + (sends_nonce(a) ? SEQ_LEN : 0);
}

/* see tls/tls_aead.h */
size_t
tls_aead_after(const struct tls_aead *a)
{
	if (a->suite == NULL)
		return 0;
	return TAG_LEN + (is_v13(a) ? 1 : 0);
}

/* record has its head and explicit nonce already; len is that of its content,
 * with TLS 1.3's type. */
static void
make_extra(struct extra *x, const struct tls_aead *a,
           const unsigned char *record, size_t len)
{
	put(x->data, SEQ_LEN, a->seq);
	memcpy(x->nonce, a->iv, NONCE_LEN);
	if (sends_nonce(a))
		memcpy(x->nonce + TLS_AEAD_SALT, record + TLS_AEAD_HEAD,
		       SEQ_LEN);
	else
		for (size_t i = 0; i < SEQ_LEN; i++)
			x->nonce[NONCE_LEN - SEQ_LEN + i] ^= x->data[i];
	if (is_v13(a)) {
		x->data_len = TLS_AEAD_HEAD;
		memcpy(x->data, record, x->data_len);
	} else {
		x->data_len = sizeof x->data;
		memcpy(x->data + SEQ_LEN, record, 3);
		put(x->data + SEQ_LEN + 3, 2, len);
	}
}

static void
run_gcm(const struct tls_aead *a, const struct extra *x, bool sealing,
        unsigned char *p, size_t len, unsigned char *tag)
{
	unsigned char lengths[16];	/* in bits */

	memset(tag, 0, TAG_LEN);
	put(lengths, 8, (uint64_t)x->data_len * 8);
	put(lengths + 8, 8, (uint64_t)len * 8);
	if (sealing)
		run_ctr(a, x->nonce, 2, p, len);
	a->ghash(tag, a->ghash_key, x->data, x->data_len);
	a->ghash(tag, a->ghash_key, p, len);
	a->ghash(tag, a->ghash_key, lengths, sizeof lengths);
	if (!sealing)
		run_ctr(a, x->nonce, 2, p, len);
	run_ctr(a, x->nonce, 1, tag, TAG_LEN);
}

static br_chacha20_run
best_chacha(void)
{
#ifdef __SSE2__		/* amd64 */
	return br_chacha20_sse2_run;
#else
	br_chacha20_run run = br_chacha20_sse2_get();	/* i386 asks its CPU */

	return run != 0 ? run : br_chacha20_ct_run;
#endif
}

static void
run_chacha(const struct tls_aead *a, const struct extra *x, bool sealing,
           unsigned char *p, size_t len, unsigned char *tag)
{
	br_poly1305_ctmul_run(a->key.chacha, x->nonce, p, len, x->data,
	                       x->data_len, tag, best_chacha(), sealing);
}

/* Turns the len bytes at p over, and makes the tag of what is sent. */
static void
run(struct tls_aead *a, const unsigned char *record, bool sealing,
    unsigned char *p, size_t len, unsigned char *tag)
{
	struct extra x;

	make_extra(&x, a, record, len);
	if (a->suite->cipher == TLS_AES_GCM)
		run_gcm(a, &x, sealing, p, len, tag);
	else
		run_chacha(a, &x, sealing, p, len, tag);
	a->seq++;
}

/* see tls/tls_aead.h */
size_t
tls_aead_seal(struct tls_aead *a, unsigned char *record,
              enum tls_record_type type, unsigned version, size_t len)
{
	size_t before = tls_aead_before(a);
	size_t total = before + len + tls_aead_after(a);
	unsigned char *content = record + before;

	record[0] = (unsigned char)type;
	if (is_v13(a)) {
		record[0] = TLS_REC_DATA;
		content[len++] = (unsigned char)type;
	}
	put(record + 1, 2, version);
	put(record + 3, 2, total - TLS_AEAD_HEAD);
	if (sends_nonce(a))
		put(record + TLS_AEAD_HEAD, SEQ_LEN, a->seq);
	if (a->suite != NULL)
		run(a, record, true, content, len, content + len);
	return total;
}

/* Takes padding and type off TLS 1.3's content of len bytes (RFC 8446, 5.4). */
static ssize_t
take_type(const unsigned char *content, size_t len, unsigned *type)
{
	while (len > 0 && content[len - 1] == 0)
		len--;
	if (len == 0)
		return ERR_TRUNCATED;
	*type = content[len - 1];
	return (ssize_t)len - 1;
}

/* see tls/tls_aead.h */
ssize_t
tls_aead_open(struct tls_aead *a, unsigned char *record, size_t len,
              unsigned char **content, unsigned *type)
{
	size_t before = tls_aead_before(a);
	size_t tag_len = a->suite != NULL ? TAG_LEN : 0;
	unsigned char *p = record + before, tag[TAG_LEN];

	if (len < before + tag_len)
		return ERR_TRUNCATED;
	len -= before + tag_len;
	if (len > TLS_AEAD_CONTENT + (is_v13(a) ? 1 : 0))
		return ERR_TOOBIG;
	*content = p;
	*type = record[0];
	if (a->suite == NULL)
		return (ssize_t)len;
	run(a, record, false, p, len, tag);
	if (!tls_secrets_equal(tag, p + len, TAG_LEN))
		return ERR_PARSE;
	return is_v13(a) ? take_type(p, len, type) : (ssize_t)len;
}
