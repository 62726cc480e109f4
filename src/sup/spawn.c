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
 * makes no call of libc's meanwhile: sup/spawn_call.h has its system calls
 * written out. The child's stack lies in the parent's frame, which has been
 * touched already and is not left before the child has gone.
 *
 * A process with SIGKILL pending runs no instruction of its own any more: the
 * kernel looks for signals on each way out, also from a wait that nothing can
 * interrupt. Only one that runs at that moment does so for the microseconds
 * that it takes to interrupt its processor: hence the second wait.
 */
#include "sup/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "sup/spawn_call.h"

#define STEPS   4	/* for the work; one more for a killed child's end */
#define STEP_MS (SPAWN_HOLD_MS / (STEPS + 1))
#define LOOK_MS 1	/* between two looks at the word, without futex(2) */
#define FUTEX_WAIT 0	/* <linux/futex.h>, which musl comes without */
#define NS_PER_MS INT64_C(1000000)

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

/* Of 32-bit kernels each has poll(2); but the calls that take a time of two
 * longs only if it was built with them (CONFIG_COMPAT_32BIT_TIME), and those
 * that take this one since Linux 5.1. */
struct kernel_time {
	int64_t s, ns;
};

#ifdef SYS_futex_time64
#define FUTEX SYS_futex_time64
#else
#define FUTEX SYS_futex
#endif

/* For LOOK_MS. */
static inline __attribute__((always_inline)) void
wait_for_look(void)
{
#ifdef SYS_futex_time64
	(void)spawn_call4(SYS_poll, 0, 0, LOOK_MS, 0);
#else
	static const struct kernel_time look = { 0, LOOK_MS * NS_PER_MS };

	(void)spawn_call4(SYS_nanosleep, (long)(intptr_t)&look, 0, 0, 0);
#endif
}

/* Is the word cleared within so many steps? Steps, since a cgroup's quota may
 * stop us all: the child is to get its turn once time goes on. */
static inline __attribute__((always_inline)) bool
wait_for_word(int *word, int steps)
{
	/* Not on our stack: below the child's no page has been touched yet. */
	static const struct kernel_time step = { 0, STEP_MS * NS_PER_MS };
	int left_ms = steps * STEP_MS;
	int is;

	while ((is = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != 0
	    && left_ms > 0) {
		long r = spawn_call4(FUTEX, (long)(intptr_t)word, FUTEX_WAIT,
		                     is, (long)(intptr_t)&step);

		if (r == -ETIMEDOUT) {
			left_ms -= STEP_MS;
		} else if (r != 0 && r != -EAGAIN && r != -EINTR) {
			/* It is denied, or not known. */
			wait_for_look();
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
	pid = spawn_call_clone(stack + sizeof stack, &word, work, arg);
	*end = SPAWN_LEFT;
	if (pid >= 0 && !wait_for_word(&word, STEPS)) {
		(void)spawn_call4(SYS_kill, pid, SIGKILL, 0, 0);
		(void)wait_for_word(&word, 1);
		*end = SPAWN_LATE;
	}
	ASAN_UNPOISON_MEMORY_REGION(stack, sizeof stack);
	return (pid_t)pid;
}
