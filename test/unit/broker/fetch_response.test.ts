// Fetch answers as bytes: what becomes a batch for the app, where the next fetch begins, and what ends the walk.
import { expect, test } from 'vitest';
import { type Block, type PartitionRecords, readRecords } from '../../../src/broker/fetch_response.ts';
import { CONTROL, LOG_APPEND_TIME, setLogAppendTime, settleCrc } from '../../../src/records/batch_header.ts';
import { type BatchOptions, writeBatch } from '../../../src/records/batch_writer.ts';
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
function read(pieces: readonly Uint8Array[], fetchOffset = 0, told = -1): Read {
  const frame = Buffer.concat([Buffer.alloc(13), ...pieces]);
  const own = new Uint8Array(frame);
  const block: Block = { buffers: [own.buffer] };
  const options = { checkCrcs: true, maxDecompressed: 1 << 20, broken: told };
  return { ...readRecords(own.subarray(13), fetchOffset, block, options), block };
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

  expect(block.buffers.length).toBe(2);
  expect(batches[0]).toMatchObject({ buffer: 1, from: 0, to: block.buffers[1]!.byteLength });
  expect(bytes).toBe(block.buffers[1]!.byteLength);
});

test('batches before the offset that was asked for are left out', () => {
  const { batches, nextOffset } = read([batch(0, 3), batch(3, 2)], 3);

  expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([3]);
  expect(nextOffset).toBe(5);
});

test('a batch that holds the offset in its middle comes whole', () => {
  expect(read([batch(0, 3)], 1).batches.length).toBe(1);
});

test('control batches move the offset and carry no messages', () => {
  const { batches, nextOffset, messages } = read([batch(0, 1, { attributes: CONTROL })]);

  expect([batches.length, nextOffset, messages]).toEqual([0, 1, 0]);
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
    [1, 50],
    [1, 51],
    [1, 52],
  ]);
  expect(block.buffers[1]!.byteLength).toBe(batches[2]!.to);
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
