/* SPDX-License-Identifier: MIT */
/* fuzz_program.c - a file that could not be executed, and why */
#include "fuzz.h"

#include "sup/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REASON_MAX 900

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int errs[] = { -ENOENT, -ENOEXEC, -EACCES, -ELOOP };
	char path[64], reason[REASON_MAX];
	struct buf p = buf_over(path, sizeof path);
	struct buf b = buf_over(reason, sizeof reason);
	int fd = memfd_create("program", MFD_CLOEXEC), code;

	fuzz_must(fd >= 0);
	fuzz_must(write(fd, data, size) == (ssize_t)size);
	fuzz_must(fchmod(fd, 0755) == 0);
	buf_fmt(&p, "/proc/self/fd/%d", fd);
	code = explain_exec(&b, buf_text(&p), errs[size % 4]);
	close(fd);
	fuzz_must(code == EXPLAIN_CANNOT_EXEC && b.len > 0);
	return 0;
}
