// Slabs that lie idle are dropped in all threads of a handle, and come back.
import { expect, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import * as rk from '../../../src/index.ts';
import { SLAB_IDLE_MS } from '../../../src/ops/extents.ts';
import { FIRST_APP_SLOT } from '../../../src/ops/ids.ts';
import { SLAB_BYTES } from '../../../src/ops/memory.ts';
import type { Producing } from '../../kit/producing.ts';
import { until } from '../../kit/until.ts';
import { aMock } from './kit.ts';

const MESSAGES = 64;
const VALUE = Buffer.alloc(200_000, 'x');

/** More than a dozen slabs at once, delivered. */
function fill(p: Producing): void {
  for (let i = 0; i < MESSAGES; i++)
    expect(rk.producev(p.handle, { topic: 't', value: VALUE, partition: i % 4 })).toBe(0);
  expect(rk.flush(p.handle, 45_000)).toBe(0);
}

test('idle slabs are dropped by all threads, and their numbers serve again', async () => {
  const env = aMock(2);
  const p = env.producer({ 'linger.ms': '60000' });
  const { writer, memory } = p.handle as unknown as Handle;
  const { extents } = writer!;
  const all = (): number => memory.slabs[FIRST_APP_SLOT]!.length;
  // The first one only makes the topic known, so that both do the same.
  fill(p);
  fill(p);
  const before = [extents.used, extents.total > 10 * SLAB_BYTES, all()];

  extents.sweep(0);
  extents.sweep(SLAB_IDLE_MS);
  expect(extents.total).toBe(SLAB_BYTES);
  // Main and two brokers.
  await until(() => extents['unanswered'].size === 0);
  fill(p);

  expect([extents.used, extents.total > 10 * SLAB_BYTES, all()]).toEqual(before);
  expect(p.reports.every(({ err }) => err === 0)).toBe(true);
});
