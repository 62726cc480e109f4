/* SPDX-License-Identifier: MIT */
/* test_exec_error.c - why a program could not be started, on files made here */
#include "unit.h"

#include "sup/exec_error.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM      1024
#define FILE_ROOM 4096	/* bytes of a file made here */
#define OURS      EM_X86_64	/* the file's tests run there only */

static char folder[] = "/tmp/hale-explain-XXXXXX";

static void
put_bytes(const char *name, const void *bytes, size_t len, mode_t mode)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0700);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* What is said of "./f", which exec refused with err. */
static void
assert_said(const char *program, int err, int code, const char *words)
{
	struct buf b = guarded_buf(ROOM);

	assert_int_equal(exec_error_write(&b, guarded_text(program), err),
	                 code);
	assert_span_equal(words, buf_span(&b));
}

static const struct script {
	const char *name, *text;
	mode_t      mode;
	int         err, code;
	const char *words;
} scripts[] = {
	{ "an empty file", "", 0755, -ENOEXEC, 126, "it is empty" },
	{ "a text", "hello\n", 0755, -ENOEXEC, 126,
	  "it is neither an ELF program nor a script with a #! line" },
	{ "a text of one byte", "#", 0755, -ENOEXEC, 126,
	  "it is neither an ELF program nor a script with a #! line" },
	{ "a file that is not executable", "#!/bin/sh\n", 0644, -EACCES, 126,
	  "it is not executable (chmod +x)" },
	{ "a script whose interpreter is missing", "#!/no/sh -e\n", 0755,
	  -ENOENT, 126, "it is a script for /no/sh, which is not here" },
	{ "a script with blanks before its interpreter", "#! \t/no/sh\n", 0755,
	  -ENOENT, 126, "it is a script for /no/sh, which is not here" },
	{ "a script whose interpreter holds escapes",
	  "#!/no/\x1b]0;\x07\x9b" "31m\xc2\x9b\xc3\xa4\xff\n", 0755,
	  -ENOENT, 126,
	  "it is a script for /no/?]0;??31m?\xc3\xa4?, which is not here" },
	{ "Windows line ends and escapes", "#!/no/\x1b[0m\r\n", 0755,
	  -ENOENT, 126, "it has Windows line ends: its #! line asks for "
	  "\"/no/?[0m\\r\"" },
	{ "a script without a line end", "#!/no/sh", 0755, -ENOENT, 126,
	  "it is a script for /no/sh, which is not here" },
	{ "a script with Windows line ends", "#!/bin/sh\r\necho\r\n", 0755,
	  -ENOENT, 126, "it has Windows line ends: its #! line asks for "
	  "\"/bin/sh\\r\"" },
	{ "a script without an interpreter", "#!\n", 0755, -ENOEXEC, 126,
	  "it has a #! line without an interpreter" },
	{ "a script of blanks alone", "#!  \t\n", 0755, -ENOEXEC, 126,
	  "it has a #! line without an interpreter" },
	{ "a script of two bytes", "#!", 0755, -ENOEXEC, 126,
	  "it has a #! line without an interpreter" },
	{ "a script whose interpreter is a directory", "#!/tmp\n", 0755,
	  -EACCES, 126, "/tmp is a directory" },
	{ "nothing wrong is worded by its errno", "#!/proc/self/exe\n", 0755,
	  -EPERM, 126, "Operation not permitted" },
	{ "arguments too large, whatever the file is", "", 0755, -E2BIG, 126,
	  "its arguments and environment are too large" },
	{ "no process to be had, whatever the file is", "", 0755, -EAGAIN, 126,
	  "the limit of processes is reached (RLIMIT_NPROC, pids cgroup)" },
	{ "no memory, whatever the file is", "", 0755, -ENOMEM, 126,
	  "there is not enough memory" },
	{ "a file open for writing", "", 0755, -ETXTBSY, 126,
	  "its file is open for writing" },
};

static void
says_of_a_file(void **state)
{
	const struct script *s = *state;

	put_bytes("f", s->text, strlen(s->text), s->mode);
	assert_said("./f", s->err, s->code, s->words);
}

/* --- ELF files --- */

enum cut { WHOLE, AFTER_19 = 19, AFTER_20 = 20, AFTER_HEADER = 64 };

static const struct elf {
	const char *name;
	unsigned    machine;
	const char *loader;	/* PT_INTERP, or NULL for none */
	enum cut    cut;
	bool        is_32, is_big_endian;
	int         err;
	const char *words;
} elfs[] = {
	{ "a missing loader", OURS, "/no/ld.so", WHOLE, false, false, -ENOENT,
	  "it needs /no/ld.so, which is not here: build it static, or copy "
	  "its libraries too" },
	{ "a missing loader whose name holds escapes", OURS,
	  "/no/\n\x1b[2J\xc2\x9b", WHOLE, false, false, -ENOENT,
	  "it needs /no/??[2J?, which is not here: build it static, or copy "
	  "its libraries too" },
	{ "a missing loader of 32 bits", EM_386, "/no/ld.so", WHOLE, true,
	  false, -ENOENT, "it needs /no/ld.so, which is not here: build it "
	  "static, or copy its libraries too" },
	{ "a loader that is there", OURS, "/bin/sh", WHOLE, false, false,
	  -ENOENT, "No such file or directory" },
	{ "no loader", OURS, NULL, WHOLE, false, false, -ENOENT,
	  "No such file or directory" },
	{ "another machine", EM_AARCH64, NULL, WHOLE, false, false, -ENOEXEC,
	  "it is an aarch64 binary and this is x86_64" },
	{ "another machine of the other byte order", EM_S390, NULL, WHOLE,
	  false, true, -ENOEXEC, "it is an s390x binary and this is x86_64" },
	{ "32 bits that this kernel does not run", EM_386, "/bin/sh", WHOLE,
	  true, false, -ENOEXEC, "it is an i386 binary and this is x86_64" },
	{ "the other byte order of a machine", EM_PPC64, NULL, WHOLE, false,
	  true, -ENOEXEC, "it is a ppc64 binary and this is x86_64" },
	{ "the usual byte order of a machine", EM_PPC64, NULL, WHOLE, false,
	  false, -ENOEXEC, "it is a ppc64le binary and this is x86_64" },
	{ "32 bits of a machine that has a number for them", EM_PPC, "/bin/sh",
	  WHOLE, true, true, -ENOEXEC,
	  "it is a ppc binary and this is x86_64" },
	{ "the other size of a machine", OURS, "/bin/sh", WHOLE, true, false,
	  -ENOEXEC, "it is an x32 binary and this is x86_64" },
	{ "a machine that nobody knows", 0x1234, NULL, WHOLE, false, false,
	  -ENOEXEC, "it is an unknown binary and this is x86_64" },
	{ "cut before its machine", OURS, NULL, AFTER_19, false, false,
	  -ENOEXEC,
	  "it is neither an ELF program nor a script with a #! line" },
	{ "cut behind its machine", OURS, NULL, AFTER_20, false, false,
	  -ENOEXEC, "it is a damaged ELF file" },
	{ "cut behind its header", OURS, "/no/ld.so", AFTER_HEADER, false,
	  false, -ENOEXEC, "Exec format error" },
};

static void
put_u16(unsigned char *at, unsigned n, bool is_big_endian)
{
	at[is_big_endian] = (unsigned char)n;
	at[!is_big_endian] = (unsigned char)(n >> 8);
}

/* A header, one other program header, and PT_INTERP where there is one. */
static size_t
make_elf64(const struct elf *f, unsigned char *file)
{
	Elf64_Ehdr e = { .e_phoff = sizeof e, .e_phnum = 2,
		         .e_phentsize = sizeof(Elf64_Phdr) };
	Elf64_Phdr p[2] = { { .p_type = PT_LOAD }, { .p_type = PT_NULL } };
	size_t len = sizeof e + sizeof p;

	if (f->loader != NULL) {
		size_t loader_len = strlen(f->loader) + 1;

		p[1].p_type = PT_INTERP;
		p[1].p_offset = len;
		p[1].p_filesz = loader_len;
		memcpy(file + len, f->loader, loader_len);
		len += loader_len;
	}
	memcpy(file, &e, sizeof e);
	memcpy(file + sizeof e, p, sizeof p);
	return len;
}

static size_t
make_elf32(const struct elf *f, unsigned char *file)
{
	Elf32_Ehdr e = { .e_phoff = sizeof e, .e_phnum = 1,
		         .e_phentsize = sizeof(Elf32_Phdr) };
	Elf32_Phdr p = { .p_type = PT_INTERP,
		         .p_offset = sizeof e + sizeof p,
		         .p_filesz = (Elf32_Word)strlen(f->loader) + 1 };

	memcpy(file, &e, sizeof e);
	memcpy(file + sizeof e, &p, sizeof p);
	memcpy(file + p.p_offset, f->loader, p.p_filesz);
	return p.p_offset + p.p_filesz;
}

static size_t
make_elf(const struct elf *f, unsigned char *file)
{
	size_t len = f->is_32 ? make_elf32(f, file) : make_elf64(f, file);

	memcpy(file, ELFMAG, SELFMAG);
	file[EI_CLASS] = f->is_32 ? ELFCLASS32 : ELFCLASS64;
	file[EI_DATA] = f->is_big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	put_u16(file + 18, f->machine, f->is_big_endian);
	return f->cut == WHOLE ? len : (size_t)f->cut;
}

static void
says_of_an_ELF_file(void **state)
{
	const struct elf *f = *state;
	unsigned char file[FILE_ROOM] = { 0 };

#if !defined __x86_64__
	skip();
#endif
	put_bytes("f", file, make_elf(f, file), 0755);
	assert_said("./f", f->err, 126, f->words);
}

/* A note whose content has len bytes; returns its length. */
static size_t
put_note(unsigned char *at, const char *name, unsigned type, unsigned len)
{
	Elf64_Nhdr h = { .n_namesz = (Elf64_Word)strlen(name) + 1,
		         .n_descsz = len, .n_type = type };

	memcpy(at, &h, sizeof h);
	memcpy(at + sizeof h, name, strlen(name));
	return sizeof h + 4 + (len + 3) / 4 * 4;	/* the name is short */
}

/* Behind an ELF file of 64 bits notes with Go's type or its name, n of them,
 * then the one that has both. Returns the file's new length. */
static size_t
add_notes(unsigned char *file, size_t len, unsigned n, bool is_go)
{
	Elf64_Phdr p = { .p_type = PT_NOTE, .p_offset = len };

	for (unsigned i = 0; i < n; i++)
		len += i % 2 == 0 ? put_note(file + len, "GNU", 4, 17)
		                  : put_note(file + len, "Go", 1, 16);
	if (is_go)
		len += put_note(file + len, "Go", 4, 83);
	p.p_filesz = len - p.p_offset;
	memcpy(file + sizeof(Elf64_Ehdr), &p, sizeof p);
	return len;
}

/* NOTES_MAX of exec_error.c is 16. */
static void
only_a_program_by_Go_is_told_of_cgo(void **state)
{
	static const struct elf program = { .machine = OURS,
		                            .loader = "/no/ld.so" };
	static const char of_go[] = "it needs /no/ld.so, which is not here: "
		"build it static (for Go CGO_ENABLED=0)";
	static const char of_others[] = "it needs /no/ld.so, which is not "
		"here: build it static, or copy its libraries too";

	(void)state;
#if !defined __x86_64__
	skip();
#endif
	for (unsigned n = 0; n <= 17; n++) {
		unsigned char file[FILE_ROOM] = { 0 };
		size_t len = make_elf(&program, file);

		put_bytes("f", file, add_notes(file, len, n, true), 0755);
		assert_said("./f", -ENOENT, 126, n < 16 ? of_go : of_others);
		put_bytes("f", file, add_notes(file, len, n, false), 0755);
		assert_said("./f", -ENOENT, 126, of_others);
	}
}

/* Its second program header would be behind the end of the file. */
static void
a_loader_counts_though_the_file_is_cut_behind_it(void **state)
{
	static const struct elf program = { .machine = OURS,
		                            .loader = "/no/ld.so" };
	unsigned char file[FILE_ROOM] = { 0 };
	size_t len = make_elf(&program, file);
	Elf64_Ehdr e;

	(void)state;
#if !defined __x86_64__
	skip();
#endif
	memcpy(&e, file, sizeof e);
	memcpy(file + sizeof e, file + sizeof e + sizeof(Elf64_Phdr),
	       sizeof(Elf64_Phdr));
	e.e_phentsize = FILE_ROOM;
	memcpy(file, &e, sizeof e);
	put_bytes("f", file, len, 0755);
	assert_said("./f", -ENOENT, 126, "it needs /no/ld.so, which is not "
	            "here: build it static, or copy its libraries too");
}

/* Whatever stands in a file, it is looked at without a fault. */
static void
every_byte_of_an_ELF_file_may_be_wrong(void **state)
{
	static const struct elf good = { .machine = OURS,
		                         .loader = "/no/ld.so" };
	unsigned char file[FILE_ROOM] = { 0 };
	size_t len = add_notes(file, make_elf(&good, file), 2, true);

	(void)state;
	for (size_t i = SELFMAG; i < len; i++) {
		struct buf b = guarded_buf(ROOM);
		unsigned char was = file[i];

		file[i] = 0xff;
		put_bytes("f", file, len, 0755);
		assert_int_equal(exec_error_write(&b, "./f", -ENOEXEC), 126);
		assert_true(b.len > 0);
		file[i] = was;
	}
}

/* --- names --- */

static const struct named {
	const char *name, *path, *program;
	int         err, code;
	const char *words;
} names[] = {
	{ "a missing file", "/bin", "/no/app", -ENOENT, 127,
	  "there is no such file" },
	{ "an empty name", "/bin", "", -ENOENT, 127, "its name is empty" },
	{ "an argument that stands alone", "/bin", "--port", -ENOENT, 127,
	  "it is not in PATH (/bin): if it is an argument, name the program "
	  "in ENTRYPOINT" },
	{ "a file where a directory should be", "/bin", "/etc/passwd/x",
	  -ENOTDIR, 127, "a part of its path is not a directory" },
	{ "a directory", "/bin", "./folder", -EACCES, 126,
	  "it is a directory" },
	{ "a device", "/bin", "/dev/null", -EACCES, 126,
	  "it is not a regular file" },
	{ "a link to nothing", "/bin", "./dangling", -ENOENT, 127,
	  "it is a link to gone, which is not here" },
	{ "a link whose target holds escapes", "/bin", "./hostile", -ENOENT,
	  127, "it is a link to ??[2J?, which is not here" },
	{ "a PATH that holds escapes", "/no:\x1b[2J\n\x9b+", "app", -ENOENT,
	  127, "it is not in PATH (/no:?[2J??+)" },
	{ "a name that holds escapes", "folder", "in-\x1b\xc2\x9b", -EACCES,
	  126, "folder/in-?? is not executable (chmod +x)" },
	{ "a name that is not in PATH", "/no:/nowhere", "app", -ENOENT, 127,
	  "it is not in PATH (/no:/nowhere)" },
	{ "a name that PATH finds", "/no:folder", "in-path", -EACCES, 126,
	  "folder/in-path is not executable (chmod +x)" },
	{ "a name in the current directory by an empty part", "/no::/bin",
	  "here", -EACCES, 126, "here is not executable (chmod +x)" },
	{ "a name in the current directory by an empty end", "/no:", "here",
	  -EACCES, 126, "here is not executable (chmod +x)" },
	{ "a name in the current directory by an empty PATH", "", "here",
	  -EACCES, 126, "here is not executable (chmod +x)" },
	{ "a link that goes in a circle", "/bin", "./circle", -ELOOP, 126,
	  "too many symbolic links" },
};

static void
says_of_a_name(void **state)
{
	const struct named *n = *state;

	assert_int_equal(setenv("PATH", n->path, 1), 0);
	assert_said(n->program, n->err, n->code, n->words);
}

/* Each one's interpreter is the next; the last one's is missing. */
static void
scripts_of_scripts_are_followed_so_far(void **state)
{
	static const char text[] = "#!./s1\n";
	char line[sizeof text], name[] = "s0";

	(void)state;
	for (int i = 0; i < 8; i++) {
		memcpy(line, text, sizeof text);
		line[5] = (char)('1' + i);
		name[1] = (char)('0' + i);
		put_bytes(name, line, strlen(line), 0755);
	}
	assert_said("./s7", -ENOENT, 126,
	            "it is a script for ./s8, which is not here");
	assert_said("./s5", -ENOENT, 126,
	            "./s7 is a script for ./s8, which is not here");
	assert_said("./s0", -ELOOP, 126,
	            "it is a script whose interpreters are scripts, too deep");
}

static void
a_reason_that_does_not_fit_is_cut(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 20; cap++) {
		struct buf b = guarded_buf(cap);

		assert_int_equal(exec_error_write(&b, "/no/app", -ENOENT), 127);
		assert_true(b.cut);
	}
}

static int
make_folder(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chdir(folder) < 0
	 || mkdir("folder", 0755) < 0 || symlink("gone", "dangling") < 0
	 || symlink("circle", "circle") < 0)
		return -1;
	if (symlink("\n\x1b[2J\x9b", "hostile") < 0)
		return -1;
	put_bytes("folder/in-path", "x", 1, 0644);
	put_bytes("folder/in-\x1b\xc2\x9b", "x", 1, 0644);
	put_bytes("here", "x", 1, 0644);
	return 0;
}

static int
remove_folder(void **state)
{
	char command[ROOM];
	struct buf b = buf_over(command, sizeof command);

	(void)state;
	buf_fmt(&b, "/bin/rm -rf %s", folder);
	return system(buf_text(&b));
}

int
main(void)
{
	UNIT_ROWS(says_of_a_file, scripts);
	UNIT_ROWS(says_of_an_ELF_file, elfs);
	UNIT_TEST(only_a_program_by_Go_is_told_of_cgo);
	UNIT_TEST(a_loader_counts_though_the_file_is_cut_behind_it);
	UNIT_TEST(every_byte_of_an_ELF_file_may_be_wrong);
	UNIT_ROWS(says_of_a_name, names);
	UNIT_TEST(scripts_of_scripts_are_followed_so_far);
	UNIT_TEST(a_reason_that_does_not_fit_is_cut);
	return unit_run_with("sup/exec_error", make_folder, remove_folder);
}
