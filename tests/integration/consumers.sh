#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ctest: timeout 600
# The projects of tests/consumers against an installation that was moved, and with the sources: by
# pkg-config, find_package, add_subdirectory and FetchContent, in C and C++, shared and static. Each
# program brings an order to COMPLETED; the one with libaurora-sim runs a hundred seeds.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${AURORA_BUILD_DIR:-$root/build}

if [ ! -e "$build/lib/libaurora.so" ] || [ ! -e "$build/lib/libaurora.a" ]; then
    echo "skipped: this build has no shared library, or no static one"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^project(Aurora VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
net=OFF
[ ! -e "$build/lib/libaurora-net.so" ] || net=ON
cp -r "$root/tests/consumers" "$work/consumers"

fail() {
    echo "consumers: $*"
    exit 1
}

# quietly COMMAND...: what it says only when it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || {
        tail -40 "$work/log"
        fail "$* does not work"
    }
}

# expect HOW FOLDER PROGRAM...: each brings its order to the end, with the library of this tree.
expect() {
    local how=$1 folder=$2 program said
    shift 2
    for program in "$@"; do
        said=$("$folder/$program" 2>&1) && [ "$said" = "$version COMPLETED" ] || fail "$how: $program says '$said'"
        if [[ $program = *static* ]] && ldd "$folder/$program" 2>&1 | grep libaurora; then
            fail "$how: $program still needs a shared library of ours"
        elif [[ $program = *shared* ]] && ! ldd "$folder/$program" | grep libaurora.so >/dev/null; then
            fail "$how: $program does not use the shared library"
        fi
    done
    echo "consumers: $how: $*"
}

# expect_seeds HOW FOLDER: the program with a store of its own holds what Aurora promises.
expect_seeds() {
    local said
    said=$("$2/sim" 2>&1) && [ "$said" = "$version 100 seeds held" ] || fail "$1: sim says '$said'"
    echo "consumers: $1: sim"
}
plain=(c_shared c_static cc_shared cc_static)
with_net=()
[ "$net" = OFF ] || with_net=(net_shared net_static)

# Installed by way of DESTDIR, then moved.
quietly env DESTDIR="$work/stage" cmake --install "$build" --prefix /opt/aurora --component library
mkdir -p "$work/home/page"
mv "$work/stage/opt/aurora" "$work/home/aurora"
if grep -rIl -e "$work/stage" -e "$build" -e "$root" "$work/home/aurora"; then
    fail "these files name the folder in which they were made"
fi
pc=$(find "$work/home/aurora" -name aurora.pc)
export PKG_CONFIG_PATH=${pc%/*}
for how in --dont-define-prefix --define-prefix; do
    for name in $(cd "$PKG_CONFIG_PATH" && ls -- *.pc); do
        for variable in libdir includedir; do
            folder=$(pkg-config "$how" --variable=$variable "${name%.pc}")
            [ "$(realpath "$folder")" = "$(realpath "$PKG_CONFIG_PATH/..")" ] ||
                [ -e "$folder/aurora/aurora.h" ] || fail "$name with $how: $variable is $folder"
        done
    done
done
quietly make -C "$work/consumers/pkgconfig"
expect pkg-config "$work/consumers/pkgconfig" "${plain[@]}"
if [ "$net" = ON ]; then
    quietly make -C "$work/consumers/pkgconfig" net
    expect "pkg-config of aurora-net" "$work/consumers/pkgconfig" "${plain[@]/#/net_}"
fi

# Archives alone: what pkg-config --static says is the whole line.
cp -r "$work/home/aurora" "$work/archives"
find "$work/archives" -name '*.so*' -delete
archives=$(dirname "$(find "$work/archives" -name aurora.pc)")
quietly env PKG_CONFIG_PATH="$archives" make -C "$work/consumers/pkgconfig" line
expect "pkg-config --static" "$work/consumers/pkgconfig" c_static_line cc_static_line c_static_whole
if readelf -lW "$work/consumers/pkgconfig/c_static_whole" | grep INTERP >/dev/null; then
    fail "c_static_whole is no static program"
fi
if [ "$net" = ON ]; then
    quietly env PKG_CONFIG_PATH="$archives" make -C "$work/consumers/pkgconfig" net_line
    expect "pkg-config --static of aurora-net" "$work/consumers/pkgconfig" net_c_static_line net_cc_static_line
fi

sim=OFF
if [ -e "$build/lib/libaurora-sim.a" ]; then
    sim=ON
    quietly make -C "$work/consumers/pkgconfig" sim
    expect_seeds "pkg-config of aurora-sim" "$work/consumers/pkgconfig"
fi
unset PKG_CONFIG_PATH

# docs_project SECTION FOLDER: a project around the CMake block of docs/INSTALL.md.
docs_project() {
    mkdir "$work/$2"
    {
        echo "cmake_minimum_required(VERSION 3.21)"
        echo "project(shop C)"
        echo "add_executable(shop ../home/page/shop.c)"
        awk -v heading="## $1" '/^## / {here = $0 == heading} /^```/ {inside = 0} inside; here && /^```cmake$/ {inside = 1}' \
            "$root/docs/INSTALL.md" | sed "s,https://example.com/aurora-[0-9.]*tar.gz,file://$work/aurora.tar,"
    } >"$work/$2/CMakeLists.txt"
    grep -q Aurora:: "$work/$2/CMakeLists.txt" || fail "docs/INSTALL.md has no CMake block below $1"
}

# As docs/INSTALL.md says it, with README's program.
awk '/^```c$/ && !done {inside = 1; next} /^```/ && inside {inside = 0; done = 1} inside' \
    "$root/README.md" >"$work/home/page/shop.c"
awk '/^## Into a folder/ {here = 1} /^```/ && inside {inside = 0; exit} inside
    here && /^```sh$/ {inside = ++seen == 2}' "$root/docs/INSTALL.md" >"$work/home/typed"
grep -q pkg-config "$work/home/typed" || fail "docs/INSTALL.md does not say how pkg-config is asked"
quietly env -C "$work/home/page" HOME="$work/home" bash -euo pipefail "$work/home/typed"
docs_project "Into a folder" found_by_docs
quietly cmake -S "$work/found_by_docs" -B "$work/found_by_docs/build" -DCMAKE_PREFIX_PATH="$work/home/aurora"
quietly cmake --build "$work/found_by_docs/build"
cp "$work/found_by_docs/build/shop" "$work/home/page/shop-cmake"
for program in shop shop-static shop-cmake; do
    [ "$(cd "$work/home/page" && ./$program)" = "COMPLETED 2500" ] || fail "by docs/INSTALL.md $program does not work"
done
echo "consumers: docs/INSTALL.md: shop shop-static shop-cmake"

quietly cmake -S "$work/consumers/find_package" -B "$work/found" -G Ninja -DNET=$net -DSIM=$sim \
    -DCMAKE_PREFIX_PATH="$work/home/aurora"
quietly cmake --build "$work/found"
expect find_package "$work/found" "${plain[@]}" "${with_net[@]/#/c_}" "${with_net[@]/#/cc_}"
[ "$sim" = OFF ] || expect_seeds find_package "$work/found"

# What is missing is said by name, and only to who asks for it.
mkdir "$work/refused"
cat >"$work/refused/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.21)
project(refused C)
find_package(Aurora 0.1 REQUIRED COMPONENTS aurora wheels)
END
if cmake -S "$work/refused" -B "$work/refused/build" -DCMAKE_PREFIX_PATH="$work/home/aurora" \
    >"$work/log" 2>&1 || ! grep -q Aurora::wheels "$work/log"; then
    fail "a component that there is not is not refused by its name"
fi

# What two of them compile alike is compiled once.
cached=()
if command -v ccache >/dev/null; then
    export CCACHE_BASEDIR=$work CCACHE_NOHASHDIR=1
    cached=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
fi
# add_subdirectory configures all of it, with libaurora-net; FetchContent, which has only the library's
# part of the tree, also compiles it.
quietly cmake -S "$work/consumers/subdirectory" -B "$work/whole" -G Ninja -DNET=$net \
    -DAURORA_SOURCE="$root"
quietly cmake --build "$work/whole" --target aurora_pure
echo "consumers: add_subdirectory: configured"
tar -C "$root" -cf "$work/aurora.tar" CMakeLists.txt cmake include src pkgconfig
quietly cmake -S "$work/consumers/subdirectory" -B "$work/fetched" -G Ninja \
    -DAURORA_URL="file://$work/aurora.tar" -DAURORA_BUILD_NET=OFF -DCMAKE_BUILD_TYPE=Debug "${cached[@]}"
docs_project "Inside your CMake project" fetched_by_docs
quietly cmake --build "$work/fetched"
expect FetchContent "$work/fetched" "${plain[@]}"
quietly cmake -S "$work/fetched_by_docs" -B "$work/fetched_by_docs/build" -G Ninja -DAURORA_BUILD_NET=OFF \
    -DCMAKE_BUILD_TYPE=Debug "${cached[@]}"
quietly cmake --build "$work/fetched_by_docs/build" --target shop
[ "$(env -C "$work/home/page" "$work/fetched_by_docs/build/shop")" = "COMPLETED 2500" ] ||
    fail "FetchContent, as docs/INSTALL.md says it, makes a program that does not work"
echo "consumers: docs/INSTALL.md, FetchContent: shop"
