# SPDX-License-Identifier: MIT
# Sourced by engine.sh: one Kafka node that is broker and controller (KRaft). 3.9.1 is the newest
# whose protocol Debian's librdkafka speaks in full.

engine_missing() {
    if ! engine_java >/dev/null; then
        echo "there is no Java 17 (./dev setup tests)"
    elif [ ! -d "$engines_cache/kafka-3.9.1" ] && ! command -v mvn >/dev/null; then
        echo "there is no Maven to fetch it with (./dev setup tests)"
    elif ! command -v kcat >/dev/null; then
        echo "there is no kcat to ask it with (./dev setup tests)"
    elif ! engine_jars kafka 3.9.1 >/dev/null; then
        echo "Maven cannot fetch it"
    fi
}

engine_prepare() {
    mkdir -p "$engines_dir/kafka"
    cat >"$engines_dir/kafka/log4j.properties" <<'CONF'
log4j.rootLogger=WARN, out
log4j.logger.kafka.server.KafkaRaftServer=INFO
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %m (%c)%n
CONF
}

# Kafka does not wait for the disk per record: what it acknowledged survives kill -9, not a power
# cut on a single node. The short session lets a killed node register again soon.
engine_run() {
    local home=$engines_dir/kafka controller java jars id
    controller=$(engine_port kafka_controller)
    java=$(engine_java)
    jars=$(engine_jars kafka 3.9.1)
    cat >"$home/server.properties" <<CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$1,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$1
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$home/data
num.partitions=4
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=16777216
CONF
    if [ ! -f "$home/data/meta.properties" ]; then
        id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | tr -d =)
        "$java" -XX:TieredStopAtLevel=1 -Dlog4j.configuration="file:$home/log4j.properties" \
            -cp "$jars/*" kafka.tools.StorageTool format -t "$id" -c "$home/server.properties"
    fi
    # shellcheck disable=SC2046
    engine_spawn kafka "$java" $(engine_java_flags) -Xms384m -Xmx384m -XX:+ExitOnOutOfMemoryError \
        -Dlog4j.configuration="file:$home/log4j.properties" -cp "$jars/*" \
        kafka.Kafka "$home/server.properties"
}

engine_answers() {
    kcat -L -J -m 2 -b "127.0.0.1:$1" | grep -q '"brokers":\[{'
}

engine_url() {
    echo "127.0.0.1:$1"
}

engine_variable=AURORA_TEST_KAFKA
engine_stop_signal=TERM
