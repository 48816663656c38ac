// Offsets of a member of group.protocol=consumer, whose epoch moves on while commits and questions are on their way.
import { expect, test } from 'vitest';
import { Calls } from '../../../src/main/group/calls.ts';
import type { Identity } from '../../../src/main/group/requests.ts';
import type { AppOp, GroupEnv, PartitionOffset } from '../../../src/main/group_env.ts';
import { Offsets } from '../../../src/main/offsets.ts';
import { decodeRequest } from '../../../src/protocol/compile.ts';
import { readRequestHeader } from '../../../src/protocol/frame.ts';
import { Reader } from '../../../src/protocol/reader.ts';
import type { WireRequest } from '../../../src/wire/requests.ts';
import { SETTINGS } from '../../kit/group_member.ts';

const VERSION = 9;
const STALE = 113;
const UNKNOWN_MEMBER = 25;

class Bench {
  now = 0;
  stored: PartitionOffset[] = [];
  readonly asked: { name: string; body: any; done: WireRequest['done'] }[] = [];
  readonly refused: [err: number, as: Identity][] = [];
  readonly ops: AppOp[] = [];
  readonly logs: string[] = [];
  readonly member = {
    memberId: 'm',
    generation: 1,
    lost: false,
    fatalError: 0,
    settled: true,
    epochMoves: true,
    firstEpoch: 1,
    commitRefused: (err: number, as: Identity): void => void this.refused.push([err, as]),
  };
  readonly offsets: Offsets;
  private readonly calls: Calls;

  constructor(settings: Partial<typeof SETTINGS> = {}) {
    const env = {
      settings: { ...SETTINGS, 'enable.auto.commit': false, ...settings },
      requireStable: false,
      random: () => 0.5,
      hasCommitCallback: false,
      assignment: { stored: () => this.stored, committed: () => {}, partitions: () => [at(0, 0)] },
      log: (_level: number, fac: string, text: string) => void this.logs.push(`${fac} ${text}`),
      send: (_target: unknown, request: WireRequest) => this.take(request),
      wake: () => {},
      toApp: (op: AppOp) => void this.ops.push(op),
    } as unknown as GroupEnv;
    this.calls = new Calls(env);
    this.offsets = new Offsets(env, this.calls, { node: 1, lost: () => {} } as never, this.member);
  }

  private take({ name, frame, done }: WireRequest): void {
    const reader = new Reader(frame!(VERSION, 1)[0]!);
    reader.int32();
    readRequestHeader(reader);
    this.asked.push({ name, body: decodeRequest(name, VERSION, reader), done });
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (let guard = 0; guard < 1000; guard++) {
      let next = Number.POSITIVE_INFINITY;
      this.calls.run(this.now, () => {
        next = this.offsets.poll(this.now);
      });
      next = Math.min(next, this.calls.wakeAt(this.now));
      if (next > end) break;
      this.now = Math.max(next, this.now + 0.5);
    }
    this.now = end;
  }

  /** Answers the last request, all of its partitions alike. */
  answer(errorCode: number): void {
    const { name, body, done } = this.asked.at(-1)!;
    if (name === 'OffsetFetch') done(0, { groups: [{ groupId: 'g', errorCode, topics: [] }] }, VERSION, null);
    else {
      const topics = body.topics.map((topic: any) => ({
        name: topic.name,
        partitions: topic.partitions.map(({ partitionIndex }: any) => ({ partitionIndex, errorCode })),
      }));
      done(0, { topics }, VERSION, null);
    }
    this.advance(0);
  }

  commit(offset: number, auto: boolean): number[] {
    const results: number[] = [];
    this.offsets.commit([at(0, offset)], (err) => void results.push(err), { reason: auto ? 'timer' : 'manual', auto });
    this.advance(0);
    return results;
  }
}

const at = (partition: number, offset: number): PartitionOffset => ({ topic: 't', partition, offset });

test('a commit by hand is told that the epoch was stale, and the group hears of it', () => {
  const bench = new Bench();
  const results = bench.commit(5, false);

  bench.answer(STALE);

  expect(results).toEqual([STALE]);
  expect(bench.refused).toEqual([[STALE, { memberId: 'm', generation: 1 }]]);
});

test('a commit by hand is sent again when a newer epoch came meanwhile', () => {
  const bench = new Bench();
  const results = bench.commit(5, false);
  bench.member.generation = 2;
  bench.answer(STALE);
  bench.advance(1000);
  bench.answer(STALE);

  expect(bench.asked.map(({ body }) => body.generationIdOrMemberEpoch)).toEqual([1, 2]);
  expect(results).toEqual([STALE]);
});

test('a commit of a membership that is over is not sent under the epoch of the next one', () => {
  const bench = new Bench();
  const auto = bench.commit(5, true);
  const waiting = bench.commit(6, false);
  Object.assign(bench.member, { generation: 7, firstEpoch: 7 });
  bench.answer(STALE);
  bench.advance(1000);
  bench.answer(STALE);
  bench.advance(1000);

  expect(bench.asked.map(({ body }) => body.generationIdOrMemberEpoch)).toEqual([1, 1]);
  expect([auto, waiting]).toEqual([[STALE], [STALE]]);
});

test('an automatic commit is sent again, under the epoch of then', () => {
  const bench = new Bench();
  const results = bench.commit(5, true);
  bench.answer(STALE);
  bench.member.generation = 2;
  bench.advance(1000);
  bench.answer(0);

  expect(bench.asked.map(({ body }) => body.generationIdOrMemberEpoch)).toEqual([1, 2]);
  expect(results).toEqual([0]);
});

test('of commits that went together only the automatic one is sent again', () => {
  const bench = new Bench();
  bench.commit(4, false);
  const byHand = bench.commit(5, false);
  const automatic = bench.commit(6, true);
  bench.answer(0);
  bench.answer(STALE);
  bench.advance(1000);
  bench.answer(0);

  expect([byHand, automatic]).toEqual([[STALE], [0]]);
  expect(bench.asked.at(-1)!.body.topics[0].partitions[0].committedOffset).toBe(6);
});

test('an automatic commit that stays stale ends with the session, and is logged', () => {
  const bench = new Bench();
  bench.stored = [at(0, 5)];
  bench.offsets.commit(null, null, { reason: 'timer', auto: true });
  bench.advance(0);
  for (let i = 0; i < 20; i++) {
    bench.answer(STALE);
    bench.advance(1000);
  }

  expect(bench.offsets.pending).toBe(0);
  expect(bench.logs.filter((line) => line.startsWith('COMMITFAIL')).length).toBe(1);
});

test('a member that is not known is told as such, by a commit of any kind', () => {
  const bench = new Bench();
  const results = bench.commit(5, true);

  bench.answer(UNKNOWN_MEMBER);

  expect(results).toEqual([UNKNOWN_MEMBER]);
  expect(bench.refused.map(([err]) => err)).toEqual([UNKNOWN_MEMBER]);
});

test('a question for committed offsets names the member and its epoch, and is asked again when that was stale', () => {
  const bench = new Bench();
  const results: number[] = [];
  bench.offsets.fetch([at(0, -1001)], 5000, (err) => void results.push(err));
  bench.advance(0);
  bench.answer(STALE);
  bench.member.generation = 2;
  bench.advance(1000);
  bench.answer(0);

  const asked = bench.asked.map(({ body }) => [body.groups[0].memberId, body.groups[0].memberEpoch]);
  expect(asked).toEqual([
    ['m', 1],
    ['m', 2],
  ]);
  expect(results).toEqual([0]);
  expect(bench.refused.map(([err]) => err)).toEqual([STALE]);
});

test('a classic member, and an app that assigns by itself, ask without a name', () => {
  const bench = new Bench();
  bench.member.memberId = '';
  bench.member.generation = -1;
  bench.offsets.fetch([at(0, -1001)], 5000, () => {});
  bench.advance(0);
  const classic = new Bench();
  classic.member.epochMoves = false;
  classic.offsets.fetch([at(0, -1001)], 5000, () => {});
  classic.advance(0);

  for (const { asked } of [bench, classic])
    expect(asked[0]!.body.groups[0]).toMatchObject({ memberId: null, memberEpoch: -1 });
});

test('with another offset.store.method what is revoked is not committed, the timer goes on', () => {
  const bench = new Bench({ 'offset.store.method': 'none' });
  const results: number[] = [];
  bench.offsets.commit([at(0, 5)], (err) => void results.push(err), { reason: 'unassigned partitions', auto: true });
  bench.advance(0);
  const revoked = bench.asked.length;
  bench.commit(6, true);

  expect([results, revoked, bench.asked.length]).toEqual([[-168], 0, 1]);
});
