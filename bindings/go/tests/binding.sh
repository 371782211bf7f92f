#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The binding's own tests: format, vet, and all of `go test` with the race detector and with what cgo
# checks of pointers.
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
GODEBUG=cgocheck=1 "$go" test -race -count=1 ./...

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
