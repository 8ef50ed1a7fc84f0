#!/bin/bash
# Starts PostgreSQL as the official image does: same command, same environment variables, same lines in the log.
# The data directory was made at image build (make-template), so a first start only sets user, password and database.
set -euo pipefail

template=/usr/share/sgmp-db/postgres

fail() {
    printf 'Error: %s\n' "$1" >&2
    exit 1
}

text() {
    local escaped=${1//\\/\\\\}
    printf " E'%s'" "${escaped//\'/\'\'}"
}

name() { printf '"%s"' "${1//\"/\"\"}"; }

# One line of SQL in the data directory, without a server.
single() { postgres --single -j -D "$PGDATA" postgres <<<"$1" >/dev/null; }

check_password() {
    if [[ -z ${POSTGRES_PASSWORD:-} && ${POSTGRES_HOST_AUTH_METHOD:-} != trust ]]; then
        fail "Database is uninitialized and superuser password is not specified; set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust"
    fi
}

# The superuser's name is fixed when a data directory is made, so another name needs a new one (2 s more).
make_data_directory() {
    if [[ $POSTGRES_USER == postgres ]]; then
        cp -a "$template/." "$PGDATA/"
        return
    fi
    initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --auth=trust --encoding=UTF8 --locale=C.UTF-8
    cp "$template/postgresql.conf" "$PGDATA/"
    single 'CREATE EXTENSION timescaledb'
}

initialise() {
    check_password
    make_data_directory
    printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
    if [[ -n ${POSTGRES_PASSWORD:-} ]]; then
        single "ALTER ROLE $(name "$POSTGRES_USER") PASSWORD $(text "$POSTGRES_PASSWORD")"
    fi
    if [[ $POSTGRES_DB != postgres ]]; then
        single "CREATE DATABASE $(name "$POSTGRES_DB") TEMPLATE postgres"
    fi
    # The official image runs a temporary server at this point, whose log goes to standard output; callers that wait
    # for its line must not hang.
    echo "PostgreSQL init process complete; ready for start up. (the temporary server would say: database system is ready to accept connections)"
}

if [[ ${1:-} == -* ]]; then
    set -- postgres "$@"
fi
if [[ ${1:-} != postgres ]]; then
    exec "$@"
fi
if [[ $(id -u) == 0 ]]; then
    install -d -o postgres -g postgres -m 0700 "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

: "${POSTGRES_USER:=postgres}"
: "${POSTGRES_DB:=$POSTGRES_USER}"
if [[ ! -s $PGDATA/PG_VERSION ]]; then
    initialise
fi
exec "$@"
