/* SPDX-License-Identifier: MIT */
/*
 * sh/line.c - the grammar of a line, by recursive descent
 *
 * After an error the line is at its end, so that each function returns soon. A
 * list calls itself within groups, which SH_DEPTH_MAX bounds: it is handed down
 * as a function.
 */
#include "sh/line.h"

#include "base/err.h"

typedef void walk(struct sh_line *l);

/* The first one counts. */
static void
fail(struct sh_line *l, int err)
{
	if (err < 0 && l->r == 0) {
		l->r = err;
		l->bad = l->command.p;
	}
	if (err < 0)
		l->command.p = "";
}

/* Behind an operator a command may stand on the next line. */
static void
skip_newlines(struct sh_line *l)
{
	sh_skip_blanks(&l->command);
	while (*l->command.p == '\n') {
		l->command.p++;
		sh_skip_blanks(&l->command);
	}
}

/* Takes an operator; neither || as | nor ;; as ;. */
static bool
takes(struct sh_line *l, const char *operator)
{
	size_t n = strlen(operator);
	const char *p;

	sh_skip_blanks(&l->command);
	p = l->command.p;
	if (strncmp(p, operator, n) != 0 || (n == 1 && p[1] == *p && *p != ')'
	                                   && *p != '\n'))
		return false;
	l->command.p += n;
	return true;
}

static bool
takes_word(struct sh_line *l, const char *word)
{
	size_t n = strlen(word);
	const char *p = l->command.p;

	if (strncmp(p, word, n) != 0 || !sh_ends_word(p[n]))
		return false;
	l->command.p += n;
	return true;
}

static void
expect_word(struct sh_line *l, const char *word)
{
	if (!takes_word(l, word))
		fail(l, ERR_PARSE);
}

static bool
is_at_end(struct sh_line *l)
{
	static const char *const words = "}\0then\0elif\0else\0fi";
	const char *p = l->command.p;

	for (size_t i = 0; i < 5; i++)
		if (takes_word(l, span_nth_text(words, i))) {
			l->command.p = p;
			return true;
		}
	return *p == '\0' || *p == ')';
}

static void
walk_simple(struct sh_line *l)
{
	struct sh_command *c = &l->command;
	const char *at = c->p, *end;
	int r = ERR_PARSE;

	c->status = l->status;
	if (at[sh_name_len(at)] != '=')	/* which would set a variable */
		r = sh_command_read(c, l->skips > 0);
	end = c->p;
	if (r == 0 && end == at)
		r = ERR_PARSE;
	if (r == 0) {
		c->p = l->skips == 0 ? c->argv[0] : at;
		r = l->edge->check(c);
		if (r == 0 && l->skips == 0)
			r = l->edge->run(l);
		if (r == 0)
			c->p = end;
	}
	fail(l, r);
}

/* Behind the if. */
static void
walk_if(struct sh_line *l, walk *list)
{
	unsigned n_good = 0;	/* conditions that held, or were not asked */
	bool is_bad;

	do {
		list(l);
		is_bad = l->status != 0;
		expect_word(l, "then");
		l->skips += is_bad;
		list(l);
		l->skips -= is_bad;
		l->skips += !is_bad;
		n_good += !is_bad;
	} while (takes_word(l, "elif"));
	if (takes_word(l, "else"))
		list(l);
	else if (l->skips == 0)
		l->status = 0;
	expect_word(l, "fi");
	l->skips -= n_good;
}

static void
walk_command(struct sh_line *l, walk *list)
{
	unsigned skips = l->skips;

	if (++l->depth > SH_DEPTH_MAX + 1)	/* itself not counted */
		fail(l, ERR_FULL);
	sh_skip_blanks(&l->command);
	if (takes_word(l, "if")) {
		walk_if(l, list);
	} else if (takes_word(l, "{")) {
		list(l);
		expect_word(l, "}");
	} else if (*l->command.p == '(') {
		l->command.p++;
		list(l);
		if (!takes(l, ")"))
			fail(l, ERR_PARSE);
		l->skips = skips;	/* an exit ended no more than this */
	} else {
		walk_simple(l);
	}
	l->depth--;
}

/* First it is looked whether something behind a command reads from it. */
static void
walk_pipe(struct sh_line *l, walk *list)
{
	const char *start = l->command.p, *rest;
	struct sh_saved saved;
	int r = 1;

	l->skips++;
	walk_command(l, list);
	l->skips--;
	if (!takes(l, "|")) {
		if (l->skips == 0) {
			l->command.p = start;
			walk_command(l, list);
		}
		return;
	}
	skip_newlines(l);
	if (++l->depth > SH_DEPTH_MAX) {
		fail(l, ERR_FULL);
	} else if (l->skips > 0) {
		walk_pipe(l, list);
	} else {
		rest = l->command.p;
		r = l->edge->split(l, &saved);
		if (r > 0) {
			l->depth--;	/* as when it was looked at */
			l->command.p = start;
			walk_command(l, list);
			l->edge->leave(l);
		}
		l->command.p = rest;
		fail(l, r);
		walk_pipe(l, list);
		l->skips = 0;	/* an exit ended no more than this */
		fail(l, l->edge->join(&saved));
	}
	l->depth--;
}

static void
walk_and_or(struct sh_line *l, walk *list)
{
	unsigned skip = 0;
	bool is_not;

	for (;;) {
		sh_skip_blanks(&l->command);
		is_not = takes_word(l, "!");
		l->skips += skip;
		walk_pipe(l, list);
		if (is_not && l->skips == 0)
			l->status = l->status == 0;
		l->skips -= skip;
		if (takes(l, "&&"))
			skip = l->status != 0;
		else if (takes(l, "||"))
			skip = l->status == 0;
		else
			break;
		skip_newlines(l);
	}
}

/* Up to what ends it, which is not taken; not empty. */
static void
walk_list(struct sh_line *l)
{
	do {
		skip_newlines(l);
		walk_and_or(l, walk_list);
		if (!takes(l, ";") && !takes(l, "\n"))
			break;
		skip_newlines(l);
	} while (!is_at_end(l));
}

/* see sh/line.h */
int
sh_line_run(struct sh_line *l, const char *text)
{
	l->command.p = l->bad = text;
	if (strlen(text) > SH_LINE_MAX)
		return ERR_TOOBIG;
	skip_newlines(l);
	if (*l->command.p == '\0')
		return 0;
	l->skips = 1;
	walk_list(l);
	if (*l->command.p != '\0')
		fail(l, ERR_PARSE);
	l->command.p = text;
	l->skips = 0;
	if (l->r == 0)
		walk_list(l);
	return l->r < 0 ? l->r : l->status;
}
