# SPDX-License-Identifier: MIT
# Sourced: the shared libraries' interface as abidw tells it, and what is compared with it. The
# baselines are XML under gzip: as text they would be 360 kB each, and no one reads them in a diff.

abi_written=(--headers-dir include/aurora --exported-interfaces-only --drop-private-types
    --drop-undefined-syms --no-corpus-path --no-comp-dir-path --no-show-locs --type-id-style hash)

# abi_write SHARED_LIBRARY BASELINE.abi.gz
abi_write() {
    abidw "${abi_written[@]}" "$1" | gzip -9n >"$2"
}

# abi_compare BASELINE.abi.gz SHARED_LIBRARY WORK: prints what is no longer as it was, and is false
# then. Calls may be added; whatever else differs is told, growth of a struct too, unless
# tests/abi/grown.suppr names it.
abi_compare() {
    gzip -dc "$1" >"$3/baseline.abi"
    abidiff --headers-dir2 include/aurora --drop-private-types --no-added-syms --no-show-locs \
        --exported-interfaces-only --suppressions tests/abi/grown.suppr \
        "$3/baseline.abi" "$2"
}

# abi_symbols SHARED_LIBRARY: names with their versions, name@@VERSION.
abi_symbols() {
    nm -D --defined-only "$1" | awk '$2 != "A" {print $3}' | LC_ALL=C sort
}

# abi_soname SHARED_LIBRARY
abi_soname() {
    readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p'
}

# abi_renew BASELINE.abi.gz SHARED_LIBRARY [--break]: writes the baseline if a program that was
# linked against it still runs, or a break is meant. Of a struct that grew that is not asked here:
# abi_pins.py does.
abi_renew() {
    local work rc=0
    work=$(mktemp -d)
    if [ -f "$1" ] && [ "${3:-}" != --break ]; then
        abi_compare "$1" "$2" "$work" >"$work/said" 2>&1 || rc=$?
        # abidiff: 1 and 2 say that it failed, 8 that calls are gone or of other types.
        if [ $((rc & 11)) -ne 0 ]; then
            cat "$work/said"
            rm -rf "$work"
            echo "exports: $1 stays: the above breaks programs (docs/ABI.md)" >&2
            return 1
        fi
    fi
    rm -rf "$work"
    abi_write "$2" "$1"
    echo "exports: $1 has $(wc -c <"$1") bytes"
}
