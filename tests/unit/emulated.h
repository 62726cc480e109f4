/* SPDX-License-Identifier: MIT */
/*
 * emulated.h - tests that qemu-user cannot run, each with the reason
 *
 * They are left out only where UNIT_EMULATED is in the environment: the
 * Makefile sets it when it starts a unit by the emulator.
 */
#ifndef HALE_TESTS_EMULATED_H
#define HALE_TESTS_EMULATED_H

#include <stdlib.h>
#include <string.h>

#define NO_VFORK   "its CLONE_VM copies the memory: what a child writes is lost"
#define NO_SECCOMP "it has no seccomp filter"
#define NO_PTRACE  "it has no ptrace"
#define NO_REAPER  "it refuses PR_SET_CHILD_SUBREAPER"
#define OWN_STAT   "it makes up our own /proc/PID/stat, with zeros"
#define OWN_SIGNAL "it keeps some real-time signals for its own libc"
#define WIDE_LIST  "it gives recvmsg() twice the room for control messages"

static inline const char *
emulated_lacks(const char *module, const char *test)
{
	static const struct lack {
		const char *module, *test, *why;	/* test "": all */
	} lacks[] = {
		{ "sup/child", "", NO_VFORK },
		{ "sup/init with faults", "", NO_VFORK },
		{ "sup/spawn", "", NO_VFORK },
		{ "sup/keeper", "a_restart_whose_program_is_gone_reports_that_"
		  "nobody_is_left", NO_VFORK },
		{ "sup/notify_sock", "a_datagram_with_descriptors_has_its_"
		  "sender_and_leaves_none", WIDE_LIST },
		{ "sup/procstat", "of_ourselves_the_kernel_says_the_same",
		  OWN_STAT },
		{ "sup/signals", "what_is_blocked_is_restored_for_the_service",
		  OWN_SIGNAL },
		{ "sup/signals", "every_signal_is_read_from_the_descriptor",
		  OWN_SIGNAL },
		{ "sup/signal_send", "the_helper_holds_no_descriptor_and_is_"
		  "not_counted", NO_PTRACE },
		{ "sup/signal_send", "after_one_that_hangs_no_other_is_tried_"
		  "for_a_while", NO_PTRACE },
		{ "sup/signal_send", "a_lack_of_processes_is_no_lack_of_"
		  "permission", NO_SECCOMP },
		{ "sup/tree", "children_are_listed_by_name", NO_VFORK },
		{ "sup/tree", "what_forks_while_it_is_killed_is_finished",
		  NO_REAPER },
	};

	if (getenv("UNIT_EMULATED") == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++)
		if (strcmp(lacks[i].module, module) == 0
		 && (lacks[i].test[0] == '\0'
		     || strcmp(lacks[i].test, test) == 0))
			return lacks[i].why;
	return NULL;
}

#endif
