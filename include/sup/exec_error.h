/* SPDX-License-Identifier: MIT */
/*
 * sup/exec_error.h - why a program could not be started
 *
 * An image without a shell has nobody else to say it: execve(2) answers
 * ENOENT for a missing file, a missing interpreter and a missing ELF loader
 * alike. Looks at files, changes nothing.
 */
#ifndef HALE_SUP_EXEC_ERROR_H
#define HALE_SUP_EXEC_ERROR_H

#include "base/buf.h"

#define EXEC_ERROR_NOT_FOUND  127	/* exit code: no such program */
#define EXEC_ERROR_CANNOT_RUN 126	/* exit code: there is, it cannot run */

/*
 * err is the -errno that starting `program` (as in argv[0]) gave; cwd-relative
 * names are looked at from the current directory. Appends the reason in words,
 * made plain (base/buf.h), and returns the exit code, EXEC_ERROR_*.
 */
int exec_error_write(struct buf *b, const char *program, int err);

#endif
