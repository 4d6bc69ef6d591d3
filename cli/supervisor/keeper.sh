#!/bin/sh
# Keeps one program of a mesh running: starts it again when it ends, a little later each time it ends quickly.
# A shell, because a keeper that does nothing but wait should cost a megabyte and not forty.
#
#   keeper.sh NAME RUN_DIR LOG CGROUPS COMMAND...
#
# CGROUPS: directories to move into first, separated by colons, so that killing the cgroup of whoever typed
# `weft up` does not take the mesh along. SIGTERM stops the program, then the keeper.
# Leaves RUN_DIR/NAME.restarts: how often it was started again.
set -u
name=$1 run=$2 log=$3 cgroups=$4
shift 4

max_log_bytes=20000000
quick_seconds=10
child=
pause=
stopping=

stop() {
  stopping=1
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
  [ -z "$pause" ] || kill "$pause" 2>/dev/null
}
trap stop TERM INT
trap '' HUP

(
  IFS=:
  for group in $cgroups; do echo "$$" >"$group/cgroup.procs"; done
) 2>/dev/null

publish_restarts() {
  echo "$1" >"$run/$name.restarts.new" && mv "$run/$name.restarts.new" "$run/$name.restarts"
}

note() {
  printf '{"time":"%s","level":"%s","message":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1" "$2" >>"$log"
}

turn_log() {
  [ -f "$log" ] && [ "$(wc -c <"$log")" -gt "$max_log_bytes" ] && mv "$log" "$log.1"
}

restarts=0
quick=0
publish_restarts 0
while [ -z "$stopping" ]; do
  turn_log
  started=$(date +%s)
  "$@" >>"$log" 2>&1 </dev/null &
  child=$!
  wait "$child"
  code=$?
  # A trapped signal ends `wait` early: wait again for the program itself.
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
  done
  child=
  [ -z "$stopping" ] || break
  restarts=$((restarts + 1))
  publish_restarts "$restarts"
  if [ $(($(date +%s) - started)) -lt "$quick_seconds" ]; then quick=$((quick + 1)); else quick=0; fi
  case $quick in
  0 | 1) delay=0.1 ;;
  2) delay=0.5 ;;
  3) delay=1 ;;
  *) delay=5 ;;
  esac
  note error "$name ended with exit code $code; it starts again in $delay s"
  sleep "$delay" &
  pause=$!
  wait "$pause"
  pause=
done
rm -f "$run/$name.restarts"
