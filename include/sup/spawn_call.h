/* SPDX-License-Identifier: MIT */
/*
 * sup/spawn_call.h - the system calls of sup/spawn.c, written out per processor
 *
 * For a parent and a child on one memory, libc's errno and its thread's state
 * included: nothing here calls libc, and all of it is inlined, as the parent
 * must not leave its frame. Each result is the kernel's: -errno, or 0 and more.
 *
 * clone(2) takes its arguments in an order that the kernel chose per processor:
 * most have flags, stack, parent's word, TLS, child's word; x86_64 has the
 * child's word before the TLS, and s390x that too, and the stack before flags.
 */
#ifndef HALE_SUP_SPAWN_CALL_H
#define HALE_SUP_SPAWN_CALL_H

#include "sup/spawn.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#define SPAWN_CALL_FLAGS (CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD)
#define SPAWN_CALL static inline __attribute__((always_inline)) long

/*
 * spawn_call4() makes the system call `nr`.
 *
 * spawn_call_clone() is clone(2): the child runs work(arg) on the stack that
 * ends at stack_top, aligned to 16, and ends with 126 if that returns; the
 * kernel clears *word when it lets go of the memory. In the child nothing but
 * the registers is left of the caller's frame.
 */
#if defined __x86_64__

SPAWN_CALL
spawn_call4(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long r;

	__asm__ volatile("syscall" : "=a"(r)
	                 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
	                 : "rcx", "r11", "memory");
	return r;
}

SPAWN_CALL
spawn_call_clone(void *stack_top, int *word, spawn_work *work, void *arg)
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
	                 : "a"(SYS_clone), "D"(SPAWN_CALL_FLAGS),
	                   "S"(stack_top), "d"(0), "r"(r10), "r"(r8), "r"(r9),
	                   [quit] "i"(SYS_exit_group)
	                 : "rcx", "r11", "memory");
	return r;
}

#elif defined __aarch64__

SPAWN_CALL
spawn_call4(long nr, long a, long b, long c, long d)
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

SPAWN_CALL
spawn_call_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	register long x8 __asm__("x8") = SYS_clone;
	register long x0 __asm__("x0") = SPAWN_CALL_FLAGS;
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

#elif defined __arm__

/* The call's number goes to r7, which in Thumb code may be the frame pointer:
 * the compiler does not give it away, and it is put back by hand. */
SPAWN_CALL
spawn_call4(long nr, long a, long b, long c, long d)
{
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	long kept;

	__asm__ volatile("mov %[kept], r7\n\t"
	                 "mov r7, %[nr]\n\t"
	                 "svc 0\n\t"
	                 "mov r7, %[kept]"
	                 : "+r"(r0), [kept] "=&r"(kept)
	                 : "r"(r1), "r"(r2), "r"(r3), [nr] "r"(nr) : "memory");
	return r0;
}

SPAWN_CALL
spawn_call_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	register long r0 __asm__("r0") = SPAWN_CALL_FLAGS;
	register void *r1 __asm__("r1") = stack_top;
	register long r2 __asm__("r2") = 0;
	register long r3 __asm__("r3") = 0;
	register int *r4 __asm__("r4") = word;
	register void *r5 __asm__("r5") = arg;
	register spawn_work *r6 __asm__("r6") = work;
	long kept;

	/* blx looks at the address's lowest bit: work may be Thumb or not. */
	__asm__ volatile("mov %[kept], r7\n\t"
	                 "mov r7, %[nr]\n\t"
	                 "svc 0\n\t"
	                 "cmp r0, #0\n\t"
	                 "bne 1f\n\t"
	                 "mov r7, #0\n\t"
	                 "mov r11, #0\n\t"
	                 "mov r0, r5\n\t"
	                 "blx r6\n\t"
	                 "mov r0, #126\n\t"
	                 "mov r7, %[quit]\n\t"
	                 "svc 0\n\t"
	                 "udf #0\n"
	                 "1:\n\t"
	                 "mov r7, %[kept]"
	                 : "+r"(r0), [kept] "=&r"(kept)
	                 : "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(r6),
	                   [nr] "i"(SYS_clone), [quit] "i"(SYS_exit_group)
	                 : "cc", "memory");
	return r0;
}

#elif defined __i386__

/* int $0x80: the faster way in begins in the vDSO, which has to be found. */
SPAWN_CALL
spawn_call4(long nr, long a, long b, long c, long d)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r)
	                 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
	return r;
}

/* The call takes all registers but one: what the child is to run waits on its
 * stack, the argument where a function looks for it: 16 bytes from the top,
 * and so aligned at the call. */
SPAWN_CALL
spawn_call_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	const long waiting[5] = { (long)work, (long)arg, 0, 0, 0 };
	char *top = (char *)stack_top - sizeof waiting;
	long r;

	memcpy(top, waiting, sizeof waiting);
	__asm__ volatile("int $0x80\n\t"
	                 "test %%eax, %%eax\n\t"
	                 "jnz 1f\n\t"
	                 "xor %%ebp, %%ebp\n\t"
	                 "pop %%eax\n\t"
	                 "call *%%eax\n\t"
	                 "mov $126, %%ebx\n\t"
	                 "mov %[quit], %%eax\n\t"
	                 "int $0x80\n\t"
	                 "hlt\n"
	                 "1:"
	                 : "=a"(r)
	                 : "a"(SYS_clone), "b"(SPAWN_CALL_FLAGS), "c"(top),
	                   "d"(0), "S"(0), "D"(word), [quit] "i"(SYS_exit_group)
	                 : "cc", "memory");
	return r;
}

#elif defined __riscv && __riscv_xlen == 64

SPAWN_CALL
spawn_call4(long nr, long a, long b, long c, long d)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;

	__asm__ volatile("ecall" : "+r"(a0)
	                 : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
	return a0;
}

SPAWN_CALL
spawn_call_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	register long a7 __asm__("a7") = SYS_clone;
	register long a0 __asm__("a0") = SPAWN_CALL_FLAGS;
	register void *a1 __asm__("a1") = stack_top;
	register long a2 __asm__("a2") = 0;
	register long a3 __asm__("a3") = 0;
	register int *a4 __asm__("a4") = word;
	register void *a5 __asm__("a5") = arg;
	register spawn_work *a6 __asm__("a6") = work;

	__asm__ volatile("ecall\n\t"
	                 "bnez a0, 1f\n\t"
	                 "li s0, 0\n\t"
	                 "mv a0, a5\n\t"
	                 "jalr a6\n\t"
	                 "li a0, 126\n\t"
	                 "li a7, %[quit]\n\t"
	                 "ecall\n\t"
	                 "ebreak\n"
	                 "1:"
	                 : "+r"(a0)
	                 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5),
	                   "r"(a6), [quit] "i"(SYS_exit_group)
	                 : "memory");
	return a0;
}

#elif defined __powerpc64__ && _CALL_ELF == 2

/* An error is a positive number and a flag, which "bns" asks for. The kernel
 * keeps no register that a function may change. */
SPAWN_CALL
spawn_call4(long nr, long a, long b, long c, long d)
{
	register long r0 __asm__("r0") = nr;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;
	register long r6 __asm__("r6") = d;

	__asm__ volatile("sc\n\t"
	                 "bns+ 1f\n\t"
	                 "neg 3, 3\n"
	                 "1:"
	                 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6)
	                 :: "r7", "r8", "r9", "r10", "r11", "r12", "cr0",
	                   "cr1", "cr5", "cr6", "cr7", "ctr", "xer", "memory");
	return r3;
}

/* A function stores where it returns to in its caller's frame, of 32 bytes at
 * least, and finds its table of addresses by its own, in r12. */
SPAWN_CALL
spawn_call_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	register long r0 __asm__("r0") = SYS_clone;
	register long r3 __asm__("r3") = SPAWN_CALL_FLAGS;
	register char *r4 __asm__("r4") = (char *)stack_top - 32;
	register long r5 __asm__("r5") = 0;
	register long r6 __asm__("r6") = 0;
	register int *r7 __asm__("r7") = word;
	register void *r29 __asm__("r29") = arg;
	register spawn_work *r30 __asm__("r30") = work;

	__asm__ volatile("sc\n\t"
	                 "bns+ 1f\n\t"
	                 "neg 3, 3\n"
	                 "1:\n\t"
	                 "cmpdi 3, 0\n\t"
	                 "bne 2f\n\t"
	                 "std 3, 0(1)\n\t"
	                 "mr 3, 29\n\t"
	                 "mr 12, 30\n\t"
	                 "mtctr 12\n\t"
	                 "bctrl\n\t"
	                 "li 3, 126\n\t"
	                 "li 0, %[quit]\n\t"
	                 "sc\n\t"
	                 "trap\n"
	                 "2:"
	                 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6),
	                   "+r"(r7)
	                 : "r"(r29), "r"(r30), [quit] "i"(SYS_exit_group)
	                 : "r8", "r9", "r10", "r11", "r12", "cr0", "cr1",
	                   "cr5", "cr6", "cr7", "ctr", "xer", "memory");
	return r3;
}

#elif defined __s390x__

SPAWN_CALL
spawn_call4(long nr, long a, long b, long c, long d)
{
	register long r1 __asm__("r1") = nr;
	register long r2 __asm__("r2") = a;
	register long r3 __asm__("r3") = b;
	register long r4 __asm__("r4") = c;
	register long r5 __asm__("r5") = d;

	__asm__ volatile("svc 0" : "+r"(r2)
	                 : "r"(r1), "r"(r3), "r"(r4), "r"(r5) : "memory");
	return r2;
}

/* A function saves its registers in its caller's frame: 160 bytes, which begin
 * with the address of the frame before it, here none. */
SPAWN_CALL
spawn_call_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	register char *r2 __asm__("r2") = (char *)stack_top - 160;
	register long r3 __asm__("r3") = SPAWN_CALL_FLAGS;
	register long r4 __asm__("r4") = 0;
	register int *r5 __asm__("r5") = word;
	register long r6 __asm__("r6") = 0;
	register void *r7 __asm__("r7") = arg;
	register spawn_work *r8 __asm__("r8") = work;

	__asm__ volatile("svc %[nr]\n\t"
	                 "ltgr %%r2, %%r2\n\t"
	                 "jne 1f\n\t"
	                 "stg %%r2, 0(%%r15)\n\t"
	                 "lgr %%r2, %%r7\n\t"
	                 "basr %%r14, %%r8\n\t"
	                 "lghi %%r2, 126\n\t"
	                 "svc %[quit]\n\t"
	                 "j .+2\n"	/* traps */
	                 "1:"
	                 : "+r"(r2)
	                 : "r"(r3), "r"(r4), "r"(r5), "r"(r6), "r"(r7), "r"(r8),
	                   [nr] "i"(SYS_clone), [quit] "i"(SYS_exit_group)
	                 : "cc", "memory");
	return (long)r2;
}

#else	/* vfork(2) does */

SPAWN_CALL
spawn_call4(long nr, long a, long b, long c, long d)
{
	(void)nr, (void)a, (void)b, (void)c, (void)d;
	return -ENOSYS;
}

SPAWN_CALL
spawn_call_clone(void *stack_top, int *word, spawn_work *work, void *arg)
{
	(void)stack_top, (void)word, (void)work, (void)arg;
	return -ENOSYS;
}

#endif

#endif
