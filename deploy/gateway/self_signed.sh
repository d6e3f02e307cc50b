#!/bin/sh
# Make a certificate for trying the gateway: deploy/gateway/tls/server.crt and server.key.
# usage: self_signed.sh [NAME]     NAME is localhost unless given
set -eu
name=${1:-localhost}
tls=$(dirname "$0")/tls
mkdir -p "$tls"
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
    -subj "/CN=$name" -addext "subjectAltName=DNS:$name" -keyout "$tls/server.key" -out "$tls/server.crt"
