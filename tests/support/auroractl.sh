# SPDX-License-Identifier: MIT
# What the shell tests of auroractl share; to be sourced with $ctl, and $data where there is a file.

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 77
}

need_replay() {
    [ -x "$ctl" ] || skip "this build has no auroractl"
    [ -f "$data" ] || skip "$data is absent; the UCI archive has it as \"Online Retail\""
    command -v python3 >/dev/null && command -v xz >/dev/null || skip "needs python3 and xz"
    output=$(xz -c </dev/null | "$ctl" replay --format online-retail - --store memory: 2>&1 || true)
    case $output in
    *liblzma*) skip "this build has no liblzma" ;;
    esac
}

# expect_status STATUS COMMAND...: its output goes to $output.
expect_status() {
    local expected=$1 actual=0
    shift
    output=$("$@" 2>&1) || actual=$?
    [ "$actual" = "$expected" ] || fail "'${*:2}' exits with $actual, expected $expected: $output"
}

expect_words() {
    case $output in
    *"$1"*) ;;
    *) fail "expected '$1' in: $output" ;;
    esac
}

without_seconds() {
    printf '%s' "$1" | sed 's/,"seconds":[0-9.]*//'
}

json_number() {
    printf '%s' "$2" | sed "s/.*\"$1\":\([0-9]*\).*/\1/"
}

verify() {
    expect_status 0 "$ctl" verify --store "$1" --json
    expect_words '"ok":true'
}

verify_at_rest() {
    expect_status 0 "$ctl" verify --at-rest --store "$1" --json
    expect_words '"ok":true,"in_progress":0,"violations":[]'
}
