import { expect, test } from 'vitest';
import { appendRecords, MAX_BATCH_BYTES } from '../../../src/mock/append.ts';
import { E } from '../../../src/mock/codes.ts';
import { storedRecords } from '../../../src/mock/inspect.ts';
import { DEFAULT_LIMITS } from '../../../src/mock/log.ts';
import { ProducerIds } from '../../../src/mock/producers.ts';
import { Partition } from '../../../src/mock/topics.ts';
import { CONTROL, settleCrc } from '../../../src/records/batch_header.ts';
import { type BatchOptions, writeBatch } from '../../../src/records/batch_writer.ts';

function batch(options: BatchOptions = {}): Uint8Array {
  return writeBatch(
    [
      { key: 'k', value: 'a', timestamp: 10, headers: [['h', Buffer.from('v')]] },
      { key: null, value: null, timestamp: 20 },
    ],
    options,
  );
}

function append(records: Uint8Array | null, limit: number = MAX_BATCH_BYTES): { code: number; partition: Partition } {
  const partition = new Partition(3, DEFAULT_LIMITS);
  const { errorCode } = appendRecords(partition, new ProducerIds(), records, null, limit);
  return { code: errorCode, partition };
}

function patched(at: number, ...bytes: number[]): Uint8Array {
  const changed = batch();
  changed.set(bytes, at);
  settleCrc(changed, 0, changed.length);
  return changed;
}

test('a sound batch is kept, record by record', () => {
  const { code, partition } = append(batch());

  expect(code).toBe(E.NONE);
  expect(storedRecords(3, partition.log)).toEqual([
    {
      partition: 3,
      offset: 0,
      timestamp: 10,
      key: new Uint8Array([107]),
      value: new Uint8Array([97]),
      headers: [['h', new Uint8Array([118])]],
    },
    { partition: 3, offset: 1, timestamp: 20, key: null, value: null, headers: [] },
  ]);
});

test('gzip is opened and kept as it came', () => {
  const { code, partition } = append(batch({ attributes: 1 }));

  expect(code).toBe(E.NONE);
  expect(storedRecords(0, partition.log)).toHaveLength(2);
});

test('the log keeps a copy: the request may change', () => {
  const records = batch();
  const { partition } = append(records);

  records.fill(0);

  expect(storedRecords(0, partition.log)).toHaveLength(2);
});

test('a wrong checksum is a corrupt message', () => {
  const broken = batch();
  broken[70] ^= 1;

  expect(append(broken).code).toBe(E.CORRUPT_MESSAGE);
});

test('a batch that is cut off is a corrupt message', () => {
  expect([10, 40, 70].map((size) => append(batch().subarray(0, size)).code)).toEqual([
    E.CORRUPT_MESSAGE,
    E.CORRUPT_MESSAGE,
    E.CORRUPT_MESSAGE,
  ]);
});

test('no batch, or two, are an invalid record', () => {
  const two = new Uint8Array(batch().length * 2);
  two.set(batch());
  two.set(batch(), batch().length);

  expect([append(null).code, append(new Uint8Array(0)).code, append(two).code]).toEqual([
    E.INVALID_RECORD,
    E.INVALID_RECORD,
    E.INVALID_RECORD,
  ]);
});

test('old message formats are not supported', () => {
  expect(append(patched(16, 1)).code).toBe(E.UNSUPPORTED_FOR_MESSAGE_FORMAT);
});

test('a count that is not that of the records is an invalid record', () => {
  expect(append(patched(57, 0, 0, 0, 3)).code).toBe(E.INVALID_RECORD);
  expect(append(patched(57, 0, 0, 0, 0)).code).toBe(E.INVALID_RECORD);
  expect(append(batch({ lastOffsetDelta: 5 })).code).toBe(E.INVALID_RECORD);
});

test('a control batch from a client is an invalid record', () => {
  expect(append(batch({ attributes: CONTROL })).code).toBe(E.INVALID_RECORD);
});

test('a batch beyond the limit is too large', () => {
  const size = batch().length;

  expect(append(batch(), size).code).toBe(E.NONE);
  expect(append(batch(), size - 1).code).toBe(E.MESSAGE_TOO_LARGE);
});

test('a batch that came before is acknowledged at its offset and not kept twice', () => {
  const ids = new ProducerIds();
  const partition = new Partition(0, DEFAULT_LIMITS);
  const { producerId } = ids.init(null, -1, -1);
  const first = batch({ producerId, producerEpoch: 0, baseSequence: 0 });
  const second = batch({ producerId, producerEpoch: 0, baseSequence: 2 });

  const answers = [first, second, first].map((b) => appendRecords(partition, ids, b, null, MAX_BATCH_BYTES));

  expect(answers.map(({ errorCode, baseOffset }) => [errorCode, baseOffset])).toEqual([
    [0, 0],
    [0, 2],
    [0, 0],
  ]);
  expect(partition.log.endOffset).toBe(4);
});
