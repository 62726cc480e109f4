/* SPDX-License-Identifier: MIT */
/*
 * get/digest.h - SHA-256 for --sha256
 */
#ifndef HALE_GET_DIGEST_H
#define HALE_GET_DIGEST_H

#include "base/span.h"

/* Of what is added, on the heap. digest_open() returns NULL if there is no
 * memory. */
struct digest;
struct digest *digest_open(void);
void digest_add(struct digest *d, struct span bytes);

/* Forgets what was added. */
void digest_reset(struct digest *d);

/* Is it this, 64 hex digits? */
bool digest_is(const struct digest *d, const char *hex);

/* d may be NULL. */
void digest_close(struct digest *d);

#endif
