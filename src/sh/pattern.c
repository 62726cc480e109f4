/* SPDX-License-Identifier: MIT */
/* sh/pattern.c - grep's patterns, without groups */
#include "sh/pattern.h"

#include <string.h>

#include "base/err.h"
#include "base/span.h"

enum kind {
	BYTE, ANY, SET,
	CARET, DOLLAR,	/* take no byte */
	NOTHING,	/* no item is of this kind */
	DONE,	/* an alternative's end; the next one starts behind it */
};

/* Reads the set behind a [, and says in is_in whether it takes c, which may
 * also be written as other. Returns the place behind its ], or NULL if it has
 * none or what is not known here. */
static const char *
read_set(struct sh_pattern *m, const char *at, unsigned char c,
         unsigned char other)
{
	static const char space[] = "[:space:]";
	bool is_not = *at == '^', is_in = false;
	const char *first = at += is_not;

	for (; *at != ']' || at == first; at++) {
		unsigned char from = (unsigned char)*at, to = from;

		if (strncmp(at, space, sizeof space - 1) == 0) {
			is_in |= c == ' ' || (c >= '\t' && c <= '\r');
			at += sizeof space - 2;
			continue;
		}
		if (from == '\0')
			return NULL;
		if (at[1] == '-' && at[2] != ']' && at[2] != '\0') {
			at += 2;
			to = (unsigned char)*at;
		}
		if (from > to || from == '\n' || to == '\n'
		 || (*at == '[' && strchr(":=.", at[1]) != NULL))
			return NULL;
		is_in |= (c >= from && c <= to)
		      || (other >= from && other <= to);
	}
	m->is_in = is_in != is_not;
	return at + 1;
}

/* Is this an operator, which basic expressions write with a \ before it? Then
 * it is taken. */
static bool
takes(struct sh_pattern *m, char operator)
{
	const char *p = m->p;

	if ((m->flags & SH_FIXED) != 0
	 || ((m->flags & SH_EXTENDED) == 0 && *p++ != '\\') || *p != operator)
		return false;
	m->p = p + 1;
	return true;
}

/* Takes one byte, set or anchor; false if it is refused. */
static bool
read_item(struct sh_pattern *m, struct sh_item *item)
{
	bool is_basic = (m->flags & SH_EXTENDED) == 0;
	const char *next = m->p + 1;
	char c = *m->p;

	item->byte = (unsigned char)c;
	item->kind = BYTE;
	if ((m->flags & SH_FIXED) != 0) {
		;	/* whatever it is */
	} else if (c == '.') {
		item->kind = ANY;
	} else if (c == '[') {
		item->kind = SET;
		item->byte = (unsigned char)(next - m->text);
		next = read_set(m, next, 0, 0);
		if (next == NULL)
			return false;
	} else if (c == '^' && (!is_basic || item == m->items
	                     || item[-1].kind == DONE)) {
		item->kind = CARET;
	} else if (c == '$' && (!is_basic || *next == '\0' || *next == '\n'
	                     || (*next == '\\' && next[1] == '|'))) {
		item->kind = DOLLAR;
	} else if (c == '\\') {
		item->byte = (unsigned char)*next++;
		if (item->byte == '\0'
		 || strchr(&"(){|+?}.*[]^$\\/\"-"[is_basic ? 7 : 0],
		           item->byte) == NULL)
			return false;
	} else if (!is_basic && (strchr("()*+?", c) != NULL || (c == '{'
	                     && strchr(",0123456789", *next) != NULL))) {
		return false;	/* a group, a bound; nothing to repeat */
	}
	m->p = next;
	return true;
}

/* How often the item before p may come; not an anchor, behind which a * is a
 * byte in basic expressions, and all else is refused. */
static void
read_repeats(struct sh_pattern *m, struct sh_item *item)
{
	while (item->kind != CARET && item->kind != DOLLAR) {
		if (*m->p == '*' && (m->flags & SH_FIXED) == 0)
			m->p++;
		else if (!takes(m, '+') && !takes(m, '?'))
			break;
		item->repeats |= m->p[-1] != '?';
		item->is_optional |= m->p[-1] != '+';
	}
}

/* Adds to where the line may be what can be come to without a byte. */
static void
spread(struct sh_pattern *m, enum kind anchor)
{
	for (unsigned i = 0; i < m->n; i++) {
		struct sh_item *item = &m->items[i];

		item->is_here |= i == 0 || item[-1].kind == DONE;
		if (item->is_here
		 && (item->is_optional || item->kind == anchor))
			item[1].is_here = true;
	}
}

static void
start_line(struct sh_pattern *m)
{
	for (unsigned i = 0; i < m->n; i++)
		m->items[i].is_here = false;
	m->has_matched = false;
	spread(m, CARET);
}

static bool
takes_byte(struct sh_pattern *m, const struct sh_item *item, unsigned char c,
           unsigned char other)
{
	if (item->kind != SET)
		return item->kind == ANY
		    || (item->kind == BYTE
		        && (item->byte == c || item->byte == other));
	(void)read_set(m, m->text + item->byte, c, other);	/* has its ] */
	return m->is_in;
}

/* see sh/pattern.h */
bool
sh_pattern_step(struct sh_pattern *m, char c)
{
	bool is_end = c == '\n', is_match;
	unsigned char byte = (unsigned char)c, other = byte;

	if ((m->flags & SH_ANY_CASE) != 0 && span_fold(c) - 'a' < 26)
		other ^= 0x20;
	if (is_end)
		spread(m, DOLLAR);
	/* From the last one: none that was reached by this byte is asked. */
	for (unsigned i = m->n; i-- > 0;) {
		struct sh_item *item = &m->items[i];
		bool takes_it = item->is_here
		             && takes_byte(m, item, byte, other);

		m->has_matched |= item->kind == DONE && item->is_here;
		item->is_here = takes_it && item->repeats;
		if (takes_it)
			item[1].is_here = true;
	}
	is_match = m->has_matched;
	if (is_end)
		start_line(m);
	else
		spread(m, NOTHING);
	return is_match;
}

/* see sh/pattern.h */
int
sh_pattern_read(struct sh_pattern *m, const char *text, unsigned flags)
{
	m->p = m->text = text;
	m->flags = flags;
	if (strlen(text) > SH_PATTERN_MAX)
		return ERR_TOOBIG;
	for (m->n = 0;; m->n++) {
		struct sh_item *item = &m->items[m->n];

		*item = (struct sh_item){ .kind = DONE };
		if (*m->p == '\n')
			m->p++;
		else if (*m->p == '\0')
			break;
		else if (!takes(m, '|') && !read_item(m, item))
			return *m->p == '[' && strchr(m->p, ']') == NULL
			     ? ERR_SHORT : ERR_PARSE;
		else if (item->kind != DONE)
			read_repeats(m, item);
	}
	m->n++;
	start_line(m);
	return 0;
}
