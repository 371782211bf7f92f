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
