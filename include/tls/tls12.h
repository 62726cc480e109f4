/* SPDX-License-Identifier: MIT */
/*
 * tls/tls12.h - TLS 1.2 over a link: BearSSL's engine, pumped
 *
 * For tls/tls.c only. Every call keeps its error in the link, with words, and
 * returns it as tls/tls.h has it; of an error that is found here the server
 * gets an alert.
 */
#ifndef HALE_TLS_TLS12_H
#define HALE_TLS_TLS12_H

#include "tls/tls_chain.h"
#include "tls/tls_client_cert.h"

struct tls12;

/*
 * Shakes hands. Of the chain host, cafile and insecure are set; what the server
 * sends is kept there: nothing if a session is resumed. The identity (n 0:
 * none) is needed during the call only, link and chain until tls12_close().
 * session is NULL or what tls12_keep_session() wrote. Returns 0 with *out, or
 * an error with *out NULL.
 */
int tls12_open(struct tls12 **out, struct tls_link *l, struct tls_chain *chain,
               const struct tls_client_cert *id, const unsigned char *session,
               int64_t deadline_ms);

/* As tls_read() and tls_write(). */
ssize_t tls12_read(struct tls12 *e, void *p, size_t len, int64_t deadline_ms);
int tls12_write(struct tls12 *e, struct span bytes, int64_t deadline_ms);

/* Writes the session, in TLS_SESSION_STATE bytes: secrets. */
void tls12_keep_session(const struct tls12 *e, unsigned char *session);

/* Appends "TLS 1.2, ECDHE_RSA_WITH_AES_128_GCM_SHA256". */
void tls12_write_info(const struct tls12 *e, struct buf *b);

/* As tls_close(); the link and the chain stay. */
void tls12_close(struct tls12 *e);

#endif
