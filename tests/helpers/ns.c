/* SPDX-License-Identifier: MIT */
/* ns - run a program as PID 1 of its own PID, mount and network namespaces */
/*
 * ns stays outside as the parent, waits, and exits as the program did (128+n
 * for a signal). What happens goes as lines to the descriptor of -o:
 *
 *     pid N        the program's pid as seen from outside; it has been exec'd
 *     stopped N    it was stopped by signal N (with -j)
 *     steps N      entries and returns of system calls before -k's signal
 *     foreground N the terminal's process group at the end (with -j)
 *     exit N | signal N | core N
 *     fail WHY     the program could not be started; ns exits 255
 *
 * SIGTERM ends everything in the namespace; so does the death of ns's parent.
 * With -j it takes the terminal from a program that stopped, as a shell does;
 * SIGUSR1 does what the shell's fg does, SIGUSR2 what its bg does.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <grp.h>
#include <unistd.h>

#define EXIT_FAIL     255
#define OPTIONS       "+o:r:x:C:d:j:t2RPDu:n:p:K:S:b:i:k:c:e:"
#define LIST_MAX      32	/* -c and -e may be given this often */
#define KERNEL_SIGSET 8	/* bytes: all 64 signals, libc's own ones too */

struct refusal {	/* a system call that the kernel shall refuse */
	int nr;
	int arg0;	/* only with this first argument; -1: with any */
	int err;
};

struct box {
	int report_fd;
	const char *root;	/* chroot here */
	const char *noexec;	/* mount this directory noexec */
	const char *cgroup;	/* join this cgroup directory */
	const char *cwd;
	int  job;		/* 'f' or 'b': started by a shell with jobs */
	int  leader;		/* of a session with terminal: docker run -t */
	int  second;		/* not PID 1 of its namespace but PID 2 */
	int  read_only, no_proc, no_dev;
	long uid, nofile, nproc, core, stack;
	unsigned long block, ignore;	/* bit n-1 is signal n */
	int  step_at, step_sig;
	int  go[2];	/* with -k: the child waits here for its tracer */
	int  close_fds[LIST_MAX], n_close;
	struct refusal refuse[LIST_MAX];
	int  n_refuse;
	char **argv;
};

static int report_fd;
static pid_t victim;	/* PID 1 of the namespace, for end_all() */
static pid_t program;	/* the program, for foreground() */

static void
report(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vdprintf(report_fd, fmt, ap);
	va_end(ap);
}

static void
die(const char *what)
{
	report("fail %s: %s\n", what, strerror(errno));
	_exit(EXIT_FAIL);
}

static void
try(const char *what, long result)
{
	if (result < 0)
		die(what);
}

static void
end_all(int sig)
{
	(void)sig;
	if (victim > 0)
		kill(victim, SIGKILL);
	else
		_exit(EXIT_FAIL);
}

static void
foreground(int sig)
{
	(void)sig;
	tcsetpgrp(0, program);
	kill(-program, SIGCONT);
}

static void
background(int sig)
{
	(void)sig;
	kill(-program, SIGCONT);
}

static void
loopback_up(void)
{
	struct ifreq ifr = {
		.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING,
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	try("socket", fd);
	try("lo up", ioctl(fd, SIOCSIFFLAGS, &ifr));
	close(fd);
}

static void
remount(const char *dir, unsigned long flags)
{
	try("bind", mount(dir, dir, NULL, MS_BIND | MS_REC, NULL));
	try("remount", mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND | flags,
	                     NULL));
}

/* A root of its own has /proc only where the directory is there. */
static void
mounts(const struct box *b)
{
	char proc[4096];

	snprintf(proc, sizeof proc, "%s/proc", b->root ? b->root : "");
	if (b->root)
		try("bind root", mount(b->root, b->root, NULL, MS_BIND, NULL));
	if (access(proc, F_OK) == 0 && !b->no_proc)
		try("proc", mount("proc", proc, "proc", 0, NULL));
	if (b->no_proc && !b->root)
		try("no proc", mount("none", "/proc", "tmpfs", 0, NULL));
	if (b->no_dev && !b->root)
		try("no dev", mount("none", "/dev", "tmpfs", 0, NULL));
	if (b->noexec)
		remount(b->noexec, MS_NOEXEC);
	if (b->read_only)
		try("read-only", mount(NULL, b->root ? b->root : "/", NULL,
		    MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	if (b->root)
		try("chroot", chroot(b->root) < 0 ? -1 : chdir("/"));
	if (b->cwd)
		try("chdir", chdir(b->cwd));
}

static void
join_cgroup(const char *dir)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	try("cgroup", fd);
	try("cgroup", write(fd, "0", 1));
	close(fd);
}

static void
limit(int what, long value)
{
	struct rlimit l = { (rlim_t)value, (rlim_t)value };

	if (value >= 0)
		try("rlimit", setrlimit(what, &l));
}

static void
become(long uid)
{
	if (uid < 0)
		return;
	try("setgroups", setgroups(0, NULL));
	try("setgid", setresgid((gid_t)uid, (gid_t)uid, (gid_t)uid));
	try("setuid", setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid));
}

/* musl comes without linux/filter.h and linux/seccomp.h. */
static void
refuse_call(struct refusal r)
{
	enum { LOAD = 0x20, JUMP_EQUAL = 0x15, RETURN = 0x06 };
	enum { NR = 0, ARG0 = 16 };	/* offsets in struct seccomp_data */
	enum { ALLOW = 0x7fff0000, ERRNO = 0x00050000, FILTER = 2 };
	struct op { uint16_t code; uint8_t yes, no; uint32_t k; } code[] = {
		{ LOAD, 0, 0, NR },
		{ JUMP_EQUAL, 0, 3, (uint32_t)r.nr },
		{ LOAD, 0, 0, ARG0 },
		{ JUMP_EQUAL, 0, r.arg0 < 0 ? 0 : 1, (uint32_t)r.arg0 },
		{ RETURN, 0, 0, ERRNO | (uint32_t)r.err },
		{ RETURN, 0, 0, ALLOW },
	};
	struct { uint16_t len; struct op *code; } prog = {
		sizeof code / sizeof *code, code,
	};

	try("no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	try("seccomp", prctl(PR_SET_SECCOMP, FILTER, &prog));
}

static void
signals(const struct box *b)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		unsigned long mask;
	} sa = { 0 };

	for (int s = 1; s <= 64; s++) {
		if (s == SIGKILL || s == SIGSTOP)
			continue;
		sa.handler = b->ignore >> (s - 1) & 1 ? (void *)SIG_IGN
		                                      : (void *)SIG_DFL;
		try("sigaction", syscall(SYS_rt_sigaction, s, &sa, NULL,
		                         KERNEL_SIGSET));
	}
	try("sigprocmask", syscall(SYS_rt_sigprocmask, SIG_SETMASK, &b->block,
	    NULL, KERNEL_SIGSET));
}

/* In the child: everything the program is to find, then the program. */
static void
be_program(const struct box *b)
{
	char go;

	if (b->step_at)
		try("wait for the tracer", read(b->go[0], &go, 1));
	loopback_up();
	if (b->cgroup)
		join_cgroup(b->cgroup);
	mounts(b);
	if (b->leader) {
		int fd = isatty(0) ? 0 : isatty(1) ? 1 : 2;

		try("setsid", setsid());
		try("ctty", ioctl(fd, TIOCSCTTY, 0));
	}
	limit(RLIMIT_CORE, b->core);
	limit(RLIMIT_NPROC, b->nproc);
	limit(RLIMIT_STACK, b->stack);
	become(b->uid);
	/* also clears what exec may not: ns's own parent-death signal */
	try("pdeathsig", prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
	for (int i = 0; i < b->n_refuse; i++)
		refuse_call(b->refuse[i]);
	signals(b);
	for (int i = 0; i < b->n_close; i++)
		close(b->close_fds[i]);
	limit(RLIMIT_NOFILE, b->nofile);
	execvp(b->argv[0], b->argv);
	die(b->argv[0]);
}

static int
ended(int st, int job)
{
	if (job)	/* asked here: with ns the whole session ends */
		report("foreground %d\n", tcgetpgrp(0));
	if (WIFEXITED(st)) {
		report("exit %d\n", WEXITSTATUS(st));
		return WEXITSTATUS(st);
	}
	report("%s %d\n", WCOREDUMP(st) ? "core" : "signal", WTERMSIG(st));
	return 128 + WTERMSIG(st);
}

static int
wait_for(pid_t pid, int job)
{
	int st;

	for (;;) {
		if (waitpid(pid, &st, job ? WUNTRACED : 0) < 0) {
			if (errno == EINTR)
				continue;
			die("wait");
		}
		if (!WIFSTOPPED(st))
			return ended(st, job);
		if (job)
			tcsetpgrp(0, getpgrp());
		report("stopped %d\n", WSTOPSIG(st));
	}
}

/*
 * Runs the program under ptrace and sends it the signal of -k at the step-th
 * entry to or return from a system call, those of a child that it starts
 * counted too, or where the child has called exec: the start is over there.
 * From then on nothing stops any more, but a traced child stays traced.
 */
static int
trace(const struct box *b, pid_t pid)
{
	int steps = 0, sent = 0, call, event, st;
	pid_t at;

	try("wait for exec", waitpid(pid, &st, 0));
	if (!WIFSTOPPED(st))
		return ended(st, 0);
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	for (;;) {
		at = waitpid(-1, &st, __WALL);
		if (at < 0 && errno != EINTR)
			die("wait");
		if (at == pid && !WIFSTOPPED(st))
			return ended(st, 0);
		if (at < 0 || !WIFSTOPPED(st))
			continue;
		event = st >> 16;
		call = WSTOPSIG(st) == (SIGTRAP | 0x80);
		steps += call && !sent;
		if (!sent && (steps == b->step_at
		 || (event == PTRACE_EVENT_EXEC && at != pid))) {
			kill(pid, b->step_sig);
			report("steps %d\n", steps);
			sent = 1;
		}
		ptrace(sent ? PTRACE_CONT : PTRACE_SYSCALL, at, 0,
		    event || call ? 0 : WSTOPSIG(st));
	}
}

/* Seized, not by PTRACE_TRACEME: the stop at exec must not need a signal,
 * since the program may be started with all of them blocked. */
static void
seize(const struct box *b)
{
	try("seize", ptrace(PTRACE_SEIZE, program, 0, PTRACE_O_TRACESYSGOOD |
	    PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE |
	    PTRACE_O_TRACEEXEC));
	try("go", write(b->go[1], "g", 1));
}

/* The child's reports come through a pipe that its exec closes: whoever has
 * read "pid" can signal the program and not what was to become it. */
static void
report_start(int fd)
{
	char said[4096];
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, said + len, sizeof said - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	report("pid %d\n%.*s", program, (int)len, said);
	close(fd);
}

/* A PID 1 that only reaps, so that the program is PID 2. */
static void
be_first(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	signal(SIGCHLD, SIG_IGN);
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
	for (;;)
		pause();
}

static unsigned long
set_of(const char *word)
{
	return strcmp(word, "all") == 0 ? ~0UL : 1UL << (atoi(word) - 1);
}

static void
parse(struct box *b, int argc, char **argv)
{
	struct refusal *r;
	int c;

	while ((c = getopt(argc, argv, OPTIONS)) != -1) {
		switch (c) {
		case 'o': b->report_fd = atoi(optarg); break;
		case 'r': b->root = optarg; break;
		case 'x': b->noexec = optarg; break;
		case 'C': b->cgroup = optarg; break;
		case 'd': b->cwd = optarg; break;
		case 'j': b->job = (unsigned char)optarg[0]; break;
		case 't': b->leader = 1; break;
		case '2': b->second = 1; break;
		case 'R': b->read_only = 1; break;
		case 'P': b->no_proc = 1; break;
		case 'D': b->no_dev = 1; break;
		case 'u': b->uid = atol(optarg); break;
		case 'n': b->nofile = atol(optarg); break;
		case 'p': b->nproc = atol(optarg); break;
		case 'K': b->core = atol(optarg); break;
		case 'S': b->stack = atol(optarg); break;
		case 'b': b->block |= set_of(optarg); break;
		case 'i': b->ignore |= set_of(optarg); break;
		case 'k':
			sscanf(optarg, "%d:%d", &b->step_at, &b->step_sig);
			break;
		case 'c':
			b->close_fds[b->n_close++ % LIST_MAX] = atoi(optarg);
			break;
		case 'e':
			r = &b->refuse[b->n_refuse++ % LIST_MAX];
			sscanf(optarg, "%d:%d:%d", &r->nr, &r->arg0, &r->err);
			break;
		default: _exit(EXIT_FAIL);
		}
	}
	b->argv = argv + optind;
}

int
main(int argc, char **argv)
{
	struct box b = { .report_fd = 2, .uid = -1, .nofile = -1, .nproc = -1,
	    .core = -1, .stack = -1 };
	int start[2], code;

	parse(&b, argc, argv);
	report_fd = b.report_fd;
	if (report_fd > 2)
		try("report", fcntl(report_fd, F_SETFD, FD_CLOEXEC));
	signal(SIGTERM, end_all);
	signal(SIGUSR1, foreground);
	signal(SIGUSR2, background);
	signal(SIGTTOU, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (b.job) {
		try("setsid", setsid());
		try("ctty", ioctl(0, TIOCSCTTY, 0));
	}
	try("unshare", unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET));
	try("private", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	if (b.second && (victim = fork()) == 0)
		be_first();
	try("pipe", pipe2(start, O_CLOEXEC));
	try("pipe", pipe2(b.go, O_CLOEXEC));
	program = fork();
	try("fork", program);
	if (program == 0) {
		report_fd = start[1];
		if (b.job)
			setpgid(0, 0);
		if (b.job == 'f')
			tcsetpgrp(0, getpgrp());
		be_program(&b);
	}
	if (!b.second)
		victim = program;
	if (b.job)
		setpgid(program, program);
	close(start[1]);
	if (b.step_at)
		seize(&b);
	report_start(start[0]);
	code = b.step_at ? trace(&b, program) : wait_for(program, b.job);
	if (b.second) {	/* it may not have asked yet for a signal at our end */
		kill(victim, SIGKILL);
		waitpid(victim, NULL, 0);
	}
	return code;
}
