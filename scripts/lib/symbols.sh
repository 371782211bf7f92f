# SPDX-License-Identifier: MIT
# Sourced: what nm says, without addresses.

# exported_symbols SHARED_LIBRARY: without the name of the version itself.
exported_symbols() {
    nm -D --defined-only "$1" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | LC_ALL=C sort
}

# global_symbols ARCHIVE
global_symbols() {
    nm -g --defined-only "$1" 2>/dev/null | awk 'NF == 3 {print $3}' | LC_ALL=C sort -u
}

# symbols_differ OLD_LIST NEW_LIST: says what came and what went.
symbols_differ() {
    local symbol
    while read -r symbol; do
        echo "exports: + $symbol"
    done < <(LC_ALL=C comm -13 "$1" "$2")
    while read -r symbol; do
        echo "exports: - $symbol"
    done < <(LC_ALL=C comm -23 "$1" "$2")
}

# soversion: CMakeLists.txt says it, and nothing else.
soversion() {
    sed -n 's/^set(AURORA_SOVERSION \([0-9]*\)).*/\1/p' CMakeLists.txt
}

# symbol_version MAP: the version that a linker's script gives to all symbols.
symbol_version() {
    sed -n 's/^\([A-Z_]*[0-9]*\) {$/\1/p' "$1"
}

# debian_symbols LIBRARY MAP LIST FOLDER: writes the package's list of symbols into FOLDER, from the one
# in debian/. A symbol keeps the version that brought it; what is new has the version of debian/changelog.
debian_symbols() {
    local library=$1 so node version package file
    so=$(soversion)
    node=$(symbol_version "$2")
    version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
    package=$library$so
    file=debian/$package.symbols
    [ -f "$file" ] || file=/dev/null
    {
        echo "$library.so.$so $package #MINVER#"
        echo "* Build-Depends-Package: $library-dev"
        { echo "$node"; cat "$3"; } | while read -r symbol; do
            grep "^ $symbol@$node " "$file" || echo " $symbol@$node $version"
        done
    } >"$4/$package.symbols"
}
