#!/bin/sh
# Generates api/xds/gen from the .proto files that @grpc/grpc-js-xds ships.
# Skipped when neither the package nor the list of messages has changed.
#
# The files are staged first: the validate.proto of the package is older than the
# Envoy files beside it and lacks one rule that they name (StringRules.ignore_empty).
set -eu
cd "$(dirname "$0")/.."
deps=node_modules/@grpc/grpc-js-xds/deps
[ -x node_modules/.bin/buf ] || exit 0
want=$(cat buf.yaml buf.gen.yaml scripts/generate.sh "$deps/../package.json" | cksum)
[ "$want" = "$(cat api/xds/gen/.stamp 2>/dev/null || true)" ] && exit 0

stage=dist/proto
rm -rf "$stage"
mkdir -p "$stage"
cp -r "$deps/envoy-api/envoy" "$deps/xds/xds" "$deps/xds/udpa" "$deps/googleapis/google" "$deps/protoc-gen-validate/validate" "$stage/"
if ! grep -A80 '^message StringRules' "$stage/validate/validate.proto" | grep -q ignore_empty; then
  sed -i 's|^  optional bool strict = 25 .*|&\n  optional bool ignore_empty = 26;|' "$stage/validate/validate.proto"
fi
PATH="$PWD/node_modules/.bin:$PATH" buf generate
rm -rf "$stage"
printf '%s' "$want" > api/xds/gen/.stamp
