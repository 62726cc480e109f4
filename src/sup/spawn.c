/* SPDX-License-Identifier: MIT */
/*
 * sup/spawn.c - a vfork(2) that holds its caller only for a limited time
 *
 * clone(2) with CLONE_VM and without CLONE_VFORK, so that the parent runs on.
 * With CLONE_CHILD_CLEARTID the kernel clears a word of ours, and wakes who
 * waits for it, at the very place where it would end vfork's wait: when the
 * child lets go of the memory (mm_release() in the kernel).
 *
 * Both are on one memory at one time, libc's errno included. So the parent
 * makes no call of libc's meanwhile: its system calls are written out here. The
 * child's stack lies in the parent's frame, which has been touched already and
 * is not left before the child has gone.
 *
 * A process with SIGKILL pending runs no instruction of its own any more: the
 * kernel looks for signals on each way out, also from a wait that nothing can
 * interrupt. Only one that runs at that moment does so for the microseconds
 * that it takes to interrupt its processor: hence the second wait.
 */
#include "sup/spawn.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEPS   4	/* for the work; one more for a killed child's end */
#define STEP_MS (SPAWN_HOLD_MS / (STEPS + 1))
#define LOOK_MS 1	/* between two looks at the word, without futex(2) */
#define FUTEX_WAIT 0	/* <linux/futex.h>, which musl comes without */

#define FLAGS (CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD)

/* The child's frames end by an exec: what the sanitizer marked around their
 * variables would stay. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

#if defined __x86_64__

static inline __attribute__((always_inline)) long
raw_call4(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long r;

	__asm__ volatile("syscall" : "=a"(r)
	                 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
	                 : "rcx", "r11", "memory");
	return r;
}

/* In the child nothing but the registers is left of this frame. */
static inline __attribute__((always_inline)) long
raw_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	register int *r10 __asm__("r10") = word;
	register void *r8 __asm__("r8") = arg;
	register spawn_work *r9 __asm__("r9") = work;
	long r;

	__asm__ volatile("syscall\n\t"
	                 "test %%rax, %%rax\n\t"
	                 "jnz 1f\n\t"
	                 "xor %%ebp, %%ebp\n\t"
	                 "mov %%r8, %%rdi\n\t"
	                 "call *%%r9\n\t"
	                 "mov $126, %%edi\n\t"
	                 "mov %[quit], %%eax\n\t"
	                 "syscall\n\t"
	                 "hlt\n"
	                 "1:"
	                 : "=a"(r)
	                 : "a"(SYS_clone), "D"(FLAGS), "S"(stack_top), "d"(0),
	                   "r"(r10), "r"(r8), "r"(r9), [quit] "i"(SYS_exit_group)
	                 : "rcx", "r11", "memory");
	return r;
}

#elif defined __aarch64__

static inline __attribute__((always_inline)) long
raw_call4(long nr, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0)
	                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

/* In the child nothing but the registers is left of this frame. */
static inline __attribute__((always_inline)) long
raw_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	register long x8 __asm__("x8") = SYS_clone;
	register long x0 __asm__("x0") = FLAGS;
	register void *x1 __asm__("x1") = stack_top;
	register long x2 __asm__("x2") = 0;
	register long x3 __asm__("x3") = 0;
	register int *x4 __asm__("x4") = word;
	register void *x5 __asm__("x5") = arg;
	register spawn_work *x6 __asm__("x6") = work;

	__asm__ volatile("svc 0\n\t"
	                 "cbnz x0, 1f\n\t"
	                 "mov x29, xzr\n\t"
	                 "mov x0, x5\n\t"
	                 "blr x6\n\t"
	                 "mov x0, #126\n\t"
	                 "mov x8, %[quit]\n\t"
	                 "svc 0\n\t"
	                 "brk #1\n"
	                 "1:"
	                 : "+r"(x0)
	                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5),
	                   "r"(x6), [quit] "i"(SYS_exit_group)
	                 : "memory");
	return x0;
}

#else	/* vfork(2) does */

static inline __attribute__((always_inline)) long
raw_call4(long nr, long a, long b, long c, long d)
{
	(void)nr, (void)a, (void)b, (void)c, (void)d;
	return -ENOSYS;
}

static long
raw_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	(void)stack_top, (void)word, (void)work, (void)arg;
	return -ENOSYS;
}

#endif

/* Is the word cleared within so many steps? Steps, since a cgroup's quota may
 * stop us all: the child is to get its turn once time goes on. */
static inline __attribute__((always_inline)) bool
wait_for_word(int *word, int steps)
{
	/* Not on our stack: below the child's no page has been touched yet. */
	static const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	static const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	int left_ms = steps * STEP_MS;
	int is;

	while ((is = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != 0
	    && left_ms > 0) {
		long r = raw_call4(SYS_futex, (long)(intptr_t)word, FUTEX_WAIT,
		                   is, (long)(intptr_t)&step);

		if (r == -ETIMEDOUT) {
			left_ms -= STEP_MS;
		} else if (r != 0 && r != -EAGAIN && r != -EINTR) {
			/* It is denied. */
			(void)raw_call4(SYS_nanosleep, (long)(intptr_t)&look,
			                0, 0, 0);
			left_ms -= LOOK_MS;
		}
	}
	return is == 0;
}

/* see sup/spawn.h */
__attribute__((no_sanitize_address))	/* else the stack may be on a heap */
pid_t
spawn_shared(spawn_work *work, void *arg, enum spawn_end *end)
{
	/* The kernel may clear it late: after a time-out it is not used again,
	 * which the caller sees to. */
	static int word;
	_Alignas(16) char stack[SPAWN_STACK];
	long pid;

	word = 1;
	pid = raw_clone(stack + sizeof stack, &word, work, arg);
	*end = SPAWN_LEFT;
	if (pid >= 0 && !wait_for_word(&word, STEPS)) {
		(void)raw_call4(SYS_kill, pid, SIGKILL, 0, 0);
		(void)wait_for_word(&word, 1);
		*end = SPAWN_LATE;
	}
	ASAN_UNPOISON_MEMORY_REGION(stack, sizeof stack);
	return (pid_t)pid;
}
