#!/bin/sh
# Format the volume when it is new, then become the broker.
set -eu
cd /opt/kafka
properties=${KAFKA_PROPERTIES:-/opt/kafka/server.properties}
logging=-Dlog4j2.configurationFile=/opt/kafka/log4j2.properties
if [ ! -f /var/lib/kafka/data/meta.properties ]; then
    id=${KAFKA_CLUSTER_ID:-$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c1-22)}
    java "$logging" -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format -t "$id" -c "$properties"
fi
# shellcheck disable=SC2086
exec java ${KAFKA_JAVA_OPTIONS:--Xms512m -Xmx512m} "$logging" -cp '/opt/kafka/libs/*' kafka.Kafka "$properties"
