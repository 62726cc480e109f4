/* SPDX-License-Identifier: MIT */
/* fuzz_checkopt.c - a check's word: its URL, its variables, its options */
#include "fuzz.h"

#include "base/err.h"
#include "client/checkopt.h"

#define URL_ROOM 512
#define WORD_MAX 20000	/* as run.sh has it */

static char texts[2 * WORD_MAX + CHECK_WORD_MORE];

/* What was read lies in the memory that was given. */
static void
must_be_inside(const char *value)
{
	fuzz_must(value == NULL
	       || (value >= texts && value < texts + sizeof texts));
}

static void
read_word(struct span word)
{
	struct buf memory = buf_over(texts, 2 * word.len + CHECK_WORD_MORE);
	struct span name = check_cut_name(&word);
	struct check_word w;
	struct opt_fail fail;
	const char *expected = "";
	int r = check_word_read(&w, name, word, &memory, &fail, &expected);

	fuzz_must(r == 0 || r == ERR_PARSE || r == ERR_QUOTE || r == ERR_SCHEME
	       || r == ERR_TOOBIG);
	fuzz_must(w.target.text.len <= word.len && w.target.text.p == word.p);
	if (r == 0) {
		fuzz_must(!memory.cut && w.name.len > 0);
		must_be_inside(w.target.host);
		must_be_inside(w.target.argv[0]);
		must_be_inside(w.conf.cafile);
		must_be_inside(w.conf.certfile);
		must_be_inside(w.conf.keyfile);
		must_be_inside(w.conf.contains);
		fuzz_must(w.conf.n_headers <= CHECK_HEADERS_MAX);
		for (size_t i = 0; i < w.conf.n_headers; i++)
			must_be_inside(w.conf.headers[i].p);
	} else if (expected == NULL) {
		fuzz_must(fail.name.len > 0 && !fail.from_env);
	} else {
		fuzz_must(*expected != '\0');
	}
}

/* What is between variables stays, and nothing is read beyond its end. */
static void
expand(struct span url)
{
	static char text[URL_ROOM];
	struct buf b = buf_over(text, sizeof text);
	struct span name = { NULL, 0 };
	int r = check_expand(&b, url, &name);

	fuzz_must(r == 0 || r == ERR_PARSE || r == ERR_RESOLVE
	       || r == ERR_TOOBIG);
	if (r == ERR_RESOLVE)
		fuzz_must(name.len > 0 && name.p > url.p
		       && name.p + name.len < url.p + url.len);
	if (r == 0 && memmem(url.p, url.len, "${", 2) == NULL)
		fuzz_must(b.len == url.len && memcmp(b.p, url.p, b.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span word = { (const char *)data, size }, url;

	if (size == 0 || size > WORD_MAX)
		return 0;
	url = check_word_url(word);
	fuzz_must(url.p == word.p && url.len <= word.len);
	fuzz_must(check_word_url(url).len == url.len);
	read_word(word);
	expand(url);
	return 0;
}
