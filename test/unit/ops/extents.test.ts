import { describe, expect, test } from 'vitest';
import {
  BATCH,
  CLASS,
  CLASS_BYTES,
  classBytes,
  classFor,
  EXTENT_HEAD,
  ExtentPool,
  NEXT_EXTENT,
  SLAB_IDLE_MS,
  USED,
} from '../../../src/ops/extents.ts';
import { newHeadPage } from '../../../src/ops/head_page.ts';
import { firstPageOf, slabOf } from '../../../src/ops/ids.ts';
import { HandleMemory, SLAB_BYTES } from '../../../src/ops/memory.ts';

const MIB = 1 << 20;

interface Pool {
  readonly pool: ExtentPool;
  readonly memory: HandleMemory;
  /** Numbers of the slabs that were told, in order. */
  readonly told: number[];
  /** What was told of dropped slabs. */
  readonly drops: { numbers: readonly number[]; collect: boolean }[];
}

/** @param readers how many have to answer a drop */
function aPool(maxBytes: number, readers = 0): Pool {
  const memory = new HandleMemory(newHeadPage());
  const told: number[] = [];
  const drops: Pool['drops'] = [];
  const pool = new ExtentPool(
    memory,
    1,
    maxBytes,
    (number) => told.push(number),
    (numbers, collect) => {
      drops.push({ numbers, collect });
      return readers;
    },
  );
  return { pool, memory, told, drops };
}

/** So many extents of a class, taken and given back. */
function used({ pool }: Pool, of: number, count: number): void {
  for (const id of Array.from({ length: count }, () => pool.take(of, 0))) pool.give(id);
}

/** xorshift with a seed that is shown when an assertion fails. */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function headOf({ memory }: Pool, id: number): Int32Array {
  const at = firstPageOf(id) << 10;
  return memory.slab(id).ints.subarray(at, at + 4);
}

/** A thousand extents taken and given in no order; gives what is still out. */
function churn(
  pool: Pool,
  draw: (below: number) => number,
  onTake: (id: number, of: number) => void,
  onGive: (id: number) => void,
): number[] {
  const out: number[] = [];
  for (let step = 0; step < 3000; step++) {
    if (draw(100) < 52) {
      const of = draw(20) === 0 ? 20 + draw(3) + 1 : draw(5);
      const id = pool.pool.take(of, step);
      if (id < 0) continue;
      onTake(id, of);
      out.push(id);
    } else if (out.length > 0) {
      const [id] = out.splice(draw(out.length), 1);
      onGive(id!);
      pool.pool.give(id!);
    }
  }
  return out;
}

describe('the class of a record', () => {
  test.each(CLASS_BYTES.map((bytes, of) => [bytes, of] as const))(
    'that fills %i bytes with the head is %i',
    (bytes, of) => {
      expect([classFor(bytes - EXTENT_HEAD), classFor(bytes - EXTENT_HEAD + 1) > of]).toEqual([of, true]);
    },
  );

  test('above 1 MiB is the power of two of a slab of its own', () => {
    expect(classFor(MIB)).toBe(21);
    expect(classBytes(classFor(3 * MIB))).toBe(4 * MIB);
    expect(classFor(2 * MIB - EXTENT_HEAD)).toBe(21);
    expect(classFor(2 * MIB - EXTENT_HEAD + 1)).toBe(22);
  });
});

describe('an extent', () => {
  test('comes with its head written', () => {
    const pool = aPool(4 * MIB);
    headOf(pool, pool.pool.take(1, 5)).fill(99);
    const id = pool.pool.take(1, 1234);

    const head = headOf(pool, id);
    expect([head[NEXT_EXTENT], head[USED], head[CLASS], head[BATCH]]).toEqual([-1, 0, 1, 1234]);
  });

  test.each([0, 1, 2, 3, 4])('of class %i is aligned to its size', (of) => {
    const { pool } = aPool(4 * MIB);
    pool.take(0, 0);
    for (let i = 0; i < 3; i++) expect((firstPageOf(pool.take(of, 0)) << 12) % CLASS_BYTES[of]!).toBe(0);
  });

  test('comes from the lowest slab that has room', () => {
    const { pool } = aPool(8 * MIB);
    const first = pool.take(4, 0);
    pool.take(4, 0);
    pool.give(first);

    expect(slabOf(pool.take(0, 0))).toBe(slabOf(first));
  });

  test('is refused when the cap on the total is reached, and given again once one came back', () => {
    const { pool } = aPool(2 * MIB);
    const first = pool.take(4, 0);
    pool.take(4, 0);
    expect([pool.take(0, 0), pool.total]).toEqual([-1, 2 * MIB]);

    pool.give(first);
    expect(slabOf(pool.take(0, 0))).toBe(slabOf(first));
  });

  test('of a slab is told of before its id is known', () => {
    const told: number[] = [];
    const memory = new HandleMemory(newHeadPage());
    const pool: ExtentPool = new ExtentPool(memory, 1, 4 * MIB, (number) => told.push(number));

    const ids = [pool.take(4, 0), pool.take(21, 0)];
    expect(told).toEqual(ids.map(slabOf));
  });

  test('above 1 MiB has a slab of its own, which is used again for the same size', () => {
    const { pool, told, memory } = aPool(8 * MIB);
    const id = pool.take(21, 0);
    expect([firstPageOf(id), memory.slab(id).memory.byteLength]).toEqual([0, 2 * MIB]);

    pool.give(id);
    expect([pool.take(21, 0), told.length]).toEqual([id, 1]);
  });

  test('of a chain goes back with all behind it', () => {
    const pool = aPool(8 * MIB);
    const ids = [pool.pool.take(0, 0), pool.pool.take(1, 0), pool.pool.take(21, 0)];
    headOf(pool, ids[0]!)[NEXT_EXTENT] = ids[1]!;
    headOf(pool, ids[1]!)[NEXT_EXTENT] = ids[2]!;

    pool.pool.giveChain(ids[0]!);
    expect(pool.pool.used).toBe(0);
  });
});

describe('a slab', () => {
  test('that sweeps found idle for 30 s is dropped, but the lowest', () => {
    const pool = aPool(16 * MIB);
    used(pool, 4, 3);
    used(pool, 21, 1);

    pool.pool.sweep(1000);
    pool.pool.sweep(1000 + SLAB_IDLE_MS - 1);
    expect(pool.drops).toEqual([]);
    pool.pool.sweep(1000 + SLAB_IDLE_MS);

    expect(pool.drops).toEqual([{ numbers: [1, 2, 3], collect: true }]);
    expect([pool.pool.total, pool.memory.slabs[1]!.filter(() => true).length]).toEqual([MIB, 1]);
  });

  test('that was used between two sweeps counts from the next', () => {
    const pool = aPool(16 * MIB);
    used(pool, 4, 2);
    used(pool, 21, 1);
    pool.pool.sweep(0);
    used(pool, 4, 2);
    used(pool, 21, 1);

    pool.pool.sweep(SLAB_IDLE_MS);
    expect(pool.drops).toEqual([]);
    pool.pool.sweep(2 * SLAB_IDLE_MS);
    expect(pool.drops).toHaveLength(1);
  });

  test('of which a part is in use stays', () => {
    const pool = aPool(16 * MIB);
    const ids = [pool.pool.take(4, 0), pool.pool.take(0, 0), pool.pool.take(0, 0), pool.pool.take(21, 0)];
    pool.pool.give(ids[1]!);

    pool.pool.sweep(0);
    pool.pool.sweep(SLAB_IDLE_MS);

    expect(pool.drops).toEqual([]);
  });

  test('that was dropped comes again when it is wanted', () => {
    const pool = aPool(2 * MIB);
    used(pool, 4, 2);
    pool.pool.sweep(0);
    pool.pool.sweep(SLAB_IDLE_MS);

    const ids = [pool.pool.take(4, 0), pool.pool.take(4, 0), pool.pool.take(4, 0)];

    expect([ids.map((id) => id >= 0), pool.pool.total]).toEqual([[true, true, false], 2 * MIB]);
  });

  test('that comes again is the memory that was dropped, as long as it is not collected', () => {
    const { pool, memory } = aPool(16 * MIB);
    const [, second] = [pool.take(4, 0), pool.take(4, 0)];
    const before = memory.slab(second!).memory;
    pool.give(second!);
    pool.sweep(0);
    pool.sweep(SLAB_IDLE_MS);

    expect(memory.slab(pool.take(4, 0)).memory).toBe(before);
  });

  test('leaves the cap when one of another size wants its room', () => {
    const pool = aPool(4 * MIB);
    used(pool, 4, 4);
    const large = pool.pool.take(21, 0);
    expect([large >= 0, pool.pool.total, pool.drops]).toEqual([true, 4 * MIB, [{ numbers: [3, 2], collect: false }]]);

    pool.pool.give(large);
    const small = [1, 2, 3, 4].map(() => pool.pool.take(4, 0));
    expect([small.includes(-1), pool.pool.total]).toEqual([false, 4 * MIB]);
  });

  test('stays when even without it there is no room', () => {
    const pool = aPool(4 * MIB);
    const ids = [1, 2, 3, 4].map(() => pool.pool.take(4, 0));
    pool.pool.give(ids[0]!);

    expect([pool.pool.take(21, 0), pool.drops, pool.pool.total]).toEqual([-1, [], 4 * MIB]);
  });

  test('dropped for another is collected by the workers at the next sweep, once', () => {
    const pool = aPool(4 * MIB);
    used(pool, 4, 4);
    pool.pool.take(21, 0);
    pool.drops.length = 0;

    expect([pool.pool.sweep(0), pool.pool.sweep(1)]).toEqual([true, false]);
    expect(pool.drops).toEqual([{ numbers: [], collect: true }]);
  });

  test('has the number of a dropped one only when all readers have answered', () => {
    const pool = aPool(16 * MIB, 2);
    used(pool, 4, 2);
    pool.pool.sweep(0);
    pool.pool.sweep(SLAB_IDLE_MS);
    const number = (): number => slabOf(pool.pool.take(4, 0));
    number();

    pool.pool.dropped([1]);
    expect(number()).toBe(2);
    pool.pool.dropped([1]);
    expect(number()).toBe(1);
  });

  test('under the number of a dropped one is looked into for every class', () => {
    const { pool } = aPool(16 * MIB);
    const [, second] = [pool.take(4, 0), pool.take(4, 0), pool.take(4, 0)];
    pool.take(0, 0);
    pool.give(second!);
    pool.sweep(0);
    pool.sweep(SLAB_IDLE_MS);
    // Slab 3 is full now.
    for (const of of [3, 3, 3, 2, 2, 2]) pool.take(of, 0);

    expect([slabOf(pool.take(3, 0)), slabOf(pool.take(2, 0))]).toEqual([1, 1]);
  });

  test('answered before the telling is done has its number free, too', () => {
    const memory = new HandleMemory(newHeadPage());
    const drop = (numbers: readonly number[]): number => {
      pool.dropped(numbers);
      return 2;
    };
    const pool: ExtentPool = new ExtentPool(memory, 1, 16 * MIB, () => {}, drop);
    for (const id of [pool.take(4, 0), pool.take(4, 0)]) pool.give(id);
    pool.sweep(0);
    pool.sweep(SLAB_IDLE_MS);

    pool.dropped([1]);
    expect([slabOf(pool.take(4, 0)), slabOf(pool.take(4, 0))]).toEqual([0, 1]);
  });
});

interface Reader {
  readonly memory: HandleMemory;
  readonly port: (() => void)[];
}

/** A pool whose readers read their ports when they like: each answers a drop when it has read it. */
function readBy(count: number): Pool & { readonly readers: Reader[] } {
  const readers = Array.from({ length: count }, (): Reader => {
    const reader: Reader = { memory: new HandleMemory(newHeadPage()), port: [] };
    reader.memory.readPort = () => {
      const op = reader.port.shift();
      op?.();
      return op !== undefined;
    };
    return reader;
  });
  const memory = new HandleMemory(newHeadPage());
  const told: number[] = [];
  const drops: Pool['drops'] = [];
  const pool: ExtentPool = new ExtentPool(
    memory,
    1,
    24 * MIB,
    (number, shared) => {
      told.push(number);
      for (const reader of readers) reader.port.push(() => reader.memory.addSlab(1, number, shared));
    },
    (numbers, collect) => {
      drops.push({ numbers, collect });
      const read = (reader: Reader) => () => {
        reader.memory.dropSlabs(1, numbers);
        pool.dropped(numbers);
      };
      for (const reader of readers) reader.port.push(read(reader));
      return count;
    },
  );
  return { pool, memory, told, drops, readers };
}

describe('extents taken and given at random', () => {
  const seed = Number(process.env['STRESS_SEED'] ?? (Math.random() * 0x7fffffff) | 0);

  test('never overlap', () => {
    const pool = aPool(24 * MIB);
    const owners = new Map<number, number>();
    const pages = (id: number): number[] => {
      const count = CLASS_BYTES[headOf(pool, id)[CLASS]!] ?? 4096;
      return Array.from({ length: count >> 12 }, (_, i) => slabOf(id) * 256 + firstPageOf(id) + i);
    };
    const take = (id: number) => {
      for (const page of pages(id)) {
        expect(owners.has(page), `seed ${seed}: page ${page}`).toBe(false);
        owners.set(page, id);
      }
    };
    churn(pool, random(seed), take, (id) => {
      for (const page of pages(id)) owners.delete(page);
    });
  });

  test('are the same memory for every reader, whenever it reads, while slabs are dropped', () => {
    const pool = readBy(3);
    const draw = random(seed);
    let now = 0;
    const step = () => {
      if (draw(20) === 0) pool.pool.sweep((now += draw(SLAB_IDLE_MS)));
      const reader = pool.readers[draw(3)]!;
      for (let ops = draw(3); ops > 0; ops--) reader.port.shift()?.();
    };
    const take = (id: number) => {
      const reader = pool.readers[draw(3)]!;
      expect(reader.memory.slab(id).memory, `seed ${seed}: extent ${id}`).toBe(pool.memory.slab(id).memory);
      step();
    };
    for (let round = 0; round < 5; round++) for (const id of churn(pool, draw, take, step)) pool.pool.give(id);

    expect([pool.drops.length > 10, new Set(pool.told).size < pool.told.length], `seed ${seed}`).toEqual([true, true]);
  });

  test('are counted by their bytes, and the total never passes the cap', () => {
    const pool = aPool(24 * MIB);
    let used = 0;
    const size = (id: number) => classBytes(headOf(pool, id)[CLASS]!);
    const take = (id: number) => {
      used += size(id);
      expect([pool.pool.used, pool.pool.total <= 24 * MIB], `seed ${seed}`).toEqual([used, true]);
    };
    churn(pool, random(seed), take, (id) => {
      used -= size(id);
    });
    expect(pool.pool.used, `seed ${seed}`).toBe(used);
  });

  test('join to whole slabs once all are back', () => {
    const pool = aPool(24 * MIB);
    const draw = random(seed);
    for (const id of churn(
      pool,
      draw,
      () => {},
      () => {},
    ))
      pool.pool.give(id);
    const slabs = pool.memory.slabs[1]!.filter((slab) => slab.memory.byteLength === SLAB_BYTES).length;
    const told = pool.told.length;

    const taken = new Set(Array.from({ length: slabs }, () => pool.pool.take(4, 0)));
    expect([taken.size, taken.has(-1), pool.told.length], `seed ${seed}`).toEqual([slabs, false, told]);
  });
});
