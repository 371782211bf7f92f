# SPDX-License-Identifier: MIT
# Sourced by engine.sh: Redis 7 of Debian's package, as a cache: nothing is kept over a restart.

engine_missing() {
    command -v redis-server >/dev/null || echo "there is no redis-server (./dev setup tests)"
}

engine_prepare() {
    mkdir -p "$engines_dir/redis"
}

engine_run() {
    cat >"$engines_dir/redis/redis.conf" <<CONF
bind 127.0.0.1
port $1
dir "$engines_dir/redis"
save ""
appendonly no
maxmemory 128mb
maxmemory-policy allkeys-lru
daemonize no
proc-title-template "{title} {listen-addr} {config-file}"
CONF
    engine_spawn redis redis-server "$engines_dir/redis/redis.conf"
}

engine_answers() {
    [ "$(redis-cli -h 127.0.0.1 -p "$1" ping)" = PONG ]
}

engine_url() {
    echo "redis://127.0.0.1:$1"
}

engine_variable=AURORA_TEST_REDIS
engine_stop_signal=TERM
