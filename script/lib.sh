# shellcheck shell=bash disable=SC2034
# Shared by the scripts of this folder; sourced, never run.
#
# Everything that the scripts set up lives in .local/ (in the checkout, ignored by git) and every download
# in $CACHE, so that a second clone on the same machine downloads nothing. Nothing else is touched.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
LOCAL=$ROOT/.local
CACHE=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/odoo-helpdesk-suite
STARTED=$SECONDS
umask 022

say() { printf '[%4ss] %s\n' "$((SECONDS - STARTED))" "$*" >&2; }
die() { printf 'ERROR: %s\n' "$*" >&2; exit 1; }
hash_of() { sha256sum | cut -c1-16; }

# write FILE: stdin becomes FILE, in one step, and only when it differs (several scripts may run at once)
write() {
    local new
    new=$(mktemp "$1.XXXXXX")
    cat > "$new"
    if cmp -s "$new" "$1"; then rm -f "$new"; else chmod 644 "$new" && mv -f "$new" "$1"; fi
}

# --- Odoo ---------------------------------------------------------------------------------------

if [ -n "${ODOO_HOME:-}" ]; then
    PYTHON_TREE=$ODOO_HOME
else
    PYTHON_TREE=$LOCAL/odoo/usr/lib/python3/dist-packages
fi

# The folders that Odoo looks for addons in, the project's own last.
addons_path() {
    local path=$PYTHON_TREE/odoo/addons
    if [ -d "$PYTHON_TREE/addons" ]; then path=$PYTHON_TREE/addons,$path; fi
    if compgen -G "$ROOT/addons/*/__manifest__.py" > /dev/null; then path+=,$ROOT/addons; fi
    echo "$path"
}

# enter server|test: what the rest of a script (and what it execs) needs to run in the environment
enter() {
    local instance=$1
    INSTANCE=$instance
    export PATH=$LOCAL/bin:$LOCAL/npm/node_modules/.bin:$LOCAL/venv/bin:$PATH
    if [ -e "$LOCAL/fonts.conf" ]; then export FONTCONFIG_FILE=$LOCAL/fonts.conf; fi
    export ODOO_RC=$LOCAL/$instance.conf
    mkdir -p "$LOCAL/data/$instance"
    # max_cron_threads of the test instance: nothing may run behind a test's back
    write "$ODOO_RC" <<CONF
[options]
addons_path = $(addons_path)
data_dir = $LOCAL/data/$instance
http_interface = 127.0.0.1
screenshots = $LOCAL/screenshots
# Nothing is reported to Odoo S.A.
publisher_warranty_url =
$([ "$instance" = server ] || echo "max_cron_threads = 0")
CONF
    use_cluster "$instance"
}

# --- PostgreSQL ---------------------------------------------------------------------------------
# Two private clusters: "server" keeps somebody's data and is durable, "test" may be lost at any time and
# is fast. A cluster is started by the first script that needs it and stops when the last one ends: each
# script (and what it execs) holds a shared lock on the file `users`, a keeper waits for the exclusive one.

PG_LIBS=$LOCAL/root/usr/lib/$(uname -m)-linux-gnu

# The newest PostgreSQL server (13 or later) whose programs really run, or the one of an existing cluster.
pg_bindir() {
    local wanted=${1:-} dir version
    while read -r dir; do
        version=$(LD_LIBRARY_PATH=$PG_LIBS "$dir/postgres" --version 2> /dev/null | sed -nE 's/^postgres \(PostgreSQL\) ([0-9]+).*/\1/p')
        [ -n "$version" ] && [ "$version" -ge 13 ] || continue
        [ -z "$wanted" ] || [ "$version" = "$wanted" ] || continue
        LD_LIBRARY_PATH=$PG_LIBS "$dir/initdb" --version > /dev/null 2>&1 || continue
        LD_LIBRARY_PATH=$PG_LIBS "$dir/pg_ctl" --version > /dev/null 2>&1 || continue
        LD_LIBRARY_PATH=$PG_LIBS "$dir/pg_restore" --version > /dev/null 2>&1 || continue
        echo "$dir"
        return
    done < <({ compgen -G "/usr/lib/postgresql/*/bin" || true; compgen -G "$LOCAL/root/usr/lib/postgresql/*/bin" || true; } | sort -Vr)
    return 1
}

# PostgreSQL refuses to run as root: there it runs as postgres, or as nobody.
pg_as() {
    if [ "$(id -u)" = 0 ]; then
        local user=nobody
        if id postgres > /dev/null 2>&1; then user=postgres; fi
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups \
            env HOME=/ LD_LIBRARY_PATH="$PG_LIBS" "$@"
    else
        env LD_LIBRARY_PATH="$PG_LIBS" "$@"
    fi
}

# The folder of a cluster: in .local, or below /var/tmp where PostgreSQL's user may not enter the checkout
# or the path is too long for a Unix socket (107 bytes).
pg_folder() {
    local dir=$LOCAL/pg/$1
    mkdir -p "$dir"
    if [ "${#dir}" -gt 85 ] || ! pg_as test -x "$dir"; then
        dir=/var/tmp/odoo-helpdesk-suite-$(id -u)-$(hash_of <<< "$LOCAL")/$1
        mkdir -p "$dir"
    fi
    if [ "$(id -u)" = 0 ]; then chown "$(pg_as id -u):$(pg_as id -g)" "$dir"; fi
    chmod 755 "$dir"
    echo "$dir"
}

pg_create() {
    local instance=$1 dir=$2 bin=$3
    pg_as rm -rf "$dir/data.new"
    pg_as "$bin/initdb" -D "$dir/data.new" -U odoo -A trust -E UTF8 --locale=C.UTF-8 > /dev/null
    {
        cat <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
unix_socket_permissions = 0700
max_connections = 300
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 30min
synchronous_commit = off
jit = off
CONF
        if [ "$instance" = test ]; then
            cat <<CONF
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
CONF
        fi
    } | pg_as tee -a "$dir/data.new/postgresql.conf" > /dev/null
    pg_as mv "$dir/data.new" "$dir/data"
}

use_cluster() {
    local instance=$1 dir bin
    unset PGDATABASE    # Odoo 19 would prefer it to the database named on the command line
    if [ -n "${PGHOST:-}${PGPORT:-}${PGSERVICE:-}" ]; then
        psql -d postgres -Atc 'select 1' > /dev/null ||
            die "the PostgreSQL server named by PGHOST, PGPORT, PGUSER, ... does not answer"
        return
    fi
    dir=$(pg_folder "$instance")
    bin=$(pg_bindir "$(cat "$dir/data/PG_VERSION" 2> /dev/null || true)") || die "no PostgreSQL server for $dir/data"
    exec 8>> "$LOCAL/pg/$instance.users"
    flock -s 8
    (
        flock -x 7
        [ -s "$dir/data/PG_VERSION" ] || pg_create "$instance" "$dir" "$bin"
        if ! pg_as "$bin/pg_ctl" -D "$dir/data" status > /dev/null; then
            detached pg_as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -s start ||
                { pg_as tail -n 5 "$dir/log" >&2; die "PostgreSQL did not start: see $dir/log"; }
            detached pg_keeper "$instance" "$dir" "$bin"
        fi
    ) 7>> "$LOCAL/pg/$instance.start"
    export PGHOST=$dir PGPORT=5432 PGUSER=odoo
}

# Run a command that outlives the script, so without the locks and pipes that the script holds.
detached() {
    local fd
    (
        for fd in "/proc/$BASHPID/fd"/*; do
            fd=${fd##*/}
            [ "$fd" -le 2 ] || eval "exec $fd>&-"
        done
        "$@"
    )
}

pg_keeper() {
    export -f pg_as
    export PG_LIBS
    # shellcheck disable=SC2016  # expanded by the inner shell
    setsid bash -c 'exec 8>> "$1"; flock -x 8; pg_as "$2/pg_ctl" -D "$3/data" -s -m fast stop' \
        keeper "$LOCAL/pg/$1.users" "$3" "$2" < /dev/null > /dev/null 2>&1 &
}
