#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The console's sources: types, unit tests, a lock file that names no registry, and a bundle that is
# the same wherever it is made.
set -euo pipefail
cd "$(dirname "$0")/../../console"

if grep -n '"resolved"' package-lock.json; then
    echo "console: the lock file names a registry: npm install with console/.npmrc" >&2
    exit 1
fi
if grep -vE '"(node)":' package.json | grep -nE '": "[~^><*]'; then
    echo "console: package.json has a version that is not exact" >&2
    exit 1
fi
command -v node >/dev/null || { echo "skipped: node is not installed"; exit 77; }
[ -d node_modules/typescript ] || { echo "skipped: console/node_modules is not installed (npm ci)"; exit 77; }
node node_modules/typescript/bin/tsc --noEmit
node build/unit.mjs

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/elsewhere"
cp -r build public src package.json tsconfig.json "$folder/elsewhere/"
ln -s "$PWD/node_modules" "$folder/elsewhere/node_modules"
TZ=UTC LC_ALL=C node build/embed.mjs "$folder/one.c"
(cd / && TZ=Asia/Tokyo LC_ALL=C.UTF-8 node "$folder/elsewhere/build/embed.mjs" "$folder/two.c" >/dev/null)
cmp "$folder/one.c" "$folder/two.c" || { echo "console: two bundles of the same sources differ" >&2; exit 1; }
