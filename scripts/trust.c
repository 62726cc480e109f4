/* SPDX-License-Identifier: MIT */
/*
 * trust.c VERSION NOW CA.PEM FILE... - the anchors of PEM files as C source
 *
 * Run by trust.sh on the machine that builds. The source goes to stdout, the
 * certificates that were taken to CA.PEM. Roots that have expired at NOW or
 * that no server's certificate may come from are left out, and said so.
 */
#include <stdio.h>
#include <stdlib.h>

#include "net/pem.h"
#include "net/x509.h"
#include "net/x509_name.h"

static int taken;

static void
put_bytes(const void *bytes, size_t len)
{
	static int column;
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		printf("%d,%s", p[i], ++column % 24 == 0 ? "\n" : "");
}

static void
put_number(uint64_t n, size_t bytes)
{
	for (size_t i = bytes; i-- > 0;) {
		unsigned char byte = (unsigned char)(n >> (8 * i));

		put_bytes(&byte, 1);
	}
}

static void
put_span(struct span s)
{
	put_number(s.len, 2);
	put_bytes(s.p, s.len);
}

/* see src/net/anchors.c for the form */
static void
put_anchor(const struct x509 *c)
{
	put_number(x509_name_hash(c->subject), 8);
	put_number(c->not_after < 0xffffffff ? (uint64_t)c->not_after
	                                     : 0xffffffff, 4);
	put_number(c->key.kind, 1);
	put_number(c->path_max < 0 ? 255 : (uint64_t)c->path_max, 1);
	put_span(c->key.kind == X509_KEY_RSA ? c->key.n : c->key.q);
	put_span(c->key.e);
	put_span(c->constraints);
}

static const char *
unfit(const struct x509 *c, int64_t now)
{
	if (c->not_after < now)
		return "has expired";
	if (!c->is_ca)
		return "is no CA";
	if (c->key.kind < X509_KEY_RSA)
		return "has a key that hale cannot use";
	if (c->key.kind == X509_KEY_RSA && (x509_bits(c->key.n) < X509_RSA_MIN ||
	    x509_bits(c->key.n) > X509_RSA_MAX))
		return "has an RSA key that is too small or large";
	if (c->has_purpose && !c->for_server)
		return "is not for servers";
	if (c->unknown.len > 0 || c->has_policy || c->path_max >= 255)
		return "has a rule that the blob cannot tell";
	return NULL;
}

static int
take_file(const char *name, int64_t now, FILE *pem)
{
	static char text[X509_DER_MAX];
	static unsigned char der[X509_DER_MAX];
	FILE *f = fopen(name, "r");
	struct span in = { text, 0 };
	struct x509 c;
	struct pem p;
	const char *why;

	if (f == NULL)
		return -1;
	in.len = fread(text, 1, sizeof text, f);
	fclose(f);
	pem_init(&p, der, sizeof der);
	if (pem_next(&p, &in) != 1 || p.kind != PEM_CERT ||
	    x509_read(&c, (struct span){ (char *)der, p.len }) < 0)
		return -1;
	why = unfit(&c, now);
	if (why != NULL) {
		fprintf(stderr, "trust: left out, it %s: %s\n", why, name);
		return 0;
	}
	taken++;
	put_anchor(&c);
	return fwrite(text, 1, (size_t)(in.p - text), pem) > 0 ? 0 : -1;
}

int
main(int argc, char **argv)
{
	int64_t now = argc > 2 ? atoll(argv[2]) : 0;
	FILE *pem = argc > 4 ? fopen(argv[3], "w") : NULL;

	if (pem == NULL)
		return 2;
	printf("/* made by scripts/trust.sh */\n#include \"net/anchors.h\"\n\n"
	       "static const unsigned char blob[] = {\n");
	for (int i = 4; i < argc; i++) {
		if (take_file(argv[i], now, pem) < 0) {
			fprintf(stderr, "trust: cannot use %s\n", argv[i]);
			return 1;
		}
	}
	printf("\n};\n\nstruct span\nanchors_blob(void)\n{\n"
	       "\treturn (struct span){ (const char *)blob, sizeof blob };\n}\n\n"
	       "const char *\nanchors_version(void)\n{\n"
	       "\treturn \"ca-certificates %s (%d roots)\";\n}\n",
	       argv[1], taken);
	return fclose(pem) == 0 && fflush(stdout) == 0 && taken > 0 ? 0 : 1;
}
