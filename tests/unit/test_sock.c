/* SPDX-License-Identifier: MIT */
/* test_sock.c - sockets that listen and that connect, and whose they are */
#include "unit.h"

#include "net/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 128

static bool without_ipv6;

int __wrap_socket(int family, int type, int protocol);
int __real_socket(int family, int type, int protocol);

int
__wrap_socket(int family, int type, int protocol)
{
	if (family == AF_INET6 && without_ipv6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return __real_socket(family, type, protocol);
}

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
file_address(struct addr_bind *a, char *path, const char *name)
{
	char text[PATH_ROOM];
	struct buf b = buf_over(text, sizeof text);
	struct buf p = buf_over(path, PATH_ROOM);

	buf_fmt(&p, "%s/%s", folder, name);
	buf_fmt(&b, "unix:%s", buf_text(&p));
	assert_int_equal(addr_bind_read(a, guarded_span(buf_text(&b))), 0);
}

static void
a_file_left_by_a_dead_process_is_replaced(void **state)
{
	char path[PATH_ROOM];
	struct addr_bind a;
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
	sock_unlink(&a.addr);
	assert_int_equal(access(path, F_OK), -1);
}

static void
a_socket_in_use_is_left_alone(void **state)
{
	char path[PATH_ROOM];
	struct addr_bind a;
	int fd, second;

	(void)state;
	file_address(&a, path, "live");
	fd = sock_listen(&a);
	assert_true(fd >= 0);
	second = sock_listen(&a);
	assert_int_equal(second, -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
	sock_unlink(&a.addr);
}

/* Somebody reads from it. */
static void
a_socket_of_another_type_is_left_alone(void **state)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char path[PATH_ROOM];
	struct addr_bind a;

	(void)state;
	file_address(&a, path, "datagram");
	assert_int_equal(bind(fd, &a.addr.any, a.addr.len), 0);
	assert_int_equal(sock_listen(&a), -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
	sock_unlink(&a.addr);
}

static void
a_file_that_is_no_socket_is_left_alone(void **state)
{
	char path[PATH_ROOM];
	struct addr_bind a;
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
	struct addr_bind a;

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
	struct addr_bind a;
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
	sock_unlink(&a.addr);
}

static void
a_missing_folder_is_told(void **state)
{
	struct addr_bind a;

	(void)state;
	assert_int_equal(addr_bind_read(&a, span_of("unix:/no/such/h")), 0);
	assert_int_equal(sock_listen(&a), -ENOENT);
}

static void
a_descriptor_is_non_blocking_and_closed_on_exec(void **state)
{
	char text[64];
	struct buf b = buf_over(text, sizeof text);
	struct addr_bind a;
	int fd;

	(void)state;
	buf_fmt(&b, "unix:@hale-unit-sock-%d", (int)getpid());
	assert_int_equal(addr_bind_read(&a, buf_span(&b)), 0);
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
	struct addr_bind a;
	int holder;

	(void)state;
	buf_fmt(&b, "127.0.0.1:%u", free_port(&holder));
	assert_int_equal(addr_bind_read(&a, buf_span(&b)), 0);
	assert_int_equal(sock_listen(&a), -EADDRINUSE);
	close(holder);
}

/* An address that was named is not taken for another one. */
static void
an_address_of_another_machine_is_told(void **state)
{
	struct addr_bind a;

	(void)state;
	assert_int_equal(addr_bind_read(&a, span_of("192.0.2.1:8080")), 0);
	assert_int_equal(sock_listen(&a), -EADDRNOTAVAIL);
}

static void
without_ipv6_a_port_is_listened_to_by_ipv4(void **state)
{
	char text[32];
	struct buf b = buf_over(text, sizeof text);
	struct sockaddr_in at = { .sin_port = 0 };
	socklen_t len = sizeof at;
	struct addr_bind a;
	int holder = -1, fd;

	(void)state;
	buf_fmt(&b, "%u", free_port(&holder));
	close(holder);
	assert_int_equal(addr_bind_read(&a, buf_span(&b)), 0);
	without_ipv6 = true;
	fd = sock_listen(&a);
	without_ipv6 = false;
	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(at.sin_family, AF_INET);
	assert_int_equal(at.sin_addr.s_addr, htonl(INADDR_ANY));
	assert_int_equal(a.addr.any.sa_family, AF_INET);
	close(fd);
}

static void
a_start_says_whether_it_is_done(void **state)
{
	char path[PATH_ROOM];
	struct addr_bind a;
	bool is_done = false;
	int fd, client;

	(void)state;
	file_address(&a, path, "start");
	assert_int_equal(sock_start(&a.addr, SOCK_STREAM, &is_done), -ENOENT);
	assert_false(is_done);
	fd = sock_listen(&a);
	assert_true(fd >= 0);
	client = sock_start(&a.addr, SOCK_STREAM, &is_done);
	assert_true(client >= 0);
	assert_true(is_done);
	assert_true((fcntl(client, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(client, F_GETFD) & FD_CLOEXEC) != 0);
	close(client);
	close(fd);
	assert_int_equal(sock_start(&a.addr, SOCK_STREAM, &is_done),
	                 -ECONNREFUSED);
	sock_unlink(&a.addr);
}

static void
the_peer_is_who_holds_the_other_end(void **state)
{
	struct ucred who = { .pid = -1 };
	int fds[2], pipes[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_true(sock_peer(fds[0], &who));
	assert_int_equal(who.pid, getpid());
	assert_int_equal(who.uid, geteuid());
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(pipe(pipes), 0);
	assert_false(sock_peer(pipes[0], &who));	/* not a socket */
	close(pipes[0]);
	close(pipes[1]);
}

/* The kernel names pid 0 where it cannot show the process, as for a socket that
 * has no peer. */
static void
a_peer_that_is_not_seen_is_none(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ucred who;

	(void)state;
	assert_true(fd >= 0);
	assert_false(sock_peer(fd, &who));
	close(fd);
}

int
main(void)
{
	UNIT_TEST(a_file_left_by_a_dead_process_is_replaced);
	UNIT_TEST(a_socket_in_use_is_left_alone);
	UNIT_TEST(a_file_that_is_no_socket_is_left_alone);
	UNIT_TEST(a_link_to_a_socket_is_left_alone);
	UNIT_TEST(every_prober_may_connect_to_the_file);
	UNIT_TEST(a_missing_folder_is_told);
	UNIT_TEST(a_descriptor_is_non_blocking_and_closed_on_exec);
	UNIT_TEST(a_port_in_use_is_told);
	UNIT_TEST(a_socket_of_another_type_is_left_alone);
	UNIT_TEST(an_address_of_another_machine_is_told);
	UNIT_TEST(without_ipv6_a_port_is_listened_to_by_ipv4);
	UNIT_TEST(a_start_says_whether_it_is_done);
	UNIT_TEST(the_peer_is_who_holds_the_other_end);
	UNIT_TEST(a_peer_that_is_not_seen_is_none);
	return unit_run_with("net/sock", make_folder, remove_folder);
}
