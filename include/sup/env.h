/* SPDX-License-Identifier: MIT */
/*
 * sup/env.h - the service's environment, where it differs from hale's
 */
#ifndef HALE_SUP_ENV_H
#define HALE_SUP_ENV_H

#include <stddef.h>

/* A copy of environ with room for `more` variables, mapped once and kept for
 * good; NULL where there is no memory. The variables are not copied. */
char **env_copy(size_t more);

/* Puts var ("NAME=value", borrowed) in the place of NAME, or at the end, for
 * which there must be room. Returns its slot. */
char **env_set(char **env, char *var);

/* Takes NAME out, however often it is there. */
void env_unset(char **env, const char *name);

/* Ends it at this slot: none behind it comes back with the next env_set(). */
void env_end(char **end);

/* The slot that is exactly var, or NULL. */
char **env_find(char **env, const char *var);

#endif
