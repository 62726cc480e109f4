/* SPDX-License-Identifier: MIT */
/* fuzz_words.c - numbers, durations, signals and addresses as people write
 * them: the first byte says which */
#include "fuzz.h"

#include "base/err.h"
#include "base/parse.h"
#include "base/signame.h"
#include "net/addr.h"

#define WORD_MAX 300

static void
read_duration(const char *word)
{
	int64_t ms = -1;
	int r = parse_ms(word, &ms);

	fuzz_must(r == 0 ? ms >= 0 && ms <= PARSE_MS_MAX : ms == -1);
}

static void
read_number(const char *word, size_t len)
{
	uint64_t n = 7, same = 7;
	int r = parse_uint(word, 1000, &n);

	fuzz_must(r == parse_uint_span((struct span){ word, len }, 1000,
	                               &same) && n == same);
	fuzz_must(r == 0 ? n <= 1000 : n == 7);
}

/* What was read is written so that it is read as the same. */
static void
read_signal(const char *word)
{
	char name[32];
	struct buf b = buf_over(name, sizeof name);
	int sig = signame_parse(word);

	if (sig == ERR_PARSE)
		return;
	fuzz_must(sig >= 1 && sig <= SIGNAME_MAX);
	signame_write(&b, sig);
	fuzz_must(sig == 32 || sig == 33 || signame_parse(buf_text(&b)) == sig);
}

static void
read_address(const char *word, size_t len)
{
	char name[ADDR_TEXT_MAX];
	struct buf b = buf_over(name, sizeof name);
	struct addr_bind at;

	if (addr_bind_read(&at, (struct span){ word, len }) < 0)
		return;
	fuzz_must(at.addr.len <= sizeof at.addr.un);
	addr_bind_write(&b, &at);
	addr_write(&b, &at.addr);
	fuzz_must(at.every || b.len > len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char word[WORD_MAX];
	bool yes;

	if (size == 0 || size > WORD_MAX)
		return 0;
	size--;
	memcpy(word, data + 1, size);
	word[size] = '\0';
	switch (data[0]) {
	case 'd':
		read_duration(word);
		break;
	case 'n':
		read_number(word, strlen(word));
		break;
	case 's':
		read_signal(word);
		break;
	case 'b':
		(void)parse_bool(word, &yes);	/* must only not crash */
		break;
	case 'a':
		read_address(word, size);
		break;
	}
	return 0;
}
