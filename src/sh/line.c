/* SPDX-License-Identifier: MIT */
/*
 * sh/line.c - the grammar of a line, by recursive descent
 *
 * A list calls itself within groups, which SH_DEPTH_MAX bounds. The first error
 * stays in r and ends everything: from then on each function returns at once.
 */
#include "sh/line.h"

#include "base/err.h"

struct reader {
	struct sh_line    *line;
	const char        *p;
	sh_allows         *allows;
	struct sh_command *command;
	unsigned           depth;
	int                r;
};

static unsigned
add(struct reader *d, enum sh_kind kind, unsigned left, unsigned right,
    const char *at)
{
	struct sh_line *l = d->line;

	if (l->n == SH_NODES_MAX) {
		d->r = ERR_TOOBIG;
		return SH_NONE;
	}
	l->nodes[l->n] = (struct sh_node){
		(unsigned char)kind, (unsigned char)left, (unsigned char)right,
		(unsigned short)(at - l->text)
	};
	return (unsigned)l->n++;
}

static void
skip_newlines(struct reader *d)
{
	d->p = sh_skip_blanks(d->p);
	while (*d->p == '\n')
		d->p = sh_skip_blanks(d->p + 1);
}

/* Takes an operator; neither || as | nor ;; as ;. */
static bool
takes(struct reader *d, const char *operator)
{
	size_t n = strlen(operator);

	d->p = sh_skip_blanks(d->p);
	if (strncmp(d->p, operator, n) != 0
	 || (n == 1 && d->p[1] == *operator && strchr("|;", *operator)))
		return false;
	d->p += n;
	return true;
}

static bool
is_word(const struct reader *d, const char *word)
{
	size_t n = strlen(word);

	return strncmp(d->p, word, n) == 0 && sh_ends_word(d->p[n]);
}

static bool
takes_word(struct reader *d, const char *word)
{
	if (!is_word(d, word))
		return false;
	d->p += strlen(word);
	return true;
}

static void
expect_word(struct reader *d, const char *word)
{
	if (d->r == 0 && !takes_word(d, word))
		d->r = ERR_PARSE;
}

static bool
is_at_end(const struct reader *d)
{
	static const char words[] = "}\0then\0elif\0else\0fi\0";

	for (const char *w = words; *w != '\0'; w += strlen(w) + 1)
		if (is_word(d, w))
			return true;
	return *d->p == '\0' || *d->p == ')';
}

/* NAME=VALUE, which would set a variable. */
static bool
is_assignment(const char *p)
{
	size_t n = 0;

	while (span_fold(p[n]) - 'a' < 26 || p[n] == '_'
	    || (p[n] >= '0' && p[n] <= '9'))
		n++;
	return n > 0 && p[n] == '=';
}

static unsigned
read_simple(struct reader *d)
{
	const char *at = d->p;

	d->r = is_assignment(at)
	     ? ERR_PARSE : sh_command_read(d->command, &d->p, NULL);
	if (d->r == 0 && !d->allows(d->command)) {
		d->p = at;
		d->r = ERR_PARSE;
	}
	if (d->r == 0 && d->p == at)	/* an operator */
		d->r = ERR_PARSE;
	return add(d, SH_COMMAND, SH_NONE, SH_NONE, at);
}

/* Behind if or elif: up to fi. `list` is read_list(), which calls this. */
static unsigned
read_if(struct reader *d, unsigned (*list)(struct reader *d))
{
	unsigned condition = list(d), good, bad = SH_NONE;
	const char *at;

	expect_word(d, "then");
	good = d->r == 0 ? list(d) : SH_NONE;
	at = d->p;
	if (d->r == 0 && is_word(d, "elif")) {
		d->p += 4;
		if (++d->depth > SH_DEPTH_MAX)
			d->r = ERR_TOOBIG;
		bad = d->r == 0 ? read_if(d, list) : SH_NONE;
		d->depth--;
	} else {
		if (d->r == 0 && takes_word(d, "else"))
			bad = list(d);
		expect_word(d, "fi");
	}
	return add(d, SH_IF, condition, add(d, SH_THEN, good, bad, at), at);
}

static unsigned
read_command(struct reader *d, unsigned (*list)(struct reader *d))
{
	enum sh_kind kind = SH_GROUP;
	unsigned inner;
	const char *at;

	d->p = sh_skip_blanks(d->p);
	if (is_word(d, "if") || is_word(d, "{") || *d->p == '(') {
		if (++d->depth > SH_DEPTH_MAX) {
			d->r = ERR_TOOBIG;
			return SH_NONE;
		}
		if (takes_word(d, "if")) {
			inner = read_if(d, list);
		} else {
			kind = *d->p++ == '(' ? SH_SUBSHELL : SH_GROUP;
			inner = list(d);
			if (kind == SH_GROUP)
				expect_word(d, "}");
			else if (d->r == 0 && !takes(d, ")"))
				d->r = ERR_PARSE;
		}
		d->depth--;
		at = d->p;
		if (d->r == 0)
			d->r = sh_command_read(d->command, &d->p, NULL);
		if (d->r == 0 && (d->command->n > 0
		               || d->command->var_at != SH_NONE)) {
			d->p = sh_skip_blanks(at);
			d->r = ERR_PARSE;	/* a word */
		}
		return add(d, kind, inner, SH_NONE, at);
	}
	return read_simple(d);
}

static unsigned
read_pipeline(struct reader *d, unsigned (*list)(struct reader *d))
{
	bool is_not;
	unsigned left;

	d->p = sh_skip_blanks(d->p);
	is_not = takes_word(d, "!");
	left = read_command(d, list);
	while (d->r == 0 && takes(d, "|")) {
		skip_newlines(d);
		left = add(d, SH_PIPE, left, read_command(d, list), d->p);
	}
	return is_not ? add(d, SH_NOT, left, SH_NONE, d->p) : left;
}

static unsigned
read_and_or(struct reader *d, unsigned (*list)(struct reader *d))
{
	unsigned left = read_pipeline(d, list);

	while (d->r == 0) {
		enum sh_kind kind = takes(d, "&&") ? SH_AND : SH_OR;

		if (kind == SH_OR && !takes(d, "||"))
			break;
		skip_newlines(d);
		left = add(d, kind, left, read_pipeline(d, list), d->p);
	}
	return left;
}

/* Up to what ends it, which is not taken; not empty. */
static unsigned
read_list(struct reader *d)
{
	unsigned left;

	skip_newlines(d);
	left = read_and_or(d, read_list);
	while (d->r == 0 && (takes(d, ";") || takes(d, "\n"))) {
		skip_newlines(d);
		if (is_at_end(d))
			break;
		left = add(d, SH_SEQUENCE, left, read_and_or(d, read_list),
		           d->p);
	}
	return left;
}

/* see sh/line.h */
int
sh_line_read(struct sh_line *l, const char *text, sh_allows *allows,
             struct sh_command *memory, const char **bad)
{
	struct reader d = { l, text, allows, memory, 0, 0 };

	l->text = text;
	l->root = SH_NONE;
	l->n = 0;
	if (strlen(text) > SH_LINE_MAX)
		d.r = ERR_TOOBIG;
	for (const char *p = text; d.r == 0 && *p != '\0'; p++)
		if (span_has_control(span_over(p, 1), false) && *p != '\t'
		 && *p != '\n') {
			d.p = p;
			d.r = ERR_PARSE;
		}
	if (d.r == 0)
		skip_newlines(&d);
	if (d.r == 0 && *d.p != '\0')
		l->root = read_list(&d);
	if (d.r == 0 && *d.p != '\0')
		d.r = ERR_PARSE;	/* what no list goes on with */
	*bad = d.p;
	return d.r;
}
