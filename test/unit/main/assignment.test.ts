import { expect, test } from 'vitest';
import * as E from '../../../src/defs/enums.ts';
import { Assignments } from '../../../src/main/assignment.ts';
import type { PartitionOffset } from '../../../src/main/group_env.ts';
import type { CachedTopic } from '../../../src/main/metadata.ts';
import { BlockPool, PageNumbers } from '../../../src/ops/block_pool.ts';
import { Cell, NOTES } from '../../../src/ops/cells.ts';
import { newHeadPage } from '../../../src/ops/head_page.ts';
import { MAIN } from '../../../src/ops/ids.ts';
import { HandleMemory } from '../../../src/ops/memory.ts';
import type { MainToAppOp, MainToBrokerOp } from '../../../src/ops/ops.ts';
import { ZERO_UUID } from '../../../src/protocol/reader.ts';
import { SETTINGS } from '../../kit/group_member.ts';

/** Assignments whose metadata, committed offsets, workers and time are the test's. */
class Bench {
  now = 0;
  readonly topics: Map<string, CachedTopic> = new Map();
  /** Topics that were asked for anew, and when. */
  readonly asked: [at: number, topic: string][] = [];
  readonly toApp: MainToAppOp[] = [];
  readonly toWorker: MainToBrokerOp[] = [];
  readonly fetches: ((err: number, offsets: readonly PartitionOffset[]) => void)[] = [];
  /** Ops of the app's that main has yet to read. */
  readonly unread: (() => boolean)[] = [];
  readonly memory: HandleMemory;
  readonly assignments: Assignments;
  /** Brokers that can be had. */
  readonly away: Set<number> = new Set();

  constructor() {
    const memory = new HandleMemory(newHeadPage());
    this.memory = memory;
    const worker = { index: 1, channel: { post: (op: MainToBrokerOp) => void this.toWorker.push(op) } };
    const metadata = {
      topics: this.topics,
      want: (topic: string) => this.topics.get(topic),
      leaderStale: (topic: string) => void this.asked.push([this.now, topic]),
    };
    this.assignments = new Assignments({
      settings: { ...SETTINGS, 'enable.auto.offset.store': true } as never,
      reset: () => -2,
      memory,
      blocks: new BlockPool(memory, MAIN, new PageNumbers(), () => {}),
      metadata: metadata as never,
      workers: { ensure: (broker: number) => (this.away.has(broker) ? null : worker), of: () => worker } as never,
      toApp: (op) => void this.toApp.push(op),
      readApp: () => this.unread.shift()?.() !== undefined,
      now: () => this.now,
      fetchCommitted: (_partitions, done) => void this.fetches.push(done),
    });
  }

  /** What the cluster says of `t` now. */
  says(partitions: { leader: number; leaderEpoch: number }[], topicId: string = ZERO_UUID, err: number = 0): void {
    const cached = { topic: 't', topicId, err, absent: 0, partitions, since: 0, at: 0, stale: false };
    this.topics.set('t', cached);
    this.assignments.topicChanged(cached);
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const wake = this.assignments.poll(this.now);
      if (wake > end) break;
      this.now = Math.max(this.now, wake);
    }
    this.now = end;
  }

  /** As the app posts it. */
  seek(offset: number, version = -1, seek = 1, partition = 0): void {
    this.assignments.seek({ type: 'seek', topic: 't', partition, version, offset, leaderEpoch: -1, seek });
  }

  pause(paused: boolean, version = -1): void {
    this.assignments.pause({ type: 'pause', paused, partitions: [{ topic: 't', partition: 0, offset: 0, version }] });
  }

  /** The worker answers the last order to stop. */
  stopped(offset: number): void {
    const stop = this.toWorker.findLast((op) => op.type === 'fetch_stop');
    if (stop?.type !== 'fetch_stop') throw new Error('nothing was stopped');
    const { cell, home } = stop;
    this.assignments.placement.fetchStopped({ type: 'fetch_stopped', cell, home, offset, offsetEpoch: -1 }, 1);
  }

  cellOf(partition = 0): Cell {
    const op = this.toApp.findLast((each) => each.type === 'assigned' && each.partition === partition);
    if (op?.type !== 'assigned') throw new Error('not assigned');
    return new Cell(op.cell, this.memory.page(op.cell));
  }

  /** What was told to the workers since the last call, in short. */
  told(): string[] {
    return this.toWorker.splice(0).map((op) => {
      if (op.type === 'fetch_start') return `start ${op.offset}${op.paused ? ' paused' : ''} at ${op.broker}`;
      if (op.type === 'fetch_stop') return `stop${op.answer ? ' and answer' : ''}`;
      return op.type === 'fetch_pause' ? (op.paused ? 'pause' : 'resume') : op.type;
    });
  }

  /** Homes that the app was told in answers to seeks. */
  get sought(): number[] {
    return this.toApp.flatMap((op) => (op.type === 'sought' ? [op.home] : []));
  }

  get errors(): number[] {
    return this.toApp.flatMap((op) => (op.type === 'consumer_error' ? [op.err] : []));
  }
}

const FIRST = { leader: 1, leaderEpoch: 5 };

test('a partition beyond the last one is looked for at once and every 10 s, until it is there', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign([{ topic: 't', partition: 1, offset: 0 }]);

  bench.advance(25_000);
  const asked = [...bench.asked];
  bench.says([FIRST, FIRST]);
  bench.advance(25_000);

  expect(asked).toEqual([
    [0, 't'],
    [10_000, 't'],
    [20_000, 't'],
  ]);
  expect(bench.errors).toEqual([E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION]);
  expect(bench.toWorker.map(({ type }) => type)).toEqual(['fetch_start']);
  expect(bench.asked.length).toBe(3);
});

test('another reason for a missing partition is told as well', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign([{ topic: 't', partition: 1, offset: 0 }]);

  bench.says([], ZERO_UUID, E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  bench.says([], ZERO_UUID, E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);

  expect(bench.errors).toEqual([E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART]);
});

test('a topic made anew is fetched anew, though its leader is the same and its epoch lower', () => {
  const bench = new Bench();
  bench.says([FIRST], 'id1');
  bench.assignments.assign([{ topic: 't', partition: 0, offset: 7 }]);

  bench.says([{ leader: 1, leaderEpoch: 0 }], 'id2');
  const stop = bench.toWorker[1]!;
  if (stop.type !== 'fetch_stop') throw new Error(stop.type);
  bench.assignments.placement.fetchStopped(
    { type: 'fetch_stopped', cell: stop.cell, home: stop.home, offset: 9, offsetEpoch: -1 },
    1,
  );

  expect(bench.toWorker.slice(2)).toMatchObject([{ type: 'fetch_start', offset: 9, leaderEpoch: 0 }]);
});

test('an answer without topic ids moves nothing', () => {
  const bench = new Bench();
  bench.says([FIRST], 'id1');
  bench.assignments.assign([{ topic: 't', partition: 0, offset: 7 }]);

  bench.says([FIRST]);
  bench.says([FIRST], 'id1');

  expect(bench.toWorker.length).toBe(1);
});

test('a committed offset that is refused is asked for again after a while, as long as the partition is assigned', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign([{ topic: 't', partition: 0, offset: -1001 }]);
  bench.fetches[0]!(E.RD_KAFKA_RESP_ERR__TIMED_OUT, []);
  bench.advance(400);
  const early = bench.fetches.length;
  bench.advance(200);
  bench.fetches[1]!(E.RD_KAFKA_RESP_ERR__TIMED_OUT, []);

  bench.assignments.unassign(() => {});
  bench.advance(5000);

  expect([early, bench.fetches.length]).toEqual([1, 2]);
});

const one = (offset: number, version?: number): PartitionOffset[] => [
  { topic: 't', partition: 0, offset, ...(version === undefined ? {} : { version }) },
];

test('a seek moves the fetcher there by a new home, and the app is told which', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(7));
  bench.told();

  bench.seek(3);

  expect(bench.told()).toEqual(['stop', 'start 3 at 1']);
  expect(bench.sought).toEqual([2]);
});

test('a seek while the committed offset is asked for wins over that offset', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(-1001));

  bench.seek(3);
  bench.fetches[0]!(0, one(50));

  expect(bench.told()).toEqual(['start 3 at 1']);
});

test('a seek of a partition without a leader holds when there is one', () => {
  const bench = new Bench();
  bench.says([{ leader: -1, leaderEpoch: 5 }]);
  bench.assignments.assign(one(7));

  bench.seek(3);
  bench.says([FIRST]);

  expect([bench.told(), bench.sought]).toEqual([['start 3 at 1'], [2]]);
});

test('a seek while the fetcher moves to another leader wins over where the old one was', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(7));
  bench.says([{ leader: 2, leaderEpoch: 6 }]);
  bench.told();

  bench.seek(3);
  const first = bench.told();
  bench.assignments.placement.fetchStopped(
    { type: 'fetch_stopped', cell: bench.cellOf().id, home: 1, offset: 90, offsetEpoch: -1 },
    1,
  );

  expect([first, bench.told(), bench.sought]).toEqual([['start 3 at 2'], [], [2]]);
});

test('a seek of a partition that is not there is answered all the same', () => {
  const bench = new Bench();

  bench.seek(3);

  expect([bench.sought, bench.told()]).toEqual([[-1], []]);
});

test('a seek that comes before the assign call that it is for waits for it', () => {
  const bench = new Bench();
  bench.says([FIRST]);

  bench.seek(3, 1);
  const early = bench.sought;
  bench.assignments.assign(one(7, 1));

  expect([early, bench.told(), bench.sought]).toEqual([[], ['start 3 at 1'], [1]]);
});

test('a seek to a committed offset that is asked for does not ask', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.seek(3, 1);

  bench.assignments.assign(one(-1001, 1));

  expect([bench.fetches.length, bench.told()]).toEqual([0, ['start 3 at 1']]);
});

test('a seek for an assign call that another has taken the place of is forgotten', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.seek(3, 1);

  bench.assignments.replaced(2);
  bench.assignments.assign(one(7, 2));

  expect(bench.told()).toEqual(['start 7 at 1']);
});

test('a seek for a newer assign call leaves the old assignment alone', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(7, 1));
  bench.told();

  bench.seek(3, 2);

  expect([bench.told(), bench.sought]).toEqual([[], []]);
});

test('a pause goes to the fetcher, once, and a resume too', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(7));
  bench.told();

  for (const paused of [true, true, false, false]) bench.pause(paused);

  expect(bench.told()).toEqual(['pause', 'resume']);
});

test('a partition that is paused stays so with a new leader and after a seek', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(7));
  bench.pause(true);
  bench.says([{ leader: 2, leaderEpoch: 6 }]);
  bench.stopped(9);
  bench.told();
  bench.says([{ leader: 1, leaderEpoch: 7 }]);
  bench.stopped(9);
  bench.seek(3);

  expect(bench.told()).toEqual(['stop and answer', 'start 9 paused at 1', 'stop', 'start 3 paused at 1']);
});

test('a pause that comes before the assign call that it is for holds from its beginning', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.pause(true, 1);
  bench.assignments.assign(one(7, 1));
  bench.pause(false, 1);

  expect(bench.told()).toEqual(['start 7 paused at 1', 'resume']);
});

test('a follower that the leader names is fetched from, and the leader again when it says so or is gone', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(7));
  const at = (): { cell: number; home: number } => {
    const start = bench.toWorker.findLast((op) => op.type === 'fetch_start');
    return start?.type === 'fetch_start' ? start : { cell: -1, home: -1 };
  };
  const prefer = (replica: number): void =>
    bench.assignments.placement.preferredReplica({
      type: 'preferred_replica',
      cell: at().cell,
      home: at().home,
      replica,
    });

  prefer(3);
  bench.stopped(9);
  prefer(-1);
  bench.stopped(11);
  bench.advance(60_000);
  prefer(3);
  bench.stopped(12);
  bench.away.add(3);
  bench.assignments.placement.brokerDown(3);
  bench.stopped(13);

  expect(bench.told().filter((text) => text.startsWith('start'))).toEqual([
    'start 7 at 1',
    'start 9 at 3',
    'start 11 at 1',
    'start 12 at 3',
    'start 13 at 1',
  ]);
});

test('a follower that is named again within a minute is fetched from at the second word only', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(7));
  const prefer = (replica: number): void => {
    const start = bench.toWorker.findLast((op) => op.type === 'fetch_start');
    if (start?.type !== 'fetch_start') throw new Error('not started');
    const { cell, home } = start;
    bench.assignments.placement.preferredReplica({ type: 'preferred_replica', cell, home, replica });
  };
  prefer(3);
  bench.stopped(9);
  prefer(-1);
  bench.stopped(9);

  const before = bench.toWorker.length;
  prefer(3);
  const first = bench.toWorker.length;
  prefer(3);

  expect([first, bench.toWorker.length]).toEqual([before, before + 1]);
});

test('the leader is asked anew who is near when five minutes are over', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(7));
  const cell = bench.cellOf().id;
  bench.assignments.placement.preferredReplica({ type: 'preferred_replica', cell, home: 1, replica: 3 });
  bench.stopped(9);
  bench.told();

  bench.advance(299_000);
  const early = bench.told();
  bench.advance(2000);
  bench.stopped(20);

  expect([early, bench.told()]).toEqual([[], ['stop and answer', 'start 20 at 1']]);
});

test('partitions are added and taken away one by one, and what stays is not touched', () => {
  const bench = new Bench();
  bench.says([FIRST, FIRST]);
  const second = [{ topic: 't', partition: 1, offset: 4 }];
  bench.assignments.incrementalAssign(one(7));
  bench.assignments.incrementalAssign([...one(8), ...second]);
  bench.cellOf(0).advance(9, -1);
  const started = bench.told();
  let stored: PartitionOffset[] = [];

  bench.assignments.incrementalUnassign(one(0), () => {
    stored = bench.assignments.stored(true, one(0));
  });

  expect([started, bench.told()]).toEqual([['start 7 at 1', 'start 4 at 1'], ['stop']]);
  expect(stored).toMatchObject([{ partition: 0, offset: 9 }]);
  expect(bench.assignments.partitions()).toMatchObject([{ partition: 1 }]);
  expect(bench.toApp.at(-1)).toMatchObject({ type: 'revoked' });
});

test("what a consume_start fetches is not the group's: neither listed, stored nor let go with it", () => {
  const bench = new Bench();
  bench.says([FIRST, FIRST]);
  bench.assignments.start({ topic: 't', partition: 0, offset: 7 }, null);
  bench.assignments.assign([{ topic: 't', partition: 1, offset: 4 }]);
  bench.cellOf(0).advance(9, -1);
  bench.told();

  bench.assignments.unassign(() => {});

  expect(bench.told()).toEqual(['stop']);
  expect([bench.assignments.partitions(), bench.assignments.stored(false)]).toEqual([[], []]);
  expect(bench.assignments.find('t', 0)?.simple).toBe(true);
});

test('consume_stop ends what consume_start began, and nothing else', () => {
  const bench = new Bench();
  bench.says([FIRST, FIRST]);
  bench.assignments.start({ topic: 't', partition: 0, offset: 7 }, null);
  bench.assignments.assign([{ topic: 't', partition: 1, offset: 4 }]);
  bench.told();
  let ended = 0;
  const end = (partition: number): void => bench.assignments.stopSimple('t', partition, () => void ended++);

  end(0);
  end(1);
  end(0);

  expect([ended, bench.told()]).toEqual([3, ['stop']]);
  expect(bench.assignments.find('t', 0)).toBe(null);
});

test('a stored offset goes with the bytes that the app gave for it, which are waited for', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign(one(7));
  const cell = bench.cellOf();
  const metadata = Buffer.from('note');
  const store = (): boolean => {
    bench.assignments.storeMetadata({ type: 'store_metadata', cell: cell.id, offset: 20, metadata });
    return true;
  };
  bench.unread.push(() => true, store);
  Atomics.add(cell.words, cell.base + NOTES, 1);
  cell.store(20, 3);
  const first = bench.assignments.stored(true);
  cell.store(21, 3);

  expect(first).toEqual([{ topic: 't', partition: 0, offset: 20, leaderEpoch: 3, metadata }]);
  expect(bench.assignments.stored(true)).toMatchObject([{ offset: 21, metadata: null }]);
});
