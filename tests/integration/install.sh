#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An installed tree serves the three ways in which others build: pkg-config, find_package and
# add_subdirectory, in C and in C++; libaurora-net too, where it was built.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${AURORA_BUILD_DIR:-$root/build}

if [ ! -e "$build/lib/libaurora.so" ]; then
    echo "skipped: this build has no shared library"
    exit 77
fi
if ! grep -qx aurora_version "$root/tests/abi/exports.txt"; then
    echo "skipped: the library has no aurora_version yet"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^project(Aurora VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")

# expect NAME PROGRAM: it prints the version of CMakeLists.txt.
expect() {
    local output
    output=$("$2")
    if [ "$output" != "$version" ]; then
        echo "install: by $1 the library says '$output', expected '$version'"
        exit 1
    fi
    echo "install: $1 works"
}

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/installed"
cat >"$work/user.c" <<'END'
#include <aurora/base.h>
#include <stdio.h>

int main(void)
{
    puts(aurora_version());
    return 0;
}
END
cp "$work/user.c" "$work/user.cc"

pc=$(find "$work/installed" -name aurora.pc)
export PKG_CONFIG_PATH=${pc%/*}
libdir=$(pkg-config --variable=libdir aurora)
# shellcheck disable=SC2046
cc -std=c11 "$work/user.c" -o "$work/by_c" $(pkg-config --cflags --libs aurora) \
    -Wl,-rpath,"$libdir"
expect "pkg-config in C" "$work/by_c"
# shellcheck disable=SC2046
c++ -std=c++17 "$work/user.cc" -o "$work/by_cc" $(pkg-config --cflags --libs aurora) \
    -Wl,-rpath,"$libdir"
expect "pkg-config in C++" "$work/by_cc"

# A host of libaurora-net says how many drivers it got, before the version.
cat >"$work/net.c" <<'END'
#include <aurora/aurora.h>
#include <aurora/net.h>
#include <stdio.h>

int main(void)
{
    aurora_t *shop;
    uint32_t count;
    const aurora_driver *drivers = aurora_net_drivers(&count);
    const char *settings[] = {"payment=http://127.0.0.1:9/", "payment_secret=x"};
    if (aurora_open("memory:", AURORA_OPTIONS(.drivers = drivers, .driver_count = count,
                                              .settings = settings, .setting_count = 2),
                    &shop, NULL) != AURORA_OK)
        return 1;
    aurora_close(shop);
    puts(aurora_version());
    return 0;
}
END
has_net=OFF
if [ -e "$build/lib/libaurora-net.so" ]; then
    has_net=ON
    # shellcheck disable=SC2046
    cc -std=c11 "$work/net.c" -o "$work/net_by_c" $(pkg-config --cflags --libs aurora-net) \
        -Wl,-rpath,"$libdir"
    expect "pkg-config of aurora-net" "$work/net_by_c"
    # shellcheck disable=SC2046
    cc -std=c11 "$work/net.c" -o "$work/net_static" -I"$(pkg-config --variable=includedir aurora)" \
        "$libdir/libaurora-net.a" "$libdir/libaurora.a" \
        $(pkg-config --print-requires-private aurora-net | sed "s, .*,,;/^aurora$/d" | xargs pkg-config --libs) \
        $(pkg-config --libs sqlite3) -lm -pthread
    expect "libaurora-net.a" "$work/net_static"
fi

cat >"$work/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.21)
project(user C)
if(WHOLE)
    add_subdirectory($root aurora)
else()
    find_package(Aurora ${version%.*} REQUIRED)
endif()
add_executable(shared user.c)
target_link_libraries(shared Aurora::aurora)
add_executable(static user.c)
target_link_libraries(static Aurora::aurora_static)
if($has_net)
    add_executable(net_shared net.c)
    target_link_libraries(net_shared Aurora::net)
    add_executable(net_static net.c)
    target_link_libraries(net_static Aurora::net_static)
endif()
END
cmake -S "$work" -B "$work/found" -G Ninja -DCMAKE_PREFIX_PATH="$work/installed" >/dev/null
cmake --build "$work/found" >/dev/null
expect "find_package, shared" "$work/found/shared"
expect "find_package, static" "$work/found/static"
if [ "$has_net" = ON ]; then
    expect "find_package of net, shared" "$work/found/net_shared"
    expect "find_package of net, static" "$work/found/net_static"
fi

# Configured and not built: the objects would be the same ones again.
cmake -S "$work" -B "$work/whole" -G Ninja -DWHOLE=ON >/dev/null
if [ -n "$(cd "$work/whole" && ninja -t targets all | grep -E '^(unit_|auroractl)' || true)" ]; then
    echo "install: add_subdirectory brings our tests or programs into the host's build"
    exit 1
fi
echo "install: add_subdirectory configures, without tests and programs"
