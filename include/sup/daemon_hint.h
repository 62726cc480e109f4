/* SPDX-License-Identifier: MIT */
/*
 * sup/daemon_hint.h - keep well-known daemons in the foreground (pure)
 *
 * A table of well-known programs; nothing here looks at a file or a process.
 */
#ifndef HALE_SUP_DAEMON_HINT_H
#define HALE_SUP_DAEMON_HINT_H

#include "base/span.h"

/*
 * What keeps `program` (a path as in argv[0], or a process's name) in the
 * foreground, in the words of its own documentation: "daemon off;" for
 * nginx. A version behind the name, as in php-fpm8.2, does not matter.
 * NULL if the program is not known.
 */
const char *daemon_hint(struct span program);

#endif
