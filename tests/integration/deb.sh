#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ctest: timeout 1200
# The Debian packages as somebody new meets them: built, installed by apt in a root with the base system
# only, README's program compiled and run, aurorad run as its unit says, an order over HTTP, installed once
# more and upgraded with orders and settings kept, purged. What is typed there are the blocks of docs/INSTALL.md, in their order.
set -euo pipefail
tree=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
cd "$tree"
. scripts/lib/root.sh

for need in dpkg-buildpackage dh lintian; do
    if ! command -v "$need" >/dev/null; then
        echo "skipped: there is no $need; ./dev setup tests installs it"
        exit 77
    fi
done
root_open || exit $?
begin=$SECONDS
fail() {
    echo "deb: $*"
    exit 1
}
# step NAME: how long the last one took.
step() {
    echo "deb: $1 ($((SECONDS - begin)) s)"
    begin=$SECONDS
}

# AURORA_DEBS names packages that are built already.
debs=${AURORA_DEBS:-$tree/build/deb}
if [ -z "${AURORA_DEBS:-}" ] &&
    ! DEB_BUILD_OPTIONS="noautodbgsym parallel=$(nproc)" ./dev deb >"$root/../deb.log" 2>&1; then
    cat "$root/../deb.log"
    fail "./dev deb does not work"
fi
step built

# block HEADING N: the N-th shell block below it.
block() {
    awk -v heading="## $1" -v wanted="$2" '
        /^## / {here = $0 == heading}
        /^```/ && inside {inside = 0}
        inside {print}
        here && /^```sh$/ {inside = ++seen == wanted}' docs/INSTALL.md | grep . ||
        fail "docs/INSTALL.md has no block $2 below '$1'"
}
mkdir "$root/root/aurora"
cp "$debs"/*.deb "$root/root/aurora/"
awk '/^```c$/ && !done {inside = 1; next} /^```/ && inside {inside = 0; done = 1} inside' README.md \
    >"$root/root/aurora/shop.c"

# typed FILE [OPTION...]: runs a block there, and says what it said only when it fails.
typed() {
    local script=$1
    shift
    if ! root_run "$@" --chdir /root/aurora env DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$script" \
        >"$root/../log" 2>&1; then
        tail -40 "$root/../log"
        fail "this does not work in a clean root: $script"
    fi
}
typed "$(block "A C program, from packages" 1)" --network
step "library installed"
typed "$(block "A C program, from packages" 2)"
grep -qx "COMPLETED 2500" "$root/../log" || fail "README's program says: $(cat "$root/../log")"
step "README's program: COMPLETED"
typed "$(block "A C program, from packages" 3)" --network
grep -qx "COMPLETED 2500" "$root/../log" || fail "README's program with the archives says: $(cat "$root/../log")"
# With libaurora-net in it too, which README's program does not ask for.
cp tests/consumers/shop.c "$root/root/aurora/shop.c"
typed "$(block "A C program, from packages" 3 | sed '/^apt-get/d; s/^cc /cc -DCONSUMER_NET /')"
grep -q " COMPLETED$" "$root/../log" || fail "a program with libaurora-net says: $(cat "$root/../log")"
if root_run ldd /root/aurora/shop-inside | grep libaurora; then
    fail "shop-inside needs a shared library of ours"
fi
step "the archives, by pkg-config --static: COMPLETED"
typed "apt-get purge -y libaurora-net-dev libaurora-net0"

typed "$(block "The server, from packages" 1 | grep -v '^systemctl')" --network
step "server installed"
unit=$root/lib/systemd/system
[ -e "$root/etc/systemd/system/multi-user.target.wants/aurorad.service" ] || [ -L "$root/etc/systemd/system/multi-user.target.wants/aurorad.service" ] ||
    fail "aurorad.service is not enabled"
[ "$(stat -c %a "$root/etc/aurora/aurorad.env")" = 640 ] || fail "everybody may read /etc/aurora/aurorad.env"
[ "$(stat -c %a "$root/var/lib/aurora")" = 750 ] || fail "everybody may enter /var/lib/aurora"

# The units as systemd reads them, with those that they lean on made up.
if command -v systemd-analyze >/dev/null; then
    verify=$root/../verify
    mkdir -p "$verify/usr/lib/systemd" "$verify/usr/bin" "$verify/bin"
    cp -r "$unit" "$verify/usr/lib/systemd/system"
    cp "$root"/usr/bin/aurora* "$verify/usr/bin/"
    cp /bin/true "$verify/bin/kill"
    for name in sysinit.target basic.target shutdown.target network-online.target multi-user.target system.slice -.mount; do
        echo "[Unit]" >"$verify/usr/lib/systemd/system/$name"
    done
    for name in aurorad.service aurora@order.service; do
        said=$(systemd-analyze verify --man=no --root="$(realpath "$verify")" "$name" 2>&1) && [ -z "$said" ] ||
            fail "systemd-analyze of $name: $said"
    done
else
    echo "deb: units not read: there is no systemd-analyze; ./dev setup tests installs it"
fi

# No systemd runs in the root: what the unit and its drop-in say is done by hand.
user=$(sed -n 's/^User=//p' "$unit"/aurorad.service.d/*.conf)
start=$(sed -n 's/^ExecStart=//p' "$unit/aurorad.service")
settings=$(sed -n 's/^EnvironmentFile=-//p' "$unit/aurorad.service")
state=$(sed -n 's/^WorkingDirectory=//p' "$unit/aurorad.service")
cat >"$root/root/aurora/served" <<END
set -a; . $settings; set +a
umask 0077
cd $state
setpriv --reuid=$user --regid=$user --init-groups --inh-caps=-all --no-new-privs $start 2>/root/aurora/aurorad.log &
server=\$!
trap 'cat /root/aurora/aurorad.log' ERR
for _ in \$(seq 100); do
    curl -sf http://127.0.0.1:8080/readyz >/dev/null && break
    sleep 0.1
done
cd /root/aurora
. ./\$1
kill \$server
wait \$server
runuser -u $user -- auroractl verify --store sqlite:$state/aurora.db --at-rest
END
block "The server, from packages" 2 >"$root/root/aurora/order"
typed "set -- order; . ./served"
grep -q '"status":"COMPLETED"' "$root/../log" || fail "no order is COMPLETED: $(cat "$root/../log")"
[ "$(root_run stat -c %U:%a /var/lib/aurora/aurora.db)" = "$user:600" ] || fail "the store is not the user's alone"
step "an order over HTTP: COMPLETED"

# The same once more, then a later version: settings, orders and whoever owns them stay. Where nothing of
# it changed, a version is the packages under another number.
rm "$root"/root/aurora/libaurora-net*.deb
id=$(grep -o '"id":"[^"]*"' "$root/../log" | head -1 | cut -d'"' -f4)
echo 'AURORA_ORDER_DEADLINE=9m' >>"$root$settings"
kept() {
    [ "$(tail -1 "$root$settings")" = AURORA_ORDER_DEADLINE=9m ] && [ "$(stat -c %a "$root$settings")" = 640 ] ||
        fail "$1: $settings is not what it was: $(ls -l "$root$settings")"
    [ "$(root_run stat -c %U:%a /var/lib/aurora)" = "$user:750" ] || fail "$1: /var/lib/aurora is another's"
    [ -L "$root/etc/systemd/system/multi-user.target.wants/aurorad.service" ] || fail "$1: aurorad.service is not enabled"
    cat >"$root/root/aurora/ask" <<END
curl -sf http://127.0.0.1:8080/orders/$id
auroractl --version
END
    typed "set -- ask; . ./served"
    grep -q '"status":"COMPLETED"' "$root/../log" || fail "$1: the order is gone: $(cat "$root/../log")"
    step "$1: order and settings are there"
}
typed "apt-get install -y --reinstall ./*.deb" --network
kept reinstalled
old=$(root_run dpkg-query -W -f '${Version}' aurora-daemons)
new=$old+1
for package in "$root"/root/aurora/*.deb; do
    dpkg-deb -R "$package" "$root/../unpacked"
    sed -i "s/^Version: .*/Version: $new/; s/(= $old)/(= $new)/" "$root/../unpacked/DEBIAN/control"
    dpkg-deb --root-owner-group -Znone -b "$root/../unpacked" "${package/_$old/_$new}" >/dev/null
    rm -rf "$package" "$root/../unpacked"
done
typed "apt-get install -y ./*.deb" --network
[ "$(root_run dpkg-query -W -f '${Version}' aurora-daemons)" = "$new" ] || fail "aurora-daemons is not upgraded"
kept upgraded

typed "$(block "Remove and purge" 1)"
[ -e "$root/var/lib/aurora/aurora.db" ] || fail "the orders are gone though nothing was purged"
typed "$(block "Remove and purge" 2)"
left=$(root_run find / -xdev \( -path /root -o -path /proc -o -path /var/cache/apt -o -path /run \) -prune -o -path '*aurora*' -print)
[ -z "$left" ] || fail "this is left behind: $left"
left=$(root_run dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | grep aurora || true)
[ -z "$left" ] || fail "these packages are not purged: $left"
step "purged"
