/* SPDX-License-Identifier: MIT */
/* sh/test.c - test and [ */
#include "sh/test.h"

#include "base/err.h"
#include "base/parse.h"

enum { LESS = 1, EQUAL = 2, MORE = 4 };

/* Two letters each, and which outcomes of a comparison they stand for. */
static const char numeric[] = "eqneltlegtge";
static const char holds_for[] = { EQUAL, LESS | MORE, LESS, LESS | EQUAL,
	                          MORE, MORE | EQUAL };

/* What an operator between two words holds for; 0: it is none. */
static int
outcomes_of(const char *word, bool *is_numeric)
{
	*is_numeric = word[0] == '-';
	if (strcmp(word, "!=") == 0)
		return LESS | MORE;
	if (word[0] == '=' && word[1 + (word[1] == '=')] == '\0')
		return EQUAL;
	for (size_t i = 0; *is_numeric && i < sizeof holds_for; i++)
		if (strncmp(word + 1, &numeric[2 * i], 2) == 0
		 && word[3] == '\0')
			return holds_for[i];
	return 0;
}

static bool
read_number(const char *word, int64_t *n)
{
	bool is_minus = *word == '-';
	uint64_t u;

	if (parse_uint(word + (is_minus || *word == '+'), INT64_MAX, &u) < 0)
		return false;
	*n = is_minus ? -(int64_t)u : (int64_t)u;
	return true;
}

/* Two words and what stands between them; ERR_PARSE: one is not a number, to
 * which *at is moved. */
static int
compare(char ***at, int outcomes, bool is_numeric)
{
	char **w = *at;
	int64_t a = strcmp(w[0], w[2]), b = 0;

	if (is_numeric && !read_number(w[0], &a))
		return ERR_PARSE;
	*at += 2;
	if (is_numeric && !read_number(w[2], &b))
		return ERR_PARSE;
	++*at;
	return (outcomes & (a == b ? EQUAL : a < b ? LESS : MORE)) != 0;
}

/* One comparison, file or string, behind any number of !. */
static int
read_one(char ***at, sh_file_is *file_is)
{
	bool is_not = false, is_numeric;
	char **w, kind;
	int r;

	for (;; is_not = !is_not, ++*at) {
		w = *at;
		if (w[0] == NULL)
			return ERR_PARSE;
		r = w[1] != NULL && w[2] != NULL
		  ? outcomes_of(w[1], &is_numeric) : 0;
		if (r > 0 || w[1] == NULL || strcmp(w[0], "!") != 0)
			break;
	}
	kind = w[0][0] == '-' ? w[0][1] : '\0';
	if (r > 0) {
		r = compare(at, r, is_numeric);
	} else if (w[1] != NULL && kind != '\0'
	        && w[0][2] == '\0' && strchr("nzefdrwxsShL", kind) != NULL) {
		*at += 2;
		r = kind == 'n' || kind == 'z'
		  ? (*w[1] == '\0') == (kind == 'z') : file_is(kind, w[1]);
	} else {
		++*at;
		r = *w[0] != '\0';
	}
	return r < 0 ? r : r != is_not;
}

/* see sh/test.h */
int
sh_test(char **argv, sh_file_is *file_is, const char **bad)
{
	int any = 0, all = 1, r = *argv == NULL ? 0 : ERR_PARSE;

	while (*argv != NULL || r < 0) {
		r = read_one(&argv, file_is);
		*bad = *argv;
		if (r < 0)
			return r;
		all &= r;
		if (*argv == NULL)
			break;
		if (strcmp(*argv, "-o") == 0) {
			any |= all;
			all = 1;
		} else if (strcmp(*argv, "-a") != 0) {
			return ERR_PARSE;
		}
		argv++;
		r = ERR_PARSE;	/* if nothing follows */
	}
	return r < 0 ? r : any | (all & r);
}
