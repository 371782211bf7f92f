# SPDX-License-Identifier: MIT
# Sourced: which Go builds and tests the binding, and where it finds the library.

# Debian's packages are newer than nothing: any Go from 1.19 on.
go=${AURORA_GO:-go}
command -v "$go" >/dev/null || go=/usr/local/go/bin/go

# go_missing: prints what there is not, nothing where all is there.
go_missing() {
    command -v "$go" >/dev/null || echo "go"
}

# go_environment BUILD_DIR: installs the libraries of a build beside it and lets cgo find them, with
# no module from elsewhere and no other toolchain.
go_environment() {
    local prefix
    prefix=$(realpath "$1")/go/prefix
    cmake --install "$1" --prefix "$prefix" --component library >/dev/null
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name aurora.pc)")
    LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
    export PKG_CONFIG_PATH LD_LIBRARY_PATH
    export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOPROXY=off CGO_ENABLED=1 GOWORK=off
}

# go_quick_compiler FILE: writes a compiler for cgo that does not optimize, whatever it is told: the library
# in one file takes gcc several times as long otherwise.
go_quick_compiler() {
    printf '#!/bin/sh\nexec gcc "$@" -O0\n' >"$1"
    chmod 755 "$1"
}
