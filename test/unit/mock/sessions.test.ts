import { expect, test } from 'vitest';
import { FetchSessions } from '../../../src/mock/sessions.ts';
import type { FetchRequest } from '../../../src/protocol/messages.ts';

const partition = (index: number) => ({
  partition: index,
  currentLeaderEpoch: -1,
  fetchOffset: 0,
  lastFetchedEpoch: -1,
  logStartOffset: -1,
  partitionMaxBytes: 1000,
  replicaDirectoryId: '',
  highWatermark: 0,
});

function request(...partitions: number[]): FetchRequest {
  const topics = [{ topic: 't', topicId: '', partitions: partitions.map(partition) }];
  return { topics, forgottenTopicsData: [] } as unknown as FetchRequest;
}

const NEWS = { errorCode: 0, highWatermark: 5, logStartOffset: 0, preferredReadReplica: -1, size: 0, diverging: null };

test('no more sessions are opened than a broker has room for', () => {
  const sessions = new FetchSessions(2);

  const opened = [1, 2, 3].map((now) => sessions.open(request(0), false, now) !== null);

  expect(opened).toEqual([true, true, false]);
  expect(sessions.size).toBe(2);
});

test('the session that was not used for longest makes room after two minutes', () => {
  const sessions = new FetchSessions(2);
  const first = sessions.open(request(0), false, 0)!;
  const second = sessions.open(request(0), false, 0)!;
  sessions.touch(first, 60_000);

  const third = sessions.open(request(0), false, 121_000)!;

  expect([first, second, third].map(({ id }) => sessions.get(id) !== undefined)).toEqual([true, false, true]);
});

test('a broker without room for sessions opens none', () => {
  expect(new FetchSessions(0).open(request(0), false, 0)).toBeNull();
});

test('epochs count up, and begin anew at 1', () => {
  const session = new FetchSessions().open(request(0), false, 0)!;
  session.epoch = 2 ** 31 - 2;

  const epochs = [1, 2].map(() => {
    session.next(0);
    return session.epoch;
  });

  expect(epochs).toEqual([2 ** 31 - 1, 1]);
});

test('a partition that gave something is read behind the others next time', () => {
  const session = new FetchSessions().open(request(0, 1, 2), false, 0)!;

  session.tell('t', '', 0, { ...NEWS, size: 10 });

  expect(session.asked().flatMap(({ partitions }) => partitions.map((each) => each.partition))).toEqual([1, 2, 0]);
});

test('what is told is told once, and errors each time', () => {
  const session = new FetchSessions().open(request(0), false, 0)!;
  const tell = (news: Partial<typeof NEWS>) => session.tell('t', '', 0, { ...NEWS, ...news });

  expect([tell({}), tell({}), tell({ highWatermark: 6 }), tell({ highWatermark: 6 })]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect([tell({ errorCode: 3 }), tell({ errorCode: 3 }), tell({ highWatermark: 6 })]).toEqual([true, true, true]);
  expect([tell({ highWatermark: 6, logStartOffset: 2 }), tell({ highWatermark: 6, logStartOffset: 2 })]).toEqual([
    true,
    false,
  ]);
});
