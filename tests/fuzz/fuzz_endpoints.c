/* SPDX-License-Identifier: MIT */
/* fuzz_endpoints.c - every endpoint, with any bytes from outside */
#include "fuzz.h"

#include "sup/endpoints.h"

#define TEXT_MAX 200	/* bytes of one text */
#define TEXTS    9	/* they are parted by NULs */
#define URL_CHECKS 2
#define LINES_MAX  3	/* of a verdict's body beside its checks' */

enum text {
	TEXT_PROGRAM, TEXT_DEATH, TEXT_STATUS, TEXT_QUERY, TEXT_WHY,
	TEXT_NAMES, TEXT_WHYS = TEXT_NAMES + URL_CHECKS,
};

static const char *
body_of(struct buf *out, size_t *len)
{
	const char *end = memmem(out->p, out->len, "\r\n\r\n", 4);

	fuzz_must(end != NULL && !out->cut);
	*len = (size_t)(out->p + out->len - end) - 4;
	return end + 4;
}

static size_t
count(struct span s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.p[i] == c;
	return n;
}

/* No control but newlines, and UTF-8. */
static void
must_be_plain(struct span body)
{
	static char memory[SERVER_OUT_MAX];
	struct buf b = buf_over(memory, sizeof memory);

	buf_plain_lines(&b, body);
	fuzz_must(b.len == body.len && memcmp(b.p, body.p, b.len) == 0);
}

static struct span
answer(struct buf *out, const struct snapshot *s, struct span path,
       struct span query)
{
	const struct server_ask asked = {
		.req = { .method = span_of("GET"), .path = path,
		         .query = query, .minor = 1 },
	};
	const struct endpoints_choice choice = endpoints_choose(&asked, 0);
	struct span body;

	out->len = 0;
	fuzz_must(choice.effect == ENDPOINTS_NOTHING);
	endpoints_write(out, &choice, s, &asked);
	body.p = body_of(out, &body.len);
	must_be_plain(body);
	return body;
}

/* Strings end, brackets meet. */
static void
must_be_json(struct span s)
{
	int depth = 0;
	bool inside = false;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (inside && c == '\\')
			i++;
		else if (c == '"')
			inside = !inside;
		else if (!inside)
			depth += (c == '{' || c == '[')
			       - (c == '}' || c == ']');
		fuzz_must(depth > 0 || i + 2 >= s.len);
	}
	fuzz_must(depth == 0 && !inside);
}

/* Each line is a comment, or a name, labels and a number. */
static void
must_be_metrics(struct span s)
{
	while (s.len > 0) {
		struct span line = span_cut(&s, '\n');
		size_t quotes = 0;

		fuzz_must(line.len > 0);
		if (line.p[0] == '#')
			continue;
		for (size_t i = 0; i < line.len; i++) {
			if (line.p[i] == '\\')
				i++;
			else
				quotes += line.p[i] == '"';
		}
		fuzz_must(quotes == 0 || quotes == 2);
		fuzz_must(strchr("0123456789", line.p[line.len - 1]) != NULL);
	}
}

static void
copy(char *into, size_t cap, const char *text)
{
	struct buf b = buf_over(into, cap);

	buf_str(&b, text);
	(void)buf_text(&b);
}

static void
add_check(struct snapshot *s, const char *name, const char *why,
          unsigned counts_for, unsigned fails, const char *state)
{
	struct snapshot_check *c = &s->checks[s->n_checks++];

	*c = (struct snapshot_check){
		.counts_for = counts_for, .fails = fails, .state = state,
		.took_ms = state == NULL ? -1 : 0,
	};
	copy(c->name, sizeof c->name, name);
	copy(c->why, sizeof c->why, why);
}

static void
fill(struct snapshot *s, char texts[TEXTS][TEXT_MAX + 1])
{
	*s = (struct snapshot){
		.version = "1", .state = "running", .self = 1,
		.service_pid = 2, .next_start_ms = -1,
		.program = texts[TEXT_PROGRAM],
	};
	copy(s->last_exit, sizeof s->last_exit, texts[TEXT_DEATH]);
	copy(s->status, sizeof s->status, texts[TEXT_STATUS]);
	add_check(s, "service", texts[TEXT_WHY],
	          VERDICT_STARTUP | VERDICT_READY, VERDICT_READY, NULL);
	for (size_t i = 0; i < URL_CHECKS; i++)
		add_check(s, texts[TEXT_NAMES + i], texts[TEXT_WHYS + i],
		          VERDICT_READY | VERDICT_LIVE,
		          i == 0 ? VERDICT_READY | VERDICT_LIVE : 0,
		          i == 0 ? "failing" : "passing");
}

/* What is outside by its length, and nothing else of it. */
static void
make_harmless(char texts[TEXTS][TEXT_MAX + 1])
{
	for (size_t i = 0; i < TEXTS; i++)
		memset(texts[i], 'x', strlen(texts[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const verdicts[] = {
		"/livez", "/readyz", "/startupz", "/healthz",
	};
	static char memory[SERVER_OUT_MAX];
	char texts[TEXTS][TEXT_MAX + 1];
	struct buf out = buf_over(memory, sizeof memory);
	struct span rest = { (const char *)data, size }, none = { NULL, 0 };
	struct span query, body;
	size_t lines, tags;
	struct snapshot s;

	memset(texts, 0, sizeof texts);
	for (size_t i = 0; i < TEXTS; i++) {
		struct span one = span_cut(&rest, '\0');

		memcpy(texts[i], one.p == NULL ? "" : one.p,
		       one.len < TEXT_MAX ? one.len : TEXT_MAX);
	}
	fill(&s, texts);
	query = span_of(texts[TEXT_QUERY]);
	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		body = answer(&out, &s, span_of(verdicts[i]), query);
		fuzz_must(count(body, '\n') <= s.n_checks + LINES_MAX);
	}
	must_be_json(answer(&out, &s, span_of("/status"), none));
	must_be_metrics(answer(&out, &s, span_of("/metrics"), none));
	lines = count(answer(&out, &s, span_of("/status"), span_of("text")),
	              '\n');
	tags = count(answer(&out, &s, span_of("/"), none), '<');
	make_harmless(texts);
	fill(&s, texts);
	fuzz_must(count(answer(&out, &s, span_of("/status"), span_of("text")),
	                '\n') == lines);
	fuzz_must(count(answer(&out, &s, span_of("/"), none), '<') == tags);
	return 0;
}
