# SPDX-License-Identifier: MIT
# Sourced: which Python builds and tests the binding, and how its wheel is made.

# Debian's packages (cffi, pytest, mypy) belong to the system's Python, whatever else is in PATH.
python=$(command -v "${AURORA_PYTHON:-/usr/bin/python3}" || true)
if [ -z "$python" ] && [ -n "${AURORA_PYTHON:-}" ]; then
    echo "AURORA_PYTHON: there is no $AURORA_PYTHON" >&2
    exit 1
fi
python=${python:-python3}

# python_missing MODULE...: those that this Python does not have.
python_missing() {
    local module missing=()
    for module in "$@"; do
        "$python" -c "import $module" 2>/dev/null || missing+=("$module")
    done
    echo "${missing[*]}"
}

# python_sqlite: the static SQLite to put into the extension, empty where there is none.
python_sqlite() {
    local archive
    archive=$("${CC:-cc}" -print-file-name=libsqlite3.a)
    [ "$archive" = libsqlite3.a ] || echo "$archive"
}

python_version() {
    sed -n 's/^project(Aurora VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt
}

# python_copy FOLDER: the binding with its licence, since setuptools writes beside what it reads.
python_copy() {
    rm -rf "$1"
    mkdir -p "${1%/*}"
    cp -r bindings/python "$1"
    cp LICENSE "$1/"
}

# python_wheel BUILD_DIR [SANITIZERS]: BUILD_DIR/python/libaurora-*.whl.
python_wheel() {
    local build version out
    build=$(realpath "$1")
    version=$(python_version)
    out=$build/python
    rm -rf "$out/new" "$out"/*.whl
    python_copy "$out/source"
    AURORA_INCLUDE=$PWD/include AURORA_ARCHIVE=$build/lib/libaurora.a AURORA_SANITIZE=${2:-} \
        AURORA_SQLITE=$(python_sqlite) AURORA_VERSION=$version CC=${CC:-$(python_compiler)} \
        "$python" -m pip --disable-pip-version-check wheel -q --no-build-isolation --no-deps \
        --no-index -w "$out/new" "$out/source" || return
    rm -rf "$out/site"
    "$python" -m zipfile -e "$out"/new/libaurora-*.whl "$out/site" || return
    # It has its name when it is whole.
    mv "$out"/new/libaurora-*.whl "$out/"
}

# python_sdist BUILD_DIR: BUILD_DIR/python/libaurora-*.tar.gz, from which pip builds a wheel with a C
# compiler, SQLite's header and cffi, and nothing from the network.
python_sdist() {
    local out source
    out=$(realpath "$1")/python
    source=$out/distributed
    rm -rf "$out"/*.tar.gz
    python_copy "$source"
    python_version >"$source/VERSION"
    mkdir "$source/include"
    cp -r include/aurora "$source/include/"
    python3 scripts/dist/amalgamate.py "$source/amalgamation" >/dev/null
    (cd "$source" && "$python" -W ignore -c "from setuptools import build_meta; build_meta.build_sdist('$out')" >/dev/null)
}

python_compiler() {
    if [ "${CMAKE_C_COMPILER_LAUNCHER:-}" = ccache ]; then echo "ccache gcc"; else echo gcc; fi
}
