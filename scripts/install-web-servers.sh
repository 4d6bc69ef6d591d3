#!/bin/sh
# Installs nginx and Apache where they are missing, for tests that start them by themselves. Debian's packages would
# start them as services, on port 80, now and at every boot: neither is wanted here.
set -eu

# have PROGRAM: also where the PATH of an account may not lead.
have() {
  command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]
}

missing=
have nginx || missing=nginx
have apache2 || have httpd || missing="$missing apache2"
[ -n "$missing" ] || exit 0

if command -v apt-get >/dev/null; then
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  # shellcheck disable=SC2086
  apt-get -qq -y --no-install-recommends install $missing
  # shellcheck disable=SC2086
  if command -v systemctl >/dev/null; then systemctl -q disable $missing || true; fi
elif command -v dnf >/dev/null; then
  dnf -q -y install nginx httpd
else
  apk add -q nginx apache2
fi
