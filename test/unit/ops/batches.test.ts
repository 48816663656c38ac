import { describe, expect, test } from 'vitest';
import {
  isSealedBatch,
  pieces,
  report,
  sealTaken,
  type TakenBatch,
  takeClosing,
  takeHead,
} from '../../../src/ops/batch_owner.ts';
import { BatchWalk, takeReports } from '../../../src/ops/batch_reader.ts';
import { BatchPool, BatchWriter, isSealed, type OpenBatch } from '../../../src/ops/batch_writer.ts';
import {
  BATCH_WORDS,
  BROKER,
  claim,
  ERROR,
  FIRST_ID,
  GEN,
  LINK,
  NUMBER,
  SEALED,
  STATUS,
  seal,
  TAIL,
  WORKER,
} from '../../../src/ops/batches.ts';
import { PageNumbers } from '../../../src/ops/block_pool.ts';
import { CLASS, EXTENT_HEAD, ExtentPool } from '../../../src/ops/extents.ts';
import { newHeadPage } from '../../../src/ops/head_page.ts';
import { firstPageOf, indexOf } from '../../../src/ops/ids.ts';
import { ControlPage, HandleMemory, PAGE_BYTES } from '../../../src/ops/memory.ts';
import { HEAD, initPartition } from '../../../src/ops/partitions.ts';
import { CLOSED, EMPTY, push } from '../../../src/ops/stacks.ts';
import { insertByNumber, restoreBatch, saveBatch } from '../../../src/ops/taken_state.ts';

const VERDICT = { error: -5, status: 2, broker: 3, baseOffset: 100, appendTime: 7 };
const KIB = 1024;

class World {
  readonly memory = new HandleMemory(newHeadPage());
  readonly writer: BatchWriter;
  /** One partition block at 0. */
  readonly part: Int32Array = new ControlPage(new SharedArrayBuffer(PAGE_BYTES)).words;
  private next = 0;

  constructor(maxBytes = 64 << 20) {
    const pool = new BatchPool(this.memory, 1, new PageNumbers(), () => {});
    this.writer = new BatchWriter(this.memory, pool, new ExtentPool(this.memory, 1, maxBytes, () => {}), 1);
    initPartition(this.part, 0, 0, 0);
  }

  open(bound = 16): OpenBatch {
    return this.writer.open(5, 1234, 1000, bound)!;
  }

  /** Writes a record of `bytes` that begins with its number, and gives whether it got in. */
  append(open: OpenBatch, bytes = 16, timestamp = 1000): boolean {
    if (!this.writer.room(open, bytes)) throw new Error('no room');
    open.slab.ints[open.at >> 2] = this.next;
    open.slab.ints[(open.at >> 2) + 1] = bytes;
    const done = this.writer.publish(open, open.at + bytes, timestamp);
    if (done) this.next++;
    return done;
  }

  push(open: OpenBatch): boolean {
    return push(this.part, HEAD, open.id, open.words, open.base + LINK);
  }

  /** Opens, fills, pushes. */
  filled(records: number, bytes = 16): OpenBatch {
    const open = this.open(bytes);
    for (let i = 0; i < records; i++) this.append(open, bytes);
    this.push(open);
    return open;
  }

  take(): TakenBatch[] {
    return takeHead(this.memory, this.part, 0);
  }

  /** Numbers of the records in a batch, as its reader finds them. */
  read(id: number): number[] {
    const walk = new BatchWalk(this.memory, id);
    const found: number[] = [];
    while (walk.at < walk.end || walk.nextPiece()) {
      found.push(walk.slab!.ints[walk.at >> 2]!);
      walk.at += walk.slab!.ints[(walk.at >> 2) + 1]!;
    }
    return found;
  }
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('a writer', () => {
  test('publishes records that a reader finds in order', () => {
    const world = new World();
    const open = world.filled(100);
    world.take();

    expect(world.read(open.id)).toEqual(upTo(100));
  });

  test('chains extents, each of the next class', () => {
    const world = new World();
    const open = world.open();
    const classes: number[] = [];
    for (let i = 0; i < 40_000; i++) {
      world.append(open, 64);
      const of = open.slab.ints[(firstPageOf(open.extent) << 10) + CLASS]!;
      if (classes.at(-1) !== of) classes.push(of);
    }

    expect([classes, world.read(open.id).length]).toEqual([[0, 1, 2, 3, 4], 40_000]);
  });

  test('gives a record that does not fit the class that it needs', () => {
    const world = new World();
    const open = world.open();
    world.append(open, 16);
    world.append(open, 300 * KIB);
    world.append(open, 3 << 20);
    world.append(open, 900 * KIB);

    expect(world.read(open.id)).toEqual([0, 1, 2, 3]);
  });

  test('is answered no by a batch that was sealed meanwhile, and that record is not in it', () => {
    const world = new World();
    const open = world.filled(3);
    seal(open.words, open.base);

    expect([world.append(open), isSealed(open), world.read(open.id)]).toEqual([false, true, [0, 1, 2]]);
  });

  test.each([1, 2, 3, 7])('leaves the end of a batch of %i records alone until its swap', (records) => {
    const world = new World();
    const open = world.filled(records);
    const [taken] = world.take();
    // What publish does before its swap, for a record that is too late: the other slot and a further extent.
    world.writer.room(open, 10 * KIB);
    const late = open.at + 10 * KIB;
    sealTaken(world.memory, taken!, 0, 1);
    expect(world.writer.publish(open, late, 9999)).toBe(false);

    const views: Uint8Array[] = [];
    pieces(world.memory, taken!, views);
    expect([taken!.count, taken!.bytes, taken!.maxTimestamp, views.length]).toEqual([records, records * 16, 1000, 1]);
    expect(world.read(open.id)).toEqual(upTo(records));
  });

  test('keeps the extent that a record without room for the next has linked', () => {
    const world = new World();
    const open = world.filled(2);
    world.writer.room(open, 10 * KIB);
    const linked = open.extent;
    world.append(open, 16);

    expect([open.extent, world.read(open.id)]).toEqual([linked, [0, 1, 2]]);
  });

  test('gives back the whole chain, also what lies behind the tail', () => {
    const world = new World();
    const open = world.filled(2);
    world.writer.room(open, 10 * KIB);
    seal(open.words, open.base);
    world.writer.free(open.id);

    expect([world.writer.extents.used, world.writer.blocks.used]).toEqual([0, 0]);
  });

  test('gives back a batch that nobody has seen', () => {
    const world = new World();
    world.writer.discard(world.open());

    expect([world.writer.extents.used, world.writer.blocks.used]).toEqual([0, 0]);
  });

  test('is answered null when the memory is used up, and no block is lost', () => {
    const world = new World(1 << 20);
    world.open(900 * KIB);

    expect([world.writer.open(0, 0, 0, 900 * KIB), world.writer.blocks.used]).toEqual([null, 1]);
  });

  test('is answered no by room when the memory is used up, and the batch stays as it is', () => {
    const world = new World(1 << 20);
    const open = world.open();
    world.append(open);
    const { at } = open;

    expect([world.writer.room(open, 2 << 20), open.at, world.append(open)]).toEqual([false, at, true]);
  });

  test('raises the generation each time that a block is used', () => {
    const world = new World();
    const generations: number[] = [];
    for (let i = 0; i < 3; i++) {
      const open = world.filled(1);
      generations.push(open.generation);
      const [taken] = world.take();
      sealTaken(world.memory, taken!, i, 1);
      report(world.memory, taken!, 0, VERDICT);
      world.writer.free(takeReports(world.memory, 1)[0]!);
    }
    expect(generations).toEqual([1, 2, 3]);
  });

  test('makes an empty batch that is sealed and counts, but has no memory', () => {
    const world = new World();
    const { id } = world.writer.openEmpty(-1, 0, 17);
    const walk = new BatchWalk(world.memory, id);

    expect([walk.count, walk.slab, walk.nextPiece(), world.writer.extents.used]).toEqual([17, null, false, 0]);
  });
});

describe('an owner', () => {
  test('takes what was pushed, oldest first', () => {
    const world = new World();
    const ids = [world.filled(1), world.filled(1), world.filled(1)].map((open) => open.id);

    expect([world.take().map((batch) => batch.id), world.take()]).toEqual([ids, []]);
  });

  test('leaves a HEAD alone that reads CLOSED', () => {
    const world = new World();
    world.filled(1);
    expect(takeClosing(world.memory, world.part, 0)).toHaveLength(1);

    expect([world.take(), world.part[HEAD], world.push(world.open())]).toEqual([[], CLOSED, false]);
  });

  test('sees the count, the bytes and the newest timestamp of what it sealed', () => {
    const world = new World();
    const open = world.open();
    world.append(open, 16, 5000);
    world.append(open, 32, 3000);
    world.push(open);
    const [batch] = world.take();
    expect(isSealedBatch(batch!)).toBe(false);
    sealTaken(world.memory, batch!, 7, 70);

    expect([batch!.count, batch!.bytes, batch!.firstTimestamp, batch!.maxTimestamp, batch!.opened]).toEqual([
      2, 48, 1000, 5000, 1234,
    ]);
    expect([open.words[open.base + NUMBER], open.doubles[open.doubleBase + FIRST_ID]]).toEqual([7, 70]);
  });

  test('comes to the same result when the writer sealed first', () => {
    const world = new World();
    const open = world.filled(4);
    Atomics.or(open.words, open.base + TAIL, SEALED);
    const [batch] = world.take();

    expect([isSealedBatch(batch!), sealTaken(world.memory, batch!, 0, 1), batch!.count]).toEqual([true, true, 4]);
  });

  test('drops a batch that was claimed before it was sealed', () => {
    const world = new World();
    const open = world.filled(1);
    const [batch] = world.take();
    claim(open.words, open.base, open.generation);

    expect(sealTaken(world.memory, batch!, 0, 1)).toBe(false);
  });

  test('drops a batch that was claimed before it was taken, and takes those behind it', () => {
    const world = new World();
    const claimed = world.filled(1);
    const other = world.filled(1);
    claim(claimed.words, claimed.base, claimed.generation);

    expect(world.take().map((batch) => batch.id)).toEqual([other.id]);
    expect(Atomics.load(claimed.words, claimed.base + GEN)).toBe(-claimed.generation);
  });

  test('views each piece of the record bytes once', () => {
    const world = new World();
    const open = world.filled(2000, 64);
    const [batch] = world.take();
    sealTaken(world.memory, batch!, 0, 1);
    const views: Uint8Array[] = [];
    pieces(world.memory, batch!, views);

    expect(views.length).toBeGreaterThan(1);
    expect(views.reduce((sum, view) => sum + view.length, 0)).toBe(2000 * 64);
    expect([batch!.bytes, open.bytes]).toEqual([2000 * 64, 2000 * 64]);
  });

  test('reports a batch once, and what it says is there', () => {
    const world = new World();
    const open = world.filled(1);
    const [batch] = world.take();
    sealTaken(world.memory, batch!, 0, 1);

    expect([report(world.memory, batch!, 4, VERDICT), report(world.memory, batch!, 4, VERDICT)]).toEqual([true, false]);
    expect(takeReports(world.memory, 1)).toEqual([open.id]);
    const words = open.words.subarray(open.base, open.base + BATCH_WORDS);
    expect([words[ERROR], words[STATUS], words[BROKER], words[WORKER], words[GEN]]).toEqual([-5, 2, 3, 4, -1]);
  });

  test('does not report what another has claimed, and leaves its words alone', () => {
    const world = new World();
    const open = world.filled(1);
    const [batch] = world.take();
    sealTaken(world.memory, batch!, 0, 1);
    open.words[open.base + ERROR] = 42;
    claim(open.words, open.base, open.generation);

    expect([report(world.memory, batch!, 0, VERDICT), takeReports(world.memory, 1)]).toEqual([false, []]);
    expect(open.words[open.base + ERROR]).toBe(42);
  });

  test('with an old generation does not report the block’s next batch', () => {
    const world = new World();
    world.filled(1);
    const [old] = world.take();
    sealTaken(world.memory, old!, 0, 1);
    report(world.memory, old!, 0, VERDICT);
    world.writer.free(takeReports(world.memory, 1)[0]!);
    const again = world.filled(1);

    expect([again.id, report(world.memory, old!, 0, VERDICT), takeReports(world.memory, 1)]).toEqual([
      old!.id,
      false,
      [],
    ]);
  });
});

describe('reports', () => {
  test('are taken in the order in which they were pushed', () => {
    const world = new World();
    for (let i = 0; i < 5; i++) world.filled(1);
    const batches = world.take();
    for (const [number, batch] of batches.entries()) {
      sealTaken(world.memory, batch, number, number + 1);
      report(world.memory, batch, 0, VERDICT);
    }
    expect([takeReports(world.memory, 1), takeReports(world.memory, 1)]).toEqual([
      batches.map((batch) => batch.id),
      [],
    ]);
  });
});

describe('a batch that changes hands', () => {
  test('is the same at its new home', () => {
    const world = new World();
    world.filled(3);
    const [batch] = world.take();
    sealTaken(world.memory, batch!, 9, 90);
    Object.assign(batch!, { retries: 2, notBefore: 55, backoff: true, maybePersisted: true });

    expect(restoreBatch(world.memory, structuredClone(saveBatch(batch!)))).toEqual(batch);
  });

  test.each([
    [[1, 2, 4], 3, [1, 2, 3, 4]],
    [[], 3, [3]],
    [[4, 5], 3, [3, 4, 5]],
    [[0x7ffffffe, 0x7fffffff, -0x80000000 + 1], -0x80000000, [0x7ffffffe, 0x7fffffff, -0x80000000, -0x80000000 + 1]],
  ])('goes back into %j with number %i as %j', (numbers, number, expected) => {
    const world = new World();
    const sealed = (n: number) => {
      world.filled(1);
      const [batch] = world.take();
      sealTaken(world.memory, batch!, n, 1);
      return batch!;
    };
    const row = numbers.map(sealed);
    insertByNumber(row, sealed(number));

    expect(row.map((batch) => batch.number)).toEqual(expected);
  });

  test('goes back in front of those that are not sealed yet', () => {
    const world = new World();
    world.filled(1);
    world.filled(1);
    const [first, second] = world.take();
    sealTaken(world.memory, first!, 5, 1);
    const row = [second!];
    insertByNumber(row, first!);

    expect(row).toEqual([first, second]);
  });
});

test('a block that was opened is linked to nothing', () => {
  const world = new World();
  const open = world.open();
  expect(Atomics.load(open.words, indexOf(open.id) * BATCH_WORDS + LINK)).toBe(EMPTY);
  expect(open.at - open.start).toBe(EXTENT_HEAD);
});
