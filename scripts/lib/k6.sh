# SPDX-License-Identifier: MIT
# Sourced: k6 out of its Go module, load/k6.
. scripts/lib/go_program.sh

# k6_sources: what a built one was built from.
k6_sources() {
    cat load/k6/go.mod load/k6/go.sum load/k6/main.go | sha256sum | cut -d ' ' -f 1
}

# k6_have: sets $k6 to the program, built if there is none of this version; status 1 and why if not.
k6_have() {
    local began=$SECONDS
    if [ -n "${AURORA_K6:-}" ]; then
        k6=$AURORA_K6
        [ -x "$k6" ] || { echo "load: AURORA_K6 names $k6, which is no program" >&2; return 1; }
        return 0
    fi
    mkdir -p var/tools
    k6=$PWD/var/tools/k6
    exec 7>var/tools/k6.lock
    flock 7
    if [ ! -x "$k6" ] || [ "$(cat var/tools/k6.sources 2>/dev/null)" != "$(k6_sources)" ]; then
        echo "load: building k6 (some minutes the first time, seconds with Go's caches)" >&2
        if ! go_build load/k6 . "$k6"; then
            echo "load: or name a k6 that you have: AURORA_K6=/usr/bin/k6" >&2
            exec 7>&-
            return 1
        fi
        k6_sources >var/tools/k6.sources
        echo "load: k6 was built in $((SECONDS - began)) s" >&2
    fi
    exec 7>&-
}
