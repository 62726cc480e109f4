/* SPDX-License-Identifier: MIT */
/* test_trust.c - where trust anchors come from, and those in the binary */
#include "certs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "tls/anchors.h"
#include "tls/dn.h"
#include "tls/pem.h"
#include "tls/trust.h"
#include "tls/trust_read.h"

static char dir[64];
static char words[512];
static struct x509 leaf;
static struct trust last;	/* flags of the last find() */
static size_t last_ids;		/* anchors of it with a key identifier */

/* Then no file is found where the image may keep CAs, and no directory. */
static bool image_is_empty;

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);

int
__wrap_access(const char *path, int mode)
{
	if (!image_is_empty)
		return __real_access(path, mode);
	errno = ENOENT;
	return -1;
}

DIR *
__wrap_opendir(const char *path)
{
	if (!image_is_empty)
		return __real_opendir(path);
	errno = ENOENT;
	return NULL;
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/hale-trust-XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);
}

static FILE *
create(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		abort();
	return f;
}

static const char *
path_of(const char *name)
{
	static char path[2][128];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
	return path[turn];
}

static void
write_object(FILE *f, const char *label, struct span der)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
	                             "nopqrstuvwxyz0123456789+/";

	fprintf(f, "-----BEGIN %s-----\n", label);
	for (size_t i = 0; i < der.len; i += 3) {
		unsigned n = 0;

		for (size_t k = 0; k < 3; k++)
			n = n << 8 | (i + k < der.len ? der_byte(der, i + k)
			                              : 0);
		for (size_t k = 0; k < 4; k++)
			fputc(i + k <= der.len ? digits[n >> (18 - 6 * k) & 63]
			                       : '=', f);
		if (i % 48 == 45)
			fputc('\n', f);
	}
	fprintf(f, "\n-----END %s-----\n", label);
}

static void
write_pem(FILE *f, struct span der)
{
	write_object(f, "CERTIFICATE", der);
}

static struct span
root_der(const char *name, char letter)
{
	return cert_der(&(struct plan){ name, name, letter, letter, ca_mark(),
	                                NULL, NULL, NULL });
}

/* A file of n roots called R, and one called S. */
static const char *
file_of(const char *name, size_t n)
{
	const char *path = path_of(name);
	FILE *f = create(path);

	for (size_t i = 0; i < n; i++)
		write_pem(f, root_der("R", (char)('a' + i)));
	write_pem(f, root_der("S", 's'));
	fclose(f);
	return path;
}

static void
no_environment(void)
{
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
}

static size_t
find_for(const char *file, struct span leaf_exts, int want)
{
	struct trust t = { .n = 0 };
	struct buf why = buf_over(words, sizeof words);
	size_t n;

	leaf = cert((struct plan){ "leaf", "R", 'l', 'r', leaf_exts, NULL, NULL,
	                           NULL });
	assert_int_equal(want, trust_find(&t, file, &leaf, 1, &why));
	(void)buf_text(&why);
	n = t.n;
	for (size_t i = 0; i < n; i++)
		assert_true(dn_is_same(t.found[i].subject, leaf.issuer));
	last = t;
	last_ids = 0;
	for (size_t i = 0; i < n; i++)
		last_ids += t.found[i].ski.len > 0;
	trust_free(&t);
	certs_reset();
	return n;
}

static size_t
find(const char *file, int want)
{
	return find_for(file, NOTHING, want);
}

static void
only_anchors_that_may_be_meant_are_held_up_to_a_most(void **state)
{
	(void)state;
	no_environment();
	assert_int_equal(0, find(file_of("none", 0), 0));
	assert_int_equal(1, find(file_of("one", 1), 0));
	for (size_t n = TRUST_FOUND_MAX - 1; n <= TRUST_FOUND_MAX + 1; n++) {
		assert_int_equal(n < TRUST_FOUND_MAX ? n : TRUST_FOUND_MAX,
		                 find(file_of("many", n), 0));
		assert_int_equal(n > TRUST_FOUND_MAX, last.many);
		assert_false(last.other_key);
	}
}

/* A root R with that key identifier; NULL: without. */
static struct span
root_with(char letter, const char *id)
{
	struct span exts = ca_mark();

	if (id != NULL)
		exts = JOIN(exts, extension(14, false, wrap(4, text_of(id))));
	return cert_der(&(struct plan){ "R", "R", letter, letter, exts, NULL,
	                                NULL, NULL });
}

/* As a cluster's CAs that were renewed again and again: "CN=kubernetes". */
static void
of_one_name_that_with_the_key_is_held_first(void **state)
{
	static const char *ids[] = { "old", NULL };

	(void)state;
	no_environment();
	for (size_t row = 0; row < 2; row++) {
		FILE *f = create(path_of("renewed"));

		for (size_t i = 0; i < TRUST_FOUND_MAX + 4; i++)
			write_pem(f, root_with((char)('a' + i), ids[row]));
		write_pem(f, root_with('z', "new"));
		fclose(f);
		assert_int_equal(row == 0 ? 1 : TRUST_FOUND_MAX,
			find_for(path_of("renewed"), extension(35, false,
				SEQ(wrap(0x80, text_of("new")))), 0));
		assert_int_equal(row == 0, last.other_key);
		assert_int_equal(row == 1, last.many);
		assert_int_equal(1, last_ids);
	}
}

static const struct verdict_row {
	const char *name, *file;	/* what is in the file: of R the plain
					 * one, and what is trusted or not */
	bool rejected;
} verdicts[] = {
	{ "plain", "p", false }, { "rejected", "r", true },
	{ "rejected, then plain", "rp", true },
	{ "plain, then rejected", "pr", true },
	{ "trusted for others", "c", true },
	{ "trusted for others, then plain", "cp", true },
	{ "trusted", "s", false }, { "trusted for any", "a", false },
	{ "trusted and rejected", "b", true }, { "a name only", "n", false },
	{ "rejected for others", "o", false },
	{ "rejected for any", "x", true },
};

static struct span
aux_of(char what)
{
	struct span server = TLV(6, BYTES("\x2b\6\1\5\5\7\3\1"));
	struct span client = TLV(6, BYTES("\x2b\6\1\5\5\7\3\2"));
	struct span any = TLV(6, BYTES("\x55\x1d\x25\0"));

	switch (what) {
	case 'r':
		return SEQ(TLV(0xa0, client, server));
	case 'c':
		return SEQ(SEQ(client));
	case 's':
		return SEQ(SEQ(client, server));
	case 'a':
		return SEQ(SEQ(any));
	case 'b':
		return SEQ(SEQ(server), TLV(0xa0, server));
	case 'o':
		return SEQ(TLV(0xa0, client));
	case 'x':
		return SEQ(TLV(0xa0, any), TLV(12, BYTES("x")));
	default:
		return SEQ(TLV(12, BYTES("x")), TLV(4, BYTES("id")),
		           TLV(0xa1, SEQ(NOTHING)));
	}
}

static void
what_is_rejected_in_one_place_is_rejected(void **state)
{
	const struct verdict_row *row = *state;
	struct trust t = { .n = 0 };
	struct buf why = guarded_buf(512);
	struct x509 chain[2];
	FILE *f = create(path_of("judged"));

	no_environment();
	for (const char *what = row->file; *what != '\0'; what++)
		if (*what == 'p')
			write_pem(f, root_der("R", 'r'));
		else
			write_object(f, "TRUSTED CERTIFICATE",
			             JOIN(root_der("R", 'r'), aux_of(*what)));
	fclose(f);
	chain[0] = cert((struct plan){ "leaf", "R", 'l', 'r', NOTHING, NULL,
	                               NULL, NULL });
	chain[1] = cert((struct plan){ "R", "R", 'r', 'r', ca_mark(), NULL,
	                               NULL, NULL });
	assert_int_equal(0, trust_find(&t, path_of("judged"), chain, 2, &why));
	assert_int_equal(1, t.n);
	assert_int_equal(row->rejected, t.found[0].rejected);
	assert_int_equal(row->rejected, chain[1].rejected);
	assert_false(chain[0].rejected);
	trust_free(&t);
	certs_reset();
}

static void
trust_settings_that_are_damaged_are_an_error(void **state)
{
	static const char *bad[] = {
		"\x30\x02\x30\x03", "\x30\x04\x30\x02\x05\x01", "\x31\x01",
		"\x30\x04\xa0\x02\x06\x01",
	};

	(void)state;
	no_environment();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		FILE *f = create(path_of("aux"));

		write_object(f, "TRUSTED CERTIFICATE",
		             JOIN(root_der("R", 'r'), text_of(bad[i])));
		fclose(f);
		find(path_of("aux"), ERR_CAFILE);
		assert_non_null(strstr(words, "the certificate is damaged"));
	}
}

static void
the_environment_names_a_file_and_directories(void **state)
{
	struct buf why = guarded_buf(512);
	struct buf list = guarded_buf(256);

	(void)state;
	no_environment();
	file_of("env", 2);
	mkdir(path_of("d"), 0755);
	file_of("d/one", 3);	/* two of these are in env too */
	file_of("d/two", 1);
	setenv("SSL_CERT_FILE", path_of("env"), 1);
	assert_int_equal(2, find(NULL, 0));
	setenv("SSL_CERT_DIR", path_of("d"), 1);
	assert_int_equal(3, find(NULL, 0));
	unsetenv("SSL_CERT_FILE");
	assert_int_equal(3, find(NULL, 0));
	assert_int_equal(1, find(file_of("named", 1), 0));
	mkdir(path_of("e"), 0755);
	file_of("e/more", 4);
	buf_fmt(&list, ":%s:", path_of("e"));
	buf_str(&list, path_of("d"));
	setenv("SSL_CERT_DIR", buf_text(&list), 1);
	assert_int_equal(4, find(NULL, 0));
	buf_str(&list, ":/missing");
	setenv("SSL_CERT_DIR", buf_text(&list), 1);
	assert_int_equal(4, find(NULL, 0));
	trust_write_source(&why, NULL);
	assert_null(strstr(buf_text(&why), "/missing"));
	assert_non_null(strstr(buf_text(&why), "/e and "));
	no_environment();
}

static void
what_the_environment_names_and_is_absent_is_passed_over(void **state)
{
	(void)state;
	no_environment();
	mkdir(path_of("there"), 0755);
	file_of("there/one", 3);
	setenv("SSL_CERT_FILE", path_of("missing"), 1);
	setenv("SSL_CERT_DIR", path_of("there"), 1);
	assert_int_equal(3, find(NULL, 0));
	setenv("SSL_CERT_FILE", file_of("there.pem", 2), 1);
	setenv("SSL_CERT_DIR", path_of("missing"), 1);
	assert_int_equal(2, find(NULL, 0));
	setenv("SSL_CERT_FILE", path_of("missing"), 1);
	find(NULL, ERR_CAFILE);
	assert_non_null(strstr(words, "missing: No such file"));
	setenv("SSL_CERT_FILE", "/dev/null", 1);
	find(NULL, ERR_CAFILE);
	no_environment();
}

static void
a_directory_has_a_most_of_files(void **state)
{
	char name[32];

	(void)state;
	no_environment();
	mkdir(path_of("full"), 0755);
	for (int i = 1; i < TRUST_DIR_MAX; i++) {
		snprintf(name, sizeof name, "full/%d", i);
		fclose(create(path_of(name)));
	}
	file_of("full/good", 1);
	setenv("SSL_CERT_DIR", path_of("full"), 1);
	assert_int_equal(1, find(NULL, 0));
	fclose(create(path_of("full/more")));
	find(NULL, ERR_CAFILE);
	assert_non_null(strstr(words, "full: holds more than 4096 files"));
	no_environment();
}

/* A pipe that ends with `file` and `more` bytes behind it. */
static void
fill_pipe(const char *fifo, const char *file, long more)
{
	char command[512];

	snprintf(command, sizeof command,
	         "timeout 20 sh -c '{ cat %s; head -c %ld /dev/zero; } >%s' "
	         ">/dev/null 2>&1 &", file, more, fifo);
	assert_int_equal(0, system(command));
}

static void
a_pipe_is_read_once(void **state)
{
	struct buf why = guarded_buf(512);
	char fifo[128], file[128];

	(void)state;
	no_environment();
	snprintf(fifo, sizeof fifo, "%s", path_of("fifo"));
	snprintf(file, sizeof file, "%s", file_of("piped", 2));
	assert_int_equal(0, mkfifo(fifo, 0600));
	assert_int_equal(ERR_TIMEOUT,
	                 trust_verify(fifo, clock_ms() + 50, &why));
	assert_non_null(strstr(buf_text(&why), "fifo: timed out"));
	fill_pipe(fifo, file, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(0, trust_verify(fifo, CLOCK_NEVER, &why));
		assert_int_equal(2, find(fifo, 0));
	}
}

static void
a_pipe_has_a_most_of_bytes(void **state)
{
	char fifo[128], file[128], name[32];
	struct stat st;

	(void)state;
	no_environment();
	snprintf(file, sizeof file, "%s", file_of("piped", 1));
	assert_int_equal(0, stat(file, &st));
	for (int over = -1; over <= 1; over++) {
		snprintf(name, sizeof name, "fifo%d", over);
		snprintf(fifo, sizeof fifo, "%s", path_of(name));
		assert_int_equal(0, mkfifo(fifo, 0600));
		fill_pipe(fifo, file, TRUST_PIPE_MAX - (long)st.st_size + over);
		for (int again = 0; again < 4; again++)
			find(fifo, over > 0 ? ERR_CAFILE : 0);
	}
	assert_non_null(strstr(words, "fifo1: too long"));
}

static void
what_is_no_certificate_in_a_directory_is_passed_over(void **state)
{
	FILE *f;

	(void)state;
	no_environment();
	mkdir(path_of("mixed"), 0755);
	mkdir(path_of("mixed/sub"), 0755);
	f = create(path_of("mixed/words"));
	fputs("-----BEGIN CERTIFICATE-----\n!\n", f);
	fclose(f);
	assert_int_equal(0, mkfifo(path_of("mixed/fifo"), 0600));
	file_of("mixed/good", 1);
	setenv("SSL_CERT_DIR", path_of("mixed"), 1);
	assert_int_equal(1, find(NULL, 0));
	no_environment();
}

static void
a_source_that_is_missing_is_an_error_with_its_name(void **state)
{
	(void)state;
	no_environment();
	find(path_of("missing"), ERR_CAFILE);
	assert_non_null(strstr(words, "missing: No such file"));
	find(dir, ERR_CAFILE);
	assert_non_null(strstr(words, "Is a directory"));
	find("/dev/null", ERR_CAFILE);
	assert_non_null(strstr(words, "is neither a file nor a pipe"));
}

static void
a_certificate_that_is_whole_but_odd_spoils_no_other(void **state)
{
	FILE *f = create(path_of("odd"));

	(void)state;
	no_environment();
	write_pem(f, SEQ(BYTES("\x02\x01\x05")));
	write_pem(f, root_der("R", 'r'));
	fclose(f);
	assert_int_equal(1, find(path_of("odd"), 0));
	f = create(path_of("odd"));
	write_pem(f, SEQ(BYTES("\x02\x01\x05")));
	fclose(f);
	find(path_of("odd"), ERR_CAFILE);
	assert_non_null(strstr(words, "holds no certificate"));
}

static void
a_certificate_of_the_largest_size_is_read(void **state)
{
	static char fill[X509_DER_MAX + 1];

	(void)state;
	no_environment();
	for (size_t len = X509_DER_MAX - 1; len <= X509_DER_MAX + 1; len++) {
		FILE *f = create(path_of("large"));

		write_pem(f, SEQ(bytes_of(fill, len - 4)));
		certs_reset();
		write_pem(f, root_der("R", 'r'));
		fclose(f);
		find(path_of("large"), len > X509_DER_MAX ? ERR_CAFILE : 0);
	}
}

static void
the_anchors_in_the_binary_are_whole(void **state)
{
	struct span blob = anchors_blob();
	size_t n = 0, left = blob.len;
	uint32_t hash;
	struct x509 c;

	(void)state;
	while (anchors_next(&blob, &c, &hash)) {
		n++;
		assert_true(blob.len < left);
		left = blob.len;
		assert_true(c.is_ca && c.not_after > NOW && c.der.len == 0);
		if (c.key.kind == X509_KEY_RSA)
			assert_in_range(der_uint_bits(c.key.n), 2048, 4096);
		else
			assert_in_range(c.key.q.len, 65, 133);
	}
	assert_int_equal(0, blob.len);
	assert_true(n > 50);
	assert_non_null(strstr(anchors_version(), "Mozilla roots "));
}

/* The file that the build reads against what the blob has of it. */
static void
every_root_of_the_file_is_an_anchor_in_the_binary(void **state)
{
	static char text[1 << 20];
	static unsigned char der[X509_DER_MAX];
	struct span in = { text, 0 }, blob = anchors_blob();
	struct x509 root, c;
	struct pem p;
	uint32_t hash;
	int n = 0, dated = 0;
	FILE *f = fopen("src/tls/roots.pem", "r");

	(void)state;
	assert_non_null(f);
	in.len = fread(text, 1, sizeof text, f);
	fclose(f);
	pem_init(&p, der, sizeof der);
	while (pem_next(&p, &in) == 1) {
		assert_int_equal(0, x509_read(&root, (struct span){
			(char *)der, p.len }));
		assert_true(anchors_next(&blob, &c, &hash));
		assert_int_equal(dn_hash(root.subject), hash);
		assert_int_equal(root.not_after, c.not_after);
		assert_int_equal(root.path_max, c.path_max);
		assert_int_equal(root.key.n.len, c.key.n.len);
		assert_memory_equal(root.key.n.p, c.key.n.p,
		                    c.key.n.len);
		assert_int_equal(root.key.e.len, c.key.e.len);
		assert_memory_equal(root.key.e.p, c.key.e.p,
		                    c.key.e.len);
		assert_int_equal(root.key.q.len, c.key.q.len);
		assert_memory_equal(root.key.q.p, c.key.q.p,
		                    c.key.q.len);
		dated += c.issued_until > 0;
		n++;
	}
	assert_false(anchors_next(&blob, &c, &hash));
	assert_true(n > 50 && dated > 0 && dated < n);
}

/* An image with nothing in it: the binary's own are found, by the issuer's
 * name, for whichever certificate of the chain it is. */
static void
an_anchor_in_the_binary_is_found_by_its_name(void **state)
{
	static char text[1 << 20];
	static unsigned char der[X509_DER_MAX];
	struct span in = { text, 0 };
	struct x509 root;
	struct pem p;
	FILE *f = fopen("src/tls/roots.pem", "r");

	(void)state;
	assert_non_null(f);
	in.len = fread(text, 1, sizeof text, f);
	fclose(f);
	pem_init(&p, der, sizeof der);
	assert_int_equal(1, pem_next(&p, &in));
	assert_int_equal(0, x509_read(&root, (struct span){ (char *)der,
	                                                    p.len }));
	no_environment();
	image_is_empty = true;
	for (size_t at = 0; at < 3; at++) {
		struct x509 chain[2] = {
			cert((struct plan){ "leaf", "R", 'l', 'r',
				alt_name("a.test"), NULL, NULL, NULL }),
			cert((struct plan){ "R", "S", 'r', 's', ca_mark(),
				NULL, NULL, NULL }),
		};
		struct trust t = { .n = 0 };
		struct buf why = buf_over(words, sizeof words);

		if (at < 2)
			chain[at].issuer = root.subject;
		assert_int_equal(0, trust_find(&t, NULL, chain, 2, &why));
		assert_int_equal(at < 2, t.n);
		if (t.n == 1)
			assert_true(dn_is_same(root.subject,
			                       t.found[0].subject));
		if (t.n == 1)
			assert_memory_equal(root.key.n.p, t.found[0].key.n.p,
			                    root.key.n.len);
		trust_free(&t);
	}
	image_is_empty = false;
	certs_reset();
}

int
main(void)
{
	UNIT_TEST(only_anchors_that_may_be_meant_are_held_up_to_a_most);
	UNIT_TEST(of_one_name_that_with_the_key_is_held_first);
	UNIT_ROWS(what_is_rejected_in_one_place_is_rejected, verdicts);
	UNIT_TEST(trust_settings_that_are_damaged_are_an_error);
	UNIT_TEST(the_environment_names_a_file_and_directories);
	UNIT_TEST(what_the_environment_names_and_is_absent_is_passed_over);
	UNIT_TEST(a_directory_has_a_most_of_files);
	UNIT_TEST(a_pipe_is_read_once);
	UNIT_TEST(a_pipe_has_a_most_of_bytes);
	UNIT_TEST(what_is_no_certificate_in_a_directory_is_passed_over);
	UNIT_TEST(a_source_that_is_missing_is_an_error_with_its_name);
	UNIT_TEST(a_certificate_that_is_whole_but_odd_spoils_no_other);
	UNIT_TEST(a_certificate_of_the_largest_size_is_read);
	UNIT_TEST(the_anchors_in_the_binary_are_whole);
	UNIT_TEST(every_root_of_the_file_is_an_anchor_in_the_binary);
	UNIT_TEST(an_anchor_in_the_binary_is_found_by_its_name);
	return unit_run_with("tls/trust", set_up, tear_down);
}
