/* SPDX-License-Identifier: MIT */
/* sh/test.c - test and [ */
#include "sh/test.h"

#include "base/err.h"
#include "base/parse.h"
#include "sh/word.h"

struct reader {
	char      **at;		/* the next word */
	sh_file_is *file_is;
	unsigned    depth;
	int         r;		/* the first error */
};

/* By their place: strings first, then numbers. */
static const char binaries[] =
	"=\0==\0!=\0-eq\0-ne\0-lt\0-le\0-gt\0-ge\0";
enum { IS, IS_TOO, IS_NOT, EQ, NE, LT, LE, GT, GE, BINARIES };

static unsigned
binary_of(const char *word)
{
	unsigned i = 0;

	while (i < BINARIES && (word == NULL
	                     || strcmp(word, span_nth_text(binaries, i)) != 0))
		i++;
	return i;
}

static bool
is(const char *word, const char *text)
{
	return word != NULL && strcmp(word, text) == 0;
}

static int64_t
read_number(struct reader *d, char **word)
{
	bool is_minus = **word == '-';
	uint64_t n = 0;

	if (d->r == 0
	 && parse_uint(*word + (is_minus || **word == '+'), INT64_MAX, &n) < 0) {
		d->at = word;
		d->r = ERR_PARSE;
	}
	return is_minus ? -(int64_t)n : (int64_t)n;
}

static bool
compare(struct reader *d, unsigned how)
{
	char **left = d->at, **right = d->at + 2;
	int64_t a, b;

	d->at += 3;
	if (how < EQ)
		return (strcmp(*left, *right) == 0) == (how != IS_NOT);
	a = read_number(d, left);
	b = read_number(d, right);
	switch (how) {
	case EQ:
		return a == b;
	case NE:
		return a != b;
	case LT:
		return a < b;
	case LE:
		return a <= b;
	case GT:
		return a > b;
	default:
		return a >= b;
	}
}

/* The letter of an operator that has one operand, or 0. */
static char
unary_of(const char *word)
{
	if (word[0] != '-' || word[1] == '\0' || word[2] != '\0')
		return 0;
	return strchr("nzefdrwxsShLpbc", word[1]) != NULL ? word[1] : '\0';
}

/* `either` is read_or(), which calls this. */
static bool
read_one(struct reader *d, bool (*either)(struct reader *d))
{
	char **at = d->at, kind;
	bool is_true = false;

	if (d->r < 0 || *at == NULL || ++d->depth > SH_WORDS_MAX) {
		d->r = ERR_PARSE;
		return false;
	}
	if (at[1] != NULL && at[2] != NULL && binary_of(at[1]) < BINARIES)
		return compare(d, binary_of(at[1]));
	kind = unary_of(*at);
	d->at++;
	if (at[1] == NULL)
		return **at != '\0';
	if (is(*at, "!"))
		return !read_one(d, either);
	if (is(*at, "(")) {
		is_true = either(d);
		if (d->r == 0 && !is(*d->at++, ")")) {
			d->at--;
			d->r = ERR_PARSE;
		}
		return is_true;
	}
	if (kind == '\0')
		return **at != '\0';
	d->at++;
	if (kind == 'n' || kind == 'z')
		return (*at[1] == '\0') == (kind == 'z');
	return d->file_is(kind, at[1]);
}

static bool
read_and(struct reader *d, bool (*either)(struct reader *d))
{
	bool is_true = read_one(d, either);

	while (d->r == 0 && is(*d->at, "-a")) {
		d->at++;
		is_true &= read_one(d, either);
	}
	return is_true;
}

static bool
read_or(struct reader *d)
{
	bool is_true = read_and(d, read_or);

	while (d->r == 0 && is(*d->at, "-o")) {
		d->at++;
		is_true |= read_and(d, read_or);
	}
	return is_true;
}

/* see sh/test.h */
int
sh_test(char **argv, sh_file_is *file_is, const char **bad)
{
	struct reader d = { argv, file_is, 0, 0 };
	bool is_true;

	if (*argv == NULL)
		return 0;
	is_true = read_or(&d);
	if (d.r == 0 && *d.at != NULL)
		d.r = ERR_PARSE;
	*bad = *d.at;
	return d.r < 0 ? d.r : is_true;
}
