/* SPDX-License-Identifier: MIT */
/* base/opt_words.c - what an option table says to people */
#include "base/opt_words.h"

#include "base/edits.h"

/* see base/opt_words.h */
const char *
opt_expected(const struct opt *o)
{
	if (*opt_text(o, OPT_EXPECTED) != '\0')
		return opt_text(o, OPT_EXPECTED);
	switch ((enum opt_kind)o->kind) {
	case OPT_FLAG:
	case OPT_UNFLAG:
	case OPT_ASK:
	case OPT_NO_ENV:
		return "1 or 0, true or false, yes or no, on or off";
	case OPT_INT:
		return "a whole number";
	case OPT_COUNT:
		return "a whole number above 0";
	case OPT_MS:
		return "a duration such as 250ms, 5s, 1m30s or 1h, at most "
		       "240000h; a bare number is seconds";
	case OPT_SOME_MS:
		/* Its end is the text above, which the linker keeps once. */
		return "more than 0, as a duration such as 250ms, 5s, 1m30s "
		       "or 1h, at most 240000h; a bare number is seconds";
	case OPT_SIG:
		return "a signal such as TERM, SIGUSR1, 15 or RTMIN+3";
	case OPT_URLS:
		return "URL or NAME=URL, with http:, https:, grpc:, grpcs:, "
		       "tcp:, unix:, http+unix: or exec:";
	case OPT_NONE:
	case OPT_STR:
	case OPT_WORD:
	case OPT_LIST:
	case OPT_SECRETS:
	case OPT_SECRET:
	case OPT_OPERAND:
	case OPT_CALL:
	case OPT_PAST:
	case OPT_PAST_VALUE:
	case OPT_REFUSED:
		break;
	}
	return opt_text(o, OPT_VALUE);
}

/* see base/opt_words.h */
void
opt_write_env_name(struct buf *b, const struct opt *o)
{
	buf_str(b, OPT_ENV_PREFIX);
	for (const char *c = o->name; *c != '\0'; c++)
		buf_fmt(b, "%c", opt_env_char(*c));
}

static const char *
value_name(const struct opt *o)
{
	if (*opt_text(o, OPT_VALUE) != '\0')
		return opt_text(o, OPT_VALUE);
	switch ((enum opt_kind)o->kind) {
	case OPT_MS:
	case OPT_SOME_MS:
		return "TIME";
	case OPT_SIG:
		return "SIGNAL";
	case OPT_INT:
	case OPT_COUNT:
		return "N";
	case OPT_NONE:
	case OPT_FLAG:
	case OPT_UNFLAG:
	case OPT_ASK:
	case OPT_NO_ENV:
	case OPT_STR:
	case OPT_WORD:
	case OPT_LIST:
	case OPT_URLS:
	case OPT_SECRETS:
	case OPT_SECRET:
	case OPT_OPERAND:
	case OPT_CALL:
	case OPT_PAST:
	case OPT_PAST_VALUE:
	case OPT_REFUSED:
		break;
	}
	return "TEXT";
}

static void
write_help_line(struct buf *b, const struct opt *o, size_t column)
{
	size_t start = b->len;

	if (o->letter != 0)
		buf_fmt(b, "  -%c, --%s", o->letter, o->name);
	else
		buf_fmt(b, "      --%s", o->name);
	if (opt_takes_value(o))
		buf_fmt(b, " %s", value_name(o));
	if (b->len - start > column - 2) {
		buf_str(b, "\n");
		start = b->len;
	}
	while (b->len - start < column && !b->cut)
		buf_str(b, " ");
	buf_str(b, opt_text(o, OPT_HELP));
	if (opt_is_list(o))
		buf_str(b, " (repeatable)");
	if (*opt_text(o, OPT_DEF) != '\0')
		buf_fmt(b, " (default %s)", opt_text(o, OPT_DEF));
	buf_str(b, "\n");
}

/* see base/opt_words.h */
void
opt_write_help(struct buf *b, const struct opt_group *opts, size_t column)
{
	struct opt o = { .group = opts };

	while (opt_next(&o))
		if (*opt_text(&o, OPT_HELP) != '\0' && o.kind != OPT_REFUSED)
			write_help_line(b, &o, column);
}

/* NAME as the long option it would be: "stop-timeout". */
static struct span
as_long_name(struct span name, char *into, size_t cap)
{
	if (name.len > cap)
		name.len = cap;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (c == '_')
			into[i] = '-';
		else
			into[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a')
			                               : c;
	}
	return (struct span){ into, name.len };
}

/* see base/opt_words.h */
bool
opt_is_unknown_env(const struct opt_group *opts, const char *var,
                   struct opt *nearest)
{
	char text[EDITS_WORD_MAX];
	const char *value;
	struct span name = opt_cut_env(var, &value);

	if (name.len == 0 || opt_is_env(opts, var))
		return false;
	opt_nearest(opts, as_long_name(name, text, sizeof text), true,
	            opt_edits_max(name), nearest);
	return true;
}
