/* SPDX-License-Identifier: MIT */
/* test_kubenv.c - which variables Kubernetes makes of its Services */
#include "unit.h"

#include "base/kubenv.h"

static const struct row {
	const char *name;
	const char *var;
	bool        is_made;
} rows[] = {
	{ "the host", "HALE_SERVICE_HOST=10.0.0.1", true },
	{ "the host of a longer name", "HALE_WEB_SERVICE_HOST=10.0.0.1", true },
	{ "a host of IPv6", "HALE_WEB_SERVICE_HOST=fd00::1", true },
	{ "the port", "HALE_WEB_SERVICE_PORT=80", true },
	{ "a named port", "HALE_WEB_SERVICE_PORT_HTTP=80", true },
	{ "a port whose name has two words",
	  "HALE_WEB_SERVICE_PORT_HTTP_ALT=8080", true },
	{ "a port whose name is that of a form",
	  "HALE_WEB_SERVICE_PORT_TCP=80", true },
	{ "the target", "HALE_PORT=tcp://10.0.0.1:80", true },
	{ "the target of a longer name", "HALE_WEB_PORT=tcp://10.0.0.1:80",
	  true },
	{ "a target of IPv6", "HALE_WEB_PORT=tcp://[fd00::1]:80", true },
	{ "a target over UDP", "HALE_DNS_PORT=udp://10.0.0.1:53", true },
	{ "a port's target", "HALE_WEB_PORT_80_TCP=tcp://10.0.0.1:80", true },
	{ "its protocol", "HALE_WEB_PORT_80_TCP_PROTO=tcp", true },
	{ "its number", "HALE_WEB_PORT_80_TCP_PORT=80", true },
	{ "its address", "HALE_WEB_PORT_80_TCP_ADDR=10.0.0.1", true },
	{ "a port over SCTP", "HALE_PORT_65535_SCTP_ADDR=10.0.0.1", true },
	{ "a Service called hale-service",
	  "HALE_SERVICE_PORT=tcp://10.0.0.1:80", true },
	{ "a Service called hale-service-port-x",
	  "HALE_SERVICE_PORT_X_PORT_80_TCP=tcp://10.0.0.1:80", true },

	{ "a port that was meant for --listen", "HALE_PORT=8080", false },
	{ "an address meant for --listen", "HALE_PORT=0.0.0.0:8080", false },
	{ "a target without a port", "HALE_PORT=tcp://10.0.0.1", false },
	{ "a target without an address", "HALE_PORT=tcp://:80", false },
	{ "a target with a name", "HALE_PORT=tcp://web:80", false },
	{ "a target of another protocol", "HALE_PORT=http://10.0.0.1:80",
	  false },
	{ "a target with a path", "HALE_PORT=tcp://10.0.0.1:80/", false },
	{ "the port 65536", "HALE_WEB_SERVICE_PORT=65536", false },
	{ "no port", "HALE_WEB_SERVICE_PORT=", false },
	{ "no value", "HALE_WEB_SERVICE_PORT", false },
	{ "a host with a name", "HALE_WEB_SERVICE_HOST=web", false },
	{ "a host without an address", "HALE_WEB_SERVICE_HOST=", false },
	{ "a number for a host", "HALE_WEB_SERVICE_HOST=10", false },
	{ "another protocol", "HALE_WEB_PORT_80_TCP_PROTO=http", false },
	{ "a port that is not a number", "HALE_WEB_PORT_X_TCP_ADDR=10.0.0.1",
	  false },
	{ "a port without a protocol", "HALE_WEB_PORT_80_ADDR=10.0.0.1",
	  false },
	{ "a name that only ends like one", "HALE_WEBSERVICE_HOST=10.0.0.1",
	  false },
	{ "a name that goes on", "HALE_SERVICE_HOSTS=10.0.0.1", false },
	{ "the end alone", "=10.0.0.1", false },
	{ "nothing", "", false },
	{ "an option", "HALE_LISTEN=8080", false },
};

static void
is_kubernetes_own(void **state)
{
	const struct row *r = *state;

	assert_int_equal(r->is_made, kubenv_is_made(guarded_text(r->var)));
}

int
main(void)
{
	UNIT_ROWS(is_kubernetes_own, rows);
	return unit_run("base/kubenv");
}
