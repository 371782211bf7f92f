#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: fuzz by clang's libFuzzer; fuzz [--seconds S] [--jobs J] [--until HH:MM] [NAME...]; keep, add, book, summary, coverage, mutants, differential: tests/fuzz/README.md
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

word=run
case ${1:-} in
run | keep | add | book | summary | coverage | mutants | differential) word=$1 && shift ;;
esac
case $word in
summary | book | add) exec scripts/fuzz/campaign.py "$word" "$@" ;;
differential)
    build_preset release fuzz_differential >/dev/null
    exec tests/fuzz/differential.py build/tests/fuzz/differential --cases "${1:-10000000}" --seed "${2:-$(date +%s)}"
    ;;
esac
if ! command -v clang-14 >/dev/null; then
    echo "fuzz: needs clang-14 and libclang-rt-14-dev; ./dev setup tests installs them" >&2
    exit 2
fi
[ "$word" != mutants ] || exec scripts/fuzz/mutants.py "$@"
preset=fuzz
[ "$word" != coverage ] || preset=fuzz-coverage
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! build_preset $preset fuzz_targets >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
if [ "$word" = coverage ]; then
    scripts/fuzz/coverage.py "$@"
else
    scripts/fuzz/campaign.py "$word" "$@"
fi
