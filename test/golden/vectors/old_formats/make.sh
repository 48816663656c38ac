#!/bin/sh
# Makes sets.jsonl: message sets of the formats v0 and v1, for test/golden/old_formats.test.ts. Needs java, mvn and node; from
# anywhere.
set -e
cd "$(dirname "$0")"
jars=$(node ../../../../scripts/maven_jars.mjs org.apache.kafka:kafka-clients:3.9.0)
java -cp "$jars" OldFormats.java > sets.jsonl
