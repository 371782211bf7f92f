# SPDX-License-Identifier: MIT
# Sourced: where a set of engines lies, its ports, its processes. A set is one folder, so that two
# trees, or a developer and a test run, each have their own.

# What ./dev up starts by itself, and all that it can start.
engine_usual="postgres redis kafka opensearch"
engine_names="$engine_usual jaeger"
engines_dir=${AURORA_ENGINES_DIR:-var/engines}
mkdir -p "$engines_dir/log"
engines_dir=$(cd "$engines_dir" && pwd -P)
# What is downloaded outlives a clean tree.
engines_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/aurora

# engine_port KEY [FIRST LAST]: a free port of loopback, remembered. It is below the ports that
# connections get (net.ipv4.ip_local_port_range), or one could hold it when an engine comes back.
engine_port() {
    local file=$engines_dir/ports port
    exec 8>>"$file"
    flock 8
    port=$(sed -n "s/^$1=//p" "$file")
    if [ -z "$port" ]; then
        # shellcheck disable=SC2046 # a word for each
        port=$(python3 scripts/lib/free_port.py $$ "${2:-15000}" "${3:-19999}" $(sed 's/.*=//' "$file"))
        echo "$1=$port" >>"$file"
    fi
    exec 8>&-
    echo "$port"
}

# engine_port_forget KEY: somebody else listens there now.
engine_port_forget() {
    sed -i "/^$1=/d" "$engines_dir/ports"
}

port_answers() {
    (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# engine_pid NAME: the process of our pid file, if it lives and is that engine of this set and not
# another process that got the number.
engine_pid() {
    local pid home
    home=$(readlink -f "$engines_dir/$1")
    pid=$(cat "$engines_dir/$1.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && grep -qF "$home/" "/proc/$pid/cmdline" 2>/dev/null || return 1
    echo "$pid"
}

# engine_family PID: it and the processes that it started.
engine_family() {
    echo "$1"
    cat "/proc/$1/task/$1/children" 2>/dev/null || true
}

# engine_spawn NAME COMMAND...: in a session of its own, so that it outlives this shell and no
# Ctrl-C reaches it.
engine_spawn() {
    local name=$1
    shift
    setsid "$@" </dev/null >>"$engines_dir/log/$name.log" 2>&1 8>&- 9>&- &
    echo $! >"$engines_dir/$name.pid"
}

# engine_jars NAME VERSION: prints the folder of its jars, fetched by Maven the first time.
engine_jars() {
    local folder=$engines_cache/$1-$2 fresh
    if [ ! -d "$folder" ]; then
        mkdir -p "$engines_cache"
        fresh=$(mktemp -d "$engines_cache/$1-XXXXXX")
        echo "$1: fetching version $2 from Maven Central into $folder" >&2
        if ! mvn -q -B -C -f "scripts/engines/$1.xml" \
            org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
            -DincludeScope=runtime -DoutputDirectory="$fresh" >"$fresh/log" 2>&1; then
            tail -5 "$fresh/log" >&2
            rm -rf "$fresh"
            return 1
        fi
        mv -T "$fresh" "$folder" 2>/dev/null || rm -rf "$fresh" # another was faster
    fi
    echo "$folder"
}

# engine_java: Java 17, which both want; a newer default would not run this Kafka.
engine_java() {
    local java
    for java in /usr/lib/jvm/java-17-openjdk-*/bin/java "$(command -v java || true)"; do
        if [ -x "$java" ] && "$java" -version 2>&1 | grep -q 'version "17\.'; then
            echo "$java"
            return
        fi
    done
    return 1
}

# engine_java_flags: AURORA_ENGINES_JIT=quick starts in half the time and is slower for ever: for
# tests, not for measuring.
engine_java_flags() {
    if [ "${AURORA_ENGINES_JIT:-full}" = quick ]; then
        echo "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
    else
        echo "-XX:+UseG1GC"
    fi
}
