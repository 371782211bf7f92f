#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# engine.sh NAME WORD: one engine of a set (AURORA_ENGINES_DIR, default var/engines).
#   start    bring it up and wait until it answers; nothing if it does
#   stop     the orderly way        kill    kill -9, its children too
#   pause    SIGSTOP                resume  SIGCONT
#   url      how it is reached      export  the line for the environment of tests
#   why-not  why it cannot be had here, if so
#   wipe     remove its data
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/engines.sh

name=${1:-}
if ! [[ " $engine_names " == *" $name "* ]]; then
    echo "engine: '$name' is none of: $engine_names" >&2
    exit 2
fi
engine_ports=()
. "scripts/engines/$name.sh"

# One at a time: two terminals may both start it.
exec 9>>"$engines_dir/$name.lock"
flock 9

log=$engines_dir/log/$name.log

# say_why TEXT: with what the engine said last.
say_why() {
    echo "$name: $1; the end of $log:" >&2
    tail -n 15 "$log" | sed 's/^/    /' >&2
    exit 1
}

# No pid file that lies: a process of ours that answers nobody is still ours.
wait_until_it_answers() {
    local port=$1 limit=${AURORA_ENGINES_TIMEOUT:-120} begin=$SECONDS
    until engine_answers "$port" >/dev/null 2>&1; do
        engine_pid "$name" >/dev/null || return 1
        if [ $((SECONDS - begin)) -ge "$limit" ]; then
            stop_it KILL
            say_why "does not answer on port $port within $limit s"
        fi
        sleep 0.1
    done
}

start() {
    local pid port why attempt begin=$SECONDS
    if pid=$(engine_pid "$name"); then
        port=$(engine_port "$name" "${engine_ports[@]}")
        wait_until_it_answers "$port" || say_why "ended while it started"
        echo "$name: runs already, $(engine_url "$port"), pid $pid"
        return
    fi
    why=$(engine_missing)
    if [ -n "$why" ]; then
        echo "$name: $why" >&2
        exit 1
    fi
    engine_prepare >>"$log" 2>&1 || say_why "cannot be set up"
    # After kill -9 the remains of the last one may take a moment; and a port may be taken.
    for attempt in 1 2 3 4 5; do
        port=$(engine_port "$name" "${engine_ports[@]}")
        if port_answers "$port"; then
            echo "$name: port $port is another program's now; choosing another" >&2
            engine_port_forget "$name"
            port=$(engine_port "$name" "${engine_ports[@]}")
        fi
        engine_run "$port" >>"$log" 2>&1 || say_why "cannot be started"
        if wait_until_it_answers "$port"; then
            echo "$name: $(engine_url "$port"), pid $(engine_pid "$name"), $((SECONDS - begin)) s"
            return
        fi
        sleep "$attempt"
    done
    rm -f "$engines_dir/$name.pid"
    say_why "ends by itself"
}

# send SIGNAL: to it and its children.
send() {
    local pid
    if ! pid=$(engine_pid "$name"); then
        echo "$name: does not run" >&2
        return 1
    fi
    # shellcheck disable=SC2046
    kill "-$1" $(engine_family "$pid") 2>/dev/null || true
}

# stop_it SIGNAL: and KILL when that does not help within half a minute.
stop_it() {
    local pid i
    pid=$(engine_pid "$name") || return 0
    kill -CONT "$pid"
    if [ "$1" = KILL ]; then
        send KILL
    else
        kill "-$1" "$pid"
    fi
    for ((i = 0; i < 300; i++)); do
        engine_pid "$name" >/dev/null || break
        sleep 0.1
    done
    if engine_pid "$name" >/dev/null; then
        echo "$name: SIG$1 does not end it; SIGKILL does" >&2
        send KILL
    fi
    rm -f "$engines_dir/$name.pid"
}

case "${2:-}" in
start) start ;;
stop)
    stop_it "$engine_stop_signal"
    echo "$name: stopped"
    ;;
kill)
    stop_it KILL
    echo "$name: killed"
    ;;
pause) send STOP ;;
resume) send CONT ;;
url) engine_url "$(engine_port "$name" "${engine_ports[@]}")" ;;
export) echo "export $engine_variable='$(engine_url "$(engine_port "$name" "${engine_ports[@]}")")'" ;;
why-not) engine_missing ;;
wipe)
    if engine_pid "$name" >/dev/null; then
        echo "$name: runs; stop it first" >&2
        exit 1
    fi
    rm -rf "$(readlink -f "$engines_dir/$name")" "${engines_dir:?}/$name"
    ;;
*)
    sed -n 's/^# \( \{0,2\}\)/\1/; 3,9p' "$0" >&2
    exit 2
    ;;
esac
