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

# debian_symbols PACKAGE DEV_PACKAGE LIST: writes debian/PACKAGE.symbols. A symbol keeps the version that
# brought it; what is new has the version of debian/changelog.
debian_symbols() {
    local file=debian/$1.symbols library=${1%0} version node
    version=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
    node=AURORA_0
    [ "$1" != libaurora-net0 ] || node=AURORA_NET_0
    touch "$file"
    {
        echo "$library.so.0 $1 #MINVER#"
        echo "* Build-Depends-Package: $2"
        { echo "$node"; cat "$3"; } | while read -r symbol; do
            grep "^ $symbol@$node " "$file" || echo " $symbol@$node $version"
        done
    } >"$file.new"
    mv "$file.new" "$file"
}
