#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: write tests/abi/ and the package's symbols anew after a public call, member or constant was added (docs/ABI.md)
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/symbols.sh
. scripts/lib/abi.sh

libraries=(libaurora)
if [ "${1:-}" != "" ] && [ "$1" != --break ]; then
    echo "usage: ./dev exports [--break]" >&2
    exit 2
fi
build_preset release aurora
# What has been pinned stays so, unless it is meant to break.
python3 scripts/lib/abi_pins.py --write "$@"
exported_symbols build/lib/libaurora.so >tests/abi/exports.txt
if grep -q aurora_net build/build.ninja; then
    build_preset release aurora_net
    exported_symbols build/lib/libaurora-net.so >tests/abi/exports-net.txt
    libraries+=(libaurora-net)
fi
debian_symbols libaurora0 libaurora-dev tests/abi/exports.txt
debian_symbols libaurora-net0 libaurora-net-dev tests/abi/exports-net.txt
wc -l tests/abi/exports*.txt
if ! command -v abidw >/dev/null; then
    echo "exports: abidw is missing, so the baselines stay; ./dev setup tests installs it" >&2
    exit 1
fi
for library in "${libraries[@]}"; do
    abi_renew "tests/abi/$library.abi.gz" "build/lib/$library.so" ${1+"$1"}
done
