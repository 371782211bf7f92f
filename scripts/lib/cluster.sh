# SPDX-License-Identifier: MIT
# Sourced after engines.sh: the daemons of a cluster on this machine, each with a file of settings,
# a pid file and a log in one folder. An instance is called SERVICE.NUMBER, as order.2.

cluster_services="product order inventory payment search recommendation notification gateway"
cluster_dir=${AURORA_CLUSTER_DIR:-var/cluster}
mkdir -p "$cluster_dir/log"
cluster_dir=$(cd "$cluster_dir" && pwd -P)
cluster_bin=${AURORA_BIN:-build/bin}

# What was chosen at the start holds for every later word.
cluster_base=8080
cluster_count=1
cluster_recall() {
    # shellcheck source=/dev/null
    [ ! -f "$cluster_dir/plan" ] || . "$cluster_dir/plan"
}
cluster_recall

cluster_remember() {
    printf 'cluster_base=%s\ncluster_count=%s\n' "$cluster_base" "$cluster_count" >"$cluster_dir/plan"
}

# cluster_port SERVICE NUMBER: the gateway is first; each further set of eight is ten above.
cluster_port() {
    local service offset=0
    for service in gateway product order inventory payment search recommendation notification; do
        [ "$service" != "$1" ] || break
        offset=$((offset + 1))
    done
    echo $((cluster_base + offset + 10 * ($2 - 1)))
}

# Names of all instances, gateways last.
cluster_instances() {
    local service number
    for service in $cluster_services; do
        for ((number = 1; number <= cluster_count; number++)); do
            echo "$service.$number"
        done
    done
}

instance_port() {
    cluster_port "${1%.*}" "${1#*.}"
}

instance_is_one() {
    [[ " $(cluster_instances | tr '\n' ' ') " == *" $1 "* ]]
}

# "order=127.0.0.1:8082,order=127.0.0.1:8092,...": where the gateway finds all instances.
cluster_upstream() {
    local service number text=
    for service in $cluster_services; do
        [ "$service" != gateway ] || continue
        for ((number = 1; number <= cluster_count; number++)); do
            text+=",$service=127.0.0.1:$(cluster_port "$service" "$number")"
        done
    done
    echo "${text#,}"
}

# instance_settings NAME: its file. Settings of extra.ini are for all, of extra-SERVICE.ini for it,
# and go before those that are written here.
instance_settings() {
    local service=${1%.*} extras=() file line
    for file in "$cluster_dir/extra-$service.ini" "$cluster_dir/extra.ini"; do
        [ ! -f "$file" ] || extras+=("$file")
    done
    echo "# of ./dev cluster, written at each start"
    while read -r line; do
        [ -z "$line" ] || grep -qE "^${line%% *} *=" "${extras[@]}" /dev/null || echo "$line"
    done <<SETTINGS
listen = 127.0.0.1:$(instance_port "$1")
limiter = $AURORA_TEST_REDIS/0
log_format = json
$(if [ "$service" = gateway ]; then
        echo "upstream = $(cluster_upstream)"
    else
        echo "store = $AURORA_TEST_POSTGRES"
        echo "bus = kafka://$AURORA_TEST_KAFKA?partitions=4"
        echo "cache = $AURORA_TEST_REDIS/0"
    fi)
$([ "$service" != search ] || echo "search = elasticsearch://${AURORA_TEST_OPENSEARCH#http://}")
SETTINGS
    [ ${#extras[@]} -eq 0 ] || cat "${extras[@]}"
}

# instance_pid NAME: if it lives and is ours.
instance_pid() {
    local pid
    pid=$(cat "$cluster_dir/$1.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && grep -qF "$cluster_dir/$1.ini" "/proc/$pid/cmdline" 2>/dev/null || return 1
    echo "$pid"
}

# instance_start NAME: without waiting. The environment's settings are not for it, but the secret.
instance_start() {
    local name drop=()
    instance_pid "$1" >/dev/null && return
    for name in ${!AURORA_@}; do
        [ "$name" = AURORA_SERVICE_SECRET_FILE ] || drop+=(-u "$name")
    done
    instance_settings "$1" >"$cluster_dir/$1.ini"
    setsid env "${drop[@]}" "$cluster_bin/aurora-${1%.*}" --config "$cluster_dir/$1.ini" \
        </dev/null >>"$cluster_dir/log/$1.log" 2>&1 7>&- 8>&- 9>&- &
    echo $! >"$cluster_dir/$1.pid"
}

# instance_is_ready NAME
instance_is_ready() {
    curl -sf -m 2 -o /dev/null "http://127.0.0.1:$(instance_port "$1")/readyz"
}

# instance_wait NAME SECONDS: until it is ready; else what it says, and status 1.
instance_wait() {
    local begin=$SECONDS
    until instance_is_ready "$1"; do
        if ! instance_pid "$1" >/dev/null; then
            echo "$1: ended while it started; the end of $cluster_dir/log/$1.log:" >&2
            tail -n 5 "$cluster_dir/log/$1.log" | cut -c1-300 | sed 's/^/    /' >&2
            return 1
        fi
        if [ $((SECONDS - begin)) -ge "$2" ]; then
            echo "$1: not ready within $2 s: $(curl -s -m 2 \
                "http://127.0.0.1:$(instance_port "$1")/readyz" || echo 'it does not answer')" >&2
            tail -n 5 "$cluster_dir/log/$1.log" | cut -c1-300 | sed 's/^/    /' >&2
            return 1
        fi
        sleep 0.1
    done
}

# instance_end SIGNAL SECONDS NAME...: all at once; KILL for those that are left.
instance_end() {
    local signal=$1 limit=$2 begin=$SECONDS name pid left
    shift 2
    for name in "$@"; do
        if pid=$(instance_pid "$name"); then
            kill "-$signal" "$pid" 2>/dev/null || true
            kill -CONT "$pid" 2>/dev/null || true
        fi
    done
    while :; do
        left=()
        for name in "$@"; do
            if instance_pid "$name" >/dev/null; then left+=("$name"); else rm -f "$cluster_dir/$name.pid"; fi
        done
        [ ${#left[@]} -gt 0 ] || return 0
        [ $((SECONDS - begin)) -lt "$limit" ] || break
        sleep 0.1
    done
    echo "cluster: ${left[*]} did not end within $limit s; SIGKILL ends them" >&2
    instance_end KILL 10 "${left[@]}"
    return 1
}
