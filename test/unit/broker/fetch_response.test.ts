// Fetch answers as bytes: what becomes a batch for the app, where the next fetch begins, and what ends the walk.
import { expect, test } from 'vitest';
import { Block, type PartitionRecords, type RecordsSource, readRecords } from '../../../src/broker/fetch_response.ts';
import { type AbortedTransaction, AbortedTransactions } from '../../../src/records/aborted.ts';
import {
  CONTROL,
  LOG_APPEND_TIME,
  setLogAppendTime,
  settleCrc,
  TRANSACTIONAL,
} from '../../../src/records/batch_header.ts';
import { type BatchOptions, writeBatch } from '../../../src/records/batch_writer.ts';
import { CONTROL_ABORT, CONTROL_COMMIT, controlKey, markerValue } from '../../../src/records/control.ts';
import { oldMessage, oldWrapper } from '../records/old_messages.ts';

const GZIP = 1;
const UNKNOWN_CODEC = 5;
const BAD_MSG = -199;
const NOT_IMPLEMENTED = -170;

function batch(baseOffset: number, count: number, options: BatchOptions = {}): Uint8Array {
  const records = Array.from({ length: count }, (_, i) => ({
    timestamp: 1000 + i,
    key: null,
    value: `v${baseOffset + i}`,
  }));
  return writeBatch(records, { baseOffset, ...options });
}

interface Read extends PartitionRecords {
  readonly block: Block;
}

/** Reads these batches as they lie in a frame, behind other bytes of it. */
function read(
  pieces: readonly Uint8Array[],
  fetchOffset = 0,
  told = -1,
  aborted: readonly AbortedTransaction[] = [],
): Read {
  const source = sourceOf(pieces, aborted);
  const block = new Block();
  return { ...readRecords(source, fetchOffset, block, { ...OPTIONS, broken: told }), block };
}

const OPTIONS = { checkCrcs: true, maxDecompressed: 1 << 20, broken: -1, broker: 1, room: () => true };

function sourceOf(pieces: readonly Uint8Array[], aborted: readonly AbortedTransaction[] = []): RecordsSource {
  const own = new Uint8Array(Buffer.concat([Buffer.alloc(13), ...pieces]));
  return { records: own.subarray(13), at: 0, aborted: aborted.length > 0 ? new AbortedTransactions(aborted) : null };
}

/** A batch of a transaction. */
function inTransaction(producerId: number, baseOffset: number, count: number, attributes = 0): Uint8Array {
  return batch(baseOffset, count, { producerId, producerEpoch: 0, attributes: attributes | TRANSACTIONAL });
}

function marker(producerId: number, baseOffset: number, type: number): Uint8Array {
  const record = { timestamp: 1, key: controlKey(type), value: markerValue(0) };
  return writeBatch([record], { baseOffset, producerId, producerEpoch: 0, attributes: TRANSACTIONAL | CONTROL });
}

function broken(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - 1]! ^= 1;
  return copy;
}

test('batches lie where the frame has them, and the next fetch begins behind the last', () => {
  const { batches, nextOffset, messages, block } = read([batch(0, 3), batch(3, 2)]);

  expect(batches.map(({ baseOffset, count, buffer }) => [baseOffset, count, buffer])).toEqual([
    [0, 3, 0],
    [3, 2, 0],
  ]);
  const text = Buffer.from(block.buffers[0]!).subarray(batches[1]!.from, batches[1]!.to).toString('latin1');
  expect([text.includes('v3'), text.includes('v2'), nextOffset, messages]).toEqual([true, false, 5, 5]);
});

test('a compressed batch has memory of its own, whose bytes count', () => {
  const { batches, bytes, block } = read([batch(0, 100, { attributes: GZIP })]);

  expect([block.buffers.length, block.frame]).toEqual([1, -1]);
  expect(batches[0]).toMatchObject({ buffer: 0, from: 0, to: block.buffers[0]!.byteLength });
  expect([bytes, block.bytes]).toEqual([block.buffers[0]!.byteLength, block.buffers[0]!.byteLength]);
});

test('batches before the offset that was asked for are left out', () => {
  const { batches, nextOffset } = read([batch(0, 3), batch(3, 2)], 3);

  expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([3]);
  expect(nextOffset).toBe(5);
});

test('a batch that holds the offset in its middle comes whole', () => {
  expect(read([batch(0, 3)], 1).batches.length).toBe(1);
});

test('a control batch moves the offset and carries no messages; behind the last ones the position follows', () => {
  const behind = read([batch(0, 1), marker(7, 1, CONTROL_COMMIT)]);
  const between = read([marker(7, 0, CONTROL_COMMIT), batch(1, 1)]);

  expect([behind.batches.length, behind.nextOffset, behind.messages, behind.passed]).toEqual([1, 2, 1, 2]);
  expect([between.nextOffset, between.passed]).toEqual([2, -1]);
});

test('what a producer wrote between the begin of an aborted transaction and its marker is left out', () => {
  const pieces = [
    inTransaction(7, 0, 2),
    marker(7, 2, CONTROL_COMMIT),
    inTransaction(7, 3, 2),
    inTransaction(8, 5, 1),
    inTransaction(7, 6, 1),
    marker(7, 7, CONTROL_ABORT),
    inTransaction(7, 8, 1),
    marker(8, 9, CONTROL_COMMIT),
  ];
  const { batches, nextOffset } = read(pieces, 0, -1, [{ producerId: 7, firstOffset: 3 }]);

  expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([0, 5, 8]);
  expect(nextOffset).toBe(10);
});

test('two aborted transactions of one producer, and one of another amid them', () => {
  const pieces = [
    inTransaction(7, 0, 1),
    marker(7, 1, CONTROL_ABORT),
    inTransaction(7, 2, 1),
    marker(7, 3, CONTROL_COMMIT),
    inTransaction(8, 4, 1),
    inTransaction(7, 5, 1),
    marker(8, 6, CONTROL_ABORT),
    batch(7, 1),
    marker(7, 8, CONTROL_ABORT),
    inTransaction(8, 9, 1),
  ];
  const aborted = [
    { producerId: 7, firstOffset: 5 },
    { producerId: 8, firstOffset: 4 },
    { producerId: 7, firstOffset: 0 },
  ];

  expect(read(pieces, 0, -1, aborted).batches.map(({ baseOffset }) => baseOffset)).toEqual([2, 7, 9]);
});

test('a log that begins amid an aborted transaction gives none of it', () => {
  const { batches, nextOffset } = read([inTransaction(7, 5, 3)], 6, -1, [{ producerId: 7, firstOffset: 2 }]);

  expect([batches, nextOffset]).toEqual([[], 8]);
});

test('without a list of aborted transactions all messages are given', () => {
  const { batches } = read([inTransaction(7, 0, 2), marker(7, 2, CONTROL_ABORT), inTransaction(7, 3, 1)]);

  expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([0, 3]);
});

test('aborted batches are not decompressed', () => {
  const { batches, block } = read([inTransaction(7, 0, 50, GZIP), batch(50, 1)], 0, -1, [
    { producerId: 7, firstOffset: 0 },
  ]);

  expect([batches.length, block.bytes]).toEqual([1, 0]);
});

test('a broken marker ends the walk in front of it, and is left out at the second look', () => {
  const key = { timestamp: 1, key: Uint8Array.of(0), value: null };
  const bad = writeBatch([key], { baseOffset: 1, producerId: 7, attributes: TRANSACTIONAL | CONTROL });
  const pieces = [inTransaction(7, 0, 1), bad, batch(2, 1)];
  const aborted = [{ producerId: 7, firstOffset: 0 }];

  expect(read(pieces, 0, -1, aborted)).toMatchObject({ nextOffset: 1, error: { err: BAD_MSG, offset: 1 } });
  expect(read(pieces, 1, 1, aborted)).toMatchObject({ nextOffset: 3, error: null });
});

test('behind the batch that takes the last room the walk pauses, and goes on there', () => {
  const source = sourceOf([batch(0, 50, { attributes: GZIP }), batch(50, 50, { attributes: GZIP }), batch(100, 1)]);
  const options = { ...OPTIONS, room: () => false };

  const first = readRecords(source, 0, new Block(), options);
  const second = readRecords(source, 50, new Block(), options);
  const third = readRecords(source, 100, new Block(), options);

  expect([first, second, third].map(({ nextOffset, paused }) => [nextOffset, paused])).toEqual([
    [50, true],
    [100, true],
    [101, false],
  ]);
});

test('plain batches lie in the frame and are read whether there is room or not', () => {
  const { batches, paused } = readRecords(sourceOf([batch(0, 2), batch(2, 2)]), 0, new Block(), {
    ...OPTIONS,
    room: () => false,
  });

  expect([batches.length, paused]).toEqual([2, false]);
});

test('log append time goes for all records of a batch', () => {
  const bytes = batch(0, 2);
  setLogAppendTime(bytes, 0, 5555);
  settleCrc(bytes, 0, bytes.length);

  expect(read([bytes]).batches[0]!.appendTime).toBe(5555);
});

test('part of a batch at the end is counted, and no error', () => {
  const whole = batch(3, 2);
  const { batches, nextOffset, partial, error } = read([batch(0, 3), whole.subarray(0, 40)]);

  expect([batches.length, nextOffset, partial, error]).toEqual([1, 3, 40, null]);
});

test('a length beyond the bytes there makes no progress and no error', () => {
  const whole = batch(0, 2);
  new DataView(whole.buffer, whole.byteOffset).setInt32(8, 0x7fffffff);

  expect(read([whole])).toMatchObject({ batches: [], nextOffset: 0, partial: whole.length, error: null });
});

test('the walk ends at a batch whose checksum is wrong', () => {
  const { batches, nextOffset, error } = read([batch(0, 3), broken(batch(3, 2)), batch(5, 1)]);

  expect([batches.length, nextOffset]).toEqual([1, 3]);
  expect(error).toMatchObject({ err: BAD_MSG, offset: 3 });
});

test('at the second look a broken batch is left out if a good one follows', () => {
  const { batches, nextOffset, error } = read([broken(batch(3, 2)), batch(5, 1)], 3, 3);

  expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([5]);
  expect([nextOffset, error]).toEqual([6, null]);
});

test('at the second look the next broken batch ends the walk, behind good ones or at once', () => {
  const behind = read([broken(batch(3, 2)), batch(5, 1), broken(batch(6, 1)), batch(7, 1)], 3, 3);
  const atOnce = read([broken(batch(3, 2)), broken(batch(5, 1)), batch(6, 1)], 3, 3);
  const bothTold = read([broken(batch(3, 2)), broken(batch(5, 1)), batch(6, 1)], 3, 5);

  expect([behind.batches.length, behind.nextOffset, behind.error?.offset]).toEqual([1, 6, 6]);
  expect([atOnce.batches.length, atOnce.nextOffset, atOnce.error?.offset]).toEqual([0, 3, 5]);
  expect([bothTold.batches.length, bothTold.nextOffset, bothTold.error]).toEqual([1, 7, null]);
});

test('at the second look a broken batch that is the last is not given up', () => {
  const { nextOffset, error } = read([broken(batch(3, 2))], 3, 3);

  expect([nextOffset, error?.err]).toEqual([3, BAD_MSG]);
});

test('an unknown codec ends the walk, also at the second look', () => {
  const bytes = batch(0, 2);
  bytes[22]! |= UNKNOWN_CODEC;
  settleCrc(bytes, 0, bytes.length);
  const { nextOffset, error } = read([bytes, batch(2, 1)], 0, 0);

  expect([nextOffset, error?.err]).toEqual([0, NOT_IMPLEMENTED]);
});

test('messages of old formats become batches like any other, in memory of their own', () => {
  const wrapper = oldWrapper(GZIP, [oldMessage({ value: 'v3' }), oldMessage({ offset: 1, value: 'v4' })], {
    offset: 4,
  });
  const { batches, nextOffset, messages, bytes, block } = read([
    batch(0, 1),
    oldMessage({ offset: 1, value: 'v1' }),
    oldMessage({ offset: 2, value: 'v2' }),
    wrapper,
    batch(5, 1),
  ]);

  expect(batches.map(({ baseOffset, lastOffset, count, buffer }) => [baseOffset, lastOffset, count, buffer])).toEqual([
    [0, 0, 1, 0],
    [1, 2, 2, 1],
    [3, 4, 2, 2],
    [5, 5, 1, 0],
  ]);
  expect([nextOffset, messages, block.buffers.length]).toEqual([6, 6, 3]);
  expect(bytes).toBe(batches.reduce((sum, { from, to }) => sum + to - from, 0));
  const text = Buffer.from(block.buffers[2]!).subarray(batches[2]!.from, batches[2]!.to).toString('latin1');
  expect([text.includes('v3'), text.includes('v4')]).toEqual([true, true]);
});

test('batches of one run of old messages share one buffer', () => {
  const pieces = [0, 1, 2].map((i) =>
    oldMessage({ offset: i, attributes: LOG_APPEND_TIME, timestamp: 50 + i, value: `v${i}` }),
  );

  const { batches, block } = read(pieces);

  expect(batches.map(({ buffer, appendTime }) => [buffer, appendTime])).toEqual([
    [0, 50],
    [0, 51],
    [0, 52],
  ]);
  expect(block.buffers[0]!.byteLength).toBe(batches[2]!.to);
});

test('a wrapper that holds the offset in its middle comes whole, old messages before it do not', () => {
  const wrapper = oldWrapper(GZIP, [oldMessage({}), oldMessage({ offset: 1 })], { offset: 4 });
  const { batches, nextOffset } = read([oldMessage({ offset: 2 }), wrapper], 4);

  expect(batches.map(({ baseOffset, count }) => [baseOffset, count])).toEqual([[3, 2]]);
  expect(nextOffset).toBe(5);
});

test('part of an old message at the end is counted, and no error', () => {
  const { nextOffset, partial, error } = read(
    [oldMessage({ offset: 7 }), oldMessage({ offset: 8 }).subarray(0, 25)],
    7,
  );

  expect([nextOffset, partial, error]).toEqual([8, 25, null]);
});

test('at the second look a broken old message is left out if a good one follows', () => {
  const pieces = [broken(oldMessage({ offset: 3 })), oldMessage({ offset: 4 })];

  expect(read(pieces, 3)).toMatchObject({ nextOffset: 3, error: { err: BAD_MSG, offset: 3 } });
  expect(read(pieces, 3, 3)).toMatchObject({ nextOffset: 5, error: null });
});
