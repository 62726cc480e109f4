/* SPDX-License-Identifier: MIT */
/*
 * sh/word.c - the words of a simple command
 *
 * What stands in quotes or in ${NAME-...} is a frame on a small stack; the
 * lowest frame is the word itself.
 */
#include "sh/word.h"

#include "base/err.h"

struct frame {
	char close;	/* the byte that ends it; 0: the word */
	bool is_quoted, was_muted;
};

/* see sh/word.h */
bool
sh_ends_word(char c)
{
	return strchr(" \t\n;&|()<>", c) != NULL;	/* the NUL, too */
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* see sh/word.h */
const char *
sh_skip_blanks(const char *p)
{
	for (;;) {
		if (p[0] == '\\' && p[1] == '\n')
			p += 2;
		else if (*p == ' ' || *p == '\t')
			p++;
		else
			break;
	}
	return *p == '#' ? p + strcspn(p, "\n") : p;
}

static void
open_word(struct sh_command *c)
{
	if (c->is_open || c->is_muted)
		return;
	if (c->n == SH_WORDS_MAX)
		c->text.cut = true;
	else
		c->argv[c->n] = c->text.p + c->text.len;
	c->is_open = true;
}

static void
put(struct sh_command *c, char byte)
{
	open_word(c);
	if (!c->is_muted)
		buf_byte(&c->text, (unsigned char)byte);
}

static void
end_word(struct sh_command *c)
{
	if (!c->is_open || c->is_muted)
		return;
	buf_byte(&c->text, 0);
	c->n += c->n < SH_WORDS_MAX;
	c->is_open = false;
}

static void
put_value(struct sh_command *c, const char *value, bool is_quoted)
{
	for (; value != NULL && *value != '\0'; value++) {
		if (!is_quoted && is_blank(*value))
			end_word(c);
		else
			put(c, *value);
	}
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of a variable's name, 0 if there is none here. */
static size_t
name_len(const char *p)
{
	size_t n = 0;

	if (*p == '?' || is_digit(*p))
		return 1;
	while (span_fold(p[n]) - 'a' < 26 || p[n] == '_' || is_digit(p[n]))
		n++;
	return n;
}

static const char *
value_of(const struct sh_vars *v, struct span name)
{
	char **at;

	if (v == NULL)
		return NULL;
	if (*name.p == '?')
		return v->status;
	if (is_digit(*name.p)) {
		at = v->args;
		for (char i = '0'; *at != NULL && i < *name.p; i++)
			at++;
		return *at;
	}
	for (at = v->env; *at != NULL; at++)
		if (strncmp(*at, name.p, name.len) == 0
		 && (*at)[name.len] == '=')
			return *at + name.len + 1;
	return NULL;
}

/* Takes the $ at *p, and what it stands for; what follows an operator within
 * braces is a frame of its own. */
static int
read_dollar(struct sh_command *c, const char **p, struct frame **f)
{
	const char *at = *p + 1, *value;
	bool has_brace = *at == '{', is_colon, is_set;
	struct span name = { at + has_brace, name_len(at + has_brace) };

	if (name.len == 0 && (*at == '\0' || strchr("{(@*#$!-", *at) == NULL)) {
		put(c, '$');
		*p = at;
		return 0;
	}
	if (name.len == 0)
		return ERR_PARSE;
	if (c->var_at == SH_NONE)
		c->var_at = c->n;
	value = value_of(c->vars, name);
	at = name.p + name.len;
	if (!has_brace || *at == '}') {
		put_value(c, value, (*f)->is_quoted);
		*p = at + has_brace;
		return 0;
	}
	is_colon = *at == ':';
	at += is_colon;
	if (*at != '-' && *at != '+')
		return ERR_PARSE;
	is_set = value != NULL && !(is_colon && *value == '\0');
	if (*at == '-' && is_set)
		put_value(c, value, (*f)->is_quoted);
	++*f;
	**f = (struct frame){ '}', (*f)[-1].is_quoted, c->is_muted };
	c->is_muted |= is_set == (*at == '-');
	*p = at + 1;
	return 0;
}

/* Takes the \ at *p and the byte behind it. */
static int
read_backslash(struct sh_command *c, const char **p, const struct frame *f)
{
	char next = (*p)[1];

	if (next == '\0')
		return ERR_QUOTE;
	if (f->is_quoted && next != '\n' && next != f->close
	 && strchr("$`\"\\", next) == NULL)
		put(c, '\\');
	if (next != '\n')
		put(c, next);
	*p += 2;
	return 0;
}

static int
read_single(struct sh_command *c, const char **p)
{
	const char *end = strchr(*p + 1, '\'');

	if (end == NULL)
		return ERR_QUOTE;
	open_word(c);
	while (++*p < end)
		put(c, **p);
	++*p;
	return 0;
}

/* Takes one byte, or what starts with it, off *p. */
static int
read_part(struct sh_command *c, const char **p, struct frame **f)
{
	char byte = **p;

	if (byte == '`')
		return ERR_PARSE;
	if (byte == '$')
		return read_dollar(c, p, f);
	if (byte == '\\')
		return read_backslash(c, p, *f);
	if (byte == '\'' && !(*f)->is_quoted)
		return read_single(c, p);
	++*p;
	if (byte == '"') {
		open_word(c);
		*++*f = (struct frame){ '"', true, c->is_muted };
	} else if (!(*f)->is_quoted && is_blank(byte)) {
		end_word(c);
	} else {
		put(c, byte);
	}
	return 0;
}

static int
read_word(struct sh_command *c, const char **p)
{
	struct frame stack[SH_DEPTH_MAX + 2] = { { 0 } }, *f = stack;
	const char *at = *p;
	int r = *at == '~' ? ERR_PARSE : 0;	/* somebody's home */

	while (r == 0 && (f > stack || !sh_ends_word(*at))) {
		if (*at == '\0')
			return ERR_QUOTE;
		if (*at == f->close) {
			c->is_muted = f->was_muted;
			f--;
			at++;
			continue;
		}
		r = read_part(c, &at, &f);
		if (f == &stack[SH_DEPTH_MAX + 1])
			return ERR_TOOBIG;
	}
	end_word(c);
	*p = at;
	return r;
}

/* Takes a redirection off *p; 0 if that is not one, else 1. */
static int
read_redir(struct sh_command *c, const char **p)
{
	static const char null[] = "/dev/null";
	const char *at = *p;
	struct sh_redir r = { SH_NONE, SH_NONE };
	char way;

	while (is_digit(*at))
		at++;
	way = *at;
	if (way != '<' && way != '>')
		return 0;
	r.fd = (unsigned char)(at == *p ? (way == '>') : **p - '0');
	if (at > *p + 1 || r.fd > 2)
		return ERR_PARSE;
	at++;
	if (way == '>' && *at == '>')
		at++;
	if (*at == '&') {
		r.from = (unsigned char)(at[1] - '0');
		if (r.from > 2)
			return ERR_PARSE;
		at += 2;
	} else {
		at = sh_skip_blanks(at);
		if (strncmp(at, null, sizeof null - 1) != 0)
			return ERR_PARSE;
		at += sizeof null - 1;
	}
	if (!sh_ends_word(*at))
		return ERR_PARSE;
	if (c->n_redirs == SH_REDIRS_MAX)
		return ERR_TOOBIG;
	c->redir[c->n_redirs++] = r;
	*p = at;
	return 1;
}

/* see sh/word.h */
int
sh_command_read(struct sh_command *c, const char **p,
                const struct sh_vars *vars)
{
	int r = 0;

	c->n = c->n_redirs = 0;
	c->var_at = SH_NONE;
	c->vars = vars;
	c->is_open = c->is_muted = false;
	c->text = buf_over(c->memory, sizeof c->memory);
	do {
		*p = sh_skip_blanks(*p);
		r = read_redir(c, p);
		if (r == 0 && sh_ends_word(**p))
			break;
		if (r == 0)
			r = read_word(c, p);
	} while (r >= 0);
	c->argv[c->n] = NULL;
	return r == 0 && c->text.cut ? ERR_TOOBIG : r;
}
