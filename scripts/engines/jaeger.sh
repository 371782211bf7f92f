# SPDX-License-Identifier: MIT
# Sourced by engine.sh: one Jaeger, which takes OTLP over HTTP and keeps traces in memory, the oldest go
# first. It is built from its Go module: some minutes the first time, kept beside the other engines' jars.
. scripts/lib/go_program.sh

jaeger_program=$engines_cache/jaeger-1.76.0/jaeger

# One at a time: two sets share the program.
jaeger_have() {
    [ ! -x "$jaeger_program" ] || return 0
    mkdir -p "${jaeger_program%/*}"
    exec 7>"$jaeger_program.lock"
    flock 7
    if [ ! -x "$jaeger_program" ]; then
        echo "jaeger: building version 1.76.0 into ${jaeger_program%/*} (some minutes)" >&2
        # Not optimised: it has a handful of traces to take, and a third of the time to build is saved.
        go_build scripts/engines/jaeger github.com/jaegertracing/jaeger/cmd/jaeger "$jaeger_program" \
            "-gcflags=all=-N -l" || return 1
    fi
    exec 7>&-
}

engine_missing() {
    if [ ! -x "$jaeger_program" ] && ! go_for scripts/engines/jaeger jaeger >/dev/null 2>&1; then
        echo "it is built from its Go module, and there is no Go that is new enough (./dev setup tests)"
    elif ! jaeger_have; then
        echo "it cannot be built"
    fi
}

engine_prepare() {
    mkdir -p "$engines_dir/jaeger"
}

# The query's ports beside the one for spans.
engine_run() {
    local home=$engines_dir/jaeger
    cat >"$home/config.yaml" <<CONF
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [jaeger_storage_exporter]
  telemetry:
    metrics:
      level: none
    logs:
      level: warn
extensions:
  jaeger_storage:
    backends:
      memory:
        memory:
          max_traces: 20000
  jaeger_query:
    storage:
      traces: memory
    http:
      endpoint: 127.0.0.1:$(engine_port jaeger_query)
    grpc:
      endpoint: 127.0.0.1:$(engine_port jaeger_query_grpc)
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:$1
exporters:
  jaeger_storage_exporter:
    trace_storage: memory
CONF
    engine_spawn jaeger env GOMEMLIMIT=256MiB GOMAXPROCS=2 "$jaeger_program" --config "$home/config.yaml"
}

engine_answers() {
    curl -sf -m 5 "http://127.0.0.1:$(engine_port jaeger_query)/api/services" >/dev/null &&
        curl -sf -m 5 -H 'Content-Type: application/json' -d '{"resourceSpans":[]}' "http://127.0.0.1:$1/v1/traces" >/dev/null
}

# Where spans are sent, and where they are read.
engine_url() {
    echo "http://127.0.0.1:$1 http://127.0.0.1:$(engine_port jaeger_query)"
}

engine_variable=AURORA_TEST_JAEGER
engine_stop_signal=TERM
