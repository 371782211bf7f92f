#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A replay of the whole retail file stores what an independent reading of that file (Python's csv
# and decimal) says it should: with full stock, with 60 percent of it, and with returns. A second
# run resumes and says the same.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
ctl=${AURORA_BIN:-$root/build/bin}/auroractl
data=${AURORA_DATA:-$root/../shared/data}/online_retail.csv.xz
. "$root/tests/support/auroractl.sh"
need_replay

folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT

python3 "$root/tests/support/retail.py" "$data" >"$folder/expected"

# replay NAME STORE OPTION...: runs it and compares all but the seconds with what is expected.
replay() {
    local name=$1 store=$2 expected actual
    shift 2
    expected=$(sed -n "s/^$name //p" "$folder/expected")
    actual=$("$ctl" replay --format online-retail "$data" --store "$store" --json "$@")
    echo "replay: $name: $actual"
    actual=$(without_seconds "$actual")
    [ "$actual" = "$expected" ] || fail "$name gives $actual, expected $expected"
}

full=sqlite:$folder/full.db
replay full "$full" --stock full
verify_at_rest "$full"
replay full "$full" --stock full
replay full_before_2011_07 "$full" --until 2011-07-01
replay returns "$full" --returns
verify_at_rest "$full"
replay returns "$full" --returns

scarce=sqlite:$folder/scarce.db
replay stock_60 "$scarce" --stock 60
verify_at_rest "$scarce"
replay stock_60 "$scarce" --stock 60
reserved=$("$ctl" stock list --store "$scarce" --limit 1000 --json |
    python3 -c 'import json, sys; print(sum(i["reserved"] for i in json.load(sys.stdin)["items"]))')
[ "$reserved" = 0 ] || fail "$reserved pieces are still reserved"
parts=$("$ctl" orders export --store "$scarce" --status FAILED |
    python3 -c 'import json, sys; print({json.loads(l)["reason"] for l in sys.stdin})')
[ "$parts" = "{'out_of_stock'}" ] || fail "FAILED orders have the reasons $parts"

expect_status 1 "$ctl" replay --format online-retail "$data" --store "$scarce" --stock 61
echo "replay: all runs agree with the file"
