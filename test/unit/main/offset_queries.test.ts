import { describe, expect, test } from 'vitest';
import * as E from '../../../src/defs/enums.ts';
import type { CachedTopic, MetadataCall } from '../../../src/main/metadata.ts';
import { type OffsetAnswer, OffsetQueries } from '../../../src/main/offset_queries.ts';
import { decodeRequest } from '../../../src/protocol/compile.ts';
import { readRequestHeader } from '../../../src/protocol/frame.ts';
import { Reader, ZERO_UUID } from '../../../src/protocol/reader.ts';
import type { WireRequest } from '../../../src/wire/requests.ts';

interface Asked {
  readonly broker: number;
  readonly version: number;
  readonly body: any;
  readonly done: WireRequest['done'];
}

interface Result {
  readonly err: number;
  readonly answers: readonly OffsetAnswer[];
  readonly at: number;
}

/** Queries whose metadata, brokers and time are the test's. */
class Bench {
  now = 0;
  up = true;
  version = 9;
  readonly topics: Map<string, CachedTopic> = new Map();
  readonly leaderCalls: MetadataCall[] = [];
  readonly stale: string[] = [];
  readonly asked: Asked[] = [];
  readonly queries: OffsetQueries;

  constructor() {
    this.queries = new OffsetQueries({
      settings: {
        'client.id': 'test',
        'isolation.level': 'read_committed',
        'metadata.max.age.ms': 900_000,
        'retry.backoff.ms': 100,
        'retry.backoff.max.ms': 1000,
        'socket.timeout.ms': 60_000,
      },
      random: () => 0.5,
      metadata: {
        topics: this.topics,
        ask: (call) => void this.leaderCalls.push(call),
        leaderStale: (topic) => void this.stale.push(topic),
      },
      now: () => this.now,
      anyUp: () => this.up,
      sendTo: (broker, request) => void this.asked.push(this.read(broker, request)),
      soon: () => {},
    });
  }

  private read(broker: number, request: WireRequest): Asked {
    const reader = new Reader(request.frame!(this.version, 1)[0]!);
    reader.int32();
    readRequestHeader(reader);
    const body = decodeRequest('ListOffsets', this.version, reader);
    return { broker, version: this.version, body, done: request.done };
  }

  ask(items: readonly [topic: string, partition: number, timestamp: number][], timeoutMs = 5000): Result[] {
    const results: Result[] = [];
    const questions = items.map(([topic, partition, timestamp]) => ({ topic, partition, timestamp }));
    this.queries.ask(questions, timeoutMs, (err, answers) => results.push({ err, answers, at: this.now }));
    this.advance(0);
    return results;
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const wake = this.queries.poll(this.now);
      if (wake > end) break;
      this.now = Math.max(wake, this.now + 0.5);
    }
    this.now = end;
  }

  /** Answers the last question for leaders. */
  leaders(topic: string, leaders: readonly number[], errorCode = 0): void {
    const partitions = leaders.map((leaderId, partitionIndex) => ({ partitionIndex, leaderId, leaderEpoch: 4 }));
    const response = { topics: [{ name: topic, errorCode, partitions }] };
    this.leaderCalls.at(-1)!.done(0, response as never, null);
    this.advance(0);
  }

  cached(topic: string, leaders: readonly number[]): void {
    const partitions = leaders.map((leader) => ({ leader, leaderEpoch: 7 }));
    const known = { topic, topicId: ZERO_UUID, err: 0, absent: 0, partitions, since: 0, at: this.now, stale: false };
    this.topics.set(topic, known);
  }

  /** Answers a request: each partition that it names by `find`. */
  answer(asked: Asked, find: (partition: number, timestamp: number) => number, errorCode = 0): void {
    const topics = asked.body.topics.map(({ name, partitions }: any) => ({
      name,
      partitions: partitions.map(({ partitionIndex, timestamp }: any) => ({
        partitionIndex,
        errorCode,
        offset: find(partitionIndex, timestamp),
        leaderEpoch: 2,
      })),
    }));
    asked.done(0, { topics }, asked.version, null);
    this.advance(0);
  }
}

describe('a question for offsets', () => {
  test('goes to all leaders, which are asked for first, and is over when all have answered', () => {
    const bench = new Bench();
    const results = bench.ask([
      ['t', 0, 100],
      ['t', 1, 100],
      ['t', 2, 100],
    ]);
    bench.leaders('t', [1, 2, 1]);
    bench.answer(bench.asked[0]!, (partition) => partition + 10);
    const early = results.length;
    bench.answer(bench.asked[1]!, (partition) => partition + 10);

    expect(bench.leaderCalls.map(({ topics }) => topics)).toEqual([['t']]);
    expect(bench.asked.map(({ broker }) => broker)).toEqual([1, 2]);
    expect(bench.asked[0]!.body).toMatchObject({
      isolationLevel: 1,
      topics: [{ partitions: [{ partitionIndex: 0, currentLeaderEpoch: 4, timestamp: 100 }, { partitionIndex: 2 }] }],
    });
    expect(early).toBe(0);
    expect(results[0]!.err).toBe(0);
    expect(results[0]!.answers.map(({ offset, leaderEpoch }) => [offset, leaderEpoch])).toEqual([
      [10, 2],
      [11, 2],
      [12, 2],
    ]);
  });

  test('takes leaders from the metadata cache, and remembers those that it has asked for', () => {
    const bench = new Bench();
    bench.cached('known', [5]);
    bench.ask([['known', 0, -1]]);
    bench.ask([['other', 0, -1]]);
    bench.leaders('other', [6]);
    bench.ask([['other', 0, -1]]);

    expect(bench.asked.map(({ broker }) => broker)).toEqual([5, 6, 6]);
    expect(bench.leaderCalls.length).toBe(1);
  });

  test('that names a partition twice makes two requests, which brokers require', () => {
    const bench = new Bench();
    bench.cached('t', [1]);
    const results = bench.ask([
      ['t', 0, -2],
      ['t', 0, -1],
    ]);
    for (const asked of [...bench.asked].reverse()) bench.answer(asked, (_, timestamp) => (timestamp === -2 ? 3 : 9));

    expect(bench.asked.map(({ body }) => body.topics[0].partitions.length)).toEqual([1, 1]);
    expect(results[0]!.answers.map(({ offset }) => offset)).toEqual([3, 9]);
  });

  test('in version 1 says nothing of isolation', () => {
    const bench = new Bench();
    bench.version = 1;
    bench.cached('t', [1]);
    const results = bench.ask([['t', 0, -1]]);
    bench.answer(bench.asked[0]!, () => 5);

    expect(results.map(({ err }) => err)).toEqual([0]);
  });

  test('marks what has no leader, and fails only when that is all', () => {
    const bench = new Bench();
    const some = bench.ask([
      ['t', 0, -1],
      ['t', 1, -1],
      ['t', 9, -1],
    ]);
    bench.leaders('t', [1, -1]);
    bench.answer(bench.asked[0]!, () => 5);
    const none = bench.ask([['t', 9, -1]]);
    const unknown = bench.ask([['gone', 0, -1]]);
    bench.leaders('gone', [], E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);

    expect([some[0]!.err, some[0]!.answers.map(({ err }) => err)]).toEqual([
      0,
      [0, E.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION],
    ]);
    expect([none[0]!.err, unknown[0]!.err]).toEqual([
      E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
      E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
    ]);
    expect(unknown[0]!.answers[0]!.err).toBe(E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  });

  test('to a leader that is none any more fails, and the next one asks for the new leader', () => {
    const bench = new Bench();
    bench.ask([['t', 0, -1]]);
    bench.leaders('t', [1]);
    const results = bench.ask([['t', 0, -1]]);
    bench.answer(bench.asked[1]!, () => -1, E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    bench.ask([['t', 0, -1]]);
    bench.leaders('t', [2]);

    expect(results.map(({ err }) => err)).toEqual([E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION]);
    expect(bench.stale).toEqual(['t']);
    expect(bench.asked.map(({ broker }) => broker)).toEqual([1, 1, 2]);
  });

  test('is asked again, of the leader as it is then, where that may help: three times, then the error counts', () => {
    const bench = new Bench();
    const results = bench.ask([['t', 0, -1]], -1);
    for (const leader of [1, 2, 3]) {
      bench.leaders('t', [leader]);
      bench.answer(bench.asked.at(-1)!, () => -1, E.RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH);
      bench.advance(1000);
    }

    expect(bench.asked.map(({ broker }) => broker)).toEqual([1, 2, 3]);
    expect(results.map(({ err }) => err)).toEqual([E.RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH]);
  });

  test('waits for a broker that can not be reached for as long as there is time', () => {
    const bench = new Bench();
    bench.cached('t', [1]);
    const results = bench.ask([['t', 0, -1]], 5000);
    for (let i = 0; i < 5; i++) {
      bench.asked.at(-1)!.done(E.RD_KAFKA_RESP_ERR__TRANSPORT, null, -1, null);
      bench.advance(700);
    }
    bench.advance(5000);

    expect(bench.asked.length).toBeGreaterThan(3);
    expect(results).toMatchObject([{ err: E.RD_KAFKA_RESP_ERR__TIMED_OUT, at: 5000 }]);
  });

  test('ends at its time: by another code when no broker is there at all', () => {
    const bench = new Bench();
    const waiting = bench.ask([['t', 0, -1]], 1000);
    bench.up = false;
    bench.advance(999);
    const early = waiting.length;
    bench.advance(2);
    bench.leaders('t', [1]);

    expect(early).toBe(0);
    expect(waiting.map(({ err }) => err)).toEqual([E.RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN]);
    expect(bench.asked).toEqual([]);
  });

  test('without any time tells what is known of the leaders, and asks nobody', () => {
    const bench = new Bench();
    bench.cached('t', [1]);
    const known = bench.ask([['t', 0, -1]], 0);
    const missing = bench.ask([['t', 9, -1]], 0);

    expect([known[0]!.err, missing[0]!.err]).toEqual([
      E.RD_KAFKA_RESP_ERR__TIMED_OUT,
      E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
    ]);
    expect(bench.asked).toEqual([]);
  });

  test('whose answer leaves a partition out has a bad answer', () => {
    const bench = new Bench();
    bench.cached('t', [1]);
    const results = bench.ask([['t', 0, -1]]);
    bench.asked[0]!.done(0, { topics: [] }, 9, null);
    bench.advance(0);

    expect(results.map(({ err }) => err)).toEqual([E.RD_KAFKA_RESP_ERR__BAD_MSG]);
  });
});
