#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# checks/abi fails on each kind of change that breaks a compiled program, and on no other: a member
# put before others, one of another width, a constant renumbered or taken away, a call taken away or
# of another type, another version of symbols, another soname. ./dev exports then writes nothing, and
# after a call was added says so and loses none. And a program that was compiled
# against headers with shorter structs runs with the library of today.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${AURORA_BUILD_DIR:-$root/build}

if [ ! -f "$build/lib/libaurora.a" ] || ! command -v abidiff >/dev/null; then
    echo "skipped: libaurora.a or abidiff is absent"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
# What the check reads, so that each mutation is one edit.
mkdir "$work/tree" "$work/build"
cp -r "$root/include" "$root/CMakeLists.txt" "$work/tree/"
mkdir "$work/tree/tests"
cp -r "$root/tests/abi" "$work/tree/tests/"
cp -r "$root/cmake" "$root/scripts" "$root/debian" "$work/tree/"
cd "$work/tree"

# link MAP SONAME [OBJECT...]: a libaurora.so of the archive; an object goes before its namesake.
link() {
    local map=$1 soname=$2
    shift 2
    rm -rf "$work/build/lib"
    mkdir -p "$work/build/lib"
    "${CC:-cc}" -shared -Wl,--version-script="$map" -Wl,-soname,"$soname" -Wl,-z,muldefs "$@" \
        -Wl,--whole-archive "$build/lib/libaurora.a" -Wl,--no-whole-archive \
        -lsqlite3 -lpthread -lm -o "$work/build/lib/libaurora.so"
}

check() {
    AURORA_BUILD_DIR=$work/build scripts/checks/abi.sh >"$work/said" 2>&1
}

# expect_break NAME WORD: the check fails and says WORD.
expect_break() {
    if check; then
        echo "mutations: $1: the check passes"
        exit 1
    fi
    if ! grep -q "$2" "$work/said"; then
        cat "$work/said"
        echo "mutations: $1: the check does not say $2"
        exit 1
    fi
    echo "mutations: $1 is seen"
}

# edit HEADER SED: with a header edited the check must fail; then it is put back.
edit() {
    local header=include/aurora/$1
    cp "$header" "$work/kept"
    sed -i "$2" "$header"
    if cmp -s "$header" "$work/kept"; then
        echo "mutations: $2 changes nothing in $1"
        exit 1
    fi
}
put_back() {
    cp "$work/kept" "include/aurora/$1"
}

link cmake/aurora.map libaurora.so.0
if ! check; then
    cat "$work/said"
    echo "mutations: the check fails without one"
    exit 1
fi

edit handle.h 's|^    uint32_t driver_count;|    uint64_t inserted;\n&|'
expect_break "a member before others" 'aurora_options, driver_count'
put_back handle.h
edit stock.h 's|^    int64_t reserved;|    int32_t reserved;|'
expect_break "a member of another width" 'aurora_stock, reserved'
put_back stock.h
edit bucket.h 's|^    uint64_t words\[4\];|    uint64_t words[5];|'
expect_break "a longer struct in the caller's memory" 'PIN_SIZE(aurora_bucket'
put_back bucket.h
edit order.h 's|AURORA_REASON_DEADLINE = 3|AURORA_REASON_DEADLINE = 33|'
expect_break "a constant with another value" 'AURORA_REASON_DEADLINE'
put_back order.h
edit handle.h '/define AURORA_OPEN_NO_CREATE/d'
expect_break "a constant taken away" 'AURORA_OPEN_NO_CREATE'
put_back handle.h
edit status.h 's|X(EAGAIN, -4,|X(EAGAIN, -40,|'
expect_break "a status with another value" 'AURORA_EAGAIN'
put_back status.h

sed '/local:/a\        aurora_money_add;' cmake/aurora.map >"$work/less.map"
link "$work/less.map" libaurora.so.0
expect_break "a call taken away" 'aurora_money_add'
cp -r tests debian "$work/"
if AURORA_BUILD_DIR=$work/build scripts/exports.sh >"$work/said" 2>&1 || ! grep -q 'nothing is written' "$work/said"; then
    cat "$work/said"
    echo "mutations: ./dev exports takes a call away"
    exit 1
fi
diff -r tests "$work/tests" && diff -r debian "$work/debian"
echo "mutations: ./dev exports refuses it and writes nothing"
sed 's/^AURORA_0 {/AURORA_9 {/' cmake/aurora.map >"$work/other.map"
link "$work/other.map" libaurora.so.0
expect_break "another version of the symbols" 'not of version AURORA_0'
link cmake/aurora.map libaurora.so.9
expect_break "another soname" 'libaurora.so.9'

edit money.h 's/int64_t/int32_t/g'
sed 's/int64_t/int32_t/g' "$root/src/core/money.c" >"$work/money.c"
"${CC:-cc}" -std=c11 -O1 -g -w -fPIC -fvisibility=hidden -Iinclude -I"$root/src" -c "$work/money.c" \
    -o "$work/money.o"
link cmake/aurora.map libaurora.so.0 "$work/money.o"
put_back money.h
expect_break "a call of another type" 'aurora_money_'

# What only grows.
printf 'int aurora_added(void);\nint aurora_added(void) { return 0; }\n' >"$work/added.c"
"${CC:-cc}" -g -fPIC -c "$work/added.c" -o "$work/added.o"
link cmake/aurora.map libaurora.so.0 "$work/added.o"
AURORA_BUILD_DIR=$work/build scripts/exports.sh >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
grep -qx 'exports: + aurora_added' "$work/said"
added=$(diff -r "$work/tests" tests | grep -v '^Binary files' || true)$(diff -r "$work/debian" debian || true)
[ "$(grep -c '^>' <<<"$added")" = 2 ] && [ "$(grep -c aurora_added <<<"$added")" = 2 ] ||
    { echo "mutations: an added call changes more: $added"; exit 1; }
. scripts/lib/abi.sh
[ "$(abi_calls "$work/tests/abi/libaurora.abi.gz"; echo aurora_added)" = "$(abi_calls tests/abi/libaurora.abi.gz | grep -v '^aurora_added$'; echo aurora_added)" ] ||
    { echo "mutations: the baseline lost calls"; exit 1; }
echo "mutations: ./dev exports says which call it adds, and keeps all others"
cp -r "$work/tests" "$work/debian" .

# The other way: an older release had the structs of input that follow without their last member.
older=$work/older
mkdir "$older"
cp -r include/aurora "$older/"
# older_without HEADER LINE: takes away one line, which must be there.
older_without() {
    grep -q "$2" "$older/aurora/$1" || { echo "mutations: $1 has no $2 to take away"; exit 1; }
    sed -i "/$2/d" "$older/aurora/$1"
}
older_without handle.h '^    const aurora_tracer \*tracer;'
older_without order.h '^    const char \*traceparent;'
older_without handle.h '^    void (\*record)(void \*self'
for name in handle order; do
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -fsyntax-only -I"$older" -x c "$older/aurora/$name.h" ||
        { echo "mutations: $name.h of the older release does not compile"; exit 1; }
done
link cmake/aurora.map libaurora.so.0
ln -s libaurora.so "$work/build/lib/libaurora.so.0"
for example in quickstart flash_sale stock_hold; do
    "${CC:-cc}" -std=c11 -D_GNU_SOURCE -I"$older" "$root/examples/$example.c" -o "$work/$example" \
        -L"$work/build/lib" -Wl,-rpath,"$work/build/lib" -laurora -lpthread
    mkdir "$work/in-$example"
    (cd "$work/in-$example" && "$work/$example" >"$work/said") || {
        cat "$work/said"
        echo "mutations: examples/$example.c, compiled against shorter structs, does not run"
        exit 1
    }
    echo "mutations: examples/$example.c runs as compiled against shorter structs"
done
