/* SPDX-License-Identifier: MIT */
/* tls/tls12_setup.c - what BearSSL's engine may use */
#include "tls/tls12_setup.h"

#include "tls/bear.h"

/* Only forward secrecy and AEAD: no RSA key exchange, no CBC. */
static const uint16_t suites_aes[] = {
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
};
static const uint16_t suites_chacha[] = {
	BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
};
#define SUITES (sizeof suites_aes / sizeof suites_aes[0])

/* AES in software is four times slower than ChaCha20. */
static bool
cpu_has_aes(void)
{
	return br_aes_x86ni_ctr_get_vtable() != NULL
	    || br_aes_pwr8_ctr_get_vtable() != NULL;
}

/* As br_ssl_engine_set_default_chapol() chooses on a 64-bit machine; that one
 * would keep what it chooses elsewhere in the program as well. */
static void
set_chapol(br_ssl_engine_context *e)
{
	br_ssl_engine_set_chapol(e, &br_sslrec_in_chapol_vtable,
	                         &br_sslrec_out_chapol_vtable);
	br_ssl_engine_set_poly1305(e, br_poly1305_ctmulq_run);
#ifdef __SSE2__
	br_ssl_engine_set_chacha20(e, br_chacha20_sse2_run);
#else
	br_ssl_engine_set_chacha20(e, br_chacha20_ct_run);
#endif
}

/* see tls/tls12_setup.h */
void
tls12_setup_algorithms(br_ssl_engine_context *e, br_ec_impl *ec)
{
	br_ssl_engine_set_versions(e, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(e, cpu_has_aes() ? suites_aes : suites_chacha,
	                         SUITES);
	br_ssl_engine_set_default_rsavrfy(e);
	bear_ec(ec);
	br_ssl_engine_set_ec(e, ec);
	br_ssl_engine_set_ecdsa(e, bear_ecdsa);
	br_ssl_engine_set_hash(e, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(e, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(e, br_sha512_ID, &br_sha512_vtable);
	br_ssl_engine_set_prf_sha256(e, br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(e, br_tls12_sha384_prf);
	br_ssl_engine_set_default_aes_gcm(e);
	set_chapol(e);
	br_ssl_engine_add_flags(e, BR_OPT_NO_RENEGOTIATION);
}

static void
bare_start_list(const br_ssl_client_certificate_class **ctx)
{
	((struct tls12_auth *)(void *)ctx)->asked = true;
}

static void
bare_start_name(const br_ssl_client_certificate_class **ctx, size_t len)
{
	(void)ctx;
	(void)len;	/* of CAs that the server would accept */
}

static void
bare_append_name(const br_ssl_client_certificate_class **ctx,
                 const unsigned char *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
}

static void
bare_end(const br_ssl_client_certificate_class **ctx)
{
	(void)ctx;
}

/* An empty list of certificates: the server may go on without one. */
static void
bare_choose(const br_ssl_client_certificate_class **ctx,
            const br_ssl_client_context *cc, uint32_t auth_types,
            br_ssl_client_certificate *choices)
{
	(void)ctx;
	(void)cc;
	(void)auth_types;
	memset(choices, 0, sizeof *choices);
}

static const br_ssl_client_certificate_class bare_class = {
	.context_size = sizeof(struct tls12_auth),
	.start_name_list = bare_start_list,
	.start_name = bare_start_name,
	.append_name = bare_append_name,
	.end_name = bare_end,
	.end_name_list = bare_end,
	.choose = bare_choose,
};

/* see tls/tls12_setup.h */
void
tls12_setup_auth(br_ssl_client_context *cc, struct tls12_auth *a,
                 const struct tls_client_cert *id)
{
	unsigned usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;

	for (size_t i = 0; i < id->n; i++) {
		a->certs[i].data = bear_bytes(id->certs[i]);
		a->certs[i].data_len = id->certs[i].len;
	}
	if (id->n == 0) {
		a->vtable = &bare_class;
		br_ssl_client_set_client_certificate(cc, &a->vtable);
	} else if (id->key.kind == X509_KEY_RSA) {
		bear_rsa(&a->key.rsa, &id->key);
		br_ssl_client_set_single_rsa(cc, a->certs, id->n, &a->key.rsa,
		                             br_rsa_pkcs1_sign_get_default());
	} else {
		bear_ec_key(&a->key.ec, &id->key);
		br_ssl_client_set_single_ec(cc, a->certs, id->n, &a->key.ec,
		                            usages, BR_KEYTYPE_EC,
		                            &br_ec_all_m31,
		                            br_ecdsa_i31_sign_asn1);
	}
}
