/* SPDX-License-Identifier: MIT */
/* fuzz_program.c - a file that could not be executed, and why */
#include "fuzz.h"

#include "sup/exec_error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REASON_MAX 900
#define PROGRAM_FD 200	/* so that a script can name itself, or the like */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int errs[] = { -ENOENT, -ENOEXEC, -EACCES, -ELOOP };
	char reason[REASON_MAX];
	struct buf b = buf_over(reason, sizeof reason);
	int fd = memfd_create("program", MFD_CLOEXEC), code;

	fuzz_must(fd >= 0);
	fuzz_must(write(fd, data, size) == (ssize_t)size);
	fuzz_must(fchmod(fd, 0755) == 0);
	fuzz_must(dup3(fd, PROGRAM_FD, O_CLOEXEC) == PROGRAM_FD);
	code = exec_error_write(&b, "/proc/self/fd/" BUF_DIGITS(PROGRAM_FD),
	                    errs[size % 4]);
	close(PROGRAM_FD);
	close(fd);
	fuzz_must(code == EXEC_ERROR_CANNOT_RUN && b.len > 0);
	for (size_t i = 0; i < b.len; i++)	/* what a terminal obeys */
		fuzz_must((unsigned char)b.p[i] >= ' ' && b.p[i] != 0x7f);
	return 0;
}
