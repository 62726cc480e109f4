/* SPDX-License-Identifier: MIT */
/* tls/tls12_x509.c - BearSSL's X.509 class over the chain */
/*
 * The engine calls these while it reads the Certificate message, byte by byte;
 * end_chain() is where the verdict falls.
 */
#include "tls/tls12_x509.h"

#include "base/err.h"
#include "tls/bear.h"

static struct tls12_x509 *
of(const br_x509_class **ctx)
{
	return (struct tls12_x509 *)(void *)ctx;
}

static void
start_chain(const br_x509_class **ctx, const char *name)
{
	(void)name;	/* the chain has it, and addresses too */
	tls_chain_start(of(ctx)->chain);
}

static void
start_cert(const br_x509_class **ctx, uint32_t length)
{
	tls_chain_start_cert(of(ctx)->chain, length);
}

static void
append(const br_x509_class **ctx, const unsigned char *buf, size_t len)
{
	tls_chain_append(of(ctx)->chain, buf, len);
}

static void
end_cert(const br_x509_class **ctx)
{
	(void)ctx;	/* the chain knows by its length */
}

static unsigned
end_chain(const br_x509_class **ctx)
{
	struct tls12_x509 *x = of(ctx);

	if (tls_chain_judge(x->chain, x->link) < 0)
		return BR_ERR_X509_NOT_TRUSTED;
	if (bear_key(&x->pkey, &x->chain->key) == 0)
		return 0;
	x->link->alert = TLS_ALERT_CERT_KIND;
	(void)tls_link_fail(x->link, ERR_TLS, "the server's certificate has a "
	                    "key that hale cannot use");
	return BR_ERR_X509_NOT_TRUSTED;
}

/* keyUsage is judged with the rest; here all that TLS does is allowed, since
 * key exchange without a signature is not offered. */
static const br_x509_pkey *
get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct tls12_x509 *x = (const void *)ctx;

	if (usages != NULL)
		*usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
	return &x->pkey;
}

static const br_x509_class x509_class = {
	sizeof(struct tls12_x509), start_chain, start_cert, append, end_cert,
	end_chain, get_pkey,
};

/* see tls/tls12_x509.h */
void
tls12_x509_init(struct tls12_x509 *x, struct tls_chain *chain,
                struct tls_link *l)
{
	x->vtable = &x509_class;
	x->chain = chain;
	x->link = l;
}
