#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: set up, build, run the README's program twice and replay real orders where they are at hand
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/readme_program.sh

scripts/setup.sh
build_preset release

echo
echo "== The program of README.md, twice in one empty folder: the keys make the second run a no-op"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
rc=0
readme_program "$folder" || rc=$?
if [ "$rc" -eq 0 ]; then
    (cd "$folder" && ./readme && ./readme)
elif [ "$rc" -ne 77 ]; then
    exit "$rc"
fi

echo
echo "== A year of a real shop's orders into var/retail.db"
data=${AURORA_DATA:-../shared/data}/online_retail.csv.xz
if [ ! -x build/bin/auroractl ]; then
    echo "skipped: this build has no auroractl"
elif [ ! -f "$data" ]; then
    echo "skipped: $data is absent; the UCI archive has it as \"Online Retail\" (see README.md)"
else
    mkdir -p var
    build/bin/auroractl replay --format online-retail "$data" --store sqlite:var/retail.db \
        --stock full
    build/bin/auroractl verify --store sqlite:var/retail.db --at-rest
fi
