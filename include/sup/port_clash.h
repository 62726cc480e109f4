/* SPDX-License-Identifier: MIT */
/*
 * sup/port_clash.h - did the service want the port that hale listens on? (pure)
 *
 * hale does not see what its service prints. It knows how and how soon the
 * service failed, and what names a port: $PORT, and the service's arguments.
 */
#ifndef HALE_SUP_PORT_CLASH_H
#define HALE_SUP_PORT_CLASH_H

#include <stdbool.h>
#include <stdint.h>

#define PORT_CLASH_SOON_MS 2000	/* a listener fails at the start, not later */

struct port_clash {
	int         code;	/* the service's exit code; 0, 126 (a shell
				 * could not start something) and more are not
				 * a failure of its own */
	int64_t     lived_ms;	/* from its start to its end */
	char      **argv;	/* its words; NULL-terminated */
	const char *env_port;	/* $PORT, or NULL */
};

/*
 * Is it likely that it failed since it could not listen on `port`? Then it
 * failed soon, and $PORT or one of its words is that port or has it as a number
 * ("--port=8080", ":8080"); or its code is 1 or 2, as an uncaught error's, and
 * many programs listen on that port by default (8080, 3000 ...).
 */
bool port_clash_is_likely(const struct port_clash *c, unsigned port);

#endif
