#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The man pages say what the programs say, mandoc has nothing against them, each installed program
# has one, and the exit statuses that they name are those that programs end with.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/doc_tables.sh

build=${AURORA_BUILD_DIR:-build}
if [ ! -x "$build/bin/auroractl" ] || [ ! -x "$build/bin/aurora-gateway" ]; then
    echo "skipped: the programs are not built"
    exit 77
fi
if ! command -v mandoc >/dev/null; then
    echo "skipped: there is no mandoc"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "man: $*"
    failed=1
}

doc_tables "$build" "$work/tables"
python3 scripts/lib/man_pages.py "$build/bin" "$work/tables" --check || failed=1

# Whether the pages of others are installed here is no matter of ours; ours must be there.
mandoc -Tlint docs/man/*.[1-9] 2>/dev/null | grep -v "referenced manual not found" >"$work/lint" || true
[ ! -s "$work/lint" ] || fail "mandoc -Tlint: $(cat "$work/lint")"
while read -r name section; do
    [ "$name" = systemd ] || [ -f "docs/man/$name.$section" ] || fail "there is no page $name($section)"
done < <(sed -n 's/^\.Xr \([a-z-]*\) \([1-8]\).*/\1 \2/p' docs/man/*.[1-9] | sort -u)
for program in daemons/*/main.c; do
    name=$(basename "$(dirname "$program")")
    ls "docs/man/$name".[18] >/dev/null 2>&1 || fail "$name has no page"
done

# Installed they lie where man looks for them.
cmake --install "$build" --prefix "$work/installed" >/dev/null
for page in docs/man/*.[1-9]; do
    name=$(basename "$page")
    [ -f "$work/installed/share/man/man${name##*.}/$name" ] || fail "$name is not installed"
done

# ends WITH COMMAND...
ends() {
    local expected=$1 status=0
    shift
    "$@" >"$work/said" 2>&1 || status=$?
    [ "$status" -eq "$expected" ] || fail "'$*' ended with $status, not $expected: $(head -2 "$work/said")"
}
ends 0 "$build/bin/aurorad" --check-config
ends 1 "$build/bin/aurorad" --order-wiat 2s
ends 1 "$build/bin/aurora-order" --store "sqlite:$work/none/shop.db" --start-wait 0s
ends 0 "$build/bin/auroractl" seed --store "sqlite:$work/shop.db"
ends 0 "$build/bin/auroractl" verify --store "sqlite:$work/shop.db"
ends 1 "$build/bin/auroractl" stock show no-such-thing --store "sqlite:$work/shop.db"
ends 2 "$build/bin/auroractl" stock show --store "sqlite:$work/shop.db"
[ "$failed" -eq 0 ] && echo "man: $(ls docs/man/*.[1-9] | wc -l) pages, and seven exit statuses"
exit "$failed"
