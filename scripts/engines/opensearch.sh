# SPDX-License-Identifier: MIT
# Sourced by engine.sh: one OpenSearch node, run within a small runner: plain HTTP, no accounts.

engine_missing() {
    if ! engine_java >/dev/null; then
        echo "there is no Java 17 (./dev setup tests)"
    elif [ ! -d "$engines_cache/opensearch-2.19.1" ] && ! command -v mvn >/dev/null; then
        echo "there is no Maven to fetch it with (./dev setup tests)"
    elif ! engine_jars opensearch 2.19.1 >/dev/null; then
        echo "Maven cannot fetch it"
    fi
}

engine_prepare() {
    mkdir -p "$engines_dir/opensearch/node_1/config"
}

# The runner opens HTTP on its base port plus the number of the node, which is 1, and on none
# above 9299.
engine_ports=(9202 9298)

engine_run() {
    local home=$engines_dir/opensearch transport
    transport=$(engine_port opensearch_transport)
    cat >"$home/node_1/config/opensearch.yml" <<CONF
network.host: 127.0.0.1
transport.port: $transport
discovery.type: single-node
action.auto_create_index: true
cluster.routing.allocation.disk.threshold_enabled: false
CONF
    # shellcheck disable=SC2046
    engine_spawn opensearch env -C "$home" "$(engine_java)" $(engine_java_flags) -Xms512m -Xmx512m \
        -XX:+ExitOnOutOfMemoryError -cp "$(engine_jars opensearch 2.19.1)/*" \
        org.codelibs.opensearch.runner.OpenSearchRunner -basePath "$home/" -numOfNode 1 \
        -baseHttpPort $(($1 - 1)) -clusterName aurora -printOnFailure
}

engine_answers() {
    curl -sf -m 5 "http://127.0.0.1:$1/_cluster/health?wait_for_status=yellow&timeout=2s" |
        grep -qE '"status":"(yellow|green)"'
}

engine_url() {
    echo "http://127.0.0.1:$1"
}

engine_variable=AURORA_TEST_OPENSEARCH
engine_stop_signal=TERM
