#!/bin/sh
# Starts the server for the command `postgres`, as the official image does. PostgreSQL's own flags (-c …) are accepted
# and have no effect: PGlite takes none.
set -eu

case ${1:-postgres} in
    postgres | -*) exec setpriv --reuid=postgres --regid=postgres --init-groups -- node /opt/pglite/server.mjs ;;
    *) exec "$@" ;;
esac
