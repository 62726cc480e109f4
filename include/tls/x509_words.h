/* SPDX-License-Identifier: MIT */
/*
 * tls/x509_words.h - why a chain is not believed, in words (pure)
 *
 * What a peer chose is shown as dn_write_text() has it.
 */
#ifndef HALE_TLS_X509_WORDS_H
#define HALE_TLS_X509_WORDS_H

#include "tls/x509_path.h"

/* Appends x509_path_verify()'s verdict on q, without a newline: "certificate of
 * a.test expired 3 days ago (2026-11-20)". */
void x509_words_write(struct buf *b, const struct x509_path *q,
                      const struct x509_result *v);

#endif
