/* SPDX-License-Identifier: MIT */
/*
 * net/huffman.h - decodes HPACK's Huffman code (RFC 7541, appendix B) (pure)
 */
#ifndef HALE_NET_HUFFMAN_H
#define HALE_NET_HUFFMAN_H

#include "base/buf.h"

/*
 * Appends what the coded bytes stand for. Returns 0, or ERR_PARSE: a code for
 * the end of the string in it, or padding that is not the start of that code or
 * longer than 7 bits (5.2).
 */
int huffman_read(struct buf *b, struct span coded);

#endif
