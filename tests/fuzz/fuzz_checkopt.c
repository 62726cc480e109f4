/* SPDX-License-Identifier: MIT */
/* fuzz_checkopt.c - a check's word: its URL, its variables, its options */
#include "fuzz.h"

#include "base/err.h"
#include "client/checkopt.h"

#define URL_ROOM 512

/* A value of an option lies in the split words. */
static void
must_be_inside(const struct check_word *w, const char *value)
{
	fuzz_must(value == NULL
	       || (value >= w->words.text
	           && value < w->words.text + sizeof w->words.text));
}

static void
read_word(struct span word)
{
	static struct check_word w;
	struct opt_fail fail;
	const char *expected = "";
	int r = check_word_read(&w, word, &fail, &expected);

	fuzz_must(r == 0 || r == ERR_PARSE || r == ERR_QUOTE
	       || r == ERR_TOOBIG);
	fuzz_must(w.url.len <= word.len && w.url.p == word.p);
	if (r == 0) {
		must_be_inside(&w, w.conf.cafile);
		must_be_inside(&w, w.conf.certfile);
		must_be_inside(&w, w.conf.keyfile);
		must_be_inside(&w, w.conf.contains);
		fuzz_must(w.conf.n_headers <= CHECK_HEADERS_MAX);
		for (size_t i = 0; i < w.conf.n_headers; i++)
			must_be_inside(&w, w.conf.headers[i].p);
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

	if (size == 0)
		return 0;
	url = check_word_url(word);
	fuzz_must(url.p == word.p && url.len <= word.len);
	fuzz_must(check_word_url(url).len == url.len);
	read_word(word);
	expand(url);
	return 0;
}
