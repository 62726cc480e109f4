/* SPDX-License-Identifier: MIT */
/*
 * anchors.c ROOTS.PEM - the anchors of a file by scripts/roots as C source
 *
 * Run on the machine that builds. The source goes to stdout. A root that no
 * server's certificate may come from, or that hale cannot use, is left out
 * and said so on stderr.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tls/anchors.h"
#include "tls/der.h"
#include "tls/dn.h"
#include "tls/pem.h"
#include "tls/x509.h"

#define FILE_MAX (1 << 20)

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

static struct span
key_of(const struct x509 *c)
{
	return c->key.kind == X509_KEY_RSA ? c->key.n : c->key.q;
}

/* see src/tls/anchors.c for the form */
static void
put_anchor(const struct x509 *c)
{
	struct span key = key_of(c);
	bool odd_exponent = c->key.kind == X509_KEY_RSA
	    && !der_is_same(c->key.e, (struct span){ ANCHORS_EXPONENT, 3 });
	bool rare = c->issued_until > 0 || c->path_max >= 0 || odd_exponent
	         || c->constraints.len > 0;

	put_number(dn_hash(c->subject), 4);
	put_number(c->not_after < 0xffffffff ? (uint64_t)c->not_after
	                                     : 0xffffffff, 4);
	put_number(c->key.kind | (rare ? ANCHORS_RARE : 0), 1);
	put_number(key.len / 4, 1);
	put_bytes(key.p, key.len);
	if (!rare)
		return;
	put_number((uint64_t)c->issued_until, 4);
	put_number(c->path_max < 0 ? 255 : (uint64_t)c->path_max, 1);
	put_span(c->key.e);
	put_span(c->constraints);
}

static const char *
unfit(const struct x509 *c)
{
	if (!c->is_ca)
		return "is not a CA";
	if (c->key.kind < X509_KEY_RSA)
		return "has a key that hale cannot use";
	if (c->key.kind == X509_KEY_RSA
	 && (der_uint_bits(c->key.n) < X509_RSA_MIN
	  || der_uint_bits(c->key.n) > X509_RSA_MAX))
		return "has an RSA key that is too small or large";
	if (key_of(c).len % 4 != (c->key.kind != X509_KEY_RSA)
	 || key_of(c).len / 4 > 255)
		return "has a key whose length the blob cannot tell";
	if (c->has_purpose && !c->for_server)
		return "is not for servers";
	if (c->unknown.len > 0 || c->has_policy || c->path_max >= 255)
		return "has a rule that the blob cannot tell";
	return NULL;
}

/* The value of the comment "# NAME: VALUE" in text, or an empty span. */
static struct span
comment(struct span text, const char *name)
{
	char key[64];
	int len = snprintf(key, sizeof key, "\n# %s:", name);
	const char *at = memmem(text.p, text.len, key, (size_t)len);
	struct span rest;

	if (at == NULL)
		return (struct span){ text.p, 0 };
	rest = span_after(text, (size_t)(at - text.p) + (size_t)len);
	rest = span_cut(&rest, '\n');
	while (rest.len > 0 && rest.p[0] == ' ')
		rest = span_after(rest, 1);
	return rest;
}

/* "2026-04-15T23:59:59Z" in seconds since 1970, or 0 if it is no such text. */
static int64_t
seconds_of(struct span when)
{
	char text[32] = "";
	struct tm tm = { 0 };

	if (when.len >= sizeof text)
		return 0;
	memcpy(text, when.p, when.len);
	if (sscanf(text, "%d-%d-%dT%d:%d:%dZ", &tm.tm_year, &tm.tm_mon,
	           &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return timegm(&tm);
}

/* One certificate with the comments before it. */
static int
take(struct span text, struct span der)
{
	struct span until = comment(text,
	                            "trusted for certificates issued until");
	struct x509 c;
	const char *why;

	if (x509_read(&c, der) < 0)
		return -1;
	c.issued_until = seconds_of(until);
	if ((until.len > 0) != (c.issued_until > 0))
		return -1;
	why = unfit(&c);
	if (why != NULL) {
		fprintf(stderr, "anchors: left out, it %s: %.*s\n", why,
		        (int)(text.len < 60 ? text.len : 60), text.p);
		return 0;
	}
	taken++;
	put_anchor(&c);
	return 0;
}

static int
take_all(struct span in)
{
	static unsigned char der[X509_DER_MAX];
	struct pem p;
	int r;

	pem_init(&p, der, sizeof der);
	for (;;) {
		struct span text = in;

		r = pem_next(&p, &in);
		if (r <= 0)
			return r;
		text.len -= in.len;
		if (p.kind != PEM_CERT
		 || take(text, (struct span){ (char *)der, p.len }) < 0)
			return -1;
	}
}

int
main(int argc, char **argv)
{
	static char text[FILE_MAX];
	FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
	struct span in = { text, 0 }, version, date;

	if (f == NULL) {
		fprintf(stderr, "usage: anchors ROOTS.PEM\n");
		return 2;
	}
	in.len = fread(text, 1, sizeof text, f);
	fclose(f);
	version = comment(in, "version");
	date = comment(in, "date");
	printf("/* made by scripts/anchors.c */\n#include \"tls/anchors.h\"\n\n"
	       "static const unsigned char blob[] = {\n");
	if (in.len == sizeof text || version.len == 0 || date.len == 0
	 || take_all(in) < 0 || taken == 0) {
		fprintf(stderr, "anchors: cannot use %s: scripts/roots makes "
		        "such a file\n", argv[1]);
		return 1;
	}
	printf("\n};\n\nstruct span\nanchors_blob(void)\n{\n"
	       "\treturn (struct span){ (const char *)blob, sizeof blob };\n}\n\n"
	       "const char *\nanchors_version(void)\n{\n"
	       "\treturn \"Mozilla roots %.*s of %.*s (%d)\";\n}\n",
	       (int)version.len, version.p, (int)date.len, date.p, taken);
	return fflush(stdout) == 0 ? 0 : 1;
}
