/* SPDX-License-Identifier: MIT */
/*
 * sup/pause.h - PID 1 of a pod that runs no service itself
 *
 * Keeps the pod's namespaces alive and reaps what the others leave.
 */
#ifndef HALE_SUP_PAUSE_H
#define HALE_SUP_PAUSE_H

/* Blocks until SIGTERM or SIGINT; no other signal does anything. Returns 0, the
 * exit code. */
int pause_run(void);

#endif
