# What the scripts share: messages, time limits, installing packages, reaching Docker, tools that only tests need.
# Sourced, never run. Bash 3.2 is enough, so that a Mac's own shell can run it.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=${CARGO_TARGET_DIR:-$ROOT/target}/tools

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
    printf '%s: error: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# limit SECONDS COMMAND...: in the foreground, so that Ctrl-C reaches the command. A Mac has no timeout(1), but perl.
limit() {
    if have timeout; then
        timeout --foreground --kill-after=10 "$@"
    else
        # shellcheck disable=SC2016  # perl's variables, not the shell's
        perl -e 'alarm shift; exec { $ARGV[0] } @ARGV or exit 127' "$@"
    fi
}

# quietly COMMAND...: shows the output only when the command fails.
quietly() {
    local output status=0
    output=$("$@" 2>&1 </dev/null) || status=$?
    if [[ $status -ne 0 ]]; then
        printf '%s\n' "$output" | tail -n 40 >&2
        say "failed with status $status: $*"
    fi
    return "$status"
}

hash_text() {
    if have sha256sum; then
        sha256sum | cut -c1-16
    else
        shasum -a 256 | cut -c1-16
    fi
}

# --- packages -------------------------------------------------------------------------------------------------------

# apt_install PACKAGE...: reads the package lists only when they are empty or too old for these packages.
apt_install() {
    have apt-get || die "$* is missing and this is not a Debian system; install it with your package manager"
    [[ $(id -u) == 0 ]] || die "$* is missing; run scripts/install as root (sudo scripts/install)"
    say "installing $*"
    try_apt_install "$@" >/dev/null 2>&1 && return
    quietly limit 300 apt-get update || die "the package lists cannot be read; check this machine's apt sources"
    quietly try_apt_install "$@" || die "apt-get could not install $*; see the lines above"
}

try_apt_install() {
    DEBIAN_FRONTEND=noninteractive limit 900 apt-get install --yes --no-install-recommends "$@" </dev/null
}

# need COMMAND PACKAGE...: installs the packages when there is no such command.
need() {
    local command=$1
    shift
    have "$command" || apt_install "$@"
}

# --- docker ---------------------------------------------------------------------------------------------------------

docker_answers() { have docker && limit 20 docker version >/dev/null 2>&1; }

image_present() { limit 20 docker image inspect "$1" >/dev/null 2>&1; }

need_docker() {
    docker_answers && return
    [[ $(uname) == Linux ]] || die "Docker does not answer; start Docker Desktop and try again"
    if ! have dockerd; then
        apt_install docker.io iptables
    fi
    have docker || apt_install docker-cli
    start_dockerd
}

start_dockerd() {
    docker_answers && return
    [[ $(id -u) == 0 ]] || die "Docker does not answer; start it (sudo systemctl start docker), or add yourself to the group \`docker\`"
    say "starting dockerd"
    if [[ -d /run/systemd/system ]]; then
        quietly limit 60 systemctl start docker || true
    else
        # Its own session, so that it outlives this script and its terminal.
        setsid nohup dockerd >/var/log/dockerd.log 2>&1 </dev/null &
    fi
    wait_for_docker
}

wait_for_docker() {
    local _
    for _ in $(seq 60); do
        docker_answers && return
        sleep 0.5
    done
    die "Docker does not answer 30 s after its start; its log is /var/log/dockerd.log (or: journalctl -u docker)"
}

# remove_containers LABEL: silent, because scripts/test ends with its runner's own summary.
remove_containers() {
    local ids
    ids=$(limit 30 docker ps --all --quiet --filter "label=$1" 2>/dev/null) || return 0
    [[ -z $ids ]] || printf '%s\n' "$ids" | limit 120 xargs docker rm --force --volumes >/dev/null 2>&1 || true
}

# --- tools that tests use -------------------------------------------------------------------------------------------
# Each prints the path of what it made sure of, and takes no time when it is there.

# locked COMMAND...: two tests that need the same tool must not install it at once.
locked() {
    mkdir -p "$TOOLS"
    if have flock; then
        (flock --timeout 1800 9 && "$@") 9>"$TOOLS/.lock"
    else
        "$@"
    fi
}

# Stock refinery, which must agree with us about what is applied.
need_refinery() {
    [[ -x $TOOLS/bin/refinery ]] || locked install_refinery
    printf '%s\n' "$TOOLS/bin/refinery"
}

install_refinery() {
    [[ ! -x $TOOLS/bin/refinery ]] || return 0
    # Its PostgreSQL driver links the system's OpenSSL; ours does not.
    [[ $(uname) != Linux ]] || pkg-config --exists openssl 2>/dev/null || apt_install libssl-dev pkg-config
    say "installing the stock refinery command line (two minutes, once)"
    quietly limit 1800 cargo install --quiet --locked --root "$TOOLS" refinery_cli@0.10.0 \
        --no-default-features --features mysql,postgresql || die "refinery_cli could not be installed; see the lines above"
}

# What stands between a client and its server: a pooler, and a proxy that passes connections on. Both are in sbin.
need_pgbouncer() { need_from_sbin pgbouncer; }

need_haproxy() { need_from_sbin haproxy; }

# A bastion of the tests' own, and the client that reaches it.
need_sshd() {
    have ssh || locked apt_install openssh-client
    need_from_sbin sshd openssh-server
    # sshd run by root wants it, and only its service makes it.
    [[ $(id -u) != 0 ]] || mkdir -p /run/sshd
}

# A DNS server, in the place of Consul's.
need_dnsmasq() { need_from_sbin dnsmasq dnsmasq-base; }

# need_from_sbin PROGRAM [PACKAGE]
need_from_sbin() {
    local PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin
    have "$1" || locked apt_install "${2:-$1}"
    command -v "$1"
}

# Real flask-migrate, which made the schema of every install before this tool.
need_flask_migrate() {
    [[ -x $TOOLS/venv/bin/flask ]] || locked install_flask_migrate
    printf '%s\n' "$TOOLS/venv/bin/flask"
}

install_flask_migrate() {
    local venv=$TOOLS/venv
    [[ ! -x $venv/bin/flask ]] || return 0
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || apt_install python3 python3-venv
    say "installing flask-migrate"
    rm -rf "$venv"
    quietly limit 120 python3 -m venv "$venv" || die "python3 cannot make a virtual environment in $venv; install python3-venv"
    quietly limit 600 "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$ROOT/tests/fixtures/flask/requirements.txt" || die "flask-migrate could not be installed; see the lines above"
}
