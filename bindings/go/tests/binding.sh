#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ctest: timeout 600
# The binding's own tests: format, vet, all of `go test` with the race detector, with all that cgo checks of
# pointers and with the network adapters; its core once more with the library compiled in.
set -euo pipefail
cd "$AURORA_SOURCE_DIR"
. scripts/lib/go.sh

missing=$(go_missing)
if [ -n "$missing" ]; then
    echo "skipped: there is no $missing; ./dev setup tests installs it"
    exit 77
fi
go_environment "$AURORA_BUILD_DIR"
cd bindings/go

unformatted=$("$("$go" env GOROOT)/bin/gofmt" -l .)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted"; exit 1; }
cp status.go "$AURORA_BUILD_DIR/go/status.go"
"$go" run ./internal/gen "$AURORA_SOURCE_DIR/include/aurora/status.h" "$AURORA_BUILD_DIR/go/status.go"
cmp status.go "$AURORA_BUILD_DIR/go/status.go"
"$go" vet ./...

# Go checks each pointer that is stored, which is an experiment, or, of an older Go, a setting.
if GOEXPERIMENT=cgocheck2 "$go" env GOROOT >/dev/null 2>&1; then
    export GOEXPERIMENT=cgocheck2
else
    export GODEBUG=cgocheck=2
fi
tags=
if [ -e "$PKG_CONFIG_PATH/aurora-net.pc" ]; then
    tags=aurora_net
fi
"$go" test -race -count=1 -tags "$tags" ./...
unset GOEXPERIMENT GODEBUG

# What stands in docs/GO.md, and the example.
page=$AURORA_BUILD_DIR/go/page
mkdir -p "$page"
python3 tests/pages.py "$page/main.go"
printf 'module example.com/page\n\ngo 1.19\n\nrequire aurora.dev/aurora v0.0.0\n\nreplace aurora.dev/aurora => %s\n' \
    "$PWD" >"$page/go.mod"
(cd "$page" && "$go" vet . && "$go" run . >said)
cd "$AURORA_SOURCE_DIR/examples/go/http_service"
"$go" vet .
"$go" test -race -count=1 .

# A clone in which ./dev dist was run, with the system's SQLite.
tree=$AURORA_BUILD_DIR/go/tree
rm -rf "$tree"
mkdir -p "$tree/bindings/go" "$tree/tests"
ln -s "$AURORA_SOURCE_DIR/tests/conformance" "$tree/tests/conformance"
cd "$AURORA_SOURCE_DIR/bindings/go"
cp ./*.go ./*.c ./*.h go.mod "$tree/bindings/go/"
cd "$tree/bindings/go"
python3 "$AURORA_SOURCE_DIR/scripts/dist/amalgamate.py" bundled bundled_sum.h >/dev/null
go_quick_compiler "$AURORA_BUILD_DIR/go/quick-gcc"
CC=$AURORA_BUILD_DIR/go/quick-gcc PKG_CONFIG=false "$go" test -count=1 -tags aurora_bundled,libsqlite3 \
    -run 'Conformance|Sentinel|Goroutines|Context|AFileIsRead|TheLogIsPulled|Close' .
