# SPDX-License-Identifier: MIT
# Sourced: one way to configure and build, and where builds lie.

# build_dir PRESET
build_dir() {
    if [ "$1" = release ]; then echo build; else echo "build/$1"; fi
}

# build_preset PRESET [TARGET...]: everything, or only the targets; configures quietly.
build_preset() {
    local preset=$1 log
    shift
    log=$(mktemp)
    if ! cmake --preset "$preset" >"$log" 2>&1; then
        cat "$log"
        rm -f "$log"
        echo "build: cannot configure $preset; ./dev setup installs what is missing" >&2
        return 1
    fi
    rm -f "$log"
    cmake --build "$(build_dir "$preset")" --parallel "${AURORA_JOBS:-$(nproc)}" \
        ${1:+--target "$@"} ${AURORA_KEEP_GOING:+-- -k 0}
}
