#!/bin/sh
# postgres.sh - the stand-in's start, with what of the public image's the tests need.
#
# As there: the first start makes the cluster, the user and the database while a
# server answers on the Unix socket alone, ends that, and then starts the real one.
# SPDX-License-Identifier: MIT
set -eu

as_postgres() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }

make_cluster() {
	[ -z "${POSTGRES_PASSWORD_FILE-}" ] || POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
	: "${POSTGRES_PASSWORD:?is not set, so the database has no superuser password}"
	user=${POSTGRES_USER:-postgres}
	database=${POSTGRES_DB:-$user}
	secret=$(mktemp)
	printf '%s\n' "$POSTGRES_PASSWORD" >"$secret"
	chown postgres "$secret"
	as_postgres initdb --username="$user" --pwfile="$secret" --auth-local=trust \
		--auth-host=scram-sha-256 --encoding=UTF8 --locale=C >/dev/null
	rm "$secret"
	echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
	as_postgres pg_ctl -w -o "-c listen_addresses=''" start
	[ "$database" = postgres ] ||
		as_postgres createdb --username="$user" --maintenance-db=postgres "$database"
	as_postgres pg_ctl -w -m fast stop
}

if [ "${1-}" = postgres ]; then
	mkdir -p "$PGDATA"
	chown postgres:postgres "$PGDATA"
	chmod 700 "$PGDATA"
	[ -s "$PGDATA/PG_VERSION" ] || make_cluster
	exec setpriv --reuid postgres --regid postgres --init-groups "$@"
fi
exec "$@"
