# SPDX-License-Identifier: MIT
# Sourced: which Python builds and tests the binding, and how its wheel is made.

# Debian's packages (cffi, pytest, mypy) belong to the system's Python, whatever else is in PATH.
python=${AURORA_PYTHON:-/usr/bin/python3}
[ -x "$python" ] || python=python3

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

# python_wheel BUILD_DIR [SANITIZERS]: BUILD_DIR/python/libaurora-*.whl, built from a copy, since
# setuptools writes beside what it reads.
python_wheel() {
    local build version out
    build=$(realpath "$1")
    version=$(sed -n 's/^project(Aurora VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
    out=$build/python
    mkdir -p "$out"
    rm -rf "$out/source" "$out"/*.whl
    cp -r bindings/python "$out/source"
    AURORA_INCLUDE=$PWD/include AURORA_ARCHIVE=$build/lib/libaurora.a AURORA_SANITIZE=${2:-} \
        AURORA_SQLITE=$(python_sqlite) AURORA_VERSION=$version CC=${CC:-$(python_compiler)} \
        "$python" -m pip --disable-pip-version-check wheel -q --no-build-isolation --no-deps \
        --no-index -w "$out" "$out/source"
    rm -rf "$out/site"
    "$python" -m zipfile -e "$out"/libaurora-*.whl "$out/site"
}

python_compiler() {
    if [ "${CMAKE_C_COMPILER_LAUNCHER:-}" = ccache ]; then echo "ccache gcc"; else echo gcc; fi
}
