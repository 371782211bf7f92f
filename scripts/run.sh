#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: set up, build, and serve a demo catalogue on 127.0.0.1:8080 until Ctrl-C
#
# ./dev run --check starts, runs the three lines that it prints, and stops; its exit status says
# whether they worked. AURORA_RUN_LISTEN and AURORA_RUN_FOLDER choose another address and place, and
# AURORA_BIN programs that are built already.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

check=no
case "${1:-} $#" in
" 0") ;;
"--check 1") check=yes ;;
*)
    echo "usage: ./dev run [--check]" >&2
    exit 2
    ;;
esac
listen=${AURORA_RUN_LISTEN:-127.0.0.1:8080}
folder=${AURORA_RUN_FOLDER:-var}
bin=${AURORA_BIN:-build/bin}
if [ -z "${AURORA_BIN:-}" ]; then
    scripts/setup.sh
    build_preset release aurorad auroractl
fi

# Before anything is made: who holds the port would answer in our place.
if [ "${listen##*:}" != 0 ] && (: <>"/dev/tcp/${listen%:*}/${listen##*:}") 2>/dev/null; then
    echo "run: another program listens on $listen; end it, or choose another address:" >&2
    echo "    AURORA_RUN_LISTEN=127.0.0.1:8090 ./dev run" >&2
    exit 1
fi

# A demo is open to this machine and pays by simulator, whatever else the environment is for.
for name in ${!AURORA_@}; do
    unset "$name"
done
mkdir -p "$folder"
"$bin/auroractl" seed --store "sqlite:$folder/demo.db" --orders 40

log=$folder/demo.log
server=
stopping=no
stop() {
    trap '' INT TERM
    stopping=yes
    [ -z "$server" ] || kill -TERM "$server" 2>/dev/null || true
}
trap stop INT TERM EXIT
: >"$log"
# In a session of its own: Ctrl-C reaches this script, which ends the server with one signal. Two
# would end it at once.
setsid "$bin/aurorad" --listen "$listen" --store "sqlite:$folder/demo.db" --log-format json \
    >>"$log" 2>&1 &
server=$!
until grep -q 'listening on http' "$log"; do
    if ! kill -0 "$server" 2>/dev/null; then
        cat "$log" >&2
        exit 1
    fi
    sleep 0.05
done
url=$(sed -n 's/.*listening on \(http:[^"]*\)".*/\1/p' "$log")

lines=("curl '$url/search?q=hammock&limit=1'"
    "curl $url/orders -H 'Content-Type: application/json' \\
    -d '{\"lines\":[{\"sku\":\"hammock\",\"quantity\":1}],\"currency\":\"EUR\",\"payment_method\":\"tok_approve\"}'"
    "curl '$url/orders?limit=1'")
words=('"sku":"hammock"' '"total_minor":6900' '"status":"COMPLETED"')
echo
echo "Aurora serves $url from $folder/demo.db; its log is $log."
if curl -sf -o /dev/null "$url/console/"; then
    echo "Open $url/ in a browser to buy something and to look behind the counter. Or paste into another terminal:"
else
    echo "This build has no console for the browser. Paste into another terminal:"
fi
echo
echo "# search for something, order it, see it COMPLETED"
printf '%s\n' "${lines[@]}"
echo

if [ "$check" = yes ]; then
    for i in 0 1 2; do
        answer=$(bash -c "${lines[i]}" 2>/dev/null) || true
        if [[ $answer != *"${words[i]}"* ]]; then
            printf 'run: no %s in the answer to\n%s\n%s\n' "${words[i]}" "${lines[i]}" "$answer" >&2
            exit 1
        fi
    done
    stop
else
    echo "Ctrl-C ends it."
fi
status=0
wait "$server" || status=$?
# A signal ends the waiting before the server has ended: it still answers what it has taken.
if [ "$stopping" = yes ]; then
    status=0
    wait "$server" || status=$?
fi
server=
[ "$check" = no ] || [ "$status" != 0 ] || echo "run: all three worked"
exit "$status"
