# SPDX-License-Identifier: MIT
# Sourced: a fresh Debian 12 with the base system only, to try things as somebody new would.
#
#   . "$root_of_the_tree/scripts/lib/root.sh"
#   root_open || exit $?                 # 77 and the reason where no root can be made; sets $root
#   root_apt gcc libc6-dev               # apt-get install --no-install-recommends
#   root_run --network apt-get update    # a command in it, with the network and this machine's apt settings
#   root_run --user nobody id            # without --network it has a loopback of its own and nothing else
#
# The folder goes when the shell ends, also by a signal; a command in it is then killed with all that it
# started. A shell that was killed leaves the folder to the next root_open. A caller with an EXIT trap of
# its own sets it before root_open, or calls root_close in it.

root_release=bookworm
root_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/aurora/roots
root_shm=/dev/shm/aurora-roots
root=
root_job=

# root_why_not: prints why this machine can make no root; nothing where it can.
root_why_not() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "a clean root needs root rights"
    elif ! [ -x /usr/sbin/debootstrap ] || ! command -v ip >/dev/null; then
        echo "there is no debootstrap or no ip; ./dev setup tests installs them"
    elif ! unshare --mount --pid --net --fork true 2>/dev/null; then
        echo "this machine does not let us make namespaces"
    fi
}

# root_open: unpacks a fresh root and sets $root to its folder.
root_open() {
    local why lock folder before
    why=$(root_why_not)
    if [ -z "$why" ]; then
        mkdir -p "$root_cache/archives"
        exec {lock}>"$root_cache/lock"
        flock "$lock"
        root_sweep
        why=$(root_tarball)
    fi
    if [ -n "$why" ]; then
        echo "skipped: $why"
        return 77
    fi
    # A caller that asks for the status has switched off set -e: what follows must not go on with nothing.
    folder=$(root_place) && folder=$(mktemp -d "$folder/run-XXXXXX") || return 1
    # Held by this shell and what it starts: who finds it free may remove the folder.
    exec {root_alive}>"$folder/lock"
    flock "$root_alive"
    exec {lock}>&-
    root=$folder/root
    before=$(trap -p EXIT)
    before=${before#"trap -- '"}
    # shellcheck disable=SC2064
    trap "root_close; ${before%"' EXIT"}" EXIT
    mkdir "$root" && tar -C "$root" -xpf "$root_cache/$root_release.tar" || return 1
    # A root that is thrown away need not wait for its disk after each file, nor read translations.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/thrown-away"
    echo 'Acquire::Languages "none";' >"$root/etc/apt/apt.conf.d/99thrown-away"
}

# root_place: the folder for roots: in memory where there is enough of it for three of the largest.
root_place() {
    local free
    free=$(awk '$1 == "MemAvailable:" {print $2}' /proc/meminfo)
    if [ "${free:-0}" -ge 8000000 ] && [ "$(stat -f -c %T "${root_shm%/*}" 2>/dev/null)" = tmpfs ] &&
        [ "$(df -Pk "${root_shm%/*}" | awk 'NR == 2 {print $4}')" -ge 6000000 ]; then
        # Who else made it may change what is in it.
        mkdir -p -m 700 "$root_shm"
        [ -O "$root_shm" ] && [ ! -L "$root_shm" ] && echo "$root_shm" && return
    fi
    echo "$root_cache"
}

# root_close: ends what runs in the root, and removes it.
root_close() {
    [ -n "$root" ] || return 0
    if [ -n "$root_job" ]; then
        kill -KILL "$root_job" 2>/dev/null || true
        wait "$root_job" 2>/dev/null || true
        root_job=
    fi
    exec {root_alive}>&-
    case $root in
    "$root_cache"/run-*/root | "$root_shm"/run-*/root) rm -rf --one-file-system "${root%/root}" ;;
    esac
    root=
}

# root_run [--network] [--user NAME] [--bind FOLDER:INSIDE] [--chdir FOLDER] COMMAND...: runs a command in
# the root; its status is the command's. A bound folder is read-only. The environment is a new login's.
root_run() {
    local status=0
    local -a environment=(HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
    local -a spaces=(--mount --pid --ipc --uts --fork --kill-child=KILL) inside=(chroot "$root") binds=()
    local network="" folder=/
    while :; do
        case $1 in
        --network)
            network=yes
            shift
            ;;
        --user)
            inside=(chroot "--userspec=$2" "$root")
            environment[0]=HOME=/tmp
            shift 2
            ;;
        --bind)
            binds+=("$2")
            shift 2
            ;;
        --chdir)
            folder=$2
            shift 2
            ;;
        *) break ;;
        esac
    done
    if [ -n "$network" ]; then
        root_network_files
        mapfile -t -O "${#environment[@]}" environment < <(root_network_environment)
    else
        spaces+=(--net)
    fi
    # In the background, so that a signal to this shell is served at once; its end is the command's too.
    setpriv --pdeathsig KILL unshare "${spaces[@]}" env -i "${environment[@]}" bash -c "$root_within" bash \
        "$root" "$network" "$folder" "${binds[*]}" "$root_cache/archives" "${inside[@]}" -- "$@" <&0 &
    root_job=$!
    wait "$root_job" || status=$?
    root_job=
    [ -z "$network" ] || root_keep
    return "$status"
}

# root_keep: what apt fetched, for the next root: packages by their names, the lists as a whole.
root_keep() {
    local file lists=$root_cache/lists
    for file in "$root"/var/cache/apt/archives/*.deb; do
        [ -L "$file" ] || [ ! -f "$file" ] || [ -e "$root_cache/archives/${file##*/}" ] ||
            { cp "$file" "$file.$$" && mv "$file.$$" "$root_cache/archives/${file##*/}"; }
    done
    if [ "$root/var/lib/apt/lists" -nt "$lists" ]; then
        (flock 9 && rm -rf "$lists" && cp -a "$root/var/lib/apt/lists" "$lists") 9>"$root_cache/lock" ||
            rm -rf "$lists"
    fi
}

# root_apt PACKAGE...: installs packages in the root.
root_apt() {
    local log=$root/../apt.log
    if ! { root_run --network apt-get update -q &&
        root_run --network env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -20 "$log"
        return 1
    fi
}

# What runs between unshare and the command: mounts, which end with their namespace.
# shellcheck disable=SC2016
root_within='
    set -e
    root=$1 network=$2 folder=$3
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=755 run "$root/run"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    for pair in $4; do
        mkdir -p "$root${pair#*:}"
        mount --bind "${pair%%:*}" "$root${pair#*:}"
        mount -o remount,bind,ro "$root${pair#*:}"
    done
    if [ -n "$network" ]; then
        mkdir "$root/run/machine"
        mount --bind "$root/../machine" "$root/run/machine"
        mkdir "$root/run/archives"
        mount --bind "$5" "$root/run/archives"
        mount -o remount,bind,ro "$root/run/archives"
        for file in /etc/resolv.conf /etc/pip.conf /etc/apt/auth.conf.d; do
            [ -e "$file" ] || continue
            [ -e "$root$file" ] || touch "$root$file"
            mount --bind "$file" "$root$file"
            mount -o remount,bind,ro "$root$file"
        done
    else
        ip link set lo up
    fi
    shift 5
    while [ "$1" != -- ]; do
        inside+=("$1")
        shift
    done
    shift
    exec "${inside[@]}" env --chdir="$folder" "$@"
'

# root_network_files: this machine's sources of packages, its proxy and its certificates, for the root.
root_network_files() {
    local file machine=$root/../machine conf=$root/etc/apt/apt.conf.d/99machine
    [ ! -d "$machine" ] || return 0
    mkdir -p "$machine"
    rm -f "$root/etc/apt/sources.list"
    cp -rL /etc/apt/sources.list "$root/etc/apt/" 2>/dev/null || true
    cp -rL /etc/apt/sources.list.d /etc/apt/trusted.gpg.d "$root/etc/apt/" 2>/dev/null || true
    cp -rLn /etc/apt/keyrings "$root/etc/apt/" 2>/dev/null || true
    cp -rLn /usr/share/keyrings "$root/usr/share/" 2>/dev/null || true
    apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|ForceIPv)' >"$conf" || true
    echo 'Binary::apt::APT::Keep-Downloaded-Packages "true";' >>"$conf"
    # A proxy may have a certificate of its own, which the base system does not know.
    cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$machine/ca.crt" 2>/dev/null || true
    echo 'Acquire::https::CAInfo "/run/machine/ca.crt";' >>"$conf"
    if [ -d /usr/local/share/ca-certificates ]; then
        cp -rLn /usr/local/share/ca-certificates "$root/usr/local/share/"
    fi
    # Packages and lists that an earlier root fetched: apt asks whether there are newer ones. A package
    # that was fetched a month ago goes.
    find "$root_cache/archives" -name '*.deb' -ctime +30 -delete
    for file in "$root_cache"/archives/*.deb; do
        ln -sf "/run/archives/${file##*/}" "$root/var/cache/apt/archives/"
    done
    if [ -d "$root_cache/lists" ]; then
        (flock 9 && cp -a "$root_cache/lists/." "$root/var/lib/apt/lists/") 9>"$root_cache/lock"
    fi
}

# root_network_environment: the variables by which pip, go and others find their proxy, one a line.
root_network_environment() {
    local name
    echo SSL_CERT_FILE=/run/machine/ca.crt
    echo PIP_CERT=/run/machine/ca.crt
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_INDEX_URL; do
        [ -z "${!name:-}" ] || echo "$name=${!name}"
    done
    if command -v go >/dev/null; then
        for name in GOPROXY GOSUMDB; do
            echo "$name=$(go env "$name")"
        done
    fi
}

# root_mirror: where this machine has its packages of the release from.
root_mirror() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        awk -v release="$root_release" '$2 == release {print $1; exit}'
}

# root_tarball: makes the packed root, once a month; prints why it cannot. Call it under the lock.
root_tarball() {
    local tarball=$root_cache/$root_release.tar fresh mirror log=$root_cache/debootstrap.log proxy
    [ -z "$(find "$tarball" -mtime -30 2>/dev/null)" ] || return 0
    mirror=$(root_mirror)
    if [ -z "$mirror" ]; then
        echo "this machine's apt has no source of Debian $root_release"
        return
    fi
    proxy=$(apt-config dump --format '%v' Acquire::http::Proxy 2>/dev/null || true)
    fresh=$(mktemp -d "$root_cache/new-XXXXXX") || return
    chmod 755 "$fresh"
    # What debootstrap mounts ends with its namespace.
    if http_proxy=${proxy:-${http_proxy:-}} unshare --mount --pid --fork --kill-child=KILL \
        /usr/sbin/debootstrap --variant=minbase "$root_release" "$fresh" "$mirror" >"$log" 2>&1; then
        rm -f "$fresh"/var/cache/apt/archives/*.deb
        if ! { tar -C "$fresh" --exclude=./proc/* -cf "$tarball.new" . && mv "$tarball.new" "$tarball"; }; then
            rm -f "$tarball.new"
            echo "the packed root cannot be written to $root_cache"
        fi
    else
        echo "debootstrap: $(tail -1 "$log")"
    fi
    rm -rf --one-file-system "$fresh"
}

# root_sweep: removes what killed shells left. Call it under the lock.
root_sweep() {
    local folder
    rm -rf --one-file-system "$root_cache"/new-*
    for folder in "$root_cache"/run-* "$root_shm"/run-*; do
        [ -d "$folder" ] || continue
        if [ ! -e "$folder/lock" ] || flock --nonblock "$folder/lock" true; then
            rm -rf --one-file-system "$folder"
        fi
    done
}
