/* SPDX-License-Identifier: MIT */
/* sup/env.c - the service's environment, where it differs from hale's */
#include "sup/env.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t
count(char **env)
{
	size_t n = 0;

	while (env[n] != NULL)
		n++;
	return n;
}

/* see sup/env.h */
char **
env_copy(size_t more)
{
	size_t n = count(environ);
	char **copy = mmap(NULL, (n + more + 1) * sizeof *copy,
	                   PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                   -1, 0);

	if (copy == MAP_FAILED)
		return NULL;
	memcpy(copy, environ, n * sizeof *copy);	/* a NULL follows */
	return copy;
}

static bool
has_name(const char *var, const char *name, size_t len)
{
	return strncmp(var, name, len) == 0 && var[len] == '=';
}

/* see sup/env.h */
char **
env_set(char **env, char *var)
{
	size_t len = strcspn(var, "=");
	char **e = env;

	while (*e != NULL && !has_name(*e, var, len))
		e++;
	*e = var;
	return e;
}

/* see sup/env.h */
void
env_unset(char **env, const char *name)
{
	size_t len = strlen(name);
	char **to = env;

	for (char **e = env; *e != NULL; e++)
		if (!has_name(*e, name, len))
			*to++ = *e;
	env_end(to);
}

/* see sup/env.h */
void
env_end(char **end)
{
	while (*end != NULL)
		*end++ = NULL;
}

/* see sup/env.h */
char **
env_find(char **env, const char *var)
{
	for (char **e = env; *e != NULL; e++)
		if (strcmp(*e, var) == 0)
			return e;
	return NULL;
}
