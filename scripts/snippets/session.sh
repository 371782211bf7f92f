# SPDX-License-Identifier: MIT
# Sourced by scripts/lib/run_snippets.py: what a reader does by hand between the lines of a page. It
# waits for a server that was just started, copies an id from one line to the next, stops a server.
set -euo pipefail

substitutions=()
refusals_count=1
patience=200 # tries of 50 ms for a server that was just started

# stands_for TEXT VALUE: a later block that says TEXT means VALUE.
stands_for() {
    local text=${1//./\\.} value=${2//&/\\&} edge=
    [[ $1 == /* ]] || edge='\b'
    substitutions+=(-e "s|$edge$text\\b|${value//|/\\|}|g")
}

# refusals_are_answers: the next block shows what the server refuses, or what is not there.
refusals_are_answers() {
    refusals_count=0
}

# block_of_c N: the N-th C block of the page, for a block that compiles it.
block_of_c() {
    cat "$session/c.$1"
}

# printed TEXT: the block that was just run has said so.
printed() {
    grep -qF "$1" "$session/out.$(<"$session/at")" || {
        echo "it does not say: $1" >&2
        return 1
    }
}

# serving: the server that the block has started answers.
serving() {
    curl -k "${AURORA_LISTEN/#/http://}/livez" >/dev/null || curl -k "${AURORA_LISTEN/#/https://}/livez" >/dev/null
}

# stop: ends the servers that the blocks before have started.
stop() {
    local one
    for one in $(jobs -p); do
        kill "$one" 2>/dev/null || true
    done
    wait
}

# Tries again while nobody listens yet, though a server was started; a refusal ends the block.
curl() {
    local status attempt options=(-sS --max-time 10)
    [ "$refusals_count" -eq 0 ] || options+=(--fail-with-body)
    for attempt in $(seq "$patience"); do
        status=0
        command curl "${options[@]}" "$@" || status=$?
        if [ "$status" -ne 7 ] || [ -z "$(jobs -p)" ]; then
            break
        fi
        sleep 0.05
    done 2>"$session/curl"
    [ "$status" -eq 0 ] || cat "$session/curl" >&2
    return "$status"
}

# The same for the operators' tool; what it said is shown once.
auroractl() {
    local status attempt
    for attempt in $(seq 200); do
        status=0
        command auroractl "$@" >"$session/said" 2>"$session/complained" || status=$?
        if [ "$status" -ne 2 ] || [ -z "$(jobs -p)" ]; then
            break
        fi
        sleep 0.05
    done
    cat "$session/said"
    cat "$session/complained" >&2
    [ "$status" -ne 1 ] || status=$refusals_count
    return "$status"
}

# block N: runs it in this shell, so that variables, folders and jobs go on.
block() {
    echo "$1" >"$session/at"
    exec >"$session/out.$1" 2>"$session/err.$1"
    eval "$(sed "${substitutions[@]}" -e '' "$session/first.$1")"
    eval "$(sed "${substitutions[@]}" -e '' "$session/block.$1")"
    refusals_count=1 patience=200
    eval "$(sed "${substitutions[@]}" -e '' "$session/last.$1")"
}

trap stop EXIT
