# shellcheck shell=bash
# kafka.sh — one real Kafka broker (KRaft, broker and controller in one): fetched, formatted, started,
# stopped.

# shellcheck source=scripts/lib/processes.sh
. "$(dirname "${BASH_SOURCE[0]}")/processes.sh"

kafka_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../kafka" && pwd)

# kafka_cache ROOT: the folder with the broker's jars.
kafka_cache() {
    printf '%s' "${SKAFU_CACHE:-$1/.cache}/kafka"
}

# kafka_fetch ROOT LOG: get the jars once, all or none.
kafka_fetch() {
    local cache log=$2 since
    cache=$(kafka_cache "$1")
    if cmp -s "$kafka_scripts/pom.xml" "$cache/pom.xml"; then
        return 0
    fi
    command -v mvn > /dev/null || fail "mvn is missing (Debian package maven); it fetches the Kafka broker"
    since=$(now_ms)
    step kafka "fetching the broker from Maven Central"
    rm -rf "$cache" "$cache.new"
    mkdir -p "$cache.new"
    quietly "$log" "fetching the Kafka broker" mvn -q -B -f "$kafka_scripts/pom.xml" \
        dependency:copy-dependencies -DoutputDirectory="$cache.new/libs" -DincludeScope=runtime
    cp "$kafka_scripts/pom.xml" "$cache.new/"
    mv "$cache.new" "$cache"
    step kafka "fetched in $(elapsed "$since")"
}

kafka_classpath() {
    find "$1/libs" -name '*.jar' | LC_ALL=C sort | paste -s -d :
}

# kafka_java: Java 17 or later, as a path.
kafka_java() {
    local java=${JAVA_HOME:+$JAVA_HOME/bin/}java version
    command -v "$java" > /dev/null ||
        fail "java is missing (Debian package openjdk-17-jre-headless); or start with --broker embedded, which needs none"
    version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
    [ "${version:-0}" -ge 17 ] ||
        fail "$java is version ${version:-unknown} and the Kafka broker needs 17: set JAVA_HOME to a newer one"
    command -v "$java"
}

# kafka_properties DATA PORT CONTROLLER_PORT: server.properties of a broker for one machine.
kafka_properties() {
    cat << EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$3
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$3
advertised.listeners=PLAINTEXT://127.0.0.1:$2
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$1
auto.create.topics.enable=false
log.retention.ms=-1
log.retention.bytes=-1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# Back soon after a kill: the controller waits this long for the dead one.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# The cleaner's buffer is 128 MB of heap by default.
log.cleaner.dedupe.buffer.size=4194304
EOF
}

# kafka_format CACHE DATA LOG: make an empty broker's folder at DATA, or leave nothing there.
kafka_format() {
    local cache=$1 data=$2 log=$3 java classpath id
    java=$(kafka_java)
    classpath=$(kafka_classpath "$cache")
    rm -rf "$data.new"
    mkdir -p "$data.new"
    kafka_properties "$data.new" 9092 9093 > "$data.format"
    id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c1-22)
    quietly "$log" "formatting Kafka's folder" "$java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
        -Dlog4j2.configurationFile="$kafka_scripts/log4j2.properties" \
        -cp "$classpath" kafka.tools.StorageTool format -t "$id" -c "$data.format"
    rm -f "$data.format"
    mv "$data.new" "$data"
}

# kafka_copy CACHE DATA LOG: the same for a broker that is thrown away soon: formatted once, copied from then on.
kafka_copy() {
    local cache=$1 data=$2 log=$3 formatted
    formatted=$cache/formatted-$(kafka_properties '' 9092 9093 | cksum | cut -d ' ' -f 1)
    if [ ! -d "$formatted" ]; then
        kafka_format "$cache" "$formatted.$$" "$log"
        mv -T "$formatted.$$" "$formatted" 2> /dev/null || rm -rf "$formatted.$$" # somebody was faster
    fi
    rm -rf "$data.new"
    cp -r "$formatted" "$data.new"
    mv "$data.new" "$data"
}

# kafka_launch CACHE DATA PORT CONTROLLER_PORT PIDFILE LOG: start it; it answers later, see kafka_await.
kafka_launch() {
    local cache=$1 data=$2 port=$3 controller_port=$4 pidfile=$5 log=$6 java archive=() options
    java=$(kafka_java)
    read -r -a options <<< "${SKAFU_KAFKA_JAVA_OPTIONS:-}"
    kafka_properties "$data" "$port" "$controller_port" > "$data.properties"
    # A class-data archive saves two seconds of start; the first broker that stops leaves one.
    if [ -f "$cache/kafka.jsa" ]; then
        archive=(-XX:SharedArchiveFile="$cache/kafka.jsa")
    else
        archive=(-XX:ArchiveClassesAtExit="$data.jsa")
    fi
    process_start "$pidfile" "$log" "$java" -Xms256m -Xmx512m -XX:+UseSerialGC "${archive[@]}" -Xlog:cds=off \
        -Xlog:cds+dynamic=off "${options[@]}" -Dlog4j2.configurationFile="$kafka_scripts/log4j2.properties" \
        -cp "$(kafka_classpath "$cache")" kafka.Kafka "$data.properties"
}

# kafka_await PORT PIDFILE LOG: wait until it answers.
kafka_await() {
    process_await "$2" "$3" 90 kafka_answers "$1"
}

# kafka_start CACHE DATA PORT CONTROLLER_PORT PIDFILE LOG: both.
kafka_start() {
    kafka_launch "$@"
    kafka_await "$3" "$5" "$6"
}

kafka_answers() {
    kcat -b "127.0.0.1:$1" -L -m 2
}

# kafka_stop CACHE DATA PIDFILE
kafka_stop() {
    process_stop "$3" 60
    if [ -s "$2.jsa" ] && [ ! -f "$1/kafka.jsa" ]; then
        mv "$2.jsa" "$1/kafka.jsa"
    fi
    rm -f "$2.jsa"
}
