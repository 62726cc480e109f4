/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_client_cert.h - a client's certificates and private key, from files
 *
 * The same for every version of TLS.
 */
#ifndef HALE_TLS_TLS_CLIENT_CERT_H
#define HALE_TLS_TLS_CLIENT_CERT_H

#include "base/buf.h"
#include "tls/key.h"

#define TLS_CLIENT_CHAIN_MAX 8	/* certificates that are sent */
#define TLS_CLIENT_FILE_MAX  65536	/* bytes of its files */

/* Zero is a good start, and stands for none. */
struct tls_client_cert {
	struct span certs[TLS_CLIENT_CHAIN_MAX];	/* our own first */
	size_t      n;		/* of these; 0: none */
	struct key  key;	/* of certs[0] */
	unsigned char *chain_file, *key_file;	/* owned: decoded bytes */
	size_t      chain_len, key_len;
};

/*
 * Loads and matches them; keyfile NULL: the key is in certfile. Returns 0,
 * -ENOMEM, or with words in *why ERR_CERTFILE or ERR_KEYFILE.
 */
int tls_client_cert_load(struct tls_client_cert *id, const char *certfile,
                         const char *keyfile, struct buf *why);

/* Wipes and frees. */
void tls_client_cert_free(struct tls_client_cert *id);

#endif
