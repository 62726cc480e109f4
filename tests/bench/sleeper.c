// SPDX-License-Identifier: MIT
/*
 * sleeper - a service that says "ready" on stdout and then sleeps for ever
 */
#include <unistd.h>

int
main(void)
{
	static const char line[] = "ready\n";

	if (write(STDOUT_FILENO, line, sizeof line - 1) < 0)
		return 1;
	for (;;)
		pause();
}
