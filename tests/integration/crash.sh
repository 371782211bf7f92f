#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Six kills of an aurorad under orders, each audited; ./dev crash does as many as are asked for.
# Mutation: answer an order before its batch is committed, or open SQLite without journal.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
for name in aurorad auroractl; do
    [ -x "$AURORA_BIN/$name" ] || { echo "skipped: this build has no $name"; exit 77; }
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
python3 "$root/tests/crash/kills.py" --kills 6 --seed "${AURORA_SEED:-1}" --folder "$folder"
