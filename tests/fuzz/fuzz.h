/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - one target per parser, for libFuzzer and for the replay
 *
 * Each fuzz_NAME.c defines LLVMFuzzerTestOneInput(). `make unit` compiles it
 * under the name fuzz_NAME and runs it on corpus/NAME/ (tests/unit/
 * test_corpus.c), without clang.
 */
#ifndef HALE_TESTS_FUZZ_H
#define HALE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
static inline void
fuzz_must(int holds)
{
	if (!holds)
		abort();
}

#endif
