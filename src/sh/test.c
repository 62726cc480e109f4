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

/* What an operator between two words holds for; 0: it is not one; ERR_PARSE: a
 * real one may know it, as < or -nt. */
static int
outcomes_of(const char *word)
{
	if (word[0] == '!' && word[1] == '=' && word[2] == '\0')
		return LESS | MORE;
	if (word[0] == '=' && word[1 + (word[1] == '=')] == '\0')
		return EQUAL;
	for (size_t i = 0; word[0] == '-' && i < sizeof holds_for; i++)
		if (strncmp(word + 1, &numeric[2 * i], 2) == 0
		 && word[3] == '\0')
			return holds_for[i];
	return *word == '<' || *word == '>'
	    || (*word == '-' && strlen(word) == 3) ? ERR_PARSE : 0;
}

/* Others read more as a number: blanks around it, and one that is larger. */
static int
read_number(struct sh_test *t, const char *word)
{
	bool is_minus = *word == '-';

	if (parse_uint(word + (is_minus || *word == '+'), INT64_MAX,
	               (uint64_t *)&t->number) < 0)
		return word[strcspn(word, "0123456789")] == '\0' ? ERR_RANGE
		                                                 : ERR_PARSE;
	if (is_minus)
		t->number = -t->number;
	return 0;
}

/* Two words and what stands between them. */
static int
compare(struct sh_test *t, int outcomes)
{
	char **w = t->at;
	int64_t a = strcmp(w[0], w[2]);
	int r;

	t->number = 0;
	if (w[1][0] == '-') {
		r = read_number(t, w[0]);
		if (r < 0)
			return r;
		a = t->number;
		t->at += 2;
		r = read_number(t, w[2]);
		if (r < 0)
			return r;
	}
	t->at = w + 3;
	outcomes &= a == t->number ? EQUAL : a < t->number ? LESS : MORE;
	return outcomes != 0;
}

/* One comparison, file or string, behind any number of !. */
static int
read_one(struct sh_test *t)
{
	bool is_not = false;
	char **w, kind;
	int r;

	for (;; is_not = !is_not, t->at++) {
		w = t->at;
		if (w[0] == NULL)
			return ERR_RANGE;
		r = w[1] != NULL && w[2] != NULL ? outcomes_of(w[1]) : 0;
		if (r < 0) {
			t->at++;
			return r;
		}
		/* Others find another meaning by counting the words. */
		if ((w[1] != NULL && strcmp(w[0], "(") == 0)
		 || (r > 0 && w[3] != NULL && strcmp(w[0], "!") == 0))
			return ERR_PARSE;
		if (r > 0 || w[1] == NULL || strcmp(w[0], "!") != 0)
			break;
	}
	kind = w[0][0] == '-' ? w[0][1] : '\0';
	if (r > 0) {
		r = compare(t, r);
		return r < 0 ? r : r != is_not;
	}
	r = *w[0] != '\0';
	if (w[1] != NULL && kind != '\0' && w[0][2] == '\0') {
		if (strchr("nzefdrwxsShL", kind) == NULL)
			return ERR_PARSE;
		t->at++;
		r = kind == 'n' || kind == 'z'
		  ? (*w[1] == '\0') == (kind == 'z') : t->file_is(kind, w[1]);
	}
	t->at++;
	return r != is_not;
}

/* see sh/test.h */
int
sh_test(struct sh_test *t)
{
	int any = 0, all = 1;

	if (*t->at == NULL)
		return 0;
	for (;;) {
		int r = read_one(t);
		const char *word = *t->at;

		if (r < 0)
			return r;
		all &= r;
		if (word == NULL)
			return any | all;
		if (strcmp(word, "-o") == 0) {
			any |= all;
			all = 1;
		} else if (strcmp(word, "-a") != 0) {
			return ERR_RANGE;
		}
		t->at++;
	}
}
