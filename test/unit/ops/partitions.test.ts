import { describe, expect, test } from 'vitest';
import { BlockPool, PageNumbers } from '../../../src/ops/block_pool.ts';
import { newHeadPage, READY } from '../../../src/ops/head_page.ts';
import { indexOf } from '../../../src/ops/ids.ts';
import { HandleMemory } from '../../../src/ops/memory.ts';
import { FLAG, initPartition, OWNER, PARTITION_WORDS, ready, takeReady } from '../../../src/ops/partitions.ts';

class World {
  readonly memory = new HandleMemory(newHeadPage());
  readonly rung: number[] = [];
  readonly ids: number[];

  constructor(partitions: number, owner: number) {
    const pool = new BlockPool(this.memory, 0, new PageNumbers(), () => {});
    this.ids = Array.from({ length: partitions }, () => pool.take());
    for (const id of this.ids) initPartition(this.words(id), this.base(id), owner, -1);
  }

  words(id: number): Int32Array {
    return this.memory.page(id).words;
  }

  base(id: number): number {
    return indexOf(id) * PARTITION_WORDS;
  }

  ready(id: number): void {
    ready(this.memory, id, this.words(id), this.base(id), (worker) => this.rung.push(worker));
  }

  take(worker: number): number[] {
    return takeReady(this.memory, worker, []).sort((a, b) => a - b);
  }
}

describe('a partition that became ready', () => {
  test('is found by its owner, which was rung', () => {
    const world = new World(3, 5);
    for (const id of world.ids) world.ready(id);

    expect([world.take(5), world.rung]).toEqual([world.ids, [5, 5, 5]]);
  });

  test('is on the stack once, however often it became ready', () => {
    const world = new World(1, 5);
    world.ready(world.ids[0]!);
    world.ready(world.ids[0]!);

    expect([world.take(5), world.rung]).toEqual([world.ids, [5]]);
  });

  test('rings again after it was taken', () => {
    const world = new World(1, 5);
    world.ready(world.ids[0]!);
    world.take(5);
    world.ready(world.ids[0]!);

    expect([world.take(5), world.rung.length]).toEqual([world.ids, 2]);
  });

  test('goes to the owner that it has then', () => {
    const world = new World(1, 5);
    const [id] = world.ids;
    Atomics.store(world.words(id!), world.base(id!) + OWNER, 6);
    world.ready(id!);

    expect([world.take(5), world.take(6), world.rung]).toEqual([[], [id], [6]]);
  });

  test('keeps its flag until the whole stack has been walked', () => {
    const world = new World(3, 5);
    for (const id of world.ids) world.ready(id);
    const flags: number[] = [];
    const { memory } = world;
    const page = memory.page.bind(memory);
    let looks = 0;
    memory.page = (id) => {
      // Three looks walk the stack; the flags are cleared by the next three.
      if (++looks <= 3) flags.push(...world.ids.map((each) => Atomics.load(page(each).words, world.base(each) + FLAG)));
      return page(id);
    };
    world.take(5);

    expect(flags).toEqual(Array(9).fill(1));
  });
});

test('a new head page has empty stacks for every worker', () => {
  const head = newHeadPage();
  expect([head[READY], head[READY + 4095]]).toEqual([-1, -1]);
});
