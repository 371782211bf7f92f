# SPDX-License-Identifier: MIT
# Sourced: programs out of Go modules. A folder's go.mod pins the version and go.sum the hash of every
# module that goes into it; nothing is downloaded that is not among them.

# go_for FOLDER NAME: the command of a Go that is new enough for FOLDER/go.mod; status 1 and why, if
# there is none. From 1.21 on Go fetches a newer one by itself; an older one, such as Debian's, is told
# to: Go's module proxy has them as modules, with their hashes in the checksum database like any other.
go_for() {
    local wanted version module folder
    wanted=$(sed -n 's/^toolchain go//p' "$1/go.mod")
    if ! command -v go >/dev/null; then
        echo "$2 is built from its Go module, and go is not installed: ./dev setup tests" >&2
        return 1
    fi
    version=$(GOTOOLCHAIN=local go version | sed -E 's/^go version go1\.([0-9]+).*/\1/')
    if [[ $version =~ ^[0-9]+$ ]] && [ "$version" -ge 21 ]; then
        echo go
        return 0
    fi
    module=golang.org/toolchain@v0.0.1-go$wanted.$(go env GOOS)-$(go env GOARCH)
    folder=$(cd "${TMPDIR:-/tmp}" && go mod download -json "$module" | sed -n 's/^.*"Dir": "\(.*\)".*/\1/p')
    if [ ! -d "$folder" ]; then
        echo "$2 needs Go $wanted, this is $(go version), and $module cannot be had" >&2
        return 1
    fi
    # Modules are kept without permission to be executed.
    chmod u+x "$folder"/bin/* "$folder"/pkg/tool/*/*
    echo "$folder/bin/go"
}

# go_build FOLDER PACKAGE OUT [FLAG...]: builds the package with the modules of the folder; status 1 with
# the log's end, if that fails.
go_build() {
    local go
    go=$(go_for "$1" "${3##*/}") || return 1
    if ! (cd "$1" && unset GOROOT && GOFLAGS="-mod=readonly -buildvcs=false" GOTOOLCHAIN=auto \
        CGO_ENABLED=0 nice "$go" build -trimpath -ldflags="-s -w" "${@:4}" -o "$3.new" "$2" >"$3.log" 2>&1); then
        tail -n 5 "$3.log" >&2
        echo "${3##*/} cannot be built; $3.log says more" >&2
        return 1
    fi
    mv "$3.new" "$3"
}
