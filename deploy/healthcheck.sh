#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# healthcheck.sh PORT [PATH]: whether the server on 127.0.0.1 says 200 to /readyz. Bash alone: the
# image has neither curl nor wget.
set -euo pipefail
port=${1:?the port}
path=${2:-/readyz}

exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$path" "$port" >&3
IFS= read -r -t 2 status <&3
[[ $status =~ ^HTTP/1\.[01]\ 200(\ |$'\r'|$) ]]
