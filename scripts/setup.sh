#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: install the Debian packages that the build needs, "tests": also those of tests (as root or by sudo)
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(gcc g++ cmake ninja-build pkg-config check libsqlite3-dev sqlite3 liblzma-dev
    libevent-dev libcjson-dev libssl-dev zlib1g-dev libcurl4-openssl-dev libpq-dev librdkafka-dev libhiredis-dev libjwt-dev curl python3 git ca-certificates)
# For the console in the browser; another node than Debian's is as good.
command -v npm >/dev/null || packages+=(nodejs npm)
if [ "${1:-}" = tests ]; then
    packages+=(valgrind musl-tools gcovr clang-format-14 clang-tidy-14 cppcheck clang-14 libclang-rt-14-dev llvm-14 abigail-tools chromium chromium-driver python3-jsonschema python3-venv python3-aiosmtpd
        postgresql-15 redis-server kcat maven openjdk-17-jre-headless python3-yaml python3-prometheus-client
        nginx haproxy libnginx-mod-http-lua slowhttptest prometheus doxygen mandoc)
    # For the Python binding.
    packages+=(python3-cffi python3-pip python3-setuptools python3-wheel python3-pytest python3-hypothesis
        mypy python3-gunicorn python3-matplotlib)
    # For the model under spec/.
    packages+=(spin)
    # For packages, and clean roots to try them in.
    packages+=(ccache debootstrap iproute2 dpkg-dev debhelper fakeroot lintian systemd)
    command -v go >/dev/null || packages+=(golang-go)
fi

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not a Debian; install the like of: ${packages[*]}" >&2
    exit 0
fi
missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "setup: all ${#packages[@]} packages are installed"
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: neither root nor sudo; ask for: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
# Servers among them are for tests, which start their own on loopback: the system's are not started.
policy=/usr/sbin/policy-rc.d
if [ "${1:-}" = tests ] && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
echo "setup: ${as_root[*]:+by sudo, }apt-get install ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
