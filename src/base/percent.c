/* SPDX-License-Identifier: MIT */
/* base/percent.c - percent-encoding, decoded and written */
#include "base/percent.h"

#include "base/err.h"
#include "base/parse.h"

/* see base/percent.h */
int
percent_byte(struct span text)
{
	int high, low;

	if (text.len < 3 || text.p[0] != '%')
		return -1;
	high = parse_hex_digit(text.p[1]);
	low = parse_hex_digit(text.p[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* see base/percent.h */
int
percent_decode(struct buf *b, struct span text)
{
	while (text.len > 0) {
		int byte = percent_byte(text);
		char c = byte < 0 ? text.p[0] : (char)byte;

		if ((unsigned char)c < ' ')
			return ERR_PARSE;
		buf_byte(b, (unsigned char)c);
		text = span_after(text, byte < 0 ? 1 : 3);
	}
	return 0;
}

/* see base/percent.h */
void
percent_encode(struct buf *b, char byte)
{
	static const char *const hex = "0123456789ABCDEF";
	unsigned char c = (unsigned char)byte;
	const char x[] = { '%', hex[c >> 4], hex[c & 15] };

	buf_add(b, (struct span){ x, sizeof x });
}
