#!/bin/bash
# Starts MySQL as the official image does: same command, same environment variables, same lines in the log.
# The data directory was made at image build (make-template), so a first start only sets users and passwords.
set -euo pipefail

template=/usr/share/sgmp-db/mysql
data=/var/lib/mysql
init_file=/var/run/mysqld/init.sql

log() { printf '%s [Note] [Entrypoint]: %s\n' "$(date --iso-8601=seconds)" "$1" >&2; }

fail() {
    printf '%s [ERROR] [Entrypoint]: %s\n' "$(date --iso-8601=seconds)" "$1" >&2
    exit 1
}

# A string literal for the default sql_mode, in which the backslash escapes.
text() {
    local escaped=${1//\\/\\\\}
    printf "'%s'" "${escaped//\'/\\\'}"
}

# shellcheck disable=SC2016  # backticks quote an identifier here
name() { printf '`%s`' "${1//\`/\`\`}"; }

# In GRANT, `_` and `%` of a database name are wildcards.
grant_name() {
    local escaped=${1//\\/\\\\}
    escaped=${escaped//_/\\_}
    name "${escaped//%/\\%}"
}

choose_root_password() {
    if [[ -n ${MYSQL_RANDOM_ROOT_PASSWORD:-} ]]; then
        MYSQL_ROOT_PASSWORD=$(head -c 24 /dev/urandom | base64)
        log "GENERATED ROOT PASSWORD: $MYSQL_ROOT_PASSWORD"
    elif [[ -z ${MYSQL_ROOT_PASSWORD:-} && -z ${MYSQL_ALLOW_EMPTY_PASSWORD:-} ]]; then
        fail "Database is uninitialized and password option is not specified; set MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD or MYSQL_RANDOM_ROOT_PASSWORD"
    fi
}

print_init_sql() {
    local root_password root_host
    root_password=$(text "${MYSQL_ROOT_PASSWORD:-}")
    root_host=$(text "${MYSQL_ROOT_HOST:-%}")
    echo "SET @@SESSION.SQL_LOG_BIN = 0;"
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $root_password;"
    if [[ $root_host != "'localhost'" ]]; then
        echo "CREATE USER 'root'@$root_host IDENTIFIED BY $root_password;"
        echo "GRANT ALL ON *.* TO 'root'@$root_host WITH GRANT OPTION;"
        # GRANT ALL leaves PROXY out, and a root without it cannot grant it.
        echo "GRANT PROXY ON ''@'' TO 'root'@$root_host WITH GRANT OPTION;"
    fi
    if [[ -n ${MYSQL_DATABASE:-} ]]; then
        echo "CREATE DATABASE IF NOT EXISTS $(name "$MYSQL_DATABASE");"
    fi
    if [[ -n ${MYSQL_USER:-} ]]; then
        print_user_sql
    fi
}

print_user_sql() {
    local user
    user="$(text "$MYSQL_USER")@'%'"
    echo "CREATE USER $user IDENTIFIED BY $(text "${MYSQL_PASSWORD:-}");"
    if [[ -n ${MYSQL_DATABASE:-} ]]; then
        echo "GRANT ALL ON $(grant_name "$MYSQL_DATABASE").* TO $user;"
    fi
}

initialise() {
    choose_root_password
    cp -a --sparse=always "$template/." "$data/"
    print_init_sql | install -o mysql -g mysql -m 0400 /dev/stdin "$init_file"
    # The official image runs a temporary server at this point; callers that wait for its line must not hang.
    log "MySQL init process done. Ready for start up. (the temporary server would say: ready for connections. port: 0)"
}

if [[ ${1:-} == -* ]]; then
    set -- mysqld "$@"
fi
if [[ ${1:-} != mysqld ]]; then
    exec "$@"
fi
shift

rm -f "$init_file"
chown mysql:mysql "$data"
if [[ ! -d $data/mysql ]]; then
    initialise
    set -- --init-file="$init_file" "$@"
fi
exec mysqld "$@"
