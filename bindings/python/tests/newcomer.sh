#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ctest: lock clean_root
# ctest: timeout 600
# From nothing to a COMPLETED order, in a Debian 12 with its base system only, by the words of
# docs/PYTHON.md: its commands and its program are run as they stand there.
set -euo pipefail
cd "$AURORA_SOURCE_DIR"
. scripts/lib/root.sh

wheel=$(ls "$AURORA_BUILD_DIR"/python/libaurora-*.whl 2>/dev/null || true)
if [ -z "$wheel" ]; then
    echo "skipped: the wheel is not built"
    exit 77
fi
# block MARKER: what stands in the fence behind the marker.
block() {
    awk -v marker="<!-- $1 -->" '$0 == marker {on = 1; next}
        on && /^```/ {if (inside) exit; inside = 1; next} on && inside' docs/PYTHON.md
}
mapfile -t commands < <(block newcomer)
[ "${#commands[@]}" -ge 3 ] || { echo "docs/PYTHON.md has no commands for newcomers"; exit 1; }

root_open || exit $?
mkdir "$root/home/ann"
cp "$wheel" "$root/home/ann/"
block sell.py >"$root/home/ann/sell.py"
for command in "${commands[@]}"; do
    echo "+ $command"
    if [[ $command == apt-get* ]]; then
        # shellcheck disable=SC2086
        root_apt ${command#apt-get install -y --no-install-recommends }
    else
        root_run --chdir /home/ann bash -ec "$command" | tee "$root/home/ann/said"
    fi
done
grep -qx 'COMPLETED 25.00 EUR' "$root/home/ann/said"
root_run --chdir /home/ann bash -ec "${commands[-1]}" | grep -qx 'COMPLETED 25.00 EUR'
