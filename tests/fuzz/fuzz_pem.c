/* SPDX-License-Identifier: MIT */
/* fuzz_pem.c - a PEM file, read at once and byte by byte; what is a key or a
 * certificate is read as such */
#include "fuzz.h"

#include "base/err.h"
#include "tls/der.h"
#include "tls/key.h"
#include "tls/pem.h"
#include "tls/x509.h"

#define OUT_MAX 4096

struct result {
	int r, line, objects;
	uint64_t sum;
};

static void
take(const struct pem *p, struct result *res)
{
	struct span der = { (const char *)p->out, p->len };
	struct x509 c;
	struct key k;
	int r;

	fuzz_must(p->len <= OUT_MAX && p->kind != PEM_OTHER);
	res->objects++;
	for (size_t i = 0; i < p->len; i++)
		res->sum = res->sum * 31 + p->out[i];
	if (p->kind == PEM_CERT) {
		(void)x509_read(&c, der);
		return;
	}
	if (p->kind == PEM_CERT_TRUSTED) {
		r = x509_read_trust(der);
		fuzz_must(r == 0 || r == 1 || r == ERR_PARSE);
		return;
	}
	r = key_read(&k, p->kind, der);
	fuzz_must(r == 0 || r == ERR_PARSE || r == ERR_RANGE
	          || r == ERR_VERSION);
	if (r == 0 && k.kind == X509_KEY_RSA)
		fuzz_must(der_uint_bits(k.p) <= 2080
		          && der_uint_bits(k.q) <= 2080);
}

static struct result
feed(const uint8_t *data, size_t size, size_t step)
{
	static unsigned char out[OUT_MAX];
	struct result res = { 0 };
	struct pem p;

	pem_init(&p, out, sizeof out);
	for (size_t at = 0; at < size && res.r >= 0; at += step) {
		struct span in = { (const char *)data + at,
		                   size - at < step ? size - at : step };

		while ((res.r = pem_next(&p, &in)) > 0)
			take(&p, &res);
		fuzz_must(res.r < 0 || in.len == 0);
	}
	while (res.r >= 0 && (res.r = pem_end(&p)) > 0)
		take(&p, &res);
	res.line = p.line;
	return res;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole = feed(data, size, size + 1);
	struct result bytes = feed(data, size, 1);

	fuzz_must(whole.r == 0 || whole.r == ERR_PARSE
	          || whole.r == ERR_TOOBIG);
	fuzz_must(whole.r == bytes.r && whole.line == bytes.line);
	fuzz_must(whole.objects == bytes.objects && whole.sum == bytes.sum);
	return 0;
}
