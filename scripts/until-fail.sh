#!/bin/sh
# Repeats a test until it fails: scripts/until-fail.sh NNNN [rounds, 100 by default] [more arguments of vitest].
# NNNN is any part of a test file's path; on the mock cluster, or on a real Kafka with PROJECT=real.
# TEST_DEBUG=cgrp,fetch scripts/until-fail.sh 0117 prints the last debug lines of the round that failed.
set -u
cd "$(dirname "$0")/.." || exit 2
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
name=$1
shift
rounds=100
case ${1:-} in [0-9]*) rounds=$1; shift ;; esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  if npx vitest run --project "${PROJECT:-mock}" "$name" "$@" >"$log" 2>&1; then
    printf '\rround %s of %s' "$round" "$rounds"
  else
    printf '\nround %s of %s failed:\n' "$round" "$rounds"
    cat "$log"
    exit 1
  fi
done
printf '\n%s rounds, none failed\n' "$rounds"
