#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: write the exported symbols into tests/abi/, after a public call was added
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/symbols.sh

build_preset release aurora
exported_symbols build/lib/libaurora.so >tests/abi/exports.txt
if grep -q aurora_net build/build.ninja; then
    build_preset release aurora_net
    exported_symbols build/lib/libaurora-net.so >tests/abi/exports-net.txt
fi
wc -l tests/abi/exports*.txt
