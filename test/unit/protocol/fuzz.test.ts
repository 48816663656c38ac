// Bytes that no honest peer sends. FUZZ_FRAMES sets how many random frames are tried (`npm run soak`: 1,000,000).
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import { APIS, STRUCTS } from '../../../src/protocol/api.ts';
import { readRequestHeader, readResponseHeader } from '../../../src/protocol/frame.ts';
import { ProtocolError, Reader, ZERO_UUID } from '../../../src/protocol/reader.ts';
import { type Field, holds } from '../../../src/protocol/schema.ts';
import { decodeMessage, encodeMessage } from '../../kit/codec.ts';
import { heldBytes } from '../../kit/heap.ts';
import { structOf } from '../../kit/kafka_json.ts';
import { randomMessage, SeededRandom } from '../../kit/random_message.ts';

const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 50_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 11);
const HEAP = 64 << 20;

const spoken = Object.values(APIS).filter((api) => api.max >= 0);
const messages = [...spoken.flatMap(({ name }) => [`${name}Request`, `${name}Response`]), ...Object.keys(STRUCTS)];
const kinds = messages.flatMap((message) => {
  const { from, to } = structOf(message).versions;
  return Array.from({ length: to - from + 1 }, (_, i) => ({ message, version: from + i }));
});

/** Gives whether `run` decoded a value; any error but a ProtocolError that names a field, or ten seconds, fails the test. */
function judged(what: string, bytes: Uint8Array, run: () => unknown): boolean {
  const start = performance.now();
  const error = outcome(run);
  const took = performance.now() - start;
  if (took > 10_000) throw new Error(`${what} of ${Buffer.from(bytes).toString('hex')} took ${took} ms`);
  if (error === null) return true;
  if (error instanceof ProtocolError && error.field !== '' && error.message.includes(error.field)) return false;
  throw new Error(`${what} of ${Buffer.from(bytes).toString('hex')} threw ${error}`, { cause: error });
}

function outcome(run: () => unknown): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error ?? 'nothing';
  }
}

/** Mostly short, up to 4 KB. */
function anySize(random: SeededRandom): number {
  return random.below(4) === 0 ? random.below(4097) : random.below(200);
}

/** Bytes with a taste for small numbers, which pass for counts and lengths, and for runs of one byte. */
function anyBytes(random: SeededRandom): Uint8Array {
  const bytes = random.bytes(anySize(random));
  const taste = random.below(4);
  if (taste === 0) bytes.fill(random.pick([0, 1, 2, 3, 0x7f, 0x80, 0xff]));
  if (taste === 1) for (let i = 0; i < bytes.length; i++) if (random.below(4) > 0) bytes[i] = random.below(4);
  return bytes;
}

/** An honest message with a few bytes changed, or cut off, or drawn out. */
function spoiled(message: string, version: number, random: SeededRandom): Uint8Array {
  const honest = encodeMessage(message, version, randomMessage(structOf(message), version, random)).slice();
  for (let i = random.below(3); i >= 0 && honest.length > 0; i--) {
    const at = random.below(honest.length);
    if (random.below(3) === 0) honest.set([0x7f, 0xff, 0xff, 0xff].slice(0, honest.length - at), at);
    else honest[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  }
  if (random.below(4) === 0) return honest.subarray(0, random.below(honest.length + 1));
  return random.below(8) === 0 ? new Uint8Array([...honest, 0]) : honest;
}

test(`${FRAMES} random frames each give a value or an error that names the field, in bounded memory`, {
  timeout: 1_800_000,
}, () => {
  const random = new SeededRandom(SEED);
  const held = heldBytes();
  const start = held();
  let most = 0;
  let values = 0;

  for (let i = 0; i < FRAMES; i++) {
    const { message, version } = random.pick(kinds);
    const bytes = i % 2 === 0 ? anyBytes(random) : spoiled(message, version, random);
    if (judged(`${message} v${version}`, bytes, () => decodeMessage(message, version, bytes))) values++;
    if (i % 5000 === 0) most = Math.max(most, held() - start);
  }

  most = Math.max(most, held() - start);
  expect(most).toBeLessThan(HEAP);
  // Both outcomes happen, or the frames were no test.
  expect(values).toBeGreaterThan(FRAMES / 100);
  expect(values).toBeLessThan(FRAMES / 2);
});

describe('headers', () => {
  test('of random bytes give a value or an error that names the field', () => {
    const random = new SeededRandom(SEED);
    for (let i = 0; i < 20_000; i++) {
      const bytes = random.bytes(random.below(40));
      if (random.below(2) === 0 && bytes.length > 1) bytes.set([0, random.below(100)]);
      const { name, latest } = random.pick(spoken);

      judged('request header', bytes, () => readRequestHeader(new Reader(bytes)));
      judged('response header', bytes, () => readResponseHeader(name, latest, new Reader(bytes)));
    }
  });
});

test('every truncation of 100 recorded answers of up to 4 KB is an error that names the field', () => {
  const folder = new URL('../../golden/vectors/', import.meta.url);
  const answers = readdirSync(folder)
    .filter((file) => file.endsWith('Response.jsonl'))
    .flatMap((file) => readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as { message: string; version: number; bytes: string })
    .map(({ message, version, bytes }) => ({ message, version, bytes: new Uint8Array(Buffer.from(bytes, 'base64')) }))
    .filter(({ bytes }) => bytes.length <= 4096);
  const step = Math.floor(answers.length / 100);
  const chosen = answers.filter((_, i) => i % step === 0);
  expect(chosen.length).toBeGreaterThanOrEqual(100);

  for (const { message, version, bytes } of chosen) {
    for (let size = 0; size < bytes.length; size++) {
      const part = bytes.subarray(0, size);
      const what = `${message} v${version} cut to ${size}`;
      expect(
        judged(what, part, () => decodeMessage(message, version, part)),
        what,
      ).toBe(false);
    }
  }
});

/** Messages of up to 4 KB that hold as many of the smallest elements as fit, once for each array of the struct. */
function crowded(message: string, version: number): Uint8Array[] {
  const struct = structOf(message);
  const fill = (fields: readonly Field[], target: Field, count: number): Record<string, unknown> =>
    Object.fromEntries(
      fields
        .filter((field) => field.array && holds(field.versions, version))
        .map((field) => {
          const one = field.fields === null ? zero(field) : fill(field.fields, target, count);
          return [field.name, field === target ? new Array(count).fill(one) : field.fields === null ? [] : [one]];
        }),
    );
  const arrays = (fields: readonly Field[]): Field[] =>
    fields.flatMap((one) => [...(one.array ? [one] : []), ...(one.fields === null ? [] : arrays(one.fields))]);
  return arrays(struct.fields)
    .filter((field) => holds(field.versions, version))
    .map((target) => {
      const sizeOf = (count: number): Uint8Array => encodeMessage(message, version, fill(struct.fields, target, count));
      const [empty, two] = [sizeOf(0).length, sizeOf(2).length];
      return sizeOf(Math.max(1, Math.floor((4096 - empty) / Math.max(1, (two - empty) / 2))));
    })
    .filter((bytes) => bytes.length <= 4200);
}

function zero(field: Field): unknown {
  return field.type === 'string' ? '' : field.type === 'uuid' ? ZERO_UUID : 0;
}

test('no message of 4 KB makes more than 256 KB, however many elements crowd in it', () => {
  const held = heldBytes();
  let kept: unknown[] = [];
  const start = held();
  let [most, worst] = [0, ''];
  for (const message of messages) {
    const version = structOf(message).versions.to;
    for (const bytes of crowded(message, version)) {
      // Many of the same, for what garbage collection leaves is known to some 100 KB only.
      kept = Array.from({ length: 64 }, () => decodeMessage(message, version, bytes));
      const size = (held() - start) / kept.length;
      if (size > most) [most, worst] = [size, `${message} v${version}`];
    }
  }
  expect(most, worst).toBeLessThan(256 * 1024);
  expect(most).toBeGreaterThan(4096);
});
