/* SPDX-License-Identifier: MIT */
/* base/opt.c - option tables: command line and environment in, help out (pure) */
#include "base/opt.h"

#include <limits.h>

#include "base/edits.h"
#include "base/err.h"
#include "base/parse.h"
#include "base/signame.h"

#define ENV_PREFIX   "HALE_"
#define HELP_COLUMN  34		/* where the explanations start */

/* What one run of opt_parse works on. */
struct run {
	const struct opt *opts;
	void             *args;
	uint64_t          given;	/* bit i: opts[i] stood in argv */
	struct opt_fail  *fail;
};

/* The texts of a row, in their order. */
enum text { TEXT_NAME, TEXT_DEF, TEXT_HELP, TEXT_VALUE, TEXT_EXPECTED };

static const char *
text_of(const struct opt *o, enum text which)
{
	const char *t = o->name;

	for (int i = TEXT_NAME; i < (int)which; i++)
		t += strlen(t) + 1;
	return t;
}

static bool
takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_UNFLAG
	    && o->kind != OPT_ASK && o->kind != OPT_NO_ENV;
}

static bool
is_list(const struct opt *o)
{
	return o->kind == OPT_LIST || o->kind == OPT_URLS
	    || o->kind == OPT_SECRETS;
}

/* see base/opt.h */
bool
opt_has_env_name(const struct opt *o)
{
	return o->kind != OPT_UNFLAG && o->kind != OPT_ASK
	    && o->kind != OPT_NO_ENV;
}

static int
fail(struct run *r, enum opt_why why, const struct opt *o)
{
	r->fail->why = why;
	r->fail->opt = o;
	return ERR_PARSE;
}

static int
set_int(int *field, const char *text, uint64_t least)
{
	uint64_t n;
	int r = parse_uint(text, INT_MAX, &n);

	if (r == 0 && n < least)
		r = ERR_RANGE;
	if (r == 0)
		*field = (int)n;
	return r;
}

static int
set_ms(int64_t *field, const char *text, int64_t least_ms)
{
	int r = parse_ms(text, field);

	return r == 0 && *field < least_ms ? ERR_RANGE : r;
}

static int
set_signal(int *field, const char *text)
{
	int sig = signame_parse(text);

	if (sig < 0)
		return sig;
	*field = sig;
	return 0;
}

/* Puts a value other than a list's into its field. */
static int
set_field(const struct opt *o, void *args, const char *text)
{
	void *field = (char *)args + o->at;

	switch ((enum opt_kind)o->kind) {
	case OPT_FLAG:
		return parse_bool(text, field);
	case OPT_INT:
		return set_int(field, text, 0);
	case OPT_COUNT:
		return set_int(field, text, 1);
	case OPT_MS:
		return set_ms(field, text, 0);
	case OPT_SOME_MS:
		return set_ms(field, text, 1);
	case OPT_SIG:
		return set_signal(field, text);
	case OPT_STR:
		*(const char **)field = text;
		return 0;
	case OPT_NONE:
	case OPT_UNFLAG:
	case OPT_ASK:
	case OPT_NO_ENV:
	case OPT_WORD:
	case OPT_LIST:
	case OPT_URLS:
	case OPT_SECRETS:
		break;
	}
	return ERR_PARSE;
}

static int
set_value(struct run *r, const struct opt *o, const char *text)
{
	int err;

	r->fail->value = span_of(text);
	if (is_list(o) || o->kind == OPT_WORD)
		err = o->add(r->args, span_of(text));
	else
		err = set_field(o, r->args, text);
	if (err < 0)
		return fail(r, err == ERR_FULL ? OPT_TOO_MANY : OPT_BAD, o);
	return 0;
}

static void
set_flag(struct run *r, const struct opt *o)
{
	*(bool *)((char *)r->args + o->at) = o->kind != OPT_UNFLAG;
}

/* With a flag, what else sets its field is given too: -c beats HALE_GROUP. */
static void
mark_given(struct run *r, const struct opt *o)
{
	for (const struct opt *p = r->opts; p->kind != OPT_NONE; p++)
		if (p == o || (!takes_value(p) && !takes_value(o)
		            && p->at == o->at))
			r->given |= UINT64_C(1) << (p - r->opts);
}

/* The option whose long name is closest to name; *edits: the best so far. */
static const struct opt *
nearest_option(const struct opt *opts, struct span name, bool in_env,
               unsigned *edits)
{
	const struct opt *best = NULL;

	for (const struct opt *o = opts; o->kind != OPT_NONE; o++) {
		unsigned n = edits_between(name, span_of(o->name));

		if (n < *edits && (!in_env || n == 0 || opt_has_env_name(o))) {
			*edits = n;
			best = o;
		}
	}
	return best;
}

/* So many edits are no slip any more: "e" is two edits from "key". */
static unsigned
edits_too_many(struct span name)
{
	return name.len < EDITS_TOO_MANY ? (unsigned)name.len : EDITS_TOO_MANY;
}

static const struct opt *
find_long(const struct opt *opts, struct span name)
{
	for (; opts->kind != OPT_NONE; opts++)
		if (span_is(name, opts->name))
			return opts;
	return NULL;
}

static const struct opt *
find_letter(const struct opt *opts, char letter)
{
	for (; opts->kind != OPT_NONE; opts++)
		if (opts->letter == letter)
			return opts;
	return NULL;
}

/* "--name", "--name=value" or "--name" "value"; returns words used beyond. */
static int
read_long(struct run *r, const char *word, const char *next)
{
	const char *equals = strchr(word, '=');
	struct span name = span_of(word);
	const struct opt *o;
	unsigned edits;
	int err;

	if (equals != NULL)
		name.len = (size_t)(equals - word);
	r->fail->name = name;
	name = span_after(name, 2);
	o = find_long(r->opts, name);
	if (o == NULL) {
		edits = edits_too_many(name);
		o = nearest_option(r->opts, name, false, &edits);
		r->fail->nearest = o != NULL ? o->name : NULL;
		return fail(r, OPT_UNKNOWN, NULL);
	}
	mark_given(r, o);
	if (!takes_value(o)) {
		if (equals != NULL) {
			r->fail->value = span_of(equals + 1);
			return fail(r, OPT_UNWANTED, o);
		}
		set_flag(r, o);
		return 0;
	}
	if (equals == NULL && next == NULL)
		return fail(r, OPT_MISSING, o);
	err = set_value(r, o, equals != NULL ? equals + 1 : next);
	return err < 0 ? err : equals == NULL;
}

/* "-g", "-gw", "-e3", "-e" "3"; returns words used beyond this one. */
static int
read_letters(struct run *r, const char *word, const char *next)
{
	for (const char *c = word + 1; *c != '\0'; c++) {
		const struct opt *o = find_letter(r->opts, *c);
		int err;

		r->fail->name = (struct span){ c, 1 };
		if (o == NULL)
			return fail(r, OPT_UNKNOWN, NULL);
		mark_given(r, o);
		if (!takes_value(o)) {
			set_flag(r, o);
			continue;
		}
		if (c[1] == '\0' && next == NULL)
			return fail(r, OPT_MISSING, o);
		err = set_value(r, o, c[1] != '\0' ? c + 1 : next);
		return err < 0 ? err : c[1] == '\0';
	}
	return 0;
}

/* One word that is an option, and its value; returns words used beyond it. */
static int
read_option(struct run *r, const char *word, const char *next)
{
	struct span name = { word, strcspn(word, "=") };
	const struct opt *meant;
	int used;

	r->fail->value = (struct span){ NULL, 0 };
	if (word[1] == '-')
		return read_long(r, word, next);
	used = read_letters(r, word, next);
	meant = used < 0 ? find_long(r->opts, span_after(name, 1)) : NULL;
	if (meant == NULL)
		return used;
	/* "-help", which reads as -h and -e with the value "lp". */
	r->fail->name = name;
	r->fail->value = (struct span){ NULL, 0 };
	r->fail->nearest = meant->name;
	return fail(r, OPT_UNKNOWN, NULL);
}

/* With `mixed` the words that are no option are gathered from argv[1] on, and
 * in the end put before those that "--" has parted. */
static int
read_argv(struct run *r, int argc, char **argv, bool mixed)
{
	int i = 1, gathered = 0;

	while (i < argc) {
		char *word = argv[i];
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool is_option = word[0] == '-' && word[1] != '\0';
		int used;

		if (!is_option && !mixed)
			break;
		i++;
		if (!is_option) {
			argv[++gathered] = word;
			continue;
		}
		if (strcmp(word, "--") == 0)
			break;
		used = read_option(r, word, next);
		if (used < 0)
			return used;
		i += used;
	}
	while (gathered > 0)
		argv[--i] = argv[gathered--];
	return i;
}

/* '-' and lower case in an option's name, '_' and upper case here. */
static char
env_char(char c)
{
	if (c == '-')
		return '_';
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool
is_env_name(struct span name, const struct opt *o)
{
	if (name.len != strlen(o->name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] != env_char(o->name[i]))
			return false;
	return true;
}

/* "HALE_NAME=value": returns NAME (empty where it is no HALE_*) and value. */
static struct span
split_env(const char *var, const char **value)
{
	const size_t skip = strlen(ENV_PREFIX);
	struct span name;

	*value = "";
	/* Most are somebody else's, and long: look no further than needed. */
	if (*var != *ENV_PREFIX || strncmp(var, ENV_PREFIX, skip) != 0)
		return (struct span){ NULL, 0 };
	name = (struct span){ var + skip, strcspn(var + skip, "=") };
	if (name.p[name.len] == '=')
		*value = name.p + name.len + 1;
	return name;
}

static int
add_list(struct run *r, const struct opt *o, const char *value)
{
	struct span rest = span_of(value);

	while (rest.len > 0) {
		int err;

		r->fail->value = span_cut(&rest, ',');
		err = o->add(r->args, r->fail->value);
		if (err < 0)
			return fail(r, err == ERR_FULL ? OPT_TOO_MANY : OPT_BAD,
			            o);
	}
	return 0;
}

static int
read_env_var(struct run *r, const char *var)
{
	const char *value;
	struct span name = split_env(var, &value);

	if (name.len == 0 || *value == '\0')
		return 0;
	for (const struct opt *o = r->opts; o->kind != OPT_NONE; o++) {
		bool given = (r->given >> (o - r->opts) & 1) != 0;

		if (given || !opt_has_env_name(o) || !is_env_name(name, o))
			continue;
		return is_list(o) ? add_list(r, o, value)
		                  : set_value(r, o, value);
	}
	return 0;
}

static int
set_defaults(struct run *r)
{
	for (const struct opt *o = r->opts; o->kind != OPT_NONE; o++)
		if (*text_of(o, TEXT_DEF) != '\0'
		 && set_value(r, o, text_of(o, TEXT_DEF)) < 0)
			return ERR_PARSE;
	return 0;
}

static bool
reads_env(const struct run *r)
{
	for (const struct opt *o = r->opts; o->kind != OPT_NONE; o++)
		if (o->kind == OPT_NO_ENV)
			return !*(const bool *)((const char *)r->args + o->at);
	return true;
}

static int
start(struct run *r)
{
	memset(r->fail, 0, sizeof *r->fail);
	return set_defaults(r);
}

/* see base/opt.h */
int
opt_parse(const struct opt *opts, void *args, int argc, char **argv,
          char **env, struct opt_fail *fail)
{
	struct run r = { .opts = opts, .args = args, .fail = fail };
	int left;

	if (start(&r) < 0)
		return ERR_PARSE;
	left = read_argv(&r, argc, argv, false);
	if (left < 0)
		return left;
	fail->from_env = true;
	fail->name = (struct span){ NULL, 0 };
	if (!reads_env(&r))
		return left;
	for (; *env != NULL; env++)
		if (read_env_var(&r, *env) < 0)
			return ERR_PARSE;
	return left;
}

/* see base/opt.h */
int
opt_parse_mixed(const struct opt *opts, void *args, int argc, char **argv,
                struct opt_fail *fail)
{
	struct run r = { .opts = opts, .args = args, .fail = fail };

	return start(&r) < 0 ? ERR_PARSE : read_argv(&r, argc, argv, true);
}

static bool
has_option(const struct opt *opts, struct span name)
{
	for (const struct opt *o = opts; o->kind != OPT_NONE; o++)
		if (opt_has_env_name(o) && is_env_name(name, o))
			return true;
	return false;
}

/* see base/opt.h */
bool
opt_is_env(const struct opt *opts, const char *var)
{
	const char *value;
	struct span name = split_env(var, &value);

	return name.len > 0 && has_option(opts, name);
}

/* see base/opt.h */
const char *
opt_expected(const struct opt *o)
{
	if (*text_of(o, TEXT_EXPECTED) != '\0')
		return text_of(o, TEXT_EXPECTED);
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
		return "a duration above 0 such as 250ms, 5s, 1m30s or 1h, at "
		       "most 240000h; a bare number is seconds";
	case OPT_SIG:
		return "a signal such as TERM, SIGUSR1, 15 or RTMIN+3";
	case OPT_URLS:
		return "URL or NAME=URL, where a URL starts with http:, "
		       "https:, tcp:, unix:, http+unix: or exec:";
	case OPT_NONE:
	case OPT_STR:
	case OPT_WORD:
	case OPT_LIST:
	case OPT_SECRETS:
		break;
	}
	return text_of(o, TEXT_VALUE);
}

/* see base/opt.h */
void
opt_write_env_name(struct buf *b, const struct opt *o)
{
	buf_str(b, ENV_PREFIX);
	for (const char *c = o->name; *c != '\0'; c++)
		buf_fmt(b, "%c", env_char(*c));
}

static const char *
value_name(const struct opt *o)
{
	if (*text_of(o, TEXT_VALUE) != '\0')
		return text_of(o, TEXT_VALUE);
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
		break;
	}
	return "TEXT";
}

static void
write_help_line(struct buf *b, const struct opt *o)
{
	size_t start = b->len;

	if (o->letter != 0)
		buf_fmt(b, "  -%c, --%s", o->letter, o->name);
	else
		buf_fmt(b, "      --%s", o->name);
	if (takes_value(o))
		buf_fmt(b, " %s", value_name(o));
	if (b->len - start > HELP_COLUMN - 2) {
		buf_str(b, "\n");
		start = b->len;
	}
	while (b->len - start < HELP_COLUMN && !b->cut)
		buf_str(b, " ");
	buf_str(b, text_of(o, TEXT_HELP));
	if (is_list(o))
		buf_str(b, " (repeatable)");
	if (*text_of(o, TEXT_DEF) != '\0')
		buf_fmt(b, " (default %s)", text_of(o, TEXT_DEF));
	buf_str(b, "\n");
}

/* see base/opt.h */
void
opt_write_help(struct buf *b, const struct opt *opts)
{
	for (; opts->kind != OPT_NONE; opts++)
		write_help_line(b, opts);
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

/* see base/opt.h */
bool
opt_is_unknown_env(const struct opt *const *tables, const char *var,
                   const struct opt **nearest)
{
	char text[EDITS_WORD_MAX];
	const char *value;
	struct span name = split_env(var, &value);
	unsigned edits;

	*nearest = NULL;
	if (name.len == 0)
		return false;
	edits = edits_too_many(name);
	for (size_t i = 0; tables[i] != NULL; i++)
		if (has_option(tables[i], name))
			return false;
	name = as_long_name(name, text, sizeof text);
	for (size_t i = 0; tables[i] != NULL; i++) {
		const struct opt *o = nearest_option(tables[i], name, true,
		                                     &edits);

		if (o != NULL)
			*nearest = o;
	}
	return true;
}
