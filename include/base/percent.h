/* SPDX-License-Identifier: MIT */
/*
 * base/percent.h - percent-encoding (RFC 3986, 2.1), decoded and written (pure)
 */
#ifndef HALE_BASE_PERCENT_H
#define HALE_BASE_PERCENT_H

#include "base/buf.h"

/* The byte of "%XX" at the start of text, or -1. */
int percent_byte(struct span text);

/* Appends text with each %XX decoded, once; a '%' without two hex digits after
 * it stays. Returns 0, or ERR_PARSE if a byte below ' ' comes out, which no
 * name, path or password of ours may have. */
int percent_decode(struct buf *b, struct span text);

/* Appends the byte as "%XX". */
void percent_encode(struct buf *b, char byte);

#endif
