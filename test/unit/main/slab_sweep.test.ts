import { expect, test } from 'vitest';
import { SlabSweep } from '../../../src/main/slab_sweep.ts';
import { ExtentPool, SLAB_IDLE_MS } from '../../../src/ops/extents.ts';
import { newHeadPage } from '../../../src/ops/head_page.ts';
import { FIRST_APP_SLOT, MAIN } from '../../../src/ops/ids.ts';
import { HandleMemory, SLAB_BYTES } from '../../../src/ops/memory.ts';

interface Swept {
  readonly memory: HandleMemory;
  readonly own: ExtentPool;
  readonly sweep: SlabSweep;
  /** How often the app was asked. */
  asked(): number;
}

function aSweep(): Swept {
  const memory = new HandleMemory(newHeadPage());
  const own = new ExtentPool(memory, MAIN, 64 << 20, () => {});
  let asked = 0;
  return { memory, own, sweep: new SlabSweep(memory, own, () => asked++), asked: () => asked };
}

function appSlabs({ memory }: Swept, count: number): void {
  for (let number = 0; number < count; number++)
    memory.addSlab(FIRST_APP_SLOT, number, new SharedArrayBuffer(SLAB_BYTES));
}

test('while there is no slab but the one that stays nobody is woken for sweeps', () => {
  const swept = aSweep();
  appSlabs(swept, 1);

  expect([swept.sweep.poll(0), swept.sweep.poll(60_000), swept.asked()]).toEqual([Infinity, Infinity, 0]);
});

test('the app is asked every ten seconds, but not again before it has looked', () => {
  const swept = aSweep();
  appSlabs(swept, 2);

  expect([swept.sweep.poll(0), swept.sweep.poll(5000), swept.asked()]).toEqual([10_000, 10_000, 1]);
  swept.sweep.poll(10_000);
  expect(swept.asked()).toBe(1);
  swept.sweep.swept();
  swept.sweep.poll(15_000);
  swept.sweep.poll(20_000);
  expect(swept.asked()).toBe(2);
});

test("main's own slabs are swept in here", () => {
  const { sweep, own } = aSweep();
  for (const id of [own.take(4, 0), own.take(21, 0)]) own.give(id);

  for (let now = 0; now <= SLAB_IDLE_MS; now += 10_000) sweep.poll(now);

  expect(own.total).toBe(SLAB_BYTES);
});
