/* SPDX-License-Identifier: MIT */
/* base/opt.c - command line and environment, by a table of options */
#include "base/opt.h"

#include "base/edits.h"
#include "base/err.h"

/* What one run of opt_parse works on. */
struct run {
	const struct opt_group *opts;
	void             *args;
	bool              curl, go;	/* their dialects */
	bool              mixed;	/* options may follow words */
	uint64_t          given;	/* bit n: its nth stood in argv */
	struct opt        o;		/* the one that is read */
	struct opt_fail  *fail;
};

static int
fail(struct run *r, enum opt_why why)
{
	r->fail->why = why;
	r->fail->opt = r->o;
	return ERR_PARSE;
}

static int
fail_value(struct run *r, int err)
{
	r->fail->err = err;
	return fail(r, err == ERR_FULL ? OPT_TOO_MANY : OPT_BAD);
}

static int
set_value(struct run *r, const char *text)
{
	int err = opt_set(&r->o, r->args, text);

	r->fail->value = span_of(text);
	return err < 0 ? fail_value(r, err) : 0;
}

static void *
field_of(const struct run *r)
{
	return (char *)r->args + r->o.at;
}

/* Takes an option that has no value. */
static int
set_flag(struct run *r, bool on)
{
	int err;

	if (r->o.kind == OPT_REFUSED) {
		while (*opt_text(&r->o, OPT_HELP) == '\0')
			(void)opt_next(&r->o);
		return fail(r, OPT_ABSENT);
	}
	if (r->o.kind == OPT_PAST)
		return 0;
	if (r->o.add == NULL) {
		*(bool *)field_of(r) = on && r->o.kind != OPT_UNFLAG;
		return 0;
	}
	err = r->o.add(field_of(r), span_of(on ? "1" : ""));
	return err < 0 ? fail_value(r, err) : 0;
}

/* With a flag, what else sets its field is given too: -c beats HALE_GROUP. */
static void
mark_given(struct run *r)
{
	struct opt p = { .group = r->opts };
	bool is_flag = !opt_takes_value(&r->o);

	/* In curl's dialect there is no environment to beat. */
	while (!r->curl && opt_next(&p))
		if (p.number == r->o.number
		 || (is_flag && !opt_takes_value(&p) && p.at == r->o.at))
			r->given |= UINT64_C(1) << p.number;
}

/* see base/opt.h */
void
opt_nearest(const struct opt_group *opts, struct span name, bool in_env,
            unsigned edits, struct opt *best)
{
	struct opt o = { .group = opts };

	best->name = NULL;
	while (opt_next(&o)) {
		unsigned n = edits_between(name, span_of(o.name));

		if (n < edits && o.kind != OPT_REFUSED
		 && (!in_env || n == 0 || opt_has_env_name(&o))) {
			edits = n;
			*best = o;
		}
	}
}

/* see base/opt.h: "e" is two edits from "key" */
unsigned
opt_edits_max(struct span name)
{
	return name.len < EDITS_TOO_MANY ? (unsigned)name.len : EDITS_TOO_MANY;
}

/* The first row, to look for one from there. */
static void
rewind_rows(struct run *r)
{
	r->o = (struct opt){ .group = r->opts };
}

static bool
find_long(struct run *r, struct span name)
{
	for (rewind_rows(r); opt_next(&r->o);)
		if (span_is(name, r->o.name))
			return true;
	return false;
}

static bool
find_letter(struct run *r, char letter)
{
	for (rewind_rows(r); opt_next(&r->o);)
		if (r->o.letter == letter)
			return true;
	return false;
}

static bool
find_kind(struct run *r, enum opt_kind kind)
{
	for (rewind_rows(r); opt_next(&r->o);)
		if (r->o.kind == kind)
			return true;
	return false;
}

/* The option of that long name; *on: not one that curl's "--no-" undoes. */
static bool
find_named(struct run *r, struct span name, bool *on)
{
	*on = true;
	if (find_long(r, name))
		return true;
	*on = false;
	return r->curl && span_has_prefix(name, "no-")
	    && find_long(r, span_after(name, 3))
	    && (r->o.kind == OPT_FLAG || r->o.kind == OPT_PAST);
}

static int
fail_unknown(struct run *r, struct span name)
{
	unsigned edits = opt_edits_max(name);

	/* So many options that a short word is near to one by chance. */
	if (r->curl && edits > name.len / 2 + 1)
		edits = (unsigned)name.len / 2 + 1;
	opt_nearest(r->opts, name, false, edits, &r->o);
	r->fail->nearest = r->o.name;
	return fail(r, OPT_UNKNOWN);
}

/* "--name", "--name=value" or "--name" "value", in Go's dialect with one dash,
 * too; returns words used beyond. */
static int
read_long(struct run *r, const char *word, const char *next)
{
	const char *equals = strchr(word, '=');
	struct span name = span_of(word);
	bool on;
	int err;

	if (equals != NULL)
		name.len = (size_t)(equals - word);
	r->fail->name = name;
	name = span_after(name, word[1] == '-' ? 2 : 1);
	if (!find_named(r, name, &on))
		return fail_unknown(r, name);
	mark_given(r);
	if (!opt_takes_value(&r->o)) {
		if (equals == NULL)
			return set_flag(r, on);
		if (r->go)
			return set_value(r, equals + 1);
		r->fail->value = span_of(equals + 1);
		return fail(r, OPT_UNWANTED);
	}
	if (equals == NULL && next == NULL)
		return fail(r, OPT_MISSING);
	err = set_value(r, equals != NULL ? equals + 1 : next);
	return err < 0 ? err : equals == NULL;
}

/* "-g", "-gw", "-e3", "-e" "3"; returns words used beyond this one. */
static int
read_letters(struct run *r, const char *word, const char *next)
{
	for (const char *c = word + 1; *c != '\0'; c++) {
		int err;

		r->fail->name = (struct span){ c, 1 };
		if (!find_letter(r, *c))
			return fail(r, OPT_UNKNOWN);
		mark_given(r);
		if (!opt_takes_value(&r->o)) {
			err = set_flag(r, true);
			if (err < 0)
				return err;
			continue;
		}
		if (c[1] == '\0' && next == NULL)
			return fail(r, OPT_MISSING);
		err = set_value(r, c[1] != '\0' ? c + 1 : next);
		return err < 0 ? err : c[1] == '\0';
	}
	return 0;
}

/* One word that is an option, and its value; returns words used beyond it. */
static int
read_option(struct run *r, const char *word, const char *next)
{
	struct span name = { word, strcspn(word, "=") };
	int used;

	r->fail->value = (struct span){ NULL, 0 };
	if (word[1] == '-' || r->go)
		return read_long(r, word, next);
	used = read_letters(r, word, next);
	if (used >= 0 || !find_long(r, span_after(name, 1)))
		return used;
	/* "-help", which reads as -h and -e with the value "lp". */
	r->fail->name = name;
	r->fail->value = (struct span){ NULL, 0 };
	r->fail->nearest = r->o.name;
	return fail(r, OPT_UNKNOWN);
}

/* A word that is no option, for the row of curl's dialect that takes them. */
static int
set_operand(struct run *r, const char *word)
{
	(void)find_kind(r, OPT_OPERAND);	/* its table has one */
	return set_value(r, word);
}

/* Without a row for the words, those that are not options are gathered from
 * argv[1] on, and in the end put before those that "--" has parted. */
static int
read_argv(struct run *r, int argc, char **argv)
{
	int i = 1, gathered = 0;

	while (i < argc) {
		char *word = argv[i];
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool is_option = word[0] == '-' && (word[1] != '\0' || r->curl);
		int used;

		if (!is_option && !r->mixed)
			break;
		i++;
		if (!is_option && !r->curl) {
			argv[++gathered] = word;
			continue;
		}
		if (strcmp(word, "--") == 0)
			break;
		used = is_option ? read_option(r, word, next)
		                 : set_operand(r, word);
		if (used < 0)
			return used;
		i += used;
	}
	for (; r->curl && i < argc; i++)
		if (set_operand(r, argv[i]) < 0)
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
add_list(struct run *r, const char *value)
{
	struct span rest = span_of(value);

	while (rest.len > 0) {
		int err;

		r->fail->value = span_cut(&rest, ',');
		err = r->o.add(field_of(r), r->fail->value);
		if (err < 0)
			return fail_value(r, err);
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
	for (rewind_rows(r); opt_next(&r->o);) {
		bool given = (r->given >> r->o.number & 1) != 0;

		if (given || !is_env_name(&r->o, name))
			continue;
		return opt_is_list(&r->o) ? add_list(r, value)
		                         : set_value(r, value);
	}
	return 0;
}

static int
set_defaults(struct run *r)
{
	for (rewind_rows(r); opt_next(&r->o);) {
		const char *def = opt_text(&r->o, OPT_DEF);

		if (*def != '\0' && set_value(r, def) < 0)
			return ERR_PARSE;
	}
	return 0;
}

static bool
reads_env(struct run *r)
{
	return !find_kind(r, OPT_NO_ENV) || !*(const bool *)field_of(r);
}

static int
start(struct run *r)
{
	memset(r->fail, 0, sizeof *r->fail);
	return set_defaults(r);
}

/* see base/opt.h */
int
opt_parse(const struct opt_group *opts, void *args, int argc, char **argv,
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
opt_parse_mixed(const struct opt_group *opts, void *args, int argc, char **argv,
                struct opt_fail *fail)
{
	struct run r = { opts, args, .mixed = true, .fail = fail };

	return start(&r) < 0 ? ERR_PARSE : read_argv(&r, argc, argv);
}

/* see base/opt.h */
int
opt_parse_go(const struct opt_group *opts, void *args, int argc, char **argv,
             struct opt_fail *fail)
{
	struct run r = { opts, args, .go = true, .fail = fail };

	return start(&r) < 0 ? ERR_PARSE : read_argv(&r, argc, argv);
}

/* see base/opt.h */
int
opt_parse_curl(const struct opt_group *opts, void *args, int argc, char **argv,
               struct opt_fail *fail)
{
	struct run r = { opts, args, .curl = true, .mixed = true,
	                 .fail = fail };

	return start(&r) < 0 || read_argv(&r, argc, argv) < 0 ? ERR_PARSE : 0;
}

/* see base/opt.h */
bool
opt_is_env(const struct opt_group *opts, const char *var)
{
	const char *value;
	struct span name = opt_cut_env(var, &value);
	struct opt o = { .group = opts };

	while (name.len > 0 && opt_next(&o))
		if (is_env_name(&o, name))
			return true;
	return false;
}
