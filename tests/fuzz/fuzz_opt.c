/* SPDX-License-Identifier: MIT */
/* fuzz_opt.c - a command line and an environment: words end in a newline, the
 * environment starts behind an empty one */
#include "fuzz.h"

#include "base/err.h"
#include "base/kubenv.h"
#include "base/opt_words.h"

#define INPUT_MAX 2048
#define WORDS_MAX 32

struct args {
	bool        group;
	int         level, sig;
	int64_t     wait_ms;
	const char *dir;
	int         n;
};

static int
add_name(void *args, struct span value)
{
	struct args *a = args;

	if (a->n == 3)
		return ERR_FULL;
	if (span_is(value, "bad"))
		return ERR_PARSE;
	a->n++;
	return 0;
}

#define AT(field) offsetof(struct args, field)
#define OPTS(OPT) \
	OPT('g', "group", OPT_FLAG, AT(group), "", "", "", NULL, "") \
	OPT('c', "single-child", OPT_UNFLAG, AT(group), "", "", "", NULL, "") \
	OPT('l', "level", OPT_INT, AT(level), "7", "", "", NULL, "") \
	OPT('w', "wait-time", OPT_MS, AT(wait_ms), "", "", "", NULL, "") \
	OPT(0, "dir", OPT_STR, AT(dir), "", "", "", NULL, "") \
	OPT('s', "signal", OPT_SIG, AT(sig), "", "", "", NULL, "") \
	OPT('n', "name", OPT_LIST, 0, "", "", "", add_name, "")
#define ADDS(ADD) ADD(add_name)
OPT_NUMBER_ADDS(ADDS);
static opt_add *const adds[] = OPT_ADDS(ADDS);
static const struct opt_group opts[] = { OPT_GROUP(OPTS, adds), OPT_END };

#define CURL_OPTS(OPT) \
	OPT('f', "fail", OPT_FLAG, AT(group), "", "", "", NULL, "") \
	OPT('O', "name", OPT_CALL, 0, "", "", "", add_name, "") \
	OPT('d', "data", OPT_SECRET, 0, "", "", "", add_name, "") \
	OPT('q', "disable", OPT_PAST, 0, "", "", "", NULL, "") \
	OPT(0, "keep", OPT_PAST_VALUE, 0, "", "", "", NULL, "") \
	OPT('F', "form", OPT_REFUSED, 0, "", "not here", "", NULL, "") \
	OPT(0, "url", OPT_OPERAND, 0, "", "", "", add_name, "")
static const struct opt_group curl_opts[] = {
	OPT_GROUP(CURL_OPTS, adds),
	OPT_END
};

/* Cuts lines off *text into words, up to an empty one; how many there are. */
static int
cut_words(char **text, char **words)
{
	int n = 0;

	while (n < WORDS_MAX && **text != '\0') {
		char *line = *text, *end = strchr(line, '\n');

		*text = end != NULL ? end + 1 : line + strlen(line);
		if (end != NULL)
			*end = '\0';
		if (*line == '\0')
			break;
		words[n++] = line;
	}
	words[n] = NULL;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char input[INPUT_MAX + 1], *rest = input;
	char *argv[WORDS_MAX + 2] = { input }, *env[WORDS_MAX + 1];
	char *words[WORDS_MAX + 2];
	struct opt nearest;
	struct opt_fail fail;
	struct args a = { 0 };
	int argc, left;

	if (size > INPUT_MAX)
		return 0;
	memcpy(input, data, size);
	input[size] = '\0';
	argc = 1 + cut_words(&rest, argv + 1);
	cut_words(&rest, env);
	memcpy(words, argv, sizeof words);
	left = opt_parse_mixed(opts, &a, argc, words, &fail);
	fuzz_must(left < 0 ? left == ERR_PARSE : left >= 1 && left <= argc);
	for (int i = left < 0 ? argc : left; i < argc; i++)
		fuzz_must(words[i] != NULL);
	memset(&a, 0, sizeof a);
	left = opt_parse_curl(curl_opts, &a, argc, argv, &fail);
	fuzz_must(left == 0 ? a.n <= 3 : left == ERR_PARSE
	          && (fail.why == OPT_UNKNOWN || fail.opt.name != NULL));
	memset(&a, 0, sizeof a);
	left = opt_parse_go(opts, &a, argc, argv, &fail);
	fuzz_must(left < 0 ? left == ERR_PARSE : left >= 1 && left <= argc);
	memset(&a, 0, sizeof a);
	left = opt_parse(opts, &a, argc, argv, env, &fail);
	if (left < 0)
		fuzz_must(left == ERR_PARSE
		          && (fail.why == OPT_UNKNOWN
		           || fail.opt.name != NULL));
	else
		fuzz_must(left >= 1 && left <= argc && a.level >= 0
		          && a.n <= 3);
	for (char **e = env; *e != NULL; e++) {
		(void)opt_is_unknown_env(opts, *e, &nearest);
		(void)kubenv_is_made(*e);
	}
	return 0;
}
