# SPDX-License-Identifier: MIT
# Sourced: the C program of README.md, made runnable.

# readme_program FOLDER: extracts the first C block into FOLDER/readme.c and compiles it against the
# built library as FOLDER/readme. Returns 77 where there is no such block.
readme_program() {
    local folder=$1 root=${AURORA_SOURCE_DIR:-$PWD} build
    build=${AURORA_BUILD_DIR:-$root/build}
    if [ ! -f "$root/README.md" ]; then
        echo "skipped: there is no README.md"
        return 77
    fi
    awk '/^```c$/ && !done {inside = 1; next} /^```/ && inside {inside = 0; done = 1} inside' \
        "$root/README.md" >"$folder/readme.c"
    if [ ! -s "$folder/readme.c" ]; then
        echo "skipped: README.md has no C block"
        return 77
    fi
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -I "$root/include" -o "$folder/readme" \
        "$folder/readme.c" -L "$build/lib" -Wl,-rpath,"$build/lib" -laurora
}
