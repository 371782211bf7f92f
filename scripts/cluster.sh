#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: start the engines and eight daemons on them; --check, stop, --instances N, --port-base N, --wipe
#
#   ./dev cluster [--instances N] [--port-base N|free] [--wipe] [--no-seed]
#       starts what does not run, waits until all are ready, seeds the demo catalogue
#   ./dev cluster --check         places an order through the gateway and reads its events from Kafka
#   ./dev cluster stop [--wipe]   ends the daemons; the engines stay (./dev down)
#   ./dev cluster status
#   ./dev cluster start|end|kill|pause|resume INSTANCE...     such as order.2
#
# Settings of your own: var/cluster/extra.ini for all, extra-order.ini for one service, before the
# start. AURORA_SERVICE_SECRET_FILE is handed on. AURORA_CLUSTER_DIR, AURORA_ENGINES_DIR and
# AURORA_BIN choose other folders.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/engines.sh
. scripts/lib/cluster.sh

usage() {
    sed -n 's/^# \{0,1\}//; 5,15p' "$0" >&2
    exit 2
}

engines_are_up() {
    ./dev up
    # shellcheck source=/dev/null
    . "$engines_dir/env"
}

# free_base: eight ports in a row for each instance, of the range that engines take theirs from.
free_base() {
    local base port taken
    for base in $(seq 14000 20 14980 | shuf); do
        taken=no
        for ((port = base; port < base + 10 * cluster_count; port++)); do
            ! port_answers "$port" || taken=yes
        done
        [ "$taken" = yes ] || break
    done
    echo "$base"
}

ports_are_free() {
    local name port
    for name in $(cluster_instances); do
        port=$(instance_port "$name")
        if ! instance_pid "$name" >/dev/null && port_answers "$port"; then
            echo "cluster: another program listens on port $port, which $name wants; end it, or" >&2
            echo "    ./dev cluster --port-base 28080     or     ./dev cluster --port-base free" >&2
            exit 1
        fi
    done
}

seed() {
    local gateway
    gateway=http://127.0.0.1:$(cluster_port gateway 1)
    "$cluster_bin/auroractl" seed --url "$gateway" --retry-for 60s >"$cluster_dir/log/seed.log" 2>&1 || {
        echo "cluster: cannot seed the demo catalogue: $(tail -1 "$cluster_dir/log/seed.log")" >&2
        return 1
    }
    tail -1 "$cluster_dir/log/seed.log"
}

show() {
    local name pid
    for name in $(cluster_instances); do
        pid=$(instance_pid "$name") || pid=
        printf '%-18s http://127.0.0.1:%-6s %s\n' "$name" "$(instance_port "$name")" \
            "${pid:+pid $pid, $(instance_is_ready "$name" && echo ready || echo not ready)}"
    done
}

start_all() {
    local name status=0 wipe=no seed=yes
    while [ $# -gt 0 ]; do
        case $1 in
        --instances) cluster_count=${2:?} && shift ;;
        --port-base) cluster_base=${2:?} && shift ;;
        --wipe) wipe=yes ;;
        --no-seed) seed=no ;;
        *) usage ;;
        esac
        shift
    done
    [ "$wipe" = no ] || stop_all --wipe
    [ "$cluster_base" != free ] || cluster_base=$(free_base)
    if ! [[ $cluster_count =~ ^[1-9]$ && $cluster_base =~ ^[0-9]+$ ]]; then usage; fi
    [ -n "${AURORA_BIN:-}" ] || build_preset release
    ports_are_free
    engines_are_up
    cluster_remember
    for name in $(cluster_instances); do
        instance_start "$name"
    done
    for name in $(cluster_instances); do
        instance_wait "$name" 60 || status=1
    done
    [ "$status" = 0 ] || exit 1
    show
    [ "$seed" = no ] || seed
    echo "cluster: http://127.0.0.1:$(cluster_port gateway 1) is the gateway; logs in $cluster_dir/log;"
    echo "    try ./dev cluster --check; ./dev cluster stop ends it"
}

# Nothing is started again: an older and larger plan is ended too.
stop_all() {
    local names status=0
    mapfile -t names < <(cd "$cluster_dir" && ls -- *.pid 2>/dev/null | sed 's/\.pid$//')
    instance_end TERM 45 "${names[@]}" || status=1
    if [ "${1:-}" = --wipe ]; then
        ./dev down --wipe >/dev/null
        rm -rf "$cluster_dir"/*.[0-9].ini "$cluster_dir/plan" "${cluster_dir:?}/log"
        mkdir -p "$cluster_dir/log"
    elif [ $# -gt 0 ]; then
        usage
    fi
    echo "cluster: ${#names[@]} daemons ended"
    return "$status"
}

# events_of ORDER: type, topic and partition of all that the topics say about it.
events_of() {
    local topic
    for topic in orders inventory payments; do
        kcat -C -q -e -o beginning -b "$AURORA_TEST_KAFKA" -t "aurora.$topic.v1" \
            -f '%T %k %h %t %p %o\n' 2>/dev/null | grep -F " $1 " |
            sed -E 's/^([0-9]+) \S+ .*ce_type=([^,]+),.* (aurora\S+) ([0-9]+) ([0-9]+)$/\1 \2 \3 partition \4 offset \5/'
    done | sort -n | cut -d ' ' -f 2-
}

# check: one order, from HTTP to the topics.
check() {
    local gateway answer order events word i status=0
    gateway=http://127.0.0.1:$(cluster_port gateway 1)
    # shellcheck source=/dev/null
    . "$engines_dir/env"
    # Right after the seeding its price may still be on the way to the order service.
    for ((i = 0; i < 100; i++)); do
        answer=$(curl -s -m 40 "$gateway/orders" -H 'Content-Type: application/json' \
            -H 'Prefer: wait=20' -H "Idempotency-Key: check-$$-$(date +%s)" \
            -d '{"lines":[{"sku":"hammock","quantity":1}],"currency":"EUR","payment_method":"tok_approve"}')
        [[ $answer == *unknown_sku* ]] || break
        sleep 0.1
    done
    order=$(sed -n 's/^{"id":"\([^"]*\)".*/\1/p' <<<"$answer")
    if [ -z "$order" ]; then
        echo "check: no order: $answer" >&2
        return 1
    fi
    for ((i = 0; i < 300; i++)); do
        [[ $answer != *'"status":"COMPLETED"'* || $answer != *'"settled_at":"'* ]] || break
        sleep 0.1
        answer=$(curl -s -m 5 "$gateway/orders/$order" || true)
    done
    echo "order $order: $(grep -o '"status":"[A-Z]*"' <<<"$answer" || echo "$answer")"
    for ((i = 0; i < 30; i++)); do
        events=$(events_of "$order")
        [[ $events != *payment.captured* || $events != *inventory.committed* ]] || break
        sleep 0.2
    done
    sed 's/^/    /' <<<"$events"
    for word in order.created inventory.reserved payment.authorized order.completed \
        inventory.committed payment.captured; do
        if ! grep -q "^$word " <<<"$events"; then
            echo "check: no $word in the topics" >&2
            status=1
        fi
    done
    [[ $answer == *'"status":"COMPLETED"'* ]] || status=1
    for ((i = 0; i < 100; i++)); do
        ! grep -qF "$order" "$cluster_dir"/log/notification.*.log || break
        sleep 0.1
    done
    if grep -hF "$order" "$cluster_dir"/log/notification.*.log | head -1 | cut -c1-200 | sed 's/^/    /' |
        grep .; then :; else
        echo "check: nobody was notified" >&2
        status=1
    fi
    [ "$status" = 0 ] && echo "check: all of it is there"
    return "$status"
}

# each WORD INSTANCE...
each() {
    local word=$1 name status=0
    shift
    for name in "$@"; do
        instance_is_one "$name" || usage
    done
    case $word in
    start)
        # shellcheck source=/dev/null
        . "$engines_dir/env"
        for name in "$@"; do instance_start "$name"; done
        for name in "$@"; do instance_wait "$name" 60 || status=1; done
        ;;
    end) instance_end TERM 45 "$@" || status=1 ;;
    kill) instance_end KILL 10 "$@" || status=1 ;;
    pause | resume)
        for name in "$@"; do
            kill "-$([ "$word" = pause ] && echo STOP || echo CONT)" "$(instance_pid "$name")" || status=1
        done
        ;;
    esac
    return "$status"
}

case "${1:-}" in
--check) [ $# -eq 1 ] || usage && check ;;
stop) shift && stop_all "$@" ;;
status) show ;;
start | end | kill | pause | resume) [ $# -gt 1 ] || usage && each "$@" ;;
*) start_all "$@" ;;
esac
