// What is asked for when, and what the app is told.
import { expect, test } from 'vitest';
import { HELD_BYTES, QUEUED_MESSAGES } from '../../../src/ops/head_page.ts';
import { records, Scene, VERSION } from './fetch_scene.ts';

const TRANSPORT = -195;
const OFFSET_OUT_OF_RANGE = 1;
const NOT_LEADER = 6;
const FENCED_EPOCH = 74;
const DENIED = 29;
const AUTO_OFFSET_RESET = -140;
const MSG_SIZE_TOO_LARGE = 10;

test('one request asks for all partitions, and there is one at a time', () => {
  const scene = new Scene();
  scene.part(0, 5);
  scene.part(1, 7);

  expect(scene.serve()!.name).toBe('Fetch');
  expect(scene.asked).toEqual({
    0: { offset: 5, maxBytes: 1000, epoch: 3 },
    1: { offset: 7, maxBytes: 1000, epoch: 3 },
  });
  expect(scene.serve()).toBeNull();
});

test('the next fetch begins behind what came, and who got something stands last', () => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.part(1, 0);
  scene.serve();
  scene.answer({ index: 0, records: records(0, 3) }, { index: 1 });
  scene.serve();

  expect(scene.asked[0]!.offset).toBe(3);
  expect((scene.sent.at(-1)!.body as any).topics[0].partitions.map((each: any) => each.partition)).toEqual([1, 0]);
});

test('the logical offsets are asked for first; a tail counts back from the end', () => {
  const scene = new Scene();
  scene.part(0, -1);
  scene.part(1, -2005);
  const request = scene.serve()!;
  const asked = (request.body as any).topics[0].partitions.map((each: any) => each.timestamp);
  expect([request.name, asked]).toEqual(['ListOffsets', [-1, -1]]);
  const found = [0, 1].map((partitionIndex) => ({ partitionIndex, errorCode: 0, offset: 30 }));
  request.done(0, { topics: [{ name: 't', partitions: found }] }, 5, null);
  scene.serve();

  expect([scene.asked[0]!.offset, scene.asked[1]!.offset]).toEqual([30, 25]);
});

test('the end of a partition is told at each new end and not again', () => {
  const scene = new Scene();
  scene.part(0, 0);
  for (const answer of [
    { records: records(0, 2), end: 2 },
    { end: 2 },
    { records: records(2, 1), end: 3 },
    { end: 3 },
  ]) {
    scene.serve();
    scene.answer({ index: 0, ...answer });
  }

  expect(scene.told).toEqual(['records 1/2', 'records 1/3']);
});

test('above the limit nothing is fetched until the app has taken records', () => {
  const scene = new Scene();
  const part = scene.part(0, 0);
  scene.serve();
  scene.answer({ index: 0, records: records(0, 7, 10_000) });
  expect(scene.serve()).toBeNull();
  expect(scene.wake).toBe(1000);

  scene.consumed(part);

  expect(scene.serve()).not.toBeNull();
});

test('a broker of which nothing waits fetches, whatever waits of others', () => {
  const scene = new Scene();
  scene.part(0, 0);
  Atomics.store(scene.memory.head, HELD_BYTES, 1 << 30);

  expect(scene.serve()).not.toBeNull();
});

test('a batch larger than what was asked for doubles it, at once, and is an error in the end', () => {
  const scene = new Scene();
  const part = scene.part(0, 0);
  const half = records(0, 1, 5000).subarray(0, 1000);
  for (let round = 0; round < 3; round++) {
    expect(scene.serve()).not.toBeNull();
    scene.answer({ index: 0, records: half });
  }
  expect(part.maxBytes).toBe(8000);
  part.maxBytes = 1 << 30;
  for (let round = 0; round < 3; round++) {
    scene.now += 500;
    scene.serve();
    scene.answer({ index: 0, records: half });
    expect(scene.serve()).toBeNull();
  }

  expect(scene.told).toEqual([`error ${MSG_SIZE_TOO_LARGE}`]);
});

test('records that bring nothing new make no loop', () => {
  const scene = new Scene();
  scene.part(0, 10);
  scene.serve();
  scene.answer({ index: 0, records: records(0, 3) });

  expect(scene.serve()).toBeNull();
  expect(scene.wake).toBe(500);
});

test('an answer that leaves out the partition makes no loop', () => {
  const scene = new Scene();
  scene.part(0, 10);
  scene.serve();
  scene.answer({ index: 5 });

  expect(scene.serve()).toBeNull();
});

test('an answer that can not be read makes no loop', () => {
  const scene = new Scene();
  scene.part(0, 10);
  scene.serve()!.done(0, null, VERSION, new Uint8Array(9).fill(255));

  expect(scene.serve()).toBeNull();
  expect(scene.wake).toBe(500);
});

test('a broken batch is told once, then left out as soon as a good one follows', () => {
  const scene = new Scene();
  scene.part(0, 0);
  const bad = records(0, 2).slice();
  bad[bad.length - 2]! ^= 1;
  for (const answer of [bad, bad, Uint8Array.from([...bad, ...records(2, 1)])]) {
    scene.serve();
    scene.answer({ index: 0, records: answer });
    expect(scene.serve() === null).toBe(answer === bad);
    scene.now += 500;
  }

  expect(scene.told).toEqual(['error -199', 'records 1/-1']);
  expect(scene.asked[0]!.offset).toBe(3);
});

const LEADER_ERRORS = [NOT_LEADER, FENCED_EPOCH];

test.each(LEADER_ERRORS)('error %i of a leader asks for metadata and tells the app nothing', (err) => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.serve();
  scene.answer({ index: 0, err });

  expect([scene.stale, scene.told, scene.serve()]).toEqual([[`t 0 ${err}`], [], null]);
});

test('a lost connection asks for metadata and is tried again after the backoff', () => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.serve()!.done(TRANSPORT, null, -1, null);
  expect([scene.stale, scene.serve()]).toEqual([[`t 0 ${TRANSPORT}`], null]);
  scene.now = 500;

  expect(scene.serve()).not.toBeNull();
});

test('out of range: the reset policy decides', () => {
  const scene = new Scene();
  scene.part(0, 10);
  scene.serve();
  scene.answer({ index: 0, err: OFFSET_OUT_OF_RANGE });

  expect(scene.serve()!.name).toBe('ListOffsets');
});

test('out of range without a policy is told, and nothing more is fetched', () => {
  const scene = new Scene();
  scene.part(0, 10, null);
  scene.serve();
  scene.answer({ index: 0, err: OFFSET_OUT_OF_RANGE });

  scene.now += 1e9;
  expect([scene.told, scene.serve()]).toEqual([[`error ${AUTO_OFFSET_RESET}`], null]);
});

test('refused rights are told once and asked for again with a longer pause', () => {
  const scene = new Scene();
  scene.part(0, 10);
  for (let round = 0; round < 2; round++) {
    scene.serve();
    scene.answer({ index: 0, err: DENIED });
    scene.now += 4999;
    expect(scene.serve()).toBeNull();
    scene.now += 1;
  }

  expect(scene.told).toEqual([`error ${DENIED}`]);
});

test('what an answer brings for a partition that was stopped meanwhile is dropped', () => {
  const scene = new Scene();
  const part = scene.part(0, 0);
  scene.serve();
  expect(scene.fetcher.stop(part.cell.id)!.start).toBe(0);
  scene.answer({ index: 0, records: records(0, 3) });

  expect(scene.told).toEqual([]);
  expect(Atomics.load(scene.memory.head, QUEUED_MESSAGES)).toBe(0);
});
