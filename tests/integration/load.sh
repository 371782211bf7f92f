#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ./dev load: a short run of all flows has a report with its plots, a threshold that is not met is
# exit status 1, wrong settings are 2. ctest: timeout 900 (k6 may have to be built)
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
. "$root/tests/support/auroractl.sh"
[ -x "$AURORA_BIN/aurorad" ] && [ -x "$AURORA_BIN/auroractl" ] || skip "this build has no programs"
AURORA_K6=$("$root/scripts/load.sh" --build) || skip "k6 cannot be built here"
export AURORA_K6

folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
load=$root/scripts/load.sh
export LOAD_LAG=20000 LOAD_USERS=60 # a standstill of some seconds loses no iteration

# Limits of time that no machine misses: what is looked at is that all is there and right.
expect_status 0 "$load" mixed --rate 20 --duration 6s --warm 1s --p95 10000 --out "$folder/mixed"
expect_words "GET /search/suggest"
expect_words "PUT /products/{sku}"
expect_words "GET /orders/{id}"
expect_words "thresholds met"
for word in Throughput "Response time by percentile" "Response time of search" "Response times of product" \
    "Processor time" "Resident memory" "Orders reaching a status" "order costs what its lines cost"; do
    grep -qF "$word" "$folder/mixed/report.html" || fail "the report has no $word"
done
[ "$(grep -o '<svg' "$folder/mixed/report.html" | wc -l)" -ge 11 ] || fail "the report lacks plots"
grep -qF '"ok": true' "$folder/mixed/summary.json" || fail "summary.json: $(cat "$folder/mixed/summary.json")"
grep -qF "thresholds met" "$folder/mixed/summary.txt" || fail "summary.txt: $(cat "$folder/mixed/summary.txt")"

# Nothing answers in a hundredth of a millisecond.
expect_status 1 "$load" order --rate 20 --duration 2s --warm 0s --p95 0.01 --out "$folder/late"
expect_words "POST /orders/{id}/cancel"
expect_words "NOT MET: order: response time: p(95)<0.01"
grep -qF "NOT MET p(95)&lt;0.01" "$folder/late/report.html" || fail "the report hides what is not met"
grep -qF '"ok": false' "$folder/late/summary.json" || fail "summary.json hides what is not met"

expect_status 2 "$load" order --rate none --out "$folder/wrong"
expect_words "LOAD_RATE must be a number"
expect_status 2 "$load" order --duration soon --out "$folder/wrong"
expect_words "LOAD_DURATION must be a duration"
expect_status 2 "$load" search --url http://127.0.0.1:1 --out "$folder/wrong"
expect_status 2 "$load" orders
echo "load: the report is there, and says what is not met"
