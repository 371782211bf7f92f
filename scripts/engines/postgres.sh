# SPDX-License-Identifier: MIT
# Sourced by engine.sh: PostgreSQL 15 of Debian's package, in a cluster of ours.

postgres_bin=/usr/lib/postgresql/15/bin

engine_missing() {
    [ -x "$postgres_bin/postgres" ] || echo "there is no $postgres_bin/postgres (./dev setup tests)"
}

# It refuses to run as root: then it is the package's user, and its data must lie where that can go.
as_postgres=()
if [ "$(id -u)" -eq 0 ]; then
    as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups --)
fi

postgres_home() {
    local home=$engines_dir/postgres elsewhere
    [ ! -e "$home" ] || return 0
    rm -f "$home" # a link whose folder is gone
    mkdir "$home"
    [ ${#as_postgres[@]} -gt 0 ] || return 0
    chown postgres:postgres "$home"
    if ! "${as_postgres[@]}" test -w "$home" 2>/dev/null; then
        elsewhere=$(mktemp -d /var/tmp/aurora-postgres-XXXXXX)
        chown postgres:postgres "$elsewhere"
        rmdir "$home"
        ln -s "$elsewhere" "$home"
    fi
}

engine_prepare() {
    local home
    postgres_home
    home=$(readlink -f "$engines_dir/postgres")
    if [ ! -f "$home/data/ready" ]; then
        rm -rf "$home/data"
        (cd / && "${as_postgres[@]}" "$postgres_bin/initdb" -D "$home/data" -U postgres -A trust \
            -E UTF8 --locale=C.UTF-8 --no-sync)
        printf '%s\n' "CREATE ROLE aurora LOGIN CREATEDB CREATEROLE;" \
            "GRANT pg_monitor TO aurora;" "CREATE DATABASE aurora OWNER aurora;" |
            (cd / && "${as_postgres[@]}" "$postgres_bin/postgres" --single -D "$home/data" postgres)
        touch "$home/data/ready"
    fi
}

# What is acknowledged is on disk: tests that kill it are about that.
engine_run() {
    local home
    home=$(readlink -f "$engines_dir/postgres")
    engine_spawn postgres env -C / "${as_postgres[@]}" "$postgres_bin/postgres" -D "$home/data" \
        -c listen_addresses=127.0.0.1 -c port="$1" -c unix_socket_directories= \
        -c max_connections=200 -c shared_buffers=128MB -c fsync=on -c synchronous_commit=on \
        -c log_line_prefix='%m [%p] %u@%d ' -c log_destination=stderr -c logging_collector=off
}

engine_answers() {
    "$postgres_bin/psql" -qAtX -c 'SELECT 1' "$(engine_url "$1")?connect_timeout=2"
}

engine_url() {
    echo "postgresql://aurora@127.0.0.1:$1/aurora"
}

engine_variable=AURORA_TEST_POSTGRES
engine_stop_signal=INT # ends sessions; TERM would wait for them
