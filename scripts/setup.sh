#!/bin/sh
# Makes a checkout runnable: npm (when it is missing), the npm packages with Node itself among them, the
# generated messages. Does nothing when all of it stands. Says what it does; fails in one line.
set -eu
cd "$(dirname "$0")/.."
node=node_modules/node/bin/node
stamp=node_modules/.weft-installed
locked=$(cksum <package-lock.json)

fail() {
  printf 'weft: %s\n' "$*" >&2
  exit 1
}

as_root() {
  [ "$(id -u)" = 0 ] || fail "$1 is missing and only root can install it: run this as root, or install $1 yourself"
}

# Host packages, by the distribution's own package manager.
install_packages() {
  as_root "$1"
  echo "Installing host packages: $* ..."
  log=$(mktemp)
  if command -v apt-get >/dev/null; then
    apt_get install "$@" >"$log" 2>&1 || { apt_get update && apt_get install "$@"; } >"$log" 2>&1 || packages_failed "$@"
  elif command -v dnf >/dev/null; then
    dnf install -y -q --setopt=install_weak_deps=False "$@" >"$log" 2>&1 || packages_failed "$@"
  else
    fail "$* is missing and this system has neither apt-get nor dnf: install $* yourself"
  fi
  rm -f "$log"
}

# Debian's npm is 388 small packages: without a disk flush for each file they take 20 s and not 60.
apt_get() {
  if [ "$1" = install ]; then
    shift
    set -- -o Dpkg::Options::=--force-unsafe-io install -y --no-install-recommends "$@"
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

packages_failed() {
  if grep -qiE 'could not resolve|temporary failure|unable to connect|could not connect|failed to fetch|timed out' "$log"; then
    fail "the package servers cannot be reached to install $*: check the network or the proxy, then try again (see $log)"
  fi
  tail -n 3 "$log" >&2
  fail "$* could not be installed (see $log)"
}

# What npm and the Node that it brings need of the host, in one go.
install_missing_packages() {
  set --
  command -v npm >/dev/null || set -- "$@" npm
  if ! ldconfig -p 2>/dev/null | grep -q 'libatomic\.so\.1'; then
    if command -v apt-get >/dev/null; then set -- "$@" libatomic1; else set -- "$@" libatomic; fi
  fi
  [ $# = 0 ] || install_packages "$@"
}

install_npm_packages() {
  echo "Installing npm packages (once, half a minute to two) ..."
  log=$(mktemp)
  # Without a network npm would wait more than a minute before it says so.
  if ! npm ci --no-audit --no-fund --loglevel=error --fetch-retries=3 --fetch-retry-mintimeout=1000 \
    --fetch-retry-maxtimeout=8000 </dev/null >"$log" 2>&1; then
    if grep -qE 'E(NOTFOUND|AI_AGAIN|CONNREFUSED|TIMEDOUT|NETUNREACH|HOSTUNREACH|CONNRESET)' "$log"; then
      fail "the npm registry cannot be reached: check the network or the proxy, then try again (see $log)"
    fi
    grep 'npm' "$log" | head -n 5 >&2
    fail "npm ci failed (see $log)"
  fi
  rm -f "$log"
}

# npm may hold install scripts back; the node package fetches its binary in one.
install_node_binary() {
  [ -x "$node" ] || npm rebuild node esbuild koffi >/dev/null 2>&1 || true
  [ -x "$node" ] || (cd node_modules/node && node installArchSpecificPackage.js >/dev/null 2>&1) || true
  [ -x "$node" ] || fail "the npm package node brought no binary for $(uname -m): supported are x86_64 and aarch64"
  "$node" --version >/dev/null 2>&1 || fail "Node does not start here: $("$node" --version 2>&1 | head -n 1)"
}

[ "$(uname -s)" = Linux ] || fail "weft runs on Linux only, and this is $(uname -s)"
case $(uname -m) in
x86_64 | aarch64) ;;
*) fail "weft runs on x86_64 and aarch64, and this is $(uname -m)" ;;
esac

if ls /lib/ld-musl-* >/dev/null 2>&1 && ! ls /lib*/ld-linux-* >/dev/null 2>&1; then
  fail "the Node that npm brings needs the GNU C library, and this system has musl only"
fi

# An install that npm itself made since the lock file changed is as good as ours.
if [ -x "$node" ] && [ -n "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ]; then
  printf '%s' "$locked" >"$stamp"
fi
if [ "$(cat "$stamp" 2>/dev/null)" != "$locked" ] || [ ! -x "$node" ]; then
  install_missing_packages
  install_npm_packages
  install_node_binary
  printf '%s' "$locked" >"$stamp"
fi
PATH=$PWD/node_modules/.bin:$PATH sh scripts/generate.sh || fail "the xDS messages could not be generated"
