#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What trending, popular and related say after a replay of the retail file is what sums over that
# file say: exactly where the sketches hold every SKU, within the stated errors where they do not.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
ctl=${AURORA_BIN:-$root/build/bin}/auroractl
library=${AURORA_BIN:-$root/build/bin}/../lib/libaurora.so
data=${AURORA_DATA:-$root/../shared/data}/online_retail.csv.xz
. "$root/tests/support/auroractl.sh"
need_replay
[ -f "$library" ] || skip "this build has no shared library for Python to load"

folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
date=2011-12-05
store=sqlite:$folder/retail.db

expect_status 0 "$ctl" replay --format online-retail "$data" --until "$date" --store "$store" --json
echo "trending_retail: $output"

# By default; with more SKUs than places; with a place for every SKU of a pair.
python3 "$root/tests/support/trending_retail.py" "$library" "$data" "$store" "$date" \
    "" trending_capacity=256,related_skus=256 related_skus=16384 ||
    fail "the answers differ from the file"
