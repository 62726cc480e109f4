/* SPDX-License-Identifier: MIT */
/*
 * fuzz_sh.c - a shell's line, walked by an edge that runs nothing; the words of
 * its commands also as test's, and as a pattern and a line
 */
#include "fuzz.h"

#include <setjmp.h>

#include "base/err.h"
#include "sh/line.h"
#include "sh/pattern.h"
#include "sh/test.h"

static char *env[] = { "A=a  b", "E=", "Q='\"$(`", "N=\n", NULL };
static bool was_refused;
static unsigned splits;
static jmp_buf left;

/* Words lie in the command's own memory, one behind the other. */
static void
must_be_whole(const struct sh_command *c)
{
	fuzz_must(c->n <= SH_WORDS_MAX && c->n_redirs <= SH_REDIRS_MAX);
	fuzz_must(c->argv[c->n] == NULL);
	for (unsigned i = 0; i < c->n; i++) {
		fuzz_must(c->argv[i] >= c->memory
		       && c->argv[i] < c->memory + SH_TEXT_MAX);
		fuzz_must(memchr(c->argv[i], 0, (size_t)(c->memory + SH_TEXT_MAX
		                                       - c->argv[i])) != NULL);
	}
	for (unsigned i = 0; i < c->n_redirs; i++)
		fuzz_must(c->redirs[i].fd < 3 && c->redirs[i].from <= SH_NULL);
}

static int
check(struct sh_command *c)
{
	must_be_whole(c);
	was_refused |= c->n > 0 && c->argv[0][0] == 'x';
	return was_refused ? ERR_PARSE : 0;
}

static bool
file_is(char kind, const char *path)
{
	fuzz_must(strchr("efdrwxsShL", kind) != NULL);
	fuzz_must(strlen(path) < SH_TEXT_MAX);
	return kind == 'f';
}

static void
match(const char *pattern, const char *line, unsigned flags)
{
	static struct sh_pattern m;
	int r = sh_pattern_read(&m, pattern, flags);
	bool found = false;

	fuzz_must(m.p >= pattern && m.p <= pattern + strlen(pattern));
	for (; r == 0 && *line != '\0'; line++) {
		bool now = sh_pattern_step(&m, *line);

		/* What has matched stays so to the line's end. */
		fuzz_must(now || !found);
		found = now && *line != '\n';
	}
}

static int
run(struct sh_line *l)
{
	struct sh_command *c = &l->command;
	struct sh_test t = { .at = c->argv, .file_is = file_is };
	int r;

	must_be_whole(c);
	fuzz_must(l->skips == 0 && !was_refused);
	l->status = (int)c->n % 3;
	if (c->n > 1 && c->argv[0][0] == 'e')
		l->skips = SH_EXITED;
	if (c->n > 2)
		match(c->argv[1], c->argv[2], (unsigned)strlen(c->argv[0]) % 8);
	r = sh_test(&t);
	fuzz_must(t.at >= c->argv && t.at <= c->argv + c->n);
	fuzz_must(r == 0 || r == 1 || r == ERR_PARSE || r == ERR_RANGE);
	return 0;
}

/* Goes on as the one or as the other. */
static int
split(struct sh_line *l, struct sh_saved *saved)
{
	saved->child = l->status;
	splits += l->status == 1;
	return l->status == 1;
}

static void
leave(struct sh_line *l)
{
	fuzz_must(splits > 0 && (l->r == 0 || l->bad != NULL));
	longjmp(left, 1);
}

static int
join(struct sh_saved *saved)
{
	return saved->child == 2 ? ERR_KILLED : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sh_edge edge = { check, run, split, leave, join };
	static struct sh_line l;
	static char *text;	/* longjmp() leaves it as it is */
	int r;

	text = malloc(size + 1);
	fuzz_must(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	was_refused = false;
	l = (struct sh_line){ .edge = &edge };
	l.command.env = env;
	splits = 0;
	if (setjmp(left) == 0) {
		r = sh_line_run(&l, text);
		fuzz_must(splits == 0 && (r >= 0 || l.bad != NULL));
		fuzz_must(strlen(text) <= SH_LINE_MAX || r == ERR_TOOBIG);
	}
	free(text);
	return 0;
}
