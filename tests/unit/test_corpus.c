/* SPDX-License-Identifier: MIT */
/* test_corpus.c - what fuzzing has saved, run again without clang */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#define FOLDER    "tests/fuzz/corpus"	/* make runs the units at the top */
#define PATH_ROOM 512

typedef int target(const uint8_t *data, size_t size);

target fuzz_cgroup, fuzz_checkopt, fuzz_control, fuzz_dns, fuzz_endpoints,
       fuzz_exchange, fuzz_grpc, fuzz_grpc_reply, fuzz_h2, fuzz_hosts,
       fuzz_hpack, fuzz_http, fuzz_json,
       fuzz_notify, fuzz_opt, fuzz_pem, fuzz_procstat, fuzz_program, fuzz_proxy,
       fuzz_redact, fuzz_reply, fuzz_resolvconf, fuzz_server, fuzz_sh,
       fuzz_tls_hello, fuzz_tls_messages, fuzz_tls_records, fuzz_tls_scheme,
       fuzz_url,
       fuzz_words, fuzz_writeout, fuzz_x509;

static const struct row {
	const char *name;
	target     *run;
} rows[] = {
	{ "cgroup", fuzz_cgroup },
	{ "checkopt", fuzz_checkopt },
	{ "control", fuzz_control },
	{ "dns", fuzz_dns },
	{ "endpoints", fuzz_endpoints },
	{ "exchange", fuzz_exchange },
	{ "grpc", fuzz_grpc },
	{ "grpc_reply", fuzz_grpc_reply },
	{ "h2", fuzz_h2 },
	{ "hosts", fuzz_hosts },
	{ "hpack", fuzz_hpack },
	{ "http", fuzz_http },
	{ "json", fuzz_json },
	{ "notify", fuzz_notify },
	{ "opt", fuzz_opt },
	{ "pem", fuzz_pem },
	{ "procstat", fuzz_procstat },
	{ "program", fuzz_program },
	{ "proxy", fuzz_proxy },
	{ "redact", fuzz_redact },
	{ "reply", fuzz_reply },
	{ "resolvconf", fuzz_resolvconf },
	{ "server", fuzz_server },
	{ "sh", fuzz_sh },
	{ "tls_hello", fuzz_tls_hello },
	{ "tls_messages", fuzz_tls_messages },
	{ "tls_records", fuzz_tls_records },
	{ "tls_scheme", fuzz_tls_scheme },
	{ "url", fuzz_url },
	{ "words", fuzz_words },
	{ "writeout", fuzz_writeout },
	{ "x509", fuzz_x509 },
};

static void
replay(target *run, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char bytes[GUARD_ROOM];
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, bytes, sizeof bytes);
	close(fd);
	assert_true(n >= 0);
	run((const uint8_t *)guarded(bytes, (size_t)n), (size_t)n);
}

static void
every_saved_input_of(void **state)
{
	const struct row *r = *state;
	char path[PATH_ROOM];
	struct buf b = buf_over(path, sizeof path);
	struct dirent *entry;
	int inputs = 0;
	DIR *folder;

	buf_fmt(&b, "%s/%s", FOLDER, r->name);
	folder = opendir(buf_text(&b));
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		b.len = 0;
		buf_fmt(&b, "%s/%s/%s", FOLDER, r->name, entry->d_name);
		replay(r->run, buf_text(&b));
		inputs++;
	}
	closedir(folder);
	assert_true(inputs > 0);
}

/* A target without a row here would be fuzzed and never replayed. */
static void
every_corpus_has_its_target(void **state)
{
	DIR *folder = opendir(FOLDER);
	size_t corpora = 0;
	struct dirent *entry;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL)
		corpora += entry->d_name[0] != '.';
	closedir(folder);
	assert_int_equal(corpora, sizeof rows / sizeof rows[0]);
}

int
main(void)
{
	UNIT_ROWS(every_saved_input_of, rows);
	UNIT_TEST(every_corpus_has_its_target);
	return unit_run("tests/fuzz/corpus");
}
