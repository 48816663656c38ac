import { describe, expect, test } from 'vitest';
import { LOG_APPEND_TIME } from '../../../src/records/batch_header.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { readLegacy } from '../../../src/records/legacy_reader.ts';
import { oldSet } from '../../kit/old_sets.ts';
import { Generator } from './generator.ts';
import { type OldMessage, oldMessage, oldWrapper, readAll, settled } from './old_messages.ts';

const [GZIP, SNAPPY, LZ4] = [1, 2, 3];
const BAD_MSG = -199;
const BAD_COMPRESSION = -198;
const NOT_IMPLEMENTED = -170;
const LIMIT = 1 << 20;
const OPTIONS = { checkCrcs: true, maxDecompressed: LIMIT };

function offsetsOf(...messages: Uint8Array[]): number[] {
  return readAll(Buffer.concat(messages)).records.map(({ offset }) => offset);
}

/** The only error of these messages, of which nothing can be read. */
function errorOf(...messages: Uint8Array[]): { code: number; message: string } {
  const { records, errors } = readAll(Buffer.concat(messages));
  expect([records, errors.length]).toEqual([[], 1]);
  return { code: errors[0]!.code, message: errors[0]!.message };
}

/** A log as old producers, brokers and cleaners left it: plain messages and wrappers of both formats, with gaps. */
function aLog(random: Generator): { bytes: Buffer; expected: object[] } {
  const pieces: Uint8Array[] = [];
  const expected: object[] = [];
  let offset = random.below(2 ** 40);
  for (let left = 1 + random.below(6); left > 0; left--) {
    const magic = random.below(2);
    const stamped = magic === 1 && random.below(3) === 0 ? LOG_APPEND_TIME : 0;
    const bits = random.below(4);
    const appended = 5_000_000 + random.below(3);
    const first = offset;
    const messages = Array.from({ length: 1 + random.below(8) }, () => {
      const [key, value] = [random.bytes(40), random.below(4) === 0 ? null : random.bytes(300)];
      const timestamp = stamped !== 0 ? appended : random.below(2 ** 45);
      const type = magic === 0 ? 0 : stamped !== 0 ? 2 : 1;
      const text = (bytes: Uint8Array | null): string | null =>
        bytes === null ? null : Buffer.from(bytes).toString('hex');
      expected.push({ offset, timestamp: magic === 0 ? -1 : timestamp, type, key: text(key), value: text(value) });
      const inside = magic === 1 && bits !== 0;
      const message = oldMessage({
        offset: inside ? offset - first : offset,
        magic,
        attributes: bits === 0 ? stamped : 0,
        timestamp: inside ? random.below(2 ** 45) : timestamp,
        key,
        value,
      });
      // Inside a wrapper that the broker stamped, messages keep their own times.
      if (inside && stamped === 0) settled(stampWith(message, timestamp));
      offset += 1 + (random.below(4) === 0 ? random.below(1000) : 0);
      return message;
    });
    const last = (expected.at(-1) as { offset: number }).offset;
    if (bits === 0) pieces.push(...messages);
    else pieces.push(oldWrapper(bits, messages, { offset: last, magic, attributes: stamped, timestamp: appended }));
  }
  return { bytes: Buffer.concat(pieces), expected };
}

function stampWith(message: Buffer, timestamp: number): Buffer {
  message.writeBigInt64BE(BigInt(timestamp), 18);
  return message;
}

describe('what is in the log is read', () => {
  test('random logs of both formats and all codecs', () => {
    for (let seed = 0; seed < 300; seed++) {
      const { bytes, expected } = aLog(new Generator(seed));

      const { records, errors, partial } = readAll(bytes, {}, 'hex');

      expect({ seed, records, errors, partial }).toEqual({ seed, records: expected, errors: [], partial: 0 });
    }
  });

  test('null and empty keys and values differ, and there are no headers', () => {
    const { records } = readAll(
      Buffer.concat([oldMessage({ key: '', value: null }), oldMessage({ offset: 1, value: '' })]),
    );

    expect(records.map(({ key, value }) => [key, value])).toEqual([
      ['', null],
      [null, ''],
    ]);
  });

  test('magic 0 has no time, and 0, a negative one or one beyond 2^53 is none', () => {
    const messages = [
      oldMessage({ magic: 0, attributes: LOG_APPEND_TIME }),
      oldMessage({ offset: 1, timestamp: 2n ** 60n }),
      oldMessage({ offset: 2, timestamp: -5 }),
      oldMessage({ offset: 3, timestamp: 7 }),
      oldMessage({ offset: 4, timestamp: 0 }),
    ];

    const { records } = readAll(Buffer.concat(messages));

    expect(records.map(({ timestamp, type }) => [timestamp, type])).toEqual([
      [-1, 0],
      [-1, 0],
      [-1, 0],
      [7, 1],
      [-1, 0],
    ]);
  });

  test('the time at which a wrapper was appended is that of all inside', () => {
    const inside = [oldMessage({ timestamp: 10 }), oldMessage({ offset: 1, timestamp: 20 })];
    const wrapper = oldWrapper(GZIP, inside, { offset: 1, attributes: LOG_APPEND_TIME, timestamp: 99 });

    expect(readAll(wrapper).records.map(({ timestamp, type }) => [timestamp, type])).toEqual([
      [99, 2],
      [99, 2],
    ]);
  });

  test('offsets inside a wrapper of magic 1 count back from its own, wherever they begin', () => {
    const inside = [oldMessage({ offset: 3 }), oldMessage({ offset: 5 })];

    expect(offsetsOf(oldWrapper(GZIP, inside, { offset: 10 }))).toEqual([8, 10]);
  });

  test('a wrapper of magic 0 that is numbered behind its last message ends there', () => {
    const wrapper = oldWrapper(SNAPPY, [oldMessage({ offset: 5, magic: 0 })], { offset: 9, magic: 0 });

    expect(readAll(wrapper)).toMatchObject({ records: [{ offset: 5 }], batches: [[5, 9, 1]] });
  });

  test('batches of format v2 may stand before, between and behind', () => {
    const batch = (baseOffset: number): Uint8Array => writeBatch([{ value: 'v' }], { baseOffset });
    const wrapper = oldWrapper(LZ4, [oldMessage({ offset: 0 }), oldMessage({ offset: 1 })], { offset: 5 });

    expect(offsetsOf(batch(1), oldMessage({ offset: 2 }), batch(3), wrapper, batch(6))).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('batches that are made of plain messages', () => {
  function batchesOf(messages: readonly OldMessage[]): [number, number, number][] {
    return readAll(Buffer.concat(messages.map(oldMessage))).batches;
  }

  test('hold all that follow one another', () => {
    expect(batchesOf([{ offset: 3 }, { offset: 4 }, { offset: 90, timestamp: 1 }])).toEqual([[3, 90, 3]]);
  });

  test.each<[string, OldMessage, OldMessage]>([
    ['formats', { offset: 0, magic: 0 }, { offset: 1, magic: 1 }],
    ['kinds of time', { offset: 0 }, { offset: 1, attributes: LOG_APPEND_TIME }],
    [
      'times of appending',
      { offset: 0, attributes: LOG_APPEND_TIME, timestamp: 5 },
      { offset: 1, attributes: LOG_APPEND_TIME, timestamp: 6 },
    ],
    ['offsets that an int32 does not span', { offset: 0 }, { offset: 2 ** 31 }],
  ])('have no two %s', (_what, one, other) => {
    expect(batchesOf([one, other]).map(([base]) => base)).toEqual([one.offset, other.offset]);
  });

  test('have no offsets that fall', () => {
    expect(batchesOf([{ offset: 7 }, { offset: 7 }, { offset: 3 }])).toEqual([
      [7, 7, 1],
      [7, 7, 1],
      [3, 3, 1],
    ]);
  });

  test('share memory of exactly their size, which is no more than the messages had', () => {
    for (let seed = 0; seed < 100; seed++) {
      const { bytes } = aLog(new Generator(seed));
      const run = readLegacy(bytes, 0, bytes.length, { ...OPTIONS, maxDecompressed: LIMIT });

      const { buffer, length } = run.bytes;
      const [first, last] = [run.batches[0]!, run.batches.at(-1)!];
      expect([seed, buffer.byteLength, first.from, last.to]).toEqual([seed, length, 0, length]);
      if ((first.header.attributes & 7) === 0) expect(length).toBeLessThan(last.batchTo);
    }
  });
});

describe('a broken message', () => {
  test.each<[string, Buffer, string]>([
    ['a wrong checksum', flipped(oldMessage({ value: 'abc' }), 30), 'message crc: '],
    ['a negative offset', oldMessage({ offset: -1 }), 'message offset: -1'],
    ['an offset beyond 2^53', oldMessage({ offset: 2n ** 60n }), 'message offset: beyond 2^53'],
    [
      'a key longer than the message',
      cut(oldMessage({ key: 'abcdefgh', value: 'v' }), 9),
      'message key: length 8 with 4 bytes left',
    ],
    [
      'a key that leaves no room for a value',
      cut(oldMessage({ magic: 0, key: 'abcdefgh' }), 2),
      'message value: cut off',
    ],
    [
      'a value longer than the message',
      cut(oldMessage({ value: 'abc' }), 1),
      'message value: length 3 with 2 bytes left',
    ],
    ['a negative length', negative(oldMessage({})), 'message key: length -2 with 4 bytes left'],
    [
      'bytes behind its value',
      settled(Buffer.concat([oldMessage({}), Buffer.alloc(3)])),
      'message size: 3 bytes behind the value',
    ],
  ])('with %s is told', (_what, message, text) => {
    const error = errorOf(message);

    expect(error.code).toBe(BAD_MSG);
    expect(error.message).toContain(text);
  });

  test('that says to be shorter than any ends the input', () => {
    const short = oldMessage({});
    short.writeInt32BE(21, 8);

    expect(errorOf(short, oldMessage({ offset: 1 })).message).toBe('batchLength: 21, too short for magic 1');
  });

  test('does not keep those before and behind it from being read', () => {
    const messages = [0, 1, 2, 3, 4].map((offset) => oldMessage({ offset, value: 'abc' }));
    flipped(messages[2]!, 30);

    const { records, errors, batches } = readAll(Buffer.concat(messages));

    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 3, 4]);
    expect(errors).toMatchObject([{ field: 'message crc', code: BAD_MSG, baseOffset: 2, lastOffset: 2 }]);
    expect(batches).toEqual([
      [0, 1, 2],
      [3, 4, 2],
    ]);
  });

  test('with a wrong checksum is read when checksums are not asked for, inside a wrapper, too', () => {
    const inside = flipped(oldMessage({ value: 'abc' }), 30);
    const bytes = Buffer.concat([flipped(oldMessage({ value: 'abc' }), 30), oldWrapper(GZIP, [inside], { offset: 1 })]);

    const { records, errors } = readAll(bytes, { checkCrcs: false });

    expect([records.map(({ value }) => value), errors]).toEqual([['cbc', 'cbc'], []]);
  });

  /** Changes the first byte of a value of three. */
  function flipped(message: Buffer, at: number): Buffer {
    message[at + 4]! ^= 2;
    return message;
  }

  /** Without its last bytes, but with the right size and checksum. */
  function cut(message: Buffer, bytes: number): Buffer {
    return settled(message.subarray(0, message.length - bytes));
  }

  function negative(message: Buffer): Buffer {
    message.writeInt32BE(-2, 26);
    return settled(message);
  }
});

describe('a wrapper', () => {
  const one = oldMessage({ value: 'abc' });

  test.each<[string, Buffer, string]>([
    ['nothing', oldMessage({ offset: 4, attributes: GZIP }), 'message value: null in a wrapper'],
    ['no message', oldWrapper(GZIP, [], { offset: 4 }), 'message value: no message inside'],
    [
      'a wrapper',
      oldWrapper(GZIP, [oldWrapper(LZ4, [one], {})], { offset: 4 }),
      'wrapper: message attributes: compressed once more',
    ],
    [
      'the other format',
      oldWrapper(GZIP, [oldMessage({ magic: 0 })], { offset: 4 }),
      'wrapper: message magic: 0 inside magic 1',
    ],
    ['a batch', oldWrapper(GZIP, [writeBatch([{ value: 'v' }])], { offset: 4 }), 'wrapper: message magic: 2'],
    [
      'half a message',
      oldWrapper(GZIP, [one, one.subarray(0, 30)], { offset: 4 }),
      'wrapper: message size: 25 with 18 bytes left',
    ],
    ['some bytes more', oldWrapper(GZIP, [one, Buffer.alloc(9)], { offset: 4 }), 'wrapper: message size: 9 bytes left'],
    ['a wrong checksum', oldWrapper(GZIP, [broken(one)], { offset: 4 }), 'wrapper: message crc: '],
    ['the same offset twice', oldWrapper(GZIP, [one, one], { offset: 4 }), 'wrapper: message offset: 0 behind 0'],
    [
      'offsets that an int32 does not span',
      oldWrapper(GZIP, [one, oldMessage({ offset: 2 ** 31 })], { offset: 2 ** 40 }),
      'wrapper: message offset: 2147483648 behind 0',
    ],
    [
      'offsets that begin before 0',
      oldWrapper(GZIP, [one, oldMessage({ offset: 5 })], { offset: 4 }),
      'message offset: 4, but messages inside reach 5',
    ],
  ])('that holds %s is told', (_what, wrapper, text) => {
    const error = errorOf(wrapper);

    expect(error.code).toBe(BAD_MSG);
    expect(error.message).toContain(text);
  });

  test.each([0, 1])('of magic %i that grows beyond the limit or is broken is bad compression', (magic) => {
    for (const bits of [GZIP, SNAPPY, LZ4]) {
      const large = oldMessage({ magic, value: Buffer.alloc(LIMIT) });
      const message = { magic, offset: 4, attributes: bits };

      expect(errorOf(oldWrapper(bits, [large], message)).code).toBe(BAD_COMPRESSION);
      expect(errorOf(oldMessage({ ...message, value: 'no such stream' })).code).toBe(BAD_COMPRESSION);
      expect(errorOf(oldMessage({ ...message, value: '' })).code).toBe(BAD_COMPRESSION);
    }
  });

  test('of magic 1 may not have the wrong header checksum that lz4 has by magic 0', () => {
    const old = oldSet('v0 lz4, one message').bytes;
    const stream = old.subarray(26);

    expect(readAll(old).errors).toEqual([]);
    expect(errorOf(oldMessage({ attributes: LZ4, value: stream })).message).toBe(
      'records: lz4: header: wrong checksum',
    );
  });

  test('with a codec that nobody knows is not implemented', () => {
    const error = errorOf(oldMessage({ attributes: 5, value: 'abc' }));

    expect(error).toEqual({ code: NOT_IMPLEMENTED, message: 'attributes: codec 5: unknown' });
  });

  test('that is bad does not keep what follows from being read', () => {
    const bad = oldWrapper(GZIP, [broken(one)], { offset: 4 });

    const { records, errors } = readAll(Buffer.concat([bad, oldMessage({ offset: 5 })]));

    expect(errors).toMatchObject([{ field: 'wrapper', lastOffset: 4 }]);
    expect(records).toMatchObject([{ offset: 5 }]);
  });

  function broken(message: Buffer): Buffer {
    const copy = Buffer.from(message);
    copy[copy.length - 1]! ^= 1;
    return copy;
  }
});

describe('any input', () => {
  test('random bytes and random damage give records or errors', () => {
    const random = new Generator(5);
    let errors = 0;
    for (let i = 0; i < 4000; i++) {
      const bytes = random.below(3) === 0 ? Buffer.from(random.bytes(200)) : aLog(random).bytes;
      for (let damage = random.below(6); damage > 0; damage--) bytes[random.below(bytes.length)] = random.below(256);
      if (bytes.length > 17) bytes[16] = random.below(2);

      errors += readAll(bytes, { checkCrcs: random.below(2) === 0, maxDecompressed: 1 << 16 }).errors.length;
    }
    expect(errors).toBeGreaterThan(1000);
  });

  test('damage inside wrappers, checksums made right, gives records or errors', () => {
    const random = new Generator(6);
    let errors = 0;
    for (let i = 0; i < 3000; i++) {
      const bits = 1 + random.below(3);
      const magic = random.below(2);
      const inside = Buffer.concat(
        [0, 1, 2].map((offset) => oldMessage({ offset, magic, key: 'k', value: random.bytes(20) })),
      );
      for (let damage = 1 + random.below(3); damage > 0; damage--)
        inside[random.below(inside.length)] = random.below(256);

      errors += readAll(oldWrapper(bits, [inside], { magic, offset: 9 }), { checkCrcs: false }).errors.length;
    }
    expect(errors).toBeGreaterThan(1000);
  });
});
