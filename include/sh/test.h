/* SPDX-License-Identifier: MIT */
/*
 * sh/test.h - what `test` and `[` say of strings, numbers and files (pure)
 *
 *   -n -z S, S, S1 = S2, ==, !=        strings
 *   N1 -eq -ne -lt -le -gt -ge N2      whole numbers
 *   -e -f -d -r -w -x -s -S -h -L FILE
 *   ! E, E -a E, E -o E                -a binds stronger; no brackets
 */
#ifndef HALE_SH_TEST_H
#define HALE_SH_TEST_H

#include <stdbool.h>
#include <stdint.h>

struct sh_test {
	char  **at;	/* the next word; NULL behind the last. They have
			 * neither `test` nor brackets */
	/* Whether a file is of that kind, one of "efdrwxsShL". */
	bool  (*file_is)(char kind, const char *path);
	int64_t number;	/* the reader's own */
};

/* Returns 1 (true) or 0; ERR_PARSE with `at` the word that a real one may
 * know: an operator, a bracket, a number; or ERR_RANGE with `at` the word that
 * is wrong for a real one, too, or the NULL where one is missing. */
int sh_test(struct sh_test *t);

#endif
