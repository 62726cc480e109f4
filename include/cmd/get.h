/* SPDX-License-Identifier: MIT */
/*
 * cmd/get.h - `hale get`, which is also hale called curl
 */
#ifndef HALE_CMD_GET_H
#define HALE_CMD_GET_H

#include "base/log.h"
#include "get/get.h"

/* Does all of it, its lines started by `start`. Returns curl's exit code;
 * *asked is get_run()'s. */
int cmd_get_as(int argc, char **argv, log_start *start, enum get_asked *asked);

#endif
