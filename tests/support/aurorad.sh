# SPDX-License-Identifier: MIT
# An aurorad of one's own for a shell test; to be sourced with $aurorad, $folder and $root, after
# auroractl.sh. $server_url is where it listens.

server_pid=
server_port=

# server_start STORE ARGUMENT...: on a free port the first time, then again on the same.
server_start() {
    local store=$1 waited=0
    shift
    [ -n "$server_port" ] || server_port=$(python3 "$root/scripts/lib/free_port.py" $$)
    : >"$folder/server.log"
    "$aurorad" --store "$store" --listen "127.0.0.1:$server_port" --log-format json "$@" \
        >>"$folder/server.log" 2>&1 &
    server_pid=$!
    until grep -q 'listening on http' "$folder/server.log"; do
        kill -0 "$server_pid" 2>/dev/null || fail "aurorad ended: $(cat "$folder/server.log")"
        ((waited++ < 600)) || fail "aurorad does not listen: $(cat "$folder/server.log")"
        sleep 0.05
    done
    server_url=http://127.0.0.1:$server_port
}

# server_stop SIGNAL: ends it, and waits until it has ended.
server_stop() {
    [ -n "$server_pid" ] || return 0
    kill "-$1" "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
    server_pid=
}
