#!/bin/sh
# `npm test`: everything that must hold before a change is in. Sets up what it needs, runs every part even
# when an earlier one fails, and ends with the line `N passed, N failed`.
#
#   setup   npm packages, generated messages; host packages when root
#   checks  tsc, biome, knip: one test each in the count
#   unit    beside the code; no root, loopback only
#   mesh    real namespaces, redirects and OCI runtime; root only
set -u
cd "$(dirname "$0")/.."
results=dist/test
node=node_modules/node/bin/node

say() { printf '\n== %s\n' "$*"; }

say "setup: npm packages, generated messages"
sh scripts/setup.sh || exit 1
PATH=$PWD/node_modules/.bin:$PATH
export PATH
rm -rf "$results"
mkdir -p "$results"

# check NAME COMMAND...: one test in the count.
check() {
  name=$1
  shift
  say "$name"
  if "$@"; then verdict=passed; else verdict=failed; fi
  echo "$name: $verdict"
  echo "$verdict" >"$results/$name.check"
}

# suite PROJECT: as many tests as vitest reports.
suite() {
  say "tests: $1"
  vitest run --project "$1" --reporter=default --reporter=json --outputFile.json="$results/$1.json" </dev/null
  echo $? >"$results/$1.exit"
}

# The tests of the tasks send their requests as the pages of the tasks do: with curl, which a small host lacks.
install_curl() {
  command -v curl >/dev/null && return 0
  say "setup: curl"
  if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update && apt-get -qq -y --no-install-recommends install curl
  elif command -v dnf >/dev/null; then
    dnf -q -y install curl
  else
    apk add -q curl
  fi
}

check tsc tsc
check biome biome check .
check knip knip --no-progress
suite unit
if [ "$(id -u)" = 0 ]; then
  say "setup: host packages"
  if ./weft setup </dev/null && install_curl </dev/null && sh scripts/install-web-servers.sh </dev/null &&
    "$node" scripts/install-prometheus.ts </dev/null; then
    suite mesh
  else
    check host-packages false
  fi
else
  echo "weft: the mesh tests make namespaces and links, so they need root: run sudo npm test" >&2
  check root false
fi
exec "$node" scripts/test-summary.ts "$results"
