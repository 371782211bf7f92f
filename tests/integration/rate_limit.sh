#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Rate limits of a daemon: counted in the process, in a Redis that two of them share, and by each
# fallback while no Redis is there. The product path does without its cache too.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
bin=${AURORA_BIN:-$root/build/bin}
aurorad=$bin/aurorad
[ -x "$aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
folder=$(mktemp -d)
fail() {
    echo "rate_limit: $*" >&2
    exit 1
}
. "$root/tests/support/aurorad.sh"
trap 'server_stop KILL; [ -z "${second_pid:-}" ] || kill -KILL "$second_pid"; rm -rf "$folder"' EXIT

# status PATH: of a GET
status() { curl -s -o "$folder/body" -D "$folder/head" -w '%{http_code}' "$server_url$1"; }
# expect STATUS PATH
expect() {
    local got
    got=$(status "$2")
    [ "$got" = "$1" ] || fail "$2 is $got, expected $1: $(cat "$folder/body")"
}
has() { grep -qi "$1" "$folder/head" || fail "no field like $1: $(cat "$folder/head")"; }

for bad in 0/1s 1/0s 1/ 1/8d 1/1w -1/1s 1/-1s '1/ 1s' 2000000000/1s 1000001/1ms x; do
    ! "$aurorad" --check-config --rate-limit "$bad" >"$folder/check" 2>&1 || fail "takes $bad"
    grep -q 'rate_limit: must be' "$folder/check" || fail "$bad: $(cat "$folder/check")"
done
for good in 1/1ms 100/1s 3/7d 1000000/1ms; do
    "$aurorad" --check-config --rate-limit "$good" >"$folder/check" 2>&1 ||
        fail "$good: $(cat "$folder/check")"
done

server_start memory: --rate-limit 3/1h --rate-limit-burst 4
for i in 4 3 2 1; do
    expect 404 /products/none
    has "^RateLimit: \"default\";r=$((i - 1));t="
    has '^RateLimit-Policy: "default";q=4;w=4800'
done
expect 429 /products/none
has '^Retry-After: 1[12][0-9][0-9]'
has '^RateLimit: "default";r=0;t=1[12][0-9][0-9]'
grep -q '"code":"quota_exceeded"' "$folder/body" || fail "no such code: $(cat "$folder/body")"
expect 429 /search?q=a
for path in /livez /readyz /metrics; do
    expect 200 "$path"
done
counted() { grep -qxF "$1" "$folder/body" || fail "no line $1: $(grep rate_limit "$folder/body")"; }
counted 'aurora_rate_limit_requests_total{policy="default",result="allowed"} 4'
counted 'aurora_rate_limit_requests_total{policy="default",result="denied"} 2'
counted 'aurora_rate_limit_unreachable_total 0'
server_stop TERM

# Port 1 has no Redis: whatever is asked for is decided at once.
away=redis://127.0.0.1:1
server_start memory: --rate-limit 2/1h --limiter "$away" --cache "$away" --limiter-fallback local
expect 404 /products/none
expect 404 /products/none
expect 429 /products/none
expect 200 /metrics
counted 'aurora_rate_limit_unreachable_total 3'
server_stop TERM
server_start memory: --rate-limit 2/1h --limiter "$away" --limiter-fallback closed
expect 503 /products/none
expect 200 /livez
server_stop TERM
server_start memory: --rate-limit 1/1h --limiter "$away" --limiter-fallback open --cache "$away"
for i in 1 2 3; do
    expect 404 /products/none
done
curl -sf "$server_url/metrics" >"$folder/metrics"
grep -q '^aurora_cache_failures_total{cache="products"} [1-9]' "$folder/metrics" ||
    fail "failures are not counted: $(grep aurora_cache "$folder/metrics")"
grep -q 'Redis at 127.0.0.1:1 is away' "$folder/server.log" || fail "the log does not say it"
server_stop TERM

for wrong in '--rate-limit 5' '--rate-limit 5/1y' '--rate-limit 0/1s' '--limiter rediss://a' \
    '--limiter memcached://a' '--limiter redis://127.0.0.1:0' '--cache redis://h:1?pool=0' \
    '--limiter-fallback maybe'; do
    if "$aurorad" --store memory: --rate-limit 1/1s --listen 127.0.0.1:0 $wrong \
        >"$folder/out" 2>&1; then
        fail "$wrong is not refused"
    fi
    [ "$(grep -c '^aurorad: ' "$folder/out")" = 1 ] || fail "$wrong: not one line: $(cat "$folder/out")"
done

if [ -n "${AURORA_TEST_REDIS:-}" ]; then
    redis="$AURORA_TEST_REDIS/0?prefix=rl$$"
    server_start memory: --rate-limit 4/1h --limiter "$redis" --cache "$redis"
    expect 404 /products/none
    expect 200 /search
    "$aurorad" --store memory: --listen 127.0.0.1:0 --log-format json --rate-limit 4/1h \
        --limiter "$redis" >"$folder/second.log" 2>&1 &
    second_pid=$!
    until grep -q 'listening on http' "$folder/second.log"; do
        kill -0 "$second_pid" || fail "the second ended: $(cat "$folder/second.log")"
        sleep 0.05
    done
    first_url=$server_url
    server_url=$(sed -n 's/.*listening on \(http:[^"]*\)".*/\1/p' "$folder/second.log")
    expect 404 /products/none
    expect 404 /products/none
    expect 429 /products/none
    expect 200 /readyz
    server_url=$first_url
    expect 429 /products/none
    kill -TERM "$second_pid"
    wait "$second_pid" || fail "the second did not end well"
    second_pid=
    server_stop TERM
else
    echo "rate_limit: without a shared Redis: AURORA_TEST_REDIS is not set (./dev up)"
fi
echo "rate_limit: all as expected"
