/* SPDX-License-Identifier: MIT */
/* tls/tls_ext.c - lists of extensions in handshake messages */
#include "tls/tls_ext.h"

#include "tls/wire.h"

#define RENEGOTIATION 0xff01	/* on the wire */

/* Its place in sets and lists, or TLS_EXT_NUMBERS if it has none. */
static unsigned
place_of(unsigned number)
{
	if (number == RENEGOTIATION)
		return EXT_RENEGOTIATION;
	return number < EXT_RENEGOTIATION ? number : TLS_EXT_NUMBERS;
}

/* What our hello does not have may not be answered; what it has may be, in the
 * right message. A list that asks may have what was not offered. */
static enum tls_fault
take(struct tls_ext_list *x, unsigned number, struct span value)
{
	unsigned place = place_of(number);
	uint64_t bit = place < TLS_EXT_NUMBERS ? TLS_EXT(place) : 0;

	if ((x->found & bit) != 0)
		return FAULT_VALUE;
	x->found |= bit;
	if ((x->allowed & bit) != 0)
		x->value[place] = value;
	else if (!x->is_request)
		return (x->offered & bit) != 0 ? FAULT_VALUE
		                               : FAULT_EXTENSION;
	return FAULT_NONE;
}

/* see tls/tls_ext.h */
enum tls_fault
tls_ext_read(struct tls_ext_list *x, struct span block)
{
	struct span list = wire_vector(&block, 2);
	enum tls_fault f = FAULT_NONE;

	x->found = 0;
	if (!wire_is_whole(&block))
		return FAULT_MALFORMED;
	while (list.len > 0 && f == FAULT_NONE) {
		unsigned number = wire_number(&list, 2);
		struct span value = wire_vector(&list, 2);

		f = list.p != NULL ? take(x, number, value) : FAULT_MALFORMED;
	}
	return f;
}

/* see tls/tls_ext.h */
bool
tls_ext_has(const struct tls_ext_list *x, enum tls_ext number,
            struct span *value)
{
	if ((x->found & x->allowed & TLS_EXT(number)) == 0)
		return false;
	*value = x->value[number];
	return true;
}
