#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The program aurorad: what it refuses to start with, who it answers, signals, its log, and the
# example of docs/HTTP.md that signs a request.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
aurorad=${AURORA_BIN:-$root/build/bin}/aurorad
secret='a secret of at least thirty-two bytes'
. "$root/tests/support/auroractl.sh"
[ -x "$aurorad" ] || skip "this build has no aurorad"
command -v curl >/dev/null && command -v openssl >/dev/null || skip "needs curl and openssl"

folder=$(mktemp -d)
pid=
end() {
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
    rm -rf "$folder"
}
trap end EXIT
cd "$folder"
for name in ${!AURORA_@}; do # what the test run set is no setting
    unset "$name"
done

# --- refusals: one line, status 1, and no store was made -------------------------------------------

refused() { # WORDS ARGUMENT...: of the one line on standard error
    local words=$1 status=0
    shift
    AURORA_LISTEN=127.0.0.1:0 "$aurorad" --store sqlite:refused.db "$@" >out 2>err || status=$?
    [ "$status" = 1 ] || fail "'$*' exits with $status: $(cat err)"
    [ "$(wc -l <err)" = 1 ] && [ ! -s out ] || fail "'$*' says more than one line: $(cat out err)"
    grep -qF -- "$words" err || fail "'$*' says: $(cat err)"
}

refused 'order-wiat is not a setting (--order-wiat); the nearest is --order-wait' --order-wiat 2s
refused 'order_wait: must be a whole number' --order-wait 1y
refused 'must be a loopback address' --listen 0.0.0.0:0
refused 'must be a loopback address' --listen '[::]:0'
refused 'must be a loopback address' --metrics-listen 0.0.0.0:0
refused 'listen: must be HOST:PORT' --listen 127.0.0.1
refused 'service_secret: must be at least 32 bytes' --service-secret short
refused 'log_level: must be' --log-level loud
refused 'bus: knows prefix' --bus 'kafka://localhost:1?x=1'
refused 'bus: no driver knows' --bus pigeon://localhost
refused "is not a flag" extra
refused 'No such file' --config nonexistent.ini
printf 'listen = 127.0.0.1:0\nlissten = x\n' >bad.ini
refused 'bad.ini:2); the nearest is listen' --config bad.ini
refused 'resend_first: must not be more than resend_max' --check-config --resend-first 1d --resend-max 5s
refused 'modules: must be of' --check-config --modules order,pets
python3 -c '
import signal, socket
held = socket.create_server(("127.0.0.1", 0))
print(held.getsockname()[1], flush=True)
signal.pause()' >held &
holder=$!
until [ -s held ]; do sleep 0.01; done
refused 'cannot be listened on' --listen "127.0.0.1:$(cat held)"
kill "$holder"
[ ! -e refused.db ] || fail "a start that was refused made a store"
refused 'No such file' --store sqlite:/nonexistent/shop.db
refused 'postgres://user:********@' --store postgres://user:pa55@127.0.0.1:1/db --start-wait 0s
! grep -q pa55 err || fail "a password is shown: $(cat err)"

# --- questions ------------------------------------------------------------------------------------

printf '[shop]\norder_wait = 3s\n' >good.ini
AURORA_QUEUE_MAX=9 "$aurorad" --config good.ini --service-secret "$secret" --print-config >out
grep -q '^order_wait = 3s.*good.ini:2$' out || fail "print-config: $(grep order_wait out)"
grep -q '^queue_max = 9.*AURORA_QUEUE_MAX$' out || fail "print-config: $(grep queue_max out)"
grep -q '^service_secret = \*\*\*\*\*\*\*\*' out || fail "print-config shows the secret"
! grep -q 'thirty-two' out || fail "print-config shows the secret"
"$aurorad" --check-config --config good.ini >out && grep -q good out || fail "check-config"
"$aurorad" --version >out && grep -q '^aurorad [0-9]' out || fail "version"
"$aurorad" --help >out && grep -q -- --order-deadline out || fail "help"
[ ! -e aurora.db ] || fail "a question made a store"

# --- serving --------------------------------------------------------------------------------------

start() { # ARGUMENT...: sets pid and url
    : >log
    "$aurorad" --listen 127.0.0.1:0 --store sqlite:shop.db --log-format json "$@" >log 2>err &
    pid=$!
    url=
    for _ in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || fail "aurorad ended: $(cat err log)"
        url=$(sed -n 's/.*"body":"listening on \(http:[^"]*\)".*/\1/p' log)
        [ -z "$url" ] || return 0
        sleep 0.05
    done
    fail "aurorad is not ready: $(cat err log)"
}

stop() { # SIGNAL
    local status=0
    kill -"$1" "$pid"
    wait "$pid" || status=$?
    pid=
    [ "$status" = 0 ] || fail "SIG$1 ends with $status: $(tail -n 3 log) $(cat err)"
    [ ! -s err ] || fail "standard error has: $(cat err)"
}

answer() { # STATUS CURL-ARGUMENT...: the body goes to the file body
    local expected=$1 actual
    shift
    actual=$(curl -s -o body -w '%{http_code}' "$@") || fail "curl $*: $?"
    [ "$actual" = "$expected" ] || fail "curl $*: $actual, expected $expected: $(cat body)"
}

start --config good.ini
answer 200 "$url/livez"
answer 200 "$url/readyz"
answer 421 "$url/livez" -H 'Host: shop.example'
answer 415 "$url/products/mug" -X PUT -H 'Content-Type: text/plain' -d '{}'
answer 415 "$url/orders" -X POST
product='{"name":"Mug","price_minor":1250,"currency":"EUR"}'
answer 201 "$url/products/mug" -X PUT -H 'Content-Type: application/json' -d "$product"
answer 200 "$url/products/mug"
answer 201 "$url/inventory/mug/receipts" -H 'Content-Type: application/json' -d '{"quantity":5}'
order='{"lines":[{"sku":"mug","quantity":2}],"currency":"EUR","payment_method":"tok_approve"}'
answer 201 "$url/orders" -H 'Content-Type: application/json' -H 'Idempotency-Key: k1' \
    -H 'Prefer: wait=10' -d "$order"
grep -q '"status":"COMPLETED"' body || fail "the order is $(cat body)"

# Reloading changes what can be changed, and says what cannot.
printf 'order_wait = 4s\nlog_level = warning\nqueue_max = 77\n' >good.ini
kill -HUP "$pid"
for _ in $(seq 200); do
    ! grep -q 'settings are read again' log || break
    sleep 0.05
done
grep -q 'queue_max is 77 (good.ini:3) after the next start' log || fail "reload: $(tail -n 5 log)"
grep -q 'order_wait is 4s (good.ini:1)' log || fail "reload: $(tail -n 5 log)"
answer 404 "$url/products/after-the-reload"
printf 'order_wait = never\n' >good.ini
kill -HUP "$pid"
for _ in $(seq 200); do
    ! grep -q 'nothing is changed: order_wait' log || break
    sleep 0.05
done
grep -q 'nothing is changed: order_wait' log || fail "a bad file is taken: $(tail -n 3 log)"
answer 200 "$url/products/mug"
stop TERM

# Every line is JSON with the fields that collectors look for; levels and secrets are kept.
python3 - log <<'PYTHON'
import json, re, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
for line in lines:
    for name in ("timestamp", "severity", "severity_number", "body", "service.name", "service.version"):
        assert name in line, line
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"]), line
requests = [line for line in lines if "http.request.method" in line]
put = [line for line in requests if line.get("http.request.method") == "PUT" and
       line["http.response.status_code"] == 201]
assert len(put) == 1, requests
assert put[0]["http.route"] == "/products/{sku}" and put[0]["body"] == "PUT /products/{sku} 201", put
assert put[0]["http.route"] == "/products/{sku}" and re.fullmatch("[0-9a-f]{32}", put[0]["trace_id"]), put
assert not [line for line in requests if line.get("http.route") in ("/livez", "/readyz")
            and line["http.response.status_code"] == 200], "probes are logged"
assert not [line for line in requests if line["url.path"].endswith("after-the-reload")], "log_level is not reloaded"
PYTHON

# --- signed ---------------------------------------------------------------------------------------

umask 077
printf '%s\n' "$secret" >secret
export AURORA_SERVICE_SECRET_FILE=$folder/secret
start --metrics-listen 127.0.0.1:0
answer 200 "$url/livez" -H 'Host: shop.example'
answer 200 "$url/products/mug" -H 'Host: shop.example'
answer 404 "$url/metrics"
own=$(sed -n 's/.*"body":"metrics on \(http:[^"]*\)".*/\1/p' log)
answer 200 "$own/metrics"
answer 200 "$own/livez"
answer 200 "$own/readyz"
answer 404 "$own/products/mug"
answer 401 "$url/orders" -D head
grep -qi '^www-authenticate: Aurora-HMAC-SHA-256' head || fail "no WWW-Authenticate: $(cat head)"
answer 401 "$url/orders" -H 'Aurora-Principal: alice' -H 'Aurora-Scopes: orders:read' \
    -H "Aurora-Deadline: $(date +%s)000" -H 'Aurora-Signature: 00'

# The example of the page, with this server's address and secret.
python3 - "$root/docs/HTTP.md" >sign.sh <<'PYTHON'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
part = text[text.index("## Who asks"):]
print(re.search(r"```sh\n(.*?)```", part, re.DOTALL).group(1))
PYTHON
grep -q Aurora-Signature sign.sh || fail "docs/HTTP.md has no example of a signature"
SECRET=$secret URL=$url bash -eu sign.sh >body || fail "the example of docs/HTTP.md fails: $(cat body)"
grep -q '"items":' body || fail "the example of docs/HTTP.md gets: $(cat body)"
! grep -q thirty-two log || fail "the secret is logged"
stop INT

# --- a process manager ----------------------------------------------------------------------------

# The same store is served again, under something like systemd.
unset AURORA_SERVICE_SECRET_FILE
python3 - notify.sock >told <<'PYTHON' &
import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
    manager.bind(sys.argv[1])
    manager.settimeout(60)
    told = ""
    while "STOPPING=1" not in told:
        told = manager.recv(4096).decode()
        print(told, flush=True)
PYTHON
listener=$!
for _ in $(seq 200); do
    [ ! -S notify.sock ] || break
    sleep 0.05
done
export NOTIFY_SOCKET=$folder/notify.sock WATCHDOG_USEC=200000
start
told() {
    for _ in $(seq 200); do
        ! grep -q "^$1" told || return 0
        sleep 0.05
    done
    fail "the manager is not told $1: $(cat told)"
}
told READY=1
told WATCHDOG=1
answer 200 "$url/products/mug"
kill -HUP "$pid"
told RELOADING=1
told MONOTONIC_USEC=

# A request that does not end holds the drain up, for which a second signal does not wait.
exec 9<>"/dev/tcp/127.0.0.1/${url##*:}"
printf 'POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n\r\n{' \
    'Content-Length: 100' >&9
answer 200 "$url/livez" # the server has read the other one by now, or will before it drains
kill -TERM "$pid"
told STOPPING=1
wait "$listener"
sleep 0.2
kill -0 "$pid" || fail "the drain cut a request off: $(tail -n 2 log)"
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pid=
[ "$status" = 143 ] || fail "a second SIGTERM ends with $status"
exec 9>&-
echo "aurorad: refusals, serving, reload, signatures, drain, process manager"
