#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ctest: timeout 600
# A clean Debian 12 with its own Go, and what README.md and docs/GO.md say: from nothing to a COMPLETED
# order, once with the installed library and once with the one that is compiled in.
set -euo pipefail
cd "$AURORA_SOURCE_DIR"
. scripts/lib/go.sh
. scripts/lib/root.sh

root_open || exit $?
root_apt golang-go gcc libc6-dev pkg-config libsqlite3-dev || { echo "skipped: no packages for the root"; exit 77; }
go_environment "$AURORA_BUILD_DIR"
go_quick_compiler "$root/usr/local/bin/quick-gcc"

# What a clone has, with what ./dev dist leaves in it; the libraries, where a package puts them.
python3 scripts/dist/amalgamate.py "$AURORA_BUILD_DIR/go/bundled" >/dev/null
# No clone must be called as ours is.
clone=$root/src/some-clone
mkdir -p "$clone/bindings" "$root/src/shop"
cp -r bindings/go "$clone/bindings/"
rm -rf "$clone/bindings/go/bundled"
cp -r "$AURORA_BUILD_DIR/go/bundled" "$clone/bindings/go/"
cp -a "$AURORA_BUILD_DIR/go/prefix" "$root/usr/local/aurora"

python3 scripts/lib/readme_block.py README.md go 1 >"$root/src/shop/main.go"
python3 scripts/lib/readme_block.py README.md sh "go mod init" >"$clone/make.sh"
pkgconfig=$(cd "$root" && find usr/local/aurora -name aurora.pc -printf '/%h\n' | head -1)

echo "with pkg-config:"
said=$(root_run --chdir /src/some-clone env "PKG_CONFIG_PATH=$pkgconfig" "LD_LIBRARY_PATH=$(dirname "$pkgconfig")" \
    GOPROXY=off bash -eu make.sh)
echo "$said"
grep -qx "COMPLETED 2500" <<<"$said"

echo "with -tags aurora_bundled:"
rm -f "$root"/src/shop/shop.db* "$root"/src/shop/go.mod
said=$(root_run --chdir /src/some-clone env GOPROXY=off GOFLAGS=-tags=aurora_bundled CC=quick-gcc bash -eu make.sh)
echo "$said"
grep -qx "COMPLETED 2500" <<<"$said"
root_run --chdir /src/shop env GOPROXY=off CC=quick-gcc go build -tags aurora_bundled -o program .
needed=$(objdump -p "$root/src/shop/program" | awk '$1 == "NEEDED" && $2 !~ /^lib(c|m)\.so/ {print $2}')
[ -z "$needed" ] || { echo "the program needs $needed"; exit 1; }
