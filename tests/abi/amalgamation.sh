#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What ./dev dist writes is the library: it compiles by itself under strict warnings, defines the
# same symbols as libaurora.a, and every test that uses public headers only passes on it, linked
# against nothing else of ours. aurora.h stands in for each of the public headers.
# ctest: timeout 1200
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${AURORA_BUILD_DIR:-$root/build}
cd "$root"
. scripts/lib/symbols.sh

# Grows with the tests; a test that turns to private headers should say why.
tests_min=46
skipped_max=0
if [ ! -f "$build/lib/libaurora.a" ]; then
    echo "skipped: $build/lib/libaurora.a is not built"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
dist=$work/dist
cc=${CC:-cc}
cxx=${CXX:-c++}
strict=(-std=c11 -Wall -Wextra -Werror -pedantic -Wpedantic -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wvla)

fail() {
    echo "amalgamation: $*"
    exit 1
}

python3 scripts/dist/amalgamate.py "$dist"
python3 scripts/dist/amalgamate.py "$work/again" >/dev/null
cmp "$dist/aurora.c" "$work/again/aurora.c"
cmp "$dist/aurora.h" "$work/again/aurora.h"
! grep -nE '^[ \t]*#[ \t]*(line|include[ \t]*(<aurora/|"[^"]*/))' "$dist"/aurora.[ch] ||
    fail "the above has no place in one file"

# Without room for it nothing is left that looks like it.
if unshare --mount true 2>/dev/null; then
    mkdir "$work/full"
    ! unshare --mount bash -c 'mount -t tmpfs -o size=1m full "$1" && python3 scripts/dist/amalgamate.py "$1/dist"
        rc=$?; find "$1" -type f; exit $rc' bash "$work/full" >"$work/said" 2>&1 ||
        fail "1 MiB is enough for it"
    [ "$(cat "$work/said")" = "dist: $work/full/dist cannot be written: No space left on device" ] ||
        { cat "$work/said"; fail "a full disk is not said, or something is left"; }
else
    echo "amalgamation: a full disk is not tried: no mount namespaces here"
fi

# The header by itself and twice, then the library: shared, and hidden inside another one.
printf '#include "aurora.h"\n#include "aurora.h"\nint main(void) { return aurora_version() == 0; }\n' \
    >"$work/alone.c"
"$cc" "${strict[@]}" -fsyntax-only -I"$dist" "$work/alone.c"
"$cxx" -x c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$dist" "$work/alone.c"
"$cc" "${strict[@]}" -O1 -fPIC -c "$dist/aurora.c" -o "$work/aurora.o"
"$cc" "${strict[@]}" -O0 -fPIC -DAURORA_HIDDEN -c "$dist/aurora.c" -o "$work/hidden.o" &
hidden=$!
diff -u --label libaurora.a --label aurora.c \
    <(global_symbols "$build/lib/libaurora.a") <(global_symbols "$work/aurora.o") ||
    fail "aurora.c does not define what libaurora.a does"
libraries=(-lsqlite3 -lpthread -lm)
"$cc" -shared -Wl,-z,defs "$work/aurora.o" -o "$work/libaurora-one.so" "${libraries[@]}"
diff -u --label exports.txt --label libaurora-one.so tests/abi/exports.txt \
    <(exported_symbols "$work/libaurora-one.so") || fail "a shared library exports something else"
wait "$hidden"
"$cc" -shared -Wl,-z,defs "$work/hidden.o" -o "$work/libhidden.so" "${libraries[@]}"
[ -z "$(exported_symbols "$work/libhidden.so" | grep '^aurora' || true)" ] ||
    fail "with AURORA_HIDDEN a shared library exports our calls"
mkdir "$work/run"
"$cxx" -x c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -I"$dist" "$work/alone.c" -x none \
    "$work/hidden.o" -o "$work/run/hidden" "${libraries[@]}"
"$work/run/hidden"
echo "amalgamation: compiles alone, as C and under C++, shared and hidden"

# Tests include <aurora/...>: each of those names is aurora.h here.
(cd include && find aurora -name '*.h' ! -name net.h) | while read -r name; do
    mkdir -p "$work/shim/${name%/*}"
    printf '#include "%s"\n' "$dist/aurora.h" >"$work/shim/$name"
done
python3 scripts/dist/public_tests.py >"$work/tests"
count=$(wc -l <"$work/tests")
[ "$count" -ge "$tests_min" ] ||
    fail "$count tests use public headers only, there were $tests_min"
read -ra check < <(pkg-config --cflags --libs check sqlite3)
compile=("$cc" -std=c11 -D_GNU_SOURCE= -Wall -Wextra -Werror -O0 -I"$work/shim" -Itests/support)
mapfile -t supports < <(cut -s -d' ' -f2- "$work/tests" | tr ' ' '\n' | sort -u)
for source in "${supports[@]}"; do
    "${compile[@]}" -c "$source" -o "$work/$(basename "$source" .c).o"
    ar cr "$work/libsupport.a" "$work/$(basename "$source" .c).o"
done
export AURORA_SOURCE_DIR=$root AURORA_BUILD_DIR=$build AURORA_BIN=$build/bin

# run_test SOURCE: its verdict in $work/NAME.rc
run_test() {
    local source=$1 name rc=0
    name=$(basename "$source" .c)
    {
        "${compile[@]}" "$source" "$work/libsupport.a" -o "$work/run/$name" -L"$work" \
            -Wl,-rpath,"$work" -laurora-one "${check[@]}" -lpthread -lm &&
            (mkdir "$work/in-$name" && cd "$work/in-$name" && timeout 600 "$work/run/$name")
    } >"$work/$name.log" 2>&1 || rc=$?
    echo "$rc" >"$work/$name.rc"
}

# Three at a time: those that take longest wait for leases, locks and other processes.
while read -r source _; do
    while [ "$(jobs -rp | wc -l)" -ge 3 ]; do wait -n || true; done
    run_test "$source" &
done <"$work/tests"
wait
passed=0
skipped=0
for rc in "$work"/test_*.rc; do
    case $(cat "$rc") in
    0) passed=$((passed + 1)) ;;
    77) skipped=$((skipped + 1)) ;;
    *)
        tail -40 "${rc%.rc}.log"
        echo "amalgamation: $(basename "$rc" .rc) fails on it"
        ;;
    esac
done
echo "amalgamation: of $count tests that use public headers only $passed pass on it, $skipped skip themselves"
# None of them asks for an engine: one that skips itself has to be seen.
[ $((passed + skipped)) -eq "$count" ] && [ "$skipped" -le "$skipped_max" ] ||
    fail "more than $skipped_max of them skip themselves, or some fail"
