/* SPDX-License-Identifier: MIT */
/* test_sock.c - where to listen, and sockets that do */
#include "unit.h"

#include "base/err.h"
#include "net/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 128
#define X10 "xxxxxxxxxx"

static const struct good {
	const char *name, *text;
	int         family;
	bool        every;
	const char *host;	/* or the path */
	unsigned    port;
	const char *words;	/* sock_write()'s */
} goods[] = {
	{ "a port", "8080", AF_INET6, true, "::", 8080, "[::]:8080" },
	{ "a port behind a colon", ":8080", AF_INET6, true, "::", 8080,
	  "[::]:8080" },
	{ "the first port", "1", AF_INET6, true, "::", 1, "[::]:1" },
	{ "the last port", "65535", AF_INET6, true, "::", 65535,
	  "[::]:65535" },
	{ "an IPv4 address", "127.0.0.1:80", AF_INET, false, "127.0.0.1", 80,
	  "127.0.0.1:80" },
	{ "every IPv4 address", "0.0.0.0:80", AF_INET, false, "0.0.0.0", 80,
	  "0.0.0.0:80" },
	{ "an IPv6 address", "[::1]:80", AF_INET6, false, "::1", 80,
	  "[::1]:80" },
	{ "a long IPv6 address",
	  "[1234:5678:9abc:def0:1234:5678:255.255.255.255]:80", AF_INET6,
	  false, "1234:5678:9abc:def0:1234:5678:ffff:ffff", 80,
	  "[1234:5678:9abc:def0:1234:5678:255.255.255.255]:80" },
	{ "every IPv6 address", "[::]:80", AF_INET6, false, "::", 80,
	  "[::]:80" },
	{ "a file", "unix:/run/h", AF_UNIX, false, "/run/h", 0,
	  "unix:/run/h" },
	{ "a file of one letter", "unix:/h", AF_UNIX, false, "/h", 0,
	  "unix:/h" },
	{ "a file with a colon", "unix:/h:80", AF_UNIX, false, "/h:80", 0,
	  "unix:/h:80" },
	{ "the longest file", "unix:/" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
	  "123456", AF_UNIX, false, "/" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
	  "123456", 0, "unix:/" X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
	  "123456" },
};

static void
host_of(const struct sock_addr *a, char *host, unsigned *port)
{
	const struct sockaddr_in6 *v6 = (const void *)&a->room;
	const struct sockaddr_in *v4 = (const void *)&a->room;

	*port = 0;
	if (a->any.sa_family == AF_UNIX) {
		memcpy(host, a->un.sun_path, sizeof a->un.sun_path);
	} else if (a->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, host, PATH_ROOM);
		*port = ntohs(v4->sin_port);
	} else {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, PATH_ROOM);
		*port = ntohs(v6->sin6_port);
	}
}

static void
reads(void **state)
{
	const struct good *g = *state;
	struct buf b = guarded_buf(SOCK_NAME_MAX);
	char host[PATH_ROOM] = "";
	struct sock_addr a;
	unsigned port;

	assert_int_equal(sock_parse(&a, guarded_span(g->text)), 0);
	host_of(&a, host, &port);
	assert_int_equal(a.any.sa_family, g->family);
	assert_int_equal(a.every, g->every);
	assert_string_equal(host, g->host);
	assert_int_equal(port, g->port);
	sock_write(&b, &a);
	assert_span_equal(g->words, buf_span(&b));
}

static const struct bad {
	const char *name, *text;
} bads[] = {
	{ "nothing", "" },
	{ "a colon alone", ":" },
	{ "port zero", "0" },
	{ "port zero of an address", "127.0.0.1:0" },
	{ "one past the last port", "65536" },
	{ "a port with a sign", "+80" },
	{ "a port with a blank", "80 " },
	{ "a port that no type holds", "99999999999999999999" },
	{ "an address without a port", "127.0.0.1" },
	{ "an address with an empty port", "127.0.0.1:" },
	{ "a name", "localhost:80" },
	{ "an address of three parts", "127.0.1:80" },
	{ "an address of a number too large", "127.0.0.256:80" },
	{ "IPv6 without brackets", "::1:80" },
	{ "IPv6 with an open bracket", "[::1:80" },
	{ "IPv4 in brackets", "[127.0.0.1]:80" },
	{ "empty brackets", "[]:80" },
	{ "IPv6 with a zone", "[fe80::1%eth0]:80" },
	{ "IPv6 without a port", "[::1]" },
	{ "a host of 63 bytes", X10 X10 X10 X10 X10 X10 "123:80" },
	{ "a host of 64 bytes", X10 X10 X10 X10 X10 X10 "1234:80" },
	{ "IPv6 of 62 bytes in brackets", "[" X10 X10 X10 X10 X10 X10 "12]:80" },
	{ "IPv6 of 64 bytes in brackets",
	  "[" X10 X10 X10 X10 X10 X10 "1234]:80" },
	{ "unix without a path", "unix:" },
	{ "the root as a file", "unix:/" },
	{ "a relative file", "unix:run/h" },
	{ "an abstract name of nothing", "unix:@" },
	{ "one byte more than the longest file", "unix:/"
	  X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "1234567" },
	{ "one byte more than the longest name", "unix:@"
	  X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 "1234567" },
	{ "unix in capitals", "UNIX:/run/h" },
};

static void
refuses(void **state)
{
	const struct bad *r = *state;
	struct sock_addr a, was;

	memset(&a, 0x5a, sizeof a);
	was = a;
	assert_int_equal(sock_parse(&a, guarded_span(r->text)), ERR_PARSE);
	assert_memory_equal(&a, &was, sizeof a);
}

static void
a_file_with_a_NUL_is_refused(void **state)
{
	struct span text = { guarded("unix:/a\0b", 9), 9 };
	struct sock_addr a;

	(void)state;
	assert_int_equal(sock_parse(&a, text), ERR_PARSE);
}

static void
an_abstract_name_has_its_own_length(void **state)
{
	struct sock_addr a;

	(void)state;
	assert_int_equal(sock_parse(&a, guarded_span("unix:@abc")), 0);
	assert_int_equal(a.len, offsetof(struct sockaddr_un, sun_path) + 4);
	assert_memory_equal(a.un.sun_path, "\0abc", 4);
}

static void
a_name_longer_than_an_address_is_cut(void **state)
{
	char name[256];
	struct sock_addr a;

	(void)state;
	memset(name, 'n', sizeof name);
	for (size_t len = 106; len <= 109; len++) {
		sock_abstract(&a, (struct span){ guarded(name, len), len });
		assert_int_equal(a.len, offsetof(struct sockaddr_un, sun_path)
		                 + (len < 107 ? len + 1 : 108));
	}
}

/* --- with the kernel --- */

static char folder[] = "/tmp/hale-sock-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void
file_address(struct sock_addr *a, char *path, const char *name)
{
	char text[PATH_ROOM];
	struct buf b = buf_over(text, sizeof text);
	struct buf p = buf_over(path, PATH_ROOM);

	buf_fmt(&p, "%s/%s", folder, name);
	buf_fmt(&b, "unix:%s", buf_text(&p));
	assert_int_equal(sock_parse(a, guarded_span(buf_text(&b))), 0);
}

static void
a_file_left_by_a_dead_process_is_replaced(void **state)
{
	char path[PATH_ROOM];
	struct sock_addr a;
	int fd;

	(void)state;
	file_address(&a, path, "dead");
	fd = sock_listen(&a);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(access(path, F_OK), 0);
	fd = sock_listen(&a);
	assert_true(fd >= 0);
	close(fd);
	sock_unlink(&a);
	assert_int_equal(access(path, F_OK), -1);
}

static void
a_socket_in_use_is_left_alone(void **state)
{
	char path[PATH_ROOM];
	struct sock_addr a;
	int fd, second;

	(void)state;
	file_address(&a, path, "live");
	fd = sock_listen(&a);
	assert_true(fd >= 0);
	second = sock_listen(&a);
	assert_int_equal(second, -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
	sock_unlink(&a);
}

static void
a_file_that_is_no_socket_is_left_alone(void **state)
{
	char path[PATH_ROOM];
	struct sock_addr a;
	int fd;

	(void)state;
	file_address(&a, path, "data");
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "precious", 8), 8);
	close(fd);
	assert_int_equal(sock_listen(&a), -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
}

static void
a_link_to_a_socket_is_left_alone(void **state)
{
	char path[PATH_ROOM];
	struct sock_addr a;

	(void)state;
	file_address(&a, path, "link");
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(sock_listen(&a), -EADDRINUSE);
	assert_int_equal(unlink(path), 0);
}

static void
every_prober_may_connect_to_the_file(void **state)
{
	char path[PATH_ROOM];
	mode_t before = umask(077);
	struct sock_addr a;
	struct stat st;
	int fd;

	(void)state;
	file_address(&a, path, "open");
	fd = sock_listen(&a);
	assert_int_equal(umask(before), 077);	/* as the service gets it */
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	close(fd);
	sock_unlink(&a);
}

static void
a_missing_folder_is_told(void **state)
{
	struct sock_addr a;

	(void)state;
	assert_int_equal(sock_parse(&a, span_of("unix:/no/such/folder/h")), 0);
	assert_int_equal(sock_listen(&a), -ENOENT);
}

static void
a_descriptor_is_non_blocking_and_closed_on_exec(void **state)
{
	char text[64];
	struct buf b = buf_over(text, sizeof text);
	struct sock_addr a;
	int fd;

	(void)state;
	buf_fmt(&b, "unix:@hale-unit-sock-%d", (int)getpid());
	assert_int_equal(sock_parse(&a, buf_span(&b)), 0);
	fd = sock_listen(&a);
	assert_true(fd >= 0);
	assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	close(fd);
}

/* A port that the kernel chose, so that no other test has it. */
static unsigned
free_port(int *holder)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		                  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof at;

	*holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*holder, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(*holder, 1), 0);
	assert_int_equal(getsockname(*holder, (struct sockaddr *)&at, &len),
	                 0);
	return ntohs(at.sin_port);
}

static void
a_port_in_use_is_told(void **state)
{
	char text[32];
	struct buf b = buf_over(text, sizeof text);
	struct sock_addr a;
	int holder;

	(void)state;
	buf_fmt(&b, "127.0.0.1:%u", free_port(&holder));
	assert_int_equal(sock_parse(&a, buf_span(&b)), 0);
	assert_int_equal(sock_listen(&a), -EADDRINUSE);
	close(holder);
}

static void
a_port_is_that_of_tcp(void **state)
{
	static const struct {
		const char *text;
		unsigned    port;
	} rows[] = {
		{ "80", 80 }, { "127.0.0.1:65535", 65535 }, { "[::1]:1", 1 },
		{ "unix:/80", 0 }, { "unix:@80", 0 },
	};
	struct sock_addr at;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(0, sock_parse(&at, span_of(rows[i].text)));
		assert_int_equal(rows[i].port, sock_port(&at));
	}
}

int
main(void)
{
	UNIT_ROWS(reads, goods);
	UNIT_ROWS(refuses, bads);
	UNIT_TEST(a_file_with_a_NUL_is_refused);
	UNIT_TEST(an_abstract_name_has_its_own_length);
	UNIT_TEST(a_name_longer_than_an_address_is_cut);
	UNIT_TEST(a_file_left_by_a_dead_process_is_replaced);
	UNIT_TEST(a_socket_in_use_is_left_alone);
	UNIT_TEST(a_file_that_is_no_socket_is_left_alone);
	UNIT_TEST(a_link_to_a_socket_is_left_alone);
	UNIT_TEST(every_prober_may_connect_to_the_file);
	UNIT_TEST(a_missing_folder_is_told);
	UNIT_TEST(a_descriptor_is_non_blocking_and_closed_on_exec);
	UNIT_TEST(a_port_in_use_is_told);
	UNIT_TEST(a_port_is_that_of_tcp);
	return unit_run_with("net/sock", make_folder, remove_folder);
}
