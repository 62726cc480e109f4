/* SPDX-License-Identifier: MIT */
/*
 * tls/der.h - read DER one element at a time (pure)
 *
 * Only what certificates and keys use: tags of one byte, definite lengths in
 * their shortest form of at most four bytes. A span that was read points into
 * the bytes it was read from.
 */
#ifndef HALE_TLS_DER_H
#define HALE_TLS_DER_H

#include "base/span.h"

#include <stdint.h>

enum der_tag {
	DER_BOOLEAN = 0x01, DER_INTEGER = 0x02, DER_BITS = 0x03,
	DER_OCTETS = 0x04, DER_NULL = 0x05, DER_OID = 0x06, DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13, DER_T61 = 0x14, DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17, DER_TIME = 0x18, DER_VISIBLE = 0x1a,
	DER_UNIVERSAL = 0x1c, DER_BMP = 0x1e, DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};
/* [n], holding one value as it is or elements */
#define DER_CONTEXT(n) (0x80 | (n))
#define DER_CONTEXT_OF(n) (0xa0 | (n))

static inline unsigned char
der_byte(struct span s, size_t at)
{
	return (unsigned char)s.p[at];
}

/*
 * Takes the first element off *in. Returns its tag, or ERR_PARSE with *in as
 * it was; *value gets what is inside.
 */
int der_next(struct span *in, struct span *value);

/* The same for an element that must have this tag. Returns 0 or ERR_PARSE. */
int der_take(struct span *in, int tag, struct span *value);

/* The same for an element that is all of in. */
int der_only(struct span in, int tag, struct span *value);

/* The same as der_take(), with the element's head in *whole. */
int der_take_whole(struct span *in, int tag, struct span *whole);

/* Is an element of this tag next? */
bool der_is_next(struct span in, int tag);

/* Takes an INTEGER that is not negative, in its shortest form; a leading zero
 * is cut off, so that zero is empty. Returns 0 or ERR_PARSE. */
int der_take_uint(struct span *in, struct span *value);

/* The same for a number up to max. Returns it, or ERR_PARSE / ERR_RANGE. */
int der_take_int(struct span *in, int max);

/* Length in bits of a number as der_take_uint() gives it. */
size_t der_uint_bits(struct span number);

/* Takes a BIT STRING of whole bytes. Returns 0 or ERR_PARSE. */
int der_take_bits(struct span *in, struct span *value);

/* Are they the same bytes? */
bool der_is_same(struct span a, struct span b);

/* Is the OID the bytes of text (its content in DER)? */
#define DER_OID_IS(oid, text) \
	der_is_same(oid, (struct span){ text, sizeof(text) - 1 })

/* An OID and what it stands for. The bytes stand inside, so that a table needs
 * no relocation. */
struct der_oid {
	unsigned char len, means;
	char          bytes[10];
};
#define DER_OID_MEANS(text, means) { sizeof(text) - 1, means, text }

/* What oid stands for in a table of n; otherwise where it is not in there. */
int der_look_up(struct span oid, const struct der_oid *table, size_t n,
                int otherwise);
#define DER_LOOK_UP(oid, table, otherwise) \
	der_look_up(oid, table, sizeof (table) / sizeof *(table), otherwise)

#endif
