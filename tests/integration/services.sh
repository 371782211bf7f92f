#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The seven daemons with one module each, alone: what they refuse, which routes they have, what
# their own description says, that they wait for an engine, and that none answers a 5xx for a call
# that belongs to another.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
bin=${AURORA_BIN:-$root/build/bin}
. "$root/tests/support/auroractl.sh"
[ -x "$bin/aurora-order" ] || skip "this build has no services"
command -v curl >/dev/null && command -v python3 >/dev/null || skip "needs curl and python3"

folder=$(mktemp -d)
declare -A pids=() urls=()
end() {
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap end EXIT
cd "$folder"
for name in ${!AURORA_@}; do # what the test run set is no setting
    unset "$name"
done
modules="product order inventory payment search recommendation notification"

refused() { # MODULE WORDS ARGUMENT...: one line, status 1
    local program=aurora-$1 words=$2 status=0
    shift 2
    "$bin/$program" "$@" >out 2>err || status=$?
    [ "$status" = 1 ] || fail "'$program $*' exits with $status: $(cat err)"
    [ "$(wc -l <err)" = 1 ] && [ ! -s out ] || fail "'$program $*' says: $(cat out err)"
    grep -qF -- "$words" err || fail "'$program $*' says: $(cat err)"
}

for module in $modules; do
    refused "$module" 'bus: must be kafka://' --bus local:
    refused "$module" "modules: is always $module in aurora-$module (--modules)" --modules product,order
    "$bin/aurora-$module" --print-config >out
    grep -q "^modules = $module.*default" out || fail "$module: $(grep modules out)"
    [ ! -e "aurora-$module.db" ] || fail "aurora-$module made a store before it was to serve"
done
# What is wrong beside the store is found before one is made, and without a start by --check-config.
for wrong in 'order|bus: knows prefix|--bus kafka://127.0.0.1:9?x=1' 'order|limiter: |--limiter redis://' \
    'product|cache: |--cache redis://h:x' 'search|search: must name a host|--search elasticsearch:///' \
    'notification|notify: must say who|--notify smtp://x' 'order|cache: no driver knows|--cache pigeon://x' \
    'payment|payment: must be simulator|--payment pigeon://x'; do
    IFS='|' read -r module words arguments <<<"$wrong"
    # shellcheck disable=SC2086
    {
        refused "$module" "$words" $arguments
        refused "$module" "$words" --check-config $arguments
    }
    [ ! -e "aurora-$module.db" ] || fail "aurora-$module $arguments made a store"
done
for module in $modules; do
    "$bin/aurora-$module" --check-config >out 2>&1 || fail "aurora-$module --check-config: $(cat out)"
    [ ! -e "aurora-$module.db" ] || fail "aurora-$module --check-config made a store"
done
"$bin/aurora-order" --help >out # not a pipe: grep -q would end it before it has said all
grep -q 'listen.*\[127.0.0.1:8082\]' out || fail "help shows another's default"

# --- waiting --------------------------------------------------------------------------------------

# A store on a server that is not there: probes and clients are told, each attempt has its line, and
# the end is that of any start that failed. What cannot come up ends it at once.
dead=postgresql://aurora@127.0.0.1:1/none
if "$bin/aurora-order" --store "$dead" --start-wait 0s 2>&1 | grep -q 'no driver knows'; then
    echo "this build has no driver for PostgreSQL: waiting for it is not shown"
else
    refused order '127.0.0.1:1' --store "$dead" --start-wait 0s
    port=$(python3 "$root/scripts/lib/free_port.py" $$)
    "$bin/aurora-order" --listen "127.0.0.1:$port" --store "$dead" --start-wait 60s --log-format text >waiting.log 2>&1 &
    pids[waiting]=$!
    waited=0
    until curl -s -o body "http://127.0.0.1:$port/livez"; do
        ((waited++ < 300)) || fail "nobody answers while the store is waited for: $(cat waiting.log)"
        sleep 0.05
    done
    status=$(curl -s -o body -w '%{http_code}' "http://127.0.0.1:$port/readyz")
    [ "$status" = 503 ] && grep -q 'waits for its store' body || fail "ready while waiting: $status $(cat body)"
    status=$(curl -s -o body -w '%{http_code}' "http://127.0.0.1:$port/orders")
    [ "$status" = 503 ] && grep -q '"starting"' body || fail "orders while waiting: $status $(cat body)"
    grep -q 'WARN .*store: .*trying for' waiting.log || fail "no line for an attempt: $(cat waiting.log)"
    kill "${pids[waiting]}"
    wait "${pids[waiting]}" || fail "a start that is stopped ends with $?: $(cat waiting.log)"
    unset 'pids[waiting]'
fi
refused order 'No such file' --store sqlite:/nonexistent/shop.db --start-wait 60s

# --- serving --------------------------------------------------------------------------------------

# The bus connects lazily, so that nobody listens at the other end keeps no service from starting.
for module in $modules; do
    "$bin/aurora-$module" --listen 127.0.0.1:0 --bus kafka://127.0.0.1:9 --log-format text >"$module.log" 2>&1 &
    pids[$module]=$!
done
for module in $modules; do
    waited=0
    until grep -q 'listening on http' "$module.log"; do
        kill -0 "${pids[$module]}" 2>/dev/null || fail "aurora-$module ended: $(cat "$module.log")"
        ((waited++ < 600)) || fail "aurora-$module does not listen: $(cat "$module.log")"
        sleep 0.05
    done
    urls[$module]=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$module.log")
done

declare -A own=([product]=/products [order]=/orders [inventory]=/inventory [payment]=/payments/callbacks
    [search]='/search?q=lamp' [recommendation]=/recommendations/trending [notification]='')
for module in $modules; do
    for other in $modules; do
        [ -n "${own[$other]}" ] || continue
        status=$(curl -s -o body -w '%{http_code}' "${urls[$module]}${own[$other]}")
        case "$module:$other:$status" in
        payment:payment:405) ;; # there is only a POST
        "$module:$module:200") ;;
        *) [ "$module" != "$other" ] && [ "$status" = 404 ] || fail "aurora-$module ${own[$other]}: $status $(cat body)" ;;
        esac
    done
    for path in / /livez /metrics /openapi.json /admin/stats /admin/limits /admin/events /admin/dead-letters; do
        status=$(curl -s -o body -w '%{http_code}' "${urls[$module]}$path")
        [ "$status" = 200 ] || fail "aurora-$module $path: $status $(cat body)"
    done
    status=$(curl -s -o body -w '%{http_code}' "${urls[$module]}/admin/notifications")
    [ "$status" = "$([ "$module" = notification ] && echo 200 || echo 404)" ] ||
        fail "aurora-$module /admin/notifications: $status"
    status=$(curl -s -o body -w '%{http_code}' "${urls[$module]}/admin/sagas")
    [ "$status" = "$([ "$module" = order ] && echo 200 || echo 404)" ] || fail "aurora-$module /admin/sagas: $status"
done

# Every operation of a service's description is there: asked without anything, it is refused by a
# rule of its own (or answers), and never with a 5xx; and what it does not describe is not there.
cat >walk.py <<'EOF'
import json, sys, urllib.error, urllib.request
whole = json.load(open(sys.argv[1]))["paths"]
seen = set()
for url in sys.argv[2:]:
    described = json.load(urllib.request.urlopen(url + "/openapi.json"))["paths"]
    for path, methods in whole.items():
        for method in methods:
            is_described = method in described.get(path, {})
            if is_described or path.startswith("/console"): # of aurorad and the gateway alone
                seen.add((path, method))
            target = url + path.replace("{id}", "01890000-0000-7000-8000-000000000000").replace("{", "").replace("}", "")
            data = b"{}" if method in ("post", "put") else None
            request = urllib.request.Request(target, data, {"Content-Type": "application/json"}, method=method.upper())
            try:
                status, body = urllib.request.urlopen(request, timeout=10).status, b""
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
            code = json.loads(body).get("code") if body.startswith(b"{") else None
            text = body.decode(errors="replace")
            if path not in ("/readyz",) and status >= 500 and status != 501:
                sys.exit(f"{method} {target}: {status} {text}")
            is_missing = status == 405 or (status == 404 and "nothing at this path" in text)
            if is_missing == is_described:
                sys.exit(f"{method} {target}: {status} {code}, described: {is_described}")
missing = {(path, method) for path, methods in whole.items() for method in methods} - seen
if missing:
    sys.exit(f"no service has {sorted(missing)}")
EOF
python3 walk.py "$root/src/routes/openapi.json" "${urls[@]}" || fail "a description that does not fit"

for module in $modules; do
    kill "${pids[$module]}"
    wait "${pids[$module]}" || fail "aurora-$module ends with $?: $(tail -3 "$module.log")"
    grep -q 'all requests are answered' "$module.log" || fail "aurora-$module: $(tail -3 "$module.log")"
done
pids=()
echo "services: refusals, waiting, routes, descriptions, drain"
