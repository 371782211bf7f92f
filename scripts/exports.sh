#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: write tests/abi/ and the package's symbols anew after a public call, member or constant was added (docs/ABI.md)
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/symbols.sh
. scripts/lib/abi.sh

if [ "${1:-}" != "" ] && [ "$1" != --break ]; then
    echo "usage: ./dev exports [--break]" >&2
    exit 2
fi
if ! command -v abidw >/dev/null; then
    echo "exports: abidw is missing, so nothing is written; ./dev setup tests installs it" >&2
    exit 1
fi
# AURORA_BUILD_DIR names a build whose libraries are taken as they are.
build=${AURORA_BUILD_DIR:-build}
if [ -z "${AURORA_BUILD_DIR:-}" ]; then
    build_preset release aurora
    ! grep -q aurora_net build/build.ninja || build_preset release aurora_net
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tests/abi" "$work/debian"

# All of it is worked out beside the tree, which changes only when nothing was refused.
python3 scripts/lib/abi_pins.py "--write=$work/tests/abi/pins.inc" "$@"
for library in libaurora libaurora-net; do
    shared=$build/lib/$library.so list=exports${library#libaurora}.txt
    [ -f "$shared" ] || continue
    exported_symbols "$shared" >"$work/tests/abi/$list"
    symbols_differ "tests/abi/$list" "$work/tests/abi/$list"
    debian_symbols "$library" "cmake/${library#lib}.map" "$work/tests/abi/$list" "$work/debian"
    abi_renew "$library.abi.gz" "$shared" "$work" "$@"
done
cp -r "$work/tests" "$work/debian" .
wc -l tests/abi/exports*.txt
