/* SPDX-License-Identifier: MIT */
/*
 * sh/pattern.c - grep's patterns as programs
 *
 * Steps that take a byte lead to the next one; jumps and forks take none, and
 * what they lead to is added to the set of states at once. `now` has the
 * states before the line's next byte: those that take one, DOLLAR and DONE,
 * about which the byte behind them decides.
 */
#include "sh/pattern.h"

#include <string.h>

#include "base/err.h"
#include "base/span.h"

enum op {
	BYTE, ANY, SET,
	CARET, DOLLAR,
	JUMP,
	FORK,	/* both the next step and the one at `to` */
	DONE,
};

struct reader {
	struct sh_pattern *m;
	const char        *p;
	unsigned           depth;
	int                r;
};

static const char classes[] = "alnum\0alpha\0digit\0space\0";
enum { ALNUM, ALPHA, DIGIT, SPACE, CLASSES };

static bool
is_of_class(unsigned class, unsigned c)
{
	bool is_alpha = span_fold((char)c) - 'a' < 26;
	bool is_digit = c - '0' < 10;

	switch (class) {
	case ALNUM:
		return is_alpha || is_digit;
	case ALPHA:
		return is_alpha;
	case DIGIT:
		return is_digit;
	default:
		return c == ' ' || c - '\t' < 5;
	}
}

/* The class whose "[:NAME:]" starts at p, CLASSES if there is none. */
static unsigned
class_at(const char *p)
{
	unsigned i = 0;

	while (i < CLASSES && (strncmp(p, "[:", 2) != 0
	       || strncmp(p + 2, span_nth_text(classes, i), 5) != 0
	       || strncmp(p + 7, ":]", 2) != 0))
		i++;
	return i;
}

/* Bytes from `first` to `last`, or a class. */
struct item {
	unsigned char first, last;
	unsigned      class;	/* or CLASSES */
};

/* Returns the place behind the item of a set that starts at p. */
static const char *
read_item(struct item *i, const char *p)
{
	i->class = class_at(p);
	i->first = i->last = (unsigned char)*p;
	if (i->class < CLASSES)
		return p + 9;
	if (p[1] != '-' || p[2] == ']' || p[2] == '\0')
		return p + 1;
	i->last = (unsigned char)p[2];
	return p + 3;
}

/* Is byte in the set whose first byte behind [ is p? The set is well formed. */
static bool
is_in_set(const char *p, unsigned byte)
{
	bool is_not = *p == '^', is_in = false;
	const char *first = p += is_not;
	struct item i;

	while (*p != ']' || p == first) {
		p = read_item(&i, p);
		is_in |= i.class < CLASSES
		       ? is_of_class(i.class, byte)
		       : byte >= i.first && byte <= i.last;
	}
	return is_in != is_not;
}

static void
add_step(struct reader *d, enum op op, unsigned char byte, long to)
{
	struct sh_pattern *m = d->m;

	if (m->n == SH_STEPS_MAX)
		d->r = ERR_TOOBIG;
	else
		m->steps[m->n++] = (struct sh_step){ (unsigned char)op, byte,
		                                     (short)to };
}

/* A step before those from `at` on; jumps among these are relative. */
static void
insert_step(struct reader *d, short at, enum op op, long to)
{
	struct sh_step *s = &d->m->steps[at];
	size_t n = (size_t)(d->m->n - at);

	add_step(d, op, 0, 0);
	if (d->r < 0)
		return;
	memmove(s + 1, s, n * sizeof *s);
	*s = (struct sh_step){ (unsigned char)op, 0, (short)to };
}

/* Takes an operator, which basic expressions write with a \ before it. */
static bool
takes(struct reader *d, char operator)
{
	bool is_basic = (d->m->flags & SH_EXTENDED) == 0;

	if ((d->m->flags & SH_FIXED) != 0 || (is_basic && *d->p != '\\')
	 || d->p[is_basic] != operator)
		return false;
	d->p += 1 + is_basic;
	return true;
}

/* The same without taking it, or the end. */
static bool
is_before(struct reader *d, const char *operators)
{
	const char *was = d->p;
	bool is = *was == '\0' || *was == '\n';

	for (; *operators != '\0'; operators++) {
		is |= takes(d, *operators);
		d->p = was;
	}
	return is;
}

/* Behind [: checks the set and passes over it. */
static void
read_set(struct reader *d)
{
	const char *start = d->p - 1, *first;
	struct item i;

	add_step(d, SET, 0, d->p - d->m->text);
	d->p += *d->p == '^';
	first = d->p;
	while (d->r == 0 && (*d->p != ']' || d->p == first)) {
		const char *at = d->p;

		d->p = read_item(&i, at);
		if (*at == '\0' || (*at == '[' && i.class == CLASSES
		                 && at[1] != '\0' && strchr(":.=", at[1]))) {
			d->p = start;
			d->r = ERR_PARSE;
			return;
		}
	}
	d->p++;
}

static bool
is_punctuation(char c)
{
	return c > ' ' && c < 0x7f && strchr("<>`'", c) == NULL
	    && !is_of_class(ALNUM, (unsigned char)c);
}

/* One byte, set or anchor. `is_first`: nothing is before it. */
static void
read_plain(struct reader *d, bool is_first)
{
	bool is_extended = (d->m->flags & SH_EXTENDED) != 0;
	char c = *d->p++;

	if ((d->m->flags & SH_FIXED) != 0) {
		add_step(d, BYTE, (unsigned char)c, 0);
	} else if (c == '.') {
		add_step(d, ANY, 0, 0);
	} else if (c == '[') {
		read_set(d);
	} else if (c == '^' && (is_extended || is_first)) {
		add_step(d, CARET, 0, 0);
	} else if (c == '$' && (is_extended || is_before(d, "|)"))) {
		add_step(d, DOLLAR, 0, 0);
	} else if (c == '\\' && (!is_punctuation(*d->p)
	                      || (!is_extended && *d->p == '{'))) {
		d->p--;
		d->r = ERR_PARSE;
	} else {
		if (c == '\\')
			c = *d->p++;
		else if (is_extended && c == '{'
		      && (is_of_class(DIGIT, (unsigned char)*d->p)
		       || *d->p == ',')) {
			d->p--;
			d->r = ERR_PARSE;
		}
		add_step(d, BYTE, (unsigned char)c, 0);
	}
}

/* What * + ? repeat, from `at` on. */
static void
read_repeats(struct reader *d, short at)
{
	while (d->r == 0) {
		long n = d->m->n - at;

		if (*d->p == '*') {
			d->p++;
			insert_step(d, at, FORK, n + 2);
			add_step(d, JUMP, 0, -n - 1);
		} else if (takes(d, '+')) {
			add_step(d, FORK, 0, -n);
		} else if (takes(d, '?')) {
			insert_step(d, at, FORK, n + 1);
		} else {
			break;
		}
	}
}

static void
read_branch(struct reader *d, void (*either)(struct reader *d))
{
	const char *start = d->p;

	while (d->r == 0 && !is_before(d, "|)")) {
		short at = d->m->n;
		bool is_first = d->p == start, is_anchor = *d->p == '^';

		if (takes(d, '(')) {
			if (++d->depth > SH_GROUPS_MAX)
				d->r = ERR_TOOBIG;
			else
				either(d);
			d->depth--;
			if (d->r == 0 && !takes(d, ')'))
				d->r = ERR_PARSE;
		} else {
			read_plain(d, is_first);
			/* Then a * is a byte. */
			if (is_first && is_anchor)
				start = d->p;
		}
		if (d->p != start && (d->m->flags & SH_FIXED) == 0)
			read_repeats(d, at);
	}
}

static void
read_either(struct reader *d)
{
	short at = d->m->n;

	read_branch(d, read_either);
	while (d->r == 0 && (takes(d, '|')
	                  || (d->depth == 0 && *d->p == '\n' && d->p++))) {
		long n = d->m->n - at;
		short jump;

		insert_step(d, at, FORK, n + 2);
		jump = d->m->n;
		add_step(d, JUMP, 0, 0);
		read_branch(d, read_either);
		if (d->r == 0)
			d->m->steps[jump].to = (short)(d->m->n - jump);
	}
}

/* Adds the step i to the states in `set`, and what follows without a byte. */
static void
add_state(const struct sh_pattern *m, unsigned char *set, int i)
{
	const struct sh_step *s = &m->steps[i];
	unsigned char bit = (unsigned char)(1 << i % 8);

	if ((set[i / 8] & bit) != 0)
		return;
	set[i / 8] |= bit;
	if (s->op == JUMP || s->op == FORK)
		add_state(m, set, i + s->to);
	if (s->op == FORK || (s->op == CARET && m->before < 0))
		add_state(m, set, i + 1);
}

static bool
is_of_word(int c)
{
	return c >= 0 && (c == '_' || is_of_class(ALNUM, (unsigned)c));
}

/* Does the step take the byte? */
static bool
takes_byte(const struct sh_pattern *m, const struct sh_step *s, unsigned byte)
{
	bool any_case = (m->flags & SH_ANY_CASE) != 0;
	bool is_letter = any_case && is_of_class(ALPHA, byte);

	switch (s->op) {
	case ANY:
		return true;
	case SET:
		return is_in_set(m->text + s->to, byte)
		    || (is_letter && is_in_set(m->text + s->to, byte ^ 0x20));
	case BYTE:
		return byte == s->byte
		    || (is_letter && (byte ^ 0x20) == s->byte);
	default:
		return false;
	}
}

/* Is it a match that ends before this byte, -1: the line's end? */
static bool
is_match(const struct sh_pattern *m, int next)
{
	int last = m->n - 1;

	if ((m->now[last / 8] & 1 << last % 8) == 0)
		return false;
	return next < 0 || ((m->flags & SH_LINE) == 0
	                 && ((m->flags & SH_WORD) == 0 || !is_of_word(next)));
}

static void
start_match(struct sh_pattern *m)
{
	if (m->before < 0 || ((m->flags & SH_LINE) == 0
	                   && ((m->flags & SH_WORD) == 0
	                    || !is_of_word(m->before))))
		add_state(m, m->now, 0);
}

static void
start_line(struct sh_pattern *m)
{
	memset(m->now, 0, sizeof m->now);
	m->before = -1;
	m->has_matched = false;
	start_match(m);
}

/* see sh/pattern.h */
void
sh_pattern_byte(struct sh_pattern *m, unsigned char byte)
{
	m->has_matched |= is_match(m, byte);
	if (m->has_matched)
		return;
	m->before = byte;
	memset(m->next, 0, sizeof m->next);
	for (int i = 0; i < m->n; i++)
		if ((m->now[i / 8] & 1 << i % 8) != 0
		 && takes_byte(m, &m->steps[i], byte))
			add_state(m, m->next, i + 1);
	memcpy(m->now, m->next, sizeof m->now);
	start_match(m);
}

/* see sh/pattern.h */
bool
sh_pattern_end(struct sh_pattern *m)
{
	bool has_matched;

	/* One step may lead to another that stands before it. */
	for (int turn = 0; turn < m->n; turn++)
		for (int i = 0; i < m->n; i++)
			if (m->steps[i].op == DOLLAR
			 && (m->now[i / 8] & 1 << i % 8) != 0)
				add_state(m, m->now, i + 1);
	has_matched = m->has_matched || is_match(m, -1);
	start_line(m);
	return has_matched;
}

/* see sh/pattern.h */
int
sh_pattern_read(struct sh_pattern *m, const char *text, unsigned flags,
                const char **bad)
{
	struct reader d = { m, text, 0, 0 };

	m->text = text;
	m->flags = flags;
	m->n = 0;
	if (strlen(text) > SH_PATTERN_MAX)
		d.r = ERR_TOOBIG;
	else
		read_either(&d);
	if (d.r == 0 && *d.p != '\0')
		d.r = ERR_PARSE;	/* a ) too many */
	add_step(&d, DONE, 0, 0);
	*bad = d.p;
	if (d.r == 0)
		start_line(m);
	return d.r;
}
