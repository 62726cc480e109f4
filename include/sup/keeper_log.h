/* SPDX-License-Identifier: MIT */
/*
 * sup/keeper_log.h - the keeper's log lines
 *
 * A part of sup/keeper.h. Each writes one line, or none where nothing is worth
 * one, and changes nothing.
 */
#ifndef HALE_SUP_KEEPER_LOG_H
#define HALE_SUP_KEEPER_LOG_H

#include "sup/keeper.h"

/* "DONE SIGTERM to app (pid 7)", at info. */
void keeper_log_signal(const struct keeper *k, const char *done, int sig);

/* It cannot be signalled. */
void keeper_log_unreachable(const struct keeper *k, int err);

/* A stop begins: it is killed after a while, though no option says so. */
void keeper_log_limit(const struct keeper *k, int64_t now_ms);

/* It takes long to stop, and nothing limits that. */
void keeper_log_slow(const struct keeper *k);

/* Everything gets SIGKILL; what it left gets sig, for a restart. */
void keeper_log_killing(const struct keeper *k);
void keeper_log_clearing(const struct keeper *k, int sig);

/* Not even SIGKILL has ended it. hale leaves, and it has not ended. */
void keeper_log_stuck(const struct keeper *k);
void keeper_log_left_behind(const struct keeper *k);

/* A restart comes; no restart comes any more; the machine refused the start. */
void keeper_log_restart(const struct keeper *k, int64_t now_ms);
void keeper_log_surrender(const struct keeper *k);
void keeper_log_refusal(const struct keeper *k, int64_t now_ms);

/* Its program is being loaded, which takes long; it is loaded. */
void keeper_log_loading(const struct keeper *k);
void keeper_log_loaded(const struct keeper *k);

/* It is not ready any more, since it is being stopped, drained or restarted. */
void keeper_log_unready(const struct keeper *k);

#endif
