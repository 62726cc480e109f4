/* SPDX-License-Identifier: MIT */
/* svc - a service that does what its arguments say, one word after the other */
/*
 * What it sees goes to standard output (or the descriptor of `to`), a line at
 * a time. The words:
 *
 *   to FD              write to FD from here on
 *   say TEXT           writes "TEXT"
 *   ids                "ids pid=N ppid=N pgid=N sid=N fg=N" (fg: of a terminal)
 *   signals            "mask=HEX ignored=HEX": bit n-1 is signal n
 *   fds                "fds 0 1 2": all that are open
 *   cwd, env, uid      "cwd PATH"; "env A=B" lines and "env end";
 *                      "uid N gid N"
 *   args ...           "arg HEX" for all further words, then exit 0
 *   catch              from here "got SIG code=N value=N" for every signal
 *   quit SIG CODE      with catch: on SIG, after the line, exit with CODE
 *   ignore|default|block|unblock SIG|all
 *   kill PID SIG, queue PID SIG VALUE, flood PID SIG N (values 0 to N-1)
 *   tkill SIG          to itself, as raise() and abort() do
 *   pause              for ever
 *   read               a line from standard input: "read LINE", "read end"
 *   fork { ... }       the words in a child, which then exits 0
 *   wait               for all children
 *   setsid, setpgid    a session or a process group of its own
 *   traceme            asks its parent to trace it
 *   orphans N          N processes that end and are not waited for
 *   http PORT          answers every connection to 127.0.0.1 with "served"
 *   eat MIB            memory
 *   death              "death N": the parent-death signal
 *   limit              "limit N": the soft one of descriptors
 *   exec ARG...        becomes another program
 *   exit CODE, die SIG die: of the signal's own default action
 *
 * PID is a number, "self" or "parent". At the end of the words: exit 0.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNALS       64
#define KERNEL_SIGSET 8		/* bytes */
#define LINE_MAX_LEN  4096
#define FDS_MAX       4096

typedef void (*handler_fn)(int, siginfo_t *, void *);

/* As the kernel knows it: libc's sigaction refuses signals 32 to 34. */
struct action {
	handler_fn handler;
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

static int out = 1;
static int quit_code[SIGNALS + 1];	/* code + 1; 0: none */

#ifdef __x86_64__
#define RESTORER 0x04000000UL	/* the kernel has no trampoline here */
void restore(void);
__asm__(".text\nrestore:\n\tmov $15, %eax\n\tsyscall\n");
#else
#define RESTORER 0UL
#define restore NULL
#endif

static char **run(char **word);

static void
fail(const char *what)
{
	dprintf(out, "fail %s: %s\n", what, strerror(errno));
	_exit(99);
}

/* One line, one write: safe in a handler, whole among other processes'. */
static void
line(const char *fmt, ...)
{
	char buf[LINE_MAX_LEN];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof buf, fmt, ap);	/* NOLINT: started */
	va_end(ap);
	if (write(out, buf, (size_t)n) < 0)
		_exit(98);
}

static void
got(int sig, siginfo_t *si, void *context)
{
	int saved = errno;

	(void)context;
	line("got %d code=%d value=%d\n", sig, si->si_code,
	    si->si_code == SI_QUEUE ? si->si_value.sival_int : 0);
	if (quit_code[sig])
		_exit(quit_code[sig] - 1);
	errno = saved;
}

static void
act(int sig, handler_fn handler)
{
	struct action a = {
		handler, SA_SIGINFO | SA_RESTART | RESTORER, restore, ~0UL,
	};

	if (sig != SIGKILL && sig != SIGSTOP
	 && syscall(SYS_rt_sigaction, sig, &a, NULL, KERNEL_SIGSET) < 0)
		fail("sigaction");
}

static void
mask(int how, unsigned long set)
{
	if (syscall(SYS_rt_sigprocmask, how, &set, NULL, KERNEL_SIGSET) < 0)
		fail("sigprocmask");
}

static unsigned long
set_of(const char *word)
{
	return strcmp(word, "all") == 0 ? ~0UL : 1UL << (atoi(word) - 1);
}

static void
each(const char *word, void *handler)
{
	for (int s = 1; s <= SIGNALS; s++)
		if (set_of(word) >> (s - 1) & 1)
			act(s, (handler_fn)handler);
}

static void
say_signals(void)
{
	unsigned long blocked = 0, ignored = 0;
	struct action a;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, KERNEL_SIGSET);
	for (int s = 1; s <= SIGNALS; s++) {
		syscall(SYS_rt_sigaction, s, NULL, &a, KERNEL_SIGSET);
		if ((void *)a.handler == (void *)SIG_IGN)
			ignored |= 1UL << (s - 1);
	}
	line("mask=%016lx ignored=%016lx\n", blocked, ignored);
}

static void
say_ids(void)
{
	int tty = isatty(0) ? 0 : isatty(1) ? 1 : 2;

	line("ids pid=%d ppid=%d pgid=%d sid=%d fg=%d\n", getpid(), getppid(),
	    getpgrp(), getsid(0), tcgetpgrp(tty));
}

static void
say_fds(void)
{
	char buf[LINE_MAX_LEN] = "";
	size_t n = 0;

	for (int fd = 0; fd < FDS_MAX && n < sizeof buf - 16; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n += (size_t)snprintf(buf + n, sizeof buf - n, " %d",
			                      fd);
	line("fds%s\n", buf);
}

static void
say_env(void)
{
	for (char **e = environ; *e; e++)
		line("env %s\n", *e);
	line("env end\n");
}

static void
say_args(char **word)
{
	for (; *word; word++) {
		char hex[LINE_MAX_LEN] = "";

		for (size_t i = 0; (*word)[i] && i < sizeof hex / 2 - 1; i++)
			snprintf(hex + 2 * i, 3, "%02x",
			         (unsigned char)(*word)[i]);
		line("arg %s\n", hex);
	}
	_exit(0);
}

/* A byte at a time: what follows the line is another reader's. */
static void
say_read(void)
{
	char buf[LINE_MAX_LEN];
	size_t n = 0;

	while (n < sizeof buf - 1) {
		ssize_t got_n = read(0, buf + n, 1);

		if (got_n < 0 && errno == EINTR)
			continue;
		if (got_n <= 0) {
			line("read end\n");
			return;
		}
		if (buf[n] == '\n')
			break;
		n++;
	}
	line("read %.*s\n", (int)n, buf);
}

static pid_t
pid_of(const char *word)
{
	return strcmp(word, "self") == 0 ? getpid() :
	    strcmp(word, "parent") == 0 ? getppid() : atoi(word);
}

static void
queue(pid_t pid, int sig, int value)
{
	siginfo_t si = { 0 };

	si.si_signo = sig;
	si.si_code = SI_QUEUE;
	si.si_pid = getpid();
	si.si_uid = getuid();
	si.si_value.sival_int = value;
	if (syscall(SYS_rt_sigqueueinfo, pid, sig, &si) < 0)
		fail("queue");
}

static void
die_of(int sig)
{
	act(sig, NULL);	/* SIG_DFL */
	mask(SIG_UNBLOCK, 1UL << (sig - 1));
	kill(getpid(), sig);
	fail("die");
}

/* All of them are gone when this returns: the pipe's last writer ended. */
static void
orphans(int n)
{
	int ends[2];
	char c;

	if (pipe(ends) < 0)
		fail("pipe");
	if (fork() == 0) {
		for (int i = 0; i < n; i++) {
			pid_t pid = fork();

			if (pid < 0)
				fail("fork");
			if (pid == 0)
				_exit(0);
		}
		_exit(0);
	}
	close(ends[1]);
	(void)!read(ends[0], &c, 1);
	close(ends[0]);
	wait(NULL);
}

static void
http(int port)
{
	static const char answer[] =
	    "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nserved\n";
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char head[LINE_MAX_LEN];

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0
	 || listen(fd, 16) < 0)
		fail("http");
	line("http %d\n", port);
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		if (peer < 0)
			continue;
		if (read(peer, head, sizeof head) > 0)
			(void)!write(peer, answer, sizeof answer - 1);
		close(peer);
	}
}

static void
eat(long mib)
{
	size_t len = (size_t)mib << 20;
	static char *volatile p;	/* kept until the end */

	p = malloc(len);
	for (size_t i = 0; p && i < len; i += 4096)
		((volatile char *)p)[i] = 1;
	line("ate %ld\n", mib);
}

static void
say_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		fail("limit");
	line("limit %d\n", (int)limit.rlim_cur);
}

static void
say_death(void)
{
	int sig = 0;

	prctl(PR_GET_PDEATHSIG, &sig);
	line("death %d\n", sig);
}

/* Returns the word after the block that starts at word[0], a "{". */
static char **
block_end(char **word)
{
	int depth = 0;

	for (; *word; word++) {
		depth += !strcmp(*word, "{") - !strcmp(*word, "}");
		if (depth == 0)
			return word + 1;
	}
	errno = EINVAL;
	fail("no }");
	return NULL;
}

static char **
do_fork(char **word)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		run(word + 1);
		_exit(0);
	}
	return block_end(word);
}

/* Words without arguments. Returns false where it is none of them. */
static int
plain(const char *w)
{
	char cwd[LINE_MAX_LEN];

	if (!strcmp(w, "ids")) say_ids();
	else if (!strcmp(w, "signals")) say_signals();
	else if (!strcmp(w, "fds")) say_fds();
	else if (!strcmp(w, "env")) say_env();
	else if (!strcmp(w, "cwd"))
		line("cwd %s\n", getcwd(cwd, sizeof cwd) ? cwd : "?");
	else if (!strcmp(w, "uid"))
		line("uid %d gid %d\n", (int)getuid(), (int)getgid());
	else if (!strcmp(w, "death")) say_death();
	else if (!strcmp(w, "limit")) say_limit();
	else if (!strcmp(w, "read")) say_read();
	else if (!strcmp(w, "setsid")) { if (setsid() < 0) fail(w); }
	else if (!strcmp(w, "setpgid")) { if (setpgid(0, 0) < 0) fail(w); }
	else if (!strcmp(w, "traceme")) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			fail(w);
	}
	else if (!strcmp(w, "wait")) while (wait(NULL) > 0 || errno == EINTR) ;
	else if (!strcmp(w, "pause")) for (;;) pause();
	else if (!strcmp(w, "catch")) {
		for (int s = 1; s <= SIGNALS; s++)
			act(s, got);
		mask(SIG_UNBLOCK, ~0UL);
	} else return 0;
	return 1;
}

/* Words with one argument. */
static int
with_one(const char *w, const char *arg)
{
	if (!strcmp(w, "to")) out = atoi(arg);
	else if (!strcmp(w, "say")) line("%s\n", arg);
	else if (!strcmp(w, "exit")) _exit(atoi(arg));
	else if (!strcmp(w, "die")) die_of(atoi(arg));
	else if (!strcmp(w, "tkill"))
		syscall(SYS_tkill, (int)syscall(SYS_gettid), atoi(arg));
	else if (!strcmp(w, "ignore")) each(arg, (void *)SIG_IGN);
	else if (!strcmp(w, "default")) each(arg, (void *)SIG_DFL);
	else if (!strcmp(w, "block")) mask(SIG_BLOCK, set_of(arg));
	else if (!strcmp(w, "unblock")) mask(SIG_UNBLOCK, set_of(arg));
	else if (!strcmp(w, "orphans")) orphans(atoi(arg));
	else if (!strcmp(w, "http")) http(atoi(arg));
	else if (!strcmp(w, "eat")) eat(atol(arg));
	else return 0;
	return 1;
}

/* Runs up to the end of the words or of the block that they are in. */
static char **
run(char **word)
{
	while (*word && strcmp(*word, "}") != 0) {
		const char *w = *word++;

		if (!strcmp(w, "fork")) {
			word = do_fork(word);
		} else if (!strcmp(w, "args")) {
			say_args(word);
		} else if (!strcmp(w, "exec")) {
			execvp(word[0], word);
			fail("exec");
		} else if (plain(w)) {
			continue;
		} else if (word[0] && with_one(w, word[0])) {
			word += 1;
		} else if (!strcmp(w, "quit") && word[0] && word[1]) {
			quit_code[atoi(word[0])] = atoi(word[1]) + 1;
			word += 2;
		} else if (!strcmp(w, "kill") && word[0] && word[1]) {
			if (kill(pid_of(word[0]), atoi(word[1])) < 0)
				fail("kill");
			word += 2;
		} else if (!strcmp(w, "queue")
		        && word[0] && word[1] && word[2]) {
			queue(pid_of(word[0]), atoi(word[1]), atoi(word[2]));
			word += 3;
		} else if (!strcmp(w, "flood")
		        && word[0] && word[1] && word[2]) {
			for (int i = 0; i < atoi(word[2]); i++)
				queue(pid_of(word[0]), atoi(word[1]), i);
			word += 3;
		} else {
			errno = EINVAL;
			fail(w);
		}
	}
	return word;
}

int
main(int argc, char **argv)
{
	(void)argc;
	run(argv + 1);
	return 0;
}
