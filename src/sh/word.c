/* SPDX-License-Identifier: MIT */
/*
 * sh/word.c - the words of a simple command
 *
 * `state` is a stack of what is open, three bits a level and the innermost in
 * the lowest: 0 is the word itself.
 */
#include "sh/word.h"

#include "base/err.h"

#define IN_QUOTES 1u	/* "...", or what stands in it */
#define IN_BRACES 2u	/* ${NAME-...}: ends with a brace, else with a quote */
#define IS_MUTED  4u	/* of a ${NAME-...} that is not needed */
#define LEVEL     3	/* bits */
#define TOO_DEEP  (1u << LEVEL * SH_QUOTES_MAX)

/* see sh/word.h */
bool
sh_ends_word(char c)
{
	return strchr(" \t\n;&|()<>", c) != NULL;	/* the NUL, too */
}

/* see sh/word.h */
size_t
sh_name_len(const char *p)
{
	size_t n = 0;

	while (span_fold(p[n]) - 'a' < 26 || p[n] == '_'
	    || (p[n] >= '0' && p[n] <= '9'))
		n++;
	return n;
}

/* see sh/word.h */
void
sh_skip_blanks(struct sh_command *c)
{
	for (;; c->p++) {
		if (c->p[0] == '\\' && c->p[1] == '\n')
			c->p++;
		else if (*c->p != ' ' && *c->p != '\t')
			break;
	}
	if (*c->p == '#')
		c->p += strcspn(c->p, "\n");
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static void
open_word(struct sh_command *c)
{
	if (c->is_open || (c->state & IS_MUTED) != 0)
		return;
	c->is_open = true;
	if (c->n == SH_WORDS_MAX)
		c->text.cut = true;
	else
		c->argv[c->n++] = c->text.p + c->text.len;
}

static void
end_word(struct sh_command *c)
{
	if (c->is_open)
		buf_byte(&c->text, 0);
	c->is_open = false;
}

/* Blanks part words where `splits`. */
static void
put(struct sh_command *c, char byte, bool splits)
{
	if ((c->state & IS_MUTED) != 0)
		return;
	if (splits && is_blank(byte)) {
		end_word(c);
		return;
	}
	open_word(c);
	if (splits && c->n > 1 && c->glob_at > c->n
	 && (byte == '*' || byte == '?' || byte == '['))
		c->glob_at = c->n - 1;
	buf_byte(&c->text, (unsigned char)byte);
}

static void
put_value(struct sh_command *c, const char *value)
{
	while (value != NULL && *value != '\0')
		put(c, *value++, (c->state & IN_QUOTES) == 0);
}

static const char *
value_of(const struct sh_command *c, const char *name, size_t len)
{
	if (c->only_looks)
		return NULL;
	for (char **at = c->env; *at != NULL; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			return *at + len + 1;
	return NULL;
}

/* Takes what the $ before p starts; what follows an operator within braces is
 * a level of its own. */
static int
read_dollar(struct sh_command *c)
{
	const char *name = c->p, *value;
	bool has_brace = *name == '{', is_colon, is_set;
	size_t len;

	name += has_brace;
	len = *name == '?' ? 1 : sh_name_len(name);
	if (len == 0 || (*name >= '0' && *name <= '9')) {
		if (len > 0 || has_brace
		 || (*name != '\0' && strchr("(@*#$!-", *name) != NULL))
			return ERR_PARSE;
		put(c, '$', false);
		return 0;
	}
	/* Within a word that has begun it is that one. */
	if (c->only_looks && c->var_at > c->n)
		c->var_at = c->n - c->is_open;
	value = value_of(c, name, len);
	c->p = name + len;
	if (*name == '?') {
		open_word(c);
		if ((c->state & IS_MUTED) == 0)
			buf_int(&c->text, c->status);
		if (has_brace && *c->p != '}')
			return ERR_PARSE;
	}
	if (!has_brace || *c->p == '}') {
		put_value(c, value);
		c->p += has_brace;
		return 0;
	}
	is_colon = *c->p == ':';
	c->p += is_colon;
	if (*c->p != '-' && *c->p != '+')
		return ERR_PARSE;
	is_set = value != NULL && (!is_colon || *value != '\0');
	if (*c->p == '-' && is_set)
		put_value(c, value);
	c->state = c->state << LEVEL | (c->state & (IN_QUOTES | IS_MUTED))
	         | IN_BRACES;
	if (is_set == (*c->p++ == '-'))
		c->state |= IS_MUTED;
	return 0;
}

/* Takes the byte behind the \ before p. */
static int
read_backslash(struct sh_command *c)
{
	char next = *c->p;
	bool is_quoted = (c->state & IN_QUOTES) != 0;

	if (next == '\0')
		return ERR_QUOTE;
	c->p++;
	if (next == '\n')
		return 0;
	if (is_quoted && strchr("$`\"\\}", next) == NULL)
		put(c, '\\', false);
	put(c, next, false);
	return 0;
}

static int
read_single(struct sh_command *c)
{
	open_word(c);
	for (; *c->p != '\''; c->p++) {
		if (*c->p == '\0')
			return ERR_QUOTE;
		put(c, *c->p, false);
	}
	c->p++;
	return 0;
}

/* Takes one byte, or what starts with it. */
static int
read_part(struct sh_command *c)
{
	bool is_quoted = (c->state & IN_QUOTES) != 0;
	bool in_braces = (c->state & IN_BRACES) != 0;
	char byte = *c->p++;

	if (byte == '\0')
		return ERR_QUOTE;
	if (byte == '`' || byte == 0x7f
	 || ((unsigned char)byte < ' ' && !is_blank(byte)))
		return ERR_PARSE;
	if (byte == '$')
		return read_dollar(c);
	if (byte == '\\')
		return read_backslash(c);
	if (byte == '\'' && !is_quoted)
		return read_single(c);
	if (byte == (in_braces ? '}' : '"') && c->state != 0) {
		c->state >>= LEVEL;
	} else if (byte == '"') {
		open_word(c);
		c->state = c->state << LEVEL | (c->state & IS_MUTED)
		         | IN_QUOTES;
	} else {
		put(c, byte, !is_quoted);
	}
	return 0;
}

static int
read_word(struct sh_command *c)
{
	const char *start = c->p;
	int r = *start == '~' ? ERR_PARSE : 0;	/* somebody's home */

	while (r == 0 && (c->state != 0 || !sh_ends_word(*c->p))) {
		if (c->state == 0)
			start = c->p;
		r = read_part(c);
		if (r == 0 && c->state >= TOO_DEEP)
			r = ERR_FULL;
	}
	if (r < 0)
		c->p = start;
	end_word(c);
	return r;
}

/* Takes a redirection; 0 if that is not one, else 1. */
static int
read_redir(struct sh_command *c)
{
	static const char null[] = "/dev/null";
	const char *start = c->p;
	size_t digits = strspn(start, "0123456789");
	unsigned char way = (unsigned char)start[digits];
	struct sh_redir to = { way == '>', SH_NULL };

	if (way != '<' && way != '>')
		return 0;
	if (digits > 0)
		to.fd = (unsigned char)(*start - '0');
	c->p += digits + 1;
	if (*c->p == '>' && way == '>')
		c->p++;
	if (*c->p == '&') {
		to.from = (unsigned char)(c->p[1] - '0');
		c->p += 2;
	} else {
		sh_skip_blanks(c);
		if (strncmp(c->p, null, sizeof null - 1) == 0) {
			c->p += sizeof null - 1;
		} else {
			to.fd = SH_NULL;
			if (strchr("<>&|", *c->p) == NULL || *c->p == '\0')
				start = c->p;	/* the file is refused */
		}
	}
	if (digits < 2 && to.fd < SH_NULL && to.from <= SH_NULL
	 && (to.from < SH_NULL || c->p[-1] == 'l') && sh_ends_word(*c->p)) {
		if (c->n_redirs == SH_REDIRS_MAX)
			return ERR_TOOBIG;
		c->redirs[c->n_redirs++] = to;
		return 1;
	}
	c->p = start;
	return ERR_PARSE;
}

/* see sh/word.h */
int
sh_command_read(struct sh_command *c, bool only_looks)
{
	int r;

	c->n = c->n_redirs = c->state = 0;
	c->var_at = c->glob_at = SH_WORDS_MAX + 1;
	c->only_looks = only_looks;
	c->is_open = false;
	c->text = (struct buf){ c->memory, 0, sizeof c->memory, false };
	do {
		sh_skip_blanks(c);
		r = read_redir(c);
		if (r == 0 && sh_ends_word(*c->p))
			break;
		if (r == 0)
			r = read_word(c);
	} while (r >= 0);
	c->argv[c->n] = NULL;
	return r == 0 && c->text.cut ? ERR_TOOBIG : r;
}
