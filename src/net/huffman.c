/* SPDX-License-Identifier: MIT */
/*
 * net/huffman.c - decodes HPACK's Huffman code (RFC 7541, appendix B)
 *
 * The code is a canonical one: sorted by length and then by symbol, the codes
 * of a length are consecutive numbers, and the first of the next length is the
 * one behind the last, with a zero added. So the symbols in that order and the
 * number of codes of each length are the whole code.
 */
#include "net/huffman.h"

#include "base/err.h"

#define CODE_MAX 30	/* bits of the longest code */
#define EOS_RANK 256	/* the end of the string is the last of the order */
#define PAD_MAX  7

static const unsigned char counts[CODE_MAX + 1] = {
	[5] = 10, [6] = 26, [7] = 32, [8] = 6, [10] = 5, [11] = 3, [12] = 2,
	[13] = 6, [14] = 2, [15] = 3, [19] = 3, [20] = 8, [21] = 13, [22] = 26,
	[23] = 29, [24] = 12, [25] = 4, [26] = 15, [27] = 19, [28] = 29,
	[30] = 4,
};

static const unsigned char symbols[EOS_RANK] = {
	/* 5 bits */
	'0', '1', '2', 'a', 'c', 'e', 'i', 'o', 's', 't',
	/* 6 */
	' ', '%', '-', '.', '/', '3', '4', '5', '6', '7', '8', '9', '=', 'A',
	'_', 'b', 'd', 'f', 'g', 'h', 'l', 'm', 'n', 'p', 'r', 'u',
	/* 7 */
	':', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N',
	'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'Y', 'j', 'k', 'q', 'v',
	'w', 'x', 'y', 'z',
	/* 8 */
	'&', '*', ',', ';', 'X', 'Z',
	/* 10, 11, 12 */
	'!', '"', '(', ')', '?', '\'', '+', '|', '#', '>',
	/* 13, 14, 15 */
	0, '$', '@', '[', ']', '~', '^', '}', '<', '`', '{',
	/* 19, 20 */
	'\\', 195, 208, 128, 130, 131, 162, 184, 194, 224, 226,
	/* 21 */
	153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230,
	/* 22 */
	129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173,
	178, 181, 185, 186, 187, 189, 190, 196, 198, 228, 232, 233,
	/* 23 */
	1, 135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157,
	158, 165, 166, 168, 174, 175, 180, 182, 183, 188, 191, 197, 231, 239,
	/* 24, 25 */
	9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237, 199, 207, 234,
	235,
	/* 26 */
	192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243,
	255,
	/* 27 */
	203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248,
	250, 251, 252, 253, 254,
	/* 28 */
	2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25,
	26, 27, 28, 29, 30, 31, 127, 220, 249,
	/* 30 */
	10, 13, 22,
};

/* Where a code is being read. */
struct walk {
	uint32_t code;		/* its bits so far */
	unsigned len;		/* how many */
	uint32_t first;		/* the first code of that length */
	unsigned rank;		/* its place in the order */
};

/* Takes one bit. Returns the symbol's place in the order, or -1: more bits. */
static int
step(struct walk *w, unsigned bit)
{
	w->first = (w->first + counts[w->len]) << 1;
	w->rank += counts[w->len];
	w->code = w->code << 1 | bit;
	w->len++;
	if (w->code - w->first >= counts[w->len])
		return -1;
	return (int)(w->rank + w->code - w->first);
}

/* see net/huffman.h */
int
huffman_read(struct buf *b, struct span coded)
{
	struct walk w = { 0 };

	for (size_t i = 0; i < coded.len; i++) {
		unsigned byte = (unsigned char)coded.p[i];

		for (int shift = 7; shift >= 0; shift--) {
			int rank = step(&w, byte >> shift & 1);

			if (rank < 0)
				continue;
			if (rank == EOS_RANK)
				return ERR_PARSE;
			buf_add(b, span_over(&symbols[rank], 1));
			w = (struct walk){ 0 };
		}
	}
	return w.len > PAD_MAX || w.code != (1u << w.len) - 1 ? ERR_PARSE : 0;
}
