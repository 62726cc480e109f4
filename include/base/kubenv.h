/* SPDX-License-Identifier: MIT */
/*
 * base/kubenv.h - variables that Kubernetes makes of its Services (pure)
 *
 * Every container gets them for every Service of its namespace: one called
 * "hale" or "hale-web" makes names that look like options of hale.
 */
#ifndef HALE_BASE_KUBENV_H
#define HALE_BASE_KUBENV_H

#include "base/span.h"

#include <stdbool.h>

/*
 * Is var (NAME=value) one of these, with a value of that form? For a port
 * 80/TCP of the Service web, named http:
 *
 *	WEB_SERVICE_HOST=10.0.0.1	WEB_PORT_80_TCP=tcp://10.0.0.1:80
 *	WEB_SERVICE_PORT=80		WEB_PORT_80_TCP_PROTO=tcp
 *	WEB_SERVICE_PORT_HTTP=80	WEB_PORT_80_TCP_PORT=80
 *	WEB_PORT=tcp://10.0.0.1:80	WEB_PORT_80_TCP_ADDR=10.0.0.1
 *
 * (kubernetes.io, "Connecting Applications with Services"; the kubelet's
 * envvars.go.) HALE_PORT=8080 is none of them.
 */
bool kubenv_is_made(const char *var);

#endif
