#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: write the generated blocks of docs/: state diagrams, settings, statuses, sizes
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/doc_tables.sh

build_preset release aurora_static
program=$(mktemp)
trap 'rm -f "$program"' EXIT
doc_tables build "$program"
python3 scripts/lib/doc_blocks.py "$program"
