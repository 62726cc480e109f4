/* SPDX-License-Identifier: MIT */
/* sup/exec_error.c - why an exec failed */
#include "sup/exec_error.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/err.h"

#define PATH_DEFAULT "/usr/local/bin:/bin:/usr/bin"	/* execvp(3) in musl */
#define HEAD_MAX     512	/* bytes of a file's start that are looked at */
#define HEADERS_MAX  64		/* ELF program headers that are looked at */
#define NOTES_MAX    16		/* ELF notes of one header that are looked at */
#define GO_BUILD_ID  4		/* the type of a note by "Go" */
#define DEPTH_MAX    4		/* scripts whose interpreter is a script ... */
#define TEXT_MAX     2048	/* bytes of the reason, not yet plain */

/* KIN: the other machine whose programs a kernel for this one may run. */
#if defined __x86_64__
#define OUR_MACHINE EM_X86_64
#define KIN         EM_386
#elif defined __aarch64__
#define OUR_MACHINE EM_AARCH64
#define KIN         EM_ARM
#elif defined __arm__
#define OUR_MACHINE EM_ARM
#define KIN         EM_AARCH64
#elif defined __i386__
#define OUR_MACHINE EM_386
#define KIN         EM_X86_64
#elif defined __riscv
#define OUR_MACHINE EM_RISCV
#define KIN         EM_RISCV
#elif defined __powerpc64__
#define OUR_MACHINE EM_PPC64
#define KIN         EM_PPC
#elif defined __s390x__
#define OUR_MACHINE EM_S390
#define KIN         EM_S390
#else
#define OUR_MACHINE EM_NONE
#define KIN         EM_NONE
#endif

#define BIG_ENDIAN_HERE (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* A machine with its article, and as uname(1) has it; one number may be for two
 * sizes of a word or two orders of bytes. */
static const char *
machine_name(unsigned machine, bool is_64, bool is_big_endian)
{
	switch (machine) {
	case EM_X86_64:
		return is_64 ? "an x86_64" : "an x32";
	case EM_AARCH64:
		return is_big_endian ? "an aarch64_be" : "an aarch64";
	case EM_ARM:
		return is_big_endian ? "an armeb" : "an arm";
	case EM_386:
		return "an i386";
	case EM_RISCV:
		return is_64 ? "a riscv64" : "a riscv32";
	case EM_PPC:
		return "a ppc";
	case EM_PPC64:
		return is_big_endian ? "a ppc64" : "a ppc64le";
	case EM_S390:
		return is_64 ? "an s390x" : "an s390";
	}
	return "an unknown";
}

/* One file that is to be executed, and what is known of it. */
struct look {
	struct buf *b;
	const char *path;
	const char *name;	/* what the reader knows it by */
	char        head[HEAD_MAX];
	size_t      head_len;
	int         depth;
	int         err;	/* what exec gave, -errno */
};

/* Says why it cannot be executed; false where nothing is wrong with it.
 * Declared ahead since a script's interpreter is looked at like the script. */
static bool explain_file(struct look *k);

/* A part of the file. */
struct part {
	uint64_t at, size;
};

/* Is the interpreter that the program header names there? Says so if not. */
static bool
explain_loader(struct look *k, int fd, struct part name, bool is_go)
{
	char loader[PATH_MAX];
	ssize_t n;

	if (name.size == 0 || name.size >= sizeof loader)
		return false;
	n = pread(fd, loader, (size_t)name.size, (off_t)name.at);
	if (n <= 0)
		return false;
	loader[n] = '\0';
	if (access(loader, F_OK) == 0)
		return false;
	buf_fmt(k->b, "%s needs %s, which is not here: build it static%s",
	        k->name, loader, is_go ? " (for Go CGO_ENABLED=0)"
	                               : ", or copy its libraries too");
	return true;
}

/* Go's linker marks each program by a note with the build's id; with cgo the
 * system's linker may put others before it (go.dev: cmd/internal/buildid). */
static bool
has_go_note(int fd, struct part notes)
{
	struct {
		Elf64_Nhdr h;	/* the same for 32 bits */
		char       name[4];
	} note;

	for (int i = 0; i < NOTES_MAX && notes.size >= sizeof note; i++) {
		uint64_t len;

		if (pread(fd, &note, sizeof note, (off_t)notes.at)
		    != sizeof note)
			return false;
		if (note.h.n_type == GO_BUILD_ID
		 && memcmp(note.name, "Go", sizeof "Go") == 0)
			return true;
		len = sizeof note.h + ((note.h.n_namesz + (uint64_t)3) & ~3ULL)
		    + ((note.h.n_descsz + (uint64_t)3) & ~3ULL);
		if (len > notes.size)
			return false;
		notes = (struct part){ notes.at + len, notes.size - len };
	}
	return false;
}

/* The program headers of an ELF file, in either class. */
struct elf_headers {
	uint64_t at;
	unsigned n, entry_len;
	bool     is_64;
};

static bool
explain_headers(struct look *k, int fd, const struct elf_headers *h)
{
	union {
		Elf64_Phdr wide;
		Elf32_Phdr narrow;
	} p;
	const size_t len = h->is_64 ? sizeof p.wide : sizeof p.narrow;
	struct part loader = { 0, 0 };
	bool is_go = false;

	for (unsigned i = 0; i < h->n && i < HEADERS_MAX; i++) {
		off_t at = (off_t)(h->at + (uint64_t)i * h->entry_len);
		struct part part;

		if (pread(fd, &p, len, at) != (ssize_t)len)
			break;	/* the file is cut: what is known counts */
		if (h->is_64)
			part = (struct part){ p.wide.p_offset,
			                      p.wide.p_filesz };
		else
			part = (struct part){ p.narrow.p_offset,
			                      p.narrow.p_filesz };
		if (p.narrow.p_type == PT_INTERP)	/* first in both */
			loader = part;
		else if (p.narrow.p_type == PT_NOTE)
			is_go |= has_go_note(fd, part);
	}
	return explain_loader(k, fd, loader, is_go);
}

/* Says so if it is for another machine than this, unless the kernel took it all
 * the same and failed later. */
static bool
explain_machine(struct look *k)
{
	const bool is_64 = k->head[EI_CLASS] == ELFCLASS64;
	const bool is_big_endian = k->head[EI_DATA] == ELFDATA2MSB;
	/* e_machine, in the file's own byte order, stands there in both
	 * classes. */
	unsigned char first = (unsigned char)k->head[18];
	unsigned char second = (unsigned char)k->head[19];
	unsigned machine = is_big_endian ? first * 256U + second
	                                 : second * 256U + first;
	const char *is = machine_name(machine, is_64, is_big_endian);
	const char *ours = machine_name(OUR_MACHINE, sizeof(long) == 8,
	                                BIG_ENDIAN_HERE);

	if (strcmp(is, ours) == 0
	 || (!is_64 && k->head[EI_CLASS] != ELFCLASS32)
	 || ((machine == OUR_MACHINE || machine == KIN) && k->err != -ENOEXEC))
		return false;
	buf_fmt(k->b, "%s is %s binary and this is %s", k->name, is,
	        strchr(ours, ' ') + 1);
	return true;
}

static bool
explain_elf(struct look *k, int fd)
{
	struct elf_headers h;
	Elf64_Ehdr e64;
	Elf32_Ehdr e32;

	if (explain_machine(k))
		return true;
	if (k->head[EI_CLASS] == ELFCLASS64 && k->head_len >= sizeof e64) {
		memcpy(&e64, k->head, sizeof e64);
		h = (struct elf_headers){ e64.e_phoff, e64.e_phnum,
		                          e64.e_phentsize, true };
		return explain_headers(k, fd, &h);
	}
	if (k->head[EI_CLASS] == ELFCLASS32 && k->head_len >= sizeof e32) {
		memcpy(&e32, k->head, sizeof e32);
		h = (struct elf_headers){ e32.e_phoff, e32.e_phnum,
		                          e32.e_phentsize, false };
		return explain_headers(k, fd, &h);
	}
	buf_fmt(k->b, "%s is a damaged ELF file", k->name);
	return true;
}

/* "#! /bin/sh -e": the interpreter alone. */
static struct span
interpreter_of(const struct look *k)
{
	struct span line = { k->head, k->head_len }, first;

	first = span_cut(&line, '\n');
	first = span_after(first, 2);
	while (first.len > 0 && (first.p[0] == ' ' || first.p[0] == '\t'))
		first = span_after(first, 1);
	for (size_t i = 0; i < first.len; i++)
		if (first.p[i] == ' ' || first.p[i] == '\t')
			first.len = i;
	return first;
}

static bool
explain_script(struct look *k)
{
	struct span name = interpreter_of(k);
	char path[HEAD_MAX];
	struct buf b = buf_over(path, sizeof path);
	struct look inner = { .b = k->b, .depth = k->depth + 1,
	                      .err = k->err };

	if (name.len == 0) {
		buf_fmt(k->b, "%s has a #! line without an interpreter",
		        k->name);
		return true;
	}
	if (name.p[name.len - 1] == '\r') {
		buf_fmt(k->b, "%s has Windows line ends: its #! line asks for "
		        "\"%.*s\\r\"", k->name, (int)name.len - 1, name.p);
		return true;
	}
	buf_add(&b, name);
	inner.path = inner.name = buf_text(&b);
	if (access(inner.path, F_OK) < 0) {
		buf_fmt(k->b, "%s is a script for %s, which is not here",
		        k->name, inner.path);
		return true;
	}
	return inner.depth < DEPTH_MAX && explain_file(&inner);
}

static bool
explain_content(struct look *k, int fd)
{
	ssize_t n = pread(fd, k->head, sizeof k->head, 0);

	k->head_len = n > 0 ? (size_t)n : 0;
	if (n < 0)
		return false;
	if (n == 0) {
		buf_fmt(k->b, "%s is empty", k->name);
		return true;
	}
	if (n >= EI_NIDENT + 4 && memcmp(k->head, ELFMAG, SELFMAG) == 0)
		return explain_elf(k, fd);
	if (n >= 2 && memcmp(k->head, "#!", 2) == 0)
		return explain_script(k);
	buf_fmt(k->b, "%s is neither an ELF program nor a script with a #! "
	        "line", k->name);
	return true;
}

/* Who may execute it, and whether its file system lets anybody. */
static bool
explain_permission(struct look *k, const struct stat *st)
{
	struct statfs fs;

	if (S_ISDIR(st->st_mode)) {
		buf_fmt(k->b, "%s is a directory", k->name);
		return true;
	}
	if (!S_ISREG(st->st_mode)) {
		buf_fmt(k->b, "%s is not a regular file", k->name);
		return true;
	}
	if (statfs(k->path, &fs) == 0 && (fs.f_flags & ST_NOEXEC) != 0) {
		buf_fmt(k->b, "%s is on a file system mounted noexec", k->name);
		return true;
	}
	if ((st->st_mode & 0111) == 0) {
		buf_fmt(k->b, "%s is not executable (chmod +x)", k->name);
		return true;
	}
	if (access(k->path, X_OK) < 0) {
		buf_fmt(k->b, "%s may not be executed by uid %u", k->name,
		        (unsigned)geteuid());
		return true;
	}
	return false;
}

static bool
explain_file(struct look *k)
{
	struct stat st;
	bool said;
	int fd;

	if (stat(k->path, &st) < 0)
		return false;
	if (explain_permission(k, &st))
		return true;
	fd = open(k->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	said = explain_content(k, fd);
	close(fd);
	return said;
}

/* Why path itself cannot be reached, where stat(2) failed with err. */
static int
explain_missing(struct buf *b, const char *path, int err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof target - 1);

	if (err == EACCES) {
		buf_fmt(b, "a directory on its path may not be entered by uid "
		        "%u", (unsigned)geteuid());
		return EXEC_ERROR_CANNOT_RUN;
	}
	if (err == ENOENT && n > 0) {
		buf_fmt(b, "it is a link to %.*s, which is not here", (int)n,
		        target);
		return EXEC_ERROR_NOT_FOUND;
	}
	if (err != ENOENT && err != ENOTDIR) {
		buf_str(b, err == ELOOP ? "too many symbolic links"
		                        : err_text(-err));
		return EXEC_ERROR_CANNOT_RUN;
	}
	buf_str(b, err == ENOENT ? "there is no such file"
	                         : "a part of its path is not a directory");
	/* Who never wrote it meets it by a CMD that is no list. */
	if (err == ENOENT && strcmp(path, "/bin/sh") == 0)
		buf_str(b, "; a CMD in shell form needs it, one written as "
		        "a list does not: CMD [\"/app\"]");
	return EXEC_ERROR_NOT_FOUND;
}

/* The first file of that name in PATH; false where there is none. */
static bool
find_in_path(struct buf *found, struct span path, const char *name)
{
	bool more = true;

	while (more) {	/* an empty part, the last too, is where we are */
		struct span dir = span_cut(&path, ':');

		more = path.p != dir.p + dir.len;	/* a colon was cut */
		found->len = 0;
		buf_add(found, dir);
		if (dir.len > 0)
			buf_str(found, "/");
		buf_str(found, name);
		if (!found->cut && access(buf_text(found), F_OK) == 0)
			return true;
		found->cut = false;
	}
	return false;
}

/* Errors that say all by themselves, whatever the file looks like. */
static const char *
plain_reason(int err)
{
	switch (err) {
	case E2BIG:
		return "its arguments and environment are too large";
	case ETXTBSY:
		return "its file is open for writing";
	case EAGAIN:
		return "the limit of processes is reached (RLIMIT_NPROC, "
		       "pids cgroup)";
	case ENOMEM:
		return "there is not enough memory";
	case ENAMETOOLONG:
		return "its name is too long";
	}
	return NULL;
}

/* What the error alone says of a file that is there. */
static void
explain_error(const struct look *k)
{
	if (k->err == -ELOOP)	/* its own links have been followed */
		buf_fmt(k->b, "%s is a script whose interpreters are scripts, "
		        "too deep", k->name);
	else if (k->err == -ENOENT && access(k->path, R_OK) < 0)
		buf_fmt(k->b, "%s needs a loader or interpreter that is not "
		        "here, and may not be read to say which", k->name);
	else
		buf_str(k->b, err_text(k->err));
}

static int
explain(struct buf *b, const char *program, int err)
{
	const char *path = getenv("PATH");
	const char *plain = plain_reason(-err);
	char found[PATH_MAX];
	struct buf f = buf_over(found, sizeof found);
	struct look look = { .b = b, .path = program, .name = "it",
	                     .err = err };
	struct stat st;

	if (plain != NULL) {
		buf_str(b, plain);
		return EXEC_ERROR_CANNOT_RUN;
	}
	if (program[0] == '\0') {
		buf_str(b, "its name is empty");
		return EXEC_ERROR_NOT_FOUND;
	}
	if (strchr(program, '/') == NULL) {
		if (path == NULL)
			path = PATH_DEFAULT;
		if (!find_in_path(&f, span_of(path), program)) {
			buf_fmt(b, "it is not in PATH (%s)%s", path,
			        program[0] != '-' ? "" : ": if it is an "
			        "argument, name the program in ENTRYPOINT");
			return EXEC_ERROR_NOT_FOUND;
		}
		look.path = look.name = buf_text(&f);
	}
	if (stat(look.path, &st) < 0)
		return explain_missing(b, look.path, errno);
	if (!explain_file(&look))
		explain_error(&look);
	return EXEC_ERROR_CANNOT_RUN;
}

/* see sup/exec_error.h */
int
exec_error_write(struct buf *b, const char *program, int err)
{
	char text[TEXT_MAX];
	struct buf raw = buf_over(text, sizeof text);
	int code = explain(&raw, program, err);

	/* The files' content and names, PATH and the program are not ours. */
	buf_plain(b, buf_span(&raw));
	b->cut |= raw.cut;
	return code;
}
