import { expect, test } from 'vitest';
import { FramePool } from '../../../src/broker/frame_pool.ts';
import { SMALLEST_KEPT_FRAME } from '../../../src/ops/memory.ts';

const MIB = 1 << 20;

function aPool(...sizes: number[]): { pool: FramePool; buffers: ArrayBuffer[] } {
  const pool = new FramePool();
  const buffers = sizes.map((size) => new ArrayBuffer(size));
  pool.give(buffers);
  return { pool, buffers };
}

test('what was given is taken again, cut to the size that is wanted', () => {
  const { pool, buffers } = aPool(MIB);

  const frame = pool.take(300_000);

  expect([frame?.buffer === buffers[0], frame?.byteOffset, frame?.byteLength]).toEqual([true, 0, 300_000]);
});

test('nothing is given out twice', () => {
  const { pool } = aPool(MIB);
  pool.take(MIB);

  expect(pool.take(MIB)).toBe(null);
});

test('neither a smaller piece is taken nor one of more than eight times the size', () => {
  const { pool } = aPool(MIB - 1, 8 * MIB + 1);

  expect(pool.take(MIB)).toBe(null);
});

test('small frames are neither kept nor served', () => {
  const { pool } = aPool(SMALLEST_KEPT_FRAME - 1, SMALLEST_KEPT_FRAME);

  expect([pool.take(SMALLEST_KEPT_FRAME - 1), pool.take(SMALLEST_KEPT_FRAME)?.byteLength]).toEqual([
    null,
    SMALLEST_KEPT_FRAME,
  ]);
});

test('no more than 64 MiB are kept, and there is room again when some is taken', () => {
  const { pool } = aPool(40 * MIB, 40 * MIB);
  expect([pool.take(40 * MIB)?.byteLength, pool.take(40 * MIB)]).toEqual([40 * MIB, null]);

  pool.give([new ArrayBuffer(40 * MIB)]);
  expect(pool.take(40 * MIB)?.byteLength).toBe(40 * MIB);
});
