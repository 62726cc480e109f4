/* SPDX-License-Identifier: MIT */
/*
 * sup/services.h - the services that gRPC health probes can name (pure)
 *
 * "" (live and ready), "live", "ready" and "startup"; the names of
 * --grpc-service, which are as ""; and each check by its name. Of equal names
 * the first has its meaning.
 */
#ifndef HALE_SUP_SERVICES_H
#define HALE_SUP_SERVICES_H

#include "net/ask.h"
#include "sup/snapshot.h"

#define SERVICES_NAMES_MAX 16	/* of --grpc-service */
#define SERVICES_NAME_MAX  255	/* bytes of one */

/* May --grpc-service have this name? It is UTF-8 without control characters and
 * spaces, and is not one that has a meaning. */
bool services_is_name(struct span name);

/* Fills in all but the checks, as they are in s. */
void services_fill(struct server_services *into, const struct snapshot *s,
                   const struct span names[], size_t n_names);

/* Adds a check: serving unless it fails what it counts for. */
void services_add_check(struct server_services *into, struct span name,
                        const struct snapshot_check *c);

#endif
