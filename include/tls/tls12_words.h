/* SPDX-License-Identifier: MIT */
/* tls/tls12_words.h - alerts and words of BearSSL's engine */
#ifndef HALE_TLS_TLS12_WORDS_H
#define HALE_TLS_TLS12_WORDS_H

#include "base/buf.h"

/* The alert to send for an engine's error; 0: none. */
int tls12_words_alert(int err);

/* Appends what an engine's error means; in a handshake with what an alert has
 * for its usual reason. */
void tls12_words_text(struct buf *b, int err, bool in_handshake);

/* Appends "ECDHE_RSA_WITH_AES_128_GCM_SHA256". */
void tls12_words_suite(struct buf *b, unsigned suite);

#endif
