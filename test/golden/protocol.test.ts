// Our schemas against bytes written by Kafka's own codec (a sample; test/real/vectors.test.ts compares all versions).
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Definition } from '../../scripts/vectors/kafka.mjs';
import { APIS, STRUCTS } from '../../src/protocol/api.ts';
import { decodeMessage, encodeMessage } from '../kit/codec.ts';
import { differences } from '../kit/definitions.ts';
import { fromKafkaJson, plain, structOf } from '../kit/kafka_json.ts';

const folder = new URL('./vectors/', import.meta.url);
const all = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));
const files = all.filter((file) => !file.startsWith('definitions-'));
const spoken = Object.values(APIS).filter((api) => api.max >= 0);

interface Vector {
  message: string;
  version: number;
  bytes: string;
  json: unknown;
}

function linesOf(file: string): any[] {
  const lines = readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

const vectorsOf = (file: string): Vector[] => linesOf(file);

test('the sample holds every message that has a schema', () => {
  const expected = [...spoken.flatMap(({ name }) => [`${name}Request`, `${name}Response`]), ...Object.keys(STRUCTS)];

  expect(files.map((file) => file.replace('.jsonl', '')).sort()).toEqual(expected.sort());
});

test('the sample holds every version of each message', () => {
  for (const file of files) {
    const { from, to } = structOf(file.replace('.jsonl', '')).versions;
    const versions = new Set(vectorsOf(file).map((vector) => vector.version));

    expect([...versions], file).toEqual(Array.from({ length: to - from + 1 }, (_, i) => from + i));
  }
});

test.each(all.filter((file) => file.startsWith('definitions-')))('the schemas say what Kafka says in %s', (file) => {
  const definitions: Definition[] = linesOf(file);

  expect(definitions).toHaveLength(files.length);
  expect(definitions.flatMap(differences)).toEqual([]);
});

describe.each(files)('%s', (file) => {
  const vectors = vectorsOf(file);
  const struct = structOf(file.replace('.jsonl', ''));

  test('what Kafka wrote is decoded to what Kafka meant', () => {
    for (const { message, version, bytes, json } of vectors) {
      const decoded = decodeMessage(message, version, Buffer.from(bytes, 'base64'));

      expect(plain(decoded), `v${version}`).toEqual(plain(fromKafkaJson(struct, version, json)));
    }
  });

  test('what Kafka meant is encoded to what Kafka wrote', () => {
    for (const { message, version, bytes, json } of vectors) {
      const encoded = encodeMessage(message, version, fromKafkaJson(struct, version, json));

      expect(Buffer.from(encoded).toString('base64'), `v${version}`).toBe(bytes);
    }
  });
});
