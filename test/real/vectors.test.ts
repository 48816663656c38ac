// Every schema in every version against Kafka's own codec, both ways. Needs Java and Maven, but no broker.
import { describe, expect, test } from 'vitest';
import {
  definedByKafka,
  everyMessage,
  RELEASES,
  readByKafka,
  type Vector,
  writtenByKafka,
} from '../../scripts/vectors/kafka.mjs';
import { decodeMessage, encodeMessage } from '../kit/codec.ts';
import { differences } from '../kit/definitions.ts';
import { fromKafkaJson, plain, structOf, toKafkaJson } from '../kit/kafka_json.ts';
import { randomMessage, SeededRandom } from '../kit/random_message.ts';

const SEED = Number(process.env['VECTORS_SEED'] ?? 4);
const EACH = Number(process.env['VECTORS_EACH'] ?? 10);
const TIMEOUT = 300_000;
const messages = await everyMessage();

/** `MetadataRequest v3` of every line. */
function kinds(lines: readonly { message: string; version: number }[]): Set<string> {
  return new Set(lines.map(({ message, version }) => `${message} v${version}`));
}

/** A random message of ours, as bytes and as the JSON that Kafka should see, for each line of `sample`. */
function ours(sample: readonly Vector[]): Vector[] {
  const random = new SeededRandom(SEED);
  return sample.map(({ message, version }) => {
    const struct = structOf(message);
    const value = randomMessage(struct, version, random);
    const bytes = Buffer.from(encodeMessage(message, version, value)).toString('base64');
    return { message, version, bytes, json: toKafkaJson(struct, version, value) };
  });
}

test('the two releases together have every version of every schema', { timeout: TIMEOUT }, async () => {
  const found = await Promise.all(RELEASES.map((release) => writtenByKafka(release, SEED, 1, messages)));
  const have = kinds(found.flat());
  const expected = messages.flatMap((row) => {
    const [, name, from, to] = /^(\w+):(\d+)-(\d+)$/.exec(row)!;
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => `${name} v${Number(from) + i}`);
  });

  expect(expected.filter((kind) => !have.has(kind))).toEqual([]);
});

describe.each(RELEASES)('Kafka %s', (release) => {
  test('defines every field as our schemas do', { timeout: TIMEOUT }, async () => {
    const definitions = await definedByKafka(release, messages);

    expect(definitions).toHaveLength(messages.length);
    expect(definitions.flatMap(differences)).toEqual([]);
  });

  test('writes what we read the same way and write the same way', { timeout: TIMEOUT }, async () => {
    const written = await writtenByKafka(release, SEED, EACH, messages);

    expect(written.length).toBeGreaterThan(messages.length * EACH);
    for (const { message, version, bytes, json } of written) {
      const meant = fromKafkaJson(structOf(message), version, json);
      const what = `${message} v${version} ${bytes}`;
      expect(plain(decodeMessage(message, version, Buffer.from(bytes, 'base64'))), what).toEqual(plain(meant));
      expect(Buffer.from(encodeMessage(message, version, meant)).toString('base64'), what).toBe(bytes);
    }
  });

  test('reads what we write the same way and would write it the same way', { timeout: TIMEOUT }, async () => {
    const sample = await writtenByKafka(release, SEED, EACH, messages);
    const lines = ours(sample);
    const readings = await readByKafka(release, lines);

    expect(readings.length).toBe(lines.length);
    for (const [i, { message, version, bytes, json }] of lines.entries()) {
      const what = `${message} v${version} ${bytes}`;
      expect(readings[i], what).toEqual({ message, version, left: 0, json, again: bytes });
    }
  });
});
