/* SPDX-License-Identifier: MIT */
/* test_opt.c - command line and environment in, help out */
#include "unit.h"

#include "base/err.h"
#include "base/opt_words.h"

#include <limits.h>
#include <signal.h>

#define WORDS_MAX 12
#define NAMES_MAX 3	/* values that the list holds */
#define HELP_ROOM 1024

struct args {
	bool        group, quiet, help;
	int         level, sig;
	int64_t     wait_ms;
	const char *dir;
	size_t      n;
	struct span names[NAMES_MAX];
};

static int
add_name(void *args, struct span value)
{
	struct args *a = args;

	if (a->n == NAMES_MAX)
		return ERR_FULL;
	if (span_is(value, "bad") || value.len == 0)
		return ERR_PARSE;
	a->names[a->n++] = value;
	return 0;
}

#define AT(field) offsetof(struct args, field)
#define OPTS(OPT) \
	OPT('g', "group", OPT_FLAG, AT(group), "", "all of it", "", NULL, "") \
	OPT('c', "single-child", OPT_UNFLAG, AT(group), "", "one of it", "", \
	    NULL, "") \
	OPT('q', "quiet", OPT_FLAG, AT(quiet), "", "say less", "", NULL, "") \
	OPT('l', "level", OPT_INT, AT(level), "7", "how much", "", NULL, "") \
	OPT('w', "wait-time", OPT_MS, AT(wait_ms), "", "how long", "", NULL, "") \
	OPT(0, "dir", OPT_STR, AT(dir), "", "where", "DIR", NULL, "") \
	OPT('s', "signal", OPT_SIG, AT(sig), "", "which", "", NULL, "") \
	OPT('n', "name", OPT_LIST, 0, "", "whose", "NAME", add_name, \
	    "a good name") \
	OPT('h', "help", OPT_ASK, AT(help), "", "print this", "", NULL, "")
#define ADDS(ADD) ADD(add_name)
OPT_NUMBER_ADDS(ADDS);
static opt_add *const adds[] = OPT_ADDS(ADDS);
static const struct opt_group opts[] = { OPT_GROUP(OPTS, adds), OPT_END };

/* Words as argv: each against its own unreadable page. */
static int
make_argv(char **argv, const char *const *words)
{
	int argc = 0;

	argv[argc++] = guarded_text("cmd");
	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = guarded_text(words[argc - 1]);
	argv[argc] = NULL;
	return argc;
}

static int
parse(struct args *a, const char *const *words, const char *const *env,
      struct opt_fail *fail)
{
	char *argv[WORDS_MAX + 2], *vars[WORDS_MAX + 1] = { NULL };
	int argc = make_argv(argv, words);

	for (size_t i = 0; env[i] != NULL; i++)
		vars[i] = guarded_text(env[i]);
	memset(a, 0, sizeof *a);
	return opt_parse(opts, a, argc, argv, vars, fail);
}

static const struct good {
	const char *name;
	const char *words[WORDS_MAX], *env[WORDS_MAX];
	struct args want;
	int         left;
} goods[] = {
	{ "nothing gives the defaults", { NULL }, { NULL },
	  { .level = 7 }, 1 },
	{ "a long flag", { "--group", NULL }, { NULL },
	  { .level = 7, .group = true }, 2 },
	{ "a short flag", { "-g", NULL }, { NULL },
	  { .level = 7, .group = true }, 2 },
	{ "short flags in one word", { "-gq", NULL }, { NULL },
	  { .level = 7, .group = true, .quiet = true }, 2 },
	{ "a value behind its letter", { "-l3", NULL }, { NULL },
	  { .level = 3 }, 2 },
	{ "a value in the next word", { "-l", "3", NULL }, { NULL },
	  { .level = 3 }, 3 },
	{ "flags and a value in one word", { "-gl3", NULL }, { NULL },
	  { .level = 3, .group = true }, 2 },
	{ "a value behind an equals sign", { "--level=3", NULL }, { NULL },
	  { .level = 3 }, 2 },
	{ "a long value in the next word", { "--level", "3", "x", NULL },
	  { NULL }, { .level = 3 }, 3 },
	{ "the last of two wins", { "-l3", "--level=4", NULL }, { NULL },
	  { .level = 4 }, 3 },
	{ "a flag taken back", { "-g", "-c", NULL }, { NULL },
	  { .level = 7 }, 3 },
	{ "a flag given again", { "-c", "-g", NULL }, { NULL },
	  { .level = 7, .group = true }, 3 },
	{ "two dashes end the options", { "-g", "--", "-q", NULL }, { NULL },
	  { .level = 7, .group = true }, 3 },
	{ "a word ends the options", { "-g", "app", "-q", NULL }, { NULL },
	  { .level = 7, .group = true }, 2 },
	{ "a dash alone is a word", { "-", "-q", NULL }, { NULL },
	  { .level = 7 }, 1 },
	{ "two dashes may be a value", { "--dir", "--", "-q", NULL },
	  { NULL }, { .level = 7, .quiet = true }, 4 },
	{ "a value that looks like an option", { "-n", "-q", NULL },
	  { NULL }, { .level = 7 }, 3 },
	{ "a duration", { "--wait-time", "2m", NULL }, { NULL },
	  { .level = 7, .wait_ms = 120000 }, 3 },
	{ "a signal", { "-sUSR1", NULL }, { NULL },
	  { .level = 7, .sig = SIGUSR1 }, 2 },
	{ "the largest number", { "-l2147483647", NULL }, { NULL },
	  { .level = INT_MAX }, 2 },
	{ "the environment", { NULL },
	  { "HALE_LEVEL=3", "HALE_GROUP=yes", "HALE_WAIT_TIME=5", NULL },
	  { .level = 3, .group = true, .wait_ms = 5000 }, 1 },
	{ "the flag wins over the environment", { "-l4", NULL },
	  { "HALE_LEVEL=3", NULL }, { .level = 4 }, 2 },
	{ "a flag taken back wins over the environment", { "-c", NULL },
	  { "HALE_GROUP=1", NULL }, { .level = 7 }, 2 },
	{ "a bad value that a flag overrules is not looked at",
	  { "-l4", NULL }, { "HALE_LEVEL=x", NULL }, { .level = 4 }, 2 },
	{ "an empty variable says nothing", { NULL },
	  { "HALE_LEVEL=", "HALE_NAME=", NULL }, { .level = 7 }, 1 },
	{ "a variable without a value says nothing", { NULL },
	  { "HALE_LEVEL", NULL }, { .level = 7 }, 1 },
	{ "a flag turned off by the environment", { NULL },
	  { "HALE_GROUP=0", NULL }, { .level = 7 }, 1 },
	{ "a question is asked on the command line only", { NULL },
	  { "HALE_HELP=1.2.3", NULL }, { .level = 7 }, 1 },
	{ "taking back is for the command line only", { NULL },
	  { "HALE_SINGLE_CHILD=x", NULL }, { .level = 7 }, 1 },
	{ "a name in lower case is another's", { NULL },
	  { "hale_level=3", "HALE_level=3", "HALE_WAIT-TIME=3", NULL },
	  { .level = 7 }, 1 },
	{ "a name that only starts like an option", { NULL },
	  { "HALE_LEVELS=3", "HALE_LEVE=3", NULL }, { .level = 7 }, 1 },
	{ "a help question", { "-h", NULL }, { NULL },
	  { .level = 7, .help = true }, 2 },
};

static void
accepts(void **state)
{
	const struct good *g = *state;
	struct opt_fail fail;
	struct args a;

	assert_int_equal(parse(&a, g->words, g->env, &fail), g->left);
	assert_int_equal(a.group, g->want.group);
	assert_int_equal(a.quiet, g->want.quiet);
	assert_int_equal(a.help, g->want.help);
	assert_int_equal(a.level, g->want.level);
	assert_int_equal(a.sig, g->want.sig);
	assert_int_equal(a.wait_ms, g->want.wait_ms);
}

static const struct bad {
	const char  *name;
	const char  *words[WORDS_MAX], *env[WORDS_MAX];
	enum opt_why why;
	const char  *of;	/* the option's long name, or NULL */
	const char  *written, *value, *nearest;
} bads[] = {
	{ "an unknown long option", { "--zebra", NULL }, { NULL },
	  OPT_UNKNOWN, NULL, "--zebra", "", NULL },
	{ "a long name behind one dash", { "-level=3", NULL }, { NULL },
	  OPT_UNKNOWN, NULL, "-level", "", "level" },
	{ "a typo is told from what was meant", { "--grop", NULL }, { NULL },
	  OPT_UNKNOWN, NULL, "--grop", "", "group" },
	{ "a swap of two letters is a typo", { "--elvel=3", NULL }, { NULL },
	  OPT_UNKNOWN, NULL, "--elvel", "", "level" },
	{ "three edits are another word", { "--xyzup", NULL }, { NULL },
	  OPT_UNKNOWN, NULL, "--xyzup", "", NULL },
	{ "an unknown letter", { "-gx", NULL }, { NULL },
	  OPT_UNKNOWN, NULL, "x", "", NULL },
	{ "a start of an option", { "--lev", NULL }, { NULL },
	  OPT_UNKNOWN, NULL, "--lev", "", "level" },
	{ "an option without a name", { "--=3", NULL }, { NULL },
	  OPT_UNKNOWN, NULL, "--", "", NULL },
	{ "a long option's value is missing", { "--level", NULL }, { NULL },
	  OPT_MISSING, "level", "--level", "", NULL },
	{ "a letter's value is missing", { "-gl", NULL }, { NULL },
	  OPT_MISSING, "level", "l", "", NULL },
	{ "a flag has a value", { "--group=1", NULL }, { NULL },
	  OPT_UNWANTED, "group", "--group", "1", NULL },
	{ "a flag has an empty value", { "--group=", NULL }, { NULL },
	  OPT_UNWANTED, "group", "--group", "", NULL },
	{ "a bad number", { "-lx", NULL }, { NULL },
	  OPT_BAD, "level", "l", "x", NULL },
	{ "a number too large", { "-l2147483648", NULL }, { NULL },
	  OPT_BAD, "level", "l", "2147483648", NULL },
	{ "an empty value", { "--level=", NULL }, { NULL },
	  OPT_BAD, "level", "--level", "", NULL },
	{ "an empty word as value", { "-l", "", NULL }, { NULL },
	  OPT_BAD, "level", "l", "", NULL },
	{ "a bad duration", { "--wait-time", "soon", NULL }, { NULL },
	  OPT_BAD, "wait-time", "--wait-time", "soon", NULL },
	{ "a bad signal", { "--signal=NOPE", NULL }, { NULL },
	  OPT_BAD, "signal", "--signal", "NOPE", NULL },
	{ "a bad value of a list", { "-n", "bad", NULL }, { NULL },
	  OPT_BAD, "name", "n", "bad", NULL },
	{ "one value more than a list holds",
	  { "-na", "-nb", "-nc", "-nd", NULL }, { NULL },
	  OPT_TOO_MANY, "name", "n", "d", NULL },
	{ "a bad number in the environment", { NULL },
	  { "HALE_LEVEL=x", NULL }, OPT_BAD, "level", NULL, "x", NULL },
	{ "a bad truth in the environment", { NULL },
	  { "HALE_GROUP=maybe", NULL }, OPT_BAD, "group", NULL, "maybe",
	  NULL },
	{ "one bad value of a list in the environment", { NULL },
	  { "HALE_NAME=a,bad,b", NULL }, OPT_BAD, "name", NULL, "bad", NULL },
	{ "an empty value in a list", { NULL },
	  { "HALE_NAME=a,,b", NULL }, OPT_BAD, "name", NULL, "", NULL },
	{ "too many in the environment", { NULL },
	  { "HALE_NAME=a,b,c,d", NULL }, OPT_TOO_MANY, "name", NULL, "d",
	  NULL },
};

static void
refuses(void **state)
{
	const struct bad *r = *state;
	struct opt_fail fail;
	struct args a;

	assert_int_equal(parse(&a, r->words, r->env, &fail), ERR_PARSE);
	assert_int_equal(fail.why, r->why);
	assert_int_equal(fail.why == OPT_UNKNOWN, r->of == NULL);
	if (r->of != NULL)
		assert_string_equal(fail.opt.name, r->of);
	assert_int_equal(fail.from_env, r->written == NULL);
	if (r->written == NULL)
		assert_int_equal(fail.name.len, 0);
	else
		assert_span_equal(r->written, fail.name);
	assert_span_equal(r->value, fail.value);
	if (r->nearest == NULL)
		assert_null(fail.nearest);
	else
		assert_string_equal(fail.nearest, r->nearest);
}

static void
a_list_takes_what_it_holds(void **state)
{
	static const char *const words[] = { "-na", "--name", "b,c", "-n", "d",
	                                     NULL };
	static const char *const env[] = { "HALE_NAME=e", NULL };
	struct opt_fail fail;
	struct args a;

	(void)state;
	assert_int_equal(parse(&a, words, env, &fail), 6);
	assert_int_equal(a.n, 3);	/* a comma separates in HALE_* only */
	assert_span_equal("a", a.names[0]);
	assert_span_equal("b,c", a.names[1]);
	assert_span_equal("d", a.names[2]);
}

static void
a_list_in_the_environment_is_cut_at_commas(void **state)
{
	static const char *const words[] = { NULL };
	static const char *const env[] = { "HALE_NAME=one,2,", NULL };
	struct opt_fail fail;
	struct args a;

	(void)state;
	assert_int_equal(parse(&a, words, env, &fail), 1);
	assert_int_equal(a.n, 2);
	assert_span_equal("one", a.names[0]);
	assert_span_equal("2", a.names[1]);
}

static void
a_text_is_borrowed_as_it_is(void **state)
{
	static const char *const words[] = { "--dir=/a b=c", NULL };
	static const char *const env[] = { NULL };
	struct opt_fail fail;
	struct args a;

	(void)state;
	assert_int_equal(parse(&a, words, env, &fail), 2);
	assert_string_equal(a.dir, "/a b=c");
}

static const struct env_row {
	const char *name, *var;
	bool        unknown;
	const char *nearest;
} env_rows[] = {
	{ "a known name", "HALE_LEVEL=3", false, NULL },
	{ "a name of the second group", "HALE_TWO=3", false, NULL },
	{ "a typo", "HALE_LEVL=3", true, "level" },
	{ "a typo of the second group", "HALE_TW=3", true, "two" },
	{ "a typo with an underscore", "HALE_WAIT_TIM=3", true, "wait-time" },
	{ "a word like no option", "HALE_ELEPHANT=3", true, NULL },
	{ "a name for the command line only", "HALE_SINGLE_CHILD=1", true,
	  "single-child" },
	{ "a question for the command line only", "HALE_HELP=1", true,
	  "help" },
	{ "nearly a name for the command line only", "HALE_HELPS=1", true,
	  NULL },
	{ "another's variable", "PATH=/bin", false, NULL },
	{ "a start of the prefix", "HALE=1", false, NULL },
	{ "the prefix alone", "HALE_=1", false, NULL },
	{ "a name of 40 bytes",
	  "HALE_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=1", true, NULL },
	{ "a name of 41 bytes",
	  "HALE_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=1", true, NULL },
	{ "a name without a value", "HALE_ELEPHANT", true, NULL },
};

#define SECOND(OPT) OPT(0, "two", OPT_INT, 0, "", "2", "", NULL, "")
static const struct opt_group both[] = {
	OPT_GROUP(OPTS, adds),
	OPT_GROUP(SECOND, NULL),
	OPT_END
};

static void
knows_the_variable(void **state)
{
	const struct env_row *r = *state;
	struct opt nearest;

	assert_int_equal(opt_is_unknown_env(both, guarded_text(r->var),
	                                    &nearest), r->unknown);
	if (!r->unknown)
		return;
	if (r->nearest == NULL)
		assert_null(nearest.name);
	else
		assert_string_equal(nearest.name, r->nearest);
}

static void
help_is_one_line_an_option(void **state)
{
	static const char want[] =
	"  -g, --group                     all of it\n"
	"  -c, --single-child              one of it\n"
	"  -q, --quiet                     say less\n"
	"  -l, --level N                   how much (default 7)\n"
	"  -w, --wait-time TIME            how long\n"
	"      --dir DIR                   where\n"
	"  -s, --signal SIGNAL             which\n"
	"  -n, --name NAME                 whose (repeatable)\n"
	"  -h, --help                      print this\n";
	struct buf b = guarded_buf(HELP_ROOM);

	(void)state;
	opt_write_help(&b, opts, OPT_HELP_COLUMN);
	assert_span_equal(want, buf_span(&b));
}

#define LONG_NAMES(OPT) \
	OPT(0, "aaaaaaaaaaaaaaaaaaaaaaaa", OPT_FLAG, 0, "", "fits", "", \
	    NULL, "") \
	OPT(0, "aaaaaaaaaaaaaaaaaaaaaaaaa", OPT_FLAG, 0, "", "is too", \
	    "", NULL, "")
static const struct opt_group long_names[] = {
	OPT_GROUP(LONG_NAMES, NULL),
	OPT_END
};

static void
a_long_name_moves_its_help_to_the_next_line(void **state)
{
	struct buf b = guarded_buf(HELP_ROOM);

	(void)state;
	opt_write_help(&b, long_names, OPT_HELP_COLUMN);
	assert_span_equal("      --aaaaaaaaaaaaaaaaaaaaaaaa  fits\n"
	                  "      --aaaaaaaaaaaaaaaaaaaaaaaaa\n"
	                  "                                  is too\n",
	                  buf_span(&b));
}

static void
help_that_does_not_fit_is_cut(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 200; cap++) {
		struct buf b = guarded_buf(cap);

		opt_write_help(&b, opts, OPT_HELP_COLUMN);
		assert_true(b.cut);
		assert_int_equal(b.len, cap);
	}
}

static void
every_kind_says_what_it_expects(void **state)
{
	static const struct opt_group *const tables[] = { opts, both };
	static const unsigned want[] = { 9, 10 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct opt o = { .group = tables[i] };
		unsigned n = 0;

		while (opt_next(&o)) {
			assert_true(strlen(opt_expected(&o)) > 0);
			assert_int_equal(o.number, ++n);
			if (n == 6)
				assert_string_equal(opt_expected(&o), "DIR");
			if (n == 8)
				assert_string_equal(opt_expected(&o),
				                    "a good name");
		}
		assert_int_equal(n, want[i]);
	}
}

static void
the_name_in_the_environment_is_in_capitals(void **state)
{
	struct opt o = { .group = opts };
	struct buf b = guarded_buf(HELP_ROOM);

	(void)state;
	assert_true(opt_next(&o) && opt_next(&o));
	opt_write_env_name(&b, &o);
	assert_span_equal("HALE_SINGLE_CHILD", buf_span(&b));
}

struct above {
	int     count;
	int64_t some_ms;
};

#define ABOVE(OPT) \
	OPT('r', "retries", OPT_COUNT, offsetof(struct above, count), \
	    "3", "", "", NULL, "") \
	OPT('i', "interval", OPT_SOME_MS, \
	    offsetof(struct above, some_ms), "10s", "", "", NULL, "")
static const struct opt_group above[] = { OPT_GROUP(ABOVE, NULL), OPT_END };

static void
what_must_be_above_0_starts_at_1(void **state)
{
	struct above a;
	char *good[] = { "cmd", "-r1", "-i1ms", NULL }, *none[] = { NULL };
	char *count[] = { "cmd", "-r0", NULL };
	char *env[] = { "HALE_INTERVAL=0.9ms", NULL };
	struct opt_fail fail;

	(void)state;
	assert_int_equal(opt_parse(above, &a, 3, good, none, &fail), 3);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.some_ms, 1);
	assert_int_equal(opt_parse(above, &a, 2, count, none, &fail),
	                 ERR_PARSE);
	assert_string_equal(fail.opt.name, "retries");
	assert_span_equal("0", fail.value);
	assert_int_equal(opt_parse(above, &a, 1, none, env, &fail), ERR_PARSE);
	assert_string_equal(fail.opt.name, "interval");
	assert_true(fail.from_env);
}

/* One bit of a 64-bit word each: the last one must not fall off. */
static void
the_last_of_the_most_options_wins_over_the_environment(void **state)
{
	static struct opt_row rows[OPT_MAX + 2];
	static char texts[OPT_MAX][8];
	const size_t half = OPT_MAX / 2;	/* in two groups */
	const struct opt_group table[] = {
		{ rows, texts[0], NULL },
		{ rows + half + 1, texts[half], NULL },
		OPT_END
	};
	char *argv[] = { "cmd", "--o62=5", NULL };
	char *env[] = { "HALE_O62=6", "HALE_O00=4", NULL };
	int values[OPT_MAX] = { 0 };
	struct opt_fail fail;

	(void)state;
	for (size_t i = 0; i < OPT_MAX; i++) {
		struct buf b = buf_over(texts[i], sizeof texts[i]);

		/* A name of three bytes and the NULs of five texts. */
		buf_fmt(&b, "o%d%d", (int)i / 10, (int)i % 10);
		rows[i + (i >= half)] = (struct opt_row){
			.kind = OPT_INT,
			.at = (uint16_t)(i * sizeof values[0]),
		};
	}
	assert_int_equal(opt_parse(table, values, 2, argv, env, &fail), 2);
	assert_int_equal(values[OPT_MAX - 1], 5);
	assert_int_equal(values[0], 4);
}

struct given {
	bool no_env;
	int  count;
};

#define GIVEN(OPT) \
	OPT('r', "retries", OPT_COUNT, offsetof(struct given, count), \
	    "3", "", "", NULL, "") \
	OPT(0, "no-env", OPT_NO_ENV, offsetof(struct given, no_env), \
	    "", "", "", NULL, "")
static const struct opt_group given[] = { OPT_GROUP(GIVEN, NULL), OPT_END };

static void
the_environment_may_be_left_alone(void **state)
{
	struct given a = { 0 };
	char *flag[] = { "cmd", "--no-env", NULL }, *none[] = { "cmd", NULL };
	char *env[] = { "HALE_RETRIES=7", "HALE_NO_ENV=1", NULL };
	struct opt_fail fail;

	(void)state;
	assert_int_equal(opt_parse(given, &a, 1, none, env, &fail), 1);
	assert_int_equal(a.count, 7);
	assert_false(a.no_env);
	assert_int_equal(opt_parse(given, &a, 2, flag, env, &fail), 2);
	assert_int_equal(a.count, 3);
	assert_true(a.no_env);
	/* The caller may have decided it before. */
	assert_int_equal(opt_parse(given, &a, 1, none, env, &fail), 1);
	assert_int_equal(a.count, 3);
}

static void
a_variable_that_names_an_option_is_known(void **state)
{
	(void)state;
	assert_true(opt_is_env(opts, "HALE_SIGNAL=x"));
	assert_true(opt_is_env(opts, "HALE_SIGNAL="));
	assert_true(opt_is_env(opts, "HALE_SIGNAL"));
	assert_false(opt_is_env(opts, "HALE_SIGNALS=x"));
	assert_false(opt_is_env(opts, "HALE_HELP=1"));
	assert_false(opt_is_env(opts, "HALE_=1"));
	assert_false(opt_is_env(opts, "SIGNAL=1"));
	assert_false(opt_is_env(opts, ""));
}

static const struct mixed_row {
	const char *name;
	const char *words[WORDS_MAX + 1];
	const char *left[WORDS_MAX + 1];
	int         level;
	bool        quiet;
} mixed_rows[] = {
	{ "no word at all", { NULL }, { NULL }, 7, false },
	{ "options first", { "-q", "-l3", "a", "b" }, { "a", "b" }, 3, true },
	{ "options last", { "a", "b", "-q", "-l", "3" }, { "a", "b" }, 3, true },
	{ "options between", { "a", "--level=3", "b", "-q", "c" },
	  { "a", "b", "c" }, 3, true },
	{ "a value is no word", { "--level", "3", "a", "-l", "4" }, { "a" }, 4, false },
	{ "-- ends them", { "a", "-q", "--", "-l", "b" }, { "a", "-l", "b" }, 7, true },
	{ "-- alone", { "--" }, { NULL }, 7, false },
	{ "-- at the end", { "a", "b", "--" }, { "a", "b" }, 7, false },
	{ "- is a word", { "-", "-q" }, { "-" }, 7, true },
};

static void
options_may_stand_behind_words(void **state)
{
	const struct mixed_row *r = *state;
	char *argv[WORDS_MAX + 2];
	int argc = make_argv(argv, r->words), n = 0, left;
	struct opt_fail fail;
	struct args a = { 0 };

	for (; r->left[n] != NULL; n++)
		continue;
	left = opt_parse_mixed(opts, &a, argc, argv, &fail);
	assert_int_equal(left, argc - n);
	for (int i = 0; i < n; i++)
		assert_string_equal(argv[left + i], r->left[i]);
	assert_int_equal(a.level, r->level);
	assert_int_equal(a.quiet, r->quiet);
}

static void
a_wrong_option_behind_words_is_wrong(void **state)
{
	char *argv[] = { "cmd", "a", "--levl=3", "b", NULL };
	struct opt_fail fail;
	struct args a = { 0 };

	(void)state;
	assert_int_equal(opt_parse_mixed(opts, &a, 4, argv, &fail), ERR_PARSE);
	assert_int_equal(fail.why, OPT_UNKNOWN);
	assert_string_equal(fail.nearest, "level");
}

/* In Go's dialect: the words, how many are left, and what came of them. */
static const struct go_row {
	const char *name;
	const char *words[WORDS_MAX + 1];
	int         left;	/* or ERR_PARSE .. */
	int         level;
	bool        quiet;
	enum opt_why why;	/* .. for this */
} go_rows[] = {
	{ "no word at all", { NULL }, 0, 7, false, 0 },
	{ "one dash", { "-level", "3", "-quiet" }, 0, 3, true, 0 },
	{ "two dashes", { "--level=3", "--quiet" }, 0, 3, true, 0 },
	{ "a flag that is true", { "-quiet=true" }, 0, 7, true, 0 },
	{ "a flag that is not", { "-quiet", "-quiet=false" }, 0, 7, false, 0 },
	{ "a flag takes no next word", { "-quiet", "false" }, 1, 7, true, 0 },
	{ "a word ends them", { "-level=3", "a", "-quiet" }, 2, 3, false, 0 },
	{ "-- ends them", { "-quiet", "--", "-level" }, 1, 7, true, 0 },
	{ "letters are none", { "-q" }, ERR_PARSE, 0, false, OPT_UNKNOWN },
	{ "a flag with another word", { "-quiet=x" }, ERR_PARSE, 0, false, OPT_BAD },
	{ "no value", { "-level" }, ERR_PARSE, 0, false, OPT_MISSING },
	{ "a wrong value", { "-level=x" }, ERR_PARSE, 0, false, OPT_BAD },
};

static void
gos_dialect_is_read(void **state)
{
	const struct go_row *r = *state;
	char *argv[WORDS_MAX + 2];
	int argc = make_argv(argv, r->words), got;
	struct opt_fail fail;
	struct args a = { 0 };

	got = opt_parse_go(opts, &a, argc, argv, &fail);
	assert_int_equal(got < 0 ? got : argc - got, r->left);
	if (got < 0) {
		assert_int_equal(fail.why, r->why);
		return;
	}
	assert_int_equal(a.level, r->level);
	assert_int_equal(a.quiet, r->quiet);
}

int
main(void)
{
	UNIT_ROWS(accepts, goods);
	UNIT_ROWS(refuses, bads);
	UNIT_ROWS(knows_the_variable, env_rows);
	UNIT_ROWS(options_may_stand_behind_words, mixed_rows);
	UNIT_TEST(a_wrong_option_behind_words_is_wrong);
	UNIT_ROWS(gos_dialect_is_read, go_rows);
	UNIT_TEST(a_list_takes_what_it_holds);
	UNIT_TEST(a_list_in_the_environment_is_cut_at_commas);
	UNIT_TEST(a_text_is_borrowed_as_it_is);
	UNIT_TEST(help_is_one_line_an_option);
	UNIT_TEST(a_long_name_moves_its_help_to_the_next_line);
	UNIT_TEST(help_that_does_not_fit_is_cut);
	UNIT_TEST(every_kind_says_what_it_expects);
	UNIT_TEST(the_name_in_the_environment_is_in_capitals);
	UNIT_TEST(the_environment_may_be_left_alone);
	UNIT_TEST(a_variable_that_names_an_option_is_known);
	UNIT_TEST(what_must_be_above_0_starts_at_1);
	UNIT_TEST(the_last_of_the_most_options_wins_over_the_environment);
	return unit_run("base/opt");
}
