/* SPDX-License-Identifier: MIT */
/* base/opt.c - command line and environment, by a table of options */
#include "base/opt.h"

#include "base/edits.h"
#include "base/err.h"

/* What one run of opt_parse works on. */
struct run {
	const struct opt *opts;
	void             *args;
	bool              curl;		/* its dialect */
	bool              mixed;	/* options may follow words */
	uint64_t          given;	/* bit i: opts[i] stood in argv */
	struct opt_fail  *fail;
};

static int
fail(struct run *r, enum opt_why why, const struct opt *o)
{
	r->fail->why = why;
	r->fail->opt = o;
	return ERR_PARSE;
}

static int
fail_value(struct run *r, const struct opt *o, int err)
{
	r->fail->err = err;
	return fail(r, err == ERR_FULL ? OPT_TOO_MANY : OPT_BAD, o);
}

static int
set_value(struct run *r, const struct opt *o, const char *text)
{
	int err = opt_set(o, r->args, text);

	r->fail->value = span_of(text);
	return err < 0 ? fail_value(r, o, err) : 0;
}

/* Takes an option that has no value. */
static int
set_flag(struct run *r, const struct opt *o, bool on)
{
	void *field = (char *)r->args + o->at;
	int err;

	if (o->kind == OPT_REFUSED)
		return fail(r, OPT_ABSENT, o);
	if (o->kind == OPT_PAST)
		return 0;
	if (o->kind != OPT_CALL) {
		*(bool *)field = on && o->kind != OPT_UNFLAG;
		return 0;
	}
	err = o->add(field, (struct span){ NULL, 0 });
	return err < 0 ? fail_value(r, o, err) : 0;
}

/* With a flag, what else sets its field is given too: -c beats HALE_GROUP. */
static void
mark_given(struct run *r, const struct opt *o)
{
	if (r->curl)
		return;	/* there is no environment to beat */
	for (const struct opt *p = r->opts; p->kind != OPT_NONE; p++)
		if (p == o || (!opt_takes_value(p) && !opt_takes_value(o)
		            && p->at == o->at))
			r->given |= UINT64_C(1) << (p - r->opts);
}

/* see base/opt.h */
const struct opt *
opt_nearest(const struct opt *opts, struct span name, bool in_env,
            unsigned *edits)
{
	const struct opt *best = NULL;

	for (const struct opt *o = opts; o->kind != OPT_NONE; o++) {
		unsigned n = edits_between(name, span_of(o->name));

		if (n < *edits && o->kind != OPT_REFUSED
		 && (!in_env || n == 0 || opt_has_env_name(o))) {
			*edits = n;
			best = o;
		}
	}
	return best;
}

/* see base/opt.h: "e" is two edits from "key" */
unsigned
opt_edits_max(struct span name)
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

/* The option of that long name; *on: not one that curl's "--no-" undoes. */
static const struct opt *
find_named(const struct run *r, struct span name, bool *on)
{
	const struct opt *o = find_long(r->opts, name);

	*on = true;
	if (o != NULL || !r->curl || !span_has_prefix(name, "no-"))
		return o;
	*on = false;
	o = find_long(r->opts, span_after(name, 3));
	return o != NULL && (o->kind == OPT_FLAG || o->kind == OPT_PAST)
	       ? o : NULL;
}

static int
fail_unknown(struct run *r, struct span name)
{
	unsigned edits = opt_edits_max(name);
	const struct opt *o;

	/* So many options that a short word is near to one by chance. */
	if (r->curl && edits > name.len / 2 + 1)
		edits = (unsigned)name.len / 2 + 1;
	o = opt_nearest(r->opts, name, false, &edits);
	r->fail->nearest = o != NULL ? o->name : NULL;
	return fail(r, OPT_UNKNOWN, NULL);
}

/* "--name", "--name=value" or "--name" "value"; returns words used beyond. */
static int
read_long(struct run *r, const char *word, const char *next)
{
	const char *equals = strchr(word, '=');
	struct span name = span_of(word);
	const struct opt *o;
	bool on;
	int err;

	if (equals != NULL)
		name.len = (size_t)(equals - word);
	r->fail->name = name;
	name = span_after(name, 2);
	o = find_named(r, name, &on);
	if (o == NULL || (r->curl && equals != NULL))
		return fail_unknown(r, name);
	mark_given(r, o);
	if (!opt_takes_value(o)) {
		if (equals == NULL)
			return set_flag(r, o, on);
		r->fail->value = span_of(equals + 1);
		return fail(r, OPT_UNWANTED, o);
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
		if (!opt_takes_value(o)) {
			err = set_flag(r, o, true);
			if (err < 0)
				return err;
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

/* The row that takes the words, or NULL: they are left in argv then. */
static const struct opt *
operands_of(const struct run *r)
{
	for (const struct opt *o = r->opts; r->curl && o->kind != OPT_NONE; o++)
		if (o->kind == OPT_OPERAND)
			return o;
	return NULL;
}

/* Without a row for the words, those that are not options are gathered from
 * argv[1] on, and in the end put before those that "--" has parted. */
static int
read_argv(struct run *r, int argc, char **argv)
{
	const struct opt *operands = operands_of(r);
	int i = 1, gathered = 0;

	while (i < argc) {
		char *word = argv[i];
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool is_option = word[0] == '-' && (word[1] != '\0' || r->curl);
		int used;

		if (!is_option && !r->mixed)
			break;
		i++;
		if (!is_option && operands == NULL) {
			argv[++gathered] = word;
			continue;
		}
		if (strcmp(word, "--") == 0)
			break;
		used = is_option ? read_option(r, word, next)
		                 : set_value(r, operands, word);
		if (used < 0)
			return used;
		i += used;
	}
	for (; operands != NULL && i < argc; i++)
		if (set_value(r, operands, argv[i]) < 0)
			return ERR_PARSE;
	while (gathered > 0)
		argv[--i] = argv[gathered--];
	return i;
}

/* see base/opt.h */
char
opt_env_char(char c)
{
	if (c == '-')
		return '_';
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Is name ("STOP_TIMEOUT") o's, and may it stand in the environment? */
static bool
is_env_name(const struct opt *o, struct span name)
{
	if (!opt_has_env_name(o) || name.len != strlen(o->name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] != opt_env_char(o->name[i]))
			return false;
	return true;
}

/* see base/opt.h */
struct span
opt_cut_env(const char *var, const char **value)
{
	const size_t skip = strlen(OPT_ENV_PREFIX);
	struct span name;

	*value = "";
	/* Most are somebody else's, and long: look no further than needed. */
	if (*var != *OPT_ENV_PREFIX || strncmp(var, OPT_ENV_PREFIX, skip) != 0)
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
		err = o->add((char *)r->args + o->at, r->fail->value);
		if (err < 0)
			return fail_value(r, o, err);
	}
	return 0;
}

static int
read_env_var(struct run *r, const char *var)
{
	const char *value;
	struct span name = opt_cut_env(var, &value);

	if (name.len == 0 || *value == '\0')
		return 0;
	for (const struct opt *o = r->opts; o->kind != OPT_NONE; o++) {
		bool given = (r->given >> (o - r->opts) & 1) != 0;

		if (given || !is_env_name(o, name))
			continue;
		return opt_is_list(o) ? add_list(r, o, value)
		                      : set_value(r, o, value);
	}
	return 0;
}

static int
set_defaults(struct run *r)
{
	for (const struct opt *o = r->opts; o->kind != OPT_NONE; o++)
		if (*opt_text(o, OPT_DEF) != '\0'
		 && set_value(r, o, opt_text(o, OPT_DEF)) < 0)
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
	left = read_argv(&r, argc, argv);
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
	struct run r = { opts, args, .mixed = true, .fail = fail };

	return start(&r) < 0 ? ERR_PARSE : read_argv(&r, argc, argv);
}

/* see base/opt.h */
int
opt_parse_curl(const struct opt *opts, void *args, int argc, char **argv,
               struct opt_fail *fail)
{
	struct run r = { opts, args, .curl = true, .mixed = true,
	                 .fail = fail };

	return start(&r) < 0 || read_argv(&r, argc, argv) < 0 ? ERR_PARSE : 0;
}

/* see base/opt.h */
bool
opt_is_env(const struct opt *opts, const char *var)
{
	const char *value;
	struct span name = opt_cut_env(var, &value);

	for (; name.len > 0 && opts->kind != OPT_NONE; opts++)
		if (is_env_name(opts, name))
			return true;
	return false;
}
