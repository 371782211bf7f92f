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

# abi_renew BASELINE SHARED_LIBRARY WORK [--break]: writes WORK/tests/abi/BASELINE if a program that was
# linked against the one in tests/abi still runs, or a break is meant. Of a struct that grew that is not
# asked here: abi_pins.py does. It grows by the calls that were added since, and says so.
abi_renew() {
    local old=tests/abi/$1 new=$3/tests/abi/$1 rc=0
    if [ -f "$old" ] && [ "${4:-}" != --break ]; then
        abi_compare "$old" "$2" "$3" >"$3/said" 2>&1 || rc=$?
        # abidiff: 1 and 2 say that it failed, 8 that calls are gone or of other types.
        if [ $((rc & 11)) -ne 0 ]; then
            cat "$3/said"
            echo "exports: nothing is written: the above breaks programs (docs/ABI.md)" >&2
            return 1
        fi
    fi
    abi_write "$2" "$new"
    if [ -f "$old" ]; then
        echo "exports: $old: $(abi_calls "$old" | wc -l) calls, now $(abi_calls "$new" | wc -l)"
    fi
}

# abi_calls BASELINE
abi_calls() {
    gzip -dc "$1" | sed -n "s/.*<elf-symbol name='\([^']*\)'.*type='func-type'.*/\1/p"
}
