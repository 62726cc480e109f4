/* SPDX-License-Identifier: MIT */
/*
 * counter.c - a plugin of qemu-user that counts the instructions of a program
 *
 * qemu -plugin counter.so,count=F writes the number to F when the program ends.
 * Debian's qemu-user takes plugins, qemu-user-static does not; no package has
 * their header, so what is used of it is declared here. One thread is counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct qemu_plugin_tb;		/* code that qemu translates at once */
struct qemu_plugin_insn;

extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
        void (*translated)(uint64_t id, struct qemu_plugin_tb *tb));
extern void qemu_plugin_register_vcpu_insn_exec_inline(
        struct qemu_plugin_insn *insn, int operation, void *number,
        uint64_t value);
extern void qemu_plugin_register_atexit_cb(uint64_t id,
        void (*ended)(uint64_t id, void *arg), void *arg);
extern int qemu_plugin_version;
extern int qemu_plugin_install(uint64_t id, const void *about, int argc,
                               char **argv);

#define INLINE_ADD 0	/* qemu's only operation */

int qemu_plugin_version = 1;	/* of the interface, as in qemu 5 to 8 */

static uint64_t count;
static char path[4096];

static void
translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = qemu_plugin_tb_n_insns(tb); i-- > 0;)
		qemu_plugin_register_vcpu_insn_exec_inline(
		        qemu_plugin_tb_get_insn(tb, i), INLINE_ADD, &count, 1);
}

static void
ended(uint64_t id, void *arg)
{
	FILE *f = fopen(path, "w");

	(void)id;
	(void)arg;
	if (f == NULL)
		return;		/* who reads the file finds none */
	fprintf(f, "%" PRIu64 "\n", count);
	fclose(f);
}

int
qemu_plugin_install(uint64_t id, const void *about, int argc, char **argv)
{
	(void)about;
	if (argc != 1 || strncmp(argv[0], "count=", 6) != 0)
		return -1;
	snprintf(path, sizeof path, "%s", argv[0] + 6);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
