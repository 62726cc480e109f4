/* SPDX-License-Identifier: MIT */
/* test_sh_line.c - which commands of a line run, by an edge that notes it */
#include "unit.h"

#include <errno.h>
#include <setjmp.h>

#include "base/err.h"
#include "sh/line.h"

static char *env[] = { "N=7", NULL };
static char seen[512];
static struct buf did;

/* Commands are numbers, which are their exit codes, `exit`, and `no`, which is
 * not allowed. */
static int
check(struct sh_command *c)
{
	return c->n == 0 || strcmp(c->argv[0], "no") != 0 ? 0 : ERR_PARSE;
}

static int
run(struct sh_line *l)
{
	const struct sh_command *c = &l->command;

	for (unsigned i = 0; i < c->n; i++)
		buf_fmt(&did, "%s%s", i > 0 ? "_" : "", c->argv[i]);
	buf_str(&did, " ");
	l->status = c->n > 0 && c->argv[0][0] == 'e' ? 9
	          : c->n > 0 ? atoi(c->argv[0]) : 0;
	if (c->n > 0 && c->argv[0][0] == 'e')
		l->skips = SH_EXITED;
	return l->status == 99 ? -ENOMEM : 0;
}

/* Nothing is forked: this process is one of the two. */
static bool is_child;
static jmp_buf left;

static int
split(struct sh_line *l, struct sh_saved *saved)
{
	(void)l;
	(void)saved;
	buf_str(&did, "split ");
	return is_child;
}

static void
leave(struct sh_line *l)
{
	(void)l;
	buf_str(&did, "leave ");
	longjmp(left, 1);
}

static int
join(struct sh_saved *saved)
{
	(void)saved;
	buf_str(&did, "join ");
	return 0;
}

static const struct sh_edge edge = { check, run, split, leave, join };

static int
run_line(struct sh_line *l, const char *text)
{
	*l = (struct sh_line){ .edge = &edge };
	l->command.env = env;
	did = buf_over(seen, sizeof seen);
	return sh_line_run(l, guarded_text(text));
}

static const struct row {
	const char *name, *line, *did;
	int         code;
} rows[] = {
	{ "nothing", "", "", 0 }, { "only a comment", "# a", "", 0 },
	{ "newlines", "\n \n", "", 0 },
	{ "one", "0", "0 ", 0 }, { "one that fails", "3", "3 ", 3 },
	{ "two", "3; 0 a", "3 0_a ", 0 }, { "lines", "1\n\n2\n", "1 2 ", 2 },
	{ "a ; at the end", "1;", "1 ", 1 },
	{ "and", "0 && 0 b", "0 0_b ", 0 }, { "and not", "1 && 0", "1 ", 1 },
	{ "or", "1 || 2", "1 2 ", 2 }, { "or not", "0 || 2", "0 ", 0 },
	{ "from left to right", "1 && 2 || 3", "1 3 ", 3 },
	{ "or before and", "0 || 2 && 0 c", "0 0_c ", 0 },
	{ "a line goes on behind them", "1 ||\n # x\n 2", "1 2 ", 2 },
	{ "not", "! 0", "0 ", 1 }, { "not a failure", "! 4", "4 ", 0 },
	{ "not, in a row", "! 0 || 5", "0 5 ", 5 },
	{ "if", "if 0; then 3; fi", "0 3 ", 3 },
	{ "if not", "if 1; then 3; fi", "1 ", 0 },
	{ "else", "if 1; then 3; else 4; fi", "1 4 ", 4 },
	{ "no else", "if 0; then 3; else 4; fi", "0 3 ", 3 },
	{ "elif", "if 1; then 3; elif 0; then 5; else 6; fi", "1 0 5 ", 5 },
	{ "elif, else", "if 1; then 3; elif 2; then 5; else 6; fi", "1 2 6 ", 6 },
	{ "elifs", "if 1; then 2; elif 0; then 3; elif 0; then 4; else 5; fi; 0 $?",
	  "1 0 3 0_3 ", 0 },
	{ "an elif in an elif", "if 1; then 2; elif if 1; then 3; elif 0; then 4; fi; then 5; fi",
	  "1 1 0 4 ", 0 },
	{ "an elif in what is skipped", "1 && if 0; then 2; elif 0; then 3; fi; 4", "1 4 ", 4 },
	{ "exit in an elif", "if 1; then 2; elif exit; then 3; else 4; fi; 5", "1 exit ", 9 },
	{ "exit before an elif", "if 0; then exit; elif 0; then 3; else 4; fi; 5", "0 exit ", 9 },
	{ "if in lines", "if 0\nthen\n0 a\n2\nelse\n3\nfi\n", "0 0_a 2 ", 2 },
	{ "if in if", "if if 0; then 1; fi; then 2; else 3; fi", "0 1 3 ", 3 },
	{ "braces", "{ 1; 2; }", "1 2 ", 2 },
	{ "a group", "( 1 ; 2 )", "1 2 ", 2 }, { "tight", "(1;2)", "1 2 ", 2 },
	{ "groups", "((1);(2))", "1 2 ", 2 },
	{ "a group that fails", "(0; 1) || 2", "0 1 2 ", 2 },
	{ "words that mean something elsewhere", "0 if fi } { !", "0_if_fi_}_{_! ", 0 },
	{ "exit", "exit; 1", "exit ", 9 }, { "exit in braces", "{ exit; }; 1", "exit ", 9 },
	{ "exit in a group", "(exit; 2) || 1", "exit 1 ", 1 },
	{ "exit in an if", "if exit; then 1; fi; 2", "exit ", 9 },
	{ "exit for a failure", "1 || exit; 2", "1 exit ", 9 },
	{ "no exit", "0 || exit; 2", "0 2 ", 2 },
	{ "a pipe", "1 | 2", "split 2 join ", 2 },
	{ "pipes", "1 | 2 | 3", "split split 3 join join ", 3 },
	{ "a pipe or", "1 | 2 || 3", "split 2 join 3 ", 3 },
	{ "a pipe goes on", "1 |\n 0", "split 0 join ", 0 },
	{ "not a pipe", "! 1 | 0", "split 0 join ", 1 },
	{ "exit behind a pipe", "0 | exit || 1", "split exit join 1 ", 1 },
	{ "a group behind a pipe", "0 | { 1; 2; }; 3", "split 1 2 join 3 ", 3 },
	{ "a pipe in a group", "(0 | 1) && 2", "split 1 join ", 1 },
	{ "only redirections", ">/dev/null", " ", 0 },
	{ "a variable", "$N", "7 ", 7 },
	{ "the status, first", "0 $?", "0_0 ", 0 },
	{ "the status", "3; 4 $?; ! 4; 0 $?", "3 4_3 4 0_0 ", 0 },
	{ "the status behind an if", "if 2; then 1; fi; 0 $?", "2 0_0 ", 0 },
};

static void
is_run(void **state)
{
	const struct row *r = *state;
	static struct sh_line l;
	int code = run_line(&l, r->line);

	assert_string_equal(r->did, buf_text(&did));
	assert_int_equal(r->code, code);
}

static const struct bad {
	const char *name, *line, *bad;
} bads[] = {
	{ "what is not allowed", "0; no x", "no x" },
	{ "in a branch", "if 1; then no; fi", "no; fi" },
	{ "behind an or", "0 || no", "no" }, { "before a pipe", "no | 0", "no | 0" },
	{ "behind a pipe", "0 | no", "no" },
	{ "a file", "0; 0 >x", "x" }, { "a substitution", "0; $(no)", "$(no)" },
	{ "in the background", "0 &", "&" }, { "an assignment", "A=1 0", "A=1 0" },
	{ "an empty one", "A=", "A=" }, { "two ;", "0;;", ";;" },
	{ "a ; first", ";0", ";0" }, { "an and first", "&& 0", "&& 0" },
	{ "an or last", "0 ||", "" }, { "a pipe last", "0 |", "" },
	{ "a pipe and", "0 | && 0", "&& 0" }, { "a group alone", "()", ")" },
	{ "a group open", "(0", "" }, { "a group closed", "0)", ")" },
	{ "braces open", "{ 0", "" }, { "braces closed", "0; }", "}" },
	{ "a function", "f() { 0; }", "() { 0; }" },
	{ "a word behind a group", "(0) 1", "1" },
	{ "a redirected group", "(0) >/dev/null", ">/dev/null" },
	{ "if alone", "if", "" }, { "if without then", "if 0; fi", "fi" },
	{ "if without an end", "if 0; then 0", "" },
};

static void
is_refused(void **state)
{
	const struct bad *r = *state;
	static struct sh_line l;

	assert_int_equal(ERR_PARSE, run_line(&l, r->line));
	assert_string_equal(r->bad, l.bad);
	assert_int_equal(0, did.len);	/* nothing has run */
}

static void
an_error_of_the_edge_ends_the_line(void **state)
{
	static struct sh_line l;

	(void)state;
	assert_int_equal(-ENOMEM, run_line(&l, "0; 99 || 1; 2"));
	assert_string_equal("0 99 ", buf_text(&did));
}

/* Also an exit, a group and an error end no more than the left side. */
static void
what_is_left_of_a_pipe_runs_only_that(void **state)
{
	static const struct { const char *line, *did; int r; } cases[] = {
		{ "1 | 2; 3", "split 1 leave ", 0 },
		{ "1; { 2; 3; } | 4", "1 split 2 3 leave ", 0 },
		{ "exit | 2; 3", "split exit leave ", 0 },
		{ "{ exit; 1; } | 2 || 3", "split exit leave ", 0 },
		{ "1 | 2 | 3", "split 1 leave ", 0 },
		{ "if 0; then 1 | 2; fi", "0 split 1 leave ", 0 },
		{ "{ 99; 1; } | 2", "split 99 leave ", -ENOMEM },
	};
	static struct sh_line l;

	(void)state;
	is_child = true;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (setjmp(left) == 0) {
			(void)run_line(&l, cases[i].line);
			fail_msg("%s: came back", cases[i].line);
		}
		assert_string_equal(cases[i].did, buf_text(&did));
		assert_int_equal(cases[i].r, l.r);
	}
	is_child = false;
}

static int
run_nested(const char *open, const char *close, size_t n)
{
	static struct sh_line l;
	static char line[8192];
	struct buf b = buf_over(line, sizeof line);

	for (size_t i = 0; i < n; i++)
		buf_str(&b, open);
	buf_str(&b, "0");
	for (size_t i = 0; i < n; i++)
		buf_str(&b, close);
	return run_line(&l, buf_text(&b));
}

static void
a_line_has_bounds(void **state)
{
	(void)state;
	assert_int_equal(0, run_nested("(", ")", SH_DEPTH_MAX - 1));
	assert_int_equal(0, run_nested("(", ")", SH_DEPTH_MAX));
	assert_int_equal(ERR_FULL, run_nested("(", ")", SH_DEPTH_MAX + 1));
	assert_int_equal(ERR_FULL, run_nested("(", ")", 2000));
	assert_int_equal(0, run_nested("0 | ", "", SH_DEPTH_MAX - 1));
	assert_int_equal(0, run_nested("0 | ", "", SH_DEPTH_MAX));
	assert_int_equal(ERR_FULL, run_nested("0 | ", "", SH_DEPTH_MAX + 1));
	assert_int_equal(0, run_nested("if ", ";then 0;fi", SH_DEPTH_MAX));
	assert_int_equal(ERR_FULL,
	                 run_nested("if ", ";then 0;fi", SH_DEPTH_MAX + 1));
	/* These are beside each other. */
	assert_int_equal(0, run_nested("if 1;then 0;fi;", "", 100));
	assert_int_equal(0, run_nested("if 1", ";then 0;elif 1;then 0;fi", 1));
	assert_int_equal(0, run_nested("", "a", SH_LINE_MAX - 2));
	assert_int_equal(0, run_nested("", "a", SH_LINE_MAX - 1));
	assert_int_equal(ERR_TOOBIG, run_nested("", "a", SH_LINE_MAX));
	assert_int_equal(0, run_nested("", ";0", 100));
}

int
main(void)
{
	UNIT_ROWS(is_run, rows);
	UNIT_ROWS(is_refused, bads);
	UNIT_TEST(an_error_of_the_edge_ends_the_line);
	UNIT_TEST(what_is_left_of_a_pipe_runs_only_that);
	UNIT_TEST(a_line_has_bounds);
	return unit_run("sh/line");
}
