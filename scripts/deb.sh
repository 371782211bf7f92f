#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: build the Debian packages, source and binary, into build/deb; lintian reads them
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

out=$PWD/build/deb
version=$(dpkg-parsechangelog -S Version)
tree=$out/aurora-$version
if [ "$version" != "$(sed -n 's/^project(Aurora VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)" ]; then
    echo "deb: debian/changelog is of version $version, CMakeLists.txt of another" >&2
    exit 1
fi
missing=$(dpkg-checkbuilddeps 2>&1) || {
    echo "deb: ${missing#dpkg-checkbuilddeps: error: }; ./dev setup tests installs them" >&2
    exit 1
}

# The source package has what the tree has, and the console as npm's packages bundle it: a package is
# built without them.
mkdir -p "$out"
find "$out" -mindepth 1 -delete
trap '[ $? -eq 0 ] || build_failed deb "$out" "*.deb" "*.dsc" "*.tar.xz" "*.buildinfo" "*.changes" "aurora-*"' EXIT
mkdir -p "$tree"
if [ -e .git ]; then
    git ls-files -z | tar --null -T - -cf - | tar -C "$tree" -xf -
else
    tar --exclude=./build --exclude=./var --exclude=./console/node_modules -cf - . | tar -C "$tree" -xf -
fi
log=$out/build.log
if cmake --preset release >"$log" 2>&1 &&
    cmake --build build --target generated/aurora_console.c >>"$log" 2>&1; then
    mkdir "$tree/console/prebuilt"
    cp build/generated/aurora_console.c "$tree/console/prebuilt/"
else
    echo "deb: without the console, which cannot be bundled here (build/deb/build.log)"
fi

# debhelper gives a build a home of its own; what ccache knows lies in ours.
if command -v ccache >/dev/null; then
    CCACHE_DIR=$(ccache --get-config cache_dir)
    export CCACHE_DIR CCACHE_BASEDIR=$tree CCACHE_NOHASHDIR=1 CMAKE_C_COMPILER_LAUNCHER=ccache
fi
cd "$tree"
if ! DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-parallel=${AURORA_JOBS:-$(nproc)}}" \
    dpkg-buildpackage --no-sign >>"$log" 2>&1; then
    grep -v '^\[[0-9]*/[0-9]*\]' "$log" | tail -40 >&2
    echo "deb: not built; the rest is in build/deb/build.log" >&2
    exit 1
fi
cd "$out"
rm -rf "$tree"
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error,warning "aurora_${version}_$(dpkg --print-architecture).changes"
fi
ls -l -- *.dsc *.deb | awk '{printf "%9d  build/deb/%s\n", $5, $NF}'
