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

# build_failed WORD FOLDER 'PATTERN'...: what is half done goes, and a full disk is said: many programs only
# say that they could not write.
build_failed() {
    local word=$1 folder=$2 free
    shift 2
    free=$(df -Pk "$folder" "${TMPDIR:-/tmp}" 2>/dev/null | awk 'NR > 1 && $4 < 4096 {print $6; exit}')
    # shellcheck disable=SC2048,SC2086
    (cd "$folder" 2>/dev/null && rm -rf -- $*) || true
    echo "$word: nothing is left in $folder${free:+: the disk of $free is full}" >&2
}
