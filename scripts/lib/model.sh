# SPDX-License-Identifier: MIT
# Sourced: the Promela model under spec/, checked by spin, and the tables that it is made of.

# model_tables BUILD: prints spec/tables.pml out of the library's own tables.
model_tables() {
    local program
    program=$(mktemp)
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -Iinclude -Isrc -o "$program" \
        scripts/model/promela_tables.c "$1/lib/libaurora.a" -lsqlite3 -lm -pthread
    "$program"
    rm -f "$program"
}

# model_run safety|liveness OPTION...: searches the whole model with these options, prints what spin
# says; false on an error or where the search was not complete. A liveness search with
# model_flags=-A looks for cycles alone. Asserts hold over both.
model_run() {
    local kind=$1 work status=0
    local -a compile=(-DSAFETY -DNOCLAIM) run=(-n)
    shift
    if [ "$kind" = liveness ]; then
        compile=(-DNFAIR=4)
        run=(-n -a -f)
    fi
    work=$(mktemp -d)
    cp spec/saga.pml spec/tables.pml "$work"
    (
        cd "$work"
        spin "$@" -a saga.pml >spin.log || { cat spin.log; exit 2; }
        "${CC:-cc}" "${MODEL_OPTIMIZE:--O2}" -w "${compile[@]}" -DCOLLAPSE -DMEMLIM="${MODEL_MEGABYTES:-4000}" -o pan pan.c
        # shellcheck disable=SC2086
        ./pan "${run[@]}" ${model_flags:-} -m1000000 >pan.log || true
        cat pan.log
        if ! grep -q 'errors: 0$' pan.log && [ -f saga.pml.trail ]; then
            timeout 60 spin "$@" -t -p saga.pml >trail.log 2>/dev/null || true
            grep -E 'assert|CYCLE|saga.pml:[0-9]+ .*\[' trail.log | tail -n "${MODEL_TRAIL:-12}" || true
        fi
        grep -q 'errors: 0$' pan.log && ! grep -q 'not completed' pan.log
    ) >"$work.log" 2>&1 || status=1
    cat "$work.log"
    rm -rf "$work" "$work.log"
    return $status
}

# model_line TITLE KIND OPTION...: one line with what was searched; the whole story on an error.
model_line() {
    local title=$1 kind=$2 log status=0 states
    shift 2
    log=$(mktemp)
    model_run "$kind" "$@" >"$log" || status=1
    # With fairness on, a state counts once, however many copies of it were visited.
    states=$(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' "$log")
    printf '%-44s %-8s %10s states %11s transitions  %s\n' "$title" "$kind" "${states:-0}" \
        "$(sed -nE 's/^ *([0-9.e+]+) transitions.*/\1/p' "$log")" \
        "$([ $status -eq 0 ] && echo 'no error' || echo ERROR)"
    [ $status -eq 0 ] || cat "$log"
    rm -f "$log"
    return $status
}

# model_mutant NAME KIND PATTERN OPTION...: the planted bug is found, by the property that PATTERN
# names.
model_mutant() {
    local name=$1 kind=$2 pattern=$3 log
    shift 3
    log=$(mktemp)
    if model_run "$kind" "-DMUTANT_$name" "$@" >"$log"; then
        printf '%-44s %-8s NOT FOUND\n' "$name" "$kind"
        rm -f "$log"
        return 1
    fi
    if ! grep -qE "^pan:[0-9]+: $pattern" "$log"; then
        printf '%-44s %-8s another error than expected:\n' "$name" "$kind"
        cat "$log"
        rm -f "$log"
        return 1
    fi
    printf '%-44s %-8s found: %s\n' "$name" "$kind" \
        "$(sed -nE 's/^pan:[0-9]+: (.*)/\1/p' "$log" | head -n 1)"
    rm -f "$log"
}

# Planted bugs: each is found by the property that is there for it.
model_mutants() {
    local none=(-DLOSSES=0 -DREPEATS=0 -DCRASHES=0 -DSILENCES=0 -DCANCELS=0 -DDEADLINES=0)
    model_mutant NO_DEDUPE safety 'assertion violated \(counted\[i\]<=1\)' -DORDERS=1
    model_mutant BLIND_RESERVE safety 'assertion violated .*received' -DORDERS=2 "${none[@]}"
    model_mutant EVENT_BEFORE_COMMIT safety 'assertion violated \(order_state\[i\]!=0\)' -DORDERS=1
    model_mutant NO_COMPENSATION safety 'assertion violated .*reserved' -DORDERS=1
    model_mutant NEW_KEY safety 'assertion violated .*captures' -DORDERS=1
    model_flags=-A model_mutant NO_RESEND liveness 'acceptance cycle' -DORDERS=1 -DREPEATS=0 \
        -DCRASHES=0 -DSILENCES=0
}
