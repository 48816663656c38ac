// Message sets of the formats v0 and v1 that Kafka's Java client wrote (vectors/old_formats/make.sh), whole, cut and damaged.
import { beforeAll, describe, expect, test } from 'vitest';
import { messagesOf, type OldSet, oldSets } from '../kit/old_sets.ts';
import { type ReadAll, readAll } from '../unit/records/old_messages.ts';

const CODECS = ['none', 'gzip', 'snappy', 'lz4'];
const sets = oldSets();
/** Small enough for every cut and every bit. */
const small = sets.filter(({ bytes }) => bytes.length < 250);
const LIMIT = 1 << 20;

interface Flip {
  readonly bit: number;
  readonly outcome: ReadAll;
}

function read(bytes: Uint8Array, checkCrcs = true): ReadAll {
  return readAll(bytes, { checkCrcs, maxDecompressed: LIMIT }, 'base64');
}

/** Positions at which a message of the set ends. */
function ends(set: OldSet): number[] {
  let end = 0;
  return messagesOf(set.bytes).map((message) => (end += message.length));
}

test('there are sets of both formats with every codec', () => {
  const names = sets.map(({ name }) => name.split(',')[0]);

  expect(new Set(names)).toEqual(
    new Set([...CODECS.flatMap((codec) => [`v0 ${codec}`, `v1 ${codec}`]), 'every format in one log']),
  );
  expect(small.length).toBeGreaterThan(25);
});

test.each(sets)('$name: the records are those that Java reads', ({ bytes, records }) => {
  expect(read(bytes)).toMatchObject({ records, errors: [], partial: 0 });
});

test.each(sets.filter(({ bytes }) => bytes.length < 1000))(
  '$name: cut off anywhere, the whole messages are read and the rest is counted',
  (set) => {
    const whole = ends(set);
    const plain = set.name.includes('none');
    const cuts = Array.from({ length: set.bytes.length }, (_, size) => ({
      size,
      ...read(set.bytes.subarray(0, size)),
    }));

    const wrong = cuts.filter(({ size, records, errors, partial }) => {
      const complete = whole.filter((end) => end <= size);
      if (errors.length > 0 || size - partial !== (complete.at(-1) ?? 0)) return true;
      // A plain message is a record; of a wrapper come all or none.
      return plain ? records.length !== complete.length : complete.length === 0 && records.length > 0;
    });
    expect(wrong.map(({ size }) => size)).toEqual([]);
    expect(cuts.at(-1)!.records).toEqual(set.records.slice(0, cuts.at(-1)!.records.length));
  },
);

describe.each(small)('$name', (set) => {
  const { bytes } = set;
  let strict: Flip[] = [];
  beforeAll(() => {
    strict = flips(true);
  });

  function flips(checkCrcs: boolean): Flip[] {
    return Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      return { bit, outcome: read(flipped, checkCrcs) };
    });
  }

  /** Offset and size of a message stand before what its checksum covers. */
  function where(bit: number): 'offset' | 'size' | 'covered' {
    const begins = [0, ...ends(set)].findLast((end) => end * 8 <= bit)! * 8;
    return bit - begins < 64 ? 'offset' : bit - begins < 96 ? 'size' : 'covered';
  }

  test('with checksums every flipped bit of what they cover is an error', () => {
    const unseen = strict.filter(({ bit, outcome }) => where(bit) === 'covered' && outcome.errors.length === 0);

    expect(unseen.map(({ bit }) => bit)).toEqual([]);
  });

  test('a flipped bit of a size is an error or cuts the set off', () => {
    const sizes = strict.filter(({ bit }) => where(bit) === 'size');

    const unseen = sizes.filter(({ outcome }) => outcome.errors.length === 0 && outcome.partial === 0);
    expect(sizes.length).toBeGreaterThan(31);
    expect(unseen.map(({ bit }) => bit)).toEqual([]);
  });

  test('without checksums every flipped bit gives records or errors', () => {
    const wrong = flips(false).filter(({ outcome: { records, errors, partial } }) => {
      const nothing = records.length + errors.length + partial === 0;
      return nothing || records.length > set.records.length;
    });

    expect(wrong.map(({ bit }) => bit)).toEqual([]);
  });
});
