/* SPDX-License-Identifier: MIT */
/*
 * base/parse.h - numbers, durations and truth values from text (pure)
 *
 * Each takes a whole terminated text: leading or trailing bytes that do not
 * belong are an error. *out is written only on success. All return 0,
 * ERR_PARSE (not of that form) or ERR_RANGE (of that form, out of bounds).
 */
#ifndef HALE_BASE_PARSE_H
#define HALE_BASE_PARSE_H

#include "base/span.h"

#include <stdint.h>

#define PARSE_MS_MAX (INT64_C(10000) * 24 * 60 * 60 * 1000)	/* 10000 days */

/* Decimal digits only, 0..max. */
int parse_uint(const char *text, uint64_t max, uint64_t *out);
int parse_uint_span(struct span text, uint64_t max, uint64_t *out);

/* 0..15, or -1: no such digit. */
int parse_hex_digit(char c);

/* A duration as Go and Docker write it: "250ms", "1.5h", "1m30s", with the
 * units h, m, s, ms, us, ns in this order; or a bare number, which is seconds.
 * Parts of a millisecond are cut off; what is less than one, yet not 0, is
 * ERR_RANGE, as is more than PARSE_MS_MAX. */
int parse_ms(const char *text, int64_t *out_ms);

/* 1 true yes on / 0 false no off, in any case. */
int parse_bool(const char *text, bool *out);

#endif
