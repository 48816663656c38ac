// Seek, pause and resume in the app thread: what waits there is dropped, set aside or handed back, whatever main has
// said by then.
import { expect, test } from 'vitest';
import { MESSAGES } from '../../../src/ops/cells.ts';
import { ConsumerScene as Scene } from '../../kit/consumer_scene.ts';

const INVALID = -1001;
const TAIL = (count: number): number => -2000 - count;
const PARTITION_EOF = -191;
const UNKNOWN_PARTITION = -190;
const INVALID_ARG = -186;
const IN_PROGRESS = -178;

const ops = (scene: Scene, type: string): unknown[] => scene.toMain.filter((op) => op.type === type);

test('after a seek nothing of what was fetched comes, and what main sends to the new home does', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 4);
  expect(scene.take(2)).toEqual([0, 1]);

  scene.seek([0, 9]);
  scene.fetched(1, 0, 1, 5, 8);
  scene.sought(0, 2);
  scene.fetched(1, 0, 2, 9, 9);

  expect(scene.take()).toEqual([9]);
  expect([scene.counts, scene.held]).toEqual([[0, 0], 0]);
});

test('what comes from the new home before main has answered the seek waits for that answer', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.seek([0, 9]);
  scene.fetched(1, 0, 2, 9, 9);
  expect(scene.take()).toEqual([]);

  scene.sought(0, 2);

  expect(scene.take()).toEqual([9]);
});

test('of two seeks only what the second brings is handed out', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.seek([0, 5]);
  const first = scene.toMain.at(-1)!;
  scene.seek([0, 9]);
  if (first.type !== 'seek') throw new Error(first.type);
  scene.queue.route({ type: 'sought', topic: 't', partition: 0, seek: first.seek, home: 2 });
  scene.fetched(1, 0, 2, 5, 6);
  scene.sought(0, 3);
  scene.fetched(1, 0, 3, 9, 9);

  expect(scene.take()).toEqual([9]);
});

test('a move of the leader that main tells of before the seek does not make old data current', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.seek([0, 9]);
  scene.moved(0, 2, 1);
  scene.fetched(2, 0, 2, 3, 4);
  scene.sought(0, 3);

  expect(scene.take()).toEqual([]);
});

test('a seek leaves other partitions alone, in their order', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.assigned(1, 2);
  scene.fetched(1, 1, 2, 10, 11);
  scene.fetched(1, 0, 1, 0, 1);
  scene.fetched(1, 1, 2, 12, 12);

  scene.seek([0, 5]);

  expect(scene.take()).toEqual([10, 11, 12]);
});

test('a seek takes the position back and keeps what was handed out stored', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 4);
  scene.take(3);

  scene.seek([0, 0]);

  expect([cell.position, cell.stored.offset]).toEqual([INVALID, 3]);
});

test('without automatic storing a seek stores nothing', () => {
  const scene = new Scene({ 'enable.auto.offset.store': false });
  const cell = scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 4);
  scene.take(3);

  scene.seek([0, 0]);

  expect([cell.position, cell.stored.offset]).toEqual([INVALID, INVALID]);
});

test('the end of a partition is told again after a seek to it', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 0, 1);
  expect(scene.take()).toEqual([0, PARTITION_EOF]);

  scene.seek([0, 1]);
  scene.sought(0, 2);
  scene.fetched(1, 0, 2, 1, 0, 1);

  expect(scene.take()).toEqual([PARTITION_EOF]);
});

test('a seek before the partition has come from main names the call that assigns it, and holds when it comes', () => {
  const scene = new Scene();
  scene.queue.assign([{ topic: 't', partition: 0, offset: 0 }]);
  const [entry] = scene.seek([0, 7]);
  scene.assigned(0, 1, 1);
  scene.fetched(1, 0, 1, 0, 4);
  scene.sought(0, 2);
  scene.fetched(1, 0, 2, 7, 8);

  expect(entry!.err).toBe(IN_PROGRESS);
  expect(ops(scene, 'seek')).toMatchObject([{ partition: 0, offset: 7, version: 1 }]);
  expect(scene.take()).toEqual([7, 8]);
});

test('a seek of what the app has assigned still names its call when the app has subscribed since', () => {
  const scene = new Scene();
  scene.queue.assign([{ topic: 't', partition: 0, offset: 0 }]);
  scene.assigned(0, 1, 1);
  // As subscribe() does: main assigns from here on.
  scene.queue.wanted = null;

  scene.seek([0, 7]);
  scene.queue.incrementalAssign([{ topic: 't', partition: 1, offset: 0 }]);
  scene.seek([0, 8]);

  expect(ops(scene, 'seek')).toMatchObject([{ version: 1 }, { version: 1 }]);
});

test('seek refuses partitions that are not assigned, and offsets that mean nothing', () => {
  const scene = new Scene();
  scene.assigned(0, 1);

  const entries = scene.seek([1, 5], [0, INVALID], [0, -1000], [0, -3], [0, -2], [0, -1], [0, TAIL(5)]);

  expect(entries.map(({ err }) => err)).toEqual([
    UNKNOWN_PARTITION,
    INVALID_ARG,
    INVALID_ARG,
    INVALID_ARG,
    IN_PROGRESS,
    IN_PROGRESS,
    IN_PROGRESS,
  ]);
  expect(ops(scene, 'seek')).toMatchObject([{ offset: -2 }, { offset: -1 }, { offset: TAIL(5) }]);
});

test('a pause keeps what was fetched, in memory of its own, and a resume hands it out first and fetches nothing anew', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  scene.assigned(1, 2);
  scene.fetched(1, 0, 1, 0, 2);
  expect(scene.take(1)).toEqual([0]);
  scene.fetched(1, 0, 1, 3, 4);
  scene.fetched(1, 1, 2, 10, 11);

  scene.pause(0);
  const paused = scene.take(1);
  const back = scene.back.length;
  scene.resume(0);

  expect([paused, back]).toEqual([[10], 2]);
  expect(scene.take()).toEqual([1, 2, 3, 4, 11]);
  expect([scene.counts, scene.held, ops(scene, 'seek')]).toEqual([[0, 0], 0, []]);
  expect(Atomics.load(cell.words, cell.base + MESSAGES)).toBe(5);
});

test('what comes while it is paused waits behind what was there', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 1);
  scene.pause(0);
  scene.fetched(1, 0, 1, 2, 3, 4);
  expect(scene.take()).toEqual([]);

  scene.resume(0);

  expect(scene.take()).toEqual([0, 1, 2, 3, PARTITION_EOF]);
});

test('a second pause and a resume of what is not paused change nothing', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 3);
  scene.take(1);
  scene.resume(0);
  scene.pause(0);
  scene.pause(0);
  scene.resume(0, 0);
  scene.resume(0);

  expect(scene.take()).toEqual([1, 2, 3]);
});

test('a pause in the middle of a batch, twice, loses and repeats nothing', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 5);
  const got = scene.take(2);
  for (let i = 0; i < 2; i++) {
    scene.pause(0);
    got.push(...scene.take());
    scene.resume(0);
    got.push(...scene.take(2));
  }

  expect(got).toEqual([0, 1, 2, 3, 4, 5]);
  expect([scene.take(), scene.counts, scene.held]).toEqual([[], [0, 0], 0]);
});

test('records that wait for a resume do not count for queued.min.messages, but their memory does', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 5);
  const before = scene.held;

  scene.pause(0);

  expect(scene.counts[0]).toBe(0);
  expect([scene.held, scene.counts[1]]).toEqual([before, before]);
});

test('what is too much to keep is fetched again at the resume, from where the app is', () => {
  const scene = new Scene({ 'queued.max.messages.kbytes': 0 });
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 4);
  scene.take(2);

  scene.pause(0);
  scene.fetched(1, 0, 1, 5, 8);
  const [counts, held] = [scene.counts, scene.held];
  scene.resume(0);
  scene.fetched(1, 0, 1, 9, 9);
  scene.sought(0, 2);
  scene.fetched(1, 0, 2, 2, 3);

  expect([counts, held]).toEqual([[0, 0], 0]);
  expect(ops(scene, 'seek')).toMatchObject([{ offset: 2 }]);
  expect(scene.take()).toEqual([2, 3]);
});

test('what is too much to keep and was not begun is fetched again from its first record', () => {
  const scene = new Scene({ 'queued.max.messages.kbytes': 0 });
  const cell = scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 5, 9, -1, 7);

  scene.pause(0);
  scene.resume(0);

  expect(ops(scene, 'seek')).toMatchObject([{ offset: 7 }]);
  expect(cell.position).toBe(INVALID);
});

test('a seek of a paused partition drops what waits for the resume', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 4);
  scene.pause(0);

  scene.seek([0, 9]);
  scene.sought(0, 2);
  scene.fetched(1, 0, 2, 9, 9);
  const paused = scene.take();
  scene.resume(0);

  expect([paused, scene.take()]).toEqual([[], [9]]);
  expect([scene.counts, scene.held]).toEqual([[0, 0], 0]);
});

test('a seek of a paused partition whose buffer was let go leaves nothing to fetch again', () => {
  const scene = new Scene({ 'queued.max.messages.kbytes': 0 });
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 4);
  scene.pause(0);
  scene.seek([0, 9]);

  scene.resume(0);

  expect(ops(scene, 'seek')).toMatchObject([{ offset: 9 }]);
});

test('a partition that is paused before main has spoken of it is paused when it comes', () => {
  const scene = new Scene();
  scene.queue.assign([{ topic: 't', partition: 0, offset: 0 }]);
  const [entry] = scene.pause(0);
  scene.assigned(0, 1, 1);
  scene.fetched(1, 0, 1, 0, 2);
  const paused = scene.take();
  scene.resume(0);

  expect([entry!.err, paused, scene.take()]).toEqual([0, [], [0, 1, 2]]);
  expect(ops(scene, 'pause')).toMatchObject([
    { paused: true, partitions: [{ partition: 0, version: 1 }] },
    { paused: false, partitions: [{ partition: 0, version: 1 }] },
  ]);
});

test('pause says of each partition that is not assigned that it is unknown', () => {
  const scene = new Scene();
  scene.assigned(0, 1);

  expect(scene.pause(0, 1).map(({ err }) => err)).toEqual([0, UNKNOWN_PARTITION]);
});

test('an assignment that is made anew begins unpaused, and nothing that waited is left', () => {
  const scene = new Scene();
  scene.queue.assign([{ topic: 't', partition: 0, offset: 0 }]);
  scene.assigned(0, 1, 1);
  scene.fetched(1, 0, 1, 0, 2);
  scene.pause(0);

  scene.queue.assign([{ topic: 't', partition: 0, offset: 0 }]);
  scene.assigned(0, 2, 2, 5);
  expect([scene.counts, scene.held]).toEqual([[0, 0], 0]);
  scene.resume(0);

  expect(scene.take()).toEqual([]);
});

test('an error of a paused partition comes with the resume', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.pause(0);
  scene.queue.fetchError({ type: 'fetch_error', cell: scene.cell(0), home: 1, err: 7, text: 'x', offset: 3 });
  const paused = scene.take();
  scene.resume(0);

  expect([paused, scene.take()]).toEqual([[], [7]]);
});

test('a pause and a seek look through each queue once, for however many partitions', () => {
  const scene = new Scene();
  const count = 500;
  const numbers = Array.from({ length: count }, (_, i) => i);
  for (const partition of numbers) {
    scene.queue.partitionQueue('t', partition);
    scene.assigned(partition, partition + 1);
    scene.fetched(1, partition, partition + 1, 0, 1);
  }
  let looks = 0;
  for (const queue of scene.queue.queues) {
    const { filter } = queue;
    queue.filter = (keep) => {
      looks++;
      filter.call(queue, keep);
    };
    const { unshift } = queue;
    queue.unshift = (items) => {
      looks++;
      unshift.call(queue, items);
    };
  }

  scene.pause(...numbers);
  scene.resume(...numbers);
  scene.seek(...numbers.map((partition) => [partition, 0] as const));

  // Each queue once for the pause and once for the seek, and the one where all goes once for the resume.
  expect(looks).toBeLessThanOrEqual(2 * scene.queue.queues.size + 1);
});
