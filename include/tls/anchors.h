/* SPDX-License-Identifier: MIT */
/*
 * tls/anchors.h - the trust anchors in the binary (pure)
 *
 * Made from src/tls/roots.pem by scripts/anchors.c: one blob in read-only
 * memory. Nothing is set up, and nothing of it is touched until a connection
 * looks for an anchor.
 */
#ifndef HALE_TLS_ANCHORS_H
#define HALE_TLS_ANCHORS_H

#include "tls/x509.h"

/* The blob's form is described in src/tls/anchors.c; for scripts/anchors.c: */
#define ANCHORS_RARE     0x80u		/* with the kind of key */
#define ANCHORS_EXPONENT "\1\0\1"	/* 65537 */

/* All anchors, one after the other, for anchors_next(). */
struct span anchors_blob(void);

/* "Mozilla roots 2.92 of 2026-10-28 (118)" */
const char *anchors_version(void);

/*
 * Takes the next anchor off *blob. *out has its key, not_after, issued_until,
 * path_max and constraints, and is a CA; der and names are empty. Of its
 * name *name_hash has dn_hash(). Returns false at the end.
 */
bool anchors_next(struct span *blob, struct x509 *out, uint32_t *name_hash);

#endif
