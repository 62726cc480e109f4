/* SPDX-License-Identifier: MIT */
/* tls/tls_ext.c - lists of extensions in handshake messages */
#include "tls/tls_ext.h"

#include "tls/wire.h"

#define RENEGOTIATION 0xff01	/* on the wire */

static bool
refuse(enum tls_alert *alert, enum tls_alert with)
{
	*alert = with;
	return false;
}

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
static bool
take(struct tls_ext_list *x, unsigned number, struct span value,
     enum tls_alert *alert)
{
	unsigned place = place_of(number);
	uint64_t bit = place < TLS_EXT_NUMBERS ? TLS_EXT(place) : 0;

	if ((x->found & bit) != 0)
		return refuse(alert, TLS_ALERT_ILLEGAL);
	x->found |= bit;
	if ((x->allowed & bit) != 0)
		x->value[place] = value;
	else if (!x->is_request)
		return refuse(alert, (x->offered & bit) != 0
		                     ? TLS_ALERT_ILLEGAL
		                     : TLS_ALERT_EXTENSION);
	return true;
}

/* see tls/tls_ext.h */
bool
tls_ext_read(struct tls_ext_list *x, struct span block, enum tls_alert *alert)
{
	struct span list = wire_vector(&block, 2);

	x->found = 0;
	if (!wire_is_whole(&block))
		return refuse(alert, TLS_ALERT_DECODE);
	while (list.len > 0) {
		unsigned number = wire_number(&list, 2);
		struct span value = wire_vector(&list, 2);

		if (list.p == NULL)
			return refuse(alert, TLS_ALERT_DECODE);
		if (!take(x, number, value, alert))
			return false;
	}
	return true;
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
