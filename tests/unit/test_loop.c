/* SPDX-License-Identifier: MIT */
/* test_loop.c - one epoll set, its sources and their deadlines */
#include "unit.h"

#include "fake_clock.h"

#include "base/err.h"
#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

struct probe {
	struct source source;	/* first: the loop hands it back */
	struct loop  *loop;
	int           ready, expired, resumed;	/* how often it was called */
	int           more;	/* turns that it asks for when resumed */
	struct probe *ends;	/* ended when this one is called */
};

static void
on_ready(struct source *s, uint32_t events)
{
	struct probe *p = (struct probe *)s;

	assert_true((events & EPOLLOUT) != 0);
	p->ready++;
	if (p->ends != NULL)
		loop_end(p->loop, &p->ends->source);
}

static void
on_expired(struct source *s)
{
	struct probe *p = (struct probe *)s;

	p->expired++;
	s->deadline_ms = CLOCK_NEVER;
	if (p->ends != NULL)
		loop_end(p->loop, &p->ends->source);
}

static void
on_resume(struct source *s)
{
	struct probe *p = (struct probe *)s;

	p->resumed++;
	if (p->more-- > 0)
		loop_again(p->loop, s);
	if (p->ends != NULL)
		loop_end(p->loop, &p->ends->source);
}

/* The write end of a pipe is ready at once; -1 has a deadline only. */
static struct probe
probe_on(struct loop *l, int fd)
{
	return (struct probe){ .source = { .fd = fd,
		.deadline_ms = CLOCK_NEVER, .ready = on_ready,
		.expired = on_expired, .resume = on_resume }, .loop = l };
}

static void
a_ready_source_is_called_each_turn_until_it_is_ended(void **state)
{
	struct loop l;
	struct probe p;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(loop_init(&l), 0);
	p = probe_on(&l, ends[1]);
	assert_int_equal(loop_add(&l, &p.source, EPOLLOUT), 0);
	assert_int_equal(p.source.state, SOURCE_IN);
	loop_turn(&l);
	loop_turn(&l);
	assert_int_equal(p.ready, 2);
	assert_int_equal(loop_change(&l, &p.source, 0), 0);
	loop_turn(&l);
	assert_int_equal(p.ready, 2);
	assert_int_equal(loop_change(&l, &p.source, EPOLLOUT), 0);
	loop_end(&l, &p.source);
	assert_int_equal(p.source.state, SOURCE_ENDED);
	loop_turn(&l);
	assert_int_equal(p.ready, 2);
	assert_int_equal(p.source.state, SOURCE_OUT);
	assert_int_equal(l.n, 0);
	close(ends[0]);
	close(ends[1]);
	close(l.fd);
}

static void
one_that_was_ended_in_its_turn_is_not_called(void **state)
{
	struct loop l;
	struct probe a, b;
	int ends[2][2];

	(void)state;
	assert_int_equal(pipe2(ends[0], O_CLOEXEC), 0);
	assert_int_equal(pipe2(ends[1], O_CLOEXEC), 0);
	assert_int_equal(loop_init(&l), 0);
	a = probe_on(&l, ends[0][1]);
	b = probe_on(&l, ends[1][1]);
	a.ends = &b;	/* whichever comes first ends the other */
	b.ends = &a;
	loop_add(&l, &a.source, EPOLLOUT);
	loop_add(&l, &b.source, EPOLLOUT);
	loop_turn(&l);
	assert_int_equal(a.ready + b.ready, 1);
	assert_int_equal(l.n, 1);
	for (int i = 0; i < 4; i++)
		close(ends[i / 2][i % 2]);
	close(l.fd);
}

static void
a_deadline_fires_when_it_has_come_and_not_before(void **state)
{
	struct loop l;
	struct probe p = probe_on(&l, -1);

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	assert_int_equal(loop_add(&l, &p.source, 0), 0);
	loop_turn(&l);
	assert_true(fake_waited_for_ms == CLOCK_NEVER);
	p.source.deadline_ms = fake_now_ms + 10;
	fake_now_ms += 9;
	loop_turn(&l);
	assert_true(fake_waited_for_ms == fake_now_ms + 1);
	assert_int_equal(p.expired, 0);
	fake_now_ms += 1;
	loop_turn(&l);
	loop_turn(&l);
	assert_int_equal(p.expired, 1);
	close(l.fd);
}

static void
the_nearest_of_several_deadlines_is_waited_for(void **state)
{
	struct loop l;
	struct probe p[3];

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	for (int i = 0; i < 3; i++) {
		p[i] = probe_on(&l, -1);
		p[i].source.deadline_ms = fake_now_ms + 100 - 10 * (i % 2);
		loop_add(&l, &p[i].source, 0);
	}
	loop_turn(&l);
	assert_true(fake_waited_for_ms == fake_now_ms + 90);
	fake_now_ms += 95;
	loop_turn(&l);
	assert_int_equal(p[0].expired, 0);
	assert_int_equal(p[1].expired, 1);
	close(l.fd);
}

static void
a_deadline_that_moved_is_waited_for_once_the_timer_has_rung(
    void **state)
{
	struct loop l;
	struct probe p = probe_on(&l, -1);
	int64_t start_ms = fake_now_ms;

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	loop_add(&l, &p.source, 0);
	p.source.deadline_ms = start_ms + 10;
	loop_turn(&l);
	p.source.deadline_ms = start_ms + 50;
	loop_turn(&l);	/* no system call for it yet */
	assert_true(fake_waited_for_ms == start_ms + 10);
	fake_now_ms = start_ms + 10;
	loop_turn(&l);
	assert_int_equal(p.expired, 0);
	loop_turn(&l);
	assert_true(fake_waited_for_ms == start_ms + 50);
	fake_now_ms = start_ms + 50;
	loop_turn(&l);
	assert_int_equal(p.expired, 1);
	close(l.fd);
}

static void
one_that_a_deadline_ended_does_not_expire(void **state)
{
	struct loop l;
	struct probe a = probe_on(&l, -1), b = probe_on(&l, -1);

	(void)state;
	a.ends = &b;
	a.source.deadline_ms = b.source.deadline_ms = fake_now_ms;
	assert_int_equal(loop_init(&l), 0);
	loop_add(&l, &a.source, 0);
	loop_add(&l, &b.source, 0);
	loop_turn(&l);
	assert_int_equal(a.expired, 1);
	assert_int_equal(b.expired, 0);
	close(l.fd);
}

static void
ending_twice_or_one_that_is_out_does_nothing(void **state)
{
	struct loop l;
	struct probe p = probe_on(&l, -1);

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	loop_end(&l, &p.source);
	assert_int_equal(p.source.state, SOURCE_OUT);
	loop_add(&l, &p.source, 0);
	loop_end(&l, &p.source);
	loop_end(&l, &p.source);
	loop_turn(&l);
	assert_int_equal(l.n, 0);
	close(l.fd);
}

static void
the_most_sources_fit_and_no_more(void **state)
{
	static struct probe p[LOOP_SOURCES_MAX + 1];
	struct loop l;

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	for (int i = 0; i <= LOOP_SOURCES_MAX; i++) {
		p[i] = probe_on(&l, -1);
		assert_int_equal(loop_add(&l, &p[i].source, 0),
		                 i < LOOP_SOURCES_MAX ? 0 : ERR_FULL);
	}
	assert_int_equal(p[LOOP_SOURCES_MAX].source.state, SOURCE_OUT);
	loop_end(&l, &p[0].source);
	loop_turn(&l);
	assert_int_equal(loop_add(&l, &p[LOOP_SOURCES_MAX].source, 0), 0);
	close(l.fd);
}

static void
a_descriptor_that_cannot_be_waited_for_is_told(void **state)
{
	struct loop l;
	struct probe p = probe_on(&l, 9999);

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	assert_int_equal(loop_add(&l, &p.source, EPOLLIN), -EBADF);
	assert_int_equal(p.source.state, SOURCE_OUT);
	assert_int_equal(l.n, 0);
	close(l.fd);
}

/* Nobody waits for a second turn because others come first. */
static void
all_that_are_ready_have_their_call_in_one_turn(void **state)
{
	static struct probe p[LOOP_SOURCES_MAX];
	static int ends[LOOP_SOURCES_MAX][2];
	struct loop l;

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	for (int i = 0; i < LOOP_SOURCES_MAX; i++) {
		assert_int_equal(pipe2(ends[i], O_CLOEXEC), 0);
		p[i] = probe_on(&l, ends[i][1]);
		loop_add(&l, &p[i].source, EPOLLOUT);
	}
	p[0].source.deadline_ms = fake_now_ms;
	loop_turn(&l);
	for (int i = 0; i < LOOP_SOURCES_MAX; i++) {
		assert_int_equal(p[i].ready, 1);
		assert_int_equal(p[i].expired, i == 0);
		close(ends[i][0]);
		close(ends[i][1]);
	}
	close(l.fd);
}

static void
who_asks_for_another_turn_has_one_a_turn_and_no_more(void **state)
{
	struct loop l;
	struct probe p[2];

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	for (int i = 0; i < 2; i++) {
		p[i] = probe_on(&l, -1);
		loop_add(&l, &p[i].source, 0);
	}
	p[0].more = 2;
	loop_again(&l, &p[0].source);
	loop_again(&l, &p[0].source);	/* twice is once */
	for (int turn = 1; turn <= 4; turn++) {
		loop_turn(&l);
		assert_int_equal(p[0].resumed, turn < 3 ? turn : 3);
	}
	assert_int_equal(p[1].resumed, 0);
	assert_int_equal(l.n_again, 0);
	close(l.fd);
}

static void
a_turn_that_was_asked_for_is_the_only_one_in_its_turn(void **state)
{
	struct loop l;
	struct probe p;
	int ends[2];

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	p = probe_on(&l, ends[1]);
	loop_add(&l, &p.source, EPOLLOUT);
	loop_again(&l, &p.source);
	loop_turn(&l);
	assert_int_equal(p.resumed, 1);
	assert_int_equal(p.ready, 0);
	loop_turn(&l);
	assert_int_equal(p.ready, 1);
	close(ends[0]);
	close(ends[1]);
	close(l.fd);
}

static void
one_that_was_ended_gets_no_turn_that_it_asked_for(void **state)
{
	struct loop l;
	struct probe p[2];

	(void)state;
	assert_int_equal(loop_init(&l), 0);
	for (int i = 0; i < 2; i++) {
		p[i] = probe_on(&l, -1);
		loop_add(&l, &p[i].source, 0);
		loop_again(&l, &p[i].source);
	}
	p[0].ends = &p[1];
	loop_turn(&l);
	assert_int_equal(p[0].resumed, 1);
	assert_int_equal(p[1].resumed, 0);
	loop_again(&l, &p[1].source);	/* it is out */
	assert_int_equal(l.n_again, 0);
	close(l.fd);
}

static void
a_wait_that_fails_is_told_and_loses_nothing(void **state)
{
	struct loop l = { .fd = -1 };
	struct probe p = probe_on(&l, -1);

	(void)state;
	loop_add(&l, &p.source, 0);
	p.source.deadline_ms = fake_now_ms;
	assert_int_equal(loop_turn(&l), -EBADF);
	assert_int_equal(l.n, 1);
}

int
main(void)
{
	UNIT_TEST(a_ready_source_is_called_each_turn_until_it_is_ended);
	UNIT_TEST(one_that_was_ended_in_its_turn_is_not_called);
	UNIT_TEST(a_deadline_fires_when_it_has_come_and_not_before);
	UNIT_TEST(the_nearest_of_several_deadlines_is_waited_for);
	UNIT_TEST(a_deadline_that_moved_is_waited_for_once_the_timer_has_rung);
	UNIT_TEST(one_that_a_deadline_ended_does_not_expire);
	UNIT_TEST(ending_twice_or_one_that_is_out_does_nothing);
	UNIT_TEST(the_most_sources_fit_and_no_more);
	UNIT_TEST(a_descriptor_that_cannot_be_waited_for_is_told);
	UNIT_TEST(all_that_are_ready_have_their_call_in_one_turn);
	UNIT_TEST(who_asks_for_another_turn_has_one_a_turn_and_no_more);
	UNIT_TEST(a_turn_that_was_asked_for_is_the_only_one_in_its_turn);
	UNIT_TEST(one_that_was_ended_gets_no_turn_that_it_asked_for);
	UNIT_TEST(a_wait_that_fails_is_told_and_loses_nothing);
	return unit_run("net/loop");
}
