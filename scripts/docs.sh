#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: make the manual of the headers, build/docs/html, and write the generated parts of docs/man
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/doc_tables.sh

programs=(daemons/*)
build_preset release aurora_static "${programs[@]#daemons/}"
tables=$(mktemp)
trap 'rm -f "$tables"' EXIT
doc_tables build "$tables"
python3 scripts/lib/man_pages.py build/bin "$tables"
version=$(sed -n 's/^project(Aurora VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
if ! command -v doxygen >/dev/null; then
    echo "docs: doxygen is missing; './dev setup tests' installs it" >&2
    exit 1
fi
python3 scripts/lib/manual.py build/docs "$version"
