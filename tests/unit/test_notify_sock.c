/* SPDX-License-Identifier: MIT */
/* test_notify_sock.c - who sent a datagram; control messages may lie */
#include "unit.h"

#include "sup/notify_sender.h"
#include "sup/notify_sock.h"

#include <errno.h>
#include <sys/un.h>
#include <unistd.h>

#define LENGTH 9	/* of the datagrams */
#define ROOM   256	/* bytes of a list */

static const struct ucred sender = { .pid = 42, .uid = 1000, .gid = 1001 };
static const struct ucred other = { .pid = 1, .uid = 0, .gid = 0 };

static char list_bytes[ROOM];
static size_t list_len;

/* One message more, whose length field says `told`. */
static void
add(int level, int type, const void *data, size_t len, size_t told)
{
	const struct cmsghdr c = {
		.cmsg_len = (socklen_t)told,
		.cmsg_level = level, .cmsg_type = type,
	};

	memset(list_bytes + list_len, 0, CMSG_SPACE(len));
	memcpy(list_bytes + list_len, &c, sizeof c);
	memcpy(list_bytes + list_len + CMSG_LEN(0), data, len);
	list_len += CMSG_SPACE(len);
}

static void
add_sender(const struct ucred *who)
{
	add(SOL_SOCKET, SCM_CREDENTIALS, who, sizeof *who,
	    CMSG_LEN(sizeof *who));
}

static const int fds[2] = { 5, 6 };

static void
nothing(void)
{
}

static void
alone(void)
{
	add_sender(&sender);
}

static void
without_padding(void)
{
	add_sender(&sender);
	list_len = CMSG_LEN(sizeof sender);
}

static void
behind_descriptors(void)
{
	add(SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds, CMSG_LEN(sizeof fds));
	add_sender(&sender);
}

static void
behind_an_empty_message(void)
{
	add(SOL_SOCKET, SCM_RIGHTS, fds, 0, CMSG_LEN(0));
	add_sender(&sender);
}

static void
before_another(void)
{
	add_sender(&sender);
	add_sender(&other);
}

static void
of_another_level(void)
{
	add(SOL_SOCKET + 1, SCM_CREDENTIALS, &sender, sizeof sender,
	    CMSG_LEN(sizeof sender));
}

static void
of_another_type(void)
{
	add(SOL_SOCKET, SCM_CREDENTIALS + 1, &sender, sizeof sender,
	    CMSG_LEN(sizeof sender));
}

static void
one_byte_short(void)
{
	add_sender(&sender);
	list_len = CMSG_LEN(sizeof sender) - 1;
}

static void
told_too_short(void)
{
	add(SOL_SOCKET, SCM_CREDENTIALS, &sender, sizeof sender,
	    CMSG_LEN(sizeof sender) - 1);
}

static void
told_too_long(void)
{
	add(SOL_SOCKET, SCM_CREDENTIALS, &sender, sizeof sender, ROOM);
}

static void
behind_one_of_no_length(void)
{
	add(SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds, 0);
	add_sender(&sender);
}

static void
behind_one_shorter_than_a_header(void)
{
	add(SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds, CMSG_LEN(0) - 1);
	add_sender(&sender);
}

static void
behind_one_that_ends_nowhere(void)
{
	add(SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds, (size_t)-1);
	add_sender(&sender);
}

static void
behind_one_whose_end_wraps_around(void)
{
	add(SOL_SOCKET, SCM_RIGHTS, fds, sizeof fds, (size_t)-8);
	add_sender(&sender);
}

static void
less_than_a_header(void)
{
	add_sender(&sender);
	list_len = sizeof(struct cmsghdr) - 1;
}

static const struct row {
	const char *name;
	void      (*make)(void);
	bool        is_known;
} rows[] = {
	{ "no control message: nobody", nothing, false },
	{ "the sender alone", alone, true },
	{ "the list ends before the padding", without_padding, true },
	{ "behind descriptors", behind_descriptors, true },
	{ "behind an empty message", behind_an_empty_message, true },
	{ "the first of two", before_another, true },
	{ "of another level: nobody", of_another_level, false },
	{ "of another type: nobody", of_another_type, false },
	{ "the list ends a byte too early: nobody", one_byte_short, false },
	{ "its length is a byte too small: nobody", told_too_short, false },
	{ "its length is too large: nobody", told_too_long, false },
	{ "behind a length of 0: nobody", behind_one_of_no_length, false },
	{ "behind a length below the header's: nobody",
	  behind_one_shorter_than_a_header, false },
	{ "behind the largest length: nobody", behind_one_that_ends_nowhere,
	  false },
	{ "behind a length that wraps around: nobody",
	  behind_one_whose_end_wraps_around, false },
	{ "less than a header: nobody", less_than_a_header, false },
};

static void
is_judged(void **state)
{
	static const int flags[] = { 0, MSG_CTRUNC, MSG_TRUNC };
	const struct row *r = *state;

	list_len = 0;
	r->make();
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		struct msghdr msg = {
			.msg_control = list_len > 0
			             ? guarded(list_bytes, list_len) : NULL,
			.msg_controllen = (socklen_t)list_len,
			.msg_flags = flags[i],
		};
		struct ucred from = other;
		ssize_t n = notify_sender_read(&msg, LENGTH, &from);

		assert_int_equal(n, flags[i] == MSG_TRUNC ? -EMSGSIZE : LENGTH);
		assert_int_equal(from.pid, r->is_known ? sender.pid : 0);
		assert_true(from.uid == (r->is_known ? sender.uid : (uid_t)-1));
		assert_true(from.gid == (r->is_known ? sender.gid : (gid_t)-1));
		assert_true(r->is_known || !notify_sock_trusts(&from, 7));
	}
}

/* What the kernel really hands over. */
static void
a_datagram_with_descriptors_has_its_sender_and_leaves_none(void **state)
{
	char name[NOTIFY_SOCK_NAME_MAX], bytes[LENGTH], control[CMSG_SPACE(8)];
	struct buf b = buf_over(name, sizeof name);
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int to = notify_sock_open(&b), from = socket(AF_UNIX, SOCK_DGRAM, 0);
	const int two[2] = { from, from };
	struct iovec io = { "READY=1\n", 8 };
	struct msghdr msg = {
		.msg_name = &at,
		.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un,
		                                    sun_path) + b.len),
		.msg_iov = &io, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control,
	};
	struct ucred who;
	int next;

	(void)state;
	assert_true(to >= 0 && from >= 0);
	memcpy(at.sun_path + 1, name + 1, b.len - 1);
	list_len = 0;
	add(SOL_SOCKET, SCM_RIGHTS, two, sizeof two, CMSG_LEN(sizeof two));
	memcpy(control, list_bytes, sizeof control);
	assert_int_equal(sendmsg(from, &msg, 0), 8);
	next = dup(from);
	close(next);
	assert_int_equal(notify_sock_read(to, bytes, sizeof bytes, &who), 8);
	assert_int_equal(who.pid, getpid());
	assert_int_equal(who.uid, getuid());
	assert_int_equal(dup(from), next);	/* the lowest, free as before */
	close(next);
	assert_int_equal(notify_sock_read(to, bytes, sizeof bytes, &who),
	                 -EAGAIN);
	close(from);
	close(to);
}

int
main(void)
{
	UNIT_ROWS(is_judged, rows);
	UNIT_TEST(a_datagram_with_descriptors_has_its_sender_and_leaves_none);
	return unit_run("sup/notify_sock");
}
