import { expect, test } from 'vitest';
import { Awaited } from '../../../src/app/awaited.ts';
import type { AwaitedReports } from '../../../src/app/awaited_reports.ts';
import type { Handle } from '../../../src/app/handle.ts';
import { LiveBatch } from '../../../src/app/live_batch.ts';
import type { ReportMessage } from '../../../src/app/report_message.ts';
import { Reports } from '../../../src/app/reports.ts';
import type { Topic } from '../../../src/app/topic.ts';
import * as E from '../../../src/defs/enums.ts';
import { report, sealTaken, TakenBatch } from '../../../src/ops/batch_owner.ts';
import { BatchPool, BatchWriter, type OpenBatch } from '../../../src/ops/batch_writer.ts';
import { claim, LINK, SEALED, TAIL } from '../../../src/ops/batches.ts';
import { PageNumbers } from '../../../src/ops/block_pool.ts';
import { ExtentPool } from '../../../src/ops/extents.ts';
import { newHeadPage, REPORTS } from '../../../src/ops/head_page.ts';
import { HandleMemory } from '../../../src/ops/memory.ts';
import { push } from '../../../src/ops/stacks.ts';
import { writeRecord } from '../../../src/records/record_writer.ts';

const STORED = { error: 0, status: E.RD_KAFKA_MSG_STATUS_PERSISTED, broker: 1, baseOffset: 0, appendTime: -1 };

/** The parts of a handle that reports touch, over real memory; its threads are played by the test. */
class World {
  readonly memory: HandleMemory = new HandleMemory(newHeadPage());
  readonly writer: BatchWriter;
  readonly main: BatchWriter;
  readonly reports: Reports;
  /** `opaque err` of each report served. */
  readonly served: string[] = [];
  onReport: ((message: ReportMessage) => void) | null = null;
  readonly rk: { dead: boolean; stops: boolean; awaited: Pick<AwaitedReports, 'settle'> | null };

  constructor() {
    const numbers = new PageNumbers();
    const writer = (creator: number): BatchWriter => {
      const pool = new BatchPool(this.memory, creator, creator === 1 ? numbers : new PageNumbers(), () => {});
      return new BatchWriter(this.memory, pool, new ExtentPool(this.memory, creator, 8 << 20, () => {}), 1);
    };
    this.writer = writer(1);
    this.main = writer(0);
    const rk = {
      memory: this.memory,
      awaited: null as World['rk']['awaited'],
      writer: this.writer,
      dead: false,
      stops: false,
      forgetOpen: () => {},
      took: () => {},
      toMain: () => {},
      callbacks: {
        reports: true,
        report: (message: ReportMessage) => {
          this.served.push(`${message._private} ${message.err}`);
          this.onReport?.(message);
        },
      },
    };
    this.rk = rk;
    this.reports = new Reports(rk as unknown as Handle);
  }

  /** A batch of the app with these values, which are its opaques too. */
  batch(values: readonly string[], waits = false): OpenBatch {
    const open = this.writer.open(waits ? -1 : 0, 0, 1000, 64)!;
    const live = new LiveBatch(open.id, open.generation, {} as Topic, waits ? -1 : 0, waits, 0, 1000);
    live.opaques = [...values];
    live.count = values.length;
    this.reports.live.set(open.id, live);
    for (const value of values) {
      const at = waits ? open.slab.buffer.writeInt32BE(-1, open.at) : open.at;
      this.writer.publish(open, writeRecord(open.slab, at, 0, open.count, null, value, null), 1000);
    }
    return open;
  }

  taken(open: { id: number; generation: number }): TakenBatch {
    return new TakenBatch(open.id, this.memory.page(open.id), open.generation);
  }

  /** Its owner reports it as stored. */
  store(open: { id: number; generation: number }): void {
    const taken = this.taken(open);
    sealTaken(this.memory, taken, 0, 1);
    report(this.memory, taken, 1, STORED);
  }

  /** Main puts these records of a waiting batch into a batch of its own. */
  relay(origin: OpenBatch, indices: readonly number[]): { id: number; generation: number } {
    Atomics.or(origin.words, origin.base + TAIL, SEALED);
    const made = this.main.openEmpty(0, 0, indices.length);
    const rows = Int32Array.from(indices.flatMap((index) => [origin.id, index]));
    this.reports.relay({ type: 'relay', batch: made.id, generation: made.generation, topic: 't', partition: 0, rows });
    return made;
  }

  serve(): string[] {
    this.reports.take();
    this.reports.serve(Number.POSITIVE_INFINITY);
    return this.served;
  }

  die(): void {
    this.reports.take();
    this.rk.dead = true;
    this.reports.claimAll();
  }
}

test('promises are settled in order and by shares, callbacks come behind them', () => {
  const world = new World();
  const settled: unknown[] = [];
  world.rk.awaited = { settle: (awaited) => void settled.push(awaited.opaque) };
  for (const values of [
    ['a', 'b', 'c'],
    ['d', 'callback', 'e'],
    ['own', 'own too'],
    ['f', 'g'],
  ]) {
    const open = world.batch(values);
    const live = world.reports.live.get(open.id)!;
    live.opaques = values.map((value) =>
      value.length > 1
        ? value
        : new Awaited(
            value,
            1,
            () => {},
            () => {},
          ),
    );
    live.awaited = live.opaques.filter((opaque) => opaque instanceof Awaited).length;
    world.store(open);
  }
  world.reports.take();

  const shares = [2, 2, 1, 1, 1].map((most) => [
    world.reports.settle(most),
    settled.splice(0).join(''),
    world.reports.pending,
  ]);

  expect(shares).toEqual([
    [true, 'ab', 0],
    [true, 'cd', 0],
    [true, 'e', 2],
    [true, 'f', 2],
    [false, 'g', 2],
  ]);
  expect(world.serve()).toEqual(['callback 0', 'own 0', 'own too 0']);
  expect(world.reports.live.size).toBe(0);
});

test('reports come record by record, with their opaques', () => {
  const world = new World();
  world.store(world.batch(['a', 'b']));

  expect(world.serve()).toEqual(['a 0', 'b 0']);
  expect(world.reports.live.size).toBe(0);
});

test('after a death every live batch gets one verdict, and late reports are overlooked', () => {
  const world = new World();
  const open = world.batch(['a', 'b']);
  world.die();
  world.store(open);

  expect(world.serve()).toEqual(['a -150', 'b -150']);
});

test('a batch whose owner has claimed it and not pushed it yet is served once, as the owner says', () => {
  const world = new World();
  const open = world.batch(['a']);
  const words = world.memory.page(open.id).words;
  sealTaken(world.memory, world.taken(open), 0, 1);
  claim(words, open.base, open.generation);
  world.die();
  push(world.memory.head, REPORTS + 1, open.id, words, open.base + LINK);

  expect(world.serve()).toEqual(['a 0']);
});

test('a batch that was reported before the death keeps what was said of it', () => {
  const world = new World();
  world.store(world.batch(['a']));
  world.batch(['b']);
  world.die();

  expect(world.serve()).toEqual(['a 0', 'b -150']);
});

test('a block that was served once and is in use again is claimed like others', () => {
  const world = new World();
  const first = world.batch(['a']);
  world.store(first);
  world.serve();
  const second = world.batch(['b']);
  world.die();

  expect(second.id).toBe(first.id);
  expect(world.serve()).toEqual(['a 0', 'b -150']);
});

test('records that waited and were relayed in part get one report each, the relayed ones first', () => {
  const world = new World();
  const origin = world.batch(['a', 'b', 'c', 'd'], true);
  world.batch(['later']);
  const done = world.relay(origin, [0]);
  world.relay(origin, [2]);
  world.store(done);
  world.die();

  expect(world.serve()).toEqual(['a 0', 'c -150', 'b -150', 'd -150', 'later -150']);
});

test('the records of a waiting batch that nobody relayed get the verdict of the batch', () => {
  const world = new World();
  world.batch(['a', 'b'], true);
  world.die();

  expect(world.serve()).toEqual(['a -150', 'b -150']);
});

test('a waiting batch whose records were all relayed is served by their reports alone', () => {
  const world = new World();
  const origin = world.batch(['a', 'b'], true);
  world.store(world.relay(origin, [1]));
  world.relay(origin, [0]);
  world.die();

  expect(world.serve()).toEqual(['b 0', 'a -150']);
});

test('the memory of a batch is not given back while a callback may still read it', () => {
  const world = new World();
  const first = world.batch(['first']);
  world.store(first);
  let reused = -1;
  let read = '';
  world.onReport = (message) => {
    // For this nested call the batch is over.
    world.reports.serve(Number.POSITIVE_INFINITY);
    world.onReport = null;
    reused = world.batch(['other']).id;
    read = message.payload!.toString();
  };
  world.serve();

  expect(reused).not.toBe(first.id);
  expect(read).toBe('first');
  expect(world.batch(['next']).id).toBe(first.id);
});

test('a callback that throws has had its report, and the next call goes on behind it', () => {
  const world = new World();
  world.store(world.batch(['a', 'b', 'c']));
  world.onReport = (message) => {
    if (message._private === 'b') throw new Error('b');
  };
  world.reports.take();

  expect(() => world.reports.serve(10)).toThrow('b');
  expect(world.serve()).toEqual(['a 0', 'b 0', 'c 0']);
});
