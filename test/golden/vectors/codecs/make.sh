#!/bin/sh
# Makes streams.jsonl: streams of other implementations, for test/golden/codecs.test.ts. Needs java, mvn, lz4, zstd, gzip
# and node; from anywhere. A line has the codec, who wrote it, which text (the test makes the same), the stream in base64.
set -e
cd "$(dirname "$0")"
here=$(pwd)
jars=$(node ../../../../scripts/maven_jars.mjs org.apache.kafka:kafka-clients:4.1.0)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"
node -e "
const { writeFileSync } = require('node:fs');
const lines = (count) => Array.from({ length: count }, (_, i) => JSON.stringify({ offset: i, key: 'k' + (i % 7) })).join('\n');
writeFileSync('small', lines(12));
writeFileSync('large', lines(3000));
"
line() {
  printf '{"codec":"%s","by":"%s","plain":"%s","bytes":"%s"}\n' "$1" "$2" "$3" "$(base64 -w0)"
}
{
  java -cp "$jars" "$here/Codecs.java" write small large
  for plain in small large; do
    lz4 -q -c $plain | line lz4 "lz4 (content checksum)" $plain
    lz4 -q -BD -BX -c $plain | line lz4 "lz4 -BD -BX (linked blocks, block checksums)" $plain
    lz4 -q -B4 -BD --no-frame-crc -c $plain | line lz4 "lz4 -B4 -BD --no-frame-crc (linked blocks of 64 KiB)" $plain
    lz4 -q -9 -B5 --content-size -c $plain | line lz4 "lz4 -9 -B5 --content-size" $plain
    { head -c 100 $plain | lz4 -q -c; printf '\120\052\115\030\003\000\000\000abc'; tail -c +101 $plain | lz4 -q -c; } |
      line lz4 "lz4, two frames and one to skip" $plain
    zstd -q -c $plain | line zstd "zstd (checksum)" $plain
    zstd -q --no-check -c < $plain | line zstd "zstd --no-check of a pipe (no content size)" $plain
    zstd -q -19 --long=27 -c $plain | line zstd "zstd -19 --long=27" $plain
    { head -c 100 $plain | zstd -q -c; printf '\120\052\115\030\003\000\000\000abc'; tail -c +101 $plain | zstd -q -c; } |
      line zstd "zstd, two frames and one to skip" $plain
    gzip -n -9 -c $plain | line gzip "gzip -9" $plain
    { head -c 100 $plain | gzip -n -c; tail -c +101 $plain | gzip -n -c; } | line gzip "gzip, two members" $plain
  done
} > "$here/streams.jsonl"
