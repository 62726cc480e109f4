/* SPDX-License-Identifier: MIT */
/* test_last_end.c - which words for which end, by numbers of the test's */
#include "unit.h"

#include "sup/last_end.h"

#include <signal.h>

#define NOW    1000000
#define MIB    ((uint64_t)1 << 20)
#define NONE   CGROUP_UNKNOWN
#define KILLED SIGKILL	/* a wait status */

static const struct row {
	const char  *name;
	struct last_end death;
	const char  *words;
} rows[] = {
	{ "an exit", { .status = 3 << 8, .kills_before = 0, .kills = 5 },
	  "exited with code 3" },
	{ "another signal", { .status = SIGTERM, .kills_before = 0, .kills = 5,
	                      .limit_bytes = 64 * MIB,
	                      .peak_bytes = 64 * MIB },
	  "was killed by SIGTERM" },
	{ "half of the limit, and the count rose",
	  { .status = KILLED, .kills_before = 4, .kills = 5,
	    .limit_bytes = 64 * MIB, .peak_bytes = 32 * MIB },
	  "was killed by the kernel for memory (limit 64 MiB)" },
	{ "less than half", { .status = KILLED, .kills_before = 4, .kills = 5,
	    .limit_bytes = 64 * MIB, .peak_bytes = 32 * MIB - 1,
	    .since_ms = 8000 },
	  "was killed by SIGKILL; in the last 8s the kernel killed 1 process "
	  "of this container for memory, perhaps this one (limit 64 MiB)" },
	{ "several", { .status = KILLED, .kills_before = 4, .kills = 7,
	    .limit_bytes = 64 * MIB, .peak_bytes = 3 * MIB,
	    .since_ms = 3600000 },
	  "was killed by SIGKILL; in the last 1h the kernel killed 3 processes "
	  "of this container for memory, perhaps this one too (limit 64 MiB)" },
	{ "no limit is known", { .status = KILLED, .kills_before = 4,
	    .kills = 5, .limit_bytes = NONE, .peak_bytes = 3 * MIB,
	    .since_ms = 10 },
	  "was killed by SIGKILL; in the last 10ms the kernel killed 1 process "
	  "of this container for memory, perhaps this one" },
	{ "the count did not rise", { .status = KILLED, .kills_before = 5,
	    .kills = 5, .limit_bytes = 64 * MIB, .peak_bytes = 64 * MIB },
	  "was killed by SIGKILL" },
	{ "the count fell", { .status = KILLED, .kills_before = 5, .kills = 4,
	    .limit_bytes = 64 * MIB, .peak_bytes = 64 * MIB },
	  "was killed by SIGKILL" },
	{ "the count before is not known", { .status = KILLED,
	    .kills_before = NONE, .kills = 5,
	    .limit_bytes = 64 * MIB, .peak_bytes = 64 * MIB },
	  "was killed by SIGKILL" },
	{ "the count now is not known", { .status = KILLED, .kills_before = 4,
	    .kills = NONE, .limit_bytes = 64 * MIB, .peak_bytes = 64 * MIB },
	  "was killed by SIGKILL" },
	{ "hale killed it", { .status = KILLED, .we_killed = true,
	    .kills_before = 4, .kills = 5, .limit_bytes = 64 * MIB,
	    .peak_bytes = 64 * MIB, .sick = "check it: no" },
	  "was killed by SIGKILL, stopped as unhealthy (check it: no)" },
};

static void
is_worded(void **state)
{
	const struct row *r = *state;
	struct buf b = guarded_buf(LAST_END_TEXT_MAX);

	last_end_write(&b, &r->death);
	assert_false(b.cut);
	assert_span_equal(r->words, ((struct span){ b.p, b.len }));
}

static uint64_t kills;	/* what the cgroup counts */
static int reads;

uint64_t __wrap_cgroup_oom_kills(void);

uint64_t
__wrap_cgroup_oom_kills(void)
{
	reads++;
	return kills;
}

static void
a_kill_counts_until_the_service_is_seen_alive_a_while_later(void **state)
{
	struct last_end_alive a;

	(void)state;
	kills = 1;
	last_end_began(&a, NOW);
	kills = 2;
	last_end_seen_alive(&a, NOW + 5000);	/* may be dying */
	assert_int_equal(1, a.kills);
	assert_int_equal(NOW, a.counted_ms);
	last_end_seen_alive(&a, NOW + 5000 + LAST_END_FRESH_MS - 1);
	assert_int_equal(1, a.kills);
	kills = 3;
	last_end_seen_alive(&a, NOW + 5000 + LAST_END_FRESH_MS);
	assert_int_equal(2, a.kills);
	assert_int_equal(NOW + 5000, a.counted_ms);
	last_end_began(&a, NOW + 9000);	/* the next one */
	assert_int_equal(3, a.kills);
	assert_int_equal(NOW + 9000, a.counted_ms);
}

static void
a_flood_of_signs_of_life_is_one_count_in_death_fresh_ms(void **state)
{
	struct last_end_alive a;

	(void)state;
	last_end_began(&a, NOW);
	reads = 0;
	for (int i = 0; i < 10 * LAST_END_FRESH_MS; i++)
		last_end_seen_alive(&a, NOW + i);
	assert_int_equal(9, reads);
}

static void
the_cgroup_is_asked_about_a_sigkill_only(void **state)
{
	struct last_end d = { .status = 3 << 8 };

	(void)state;
	reads = 0;
	kills = 7;
	last_end_look(&d);
	assert_true(d.kills == NONE && d.limit_bytes == NONE);
	d = (struct last_end){ .status = KILLED, .we_killed = true };
	last_end_look(&d);
	assert_int_equal(0, reads);
	d = (struct last_end){ .status = KILLED };
	last_end_look(&d);
	assert_int_equal(7, d.kills);
}

int
main(void)
{
	UNIT_ROWS(is_worded, rows);
	UNIT_TEST(a_kill_counts_until_the_service_is_seen_alive_a_while_later);
	UNIT_TEST(a_flood_of_signs_of_life_is_one_count_in_death_fresh_ms);
	UNIT_TEST(the_cgroup_is_asked_about_a_sigkill_only);
	return unit_run("sup/last_end");
}
