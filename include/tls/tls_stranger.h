/* SPDX-License-Identifier: MIT */
/*
 * tls/tls_stranger.h - says what a server speaks instead of TLS (pure)
 *
 * For an error's words: a server whose first bytes are not a TLS record may be
 * plain HTTP, SSH or mail. It names that; the connection fails either way.
 */
#ifndef HALE_TLS_TLS_STRANGER_H
#define HALE_TLS_TLS_STRANGER_H

#include "base/buf.h"

/* Are these first bytes of a server not a record of TLS? Fewer than two may
 * become one. */
bool tls_stranger_is(struct span head);

/* Appends "wrong version number: the server does not answer in TLS but with
 * "220 mail": this is a mail server"; the first line only where it can be read,
 * and what it is only where that is known. */
void tls_stranger_write(struct buf *b, struct span head);

#endif
