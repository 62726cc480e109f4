/* SPDX-License-Identifier: MIT */
/* sup/cgroup_text.c - the bytes of /proc/self/cgroup and of control files */
#include "sup/cgroup_text.h"

#include "base/parse.h"
#include "sup/cgroup.h"

/* Does a comma list hold the word? */
static bool
lists(struct span list, const char *word)
{
	while (list.len > 0)
		if (span_is(span_cut(&list, ','), word))
			return true;
	return false;
}

/* see sup/cgroup_text.h */
bool
cgroup_text_find_path(struct span lines, const char *controller,
                      struct span *path)
{
	while (lines.len > 0) {
		struct span line = span_cut(&lines, '\n');
		struct span id = span_cut(&line, ':');
		struct span names = span_cut(&line, ':');

		if (*controller == '\0' ? span_is(id, "0") && names.len == 0
		                        : lists(names, controller)) {
			*path = line;
			return true;
		}
	}
	return false;
}

/* see sup/cgroup_text.h */
uint64_t
cgroup_text_find_number(struct span lines, const char *wanted)
{
	uint64_t n;

	while (lines.len > 0) {
		struct span line = span_cut(&lines, '\n');
		struct span name = span_cut(&line, ' ');

		if (span_is(name, wanted)
		 && parse_uint_span(line, UINT64_MAX, &n) == 0)
			return n;
	}
	return CGROUP_UNKNOWN;
}

/* see sup/cgroup_text.h */
uint64_t
cgroup_text_read_number(struct span text)
{
	uint64_t n;

	if (parse_uint_span(span_cut(&text, '\n'), UINT64_MAX, &n) < 0)
		return CGROUP_UNKNOWN;
	return n;
}
