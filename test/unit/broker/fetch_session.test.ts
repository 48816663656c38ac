// Fetch sessions (KIP-227) and topics by id: what each request names, forgets and begins anew.
import { expect, test } from 'vitest';
import { records, Scene, TOPIC_ID } from './fetch_scene.ts';

const SESSION_ID_NOT_FOUND = 70;
const INVALID_SESSION_EPOCH = 71;
const UNKNOWN_TOPIC_ID = 100;
const INCONSISTENT_TOPIC_ID = 103;
const SESSION_TOPIC_ID_ERROR = 106;
const TRANSPORT = -195;

interface Said {
  readonly session: readonly [id: number, epoch: number];
  readonly named: readonly number[];
  readonly forgotten: readonly number[];
}

/** What the last fetch says. */
function said(scene: Scene): Said {
  const body = scene.sent.at(-1)!.body as any;
  return {
    session: [body.sessionId, body.sessionEpoch],
    named: body.topics.flatMap((topic: any) => topic.partitions.map((each: any) => each.partition)),
    forgotten: body.forgottenTopicsData.flatMap((topic: any) => topic.partitions),
  };
}

/** A session with the id 9 that knows the partitions 0, 1 and 2. */
function opened(): Scene {
  const scene = new Scene();
  for (const number of [0, 1, 2]) scene.part(number, 10);
  scene.serve();
  scene.answerIn(9, { index: 0 }, { index: 1 }, { index: 2 });
  return scene;
}

test('the first request names all and opens a session; the next names only what has moved', () => {
  const scene = new Scene();
  for (const number of [0, 1]) scene.part(number, 0);
  scene.serve();
  expect(said(scene)).toEqual({ session: [0, 0], named: [0, 1], forgotten: [] });
  scene.answerIn(9, { index: 0, records: records(0, 3) }, { index: 1 });
  scene.serve();
  expect(said(scene)).toEqual({ session: [9, 1], named: [0], forgotten: [] });
  scene.answerIn(9);
  scene.serve();

  expect(said(scene)).toEqual({ session: [9, 2], named: [], forgotten: [] });
});

test('an answer of a session says nothing of partitions without news', () => {
  const scene = opened();
  scene.serve();
  scene.answerIn(9, { index: 1, records: records(10, 1) });

  expect(scene.serve()).not.toBeNull();
  expect(said(scene).named).toEqual([1]);
});

test('what is paused, stopped or waits after an error is forgotten, and named again afterwards', () => {
  const scene = opened();
  const [first, second] = [...scene.fetcher.partitions.values()];
  scene.fetcher.pause(first!.cell.id, first!.home, true);
  scene.fetcher.stop(second!.cell.id);
  scene.serve();
  expect(said(scene)).toMatchObject({ named: [], forgotten: [0, 1] });
  scene.answerIn(9, { index: 2, err: 6 });
  scene.fetcher.pause(first!.cell.id, first!.home, false);
  scene.serve();
  expect(said(scene)).toMatchObject({ named: [0], forgotten: [2] });
  scene.answerIn(9);
  scene.now += 500;
  scene.serve();

  expect(said(scene)).toEqual({ session: [9, 3], named: [2], forgotten: [] });
});

test('a partition that was stopped and started anew begins a new session, which ends the old one', () => {
  const scene = opened();
  const [part] = [...scene.fetcher.partitions.values()];
  scene.fetcher.stop(part!.cell.id);
  scene.part(0, 10);
  scene.serve();

  expect(said(scene)).toEqual({ session: [9, 0], named: [1, 2, 0], forgotten: [] });
});

test('without a session at the broker each request names all', () => {
  const scene = new Scene();
  scene.part(0, 0);
  for (let round = 0; round < 2; round++) {
    scene.serve();
    expect(said(scene)).toEqual({ session: [0, 0], named: [0], forgotten: [] });
    scene.answerIn(0, { index: 0 });
  }
});

test('a broker that gives up the session is asked in full', () => {
  const scene = opened();
  scene.serve();
  scene.answerIn(0);
  scene.serve();

  expect(said(scene)).toEqual({ session: [0, 0], named: [0, 1, 2], forgotten: [] });
});

test.each([SESSION_ID_NOT_FOUND, INVALID_SESSION_EPOCH, SESSION_TOPIC_ID_ERROR])(
  'error %i of the session begins a new one at once, and tells the app nothing',
  (errorCode) => {
    const scene = opened();
    scene.serve();
    scene.answerAs({ errorCode });
    scene.serve();

    expect(said(scene)).toEqual({ session: [0, 0], named: [0, 1, 2], forgotten: [] });
    expect(scene.told).toEqual([]);
  },
);

test('an error of the session for a request in full makes no loop', () => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.serve();
  scene.answerAs({ errorCode: SESSION_ID_NOT_FOUND });

  expect(scene.serve()).toBeNull();
});

test('after an answer that did not come the session is begun anew', () => {
  const scene = opened();
  scene.serve()!.done(TRANSPORT, null, -1, null);
  scene.now += 500;
  scene.serve();

  expect(said(scene)).toEqual({ session: [9, 0], named: [0, 1, 2], forgotten: [] });
});

test('the session outlives a time without partitions', () => {
  const scene = opened();
  for (const part of [...scene.fetcher.partitions.values()]) scene.fetcher.stop(part.cell.id);
  expect(scene.serve()).toBeNull();
  scene.part(3, 5);
  scene.serve();

  expect(said(scene)).toEqual({ session: [9, 1], named: [3], forgotten: [0, 1, 2] });
});

test('an answer that names a partition twice counts once, and one that was not asked for not at all', () => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.serve();
  scene.answerIn(9, { index: 0, records: records(0, 1) }, { index: 0, records: records(1, 1) }, { index: 7 });

  expect(scene.told).toEqual(['records 1/-1']);
});

test('topics go by id where the cluster and the broker have ids', () => {
  const scene = new Scene();
  scene.most = 16;
  scene.part(0, 0, null, { topicId: TOPIC_ID });
  const request = scene.serve()!;
  expect([request.maxVersion, (request.body as any).topics[0].topicId]).toEqual([16, TOPIC_ID]);
  scene.answerAs({ version: 13 }, { index: 0, records: records(0, 1) });

  expect(scene.told).toEqual(['records 1/-1']);
});

test('one topic without an id makes all go by name, in a session of its own', () => {
  const scene = new Scene();
  scene.most = 16;
  scene.part(0, 0, null, { topicId: TOPIC_ID });
  scene.serve();
  scene.answerAs({ version: 13, sessionId: 9 }, { index: 0 });
  scene.part(1, 0);
  const request = scene.serve()!;

  expect(request.maxVersion).toBe(12);
  expect(said(scene)).toEqual({ session: [9, 0], named: [0, 1], forgotten: [] });
});

test.each([UNKNOWN_TOPIC_ID, INCONSISTENT_TOPIC_ID])(
  'error %i of a topic id asks for metadata and tells the app nothing',
  (err) => {
    const scene = new Scene();
    scene.part(0, 0);
    scene.serve();
    scene.answer({ index: 0, err });

    expect([scene.stale, scene.told, scene.serve()]).toEqual([[`t 0 ${err}`], [], null]);
  },
);
