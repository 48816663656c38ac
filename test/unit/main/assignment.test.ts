import { expect, test } from 'vitest';
import * as E from '../../../src/defs/enums.ts';
import { Assignments } from '../../../src/main/assignment.ts';
import type { PartitionOffset } from '../../../src/main/group_env.ts';
import type { CachedTopic } from '../../../src/main/metadata.ts';
import { BlockPool, PageNumbers } from '../../../src/ops/block_pool.ts';
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
  readonly assignments: Assignments;

  constructor() {
    const memory = new HandleMemory(newHeadPage());
    const worker = { index: 1, channel: { post: (op: MainToBrokerOp) => void this.toWorker.push(op) } };
    const metadata = {
      topics: this.topics,
      want: (topic: string) => this.topics.get(topic),
      leaderStale: (topic: string) => void this.asked.push([this.now, topic]),
    };
    this.assignments = new Assignments({
      settings: { ...SETTINGS, 'enable.auto.offset.store': true } as never,
      reset: -2,
      memory,
      blocks: new BlockPool(memory, MAIN, new PageNumbers(), () => {}),
      metadata: metadata as never,
      workers: { ensure: () => worker, of: () => worker } as never,
      toApp: (op) => void this.toApp.push(op),
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

  get errors(): number[] {
    return this.toApp.flatMap((op) => (op.type === 'consumer_error' ? [op.err] : []));
  }
}

const FIRST = { leader: 1, leaderEpoch: 5 };

test('a partition beyond the last one is looked for every 10 s, until it is there', () => {
  const bench = new Bench();
  bench.says([FIRST]);
  bench.assignments.assign([{ topic: 't', partition: 1, offset: 0 }]);

  bench.advance(25_000);
  const asked = [...bench.asked];
  bench.says([FIRST, FIRST]);
  bench.advance(25_000);

  expect(asked).toEqual([
    [10_000, 't'],
    [20_000, 't'],
  ]);
  expect(bench.errors).toEqual([E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION]);
  expect(bench.toWorker.map(({ type }) => type)).toEqual(['fetch_start']);
  expect(bench.asked.length).toBe(2);
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
  bench.assignments.fetchStopped({ type: 'fetch_stopped', cell: stop.cell, home: stop.home, offset: 9 }, 1);

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
