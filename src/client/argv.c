/* SPDX-License-Identifier: MIT */
/* client/argv.c - a command line in one text to its words */
#include "client/argv.h"

#include "base/err.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Takes one word off *rest, which starts with it. */
static int
split_word(struct buf *b, struct span *rest)
{
	char quote = '\0';

	for (; rest->len > 0; *rest = span_after(*rest, 1)) {
		char c = rest->p[0];

		if (quote == '\0' && is_blank(c))
			break;
		if (c == '\0')
			return ERR_PARSE;
		if (quote == '\0' && (c == '"' || c == '\'')) {
			quote = c;
			continue;
		}
		if (quote != '\0' && c == quote) {
			quote = '\0';
			continue;
		}
		if (c == '\\' && quote != '\'') {
			*rest = span_after(*rest, 1);
			if (rest->len == 0)
				return ERR_QUOTE;
			c = rest->p[0];
		}
		buf_byte(b, (unsigned char)c);
	}
	buf_byte(b, 0);
	return quote == '\0' ? 0 : ERR_QUOTE;
}

/* see client/argv.h */
int
argv_split(char *argv[ARGV_MAX + 1], struct buf *room, struct span text)
{
	const size_t from = room->len;
	size_t n = 0;

	for (;;) {
		int r;

		while (text.len > 0 && is_blank(text.p[0]))
			text = span_after(text, 1);
		if (text.len == 0)
			break;
		if (n == ARGV_MAX)
			return ERR_TOOBIG;
		argv[n++] = room->p + room->len;
		r = split_word(room, &text);
		if (r < 0)
			return r;
		if (room->cut || room->len - from > ARGV_TEXT_MAX)
			return ERR_TOOBIG;
	}
	argv[n] = NULL;
	return n > 0 && argv[0][0] != '\0' ? 0 : ERR_PARSE;
}
