/* SPDX-License-Identifier: MIT */
/* same_ip.h - is it the same address, zone included? */
#ifndef HALE_TESTS_SAME_IP_H
#define HALE_TESTS_SAME_IP_H

#include "net/ip.h"

static inline bool
is_same_ip(const struct ip *a, const struct ip *b)
{
	return a->is_v6 == b->is_v6 && a->zone == b->zone
	    && memcmp(a->b, b->b, a->is_v6 ? IP_V6_LEN : IP_V4_LEN) == 0;
}

#endif
