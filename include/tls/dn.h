/* SPDX-License-Identifier: MIT */
/*
 * tls/dn.h - distinguished names: compare, pick apart, word (pure)
 *
 * A name (RFC 5280, 4.1.2.4) is what is inside of its SEQUENCE: RDNs, each a
 * SET of attributes. dn_next() and dn_verify() take any bytes, and so does
 * dn_is_plain(); the others need a name that dn_verify() found well formed.
 */
#ifndef HALE_TLS_DN_H
#define HALE_TLS_DN_H

#include "base/buf.h"

#include <stdint.h>

enum dn_type { DN_CN = 3, DN_O = 10, DN_OU = 11 };	/* 2.5.4.n */

struct dn_attr {
	struct span oid, text;
	int         tag;	/* of the text */
};

/*
 * Takes the next attribute off *name; *rdn is what is left of the RDN it is in,
 * empty before the first call. Returns 1 for the first attribute of an RDN, 0
 * for a further one, or ERR_PARSE (at the end, too: both spans are empty then).
 */
int dn_next(struct span *name, struct span *rdn, struct dn_attr *a);

/* Is the name well formed? Returns 0 or ERR_PARSE. */
int dn_verify(struct span name);

/*
 * Are they the same name? As RFC 5280 7.1 has it and OpenSSL does: the type
 * of string, case and doubled blanks make no difference in ASCII.
 */
bool dn_is_same(struct span a, struct span b);

/* Does name begin with the RDNs of base, as dn_is_same() compares them? */
bool dn_is_within(struct span name, struct span base);

/* Is it well formed, and sure to be told from every other name? Wide characters
 * are not, nor is what is beyond ASCII and not UTF-8: the same text may stand
 * elsewhere in bytes that dn_is_same() takes for another's. */
bool dn_is_plain(struct span name);

/* The same for names that are the same; a short stand-in for one where a
 * signature decides in the end. */
uint32_t dn_hash(struct span name);

/* The last (most specific) attribute of that type; empty where there is none or
 * that is not a text of one-byte characters. */
struct span dn_part(struct span name, enum dn_type type);

/* Appends the name in words: its CN, O and OU, or "(no name)". */
void dn_write(struct buf *b, struct span name);

/* Appends a text that a peer chose: control bytes and what is not ASCII become
 * '?', and a long one is cut. */
void dn_write_text(struct buf *b, struct span text);

#endif
