// Where fetching begins: points in time, positions after a leader change (KIP-320), followers (KIP-392).
import { expect, test } from 'vitest';
import { byDuration } from '../../../src/defs/offset_time.ts';
import type { WireRequest } from '../../../src/wire/requests.ts';
import { EARLIEST, records, Scene } from './fetch_scene.ts';

const LATEST = -1;
const AUTO_OFFSET_RESET = -140;
const UNSUPPORTED_FEATURE = -165;
const TRANSPORT = -195;
const OFFSET_OUT_OF_RANGE = 1;
const NOT_LEADER = 6;
const REPLICA_NOT_AVAILABLE = 9;
const FENCED_EPOCH = 74;
const OFFSET_NOT_AVAILABLE = 78;

/** A position behind a record of leader epoch 2, with a leader of epoch 5. */
const CHANGED = { offsetEpoch: 2, leaderEpoch: 5 };

function epochEnd(request: WireRequest, leaderEpoch: number, endOffset: number, errorCode = 0): void {
  const partitions = [{ partition: 0, errorCode, leaderEpoch, endOffset }];
  request.done(0, { topics: [{ topic: 't', partitions }] }, 4, null);
}

const asksForEpoch = (request: WireRequest | null): any =>
  request?.name === 'OffsetForLeaderEpoch' ? (request.body as any).topics[0].partitions : request?.name;

test('a point in time that no record has reached stands for the end', () => {
  const scene = new Scene();
  scene.part(0, byDuration(3_600_000));
  const partitions = [{ partitionIndex: 0, errorCode: 0, offset: -1, leaderEpoch: -1 }];
  const asked = scene.serve()!;
  asked.done(0, { topics: [{ name: 't', partitions }] }, 5, null);
  const again = scene.serve()!;

  const timestamps = [asked, again].map(({ body }) => (body as any).topics[0].partitions[0].timestamp);
  expect(timestamps).toEqual([scene.wall - 3_600_000, LATEST]);
});

test('a duration that is not resolved yet goes on elsewhere as such', () => {
  const part = new Scene().part(0, 0);
  part.ask(byDuration(1000));

  expect(part.start).toBe(byDuration(1000));
});

test('watermarks are told with records, and by themselves when nothing else came', () => {
  const scene = new Scene();
  scene.part(0, 0);

  for (const end of [7, 7, 8]) {
    scene.serve();
    scene.answer({ index: 0, end });
  }
  const alone = [...scene.marks];
  scene.serve();
  scene.answer({ index: 0, end: 9, records: records(0, 9) });

  expect(alone).toEqual([
    [0, 7],
    [0, 8],
  ]);
  expect(scene.marks).toEqual(alone);
  expect(scene.ops).toMatchObject([{ type: 'fetched', entries: [{ highWatermark: 9, logStartOffset: 0 }] }]);
});

test('the isolation level goes with what asks for offsets and for records', () => {
  const scene = new Scene({ 'isolation.level': 'read_committed' });
  scene.part(0, LATEST);
  scene.part(1, 0);
  scene.serve();

  expect(scene.sent.map(({ name, body }) => [name, (body as any).isolationLevel])).toEqual([
    ['ListOffsets', 1],
    ['Fetch', 1],
  ]);
});

test('after a leader change the position is checked before anything is fetched', () => {
  const scene = new Scene();
  const part = scene.part(0, 10, EARLIEST, CHANGED);
  const request = scene.serve()!;
  expect(asksForEpoch(request)).toEqual([{ partition: 0, currentLeaderEpoch: 5, leaderEpoch: 2 }]);
  expect(scene.serve()).toBeNull();
  epochEnd(request, 2, 10);

  expect(scene.serve()!.name).toBe('Fetch');
  expect([scene.asked[0]!.offset, part.offsetEpoch, scene.logged, scene.told]).toEqual([10, 5, [], []]);
});

test.each([
  ['the epoch of the leader', { offsetEpoch: 5, leaderEpoch: 5 }],
  ['no epoch', { offsetEpoch: -1, leaderEpoch: 5 }],
  ['a leader without one', { offsetEpoch: 2, leaderEpoch: -1 }],
])('a position with %s is not checked', (_what, epochs) => {
  const scene = new Scene();
  scene.part(0, 10, EARLIEST, epochs);

  expect(scene.serve()!.name).toBe('Fetch');
});

test('a log that ends before the position is gone on with at its end, and that is logged', () => {
  const scene = new Scene();
  const part = scene.part(0, 10, EARLIEST, CHANGED);
  epochEnd(scene.serve()!, 1, 7);
  scene.serve();

  expect([scene.asked[0]!.offset, part.offsetEpoch]).toEqual([7, 1]);
  expect(scene.logged).toEqual([expect.stringMatching(/^OFFSET .*truncation.* 7 /)]);
});

test('without a reset policy a truncated log is an error, and nothing more is fetched', () => {
  const scene = new Scene();
  scene.part(0, 10, null, CHANGED);
  epochEnd(scene.serve()!, 1, 7);

  scene.now += 1e9;
  expect([scene.told, scene.serve()]).toEqual([[`error ${AUTO_OFFSET_RESET}`], null]);
});

test('a broker that knows no such epoch makes the reset policy decide', () => {
  const scene = new Scene();
  scene.part(0, 10, EARLIEST, CHANGED);
  epochEnd(scene.serve()!, -1, -1);

  expect(scene.serve()!.name).toBe('ListOffsets');
});

test.each([FENCED_EPOCH, NOT_LEADER, 58])('error %i of the check is asked again after 500 ms', (code) => {
  const scene = new Scene();
  const part = scene.part(0, 10, EARLIEST, CHANGED);
  epochEnd(scene.serve()!, -1, -1, code);
  expect([scene.serve(), scene.wake, scene.told, part.offset]).toEqual([null, 500, [], 10]);
  scene.now = 500;

  expect(scene.serve()!.name).toBe('OffsetForLeaderEpoch');
});

test('a lost connection amid the check is asked again', () => {
  const scene = new Scene();
  scene.part(0, 10, EARLIEST, CHANGED);
  scene.serve()!.done(TRANSPORT, null, -1, null);
  scene.now = 500;

  expect(scene.serve()!.name).toBe('OffsetForLeaderEpoch');
});

test('a broker that can not check is fetched from', () => {
  const scene = new Scene();
  scene.part(0, 10, EARLIEST, CHANGED);
  scene.serve()!.done(UNSUPPORTED_FEATURE, null, -1, null);

  expect(scene.serve()!.name).toBe('Fetch');
});

test('what was checked goes on elsewhere with the epoch of its records', () => {
  const scene = new Scene();
  const part = scene.part(0, 0);
  scene.serve();
  scene.answer({ index: 0, records: records(0, 2, 10, 4) });

  expect([part.start, part.offsetEpoch]).toEqual([2, 4]);
});

test('a log that diverges by the answer of a fetch is gone on with where it does', () => {
  const scene = new Scene();
  scene.part(0, 10);
  scene.serve();
  scene.answer({ index: 0, diverging: { epoch: 1, endOffset: 6 } });
  scene.serve();

  expect(scene.asked[0]!.offset).toBe(6);
});

test('where a replica is nearer main is told, and the leader asked again only after a pause', () => {
  const scene = new Scene({ 'client.rack': 'here' });
  scene.part(0, 0);
  expect((scene.serve()!.body as any).rackId).toBe('here');
  scene.answer({ index: 0, replica: 2 });

  expect([scene.preferred, scene.serve(), scene.wake]).toEqual([[[0, 2]], null, 500]);
});

const FOLLOWER_ERRORS = [NOT_LEADER, REPLICA_NOT_AVAILABLE, OFFSET_NOT_AVAILABLE, FENCED_EPOCH];

test.each(FOLLOWER_ERRORS)('error %i of a follower leads back to the leader', (err) => {
  const scene = new Scene();
  scene.part(0, 0, EARLIEST, { leader: false });
  scene.serve();
  scene.answer({ index: 0, err });

  expect([scene.preferred, scene.told]).toEqual([[[0, -1]], []]);
});

test('a follower that is gone leads back to the leader', () => {
  const scene = new Scene();
  scene.part(0, 0, EARLIEST, { leader: false });
  scene.serve()!.done(TRANSPORT, null, -1, null);

  expect(scene.preferred).toEqual([[0, -1]]);
});

test('out of range beyond the end of a follower is a question for the leader', () => {
  const scene = new Scene();
  const part = scene.part(0, 10, EARLIEST, { leader: false });
  scene.serve();
  scene.answer({ index: 0, err: OFFSET_OUT_OF_RANGE, end: 5 });

  expect([scene.preferred, part.start]).toEqual([[[0, -1]], 10]);
});

test('out of range before the begin of a follower is reset, by the leader', () => {
  const scene = new Scene();
  const part = scene.part(0, 10, EARLIEST, { leader: false });
  scene.serve();
  scene.answer({ index: 0, err: OFFSET_OUT_OF_RANGE, end: 50 });
  expect(scene.serve()).toBeNull();

  expect([scene.preferred, part.start]).toEqual([[[0, -1]], EARLIEST]);
});

test('at a follower nothing is checked', () => {
  const scene = new Scene();
  scene.part(0, 10, EARLIEST, { leader: false, ...CHANGED });

  expect(scene.serve()!.name).toBe('Fetch');
});
