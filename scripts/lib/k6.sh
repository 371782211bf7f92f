# SPDX-License-Identifier: MIT
# Sourced: k6 out of its Go module. load/k6 pins the version and, in go.sum, the hash of every
# module that goes into it; nothing is downloaded that is not among them.

# k6_go: the command of a Go that is new enough for load/k6/go.mod; status 1 and why, if there is
# none. From 1.21 on Go fetches a newer one by itself; an older one, such as Debian's, is told to:
# Go's module proxy has them as modules, with their hashes in the checksum database like any other.
k6_go() {
    local wanted version module folder
    wanted=$(sed -n 's/^toolchain go//p' load/k6/go.mod)
    if ! command -v go >/dev/null; then
        echo "load: k6 is built from its Go module, and go is not installed: ./dev setup tests, or" >&2
        echo "    apt-get install golang-go; or name a k6 that you have: AURORA_K6=/usr/bin/k6" >&2
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
        echo "load: k6 needs Go $wanted, this is $(go version), and $module cannot be had" >&2
        return 1
    fi
    # Modules are kept without permission to be executed.
    chmod u+x "$folder"/bin/* "$folder"/pkg/tool/*/*
    echo "$folder/bin/go"
}

# k6_sources: what a built one was built from.
k6_sources() {
    cat load/k6/go.mod load/k6/go.sum load/k6/main.go | sha256sum | cut -d ' ' -f 1
}

# k6_have: sets $k6 to the program, built if there is none of this version; status 1 and why if not.
k6_have() {
    local go began=$SECONDS
    if [ -n "${AURORA_K6:-}" ]; then
        k6=$AURORA_K6
        [ -x "$k6" ] || { echo "load: AURORA_K6 names $k6, which is no program" >&2; return 1; }
        return 0
    fi
    mkdir -p var/tools
    k6=$PWD/var/tools/k6
    exec 7>var/tools/k6.lock
    flock 7
    if [ ! -x "$k6" ] || [ "$(cat var/tools/k6.sources 2>/dev/null)" != "$(k6_sources)" ]; then
        if ! go=$(k6_go); then
            exec 7>&-
            return 1
        fi
        echo "load: building k6 (some minutes the first time, seconds with Go's caches)" >&2
        if ! (cd load/k6 && unset GOROOT && GOFLAGS="-mod=readonly -buildvcs=false" GOTOOLCHAIN=auto \
            CGO_ENABLED=0 "$go" build -trimpath -ldflags="-s -w" -o "$k6.new" . >"$k6.log" 2>&1); then
            tail -n 5 "$k6.log" >&2
            echo "load: k6 cannot be built; $k6.log says more" >&2
            exec 7>&-
            return 1
        fi
        mv "$k6.new" "$k6"
        k6_sources >var/tools/k6.sources
        echo "load: k6 was built in $((SECONDS - began)) s" >&2
    fi
    exec 7>&-
}
