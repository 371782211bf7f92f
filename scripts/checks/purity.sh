#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the pure folders apart and looks at what is left for a linker: a clock, a lock, an
# allocation or a mutable static would show as an undefined symbol or as .data or .bss. strlen may
# stay, since gcc 12 makes it of a plain loop.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=c11 -O2 -fPIC -fvisibility=hidden -fno-stack-protector -U_FORTIFY_SOURCE
    -Iinclude -Isrc)
failed=0

# pure FOLDER PATTERN: PATTERN is an extended regular expression of what may stay undefined.
pure() {
    local folder=$1 allowed=$2 file object undefined memory
    local objects=()
    for file in "src/$folder"/*.c; do
        [ -f "$file" ] || continue
        object=$work/$folder-$(basename "$file" .c).o
        if ! "${CC:-cc}" "${flags[@]}" -c "$file" -o "$object"; then
            failed=1
            return
        fi
        objects+=("$object")
        memory=$(size -A "$object" | awk '$2 > 0 && /^\.(data|bss|tdata|tbss)/ &&
            !/^\.data\.rel\.ro/ {print $1 " (" $2 " bytes)"}')
        memory+=$(nm "$object" | awk '$2 == "C" {print " common " $3}')
        if [ -n "$memory" ]; then
            echo "$file: mutable static memory: $memory"
            failed=1
        fi
    done
    if [ ${#objects[@]} -eq 0 ]; then
        echo "purity: src/$folder has no files yet"
        return
    fi
    ld -r -o "$work/$folder.o" "${objects[@]}"
    undefined=$(nm -u "$work/$folder.o" | awk '{print $2}' |
        grep -Ev "^(mem[a-z]+|strlen|abort|_GLOBAL_OFFSET_TABLE_|$allowed)\$" || true)
    if [ -n "$undefined" ]; then
        echo "src/$folder: needs what a pure part must not: $(echo $undefined)"
        nm -A -u "${objects[@]}" | sed "s|$work/||" | grep -Fw "$undefined" || true
        failed=1
        return
    fi
    echo "purity: src/$folder, ${#objects[@]} files, nothing undefined beyond mem*, strlen, abort${allowed:+, $allowed}"
}

pure core ''
pure resilience 'pthread_mutex_[a-z]+'
pure trending 'exp2'
pure trace 'aurora__siphash'
pure metric 'pthread_mutex_[a-z]+|malloc|realloc|free|snprintf|strc?cmp|strncmp|strchr|strcspn|strspn'
exit "$failed"
