#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The manual is made from the headers without a warning, and every call, member and constant has
# its words.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v doxygen >/dev/null; then
    echo "skipped: there is no doxygen"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 scripts/lib/manual.py "$work/manual" 0
