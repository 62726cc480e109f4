/* SPDX-License-Identifier: MIT */
/* fuzz_x509.c - a chain of certificates as a server might send it: each is
 * preceded by its length in two bytes; all but the first are anchors too */
#include "fuzz.h"

#include "base/err.h"
#include "tls/dn.h"
#include "tls/x509_constraints.h"
#include "tls/x509_words.h"

#define CERTS_MAX 8

/* Every second signature is right, so that paths of any length come about. */
static bool
check(void *arg, const struct x509 *c, const struct x509_key *key)
{
	int *count = arg;

	fuzz_must(c->alg >= X509_RSA_SHA256 && key->kind >= X509_KEY_RSA);
	fuzz_must(c->tbs.len > 0 && c->sig.p >= c->tbs.p + c->tbs.len);
	++*count;
	return *count % 2 == 1;
}

static void
must_lie_inside(struct span s, const struct x509 *c)
{
	fuzz_must(s.len == 0 || (s.p >= c->der.p
	       && s.p + s.len <= c->der.p + c->der.len));
}

static bool
is_pss(enum x509_alg alg)
{
	return alg >= X509_PSS_SHA256 && alg <= X509_PSS_SHA512;
}

static void
look_at(const struct x509 *c, const struct x509_host *host)
{
	static char memory[4096];
	struct buf b = buf_over(memory, sizeof memory);

	must_lie_inside(c->tbs, c);
	must_lie_inside(c->sig, c);
	must_lie_inside(c->issuer, c);
	must_lie_inside(c->subject, c);
	must_lie_inside(c->san, c);
	must_lie_inside(c->constraints, c);
	must_lie_inside(c->key.n, c);
	must_lie_inside(c->key.q, c);
	fuzz_must(!is_pss(c->alg) || (x509_pss_is_known(&c->pss)
	       && c->pss.hash - X509_SHA256 == (int)c->alg - X509_PSS_SHA256));
	fuzz_must(c->key.kind != X509_KEY_PSS || c->key.pss.hash == 0
	       || x509_pss_is_known(&c->key.pss));
	fuzz_must(dn_is_same(c->subject, c->subject));
	if (dn_is_same(c->subject, c->issuer))
		fuzz_must(dn_hash(c->subject) ==
		          dn_hash(c->issuer));
	dn_write(&b, c->issuer);
	x509_hosts_write(&b, c);
	fuzz_must(b.len > 0);
	for (size_t i = 0; i < b.len; i++)
		fuzz_must(b.p[i] >= ' ' && b.p[i] <= '~');
	(void)x509_hosts_has(c, host);
	(void)x509_constraints_allow(c, c, host);
}

static void
judge(const struct x509 *chain, size_t n)
{
	static char memory[512];
	struct buf b = buf_over(memory, sizeof memory);
	struct x509_result v = { .why = X509_FINE };
	int count = 0;
	struct x509_path q = {
		.chain = chain, .chain_len = n,
		.anchors = chain + 1, .anchors_len = n - 1,
		.host = { .name = { "a.test", 6 } },
		.now = 1700000000, .check = check, .arg = &count,
	};
	int r = x509_path_verify(&q, &v);

	fuzz_must(count <= X509_SIGS_MAX);
	fuzz_must((r == 0) == (v.why == X509_FINE));
	if (r == 0)
		return;
	fuzz_must(r == ERR_CERT);
	x509_words_write(&b, &q, &v);
	fuzz_must(b.len > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct x509_host names[2] = {
		{ .name = { "a.test", 6 } },
		{ .name = { "127.0.0.1", 9 }, .ip = { 127, 0, 0, 1 },
		  .ip_len = 4 },
	};
	struct x509 chain[CERTS_MAX];
	size_t n = 0;

	while (size >= 2 && n < CERTS_MAX) {
		size_t len = (size_t)data[0] << 8 | data[1];
		int r;

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		r = x509_read(&chain[n], (struct span){ (const char *)data,
		                                        len });
		fuzz_must(r == 0 || r == ERR_PARSE);
		if (r == 0) {
			look_at(&chain[n], &names[n % 2]);
			n++;
		}
		data += len;
		size -= len;
	}
	if (n > 0)
		judge(chain, n);
	return 0;
}
