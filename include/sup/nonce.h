/* SPDX-License-Identifier: MIT */
/*
 * sup/nonce.h - names that nobody can guess beforehand
 */
#ifndef HALE_SUP_NONCE_H
#define HALE_SUP_NONCE_H

#include "base/buf.h"

#define NONCE_MAX 32	/* characters */

/* Appends n random characters of A-Z a-z 0-9 - _, six bits each, NONCE_MAX at
 * most. Returns 0, or -errno where the kernel has no random bytes yet. */
int nonce_write(struct buf *b, size_t n);

#endif
