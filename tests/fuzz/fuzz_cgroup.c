/* SPDX-License-Identifier: MIT */
/* fuzz_cgroup.c - /proc/self/cgroup and the files of a cgroup's controllers:
 * each input is taken for all of them */
#include "fuzz.h"

#include "sup/cgroup.h"
#include "sup/cgroup_text.h"

#include "base/buf.h"

#define WORD_ROOM 128

/* Is the span a part of text, up to the end of one of its lines? */
static void
must_end_a_line(struct span text, struct span part)
{
	fuzz_must(part.p >= text.p && part.p + part.len <= text.p + text.len);
	fuzz_must(part.p + part.len == text.p + text.len
	       || part.p[part.len] == '\n');
	fuzz_must(!span_has(part, '\n'));
}

static void
find_path(struct span text, const char *controller)
{
	struct span path = { NULL, 7 };

	if (!cgroup_text_find_path(text, controller, &path)) {
		fuzz_must(path.p == NULL && path.len == 7);
		return;
	}
	if (path.len > 0)
		must_end_a_line(text, path);
}

/* A number that is found stands so on a line of its own; leading zeros, which
 * the kernel does not write, keep it from being found again. */
static void
find_number(struct span text, const char *name)
{
	char word[WORD_ROOM];
	struct buf b = buf_over(word, sizeof word);
	uint64_t n = cgroup_text_find_number(text, name);
	size_t len = strlen(name);

	if (n == CGROUP_UNKNOWN)
		return;
	buf_fmt(&b, "%s %llu", name, (unsigned long long)n);
	fuzz_must(cgroup_text_find_number(buf_span(&b), name) == n);
	while (text.len > 0) {
		struct span line = span_cut(&text, '\n');

		if (!span_has_prefix(line, name) || line.len <= len + 1)
			continue;
		line = span_after(line, len + 1);
		while (line.len > 1 && line.p[0] == '0')
			line = span_after(line, 1);
		if (span_is(line, buf_text(&b) + len + 1))
			return;
	}
	fuzz_must(0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"oom_kill", "oom", "nr_periods", "nr_throttled",
		"throttled_usec", "throttled_time",
	};
	struct span text = { (const char *)data, size };

	find_path(text, "");
	find_path(text, "memory");
	find_path(text, "cpu");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		find_number(text, names[i]);
	(void)cgroup_text_read_number(text);	/* must only not crash */
	return 0;
}
