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

/* Is it so of this file? `kind` is one of "efdrwxsShL". */
typedef bool sh_file_is(char kind, const char *path);

/* Judges argv, which ends with NULL and has neither `test` nor brackets.
 * Returns 1 (true), 0, or ERR_PARSE with *bad the word that is wrong, or NULL
 * if one is missing. */
int sh_test(char **argv, sh_file_is *file_is, const char **bad);

#endif
