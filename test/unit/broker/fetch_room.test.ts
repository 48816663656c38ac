// How much is held for the app: limits, answers that wait for room, what the counters say. And where the log ends.
import { expect, test } from 'vitest';
import { HELD_BYTES } from '../../../src/ops/head_page.ts';
import type { FetchedEntry } from '../../../src/ops/ops.ts';
import { CONTROL, TRANSACTIONAL } from '../../../src/records/batch_header.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { CONTROL_ABORT, controlKey, markerValue } from '../../../src/records/control.ts';
import { Scene } from './fetch_scene.ts';

const GZIP = 1;
/** Bytes of records of one batch here. */
const BIG = 50_000;
const COMMITTED = { 'isolation.level': 'read_committed' };

/** A batch of one record, of 50 kB when decompressed. */
function big(baseOffset: number, attributes: number = GZIP): Uint8Array {
  return writeBatch([{ timestamp: 1, key: null, value: 'x'.repeat(BIG) }], { baseOffset, attributes });
}

function joined(...batches: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(batches));
}

function entries(scene: Scene): FetchedEntry[] {
  return scene.ops.flatMap((op) => (op.type === 'fetched' ? op.entries : []));
}

const offsets = (scene: Scene): number[] =>
  entries(scene).flatMap(({ batches }) => batches.map(({ baseOffset }) => baseOffset));

/** A limit of 64 kB: one of these batches fits. */
function answered(...batches: readonly Uint8Array[]): { scene: Scene; part: ReturnType<Scene['part']> } {
  const scene = new Scene();
  const part = scene.part(0, 0);
  scene.serve();
  scene.answer({ index: 0, records: joined(...batches) });
  return { scene, part };
}

test('an answer is decompressed as far as there is room, and the rest when the app has taken that', () => {
  const { scene, part } = answered(big(0), big(1), big(2), big(3), big(4));
  expect(offsets(scene)).toEqual([0, 1]);
  expect(scene.serve()).toBeNull();
  scene.consumed(part);
  expect(scene.serve()).toBeNull();
  expect(offsets(scene)).toEqual([2, 3]);
  scene.consumed(part);
  scene.serve();

  expect(offsets(scene)).toEqual([4]);
  expect(scene.asked[0]!.offset).toBe(5);
});

test('what is held never exceeds the limit by more than one answer with one batch of it', () => {
  const { scene, part } = answered(...Array.from({ length: 30 }, (_, i) => big(i)));
  const answer = scene.held;
  let most = 0;
  for (let round = 0; round < 40; round++) {
    most = Math.max(most, scene.held);
    scene.consumed(part);
    scene.serve();
  }

  expect(answer).toBeGreaterThan(BIG);
  expect(most).toBeLessThan(64_000 + BIG + 10_000);
  expect(scene.asked[0]!.offset).toBe(30);
});

test('what is decompressed counts batch by batch, so that other brokers do not take the same room', () => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.serve();
  const seen: number[] = [];
  const { settings } = (scene.fetcher as unknown as { env: { settings: object } }).env;
  const limit = (): number => {
    seen.push(scene.held);
    return 1000;
  };
  Object.defineProperty(settings, 'queued.max.messages.kbytes', { get: limit });

  scene.answer({ index: 0, records: joined(big(0), big(1), big(2), big(3, 0)) });

  const [first = 0, ...others] = [...new Set(seen)].filter((held) => held >= BIG);
  expect(others.map((held) => Math.round((held - first) / BIG))).toEqual([1, 2]);
});

test('nothing is held once the app has given everything back', () => {
  const { scene, part } = answered(big(0), big(1, 0), big(2), big(3, 0), big(4));
  for (let round = 0; round < 6; round++) {
    scene.consumed(part);
    scene.serve();
  }

  expect(scene.asked[0]!.offset).toBe(5);
  expect(scene.held).toBe(0);
});

test('a partition that would go beyond the room waits for it behind the others', () => {
  const scene = new Scene();
  const parts = [0, 1, 2].map((number) => scene.part(number, 0));
  scene.serve();
  scene.answer(...parts.map((_, index) => ({ index, records: big(0) })));
  const held = parts.map(({ offset }) => offset);
  scene.consumed(parts[0]!);
  scene.serve();

  expect([held, parts.map(({ offset }) => offset)]).toEqual([
    [1, 1, 0],
    [1, 1, 1],
  ]);
});

test('what has gone with a plain batch to the app is copied where the rest of it waits', () => {
  const scene = new Scene();
  const [first, second] = [scene.part(0, 0), scene.part(1, 0)];
  scene.serve();
  scene.answer(
    { index: 0, records: joined(big(0, 0), big(1), big(2), big(3)) },
    { index: 1, records: joined(big(7), big(8, 0)) },
  );
  const seen = [...offsets(scene)];
  for (let round = 0; round < 6; round++) {
    scene.consumed(first);
    scene.serve();
    seen.push(...offsets(scene));
  }

  expect(seen).toEqual([0, 1, 2, 3, 7, 8]);
  expect([first.offset, second.offset, scene.held]).toEqual([4, 9, 0]);
});

test('an answer that waits is dropped with the last partition, and that of one is left out with it', () => {
  const { scene, part } = answered(big(0), big(1), big(2));
  scene.fetcher.stop(part.cell.id);
  scene.consumed(part);
  scene.serve();

  expect([scene.held, part.start, offsets(scene)]).toEqual([0, 2, []]);
});

test('an empty answer holds nothing', () => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.serve();
  scene.answer({ index: 0 });

  expect(scene.held).toBe(0);
});

test('a full queue is looked at again after fetch.queue.backoff.ms, and 0 is not at once', () => {
  for (const [backoff, wake] of [
    [700, 700],
    [0, 1],
  ]) {
    const scene = new Scene({ 'fetch.queue.backoff.ms': backoff, 'queued.min.messages': 1 });
    scene.part(0, 0);
    scene.serve();
    scene.answer({ index: 0, records: big(0, 0) });

    expect([scene.serve(), scene.wake]).toEqual([null, wake]);
  }
});

test('what waits of a paused partition does not keep the others from being fetched', () => {
  const scene = new Scene();
  const part = scene.part(0, 0);
  scene.part(1, 0);
  scene.serve();
  scene.answer({ index: 0, records: joined(big(0, 0), big(1, 0)) }, { index: 1 });
  expect(scene.serve()).toBeNull();
  scene.fetcher.pause(part.cell.id, part.home, true);

  expect(scene.serve()).not.toBeNull();
  expect(Object.keys(scene.asked)).toEqual(['1']);
});

test('an answer under way is delivered though its partition has been paused', () => {
  const scene = new Scene();
  const part = scene.part(0, 0);
  scene.serve();
  scene.fetcher.pause(part.cell.id, part.home, true);
  scene.answer({ index: 0, records: big(0, 0) });

  expect(offsets(scene)).toEqual([0]);
});

test('a partition may begin paused; an order for an older home is overlooked', () => {
  const scene = new Scene();
  const part = scene.part(0, 0, null, { paused: true });
  scene.fetcher.pause(part.cell.id, part.home - 1, false);

  expect(scene.serve()).toBeNull();
});

test('the end is the last stable offset with read_committed, the high watermark without', () => {
  for (const [settings, eof] of [
    [COMMITTED, 5],
    [{}, -1],
  ] as const) {
    const scene = new Scene(settings);
    scene.part(0, 5);
    scene.serve();
    scene.answer({ index: 0, end: 9, stable: 5 });

    expect(entries(scene).map((entry) => entry.eof)).toEqual(eof < 0 ? [] : [eof]);
  }
});

test('a position beyond the end that a broker has is no end', () => {
  const scene = new Scene(COMMITTED);
  scene.part(0, 5);
  scene.serve();
  scene.answer({ index: 0, end: 9, stable: 3 });

  expect(scene.told).toEqual([]);
});

test('an old broker that knows no last stable offset has its end at the high watermark', () => {
  const scene = new Scene(COMMITTED);
  scene.part(0, 5);
  scene.serve();
  scene.answer({ index: 0, end: 5, stable: -1 });

  expect(scene.told).toEqual(['records 0/5']);
});

test('nothing but aborted messages moves on without an error', () => {
  const scene = new Scene(COMMITTED);
  const part = scene.part(0, 0);
  scene.serve();
  const of7 = { producerId: 7, producerEpoch: 0 };
  const void7 = writeBatch([{ timestamp: 1, value: 'x' }], { ...of7, attributes: TRANSACTIONAL });
  scene.answer({ index: 0, records: void7, aborted: [{ producerId: 7, firstOffset: 0 }] });
  scene.serve();
  expect([scene.told, scene.asked[0]!.offset]).toEqual([[], 1]);
  const marker = writeBatch([{ timestamp: 1, key: controlKey(CONTROL_ABORT), value: markerValue(0) }], {
    ...of7,
    baseOffset: 1,
    attributes: TRANSACTIONAL | CONTROL,
  });
  scene.answer({ index: 0, end: 2, records: marker, aborted: [{ producerId: 7, firstOffset: 0 }] });

  expect(entries(scene)).toEqual([expect.objectContaining({ batches: [], passed: 2, eof: 2, bytes: 0 })]);
  expect([part.offset, Atomics.load(scene.memory.head, HELD_BYTES)]).toEqual([2, 0]);
});

test('with read_uncommitted a list of aborted transactions means nothing', () => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.serve();
  const bytes = writeBatch([{ timestamp: 1, value: 'x' }], { producerId: 7, attributes: TRANSACTIONAL });
  scene.answer({ index: 0, records: bytes, aborted: [{ producerId: 7, firstOffset: 0 }] });

  expect(offsets(scene)).toEqual([0]);
});
