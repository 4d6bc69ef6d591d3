#!/bin/sh
# Generates api/xds/gen from the .proto files that @grpc/grpc-js-xds ships, and api/otlp/gen from those that
# OpenTelemetry's own exporter shipped for long (otlp-messages is that package; later releases encode by hand and bring none).
# Skipped when neither the packages nor the lists of messages have changed.
#
# The files are staged first: the validate.proto of the package is older than the
# Envoy files beside it and lacks one rule that they name (StringRules.ignore_empty).
set -eu
cd "$(dirname "$0")/.."
deps=node_modules/@grpc/grpc-js-xds/deps
otlp=node_modules/otlp-messages
[ -x node_modules/.bin/buf ] || exit 0
want=$(cat buf.yaml buf.gen.yaml buf.gen.otlp.yaml scripts/generate.sh "$deps/../package.json" "$otlp/package.json" | cksum)
made() { [ "$want" = "$(cat "$1/.stamp" 2>/dev/null || true)" ]; }
made api/xds/gen && made api/otlp/gen && exit 0

stage=dist/proto
rm -rf "$stage"
mkdir -p "$stage"
cp -r "$deps/envoy-api/envoy" "$deps/xds/xds" "$deps/xds/udpa" "$deps/googleapis/google" "$deps/protoc-gen-validate/validate" "$stage/"
cp -r "$otlp/build/protos/opentelemetry" "$stage/"
if ! grep -A80 '^message StringRules' "$stage/validate/validate.proto" | grep -q ignore_empty; then
  sed -i 's|^  optional bool strict = 25 .*|&\n  optional bool ignore_empty = 26;|' "$stage/validate/validate.proto"
fi
PATH="$PWD/node_modules/.bin:$PATH"
buf generate
buf generate --template buf.gen.otlp.yaml
rm -rf "$stage"
for made in api/xds/gen api/otlp/gen; do printf '%s' "$want" >"$made/.stamp"; done
