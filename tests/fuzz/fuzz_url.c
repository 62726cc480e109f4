/* SPDX-License-Identifier: MIT */
/* fuzz_url.c - a URL, and where a Location behind its newline leads */
#include "fuzz.h"

#include "base/err.h"
#include "client/url.h"

static void
must_lie_inside(struct span s, struct span all)
{
	fuzz_must(s.len == 0
	          || (s.p >= all.p && s.p + s.len <= all.p + all.len));
}

/* What a request line may hold, and a Host field. */
static void
must_be_one_word(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		fuzz_must((unsigned char)s.p[i] > ' ' && s.p[i] != 0x7f);
}

static void
must_be_written(const struct url *u)
{
	char memory[URL_MAX + 64];
	struct buf b = buf_over(memory, sizeof memory);

	url_write_target(&b, u, false);
	fuzz_must(b.len > 0 && memory[0] == '/');
	must_be_one_word(buf_span(&b));
	b = buf_over(memory, sizeof memory);
	url_write_host(&b, u);
	fuzz_must(b.len > 0 && !b.cut);
	must_be_one_word(buf_span(&b));
	b = buf_over(memory, sizeof memory);
	(void)url_write_login(&b, u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[4 * URL_MAX];
	struct span rest = { (const char *)data, size }, text;
	struct buf b = buf_over(memory, sizeof memory);
	struct url u, again;
	int r;

	text = span_cut(&rest, '\n');
	r = url_read(&u, text);
	fuzz_must(r == 0 || r == ERR_PARSE || r == ERR_SCHEME
	          || r == ERR_TOOBIG);
	if (r < 0) {
		fuzz_must(url_expected(text)[0] != '\0');
		return 0;
	}
	must_lie_inside(u.host, text);
	must_lie_inside(u.path, text);
	must_lie_inside(u.user, text);
	must_lie_inside(u.password, text);
	must_be_written(&u);
	url_write(&b, &u, false);
	fuzz_must(b.len <= text.len + URL_MORE);
	/* What is written can be read, unless it has grown beyond the bound. */
	if (b.len <= URL_MAX) {
		fuzz_must(url_read(&again, buf_span(&b)) == 0);
		fuzz_must(url_is_same_origin(&u, &again));
	}
	b = buf_over(memory, sizeof memory);
	url_resolve(&b, &u, rest, true);
	if (!b.cut && url_read(&again, buf_span(&b)) == 0)
		must_be_written(&again);
	return 0;
}
